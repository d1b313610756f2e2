//! Asks GitHub for all facts. Only reads; as many at a time as the sender lets through.

use super::facts::{Environment, Fact, Facts, Files, Live, Then, Unseen};
use super::needs::needs;
use crate::checks::names::GATE;
use crate::checks::{ChecksError, Registry};
use crate::github::GithubError;
use crate::github::registry::{
    Actions, App, BranchRule, Branches, FileContent, RefPattern, Ruleset, SelectedActions, TreeItem,
};
use crate::ids::CommitSha;
use crate::init::skeleton::CODEOWNERS;
use crate::init::{Tool, workflows};
use crate::policy::POLICY;
use futures_util::future::{join_all, try_join_all};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a file that is read. Ours have some thousand.
const MAX_FILE: usize = 256 * 1024;
/// Workflows that are read. We have eight.
const MAX_WORKFLOWS: usize = 60;
/// Rulesets of one branch that are looked at.
const MAX_RULESETS: usize = 20;
/// Pull requests whose head is looked at.
const RECENT: usize = 5;

/// What somebody says about the repository.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// The registry's App, if it is not the one of the policy.
    pub(crate) app: Option<u64>,
    /// The program that workflows should run, if it is known.
    pub(crate) tool: Option<Tool>,
}

/// Reads everything. What is not told is a fact, too.
///
/// # Errors
/// When the repository itself is not shown.
pub(crate) async fn gather(registry: &Registry, request: &Request) -> Result<Facts, ChecksError> {
    let home = registry.open().await?;
    let branch = home.default_branch.as_str();
    let needs = needs(request.tool.as_ref().unwrap_or(&Tool::example()));
    let named: Vec<&str> = needs.environments.keys().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let admin = "Administration: read";
    let (files, (account, app), (rules, rulesets), environments, protection, names, actions, states) = tokio::join!(
        files(registry, branch),
        identity(registry),
        rules(registry, branch),
        environments(registry, &named),
        async { told(admin, registry.protection(branch).await) },
        async {
            tokio::join!(async { told("Secrets: read", registry.secrets(None).await) }, async {
                told("Variables: read", registry.variables(None).await)
            })
        },
        async { tokio::join!(actions(registry), async { told(admin, registry.workflow_token().await) }) },
        async { told("Actions: read", registry.workflow_states().await) },
    );
    let mut facts = Facts {
        owner: home.owner.clone(),
        branch: branch.to_owned(),
        squash: home.squash,
        asked_app: request.app,
        tool: request.tool.clone(),
        files,
        account,
        app,
        seen: Err(Unseen::without_app()),
        rules,
        rulesets,
        protection,
        environments,
        secrets: names.0,
        variables: names.1,
        actions: actions.0.0,
        selected: actions.0.1,
        workflow_token: actions.1,
        states,
    };
    if let Some(app) = facts.expected_app() {
        facts.seen = told("Checks: read", seen(registry, branch, app).await);
    }
    Ok(facts)
}

/// An answer as a fact. What is asked for here is there in every repository, so that 404 says that this token is not shown it.
fn told<T>(needs: &'static str, answer: Result<T, GithubError>) -> Fact<T> {
    answer.map_err(|error| {
        let is_refused = matches!(error, GithubError::Denied { status: 403, .. } | GithubError::Missing(_));
        Unseen::new(error.to_string(), if is_refused { Then::Permission(needs) } else { again(&error) })
    })
}

/// What helps where no permission does.
fn again(error: &GithubError) -> Then {
    match error {
        GithubError::Denied { .. } => Then::Do("GitHub took the token before: ask with a new one"),
        _ => Then::Again,
    }
}

/// What Actions may do. Which ones are allowed is only there where not all or none of others are.
async fn actions(registry: &Registry) -> (Fact<Actions>, Fact<SelectedActions>) {
    let needs = "Administration: read";
    let actions = told(needs, registry.actions().await);
    let is_selected = actions.as_ref().is_ok_and(|it| it.allowed_actions.as_deref() == Some("selected"));
    let selected =
        if is_selected { told(needs, registry.selected_actions().await) } else { Ok(SelectedActions::default()) };
    (actions, selected)
}

/// Whose token it is: the account, and its App.
async fn identity(registry: &Registry) -> (Fact<String>, Fact<Option<App>>) {
    let account = registry.account().await.map(|account| account.login.clone());
    let app = match account.as_ref().map(|login| login.strip_suffix("[bot]")) {
        Ok(Some(slug)) => registry.app(slug).await,
        Ok(None) => Ok(None),
        Err(error) => Err(error.clone()),
    };
    // No permission is about either.
    let plain = |error: GithubError| Unseen::new(error.to_string(), again(&error));
    (account.map_err(plain), app.map_err(plain))
}

/// The App, if it decided the gate of one of the latest pull requests; and how many of those there are.
async fn seen(registry: &Registry, branch: &str, app: u64) -> Result<(Option<App>, usize), GithubError> {
    let heads = registry.recent_heads(branch, RECENT).await?;
    let heads = heads.get(..RECENT).unwrap_or(&heads);
    let found = try_join_all(heads.iter().map(|head| registry.app_of_check(head, GATE, app))).await?;
    Ok((found.into_iter().flatten().next(), heads.len()))
}

async fn rules(registry: &Registry, branch: &str) -> (Fact<Vec<BranchRule>>, Fact<Vec<Ruleset>>) {
    let needs = "Metadata: read";
    let rules = registry.rules(branch).await;
    let rulesets = match &rules {
        Ok(rules) => {
            let ids: BTreeSet<u64> = rules.iter().filter_map(|rule| rule.ruleset).collect();
            match ids.len() {
                0..=MAX_RULESETS => try_join_all(ids.into_iter().map(|id| registry.ruleset(id))).await,
                _ => Err(GithubError::Unexpected("more rulesets of one branch than are read")),
            }
        }
        Err(error) => Err(error.clone()),
    };
    (told(needs, rules), told(needs, rulesets))
}

