//! Which entries of a registry are reviewed, and how often their upstreams are asked: repositories behind a real
//! `git http-backend`.

use crate::git_server::{GitServer, Upstreamed};
use crate::runner::{Output, Run, Runner};
use mcp_registry::ids::CommitSha;
use serde_json::Value;
use tokio::task::block_in_place;

/// A registry, and the host of its entries' repositories: one, `repo.git`, with two commits.
struct World {
    registry: Runner,
    server: GitServer,
    upstream: Upstreamed,
    old: CommitSha,
    new: CommitSha,
}

impl World {
    async fn new() -> Self {
        let upstream = Upstreamed::new();
        let commit = |text: &str, parents: &[&CommitSha]| {
            let weather = upstream.files(&[("server.js", text)]);
            let other = upstream.files(&[("server.js", "console.log('other');\n")]);
            let top = upstream.tree(&[("40000", "other", other), ("40000", "weather", weather)]);
            upstream.commit(top, parents)
        };
        let old = commit("console.log('weather');\n", &[]);
        let new = commit("require('child_process').exec(process.argv[2]);\n", &[&old]);
        upstream.branch("main", &new);
        upstream.git(["config", "uploadpack.allowAnySHA1InWant", "true"]);
        let server = GitServer::start(upstream.above()).await;
        let registry = Runner::new();
        registry.git(["init", "--quiet"]);
        std::fs::write(registry.home().join("roots.pem"), &server.server.ca).unwrap();
        Self { registry, server, upstream, old, new }
    }

    /// Writes an entry with this source.
    fn entry(&self, name: &str, commit: &str, more: &str) {
        let project = self.server.server.url("/repo.git");
        let text = format!(
            "name: {name}\nimage: mcp/{name}\ntype: server\nsource:\n  project: {project}\n  commit: {commit}\n{more}"
        );
        self.registry.write(format!("servers/{name}/server.yaml"), text);
    }

