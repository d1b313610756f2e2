//! Python files that say to be written in an encoding in which code does not look like code.
//!
//! Why: Python decodes the file first. In `utf-7`, `raw_unicode_escape` or an encoding that a package registers, a comment
//! can be a statement, and nobody who reads the bytes sees it. Source: PEP 263.

use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::snapshot::language::Language;
use crate::verdict::{Category, Confidence, Risk};
use regex::Regex;
use std::sync::LazyLock;

static DECLARED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[ \t\x0c]*#.{0,200}?coding[:=][ \t]*([-\w.]{1,80})").ok());
/// Encodings in which every ASCII byte is that character: what is read is what runs.
static READABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:utf-?8(?:-.*)?|u8|latin-?1(?:-.*)?|l1|iso-?8859-\d{1,2}(?:-.*)?|(?:us-)?ascii|(?:cp|windows-)125\d|koi8-[ru])$",
    )
    .ok()
});

/// Says an encoding that hides what a file says.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if subject.language != Language::Python {
        return;
    }
    for number in 1..=subject.line_count().min(2) {
        let range = subject.line_range(number);
        // A byte-order mark is no part of the line.
        let line = subject.text.get(range.clone()).unwrap_or_default().trim_start_matches('\u{feff}');
        let Some(name) = DECLARED.as_ref().and_then(|declared| declared.captures(line)?.get(1)) else { continue };
        let encoding = name.as_str().to_ascii_lowercase().replace('_', "-");
        if READABLE.as_ref().is_some_and(|readable| readable.is_match(&encoding)) {
            continue;
        }
        sink.at(
            range,
            Said {
                title: format!("this file cannot be read as it stands: Python decodes it as {}", name.as_str()),
                risk: Risk::High,
                category: Category::Obfuscation,
                confidence: Confidence::Medium,
                impact: "What runs is not what is read here: in such an encoding even a comment can be a statement."
                    .to_owned(),
                recommendation: "Ask for the file in UTF-8, and review that.".to_owned(),
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::review::scan::testing::shown_full;

    #[test]
    fn encodings_that_hide_code_are_said() {
        insta::assert_snapshot!(shown_full(&[("a.py", "# -*- coding: utf-7 -*-\n+AGkAbQ-\n"), ("b.py", "#!/usr/bin/python\n# vim: set fileencoding=raw_unicode_escape :\n")]), @r"
        high a.py:1: this file cannot be read as it stands: Python decodes it as utf-7
            | # -*- coding: utf-7 -*-
        high b.py:2: this file cannot be read as it stands: Python decodes it as raw_unicode_escape
            | # vim: set fileencoding=raw_unicode_escape :
        ");
    }

    #[test]
    fn encodings_that_show_it_are_fine() {
        for name in ["utf-8", "UTF8", "utf_8", "utf-8-unix", "latin-1", "iso-8859-15", "ascii", "cp1252"] {
            assert_eq!(shown_full(&[("a.py", &format!("# -*- coding: {name} -*-\nx = 1\n"))]), "", "{name}");
        }
        assert_eq!(shown_full(&[("a.py", "x = 1\ny = 2\n# coding: utf-7\n"), ("a.js", "# coding: utf-7\n")]), "");
    }
}
