//! Issues, which pull requests are too, and labels.

use super::{Asked, Reply};
use crate::hub::render;
use crate::hub::world::{Thread, World};
use serde_json::{Value, json};

/// The most characters of a title and of a body.
const MOST: (usize, usize) = (256, 65_536);

pub(super) fn list(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    let state = asked.query("state").unwrap_or("open");
    let labels: Vec<&str> = asked.query("labels").map(|labels| labels.split(',').collect()).unwrap_or_default();
    let wanted = |thread: &&Thread| {
        (state == "all" || (state == "open") == thread.open)
            && labels.iter().all(|label| thread.labels.iter().any(|own| own == label))
            && asked.query("creator").is_none_or(|who| thread.user == who)
    };
    let mut found: Vec<&Thread> = repo.threads.values().filter(wanted).collect();
    if asked.query("direction") != Some("asc") {
        found.reverse();
    }
    asked.page(found, |thread| render::issue(repo, thread))
}

pub(super) fn get(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    match repo.threads.get(&asked.number("issue_number")) {
        Some(thread) => Reply::new(200, render::issue(repo, thread)),
        None => Reply::not_found(),
    }
}

/// The labels of a body: names, or things with a name.
fn names(value: Option<&Value>) -> Vec<String> {
    let name = |value: &Value| value.as_str().or_else(|| value.get("name")?.as_str()).map(str::to_owned);
    value.and_then(Value::as_array).into_iter().flatten().filter_map(name).collect()
}

fn too_long(asked: &Asked) -> Option<Reply> {
    let long = |field: &str, most: usize| asked.text(field).is_some_and(|text| text.chars().count() > most);
    let say = |field: &str, most: usize| {
        let message = format!("{field} is too long (maximum is {most} characters)");
        Reply::invalid("Issue", Some(field), "custom", Some(&message))
    };
    let (title, body) = MOST;
    let title = long("title", title).then(|| say("title", title));
    title.or_else(|| long("body", body).then(|| say("body", body)))
}

pub(super) fn create(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    if let Some(reply) = too_long(asked) {
        return reply;
    }
    let Some(title) = asked.text("title").filter(|title| !title.is_empty()) else {
        return Reply::invalid("Issue", Some("title"), "missing_field", None);
    };
    let number = world.open_thread(&repo, asked.who, title, asked.text("body"), None);
    world.label(&repo, number, &names(asked.body.get("labels")), asked.who);
    let repo = world.repo(&repo);
    Reply::new(201, render::issue(repo, &repo.threads[&number]))
}

/// What issues and pull requests can both have changed. A reply, where GitHub refuses.
pub(super) fn change(world: &mut World, asked: &Asked, repo: &str, number: u64) -> Option<Reply> {
    if let Some(reply) = too_long(asked) {
        return Some(reply);
    }
    let open = world.repo(repo).threads[&number].open;
    if asked.text("state") == Some("open")
        && !open
        && let Some(why) = world.reopening_refused(repo, number)
    {
        return Some(Reply::invalid("PullRequest", Some("state"), "invalid", Some(&why)));
    }
    let now = world.tick();
    let pull = world.repo(repo).threads[&number].pull.clone();
    let tip = pull.and_then(|pull| world.tip(pull.head_repo.as_ref()?, &pull.head_branch).cloned());
    let thread = world.repo_mut(repo).threads.get_mut(&number).unwrap();
    match asked.text("state") {
        Some("closed") => thread.close(now, asked.who),
        Some("open") if !open => {
            thread.reopen(now);
            if let (Some(pull), Some(tip)) = (&mut thread.pull, tip) {
                pull.head_sha = tip;
            }
        }
        _ => {}
    }
    if let Some(title) = asked.text("title") {
        thread.title = title.to_owned();
    }
    if let Some(body) = asked.body.get("body") {
        thread.body = body.as_str().map(str::to_owned);
    }
    thread.updated = now;
    None
}

pub(super) fn update(world: &mut World, asked: &Asked) -> Reply {
    let (repo, number) = (asked.repo(), asked.number("issue_number"));
    if !world.repo(&repo).threads.contains_key(&number) {
        return Reply::not_found();
    }
    if let Some(reply) = change(world, asked, &repo, number) {
        return reply;
    }
    if asked.body.get("labels").is_some() {
        world.repo_mut(&repo).threads.get_mut(&number).unwrap().labels.clear();
        world.label(&repo, number, &names(asked.body.get("labels")), asked.who);
    }
    let repo = world.repo(&repo);
    Reply::new(200, render::issue(repo, &repo.threads[&number]))
}

pub(super) fn labels_of(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    match repo.threads.get(&asked.number("issue_number")) {
        Some(thread) => asked.page(render::labels(&repo.full_name, &thread.labels), |label| label),
        None => Reply::not_found(),
    }
}

pub(super) fn add_labels(world: &mut World, asked: &Asked) -> Reply {
    let (repo, number) = (asked.repo(), asked.number("issue_number"));
    if !world.repo(&repo).threads.contains_key(&number) {
        return Reply::not_found();
    }
    world.tick();
    world.label(&repo, number, &names(asked.body.get("labels")), asked.who);
    Reply::new(200, json!(render::labels(&repo, &world.repo(&repo).threads[&number].labels)))
}

pub(super) fn set_labels(world: &mut World, asked: &Asked) -> Reply {
    if let Some(thread) = world.repo_mut(&asked.repo()).threads.get_mut(&asked.number("issue_number")) {
        thread.labels.clear();
    }
    add_labels(world, asked)
}

pub(super) fn labels(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    asked.page(render::labels(&repo.full_name, &repo.labels), |label| label)
}

pub(super) fn label(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    let name = &asked.params["name"];
    match render::labels(&repo.full_name, std::slice::from_ref(name)).pop().filter(|_| repo.labels.contains(name)) {
        Some(label) => Reply::new(200, label),
        None => Reply::not_found(),
    }
}

pub(super) fn create_label(world: &mut World, asked: &Asked) -> Reply {
    let (repo, name) = (asked.repo(), asked.text("name").unwrap_or_default().to_owned());
    if world.repo(&repo).labels.contains(&name) {
        return Reply::invalid("Label", Some("name"), "already_exists", None);
    }
    world.tick();
    world.repo_mut(&repo).labels.push(name.clone());
    Reply::new(201, render::labels(&repo, &[name]).remove(0))
}
