//! What a pull request changed, and so which checks it needs: read from history, and never from a report.

use crate::changes::ChangeKind;
use crate::checks::names::Analysis;
use crate::cli::{Global, clock, plan, refuse};
use crate::error::CommandError;
use crate::ids::CommitSha;
use crate::jobs::Planned;
use crate::policy::Policy;
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Debug, Clone, Args)]
pub(super) struct NeedsArgs {
    /// What the pull request changed since it left its base. The policy of `base` counts.
    #[arg(long, value_name = "BASE..HEAD")]
    pub(super) diff: String,
}

/// Some of the analyses.
#[derive(Debug, Clone, Args)]
pub(super) struct OnlyArgs {
    /// Only these analyses.
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    only: Vec<Only>,
}

impl OnlyArgs {
    pub(super) fn analyses(&self) -> BTreeSet<Analysis> {
        self.only.iter().map(|only| only.analysis()).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    Validate,
    Build,
    Review,
}

impl Only {
    fn analysis(self) -> Analysis {
        match self {
            Self::Validate => Analysis::Validate,
            Self::Build => Analysis::Build,
            Self::Review => Analysis::Review,
        }
    }
}

/// What a range needs.
#[derive(Debug)]
pub(super) struct Needs {
    pub(super) head: CommitSha,
    /// Of the base.
    pub(super) policy: Policy,
    pub(super) planned: Vec<Planned>,
    /// What is asked for, by entry.
    pub(super) required: Vec<(Analysis, Arc<str>)>,
    /// What people decide besides.
    pub(super) outside: Vec<(String, &'static str)>,
}

impl NeedsArgs {
    /// Reads history. `only` some of the analyses are asked for; all, where it names none.
    ///
    /// # Errors
    /// When it is no range, or history or the base's policy cannot be read.
    pub(super) fn read(&self, global: &Global, only: BTreeSet<Analysis>) -> Result<Needs, CommandError> {
        let (text, global) = (self.diff.clone(), global.clone());
        clock::within(clock::HISTORY, "the registry's history", move || {
            let plan::Changed { compared, policy, jobs, .. } = plan::changed(&text, &global)?;
            let planned = jobs.entries;
            let wanted = Analysis::ALL.into_iter().filter(|it| only.is_empty() || only.contains(it));
            let required = wanted.flat_map(|analysis| {
                let needs = planned.iter().filter(move |planned| planned.needs.contains(&analysis.need()));
                needs.map(move |planned| (analysis, planned.name.clone()))
            });
            let mut required: Vec<(Analysis, Arc<str>)> = required.collect();
            required.sort_by(|one, other| (&one.1, one.0).cmp(&(&other.1, other.0)));
            let others = compared.changes.others.iter();
            let mut outside: Vec<_> = others.map(|file| (file.path.to_string(), "outside of entries")).collect();
            // An entry that goes away is nobody's to judge, and somebody's to decide.
            let gone = compared.changes.entries.iter().filter(|(_, change)| change.kind == ChangeKind::Deleted);
            outside.extend(gone.map(|(name, _)| (format!("servers/{name}"), "the entry goes away")));
            let unseen = planned.iter().filter(|planned| planned.runs_unseen);
            outside.extend(unseen.map(|planned| {
                (format!("servers/{}", planned.name), "what it runs, or how, is neither built nor reviewed here")
            }));
            Ok(Needs { head: compared.head, policy, planned, required, outside })
        })
    }
}

/// What a pull request is called.
pub(super) fn number(text: &str) -> Result<u64, String> {
    match text.trim_start_matches('#').parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err("a pull request is a number, as in 7".to_owned()),
    }
}

/// Refuses a repository's part that is none.
pub(super) fn no_reports() -> CommandError {
    refuse("no report is named")
        .hint("name the files of `validate`, `build` and `review`: `checks publish … validate.json`")
}
