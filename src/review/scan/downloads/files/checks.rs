//! Which commands check what was downloaded, and which files they are about.

use super::{Files, Good, MOST_CHECKS, Piped, is_cluster, plain};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

impl Files {
    /// What a command checks, if it is a check.
    pub(in super::super) fn check(&mut self, name: &str, arguments: &[String], piped: &Piped) -> Option<Good> {
        let has = |wanted: &[&str]| arguments.iter().any(|word| wanted.contains(&word.as_str()));
        let is_sum = |name: &str| {
            matches!(name, "sha256sum" | "sha512sum" | "sha384sum" | "sha1sum" | "shasum" | "b2sum" | "md5sum")
        };
        let checks = match name {
            _ if is_sum(name) => {
                let checks = has(&["--check"]) || arguments.iter().any(|word| is_cluster(word) && word.contains('c'));
                self.summed |= !checks;
                checks
            }
            "gpg" | "gpg2" => has(&["--verify"]),
            "gpgv" => true,
            "cosign" => has(&["verify-blob", "verify-blob-attestation"]),
            "gh" => has(&["attestation"]) && has(&["verify"]),
            "minisign" | "signify" => arguments.iter().any(|word| is_cluster(word) && word.contains('V')),
            "openssl" => {
                self.summed |= has(&["dgst", "sha256", "sha512"]);
                has(&["-verify"])
            }
            "[" | "[[" | "test" => {
                let sums =
                    arguments.iter().any(|word| ["sha256", "sha512", "shasum"].iter().any(|sum| word.contains(sum)));
                return (has(&["=", "==", "!="]) && (sums || self.summed)).then(|| self.everything());
            }
            _ => return None,
        };
        self.checks += usize::from(checks);
        (checks && self.checks <= MOST_CHECKS).then(|| self.about(arguments, piped))
    }

    /// The files that a check names; all, when it names none.
    fn about(&self, arguments: &[String], piped: &Piped) -> Good {
        let words =
            arguments.iter().flat_map(|word| word.split_whitespace()).map(plain).chain(piped.words.iter().cloned());
        let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let words: HashSet<String> = words.map(|word| last(&word)).collect();
        // `x.asc` and `x.sha256` are about `x`.
        let stems: HashSet<&str> = words.iter().filter_map(|word| Some(word.rsplit_once('.')?.0)).collect();
        let named = self.names.iter().filter(|(name, _)| {
            let name = last(name);
            words.contains(&name) || stems.contains(name.as_str())
        });
        let named: HashMap<String, usize> = named.map(|(name, download)| (name.clone(), *download)).collect();
        // Else it may be about all, unless it names another file: a list of sums and a variable name any.
        let is_other = |word: &String| {
            let word = word.to_ascii_lowercase();
            word.contains('.')
                && !word.ends_with('.')
                && !["$", "sum", "sha", ".asc", ".sig", ".txt", "://"].iter().any(|sign| word.contains(sign))
        };
        if named.is_empty() && !words.iter().any(is_other) {
            self.everything()
        } else {
            Good { all: 0, these: Rc::new(named) }
        }
    }

    /// Everything that was downloaded so far.
    fn everything(&self) -> Good {
        Good { all: self.downloads, these: Rc::default() }
    }
}
