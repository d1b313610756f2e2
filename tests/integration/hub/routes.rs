//! What is answered to which request.

mod checks;
mod git;
mod issues;
mod pulls;
mod reading;
mod settings;
mod talk;

use super::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request that has a route.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// Decoded, by the names of the template.
    pub(crate) params: BTreeMap<&'static str, String>,
    pub(crate) query: &'a [(String, String)],
    /// Null when there is none.
    pub(crate) body: Value,
    /// The account that the token belongs to; empty without a token.
    pub(crate) who: &'a str,
    /// What is left of the primary limit, and when it ends.
    pub(crate) limit: (u64, u64, u64),
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// The number of the last page, of a list that has several.
    pub(crate) pages: Option<usize>,
    /// Where the answer is instead.
    pub(crate) location: Option<String>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), pages: None, location: None }
    }

    pub(crate) fn nothing(status: u16) -> Self {
        Self { status, body: None, pages: None, location: None }
    }

    pub(crate) fn error(status: u16, message: &str) -> Self {
        let docs = "https://docs.github.com/rest";
        Self::new(status, json!({ "message": message, "documentation_url": docs, "status": status.to_string() }))
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "Not Found")
    }

    /// 422 with one sentence.
    pub(crate) fn refused(message: &str) -> Self {
        Self::new(422, json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }))
    }

    /// 422 with what is wrong about a field of a thing.
    pub(crate) fn invalid(resource: &str, field: Option<&str>, code: &str, message: Option<&str>) -> Self {
        let mut error = json!({ "resource": resource, "code": code });
        if let Some(field) = field {
            error["field"] = json!(field);
        }
        if let Some(message) = message {
            error["message"] = json!(message);
        }
        let mut reply = Self::refused("Validation Failed");
        reply.body.as_mut().unwrap()["errors"] = json!([error]);
        reply
    }
}

type Handler = fn(&mut World, &Asked) -> Reply;

/// A method, a path as GitHub's description writes it, and what answers.
pub(crate) type Route = (&'static str, &'static str, Handler);

/// Every request that the hub knows. Of two that fit, the first is taken.
pub(crate) const ROUTES: &[Route] = &[
    ("POST", "/graphql", reading::viewer),
    ("GET", "/rate_limit", reading::rate_limit),
    ("GET", "/repos/{owner}/{repo}", reading::repository),
    ("GET", "/repos/{owner}/{repo}/contents/{path}", reading::contents),
    ("GET", "/repos/{owner}/{repo}/branches/{branch}/protection", settings::protection),
    ("GET", "/repos/{owner}/{repo}/branches/{branch}", reading::branch),
    ("GET", "/repos/{owner}/{repo}/commits", reading::commits),
    ("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", checks::list),
    ("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", talk::pulls_of_commit),
    ("GET", "/repos/{owner}/{repo}/commits/{ref}", reading::commit),
    ("POST", "/repos/{owner}/{repo}/check-runs", checks::create),
    ("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}", checks::get),
    ("PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", checks::update),
    ("GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", checks::annotations),
    ("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", settings::rules),
    ("GET", "/repos/{owner}/{repo}/rulesets/{ruleset_id}", settings::ruleset),
    ("GET", "/repos/{owner}/{repo}/actions/permissions", settings::actions),
    ("GET", "/repos/{owner}/{repo}/actions/permissions/selected-actions", settings::selected),
    ("GET", "/repos/{owner}/{repo}/actions/permissions/workflow", settings::token),
    ("GET", "/repos/{owner}/{repo}/actions/secrets", settings::secrets),
    ("GET", "/repos/{owner}/{repo}/actions/variables", settings::variables),
    ("GET", "/repos/{owner}/{repo}/actions/workflows", settings::workflows),
    ("GET", "/repos/{owner}/{repo}/environments", settings::environments),
    (
        "GET",
        "/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies",
        settings::branch_policies,
    ),
    ("GET", "/repos/{owner}/{repo}/environments/{environment_name}/secrets", settings::environment_secrets),
    ("GET", "/repos/{owner}/{repo}/environments/{environment_name}/variables", settings::environment_variables),
    ("GET", "/apps/{app_slug}", settings::app),
    ("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", talk::permission),
    ("GET", "/repos/{owner}/{repo}/compare/{basehead}", reading::compare),
    ("GET", "/repos/{owner}/{repo}/git/ref/{ref}", git::reference),
    ("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", git::matching),
    ("POST", "/repos/{owner}/{repo}/git/refs", git::create_ref),
    ("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", git::update_ref),
    ("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", git::delete_ref),
    ("POST", "/repos/{owner}/{repo}/git/blobs", git::create_blob),
    ("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", git::tree),
    ("POST", "/repos/{owner}/{repo}/git/trees", git::create_tree),
    ("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", git::commit),
    ("POST", "/repos/{owner}/{repo}/git/commits", git::create_commit),
    ("GET", "/repos/{owner}/{repo}/pulls", pulls::list),
    ("POST", "/repos/{owner}/{repo}/pulls", pulls::create),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", pulls::get),
    ("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", pulls::update),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", pulls::files),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", talk::reviews),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", talk::commits),
    ("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", talk::merge),
    ("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", talk::comment),
    ("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", talk::update_comment),
    ("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", talk::delete_comment),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", talk::comments),
    ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", talk::create_comment),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/events", talk::events),
    ("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", talk::remove_label),
    ("GET", "/repos/{owner}/{repo}/issues", issues::list),
    ("POST", "/repos/{owner}/{repo}/issues", issues::create),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}", issues::get),
    ("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", issues::update),
    ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/labels", issues::labels_of),
    ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", issues::add_labels),
    ("PUT", "/repos/{owner}/{repo}/issues/{issue_number}/labels", issues::set_labels),
    ("GET", "/repos/{owner}/{repo}/labels", issues::labels),
    ("POST", "/repos/{owner}/{repo}/labels", issues::create_label),
    ("GET", "/repos/{owner}/{repo}/labels/{name}", issues::label),
];

