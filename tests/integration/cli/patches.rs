//! What `--dry-run` prints is a patch that `git apply` takes, byte for byte.

use super::{pinned, registry, said};
use crate::corpus;
use crate::runner::Runner;
use serde::Deserialize;

/// Applies what `--fix --dry-run` prints, and checks that the files are then what `--fix` makes of them.
fn check(registry: &Runner, paths: &[String]) {
    let before: Vec<String> = paths.iter().map(|path| registry.read(path)).collect();
    let shown = registry.run(["validate", "--fix", "--dry-run", "--fail-on", "never"]);
    assert_eq!(shown.status, 0, "{}", shown.stderr);
    assert!(!shown.stderr.contains("is not a patch"), "{}", shown.stderr);
    assert!(before.iter().zip(paths).all(|(before, path)| registry.read(path) == *before));
    registry.git(["init", "--quiet"]);
    registry.write("fix.patch", &shown.stdout);
    registry.git(["apply", "--whitespace=nowarn", "fix.patch"]);
    let applied: Vec<String> = paths.iter().map(|path| registry.read(path)).collect();
    for (path, before) in paths.iter().zip(&before) {
        registry.write(path, before);
    }
    registry.run(["validate", "--fix", "--fail-on", "never"]);
    for ((path, applied), before) in paths.iter().zip(applied).zip(&before) {
        assert_eq!(applied, registry.read(path), "{path}");
        // Nothing was to be fixed where nothing changed.
        assert!(applied != *before || !shown.stdout.contains(&format!("a/{path}")), "{path}");
    }
}

#[test]
fn a_dry_run_is_a_patch_whatever_the_file_and_its_name_look_like() {
    let registry = Runner::new();
    let messy = pinned().replace("  title: Weather", "  title:   Wétter\u{a0}日本 👍").replace("  type:", "type:  ");
    let texts = [
        messy.clone(),
        messy.trim_end().to_owned(),
        messy.replace('\n', "\r\n"),
        messy.replace('\n', "\r\n").trim_end().to_owned(),
        format!("\u{feff}{messy}"),
        format!("{messy}\n\n\n"),
        format!("# \u{202e}reordered, a tab\t, and \\u{{a0}}\n{messy}"),
    ];
    let mut paths = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        for name in ["plain", "with space", "ünï", "quo\"te", "back\\slash", "tab\tnew\nline"] {
            let path = format!("servers/{name} {number}/server.yaml").replace("plain ", "plain");
            registry.write(&path, text);
            paths.push(path);
        }
    }
    check(&registry, &paths);
}

#[test]
fn a_dry_run_over_real_entries_is_a_patch() {
    #[derive(Deserialize)]
    struct Version {
        yaml: String,
        format: String,
    }
    let Some(versions) = corpus::lines::<Version>("entries.jsonl") else { return };
    let registry = Runner::new();
    let mut paths = Vec::new();
    // A part of them is enough, and takes seconds.
    let unformatted = versions.iter().filter(|version| version.format == "unformatted").step_by(7);
    for (number, version) in unformatted.enumerate() {
        let path = format!("servers/entry-{number}/server.yaml");
        let text = match number % 3 {
            0 => version.yaml.clone(),
            1 => version.yaml.replace('\n', "\r\n"),
            _ => version.yaml.trim_end().to_owned(),
        };
        registry.write(&path, text);
        paths.push(path);
    }
    assert!(paths.len() > 60);
    check(&registry, &paths);
}

#[test]
fn a_waiver_file_that_is_not_there_yet_is_a_patch_too() {
    let registry = registry();
    let shown = registry.run(["validate", "--write-waivers", "--reason", "known", "--dry-run"]);
    registry.git(["init", "--quiet"]);
    registry.write("waivers.patch", &shown.stdout);
    registry.git(["apply", "waivers.patch"]);
    let applied = registry.read("mcp-registry.toml");
    registry.git(["apply", "--reverse", "waivers.patch"]);
    registry.run(["validate", "--write-waivers", "--reason", "known"]);
    assert_eq!(applied, registry.read("mcp-registry.toml"));
}

#[test]
fn a_pin_that_is_set_by_hand_is_shown_as_a_patch() {
    let registry = registry();
    registry.write("servers/weather/server.yaml", pinned().trim_end().replace('\n', "\r\n"));
    let to = "3f2a9c1e5b7d9f1a3c5e7b9d1f3a5c7e9b1d3f5a";
    let shown = registry.run(["update-pins", "weather", "--to", to, "--dry-run"]);
    registry.git(["init", "--quiet"]);
    registry.write("pin.patch", &shown.stdout);
    registry.git(["apply", "pin.patch"]);
    let old = "b4ee623039a6c60053ce67269701ad9e95073306";
    assert_eq!(
        registry.read("servers/weather/server.yaml"),
        pinned().trim_end().replace('\n', "\r\n").replace(old, to)
    );
}

#[test]
fn the_result_is_the_patch_and_findings_are_beside_it() {
    let registry = registry();
    registry.write("servers/weather/server.yaml", pinned().replace("  title: Weather", "  title:   Weather"));
    insta::assert_snapshot!(said(&registry.run(["validate", "--fix", "--dry-run"])), @"
    status 1
    --- stdout
    --- a/servers/weather/server.yaml
    +++ b/servers/weather/server.yaml
    @@ -6,7 +6,7 @@
       tags:
         - weather
     about:
    -  title:   Weather
    +  title: Weather
       description: Tells how the weather is and will be at a place that you name.
       icon: https://example.com/icon.png
     source:
    --- stderr
    1 file would change; nothing was written
    error[formatting]: server.yaml is not formatted
     --> servers/weather/server.yaml:9:3
      |
    9 |   title:   Weather
      |   ^^^^^^^^^^^^^^^^ should be `title: Weather`
      |
      = help: run `mcp-registry validate --fix`

    1 error in 1 entry; `--fix` can mend 1
    ");
    let quiet = registry.run(["validate", "--fix", "--dry-run", "--quiet"]);
    assert!(quiet.stderr.is_empty() && quiet.stdout.starts_with("--- a/"), "{}", said(&quiet));
    registry.run(["validate", "--fix", "--dry-run", "--output", "fix.patch"]);
    assert_eq!(registry.read("fix.patch"), quiet.stdout);
    // Color is for people: then it is made visible, too.
    let colored = registry.run(["validate", "--fix", "--dry-run", "--quiet", "--color", "always"]);
    assert!(colored.stdout.contains("\u{1b}[32m+  title: Weather"), "{}", colored.stdout);
}

#[test]
fn what_is_not_a_patch_is_not_passed_off_as_one() {
    let registry = registry();
    let messy = pinned().replace("  title: Weather", "  title:   Weather") + "# ##[add-mask]x\n";
    registry.write("servers/weather/server.yaml", messy.replace("about:", "# ##[error]x\nabout:"));
    let shown = registry.run(["validate", "--fix", "--dry-run"]);
    assert!(!shown.stdout.contains("##["), "{}", shown.stdout);
    insta::assert_snapshot!(shown.stderr.lines().next().unwrap_or_default(), @"the diff of servers/weather/server.yaml is not a patch: a line in it would be a command to GitHub's runner, and is escaped");
}
