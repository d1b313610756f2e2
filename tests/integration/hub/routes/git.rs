//! Git's own things: refs and objects.

use super::{Asked, Reply};
use crate::hub::objects::{Commit, FILE, FOLDER, Item, Signature};
use crate::hub::render;
use crate::hub::world::{World, signature};
use chrono::DateTime;
use serde_json::{Value, json};

pub(super) fn reference(world: &mut World, asked: &Asked) -> Reply {
    let (repo, name) = (asked.repo(), format!("refs/{}", asked.params["ref"]));
    match world.repo(&repo).refs.get(&name) {
        Some(commit) => Reply::new(200, render::reference(&repo, &name, commit)),
        None => Reply::not_found(),
    }
}

/// All of them at once: GitHub does not page these any more.
pub(super) fn matching(world: &mut World, asked: &Asked) -> Reply {
    let (repo, start) = (asked.repo(), format!("refs/{}", asked.params["ref"]));
    let refs = world.repo(&repo).refs.iter().filter(|(name, _)| name.starts_with(&start));
    Reply::new(200, refs.map(|(name, commit)| render::reference(&repo, name, commit)).collect())
}

pub(super) fn create_ref(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let (Some(name), Some(commit)) = (asked.text("ref"), asked.text("sha")) else {
        return Reply::refused("Invalid request.");
    };
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Reply::refused("Reference name must start with 'refs/' and contain at least two slashes.");
    }
    let refs = &world.repo(&repo).refs;
    if refs.contains_key(name) {
        return Reply::refused("Reference already exists");
    }
    // `a` and `a/b` cannot both be: Git keeps them as files and folders.
    if refs.keys().any(|known| known.starts_with(&format!("{name}/")) || name.starts_with(&format!("{known}/"))) {
        return Reply::refused("Reference update failed");
    }
    if !world.objects.commits.contains_key(commit) {
        return Reply::refused("Object does not exist");
    }
    world.set_ref(&repo, name, Some(commit), asked.who);
    Reply::new(201, render::reference(&repo, name, commit))
}

pub(super) fn update_ref(world: &mut World, asked: &Asked) -> Reply {
    let (repo, name) = (asked.repo(), format!("refs/{}", asked.params["ref"]));
    let Some(commit) = asked.text("sha") else { return Reply::refused("Invalid request.") };
    let Some(old) = world.repo(&repo).refs.get(&name).cloned() else {
        return Reply::refused("Reference does not exist");
    };
    if !world.objects.commits.contains_key(commit) {
        return Reply::refused("Object does not exist");
    }
    let force = asked.body.get("force").and_then(Value::as_bool).unwrap_or(false);
    if !force && !world.fast_forward(&old, commit) {
        return Reply::refused("Update is not a fast forward");
    }
    if old != commit {
        world.set_ref(&repo, &name, Some(commit), asked.who);
    }
    Reply::new(200, render::reference(&repo, &name, commit))
}

pub(super) fn delete_ref(world: &mut World, asked: &Asked) -> Reply {
    let (repo, name) = (asked.repo(), format!("refs/{}", asked.params["ref"]));
    if !world.repo(&repo).refs.contains_key(&name) {
        return Reply::refused("Reference does not exist");
    }
    world.set_ref(&repo, &name, None, asked.who);
    Reply::nothing(204)
}

pub(super) fn create_blob(world: &mut World, asked: &Asked) -> Reply {
    use base64::Engine;
    let content = asked.text("content").unwrap_or_default();
    let content = match asked.text("encoding") {
        Some("base64") => match base64::engine::general_purpose::STANDARD.decode(content.replace('\n', "")) {
            Ok(content) => content,
            Err(_) => return Reply::refused("Invalid base64."),
        },
        _ => content.as_bytes().to_vec(),
    };
    let id = world.objects.blob(content);
    Reply::new(201, json!({ "sha": id, "url": format!("{}/repos/{}/git/blobs/{id}", render::API, asked.repo()) }))
}

fn render_tree(world: &World, repo: &str, id: &str, recursive: bool) -> Value {
    let item = |(path, item): (String, Item)| {
        let kind = item.kind();
        let url = format!("{}/repos/{repo}/git/{kind}s/{}", render::API, item.id);
        let mut entry = json!({ "path": path, "mode": item.mode, "type": kind, "sha": item.id, "url": url });
        if let Some(blob) = world.objects.blobs.get(&item.id) {
            entry["size"] = json!(blob.len());
        }
        entry
    };
    let items: Vec<Value> = if recursive {
        world.objects.walk(id).into_iter().map(item).collect()
    } else {
        world.objects.trees[id].clone().into_iter().map(item).collect()
    };
    let url = format!("{}/repos/{repo}/git/trees/{id}", render::API);
    json!({ "sha": id, "url": url, "tree": items, "truncated": false })
}

