//! Servers that cannot do everything, and ones that mean no good.

use super::{World, shown, step};
use crate::git_server::{FILE, FOLDER};
use crate::tls_server::reply;
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::facts::{Change, License, MAX_PATH, Move, Trouble};
use mcp_registry::pins::plan::{Decision, Plan, VERSION};
use mcp_registry::pins::reason::Reason;

/// Two commits whose directory differs.
fn two(world: &World) -> (CommitSha, CommitSha) {
    let first = world.commit(&[("LICENSE", "x"), ("a/Dockerfile", "1"), ("a/b/c", "1"), (".travis.yml", "1")], &[]);
    let second =
        world.commit(&[("LICENSE", "y"), ("a/Dockerfile", "2"), ("a/b/c", "2"), (".travis.yml", "2")], &[&first]);
    world.repo.branch("main", &second);
    (first, second)
}

async fn change(world: &World) -> Change {
    let (first, second) = two(world);
    let change = world.change(step(&first, &second, "a")).await;
    assert!(change.ancestor);
    assert_eq!(change.files.paths, ["a/Dockerfile", "a/b/c"]);
    assert_eq!(change.files.ci, [".travis.yml"]);
    change
}

#[tokio::test]
async fn the_answer_is_the_same_whatever_a_server_can_leave_out() {
    let world = World::new().await;
    let wanted = shown(&change(&world).await);
    for settings in [
        [("uploadpack.allowFilter", "true"), ("uploadpackfilter.tree.maxDepth", "0")],
        [("uploadpack.allowFilter", "true"), ("uploadpackfilter.combine.allow", "false")],
        [("uploadpack.allowFilter", "true"), ("uploadpackfilter.allow", "false")],
        [("uploadpack.allowFilter", "false"), ("uploadpackfilter.allow", "true")],
    ] {
        let world = World::new().await;
        for (key, value) in settings {
            world.repo.git(["config", key, value]);
        }
        assert_eq!(shown(&change(&world).await), wanted, "{settings:?}");
    }
}

#[tokio::test]
async fn a_host_that_cannot_leave_out_what_is_deep_is_asked_for_it_once() {
    let world = World::new().await;
    world.repo.git(["config", "uploadpackfilter.combine.allow", "false"]);
    let (first, second) = two(&world);
    let ask = async || {
        let before = world.downloads();
        world.change(step(&first, &second, "a")).await;
        world.downloads() - before
    };
    // Refused; folders; licences and history.
    assert_eq!(ask().await, 4);
    assert_eq!(ask().await, 3);
}

#[tokio::test]
async fn trouble_in_the_middle_is_trouble() {
    for (answer, trouble) in [
        (reply(429, &[], ""), Trouble::RateLimited("127.0.0.1:PORT asks to be left alone".into())),
        (
            reply(403, &[("retry-after", "9")], ""),
            Trouble::RateLimited("127.0.0.1:PORT asks to be left alone for 9 seconds".into()),
        ),
        (reply(500, &[], ""), Trouble::Unreachable("127.0.0.1:PORT answered 500".into())),
        (
            reply(200, &[], "<html>"),
            Trouble::Unreachable(
                "127.0.0.1:PORT did not answer as a Git server does: a packet without a length".into(),
            ),
        ),
    ] {
        // The second download: the folders are here, and what is asked then does not come.
        let count = std::sync::atomic::AtomicUsize::new(0);
        let world = World::with(move |seen, _| {
            let posted = seen.method == "POST" && count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
            posted.then(|| answer.clone())
        })
        .await;
        let (first, second) = two(&world);
        let port = world.server.server.port.to_string();
        let answers = world.inspect(&[step(&first, &second, "a"), step(&first, &second, "none")]).await;
        let said = format!("{:?}", answers[0]).replace(&port, "PORT");
        assert_eq!(said, format!("{:?}", Err::<Change, _>(trouble)));
    }
}

