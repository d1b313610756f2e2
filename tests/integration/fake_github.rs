//! A GitHub that keeps repositories in memory: the part of its REST API that this program asks, with ETags, redirects of
//! moved repositories, pages and rate limits. What it answers is checked against GitHub's own description in `online::github`.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The id that stands for a short name in these tests: 40 digits made of it.
pub(crate) fn sha(name: &str) -> String {
    let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex:0<40}")[..40].to_owned()
}

/// A repository.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repo {
    pub(crate) archived: bool,
    /// The SPDX id; none when there is no licence file.
    pub(crate) license: Option<&'static str>,
    /// Name and commit, in the order of the listing; the first is the default branch.
    pub(crate) branches: Vec<(String, String)>,
    pub(crate) tags: Vec<(String, String)>,
    /// Parents of each commit, those of forks too.
    pub(crate) commits: BTreeMap<String, Vec<String>>,
    /// Entries of each directory: name, mode, id. The root of every commit is `root`.
    pub(crate) trees: BTreeMap<String, Vec<(String, &'static str, String)>>,
    /// Whether GitHub refuses tokens here, as an organisation can have it.
    pub(crate) refuses_tokens: bool,
}

impl Repo {
    /// A repository with this history on `main`, oldest first.
    pub(crate) fn new(history: &[&str]) -> Self {
        let mut repo = Self { license: Some("MIT"), ..Self::default() };
        repo.grow(None, history);
        repo.branches.push(("main".into(), sha(history.last().unwrap())));
        repo
    }

    /// Adds commits, each on top of the one before.
    pub(crate) fn grow(&mut self, from: Option<&str>, history: &[&str]) {
        let mut parent = from.map(sha);
        for name in history {
            self.commits.insert(sha(name), parent.into_iter().collect());
            parent = Some(sha(name));
        }
    }

    /// The directory `tree` holds these: name and mode. A directory in it has the id of its name.
    pub(crate) fn tree(&mut self, tree: &str, items: &[(&str, &'static str)]) {
        let items = items.iter().map(|(name, mode)| ((*name).to_owned(), *mode, sha(name))).collect();
        self.trees.insert(sha(tree), items);
    }

    fn ancestors(&self, commit: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![commit.to_owned()];
        while let Some(commit) = open.pop() {
            if found.insert(commit.clone()) {
                open.extend(self.commits.get(&commit).cloned().unwrap_or_default());
            }
        }
        found
    }
}

/// What the next answers are in place of the right ones.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// How many answers it lasts.
    pub(crate) times: usize,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// One request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) with_token: bool,
    pub(crate) status: u16,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) repos: BTreeMap<String, Repo>,
    /// Old name to new name.
    pub(crate) moved: BTreeMap<String, String>,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) asked: Vec<Asked>,
    /// The bodies of all good answers, by the path that GitHub's description gives them.
    pub(crate) answers: Vec<(&'static str, Value)>,
}

/// The running fake. It ends with the runtime of its test.
#[derive(Debug, Clone)]
pub(crate) struct FakeGithub {
    /// What `GITHUB_API_URL` is set to.
    pub(crate) url: String,
    pub(crate) world: Arc<Mutex<World>>,
}

impl FakeGithub {
    pub(crate) async fn start(repos: impl IntoIterator<Item = (&'static str, Repo)>) -> Self {
        let repos = repos.into_iter().map(|(name, repo)| (name.to_owned(), repo)).collect();
        let world = Arc::new(Mutex::new(World { repos, ..World::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(handle).with_state((world.clone(), url.clone()));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, world }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap());
    }

    /// The requests since the last call.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.world.lock().unwrap().asked)
    }
}

async fn handle(State((world, url)): State<(Arc<Mutex<World>>, String)>, request: Request) -> Response {
    let mut world = world.lock().unwrap();
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    let with_token = request.headers().contains_key(header::AUTHORIZATION);
    let response = respond(&mut world, &url, &path, with_token, request.headers());
    world.asked.push(Asked { path, with_token, status: response.status().as_u16() });
    response
}

fn message(status: u16, text: &str) -> Response {
    let body = json!({ "message": text, "documentation_url": "https://docs.github.com/rest" }).to_string();
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn respond(world: &mut World, url: &str, path: &str, with_token: bool, headers: &HeaderMap) -> Response {
    if let Some(trouble) = &mut world.trouble
        && trouble.times > 0
    {
        trouble.times -= 1;
        let mut response = message(trouble.status, "trouble");
        for (name, value) in &trouble.headers {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        return response;
    }
    let (route, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parts = route.trim_start_matches('/').splitn(4, '/');
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    let (owner, name) = match (first, second, third) {
        (Some("repos"), Some(owner), Some(name)) => (owner, name),
        // Where moved repositories are redirected to: by an id that no name can be mistaken for.
        (Some("repositories"), Some(id), None) => id.split_once("--").unwrap(),
        _ => return message(404, "Not Found"),
    };
    let full_name = format!("{owner}/{name}").to_lowercase();
    if let Some(new) = world.moved.get(&full_name) {
        let target = format!("{url}/repositories/{}", new.replace('/', "--"));
        return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, target)]).into_response();
    }
    let Some(repo) = world.repos.get(&full_name) else { return message(404, "Not Found") };
    if repo.refuses_tokens && with_token {
        return message(403, "Resource protected by organization SAML enforcement.");
    }
    let rest = parts.next().unwrap_or_default();
    let Some((described, body)) = answer(repo, &full_name, rest, query) else { return message(404, "Not Found") };
    world.answers.push((described, body.clone()));
    let body = body.to_string();
    // The same for the same body, as a real one is.
    let etag = format!("W/\"{:x}\"", body.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte)));
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::ETAG, etag.as_str())], body).into_response()
}

