//! Entries as attacks: each gives one clear finding, in bounded time and memory, and hides nothing beside it.

use crate::runner::Runner;
use serde_json::Value;
use std::fmt::Write as _;
use std::os::unix::fs::symlink;

/// A clean neighbour, so that every test also shows that the others are still judged.
const GOOD: &str = "\
name: good
image: mcp/good
type: server
meta:
  category: devops
  tags:
    - devops
about:
  title: Good
  description: Answers questions about nothing in particular, politely.
  icon: https://example.com/icon.png
source:
  project: https://github.com/example/good
  commit: b4ee623039a6c60053ce67269701ad9e95073306
";

/// Everything that is an error in one entry, as `rule: message`, one a line.
fn errors(registry: &Runner) -> String {
    let output = registry.run(["validate", "--format", "json"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let mut lines = String::new();
    for finding in report["findings"].as_array().unwrap() {
        if finding["severity"] == "error" {
            let at = finding["line"].as_u64().map_or(String::new(), |line| format!(":{line}:{}", finding["column"]));
            let rule = finding["rule"].as_str().unwrap();
            writeln!(lines, "{rule}{at}: {}", finding["message"].as_str().unwrap()).unwrap();
        }
    }
    assert_eq!(output.status, i32::from(!lines.is_empty()), "{}", output.stderr);
    lines
}

fn registry() -> Runner {
    let registry = Runner::new();
    registry.write("servers/good/server.yaml", GOOD);
    registry
}

/// What one hostile `server.yaml` gives, beside a good entry.
fn hostile(text: impl AsRef<[u8]>) -> String {
    let registry = registry();
    registry.write("servers/bad/server.yaml", text);
    errors(&registry)
}

#[test]
fn a_good_entry_has_no_errors() {
    assert_eq!(errors(&registry()), "");
}

#[test]
fn an_alias_bomb_is_refused_unexpanded() {
    let mut bomb = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..10 {
        let below = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", vec![below; 9].join(", ")).unwrap();
    }
    insta::assert_snapshot!(hostile(bomb), @"invalid-yaml:2:10: aliases are not read; write the value itself");
}

#[test]
fn a_hundred_thousand_levels_of_flow_are_refused() {
    insta::assert_snapshot!(hostile(format!("a: {}", "[".repeat(100_000))), @"invalid-yaml:1:68: collections are nested more than 64 deep");
    insta::assert_snapshot!(hostile(format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000))), @"invalid-yaml:1:68: collections are nested more than 64 deep");
    insta::assert_snapshot!(hostile("{a: ".repeat(100_000)), @"invalid-yaml:1:257: collections are nested more than 64 deep");
}

#[test]
fn a_hundred_thousand_levels_of_block_are_refused() {
    // One level a line would be 5 GB of indentation: compact sequences nest in one line.
    insta::assert_snapshot!(hostile("- ".repeat(100_000)), @"invalid-yaml:1:129: collections are nested more than 64 deep");
    insta::assert_snapshot!(hostile("? ".repeat(100_000)), @"invalid-yaml:1:3: a key must be a scalar, not a mapping");
}

#[test]
fn a_file_of_a_gigabyte_is_not_read() {
    let registry = registry();
    registry.write("servers/bad/server.yaml", "");
    let file = std::fs::File::options().write(true).open(registry.root().join("servers/bad/server.yaml")).unwrap();
    file.set_len(1 << 30).unwrap();
    insta::assert_snapshot!(errors(&registry), @"unreadable-entry: server.yaml is larger than 1048576 bytes");
}

#[test]
fn nul_and_control_characters_are_refused() {
    insta::assert_snapshot!(hostile("name: a\0b\n"), @"invalid-yaml:1:8: control character U+0000 is not allowed in YAML");
    insta::assert_snapshot!(hostile("name: a\u{7}b\n"), @"invalid-yaml:1:8: control character U+0007 is not allowed in YAML");
}

#[test]
fn invalid_utf8_is_refused_with_its_place() {
    insta::assert_snapshot!(hostile(b"name: caf\xe9\n"), @"unreadable-entry: server.yaml is not UTF-8 (first wrong byte in line 1, column 10)");
}

