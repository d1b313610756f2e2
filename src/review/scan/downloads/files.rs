//! Which files commands downloaded, whether anybody checked them, and whether they are run.
//!
//! A check counts when it is one (`sha256sum -c`, `gpg --verify`, a sum that is compared) and when its failure keeps the file
//! from being run: by `&&`, by `|| exit`, by `set -e`, by the end of a build step. The word alone, in a comment or in a text that
//! is shown, counts for nothing.

mod checks;
mod fetch;

use super::words::{Command, Then, commands};
use std::collections::HashSet;
use std::ops::Range;

/// The most files that are remembered.
const MOST_FILES: usize = 1_000;
/// The most checks of a file that are asked which files they are about.
const MOST_CHECKS: usize = 200;
/// The most words of a pipe that are looked at for what it checks.
const MOST_WORDS: usize = 1_000;
/// How many commands after a check may say that it failed before one stops.
const PATIENCE: usize = 8;
/// How deep commands in quotes are read: `sh -c "…"`.
const DEPTH: usize = 3;

/// The files that commands downloaded so far, and nobody checked.
#[derive(Debug, Default)]
pub(in super::super) struct Files {
    /// Paths, and variables with their `$`.
    names: HashSet<String>,
    /// Whether a failing command ends everything, in the text that is read now.
    errexit: bool,
    pipefail: bool,
    /// Whether the failure of a text's last command keeps later texts from being run: the steps of a build.
    ends_stop: bool,
    /// Whether a sum was made that may be compared.
    summed: bool,
    /// What a check found good, if one of so many commands after it stops because it failed.
    pending: Option<(Good, usize)>,
    /// What a check found good as far as `&&` reaches, and how deep in the shell's own brackets that is.
    chained: Option<Good>,
    chained_at: usize,
    /// How deep in `if`, `for`, `{` the command is.
    nested: usize,
    /// The same, in what follows `then`.
    branch: Option<Good>,
    /// How many checks were looked at.
    checks: usize,
}

/// What a check is about.
#[derive(Debug, Clone)]
enum Good {
    All,
    These(HashSet<String>),
}

impl Good {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(name),
        }
    }

    fn and(self, other: Option<Self>) -> Self {
        match (self, other) {
            (one, None) => one,
            (Self::These(mut names), Some(Self::These(more))) => {
                names.extend(more);
                Self::These(names)
            }
            _ => Self::All,
        }
    }
}

impl Files {
    /// For the instructions of a Dockerfile: a step that fails ends the build.
    pub(in super::super) fn of_build() -> Self {
        Self { ends_stop: true, ..Self::default() }
    }

    /// Remembers a file that something else than a command downloaded.
    pub(in super::super) fn add(&mut self, name: &str) {
        let name = plain(name);
        if name.is_empty() || name == "-" || name.starts_with("/dev/") || self.names.len() >= MOST_FILES {
            return;
        }
        // What was checked before is another file now.
        for good in [&mut self.chained, &mut self.branch] {
            match good {
                Some(Good::These(names)) => drop(names.remove(&name)),
                Some(Good::All) => *good = None,
                None => {}
            }
        }
        self.names.insert(name);
    }

    /// The first command of `text` that runs a file that was downloaded; remembers those that it downloads.
    pub(super) fn run_in(&mut self, text: &str) -> Option<Range<usize>> {
        if self.ends_stop {
            // Each step has a shell of its own.
            (self.errexit, self.pipefail) = (false, false);
        }
        self.read(text, 0)
    }

    fn read(&mut self, text: &str, depth: usize) -> Option<Range<usize>> {
        if self.ends_stop && depth == 0 {
            self.nested = 0;
        }
        let (mut found, mut piped, mut variable) = (None, Piped::default(), None::<String>);
        for command in commands(text) {
            // `X=$(curl …)`, of which the bracket makes two commands.
            if let Some(name) = variable.take()
                && matches!(command.words.first().map(String::as_str), Some("curl" | "wget" | "aria2c"))
            {
                self.add(&name);
            }
            let runs = self.command(&command, &mut piped, depth);
            if found.is_none() && runs {
                found = Some(command.range.clone());
            }
            if command.then != Then::Pipe {
                piped = Piped::default();
            }
            let opens = command.words.last().and_then(|word| word.strip_suffix("=$"));
            variable = opens.map(|name| format!("${name}"));
        }
        if self.ends_stop {
            if let Some(good) = self.chained.take() {
                self.forget(&good);
            }
            self.pending = None;
            self.branch = None;
        }
        self.chained = None;
        found
    }

