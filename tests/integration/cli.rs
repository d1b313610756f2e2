//! What people meet at the command line: errors, exit statuses, colour, pipes; below it help, waivers and `--fix`.

mod cases;
mod fix;
pub(crate) mod help;
mod patches;
mod waivers;

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
fn findings_are_status_1_and_a_clean_registry_0() {
    let registry = registry();
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 1
    --- stdout
    error[unpinned-source]: the source is not pinned: `source.commit` is missing
      --> servers/weather/server.yaml:12:1
       |
    12 | source:
       | ^^^^^^
       |
       = help: add `commit:` under `source:` with the 40-digit id of the audited commit

    1 error in 1 entry
    --- stderr
    ");
    registry.write("servers/weather/server.yaml", pinned());
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 0
    --- stdout
    no problems in 1 entry
    --- stderr
    ");
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
    insta::assert_snapshot!(said(&registry.run(["validat"])), @"
    status 2
    --- stdout
    --- stderr
    error: unrecognized subcommand 'validat'

      tip: a similar subcommand exists: 'validate'

    Usage: mcp-registry [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(said(&registry.run(["validate", "--onlin"])), @"
    status 2
    --- stdout
    --- stderr
    error: unexpected argument '--onlin' found

      tip: a similar argument exists: '--online'

    Usage: mcp-registry validate --online [NAME]...

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(said(&registry.run(["validate", "wether"])), @"
    status 2
    --- stdout
    --- stderr
    error: there is no entry `wether`
      hint: did you mean `weather`?
    ");
    insta::assert_snapshot!(said(&registry.run(["validate", "--explain", "unpined-source"])), @"
    status 2
    --- stdout
    --- stderr
    error: there is no rule `unpined-source`
      hint: did you mean `unpinned-source`?
    ");
    insta::assert_snapshot!(said(&registry.run(["validate", "--root", "servers/weather"])), @"
    status 2
    --- stdout
    --- stderr
    error: there is no registry at `servers/weather`: it has no folder `servers`
      hint: there is one above: use `--root [ROOT]`
    ");
    insta::assert_snapshot!(said(&registry.run(["rules", "--format", "sarif"])), @"
    status 2
    --- stdout
    --- stderr
    error: `rules` is written as human, json or markdown
      hint: use `--format json`
    ");
    insta::assert_snapshot!(said(&registry.run(["validate", "--dry-run"])), @"
    status 2
    --- stdout
    --- stderr
    error: `--dry-run` goes with `--fix` or `--write-waivers`
    ");
    registry.write("mcp-registry.toml", "\n[rules]\nmissing-redme = \"off\"\n");
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 2
    --- stdout
    --- stderr
    error: mcp-registry.toml:3: there is no rule `missing-redme`
      hint: did you mean `missing-readme`?
    ");
}

#[test]
fn a_misspelled_entry_is_found_among_hundreds() {
    let registry = registry();
    for number in 0..300 {
        registry.write(format!("servers/entry-{number:03}/readme.md"), "# Another\n");
    }
    insta::assert_snapshot!(registry.run(["validate", "wether"]).stderr, @"
    error: there is no entry `wether`
      hint: did you mean `weather`?
    ");
}

#[test]
fn an_entry_is_named_by_its_path_too() {
    let registry = registry();
    for name in ["weather", "servers/weather", "./servers/weather/", "servers/weather/server.yaml"] {
        assert_eq!(registry.run(["validate", name]).status, 1, "{name}");
    }
    let whole = registry.root().join("servers/weather/");
    assert_eq!(registry.run(["validate", whole.to_str().unwrap()]).status, 1);
    let up = registry.run(["validate", "../x"]).stderr;
    assert_eq!(up.lines().next(), Some("error: there is no entry `..`"));
}

#[test]
fn no_argument_and_no_name_of_a_folder_becomes_a_command_in_a_log() {
    let registry = registry();
    let hostile = "x\n::error::pwned\n##[error]pwned";
    for arguments in
        [&["validate", "--", hostile][..], &[hostile], &["validate", "--format", hostile], &["update-pins", hostile]]
    {
        let output = registry.run(arguments);
        let lines: Vec<&str> = output.stderr.lines().collect();
        assert_eq!(output.status, 2, "{lines:?}");
        assert!(lines.iter().all(|line| !line.trim_start().starts_with("::") && !line.contains("##[")), "{lines:#?}");
    }
}

#[test]
fn an_explanation_is_printed() {
    insta::assert_snapshot!(Runner::new().run(["validate", "--explain", "unpinned-source"]).stdout, @"
    # unpinned-source

    A local server does not name the commit that was audited.

    Severity: error

    ## What
    An entry of type `server` has no `source.commit`.

    ## Why
    Without a pin the image is built from whatever the branch holds that night. Nobody audited that, and nobody can
    tell later what was built.

    ## How to fix
    Add `source.commit` with the full 40-digit id of the commit that was audited:
    `git ls-remote <project> HEAD` prints the newest one.

    ## Source
    The reference validator's `isCommitPinnedIfNecessary`.
    ");
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
