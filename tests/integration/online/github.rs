//! GitHub, by a fake that keeps repositories.

use super::{facts, gather_options};
use crate::fake_github::{FakeGithub, Repo, Trouble, sha};
use crate::tls_server::{TlsServer, reply};
use mcp_registry::fetch::retry::Retry;
use mcp_registry::validate::facts::{Branch, Commit, Fact, Facts, PathAtPin, Repository};
use mcp_registry::validate::gather::GatherOptions;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

async fn options(github: &FakeGithub, token: Option<&str>) -> GatherOptions {
    let server = TlsServer::start(|_| reply(404, &[], "")).await;
    let mut options = gather_options(&server);
    options.github.api = github.url.parse().unwrap();
    options.github.token = token.map(Into::into);
    options.github.retry = Retry { times: 2, base: Duration::from_millis(1), longest: Duration::from_secs(5) };
    options
}

/// `server.yaml` with this `source`, whose repository is `acme/x`.
fn manifest(source: &str) -> String {
    format!("type: server\nimage: mcp/x\nsource:\n  project: https://github.com/acme/x\n{source}")
}

fn pinned(commit: &str) -> String {
    manifest(&format!("  commit: {}\n", sha(commit)))
}

async fn ask(github: &FakeGithub, manifest: &str) -> Facts {
    facts(&[manifest], &options(github, None).await).await.remove(0)
}

fn found(license: Option<&str>) -> Fact<Repository> {
    Fact::Known(Repository::Found {
        url: "https://github.com/acme/x".into(),
        archived: false,
        license: license.map(Into::into),
        default_branch: "main".into(),
    })
}

fn on(name: &str) -> Fact<Commit> {
    Fact::Known(Commit::OnRef(name.into()))
}

/// A repository with a directory, a Dockerfile, and what looks like them.
fn with_files() -> Repo {
    let mut repo = Repo::new(&["c1", "c2", "c3"]);
    let items =
        [("servers", "040000"), ("Dockerfile", "100644"), ("link", "120000"), ("module", "160000"), ("run", "100755")];
    repo.tree("root", &items);
    repo.tree("servers", &[("a", "040000"), ("dock#er file?", "100644")]);
    repo.tree("a", &[("Dockerfile", "040000")]);
    repo.tags.push(("v1/ü".into(), sha("c1")));
    repo
}

#[tokio::test]
async fn a_good_entry_has_all_its_facts_and_its_neighbours_cost_nothing() {
    let github = FakeGithub::start([("acme/x", with_files())]).await;
    let yaml = manifest(&format!(
        "  branch: main\n  directory: servers/\n  dockerfile: ../Dockerfile\n  commit: {}\n",
        sha("c2")
    ));
    let expected = Facts {
        repository: found(Some("MIT")),
        commit: on("main"),
        branch: Fact::Known(Branch::Branch),
        directory: Fact::Known(PathAtPin::Directory),
        dockerfile: Fact::Known(PathAtPin::File),
        ..Facts::default()
    };
    let options = options(&github, None).await;
    assert_eq!(facts(&[yaml.as_str(); 35], &options).await, vec![expected; 35]);
    let asked: Vec<String> = github.asked().into_iter().map(|asked| asked.path).collect();
    let once: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(once.len(), asked.len(), "{asked:#?}");
    assert_eq!(asked.len(), 5, "{asked:#?}");
}

#[tokio::test]
async fn a_second_run_asks_only_what_changed() {
    let github = FakeGithub::start([("acme/x", with_files())]).await;
    let directory = tempfile::tempdir().unwrap();
    let mut options = options(&github, None).await;
    options.cache = Some(directory.path().into());
    let yaml = pinned("c2");
    let first = facts(&[&yaml], &options).await;
    assert!(github.asked().iter().all(|asked| asked.status == 200));
    assert_eq!(facts(&[&yaml], &options).await, first);
    let again = github.asked();
    assert!(!again.is_empty() && again.iter().all(|asked| asked.status == 304), "{again:#?}");
    github.change(|world| world.repos.get_mut("acme/x").unwrap().archived = true);
    let changed = facts(&[&yaml], &options).await.remove(0).repository;
    assert!(matches!(changed, Fact::Known(Repository::Found { archived: true, .. })), "{changed:?}");
}

