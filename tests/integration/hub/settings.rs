//! How a repository is set up: what Actions may do, environments, secrets, variables, rules of the default branch.

use std::collections::BTreeMap;

/// Everything that has a page under *Settings*. The default is what GitHub gives a new repository.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// By name.
    pub(crate) environments: BTreeMap<String, Environment>,
    pub(crate) secrets: Vec<String>,
    pub(crate) variables: Vec<String>,
    pub(crate) actions: Actions,
    /// What a workflow's token may do that asks for nothing: `read` or `write`.
    pub(crate) token: &'static str,
    /// Whether workflows may approve pull requests.
    pub(crate) approves: bool,
    /// Whether pull requests can be squashed; none where that is not shown.
    pub(crate) squash: Option<bool>,
    /// Beside the checks in `Repo::required`.
    pub(crate) rules: Rules,
    pub(crate) classic: Option<Classic>,
    /// Workflows that do not run, by the names of their files, and why.
    pub(crate) disabled: BTreeMap<String, &'static str>,
    /// Permissions of the registry's App.
    pub(crate) app: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Actions {
    pub(crate) enabled: bool,
    /// `all`, `local_only` or `selected`.
    pub(crate) allowed: &'static str,
    pub(crate) pinned: Option<bool>,
    pub(crate) github_owned: bool,
    pub(crate) patterns: Vec<String>,
}

/// Which branches may use an environment.
#[derive(Debug, Clone)]
pub(crate) enum Branches {
    Any,
    Protected,
    /// Patterns, and whether each is of a branch or a tag.
    Chosen(Vec<(String, &'static str)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) branches: Branches,
    pub(crate) secrets: Vec<String>,
    pub(crate) variables: Vec<String>,
}

impl Environment {
    /// One that only `main` may use.
    pub(crate) fn of_main(secrets: &[&str], variables: &[&str]) -> Self {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let branches = Branches::Chosen(vec![("main".to_owned(), "branch")]);
        Self { branches, secrets: all(secrets), variables: all(variables) }
    }
}

/// Rules of the one ruleset.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// Whether pull requests are asked for, and then whether with a review of code owners.
    pub(crate) pull_request: Option<bool>,
    pub(crate) queue: bool,
    pub(crate) no_force_pushes: bool,
    pub(crate) no_deletion: bool,
    /// How many may bypass it; none where that is not shown.
    pub(crate) bypass: Option<usize>,
    /// Whether whoever asks may, in GitHub's words.
    pub(crate) own_bypass: Option<&'static str>,
}

/// Classic branch protection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Classic {
    /// A check, and the App that it has to come from.
    pub(crate) check: Option<(String, Option<u64>)>,
    pub(crate) code_owners: Option<bool>,
    pub(crate) loose: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let permissions = ["checks", "contents", "issues", "pull_requests"];
        Self {
            environments: BTreeMap::new(),
            secrets: Vec::new(),
            variables: Vec::new(),
            actions: Actions {
                enabled: true,
                allowed: "all",
                pinned: Some(false),
                github_owned: false,
                patterns: Vec::new(),
            },
            token: "read",
            approves: false,
            squash: Some(true),
            rules: Rules::default(),
            classic: None,
            disabled: BTreeMap::new(),
            app: permissions.map(|name| (name.to_owned(), "write".to_owned())).into(),
        }
    }
}

/// The permission that a token must have to read this; none where every token may that sees the repository.
pub(crate) fn permission(template: &str) -> Option<&'static str> {
    let rest = template.strip_prefix("/repos/{owner}/{repo}/").unwrap_or("");
    let permissions = [
        ("actions/permissions", "administration"),
        ("branches/{branch}/protection", "administration"),
        ("actions/secrets", "secrets"),
        ("actions/variables", "variables"),
        ("actions/workflows", "actions"),
        ("environments/{environment_name}/secrets", "environments"),
        ("environments/{environment_name}/variables", "environments"),
        ("environments", "actions"),
        ("contents", "contents"),
        ("git/", "contents"),
        ("commits/{ref}/check-runs", "checks"),
        ("pulls", "pulls"),
        ("rules", "metadata"),
    ];
    permissions.iter().find(|(begin, _)| rest.starts_with(begin)).map(|(_, permission)| *permission)
}
