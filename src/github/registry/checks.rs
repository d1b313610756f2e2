//! Check runs of Apps.

use super::Registry;
use crate::github::GithubError;
use crate::github::names::encode;
use crate::github::sender::List;
use crate::ids::CommitSha;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Check runs on one page; GitHub gives up to 100.
const PAGE: usize = 100;
/// Of one name in one suite GitHub keeps 1,000; a change of some hundred entries has three of each.
const MAX_PAGES: usize = 50;

/// A check run as GitHub has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct CheckRun {
    /// Newer ones have greater ids.
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) head_sha: CommitSha,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) external_id: String,
    /// `queued`, `in_progress`, `completed`, or a word that GitHub has for its own.
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
    /// When its App says that it ended, RFC 3339.
    pub(crate) completed_at: Option<String>,
    pub(crate) html_url: Option<String>,
    output: Output,
    app: Option<App>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Output {
    annotations_count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct App {
    id: u64,
}

fn or_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl CheckRun {
    /// The App that made it; only that one can change it.
    pub(crate) fn app(&self) -> Option<u64> {
        self.app.as_ref().map(|app| app.id)
    }

    /// How many annotations it has: those that were sent.
    pub(crate) fn annotations(&self) -> usize {
        usize::try_from(self.output.annotations_count).unwrap_or(usize::MAX)
    }

    pub(crate) fn is_completed(&self) -> bool {
        self.status == "completed"
    }
}

/// A remark at lines of a file, as GitHub takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Annotation {
    pub(crate) path: String,
    /// From 1.
    pub(crate) start_line: u64,
    pub(crate) end_line: u64,
    /// `notice`, `warning` or `failure`.
    pub(crate) annotation_level: &'static str,
    pub(crate) message: String,
    pub(crate) title: String,
}

/// What is to be said by a check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckText {
    /// What finds it again, with a digest of all of it.
    pub(crate) external_id: String,
    /// None while the work is under way.
    pub(crate) conclusion: Option<&'static str>,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) text: String,
    /// Those that are added by this request.
    pub(crate) annotations: Vec<Annotation>,
}

impl CheckText {
    fn body(&self) -> Value {
        let mut output = json!({ "title": self.title, "summary": self.summary });
        if !self.text.is_empty() {
            output["text"] = json!(self.text);
        }
        if !self.annotations.is_empty() {
            output["annotations"] = json!(self.annotations);
        }
        let mut body = json!({ "external_id": self.external_id, "output": output });
        match self.conclusion {
            Some(conclusion) => {
                body["status"] = json!("completed");
                body["conclusion"] = json!(conclusion);
            }
            None => body["status"] = json!("in_progress"),
        }
        body
    }

    fn is_in(&self, run: &CheckRun) -> bool {
        run.external_id == self.external_id && run.conclusion.as_deref() == self.conclusion
    }
}

const WHAT: &str = "a check run";

impl Registry {
    /// All check runs of an App on a commit, of this name or of all names, the newest first. Nothing of other Apps is among them,
    /// whatever GitHub answers.
    ///
    /// # Errors
    /// When GitHub does not say, or there are more than it keeps.
    pub(crate) async fn check_runs(
        &self,
        commit: &CommitSha,
        name: Option<&str>,
        app: u64,
    ) -> Result<Vec<CheckRun>, GithubError> {
        #[derive(Deserialize)]
        struct Page {
            check_runs: Vec<CheckRun>,
        }
        let path = self.at(&format!("commits/{commit}/check-runs"));
        // The latest of each suite alone would hide what was there before.
        let mut query = format!("app_id={app}&filter=all");
        if let Some(name) = name {
            query.push_str(&format!("&check_name={}", encode(name)));
        }
        let list = List { path: &path, query: Some(&query), page: PAGE, most: MAX_PAGES };
        let taken = |answer: &crate::github::answer::Answer| answer.read::<Page>(WHAT).map(|page| page.check_runs);
        let (mut runs, is_all) = self.sender.list_in(list, taken).await?;
        if !is_all {
            return Err(GithubError::Unexpected("more check runs of one commit than are read"));
        }
        let is_meant = |run: &CheckRun| {
            run.app() == Some(app) && run.head_sha == *commit && name.is_none_or(|name| run.name == name)
        };
        runs.retain(is_meant);
        runs.sort_by_key(|run| std::cmp::Reverse(run.id));
        runs.dedup_by_key(|run| run.id);
        Ok(runs)
    }

    /// A check run as it is now.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn check_run(&self, id: u64) -> Result<CheckRun, GithubError> {
        self.sender.get(&self.at(&format!("check-runs/{id}"))).await?.expect(200)?.read(WHAT)
    }

    /// Makes a check run.
    ///
    /// # Errors
    /// When GitHub does not do it: the token must be an App's.
    pub(crate) async fn create_check(
        &self,
        commit: &CommitSha,
        name: &str,
        text: &CheckText,
        app: u64,
    ) -> Result<CheckRun, GithubError> {
        let mut body = text.body();
        body["name"] = json!(name);
        body["head_sha"] = json!(commit.as_str());
        let made: CheckRun = self
            .sender
            .write(
                Method::POST,
                &self.at("check-runs"),
                Some(&body),
                |answer| answer.expect(201)?.read(WHAT),
                async || {
                    let runs = self.check_runs(commit, Some(name), app).await?;
                    Ok(runs.into_iter().find(|run| text.is_in(run)))
                },
            )
            .await?;
        if made.app() == Some(app) {
            return Ok(made);
        }
        Err(GithubError::Unexpected("the token is of another App than the one whose checks count"))
    }

    /// Changes a check run of ours, and adds annotations to the `before` ones that it has.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn update_check(&self, id: u64, before: usize, text: &CheckText) -> Result<(), GithubError> {
        let address = self.at(&format!("check-runs/{id}"));
        let after = before + text.annotations.len();
        self.sender
            .write(
                Method::PATCH,
                &address,
                Some(&text.body()),
                |answer| answer.expect(200).map(drop),
                async || {
                    let run = self.check_run(id).await?;
                    Ok((text.is_in(&run) && run.annotations() == after).then_some(()))
                },
            )
            .await
    }
}
