//! The state of a repository in words, without what another run may have otherwise: times, numbers and the ids of commits,
//! which hold times.

use super::world::{Thread, World, heads};
use std::fmt::Write;

pub(super) fn picture(world: &World, full_name: &str) -> String {
    let repo = world.repo(full_name);
    let main = &repo.refs[&heads(&repo.default_branch)];
    let mut text = String::new();
    for (name, tip) in &repo.refs {
        let ahead = world.objects.between(main, tip);
        let behind = world.objects.between(tip, main).len();
        let short = name.trim_start_matches("refs/heads/");
        writeln!(text, "{short}: {} ahead, {behind} behind", ahead.len()).unwrap();
        let mut before = world.objects.merge_base(main, tip).map(|commit| world.objects.commits[&commit].tree.clone());
        for commit in ahead {
            let commit = &world.objects.commits[&commit];
            let signed = if commit.verified { ", signed by GitHub" } else { "" };
            writeln!(text, "  {}{signed}: {}", commit.author.name, commit.message.trim_end().replace('\n', "\n    "))
                .unwrap();
            let changed = world.objects.differences(before.as_deref().unwrap_or_default(), &commit.tree);
            for (path, old, new) in changed {
                let id =
                    |item: Option<super::objects::Item>| item.map_or("nothing".to_owned(), |i| i.id[..12].to_owned());
                writeln!(text, "  {path}: {} -> {}", id(old), id(new)).unwrap();
            }
            before = Some(commit.tree.clone());
        }
    }
    let mut threads: Vec<String> = repo.threads.values().map(|thread| of_thread(world, full_name, thread)).collect();
    threads.sort();
    text.push_str(&threads.concat());
    text
}

fn of_thread(world: &World, full_name: &str, thread: &Thread) -> String {
    let pull = thread.pull.as_ref();
    let kind = pull.map_or("issue".to_owned(), |pull| {
        format!("pull request {}:{} into {}", pull.head_owner, pull.head_branch, pull.base)
    });
    let state = match (&thread.closed, pull.and_then(|pull| pull.merged.as_ref())) {
        (None, _) => "open".to_owned(),
        (Some((_, who)), None) => format!("closed by {who}"),
        (Some((_, who)), Some(_)) => format!("merged by {who}"),
    };
    let mut text = format!("{kind}, {state}, of {}: {}\n", thread.user, thread.title);
    if !thread.labels.is_empty() {
        writeln!(text, "  labels: {}", thread.labels.join(", ")).unwrap();
    }
    if let Some(pull) = pull {
        // A head that is not the branch's tip is one of a closed pull request.
        let tree = world.objects.commits.get(&pull.head_sha).map_or("?", |commit| &commit.tree[..12]);
        writeln!(text, "  head: tree {tree}").unwrap();
    }
    for line in without_ids(world, full_name, thread.body.as_deref().unwrap_or_default()).lines() {
        writeln!(text, "  | {line}").unwrap();
    }
    text
}

/// A text in which commits are named by their trees, and pull requests by their branches.
fn without_ids(world: &World, full_name: &str, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hex = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        let commit = (hex == 40).then(|| world.objects.commits.get(&rest[..40])).flatten();
        let number = (first == '#').then(|| rest[1..=digits].parse().ok()).flatten();
        let pull = number.and_then(|number: u64| world.repo(full_name).threads.get(&number)?.pull.as_ref());
        let length = match (commit, pull) {
            (Some(commit), _) => (write!(out, "[commit of tree {}]", &commit.tree[..12]).unwrap(), 40).1,
            (_, Some(pull)) => (write!(out, "#[{}]", pull.head_branch).unwrap(), digits + 1).1,
            _ => (out.push_str(&rest[..hex.max(first.len_utf8())]), hex.max(first.len_utf8())).1,
        };
        rest = &rest[length..];
    }
    out
}
