#![allow(clippy::unwrap_used)]
use super::{Rewrite, set_pin};
use crate::ids::CommitSha;

const OLD: &str = "3f2a9c1e5b7d9f1a3c5e7b9d1f3a5c7e9b1d3f5a";
const NEW: &str = "b4ee623039a6c60053ce67269701ad9e95073306";
/// Numbers to readers of YAML.
const DIGITS: &str = "1234567890123456789012345678901234567890";
const EXPONENT: &str = "12e4567890123456789012345678901234567890";
const BINARY: &str = "0b01010101010101010101010101010101010101";

fn set(text: &str, commit: &str) -> Result<Rewrite, String> {
    set_pin(text, &CommitSha::parse(commit).unwrap()).map_err(|refusal| refusal.to_string())
}

/// The text after setting the pin; OLD and NEW are written `OLD` and `NEW` on both sides.
fn after(before: &str) -> String {
    let rewrite = set(&before.replace("OLD", OLD), NEW).unwrap();
    rewrite.text.unwrap_or_else(|| "there already".to_owned()).replace(OLD, "OLD").replace(NEW, "NEW")
}

#[test]
fn the_pin_changes_and_nothing_else_does() {
    for text in [
        "source:\n  project: p\n  commit: @\n",
        "source:\n  project: p\n  commit: @",
        "source:\r\n  project: p\r\n  commit: @\r\n",
        "\u{feff}source:\n  project: p\n  commit: @\n",
        "---\nsource:\n  commit:   '@'   # OLD, audited\n  project: p\n...\n",
        "source:\n    \"commit\" : \"@\"\n    project: &p p\n",
        "# source: {commit: OLD}\nname: \"commit: OLD\"\nsource:\n  # commit: OLD\n  project: p # commit: OLD\n  commit: @\n",
        "about:\n  description: |+\n    source:\n      commit: OLD\n\nsource: {project: p,commit: @}\n",
        "{\"source\":{\"commit\":\"@\",\"project\":\"p\"}}",
        "source: &s\n  project: p\n  commit:\n    @\n",
        "source:\n  project: p\n  ? commit\n  : @\nconfig:\n  source:\n    commit: OLD\n",
        "source:\n  commit: # why & what\n    @\n  project: p\n",
    ] {
        assert_eq!(after(&text.replace('@', "OLD")), text.replace('@', "NEW"));
        assert_eq!(after(&text.replace('@', NEW)), "there already");
    }
}

#[test]
fn what_is_there_need_not_be_a_commit() {
    for (before, old, after) in [
        ("main", Some("main"), NEW),
        ("3f2a9c1", Some("3f2a9c1"), NEW),
        ("12", Some("12"), NEW),
        ("~", None, NEW),
        ("''", Some(""), "'b4ee623039a6c60053ce67269701ad9e95073306'"),
        ("\"\\x61 # b\" # c", Some("a # b"), "\"b4ee623039a6c60053ce67269701ad9e95073306\" # c"),
    ] {
        let text = |pin: &str| format!("source:\n  project: p\n  commit: {pin}\n");
        let rewrite = set(&text(before), NEW).unwrap();
        let Rewrite { old: found, text: written, .. } = rewrite;
        assert_eq!((found.as_deref(), written), (old, Some(text(after))));
    }
    assert_eq!(after("source:\n  commit:\n  project: p\n"), "source:\n  commit: NEW\n  project: p\n");
    assert_eq!(after("source:\n  commit: # why\n  project: p\n"), "source:\n  commit: NEW # why\n  project: p\n");
    assert_eq!(after("source: {commit:, project: p}\n"), "source: {commit: NEW, project: p}\n");
}

#[test]
fn a_commit_that_looks_like_a_number_gets_quotes() {
    for commit in [DIGITS, EXPONENT, BINARY] {
        let text = |pin: &str| format!("source:\n  project: p\n  commit: {pin} # c\n");
        for (before, quote) in [(OLD.to_owned(), '"'), (format!("'{OLD}'"), '\''), (format!("\"{OLD}\""), '"')] {
            let rewrite = set(&text(&before), commit).unwrap();
            assert_eq!(rewrite.text, Some(text(&format!("{quote}{commit}{quote}"))));
        }
        assert_eq!(set(&text(commit), commit).unwrap().text, Some(text(&format!("\"{commit}\""))));
        assert_eq!(set(&text(&format!("'{commit}'")), commit).unwrap().text, None);
        let inserted = set("source: {project: p}\n", commit).unwrap();
        assert_eq!(inserted.text, Some(format!("source: {{project: p, commit: \"{commit}\"}}\n")));
        let inserted = set("source:\n  project: p\n", commit).unwrap();
        assert_eq!(inserted.text, Some(format!("source:\n  project: p\n  commit: \"{commit}\"\n")));
        assert_eq!(set(&text(&format!("\"{commit}\"")), NEW).unwrap().text, Some(text(&format!("\"{NEW}\""))));
    }
}

