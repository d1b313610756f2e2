//! Settings, which are only read.

use super::{Asked, Reply};
use crate::hub::checked::APPS;
use crate::hub::render::{checked, settings as render};
use crate::hub::settings::{Branches, Environment, Settings};
use crate::hub::world::World;
use serde_json::{Value, json};

fn of<'w>(world: &'w World, asked: &Asked) -> &'w Settings {
    &world.repo(&asked.repo()).settings
}

/// One page of a list that has its number beside it.
fn page<T>(asked: &Asked, field: &str, items: Vec<T>, render: impl Fn(T) -> Value) -> Reply {
    let total = items.len();
    let mut reply = asked.page(items, render);
    let list = reply.body.take();
    reply.body = Some(json!({ "total_count": total, field: list }));
    reply
}

pub(super) fn actions(world: &mut World, asked: &Asked) -> Reply {
    Reply::new(200, render::actions(&asked.repo(), &of(world, asked).actions))
}

pub(super) fn selected(world: &mut World, asked: &Asked) -> Reply {
    let actions = &of(world, asked).actions;
    assert_eq!(actions.allowed, "selected", "GitHub answers 409 where nothing is selected");
    let body = json!({ "github_owned_allowed": actions.github_owned, "verified_allowed": false,
        "patterns_allowed": actions.patterns });
    Reply::new(200, body)
}

pub(super) fn token(world: &mut World, asked: &Asked) -> Reply {
    let settings = of(world, asked);
    let body = json!({ "default_workflow_permissions": settings.token,
        "can_approve_pull_request_reviews": settings.approves });
    Reply::new(200, body)
}

pub(super) fn workflows(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    let tree = world.tip(&repo.full_name, &repo.default_branch).map(|tip| &world.objects.commits[tip].tree);
    let folder = tree.and_then(|tree| world.objects.at(tree, ".github/workflows"));
    let items = folder.and_then(|item| world.objects.trees.get(&item.id));
    let names: Vec<&String> = items.into_iter().flat_map(|items| items.keys()).collect();
    page(asked, "workflows", names, |name| {
        render::workflow(&repo.full_name, name, repo.settings.disabled.get(name).copied().unwrap_or("active"))
    })
}

fn environment<'w>(world: &'w World, asked: &Asked) -> Option<(&'w String, &'w Environment)> {
    let name = &asked.params["environment_name"];
    of(world, asked).environments.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

pub(super) fn environments(world: &mut World, asked: &Asked) -> Reply {
    let all = of(world, asked).environments.iter().collect();
    page(asked, "environments", all, |(name, it): (&String, &Environment)| render::environment(&asked.repo(), name, it))
}

pub(super) fn branch_policies(world: &mut World, asked: &Asked) -> Reply {
    match environment(world, asked).map(|(_, it)| &it.branches) {
        Some(Branches::Chosen(patterns)) => {
            let patterns: Vec<_> = patterns.iter().enumerate().collect();
            page(
                asked,
                "branch_policies",
                patterns,
                |(at, (name, kind))| json!({ "id": at, "node_id": "P", "name": name, "type": kind }),
            )
        }
        Some(_) => page(asked, "branch_policies", Vec::<Value>::new(), |it| it),
        None => Reply::not_found(),
    }
}

pub(super) fn environment_secrets(world: &mut World, asked: &Asked) -> Reply {
    match environment(world, asked) {
        Some((_, it)) => page(asked, "secrets", it.secrets.iter().collect(), |name| render::secret(name)),
        None => Reply::not_found(),
    }
}

pub(super) fn environment_variables(world: &mut World, asked: &Asked) -> Reply {
    match environment(world, asked) {
        Some((_, it)) => page(asked, "variables", it.variables.iter().collect(), |name| render::variable(name)),
        None => Reply::not_found(),
    }
}

pub(super) fn secrets(world: &mut World, asked: &Asked) -> Reply {
    page(asked, "secrets", of(world, asked).secrets.iter().collect(), |name| render::secret(name))
}

pub(super) fn variables(world: &mut World, asked: &Asked) -> Reply {
    page(asked, "variables", of(world, asked).variables.iter().collect(), |name| render::variable(name))
}

pub(super) fn rules(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    let mut rules = Vec::new();
    if asked.params["branch"] == repo.default_branch {
        rules = checked::rules(&repo.full_name, &repo.required);
        rules.extend(render::rules(&repo.full_name, &repo.settings.rules));
    }
    asked.page(rules, |rule| rule)
}

pub(super) fn ruleset(world: &mut World, asked: &Asked) -> Reply {
    match asked.number("ruleset_id") {
        render::RULESET => Reply::new(200, render::ruleset(&asked.repo(), &of(world, asked).rules)),
        _ => Reply::not_found(),
    }
}

pub(super) fn protection(world: &mut World, asked: &Asked) -> Reply {
    let repo = world.repo(&asked.repo());
    match &repo.settings.classic {
        Some(classic) if asked.params["branch"] == repo.default_branch => {
            Reply::new(200, render::protection(&repo.full_name, &repo.default_branch, classic))
        }
        _ => Reply::error(404, "Branch not protected"),
    }
}

/// Apps are of no repository; the permissions of the registry's own are those of the first one.
pub(super) fn app(world: &mut World, asked: &Asked) -> Reply {
    let Some(app) = APPS.iter().find(|app| app.slug == asked.params["app_slug"]) else { return Reply::not_found() };
    let mut body = checked::app(app);
    if let Some(repo) = world.repos.values().next().filter(|_| app.slug == APPS[0].slug) {
        body["permissions"] = json!(repo.settings.app);
    }
    Reply::new(200, body)
}
