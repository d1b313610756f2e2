//! What repositories may call things.

use super::{exported, shown};
use crate::git_server::{FILE, FOLDER, LINK, Upstreamed};
use mcp_registry::review::export::ExportLimits;

#[test]
fn symlinks_to_proc_self_environ_become_texts() {
    let repo = Upstreamed::new();
    let link = |target: &str| repo.blob(target);
    let tree = repo.tree(&[
        (LINK, "abs", link("/proc/self/environ")),
        (LINK, "escape", link("a\n::error::b\u{1b}[31m")),
        (LINK, "long", repo.blob("x".repeat(10_000))),
        (LINK, "up", link("../../../etc/passwd")),
    ]);
    let commit = repo.commit(tree, &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @"");
}

#[test]
fn names_with_dots_and_absolute_names_stay_inside() {
    let repo = Upstreamed::new();
    let blob = repo.blob("x");
    let inner = repo.tree(&[(FILE, "f", blob)]);
    let tree = repo.tree(&[
        (FILE, "", blob),
        (FOLDER, ".", inner),
        (FOLDER, "..", inner),
        (FILE, "../../up", blob),
        (FILE, "/etc/passwd", blob),
        (FILE, "..\\win", blob),
        (FILE, "C:\\win", blob),
        (FOLDER, ".git", inner),
        (FOLDER, ".GIT", inner),
        (FOLDER, "GIT~1", inner),
        (FOLDER, ".g\u{200c}it", inner),
        (FILE, "ok", blob),
    ]);
    let commit = repo.commit(tree, &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @"");
}

#[test]
fn names_that_differ_in_case_or_composition_only_are_told_apart() {
    let repo = Upstreamed::new();
    let folder = |content: &str| repo.files(&[("f", content)]);
    let tree = repo.tree(&[
        (FILE, "README", repo.blob("1")),
        (FILE, "Readme", repo.blob("2")),
        (FOLDER, "SRC", folder("3")),
        (FILE, "caf\u{e9}", repo.blob("4")),
        (FILE, "cafe\u{301}", repo.blob("5")),
        (FILE, "same", repo.blob("6")),
        (FILE, "same", repo.blob("7")),
        (FOLDER, "src", folder("8")),
    ]);
    let commit = repo.commit(tree, &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @"");
}

#[test]
fn device_names_are_replaced() {
    let repo = Upstreamed::new();
    let names = ["AUX", "COM1.txt", "Con", "LPT9", "NUL.tar.gz", "console", "end.", "nul ", "prn.c"];
    let commit = repo.commit(repo.files(&names.map(|name| (name, "x"))), &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @"");
}

#[test]
fn non_utf8_names_are_shown_escaped_and_listed() {
    let repo = Upstreamed::new();
    let names: [&[u8]; 5] = [b"a\nb", b"caf\xe9", b"caf\\xe9", b"\xff\xfe", "rtl\u{202e}txt.exe".as_bytes()];
    let commit = repo.commit(repo.files(&names.map(|name| (name, "x"))), &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @"");
}

#[test]
fn files_that_steer_agents_get_other_names() {
    let repo = Upstreamed::new();
    let inner = repo.files(&[("AGENTS.md", "a"), ("settings.json", "s")]);
    let tree = repo.tree(&[
        (FOLDER, ".claude", inner),
        (FILE, ".cursorrules", repo.blob("c")),
        (FILE, ".mcp.json", repo.blob("{}")),
        (FILE, "CLAUDE.md", repo.blob("obey")),
        (FILE, "CLAUDE.md.reviewed", repo.blob("taken")),
        (LINK, "GEMINI.md", repo.blob("CLAUDE.md")),
        (FILE, "claude.MD", repo.blob("obey too")),
    ]);
    let commit = repo.commit(tree, &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @"");
}
