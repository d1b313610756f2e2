//! `invalid-name`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::entry::{A_FILE, MANIFEST};
use crate::finding::{Anchor, Severity};
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "invalid-name",
    summary: "an entry's name has characters other than a-z, 0-9 and hyphens",
    explanation: "\
## What
The name of an entry's folder is anything but lower-case letters, digits and hyphens (`^[a-z0-9-]+$`).

## Why
The name becomes an image name, a Git branch, a catalog key, the prefix of its parameters and part of addresses.
Upper-case letters collide on file systems that ignore case, and other characters need escaping somewhere.

## How to fix
Rename the folder, and `name` in `server.yaml` with it: `my_Server` becomes `my-server`.

## Source
The reference validator's `isNameValid`. Its three grandfathered names are waivers here.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let entry = subject.entry;
    let valid = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    // A file's name is not to be mended as a folder's; `unreadable-entry` says where it belongs.
    let is_file = entry.folder_problem.as_deref() == Some(A_FILE);
    if is_file || !entry.name.is_empty() && entry.name.bytes().all(valid) {
        return;
    }
    let anchor =
        if entry.manifest.name.as_deref() == Some(&*entry.name) { Anchor::Value(route!["name"]) } else { Anchor::File };
    let help = match suggested(&entry.name) {
        Some(name) => format!("rename the folder to `{name}`, and `name` in {MANIFEST} with it"),
        None => "rename the folder: use lower-case letters, digits and hyphens only".to_owned(),
    };
    let name = excerpt(&entry.name);
    sink.at(&entry.manifest_file.path, anchor, format!("`{name}` is not a valid name for an entry")).help(help);
}

/// The nearest valid name: small letters, and hyphens for everything else. None when nothing would be left of it.
fn suggested(name: &str) -> Option<String> {
    if name.len() > 80 || !name.is_ascii() {
        return None;
    }
    let replaced = name.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let parts: Vec<&str> = replaced.split('-').filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn underscores_and_capitals_are_refused() {
        insta::assert_snapshot!(rendered("invalid-name", "My_Server", "name: My_Server\n"), @"
        error[invalid-name]: `My_Server` is not a valid name for an entry
         --> servers/My_Server/server.yaml:1:7
          |
        1 | name: My_Server
          |       ^^^^^^^^^
          |
          = help: rename the folder to `my-server`, and `name` in server.yaml with it
        ");
        assert_eq!(findings("invalid-name", "SQLite", "name: SQLite\n"), 1);
        assert_eq!(findings("invalid-name", "a\n::error::b", "name: x\n"), 1);
    }

    #[test]
    fn letters_digits_and_hyphens_are_fine() {
        assert_eq!(findings("invalid-name", "my-server-2", "name: my-server-2\n"), 0);
    }

    #[test]
    fn only_the_folder_counts_not_the_manifest() {
        assert_eq!(findings("invalid-name", "ok", "name: NOT_OK\n"), 0);
    }
}
