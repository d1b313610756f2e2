//! The `static` agent: what can be said about code without a model, always the same for the same input.
//!
//! It is the floor under every other agent's verdict, so that nothing an attacker writes talks it down. It reads, and does
//! nothing else: one pass over each file, with a limit on everything that is kept. What it says is meant to be read by a
//! person; none of it is a proof.
//!
//! | risk | means here |
//! |---|---|
//! | `critical` | a file that runs at installation, or decodes and runs code, reads a store of secrets and has an address for them; never said on one sign alone |
//! | `high` | a pattern that malicious code has and honest code hardly ever: code that is decoded and run, hidden text, words to a reviewer, browser secrets, addresses of drop services |
//! | `medium` | honest code has it at times, and somebody should know why: an executable among sources, a pipe from the network into a shell, an unreviewed part of the build |
//! | `low` | usual, and worth a look when it is new |
//! | `info` | a fact that a reviewer wants listed |
//!
//! In tests and examples each is one step less, in texts for people two ([`place::Place`]). With a base, only what is new or
//! changed is said, line by line; critical findings and files that steer agents are said always. Without one, behaviour
//! that every program has is summed up in one finding for each kind.
//!
//! What it cannot see: behaviour behind names that are put together at run time, languages that it has no patterns for,
//! what dependencies do, and whether any of it is right.

mod analysis;
mod behaviour;
mod binaries;
mod blobs;
mod combination;
mod comments;
mod dependencies;
mod dockerfile;
mod downloads;
mod encoding;
mod hidden_text;
mod hosts;
mod install;
mod known;
mod place;
mod reviewer_text;
mod sink;
mod steering;
mod subject;
mod tool_text;
mod unreviewed;

use crate::snapshot::Material;
use crate::text::shorten;
use crate::verdict::{ReviewFinding, document};
use analysis::{Analysis, Kind, Known};
use rayon::prelude::*;
use sink::{Kept, PER_CHECK, PER_SCAN, Sink};
use std::cmp::Reverse;
use subject::Subject;

/// One thing that is looked for.
struct Check {
    /// What it is called where findings are counted.
    name: &'static str,
    run: Run,
}

/// What a check looks at.
enum Run {
    /// One file at a time.
    File(fn(&Subject<'_>, &mut Sink<'_, '_>)),
    /// What is not in one file, before the files.
    Whole(fn(&Material<'_>, &mut Kept)),
}

/// Every check, in the order in which findings are counted.
const CHECKS: &[Check] = &[
    Check { name: "theft of secrets", run: Run::File(combination::check) },
    Check { name: "behaviour", run: Run::File(behaviour::check) },
    Check { name: "contacted hosts", run: Run::File(hosts::check) },
    Check { name: "code that runs at installation", run: Run::File(install::check) },
    Check { name: "Dockerfile", run: Run::File(dockerfile::check) },
    Check { name: "downloads that are run", run: Run::File(downloads::check) },
    Check { name: "encoding", run: Run::File(encoding::check) },
    Check { name: "hidden text", run: Run::File(hidden_text::check) },
    Check { name: "hidden text in names", run: Run::Whole(hidden_text::check_paths) },
    Check { name: "text to reviewers and models", run: Run::File(reviewer_text::check) },
    Check { name: "tool poisoning", run: Run::File(tool_text::check) },
    Check { name: "files that steer agents", run: Run::File(steering::check) },
    Check { name: "unreadable code", run: Run::File(blobs::check) },
    Check { name: "not text", run: Run::File(binaries::check) },
    Check { name: "not reviewed", run: Run::Whole(unreviewed::check) },
    Check { name: "dependencies", run: Run::File(dependencies::check) },
];

/// How many files are looked at before what was found is put together: what is kept of them is in memory.
const BATCH: usize = 128;

/// What is kept while files are looked at, one for each check; and what a full review sums up.
struct All {
    kept: Vec<Kept>,
    behaviour: [behaviour::Sum; Kind::ALL.len()],
    hosts: hosts::Sum,
}

/// Everything that can be said about `material` without a model: at most [`document::MAX_FINDINGS`] findings and one that
/// counts the others, gravest first, then by path, line and title. The same material gives the same findings. Takes time in
/// proportion to its size, and never fails.
#[must_use]
pub fn scan(material: &Material<'_>) -> Vec<ReviewFinding> {
    let known = known::gather(material);
    let mut all = All {
        kept: CHECKS.iter().map(|_| Kept::default()).collect(),
        behaviour: Default::default(),
        hosts: hosts::Sum::default(),
    };
    for (check, kept) in CHECKS.iter().zip(&mut all.kept) {
        if let Run::Whole(run) = check.run {
            run(material, kept);
        }
    }
    let paths: Vec<&str> = material.head.files.keys().map(|path| &**path).collect();
    for batch in paths.chunks(BATCH) {
        let found: Vec<_> = batch.par_iter().filter_map(|path| scan_file(material, path, &known)).collect();
        for file in found {
            for (kept, findings) in all.kept.iter_mut().zip(file.findings) {
                for finding in findings {
                    kept.push(finding, PER_CHECK);
                }
            }
            behaviour::add(&mut all.behaviour, file.behaviour);
            all.hosts.add(file.hosts);
        }
    }
    conclude(all)
}

/// What was found in one file.
struct Found {
    findings: Vec<Vec<ReviewFinding>>,
    behaviour: [behaviour::Sum; Kind::ALL.len()],
    hosts: hosts::Sum,
}

fn scan_file(material: &Material<'_>, path: &str, known: &Known) -> Option<Found> {
    let mut subject = Subject::new(material, path, known)?;
    subject.analysis = Analysis { spots: behaviour::find(&subject), hosts: hosts::find(&subject) };
    let findings = CHECKS.iter().map(|check| {
        let mut sink = Sink::new(&subject);
        if let Run::File(run) = check.run {
            run(&subject, &mut sink);
        }
        sink.into_kept().close(check.name, Some(path))
    });
    Some(Found { findings: findings.collect(), behaviour: behaviour::sums(&subject), hosts: hosts::sum(&subject) })
}

/// Puts everything together, within the limits of a findings document.
fn conclude(all: All) -> Vec<ReviewFinding> {
    let mut sums = Kept::default();
    behaviour::conclude(all.behaviour, &mut sums, PER_CHECK);
    all.hosts.conclude(&mut sums, PER_CHECK);
    let mut findings: Vec<ReviewFinding> = sums.close("behaviour", None);
    findings.extend(CHECKS.iter().zip(all.kept).flat_map(|(check, kept)| kept.close(check.name, None)));
    sort(&mut findings);
    let mut kept = Kept::default();
    for finding in findings {
        kept.push(finding, PER_SCAN - 1);
    }
    let mut findings = kept.close("any", None);
    for finding in &mut findings {
        shorten(&mut finding.title, document::MAX_TITLE);
        shorten(&mut finding.impact, document::MAX_TEXT);
        shorten(&mut finding.recommendation, document::MAX_TEXT);
    }
    sort(&mut findings);
    findings
}

fn sort(findings: &mut [ReviewFinding]) {
    findings.sort_by(|a, b| {
        let key = |finding: &ReviewFinding| (Reverse(finding.risk), finding.path.is_none());
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.path, a.start_line, &a.title).cmp(&(&b.path, b.start_line, &b.title)))
            .then_with(|| a.cmp(b))
    });
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
