//! How a repository is set up: what Actions may do, environments, the names of secrets and variables, and the App that works in
//! it. Nothing here writes, and no value of a secret or variable is kept.

use super::Registry;
use crate::github::GithubError;
use crate::github::answer::Answer;
use crate::github::names::{encode, is_owner_or_name};
use crate::github::sender::List;
use crate::ids::CommitSha;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// Pages of one list of settings that are read, each of 100: GitHub allows 100 secrets and environments of any number.
const MAX_PAGES: usize = 10;

/// What Actions may do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Actions {
    pub(crate) enabled: bool,
    /// `all`, `local_only` or `selected`.
    pub(crate) allowed_actions: Option<String>,
    /// Whether actions have to be named by a whole commit id.
    pub(crate) sha_pinning_required: Option<bool>,
}

/// The actions that are allowed where not all are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SelectedActions {
    /// Those of the accounts `actions` and `github`.
    pub(crate) github_owned_allowed: bool,
    pub(crate) patterns_allowed: Vec<String>,
}

/// What the token of a workflow may do that asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct WorkflowToken {
    /// `read` or `write`.
    pub(crate) default_workflow_permissions: String,
    pub(crate) can_approve_pull_request_reviews: bool,
}

/// Which branches may use an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Branches {
    Any,
    /// Those with classic protection.
    Protected,
    /// Those that fit one of its patterns.
    Chosen,
}

/// A pattern of branches or tags that may use an environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RefPattern {
    #[serde(default)]
    pub(crate) name: String,
    /// `branch` or `tag`; older servers do not say it, and have branches only.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// A GitHub App.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct App {
    pub(crate) id: u64,
    #[serde(default)]
    pub(crate) slug: String,
    /// `checks`: `write`, say.
    #[serde(default)]
    pub(crate) permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Registry {
    async fn setting<T: DeserializeOwned>(&self, path: &str, what: &'static str) -> Result<T, GithubError> {
        self.sender.get(&self.at(path)).await?.expect(200)?.read(what)
    }

    /// A whole list of settings, which is the field `field` of each answer.
    async fn settings<T: DeserializeOwned>(&self, path: &str, field: &'static str) -> Result<Vec<T>, GithubError> {
        let path = self.at(path);
        let list = List { path: &path, query: Some(""), page: 100, most: MAX_PAGES };
        let taken = |answer: &Answer| {
            let mut all: BTreeMap<String, serde_json::Value> = answer.read(field)?;
            let items = all.remove(field).ok_or(GithubError::Unexpected(field))?;
            serde_json::from_value(items).map_err(|_| GithubError::Unexpected(field))
        };
        let (items, is_all) = self.sender.list_in(list, taken).await?;
        if is_all { Ok(items) } else { Err(GithubError::Unexpected("more settings of one kind than are read")) }
    }

    async fn names(&self, path: &str, field: &'static str) -> Result<BTreeSet<String>, GithubError> {
        Ok(self.settings::<Named>(path, field).await?.into_iter().map(|named| named.name).collect())
    }

    /// What Actions may do in the repository.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn actions(&self) -> Result<Actions, GithubError> {
        self.setting("actions/permissions", "what Actions may do").await
    }

    /// The actions that are allowed, if [`Actions::allowed_actions`] is `selected`.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn selected_actions(&self) -> Result<SelectedActions, GithubError> {
        self.setting("actions/permissions/selected-actions", "which actions are allowed").await
    }

    /// What the token of a workflow may do that asks for nothing.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn workflow_token(&self) -> Result<WorkflowToken, GithubError> {
        self.setting("actions/permissions/workflow", "what the token of a workflow may do").await
    }

    /// Workflows by their files, and whether they run: `active`, `disabled_inactivity` and others.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn workflow_states(&self) -> Result<BTreeMap<String, String>, GithubError> {
        #[derive(Deserialize)]
        struct Item {
            path: String,
            state: String,
        }
        let items: Vec<Item> = self.settings("actions/workflows", "workflows").await?;
        Ok(items.into_iter().map(|item| (item.path, item.state)).collect())
    }

    /// All environments, and which branches may use them.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn environments(&self) -> Result<BTreeMap<String, Branches>, GithubError> {
        #[derive(Deserialize)]
        struct Item {
            name: String,
            deployment_branch_policy: Option<Limit>,
        }
        #[derive(Deserialize)]
        struct Limit {
            custom_branch_policies: bool,
        }
        let items: Vec<Item> = self.settings("environments", "environments").await?;
        let branches = |limit: Option<Limit>| match limit {
            None => Branches::Any,
            Some(Limit { custom_branch_policies: true }) => Branches::Chosen,
            Some(_) => Branches::Protected,
        };
        Ok(items.into_iter().map(|item| (item.name, branches(item.deployment_branch_policy))).collect())
    }

    /// The patterns of the branches that may use an environment.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn environment_branches(&self, environment: &str) -> Result<Vec<RefPattern>, GithubError> {
        let path = format!("environments/{}/deployment-branch-policies", encode(environment));
        self.settings(&path, "branch_policies").await
    }

    /// The names of the secrets of the repository, or of one of its environments.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn secrets(&self, environment: Option<&str>) -> Result<BTreeSet<String>, GithubError> {
        self.names(&within(environment, "secrets"), "secrets").await
    }

    /// The names of the variables of the repository, or of one of its environments.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn variables(&self, environment: Option<&str>) -> Result<BTreeSet<String>, GithubError> {
        self.names(&within(environment, "variables"), "variables").await
    }

    /// An App, by the name in addresses; none where the token is shown none.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn app(&self, slug: &str) -> Result<Option<App>, GithubError> {
        if !is_owner_or_name(slug) {
            return Ok(None);
        }
        let answer = self.sender.get(&format!("/apps/{}", encode(slug))).await?;
        answer.found()?.map(|answer| answer.read("an App")).transpose()
    }

    /// The App with this id, if it made a check of this name on a commit.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn app_of_check(
        &self,
        commit: &CommitSha,
        name: &str,
        app: u64,
    ) -> Result<Option<App>, GithubError> {
        #[derive(Deserialize)]
        struct Found {
            check_runs: Vec<Run>,
        }
        #[derive(Deserialize)]
        struct Run {
            name: String,
            app: Option<App>,
        }
        let query = format!("check_name={}&app_id={app}&filter=all&per_page=1", encode(name));
        let found: Found = self.setting(&format!("commits/{commit}/check-runs?{query}"), "a check run").await?;
        let runs = found.check_runs.into_iter().filter(|run| run.name == name);
        Ok(runs.filter_map(|run| run.app).find(|found| found.id == app))
    }

    /// The heads of the pull requests into a branch that changed last, those of forks among them.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn recent_heads(&self, base: &str, most: usize) -> Result<Vec<CommitSha>, GithubError> {
        #[derive(Deserialize)]
        struct Item {
            head: Head,
        }
        #[derive(Deserialize)]
        struct Head {
            sha: CommitSha,
        }
        let base = encode(base);
        let path = format!("pulls?state=all&base={base}&sort=updated&direction=desc&per_page={most}");
        let items: Vec<Item> = self.setting(&path, "a pull request").await?;
        Ok(items.into_iter().map(|item| item.head.sha).collect())
    }
}

fn within(environment: Option<&str>, what: &str) -> String {
    match environment {
        Some(environment) => format!("environments/{}/{what}", encode(environment)),
        None => format!("actions/{what}"),
    }
}
