//! From what reviewers say to what is concluded: quotes are looked up, what several say is said once, and the risk is the
//! highest of all. A reviewer can raise the risk and never lower it, and whoever does not finish makes the review incomplete.
//!
//! Where the commit comes from is a fact that counts as a finding of the static reviewer: see [`origin`].
//!
//! What makes a review incomplete, so that it is never a pass:
//! - a reviewer left no findings document (its sandbox failed, time was up, what it printed was refused), or says itself that
//!   it did not finish;
//! - the static reviewer, the floor under all others, did not run, or the model of the built-in one never answered;
//! - at head or at base a limit on the whole tree was hit, or an object could not be read: what is missing is then not known, and
//!   could be all that matters. A picture, sound, video or font that cannot be read is known by name, and does not run: it is
//!   a finding of the static reviewer;
//! - at head a file that may be code is too large, or kept elsewhere (Git LFS), so that nobody read it. Other such files, and
//!   submodules, are findings of the static reviewer.

mod merge;
mod origin;
mod quote;
#[cfg(test)]
mod tests;

use super::document::{MAX_REASON, Status};
use super::report::{
    AgentReport, Coverage, JudgedFinding, Quote, Renamed, ReviewReport, Reviewed, Unreviewed, Usage, answered,
};
use super::{Findings, Risk, Verdict};
use crate::snapshot::language::{is_media, may_be_code};
use crate::snapshot::{Material, Reason, Snapshot};
use crate::text::cut;
use quote::Texts;
use std::cmp::Reverse;

pub(crate) use quote::proves;

/// The name of the deterministic reviewer.
pub(crate) const STATIC: &str = "static";
/// The name of the reviewer that is built into this program.
pub(crate) const BUILTIN: &str = "builtin";

/// The names of the coding agents of others.
pub(crate) const CLAUDE: &str = "claude";
pub(crate) const CODEX: &str = "codex";

/// What became of one reviewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRun {
    /// [`STATIC`], [`BUILTIN`], [`CLAUDE`], [`CODEX`], or the reference of an image.
    pub name: String,
    /// The model that it could use, if any.
    pub model: Option<String>,
    /// What it said, or why there is nothing: one sentence, which may hold hostile text.
    pub said: Result<Findings, String>,
    /// What it opened, as far as that can be seen.
    pub coverage: Option<Coverage>,
    /// What the provider counted; none where there was no proxy.
    pub usage: Option<Usage>,
    pub audit: Vec<serde_json::Value>,
}

/// What an agent said, out of what it printed. `trouble` is how it ended when that was not well: it was stopped, or exited with another
/// status than 0. Findings in a document that can be read count all the same, because they can only raise the risk.
///
/// # Errors
/// When no document can be read: the trouble, or why the document is refused. What is printed is repeated at most in a few
/// escaped characters.
pub fn heard(printed: &[u8], trouble: Option<&str>) -> Result<Findings, String> {
    let parsed = Findings::parse(printed);
    let Some(trouble) = trouble else {
        return parsed.map_err(|refusal| format!("what it printed is refused: {refusal}"));
    };
    let mut said = parsed.map_err(|_| trouble.to_owned())?;
    if said.status == Status::Complete {
        said.status = Status::Incomplete;
        said.reason = Some(cut(trouble, MAX_REASON).into_owned());
    }
    Ok(said)
}

/// The report of one target: `runs` in the order in which they were asked for, the static reviewer among them.
///
/// Time grows with the number of findings times the size of the files that they name.
#[must_use]
pub fn judge(reviewed: Reviewed, material: &Material<'_>, runs: Vec<AgentRun>) -> ReviewReport {
    let mut incomplete = missing(&runs);
    incomplete.extend(hit_limits(HEAD, material.head));
    incomplete.extend(material.base.into_iter().flat_map(|base| hit_limits("base", base)));
    let mut texts = Texts::new(material.head);
    let mut findings = Vec::new();
    let mut agents = Vec::with_capacity(runs.len());
    for run in runs {
        let (status, reason, summary, mut said) = match run.said {
            Ok(said) => (said.status, said.reason, said.summary, said.findings),
            Err(reason) => (Status::Incomplete, Some(cut(&reason, MAX_REASON).into_owned()), String::new(), Vec::new()),
        };
        // Facts that were gathered beside the files are the deterministic reviewer's.
        if run.name == STATIC {
            said.extend(origin::findings(&reviewed));
        }
        agents.push(AgentReport {
            name: run.name.clone(),
            model: run.model,
            status,
            reason,
            summary,
            findings: said.len(),
            coverage: run.coverage,
            usage: run.usage,
            audit: run.audit,
        });
        findings.extend(said.into_iter().map(|finding| {
            let (finding, quote_is) = texts.verify(finding);
            JudgedFinding { finding, quote_is, agents: vec![run.name.clone()] }
        }));
    }
    let findings = merge::merge(findings);
    let risk = findings.iter().map(|judged| judged.finding.risk).max().unwrap_or(Risk::Info);
    let verdict = Verdict { risk, incomplete };
    ReviewReport {
        version: 1,
        reviewed,
        labels: verdict.labels(),
        verdict,
        agents,
        findings,
        unreviewed: Unreviewed::of(material.head),
        renamed: Renamed::of(material.head),
    }
}