    /// Whether a command runs what was downloaded. What it downloads, or checks, is remembered.
    fn command(&mut self, command: &Command, piped: &mut Piped, depth: usize) -> bool {
        let words = &command.words;
        for word in words {
            self.assigned(word);
        }
        for word in words {
            if !self.keyword(word) {
                break;
            }
        }
        let Some((name, program, arguments)) = program(words) else {
            self.conclude(None, words, command.then, piped);
            return false;
        };
        let fetches = matches!(name, "curl" | "wget" | "aria2c");
        if fetches {
            for target in fetch::targets(name, arguments) {
                self.add(&target);
            }
        }
        self.options(program, arguments);
        let check = self.check(name, arguments, piped);
        let runs = self.runs(name, program, arguments, piped, depth);
        piped.downloads |= words.iter().any(|word| self.has(word));
        self.moved(name, arguments, piped);
        piped.downloads |= fetches;
        let room = MOST_WORDS.saturating_sub(piped.words.len());
        piped.words.extend(words.iter().flat_map(|word| word.split_whitespace()).take(room).map(plain));
        let check = check.or(piped.check.take().filter(|_| matches!(name, "grep" | "egrep" | "fgrep")));
        self.conclude(check, words, command.then, piped);
        runs
    }

    /// What a word of a shell's own language says about a check before it. Whether it is one, and may be followed by others.
    fn keyword(&mut self, word: &str) -> bool {
        match word {
            "if" | "while" | "until" | "for" | "case" | "{" => self.nested += 1,
            "then" | "do" | "!" => {}
            "else" | "elif" => self.pending = self.branch.take().map(|good| (good, PATIENCE)),
            "fi" | "}" | "done" | "esac" => {
                self.nested = self.nested.saturating_sub(1);
                (self.pending, self.branch) = (None, None);
            }
            "true" | ":" => self.pending = None,
            _ => return false,
        }
        true
    }

    /// Applies what a check found good, now or when what comes next allows it.
    fn conclude(&mut self, check: Option<Good>, words: &[String], then: Then, piped: &mut Piped) {
        if let Some((good, patience)) = self.pending.take() {
            if words.iter().any(|word| STOPS.contains(&word.as_str())) {
                self.forget(&good);
            } else if patience > 0 {
                self.pending = Some((good, patience - 1));
            }
        }
        let Some(good) = check else {
            if !matches!(then, Then::And | Then::Pipe | Then::End) && self.nested <= self.chained_at {
                self.chained = None;
            }
            return;
        };
        let stops = self.errexit || (self.ends_stop && then == Then::End);
        let first = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
        match (first(0), then) {
            // What follows stops when it failed, or is only done when it did not.
            ("if" | "elif" | "while" | "until", _) if first(1) == "!" => self.pending = Some((good, PATIENCE)),
            ("if" | "elif" | "while" | "until", Then::Or) => {}
            // A comparison that asks whether sums are different.
            ("if" | "elif", _) if words.iter().any(|word| word == "!=") => self.pending = Some((good, PATIENCE)),
            ("if" | "elif" | "while" | "until", _) => self.branch = Some(good),
            (_, Then::And) if words.iter().any(|word| word == "!=") => self.pending = Some((good, PATIENCE)),
            (_, Then::And) => {
                self.chained = Some(good.and(self.chained.take()));
                self.chained_at = self.nested;
            }
            (_, Then::Or) => self.pending = Some((good, PATIENCE)),
            (_, Then::Pipe) if self.pipefail && stops => self.forget(&good),
            (_, Then::Pipe) => piped.check = Some(good),
            (_, Then::Next | Then::Close | Then::End) if stops => self.forget(&good),
            (_, Then::Next | Then::Close | Then::End) => {}
        }
    }

    fn forget(&mut self, good: &Good) {
        match good {
            Good::All => self.names.clear(),
            Good::These(good) => self.names.retain(|name| !good.contains(name)),
        }
    }

