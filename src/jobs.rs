//! What a change of the registry, or an audit of all of it, needs done, and how the jobs of a CI divide it.
//!
//! A job is handed names of entries and nothing else that somebody wrote, and only names of the form that `invalid-name`
//! asks for: whatever reads them, a shell among them, finds letters, digits and hyphens.

mod audit;
mod balance;
mod change;

pub(crate) use audit::audit;
pub(crate) use balance::balance;
pub(crate) use change::change;

use crate::entry::Entry;
use crate::entry::source::{BuiltFrom, source_of};
use crate::ids::CommitSha;
use crate::validate::names;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of the JSON form.
const VERSION: u32 = 1;
/// The most jobs that one matrix of GitHub Actions may make in a run.
pub(crate) const MAX_JOBS: usize = 256;
/// The most bytes of names that one job is handed. Linux takes 131,072 in one variable of the environment.
const MAX_NAMES: usize = 100_000;

/// Something that is done for an entry, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Need {
    Validate,
    Build,
    Review,
    /// After the merge: build, push, sign, attest, verify.
    Publish,
}

impl Need {
    /// What a matrix can be made of: validating the whole registry takes less time than starting a second job.
    pub(crate) const IN_JOBS: [Self; 3] = [Self::Build, Self::Review, Self::Publish];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Build => "build",
            Self::Review => "review",
            Self::Publish => "publish",
        }
    }

    /// About how many seconds it takes, of which only the proportions matter: a fetch is shared by the entries of an upstream.
    fn seconds(self) -> u64 {
        match self {
            Self::Validate => 0,
            Self::Build => 60,
            Self::Review => 20,
            Self::Publish => 90,
        }
    }
}

/// Seconds, about, to fetch an upstream.
const FETCH: u64 = 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Planned {
    pub(crate) name: Arc<str>,
    /// `added`, `modified` or `deleted`; none in an audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change: Option<&'static str>,
    /// What of it changed, or why nothing can be done for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) why: Vec<String>,
    pub(crate) needs: Vec<Need>,
    /// Whether nobody can say what it is built from, or its name is handed to no job.
    #[serde(skip)]
    pub(crate) unclear: bool,
    /// The repository that it is built from. Entries of one are kept together.
    #[serde(skip)]
    pub(crate) upstream: Option<String>,
    /// What it is built from, of a change.
    #[serde(skip)]
    pub(crate) source: Option<BuiltFrom>,
    /// Whether it runs something else than before that nobody here builds or reviews: with other rights, another's image or server.
    #[serde(skip)]
    pub(crate) runs_unseen: bool,
}

/// The plan. `schemas/jobs.json` is its form.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Jobs {
    version: u32,
    /// Of a change: the commit whose policy counts, and the one whose entries do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<CommitSha>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<CommitSha>,
    /// Whether the change wants another policy, which is for a person to decide.
    pub(crate) policy_changed: bool,
    /// Sorted by name.
    pub(crate) entries: Vec<Planned>,
    /// For each need the matrix of the jobs that do it.
    #[serde(serialize_with = "by_word")]
    pub(crate) matrix: BTreeMap<Need, Matrix>,
}

fn by_word<S: Serializer>(matrix: &BTreeMap<Need, Matrix>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(matrix.iter().map(|(need, matrix)| (need.as_str(), matrix)))
}

/// As GitHub's `strategy.matrix` reads it. A matrix without jobs is an error there: `if:` has to look at `count`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Matrix {
    pub(crate) count: usize,
    pub(crate) include: Vec<Job>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Job {
    /// From 1.
    pub(crate) job: usize,
    /// Separated by spaces.
    pub(crate) names: String,
}

/// One of several parts of a plan: `2/5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 1 to `of`.
    pub(crate) number: usize,
    pub(crate) of: usize,
}

/// Why the work cannot be divided as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DivideError {
    #[error("the names of the {entries} entries of one job take more than {MAX_NAMES} bytes")]
    TooManyNames { entries: usize },
}

