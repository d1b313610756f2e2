//! `validate --online` as a whole: the program, started as a user starts it, against services on loopback.

use super::gathering::png;
use crate::fake_github::{FakeGithub, Repo, sha};
use crate::runner::{Output, Run, Runner};
use crate::tls_server::{Reply, Seen, TlsServer, reply};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;
use tokio::task::block_in_place;

/// The outside: a GitHub, and one server for everything else.
struct Outside {
    github: FakeGithub,
    server: TlsServer,
    registry: Runner,
}

impl Outside {
    async fn start(
        repos: impl IntoIterator<Item = (&'static str, Repo)>,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let outside = Self {
            github: FakeGithub::start(repos).await,
            server: TlsServer::start(answer).await,
            registry: Runner::new(),
        };
        std::fs::write(outside.registry.home().join("roots.pem"), &outside.server.ca).unwrap();
        // The outside is this machine here, which no entry of a real registry may name.
        outside.registry.write("mcp-registry.toml", "[rules]\nprivate-address = \"off\"\n");
        outside
    }

    /// `mcp-registry validate --online` and these, where loopback is the outside.
    fn validate(&self, arguments: &[&str]) -> Run<'_> {
        self.registry
            .command(["validate", "--online", "--allow-network", "127.0.0.0/8"].iter().chain(arguments))
            .env("GITHUB_API_URL", &self.github.url)
            .env("SSL_CERT_FILE", self.registry.home().join("roots.pem"))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.normalise(block_in_place(|| self.validate(arguments).run()))
    }

    fn normalise(&self, mut output: Output) -> Output {
        for text in [&mut output.stdout, &mut output.stderr] {
            *text = text.replace(&self.server.port.to_string(), "[PORT]").replace(&self.github.url, "[GITHUB]");
        }
        output
    }

    /// An entry that is built from `acme/x`, with these lines in its `source`.
    fn built(&self, name: &str, source: &str) {
        self.entry(name, &format!("image: mcp/{name}\ntype: server\n"), &format!("source:\n{}", indent(source)));
    }

    fn entry(&self, name: &str, head: &str, rest: &str) {
        let text = format!(
            "name: {name}\n{head}meta:\n  category: devops\n  tags:\n    - devops\nabout:\n  title: Example {}\n  \
             description: Answers questions about nothing in particular, politely.\n  icon: {}\n{rest}",
            ["A", "B"][name.len() % 2],
            self.server.url("/icon.png"),
        );
        self.registry.write(format!("servers/{name}/server.yaml"), text);
        self.registry
            .write(format!("servers/{name}/readme.md"), "# An example\n\nIt needs nothing and reaches nothing.\n");
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn source(commit: &str, more: &str) -> String {
    format!("project: https://github.com/acme/x\n{more}commit: {}\n", sha(commit))
}

/// `acme/x` with a Dockerfile, a tag, and a commit of a fork.
fn repo() -> Repo {
    let mut repo = Repo::new(&["l1", "l2"]);
    repo.tree("root", &[("Dockerfile", "100644")]);
    repo.tags.push(("v1".into(), sha("l1")));
    repo.grow(Some("l1"), &["lf"]);
    repo
}

/// What is well on the server.
fn well(seen: &Seen) -> Reply {
    match (seen.path.as_str(), seen.header("if-none-match")) {
        ("/icon.png", "\"1\"") => reply(304, &[], ""),
        ("/icon.png", _) => reply(200, &[("etag", "\"1\"")], png(64, 64)),
        ("/tall.png", _) => reply(200, &[], png(64, 513)),
        ("/mcp", _) => reply(401, &[("www-authenticate", "Bearer")], ""),
        _ => reply(404, &[], ""),
    }
}

/// Rule and message of each finding that has to do with facts, one a line.
fn about_facts(output: &Output, outside: &Outside) -> String {
    let report: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:#?}"));
    let rules = fact_rules(outside);
    let mut lines = String::new();
    for finding in report["findings"].as_array().unwrap() {
        let rule = finding["rule"].as_str().unwrap();
        if rules.contains(rule) || rule == "unavailable-fact" {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            lines.push_str(&format!("{}: {}[{rule}]: {}\n", text("entry"), text("severity"), text("message")));
        }
    }
    lines
}

/// The rules that need facts.
fn fact_rules(outside: &Outside) -> BTreeSet<String> {
    let output = block_in_place(|| outside.registry.run(["rules", "--format", "json"]));
    let rules: Value = serde_json::from_str(&output.stdout).unwrap();
    let rules = rules["rules"].as_array().unwrap().iter();
    rules.filter(|rule| rule["needs"] != json!([])).map(|rule| rule["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_fact_becomes_a_finding() {
    let archived = Repo { archived: true, ..repo() };
    let bare = Repo { license: None, ..repo() };
    let copyleft = Repo { license: Some("GPL-3.0"), ..repo() };
    let repos = [("acme/x", repo()), ("acme/archived", archived), ("acme/bare", bare), ("acme/copyleft", copyleft)];
    let outside = Outside::start(repos, well).await;
    outside.github.change(|world| drop(world.moved.insert("acme/old".into(), "acme/x".into())));
    let of = |repository: &str| source("l2", "").replace("acme/x", repository);
    for (name, source) in [
        ("archived", of("acme/archived")),
        ("bare", of("acme/bare")),
        ("branch", source("l2", "branch: stable\n")),
        ("copyleft", of("acme/copyleft")),
        ("directory", source("l2", "directory: nowhere\n")),
        ("dockerfile", source("l2", "dockerfile: build/Dockerfile\n")),
        ("fork", source("lf", "")),
        ("gone", of("acme/gone")),
        ("lost", source("l9", "")),
        ("moved", of("acme/old")),
        ("tag", source("l2", "branch: v1\n")),
        ("well", source("l2", "branch: main\n")),
    ] {
        outside.built(name, &source);
    }
    outside.entry("image", &format!("image: 127.0.0.1:{}/acme/y:1\ntype: server\n", outside.server.port), "");
    for (name, path) in [("closed", "/mcp"), ("dead", "/gone")] {
        let url = outside.server.url(path);
        let remote = format!("remote:\n  transport_type: streamable-http\n  url: {url}\n");
        outside.entry(name, "type: remote\n", &remote);
    }
    for (name, path) in [("no-icon", "/no.png"), ("tall-icon", "/tall.png")] {
        outside.built(name, &source("l2", ""));
        let path_of = format!("servers/{name}/server.yaml");
        let text = outside.registry.read(&path_of).replace("/icon.png", path);
        outside.registry.write(path_of, text);
    }
    let output = outside.run(&["--format", "json"]);
    assert_eq!((output.status, output.stderr.as_str()), (1, ""));
    let lines = about_facts(&output, &outside);
    insta::assert_snapshot!(lines, @"
    archived: warning[archived-repository]: the repository https://github.com/acme/archived is archived
    bare: error[license-missing]: the repository https://github.com/acme/bare has no licence
    branch: warning[branch-missing]: the repository has no branch `stable`
    closed: warning[remote-tools-unavailable]: the server lists its tools only with credentials, and the entry has no `tools.json`
    copyleft: error[license-forbidden]: the licence `GPL-3.0` of https://github.com/acme/copyleft is not allowed here
    dead: error[remote-unreachable]: the remote server does not answer: it answered 404 Not Found
    directory: error[directory-missing]: `nowhere` does not exist at the pinned commit
    dockerfile: error[dockerfile-missing]: there is no file `build/Dockerfile` at the pinned commit
    fork: error[impostor-commit]: the commit 6c66000000000000000000000000000000000000 is on no branch or tag of the repository
    gone: error[commit-not-found]: there is no public repository at https://github.com/acme/gone
    image: error[image-not-found]: there is no public image `127.0.0.1:[PORT]/acme/y:1`
    lost: error[commit-not-found]: the repository does not have the commit 6c39000000000000000000000000000000000000
    moved: warning[moved-repository]: the repository has moved to https://github.com/acme/x
    no-icon: warning[icon-unreachable]: the icon cannot be fetched: 127.0.0.1:[PORT] answered 404 Not Found
    tag: warning[branch-is-tag]: `v1` is a tag, not a branch: the pin never moves
    tall-icon: warning[icon-invalid]: the icon is 64×513 pixels; 512×512 is the most
    ");
    let found: BTreeSet<String> = lines.lines().map(|line| line.split(['[', ']']).nth(1).unwrap().to_owned()).collect();
    assert_eq!(found, fact_rules(&outside), "a kind of fact has no entry here");
    // The same registry without `--online`: nothing is guessed, and nothing asked.
    outside.github.asked();
    let seen = outside.server.seen().len();
    let offline = block_in_place(|| outside.registry.run(["validate", "--format", "json"]));
    assert_eq!(about_facts(&offline, &outside), "");
    assert_eq!((outside.github.asked().len(), outside.server.seen().len()), (0, seen));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_where_the_fact_belongs() {
    let outside = Outside::start([("acme/x", repo())], well).await;
    outside.built("weather", &source("lf", "branch: main\n"));
    let output = outside.run(&[]);
    insta::assert_snapshot!(output.stdout, @"
    error[impostor-commit]: the commit 6c66000000000000000000000000000000000000 is on no branch or tag of the repository
      --> servers/weather/server.yaml:15:11
       |
    13 |   project: https://github.com/acme/x
       |            ------------------------- none of the branches and tags here contains it
    14 |   branch: main
    15 |   commit: 6c66000000000000000000000000000000000000
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a fork's commit, or one that was force-pushed away
       |
       = help: find out whose commit this is, and pin one that the repository itself has

    1 error in 1 entry
    ");
    // No progress: nobody watches.
    assert_eq!((output.status, output.stderr.as_str()), (1, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_judged_is_asked_about() {
    let outside = Outside::start([("acme/x", repo())], well).await;
    outside.built("one", &source("l1", ""));
    outside.built("three", &source("l2", "").replace("acme/x", "acme/other"));
    assert_eq!(outside.run(&["one", "--format", "json"]).status, 0);
    let asked = outside.github.asked();
    assert!(!asked.is_empty() && asked.iter().all(|asked| asked.path.starts_with("/repos/acme/x")), "{asked:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_is_one_note_and_an_error_only_under_strict() {
    let mut outside = Outside::start([], well).await;
    outside.built("weather", &source("l2", "branch: main\n"));
    // A port that nobody is given who asks for a free one: nothing listens there.
    outside.github.url = "http://127.0.0.1:1".to_owned();
    let output = outside.run(&[]);
    insta::assert_snapshot!(output.stdout, @"
    note[unavailable-fact]: could not find out about the repository: GitHub did not answer: Connection refused (os error 111)
    --> servers/weather/server.yaml
     = help: run again later; what depends on this was not judged

    1 note in 1 entry
    ");
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let strict = outside.run(&["--strict"]);
    assert_eq!(strict.stdout, output.stdout.replace("note[", "error[").replace("1 note", "1 error"));
    assert_eq!(strict.status, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_with_a_cache_asks_only_whether_something_changed() {
    let outside = Outside::start([("acme/x", repo())], well).await;
    outside.built("weather", &source("l2", "branch: main\n"));
    let cache = outside.registry.home().join("cache");
    let arguments = ["--cache", cache.to_str().unwrap()];
    let first = outside.run(&arguments);
    assert_eq!((first.status, first.stdout.as_str()), (0, "no problems in 1 entry\n"));
    let (asked, icons) = (outside.github.asked(), outside.server.seen().len());
    assert!(asked.iter().all(|asked| asked.status == 200), "{asked:#?}");
    assert_eq!(outside.run(&arguments), first);
    let again = outside.github.asked();
    assert!(!again.is_empty() && again.iter().all(|asked| asked.status == 304), "{again:#?}");
    assert!(again.len() <= asked.len(), "{again:#?}");
    let seen = outside.server.seen();
    assert_eq!(seen[icons..].iter().map(|seen| seen.header("if-none-match")).collect::<Vec<_>>(), ["\"1\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_to_github_and_nowhere_else() {
    let outside = Outside::start([("acme/x", repo())], well).await;
    outside.built("weather", &source("l2", "branch: main\n"));
    let run = outside.validate(&["--format", "json"]).env("GITHUB_TOKEN", "not-a-real-token");
    let output = block_in_place(|| run.run());
    assert_eq!(output.status, 0, "{}", output.stdout);
    let asked = outside.github.asked();
    assert!(!asked.is_empty() && asked.iter().all(|asked| asked.with_token), "{asked:#?}");
    let seen = outside.server.seen();
    assert!(!seen.is_empty() && !format!("{seen:?}{output:?}").contains("not-a-real-token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_network_is_reached_only_when_allowed_and_certificates_are_not_taken_on_trust() {
    let outside = Outside::start([("acme/x", repo())], well).await;
    outside.built("weather", &source("l2", ""));
    let online = || {
        let run = outside.registry.command(["validate", "--online", "--format", "json"]);
        run.env("GITHUB_API_URL", &outside.github.url)
    };
    let output = outside.normalise(block_in_place(|| online().run()));
    insta::assert_snapshot!(about_facts(&output, &outside), @"weather: warning[icon-unreachable]: the icon cannot be fetched: 127.0.0.1:[PORT] has the loopback address 127.0.0.1");
    assert!(outside.server.seen().is_empty());
    outside.registry.write("mcp-registry.toml", "[network]\nallow = [\"127.0.0.0/8\"]\n");
    let output = outside.normalise(block_in_place(|| online().run()));
    insta::assert_snapshot!(about_facts(&output, &outside), @"weather: warning[icon-unreachable]: the icon cannot be fetched: the certificate of 127.0.0.1:[PORT] is not valid: UnknownIssuer");
    assert!(outside.server.seen().is_empty());
}

/// What a run says that cannot begin.
fn refused(outside: &Outside, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let run = outside.validate(arguments);
    let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
    let output = block_in_place(|| run.run());
    assert_eq!(output.stdout, "");
    format!("{}status {}", output.stderr, output.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_begin_says_why() {
    let outside = Outside::start([("acme/x", repo())], well).await;
    outside.built("weather", &source("l2", ""));
    insta::assert_snapshot!(refused(&outside, &["--offline"], &[]), @"
    error: the argument '--online' cannot be used with '--offline'

    Usage: mcp-registry validate --online --allow-network <CIDR> [NAME]...

    For more information, try '--help'.
    status 2
    ");
    insta::assert_snapshot!(refused(&outside, &[], &[("GITHUB_API_URL", "github")]), @r"
    error: GITHUB_API_URL is not a URL
      because: relative URL without a base
    status 2
    ");
    insta::assert_snapshot!(refused(&outside, &[], &[("SSL_CERT_FILE", "none.pem")]), @"
    error: SSL_CERT_FILE names `none.pem`, which cannot be read
      because: No such file or directory (os error 2)
    status 2
    ");
    outside.registry.write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    insta::assert_snapshot!(refused(&outside, &[], &[("SSL_CERT_FILE", "bad.pem")]), @"
    error: cannot gather facts
      because: the file of `SSL_CERT_FILE` holds no certificate that can be used
    status 3
    ");
    outside.registry.write("large.pem", vec![b'\n'; (4 << 20) + 1]);
    insta::assert_snapshot!(refused(&outside, &[], &[("SSL_CERT_FILE", "large.pem")]), @"
    error: SSL_CERT_FILE names a file of more than 4194304 bytes
    status 2
    ");
    insta::assert_snapshot!(refused(&outside, &["--cache", "bad.pem"], &[]), @"
    error: cannot gather facts
      because: the cache `bad.pem` cannot be used
      because: File exists (os error 17)
    status 3
    ");
    assert!(outside.github.asked().is_empty() && outside.server.seen().is_empty());
}

/// An outside whose icon never comes, and a way to wait until it is asked for.
async fn slow() -> (Outside, mpsc::Receiver<()>) {
    let (asked, wait) = mpsc::channel();
    let outside = Outside::start([("acme/x", repo())], move |_| {
        // The test may be over.
        let _ = asked.send(());
        Reply::Stall(b"HTTP/1.1 200 OK\r\n".to_vec())
    })
    .await;
    outside.built("weather", &source("l2", ""));
    (outside, wait)
}

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_asking_at_once() {
    let (outside, asked) = slow().await;
    let run = outside.validate(&[]).start();
    let output = block_in_place(|| {
        asked.recv_timeout(PATIENCE).unwrap();
        run.interrupt();
        run.wait()
    });
    insta::assert_snapshot!(output.stderr, @"
    error: interrupted
      hint: with `--cache DIR` the next run asks only what is missing
    ");
    assert_eq!((output.status, output.stdout.as_str()), (3, ""));
    // Nobody tried again, and nobody waited until the answer was late.
    assert_eq!(outside.server.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_watch_that_asks() {
    let (outside, asked) = slow().await;
    let run = outside.validate(&["--watch"]).start();
    let output = block_in_place(|| {
        asked.recv_timeout(PATIENCE).unwrap();
        run.interrupt();
        run.wait()
    });
    insta::assert_snapshot!(output.stderr, @"
    error: interrupted
      hint: with `--cache DIR` the next run asks only what is missing
    ");
    assert_eq!(output.status, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_watch_that_waits_for_changes() {
    let outside = Outside::start([("acme/x", repo())], well).await;
    outside.built("weather", &source("l2", ""));
    let mut run = outside.validate(&["--watch"]).start();
    let output = block_in_place(|| {
        run.wait_for("watching for changes");
        run.interrupt();
        run.wait()
    });
    insta::assert_snapshot!(output.stderr, @"
    watching for changes; Ctrl-C ends
    error: interrupted
      hint: with `--cache DIR` the next run asks only what is missing
    ");
    assert_eq!((output.status, output.stdout.as_str()), (3, "no problems in 1 entry\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_for_terminals() {
    let outside = Outside::start([("acme/x", repo())], well).await;
    outside.built("weather", &source("l2", ""));
    let watched = block_in_place(|| outside.validate(&[]).run_on_terminal());
    assert!(watched.stderr.contains("gathering facts"), "{watched:?}");
    assert_eq!(watched.stdout, "no problems in 1 entry\n");
    let quiet = block_in_place(|| outside.validate(&["--quiet"]).run_on_terminal());
    assert_eq!(quiet.stderr, "");
    assert_eq!(outside.run(&[]).stderr, "");
}
