//! What is known of a repository: plain data.

use crate::github::registry::{
    Actions, App, BranchRule, Branches, Protection, RefPattern, Ruleset, SelectedActions, WorkflowToken,
};
use crate::init::Tool;
use crate::policy::{Policy, PolicyError};
use std::collections::{BTreeMap, BTreeSet};

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unseen {
    /// What GitHub said, or what happened: the end of a sentence.
    pub(crate) why: String,
    pub(crate) then: Then,
}

/// What helps where something is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// A token with this permission, as GitHub's pages call it.
    Permission(&'static str),
    /// Another run.
    Again,
    /// Something else, which this says.
    Do(&'static str),
}

impl Unseen {
    pub(crate) fn new(why: impl Into<String>, then: Then) -> Self {
        Self { why: why.into(), then }
    }

    /// What depends on the App, while nobody says which one it is.
    pub(crate) fn without_app() -> Self {
        Self::new("nobody says which App is the registry's own", Then::Do("do what `app-id` says first"))
    }
}

/// Something that GitHub was asked for.
pub(crate) type Fact<T> = Result<T, Unseen>;

/// The fact, or why it is not known.
pub(crate) fn known<T>(fact: &Fact<T>) -> Result<&T, Unseen> {
    fact.as_ref().map_err(Clone::clone)
}

/// What is at a path of the default branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Live {
    Text(String),
    /// Something that nobody reads as a text: the end of a sentence that begins with its path.
    Other(&'static str),
}

/// An environment that workflows name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment {
    pub(crate) branches: Branches,
    /// The patterns of [`Branches::Chosen`].
    pub(crate) patterns: Fact<Vec<RefPattern>>,
    pub(crate) secrets: Fact<BTreeSet<String>>,
    pub(crate) variables: Fact<BTreeSet<String>>,
}

/// The files of the default branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) policy: Fact<Option<Live>>,
    /// The first CODEOWNERS that GitHub takes, by its path.
    pub(crate) owners: Fact<Option<(String, Live)>>,
    /// All workflows, by the names of their files.
    pub(crate) workflows: Fact<BTreeMap<String, Live>>,
}

/// Everything.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// The account that owns the repository.
    pub(crate) owner: String,
    pub(crate) branch: String,
    pub(crate) squash: Option<bool>,
    /// The App that the command line names.
    pub(crate) asked_app: Option<u64>,
    /// The program that workflows should run, where that is known.
    pub(crate) tool: Option<Tool>,
    pub(crate) files: Files,
    /// Whose token it is.
    pub(crate) account: Fact<String>,
    /// The App of the token; none for the token of a person, or where GitHub shows no App of this name.
    pub(crate) app: Fact<Option<App>>,
    /// The registry's App, if it decided the gate of a pull request lately; and how many were looked at.
    pub(crate) seen: Fact<(Option<App>, usize)>,
    pub(crate) rules: Fact<Vec<BranchRule>>,
    /// Those that the rules are of.
    pub(crate) rulesets: Fact<Vec<Ruleset>>,
    pub(crate) protection: Fact<Option<Protection>>,
    /// Those that exist, of those that workflows name.
    pub(crate) environments: Fact<BTreeMap<String, Environment>>,
    pub(crate) secrets: Fact<BTreeSet<String>>,
    pub(crate) variables: Fact<BTreeSet<String>>,
    pub(crate) actions: Fact<Actions>,
    /// Meaningful where not all actions are allowed.
    pub(crate) selected: Fact<SelectedActions>,
    pub(crate) workflow_token: Fact<WorkflowToken>,
    /// Workflows by path, and whether they run.
    pub(crate) states: Fact<BTreeMap<String, String>>,
}

impl Files {
    /// The policy as a run would read it; without a file, the defaults. The inner error is that of a file that is no policy.
    pub(crate) fn settings(&self) -> Result<Result<Policy, String>, Unseen> {
        Ok(match known(&self.policy)? {
            None => Ok(Policy::default()),
            Some(Live::Other(why)) => Err((*why).to_owned()),
            Some(Live::Text(text)) => Policy::parse(text).map_err(|PolicyError { message, .. }| message),
        })
    }

    /// The App that the policy names.
    pub(crate) fn app(&self) -> Option<u64> {
        self.settings().ok()?.ok()?.settings.github.app_id
    }
}

impl Facts {
    /// The registry's App: as somebody said it, or else the one that asks.
    pub(crate) fn expected_app(&self) -> Option<u64> {
        let own = || self.app.as_ref().ok()?.as_ref().map(|app| app.id);
        self.asked_app.or_else(|| self.files.app()).or_else(own)
    }

    /// The program that the workflows run, as far as anybody says it.
    pub(crate) fn pinned(&self) -> Option<Tool> {
        let live = || {
            let texts = self.files.workflows.as_ref().ok()?.values();
            texts
                .filter_map(|live| match live {
                    Live::Text(text) => Tool::of_workflow(text),
                    Live::Other(_) => None,
                })
                .next()
        };
        self.tool.clone().or_else(live)
    }
}
