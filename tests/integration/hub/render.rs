//! The world as GitHub's JSON, with every field that its description requires.

pub(crate) mod checked;
pub(crate) mod settings;

use super::objects::{Commit, Item, Signature};
use super::world::{Repo, Thread, World, heads, owner_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde_json::{Map, Value, json};

/// What addresses in answers begin with. Where the hub listens is not said there: a client that followed them would leave
/// this machine, and fail.
pub(crate) const API: &str = "https://api.github.com";
const WEB: &str = "https://github.com";

pub(crate) fn date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn node(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("{kind}{id}"))
}

/// Fields that are one address each: name and what follows the address of the thing.
fn addresses(value: &mut Value, base: &str, fields: &[(&str, &str)]) {
    for (field, rest) in fields {
        value[field] = json!(format!("{base}{rest}"));
    }
}

pub(crate) fn user(login: &str) -> Value {
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    let id = login.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) >> 4;
    let path = login.replace('[', "%5B").replace(']', "%5D");
    let page = login.strip_suffix("[bot]").map_or(login.to_owned(), |app| format!("apps/{app}"));
    let mut user = json!({ "login": login, "id": id, "node_id": node("U", u64::from(id)), "gravatar_id": "", "type": kind,
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}"), "html_url": format!("{WEB}/{page}"),
        "url": format!("{API}/users/{path}"), "site_admin": false });
    let fields = [
        ("followers_url", "/followers"),
        ("following_url", "/following{/other_user}"),
        ("gists_url", "/gists{/gist_id}"),
        ("starred_url", "/starred{/owner}{/repo}"),
        ("subscriptions_url", "/subscriptions"),
        ("organizations_url", "/orgs"),
        ("repos_url", "/repos"),
        ("events_url", "/events{/privacy}"),
        ("received_events_url", "/received_events"),
    ];
    addresses(&mut user, &format!("{API}/users/{path}"), &fields);
    user
}

/// A repository; `full` as it is answered itself, else as a part of something else.
pub(crate) fn repo(world: &World, repo: &Repo, full: bool) -> Value {
    let full_name = &repo.full_name;
    let api = format!("{API}/repos/{full_name}");
    let name = full_name.split('/').nth(1).unwrap();
    let open = repo.threads.values().filter(|thread| thread.open).count();
    let forks = world.repos.values().filter(|fork| fork.fork_of.as_deref() == Some(full_name)).count();
    let then = date(i64::try_from(crate::runner::SOURCE_DATE_EPOCH).unwrap());
    let mut body = json!({ "id": repo.id, "node_id": node("R", repo.id), "name": name, "full_name": full_name,
        "owner": user(owner_of(full_name)), "private": repo.private, "html_url": format!("{WEB}/{full_name}"),
        "description": "A registry", "fork": repo.fork_of.is_some(), "url": api, "archived": repo.archived,
        "disabled": false, "default_branch": repo.default_branch, "license": null, "homepage": null, "language": null,
        "mirror_url": null, "size": 1, "open_issues": open, "open_issues_count": open, "forks": forks, "forks_count": forks,
        "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "has_issues": true, "has_projects": false,
        "has_wiki": false, "has_pages": false, "created_at": then, "updated_at": then, "pushed_at": then,
        "clone_url": format!("{WEB}/{full_name}.git"), "git_url": format!("git://github.com/{full_name}.git"),
        "ssh_url": format!("git@github.com:{full_name}.git"), "svn_url": format!("{WEB}/{full_name}") });
    let fields = [
        ("archive_url", "/{archive_format}{/ref}"),
        ("assignees_url", "/assignees{/user}"),
        ("blobs_url", "/git/blobs{/sha}"),
        ("branches_url", "/branches{/branch}"),
        ("collaborators_url", "/collaborators{/collaborator}"),
        ("comments_url", "/comments{/number}"),
        ("commits_url", "/commits{/sha}"),
        ("compare_url", "/compare/{base}...{head}"),
        ("contents_url", "/contents/{+path}"),
        ("contributors_url", "/contributors"),
        ("deployments_url", "/deployments"),
        ("downloads_url", "/downloads"),
        ("events_url", "/events"),
        ("forks_url", "/forks"),
        ("git_commits_url", "/git/commits{/sha}"),
        ("git_refs_url", "/git/refs{/sha}"),
        ("git_tags_url", "/git/tags{/sha}"),
        ("hooks_url", "/hooks"),
        ("issue_comment_url", "/issues/comments{/number}"),
        ("issue_events_url", "/issues/events{/number}"),
        ("issues_url", "/issues{/number}"),
        ("keys_url", "/keys{/key_id}"),
        ("labels_url", "/labels{/name}"),
        ("languages_url", "/languages"),
        ("merges_url", "/merges"),
        ("milestones_url", "/milestones{/number}"),
        ("notifications_url", "/notifications{?since,all,participating}"),
        ("pulls_url", "/pulls{/number}"),
        ("releases_url", "/releases{/id}"),
        ("stargazers_url", "/stargazers"),
        ("statuses_url", "/statuses/{sha}"),
        ("subscribers_url", "/subscribers"),
        ("subscription_url", "/subscription"),
        ("tags_url", "/tags"),
        ("teams_url", "/teams"),
        ("trees_url", "/git/trees{/sha}"),
    ];
    addresses(&mut body, &api, &fields);
    if full {
        body["has_discussions"] = json!(false);
        if let Some(squash) = repo.settings.squash {
            body["allow_squash_merge"] = json!(squash);
        }
        body["network_count"] = json!(forks);
        body["subscribers_count"] = json!(0);
    } else {
        body["has_downloads"] = json!(false);
    }
    body
}