#[tokio::test]
async fn repositories_are_missing_moved_archived_or_without_licence() {
    let mut bare = Repo::new(&["c1"]);
    (bare.archived, bare.license) = (true, None);
    let odd = Repo { license: Some("NOASSERTION"), ..Repo::new(&["c1"]) };
    let github = FakeGithub::start([("new/home", Repo::new(&["c1"])), ("acme/bare", bare), ("acme/odd", odd)]).await;
    github.change(|world| drop(world.moved.insert("acme/x".into(), "new/home".into())));
    let moved = ask(&github, &pinned("c1")).await;
    assert!(
        matches!(&moved.repository, Fact::Known(Repository::Found { url, .. }) if url == "https://github.com/new/home")
    );
    assert_eq!(moved.commit, on("main"));
    let of = |name: &str| format!("type: server\nsource: {{project: 'https://github.com/{name}'}}\n");
    let bare = ask(&github, &of("acme/bare")).await.repository;
    assert!(matches!(bare, Fact::Known(Repository::Found { archived: true, license: None, .. })), "{bare:?}");
    let odd = ask(&github, &of("Acme/Odd.git")).await.repository;
    assert!(matches!(&odd, Fact::Known(Repository::Found { license: Some(id), .. }) if id == "NOASSERTION"), "{odd:?}");
    let gone = Facts { repository: Fact::Known(Repository::Missing), ..Facts::default() };
    assert_eq!(ask(&github, &of("acme/gone")).await, gone);
}

#[tokio::test]
async fn commits_are_on_a_ref_missing_or_impostors() {
    let mut repo = Repo::new(&["c1", "c2", "c3"]);
    repo.grow(Some("c1"), &["r1", "r2"]);
    repo.tags.push(("v1.0".into(), sha("r2")));
    repo.grow(Some("c2"), &["f1"]);
    repo.grow(None, &["orphan"]);
    let github = FakeGithub::start([("acme/x", repo)]).await;
    for (commit, expected) in [
        ("c3", on("main")),
        ("c1", on("main")),
        ("r2", on("v1.0")),
        ("r1", on("v1.0")),
        ("f1", Fact::Known(Commit::Impostor)),
        ("orphan", Fact::Known(Commit::Impostor)),
        ("nowhere", Fact::Known(Commit::Missing)),
    ] {
        assert_eq!(ask(&github, &pinned(commit)).await.commit, expected, "{commit}");
    }
    let named = ask(&github, &manifest("  commit: main\n")).await;
    assert_eq!(named.commit, Fact::NotGathered, "a branch in place of a commit is never asked for as one");
}

#[tokio::test]
async fn beyond_the_bound_nothing_is_claimed() {
    let mut repo = Repo::new(&["c1"]);
    repo.grow(Some("c1"), &["f1", "deep", "tip"]);
    for number in 0..140 {
        let name = format!("b{number:03}");
        repo.grow(Some("c1"), &[&name]);
        repo.branches.push((name.clone(), sha(&name)));
    }
    let github = FakeGithub::start([("acme/x", repo)]).await;
    assert_eq!(ask(&github, &pinned("b139")).await.commit, on("b139"), "on the second page");
    github.asked();
    let unknown = ask(&github, &pinned("f1")).await.commit;
    let why = "it is on none of the 50 branches and tags that were looked at";
    assert_eq!(unknown, Fact::Unavailable(why.into()));
    let compared = github.asked().iter().filter(|asked| asked.path.contains("/compare/")).count();
    assert_eq!(compared, 51, "the default branch and 50 others");
    github.change(|world| world.repos.get_mut("acme/x").unwrap().tags.push(("v1".into(), sha("tip"))));
    assert_eq!(ask(&github, &pinned("deep")).await.commit, on("v1"), "tags take turns with branches");
}

