//! Reads the commands of a text and says which of them run what was downloaded, or send secrets away.

use super::files::{Files, Piped, fetch, is_cluster};
use super::{Does, LONGEST, can_have};
use crate::shell::{Command, Environment, Functions, Inner, Operator, Reader, Then, Word, is_assignment, names};
use std::collections::HashSet;
use std::ops::Range;

/// How deep texts within texts are read: `sh -c "…"`, what is printed into a shell, the functions of a text.
const DEPTH: usize = 3;
/// The most commands of functions that are looked at again where they are called.
const MOST_CALLED: usize = 2_000;
/// The most bytes of texts within texts, as a multiple of the whole and at least.
const MOST_NESTED: (usize, usize) = (4, 100_000);

/// What a text does, and whether it was certain what its commands are.
pub(super) fn read(text: &str, files: &mut Files) -> (Vec<(Does, Range<usize>)>, bool) {
    files.begin();
    let nested = text.len().saturating_mul(MOST_NESTED.0).max(MOST_NESTED.1);
    let mut walk =
        Walk { files, found: Vec::new(), known: HashSet::new(), called: MOST_CALLED, nested, is_beyond: false };
    let is_certain = walk.script(text, Place::At(0), DEPTH);
    walk.files.end();
    walk.found.sort_by_key(|(_, range)| range.start);
    (walk.found, is_certain)
}

/// Where a text stands in the whole.
#[derive(Debug, Clone)]
enum Place {
    /// As it is, from a byte on.
    At(usize),
    /// Within a command or word, written otherwise.
    Is(Range<usize>),
}

/// A text that is read.
struct Scope<'t> {
    text: &'t str,
    place: Place,
    environment: Environment,
    functions: Functions,
    /// How many texts within this one are read.
    depth: usize,
}

impl Scope<'_> {
    fn place(&self, range: &Range<usize>) -> Range<usize> {
        match &self.place {
            Place::At(start) => start + range.start..start + range.end,
            Place::Is(range) => range.clone(),
        }
    }
}

/// What the commands within a word do.
#[derive(Debug, Clone, Copy, Default)]
struct Output {
    downloads: bool,
    /// They print the environment, or what is in a file of credentials.
    secrets: bool,
}

struct Walk<'f> {
    files: &'f mut Files,
    found: Vec<(Does, Range<usize>)>,
    known: HashSet<(Does, usize)>,
    called: usize,
    nested: usize,
    is_beyond: bool,
}