fn decode(text: &str) -> String {
    let pairs = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pairs.as_bytes()).next().unwrap().1.into_owned()
}

fn answer(repo: &Repo, full_name: &str, rest: &str, query: &str) -> Option<(&'static str, Value)> {
    let api = format!("https://api.github.com/repos/{full_name}");
    let commit_at = |id: &str| json!({ "sha": id, "url": format!("{api}/commits/{id}") });
    if rest.is_empty() {
        let (_, name) = full_name.split_once('/')?;
        let license = repo.license.map(|id| {
            json!({ "key": id.to_lowercase(), "name": id, "url": null, "spdx_id": id, "node_id": "MDc6TGljZW5zZTEz" })
        });
        let body = json!({ "id": 1, "node_id": "R_1", "name": name, "full_name": full_name, "private": false,
            "html_url": format!("https://github.com/{full_name}"), "url": api, "fork": false,
            "archived": repo.archived, "default_branch": repo.branches[0].0, "license": license });
        return Some(("/repos/{owner}/{repo}", body));
    }
    if let Some(name) = rest.strip_prefix("git/ref/") {
        let name = decode(name);
        let found = match name.split_once('/')? {
            ("heads", branch) => repo.branches.iter().find(|(name, _)| name == branch)?,
            ("tags", tag) => repo.tags.iter().find(|(name, _)| name == tag)?,
            _ => return None,
        };
        let object = json!({ "type": "commit", "sha": found.1, "url": format!("{api}/git/commits/{}", found.1) });
        let body = json!({ "ref": format!("refs/{name}"), "node_id": "R_2", "url": format!("{api}/git/refs"), "object": object });
        return Some(("/repos/{owner}/{repo}/git/ref/{ref}", body));
    }
    if let Some(id) = rest.strip_prefix("git/commits/") {
        let parents = repo.commits.get(id)?;
        // Every commit has the tree `root`, under an id of its own.
        let tree = format!("{}7ee7", &id[..36]);
        let parents: Vec<Value> = parents
            .iter()
            .map(|id| json!({ "sha": id, "url": format!("{api}/git/commits/{id}"), "html_url": format!("https://github.com/{full_name}/commit/{id}") }))
            .collect();
        let body = json!({ "sha": id, "node_id": "C_1", "url": format!("{api}/git/commits/{id}"), "message": "m",
            "tree": { "sha": tree, "url": format!("{api}/git/trees/{tree}") }, "parents": parents });
        return Some(("/repos/{owner}/{repo}/git/commits/{commit_sha}", body));
    }
    if let Some(id) = rest.strip_prefix("git/trees/") {
        let empty = Vec::new();
        let root = id.ends_with("7ee7");
        let key = if root { sha("root") } else { id.to_owned() };
        let items = repo.trees.get(&key).or(root.then_some(&empty))?;
        let items: Vec<Value> = items
            .iter()
            .map(|(name, mode, id)| {
                let kind = match *mode {
                    "040000" => "tree",
                    "160000" => "commit",
                    _ => "blob",
                };
                json!({ "path": name, "mode": mode, "type": kind, "sha": id, "url": format!("{api}/git/{kind}s/{id}") })
            })
            .collect();
        let body = json!({ "sha": id, "url": format!("{api}/git/trees/{id}"), "tree": items, "truncated": false });
        return Some(("/repos/{owner}/{repo}/git/trees/{tree_sha}", body));
    }
    if let Some(basehead) = rest.strip_prefix("compare/") {
        let (base, head) = basehead.split_once("...")?;
        let (of_base, of_head) = (repo.ancestors(base), repo.ancestors(head));
        let shared = of_base.intersection(&of_head).next()?;
        let (ahead, behind) = (of_head.difference(&of_base).count(), of_base.difference(&of_head).count());
        let status = match (ahead, behind) {
            (0, 0) => "identical",
            (0, _) => "behind",
            (_, 0) => "ahead",
            _ => "diverged",
        };
        let url = format!("{api}/compare/{basehead}");
        let body = json!({ "url": url, "status": status, "ahead_by": ahead, "behind_by": behind, "total_commits": ahead,
            "commits": [], "merge_base_commit": { "sha": shared, "url": format!("{api}/commits/{shared}") } });
        return Some(("/repos/{owner}/{repo}/compare/{basehead}", body));
    }
    let number = |key: &str| query.split('&').find_map(|part| part.strip_prefix(key)?.strip_prefix('=')?.parse().ok());
    let (size, page): (usize, usize) = (number("per_page").unwrap_or(30), number("page").unwrap_or(1));
    let list = |items: &[(String, String)]| -> Vec<(String, String)> {
        items.iter().skip(size * (page - 1)).take(size.min(100)).cloned().collect()
    };
    match rest {
        "branches" => {
            let item =
                |(name, id): &(String, String)| json!({ "name": name, "commit": commit_at(id), "protected": false });
            Some(("/repos/{owner}/{repo}/branches", list(&repo.branches).iter().map(item).collect()))
        }
        "tags" => {
            let item = |(name, id): &(String, String)| {
                json!({ "name": name, "commit": commit_at(id), "node_id": "REF_1",
                    "zipball_url": format!("{api}/zipball/{name}"), "tarball_url": format!("{api}/tarball/{name}") })
            };
            Some(("/repos/{owner}/{repo}/tags", list(&repo.tags).iter().map(item).collect()))
        }
        _ => None,
    }
}
