//! One request says where everything is.

use super::World;
use crate::git_server::{fetch_options, git};
use crate::tls_server::reply;
use mcp_registry::fetch::retry::Retry;
use mcp_registry::github::GithubOptions;
use mcp_registry::pins::facts::{Listing, Refs};
use mcp_registry::pins::resolve::{ResolveOptions, Resolver};
use std::time::Duration;

#[tokio::test]
async fn one_request_lists_head_branches_tags_and_pull_requests() {
    let world = World::new().await;
    let first = world.commit(&[("a", "1")], &[]);
    let second = world.commit(&[("a", "2")], &[&first]);
    world.repo.branch("trunk", &second);
    world.repo.git(["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    world.repo.git(["update-ref", "refs/pull/1/head", first.as_str()]);
    world.repo.git([
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "tag",
        "-a",
        "-m",
        "x",
        "v1",
        first.as_str(),
    ]);
    let refs = world.refs().await;
    assert_eq!(refs.head.as_deref(), Some("refs/heads/trunk"));
    let shown: Vec<_> = refs.commits.iter().map(|(name, id)| (name.as_str(), id)).collect();
    // The annotated tag is followed to its commit.
    let wanted = [("refs/heads/trunk", &second), ("refs/pull/1/head", &first), ("refs/tags/v1", &first)];
    assert_eq!(shown, wanted);
    assert_eq!(world.server.requests(), ["GET /repo.git/info/refs?service=git-upload-pack"]);
}

#[tokio::test]
async fn an_empty_repository_lists_nothing() {
    assert_eq!(World::new().await.list().await, Listing::Listed(Refs::default()));
}

#[tokio::test]
async fn answers_are_told_apart() {
    let world = World::with(|seen, _| {
        let status = seen.path.split('/').nth(1)?.parse().ok()?;
        let moved = ("location", "https://example.com/new/repo/info/refs?service=git-upload-pack&token=x");
        let headers = match status {
            301 | 303 | 307 | 308 => vec![moved],
            // Without encryption, and to itself.
            309 => return Some(reply(301, &[("location", "http://example.com/new/repo")], "")),
            310 => return Some(reply(301, &[("location", "/310/repo/info/refs?service=git-upload-pack")], "")),
            // A refusal that says when to come back.
            418 => return Some(reply(403, &[("retry-after", "60")], "")),
            419 => return Some(reply(403, &[("x-ratelimit-remaining", "0")], "")),
            429 => vec![("retry-after", "3600")],
            _ => vec![],
        };
        Some(reply(status, &headers, "<html>"))
    })
    .await;
    let mut said = String::new();
    for status in [419, 200, 301, 302, 303, 307, 308, 309, 310, 401, 403, 404, 410, 418, 429, 500] {
        let url = world.server.server.url(&format!("/{status}/repo")).parse().unwrap();
        let listing = format!("{:?}", world.resolver.list(&url).await);
        said.push_str(&format!("{status}: {}\n", listing.replace(&world.server.server.port.to_string(), "PORT")));
    }
    insta::assert_snapshot!(said, @r#"
    419: RateLimited("127.0.0.1:PORT asks to be left alone")
    200: Unreachable("127.0.0.1:PORT did not answer as a Git server does: it does not list its branches")
    301: Moved("https://example.com/new/repo")
    302: Unreachable("127.0.0.1:PORT answered 302")
    303: Unreachable("https://127.0.0.1:PORT/303/repo redirects to https://example.com/new/repo")
    307: Unreachable("https://127.0.0.1:PORT/307/repo redirects to https://example.com/new/repo")
    308: Moved("https://example.com/new/repo")
    309: Unreachable("https://127.0.0.1:PORT/309/repo redirects to http://example.com/new/repo")
    310: Unreachable("https://127.0.0.1:PORT/310/repo redirects to https://127.0.0.1:PORT/310/repo")
    401: Gone
    403: Unreachable("127.0.0.1:PORT answered 403")
    404: Gone
    410: Gone
    418: RateLimited("127.0.0.1:PORT asks to be left alone for 60 seconds")
    429: RateLimited("127.0.0.1:PORT asks to be left alone for 3600 seconds")
    500: Unreachable("127.0.0.1:PORT answered 500")
    "#);
    assert_eq!(world.server.requests().len(), 16, "nothing was followed or asked twice");
}

#[tokio::test]
async fn names_that_are_none_of_a_ref_are_not_listed() {
    let world = World::with(|_, _| {
        let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
        let (id, name) = ("1".repeat(40), "refs/heads/\u{1b}[31mred\nFAKE");
        let head = line(&format!("{id} HEAD\0symref=HEAD:{name} agent=git/2\n"));
        let refs = head + &line(&format!("{id} {name}\n")) + &line(&format!("{id} refs/heads/main\n"));
        Some(reply(200, &[], &(line("# service=git-upload-pack\n") + "0000" + &refs + "0000")))
    })
    .await;
    let refs = world.refs().await;
    assert_eq!((refs.head, refs.commits.into_keys().collect::<Vec<_>>()), (None, vec!["refs/heads/main".to_owned()]));
}

#[tokio::test]
async fn another_spelling_is_the_same_repository() {
    let world = World::with(|seen, _| {
        let target = "/repo.git/info/refs?service=git-upload-pack";
        seen.path.starts_with("/repo/").then(|| reply(301, &[("location", target)], ""))
    })
    .await;
    let commit = world.commit(&[("a", "1")], &[]);
    world.repo.branch("main", &commit);
    for path in ["/repo", "/repo/"] {
        let url = world.server.server.url(path).parse().unwrap();
        let Listing::Listed(refs) = world.resolver.list(&url).await else { panic!() };
        assert_eq!(refs.commits.get("refs/heads/main"), Some(&commit));
    }
}

#[tokio::test]
async fn ids_that_are_not_sha1_are_named() {
    let world = World::new().await;
    let output =
        git(world.repo.above()).args(["init", "--bare", "--object-format=sha256", "new.git"]).output().unwrap();
    assert!(output.status.success());
    let url = world.server.server.url("/new.git").parse().unwrap();
    let Listing::Unreachable(why) = world.resolver.list(&url).await else { panic!() };
    assert!(why.ends_with("names objects by sha256, not by sha1"), "{why}");
}

#[tokio::test]
async fn a_host_that_wants_to_be_left_alone_is_left_alone() {
    let world = World::with(|seen, _| seen.path.starts_with("/busy").then(|| reply(429, &[], ""))).await;
    let commit = world.commit(&[("a", "1")], &[]);
    world.repo.branch("main", &commit);
    let busy = world.server.server.url("/busy").parse().unwrap();
    for _ in 0..2 {
        assert!(matches!(world.resolver.list(&busy).await, Listing::RateLimited(_)));
    }
    // One repository that is limited does not speak for its host.
    world.refs().await;
    for _ in 0..5 {
        assert!(matches!(world.resolver.list(&busy).await, Listing::RateLimited(_)));
    }
    assert!(matches!(world.list().await, Listing::RateLimited(_)));
    assert_eq!(world.server.requests().len(), 2 + 1 + 3);
}

#[tokio::test]
async fn a_limit_that_ends_soon_is_waited_for() {
    let world = World::new().await;
    let commit = world.commit(&[("a", "1")], &[]);
    world.repo.branch("main", &commit);
    let times = std::sync::atomic::AtomicUsize::new(0);
    let busy = crate::git_server::GitServer::with(world.repo.above(), move |_, _| {
        let first = times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        first.then(|| reply(429, &[("retry-after", "0")], ""))
    })
    .await;
    let mut fetch = fetch_options(&busy.server.ca);
    fetch.retry = Retry { times: 1, base: Duration::from_millis(1), longest: Duration::from_secs(1) };
    let github = GithubOptions::new("http://127.0.0.1:1".parse().unwrap());
    let resolver = Resolver::new(&ResolveOptions::new(fetch, github, world.scratch.path().to_owned())).unwrap();
    let listing = resolver.list(&busy.server.url("/repo.git").parse().unwrap()).await;
    assert!(matches!(listing, Listing::Listed(_)), "{listing:?}");
}
