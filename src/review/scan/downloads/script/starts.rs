//! Which commands run what was downloaded. Texts that they are given as code are read.

use super::super::can_have;
use super::super::files::{Piped, is_cluster};
use super::words::Seen;
use super::{Place, Scope, Walk};
use crate::shell::{Operator, Word, names};

impl Walk<'_> {
    /// Whether a command runs what was downloaded.
    pub(super) fn runs(&mut self, seen: &Seen, scope: &Scope, piped: &Piped) -> bool {
        let (is_shell, is_interpreter) = (names::is_shell(&seen.program), names::is_interpreter(&seen.program));
        match seen.name.as_str() {
            "eval" => {
                let text = seen.arguments().iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
                let known = text.split_whitespace().any(|word| self.files.has(word));
                self.within(&text, &seen.place(scope), scope);
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
            _ => self.runs_other(seen, scope, piped),
        }
    }

    /// The same of a program that is no shell and may give its arguments to one.
    fn runs_other(&mut self, seen: &Seen, scope: &Scope, piped: &Piped) -> bool {
        let is_fed = matches!(seen.name.as_str(), "ssh" | "su")
            || seen.arguments().iter().any(|word| names::is_shell(&word.text));
        if is_fed || (seen.program.is_empty() && self.files.is_build()) {
            self.documents(seen, scope);
        }
        if !names::is_teller(&seen.program) && !self.functions.has(&seen.name) {
            for word in seen.arguments() {
                // Lines that a variable holds are help texts more often than code.
                let is_text = word.written.is_some() && word.text.contains('\n') && !is_fed;
                if !is_text && word.text.contains(char::is_whitespace) && can_have(&word.text) {
                    self.within(&word.text, &Place::Is(scope.place.of(&word.range)), scope);
                }
            }
        }
        if piped.fetches && seen.arguments().last().is_some_and(|word| names::is_shell(&word.text)) && is_remote(seen) {
            return true;
        }
        let starts = seen.program.contains(['/', '$']);
        starts && seen.words.get(seen.at).is_some_and(|word| self.starts(word, seen, scope))
    }

    /// Whether a program is given what was downloaded as its text: `-c`.
    fn runs_code(&mut self, at: usize, is_shell: bool, seen: &Seen, scope: &Scope) -> bool {
        let Some(code) = seen.arguments().get(at) else { return false };
        let text = code.text.as_str();
        if is_shell {
            let options = seen.arguments().iter().take(at);
            let errexit = options.clone().any(|word| is_cluster(&word.text) && word.text.contains('e'));
            let text = if errexit { format!("set -e\n{text}") } else { text.to_owned() };
            // The first word after it is the name of the program.
            let arguments = seen.arguments().iter().skip(at + 2).map(|word| word.text.clone()).collect();
            let outer = self.files.environment.replace_arguments(arguments);
            self.within(&text, &Place::Is(scope.place.of(&code.range)), scope);
            self.files.environment.replace_arguments(outer);
        }
        let runs_text = !is_shell
            && ["exec", "eval"].iter().any(|call| text.contains(call))
            && ["urlopen(", "requests.get(", "fetch(", "http.get(", "https.get("]
                .iter()
                .any(|call| text.contains(call));
        runs_text || self.files.has_word(code) || seen.output(at).downloads
    }

    /// Whether a program reads what was downloaded, from a file or from its input.
    fn runs_file(&mut self, file: Option<&Word>, seen: &Seen, scope: &Scope, piped: &Piped) -> bool {
        let is_input = |file: &str| {
            matches!(file, "-" | "/dev/stdin") || file.starts_with("/dev/fd/") || file.starts_with("/proc/self/fd/")
        };
        let is_shell = names::is_shell(&seen.program) || matches!(seen.name.as_str(), "." | "source");
        if let Some(file) = file.filter(|file| !is_input(&file.text)) {
            let at = seen.arguments().iter().position(|word| std::ptr::eq(word, file));
            let output = at.map(|at| seen.output(at)).unwrap_or_default();
            if let Some(printed) = output.printed.filter(|_| is_shell && file.text == "<()") {
                self.within(&printed, &seen.place(scope), scope);
            }
            return output.downloads || self.starts(file, seen, scope);
        }
        let mut runs = piped.downloads;
        for given in &seen.given {
            match given.operator {
                Operator::Input => {
                    runs |= given.output.downloads || self.starts(&given.word, seen, scope);
                    if let Some(printed) = given.output.printed.as_ref().filter(|_| is_shell) {
                        self.within(printed, &seen.place(scope), scope);
                    }
                }
                Operator::String => {
                    runs |= given.output.downloads || self.files.has_word(&given.word);
                    if is_shell {
                        self.within(&given.word.text, &seen.place(scope), scope);
                    }
                }
                Operator::Document => runs |= given.output.downloads && is_shell,
                Operator::Output | Operator::Duplicate => {}
            }
        }
        if is_shell {
            self.documents(seen, scope);
            self.within(&piped.printed, &seen.place(scope), scope);
        }
        runs
    }

    /// Reads the here-documents of a command that runs them.
    fn documents(&mut self, seen: &Seen, scope: &Scope) {
        for (text, place) in seen.given.iter().filter_map(|given| given.text.as_ref()) {
            self.within(text, place, scope);
        }
    }

    /// Whether a file that is run was downloaded. If the text wrote it, what it wrote is read.
    fn starts(&mut self, file: &Word, seen: &Seen, scope: &Scope) -> bool {
        for name in [Some(&file.text), file.written.as_ref()].into_iter().flatten() {
            if let Some(text) = self.files.take_written(name) {
                self.within(&text, &seen.place(scope), scope);
            }
        }
        self.files.has_word(file)
    }
}

/// Whether a program gives its input to the program that its arguments name.
fn is_remote(seen: &Seen) -> bool {
    matches!(seen.name.as_str(), "ssh" | "docker" | "podman" | "nerdctl" | "kubectl" | "chroot" | "nsenter" | "lxc")
}
