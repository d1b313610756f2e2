//! Which files commands downloaded, whether anybody checked them, and whether they are run.
//!
//! A check counts when it is one (`sha256sum -c`, `gpg --verify`, a sum that is compared) and when its failure keeps the file
//! from being run: by `&&`, by `|| exit`, by `set -e`, by the end of a build step. The word alone, in a comment or in a text that
//! is shown, counts for nothing.

mod checks;
pub(super) mod fetch;
mod piped;

use crate::shell::{Environment, Then, Word, names};
pub(super) use piped::Piped;
use std::collections::HashMap;
use std::rc::Rc;

/// The most files that are remembered. With more, it is said that they are not all followed.
const MOST_FILES: usize = 5_000;
/// The most checks of a file that are asked which files they are about.
const MOST_CHECKS: usize = 200;
/// How many commands after a check may say that it failed before one stops.
const PATIENCE: usize = 8;

/// The files that commands downloaded so far, and nobody checked.
#[derive(Debug, Default)]
pub(in super::super) struct Files {
    /// Paths, and variables with their `$`, each with the number of its download: what was checked and then downloaded again was
    /// not checked.
    names: HashMap<String, usize>,
    downloads: usize,
    /// Whether there were more than are remembered.
    is_beyond: bool,
    /// The variables of all texts that are read with these files.
    pub(super) environment: Environment,
    /// Whether `[[ … ]]` is one command for the shell that reads the text: to others `&&` and `||` in it begin commands.
    pub(super) has_tests: bool,
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
    /// What commands wrote into files: code, if one of them is run.
    written: HashMap<String, String>,
}

/// What holds for the commands of one text, and not for those of a text within it.
#[derive(Debug)]
pub(super) struct Outer {
    errexit: bool,
    pipefail: bool,
    pending: Option<(Good, usize)>,
    chained: Option<Good>,
    chained_at: usize,
    nested: usize,
    branch: Option<Good>,
}

/// What a check is about: downloads by their names and numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Good {
    /// Everything up to a download.
    all: usize,
    these: Rc<HashMap<String, usize>>,
}

impl Good {
    fn has(&self, name: &str, download: usize) -> bool {
        download <= self.all || self.these.get(name).is_some_and(|checked| *checked == download)
    }

    fn and(mut self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        self.all = self.all.max(other.all);
        if self.these.is_empty() {
            self.these = other.these;
        } else if !other.these.is_empty() {
            let these = Rc::make_mut(&mut self.these);
            for (name, download) in other.these.iter() {
                let known = these.entry(name.clone()).or_default();
                *known = (*known).max(*download);
            }
        }
        self
    }
}

impl Files {
    /// For the instructions of a Dockerfile: a step that fails ends the build.
    pub(in super::super) fn of_build() -> Self {
        Self { ends_stop: true, ..Self::default() }
    }

    /// For a file that begins with a line which names its shell.
    pub(in super::super) fn of_file(text: &str) -> Self {
        let first = text.lines().next().filter(|line| line.starts_with("#!")).unwrap_or_default();
        let mut words = first.split(|c: char| c.is_whitespace() || c == '/');
        Self { has_tests: words.any(names::has_tests), ..Self::default() }
    }

    /// Remembers the variables that an instruction of a Dockerfile sets: `ENV A=b`, `ARG A=b`.
    pub(in super::super) fn set_variables(&mut self, arguments: &str) {
        if let Some((name, value)) = arguments.split_once(char::is_whitespace).filter(|(name, _)| !name.contains('=')) {
            return self.environment.set(name, vec![value.trim().trim_matches(['"', '\'']).to_owned()]);
        }
        for command in crate::shell::Reader::new(arguments) {
            let words: Vec<Word> = command.words.into_iter().flat_map(|word| self.environment.expand(word)).collect();
            self.environment.assign(&words);
        }
    }

    /// Remembers a file that something else than a command downloaded.
    pub(in super::super) fn add(&mut self, name: &str) {
        let name = plain(name);
        if name.is_empty() || name == "-" || name.starts_with("/dev/") {
            return;
        }
        if self.names.len() >= MOST_FILES && !self.names.contains_key(&name) {
            self.is_beyond = true;
            return;
        }
        self.downloads += 1;
        self.names.insert(name, self.downloads);
    }

    /// Whether something is not followed.
    pub(super) fn is_beyond(&self) -> bool {
        self.is_beyond || self.environment.is_beyond()
    }

    pub(super) fn add_word(&mut self, word: &Word) {
        self.add(&word.text);
        if let Some(written) = &word.written {
            self.add(written);
        }
    }

    pub(super) fn is_build(&self) -> bool {
        self.ends_stop
    }

    pub(super) fn knows_any(&self) -> bool {
        !self.names.is_empty() || !self.written.is_empty()
    }

    pub(super) fn begin(&mut self) {
        if self.ends_stop {
            // Each step has a shell of its own.
            (self.errexit, self.pipefail, self.nested) = (false, false, 0);
        }
    }

    pub(super) fn end(&mut self) {
        if self.ends_stop {
            if let Some(good) = self.chained.take() {
                self.forget(&good);
            }
            self.pending = None;
            self.branch = None;
        }
        self.chained = None;
    }