async fn environments(registry: &Registry, named: &[&str]) -> Fact<BTreeMap<String, Environment>> {
    let all = told("Actions: read", registry.environments().await)?;
    // Names of environments are compared without case.
    let find = |name: &&str| all.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
    let found = named.iter().filter_map(|name| Some((*name, find(name)?)));
    let found = found.map(async |(name, (spelled, branches))| {
        let (patterns, secrets, variables) = tokio::join!(
            async {
                match branches {
                    Branches::Chosen => told("Actions: read", registry.environment_branches(spelled).await),
                    _ => Ok(Vec::<RefPattern>::new()),
                }
            },
            async { told("Environments: read", registry.secrets(Some(spelled)).await) },
            async { told("Environments: read", registry.variables(Some(spelled)).await) },
        );
        (name.to_owned(), Environment { branches: *branches, patterns, secrets, variables })
    });
    Ok(join_all(found).await.into_iter().collect())
}

async fn files(registry: &Registry, branch: &str) -> Files {
    let needs = "Contents: read";
    match tip(registry, branch).await {
        Ok(Some((commit, folders))) => {
            let (policy, owners, workflows) = tokio::join!(
                read(registry, &commit, &folders, POLICY),
                owners(registry, &commit, &folders),
                all_workflows(registry, &commit, &folders)
            );
            let (policy, owners) = (told(needs, policy), told(needs, owners));
            Files { policy, owners, workflows: told(needs, workflows) }
        }
        Ok(None) => Files { policy: Ok(None), owners: Ok(None), workflows: Ok(BTreeMap::new()) },
        Err(error) => {
            let unseen = || told::<()>(needs, Err(error.clone()));
            Files {
                policy: unseen().map(|()| None),
                owners: unseen().map(|()| None),
                workflows: unseen().map(|()| BTreeMap::new()),
            }
        }
    }
}

/// The folders of a commit that are of interest, by their paths.
type Folders = BTreeMap<&'static str, Vec<TreeItem>>;

/// The commit of a branch, and its folders; none in an empty repository.
async fn tip(registry: &Registry, branch: &str) -> Result<Option<(CommitSha, Folders)>, GithubError> {
    let commit = match registry.branch(branch).await {
        Ok(Some(commit)) => commit,
        // «Git Repository is empty.»
        Ok(None) | Err(GithubError::Refused { status: 409, .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(object) = registry.commit(&commit).await? else {
        return Err(GithubError::Unexpected("the commit of a branch is not there"));
    };
    let mut folders = Folders::from([("", registry.tree(&object.tree).await?)]);
    for (above, path, name) in
        [("", "docs", "docs"), ("", ".github", ".github"), (".github", workflows::FOLDER, "workflows")]
    {
        let found = item(&folders, above, name).filter(|item| item.mode == "040000").map(|item| item.sha.to_string());
        if let Some(id) = found {
            folders.insert(path, registry.tree(&id).await?);
        }
    }
    Ok(Some((commit, folders)))
}

fn item<'f>(folders: &'f Folders, folder: &str, name: &str) -> Option<&'f TreeItem> {
    folders.get(folder)?.iter().find(|item| item.path == name)
}

/// The file at a path, if there is something of this name.
async fn read(
    registry: &Registry,
    commit: &CommitSha,
    folders: &Folders,
    path: &str,
) -> Result<Option<Live>, GithubError> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some(item) = item(folders, folder, name) else { return Ok(None) };
    if item.mode == "120000" {
        return Ok(Some(Live::Other("is a symbolic link")));
    }
    Ok(Some(match registry.file(path, commit, MAX_FILE).await? {
        FileContent::Bytes(bytes) => String::from_utf8(bytes).map_or(Live::Other("is not UTF-8"), Live::Text),
        FileContent::TooLarge => Live::Other("is too large to be read"),
        FileContent::NoFile => Live::Other("is not a file"),
        FileContent::Missing => return Err(GithubError::Unexpected("a file of a commit is not there")),
    }))
}

async fn owners(
    registry: &Registry,
    commit: &CommitSha,
    folders: &Folders,
) -> Result<Option<(String, Live)>, GithubError> {
    for path in CODEOWNERS {
        if let Some(found) = read(registry, commit, folders, path).await? {
            return Ok(Some(((*path).to_owned(), found)));
        }
    }
    Ok(None)
}

async fn all_workflows(
    registry: &Registry,
    commit: &CommitSha,
    folders: &Folders,
) -> Result<BTreeMap<String, Live>, GithubError> {
    let items = folders.get(workflows::FOLDER).map(Vec::as_slice).unwrap_or_default();
    let is_workflow = |item: &&TreeItem| item.path.ends_with(".yml") || item.path.ends_with(".yaml");
    let names: Vec<&str> = items.iter().filter(is_workflow).map(|item| item.path.as_str()).collect();
    if names.len() > MAX_WORKFLOWS {
        return Err(GithubError::Unexpected("more workflows than are read"));
    }
    let texts = names.iter().map(async |name| {
        let path = format!("{}/{name}", workflows::FOLDER);
        Ok((*name, read(registry, commit, folders, &path).await?))
    });
    let texts = try_join_all(texts).await?.into_iter();
    Ok(texts.filter_map(|(name, live)| Some((name.to_owned(), live?))).collect())
}
