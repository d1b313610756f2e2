//! A night of questions, and what becomes of the work tree.

use super::said;
use super::upstreams::Upstreams;
use crate::runner::Runner;
use std::path::Path;
use tokio::task::block_in_place;

/// An upstream of two folders, one of which changed, and entries of all kinds.
async fn night() -> (Upstreams, [mcp_registry::ids::CommitSha; 2]) {
    let world = Upstreams::start().await;
    let old = world.commit(&[("a", "1"), ("b", "1")], &[]);
    let new = world.commit(&[("a", "2"), ("b", "1")], &[&old]);
    world.repo.branch("main", &new);
    world.repo.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    world.repo.git(["tag", "v1", old.as_str()]);
    world.entry("alpha", "/repo.git", &old, "  directory: a\n");
    world.entry("beta", "/repo", &old, "  directory: b/\n");
    world.entry("current", "/repo.git", &new, "");
    world.entry("tagged", "/repo.git", &old, "  branch: v1\n");
    world.entry("lost", "/repo.git", &old, "  directory: c\n");
    world.entry("file", "/repo.git", &old, "  directory: a\n  dockerfile: Containerfile\n");
    world.entry("moved", "/moved.git", &old, "");
    world.entry("gone-one", "/gone.git", &old, "");
    world.entry("gone-two", "/gone", &old, "");
    world
        .registry
        .write("servers/remote/server.yaml", "name: remote\ntype: remote\nremote:\n  url: https://mcp.example\n");
    (world, [old, new])
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_move_where_what_is_built_changed_and_every_other_entry_has_its_reason() {
    let (world, [old, new]) = night().await;
    let before = world.manifest("alpha");
    let dry = world.run(0, &["--dry-run", "-v", "--log-format", "json"]);
    let (requests, listings) = world.asked();
    assert_eq!((dry.status, listings), (0, 3), "{}", dry.stderr);
    assert!(requests > listings);
    let short = |text: &str| text.replace(old.short(), "[old]").replace(new.short(), "[new]");
    insta::assert_snapshot!(short(&dry.stdout), @r"
    alpha    [old] -> [new]  updated             1 commit by 1 author changed 1 file in `a`
    file     [old] -> [new]  dockerfile-missing  there is no file `a/Containerfile` at [new]
    lost     [old] -> [new]  directory-missing   there is no directory `c` at [new]
    tagged   [old]                  branch-is-tag       `v1` is a tag, at [old]
    gone  git.example/gone: there is no public repository at this address (gone-one, gone-two)
    moved  git.example/moved: the repository is at https://git.example/elsewhere.git now (moved)
    beta     [old] -> [new]  outside-directory   `b` is the same at both commits: tree cd3e88f4b658
    current  [new]                  current             `refs/heads/main` is at the pin

    9 entries: 1 updated, 1 directory-missing, 1 dockerfile-missing, 1 branch-is-tag, 1 moved, 2 gone, 1 current, 1 outside-directory
    ");
    assert_eq!(world.manifest("alpha"), before);
    let wet = world.run(0, &[]);
    insta::assert_snapshot!(short(&said(&wet)), @r"
    status 0
    --- stdout
    alpha   [old] -> [new]  updated             1 commit by 1 author changed 1 file in `a`
    file    [old] -> [new]  dockerfile-missing  there is no file `a/Containerfile` at [new]
    lost    [old] -> [new]  directory-missing   there is no directory `c` at [new]
    tagged  [old]                  branch-is-tag       `v1` is a tag, at [old]
    gone  git.example/gone: there is no public repository at this address (gone-one, gone-two)
    moved  git.example/moved: the repository is at https://git.example/elsewhere.git now (moved)

    9 entries: 1 updated, 1 directory-missing, 1 dockerfile-missing, 1 branch-is-tag, 1 moved, 2 gone, 1 current, 1 outside-directory
    --- stderr
    1 file changed
    ");
    assert_eq!(world.manifest("alpha"), before.replace(old.as_str(), new.as_str()));
    assert!(world.manifest("beta").contains(old.as_str()));
    let again = world.run(0, &["alpha"]);
    insta::assert_snapshot!(said(&again), @r"
    status 0
    --- stdout
    1 entry: 1 current
    --- stderr
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_answer_is_one_line_for_each_upstream_and_exit_3() {
    let (world, [old, _]) = night().await;
    for name in ["busy-one", "busy-two"] {
        world.entry(name, "/busy.git", &old, "");
    }
    world.entry("odd", "/odd.git", &old, "");
    world.registry.write("servers/broken/server.yaml", "name: [\n");
    world.registry.write("servers/unpinned/server.yaml", "source:\n  project: https://git.example/x\n");
    let output = world.run(0, &["--dry-run", "busy-one", "busy-two", "odd", "broken", "unpinned", "current"]);
    insta::assert_snapshot!(said(&output), @r"
    status 3
    --- stdout
    broken      invalid-entry  server.yaml does not parse
    unpinned    invalid-entry  `source.commit` is missing: the code is not pinned
    rate-limited  git.example/busy: git.example asks to be left alone for 86400 seconds (busy-one, busy-two)
    unreachable  git.example/odd: git.example did not answer as a Git server does: it does not list its branches (odd)

    6 entries: 2 rate-limited, 1 unreachable, 2 invalid-entry, 1 current
    --- stderr
    this was a dry run: the registry is as it was
    ");
}

#[test]
fn this_repositorys_own_entries_without_a_network() {
    let registry = Runner::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut upstreams = std::collections::BTreeSet::new();
    let mut before = Vec::new();
    for folder in std::fs::read_dir(own.join("servers")).unwrap() {
        let folder = folder.unwrap();
        let text = std::fs::read_to_string(folder.path().join("server.yaml")).unwrap();
        let text = text.replace("https://github.com/", "https://git.invalid/");
        let project = text.lines().find_map(|line| line.trim().strip_prefix("project: "));
        // A remote server is not built from its source.
        upstreams.extend(project.filter(|_| !text.contains("\ntype: remote")).map(ToOwned::to_owned));
        let path = format!("servers/{}/server.yaml", folder.file_name().to_str().unwrap());
        registry.write(&path, &text);
        before.push((path, text));
    }
    // The system's resolver asks nobody, not even once.
    let output = registry.command(["update-pins", "--dry-run"]).env("RES_OPTIONS", "attempts:0").run();
    assert_eq!(output.status, 3, "{}", output.stderr);
    // A sentence that does not fit is continued on an indented line.
    let lines: Vec<&str> = output.stdout.lines().filter(|line| line.starts_with("unreachable ")).collect();
    assert!(lines.len() == upstreams.len() && lines.len() >= 20, "{}", output.stdout);
    for upstream in upstreams {
        let address = upstream.strip_prefix("https://").unwrap();
        assert_eq!(lines.iter().filter(|line| line.contains(&format!("{address}:"))).count(), 1, "{upstream}");
    }
    let last = output.stdout.lines().last().unwrap();
    assert!(last.ends_with(" unreachable") && !last.contains(','), "{last}");
    for (path, text) in before {
        assert_eq!(registry.read(path), text);
    }
    assert_eq!(output.stderr, "this was a dry run: the registry is as it was\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_cannot_be_set_does_not_move() {
    let (world, [old, _]) = night().await;
    let text = world.manifest("alpha").replace(&format!("commit: {old}"), &format!("commit: |-\n    {old}"));
    world.registry.write("servers/alpha/server.yaml", &text);
    let output = world.run(0, &["alpha"]);
    insta::assert_snapshot!(said(&output), @r"
    status 3
    --- stdout
    alpha  0377c0801acf -> 8ac47247e3d9  invalid-entry  its pin cannot be set to 8ac47247e3d9: servers/alpha/server.yaml:6:11: `source.commit` cannot be edited: it is written on several lines

    1 entry: 1 invalid-entry
    --- stderr
    ");
    assert_eq!(world.manifest("alpha"), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_the_whole_night_and_no_upstream_is_in_two() {
    let (world, _) = night().await;
    let entries = |arguments: &[&str]| -> Vec<(String, String)> {
        let output = world.run(0, arguments);
        let plan: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(plan["complete"], arguments.len() == 3, "{arguments:?}");
        let decisions = plan["decisions"].as_array().unwrap();
        let one = |decision: &serde_json::Value| {
            let project = decision["project"].as_str().unwrap().trim_end_matches(".git").to_owned();
            (decision["entry"].as_str().unwrap().to_owned(), project)
        };
        decisions.iter().map(one).collect()
    };
    let whole = entries(&["--dry-run", "--format", "json"]);
    let parts: Vec<_> = ["1/3", "2/3", "3/3"]
        .iter()
        .map(|shard| entries(&["--dry-run", "--format", "json", "--shard", shard]))
        .collect();
    let mut together: Vec<_> = parts.concat();
    together.sort();
    assert_eq!(together, whole);
    let of = |part: &[(String, String)]| {
        part.iter().map(|(_, project)| project.clone()).collect::<std::collections::BTreeSet<_>>()
    };
    for (index, part) in parts.iter().enumerate() {
        for other in &parts[index + 1..] {
            assert!(of(part).is_disjoint(&of(other)), "{part:?} {other:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_night_and_what_is_known_is_written() {
    let (world, [old, _]) = night().await;
    world.entry("slow", "/slow.git", &old, "");
    let arguments = ["--state", "state.json", "--plan", "plan.json", "--concurrency", "1"];
    let running = world.command(0, &arguments).env("TERM", "dumb").start();
    let output = block_in_place(|| {
        // All upstreams before the one that never answers: in the order of their names, one at a time.
        while !world.server.requests().iter().any(|request| request.contains("slow.git")) {
            std::thread::yield_now();
        }
        running.interrupt();
        running.wait()
    });
    let output = world.shown(output);
    assert_eq!(output.status, 3);
    insta::assert_snapshot!(output.stderr, @r"
    error: stopped before every upstream had answered; nothing was changed
      hint: what was seen is kept; run it again
    ");
    let plan: serde_json::Value = serde_json::from_str(&world.registry.read("plan.json")).unwrap();
    let reason = |entry: &str| {
        let decisions = plan["decisions"].as_array().unwrap();
        decisions.iter().find(|decision| decision["entry"] == entry).unwrap()["reason"].clone()
    };
    assert_eq!((reason("slow"), reason("alpha")), ("unreachable".into(), "updated".into()));
    assert!(world.registry.read("state.json").contains("refs/heads/main"));
    assert!(world.manifest("alpha").contains(old.as_str()), "nothing was changed");
}