impl Walk<'_> {
    fn script(&mut self, text: &str, place: Place, depth: usize) -> bool {
        let (environment, functions) = (Environment::default(), Functions::default());
        let mut scope = Scope { text, place, environment, functions, depth };
        let mut piped = Piped::default();
        let mut reader = Reader::new(text);
        for command in reader.by_ref() {
            scope.functions.note(&command);
            if scope.functions.is_beyond() {
                self.beyond(scope.place(&command.range));
            }
            self.command(command, &mut scope, &mut piped);
        }
        reader.is_certain()
    }

    /// Reads a text that a command is given, if there is room for it.
    fn within(&mut self, text: &str, place: Place, scope: &Scope<'_>) {
        if !can_have(text) && !self.files.knows_any() {
            return;
        }
        let depth = scope.depth.checked_sub(1).filter(|_| self.nested >= text.len());
        let Some(depth) = depth else {
            return self.beyond(match place {
                Place::At(start) => start..start + text.len(),
                Place::Is(range) => range,
            });
        };
        self.nested -= text.len();
        let outer = self.files.enter();
        self.script(text, place, depth);
        self.files.leave(outer);
    }

    /// Says that something is not read.
    fn beyond(&mut self, place: Range<usize>) {
        if !std::mem::replace(&mut self.is_beyond, true) {
            self.add(Does::Beyond, place);
        }
    }

    fn add(&mut self, does: Does, range: Range<usize>) {
        // What a text within a command does is found once.
        if self.known.insert((does, range.end)) {
            self.found.push((does, range));
        }
    }

    fn command(&mut self, command: Command, scope: &mut Scope<'_>, piped: &mut Piped) {
        let then = command.then;
        if !command.defines {
            self.run(command, scope, piped);
        }
        if then != Then::Pipe {
            *piped = Piped::default();
        }
    }

    fn run(&mut self, mut command: Command, scope: &mut Scope<'_>, piped: &mut Piped) {
        scope.environment.expand(&mut command);
        let outputs: Vec<Output> = command.words.iter_mut().map(|word| self.output(&mut word.inner, scope)).collect();
        let redirected = command.redirects.iter_mut().map(|redirect| &mut redirect.word.inner);
        let redirected: Vec<Output> = redirected.map(|inner| self.output(inner, scope)).collect();
        scope.environment.assign(&command);
        let words: Vec<String> = command.words.iter().map(|word| word.text.clone()).collect();
        for word in command.words.iter().zip(&outputs).filter(|(_, output)| output.downloads).map(|(word, _)| word) {
            if let Some((name, _)) = word.text.split_once('=').filter(|_| is_assignment(&word.text)) {
                self.files.add(&format!("${name}"));
            }
        }
        self.files.keywords(&words);
        let at = program(&words);
        let program = words.get(at).map(|word| word.trim_start_matches('@')).unwrap_or_default();
        let name = names::base(program);
        let arguments = words.get(at + 1..).unwrap_or_default();
        let tells = names::is_teller(program);
        let fetcher = words.iter().skip(at).position(|word| names::is_downloader(word.trim_start_matches('@')));
        let fetcher = fetcher.map(|found| at + found).filter(|found| !tells || *found == at);
        if let Some(fetcher) = fetcher {
            let given = words.get(fetcher + 1..).unwrap_or_default();
            let tool = words.get(fetcher).map_or("", |word| names::base(word));
            let targets = fetch::targets(tool, given);
            targets.iter().for_each(|target| self.files.add(target));
            // By the variables that they are named with, too: which value those have later is not known.
            let named = command.words.iter().skip(fetcher).filter(|word| word.written.is_some());
            named.filter(|word| targets.contains(&word.text)).for_each(|word| self.files.add_word(word));
        }
        self.files.options(program, arguments);
        let check = self.files.check(name, arguments, piped);
        let seen = Seen { command: &command, outputs: &outputs, redirected: &redirected, at, program, name };
        if self.runs(&seen, scope, piped) {
            self.say(Does::RunsDownload, piped.start, &command.range, scope);
        }
        if self.sends(&seen, fetcher, piped) {
            self.say(Does::SendsSecrets, piped.secret, &command.range, scope);
        }
        self.pass_on(&seen, fetcher.is_some(), scope, piped);
        self.files.moved(name, arguments);
        piped.remember(&words);
        let check = check.or(piped.check.take().filter(|_| matches!(name, "grep" | "egrep" | "fgrep")));
        self.files.conclude(check, &words, command.then, piped);
        self.call(name, arguments, &command.range, scope);
    }

    /// What the commands in a word do.
    fn output(&mut self, inner: &mut Vec<Inner>, scope: &mut Scope<'_>) -> Output {
        let mut output = Output::default();
        if inner.is_empty() {
            return output;
        }
        let outer = self.files.enter();
        for Inner { commands, .. } in std::mem::take(inner) {
            let mut piped = Piped::default();
            for command in commands {
                let then = command.then;
                self.run(command, scope, &mut piped);
                output.downloads |= piped.downloads;
                output.secrets |= piped.secret.is_some();
                if then != Then::Pipe {
                    piped = Piped::default();
                }
            }
        }
        self.files.leave(outer);
        output
    }

    /// What a function of the text does with the arguments that it is given.
    fn call(&mut self, name: &str, arguments: &[String], place: &Range<usize>, scope: &mut Scope<'_>) {
        let Some(body) = scope.functions.body(name) else { return };
        let (place, depth) = (scope.place(place), scope.depth.checked_sub(1));
        let Some(depth) = depth.filter(|_| body.len() <= self.called) else { return self.beyond(place) };
        self.called -= body.len();
        let body = body.to_vec();
        let outer = scope.environment.replace_arguments(arguments.to_vec());
        scope.depth = depth;
        let (known, mut piped) = (self.found.len(), Piped::default());
        for command in body {
            self.command(command, scope, &mut piped);
        }
        scope.depth = depth + 1;
        scope.environment.replace_arguments(outer);
        // What a function does whatever it is given was found where it stands, and is not new here.
        for (does, _) in self.found.split_off(known) {
            self.add(does, place.clone());
        }
    }

    fn say(&mut self, does: Does, start: Option<usize>, range: &Range<usize>, scope: &Scope<'_>) {
        let start = start.filter(|start| *start < range.start && range.end - start <= LONGEST).unwrap_or(range.start);
        self.add(does, scope.place(&(start..range.end)));
    }

    /// Whether a command runs what was downloaded. Texts that it is given are read.
    fn runs(&mut self, seen: &Seen<'_>, scope: &mut Scope<'_>, piped: &Piped) -> bool {
        let (is_shell, is_interpreter) = (names::is_shell(seen.program), names::is_interpreter(seen.program));
        match seen.name {
            "eval" => {
                let text = seen.arguments().iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
                let known = text.split_whitespace().any(|word| self.files.has(word));
                self.within(&text, seen.place(scope), scope);
                known || seen.any_downloads()
            }
            "." | "source" => self.runs_file(seen.arguments().first(), seen, scope, piped),
            _ if is_shell || is_interpreter => {
                let is_code =
                    |text: &str| is_cluster(text) && (text.ends_with('c') || (!is_shell && text.ends_with('e')));
                let code = seen.arguments().iter().position(|word| is_code(&word.text)).map(|at| at + 1);
                if let Some(code) = code {
                    return (is_shell && piped.fetches) || self.runs_code(code, is_shell, seen, scope);
                }
                let is_option = |word: &Word| word.text.starts_with('-') || (is_interpreter && word.is("run"));
                let reads_input =
                    is_shell && seen.arguments().iter().any(|word| is_cluster(&word.text) && word.text.contains('s'));
                let file = seen.arguments().iter().find(|word| !is_option(word)).filter(|_| !reads_input);
                (is_shell && piped.fetches) || self.runs_file(file, seen, scope, piped)
            }
            _ => {
                let is_fed = matches!(seen.name, "ssh" | "su")
                    || seen.arguments().iter().any(|word| names::is_shell(&word.text));
                if is_fed || (seen.program.is_empty() && self.files.is_build()) {
                    self.documents(seen, scope);
                }
                if !names::is_teller(seen.program) {
                    for word in seen
                        .arguments()
                        .iter()
                        .filter(|word| word.text.contains(char::is_whitespace) && can_have(&word.text))
                    {
                        self.within(&word.text, Place::Is(scope.place(&word.range)), scope);
                    }
                }
                let word = seen.command.words.get(seen.at);
                seen.program.contains(['/', '$']) && word.is_some_and(|word| self.starts(word, seen, scope))
            }
        }
    }

    /// Whether a program is given what was downloaded as its text: `-c`.
    fn runs_code(&mut self, at: usize, is_shell: bool, seen: &Seen<'_>, scope: &Scope<'_>) -> bool {
        let Some(code) = seen.arguments().get(at) else { return false };
        let text = code.text.as_str();
        if is_shell {
            let options = seen.arguments().iter().take(at);
            let errexit = options.clone().any(|word| is_cluster(&word.text) && word.text.contains('e'));
            let text = if errexit { format!("set -e\n{text}") } else { text.to_owned() };
            self.within(&text, Place::Is(scope.place(&code.range)), scope);
        }
        let runs_text = !is_shell
            && ["exec", "eval"].iter().any(|call| text.contains(call))
            && ["urlopen(", "requests.get(", "fetch(", "http.get(", "https.get("]
                .iter()
                .any(|call| text.contains(call));
        runs_text || self.files.has_word(code) || seen.output(at).downloads
    }

    /// Whether a program reads what was downloaded, from a file or from its input.
    fn runs_file(&mut self, file: Option<&Word>, seen: &Seen<'_>, scope: &mut Scope<'_>, piped: &Piped) -> bool {
        const INPUT: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
        if let Some(file) = file.filter(|file| !INPUT.contains(&file.text.as_str())) {
            let at = seen.arguments().iter().position(|word| std::ptr::eq(word, file));
            return at.is_some_and(|at| seen.output(at).downloads) || self.starts(file, seen, scope);
        }
        let mut runs = piped.downloads;
        for (redirect, output) in seen.command.redirects.iter().zip(seen.redirected) {
            match redirect.operator {
                Operator::Input => runs |= output.downloads || self.starts(&redirect.word, seen, scope),
                Operator::String => {
                    runs |= output.downloads || self.files.has_word(&redirect.word);
                    self.within(&redirect.word.text, seen.place(scope), scope);
                }
                Operator::Output | Operator::Document | Operator::Duplicate => {}
            }
        }
        if names::is_shell(seen.program) {
            self.documents(seen, scope);
            self.within(&piped.printed, seen.place(scope), scope);
        }
        runs
    }

    /// Reads the here-documents of a command that runs them.
    fn documents(&mut self, seen: &Seen<'_>, scope: &Scope<'_>) {
        for body in seen.command.redirects.iter().filter_map(|redirect| redirect.body.clone()) {
            let place = match &scope.place {
                Place::At(start) => Place::At(start + body.start),
                Place::Is(range) => Place::Is(range.clone()),
            };
            self.within(scope.text.get(body).unwrap_or_default(), place, scope);
        }
    }

    /// Whether a file that is run was downloaded. If the text wrote it, what it wrote is read.
    fn starts(&mut self, file: &Word, seen: &Seen<'_>, scope: &Scope<'_>) -> bool {
        for name in [Some(&file.text), file.written.as_ref()].into_iter().flatten() {
            if let Some(text) = self.files.take_written(name) {
                self.within(&text, seen.place(scope), scope);
            }
        }
        self.files.has_word(file)
    }

    /// Whether a command sends the environment or what is in a file of credentials.
    fn sends(&self, seen: &Seen<'_>, fetcher: Option<usize>, piped: &Piped) -> bool {
        if piped.secret.is_some() && names::SENDERS.contains(&seen.name) {
            return true;
        }
        let Some(fetcher) = fetcher else { return false };
        const OPTIONS: [&str; 5] = ["--data", "--form", "--upload", "--post", "--json"];
        let given = seen.command.words.iter().zip(seen.outputs).skip(fetcher + 1);
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

    /// What later commands of a pipe get from this one, and files from it.
    fn pass_on(&mut self, seen: &Seen<'_>, fetches: bool, scope: &Scope<'_>, piped: &mut Piped) {
        let (start, text, tells) = (seen.command.range.start, scope.text, names::is_teller(seen.program));
        let place = scope.place(&seen.command.range);
        let all = || seen.outputs.iter().chain(seen.redirected);
        let fetches = fetches || all().any(|output| output.downloads);
        let downloads = fetches || seen.command.words.iter().any(|word| self.files.has_word(word));
        if downloads {
            piped.downloads = true;
            piped.start.get_or_insert(start);
        }
        piped.fetches |= fetches;
        let names_keys = || seen.arguments().iter().any(|word| names::names_keys(&word.text));
        let secret = match seen.name {
            "env" | "printenv" => seen.arguments().is_empty(),
            "export" => seen.arguments().iter().any(|word| word.text == "-p"),
            "tar" | "zip" | "cat" | "base64" | "gzip" | "find" => names_keys(),
            _ => false,
        };
        // `env` alone is no wrapper.
        let is_env = seen.program.is_empty() && seen.command.words.last().is_some_and(|word| word.text == "env");
        if secret || is_env || all().any(|output| output.secrets) {
            piped.secret.get_or_insert(start);
        }
        let bodies = seen.command.redirects.iter().filter_map(|redirect| text.get(redirect.body.clone()?));
        let told = seen.arguments().iter().filter(|_| tells).map(|word| word.text.as_str());
        for printed in bodies.chain(told) {
            if self.nested < printed.len() {
                self.beyond(place.clone());
                break;
            }
            self.nested -= printed.len();
            piped.print(printed);
        }
        let outputs = seen.command.redirects.iter().filter(|redirect| redirect.operator == Operator::Output);
        let tees = seen.arguments().iter().filter(|word| seen.name == "tee" && !word.text.starts_with('-'));
        for file in outputs.map(|redirect| &redirect.word).chain(tees) {
            if piped.downloads {
                self.files.add_word(file);
            }
            if piped.printed.len() > self.nested {
                self.beyond(place.clone());
            } else {
                self.nested -= piped.printed.len();
                self.files.write(&file.text, &piped.printed);
            }
        }
    }
}

/// A command, with what was found out about it.
struct Seen<'c> {
    command: &'c Command,
    outputs: &'c [Output],
    redirected: &'c [Output],
    /// Which word is the program.
    at: usize,
    program: &'c str,
    name: &'c str,
}

impl Seen<'_> {
    fn arguments(&self) -> &[Word] {
        self.command.words.get(self.at + 1..).unwrap_or_default()
    }

    /// What the commands in an argument do.
    fn output(&self, argument: usize) -> Output {
        self.outputs.get(self.at + 1 + argument).copied().unwrap_or_default()
    }

    fn any_downloads(&self) -> bool {
        self.outputs.iter().any(|output| output.downloads)
    }

    fn place(&self, scope: &Scope<'_>) -> Place {
        Place::Is(scope.place(&self.command.range))
    }
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
