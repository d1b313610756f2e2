//! What people say about a pull request, and whether it may be merged: comments, reviews, events, permissions, merges.

use super::{Asked, Reply};
use crate::hub::checked::Comment;
use crate::hub::render::{self, checked};
use crate::hub::world::World;
use serde_json::json;

pub(super) fn comments(world: &mut World, asked: &Asked) -> Reply {
    let (repo, number) = (asked.repo(), asked.number("issue_number"));
    match world.repo(&repo).threads.get(&number) {
        Some(thread) => asked.page(thread.comments.iter().collect(), |it| checked::comment(&repo, number, it)),
        None => Reply::not_found(),
    }
}

fn body(asked: &Asked) -> Result<String, Reply> {
    match asked.text("body") {
        None | Some("") => Err(Reply::invalid("IssueComment", Some("body"), "missing_field", None)),
        Some(body) if body.chars().count() > 65_536 => {
            let message = "body is too long (maximum is 65536 characters)";
            Err(Reply::invalid("IssueComment", Some("body"), "custom", Some(message)))
        }
        Some(body) => Ok(body.to_owned()),
    }
}

pub(super) fn create_comment(world: &mut World, asked: &Asked) -> Reply {
    let (repo, number) = (asked.repo(), asked.number("issue_number"));
    if !world.repo(&repo).threads.contains_key(&number) {
        return Reply::not_found();
    }
    let body = match body(asked) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let (now, id) = (world.tick(), world.next_id());
    let comment = Comment { id, user: asked.who.to_owned(), body, created: now, updated: now };
    let rendered = checked::comment(&repo, number, &comment);
    world.repo_mut(&repo).threads.get_mut(&number).unwrap().comments.push(comment);
    Reply::new(201, rendered)
}

/// The thread of a comment and its place in it.
fn place(world: &World, repo: &str, id: u64) -> Option<(u64, usize)> {
    world.repo(repo).threads.values().find_map(|thread| {
        let at = thread.comments.iter().position(|comment| comment.id == id)?;
        Some((thread.number, at))
    })
}

pub(super) fn comment(world: &mut World, asked: &Asked) -> Reply {
    let (repo, id) = (asked.repo(), asked.number("comment_id"));
    match place(world, &repo, id) {
        Some((number, at)) => {
            Reply::new(200, checked::comment(&repo, number, &world.repo(&repo).threads[&number].comments[at]))
        }
        None => Reply::not_found(),
    }
}

pub(super) fn update_comment(world: &mut World, asked: &Asked) -> Reply {
    let (repo, id, now) = (asked.repo(), asked.number("comment_id"), world.tick());
    let Some((number, at)) = place(world, &repo, id) else { return Reply::not_found() };
    let text = match body(asked) {
        Ok(text) => text,
        Err(reply) => return reply,
    };
    let comment = &mut world.repo_mut(&repo).threads.get_mut(&number).unwrap().comments[at];
    (comment.body, comment.updated) = (text, now);
    Reply::new(200, checked::comment(&repo, number, comment))
}

pub(super) fn delete_comment(world: &mut World, asked: &Asked) -> Reply {
    let (repo, id) = (asked.repo(), asked.number("comment_id"));
    let Some((number, at)) = place(world, &repo, id) else { return Reply::not_found() };
    world.repo_mut(&repo).threads.get_mut(&number).unwrap().comments.remove(at);
    Reply::nothing(204)
}

pub(super) fn events(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    match world.repo(&repo).threads.get(&asked.number("issue_number")) {
        Some(thread) => asked.page(thread.events.iter().collect(), |event| checked::event(&repo, event)),
        None => Reply::not_found(),
    }
}

pub(super) fn remove_label(world: &mut World, asked: &Asked) -> Reply {
    let (repo, number) = (asked.repo(), asked.number("issue_number"));
    if !world.repo(&repo).threads.contains_key(&number) {
        return Reply::not_found();
    }
    if !world.unlabel(&repo, number, &asked.params["name"], asked.who) {
        return Reply::error(404, "Label does not exist");
    }
    Reply::new(200, json!(render::labels(&repo, &world.repo(&repo).threads[&number].labels)))
}

pub(super) fn reviews(world: &mut World, asked: &Asked) -> Reply {
    let (repo, number) = (asked.repo(), asked.number("pull_number"));
    match world.repo(&repo).threads.get(&number).filter(|thread| thread.pull.is_some()) {
        Some(thread) => asked.page(thread.reviews.iter().collect(), |review| checked::review(&repo, number, review)),
        None => Reply::not_found(),
    }
}

pub(super) fn commits(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let Some(thread) = world.repo(&repo).threads.get(&asked.number("pull_number")) else { return Reply::not_found() };
    let Some(pull) = &thread.pull else { return Reply::not_found() };
    let found = world.objects.between(&pull.base_sha, &pull.head_sha);
    asked.page(found, |id| render::commit(&repo, &id, &world.objects.commits[&id]))
}

pub(super) fn permission(world: &mut World, asked: &Asked) -> Reply {
    let login = &asked.params["username"];
    let people = &world.repo(&asked.repo()).people;
    let may = people.iter().find(|(known, _)| known.eq_ignore_ascii_case(login)).map_or("read", |(_, may)| may);
    Reply::new(200, checked::permission(login, may))
}

pub(super) fn pulls_of_commit(world: &mut World, asked: &Asked) -> Reply {
    let (repo, sha) = (world.repo(&asked.repo()), &asked.params["commit_sha"]);
    let of = repo.threads.values().filter(|thread| {
        let pull = thread.pull.as_ref();
        pull.is_some_and(|pull| world.objects.between(&pull.base_sha, &pull.head_sha).contains(sha))
    });
    asked.page(of.collect(), |thread| render::pull(world, repo, thread, false))
}

/// A refusal as this one endpoint words it: without the status.
fn refused(status: u16, message: &str) -> Reply {
    Reply::new(status, json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }))
}

pub(super) fn merge(world: &mut World, asked: &Asked) -> Reply {
    let (name, number) = (asked.repo(), asked.number("pull_number"));
    if let Some(status) = world.repo_mut(&name).merge_trouble.pop() {
        let message = match status {
            409 => "Base branch was modified. Review and try the merge again.",
            _ => "Required status check \"mcp-registry/gate\" is expected.",
        };
        return refused(status, message);
    }
    let repo = world.repo(&name);
    let Some(thread) = repo.threads.get(&number) else { return Reply::not_found() };
    let Some(pull) = &thread.pull else { return Reply::not_found() };
    if !thread.open || pull.draft {
        return refused(405, "Pull Request is not mergeable");
    }
    if asked.text("sha").is_some_and(|sha| sha != pull.head_sha) {
        return refused(409, "Head branch was modified. Review and try the merge again.");
    }
    if let Some(lacking) = world.lacking(&name, &pull.head_sha).first() {
        return refused(405, &format!("Required status check \"{lacking}\" is expected."));
    }
    let title = asked.text("commit_title").map_or_else(|| format!("{} (#{number})", thread.title), str::to_owned);
    let sha = world.merge(&name, number, &title, asked.who);
    Reply::new(200, json!({ "sha": sha, "merged": true, "message": "Pull Request successfully merged" }))
}
