//! What is between a pin and a commit.

use super::{World, shown, step};
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::facts::{License, Move, Trouble};

const MIT: &str = "MIT License\n\nCopyright (c) 2024 Acme\n\nPermission is hereby granted\n";

#[tokio::test]
async fn everything_that_a_reviewer_needs_is_found() {
    let world = World::new().await;
    let first = world.commit(&[("Dockerfile", "FROM a"), ("LICENSE", MIT), ("main.py", "1")], &[]);
    let files = [
        (".github/workflows/ci.yml", "on: push"),
        ("Dockerfile", "FROM b"),
        ("LICENSE", "Pay us."),
        ("package.json", "{}"),
        ("src/uv.lock", ""),
    ];
    let second = world.commit(&files, &[&first]);
    let tree = world.tree(&files);
    let third = world.repo.commit_text(format!(
        "tree {tree}\nparent {second}\nauthor Ann Other <ann@example.com> 1767400000 +0200\n\
         committer C <c@example.com> 1767400001 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n\n\
         The \u{1b}[31msubject\n\nand more\n"
    ));
    world.repo.branch("main", &third);
    insta::assert_snapshot!(shown(&world.change(step(&first, &third, "")).await), @r#"
    {
      "ancestor": true,
      "pin_known": true,
      "contained": null,
      "directory": true,
      "dockerfile": true,
      "old_tree": "607171a…",
      "new_tree": "38a01ff…",
      "archived": null,
      "license": {
        "change": "changed",
        "path": "LICENSE"
      },
      "commits": [
        {
          "id": "6ea84f4…",
          "author": "Ann Other",
          "date": "2026-01-03T00:26:40Z",
          "subject": "The \u001b[31msubject",
          "signed": true
        },
        {
          "id": "a50eb9c…",
          "author": "A U Thor",
          "date": "2026-01-02T00:01:00Z",
          "subject": "message",
          "signed": false
        }
      ],
      "commits_total": 2,
      "commits_cut": false,
      "files": {
        "total": 6,
        "cut": false,
        "paths": [
          ".github/workflows/ci.yml",
          "Dockerfile",
          "LICENSE",
          "main.py",
          "package.json",
          "src/uv.lock"
        ],
        "dockerfiles": [
          "Dockerfile"
        ],
        "locks": [
          "src/uv.lock"
        ],
        "install": [
          "package.json"
        ],
        "ci": [
          ".github/workflows/ci.yml"
        ]
      }
    }
    "#);
    // The listing, the greeting, folders, licences, commits.
    assert_eq!(world.server.requests().len(), 5);
}

#[tokio::test]
async fn equal_folders_cost_two_downloads_and_no_more_is_looked_at() {
    let world = World::new().await;
    let first = world.commit(&[("a/Dockerfile", "x"), ("b/Dockerfile", "1"), ("README.md", "1")], &[]);
    let second = world.commit(&[("a/Dockerfile", "x"), ("b/Dockerfile", "2"), ("README.md", "2")], &[&first]);
    world.repo.branch("main", &second);
    let change = world.change(step(&first, &second, "a")).await;
    assert!(change.old_tree.is_some() && change.old_tree == change.new_tree);
    assert_eq!((change.directory, change.dockerfile, change.pin_known), (true, Some(true), true));
    assert_eq!((change.ancestor, change.commits_total, change.commits.len(), change.files.total), (true, 1, 0, 0));
    // Folders on the way to the directory, and commits.
    assert_eq!(world.downloads(), 2);
}

#[tokio::test]
async fn many_entries_of_one_repository_share_what_is_asked() {
    let world = World::new().await;
    let names: Vec<String> = (0..30).map(|number| format!("servers/s{number}/Dockerfile")).collect();
    let files = |changed: &str| -> Vec<(String, String)> {
        let content = |name: &String| if name.contains("/s1/") { changed.to_owned() } else { "same".to_owned() };
        names.iter().map(|name| (name.clone(), content(name))).collect()
    };
    let commit = |changed: &str, parents: &[&CommitSha]| {
        let files = files(changed);
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        world.commit(&files, parents)
    };
    let first = commit("1", &[]);
    let second = commit("2", &[&first]);
    let third = commit("3", &[&second]);
    world.repo.branch("main", &third);
    let moves: Vec<_> = (0..30)
        .map(|number| step(if number % 2 == 0 { &first } else { &second }, &third, &format!("servers/s{number}/")))
        .collect();
    let answers = world.inspect(&moves).await;
    for (number, answer) in answers.iter().enumerate() {
        let change = answer.as_ref().unwrap();
        assert_eq!(change.old_tree == change.new_tree, number != 1, "{number}");
        assert_eq!((change.ancestor, change.commits_total), (true, if number % 2 == 0 { 2 } else { 1 }), "{number}");
    }
    let changed = answers[1].as_ref().unwrap();
    assert_eq!(changed.files.paths, ["servers/s1/Dockerfile"]);
    assert!(changed.ancestor);
    // Both pins and the tip in one; then the folders of the one, and its history.
    assert_eq!(world.downloads(), 3);
}

#[tokio::test]
async fn rewritten_history_is_no_ancestor() {
    let world = World::new().await;
    let base = world.commit(&[("Dockerfile", "0")], &[]);
    let pin = world.commit(&[("Dockerfile", "1")], &[&base]);
    let rewritten = world.commit(&[("Dockerfile", "2")], &[&base]);
    let unrelated = world.commit(&[("Dockerfile", "3")], &[]);
    let merge = world.commit(&[("Dockerfile", "4")], &[&rewritten, &pin]);
    for (new, ancestor, total) in [(&rewritten, false, 1), (&unrelated, false, 1), (&base, false, 0), (&merge, true, 2)]
    {
        world.repo.branch("main", new);
        let change = world.change(step(&pin, new, "")).await;
        assert_eq!((change.pin_known, change.ancestor, change.commits_total), (true, ancestor, total), "{new}");
        assert!(!change.commits_cut);
    }
}

#[tokio::test]
async fn pins_of_many_days_are_answered_for_at_once_whatever_dates_claim() {
    let world = World::new().await;
    let tree = world.tree(&[("Dockerfile", "x")]);
    let commit = |time: u32, parents: &[&CommitSha]| {
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let who = format!("A <a> {time} +0000");
        world.repo.commit_text(format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\n{time}\n"))
    };
    // A merge, a branch beside it, and dates that are no order.
    let root = commit(500, &[]);
    let left = commit(100, &[&root]);
    let right = commit(900, &[&root]);
    let merge = commit(50, &[&left, &right]);
    let tip = commit(1000, &[&merge]);
    let beside = commit(300, &[&right]);
    world.repo.branch("main", &tip);
    world.repo.branch("beside", &beside);
    let pairs = [
        (&root, &tip, true, 4),
        (&left, &tip, true, 3),
        (&right, &tip, true, 3),
        (&merge, &tip, true, 1),
        (&beside, &tip, false, 3),
        (&tip, &beside, false, 1),
        (&tip, &left, false, 0),
        (&left, &right, false, 1),
        (&root, &beside, true, 2),
    ];
    let moves: Vec<_> = pairs.iter().map(|(old, new, ..)| step(old, new, "")).collect();
    let answers = world.inspect(&moves).await;
    for ((old, new, ancestor, total), answer) in pairs.iter().zip(&answers) {
        let change = answer.as_ref().unwrap();
        assert_eq!((change.ancestor, change.commits_total), (*ancestor, *total), "{old} {new}");
    }
    for step in moves {
        let at_once = &answers[pairs.iter().position(|(old, new, ..)| (*old, *new) == (&step.old, &step.new)).unwrap()];
        assert_eq!(world.inspect(&[step]).await.remove(0), *at_once);
    }
}

#[tokio::test]
async fn a_pin_that_is_gone_is_told() {
    let world = World::new().await;
    let pin = CommitSha::parse(&"1".repeat(40)).unwrap();
    let first = world.commit(&[("Dockerfile", "0"), ("LICENSE", MIT)], &[]);
    let second = world.commit(&[("Dockerfile", "1"), ("LICENSE", MIT)], &[&first]);
    world.repo.branch("main", &second);
    let answers = world.inspect(&[step(&pin, &second, ""), step(&first, &second, "")]).await;
    let change = answers[0].as_ref().unwrap();
    assert_eq!((change.pin_known, change.ancestor, change.old_tree.as_ref()), (false, false, None));
    assert!(change.directory && change.new_tree.is_some() && change.commits_cut);
    assert_eq!(change.license, License::Unknown("LICENSE".into()));
    let change = answers[1].as_ref().unwrap();
    assert_eq!((change.ancestor, change.commits_total, &change.license), (true, 1, &License::Same));
}

#[tokio::test]
async fn a_commit_that_is_gone_is_trouble_of_its_own_question_only() {
    let world = World::new().await;
    let missing = CommitSha::parse(&"1".repeat(40)).unwrap();
    let first = world.commit(&[("Dockerfile", "0")], &[]);
    let second = world.commit(&[("Dockerfile", "1")], &[&first]);
    world.repo.branch("main", &second);
    let answers = world.inspect(&[step(&first, &missing, ""), step(&first, &second, "")]).await;
    assert_eq!(answers[0], Err(Trouble::Unreachable(format!("it has no commit {missing}"))));
    assert!(answers[1].as_ref().unwrap().ancestor);
}

#[tokio::test]
async fn where_a_commit_is_that_is_no_tip_is_found_out() {
    let world = World::new().await;
    let first = world.commit(&[("Dockerfile", "0")], &[]);
    let on_main = world.commit(&[("Dockerfile", "1")], &[&first]);
    let main = world.commit(&[("Dockerfile", "2")], &[&on_main]);
    let on_other = world.commit(&[("Dockerfile", "3")], &[&first]);
    let other = world.commit(&[("Dockerfile", "4")], &[&on_other]);
    let on_tag = world.commit(&[("Dockerfile", "5")], &[]);
    let tag = world.commit(&[("Dockerfile", "6")], &[&on_tag]);
    // A fork's, served under the repository's name.
    let fork = world.commit(&[("Dockerfile", "7")], &[&main]);
    world.repo.branch("main", &main);
    world.repo.branch("other", &other);
    world.repo.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    world.repo.git(["update-ref", "refs/tags/v1", tag.as_str()]);
    world.repo.git(["update-ref", "refs/pull/1/head", fork.as_str()]);
    let moves: Vec<_> = [&on_main, &on_other, &on_tag, &fork]
        .iter()
        .map(|commit| Move { look_for: true, ..step(&first, commit, "") })
        .collect();
    let answers = world.inspect(&moves).await;
    let contained: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().contained).collect();
    assert_eq!(contained, [Some(true), Some(true), Some(true), Some(false)]);
    let ancestors: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().ancestor).collect();
    assert_eq!(ancestors, [true, true, false, true]);
}

