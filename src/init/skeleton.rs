//! What is in a new registry beside workflows: policy, one entry, owners, and what a pull request asks.

use super::stamp::{Comment, stamped};
use super::workflows;
use super::{File, Owner, Tool};
use crate::entry::{MANIFEST, SERVERS};
use crate::policy::POLICY;
use std::fmt::Write as _;

/// What a registry's maintainers decide before there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choices {
    /// What the names of images begin with that the registry builds.
    pub(crate) namespace: String,
    pub(crate) hosts: Vec<String>,
    /// Empty allows all.
    pub(crate) categories: Vec<String>,
    /// The registry's own App, if there is one yet.
    pub(crate) app_id: Option<u64>,
    /// Who must approve a change of policy and workflows; nobody is asked where it is empty.
    pub(crate) owners: Vec<String>,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            namespace: "mcp/".to_owned(),
            hosts: vec![EXAMPLE_HOST.to_owned()],
            categories: Vec::new(),
            app_id: None,
            owners: Vec::new(),
        }
    }
}

/// The categories of Docker's registry that its entries use.
pub(crate) const CATEGORIES: [&str; 22] = [
    "ai",
    "analytics",
    "blockchain",
    "business",
    "communication",
    "data-visualization",
    "database",
    "development",
    "devops",
    "documentation",
    "ecommerce",
    "healthcare",
    "maps",
    "monitoring",
    "news",
    "payments",
    "productivity",
    "search",
    "security",
    "video",
    "web",
    "web-scraping",
];

/// An entry of this repository's own registry, which its tests keep right.
const EXAMPLE: &str = include_str!("../../servers/git/server.yaml");
const EXAMPLE_README: &str = include_str!("../../servers/git/readme.md");
/// The example's folder.
pub(crate) const EXAMPLE_NAME: &str = "git";
const EXAMPLE_IMAGE: &str = "image: mcp/git\n";
const EXAMPLE_CATEGORY: &str = "development";
const EXAMPLE_HOST: &str = "github.com";

/// Where GitHub looks for the owners of files; the first is where they are written.
pub(crate) const CODEOWNERS: &[&str] = &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
const PULL_REQUEST: &str = ".github/pull_request_template.md";

/// All files of a registry. `has_entries` says that the example is not needed, `has_policy` that choices are made.
pub(crate) fn skeleton(choices: &Choices, tool: &Tool, has_entries: bool) -> Vec<File> {
    let yours = |path: &str, text: String, also| File { path: path.to_owned(), text, owner: Owner::Yours, also };
    let mut files = vec![yours(POLICY, policy(choices), &[])];
    if !has_entries && choices.hosts.iter().any(|host| host == EXAMPLE_HOST) {
        files.push(yours(&format!("{SERVERS}/{EXAMPLE_NAME}/{MANIFEST}"), example(choices), &[]));
        files.push(yours(&format!("{SERVERS}/{EXAMPLE_NAME}/readme.md"), EXAMPLE_README.to_owned(), &[]));
    }
    if let Some((path, also)) = CODEOWNERS.split_first().filter(|_| !choices.owners.is_empty()) {
        files.push(yours(path, owners(&choices.owners), also));
    }
    files.push(File {
        path: PULL_REQUEST.to_owned(),
        text: stamped(include_str!("pull_request_template.md"), Comment::Html),
        owner: Owner::Ours,
        also: &[
            ".github/PULL_REQUEST_TEMPLATE",
            ".github/PULL_REQUEST_TEMPLATE.md",
            "PULL_REQUEST_TEMPLATE.md",
            "pull_request_template.md",
            "docs/pull_request_template.md",
        ],
    });
    files.extend(workflows::files(tool));
    files
}

fn example(choices: &Choices) -> String {
    let text = EXAMPLE.replace(EXAMPLE_IMAGE, &format!("image: {}git\n", choices.namespace));
    match choices.categories.first() {
        Some(first) if !choices.categories.iter().any(|category| category == EXAMPLE_CATEGORY) => {
            text.replace(&format!("category: {EXAMPLE_CATEGORY}\n"), &format!("category: {first}\n"))
        }
        _ => text,
    }
}

fn owners(owners: &[String]) -> String {
    let owners = owners.join(" ");
    format!(
        "# Who must approve a change of what judges other changes. Entries need no owner here.
/mcp-registry.toml {owners}
/.github/ {owners}
"
    )
}

fn policy(choices: &Choices) -> String {
    let quoted = |text: &String| toml::Value::String(text.clone()).to_string();
    let list = |of: &[String]| of.iter().map(quoted).collect::<Vec<_>>();
    let mut text = format!(
        "# The policy of this registry. Entries cannot change it: only maintainers edit this file.

[registry]
# Images that the registry itself builds, from the pinned commit. They carry no tag in an entry.
namespace = {}
# Git hosts that source.project may name.
hosts = [{}]
",
        quoted(&choices.namespace),
        list(&choices.hosts).join(", ")
    );
    if choices.categories.is_empty() {
        text.push_str(
            "# What meta.category may be. Without a list, anything.\n# categories = [\"database\", \"search\"]\n",
        );
    } else {
        text.push_str("# What meta.category may be.\ncategories = [\n");
        for category in list(&choices.categories) {
            let _ = writeln!(text, "  {category},");
        }
        text.push_str("]\n");
    }
    text.push_str(
        "
[pins]
# A pin moves only to commits that were first seen this long ago: whoever takes over an upstream is often found out by then.
cooldown = \"24h\"
# New pull requests of one night. The others are opened the next one.
max-new-prs = 30

",
    );
    match choices.app_id {
        Some(id) => {
            let _ = write!(
                text,
                "[github]\n# The registry's own GitHub App. Only its checks count.\napp-id = {id}\n"
            );
        }
        None => text.push_str(
            "# The registry's own GitHub App, when there is one. Only its checks count.\n# [github]\n# app-id = 123456\n",
        ),
    }
    text
}
