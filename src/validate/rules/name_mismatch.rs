//! `name-mismatch`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "name-mismatch",
    summary: "`name` in server.yaml is not the name of the entry's folder",
    explanation: "\
## What
The `name` in `server.yaml` differs from the name of the folder that the file is in.

## Why
Some programs go by the folder, others by `name`. When the two differ, an entry is built under one name and looked up
under another, and its parameters (`{{name.parameter}}`) belong to nobody.

## How to fix
Decide which of the two is right, and change the other one. If `name` changes, change the prefix of its
`{{name.parameter}}` templates with it.

## Source
The reference validator's `isDirectoryValid`.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    // Which of the two names is right is a decision.
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    // An absent name is reported by `missing-key`.
    let Some(name) = subject.manifest().name.as_deref() else { return };
    let folder = &*subject.entry.name;
    if name != folder {
        let name = excerpt(name);
        sink.value(route!["name"], format!("the name is `{name}`, but the entry's folder is `{folder}`"))
            .help(format!("write `name: {folder}`, or rename the folder to `{name}`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn the_name_is_the_folders() {
        insta::assert_snapshot!(rendered("name-mismatch", "aws-kendra", "name: kendra\ntype: server\n"), @"
        error[name-mismatch]: the name is `kendra`, but the entry's folder is `aws-kendra`
         --> servers/aws-kendra/server.yaml:1:7
          |
        1 | name: kendra
          |       ^^^^^^
          |
          = help: write `name: aws-kendra`, or rename the folder to `kendra`
        ");
    }

    #[test]
    fn letter_case_and_blanks_count() {
        assert_eq!(findings("name-mismatch", "sqlite", "name: SQLite\n"), 1);
        assert_eq!(findings("name-mismatch", "sqlite", "name: 'sqlite '\n"), 1);
    }

    #[test]
    fn the_same_name_is_fine_however_it_is_written() {
        assert_eq!(findings("name-mismatch", "sqlite", "name: \"sqlite\"\n"), 0);
        // YAML reads a number here; the folder is named by its digits all the same.
        assert_eq!(findings("name-mismatch", "1234", "name: 1234\n"), 0);
    }

    #[test]
    fn an_absent_name_is_another_rules_matter() {
        assert_eq!(findings("name-mismatch", "sqlite", "type: server\n"), 0);
    }
}
