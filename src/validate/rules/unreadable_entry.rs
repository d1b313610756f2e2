//! `unreadable-entry`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::entry::{A_FILE, Content, EntryFile, MANIFEST, SERVERS, Unreadable};
use crate::finding::{Anchor, Severity};

pub(super) static RULE: Rule = Rule {
    id: "unreadable-entry",
    summary: "a folder under servers/ or one of its files cannot be read as an entry",
    explanation: "\
## What
A folder under `servers/` has no `server.yaml`, or another spelling of it, or is a file, a pipe or a symbolic link, or its name is not UTF-8; or its `server.yaml`,
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
    if entry.folder_problem.as_deref() == Some(A_FILE) {
        let name = entry.name.split('.').next().filter(|name| !name.is_empty() && *name != "server").unwrap_or("NAME");
        sink.at(&entry.path, Anchor::File, "this is a file where only folders are entries: no program reads it")
            .help(format!("move it to `{SERVERS}/{}/{MANIFEST}`, or remove it", excerpt(name)));
        return;
    }
    if let Some(problem) = &entry.folder_problem {
        sink.at(&entry.path, Anchor::File, format!("the folder cannot be an entry: {problem}"))
            .help("make it a plain folder with a name of lower-case letters, digits and hyphens, or remove it");
        return;
    }
    let strays: Vec<String> = entry.strays.iter().take(3).map(|stray| format!("`{}`", excerpt(stray))).collect();
    let strays = strays.join(", ");
    match (entry.manifest_file.exists(), strays.is_empty()) {
        (true, true) => {}
        (true, false) => {
            sink.at(
                &entry.manifest_file.path,
                Anchor::File,
                format!("beside {MANIFEST} there is {strays}, which is not read"),
            )
            .help("keep one of them: where letter case does not count, a checkout has only one")
            .at_most(Severity::Warning);
        }
        (false, true) => {
            sink.at(&entry.manifest_file.path, Anchor::File, format!("the folder has no {MANIFEST}"))
                .help(format!("add a {MANIFEST}, spelled like this, or remove the folder"));
        }
        (false, false) => {
            let message = format!("the folder has no {MANIFEST}, but it has {strays}");
            sink.at(&entry.manifest_file.path, Anchor::File, message)
                .help(format!("name it {MANIFEST}, and put it right into `{}`", excerpt(&entry.path)));
        }
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
        Unreadable::NotUtf8 { .. } | Unreadable::Utf16 => "save it as UTF-8",
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
        error[unreadable-entry]: the folder has no server.yaml, but it has `server.yml`
        --> servers/x/server.yaml
         = help: name it server.yaml, and put it right into `servers/x`
        ");
    }

    #[test]
    fn what_was_meant_for_a_manifest_is_named() {
        let nested = |folder: &Path| {
            fs::create_dir(folder.join("nest")).unwrap();
            fs::rename(folder.join("server.yaml"), folder.join("nest/server.yaml")).unwrap();
        };
        insta::assert_snapshot!(rendered(nested), @"
        error[unreadable-entry]: the folder has no server.yaml, but it has `nest/server.yaml`
        --> servers/x/server.yaml
         = help: name it server.yaml, and put it right into `servers/x`
        ");
        insta::assert_snapshot!(rendered(|folder| fs::write(folder.join("Server.yaml"), "").unwrap()), @"
        warning[unreadable-entry]: beside server.yaml there is `Server.yaml`, which is not read
        --> servers/x/server.yaml
         = help: keep one of them: where letter case does not count, a checkout has only one
        ");
        let file = |folder: &Path| {
            fs::remove_dir_all(folder).unwrap();
            fs::write(folder, "name: x\n").unwrap();
        };
        insta::assert_snapshot!(rendered(file), @"
        error[unreadable-entry]: this is a file where only folders are entries: no program reads it
        --> servers/x
         = help: move it to `servers/x/server.yaml`, or remove it
        ");
        assert_eq!(rendered(|folder| fs::write(folder.join("server.yaml.txt"), "").unwrap()), "");
        assert_eq!(rendered(|folder| fs::create_dir(folder.join("server")).unwrap()), "");
    }

    #[cfg(unix)]
    #[test]
    fn files_that_lack_their_folder_are_listed() {
        let root = tempfile::tempdir().unwrap();
        let servers = root.path().join("servers");
        fs::create_dir_all(servers.join("x")).unwrap();
        for name in ["lone.yaml", "tools.JSON", "README.md", ".gitkeep", "notes"] {
            fs::write(servers.join(name), "").unwrap();
        }
        let pipe = std::process::Command::new("mkfifo").arg(servers.join("pipe")).status().unwrap();
        assert!(pipe.success());
        assert_eq!(load::list(root.path()).unwrap(), ["lone.yaml", "pipe", "tools.JSON", "x"]);
        let pipe = load::load(root.path(), &OsString::from("pipe"));
        insta::assert_snapshot!(of_entry("unreadable-entry", pipe).rendered(), @"
        error[unreadable-entry]: the folder cannot be an entry: it is neither a folder nor a file
        --> servers/pipe
         = help: make it a plain folder with a name of lower-case letters, digits and hyphens, or remove it
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
        error[unreadable-entry]: server.yaml is not UTF-8 (first wrong byte in line 1, column 8)
        --> servers/x/server.yaml
         = help: save it as UTF-8
        ");
        insta::assert_snapshot!(manifest(b"\xff\xfen\0a\0"), @"
        error[unreadable-entry]: server.yaml is UTF-16, not UTF-8
        --> servers/x/server.yaml
         = help: save it as UTF-8
        ");
        assert!(
            manifest("é: x\nü".as_bytes().split_last().unwrap().1).contains("(first wrong byte in line 2, column 1)")
        );
        insta::assert_snapshot!(manifest(&vec![b'#'; MAX_BYTES + 1]), @"
        error[unreadable-entry]: server.yaml is larger than 1048576 bytes
        --> servers/x/server.yaml
         = help: shorten it; an entry is read by people too
        ");
        assert_eq!(manifest(&vec![b'#'; MAX_BYTES]), "");
    }
}
