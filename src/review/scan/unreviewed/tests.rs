use crate::review::scan::testing::{diff_snapshots, shown, snapshot, with_unreviewed};
use crate::snapshot::{Reason, Snapshot, Unreviewed};

fn one(path: &str, reason: Reason, detail: &str) -> Unreviewed {
    Unreviewed { path: path.to_owned(), reason, detail: detail.to_owned() }
}

#[test]
fn risk_is_by_reason_and_by_what_can_run() {
    let all = vec![
        one("vendor/lib", Reason::Submodule, "https://acme.io/lib at 1234"),
        one("a.js", Reason::FileTooLarge, "6 MB"),
        one("a.mp4", Reason::FileTooLarge, "60 MB"),
        one("tests/a.bin", Reason::LfsPointer, "1 MB"),
        one("logo.png", Reason::LfsPointer, "1 MB"),
        one("x/y", Reason::Symlink, "../z"),
        one("x/env", Reason::Symlink, "../../proc/self/environ"),
        one("abs", Reason::Symlink, "/etc/passwd"),
        one("README.md", Reason::NameCollision, "readme.md"),
        one("deep", Reason::TooDeep, ""),
    ];
    insta::assert_snapshot!(shown(&with_unreviewed(&[], all)), @r"
    medium README.md: Not reviewed: two names are one on some systems, so that one of two files is there
    medium a.js: Not reviewed: the file is too large to be reviewed
    medium abs: Not reviewed: a symbolic link leads out of the repository
    medium deep: Not reviewed: the repository is larger than what is reviewed, and this part was left out
    medium vendor/lib: Not reviewed: a commit of another repository stands here, and is not part of this review
    medium x/env: Not reviewed: a symbolic link leads out of the repository
    low tests/a.bin: Not reviewed: the content is kept elsewhere (Git LFS)
    info a.mp4: Not reviewed: the file is too large to be reviewed
    info logo.png: Not reviewed: the content is kept elsewhere (Git LFS)
    info x/y: Not reviewed: a symbolic link was exported as a text
    ");
}

/// A repository with files, and with links as they are exported.
fn with_links(files: &[(&str, &str)], links: &[(&str, &str)]) -> String {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let texts: Vec<String> = links.iter().map(|(_, target)| format!("symbolic link to {target}\n")).collect();
    let all: Vec<(&str, &[u8])> =
        files.into_iter().chain(links.iter().zip(&texts).map(|((path, _), text)| (*path, text.as_bytes()))).collect();
    let mut head = snapshot(&all);
    for (path, target) in links {
        head.unreviewed.push(one(path, Reason::Symlink, &format!("points to {target}")));
        if let Some(file) = head.files.get_mut(*path) {
            file.link = true;
        }
    }
    shown(&diff_snapshots(&Snapshot::default(), &head))
}

#[test]
fn a_link_that_has_a_programs_name_leads_to_a_program_that_was_read() {
    let files = [("data/notes.txt", "x\n"), ("src/a.js", "f()\n"), ("lib/deep/b.ts", "g()\n"), ("data/c", "x\n")];
    insta::assert_snapshot!(with_links(&files, &[
        ("index.js", "data/notes.txt"),
        ("setup.py", "src/a.js"),
        ("src/gone.js", "../dist/gone.js"),
        ("src/twice.js", "../one"),
        ("one", "data/c"),
        ("package.json", "data/notes.txt"),
        ("tests/t.py", "../data/c"),
        ("Dockerfile", "/etc/x y"),
        ("round.js", "round.js"),
    ]), @r"
    medium Dockerfile: Not reviewed: a symbolic link leads out of the repository
    medium index.js: Not reviewed: a symbolic link with the name of a program points to a file that was not read as one
    medium package.json: Not reviewed: a symbolic link with the name of a program points to a file that was not read as one
    medium round.js: Not reviewed: a symbolic link with the name of a program points to what is not here
    medium setup.py: Not reviewed: a symbolic link with the name of a program points to a file that was not read as one
    medium src/gone.js: Not reviewed: a symbolic link with the name of a program points to what is not here
    medium src/twice.js: Not reviewed: a symbolic link with the name of a program points to a file that was not read as one
    low tests/t.py: Not reviewed: a symbolic link with the name of a program points to a file that was not read as one
    info one: Not reviewed: a symbolic link was exported as a text
    ");
    assert_eq!(
        with_links(
            &files,
            &[
                ("index.js", "./src/a.js"),
                ("b.ts", "lib/b.js"),
                ("lib/b.js", "deep/b.ts"),
                ("notes.txt", "data/notes.txt"),
                ("bin/tool", "../src/a.js"),
                ("lib.js", "lib"),
            ]
        )
        .lines()
        .filter(|line| !line.starts_with("info"))
        .collect::<Vec<_>>(),
        [""; 0]
    );
}

#[test]
fn what_the_base_had_is_not_said_again() {
    let with = |detail: &str| Snapshot { unreviewed: vec![one("lib", Reason::Submodule, detail)], ..snapshot(&[]) };
    assert_eq!(shown(&diff_snapshots(&with("1"), &with("1"))), "");
    insta::assert_snapshot!(shown(&diff_snapshots(&with("1"), &with("2"))), @"medium lib: Not reviewed: a commit of another repository stands here, and is not part of this review");
}
