//! `invalid-name`

use super::{Check, RegistrySink, Rule, excerpt};
use crate::entry::{A_FILE, Entry, MANIFEST};
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::index::Index;
use crate::validate::names::{self, Called};

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
    check: Check::Registry(check),
    fix: None,
};

fn check(index: &Index<'_>, sink: &mut RegistrySink<'_>) {
    for entry in index.entries.iter().filter(|entry| index.judged.contains(&entry.name)) {
        // A file's name is not to be fixed as a folder's; `unreadable-entry` says where it belongs.
        if entry.folder_problem.as_deref() == Some(A_FILE) || names::is_valid(&entry.name) {
            continue;
        }
        let own = entry.manifest.name.as_deref();
        let anchor = if own == Some(&*entry.name) { Anchor::Value(route!["name"]) } else { Anchor::File };
        let name = excerpt(&entry.name);
        sink.at(entry, &entry.manifest_file.path, anchor, format!("`{name}` is not a valid name for an entry"))
            .help(help(index, entry));
    }
}

fn help(index: &Index<'_>, entry: &Entry) -> String {
    if let Called::Winner(name) = Called::of(entry)
        && !index.has(name)
    {
        return format!("rename the folder to `{}`, as the entry calls itself", excerpt(name));
    }
    match names::suggested(&entry.name).filter(|name| !index.has(name)) {
        Some(name) => format!("rename the folder to `{name}`, and `name` in {MANIFEST} with it"),
        None => {
            let rename = "rename the folder, and `name` in it: use lowercase letters, digits and hyphens only";
            format!("{rename}, and no name that another entry has")
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

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

    #[test]
    fn a_name_that_another_entry_has_is_not_suggested() {
        let help = |folder: &str, name: &str| {
            let case =
                case("invalid-name", folder, &format!("name: {name}\n")).beside("my-server", "name: my-server\n", None);
            case.findings()[0].help.clone().unwrap_or_default()
        };
        assert_eq!(help("My_Server", "mine"), "rename the folder to `mine`, as the entry calls itself");
        for name in ["My_Server", "my-server"] {
            assert_eq!(
                help("My_Server", name),
                "rename the folder, and `name` in it: use lowercase letters, digits and hyphens only, and no name that another \
                 entry has"
            );
        }
    }
}
