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
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @r#"
    abs (link): "symbolic link to /proc/self/environ\n"
    escape (link): "symbolic link to a\\u{a}::error::b\\u{1b}[31m\n"
    long (link): "symbolic link to xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    up (link): "symbolic link to ../../../etc/passwd\n"
    ! abs symlink: points to /proc/self/environ
    ! escape symlink: points to a\u{a}::error::b\u{1b}[31m
    ! long symlink: points to xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    ! up symlink: points to ../../../etc/passwd
    "#);
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
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @r#"
    ..\u{2f}..\u{2f}up as .._u{2f}.._u{2f}up: "x"
    ..\win as .._win: "x"
    .GIT/f as dot-GIT~2/f: "x"
    .g\u{200c}it/f as .g_u{200c}it/f: "x"
    .git/f as dot-git/f: "x"
    C:\win as C__win: "x"
    GIT~1/f as _GIT~1_/f: "x"
    \empty as _empty: "x"
    \u{2f}etc\u{2f}passwd as _u{2f}etc_u{2f}passwd: "x"
    \x2e/f as _x2e/f: "x"
    \x2e\x2e/f as _x2e_x2e/f: "x"
    ok: "x"
    ! ..\u{2f}..\u{2f}up unusable-name: its name is shown escaped; exported as `.._u{2f}.._u{2f}up`
    ! ..\win unusable-name: its name has characters that Windows does not allow; exported as `.._win`
    ! .GIT unusable-name: Git itself takes it for its own folder; exported as `dot-GIT~2`
    ! .g\u{200c}it unusable-name: its name is shown escaped; exported as `.g_u{200c}it`
    ! .git unusable-name: Git itself takes it for its own folder; exported as `dot-git`
    ! C:\win unusable-name: its name has characters that Windows does not allow; exported as `C__win`
    ! GIT~1 unusable-name: Git itself takes it for its own folder; exported as `_GIT~1_`
    ! \empty unusable-name: its name is shown escaped; exported as `_empty`
    ! \u{2f}etc\u{2f}passwd unusable-name: its name is shown escaped; exported as `_u{2f}etc_u{2f}passwd`
    ! \x2e unusable-name: its name is shown escaped; exported as `_x2e`
    ! \x2e\x2e unusable-name: its name is shown escaped; exported as `_x2e_x2e`
    "#);
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
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @r#"
    README: "1"
    Readme as Readme~2: "2"
    SRC/f: "3"
    café as café~2: "5"
    café: "4"
    same: "6"
    same~2: "7"
    src/f as src~2/f: "8"
    ! Readme name-collision: another name of the folder is the same where letter case or composition does not count; exported as `Readme~2`
    ! café name-collision: another name of the folder is the same where letter case or composition does not count; exported as `café~2`
    ! same~2 name-collision: another entry of the folder has the same name
    ! src name-collision: another name of the folder is the same where letter case or composition does not count; exported as `src~2`
    "#);
}

#[test]
fn device_names_are_replaced() {
    let repo = Upstreamed::new();
    let names = ["AUX", "COM1.txt", "Con", "LPT9", "NUL.tar.gz", "console", "end.", "nul ", "prn.c"];
    let commit = repo.commit(repo.files(&names.map(|name| (name, "x"))), &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @r#"
    AUX as _AUX_: "x"
    COM1.txt as _COM1_txt_: "x"
    Con as _Con_: "x"
    LPT9 as _LPT9_: "x"
    NUL.tar.gz as _NUL_tar.gz_: "x"
    console: "x"
    end. as _end__: "x"
    nul  as _nul _: "x"
    prn.c as _prn_c_: "x"
    ! AUX unusable-name: it is the name of a device on Windows; exported as `_AUX_`
    ! COM1.txt unusable-name: it is the name of a device on Windows; exported as `_COM1_txt_`
    ! Con unusable-name: it is the name of a device on Windows; exported as `_Con_`
    ! LPT9 unusable-name: it is the name of a device on Windows; exported as `_LPT9_`
    ! NUL.tar.gz unusable-name: it is the name of a device on Windows; exported as `_NUL_tar.gz_`
    ! end. unusable-name: Windows drops what its name ends with; exported as `_end__`
    ! nul  unusable-name: it is the name of a device on Windows; exported as `_nul _`
    ! prn.c unusable-name: it is the name of a device on Windows; exported as `_prn_c_`
    "#);
}

#[test]
fn non_utf8_names_are_shown_escaped_and_listed() {
    let repo = Upstreamed::new();
    let names: [&[u8]; 5] = [b"a\nb", b"caf\xe9", b"caf\\xe9", b"\xff\xfe", "rtl\u{202e}txt.exe".as_bytes()];
    let commit = repo.commit(repo.files(&names.map(|name| (name, "x"))), &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @r#"
    \xff\xfe as _xff_xfe: "x"
    a\u{a}b as a_u{a}b: "x"
    caf\xe9 as caf_xe9: "x"
    caf\xe9~2 as caf_xe9~2: "x"
    rtl\u{202e}txt.exe as rtl_u{202e}txt.exe: "x"
    ! \xff\xfe unusable-name: its name is shown escaped; exported as `_xff_xfe`
    ! a\u{a}b unusable-name: its name is shown escaped; exported as `a_u{a}b`
    ! caf\xe9 unusable-name: its name is shown escaped; exported as `caf_xe9`
    ! caf\xe9~2 name-collision: another entry of the folder has the same name; exported as `caf_xe9~2`
    ! rtl\u{202e}txt.exe unusable-name: its name is shown escaped; exported as `rtl_u{202e}txt.exe`
    "#);
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
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @r#"
    .claude/AGENTS.md as dot-claude.reviewed/AGENTS.md.reviewed: "a"
    .claude/settings.json as dot-claude.reviewed/settings.json: "s"
    .cursorrules as dot-cursorrules.reviewed: "c"
    .mcp.json as dot-mcp.json.reviewed: "{}"
    CLAUDE.md as CLAUDE.md.reviewed: "obey"
    CLAUDE.md.reviewed as CLAUDE.md.reviewed~2: "taken"
    GEMINI.md as GEMINI.md.reviewed (link): "symbolic link to CLAUDE.md\n"
    claude.MD as claude.MD.reviewed~3: "obey too"
    ! CLAUDE.md.reviewed name-collision: another name of the folder is the same where letter case or composition does not count; exported as `CLAUDE.md.reviewed~2`
    ! GEMINI.md symlink: points to CLAUDE.md
    ! claude.MD name-collision: another name of the folder is the same where letter case or composition does not count; exported as `claude.MD.reviewed~3`
    "#);
}
