//! Waivers as people use them: written, filled in, expired.

use super::{pinned, registry, said};
use crate::runner::Runner;

#[test]
fn waivers_excuse_and_are_written() {
    let registry = registry();
    let output = registry.run(["validate", "--write-waivers", "--reason", "there before the rules"]);
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    --- stderr
    1 waiver appended to mcp-registry.toml
    ");
    insta::assert_snapshot!(registry.read("mcp-registry.toml"), @r#"

    [[waivers]]
    rule = "unpinned-source"
    entry = "weather"
    reason = "there before the rules"
    "#);
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 0
    --- stdout
    no problems in 1 entry (1 waived)
    --- stderr
    ");
    // The entry is mended, and the waiver is of no use any more.
    registry.write("servers/weather/server.yaml", pinned());
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 0
    --- stdout
    warning[unused-waiver]: the waiver of `unpinned-source` for `weather` excuses nothing: there is no such finding
     --> mcp-registry.toml:1:1
      |
    1 | [[waivers]]
      | ^^^^^^^^^^^
      |
      = help: remove the waiver

    1 warning in 1 entry
    --- stderr
    ");
}

#[test]
fn waivers_without_a_reason_are_refused_until_it_is_filled_in() {
    let registry = registry();
    assert_eq!(registry.run(["validate", "--write-waivers"]).status, 0);
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 2
    --- stdout
    --- stderr
    error: mcp-registry.toml:1: this waiver has no reason: say in `reason` why the finding is acceptable
      hint: `validate --write-waivers --reason TEXT` fills in the same reason everywhere
    ");
}

#[test]
fn reasons_can_be_filled_in_at_once() {
    let registry = registry();
    registry.write("servers/calendar/server.yaml", registry.read("servers/weather/server.yaml"));
    assert_eq!(registry.run(["validate", "--write-waivers"]).status, 0);
    insta::assert_snapshot!(said(&registry.run(["validate", "--write-waivers"])), @"
    status 2
    --- stdout
    --- stderr
    error: mcp-registry.toml:1: 3 waivers have no reason, on lines 1, 6, 11: say in each `reason` why the finding is acceptable
      hint: `validate --write-waivers --reason TEXT` fills in the same reason everywhere
    ");
    assert_eq!(registry.run(["validate", "--write-waivers", "--reason", " "]).status, 2);
    let before = registry.read("mcp-registry.toml");
    let dry = registry.run(["validate", "--write-waivers", "--reason", "old", "--dry-run"]);
    assert!(dry.stdout.contains("+reason = \"old\""), "{}", dry.stdout);
    assert_eq!(registry.read("mcp-registry.toml"), before);
    insta::assert_snapshot!(said(&registry.run(["validate", "--write-waivers", "--reason", "old"])), @"
    status 0
    --- stdout
    --- stderr
    0 waivers appended to mcp-registry.toml
    3 reasons filled in
    ");
    assert!(!registry.read("mcp-registry.toml").contains("FILL IN"));
    assert_eq!(registry.run(["validate"]).status, 0);
}

#[test]
fn a_registry_whose_folder_is_a_link_is_refused() {
    let registry = Runner::new();
    std::os::unix::fs::symlink("/etc", registry.root().join("servers")).unwrap();
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 2
    --- stdout
    --- stderr
    error: `./servers` is a symbolic link
      hint: put the folder itself there; links are not followed
    ");
}

#[test]
fn an_expired_waiver_is_an_error() {
    let registry = registry();
    registry.write(
        "mcp-registry.toml",
        "[[waivers]]\nrule = \"unpinned-source\"\nentry = \"weather\"\nreason = \"soon\"\nexpires = \"2026-01-01\"\n",
    );
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 1
    --- stdout
    error[expired-waiver]: the waiver of `unpinned-source` for `weather` ended on 2026-01-01
     --> mcp-registry.toml:1:1
      |
    1 | [[waivers]]
      | ^^^^^^^^^^^
      |
      = help: mend the entry and remove the waiver, or decide anew and set a later `expires`

    error[unpinned-source]: the source is not pinned: `source.commit` is missing
      --> servers/weather/server.yaml:12:1
       |
    12 | source:
       | ^^^^^^
       |
       = help: add `commit:` under `source:` with the 40-digit id of the audited commit

    2 errors in 1 entry
    --- stderr
    ");
}
