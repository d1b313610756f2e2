//! What servers may say, and what is said to them.

use super::shown;
use crate::git_server::{GitServer, Upstreamed};
use crate::tls_server::{Reply, Seen, reply};
use mcp_registry::fetch::{FetchOptions, Fetcher};
use mcp_registry::git::{self, Contained, Limits, Store, Upstream, UpstreamError};
use mcp_registry::ids::CommitSha;
use mcp_registry::review::export::{self, ExportLimits};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A repository with two commits on `main`, served.
struct World {
    repo: Upstreamed,
    first: CommitSha,
    second: CommitSha,
    server: GitServer,
}

impl World {
    async fn new() -> Self {
        Self::with(|_, _| None).await
    }

    async fn with(own: impl Fn(&Seen, &dyn Fn(&Seen) -> Reply) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let repo = Upstreamed::new();
        let first = repo.commit(repo.files(&[("a", "1")]), &[]);
        let second = repo.commit(repo.files(&[("a", "2")]), &[&first]);
        repo.branch("main", &second);
        let server = GitServer::with(repo.above(), own).await;
        Self { repo, first, second, server }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.repo.above().join(name)
    }

    fn upstream(&self, path: &str) -> Upstream {
        Upstream::parse(&self.server.server.url(path)).unwrap()
    }

    async fn fetch(&self, commits: &[&CommitSha], folder: &str) -> Result<Store, UpstreamError> {
        let commits: Vec<CommitSha> = commits.iter().map(|commit| (*commit).clone()).collect();
        let upstream = self.upstream("/repo.git");
        git::fetch(&self.server.fetcher, &upstream, &commits, &Limits::default(), &self.folder(folder)).await
    }

    async fn refused(&self) -> String {
        let error = self.fetch(&[&self.second], "refused").await.unwrap_err();
        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        format!("{error}{hint}").replace(&self.server.server.port.to_string(), "PORT")
    }
}

fn exported(store: &Store, commit: &CommitSha) -> String {
    shown(&export::snapshot(store, commit, "", &ExportLimits::default()).unwrap())
}

#[tokio::test]
async fn commits_of_one_repository_come_with_one_request_without_history() {
    let world = World::new().await;
    let store = world.fetch(&[&world.first, &world.second, &world.first], "store").await.unwrap();
    assert_eq!(exported(&store, &world.first), "a: \"1\"\n");
    assert_eq!(exported(&store, &world.second), "a: \"2\"\n");
    let asked = ["GET /repo.git/info/refs?service=git-upload-pack", "POST /repo.git/git-upload-pack"];
    assert_eq!(world.server.requests(), asked);
    for seen in world.server.server.seen() {
        assert_eq!(seen.header("git-protocol"), "version=2");
        assert!(seen.header("user-agent").starts_with("git/"), "{}", seen.header("user-agent"));
        for secret in ["authorization", "cookie"] {
            assert!(!seen.headers.contains_key(secret));
        }
    }
    // What is there is not asked for again, also by another process.
    let store = world.fetch(&[&world.second], "store").await.unwrap();
    assert_eq!(exported(&store, &world.second), "a: \"2\"\n");
    assert_eq!(world.server.requests().len(), 2);
    // The commit before was not sent along.
    let store = world.fetch(&[&world.second], "other").await.unwrap();
    assert!(export::snapshot(&store, &world.first, "", &ExportLimits::default()).is_err());
}

#[tokio::test]
async fn a_server_that_cannot_leave_files_out_sends_all() {
    let world = World::new().await;
    world.repo.git(["config", "uploadpack.allowFilter", "false"]);
    let store = world.fetch(&[&world.second], "store").await.unwrap();
    assert_eq!(store.left_out(&world.second), None);
    assert_eq!(exported(&store, &world.second), "a: \"2\"\n");
    world.repo.git(["config", "uploadpack.allowFilter", "true"]);
    let store = world.fetch(&[&world.second], "filtered").await.unwrap();
    assert_eq!(store.left_out(&world.second), Some(32_000_000));
    // This one says that it can, and then does not want to.
    world.repo.git(["config", "uploadpackfilter.allow", "false"]);
    let store = world.fetch(&[&world.second], "refusing").await.unwrap();
    assert_eq!(store.left_out(&world.second), None);
    assert_eq!(exported(&store, &world.second), "a: \"2\"\n");
}

