//! The community registry's read API v0.1 as static files, for a host that has no program: GitHub Pages, nginx, a bucket.
//!
//! A path that has paths below it is a folder with `index.html`, which every such host serves for the folder; all others are files
//! with the last part as their name. The content is JSON, written so that it is harmless where a host calls it HTML.

use super::community::{response, version};
use super::gojson;
use super::published::Published;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where the lists of servers are.
pub(crate) const SERVERS: &str = "v0.1/servers";
/// Where the second page and those after it are, each by its cursor.
pub(crate) const PAGES: &str = "v0.1/pages";
/// What hosts serve for a folder.
pub(crate) const INDEX: &str = "index.html";

/// Files by path, with `/`.
pub(crate) type Files = BTreeMap<String, String>;

/// The files of the API. `servers` are entries with their `server.json`. With a `page` size, the list has pages with cursors, which only
/// a host finds that looks at the query.
#[must_use]
pub(crate) fn files(servers: &[(&Published, Value)], page: Option<usize>) -> Files {
    let mut files = Files::new();
    // GitHub Pages leaves out what a site generator would, unless this is there.
    files.insert(".nojekyll".to_owned(), String::new());
    let mut responses = Vec::new();
    for (entry, server) in servers {
        let response = response(entry, server);
        let versions = format!("{SERVERS}/{}/versions", server["name"].as_str().unwrap_or_default());
        files.insert(format!("{versions}/{INDEX}"), text(&list(std::slice::from_ref(&response), None)));
        files.insert(format!("{versions}/latest"), text(&response));
        files.insert(format!("{versions}/{}", version(entry)), text(&response));
        responses.push(response);
    }
    let size = page.unwrap_or(responses.len()).max(1);
    let pages: Vec<&[Value]> = if responses.is_empty() { vec![&[]] } else { responses.chunks(size).collect() };
    for (number, chunk) in pages.iter().enumerate() {
        let next = (number + 1 < pages.len()).then(|| cursor(number + 1));
        let path = if number == 0 { format!("{SERVERS}/{INDEX}") } else { format!("{PAGES}/{}", cursor(number)) };
        files.insert(path, text(&list(chunk, next)));
    }
    files
}

fn list(servers: &[Value], next: Option<String>) -> Value {
    let mut metadata = json!({ "count": servers.len() });
    if let Some(next) = next {
        metadata["nextCursor"] = next.into();
    }
    json!({ "servers": servers, "metadata": metadata })
}

/// The cursor of a page, from 1 for the second one.
fn cursor(number: usize) -> String {
    format!("page-{}", number + 1)
}

fn text(value: &Value) -> String {
    gojson::compact(value)
}