/// Parameters that may hold slashes. They end their templates.
const LONG: &[&str] = &["path", "ref", "branch", "basehead"];

/// The route of a request, with the parameters of its path.
pub(crate) fn route(method: &str, path: &str) -> Option<(&'static Route, BTreeMap<&'static str, String>)> {
    let fits = |route: &'static Route| {
        let template: Vec<&'static str> = route.1.split('/').collect();
        let given: Vec<&str> = path.splitn(template.len(), '/').collect();
        let mut params = BTreeMap::new();
        for (template, given) in template.iter().zip(&given) {
            match template.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !given.is_empty() && (LONG.contains(&name) || !given.contains('/')) => {
                    params.insert(name, decode(given)?);
                }
                None if template == given => {}
                _ => return None,
            }
        }
        (route.0 == method && template.len() == given.len()).then_some((route, params))
    };
    ROUTES.iter().find_map(fits)
}

/// Undoes percent-encoding; none when that leaves no text.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(code) if *first == b'%' => (bytes.push(code), rest = &after[2..]).1,
            _ => (bytes.push(*first), rest = after).1,
        }
    }
    String::from_utf8(bytes).ok()
}

impl Asked<'_> {
    /// The repository that the path names.
    fn repo(&self) -> String {
        format!("{}/{}", self.params["owner"], self.params["repo"])
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field).and_then(Value::as_str)
    }

    fn number(&self, param: &str) -> u64 {
        self.params[param].parse().unwrap_or(0)
    }

    /// One page of a list.
    fn page<T>(&self, items: Vec<T>, render: impl Fn(T) -> Value) -> Reply {
        let number = |name: &str| self.query(name).and_then(|value| value.parse::<usize>().ok());
        let (size, page) = (number("per_page").unwrap_or(30).clamp(1, 100), number("page").unwrap_or(1).max(1));
        let pages = items.len().div_ceil(size);
        let body: Vec<Value> = items.into_iter().skip(size * (page - 1)).take(size).map(render).collect();
        Reply { pages: (pages > 1).then_some(pages), ..Reply::new(200, Value::Array(body)) }
    }
}

/// The pages around this one, as the header `link` names them.
pub(crate) fn link(address: &str, query: &[(String, String)], pages: usize) -> String {
    let page = query.iter().find(|(name, _)| name == "page").and_then(|(_, page)| page.parse().ok()).unwrap_or(1);
    let to = |number: usize, rel: &str| {
        let mut all = url::form_urlencoded::Serializer::new(String::new());
        all.extend_pairs(query.iter().filter(|(name, _)| name != "page")).append_pair("page", &number.to_string());
        format!("<{address}?{}>; rel=\"{rel}\"", all.finish())
    };
    let mut links = Vec::new();
    if page > 1 {
        links.extend([to(page - 1, "prev"), to(1, "first")]);
    }
    if page < pages {
        links.extend([to(page + 1, "next"), to(pages, "last")]);
    }
    links.join(", ")
}
