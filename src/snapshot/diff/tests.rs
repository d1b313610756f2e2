#![allow(clippy::unwrap_used)]
use super::{DiffLimits, diff};
use crate::snapshot::{Change, File, FileDiff, Reason, Snapshot, Unreviewed};
use proptest::prelude::*;

fn file(content: &[u8]) -> File {
    // Equal content has equal ids, which is all that counts here.
    let blob = content.iter().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte) + 1));
    File {
        blob: format!("{blob:040x}").into(),
        content: content.into(),
        executable: false,
        link: false,
        exported_as: None,
    }
}

fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let files = files.iter().map(|(path, content)| ((*path).into(), file(content.as_bytes()))).collect();
    Snapshot { files, ..Snapshot::default() }
}

fn shown(changes: &[FileDiff]) -> String {
    let lines: Vec<String> = changes
        .iter()
        .map(|one| {
            format!("{:?}{}\n{}", one.change, if one.binary { " binary" } else { "" }, one.pieces.join("-- piece\n"))
        })
        .collect();
    lines.join("\n")
}

/// Applies the pieces of a file's diff, strictly: every header must be right, every line where it says.
fn apply(old: &str, pieces: &[String]) -> String {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let (mut at, mut new) = (0, String::new());
    let mut new_lines = 0;
    let text = pieces.concat();
    let mut input = text.lines().peekable();
    while input.next_if(|line| !line.starts_with("@@ ")).is_some() {}
    while let Some(header) = input.next() {
        let ranges: Vec<(usize, usize)> = header
            .strip_prefix("@@ -")
            .unwrap()
            .strip_suffix(" @@")
            .unwrap()
            .split(" +")
            .map(|side| {
                let (start, number) = side.split_once(',').unwrap_or((side, "1"));
                let (start, number): (usize, usize) = (start.parse().unwrap(), number.parse().unwrap());
                (if number == 0 { start } else { start - 1 }, number)
            })
            .collect();
        while at < ranges[0].0 {
            new.push_str(lines[at]);
            at += 1;
            new_lines += 1;
        }
        assert_eq!((at, new_lines), (ranges[0].0, ranges[1].0), "{header}\n{text}");
        let (mut olds, mut news) = (0, 0);
        while (olds, news) != (ranges[0].1, ranges[1].1) {
            let line = input.next().unwrap();
            let (sign, rest) = line.split_at(1);
            let cut = input.next_if(|line| line.starts_with('\\')).is_some();
            let rest = if cut { rest.to_owned() } else { format!("{rest}\n") };
            if sign != "+" {
                assert_eq!(lines[at], rest);
                at += 1;
                olds += 1;
            }
            if sign != "-" {
                new.push_str(&rest);
                news += 1;
                new_lines += 1;
            }
        }
    }
    new + &lines[at..].concat()
}

