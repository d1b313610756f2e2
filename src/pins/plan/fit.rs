//! Keeps a plan within what is read of one: upstreams choose how long their paths and subjects are, and a few of them must
//! not stop a night for all.

use super::{Decision, Plan, read};
use crate::escape::visible_json;
use crate::pins::facts::{Change, License};
use crate::pins::reason::Reason;
use crate::text::{ending, shorten};

/// Bytes of all changes together, as they are written. The rest of a plan has what is left of [`super::MAX_BYTES`]: 4 MB,
/// which 4,000 decisions fill.
const ROOM: usize = 12 << 20;
/// The most characters of a decision's sentence.
const MAX_DETAIL: usize = 2_000;
/// Bytes of a path where there is no room for all of it.
const SHORT_PATH: usize = 100;

impl Plan {
    /// Names fewer commits and paths where the plan would be larger than is read. How many there are is still said.
    ///
    /// A decision that would be refused when the plan is read takes nothing but itself out of the night: it becomes
    /// [`Reason::Unreachable`].
    pub fn fit(&mut self) {
        for decision in &mut self.decisions {
            shorten(&mut decision.detail, MAX_DETAIL);
            if let Some(check) = &mut decision.check {
                shorten(check, MAX_DETAIL);
            }
            if let Err(problem) = read::check(decision) {
                give_up(decision, problem);
            }
        }
        let sizes: Vec<usize> = self.changes().map(|change| size(change)).collect();
        if sizes.iter().sum::<usize>() <= ROOM {
            return;
        }
        // What small ones leave, large ones get.
        let mut sorted = sizes;
        sorted.sort_unstable();
        let (mut left, mut share) = (ROOM, 0);
        for (index, size) in sorted.iter().enumerate() {
            share = left / (sorted.len() - index);
            if *size > share {
                break;
            }
            left -= size;
        }
        for decision in &mut self.decisions {
            if decision.change.as_mut().is_some_and(|change| !shrink(change, share)) {
                give_up(decision, "what is to be said about its change is too long");
            }
        }
    }

    fn changes(&mut self) -> impl Iterator<Item = &mut Change> {
        self.decisions.iter_mut().filter_map(|Decision { change, .. }| change.as_mut())
    }
}

/// Takes back what cannot be published. The words are ours: nothing of upstream's choosing is left.
fn give_up(decision: &mut Decision, problem: &str) {
    decision.reason = Reason::Unreachable;
    decision.detail = format!("what is known of it does not fit into a plan: {problem}");
    (decision.branch, decision.new, decision.tip) = (None, None, None);
    (decision.first_seen, decision.change, decision.check) = (None, None, None);
    // What the entry itself names.
    if read::check(decision).is_err() {
        (decision.project, decision.directory) = (None, String::new());
    }
}

fn size(change: &Change) -> usize {
    // Each line of it is indented by six columns more where it is in a plan.
    let text = visible_json(change);
    text.len() + 6 * text.lines().count()
}

/// Halves the lists until they fit, and leaves one of each: that there is a Dockerfile among the files must not get lost.
/// Then cuts the paths. Whether it fits.
fn shrink(change: &mut Change, share: usize) -> bool {
    let mut most = change.commits.len().max(change.files.paths.len());
    while size(change) > share && most > 1 {
        most = most.div_ceil(2).min(most - 1);
        change.commits.truncate(most);
        let files = &mut change.files;
        for paths in [&mut files.paths, &mut files.dockerfiles, &mut files.locks, &mut files.install, &mut files.ci] {
            paths.truncate(most);
        }
    }
    if size(change) <= share {
        return true;
    }
    let files = &mut change.files;
    let lists = [&mut files.paths, &mut files.dockerfiles, &mut files.locks, &mut files.install, &mut files.ci];
    lists.into_iter().flatten().for_each(cut);
    match &mut change.license {
        License::Added(path) | License::Changed(path) | License::Removed(path) | License::Unknown(path) => cut(path),
        License::Same => {}
    }
    size(change) <= share
}

fn cut(path: &mut String) {
    *path = ending(path, SHORT_PATH).into_owned();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::ids::CommitSha;
    use crate::pins::facts::{Change, CommitLine, Files, MAX_COMMITS, MAX_PATHS, MAX_TEXT};
    use crate::pins::plan::{Decision, MAX_BYTES, Plan, VERSION};
    use crate::pins::reason::Reason;

    /// A night of this many moves, each with lists of this many texts of this length.
    fn plan(moves: usize, commits: usize, paths: usize, length: usize) -> Plan {
        let sha = |digit: &str| CommitSha::parse(&digit.repeat(40)).unwrap();
        let text = |length: usize| "x".repeat(length);
        let line = CommitLine {
            id: sha("3"),
            author: text(length.min(MAX_TEXT)),
            date: None,
            subject: text(length.min(MAX_TEXT)),
            signed: false,
        };
        let list = || vec![text(length); paths];
        let files = Files {
            total: 1000,
            cut: true,
            paths: list(),
            dockerfiles: list(),
            locks: list(),
            install: list(),
            ci: list(),
        };
        let commits = vec![line; commits];
        let change =
            Change { ancestor: true, directory: true, commits, commits_total: 1000, files, ..Change::default() };
        let decision = |number: usize| Decision {
            entry: format!("entry-{number:06}"),
            path: format!("servers/entry-{number:06}/server.yaml"),
            reason: Reason::Updated,
            detail: "3 commits changed 1 file".to_owned(),
            project: Some("https://git.example/acme/weather".to_owned()),
            branch: Some("refs/heads/main".to_owned()),
            directory: "src".to_owned(),
            old: Some(sha("1")),
            new: Some(sha("2")),
            tip: None,
            first_seen: None,
            urgent: false,
            change: Some(change.clone()),
            check: None,
            pull: None,
        };
        let decisions = (0..moves).map(decision).collect();
        Plan { version: VERSION, time: chrono::DateTime::UNIX_EPOCH, complete: true, decisions }
    }

    #[test]
    fn a_plan_that_is_written_can_be_read_whatever_upstreams_say() {
        for (moves, commits, paths, length) in [(9, MAX_COMMITS, MAX_PATHS, 4096), (300, MAX_COMMITS, MAX_PATHS, 60)] {
            let mut plan = plan(moves, commits, paths, length);
            plan.fit();
            let text = plan.to_json();
            assert!(text.len() as u64 <= MAX_BYTES, "{moves}: {}", text.len());
            assert_eq!(Plan::parse(&text).unwrap(), plan);
            let change = plan.decisions[0].change.clone().unwrap();
            assert!(!change.commits.is_empty() && !change.files.dockerfiles.is_empty() && change.commits_total == 1000);
        }
    }

    #[test]
    fn nothing_is_left_out_of_a_usual_night() {
        let usual = plan(114, 20, 30, 20);
        let mut fitted = usual.clone();
        fitted.fit();
        assert_eq!(fitted, usual);
    }

    #[test]
    fn one_large_change_takes_nothing_from_the_others() {
        let mut both = plan(100, 5, 5, 20);
        both.decisions[0] = plan(1, MAX_COMMITS, MAX_PATHS, 4096).decisions.remove(0);
        let before = both.clone();
        both.fit();
        assert_eq!(both.decisions[1..], before.decisions[1..]);
    }
}
