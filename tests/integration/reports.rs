//! `report merge`: the reports of an audit's jobs become one.

use crate::runner::Runner;
use serde_json::{Value, json};

const PIN: &str = "1111111111111111111111111111111111111111";

/// A registry of these entries, of which every third is not pinned.
fn registry(entries: usize) -> Runner {
    let registry = Runner::new();
    for number in 0..entries {
        let name = format!("entry-{number}");
        let commit = if number % 3 == 0 { "main" } else { PIN };
        let text = format!(
            "name: {name}\nimage: mcp/{name}\ntype: server\nmeta:\n  category: devops\n  tags:\n    - x\nabout:\n  title: Entry {number}\n  \
             description: One of many entries of this registry.\n  icon: https://example.com/i.png\nsource:\n  project: https://github.com/acme/{name}\n  commit: {commit}\n"
        );
        registry.write(format!("servers/{name}/server.yaml"), text);
    }
    registry
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schemas/report.json")).unwrap()
}

#[test]
fn the_shards_of_an_audit_together_are_the_report_of_all_of_it() {
    let registry = registry(12);
    let whole: Value = serde_json::from_str(&registry.run(["validate", "--format", "json"]).stdout).unwrap();
    let mut files = Vec::new();
    for shard in 1..=3 {
        let plan = registry.run(["plan", "--audit", "--shard", &format!("{shard}/3"), "--format", "json"]);
        let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
        let names = plan["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned());
        let file = format!("shard-{shard}.json");
        let fixed = ["validate", "--format", "json", "-o", &file].map(str::to_owned);
        registry.run(fixed.into_iter().chain(names));
        files.push(file);
    }
    // The first one twice: a job that was run again.
    files.push("shard-1.json".to_owned());
    let merge = |more: &[&str]| {
        registry.run(
            ["report", "merge"].iter().copied().chain(files.iter().map(String::as_str)).chain(more.iter().copied()),
        )
    };
    let output = merge(&["--format", "json"]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    let merged: Value = serde_json::from_str(&output.stdout).unwrap();
    jsonschema::validate(&schema(), &merged).unwrap_or_else(|error| panic!("{error}: {merged:#}"));
    assert_eq!((&merged["findings"], &merged["summary"]), (&whole["findings"], &whole["summary"]));
    insta::assert_snapshot!(merge(&["--fail-on", "never"]).stdout, @"
          4  error    malformed-commit
          8  warning  malformed-commit
         12  note     missing-readme

    servers/entry-0/server.yaml:14: `main` is not a commit: it is the name of a branch or tag, which moves [malformed-commit]
    servers/entry-3/server.yaml:14: `main` is not a commit: it is the name of a branch or tag, which moves [malformed-commit]
    servers/entry-6/server.yaml:14: `main` is not a commit: it is the name of a branch or tag, which moves [malformed-commit]
    servers/entry-9/server.yaml:14: `main` is not a commit: it is the name of a branch or tag, which moves [malformed-commit]

    4 errors, 8 warnings and 12 notes in 12 entries
    ");
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let registry = registry(1);
    let report = |command: &str, version: u32| {
        json!({ "version": version, "tool": { "name": "mcp-registry", "version": "0.1.0" }, "command": command, "entries": 0,
            "findings": [], "summary": { "error": 0, "warning": 0, "note": 0, "waived": 0 } })
    };
    registry.write("a.json", report("validate", 1).to_string()).write("b.json", report("scan", 1).to_string());
    registry.write("c.json", report("validate", 2).to_string()).write("d.json", "[]");
    let of = |files: &[&str]| {
        let output = registry.run(["report", "merge"].iter().chain(files));
        format!("{}: {}{}", output.status, output.stdout, output.stderr)
    };
    let shown = [of(&["a.json"]), of(&["a.json", "b.json"]), of(&["c.json"]), of(&["d.json"]), of(&["e.json"])];
    insta::assert_snapshot!(shown.join("\n"), @"
    0: no problems in 0 entries

    2: error: b.json is a report of `scan` of mcp-registry 0.1.0, and a.json one of `validate` of mcp-registry 0.1.0
      hint: merge the reports of one command, made by one version

    2: error: c.json is of version 2, and this program reads version 1

    2: error: d.json is not a report of this program
      because: invalid length 0, expected struct Saved with 6 elements at line 1 column 2
      hint: it takes what `validate`, `verify` and `scan` write with `--format json`

    2: error: cannot read e.json
      because: No such file or directory (os error 2)
    ");
}
