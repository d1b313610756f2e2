//! What a repository knows of its commits and threads besides their content: check runs, comments, reviews, who may what,
//! and what a branch asks for before something is merged into it.

use super::world::{Login, World};
use serde_json::Value;

/// An App: what a token of it is, what its account is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) slug: &'static str,
    pub(crate) login: &'static str,
    pub(crate) token: &'static str,
}

/// The Apps that there are: the registry's own, that of every workflow, and somebody's.
pub(crate) const APPS: [App; 3] = [
    App { id: 4_242, slug: "acme-pins", login: super::BOT, token: super::TOKEN },
    App {
        id: 15_368,
        slug: "github-actions",
        login: "github-actions[bot]",
        token: "ghs_thisIsWhatEveryJobOfEveryWorkflowIsGiven",
    },
    App { id: 777, slug: "elsewhere", login: "elsewhere[bot]", token: "ghs_thisIsTheTokenOfAnAppOfSomebodyElse" },
];

/// Somebody with the token of a person.
pub(crate) const PERSON: (&str, &str) = ("maria", "ghp_thisIsTheTokenOfMariaWhoIsAPerson");

/// The App of an account, if it is one.
pub(crate) fn app_of(login: &str) -> Option<&'static App> {
    APPS.iter().find(|app| app.login == login)
}

/// The most check runs of one name that a suite keeps.
const MAX_OF_A_NAME: usize = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckRun {
    pub(crate) id: u64,
    /// The id of its App.
    pub(crate) app: u64,
    pub(crate) name: String,
    pub(crate) head_sha: String,
    pub(crate) external_id: Option<String>,
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) started: Option<String>,
    pub(crate) completed: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) annotations: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) user: Login,
    pub(crate) body: String,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

/// Something that happened to a thread: a label that was set or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: u64,
    /// `labeled` or `unlabeled`.
    pub(crate) kind: &'static str,
    pub(crate) actor: Login,
    pub(crate) time: i64,
    pub(crate) label: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) user: Login,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED` or `DISMISSED`.
    pub(crate) state: &'static str,
    /// The head that was looked at.
    pub(crate) commit: String,
    pub(crate) time: i64,
}

/// A check that a ruleset asks for on the default branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Required {
    pub(crate) context: String,
    /// The App that it must come from; any where there is none.
    pub(crate) app: Option<u64>,
}

impl World {
    /// The check runs of a commit, the newest first.
    pub(crate) fn checks_of(&self, full_name: &str, sha: &str) -> Vec<&CheckRun> {
        let mut found: Vec<&CheckRun> =
            self.repo(full_name).checks.iter().filter(|check| check.head_sha == sha).collect();
        found.sort_by_key(|check| std::cmp::Reverse(check.id));
        found
    }

    /// Adds a check run. Of too many of one name in a suite, which is what an App has on a commit, the oldest go.
    pub(crate) fn add_check(&mut self, full_name: &str, mut check: CheckRun) -> u64 {
        self.tick();
        check.id = self.next_id();
        let id = check.id;
        let checks = &mut self.repo_mut(full_name).checks;
        let is_like =
            |other: &CheckRun| other.name == check.name && other.head_sha == check.head_sha && other.app == check.app;
        if checks.iter().filter(|other| is_like(other)).count() >= MAX_OF_A_NAME
            && let Some(oldest) = checks.iter().position(is_like)
        {
            checks.remove(oldest);
        }
        checks.push(check);
        id
    }

    /// A finished check run, as somebody's job makes one.
    pub(crate) fn forge_check(&mut self, full_name: &str, app: u64, name: &str, sha: &str, external_id: &str) -> u64 {
        let check = CheckRun {
            id: 0,
            app,
            name: name.to_owned(),
            head_sha: sha.to_owned(),
            external_id: Some(external_id.to_owned()),
            status: "completed".to_owned(),
            conclusion: Some("success".to_owned()),
            started: None,
            completed: None,
            title: Some("All is well".to_owned()),
            summary: Some("Nothing was found.".to_owned()),
            text: None,
            annotations: Vec::new(),
        };
        self.add_check(full_name, check)
    }

    /// The newest check run of this name and App on a commit.
    pub(crate) fn check(&self, full_name: &str, sha: &str, name: &str, app: u64) -> Option<&CheckRun> {
        self.checks_of(full_name, sha).into_iter().find(|check| check.name == name && check.app == app)
    }

    /// The checks that keep a head from being merged.
    pub(crate) fn lacking(&self, full_name: &str, sha: &str) -> Vec<String> {
        let checks = self.checks_of(full_name, sha);
        let is_met = |required: &&Required| {
            let newest = checks
                .iter()
                .find(|check| check.name == required.context && required.app.is_none_or(|app| check.app == app));
            newest.is_some_and(|check| matches!(check.conclusion.as_deref(), Some("success" | "neutral" | "skipped")))
        };
        let required = self.repo(full_name).required.iter();
        required.filter(|required| !is_met(required)).map(|required| required.context.clone()).collect()
    }

    /// Sets labels on a thread; of labels that differ in case only there is one.
    pub(crate) fn label(&mut self, full_name: &str, number: u64, names: &[String], actor: &str) {
        for name in names {
            let time = self.tick();
            let id = self.next_id();
            let repo = self.repo_mut(full_name);
            let known = repo.labels.iter().find(|known| known.eq_ignore_ascii_case(name)).cloned();
            let label = known.unwrap_or_else(|| {
                repo.labels.push(name.clone());
                name.clone()
            });
            let thread = repo.threads.get_mut(&number).unwrap();
            if !thread.labels.contains(&label) {
                thread.labels.push(label.clone());
                thread.events.push(Event { id, kind: "labeled", actor: actor.to_owned(), time, label });
            }
        }
    }

    /// Takes a label from a thread. Whether it was there.
    pub(crate) fn unlabel(&mut self, full_name: &str, number: u64, name: &str, actor: &str) -> bool {
        let time = self.tick();
        let id = self.next_id();
        let thread = self.repo_mut(full_name).threads.get_mut(&number).unwrap();
        let Some(at) = thread.labels.iter().position(|label| label.eq_ignore_ascii_case(name)) else { return false };
        let label = thread.labels.remove(at);
        thread.events.push(Event { id, kind: "unlabeled", actor: actor.to_owned(), time, label });
        true
    }

    /// Brings a pull request into its base with one commit, as most repositories of this kind do.
    pub(crate) fn merge(&mut self, full_name: &str, number: u64, title: &str, who: &str) -> String {
        let thread = &self.repo(full_name).threads[&number];
        let pull = thread.pull.clone().unwrap();
        assert!(thread.open, "#{number} is closed");
        let base = self.objects.merge_base(&pull.base_sha, &pull.head_sha).unwrap();
        let tree_of = |commit: &str| self.objects.commits[commit].tree.clone();
        let changed: Vec<(String, Option<String>)> = self
            .objects
            .differences(&tree_of(&base), &tree_of(&pull.head_sha))
            .into_iter()
            .map(|(path, _, new)| {
                (path, new.map(|item| String::from_utf8(self.objects.blobs[&item.id].clone()).unwrap()))
            })
            .collect();
        let changed: Vec<(&str, Option<&str>)> =
            changed.iter().map(|(path, text)| (path.as_str(), text.as_deref())).collect();
        let merge = self.push(full_name, &pull.base, who, title, &changed);
        let now = self.tick();
        let thread = self.repo_mut(full_name).threads.get_mut(&number).unwrap();
        thread.pull.as_mut().unwrap().merged = Some(merge.clone());
        thread.close(now, who);
        merge
    }
}
