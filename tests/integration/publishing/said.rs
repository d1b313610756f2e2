//! What a night says.

use super::{Night, REPO, manifest, moves, path, plan, said, stays};
use mcp_registry::pins::reason::Reason;

/// One of each.
fn night() -> (Night, mcp_registry::pins::plan::Plan) {
    let night = Night::of(&["closed", "current", "edited", "moves", "new", "outdated", "same", "silent", "unwanted"]);
    let old = ["closed", "edited", "moves", "same", "unwanted"];
    night.publishes(&plan(old.iter().map(|name| moves(name, 1, 2)).collect()));
    night.hub.human_closes(REPO, 1);
    night.hub.human_pushes(REPO, &super::branch("edited"), &[("servers/edited/readme.md", "# Edited\n")]);
    night.hub.human_pushes(REPO, "main", &[(&path("outdated"), &manifest("outdated", 5))]);
    let decisions = vec![
        moves("closed", 1, 2),
        stays("current", 1, Reason::Current),
        moves("edited", 1, 3),
        moves("moves", 1, 3),
        moves("new", 1, 2),
        moves("outdated", 1, 2),
        moves("same", 1, 2),
        stays("silent", 1, Reason::Unreachable),
        stays("unwanted", 1, Reason::OutsideDirectory),
    ];
    (night, plan(decisions))
}

#[test]
fn for_people() {
    let (night, plan) = night();
    insta::assert_snapshot!(said(&night.run(&plan)), @"");
}

#[test]
fn for_programs() {
    let (night, plan) = night();
    let output = night.run_with(&plan, &["--format", "json"]);
    let mut json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    // What the plan said already.
    for decision in json["decisions"].as_array_mut().unwrap() {
        for field in ["change", "project", "branch", "directory", "first_seen", "path"] {
            decision.as_object_mut().unwrap().remove(field);
        }
    }
    insta::assert_snapshot!(format!("{json:#}"), @"");
    insta::assert_snapshot!(output.stderr, @"");
}

#[test]
fn a_repository_that_is_not_there_or_may_not_be_written_to_is_said() {
    let of_day_2 = plan(vec![moves("a", 1, 2)]);
    let mut all = Vec::new();
    for permission in ["contents", "pull_requests"] {
        let night = Night::of(&["a"]);
        night.hub.forbid(permission);
        all.push(said(&night.run(&of_day_2)));
    }
    let night = Night::of(&["a"]);
    all.push(said(&night.run_with(&of_day_2, &["--repository", "acme/nowhere"])));
    all.push(said(&night.command(&of_day_2, &[]).env("GITHUB_TOKEN", "ghs_another").run()));
    all.push(said(&night.command(&of_day_2, &[]).env("GITHUB_TOKEN", "").run()));
    insta::assert_snapshot!(all.join("\n"), @"");
}