    fn review(&self, arguments: &[&str]) -> Run<'_> {
        self.registry
            .command(["review", "--agent", "static", "--allow-network", "127.0.0.0/8"].iter().chain(arguments))
            .env("SSL_CERT_FILE", self.registry.home().join("roots.pem"))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut output = block_in_place(|| self.review(arguments).run());
        for text in [&mut output.stdout, &mut output.stderr] {
            *text = text.replace(&self.server.server.port.to_string(), "[PORT]");
        }
        output
    }

    fn report(&self, name: &str) -> Value {
        serde_json::from_str(&self.registry.read(format!("reviews/{name}/report.json"))).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_whose_code_changes_is_reviewed_once_and_its_repository_fetched_once() {
    let world = World::new().await;
    let (old, new) = (world.old.as_str(), world.new.as_str());
    world.entry("moved", old, "  directory: weather\n");
    world.entry("twin", old, "  directory: weather\n");
    world.entry("untouched", old, "");
    world.entry("elsewhere", old, "  directory: weather\n");
    world.entry("broken", old, "");
    world.entry("gone", old, "");
    world.entry("renamed-from", old, "  directory: weather\n");
    let base = world.registry.commit("start");

    world.entry("moved", new, "  directory: weather\n");
    world.entry("twin", new, "  directory: weather\n");
    world.entry("untouched", old, "  # a comment\n");
    world.entry("elsewhere", old, "  directory: other\n");
    world.registry.write("servers/broken/server.yaml", "name: [\n");
    world.entry("new", new, "  directory: weather\n");
    world.entry("lost", &"1".repeat(40), "");
    world.registry.write("servers/remote/server.yaml", "name: remote\nremote:\n  url: https://weather.example/mcp\n");
    world.registry.git(["rm", "-r", "--quiet", "servers/gone"]);
    world.registry.git(["mv", "servers/renamed-from", "servers/renamed-to"]);
    world.registry.commit("a change");

    let output = world.run(&["--diff", &format!("{base}..HEAD")]);
    assert_eq!(output.status, 3, "{}", output.stderr);
    insta::assert_snapshot!(output.stdout, @r#"
    target      verdict     risk     findings        report
    broken      incomplete  unknown  no findings     reviews/broken/report.md
    elsewhere   passed      info     no findings     reviews/elsewhere/report.md
    lost        incomplete  unknown  no findings     reviews/lost/report.md
    moved       passed      low      1 low finding   reviews/moved/report.md
    new         passed      info     1 info finding  reviews/new/report.md
    renamed-to  passed      info     no findings     reviews/renamed-to/report.md
    twin        passed      low      1 low finding   reviews/twin/report.md

    broken: incomplete: server.yaml does not parse
    elsewhere: no model looked at this code
    lost: incomplete: there is no commit 1111111111111111111111111111111111111111 here
    moved: no model looked at this code
    new: no model looked at this code
    renamed-to: no model looked at this code
    twin: no model looked at this code
    7 targets: 2 incomplete, 5 passed
    "#);
    assert_eq!(output.stderr, "");
    let moved = world.report("moved");
    let history = &moved["reviewed"]["history"];
    assert_eq!((&history["status"], &history["detail"]["ancestor"]), (&"known".into(), &true.into()), "{history}");
    assert_eq!(history["detail"]["commits"][0]["commit"], new);
    assert_eq!(moved["reviewed"]["scope"], "differential");
    assert_eq!((&moved["reviewed"]["base"], &moved["reviewed"]["head"]), (&old.into(), &new.into()));
    assert_eq!(world.report("new")["reviewed"]["scope"], "full");
    assert_eq!(world.report("elsewhere")["reviewed"]["found"]["detail"], "refs/heads/main");
    // Equal work is done once, and says the same.
    let twin = world.report("twin");
    assert_eq!(twin["findings"], moved["findings"]);
    // The commits with one question, and one more without the one that nobody has; one for all commits under review, whether
    // they are in the repository's own history: that of those which are not at a branch's end is looked at; and one for what lies
    // between base and head.
    let mut requests = world.server.requests();
    requests.sort();
    insta::assert_snapshot!(requests.join("\n"), @r#"
    GET /repo.git/info/refs?service=git-upload-pack
    GET /repo.git/info/refs?service=git-upload-pack
    GET /repo.git/info/refs?service=git-upload-pack
    GET /repo.git/info/refs?service=git-upload-pack
    GET /repo.git/info/refs?service=git-upload-pack
    POST /repo.git/git-upload-pack
    POST /repo.git/git-upload-pack
    POST /repo.git/git-upload-pack
    POST /repo.git/git-upload-pack
    POST /repo.git/git-upload-pack
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_is_gone_makes_a_full_review_and_is_of_high_risk() {
    let world = World::new().await;
    world.entry("weather", &"1".repeat(40), "  directory: weather\n");
    let base = world.registry.commit("start");
    world.entry("weather", world.new.as_str(), "  directory: weather\n");
    world.registry.commit("a change");
    let output = world.run(&["--diff", &format!("{base}..HEAD")]);
    assert_eq!(output.status, 1, "{}{}", output.stdout, output.stderr);
    assert_eq!(world.report("weather")["reviewed"]["scope"], "full");
    assert_eq!(world.report("weather")["reviewed"]["history"]["status"], "gone");
    assert_eq!(world.report("weather")["verdict"]["risk"], "high");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_branch_that_an_entry_names_is_named_before_tags_and_other_branches() {
    let world = World::new().await;
    let tree = world.upstream.files(&[("server.js", "console.log('dev');\n")]);
    let dev = world.upstream.commit(tree, &[&world.new]);
    for branch in ["a-robot", "dev"] {
        world.upstream.branch(branch, &dev);
    }
    world.upstream.git(["update-ref", "refs/tags/v1", dev.as_str()]);
    world.entry("weather", dev.as_str(), "  branch: dev\n");
    let found = |world: &World| world.report("weather")["reviewed"]["found"]["detail"].clone();
    assert_eq!(world.run(&["weather"]).status, 0);
    assert_eq!(found(&world), "refs/heads/dev");
    world.entry("weather", dev.as_str(), "");
    world.run(&["weather"]);
    assert_eq!(found(&world), "refs/tags/v1");
    world.entry("weather", world.old.as_str(), "  branch: dev\n");
    world.run(&["weather"]);
    assert_eq!(found(&world), "refs/heads/main");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_cannot_name_a_path_of_whoever_reviews_it() {
    let world = World::new().await;
    let project = world.upstream.path();
    let commit = &world.new;
    let text = format!("name: weather\nsource:\n  project: {}\n  commit: {commit}\n", project.display());
    world.registry.write("servers/weather/server.yaml", text);
    let output = world.run(&["weather"]);
    assert_eq!(output.status, 3, "{}{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("an entry cannot name a path"), "{}", output.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_are_those_of_every_command() {
    let world = World::new().await;
    world.entry("weather", world.new.as_str(), "  directory: weather\n");
    for format in ["json", "sarif", "github", "markdown"] {
        let output = world.run(&["weather", "--format", format]);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{format}");
        assert!(output.stdout.contains("weather"), "{format}: {}", output.stdout);
        if format == "json" {
            let schema: Value = serde_json::from_str(include_str!("../../../schemas/report.json")).unwrap();
            let report: Value = serde_json::from_str(&output.stdout).unwrap();
            jsonschema::validate(&schema, &report).unwrap();
            assert_eq!(report["command"], "review");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_only_on_a_fork_is_of_high_risk() {
    let world = World::new().await;
    // As hosts do it that keep all forks in one place: the commit is handed out, and is on none of the branches.
    let tree = world.upstream.files(&[("server.js", "console.log('fork');\n")]);
    let fork = world.upstream.commit(tree, &[&world.new]);
    world.entry("weather", fork.as_str(), "");
    let output = world.run(&["weather"]);
    assert_eq!(output.status, 1, "{}{}", output.stdout, output.stderr);
    assert_eq!(world.report("weather")["reviewed"]["found"]["status"], "nowhere");
    assert_eq!(world.report("weather")["labels"][0], "security-risk:high");
    let report = world.registry.read("reviews/weather/report.md");
    assert!(report.contains("Found on: **no branch or tag of this repository**"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_with_long_names_do_not_share_a_folder() {
    let world = World::new().await;
    world.entry("first", world.old.as_str(), "");
    let base = world.registry.commit("start");
    let names = ["1", "2"].map(|end| format!("{}{end}", "a".repeat(100)));
    for name in &names {
        world.entry(name, world.new.as_str(), "");
    }
    world.registry.commit("two entries");
    let output = world.run(&["--diff", &format!("{base}..HEAD")]);
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    let folders = std::fs::read_dir(world.registry.root().join("reviews")).unwrap().count();
    assert_eq!(folders, names.len());
}
