//! What `--state` changes: cooldown, intervals, and what is not asked again.

use super::said;
use super::upstreams::Upstreams;

const STATE: [&str; 2] = ["--state", "state.json"];

async fn world() -> Upstreams {
    let world = Upstreams::start().await;
    let old = world.commit(&[("a", "1"), ("b", "1")], &[]);
    world.repo.branch("main", &old);
    world.repo.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    world.entry("alpha", "/repo.git", &old, "  directory: a\n");
    world
}

impl Upstreams {
    /// Moves the branch to a new commit after these.
    fn push(&self, content: &str, parents: &[&mcp_registry::ids::CommitSha]) -> mcp_registry::ids::CommitSha {
        let commit = self.commit(&[("a", content), ("b", "1")], parents);
        self.repo.branch("main", &commit);
        commit
    }

    /// The reason of `alpha`, and the commit that was looked at.
    fn night(&self, hours: u64, more: &[&str]) -> (String, String) {
        let arguments = [&STATE[..], &["--dry-run", "--format", "json"], more].concat();
        let output = self.run(hours, &arguments);
        let plan: serde_json::Value =
            serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr));
        let decision = &plan["decisions"][0];
        assert_eq!(decision["entry"], "alpha");
        let text = |key: &str| decision[key].as_str().unwrap_or_default().to_owned();
        (text("reason"), text("new"))
    }

    fn pin(&self) -> mcp_registry::ids::CommitSha {
        let text = self.manifest("alpha");
        let pin = text.lines().find_map(|line| line.trim().strip_prefix("commit: ")).unwrap();
        mcp_registry::ids::CommitSha::parse(pin).unwrap()
    }
}