/// A tree by its id, or by a commit's or a branch's, as GitHub has it.
pub(super) fn tree(world: &mut World, asked: &Asked) -> Reply {
    let (repo, name) = (asked.repo(), &asked.params["tree_sha"]);
    let commit = world.tip(&repo, name).unwrap_or(name);
    let id = world.objects.commits.get(commit).map_or(name, |commit| &commit.tree).clone();
    if !world.objects.trees.contains_key(&id) {
        return Reply::not_found();
    }
    // Any value counts, `0` and `false` too.
    Reply::new(200, render_tree(world, &repo, &id, asked.query("recursive").is_some()))
}

pub(super) fn create_tree(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let mut tree = match asked.text("base_tree") {
        Some(base) => {
            let base = world.objects.commits.get(base).map_or(base, |commit| &commit.tree);
            match world.objects.trees.get(base) {
                Some(tree) => tree.clone(),
                None => return Reply::refused("base_tree is not a valid tree oid"),
            }
        }
        None => std::collections::BTreeMap::new(),
    };
    let items = asked.body.get("tree").and_then(Value::as_array).cloned().unwrap_or_default();
    if items.is_empty() {
        return Reply::refused("Invalid tree info");
    }
    for entry in items {
        let text = |field: &str| entry.get(field).and_then(Value::as_str);
        let Some(path) = text("path").filter(|path| !path.is_empty() && !path.starts_with('/')) else {
            return Reply::refused("tree.path cannot start with a slash");
        };
        let item = match (text("sha"), text("content"), entry.get("sha").is_some_and(Value::is_null)) {
            (Some(_), Some(_), _) => return Reply::refused("Must supply either tree.sha or tree.content"),
            (None, None, true) => None,
            (Some(id), None, _) if world.objects.has(id) => Some(id.to_owned()),
            (Some(id), None, _) => return Reply::refused(&format!("tree.sha {id} is not a valid blob")),
            (None, Some(content), _) => Some(world.objects.blob(content)),
            (None, None, false) => return Reply::refused("Must supply either tree.sha or tree.content"),
        };
        let mode = text("mode").unwrap_or(if text("type") == Some("tree") { FOLDER } else { FILE }).to_owned();
        let item = item.map(|id| Item { mode, id });
        tree = world.objects.with(&tree, path, item);
    }
    world.tick();
    let id = world.objects.tree(tree);
    Reply::new(201, render_tree(world, &repo, &id, false))
}

pub(super) fn commit(world: &mut World, asked: &Asked) -> Reply {
    let id = &asked.params["commit_sha"];
    match world.objects.commits.get(id) {
        Some(commit) => Reply::new(200, render::git_commit(&asked.repo(), id, commit)),
        None => Reply::not_found(),
    }
}

/// A commit is signed by GitHub when a bot makes it and leaves it to GitHub to say who made it.
pub(super) fn create_commit(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let tree = asked.text("tree").unwrap_or_default().to_owned();
    if !world.objects.trees.contains_key(&tree) {
        return Reply::refused("Tree SHA does not exist");
    }
    let parents: Vec<String> = asked.body["parents"]
        .as_array()
        .map(|parents| parents.iter().filter_map(|parent| Some(parent.as_str()?.to_owned())).collect())
        .unwrap_or_default();
    if parents.iter().any(|parent| !world.objects.commits.contains_key(parent)) {
        return Reply::refused("Parent SHA does not exist or is not a commit object");
    }
    let now = world.tick();
    let person = |role: &str| {
        let given = asked.body.get(role)?;
        let text = |field: &str| given.get(field).and_then(Value::as_str).map(str::to_owned);
        let date = text("date").and_then(|date| DateTime::parse_from_rfc3339(&date).ok());
        let time = date.map_or(now, |date| date.timestamp());
        Some(Signature { name: text("name")?, email: text("email")?, time })
    };
    let author = person("author").unwrap_or_else(|| signature(asked.who, now));
    let committer = person("committer").unwrap_or_else(|| author.clone());
    let own_words = ["author", "committer", "signature"].iter().any(|field| asked.body.get(field).is_some());
    let verified = asked.who.ends_with("[bot]") && !own_words;
    let message = asked.text("message").unwrap_or_default().to_owned();
    let commit = Commit { tree, parents, author, committer, message, verified };
    let id = world.objects.commit(commit.clone());
    Reply::new(201, render::git_commit(&repo, &id, &commit))
}
