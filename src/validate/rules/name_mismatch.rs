//! `name-mismatch`

use super::{Check, RegistrySink, Rule, excerpt};
use crate::document::ScalarStyle;
use crate::document::edit::write_scalar;
use crate::entry::Entry;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::index::Index;
use crate::validate::names::{self, Called};

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
    check: Check::Registry(check),
    // Which of the two names is right is a decision.
    fix: None,
};

fn check(index: &Index<'_>, sink: &mut RegistrySink<'_>) {
    for entry in index.entries.iter().filter(|entry| index.judged.contains(&entry.name)) {
        // An absent name is reported by `missing-key`.
        let called = Called::of(entry);
        if let (Some(name), Called::Winner(_) | Called::Either { .. }) = (entry.manifest.name.as_deref(), called) {
            let folder = excerpt(&entry.name);
            let message = format!("the name is `{}`, but the entry's folder is `{folder}`", excerpt(name));
            sink.at(entry, &entry.manifest_file.path, Anchor::Value(route!["name"]), message)
                .help(help(index, entry, called));
        }
    }
}

/// Only what leads to a valid entry is offered: a folder cannot be renamed to a name that another one has.
fn help(index: &Index<'_>, entry: &Entry, called: Called<'_>) -> String {
    let folder = &*entry.name;
    let write = |name: &str| format!("write `name: {}`", excerpt(&write_scalar(name, ScalarStyle::Plain, false)));
    match called {
        Called::One(name) => write(name),
        Called::Winner(name) if name == folder => write(folder),
        Called::Winner(name) if !index.has(name) => format!("rename the folder to `{}`", excerpt(name)),
        Called::Either { name, .. } if names::is_valid(name) && index.has(name) => write(folder),
        Called::Either { name, .. } if names::is_valid(name) => {
            format!("{}, or rename the folder to `{}`", write(folder), excerpt(name))
        }
        Called::Winner(_) | Called::Either { .. } => match names::suggested(folder).filter(|name| !index.has(name)) {
            Some(name) => format!("rename the folder to `{name}`, and {}", write(&name)),
            None => {
                "give the folder and `name` the same, unused name: lowercase letters, digits and hyphens".to_owned()
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

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

    #[test]
    fn only_what_leads_to_a_valid_entry_is_offered() {
        let help = |folder: &str, name: &str| {
            let manifest = format!("name: {name}\n");
            let case = case("name-mismatch", folder, &manifest).beside("taken", "name: taken\n", None);
            case.findings()[0].help.clone().unwrap_or_default()
        };
        assert_eq!(help("acme-weather", "acme_weather"), "write `name: acme-weather`");
        assert_eq!(help("no", "No"), "write `name: \"no\"`");
        assert_eq!(help("Acme_Weather", "weather"), "rename the folder to `weather`");
        assert_eq!(help("acme-weather", "taken"), "write `name: acme-weather`");
        assert_eq!(
            help("Acme_Weather", "taken"),
            "rename the folder to `acme-weather`, and write `name: acme-weather`"
        );
        assert_eq!(
            help("Acme_Weather", "WEATHER"),
            "rename the folder to `acme-weather`, and write `name: acme-weather`"
        );
        assert_eq!(
            help("Taken", "WEATHER"),
            "give the folder and `name` the same, unused name: lowercase letters, digits and hyphens"
        );
    }
}