fn pair(reason: &str, commit: &mcp_registry::ids::CommitSha) -> (String, String) {
    (reason.to_owned(), commit.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cooldown_counts_from_first_sight() {
    let world = world().await;
    let two = world.push("2", &[&world.pin()]);
    let output = world.run(0, &[&STATE[..], &["--cooldown", "24h", "-v"]].concat());
    let shown = said(&output).replace(two.short(), "[two]").replace(world.pin().short(), "[one]");
    insta::assert_snapshot!(shown, @r"
    status 0
    --- stdout
    alpha  [one] -> [two]  cooling-down  [two] was first seen at 2026-01-02 00:00 UTC; with a cooldown of 24h it is old enough at 2026-01-03 00:00 UTC

    1 entry: 1 cooling-down
    --- stderr
    ");
    assert_eq!(world.night(23, &["--cooldown", "24h"]), pair("cooling-down", &two));
    assert_eq!(world.night(23, &["--cooldown", "24h", "--urgent", "alpha"]), pair("updated", &two));
    assert_eq!(world.night(23, &[]), pair("updated", &two));
    assert_eq!(world.night(24, &["--cooldown", "24h"]), pair("updated", &two));
    world.registry.write("mcp-registry.toml", "[pins]\ncooldown = \"30d\"\n");
    assert_eq!(world.night(25, &[]), pair("cooling-down", &two));
    assert_eq!(world.night(25, &["--cooldown", "0"]), pair("updated", &two));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_moves_every_night_is_followed_at_a_distance() {
    let world = world().await;
    let day = ["--cooldown", "24h"];
    let two = world.push("2", &[&world.pin()]);
    assert_eq!(world.night(0, &day), pair("cooling-down", &two));
    let three = world.push("3", &[&two]);
    assert_eq!(world.night(12, &day), pair("cooling-down", &three));
    let four = world.push("4", &[&three]);
    assert_eq!(world.night(24, &day), pair("updated", &two));
    world.run(24, &[&STATE[..], &day].concat());
    assert_eq!(world.pin(), two);
    assert_eq!(world.night(25, &day), pair("cooling-down", &four));
    assert_eq!(world.night(36, &day), pair("updated", &three));
    // Somebody moved the pin by hand, further than what is old enough.
    world.registry.run(["update-pins", "alpha", "--to", four.as_str()]);
    let five = world.push("5", &[&four]);
    assert_eq!(world.night(37, &day), pair("cooling-down", &five));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_taken_back_is_not_moved_to() {
    let world = world().await;
    let (one, day) = (world.pin(), ["--cooldown", "24h"]);
    let bad = world.push("bad", &[&one]);
    assert_eq!(world.night(0, &day), pair("cooling-down", &bad));
    let good = world.push("good", &[&one]);
    let (reason, _) = world.night(25, &day);
    assert_eq!(reason, "cooling-down");
    assert_eq!(world.night(49, &day), pair("updated", &good));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_nobody_saw_before_is_not_moved_back() {
    let world = world().await;
    let day = ["--cooldown", "24h"];
    let two = world.push("2", &[&world.pin()]);
    world.night(0, &day);
    // Between two nights: the pin is of a commit that was never a tip of a night.
    let three = world.commit(&[("a", "3"), ("b", "1")], &[&two]);
    world.registry.run(["update-pins", "alpha", "--to", three.as_str()]);
    world.push("4", &[&three]);
    assert_eq!(world.night(25, &day), pair("cooling-down", &two));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interval_counts_from_the_last_move() {
    let world = world().await;
    world.registry.write("mcp-registry.toml", "[pins.entries.alpha]\nevery = \"7d\"\n");
    let two = world.push("2", &[&world.pin()]);
    assert_eq!(world.night(0, &[]), pair("too-soon", &two));
    assert_eq!(world.night(24, &["--urgent", "alpha"]), pair("updated", &two));
    assert_eq!(world.night(7 * 24, &[]), pair("updated", &two));
    world.run(7 * 24, &STATE);
    let three = world.push("3", &[&two]);
    assert_eq!(world.night(8 * 24, &[]), pair("too-soon", &three));
    assert_eq!(world.night(15 * 24, &[]), pair("updated", &three));
    world.registry.write("mcp-registry.toml", "[pins.entries.alpha]\noff = true\nreason = \"we keep a fork\"\n");
    assert_eq!(world.night(15 * 24, &["--urgent", "alpha"]), ("off".to_owned(), String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_without_news_asks_where_branches_are_and_nothing_else() {
    let world = world().await;
    let two = world.commit(&[("a", "1"), ("b", "2")], &[&world.pin()]);
    world.repo.branch("main", &two);
    assert_eq!(world.night(0, &[]), pair("outside-directory", &two));
    let (requests, listings) = world.asked();
    assert!((requests, listings) > (1, 1));
    assert_eq!(world.night(24, &[]), pair("outside-directory", &two));
    assert_eq!(world.asked(), (requests + 1, listings + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policys_words_that_do_not_count_are_said() {
    let world = world().await;
    let policy = "[pins]\ncooldown = \"24h\"\n[pins.entries.alhpa]\nevery = \"7d\"\n";
    world.registry.write("mcp-registry.toml", policy);
    insta::assert_snapshot!(said(&world.run(0, &["--dry-run"])), @r"
    status 0
    --- stdout
    1 entry: 1 current
    --- stderr
    the policy's cooldown and intervals do not count in this run: they need `--state FILE`
    the policy's `pins.entries.alhpa` is about no entry; did you mean `alpha`?
    this was a dry run: the registry is as it was
    ");
    assert_eq!(world.run(0, &["--dry-run", "--quiet"]).stderr, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_state_is_refused_and_left_as_it_is() {
    let world = world().await;
    let mut all = String::new();
    for text in ["", "{\"version\": 1, \"upst", "{\"version\": 9}", "# our notes\n"] {
        world.registry.write("state.json", text);
        all.push_str(&said(&world.run(0, &STATE)));
        assert_eq!(world.registry.read("state.json"), text);
    }
    world.registry.write("folder/file", "");
    all.push_str(&said(&world.run(0, &["--state", "folder"])));
    all.push_str(&said(&world.run(0, &["--state", "no/such/folder/state.json"])));
    insta::assert_snapshot!(all, @r#"
    status 2
    --- stdout
    --- stderr
    error: `--state state.json` cannot be used: it is not a state of `update-pins`: EOF while parsing a value at line 1 column 0
      hint: name another file, or remove this one: then every cooldown begins anew
    status 2
    --- stdout
    --- stderr
    error: `--state state.json` cannot be used: it is not a state of `update-pins`: EOF while parsing a string at line 1 column 20
      hint: name another file, or remove this one: then every cooldown begins anew
    status 2
    --- stdout
    --- stderr
    error: `--state state.json` cannot be used: it is of version 9; this program reads version 1
      hint: name another file, or remove this one: then every cooldown begins anew
    status 2
    --- stdout
    --- stderr
    error: `--state state.json` cannot be used: it is not a state of `update-pins`: expected value at line 1 column 1
      hint: name another file, or remove this one: then every cooldown begins anew
    status 2
    --- stdout
    --- stderr
    error: `--state folder` is a folder, not a file
    status 2
    --- stdout
    --- stderr
    error: `--state no/such/folder/state.json` cannot be written: there is no folder `no/such/folder`
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_is_what_the_schema_says() {
    let world = world().await;
    world.commit(&[("a", "1"), ("b", "2")], &[]);
    let two = world.commit(&[("a", "1"), ("b", "2")], &[&world.pin()]);
    world.repo.branch("main", &two);
    world.night(0, &[]);
    let state: serde_json::Value = serde_json::from_str(&world.registry.read("state.json")).unwrap();
    let schema = include_str!("../../../schemas/pin-state.json");
    let schema = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&serde_json::from_str(schema).unwrap())
        .unwrap();
    let errors: Vec<_> = schema.iter_errors(&state).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(state["entries"]["alpha"]["same"]["commit"], two.as_str());
    // Entries and upstreams that are gone are forgotten, by a run that looks at all of them.
    world.registry.write(
        "servers/beta/server.yaml",
        world.manifest("alpha").replace("alpha", "beta").replace("/repo.git", "/gone.git"),
    );
    std::fs::remove_dir_all(world.registry.root().join("servers/alpha")).unwrap();
    world.run(1, &[&STATE[..], &["beta"]].concat());
    assert!(world.registry.read("state.json").contains("alpha"));
    world.run(1, &STATE);
    let left = world.registry.read("state.json");
    assert!(!left.contains("alpha") && !left.contains("refs/heads/main") && left.contains("beta"), "{left}");
}
