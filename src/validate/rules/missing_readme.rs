//! `missing-readme`

use super::{Check, Rule, Sink, Subject};
use crate::finding::{Anchor, Severity};

pub(super) static RULE: Rule = Rule {
    id: "missing-readme",
    summary: "an entry has no readme, or an empty one",
    explanation: "\
## What
There is no `readme.md` (in any letter case) beside `server.yaml`, or there is nothing in it.

## Why
An entry has room for a sentence. What the server may do, what it needs and how it is set up is what people want to
know before they give it their data.

## How to fix
Add `readme.md`: what the server is for, what it can reach, what must be set, where its documentation is.

## Source
The reference registry takes readmes and does not ask for them, so this is a note; a policy can ask for more.
",
    severity: Severity::Note,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let entry = subject.entry;
    // What is no entry at all needs none.
    if entry.folder_problem.is_some() || !entry.manifest_file.exists() {
        return;
    }
    let help = "add one that says what the server is for, what it can reach and what must be set";
    if !entry.readme_file.exists() {
        sink.at(&entry.manifest_file.path, Anchor::File, "there is no `readme.md` beside this file").help(help);
    } else if entry.readme_file.text().is_some_and(|text| text.trim().is_empty()) {
        sink.at(&entry.readme_file.path, Anchor::File, "the readme is empty").help(help);
    }
}

#[cfg(test)]
mod tests {
    use crate::entry::Entry;
    use crate::validate::testing::{case, of_entry, rendered};

    #[test]
    fn an_entry_without_a_readme_is_noted() {
        insta::assert_snapshot!(rendered("missing-readme", "x", "name: x\n"), @"
        note[missing-readme]: there is no `readme.md` beside this file
        --> servers/x/server.yaml
         = help: add one that says what the server is for, what it can reach and what must be set
        ");
    }

    #[test]
    fn an_empty_readme_is_none() {
        insta::assert_snapshot!(case("missing-readme", "x", "name: x\n").readme(" \n").rendered(), @"
        note[missing-readme]: the readme is empty
        --> servers/x/readme.md
         = help: add one that says what the server is for, what it can reach and what must be set
        ");
    }

    #[test]
    fn a_folder_that_is_no_entry_needs_none() {
        let folder = Entry::from_texts("x", None, None, None);
        assert_eq!(of_entry("missing-readme", folder).count(), 0);
    }

    #[test]
    fn any_text_will_do() {
        assert_eq!(case("missing-readme", "x", "name: x\n").readme("# X\n").count(), 0);
    }
}
