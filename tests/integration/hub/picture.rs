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
            writeln!(text, "  {}{signed}: {}", commit.author.name, commit.message.replace('\n', "\n    ")).unwrap();
            let changed = world.objects.differences(before.as_deref().unwrap_or_default(), &commit.tree);
            for (path, old, new) in changed {
                let id =
                    |item: Option<super::objects::Item>| item.map_or("nothing".to_owned(), |i| i.id[..12].to_owned());
                writeln!(text, "  {path}: {} -> {}", id(old), id(new)).unwrap();
            }
            before = Some(commit.tree.clone());
        }
    }
    let mut threads: Vec<String> = repo.threads.values().map(|thread| of_thread(world, thread)).collect();
    threads.sort();
    text.push_str(&threads.concat());
    text
}

fn of_thread(world: &World, thread: &Thread) -> String {
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
    for line in without_commits(world, thread.body.as_deref().unwrap_or_default()).lines() {
        writeln!(text, "  | {line}").unwrap();
    }
    text
}

/// A text with the commits of this world named by their trees.
fn without_commits(world: &World, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let hex = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if hex == 40
            && let Some(commit) = world.objects.commits.get(&rest[..40])
        {
            write!(out, "[commit of tree {}]", &commit.tree[..12]).unwrap();
            rest = &rest[40..];
            continue;
        }
        let next = if hex > 0 { hex } else { rest.chars().next().map_or(0, char::len_utf8) };
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}