pub(crate) fn reference(full_name: &str, name: &str, commit: &str) -> Value {
    let api = format!("{API}/repos/{full_name}/git");
    let object = json!({ "type": "commit", "sha": commit, "url": format!("{api}/commits/{commit}") });
    json!({ "ref": name, "node_id": STANDARD.encode(name), "url": format!("{api}/{name}"), "object": object })
}

fn git_user(who: &Signature) -> Value {
    json!({ "name": who.name, "email": who.email, "date": date(who.time) })
}

fn verification(commit: &Commit) -> Value {
    let (reason, signature) = if commit.verified { ("valid", Some("-----BEGIN…")) } else { ("unsigned", None) };
    let payload = commit.verified.then_some("tree …");
    let at = commit.verified.then(|| date(commit.committer.time));
    json!({ "verified": commit.verified, "reason": reason, "signature": signature, "payload": payload, "verified_at": at })
}

/// A commit as `/git/commits` answers it.
pub(crate) fn git_commit(full_name: &str, id: &str, commit: &Commit) -> Value {
    let api = format!("{API}/repos/{full_name}/git");
    let parents: Vec<Value> = commit
        .parents
        .iter()
        .map(|id| json!({ "sha": id, "url": format!("{api}/commits/{id}"), "html_url": format!("{WEB}/{full_name}/commit/{id}") }))
        .collect();
    json!({ "sha": id, "node_id": STANDARD.encode(id), "url": format!("{api}/commits/{id}"),
        "html_url": format!("{WEB}/{full_name}/commit/{id}"), "author": git_user(&commit.author),
        "committer": git_user(&commit.committer), "tree": tree_link(full_name, &commit.tree), "message": commit.message,
        "parents": parents, "verification": verification(commit) })
}

fn tree_link(full_name: &str, tree: &str) -> Value {
    json!({ "sha": tree, "url": format!("{API}/repos/{full_name}/git/trees/{tree}") })
}

