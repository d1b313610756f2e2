//! Pull requests.

use super::{Asked, Reply, reading};
use crate::hub::render;
use crate::hub::world::{Pull, Thread, World, owner_of};
use serde_json::Value;

pub(super) fn list(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    let state = asked.query("state").unwrap_or("open");
    // Without an owner the filter is none: GitHub answers with everything then.
    let head = asked.query("head").and_then(|head| head.split_once(':'));
    let wanted = |thread: &&Thread| {
        let Some(pull) = &thread.pull else { return false };
        (state == "all" || (state == "open") == thread.open)
            && head.is_none_or(|(owner, branch)| pull.head_owner == owner && pull.head_branch == branch)
            && asked.query("base").is_none_or(|base| pull.base == base)
    };
    let mut found: Vec<&Thread> = repo.threads.values().filter(wanted).collect();
    let by_update = asked.query("sort") == Some("updated");
    found.sort_by_key(|thread| (if by_update { thread.updated } else { thread.created }, thread.number));
    let default = if asked.query("sort").is_none_or(|sort| sort == "created") { "desc" } else { "asc" };
    if asked.query("direction").unwrap_or(default) == "desc" {
        found.reverse();
    }
    asked.page(found, |thread| render::pull(world, repo, thread, false))
}

pub(super) fn get(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    match repo.threads.get(&asked.number("pull_number")).filter(|thread| thread.pull.is_some()) {
        Some(thread) => {
            let reply = Reply::new(200, render::pull(world, repo, thread, true));
            world.repo_mut(&asked.repo()).mergeable.pop();
            reply
        }
        None => Reply::not_found(),
    }
}

pub(super) fn files(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let Some(pull) =
        world.repo(&repo).threads.get(&asked.number("pull_number")).and_then(|thread| thread.pull.as_ref())
    else {
        return Reply::not_found();
    };
    let base = world.objects.merge_base(&pull.base_sha, &pull.head_sha).unwrap_or_default();
    let tree = |id: &str| world.objects.commits.get(id).map(|commit| commit.tree.clone()).unwrap_or_default();
    let changed = reading::files(world, &repo, &tree(&base), &tree(&pull.head_sha));
    asked.page(changed, |file| file)
}

pub(super) fn create(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let invalid = |field: &str| Reply::invalid("PullRequest", Some(field), "invalid", None);
    let custom = |message: &str| Reply::invalid("PullRequest", None, "custom", Some(message));
    let (head, base) = (asked.text("head").unwrap_or_default(), asked.text("base").unwrap_or_default());
    let Some(title) = asked.text("title").filter(|title| !title.is_empty()) else {
        return Reply::invalid("PullRequest", Some("title"), "missing_field", None);
    };
    let (owner, branch) = head.split_once(':').unwrap_or((owner_of(&repo), head));
    let is_family = |name: &&String| {
        **name == repo
            || world.repos[*name].fork_of.as_ref() == Some(&repo)
            || world.repo(&repo).fork_of.as_ref() == Some(name)
    };
    let head_repo = world.repos.keys().filter(is_family).find(|name| owner_of(name) == owner).cloned();
    let Some((head_repo, head_sha)) =
        head_repo.and_then(|name| world.tip(&name, branch).cloned().map(|tip| (name, tip)))
    else {
        return invalid("head");
    };
    let Some(base_sha) = world.tip(&repo, base).cloned() else { return invalid("base") };
    let pull = Pull {
        head_owner: owner.to_owned(),
        head_branch: branch.to_owned(),
        base: base.to_owned(),
        merged: None,
        draft: asked.body.get("draft").and_then(Value::as_bool).unwrap_or(false),
        head_repo: Some(head_repo),
        head_sha,
        base_sha,
    };
    if world.open_pull(&repo, &pull).is_some() {
        return custom(&format!("A pull request already exists for {owner}:{branch}."));
    }
    if world.objects.between(&pull.base_sha, &pull.head_sha).is_empty() {
        return custom(&format!("No commits between {base} and {branch}"));
    }
    if world.objects.merge_base(&pull.base_sha, &pull.head_sha).is_none() {
        return custom(&format!("The {branch} branch has no history in common with {base}"));
    }
    if asked.text("body").is_some_and(|body| body.chars().count() > 65_536) {
        return Reply::invalid(
            "PullRequest",
            Some("body"),
            "custom",
            Some("body is too long (maximum is 65536 characters)"),
        );
    }
    let number = world.open_thread(&repo, asked.who, title, asked.text("body"), Some(pull));
    let repo = world.repo(&repo);
    Reply::new(201, render::pull(world, repo, &repo.threads[&number], true))
}

pub(super) fn update(world: &mut World, asked: &Asked) -> Reply {
    let (repo, number) = (asked.repo(), asked.number("pull_number"));
    if world.repo(&repo).threads.get(&number).is_none_or(|thread| thread.pull.is_none()) {
        return Reply::not_found();
    }
    if let Some(reply) = super::issues::change(world, asked, &repo, number) {
        return reply;
    }
    if let Some(base) = asked.text("base") {
        let Some(tip) = world.tip(&repo, base).cloned() else {
            return Reply::invalid("PullRequest", Some("base"), "invalid", None);
        };
        let pull = world.repo_mut(&repo).threads.get_mut(&number).unwrap().pull.as_mut().unwrap();
        (pull.base, pull.base_sha) = (base.to_owned(), tip);
    }
    let repo = world.repo(&repo);
    Reply::new(200, render::pull(world, repo, &repo.threads[&number], true))
}
