//! What people meet at the command line: help, errors, exit statuses, colour, pipes.

use crate::runner::{Output, Runner};
use std::io::Read;
use std::process::{Command, Stdio};

/// An entry with one error (no pin) and no warning.
const UNPINNED: &str = "\
name: weather
image: mcp/weather
type: server
meta:
  category: devops
  tags:
    - weather
about:
  title: Weather
  description: Tells how the weather is and will be at a place that you name.
  icon: https://example.com/icon.png
source:
  project: https://github.com/example/weather
";

fn registry() -> Runner {
    let registry = Runner::new();
    registry.write("servers/weather/server.yaml", UNPINNED);
    registry.write("servers/weather/readme.md", "# Weather\n\nTells the weather.\n");
    registry
}

fn pinned() -> String {
    format!("{UNPINNED}  commit: b4ee623039a6c60053ce67269701ad9e95073306\n")
}

fn said(output: &Output) -> String {
    format!("status {}\n--- stdout\n{}--- stderr\n{}", output.status, output.stdout, output.stderr)
}

#[test]
fn help_of_the_program() {
    insta::assert_snapshot!(Runner::new().run(["--help"]).stdout, @"");
}

#[test]
fn help_of_validate() {
    insta::assert_snapshot!(Runner::new().run(["validate", "--help"]).stdout, @"");
}

#[test]
fn help_of_rules_and_schema() {
    insta::assert_snapshot!(Runner::new().run(["rules", "-h"]).stdout, @"");
    insta::assert_snapshot!(Runner::new().run(["schema", "-h"]).stdout, @"");
}

#[test]
fn every_command_has_examples() {
    let help = Runner::new().run(["--help"]).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|n| *n != "help").collect();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let help = Runner::new().run([name, "--help"]).stdout;
        assert!(help.contains("Examples:\n  mcp-registry "), "{name} has no examples");
    }
}

#[test]
fn findings_are_status_1_and_a_clean_registry_0() {
    let registry = registry();
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"");
    registry.write("servers/weather/server.yaml", pinned());
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"");
}

#[test]
fn fail_on_moves_the_bar() {
    let registry = registry();
    assert_eq!(registry.run(["validate", "--fail-on", "never"]).status, 0);
    registry.write("servers/weather/server.yaml", pinned());
    std::fs::remove_file(registry.root().join("servers/weather/readme.md")).unwrap();
    registry.write("mcp-registry.toml", "[rules]\nmissing-readme = \"warning\"\n");
    assert_eq!(registry.run(["validate"]).status, 0);
    assert_eq!(registry.run(["validate", "--fail-on", "warning"]).status, 1);
    registry.write("mcp-registry.toml", "[rules]\nmissing-readme = \"off\"\n");
    assert_eq!(registry.run(["validate", "--fail-on", "note"]).status, 0);
}

#[test]
fn wrong_usage_is_status_2_with_a_suggestion() {
    let registry = registry();
    insta::assert_snapshot!(said(&registry.run(["validat"])), @"");
    insta::assert_snapshot!(said(&registry.run(["validate", "--onlin"])), @"");
    insta::assert_snapshot!(said(&registry.run(["validate", "wether"])), @"");
    insta::assert_snapshot!(said(&registry.run(["validate", "--explain", "unpined-source"])), @"");
    insta::assert_snapshot!(said(&registry.run(["validate", "--root", "servers/weather"])), @"");
    insta::assert_snapshot!(said(&registry.run(["rules", "--format", "sarif"])), @"");
    insta::assert_snapshot!(said(&registry.run(["validate", "--dry-run"])), @"");
    registry.write("mcp-registry.toml", "\n[rules]\nmissing-redme = \"off\"\n");
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"");
}

#[test]
fn an_entry_is_named_by_its_path_too() {
    let registry = registry();
    for name in ["weather", "servers/weather", "./servers/weather/", "servers/weather/server.yaml"] {
        assert_eq!(registry.run(["validate", name]).status, 1, "{name}");
    }
}

#[test]
fn an_explanation_is_printed() {
    insta::assert_snapshot!(Runner::new().run(["validate", "--explain", "unpinned-source"]).stdout, @"");
}

