//! Lists that must stay true: what the documents say is what the program does.

use crate::runner::Runner;
use mcp_registry::pins::reason::Reason;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text between `<!-- name -->` and `<!-- /name -->`.
pub(crate) fn marked(text: &str, name: &str) -> String {
    let (_, after) = text.split_once(&format!("<!-- {name} -->\n")).unwrap_or_else(|| panic!("no mark {name}"));
    after.split_once(&format!("<!-- /{name} -->")).unwrap_or_else(|| panic!("no end of {name}")).0.to_owned()
}

#[test]
fn the_readme_lists_every_rule() {
    let table = Runner::new().run(["rules", "validate", "--format", "markdown"]).stdout;
    let readme = marked(&read("README.md"), "rules");
    assert!(readme == table, "put this between the marks in README.md:\n{table}");
}

#[test]
fn the_readme_lists_every_reason() {
    let table = Reason::table();
    let readme = marked(&read("README.md"), "reasons");
    assert!(readme == table, "put this between the marks in README.md:\n{table}");
}

#[test]
fn the_page_about_signatures_lists_every_rule_of_verify() {
    let table = mcp_registry::verify::rules::table();
    assert!(
        marked(&read("docs/supply.md"), "verify-rules") == table,
        "put this between the marks in docs/supply.md:\n{table}"
    );
}

#[test]
fn the_pages_list_the_rules_of_their_commands() {
    for (command, page) in [("scan", "docs/scan.md"), ("build", "docs/build.md"), ("catalog", "docs/catalog.md")] {
        let table = Runner::new().run(["rules", command, "--format", "markdown"]).stdout;
        assert!(marked(&read(page), "rules") == table, "put this between the marks in {page}:\n{table}");
    }
}

#[test]
fn the_plans_schema_has_exactly_the_reasons_that_there_are() {
    let schema: serde_json::Value = serde_json::from_str(&read("schemas/pin-plan.json")).unwrap();
    let codes = schema.pointer("/$defs/decision/properties/reason/enum").unwrap();
    assert_eq!(*codes, serde_json::json!(Reason::ALL));
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    // The entry of the README, and the output that it shows for it.
    let registry = Runner::new();
    let readme = read("README.md");
    let entry = marked(&readme, "example-entry");
    registry.write("servers/weather/server.yaml", entry.trim_start_matches("```yaml\n").trim_end_matches("```\n"));
    registry.write("servers/weather/readme.md", "# Weather\n\nTells the weather.\n");
    let output = registry.run(["validate"]);
    let shown = marked(&readme, "example-output");
    let expected = format!("```console\n$ mcp-registry validate\n{}```\n", output.stdout);
    assert!(shown == expected, "put this between the marks in README.md:\n{expected}");
}

#[test]
fn this_repositorys_own_entries_are_clean() {
    let output = Runner::new().run(["validate", "--root", repository().to_str().unwrap(), "--fail-on", "warning"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    let entries = std::fs::read_dir(repository().join("servers")).unwrap().count();
    assert!(entries >= 24, "{entries}");
}

#[test]
fn every_schema_is_one_and_is_printed_by_the_program() {
    let names = [
        "server",
        "tools",
        "policy",
        "report",
        "review-findings",
        "review-report",
        "pin-plan",
        "pin-state",
        "build-record",
        "signatures",
        "build",
        "digests",
        "jobs",
        "init",
    ];
    for name in names {
        let text = read(&format!("schemas/{name}.json"));
        let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Runner::new().run(["schema", name]).stdout, text);
    }
}

#[test]
fn the_readmes_commands_are_what_ci_runs() {
    let readme = read("README.md");
    let ci = read(".ci/run");
    assert!(readme.contains("\ncargo run --release --locked -- validate\n"), "the first command");
    assert!(readme.contains("\ncargo test --locked\n"), "the second command");
    assert!(ci.contains("cargo test --locked"), "CI runs another command than the README's");
}

#[test]
fn every_fixture_is_used() {
    let mut sources = String::new();
    for folder in ["src", "tests", "benches"] {
        collect(&repository().join(folder), &mut sources);
    }
    let Ok(fixtures) = std::fs::read_dir(repository().join("fixtures")) else { return };
    for fixture in fixtures {
        let name = fixture.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || sources.contains(&name), "fixtures/{name} is used by no test");
    }
}

fn collect(folder: &Path, text: &mut String) {
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            collect(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
