//! What one command does.

use super::super::Does;
use super::super::files::{Piped, fetch, is_cluster};
use super::groups::Check;
use super::words::{Given, Seen, downloaded};
use super::{Output, Scope, Walk};
use crate::shell::{Command, Head, Then, Word, is_assignment, names};
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

/// Commands that do not read their input, so that it does not become part of what they print.
const QUIET: &[&str] = &[
    "", "read", "cd", "mkdir", "rm", "rmdir", "touch", "chmod", "chown", "mv", "cp", "ln", "test", "[", "[[", "export",
    "local", "declare", "typeset", "readonly", "unset", "set", "shift", "true", "false", ":", "exit", "return",
    "break", "continue", "sleep", "wait", "trap", "pwd", "date", "ls", "git", "for", "case",
];
/// Programs that print what they read, or some of it.
const PASSERS: &[&str] = &["cat", "tee", "sed", "tr", "head", "tail", "grep", "sort", "uniq", "awk", "cut", "envsubst"];

impl Walk<'_> {
    /// Looks at a command. `check` is one whose outcome is the one of the group that it ends; the result, one whose outcome is the
    /// one of the group whose last command it is, which `waits` says.
    #[expect(clippy::too_many_arguments, reason = "each is about another thing around the command")]
    pub(super) fn run(
        &mut self,
        command: Command,
        head: &Head,
        scope: &Rc<Scope>,
        piped: &mut Piped,
        check: Option<Check>,
        waits: bool,
        collects: bool,
    ) -> Option<Check> {
        let Command { words, redirects, range, then, .. } = command;
        let in_test = std::mem::take(&mut self.in_test);
        let mut late = Vec::new();
        let words = self.files.environment.alias(words, head.program);
        let (words, outputs) = self.words(words, scope, &mut late);
        if head.is_pattern {
            return None;
        }
        // What a group reads was looked up where it begins.
        let redirects =
            redirects.into_iter().filter(|redirect| head.closes.is_empty() || !redirect.operator.is_input());
        let given: Vec<Given> = redirects.map(|redirect| self.redirect(redirect, scope, &mut late)).collect();
        self.files.environment.assign(&words);
        downloaded(&words, &outputs, self.files);
        let texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
        self.files.keywords(&texts);
        let own = texts.get(head.program..).unwrap_or_default();
        let is_list =
            !head.opens.is_empty() && matches!(own.first().map(String::as_str), Some("for" | "select" | "case"));
        if is_list {
            self.each(&words, &outputs, head.program);
        }
        let at = if is_list { texts.len() } else { head.program + program(own) };
        let program = texts.get(at).map(|word| word.trim_start_matches('@')).unwrap_or_default().to_owned();
        let name = names::base(&program).to_owned();
        let seen = Seen { words, outputs, given, range, at, program, name };
        let (name, arguments) = (seen.name.as_str(), texts.get(at + 1..).unwrap_or_default());
        let tells = names::is_teller(&seen.program);
        self.sets(&seen, piped, &scope.place.of(&seen.range));
        if piped.is_inherited && piped.is_first() && !self.functions.has(name) {
            let is_quiet = QUIET.contains(&name) || names::is_downloader(name) || (tells && name != "cat");
            if is_quiet {
                *piped = Piped { secret: piped.secret, ..Piped::default() };
            } else if !PASSERS.contains(&name) && !names::is_shell(name) {
                piped.printed = Rc::default();
            }
        }
        let fetcher = texts.iter().skip(at).position(|word| names::is_downloader(word.trim_start_matches('@')));
        let fetcher = fetcher.map(|found| at + found).filter(|found| !tells || *found == at);
        let mut is_saved = false;
        if let Some(fetcher) = fetcher {
            let given = texts.get(fetcher + 1..).unwrap_or_default();
            let tool = texts.get(fetcher).map_or("", |word| names::base(word));
            let targets = fetch::targets(tool, given);
            is_saved = targets.iter().any(|target| !target.is_empty() && target != "-" && target != "/dev/stdout");
            targets.iter().for_each(|target| self.files.add(target));
            // By the variables that they are named with, too: which value those have later is not known.
            let named = seen.words.iter().skip(fetcher).filter(|word| word.written.is_some());
            named.filter(|word| targets.contains(&word.text)).for_each(|word| self.files.add_word(word));
        }
        self.files.options(&seen.program, arguments);
        let own = self.files.check(name, arguments, piped);
        if !(in_test && is_comparison(&seen)) && self.runs(&seen, scope, piped) {
            self.say(Does::RunsDownload, piped.start, &seen.range, scope);
        }
        if self.sends(&seen, fetcher, piped) {
            self.say(Does::SendsSecrets, piped.secret, &seen.range, scope);
        }
        let called = self.call(&seen, scope, piped, collects);
        let is_over = seen.words.iter().any(|word| word.is("]]"));
        self.in_test =
            self.files.has_tests && (in_test || name == "[[") && !is_over && matches!(then, Then::And | Then::Or);
        self.pass_on(&seen, fetcher.is_some(), called.as_ref().map(|called| &called.output), scope, piped);
        piped.is_elsewhere = is_saved || seen.given.iter().any(Given::is_elsewhere);
        for word in late {
            for inner in &word.inner {
                self.output(inner, scope, &piped.inherit());
            }
        }
        self.files.moved(name, arguments);
        piped.remember(&texts);
        let own = own.or(piped.check.take().filter(|_| matches!(name, "grep" | "egrep" | "fgrep")));
        let stops = called.is_some_and(|called| called.stops);
        match (own, check) {
            (Some(good), _) if waits => {
                self.files.conclude(None, &texts, stops, then, piped);
                Some((good, texts))
            }
            (None, Some((good, texts))) if name.is_empty() && waits => {
                self.files.conclude(None, &[], stops, then, piped);
                Some((good, texts))
            }
            (None, Some((good, texts))) if name.is_empty() => {
                self.files.conclude(Some(good), &texts, stops, then, piped);
                None
            }
            (own, _) => {
                self.files.conclude(own, &texts, stops, then, piped);
                None
            }
        }
    }

    /// The variable of `for x in …`.
    fn each(&mut self, words: &[Word], outputs: &[Output], at: usize) {
        let (Some(name), Some(values)) = (words.get(at + 1), words.get(at + 3..)) else { return };
        if words.get(at).is_some_and(|word| word.is("case")) {
            return;
        }
        let downloads = outputs.iter().skip(at + 3).any(|output| output.downloads);
        if downloads || values.iter().any(|value| self.files.has_word(value)) {
            self.files.add(&format!("${}", name.text));
        }
        let environment = &mut self.files.environment;
        environment.forget(&name.text);
        for value in values.iter().filter(|value| value.is_literal()) {
            if values.len() == 1 || crate::shell::begins_telling(&value.text) {
                environment.set(&name.text, vec![value.text.clone()]);
            }
        }
    }

    /// What commands set that are no assignments.
    fn sets(&mut self, seen: &Seen, piped: &Piped, place: &Range<usize>) {
        let arguments = seen.arguments();
        let texts = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<VecDeque<_>>();
        match seen.name.as_str() {
            "shift" => self.files.environment.shift(),
            "set" => {
                let given = match arguments.iter().position(|word| word.text == "--") {
                    Some(at) => arguments.get(at + 1..),
                    None => Some(arguments)
                        .filter(|words| words.first().is_some_and(|word| !word.text.starts_with(['-', '+']))),
                };
                if let Some(given) = given {
                    self.files.environment.replace_arguments(texts(given));
                }
            }
            "printf" if arguments.first().is_some_and(|word| word.text == "-v") => {
                let text = super::printed::printf(arguments.get(2..).unwrap_or_default(), self.nested);
                if let Some(name) = arguments.get(1).filter(|_| self.spend(text.len(), place)) {
                    self.files.environment.set(&name.text, vec![text]);
                }
            }
            "read" | "mapfile" | "readarray" => {
                let fed = self.fed(&seen.given, piped.inherit());
                let is_option = |word: &&Word| word.text.starts_with('-');
                let is_whole = arguments.iter().filter(is_option).any(|word| word.text.contains(['d', 'N']));
                let is_list =
                    seen.name != "read" || arguments.iter().filter(is_option).any(|word| word.text.contains('a'));
                let named = arguments.iter().filter(|word| !is_option(word) && !word.text.is_empty());
                let named: Vec<&str> = named.map(|word| word.text.as_str()).collect();
                if fed.downloads {
                    named.iter().for_each(|name| self.files.add(&format!("${name}")));
                }
                let all = is_whole || seen.name != "read";
                let text = if all { fed.printed.as_str() } else { fed.printed.lines().next().unwrap_or_default() };
                if text.is_empty() || !self.spend(text.len(), place) {
                    named.iter().for_each(|name| self.files.environment.forget(name));
                    return;
                }
                let last = named.len().saturating_sub(1);
                let mut rest = text.trim();
                for (at, name) in named.iter().enumerate() {
                    let (value, after) = match rest.split_once(char::is_whitespace).filter(|_| at < last) {
                        Some((value, after)) => (value, after.trim_start()),
                        None => (rest, ""),
                    };
                    let items = match is_list {
                        true => value.split_whitespace().map(str::to_owned).collect(),
                        false => vec![value.to_owned()],
                    };
                    self.files.environment.set(name, items);
                    rest = after;
                }
            }
            _ => {}
        }
    }

    /// Whether a command sends the environment or what is in a file of credentials.
    fn sends(&self, seen: &Seen, fetcher: Option<usize>, piped: &Piped) -> bool {
        if piped.secret.is_some() && names::SENDERS.contains(&seen.name.as_str()) {
            return true;
        }
        let Some(fetcher) = fetcher else { return false };
        const OPTIONS: [&str; 5] = ["--data", "--form", "--upload", "--post", "--json"];
        let given = seen.words.iter().zip(&seen.outputs).skip(fetcher + 1);
        let has_data = given.clone().any(|(word, _)| {
            let text = word.text.as_str();
            (is_cluster(text) && text.contains(['d', 'F', 'T']))
                || OPTIONS.iter().any(|option| text.starts_with(option))
        });
        has_data
            && given
                .into_iter()
                .any(|(word, output)| output.secrets || (word.text.contains('@') && names::names_keys(&word.text)))
    }
}

/// Whether what looks like a command is `$value == other`, or a value alone, as in `[[ … ]]`.
fn is_comparison(seen: &Seen) -> bool {
    const OPERATORS: &[&str] =
        &["]]", "=", "==", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];
    seen.program.starts_with('$') && seen.arguments().first().is_some_and(|word| OPERATORS.iter().any(|o| word.is(o)))
}

/// The word that names the program which a command starts.
fn program(words: &[String]) -> usize {
    let (mut at, mut options) = (0, false);
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains('/');
    while let Some(word) = words.get(at) {
        match word.as_str() {
            word if names::WRAPPERS.contains(&names::base(word)) => options = true,
            "then" | "do" | "if" | "elif" | "else" | "while" | "until" | "!" | "{" => options = false,
            "-u" | "-g" | "-C" | "-I" if options => at += 1,
            word if options && (word.starts_with('-') || is_number(word)) => {}
            // Options in front of a step of a Dockerfile.
            word if is_assignment(word) || word.starts_with("--") => {}
            _ => break,
        }
        at += 1;
    }
    at
}