/// A commit as `/commits` answers it. The accounts are those that the addresses in it belong to.
pub(crate) fn commit(full_name: &str, id: &str, commit: &Commit) -> Value {
    let api = format!("{API}/repos/{full_name}");
    let account = |who: &Signature| who.email.strip_suffix("@users.noreply.github.com").map(user);
    let inner = json!({ "url": format!("{api}/git/commits/{id}"), "author": git_user(&commit.author),
        "committer": git_user(&commit.committer), "message": commit.message, "comment_count": 0,
        "tree": tree_link(full_name, &commit.tree), "verification": verification(commit) });
    let parents: Vec<Value> = commit
        .parents
        .iter()
        .map(|id| json!({ "sha": id, "url": format!("{api}/commits/{id}"), "html_url": format!("{WEB}/{full_name}/commit/{id}") }))
        .collect();
    json!({ "url": format!("{api}/commits/{id}"), "sha": id, "node_id": STANDARD.encode(id),
        "html_url": format!("{WEB}/{full_name}/commit/{id}"), "comments_url": format!("{api}/commits/{id}/comments"),
        "commit": inner, "author": account(&commit.author), "committer": account(&commit.committer), "parents": parents })
}

/// One changed file of a comparison, without its patch.
pub(crate) fn changed_file(full_name: &str, path: &str, old: Option<&Item>, new: Option<&Item>) -> Value {
    let status = match (old, new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "modified",
    };
    let blob = new.or(old).map(|item| item.id.clone());
    json!({ "sha": blob, "filename": path, "status": status, "additions": 1, "deletions": 1, "changes": 2,
        "blob_url": format!("{WEB}/{full_name}/blob/x/{path}"), "raw_url": format!("{WEB}/{full_name}/raw/x/{path}"),
        "contents_url": format!("{API}/repos/{full_name}/contents/{path}") })
}

fn label(full_name: &str, name: &str) -> Value {
    let id = name.bytes().map(u64::from).sum::<u64>();
    json!({ "id": id, "node_id": node("L", id), "name": name, "description": "", "color": "ededed", "default": false,
        "url": format!("{API}/repos/{full_name}/labels/{}", name.replace(' ', "%20")) })
}

pub(crate) fn labels(full_name: &str, names: &[String]) -> Vec<Value> {
    names.iter().map(|name| label(full_name, name)).collect()
}

/// An issue, also a pull request as one.
pub(crate) fn issue(repo: &Repo, thread: &Thread) -> Value {
    let api = format!("{API}/repos/{}", repo.full_name);
    let number = thread.number;
    let mine = format!("{api}/issues/{number}");
    let kind = if thread.pull.is_some() { "pull" } else { "issues" };
    let html = format!("{WEB}/{}/{kind}/{number}", repo.full_name);
    let mut issue = json!({ "id": thread.id, "node_id": node("I", thread.id), "number": number, "url": mine,
        "repository_url": api, "labels_url": format!("{mine}/labels{{/name}}"), "comments_url": format!("{mine}/comments"),
        "events_url": format!("{mine}/events"), "html_url": html, "state": state(thread),
        "title": thread.title, "body": thread.body, "user": user(&thread.user), "assignee": null, "assignees": [],
        "milestone": null, "locked": false, "comments": thread.comments.len(), "labels": labels(&repo.full_name, &thread.labels),
        "author_association": "CONTRIBUTOR",
        "state_reason": if thread.open { Value::Null } else { json!("completed") },
        "closed_at": thread.closed.as_ref().map(|(time, _)| date(*time)),
        "closed_by": thread.closed.as_ref().map(|(_, who)| user(who)),
        "created_at": date(thread.created), "updated_at": date(thread.updated) });
    if thread.pull.is_some() {
        issue["pull_request"] = json!({ "url": format!("{api}/pulls/{number}"), "html_url": html,
            "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"), "merged_at": null });
    }
    issue
}

fn state(thread: &Thread) -> &'static str {
    if thread.open { "open" } else { "closed" }
}