#[test]
fn colour_is_only_for_terminals_unless_asked_for() {
    let registry = registry();
    assert!(!registry.run(["validate"]).stdout.contains('\u{1b}'));
    assert!(registry.run(["validate", "--color", "always"]).stdout.contains('\u{1b}'));
    let forced = registry.command(["validate"]).env("CLICOLOR_FORCE", "1").run();
    assert!(forced.stdout.contains('\u{1b}'));
    let refused = registry.command(["validate"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run();
    assert!(!refused.stdout.contains('\u{1b}'));
}

#[test]
fn output_is_the_same_twice_and_sorted() {
    let registry = registry();
    for name in ["zebra", "apple", "mango"] {
        registry.write(format!("servers/{name}/server.yaml"), UNPINNED);
    }
    let one = registry.run(["validate", "--format", "json"]).stdout;
    assert_eq!(one, registry.run(["validate", "--format", "json"]).stdout);
    let report: serde_json::Value = serde_json::from_str(&one).unwrap();
    let paths: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["path"].as_str().unwrap()).collect();
    assert!(paths.is_sorted(), "{paths:?}");
}

#[test]
fn a_result_goes_to_a_file_as_a_whole() {
    let registry = registry();
    let output = registry.run(["validate", "--format", "json", "--output", "report.json"]);
    assert_eq!((output.status, output.stdout.as_str()), (1, ""));
    let report: serde_json::Value = serde_json::from_str(&registry.read("report.json")).unwrap();
    assert_eq!(report["summary"]["error"], 1);
    let output = registry.run(["validate", "--output", "no/such/folder/report"]);
    assert_eq!(output.status, 3);
}

#[test]
fn a_broken_pipe_is_not_an_error() {
    let registry = registry();
    // Enough output to fill any pipe: the program must be writing when its reader goes.
    for number in 0..400 {
        registry.write(format!("servers/entry-{number}/server.yaml"), UNPINNED);
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcp-registry"))
        .args(["validate", "--format", "json"])
        .current_dir(registry.root())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0_u8; 10];
    let mut reader = child.stdout.take().unwrap();
    reader.read_exact(&mut first).unwrap();
    drop(reader);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn waivers_excuse_and_are_written() {
    let registry = registry();
    let output = registry.run(["validate", "--write-waivers", "--reason", "there before the rules"]);
    insta::assert_snapshot!(said(&output), @"");
    insta::assert_snapshot!(registry.read("mcp-registry.toml"), @"");
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"");
    // The entry is mended, and the waiver is of no use any more.
    registry.write("servers/weather/server.yaml", pinned());
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"");
}

#[test]
fn waivers_without_a_reason_are_refused_until_it_is_filled_in() {
    let registry = registry();
    assert_eq!(registry.run(["validate", "--write-waivers"]).status, 0);
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"");
}

#[test]
fn an_expired_waiver_is_an_error() {
    let registry = registry();
    registry.write(
        "mcp-registry.toml",
        "[[waivers]]\nrule = \"unpinned-source\"\nentry = \"weather\"\nreason = \"soon\"\nexpires = \"2026-01-01\"\n",
    );
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"");
}

#[test]
fn fix_shows_and_then_writes() {
    let registry = registry();
    let messy = pinned()
        .replace("b4ee623039a6c60053ce67269701ad9e95073306", "B4EE623039A6C60053CE67269701AD9E95073306 # audited")
        .replace("  title: Weather", "  title:   Weather")
        + "oauth:\n  - provider: weather\n    secret: weather.token\n    env: WEATHER_TOKEN\n";
    registry.write("servers/weather/server.yaml", &messy);
    insta::assert_snapshot!(said(&registry.run(["validate", "--fix", "--dry-run"])), @"");
    assert_eq!(registry.read("servers/weather/server.yaml"), messy);
    insta::assert_snapshot!(said(&registry.run(["validate", "--fix"])), @"");
    insta::assert_snapshot!(registry.read("servers/weather/server.yaml"), @"");
    let again = registry.run(["validate", "--fix"]);
    assert!(again.stderr.is_empty(), "{}", again.stderr);
}

#[test]
fn fix_leaves_what_it_does_not_understand() {
    let registry = registry();
    let broken = "name:   weather\nname: weather\n";
    registry.write("servers/weather/server.yaml", broken);
    assert_eq!(registry.run(["validate", "--fix"]).status, 1);
    assert_eq!(registry.read("servers/weather/server.yaml"), broken);
}

#[test]
fn watch_judges_again_on_save() {
    let registry = registry();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcp-registry"))
        .args(["validate", "--watch", "--quiet", "--format", "json"])
        .current_dir(registry.root())
        .env_clear()
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reports =
        serde_json::Deserializer::from_reader(child.stdout.take().unwrap()).into_iter::<serde_json::Value>();
    let errors = |report: Option<Result<serde_json::Value, serde_json::Error>>| {
        report.unwrap().unwrap()["summary"]["error"].as_u64().unwrap()
    };
    assert_eq!(errors(reports.next()), 1);
    registry.write("servers/weather/server.yaml", pinned());
    // A save may be seen in two steps; the last report is of the whole file.
    let mended = (0..5).any(|_| errors(reports.next()) == 0);
    assert!(mended);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn rules_are_listed_as_json() {
    let output = Runner::new().run(["rules", "--format", "json"]);
    let rules: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert!(rules["rules"].as_array().unwrap().iter().any(|rule| rule["id"] == "unpinned-source"));
}
