//! `unreadable-entry`

use super::{Check, Rule, Sink, Subject};
use crate::entry::{Content, EntryFile, MANIFEST, Unreadable};
use crate::finding::{Anchor, Severity};

pub(super) static RULE: Rule = Rule {
    id: "unreadable-entry",
    summary: "a folder under servers/ or one of its files cannot be read as an entry",
    explanation: "\
## What
A folder under `servers/` has no `server.yaml`, or is a symbolic link, or its name is not UTF-8; or its `server.yaml`,
`tools.json` or readme is not a readable text: a symbolic link, a directory, a pipe or a device, more than 1 MiB, or not
UTF-8.

## Why
A link can lead out of the registry, to a file on the machine that reads it. A pipe makes a reader wait for ever. What
is not read is not judged, and what is not judged must not pass.

## How to fix
Put a plain file there, in UTF-8. Remove folders that are no entries.

## Source
Ours. The reference's programs follow links and stop at the first file that they cannot read.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let entry = subject.entry;
    if let Some(problem) = &entry.folder_problem {
        sink.at(&entry.path, Anchor::File, format!("the folder cannot be an entry: {problem}"))
            .help("make it a plain folder with a name of lower-case letters, digits and hyphens, or remove it");
        return;
    }
    if !entry.manifest_file.exists() {
        sink.at(&entry.manifest_file.path, Anchor::File, format!("the folder has no {MANIFEST}"))
            .help(format!("add a {MANIFEST}, spelled like this, or remove the folder"));
    }
    for file in entry.files() {
        if let Content::Unreadable(problem) = &file.content {
            let message = format!("{} {problem}", name(file));
            sink.at(&file.path, Anchor::File, message).help(remedy(problem));
        }
    }
}

fn name(file: &EntryFile) -> &str {
    file.path.rsplit('/').next().unwrap_or_default()
}

fn remedy(problem: &Unreadable) -> &'static str {
    match problem {
        Unreadable::Symlink => "replace the link by the text itself; links are not followed",
        Unreadable::NotAFile => "put a plain file there",
        Unreadable::TooLarge => "shorten it; an entry is read by people too",
        Unreadable::NotUtf8(_) => "save it as UTF-8",
        Unreadable::Io(_) => "see to it that it can be read, and run again",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::document::limits::MAX_BYTES;
    use crate::entry::{Entry, load};
    use crate::validate::testing::{case, findings, of_entry};
    use std::ffi::OsString;
    use std::fs;
    use std::path::Path;

    /// The entry `x` of a registry whose folder `make` fills.
    fn loaded(make: impl FnOnce(&Path)) -> Entry {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("servers/x");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("server.yaml"), "name: x\n").unwrap();
        make(&folder);
        load::load(root.path(), &OsString::from("x"))
    }

    fn rendered(make: impl FnOnce(&Path)) -> String {
        of_entry("unreadable-entry", loaded(make)).rendered()
    }

    #[test]
    fn a_plain_folder_is_fine() {
        assert_eq!(rendered(|_| ()), "");
        assert_eq!(rendered(|folder| fs::write(folder.join("tools.json"), "[]").unwrap()), "");
        assert_eq!(rendered(|folder| fs::create_dir(folder.join("images")).unwrap()), "");
    }

    #[test]
    fn what_is_malformed_can_still_be_read() {
        assert_eq!(findings("unreadable-entry", "x", "]["), 0);
        assert_eq!(case("unreadable-entry", "x", "").tools("{").readme("\u{0}").count(), 0);
    }

    #[test]
    fn a_folder_without_a_manifest_is_no_entry() {
        insta::assert_snapshot!(rendered(|folder| fs::rename(folder.join("server.yaml"), folder.join("server.yml")).unwrap()), @"
        error[unreadable-entry]: the folder has no server.yaml
        --> servers/x/server.yaml
         = help: add a server.yaml, spelled like this, or remove the folder
        ");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        use std::os::unix::fs::symlink;
        insta::assert_snapshot!(rendered(|folder| {
            fs::remove_file(folder.join("server.yaml")).unwrap();
            symlink("/proc/self/environ", folder.join("server.yaml")).unwrap();
            symlink("server.yaml", folder.join("README.md")).unwrap();
        }), @"
        error[unreadable-entry]: README.md is a symbolic link
        --> servers/x/README.md
         = help: replace the link by the text itself; links are not followed

        error[unreadable-entry]: server.yaml is a symbolic link
        --> servers/x/server.yaml
         = help: replace the link by the text itself; links are not followed
        ");
        insta::assert_snapshot!(rendered(|folder| {
            fs::rename(folder, folder.with_file_name("y")).unwrap();
            symlink("y", folder).unwrap();
        }), @"
        error[unreadable-entry]: the folder cannot be an entry: it is a symbolic link
        --> servers/x
         = help: make it a plain folder with a name of lower-case letters, digits and hyphens, or remove it
        ");
    }

    #[cfg(unix)]
    #[test]
    fn directories_and_pipes_are_not_read() {
        insta::assert_snapshot!(rendered(|folder| {
            fs::create_dir(folder.join("tools.json")).unwrap();
            let pipe = std::process::Command::new("mkfifo").arg(folder.join("readme.md")).status().unwrap();
            assert!(pipe.success());
        }), @"
        error[unreadable-entry]: readme.md is not a regular file
        --> servers/x/readme.md
         = help: put a plain file there

        error[unreadable-entry]: tools.json is not a regular file
        --> servers/x/tools.json
         = help: put a plain file there
        ");
    }

    #[test]
    fn texts_are_utf_8_and_of_bounded_length() {
        let manifest = |bytes: &[u8]| rendered(|folder| fs::write(folder.join("server.yaml"), bytes).unwrap());
        insta::assert_snapshot!(manifest(b"name: x\xff\n"), @"
        error[unreadable-entry]: server.yaml is not UTF-8 (first wrong byte at offset 7)
        --> servers/x/server.yaml
         = help: save it as UTF-8
        ");
        insta::assert_snapshot!(manifest(&vec![b'#'; MAX_BYTES + 1]), @"
        error[unreadable-entry]: server.yaml is larger than 1048576 bytes
        --> servers/x/server.yaml
         = help: shorten it; an entry is read by people too
        ");
        assert_eq!(manifest(&vec![b'#'; MAX_BYTES]), "");
    }
}