#[tokio::test]
async fn a_directory_must_be_a_folder_and_a_dockerfile_may_be_a_link() {
    let world = World::new().await;
    let old = world.commit(&[("a/Dockerfile", "x"), ("a/docker/Dockerfile", "x")], &[]);
    let inner = world.repo.tree(&[
        (crate::git_server::LINK, "Dockerfile", world.repo.blob("../x")),
        (crate::git_server::FOLDER, "docker", world.tree(&[("Dockerfile", "y")])),
    ]);
    let top = world.repo.tree(&[
        (crate::git_server::FOLDER, "a", inner),
        (crate::git_server::FILE, "file", world.repo.blob("x")),
        (crate::git_server::LINK, "link", world.repo.blob("a")),
    ]);
    let new = world.repo.commit(top, &[&old]);
    world.repo.branch("main", &new);
    let deep = Move { dockerfile: Some("docker/Dockerfile".into()), ..step(&old, &new, "a") };
    let not_built = Move { dockerfile: None, ..step(&old, &new, "a") };
    let mut moves: Vec<_> = ["a", "link", "file", "gone", "a/docker/none"].map(|name| step(&old, &new, name)).into();
    moves.extend([deep, not_built]);
    let answers = world.inspect(&moves).await;
    let found: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap()).collect();
    let found: Vec<_> = found.iter().map(|change| (change.directory, change.dockerfile)).collect();
    let missing = (false, Some(false));
    assert_eq!(found, [(true, Some(true)), missing, missing, missing, missing, (true, Some(true)), (true, None)]);
}