#[test]
fn a_pin_that_is_not_there_is_added_in_the_style_of_its_siblings() {
    for (before, expected) in [
        ("source:\n  project: p\nrun: x\n", "source:\n  project: p\n  commit: NEW\nrun: x\n"),
        ("source:\n    project: p # c\n\n# d\n", "source:\n    project: p # c\n    commit: NEW\n\n# d\n"),
        ("source:\n project: p", "source:\n project: p\n commit: NEW"),
        ("source:\r\n  project: p\r\n", "source:\r\n  project: p\r\n  commit: NEW\r\n"),
        (
            "source:\n  # commit: OLD\n  project: >-\n    p\n",
            "source:\n  # commit: OLD\n  project: >-\n    p\n  commit: NEW\n",
        ),
        ("source: {project: p}", "source: {project: p, commit: NEW}"),
        ("source: { project: p, branch: b } # c\n", "source: { project: p, branch: b, commit: NEW } # c\n"),
        ("source: {project: p,branch: b,}\n", "source: {project: p,branch: b,commit: NEW,}\n"),
        ("{\"source\":{\"project\":\"p\"}}", "{\"source\":{\"project\":\"p\", \"commit\":\"NEW\"}}"),
        ("source: {'branch': b,'project': 'p'}\n", "source: {'branch': b,'project': 'p','commit': 'NEW'}\n"),
        (
            "source: {\n  project: p,\n  branch: b # c\n}\n",
            "source: {\n  project: p,\n  branch: b, # c\n  commit: NEW\n}\n",
        ),
        (
            "source: {\r\n    project: p, # c\r\n  }\r\n",
            "source: {\r\n    project: p, # c\r\n    commit: NEW,\r\n  }\r\n",
        ),
        ("source: {project: p,\n  branch: b}\n", "source: {project: p,\n  branch: b,\n  commit: NEW}\n"),
    ] {
        assert_eq!(after(before), expected);
    }
}

#[test]
fn what_is_not_certain_is_refused() {
    let mut wrong = Vec::new();
    for (text, why) in [
        ("", "1:1: this is not an entry: it has no keys"),
        ("- a\n", "1:1: this is not an entry: it has no keys"),
        ("name: a\nname: b\n", "2:1: duplicate key `name` (first set here: line 1)"),
        ("a: [1\nb: c\n", "2:2: illegal placement of ':' indicator"),
        ("name: x\ntype: remote\n", "1:1: there is nothing to pin: the entry has no `source`, or nothing in it"),
        ("name: x\nsource: p\n", "2:9: there is nothing to pin: the entry has no `source`, or nothing in it"),
        ("name: x\nsource:\n", "2:1: there is nothing to pin: the entry has no `source`, or nothing in it"),
        ("source:\n  commit: x\n", "2:3: there is nothing to pin: the entry has no `source.project`"),
        ("source:\n  project: [p]\n", "2:3: there is nothing to pin: the entry has no `source.project`"),
        ("source:\n  project: ''\n", "2:3: there is nothing to pin: the entry has no `source.project`"),
        ("source:\n  project: p\n  commit: &c OLD\n", "3:14: `source.commit` cannot be edited: it has an anchor"),
        ("source:\n  project: p\n  commit: &c\n", "3:3: `source.commit` cannot be edited: it has an anchor"),
        (
            "a: &c OLD\nsource:\n  project: p\n  commit: *c\n",
            "4:11: aliases are not read; write the value itself (the value is here: line 1)",
        ),
        (
            "source:\n  project: p\n  commit: |\n    OLD\n",
            "3:11: `source.commit` cannot be edited: it is written on several lines",
        ),
        (
            "source:\n  project: p\n  commit: >-\n    OLD\n",
            "3:11: `source.commit` cannot be edited: it is written on several lines",
        ),
        (
            "source:\n  project: p\n  commit: a\n    b\n",
            "3:11: `source.commit` cannot be edited: it is written on several lines",
        ),
        ("source:\n  project: p\n  commit: !!str OLD\n", "3:17: `source.commit` cannot be edited: it has a tag"),
        ("source:\n  project: p\n  commit: [OLD]\n", "3:11: `source.commit` cannot be edited: it is not a scalar"),
        (
            "source:\n  project: p\n  branch: |+\n    b\n\n",
            "2:3: `source` cannot be edited: its last value ends with blank lines that count",
        ),
        ("source:\n  ? project\n  : p\n", "2:3: `source` cannot be edited: its keys do not begin their lines"),
        ("source:\n  project: p\n  commit: OLD\n---\na: b\n", "4:1: a second document begins here; only one is read"),
    ] {
        let said = set(&text.replace("OLD", OLD), NEW).unwrap_err();
        if said != why {
            wrong.push(format!("{text}{said}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