    /// Whether a word is, or holds, a file that was downloaded and that no check before it in its chain found good.
    fn has(&self, word: &str) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let word = plain(word);
        let is_good = [&self.chained, &self.branch].into_iter().flatten().any(|good| good.has(&word));
        self.names.contains(&word) && !is_good
    }

    /// `X="$(curl …)"`, in one word.
    fn assigned(&mut self, word: &str) {
        let Some((name, value)) = word.split_once('=') else { return };
        let value = value.trim_start_matches(['"', '\'']);
        let fetched = ["$(curl ", "$(wget ", "`curl ", "`wget "].iter().any(|start| value.starts_with(start))
            || matches!(value, "`curl" | "`wget");
        if fetched && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.add(&format!("${name}"));
        }
    }

    /// What `set`, or the line that names a script's shell, says about failing commands.
    fn options(&mut self, program: &str, arguments: &[String]) {
        if program != "set" && !program.starts_with("#!") {
            return;
        }
        for word in arguments {
            self.errexit |= word == "errexit" || (is_cluster(word) && word.contains('e'));
            self.pipefail |= word == "pipefail";
            self.errexit &= word != "+e";
        }
    }

    fn runs(&mut self, name: &str, program: &str, arguments: &[String], piped: &Piped, depth: usize) -> bool {
        if SHELLS.contains(&name) && depth < DEPTH {
            let after_option = arguments
                .iter()
                .zip(arguments.iter().skip(1))
                .find(|(word, _)| is_cluster(word) && word.ends_with('c'));
            if let Some((_, script)) = after_option {
                // What the inner shell does about failures is its own affair.
                let outer = (self.errexit, self.pipefail, self.chained.clone());
                self.errexit = arguments
                    .iter()
                    .take_while(|word| *word != script)
                    .any(|word| is_cluster(word) && word.contains('e'));
                let found = self.read(script, depth + 1).is_some();
                (self.errexit, self.pipefail, self.chained) = outer;
                return found || self.has(script);
            }
        }
        let reads = |word: &String| self.has(word.trim_start_matches(['<', '(']).trim_end_matches(')'));
        if SHELLS.contains(&name) || INTERPRETERS.contains(&name) || matches!(name, "." | "source") {
            let mut files =
                arguments.iter().filter(|word| !word.starts_with('-') && !word.trim_matches('<').is_empty());
            return match files.next() {
                Some(script) => reads(script),
                None => piped.downloads,
            };
        }
        match name {
            "eval" => arguments.iter().flat_map(|word| word.split_whitespace()).any(|word| self.has(word)),
            _ => program.contains('/') && self.has(program),
        }
    }

    /// What a download became: a copy, or what a filter wrote.
    fn moved(&mut self, name: &str, arguments: &[String], piped: &Piped) {
        let files: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
        if let ("mv" | "cp" | "ln" | "install", [.., from, to]) = (name, files.as_slice())
            && self.has(from)
        {
            let last = from.rsplit('/').next().unwrap_or(from);
            let to = if to.ends_with('/') { format!("{to}{last}") } else { (*to).clone() };
            self.add(&to);
        }
        if !piped.downloads {
            return;
        }
        for (at, word) in arguments.iter().enumerate() {
            let written = match word.trim_start_matches('>') {
                "" if !word.is_empty() => arguments.get(at + 1).map(String::as_str),
                rest if rest.len() < word.len() => Some(rest),
                _ if name == "tee" && !word.starts_with('-') => Some(word.as_str()),
                _ => None,
            };
            if let Some(written) = written.filter(|written| !written.starts_with('(')) {
                self.add(written);
            }
        }
    }
}

/// What the commands before one in a pipe did.
#[derive(Debug, Default)]
struct Piped {
    /// Their words, one by one.
    words: Vec<String>,
    /// Whether one of them downloads something, or reads what was downloaded.
    downloads: bool,
    /// A check whose outcome only the next command tells.
    check: Option<Good>,
}

const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ash", "ksh"];
const INTERPRETERS: &[&str] = &["python", "python2", "python3", "node", "bun", "deno", "perl", "ruby", "php", "pwsh"];
/// What ends a script or a function, by itself or as people name functions that do.
const STOPS: &[&str] = &["exit", "return", "false", "die", "fail", "abort", "fatal", "error", "err", "bail", "panic"];

/// The program that a command starts: its name, how it is written, and what it is given.
fn program(words: &[String]) -> Option<(&str, &str, &[String])> {
    let mut at = 0;
    let mut options = false;
    while let Some(word) = words.get(at) {
        match word.as_str() {
            "sudo" | "exec" | "nohup" | "env" | "command" | "time" | "busybox" | "gosu" | "doas" | "nice" => {
                options = true
            }
            "then" | "do" | "if" | "elif" | "else" | "while" | "until" | "!" | "{" => options = false,
            "-u" | "-g" | "-C" if options => at += 1,
            _ if options && word.starts_with('-') => {}
            _ if is_assignment(word) => {}
            _ => break,
        }
        at += 1;
    }
    let program = words.get(at)?.as_str();
    let program = program.trim_start_matches('@');
    Some((program.rsplit('/').next().unwrap_or(program), program, words.get(at + 1..).unwrap_or_default()))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'))
    })
}

fn is_cluster(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && !word.starts_with("--")
}

/// A path as it is compared: without what points here, and with one way to write a variable.
fn plain(word: &str) -> String {
    let word = word.trim_matches(['"', '\'']);
    let word = word.strip_prefix("./").unwrap_or(word);
    if word.contains("${") { word.replace("${", "$").replace('}', "") } else { word.to_owned() }
}