#[test]
fn a_commit_id_that_starts_with_dashes_or_is_a_branch_is_not_one() {
    for text in ["--upload-pack=touch x", "-x", "main", "HEAD", "refs/heads/main", "v1.0", "a1b2c3d", ""] {
        assert!(CommitSha::parse(text).is_err(), "{text}");
    }
    // Forty digits that are also a branch's name are an id and nothing else: see the next test.
}

#[tokio::test]
async fn a_branch_that_is_named_like_a_commit_is_not_it() {
    let world = World::new().await;
    let name = "b".repeat(40);
    // Git's own `update-ref` takes such a name, and its revision syntax would find the branch.
    world.repo.branch(&name, &world.second);
    let commit = CommitSha::parse(&name).unwrap();
    let error = world.fetch(&[&commit], "store").await.unwrap_err();
    let UpstreamError::NoCommit { commit: missing, .. } = error else { panic!("{error}") };
    assert_eq!(missing, commit);
    let local = Upstream::parse(world.repo.path().to_str().unwrap()).unwrap();
    let result = git::fetch(&world.server.fetcher, &local, &[commit], &Limits::default(), &world.folder("x")).await;
    assert!(matches!(result, Err(UpstreamError::NoCommit { .. })));
}

#[tokio::test]
async fn what_is_no_commit_is_refused() {
    let world = World::new().await;
    let id = |text: &str| CommitSha::parse(text).unwrap();
    let tree = id(&world.repo.git(["rev-parse", "main^{tree}"]));
    let blob = id(&world.repo.git(["rev-parse", "main:a"]));
    world.repo.git(["-c", "user.name=A", "-c", "user.email=a@example.com", "tag", "-a", "-m", "x", "v1", "main"]);
    let tag = id(&world.repo.git(["rev-parse", "v1"]));
    for (at, other) in [tree, blob, tag].iter().enumerate() {
        let error = world.fetch(&[other], &format!("store{at}")).await.unwrap_err();
        let refused = matches!(error, UpstreamError::NotACommit(_) | UpstreamError::NoCommit { .. });
        assert!(refused || matches!(error, UpstreamError::Refused { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_commit_that_is_only_on_a_fork_is_found_out() {
    let world = World::new().await;
    // Hosts keep a fork's objects with the project's, and hand them out under its name.
    let fork = world.repo.commit(world.repo.files(&[("a", "evil")]), &[&world.second]);
    world.repo.git(["update-ref", "refs/pull/1/head", fork.as_str()]);
    world.repo.git(["update-ref", "refs/tags/v1", world.first.as_str()]);
    let store = world.fetch(&[&fork], "store").await.unwrap();
    assert_eq!(exported(&store, &fork), "a: \"evil\"\n");
    let whence = async |upstream: Upstream, commit: &CommitSha| {
        let (fetcher, folder) = (&world.server.fetcher, world.folder("store"));
        let found =
            git::contained(fetcher, &upstream, &[commit.clone()].into(), &BTreeSet::new(), &Limits::default(), &folder)
                .await;
        found[commit].clone()
    };
    for path in [world.server.server.url("/repo.git"), world.repo.path().to_str().unwrap().to_owned()] {
        let upstream = || Upstream::parse(&path).unwrap();
        assert_eq!(whence(upstream(), &fork).await, Contained::OnNone);
        assert_eq!(whence(upstream(), &world.second).await, Contained::In("refs/heads/main".into()));
        world.repo.git(["update-ref", "-d", "refs/tags/v1"]);
        assert_eq!(whence(upstream(), &world.first).await, Contained::In("refs/heads/main".into()));
        world.repo.git(["update-ref", "refs/tags/v1", world.first.as_str()]);
        // The default branch says more than a tag.
        assert_eq!(whence(upstream(), &world.first).await, Contained::In("refs/heads/main".into()));
        // One that another one leads to is found all the same.
        world.repo.git(["update-ref", "-d", "refs/tags/v1"]);
        let commits = [&fork, &world.second, &world.first].map(Clone::clone).into();
        let (fetcher, folder) = (&world.server.fetcher, world.folder("store"));
        let found = git::contained(fetcher, &upstream(), &commits, &BTreeSet::new(), &Limits::default(), &folder).await;
        let on_main = Contained::In("refs/heads/main".into());
        assert_eq!(
            [&fork, &world.second, &world.first].map(|commit| &found[commit]),
            [&Contained::OnNone, &on_main, &on_main]
        );
        world.repo.git(["update-ref", "refs/tags/v1", world.first.as_str()]);
    }
    world.repo.git(["config", "uploadpack.allowFilter", "false"]);
    world.repo.git(["update-ref", "-d", "refs/tags/v1"]);
    let Contained::NotChecked(why) = whence(world.upstream("/repo.git"), &fork).await else { panic!() };
    assert!(why.ends_with("refused: it cannot leave files and folders out"), "{why}");
    let left: Vec<_> =
        std::fs::read_dir(world.folder("store")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("incoming")), "{left:?}");
}

#[tokio::test]
async fn a_repository_that_changes_between_two_fetches_changes_nothing_that_was_pinned() {
    let world = World::new().await;
    let before = exported(&world.fetch(&[&world.second], "store").await.unwrap(), &world.second);
    // History is rewritten, and the old one is thrown away.
    let other = world.repo.commit(world.repo.files(&[("a", "rewritten")]), &[]);
    world.repo.branch("main", &other);
    world.repo.git(["reflog", "expire", "--expire=now", "--all"]);
    world.repo.git(["prune", "--expire=now"]);
    let store = world.fetch(&[&world.second, &other], "store").await.unwrap();
    assert_eq!(exported(&store, &world.second), before);
    assert_eq!(exported(&store, &other), "a: \"rewritten\"\n");
    let error = world.fetch(&[&world.second], "new").await.unwrap_err();
    assert_eq!(error.to_string(), format!("{} has no commit {}", world.upstream("/repo.git"), world.second));
    assert!(error.hint().unwrap().starts_with("was it removed by a force-push"));
}

#[tokio::test]
async fn redirects_are_refused_and_named() {
    let to = |target: &'static str| {
        World::with(move |seen, _| {
            seen.path.starts_with("/repo.git").then(|| reply(301, &[("location", target)], "moved"))
        })
    };
    let world = to("https://user:secret@example.com/new/repo.git/info/refs?service=git-upload-pack&token=x").await;
    insta::assert_snapshot!(world.refused().await, @r"
    https://127.0.0.1:PORT/repo.git redirects to https://example.com/new/repo.git
    hint: redirects are not followed: if that is the same project, correct the entry's address to https://example.com/new/repo.git
    ");
    assert_eq!(world.server.requests().len(), 1, "it was not followed");
    let world = to("http://169.254.169.254/latest").await;
    insta::assert_snapshot!(world.refused().await, @r"
    https://127.0.0.1:PORT/repo.git redirects to http://169.254.169.254/latest
    hint: redirects are not followed
    ");
    // Not for the second request either.
    let world = World::with(|seen, _| {
        (seen.method == "POST").then(|| reply(307, &[("location", "/elsewhere/git-upload-pack")], ""))
    })
    .await;
    insta::assert_snapshot!(world.refused().await, @r"
    https://127.0.0.1:PORT/repo.git redirects to https://127.0.0.1:PORT/elsewhere
    hint: redirects are not followed
    ");
}

#[tokio::test]
async fn one_repository_spelled_with_and_without_git_is_one() {
    // As GitLab does it.
    let world = World::with(|seen, _| {
        let target = "/repo.git/info/refs?service=git-upload-pack";
        seen.path.starts_with("/repo/").then(|| reply(302, &[("location", target)], ""))
    })
    .await;
    let upstream = world.upstream("/repo");
    let commits = [world.second.clone()];
    let store = git::fetch(&world.server.fetcher, &upstream, &commits, &Limits::default(), &world.folder("s")).await;
    assert_eq!(exported(&store.unwrap(), &world.second), "a: \"2\"\n");
}

#[tokio::test]
async fn addresses_that_are_not_public_are_not_reached() {
    let world = World::new().await;
    let options = FetchOptions { roots_pem: Some(world.server.server.ca.clone()), ..FetchOptions::default() };
    let guarded = Fetcher::new(&options).unwrap();
    let upstream = world.upstream("/repo.git");
    let error =
        git::fetch(&guarded, &upstream, std::slice::from_ref(&world.second), &Limits::default(), &world.folder("s"))
            .await;
    assert_eq!(
        error.unwrap_err().to_string(),
        format!("127.0.0.1:{} has the loopback address 127.0.0.1", world.server.server.port)
    );
    assert_eq!(world.server.requests(), [""; 0]);
}

/// Answers the listing as Git does, and the rest as told.
async fn answering(body: impl Fn(Vec<u8>) -> Reply + Send + Sync + 'static) -> World {
    World::with(move |seen, backend| {
        (seen.method == "POST").then(|| {
            let Reply::Whole(bytes) = backend(seen) else { unreachable!() };
            let start = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            body(bytes[start..].to_vec())
        })
    })
    .await
}

#[tokio::test]
async fn servers_that_do_not_answer_as_git_does_are_refused() {
    let world = World::with(|_, _| Some(reply(200, &[], "<html>"))).await;
    insta::assert_snapshot!(world.refused().await, @"127.0.0.1:PORT did not answer as a Git server does: a packet without a length");
    let world = World::with(|_, _| Some(reply(404, &[], ""))).await;
    insta::assert_snapshot!(world.refused().await, @r"
    there is no public repository at https://127.0.0.1:PORT/repo.git
    hint: private repositories ask strangers for a password, which is never given
    ");
    let world = World::with(|_, _| Some(reply(500, &[], ""))).await;
    insta::assert_snapshot!(world.refused().await, @"127.0.0.1:PORT answered 500");
    let world = World::with(|seen, backend| {
        // As a server before Git 2.18 does it, which does not know the header.
        let mut older = seen.clone();
        older.headers.remove("git-protocol");
        Some(backend(&older))
    })
    .await;
    insta::assert_snapshot!(world.refused().await, @r"
    127.0.0.1:PORT does not speak version 2 of Git's protocol
    hint: ask its operators for Git 2.18 or later
    ");
    let world = answering(|_| reply(200, &[], "000dpackfile\n0000")).await;
    insta::assert_snapshot!(world.refused().await, @"127.0.0.1:PORT sent objects that cannot be unpacked: they break off");
    let world = answering(|_| reply(200, &[], "0015ERR no more today")).await;
    insta::assert_snapshot!(world.refused().await, @"127.0.0.1:PORT refused: no more today");
}

#[tokio::test]
async fn packs_that_are_cut_changed_or_of_something_else_are_refused() {
    let world = answering(|body| reply(200, &[], &body[..body.len() / 2])).await;
    insta::assert_snapshot!(world.refused().await, @"127.0.0.1:PORT did not answer as a Git server does: its answer breaks off");
    // One bit, anywhere in what libgit2 gets: nothing is ever taken for what it is not.
    for at in [30, 60, 90, 5] {
        let world = answering(move |mut body| {
            let start = body.windows(4).position(|window| window == b"PACK").unwrap();
            let place = if at == 5 { body.len() - 15 } else { start + at };
            body[place] ^= 1;
            reply(200, &[], body)
        })
        .await;
        let said = world.refused().await;
        assert!(said.starts_with("127.0.0.1:PORT sent objects that cannot be unpacked: "), "{at}: {said}");
        let kept = std::fs::read_dir(world.folder("refused").join("objects/pack")).unwrap().count();
        assert_eq!(kept, 0, "nothing of it is kept");
    }
    // A whole pack, of another commit.
    let world = World::with(|seen, backend| {
        (seen.method == "POST").then(|| {
            let (id, mut other) = (seen.body.split("want ").nth(1).unwrap()[..40].to_owned(), seen.clone());
            other.body = seen.body.replace(&id, &OTHER.lock().unwrap().clone().unwrap_or(id.clone()));
            backend(&other)
        })
    })
    .await;
    *OTHER.lock().unwrap() = Some(world.first.to_string());
    let said = world.refused().await;
    assert!(said.contains(&format!("has no commit {}", world.second)), "{said}");
}

/// The commit that a dishonest server sends in place of the one that is asked for.
static OTHER: std::sync::Mutex<Option<String>> = std::sync::Mutex::new(None);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_fetches_into_one_store_at_once_do_not_disturb_each_other() {
    let world = World::new().await;
    std::fs::create_dir_all(world.folder("store").join("incoming-left-by-a-killed-run")).unwrap();
    let (one, two) = ([&world.first], [&world.second, &world.first]);
    let (one, two) = tokio::join!(world.fetch(&one, "store"), world.fetch(&two, "store"));
    assert_eq!(exported(&one.unwrap(), &world.first), "a: \"1\"\n");
    assert_eq!(exported(&two.unwrap(), &world.second), "a: \"2\"\n");
    assert!(!world.folder("store").join("incoming-left-by-a-killed-run").exists());
}
