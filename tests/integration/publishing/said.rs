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
    insta::assert_snapshot!(said(&night.run(&plan)), @r"
    status 3
    --- stdout
    moves     7bafb1d62421 -> 547e289b8af7  updated            1 commit, 1 file changed; updated https://github.com/acme/registry/pull/3
    new       a063fa5adee5 -> 51662debaddd  opened             1 commit, 1 file changed; opened https://github.com/acme/registry/pull/6
    outdated  16200f1d3440 -> 7efab7faabae  outdated-plan      its pin on `main` is not the one of the plan
    unreachable  github.com/upstream/silent: as it was decided (silent)
    unwanted  22142c102bab                  outside-directory  as it was decided; closed https://github.com/acme/registry/pull/5

    9 entries: 1 opened, 1 updated, 1 unreachable, 1 outdated-plan, 1 current, 1 outside-directory, 1 human-edits, 1 closed-by-human, 1 unchanged
    --- stderr
    ");
}

#[test]
fn for_programs() {
    let (night, plan) = night();
    let output = night.run_with(&plan, &["--format", "json"]);
    let mut json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    // What the plan said already.
    for decision in json["decisions"].as_array_mut().unwrap() {
        let known = ["change", "project", "branch", "directory", "first_seen", "path"];
        decision.as_object_mut().unwrap().retain(|field, _| !known.contains(&field.as_str()));
    }
    insta::assert_snapshot!(format!("{json:#}"), @r##"
    {
      "version": 1,
      "time": "2026-01-01T12:00:00Z",
      "complete": true,
      "decisions": [
        {
          "entry": "closed",
          "reason": "closed-by-human",
          "detail": "#1 was closed for this commit",
          "old": "24406f300038b1c961986f0a4f9b1293e4225582",
          "new": "030a6d6593802899a823ae4e03eacb730ce44edd",
          "urgent": false,
          "pull": {
            "number": 1,
            "url": "https://github.com/acme/registry/pull/1",
            "action": "leave"
          }
        },
        {
          "entry": "current",
          "reason": "current",
          "detail": "as it was decided",
          "old": "ca4e286de05882ab7713baa26915c0b21c8badd0",
          "new": "ca4e286de05882ab7713baa26915c0b21c8badd0",
          "urgent": false,
          "pull": null
        },
        {
          "entry": "edited",
          "reason": "human-edits",
          "detail": "somebody pushed to the branch of #2",
          "old": "79c1d3321ff9e3f2235d31fb837c673a2d1084fd",
          "new": "8cfd222887efb3896a269656fb669ff591349eb6",
          "urgent": false,
          "pull": {
            "number": 2,
            "url": "https://github.com/acme/registry/pull/2",
            "action": "leave"
          }
        },
        {
          "entry": "moves",
          "reason": "updated",
          "detail": "1 commit, 1 file changed",
          "old": "7bafb1d62421fbc80eee1f0222f6898721243898",
          "new": "547e289b8af72dafa176a6cee6423943b15ab055",
          "urgent": false,
          "pull": {
            "number": 3,
            "url": "https://github.com/acme/registry/pull/3",
            "action": "update"
          }
        },
        {
          "entry": "new",
          "reason": "opened",
          "detail": "1 commit, 1 file changed",
          "old": "a063fa5adee5a2d26f80b0669760718d3a8d107d",
          "new": "51662debaddd0882ef449b696a7fbca00881cfc4",
          "urgent": false,
          "pull": {
            "number": 6,
            "url": "https://github.com/acme/registry/pull/6",
            "action": "open"
          }
        },
        {
          "entry": "outdated",
          "reason": "outdated-plan",
          "detail": "its pin on `main` is not the one of the plan",
          "old": "16200f1d34403bd0d8a6e38e7c6eca80aa675283",
          "new": "7efab7faabae06f05a12acfe8e3e3eceadadd0d5",
          "urgent": false,
          "pull": null
        },
        {
          "entry": "same",
          "reason": "unchanged",
          "detail": "1 commit, 1 file changed",
          "old": "b15f245ae5739bb128400258ac0c0af93dbfe7cc",
          "new": "87109db2dc028de1e85b4b6255e4b27d236dab6a",
          "urgent": false,
          "pull": {
            "number": 4,
            "url": "https://github.com/acme/registry/pull/4",
            "action": "leave"
          }
        },
        {
          "entry": "silent",
          "reason": "unreachable",
          "detail": "as it was decided",
          "old": "12c973f270e051c91db1f3ed4a2b8126ef098ed2",
          "new": "12c973f270e051c91db1f3ed4a2b8126ef098ed2",
          "urgent": false,
          "pull": null
        },
        {
          "entry": "unwanted",
          "reason": "outside-directory",
          "detail": "as it was decided",
          "old": "22142c102babc60b328bb3d9fc99c97a5d0f97e3",
          "new": "22142c102babc60b328bb3d9fc99c97a5d0f97e3",
          "urgent": false,
          "pull": {
            "number": 5,
            "url": "https://github.com/acme/registry/pull/5",
            "action": "close"
          }
        }
      ]
    }
    "##);
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
    night.hub.change(|world| world.repo_mut(REPO).private = true);
    all.push(said(&night.command(&of_day_2, &[]).env("GITHUB_TOKEN", "ghs_another").run()));
    night.hub.change(|world| world.delete(REPO, "maria"));
    all.push(said(&night.run(&of_day_2)));
    all.push(said(&night.command(&of_day_2, &[]).env("GITHUB_TOKEN", "").run()));
    insta::assert_snapshot!(all.join("\n"), @r"
    status 3
    --- stdout
    --- stderr
    error: cannot publish the plan
      because: GitHub refused to change pull requests (403): Resource not accessible by integration
      hint: the token needs `contents: write` and `pull-requests: write` for this repository, and `issues: write` for the dashboard

    status 3
    --- stdout
    --- stderr
    error: cannot publish the plan
      because: GitHub refused to change pull requests (403): Resource not accessible by integration
      hint: the token needs `contents: write` and `pull-requests: write` for this repository, and `issues: write` for the dashboard

    status 3
    --- stdout
    --- stderr
    error: cannot publish the plan
      because: GitHub refused to show branches and pull requests (401): Bad credentials
      hint: the token is not valid, or not any more

    status 3
    --- stdout
    --- stderr
    error: cannot publish the plan
      because: GitHub does not find the repository `acme/registry`
      hint: check the name of the repository
      hint: a private one needs a token that may see it

    status 2
    --- stdout
    --- stderr
    error: `--open-prs` needs a token in GITHUB_TOKEN
      hint: one that may write contents and pull requests of the registry, and issues for `--dashboard`
    ");
}