#[tokio::test]
async fn licences_at_the_top_count_for_a_directory_and_years_do_not() {
    let world = World::new().await;
    let old = world.commit(&[("LICENSE", MIT), ("a/Dockerfile", "1"), ("b/LICENSE", "x"), ("b/Dockerfile", "1")], &[]);
    let year = MIT.replace("2024 Acme", "2026 Acme and others");
    let new =
        world.commit(&[("LICENSE", &year), ("a/Dockerfile", "2"), ("b/LICENSE", "y"), ("b/Dockerfile", "2")], &[&old]);
    world.repo.branch("main", &new);
    let answers = world.inspect(&[step(&old, &new, "a"), step(&old, &new, "b")]).await;
    let licenses: Vec<_> = answers.iter().map(|answer| &answer.as_ref().unwrap().license).collect();
    assert_eq!(licenses, [&License::Same, &License::Changed("b/LICENSE".into())]);
}

#[tokio::test]
async fn a_folder_of_licences_counts_as_a_whole() {
    let world = World::new().await;
    let at = |text: &str, code: &str, above: &[&CommitSha]| {
        world.commit(&[("LICENSES/MIT.txt", text), ("a/Dockerfile", code), ("a/licenses/x.py", "x")], above)
    };
    let old = at(MIT, "1", &[]);
    let same = at(MIT, "2", &[&old]);
    let new = at("Pay us.", "3", &[&same]);
    world.repo.branch("main", &new);
    let answers = world.inspect(&[step(&old, &same, "a"), step(&old, &new, "a"), step(&old, &new, "")]).await;
    let licenses: Vec<_> = answers.iter().map(|answer| &answer.as_ref().unwrap().license).collect();
    let changed = License::Changed("LICENSES".into());
    assert_eq!(licenses, [&License::Same, &changed, &changed]);
}