    /// Begins with a text within a text: what the inner shell does about failures is its own affair.
    pub(super) fn enter(&mut self) -> Outer {
        Outer {
            errexit: std::mem::take(&mut self.errexit),
            pipefail: std::mem::take(&mut self.pipefail),
            // An inner shell that ends does not end this one.
            pending: self.pending.take(),
            chained: self.chained.clone(),
            chained_at: self.chained_at,
            nested: self.nested,
            branch: self.branch.clone(),
        }
    }

    pub(super) fn leave(&mut self, outer: Outer) {
        self.errexit = outer.errexit;
        self.pipefail = outer.pipefail;
        self.pending = outer.pending;
        self.chained = outer.chained;
        self.chained_at = outer.chained_at;
        self.nested = outer.nested;
        self.branch = outer.branch;
    }

    /// Remembers what a command writes into a file.
    pub(super) fn write(&mut self, name: &str, text: &str) {
        let name = plain(name);
        if !text.is_empty() && !name.starts_with("/dev/") {
            let all = self.written.entry(name).or_default();
            all.push_str(text);
            all.push('\n');
        }
    }

    /// What was written into a file that is run now.
    pub(super) fn take_written(&mut self, name: &str) -> Option<String> {
        self.written.remove(&plain(name))
    }

    /// The same of a file that is read.
    pub(super) fn written(&self, name: &str) -> Option<&str> {
        if self.written.is_empty() {
            return None;
        }
        self.written.get(&plain(name)).map(String::as_str)
    }

    /// Begins or ends with a body of a function.
    pub(super) fn enter_body(&mut self) -> Option<(Good, usize)> {
        self.nested += 1;
        self.pending.take()
    }

    pub(super) fn leave_body(&mut self, pending: Option<(Good, usize)>) {
        self.nested = self.nested.saturating_sub(1);
        self.pending = pending;
    }

    /// What the words before a program say about a check before it.
    pub(super) fn keywords(&mut self, words: &[String]) {
        for word in words {
            if !self.keyword(word) {
                break;
            }
        }
    }

    /// What a word of a shell's own language says about a check before it. Whether it is one, and may be followed by others.
    fn keyword(&mut self, word: &str) -> bool {
        match word {
            "if" | "while" | "until" | "for" | "case" | "{" | "(" => self.nested += 1,
            ")" => self.nested = self.nested.saturating_sub(1),
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
    pub(super) fn conclude(
        &mut self,
        check: Option<Good>,
        words: &[String],
        stops: bool,
        then: Then,
        piped: &mut Piped,
    ) {
        if let Some((good, patience)) = self.pending.take() {
            if stops || words.iter().any(|word| is_stop(word)) {
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
        let mut own = words.iter().map(String::as_str).skip_while(|word| matches!(*word, "{" | "("));
        let (first, second) = (own.next().unwrap_or_default(), own.next().unwrap_or_default());
        match (first, then) {
            // What follows stops when it failed, or is only done when it did not.
            ("if" | "elif" | "while" | "until", _) if second == "!" => self.pending = Some((good, PATIENCE)),
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
            _ if stops => self.forget(&good),
            _ => {}
        }
    }

    fn forget(&mut self, good: &Good) {
        if self.names.is_empty() {
            return;
        }
        self.names.retain(|name, download| !good.has(name, *download));
    }

    /// Whether a word is, or holds, a file that was downloaded and that no check before it in its chain found good.
    pub(super) fn has(&self, word: &str) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let word = plain(word);
        let Some(download) = self.names.get(&word).copied() else { return false };
        ![&self.chained, &self.branch].into_iter().flatten().any(|good| good.has(&word, download))
    }

    /// The same of a word as it is and as it is written.
    pub(super) fn has_word(&self, word: &Word) -> bool {
        self.has(&word.text) || word.written.as_ref().is_some_and(|written| self.has(written))
    }

    /// What `set`, or the line that names a script's shell, says about failing commands.
    pub(super) fn options(&mut self, program: &str, arguments: &[String]) {
        if program != "set" && !program.starts_with("#!") {
            return;
        }
        for word in arguments {
            self.errexit |= word == "errexit" || (is_cluster(word) && word.contains('e'));
            self.pipefail |= word == "pipefail";
            self.errexit &= word != "+e";
        }
    }

    /// What a download became: a copy under another name.
    pub(super) fn moved(&mut self, name: &str, arguments: &[String]) {
        let files: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
        if let ("mv" | "cp" | "ln" | "install", [.., from, to]) = (name, files.as_slice())
            && self.has(from)
        {
            let last = from.rsplit('/').next().unwrap_or(from);
            let to = if to.ends_with('/') { format!("{to}{last}") } else { (*to).clone() };
            self.add(&to);
        }
    }
}

/// What ends a script or a function, by itself or as people name functions that do.
const STOPS: &[&str] = &["exit", "return", "false", "die", "fail", "abort", "fatal", "error", "err", "bail", "panic"];

/// Whether a word ends a script or a function.
pub(super) fn is_stop(word: &str) -> bool {
    STOPS.contains(&word)
}

pub(super) fn is_cluster(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && !word.starts_with("--")
}

/// A path as it is compared: without what points here, and with one way to write a variable.
fn plain(word: &str) -> String {
    let word = word.trim_matches(['"', '\'']);
    let word = word.strip_prefix("./").unwrap_or(word);
    let is_variable = word.starts_with('$');
    let word = word.strip_suffix("[@]").or_else(|| word.strip_suffix("[*]")).filter(|_| is_variable).unwrap_or(word);
    if word.contains("${") { word.replace("${", "$").replace('}', "") } else { word.to_owned() }
}