#[test]
fn a_byte_order_mark_and_crlf_are_read() {
    let marked = format!("\u{feff}{GOOD}").replace("good", "bad").replace("Good", "Bad");
    assert_eq!(hostile(marked), "");
    let crlf = GOOD.replace("good", "bad").replace("Good", "Bad").replace('\n', "\r\n");
    insta::assert_snapshot!(hostile(crlf), @"formatting:1:1: server.yaml is not formatted");
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let registry = registry();
    registry.write("secret.yaml", "name: secret\n");
    std::fs::create_dir_all(registry.root().join("servers/bad")).unwrap();
    symlink("../../secret.yaml", registry.root().join("servers/bad/server.yaml")).unwrap();
    symlink("/etc", registry.root().join("servers/worse")).unwrap();
    insta::assert_snapshot!(errors(&registry), @"
    unreadable-entry: server.yaml is a symbolic link
    unreadable-entry: the folder cannot be an entry: it is a symbolic link
    ");
}

#[test]
fn a_directory_or_pipe_in_place_of_a_file_is_refused() {
    let registry = registry();
    std::fs::create_dir_all(registry.root().join("servers/bad/server.yaml")).unwrap();
    std::fs::create_dir_all(registry.root().join("servers/pipe")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(registry.root().join("servers/pipe/server.yaml")).status();
    assert!(made.unwrap().success());
    std::fs::create_dir_all(registry.root().join("servers/empty")).unwrap();
    insta::assert_snapshot!(errors(&registry), @"
    unreadable-entry: server.yaml is not a regular file
    unreadable-entry: the folder has no server.yaml
    unreadable-entry: server.yaml is not a regular file
    ");
}

#[test]
fn an_empty_or_foreign_document_is_refused() {
    insta::assert_snapshot!(hostile(""), @"invalid-yaml:1:1: server.yaml is empty");
    insta::assert_snapshot!(hostile("- a\n- b\n"), @"invalid-yaml:1:1: server.yaml holds a list where the keys of an entry should be");
    insta::assert_snapshot!(hostile("just words\n"), @"invalid-yaml:1:1: server.yaml holds a single value where the keys of an entry should be");
}

#[test]
fn ten_thousand_entries_are_judged() {
    let registry = Runner::new();
    for number in 0..10_000 {
        let name = format!("entry-{number}");
        let text = GOOD.replace("good", &name).replace("Good", &format!("Entry {number}"));
        registry.write(format!("servers/{name}/server.yaml"), text);
    }
    let output = registry.run(["validate", "--format", "json"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(report["entries"], 10_000);
    assert_eq!(report["summary"]["error"], 0);
    assert_eq!(output.status, 0);
}

#[test]
fn github_output_cannot_be_forged_by_a_name() {
    let registry = registry();
    registry.write("servers/x\n::error::forged/server.yaml", "name: |\n  x\n  ::stop-commands::token\n");
    registry.write("servers/y%0A::error::forged/server.yaml", "name: \"\\e[31mred\"\n");
    let output = registry.run(["validate", "--format", "github"]);
    let ours = ["::error file=servers/", "::warning file=servers/", "::notice file=servers/"];
    let forged: Vec<&str> = output
        .stdout
        .lines()
        .filter(|line| line.contains("::") || line.contains("##["))
        .filter(|line| !ours.iter().any(|begin| line.starts_with(begin)))
        .collect();
    assert_eq!(forged, Vec::<&str>::new());
    assert!(output.stdout.contains("invalid-name"));
    assert!(!output.stdout.contains('\u{1b}'));
    assert!(!output.stdout.contains("file=servers/x\n"));
}

#[test]
fn terminal_output_has_no_control_characters_of_an_entry() {
    let registry = registry();
    registry.write("servers/bad\u{1b}[2J/server.yaml", "name: \"\\e]0;owned\\a\"\nabout:\n  title: \"a\u{202e}b\"\n");
    registry.write("servers/tabs/server.yaml", "name:\ttabs # \u{9b}31m\n");
    let output = registry.run(["validate", "--color", "never"]);
    let strange: Vec<char> = output
        .stdout
        .chars()
        .filter(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c))
        .collect();
    assert_eq!(strange, Vec::<char>::new());
}

#[test]
fn hostile_tools_and_readmes_are_bounded_too() {
    let registry = registry();
    registry.write("servers/good/tools.json", "[".repeat(100_000));
    registry.write("servers/good/README.md", b"\xff\xfe");
    insta::assert_snapshot!(errors(&registry), @"
    unreadable-entry: README.md is UTF-16, not UTF-8
    invalid-tools-json:1:65: collections are nested more than 64 deep
    ");
}

#[test]
fn a_hostile_policy_is_a_usage_error() {
    let registry = registry();
    for text in ["[registry\n".to_owned(), "[".repeat(100_000), "a = [".to_owned() + &"[".repeat(100_000)] {
        registry.write("mcp-registry.toml", text);
        assert_eq!(registry.run(["validate"]).status, 2);
    }
    registry.write("mcp-registry.toml", b"\xff");
    insta::assert_snapshot!(registry.run(["validate"]).stderr, @"error: `mcp-registry.toml` is not UTF-8 (first wrong byte in line 1, column 1)");
}