#[tokio::test]
async fn a_hostile_repository_is_an_answer_or_trouble() {
    let world = World::new().await;
    let blob = world.repo.blob("x");
    // Names that are none, twice the same, and a folder that is a blob.
    let odd = world.repo.tree(&[
        ("100644", &b"\xff/../x"[..], blob),
        ("100644", b"", blob),
        ("100644", b"a", blob),
        ("100644", b"a", blob),
        ("40000", b"b", blob),
    ]);
    let top = world.repo.tree(&[("40000", "a", odd)]);
    let old = world.commit(&[("a/Dockerfile", "1")], &[]);
    let new = world.repo.commit_text(format!(
        "tree {top}\nparent {old}\nauthor {0}<{0}> 99999999999999999999 +9999\n\n{0}",
        "\u{7}".repeat(3000)
    ));
    world.repo.branch("main", &new);
    match world.inspect(&[step(&old, &new, "a")]).await.remove(0) {
        Ok(change) => {
            assert!(change.files.cut, "what cannot be read is said");
            assert_eq!(change.commits[0].subject.chars().count(), 200);
            assert_eq!(change.commits[0].date, None);
        }
        Err(Trouble::Unreachable(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn history_that_is_too_long_is_cut_and_no_ancestor_is_claimed() {
    let world = World::new().await;
    let first = world.commit(&[("Dockerfile", "0")], &[]);
    let mut tip = first.clone();
    for _ in 0..100 {
        tip = world.commit(&[("Dockerfile", "0")], &[&tip]);
    }
    let tip = world.commit(&[("Dockerfile", "1")], &[&tip]);
    world.repo.branch("main", &tip);
    let change = world.change(step(&first, &tip, "")).await;
    assert_eq!((change.ancestor, change.commits_total, change.commits.len()), (true, 101, 50));
    let mut options = world.options.clone();
    options.limits.objects = 50;
    let resolver = mcp_registry::pins::resolve::Resolver::new(&options).unwrap();
    let refs = world.refs().await;
    let change = resolver.inspect(&world.url(), &refs, &[step(&first, &tip, "")]).await.remove(0).unwrap();
    assert_eq!((change.ancestor, change.pin_known, change.commits_cut), (false, true, true));
    assert_eq!(change.files.paths, ["Dockerfile"]);
}

#[tokio::test]
async fn no_host_but_the_upstream_is_asked_where_it_is_not_github() {
    // The API of these tests is an address where nobody listens: had it been asked, this would take its time, and the
    // answer would be none either way.
    let world = World::new().await;
    let (first, second) = two(&world);
    let change = world.change(Move { dockerfile: None, ..step(&first, &second, "") }).await;
    assert_eq!((change.archived, change.dockerfile), (None, None));
}

#[tokio::test]
async fn names_and_dates_of_no_measure_are_cut_and_the_pin_moves() {
    let world = World::new().await;
    let first = world.commit(&[("Dockerfile", "1")], &[]);
    let (folder, file) = (vec![0xff; 2000], world.repo.blob("2"));
    let inner = world.repo.tree(&[(FILE, "Dockerfile", file)]);
    let license = format!("LICENSE-{}", "x".repeat(5000)).into_bytes();
    let tree = world.repo.tree(&[(FILE, b"Dockerfile".to_vec(), file), (FILE, license, file), (FOLDER, folder, inner)]);
    let who = format!("{} <a> 1000000000000 +0000", "é".repeat(900));
    let text = format!("tree {tree}\nparent {first}\nauthor {who}\ncommitter {who}\n\n{}\n", "ü".repeat(900));
    let second = world.repo.commit_text(text);
    world.repo.branch("main", &second);

    let change = world.change(step(&first, &second, "")).await;
    assert_eq!((change.files.total, change.files.paths.len(), change.files.dockerfiles.len()), (2, 2, 2));
    assert!(change.files.cut, "a name that no system can open is not counted");
    assert!(change.files.dockerfiles.iter().all(|path| path.len() <= MAX_PATH && path.ends_with("Dockerfile")));
    let License::Added(path) = &change.license else { panic!("{:?}", change.license) };
    assert_eq!(path.len(), MAX_PATH);
    assert_eq!(change.commits[0].date, None);

    let decision = Decision {
        entry: "weather".to_owned(),
        path: "servers/weather/server.yaml".to_owned(),
        reason: Reason::LicenseChanged,
        detail: String::new(),
        project: Some("https://git.example/acme/weather".to_owned()),
        branch: Some("refs/heads/main".to_owned()),
        directory: String::new(),
        old: Some(first),
        new: Some(second),
        tip: None,
        first_seen: None,
        urgent: false,
        change: Some(change),
        check: None,
        pull: None,
    };
    let before =
        Plan { version: VERSION, time: chrono::DateTime::UNIX_EPOCH, complete: true, decisions: vec![decision] };
    let mut plan = before.clone();
    plan.fit();
    assert_eq!(plan, before, "nothing had to be taken back");
    assert_eq!(Plan::parse(&plan.to_json()), Ok(plan));
}

#[tokio::test]
async fn a_commit_that_is_too_long_is_told_in_the_same_words_every_night() {
    let world = World::new().await;
    let first = world.commit(&[("Dockerfile", "1")], &[]);
    let tree = world.tree(&[("Dockerfile", "2")]);
    let head = format!("tree {tree}\nparent {first}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n");
    let second = world.repo.commit_text(head + &"x".repeat(17 << 20));
    world.repo.branch("main", &second);
    let answer = world.inspect(&[step(&first, &second, "")]).await.remove(0);
    assert_eq!(answer, Err(Trouble::Unreachable(format!("the commit {second} has more than 16 MiB"))));
}
