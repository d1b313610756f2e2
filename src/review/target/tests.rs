#![allow(clippy::unwrap_used)]

use super::{compare, of_entry};
use crate::entry::Entry;
use crate::entry::source::relative;
use std::fmt::Write as _;

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";

fn manifest(source: &str) -> Entry {
    let text = format!("name: weather\nimage: mcp/weather\ntype: server\n{source}");
    Entry::from_texts("weather", Some(&text), None, None)
}

fn source(commit: &str, more: &str) -> Entry {
    manifest(&format!("source:\n  project: https://git.example/weather\n  commit: {commit}\n{more}"))
}

fn shown(bases: &[Option<Entry>], head: &Entry) -> String {
    let Some(target) = compare(bases, head) else { return "not a target".to_owned() };
    match target.work {
        Err(problem) => format!("{}: incomplete: {problem}", target.why),
        Ok(work) => {
            let base = work.base.map_or_else(|| "full".to_owned(), |base| format!("from {}", &base.as_str()[..4]));
            let mut shown = format!("{}: {} {base} to {}", target.why, work.repository, &work.head.as_str()[..4]);
            let dockerfile = work.dockerfile.unwrap_or_default();
            write!(shown, " in `{}` with `{dockerfile}`", work.directory).unwrap();
            shown
        }
    }
}

#[test]
fn what_makes_an_entry_a_target() {
    let before = source(ONE, "  directory: src/weather\n");
    let cases = [
        ("new", vec![None], source(ONE, "")),
        ("moved", vec![Some(before.clone())], source(TWO, "  directory: ./src/weather/\n")),
        ("same", vec![Some(before.clone())], source(ONE, "  directory: src/weather # a comment\n")),
        ("directory", vec![Some(before.clone())], source(TWO, "  directory: src\n")),
        (
            "dockerfile",
            vec![Some(before.clone())],
            source(ONE, "  directory: src/weather\n  dockerfile: b/Dockerfile\n"),
        ),
        ("branch", vec![Some(before.clone())], source(ONE, "  directory: src/weather\n  branch: next\n")),
        ("target", vec![Some(before.clone())], source(ONE, "  directory: src/weather\n  buildTarget: evil\n")),
        ("pinned at last", vec![Some(source("main", ""))], source(ONE, "")),
        ("two bases", vec![Some(before.clone()), Some(source(TWO, ""))], source(TWO, "")),
        ("one base has it", vec![None, Some(source(ONE, ""))], source(TWO, "")),
        ("no longer local", vec![Some(before.clone())], manifest("remote:\n  url: https://weather.example/mcp\n")),
        ("broken", vec![Some(before.clone())], manifest("source: [")),
        ("gone", vec![Some(before)], Entry::from_texts("weather", None, None, None)),
    ];
    let shown: Vec<String> =
        cases.iter().map(|(name, bases, head)| format!("{name}: {}", shown(bases, head))).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    new: new entry: https://git.example/weather full to 1111 in `` with ``
    moved: pin moved: https://git.example/weather from 1111 to 2222 in `src/weather` with ``
    same: not a target
    directory: source changed: https://git.example/weather full to 2222 in `src` with ``
    dockerfile: source changed: https://git.example/weather full to 1111 in `src/weather` with `b/Dockerfile`
    branch: source changed: https://git.example/weather full to 1111 in `src/weather` with ``
    target: source changed: https://git.example/weather full to 1111 in `src/weather` with ``
    pinned at last: source changed: https://git.example/weather full to 1111 in `` with ``
    two bases: source changed: https://git.example/weather full to 2222 in `` with ``
    one base has it: pin moved: https://git.example/weather from 1111 to 2222 in `` with ``
    no longer local: not a target
    broken: source changed: incomplete: server.yaml does not parse
    gone: source changed: incomplete: the entry has no server.yaml
    "#);
}

#[test]
fn what_a_builder_might_read_differently_is_not_reviewed() {
    let odd = [
        source("main", ""),
        source("\"--upload-pack=x\"", ""),
        source(&ONE.to_uppercase().replace('1', "A"), ""),
        source(ONE, "  directory: ../other\n"),
        source(ONE, "  directory: /etc\n"),
        source(ONE, "  directory: [a]\n"),
        source(ONE, "  dockerfile: a/../../b\n"),
        source(ONE, "  dockerfile: \"a\\nb\"\n"),
        manifest("source: text\n"),
        manifest("source:\n  project: https://git.example/weather\n"),
        manifest(&format!("source:\n  commit: {ONE}\n")),
    ];
    let shown: Vec<String> = odd
        .iter()
        .map(|entry| match of_entry(entry).map(|target| target.work) {
            Some(Err(problem)) => problem,
            other => format!("{other:?}"),
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    `source.commit` is no pin: a commit is 40 lower-case hexadecimal digits
    `source.commit` is no pin: a commit is 40 lower-case hexadecimal digits
    `source.commit` is no pin: a commit is 40 lower-case hexadecimal digits
    `source.directory` leads out of where it starts: it has `..` in it
    `source.directory` is not a relative path with `/`
    `source.directory` is not a text
    `source.dockerfile` leads out of where it starts: it has `..` in it
    `source.dockerfile` is not a relative path with `/`
    `source` is not a mapping
    `source.commit` is missing: the code is not pinned
    `source` names a commit and no project
    "#);
}

#[test]
fn an_entry_without_a_source_is_no_target() {
    assert_eq!(of_entry(&manifest("remote:\n  url: https://weather.example/mcp\n")), None);
    assert_eq!(relative("x", "./a//b/."), Ok("a/b".to_owned()));
}
