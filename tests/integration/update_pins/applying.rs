//! `--plan` and `--apply`: one run asks, another one acts.

use super::said;
use super::upstreams::Upstreams;
use mcp_registry::pins::plan::Plan;

async fn planned() -> Upstreams {
    let world = Upstreams::start().await;
    let old = world.commit(&[("a", "1"), ("b", "1")], &[]);
    let new = world.commit(&[("a", "2"), ("b", "2")], &[&old]);
    world.repo.branch("main", &new);
    world.repo.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    for name in ["a", "b"] {
        world.entry(name, "/repo.git", &old, &format!("  directory: {name}\n"));
    }
    let output = world.run(0, &["--dry-run", "--plan", "plan.json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    // Who applies a plan holds it to the policy.
    let policy = format!("[registry]\nhosts = [\"127.0.0.1:{}\"]\n", world.server.server.port);
    world.registry.write("mcp-registry.toml", policy);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_what_the_schema_says_and_what_is_printed() {
    let world = planned().await;
    let text = world.registry.read("plan.json");
    let printed = world.run(0, &["--dry-run", "--format", "json"]).stdout;
    assert_eq!(text.replace(&format!("127.0.0.1:{}", world.server.server.port), "git.example"), printed);
    let schema = include_str!("../../../schemas/pin-plan.json");
    let schema = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&serde_json::from_str(schema).unwrap())
        .unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let errors: Vec<_> = schema.iter_errors(&plan).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(Plan::parse(&text).unwrap().decisions.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_applied_without_asking_anybody() {
    let world = planned().await;
    let (asked, _) = world.asked();
    let plan = world.registry.read("plan.json");
    let new = Plan::parse(&plan).unwrap().decisions[0].new.clone().unwrap();
    let before = world.manifest("a");
    let dry = world.run(0, &["--offline", "--apply", "plan.json", "--dry-run"]);
    assert_eq!((world.manifest("a"), dry.status), (before, 0));
    let output = world.run(0, &["--offline", "--apply", "plan.json"]);
    let old = Plan::parse(&plan).unwrap().decisions[0].old.clone().unwrap();
    insta::assert_snapshot!(said(&output).replace(old.short(), "[old]").replace(new.short(), "[new]"), @r"
    status 0
    --- stdout
    a  [old] -> [new]  updated  1 commit by 1 author changed 1 file in `a`
    b  [old] -> [new]  updated  1 commit by 1 author changed 1 file in `b`

    2 entries: 2 updated
    --- stderr
    2 files changed
    ");
    assert!(world.manifest("a").contains(new.as_str()) && world.manifest("b").contains(new.as_str()));
    assert_eq!(world.asked().0, asked);
    assert_eq!(world.registry.read("plan.json"), plan);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_the_plan_was_made_is_left_alone() {
    let world = planned().await;
    let a = world.manifest("a").replace("directory: a", "directory: b");
    world.registry.write("servers/a/server.yaml", &a);
    std::fs::remove_dir_all(world.registry.root().join("servers/b")).unwrap();
    let output = world.run(0, &["--apply", "plan.json", "--plan", "result.json"]);
    assert_eq!(output.status, 3);
    let plan: Plan = serde_json::from_str(&world.registry.read("result.json")).unwrap();
    let said: Vec<String> =
        plan.decisions.iter().map(|it| format!("{}: {}: {}", it.entry, it.reason, it.detail)).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    a: outdated-plan: the entry has another source than when the plan was made
    b: outdated-plan: the entry cannot be read any more
    ");
    assert_eq!(world.manifest("a"), a);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_tampered_with_is_refused_as_a_whole() {
    let world = planned().await;
    let (plan, before) = (world.registry.read("plan.json"), world.manifest("a"));
    let mut all = String::new();
    for (from, to) in [
        ("\"servers/b/server.yaml\"", "\"servers/../../b/server.yaml\""),
        ("\"version\": 1", "\"version\": 1, \"version\": 2"),
        ("\"reason\": \"updated\"", "\"reason\": \"opened\""),
        ("\"decisions\"", "\"decision\""),
    ] {
        let tampered = plan.replace(from, to);
        assert_ne!(tampered, plan, "{from}");
        world.registry.write("tampered.json", tampered);
        all.push_str(&said(&world.run(0, &["--apply", "tampered.json"])));
    }
    world.registry.write("large.json", " ".repeat((16 << 20) + 1));
    all.push_str(&said(&world.run(0, &["--apply", "large.json"])));
    insta::assert_snapshot!(all, @r"
    status 2
    --- stdout
    --- stderr
    error: `--apply tampered.json` cannot be used: decision 2 (b): `path` is not the entry's manifest
      hint: apply the file that `--plan` of a run without `--open-prs` wrote, as it is
    status 2
    --- stdout
    --- stderr
    error: `--apply tampered.json` cannot be used: it is not a plan of `update-pins`: duplicate field `version` at line 2 column 25
      hint: apply the file that `--plan` of a run without `--open-prs` wrote, as it is
    status 2
    --- stdout
    --- stderr
    error: `--apply tampered.json` cannot be used: it was published already: decision 1 (a) is `opened`, which is what came of it
      hint: apply the file that `--plan` of a run without `--open-prs` wrote, as it is
    status 2
    --- stdout
    --- stderr
    error: `--apply tampered.json` cannot be used: it is not a plan of `update-pins`: unknown field `decision`, expected one of `version`, `time`, `complete`, `decisions` at line 5 column 12
      hint: apply the file that `--plan` of a run without `--open-prs` wrote, as it is
    status 2
    --- stdout
    --- stderr
    error: `--apply large.json` has more than 16777216 bytes, which no run writes
    ");
    assert_eq!(world.manifest("a"), before);
}