impl Jobs {
    pub(crate) fn new(entries: Vec<Planned>) -> Self {
        Self { version: VERSION, base: None, head: None, policy_changed: false, entries, matrix: BTreeMap::new() }
    }

    /// Keeps one part of the entries. Every entry is in exactly one, and the parts take about the same time.
    #[must_use]
    pub(crate) fn shard(mut self, shard: Shard) -> Self {
        let all: Vec<usize> = (0..self.entries.len()).collect();
        let seconds = |planned: &Planned| planned.needs.iter().map(|need| need.seconds()).sum::<u64>() + 1;
        let mut keep = vec![false; self.entries.len()];
        for at in divide(&self.entries, &all, shard.of, seconds).into_iter().nth(shard.number - 1).unwrap_or_default() {
            keep[at] = true;
        }
        let mut keep = keep.into_iter();
        self.entries.retain(|_| keep.next().unwrap_or_default());
        self
    }

    /// Divides the work among at most so many jobs for each need.
    ///
    /// # Errors
    /// See [`DivideError`].
    pub(crate) fn into_jobs(mut self, most: usize) -> Result<Self, DivideError> {
        for need in Need::IN_JOBS {
            let wanted: Vec<usize> =
                (0..self.entries.len()).filter(|at| self.entries[*at].needs.contains(&need)).collect();
            let jobs = divide(&self.entries, &wanted, most.min(MAX_JOBS), |_| need.seconds());
            let include = jobs.iter().filter(|job| !job.is_empty()).enumerate().map(|(number, job)| {
                let names: Vec<&str> = job.iter().map(|at| &*self.entries[*at].name).collect();
                let names = names.join(" ");
                match names.len() {
                    0..=MAX_NAMES => Ok(Job { job: number + 1, names }),
                    _ => Err(DivideError::TooManyNames { entries: job.len() }),
                }
            });
            let include = include.collect::<Result<Vec<_>, _>>()?;
            self.matrix.insert(need, Matrix { count: include.len(), include });
        }
        Ok(self)
    }
}

/// Divides these entries among so many jobs: entries of one upstream go together, up to what one job should take.
fn divide(entries: &[Planned], wanted: &[usize], jobs: usize, seconds: impl Fn(&Planned) -> u64) -> Vec<Vec<usize>> {
    let mut upstreams: BTreeMap<(Option<&str>, usize), Vec<usize>> = BTreeMap::new();
    for at in wanted {
        // What has no upstream shares none.
        let upstream = entries[*at].upstream.as_deref();
        upstreams.entry((upstream, if upstream.is_some() { 0 } else { *at })).or_default().push(*at);
    }
    let fetches = FETCH * upstreams.len() as u64;
    let all: u64 = wanted.iter().map(|at| seconds(&entries[*at])).sum();
    let mean = (all + fetches) / jobs.max(1) as u64;
    let mut parts: Vec<(u64, Vec<usize>)> = Vec::new();
    for of_one in upstreams.into_values() {
        let mut part = (FETCH, Vec::new());
        for at in of_one {
            let more = seconds(&entries[at]);
            if !part.1.is_empty() && part.0 + more > mean {
                parts.push(std::mem::replace(&mut part, (FETCH, Vec::new())));
            }
            part.0 += more;
            part.1.push(at);
        }
        parts.push(part);
    }
    let costs: Vec<u64> = parts.iter().map(|(cost, _)| *cost).collect();
    let mut divided = vec![Vec::new(); jobs];
    for (job, (_, mut part)) in balance(&costs, jobs).into_iter().zip(parts) {
        divided[job].append(&mut part);
    }
    divided.iter_mut().for_each(|job| job.sort_unstable());
    divided
}

/// Whether a job may be handed this name: one that entries may have, and that no command takes for an option.
fn is_name(name: &str) -> bool {
    names::is_valid(name) && !name.starts_with('-')
}

/// The upstream of an entry, in one form however it is written.
fn upstream_of(entry: &Entry) -> Option<String> {
    let project = source_of(entry).ok().flatten()?.project;
    let plain = project.trim_end_matches('/');
    Some(plain.strip_suffix(".git").unwrap_or(plain).to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
