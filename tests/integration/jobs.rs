//! `plan`: what a change or an audit needs done.

use crate::runner::{Output, Runner};
use serde_json::Value;
use std::fmt::Write as _;

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";

fn manifest(name: &str, commit: &str, more: &str) -> String {
    format!(
        "name: {name}\nimage: mcp/{name}\ntype: server\nmeta:\n  category: devops\nabout:\n  title: {name}\nsource:\n  \
         project: https://github.com/acme/{name}\n  commit: {commit}\n{more}"
    )
}

fn write(registry: &Runner, name: &str, text: &str) {
    registry.write(format!("servers/{name}/server.yaml"), text);
}

/// A registry on `main`, and `topic` checked out at the same commit.
fn registry() -> Runner {
    let registry = Runner::new();
    registry.git(["init", "--quiet"]);
    for name in ["pinned", "texts", "moved", "gone", "file", "branch"] {
        write(&registry, name, &manifest(name, ONE, ""));
    }
    write(&registry, "theirs", &manifest("theirs", ONE, "").replace("mcp/theirs", "ghcr.io/acme/theirs"));
    write(&registry, "remote", "name: remote\ntype: remote\nremote:\n  url: https://mcp.example.com/\n");
    registry.commit("start");
    registry.git(["switch", "--quiet", "--create", "topic"]);
    registry
}

fn json(registry: &Runner, arguments: &[&str]) -> Value {
    let output = registry.run(arguments.iter().chain(&["--format", "json"]));
    assert_eq!(output.status, 0, "{}", output.stderr);
    let value: Value = serde_json::from_str(&output.stdout).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../schemas/jobs.json")).unwrap();
    jsonschema::validate(&schema, &value).unwrap_or_else(|error| panic!("{error}: {value:#}"));
    value
}

fn plan(registry: &Runner, arguments: &[&str]) -> Output {
    registry.run(["plan"].iter().chain(arguments))
}

#[test]
fn each_changed_entry_has_what_it_needs_and_why() {
    let registry = registry();
    write(&registry, "pinned", &manifest("pinned", TWO, ""));
    write(&registry, "texts", &manifest("texts", ONE, "").replace("title: texts", "title: Texts"));
    write(&registry, "moved", &manifest("moved", ONE, "  directory: src/moved\n"));
    write(&registry, "branch", &manifest("branch", ONE, "  branch: next\n"));
    write(&registry, "theirs", &manifest("theirs", TWO, "").replace("mcp/theirs", "ghcr.io/acme/theirs"));
    write(&registry, "remote", "name: remote\ntype: remote\nremote:\n  url: https://mcp.example.com/mcp\n");
    write(&registry, "new", &manifest("new", ONE, ""));
    write(&registry, "broken", &manifest("broken", "main", ""));
    write(&registry, "Name; touch x", &manifest("x", ONE, ""));
    registry.write("servers/file/Dockerfile", "FROM scratch\n").write("servers/file/tools.json", "[]\n");
    registry.git(["rm", "--quiet", "-r", "servers/gone"]);
    registry.write("mcp-registry.toml", "[registry]\nnamespace = 'ghcr.io/acme/'\n").commit("change");
    let output = plan(&registry, &["--diff", "main..topic"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    insta::assert_snapshot!(output.stdout, @r#"
    Name; touch x  validate (added; its name has more than lowercase letters, digits and hyphens: it is validated, and nothing else)
    branch         validate (modified; server.yaml changed elsewhere)
    broken         validate (added; `source.commit` is no pin: a commit is 40 lower-case hexadecimal digits)
    file           validate, build, publish (modified; a Dockerfile changed; tools.json changed)
    gone           nothing to do (deleted)
    moved          validate, build, review, publish (modified; `source.directory` changed)
    new            validate, build, review, publish (added)
    pinned         validate, build, review, publish (modified; `source.commit` changed)
    remote         validate (modified; server.yaml changed elsewhere)
    texts          validate (modified; server.yaml changed elsewhere)
    theirs         validate, review (modified; `source.commit` changed)
    mcp-registry.toml changed: a maintainer decides
    11 entries. build: 4 entries in 4 jobs. review: 4 entries in 4 jobs. publish: 4 entries in 4 jobs
    "#);
    let value = json(&registry, &["plan", "--diff", "main..topic"]);
    assert_eq!(value["matrix"]["review"]["count"], 4, "{value:#}");
    assert_eq!(value["policy_changed"], true);
}

#[test]
fn a_matrix_is_one_line_for_github() {
    let registry = registry();
    write(&registry, "pinned", &manifest("pinned", TWO, ""));
    write(&registry, "moved", &manifest("moved", TWO, ""));
    registry.commit("change");
    let matrix = |arguments: &[&str]| plan(&registry, &[&["--diff", "main..topic"], arguments].concat()).stdout;
    insta::assert_snapshot!(matrix(&["--matrix", "review"]), @r#"{"count":2,"include":[{"job":1,"names":"moved"},{"job":2,"names":"pinned"}]}"#);
    insta::assert_snapshot!(matrix(&["--matrix", "publish", "--jobs", "1"]), @r#"{"count":1,"include":[{"job":1,"names":"moved pinned"}]}"#);
    registry.git(["reset", "--quiet", "--hard", "main"]);
    insta::assert_snapshot!(matrix(&["--matrix", "build"]), @r#"{"count":0,"include":[]}"#);
}

#[test]
fn an_audit_divides_the_registry_or_some_of_it() {
    let registry = registry();
    let output = plan(&registry, &["--audit", "--jobs", "2"]);
    insta::assert_snapshot!(output.stdout, @r#"
    remote  validate (it has no source code to review)
    8 entries. review: 7 entries in 2 jobs
    "#);
    let value = json(&registry, &["plan", "--audit", "--shard", "2/3"]);
    assert_eq!(value["entries"].as_array().unwrap().len(), 3, "{value:#}");
    assert_eq!(json(&registry, &["plan", "--audit", "texts", "servers/moved"])["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let registry = registry();
    let mut all = String::new();
    for arguments in [
        &["--audit", "textz"][..],
        &["--audit", "--shard", "4/3"],
        &["--diff", "main..nowhere"],
        &["--diff", "..x"],
        &["--audit", "--format", "sarif"],
        &["--audit", "--jobs", "257"],
    ] {
        let output = plan(&registry, arguments);
        assert_eq!(output.status, 2, "{arguments:?}");
        writeln!(all, "{}", output.stderr.lines().take(3).collect::<Vec<_>>().join("\n")).unwrap();
    }
    insta::assert_snapshot!(all, @r#"
    error: there is no entry `textz`
      hint: did you mean `texts`?
    error: invalid value '4/3' for '--shard <I/N>': write it as 2/5: the second of five, of 10,000 at most

    For more information, try '--help'.
    error: there is no commit `nowhere` in this repository
      hint: fetch it first: git fetch origin main, then name it origin/main
    error: `--diff ..x`: the range names no base
      hint: write it as `base..head`: `--diff origin/main..HEAD`
    error: `plan` is written as human or json
      hint: use `--format json`
    error: invalid value '257' for '--jobs <N>': 257 is not in 1..=256

    For more information, try '--help'.
    "#);
}
