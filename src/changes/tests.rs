#![allow(clippy::unwrap_used)]
use super::{ChangeKind, EntryName, FileChange, Range, RangeError, RawPath, entries};
use std::collections::BTreeSet;

#[test]
fn a_range_has_a_base_and_a_head_whatever_the_dots() {
    let both = |text: &str| {
        let range = Range::parse(text).unwrap();
        (range.base.to_string(), range.head.to_string())
    };
    let pair = |base: &str, head: &str| (base.to_owned(), head.to_owned());
    assert_eq!(both("origin/main..topic"), pair("origin/main", "topic"));
    assert_eq!(both("origin/main...topic"), pair("origin/main", "topic"));
    assert_eq!(both("v1.0.."), pair("v1.0", "HEAD"));
    assert_eq!(both("v1.0..."), pair("v1.0", "HEAD"));
    assert_eq!(both("HEAD~2"), pair("HEAD~2", "HEAD"));
    assert_eq!(both("@^..feature/größe@2"), pair("@^", "feature/größe@2"));
}

#[test]
fn what_is_no_name_of_a_commit_is_refused_before_it_reaches_git() {
    for (text, error) in [
        ("", RangeError::NoBase),
        ("..", RangeError::NoBase),
        ("...topic", RangeError::NoBase),
        ("--output=/etc/passwd..HEAD", RangeError::Dash),
        ("main..-x", RangeError::Dash),
        ("main..to\0pic", RangeError::Character('\0')),
        ("main..a\n::error::b", RangeError::Character('\n')),
        (":/fix", RangeError::Character(':')),
        ("main..HEAD:servers", RangeError::Character(':')),
        ("main..HEAD^{/(a+)+$}", RangeError::Search("^{/")),
        ("main..a..b", RangeError::Search("..")),
        ("main....a..", RangeError::Search("..")),
    ] {
        assert_eq!(Range::parse(text), Err(error), "{text:?}");
    }
    assert_eq!(Range::parse(&"a".repeat(1025)), Err(RangeError::TooLong));
    assert!(Range::parse(&"ä".repeat(512)).is_ok());
}

fn names(names: &[&str]) -> BTreeSet<EntryName> {
    names.iter().map(|name| RawPath::new(*name)).collect()
}

#[test]
fn files_are_sorted_into_entries_by_the_folders_that_there_are() {
    use ChangeKind::{Added, Deleted, Modified};
    let file = |path: &[u8], kind| FileChange { path: RawPath::new(path), kind };
    let files = vec![
        file(b"servers/new/server.yaml", Added),
        file(b"servers/old/tools.json", Modified),
        file(b"servers/old/a/b/server.yaml", Added),
        file(b"servers/gone/server.yaml", Deleted),
        file(b"servers/README.md", Modified),
        file(b"servers", Added),
        file(b"serversx/a/server.yaml", Added),
        file(b"servers//a", Added),
        file(b"sub/servers/a/server.yaml", Added),
        file(b"mcp-registry.toml", Modified),
    ];
    let changes = entries(&names(&["old", "gone", "same"]), &names(&["old", "new", "same"]), files);
    let kinds: Vec<_> = changes.entries.iter().map(|(name, change)| (name.to_string(), change.kind)).collect();
    let named = |name: &str, kind| (name.to_owned(), kind);
    assert_eq!(kinds, [named("gone", Deleted), named("new", Added), named("old", Modified)]);
    let old = &changes.entries[&RawPath::new("old")];
    assert_eq!(
        old.files.iter().map(|file| file.path.to_string()).collect::<Vec<_>>(),
        ["servers/old/a/b/server.yaml", "servers/old/tools.json"]
    );
    assert!(changes.policy);
    let others: Vec<_> = changes.others.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(
        others,
        [
            "mcp-registry.toml",
            "servers",
            "servers//a",
            "servers/README.md",
            "serversx/a/server.yaml",
            "sub/servers/a/server.yaml"
        ]
    );
    assert_eq!(changes.to_judge().map(ToString::to_string).collect::<Vec<_>>(), ["new", "old"]);
}

#[test]
fn names_that_look_the_same_are_still_two() {
    let file = |path: &[u8]| FileChange { path: RawPath::new(path), kind: ChangeKind::Added };
    let after: BTreeSet<EntryName> =
        [&b"a\xff"[..], b"a\xfe", b"Curl", b"curl", b"a\n::error"].into_iter().map(RawPath::new).collect();
    let paths = ["servers/Curl/x", "servers/curl/x", "servers/a\n::error/x"];
    let mut files: Vec<_> = paths.into_iter().map(|path| file(path.as_bytes())).collect();
    files.extend([file(b"servers/a\xff/x"), file(b"servers/a\xfe/x")]);
    assert_eq!(entries(&BTreeSet::new(), &after, files).entries.len(), 5);
}