#[tokio::test]
async fn branches_are_branches_tags_or_nothing_and_their_names_stay_names() {
    let mut repo = with_files();
    repo.branches.push(("feature/a#b?c".replace('?', "&"), sha("c1")));
    let github = FakeGithub::start([("acme/x", repo)]).await;
    for (name, expected) in [
        ("main", Branch::Branch),
        ("feature/a#b&c", Branch::Branch),
        ("v1/ü", Branch::Tag),
        ("mai", Branch::Missing),
        ("feature", Branch::Missing),
        ("../../../../user", Branch::Missing),
        ("main?x=y", Branch::Missing),
        ("%2e%2e/main", Branch::Missing),
    ] {
        let yaml = manifest(&format!("  branch: '{name}'\n"));
        assert_eq!(ask(&github, &yaml).await.branch, Fact::Known(expected), "{name}");
    }
    for asked in github.asked() {
        assert!(asked.path.starts_with("/repos/acme/x"), "{}", asked.path);
    }
}

#[tokio::test]
async fn paths_are_what_they_are_at_the_pin() {
    let github = FakeGithub::start([("acme/x", with_files())]).await;
    for (path, expected) in [
        (".", PathAtPin::Directory),
        ("servers/a", PathAtPin::Directory),
        ("./servers//a/", PathAtPin::Directory),
        ("Dockerfile", PathAtPin::File),
        ("run", PathAtPin::File),
        ("link", PathAtPin::Other),
        ("link/below", PathAtPin::Other),
        ("module", PathAtPin::Other),
        ("Dockerfile/below", PathAtPin::Missing),
        ("Servers", PathAtPin::Missing),
        ("../servers", PathAtPin::Missing),
        ("servers/dock#er file?", PathAtPin::File),
    ] {
        let yaml = manifest(&format!("  directory: '{path}'\n  commit: {}\n", sha("c3")));
        assert_eq!(ask(&github, &yaml).await.directory, Fact::Known(expected), "{path}");
    }
    for (source, expected) in [
        ("", Fact::Known(PathAtPin::File)),
        ("  directory: servers\n", Fact::Known(PathAtPin::Missing)),
        ("  directory: servers/a\n", Fact::Known(PathAtPin::Directory)),
        ("  directory: nowhere\n", Fact::NotGathered),
        ("  dockerfile: link\n", Fact::Known(PathAtPin::Other)),
    ] {
        let yaml = manifest(&format!("{source}  commit: {}\n", sha("c3")));
        assert_eq!(ask(&github, &yaml).await.dockerfile, expected, "{source}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_left_out() {
    let repo = Repo { refuses_tokens: true, ..with_files() };
    let github = FakeGithub::start([("acme/x", repo), ("acme/y", with_files())]).await;
    let options = options(&github, Some("ghp_x")).await;
    let of_y = pinned("c2").replace("acme/x", "acme/y");
    let found = facts(&[&pinned("c2"), &of_y], &options).await;
    assert_eq!((&found[0].commit, &found[1].commit), (&on("main"), &on("main")));
    let asked = github.asked();
    let with_token = |part: &str| asked.iter().filter(|asked| asked.path.contains(part) && asked.with_token).count();
    assert_eq!(with_token("acme/x"), 1, "{asked:#?}");
    assert!(asked.iter().all(|asked| asked.with_token || asked.path.contains("acme/x")), "{asked:#?}");
}

fn trouble(times: usize, status: u16, headers: &[(&'static str, String)]) -> Option<Trouble> {
    Some(Trouble { times, status, headers: headers.to_vec() })
}

#[tokio::test]
async fn a_limit_that_ends_soon_is_waited_for() {
    let github = FakeGithub::start([("acme/x", with_files())]).await;
    let soon = (chrono::Utc::now().timestamp() + 1).to_string();
    for headers in [
        vec![("retry-after", "1".to_owned())],
        vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", soon)],
    ] {
        github.change(|world| world.trouble = trouble(1, 403, &headers));
        assert_eq!(ask(&github, &pinned("c2")).await.commit, on("main"));
    }
    github.change(|world| world.trouble = trouble(2, 502, &[]));
    assert_eq!(ask(&github, &pinned("c2")).await.commit, on("main"));
}

#[tokio::test]
async fn a_limit_that_ends_late_makes_facts_unavailable_and_stops_asking() {
    let github = FakeGithub::start([("acme/x", with_files()), ("acme/y", with_files())]).await;
    // 2038-01-19 03:14:07 UTC.
    let late = [("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", "2147483647".to_owned())];
    github.change(|world| world.trouble = trouble(usize::MAX, 403, &late));
    let mut options = options(&github, None).await;
    options.github.concurrency = 1;
    let of_y = pinned("c2").replace("acme/x", "acme/y");
    let found = facts(&[&pinned("c2"), &of_y], &options).await;
    for facts in found {
        let why = "GitHub's rate limit is reached until 03:14 UTC";
        assert_eq!(facts, Facts { repository: Fact::Unavailable(why.into()), ..Facts::default() });
    }
    assert_eq!(github.asked().len(), 1);
}

#[tokio::test]
async fn other_answers_say_nothing() {
    let github = FakeGithub::start([("acme/x", with_files())]).await;
    for (status, why) in [
        (500, "GitHub did not answer: status 500"),
        (403, "GitHub refused (403): trouble"),
        (418, "GitHub answered 418: trouble"),
    ] {
        github.change(|world| world.trouble = trouble(usize::MAX, status, &[]));
        assert_eq!(ask(&github, &pinned("c2")).await.repository, Fact::Unavailable(why.into()));
    }
    let mut nobody = gather_options(&TlsServer::start(|_| reply(404, &[], "")).await);
    nobody.github.retry = Retry { times: 0, ..Retry::default() };
    let found = facts(&[&pinned("c2")], &nobody).await.remove(0).repository;
    assert!(matches!(&found, Fact::Unavailable(why) if why.starts_with("GitHub did not answer")), "{found:?}");
}

/// GitHub's description of its API as JSON Schema: `nullable` is OpenAPI's own, fields are not required (the fake gives what
/// is asked for), and no field may be invented.
fn as_schema(value: &Value) -> Value {
    let Value::Object(map) = value else {
        return match value {
            Value::Array(items) => items.iter().map(as_schema).collect(),
            other => other.clone(),
        };
    };
    let mut schema: Map<String, Value> = map
        .iter()
        .filter(|(key, value)| !(*key == "required" && value.is_array()) && *key != "nullable")
        .map(|(key, value)| (key.clone(), as_schema(value)))
        .collect();
    if map.get("properties").is_some_and(Value::is_object) && !map.contains_key("allOf") {
        schema.entry("additionalProperties").or_insert(json!(false));
    }
    if map.get("nullable") == Some(&json!(true)) {
        return json!({ "anyOf": [{ "type": "null" }, Value::Object(schema)] });
    }
    Value::Object(schema)
}

#[tokio::test]
async fn the_fake_answers_as_github_describes_itself() {
    let Some(corpus) = crate::corpus::folder() else { return };
    let text = std::fs::read_to_string(corpus.join("../github/openapi-subset.json")).unwrap();
    let description = as_schema(&serde_json::from_str(&text).unwrap());
    let mut repo = with_files();
    repo.grow(Some("c1"), &["f1"]);
    let unlicensed = Repo { license: None, ..Repo::new(&["c1"]) };
    let github = FakeGithub::start([("acme/x", repo), ("acme/y", unlicensed)]).await;
    let yaml = manifest(&format!("  branch: v1/ü\n  directory: servers\n  commit: {}\n", sha("f1")));
    ask(&github, &yaml).await;
    ask(&github, &yaml.replace("acme/x", "acme/y")).await;
    let answers = std::mem::take(&mut github.world.lock().unwrap().answers);
    let described: BTreeSet<&str> = answers.iter().map(|(path, _)| *path).collect();
    assert_eq!(described.len(), 7, "{described:?}");
    for (path, answer) in answers {
        let pointer = path.replace('~', "~0").replace('/', "~1");
        let place = format!("/paths/{pointer}/get/responses/200/content/application~1json/schema");
        let mut schema = description.pointer(&place).unwrap().clone();
        schema["components"] = description["components"].clone();
        let validator = jsonschema::options().build(&schema).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&answer).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{path}: {errors:#?}\n{answer:#}");
    }
}