/// A pull request; `full` as it is answered itself, else in a list.
pub(crate) fn pull(world: &World, into: &Repo, thread: &Thread, full: bool) -> Value {
    let pull = thread.pull.as_ref().unwrap();
    let number = thread.number;
    let api = format!("{API}/repos/{}", into.full_name);
    let mine = format!("{api}/pulls/{number}");
    let html = format!("{WEB}/{}/pull/{number}", into.full_name);
    let end = |owner: &str, branch: &str, sha: &str, of: Option<&Repo>| {
        json!({ "label": format!("{owner}:{branch}"), "ref": branch, "sha": sha, "user": user(owner),
            "repo": of.map(|of| repo(world, of, false)) })
    };
    let head_repo = pull.head_repo.as_ref().and_then(|name| world.repos.get(name));
    let links: Map<String, Value> = [
        ("self", mine.clone()),
        ("html", html.clone()),
        ("issue", format!("{api}/issues/{number}")),
        ("comments", format!("{api}/issues/{number}/comments")),
        ("review_comments", format!("{mine}/comments")),
        ("review_comment", format!("{api}/pulls/comments{{/number}}")),
        ("commits", format!("{mine}/commits")),
        ("statuses", format!("{api}/statuses/{}", pull.head_sha)),
    ]
    .into_iter()
    .map(|(name, href)| (name.to_owned(), json!({ "href": href })))
    .collect();
    let closed_at = thread.closed.as_ref().map(|(time, _)| date(*time));
    let mut body = json!({ "id": thread.id, "node_id": node("PR", thread.id), "number": number, "url": mine,
        "html_url": html, "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
        "issue_url": format!("{api}/issues/{number}"), "commits_url": format!("{mine}/commits"),
        "review_comments_url": format!("{mine}/comments"), "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{api}/issues/{number}/comments"), "statuses_url": format!("{api}/statuses/{}", pull.head_sha),
        "state": state(thread), "locked": false, "title": thread.title, "user": user(&thread.user), "body": thread.body,
        "labels": labels(&into.full_name, &thread.labels), "milestone": null, "assignee": null, "assignees": [],
        "requested_reviewers": [], "requested_teams": [], "created_at": date(thread.created),
        "updated_at": date(thread.updated), "closed_at": closed_at,
        "merged_at": pull.merged.as_ref().and(closed_at.as_ref()), "merge_commit_sha": pull.merged,
        "head": end(&pull.head_owner, &pull.head_branch, &pull.head_sha, head_repo),
        "base": end(owner_of(&into.full_name), &pull.base, &pull.base_sha, Some(into)),
        "author_association": "CONTRIBUTOR", "auto_merge": null, "draft": pull.draft, "_links": links });
    if full {
        let base = into.refs.get(&heads(&pull.base)).unwrap_or(&pull.base_sha);
        let commits = world.objects.between(base, &pull.head_sha).len();
        let merged_by = pull.merged.as_ref().and(thread.closed.as_ref()).map(|(_, who)| user(who));
        let mergeable = into.mergeable.last().copied().unwrap_or(Some(true));
        let more = json!({ "merged": pull.merged.is_some(), "mergeable": mergeable, "mergeable_state": "unknown",
            "merged_by": merged_by, "comments": 0, "review_comments": 0, "maintainer_can_modify": false,
            "commits": commits, "additions": 1, "deletions": 1, "changed_files": 1, "rebaseable": null });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    body
}

/// A file or a folder as `/contents` answers it.
pub(crate) fn content(world: &World, full_name: &str, at: &str, path: &str, item: &Item, with_text: bool) -> Value {
    let api = format!("{API}/repos/{full_name}");
    let kind = if item.kind() == "tree" { "dir" } else { "file" };
    let bytes = world.objects.blobs.get(&item.id).cloned().unwrap_or_default();
    let (git, html) =
        (format!("{api}/git/{}s/{}", item.kind(), item.id), format!("{WEB}/{full_name}/{}/{at}/{path}", item.kind()));
    let own = format!("{api}/contents/{path}?ref={at}");
    let download = (kind == "file").then(|| format!("https://raw.githubusercontent.com/{full_name}/{at}/{path}"));
    let mut body = json!({ "name": path.rsplit('/').next().unwrap(), "path": path, "sha": item.id, "size": bytes.len(),
        "url": own, "html_url": html, "git_url": git, "download_url": download, "type": kind,
        "_links": { "self": own, "git": git, "html": html } });
    if with_text {
        // In lines of 60 characters, as GitHub writes it.
        let text = STANDARD.encode(bytes);
        let lines: Vec<&str> = text.as_bytes().chunks(60).map(|line| std::str::from_utf8(line).unwrap()).collect();
        body["content"] = json!(lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        body["encoding"] = json!("base64");
    }
    body
}
