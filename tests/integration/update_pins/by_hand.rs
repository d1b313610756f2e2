//! `update-pins NAME --to SHA`, as a whole program.

use super::said;
use crate::corpus;
use crate::runner::Runner;
use serde::Deserialize;
use std::os::unix::fs::{PermissionsExt, symlink};

const OLD: &str = "3f2a9c1e5b7d9f1a3c5e7b9d1f3a5c7e9b1d3f5a";
const NEW: &str = "b4ee623039a6c60053ce67269701ad9e95073306";
const PATH: &str = "servers/weather/server.yaml";

const ENTRY: &str = "\
# commit: 3f2a9c1e5b7d9f1a3c5e7b9d1f3a5c7e9b1d3f5a was audited in May
name: weather
source:
  project: https://github.com/example/weather
  commit: '3f2a9c1e5b7d9f1a3c5e7b9d1f3a5c7e9b1d3f5a' # v1.2
  branch: main
";

fn registry(manifest: &str) -> Runner {
    let registry = Runner::new();
    registry.write(PATH, manifest);
    registry
}

/// What is said of a manifest that is not changed.
fn refused(manifest: &str) -> String {
    let registry = registry(manifest);
    let output = registry.run(["update-pins", "weather", "--to", NEW]);
    assert_eq!(registry.read(PATH), manifest);
    said(&output)
}

