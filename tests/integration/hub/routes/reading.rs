//! What is only read: the repository, its files, branches and history.

use super::{Asked, Reply};
use crate::hub::render;
use crate::hub::world::{World, heads};
use serde_json::{Value, json};

pub(super) fn rate_limit(_: &mut World, asked: &Asked) -> Reply {
    let (limit, remaining, reset) = asked.limit;
    let core = json!({ "limit": limit, "remaining": remaining, "reset": reset, "used": limit - remaining });
    let search = json!({ "limit": 30, "remaining": 30, "reset": reset, "used": 0 });
    Reply::new(200, json!({ "resources": { "core": core, "search": search }, "rate": core }))
}

/// The one query of the other API that is known here.
pub(super) fn viewer(_: &mut World, asked: &Asked) -> Reply {
    assert_eq!(asked.text("query"), Some("query { viewer { databaseId login } }"));
    if asked.who.is_empty() {
        return Reply::error(403, "API rate limit exceeded for anonymous users.");
    }
    let id = render::user(asked.who)["id"].clone();
    Reply::new(200, json!({ "data": { "viewer": { "databaseId": id, "login": asked.who } } }))
}

pub(super) fn repository(world: &mut World, asked: &Asked) -> Reply {
    Reply::new(200, render::repo(world, world.repo(&asked.repo()), true))
}

/// The commit that a branch, a tag or an id names.
fn commit_of(world: &World, full_name: &str, name: &str) -> Option<String> {
    let repo = world.repo(full_name);
    let by_ref = [heads(name), format!("refs/tags/{name}"), format!("refs/{name}"), name.to_owned()];
    let commit = by_ref.iter().find_map(|name| repo.refs.get(name)).cloned();
    commit.or_else(|| world.objects.commits.contains_key(name).then(|| name.to_owned()))
}

pub(super) fn contents(world: &mut World, asked: &Asked) -> Reply {
    let (repo, path) = (asked.repo(), &asked.params["path"]);
    let at = asked.query("ref").unwrap_or(&world.repo(&repo).default_branch).to_owned();
    let Some(commit) = commit_of(world, &repo, &at) else {
        return Reply::error(404, &format!("No commit found for the ref {at}"));
    };
    let Some(item) = world.objects.at(&world.objects.commits[&commit].tree, path) else { return Reply::not_found() };
    let Some(tree) = world.objects.trees.get(&item.id).filter(|_| item.kind() == "tree") else {
        return Reply::new(200, render::content(world, &repo, &at, path, &item, true));
    };
    let path = path.trim_end_matches('/');
    let items = tree.iter().map(|(name, item)| {
        let path = format!("{path}/{name}");
        render::content(world, &repo, &at, path.trim_start_matches('/'), item, false)
    });
    Reply::new(200, items.collect())
}

pub(super) fn branch(world: &mut World, asked: &Asked) -> Reply {
    let (repo, branch) = (asked.repo(), &asked.params["branch"]);
    let Some(tip) = world.tip(&repo, branch) else { return Reply::error(404, "Branch not found") };
    let api = format!("{}/repos/{repo}/branches/{branch}", render::API);
    let html = format!("https://github.com/{repo}/tree/{branch}");
    let commit = render::commit(&repo, tip, &world.objects.commits[tip]);
    let checks = json!({ "enforcement_level": "off", "contexts": [], "checks": [] });
    let protection = json!({ "enabled": false, "required_status_checks": checks });
    Reply::new(
        200,
        json!({ "name": branch, "commit": commit, "_links": { "self": api, "html": html }, "protected": false,
            "protection": protection, "protection_url": format!("{api}/protection") }),
    )
}

pub(super) fn commits(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let start = asked.query("sha").unwrap_or(&world.repo(&repo).default_branch).to_owned();
    let Some(tip) = commit_of(world, &repo, &start) else { return Reply::not_found() };
    let path = asked.query("path").unwrap_or("");
    let at = |commit: &str| world.objects.at(&world.objects.commits[commit].tree, path).map(|item| item.id);
    let mut found = world.objects.between("", &tip);
    found.retain(|id| {
        let parent = world.objects.commits[id].parents.first();
        path.is_empty() || at(id) != parent.and_then(|parent| at(parent))
    });
    found.reverse();
    asked.page(found, |id| render::commit(&repo, &id, &world.objects.commits[&id]))
}

pub(super) fn commit(world: &mut World, asked: &Asked) -> Reply {
    let (repo, name) = (asked.repo(), &asked.params["ref"]);
    let Some(id) = commit_of(world, &repo, name) else {
        return Reply::refused(&format!("No commit found for SHA: {name}"));
    };
    let commit = &world.objects.commits[&id];
    let mut body = render::commit(&repo, &id, commit);
    let before = commit.parents.first().map(|parent| world.objects.commits[parent].tree.clone()).unwrap_or_default();
    body["files"] = files(world, &repo, &before, &commit.tree).into();
    body["stats"] = json!({ "additions": 1, "deletions": 1, "total": 2 });
    Reply::new(200, body)
}

pub(super) fn files(world: &World, repo: &str, old: &str, new: &str) -> Vec<Value> {
    let changed = world.objects.differences(old, new);
    changed.iter().map(|(path, old, new)| render::changed_file(repo, path, old.as_ref(), new.as_ref())).collect()
}

pub(super) fn compare(world: &mut World, asked: &Asked) -> Reply {
    let (repo, basehead) = (asked.repo(), &asked.params["basehead"]);
    let ends = basehead.split_once("...");
    let ends = ends.and_then(|(base, head)| Some((commit_of(world, &repo, base)?, commit_of(world, &repo, head)?)));
    let Some((base, head)) = ends else { return Reply::not_found() };
    let Some(shared) = world.objects.merge_base(&base, &head) else {
        return Reply::error(404, &format!("No common ancestor between {basehead}"));
    };
    let (ahead, behind) = (world.objects.between(&base, &head), world.objects.between(&head, &base));
    let status = match (ahead.len(), behind.len()) {
        (0, 0) => "identical",
        (0, _) => "behind",
        (_, 0) => "ahead",
        _ => "diverged",
    };
    let render = |id: &String| render::commit(&repo, id, &world.objects.commits[id]);
    let tree = |id: &String| world.objects.commits[id].tree.clone();
    let (api, html) = (
        format!("{}/repos/{repo}/compare/{basehead}", render::API),
        format!("https://github.com/{repo}/compare/{basehead}"),
    );
    Reply::new(
        200,
        json!({ "url": api, "html_url": html, "permalink_url": html, "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"), "base_commit": render(&base), "merge_base_commit": render(&shared),
            "status": status, "ahead_by": ahead.len(), "behind_by": behind.len(), "total_commits": ahead.len(),
            "commits": ahead.iter().map(render).collect::<Vec<_>>(),
            "files": files(world, &repo, &tree(&shared), &tree(&head)) }),
    )
}