/// The report of a target that could not be looked at: its entry cannot be read, its commit cannot be had. `reasons` must
/// not be empty; if it is, one is made up, because a report without findings or reasons would be a pass.
#[must_use]
pub(crate) fn unjudged(reviewed: Reviewed, reasons: Vec<String>) -> ReviewReport {
    let mut incomplete: Vec<String> = reasons.iter().map(|reason| cut(reason, MAX_REASON).into_owned()).collect();
    if incomplete.is_empty() {
        incomplete.push("nothing was reviewed".to_owned());
    }
    let verdict = Verdict { risk: Risk::Info, incomplete };
    ReviewReport {
        version: 1,
        reviewed,
        labels: verdict.labels(),
        verdict,
        agents: Vec::new(),
        findings: Vec::new(),
        unreviewed: Vec::new(),
        renamed: Vec::new(),
    }
}

/// Who did not finish, one sentence each.
fn missing(runs: &[AgentRun]) -> Vec<String> {
    let mut reasons = Vec::new();
    if !runs.iter().any(|run| run.name == STATIC) {
        reasons.push(format!("{STATIC} did not run"));
    }
    for AgentRun { name, said, usage, audit, .. } in runs {
        match said {
            Err(reason) => reasons.push(format!("{name} did not finish: {}", cut(reason, MAX_REASON))),
            Ok(Findings { status: Status::Incomplete, reason, .. }) => {
                reasons.push(format!("{name} did not finish: {}", reason.as_deref().unwrap_or("it does not say why")));
            }
            Ok(_) if [BUILTIN, CLAUDE, CODEX].contains(&name.as_str()) && !answered(*usage, audit) => {
                reasons.push(format!("{name} says that it finished, and its model never answered"));
            }
            Ok(_) => {}
        }
    }
    reasons
}

const HEAD: &str = "head";

/// What makes a snapshot a part of the tree that nobody knows the rest of: a sentence for each kind, with its first place.
fn hit_limits(which: &str, snapshot: &Snapshot) -> Vec<String> {
    let counts = |item: &&crate::snapshot::Unreviewed| match item.reason {
        Reason::Damaged => !is_media(&item.path),
        Reason::FileTooLarge | Reason::LfsPointer => which == HEAD && may_be_code(&item.path),
        _ => true,
    };
    let kinds = [
        Reason::TooManyBytes,
        Reason::TooManyFiles,
        Reason::TooDeep,
        Reason::PathTooLong,
        Reason::Damaged,
        Reason::FileTooLarge,
        Reason::LfsPointer,
    ];
    let kinds = kinds.into_iter().filter_map(|kind| {
        let mut places = snapshot.unreviewed.iter().filter(|item| item.reason == kind).filter(counts);
        let first = places.next()?;
        let more = match places.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let words = format!("not all of {which} was read: {} ({}{more})", kind.as_str(), first.path);
        Some(cut(&words, MAX_REASON).into_owned())
    });
    kinds.collect()
}

/// The key of the order in which findings are shown: greatest risk first, of the same risk those of the static reviewer, which
/// nobody can talk into anything, then path, line and title; the rest only makes the order the same every time.
fn order(judged: &JudgedFinding) -> impl Ord + use<> {
    let finding = &judged.finding;
    (
        Reverse(finding.risk),
        !judged.agents.iter().any(|agent| agent == STATIC),
        finding.path.clone(),
        finding.start_line,
        finding.title.clone(),
        finding.clone(),
        rank(judged.quote_is),
    )
}

/// How good it is when a quote is this; 0 is best.
fn rank(quote: Quote) -> u8 {
    match quote {
        Quote::Verified => 0,
        Quote::Moved => 1,
        Quote::None => 2,
        Quote::Short => 3,
        Quote::Unverified => 4,
    }
}