#[test]
fn a_pin_is_set_and_set_once() {
    let registry = registry(ENTRY);
    let set = registry.run(["update-pins", "weather", "--to", NEW]);
    insta::assert_snapshot!(said(&set), @"
    status 0
    --- stdout
    weather: 3f2a9c1e5b7d -> b4ee623039a6
    --- stderr
    servers/weather/server.yaml: check the comment `# v1.2` in line 5: it stayed and may describe the old commit
    ");
    let after = ENTRY.replace(&format!("'{OLD}'"), &format!("'{NEW}'"));
    assert_eq!(registry.read(PATH), after);
    let again = registry.run(["update-pins", "servers/weather/", "--to", NEW]);
    insta::assert_snapshot!(said(&again), @r#"
    status 0
    --- stdout
    weather: b4ee623039a6 is there already
    --- stderr
    "#);
    assert_eq!(registry.read(PATH), after);
    let json = registry.run(["update-pins", "weather", "--to", NEW, "--format", "json"]);
    insta::assert_snapshot!(said(&json), @r#"
    status 0
    --- stdout
    {
      "version": 1,
      "pins": [
        {
          "entry": "weather",
          "path": "servers/weather/server.yaml",
          "old": "b4ee623039a6c60053ce67269701ad9e95073306",
          "new": "b4ee623039a6c60053ce67269701ad9e95073306",
          "changed": false,
          "written": false
        }
      ]
    }
    --- stderr
    "#);
}

#[test]
fn dry_run_shows_the_change_and_writes_nothing() {
    let registry = registry(&ENTRY.replace('\n', "\r\n"));
    let shown = registry.run(["update-pins", "weather", "--to", NEW, "--dry-run"]);
    insta::assert_snapshot!(said(&shown), @"
    status 0
    --- stdout
    --- a/servers/weather/server.yaml
    +++ b/servers/weather/server.yaml
    @@ -2,5 +2,5 @@
     name: weather
     source:
       project: https://github.com/example/weather
    -  commit: '3f2a9c1e5b7d9f1a3c5e7b9d1f3a5c7e9b1d3f5a' # v1.2
    +  commit: 'b4ee623039a6c60053ce67269701ad9e95073306' # v1.2
       branch: main
    --- stderr
    1 file would change; nothing was written
    servers/weather/server.yaml: check the comment `# v1.2` in line 5: it stayed and may describe the old commit
    ");
    let json = registry.run(["update-pins", "weather", "--to", NEW, "--dry-run", "--format", "json"]);
    insta::assert_snapshot!(said(&json), @r##"
    status 0
    --- stdout
    {
      "version": 1,
      "pins": [
        {
          "entry": "weather",
          "path": "servers/weather/server.yaml",
          "old": "3f2a9c1e5b7d9f1a3c5e7b9d1f3a5c7e9b1d3f5a",
          "new": "b4ee623039a6c60053ce67269701ad9e95073306",
          "changed": true,
          "written": false,
          "comments": [
            {
              "line": 5,
              "text": "# v1.2"
            }
          ]
        }
      ]
    }
    --- stderr
    servers/weather/server.yaml: check the comment `# v1.2` in line 5: it stayed and may describe the old commit
    "##);
    assert_eq!(registry.read(PATH), ENTRY.replace('\n', "\r\n"));
    registry.run(["update-pins", "weather", "--to", NEW]);
    let there = registry.run(["update-pins", "weather", "--to", NEW, "--dry-run"]);
    insta::assert_snapshot!(said(&there), @r#"
    status 0
    --- stdout
    weather: b4ee623039a6 is there already
    --- stderr
    "#);
}

#[test]
fn an_entry_without_a_pin_gets_one() {
    let registry = registry("source:\r\n    project: https://example.com/w # w\r\nname: weather");
    let set = registry.run(["update-pins", "weather", "--to", NEW]);
    insta::assert_snapshot!(said(&set), @r#"
    status 0
    --- stdout
    weather: no pin -> b4ee623039a6
    --- stderr
    "#);
    let after = format!("source:\r\n    project: https://example.com/w # w\r\n    commit: {NEW}\r\nname: weather");
    assert_eq!(registry.read(PATH), after);
}

#[test]
fn digits_get_quotes() {
    let digits = "1234567890".repeat(4);
    let registry = registry(&ENTRY.replace(&format!("'{OLD}'"), &digits));
    let set = registry.run(["update-pins", "weather", "--to", &digits]);
    insta::assert_snapshot!(said(&set), @r#"
    status 0
    --- stdout
    weather: 123456789012 is in quotes now
    --- stderr
    "#);
    assert_eq!(registry.read(PATH), ENTRY.replace(&format!("'{OLD}'"), &format!("\"{digits}\"")));
}

#[test]
fn what_was_there_is_shown_and_does_not_reach_the_terminal_as_it_is() {
    let registry = registry(&ENTRY.replace(&format!("'{OLD}'"), "\"\\e[31m\\u202emain\""));
    let set = registry.run(["update-pins", "weather", "--to", NEW]);
    insta::assert_snapshot!(said(&set), @r"
    status 0
    --- stdout
    weather: \u{1b}[31m\u{202e}main -> b4ee623039a6
    --- stderr
    servers/weather/server.yaml: check the comment `# v1.2` in line 5: it stayed and may describe the old commit
    ");
}

#[test]
fn only_a_full_commit_is_taken() {
    let registry = registry(ENTRY);
    let mut all = String::new();
    for to in ["b4ee623", "main", "B4EE623039A6C60053CE67269701AD9E95073306", "--upload-pack=x", ""] {
        all.push_str(&said(&registry.run(["update-pins", "weather", &format!("--to={to}")])));
    }
    insta::assert_snapshot!(all, @r#"
    status 2
    --- stdout
    --- stderr
    error: `--to b4ee623`: a commit is 40 lower-case hexadecimal digits
      hint: `git rev-parse NAME` in a clone prints the id of a branch or tag
    status 2
    --- stdout
    --- stderr
    error: `--to main`: a commit is 40 lower-case hexadecimal digits
      hint: `git rev-parse NAME` in a clone prints the id of a branch or tag
    status 2
    --- stdout
    --- stderr
    error: `--to B4EE623039A6C60053CE67269701AD9E95073306`: a commit is 40 lower-case hexadecimal digits
      hint: `git rev-parse NAME` in a clone prints the id of a branch or tag
    status 2
    --- stdout
    --- stderr
    error: `--to --upload-pack=x`: a commit is 40 lower-case hexadecimal digits
      hint: `git rev-parse NAME` in a clone prints the id of a branch or tag
    status 2
    --- stdout
    --- stderr
    error: `--to `: a commit is 40 lower-case hexadecimal digits
      hint: `git rev-parse NAME` in a clone prints the id of a branch or tag
    "#);
    insta::assert_snapshot!(said(&registry.run(["update-pins", "wether", "--to", NEW])), @r#"
    status 2
    --- stdout
    --- stderr
    error: there is no entry `wether`
      hint: did you mean `weather`?
    "#);
    insta::assert_snapshot!(said(&registry.run(["update-pins", "../weather", "--to", NEW])), @r#"
    status 2
    --- stdout
    --- stderr
    error: there is no entry `..`
      hint: entries are the folders under `servers/`
    "#);
    insta::assert_snapshot!(said(&registry.run(["update-pins", "weather", "--to", NEW, "--format", "sarif"])), @r#"
    status 2
    --- stdout
    --- stderr
    error: `update-pins` is written as human or json
      hint: use `--format json`
    "#);
    assert_eq!(registry.read(PATH), ENTRY);
    insta::assert_snapshot!(said(&Runner::new().run(["update-pins", "weather", "--to", NEW])), @r#"
    status 2
    --- stdout
    --- stderr
    error: there is no registry at `.`: it has no folder `servers`
      hint: run this in a checkout of a registry, or name one with `--root DIR`
    "#);
}

#[test]
fn what_cannot_be_pinned_is_refused_untouched() {
    insta::assert_snapshot!(refused(&format!("{ENTRY}name: again\n")), @r#"
    status 3
    --- stdout
    --- stderr
    error: servers/weather/server.yaml:7:1: duplicate key `name` (first set here: line 2)
      hint: fix it by hand; nothing was written
    "#);
    insta::assert_snapshot!(refused("name: weather\ntype: remote\n"), @r"
    status 2
    --- stdout
    --- stderr
    error: servers/weather/server.yaml:1:1: there is nothing to pin: the entry has no `source`, or nothing in it
      hint: entries of remote servers and of images that others build have no source, and no pin
    ");
    insta::assert_snapshot!(refused(&ENTRY.replace("  project", "  upstream")), @r#"
    status 2
    --- stdout
    --- stderr
    error: servers/weather/server.yaml:4:3: there is nothing to pin: the entry has no `source.project`
      hint: entries of remote servers and of images that others build have no source, and no pin
    "#);
    insta::assert_snapshot!(refused(&ENTRY.replace(&format!("'{OLD}'"), &format!("&pin {OLD}"))), @r#"
    status 3
    --- stdout
    --- stderr
    error: servers/weather/server.yaml:5:16: `source.commit` cannot be edited: it has an anchor
      hint: fix it by hand; nothing was written
    "#);
    insta::assert_snapshot!(refused(&ENTRY.replace(&format!("'{OLD}' # v1.2"), &format!("|\n    {OLD}"))), @r#"
    status 3
    --- stdout
    --- stderr
    error: servers/weather/server.yaml:5:11: `source.commit` cannot be edited: it is written on several lines
      hint: fix it by hand; nothing was written
    "#);
}

#[test]
fn what_is_no_file_is_refused() {
    let registry = registry(ENTRY);
    registry.write("servers/empty/readme.md", "# Empty\n");
    registry.write("servers/latin/server.yaml", b"name: caf\xe9\n");
    registry.write("servers/linked/readme.md", "# Linked\n");
    symlink(registry.root().join(PATH), registry.root().join("servers/linked/server.yaml")).unwrap();
    symlink(registry.root().join("servers/weather"), registry.root().join("servers/alias")).unwrap();
    let mut all = String::new();
    for name in ["empty", "latin", "linked", "alias"] {
        all.push_str(&said(&registry.run(["update-pins", name, "--to", NEW])));
    }
    insta::assert_snapshot!(all, @r#"
    status 3
    --- stdout
    --- stderr
    error: there is no file `servers/empty/server.yaml`
    status 3
    --- stdout
    --- stderr
    error: servers/latin/server.yaml is not UTF-8 (first wrong byte in line 1, column 10)
    status 3
    --- stdout
    --- stderr
    error: servers/linked/server.yaml is a symbolic link
    status 3
    --- stdout
    --- stderr
    error: servers/alias: it is a symbolic link
    "#);
    assert_eq!(registry.read(PATH), ENTRY);
}

#[test]
fn the_file_keeps_its_permissions_and_nothing_is_left_beside_it() {
    let registry = registry(ENTRY);
    let file = registry.root().join(PATH);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(registry.run(["update-pins", "weather", "--to", NEW]).status, 0);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(registry.root().join("servers/weather")).unwrap().count(), 1);
}

#[test]
fn a_result_that_cannot_be_written_is_said() {
    let registry = registry(ENTRY);
    let output = registry.run(["update-pins", "weather", "--to", NEW, "--dry-run", "--output", "no/such/folder"]);
    assert_eq!((&*output.stdout, output.status), ("", 3));
    assert!(
        output.stderr.starts_with("error: cannot write no/such/folder\n  because: No such file"),
        "{}",
        output.stderr
    );
    assert_eq!(registry.read(PATH), ENTRY);
}

#[derive(Deserialize)]
struct Bump {
    name: String,
    before: String,
    after: String,
    old: String,
    new: String,
}

#[test]
fn real_pins_move_byte_for_byte() {
    let Some(bumps) = corpus::lines::<Bump>("pin-bumps.jsonl") else { return };
    // The library's test takes all of them; a process each would take minutes.
    for bump in bumps.iter().step_by(50) {
        let quoted = |text: &str, quote: &str| {
            text.replace(&bump.old, &format!("{quote}{}{quote}", bump.old))
                .replace(&bump.new, &format!("{quote}{}{quote}", bump.new))
        };
        for change in [
            &|text: &str| text.to_owned() as String,
            &|text: &str| text.replace('\n', "\r\n"),
            &|text: &str| quoted(text, "'"),
            &|text: &str| quoted(text, "\"") + "# the end",
        ] as [&dyn Fn(&str) -> String; 4]
        {
            let registry = registry(&change(&bump.before));
            let output = registry.run(["update-pins", "weather", "--to", &bump.new]);
            let line = format!("weather: {} -> {}\n", &bump.old[..12], &bump.new[..12]);
            assert_eq!((output.stdout, output.status), (line, 0), "{}\n{}", bump.name, output.stderr);
            assert_eq!(registry.read(PATH), change(&bump.after), "{}", bump.name);
        }
    }
}