#[test]
fn changes_are_shown_with_what_is_around_them() {
    let old: String = (1..=20).map(|number| format!("line {number}\n")).collect();
    let new = old.replace("line 3\n", "line three\n").replace("line 15\n", "").replace("line 20\n", "line 20\nlast");
    let base = snapshot(&[("a.txt", &old), ("gone", "x\n"), ("same", "y")]);
    let head = snapshot(&[("a.txt", &new), ("dir/it is \"new\"", "x\n"), ("empty", ""), ("same", "y")]);
    insta::assert_snapshot!(shown(&diff(&base, &head, &DiffLimits::default())), @r#"
    Modified
    diff --git a/a.txt b/a.txt
    --- a/a.txt
    +++ b/a.txt
    @@ -1,6 +1,6 @@
     line 1
     line 2
    -line 3
    +line three
     line 4
     line 5
     line 6
    @@ -12,9 +12,9 @@
     line 12
     line 13
     line 14
    -line 15
     line 16
     line 17
     line 18
     line 19
     line 20
    +last
    \ No newline at end of file

    Added
    diff --git "a/dir/it is \"new\"" "b/dir/it is \"new\""
    new file mode 100644
    --- /dev/null
    +++ "b/dir/it is \"new\""
    @@ -0,0 +1 @@
    +x

    Added
    diff --git a/empty b/empty
    new file mode 100644

    Deleted
    diff --git a/gone b/gone
    deleted file mode 100644
    --- a/gone
    +++ /dev/null
    @@ -1 +0,0 @@
    -x
    "#);
}

#[test]
fn kinds_and_modes_are_changes() {
    let base = snapshot(&[("link", "to/a\n"), ("run.sh", "echo\n"), ("pic", "a\0b"), ("latin", "a\n")]);
    let mut head = base.clone();
    head.files.get_mut("run.sh").unwrap().executable = true;
    head.files.get_mut("link").unwrap().link = true;
    head.files.insert("pic".into(), file(b"a\0c"));
    head.files.insert("latin".into(), file(b"caf\xe9\n"));
    insta::assert_snapshot!(shown(&diff(&base, &head, &DiffLimits::default())), @r"
    Modified
    diff --git a/latin b/latin
    --- a/latin
    +++ b/latin
    @@ -1 +1 @@
    -a
    +caf\xe9

    Modified
    diff --git a/link b/link
    old mode 100644
    new mode 120000

    Modified binary

    Modified
    diff --git a/run.sh b/run.sh
    old mode 100644
    new mode 100755
    ");
}

#[test]
fn what_was_not_exported_is_neither_added_nor_deleted() {
    let left_out = |path: &str| Unreviewed { path: path.into(), reason: Reason::FileTooLarge, detail: String::new() };
    let base = Snapshot { unreviewed: vec![left_out("shrunk")], ..snapshot(&[("grown", "small\n")]) };
    let head = Snapshot { unreviewed: vec![left_out("grown")], ..snapshot(&[("shrunk", "small\n")]) };
    insta::assert_snapshot!(shown(&diff(&base, &head, &DiffLimits::default())), @r"
    Modified
    diff --git a/grown b/grown
    not exported at head: file-too-large

    Modified
    diff --git a/shrunk b/shrunk
    not exported at base: file-too-large
    --- /dev/null
    +++ b/shrunk
    @@ -0,0 +1 @@
    +small
    ");
}

#[test]
fn a_long_diff_is_split_and_nothing_is_lost() {
    let old: String = (0..3000).map(|number| format!("line {number}\n")).collect();
    let new: String = (0..3000)
        .map(|number| if number % 7 < 3 { format!("new {number}\n") } else { format!("line {number}\n") })
        .collect();
    let long = "x".repeat(5000);
    let (base, head) = (snapshot(&[("a", &old)]), snapshot(&[("a", &format!("{new}{long}\nend"))]));
    let limits = DiffLimits { piece: 1000, ..DiffLimits::default() };
    let changes = diff(&base, &head, &limits);
    let pieces = &changes[0].pieces;
    assert!(pieces.len() > 40, "{}", pieces.len());
    for piece in pieces {
        assert!(piece.len() <= 1000 || piece.len() < 5200 && piece.contains(&long), "{} bytes:\n{piece}", piece.len());
        assert!(piece.starts_with("@@ ") || piece.starts_with("diff --git "));
    }
    assert_eq!(apply(&old, pieces), format!("{new}{long}\nend"));
}

#[test]
fn a_comparison_that_would_cost_too_much_is_all_removed_and_all_added() {
    // Hardly a line is there once, none is where it was, and there are many.
    let text = |step: usize| -> String { (0..60_000_usize).map(|at| format!("{}\n", at * step % 257 % 16)).collect() };
    let (old, new) = (text(7), text(11));
    let changes = diff(&snapshot(&[("a", &old)]), &snapshot(&[("a", &new)]), &DiffLimits::default());
    assert_eq!(apply(&old, &changes[0].pieces), new);
    let headers = changes[0].pieces.concat().lines().filter(|line| line.starts_with("@@")).count();
    assert_eq!(headers, changes[0].pieces.len(), "one hunk, split");
    // With no work left at all, small changes too.
    let none = DiffLimits { work: 0, ..DiffLimits::default() };
    let changes = diff(&snapshot(&[("a", "1\n2\n3\n4\n")]), &snapshot(&[("a", "0\n2\n3\n5\n")]), &none);
    assert_eq!(changes[0].pieces.concat().lines().filter(|line| line.starts_with('-')).count(), 5);
}

#[test]
fn a_long_file_with_few_changes_is_compared_by_its_unique_lines() {
    let old: String = (0..40_000).map(|number| format!("line {number}\n")).collect();
    let new =
        old.replace("line 5\n", "").replace("line 20000\n", "other\n").replace("line 39990\n", "line 39990\nmore\n");
    let changes = diff(&snapshot(&[("a", &old)]), &snapshot(&[("a", &new)]), &DiffLimits::default());
    let text = changes[0].pieces.concat();
    let signs = |sign| {
        text.lines()
            .filter(|line| line.starts_with(sign) && !line.starts_with("---") && !line.starts_with("+++"))
            .count()
    };
    assert_eq!((signs('-'), signs('+')), (2, 2));
    assert_eq!(apply(&old, &changes[0].pieces), new);
}

fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![3 => "[a-d]", 1 => "[ -~]{0,12}", 1 => Just(String::new())];
    (prop::collection::vec(line, 0..40), any::<bool>()).prop_map(|(lines, end)| {
        let text = lines.join("\n");
        if end && !text.is_empty() { text + "\n" } else { text }
    })
}

proptest! {
    #[test]
    fn pieces_together_applied_to_base_give_head(old in text(), new in text(), piece in 1_usize..400, context in 0_usize..4, work in 0_u64..4000) {
        let limits = DiffLimits { piece, context, work };
        let changes = diff(&snapshot(&[("a", &old)]), &snapshot(&[("a", &new)]), &limits);
        if old == new {
            prop_assert!(changes.is_empty());
        } else {
            prop_assert_eq!(changes[0].change, Change::Modified);
            prop_assert_eq!(apply(&old, &changes[0].pieces), new);
        }
    }
}
