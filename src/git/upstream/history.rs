//! The commits between two.

use super::{Commit, ObjectId, Store, UpstreamError};
use crate::ids::CommitSha;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

/// What is new at a commit, seen from an older one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Whether the older commit is an ancestor of it. False, too, if that was not reached: then `cut` is true.
    pub ancestor: bool,
    /// The new commits, the latest first, at most as many as asked for. Dates are claims: a wrong one disturbs the order and
    /// nothing else.
    pub commits: Vec<(CommitSha, Commit)>,
    /// How many there are; at least so many, if `cut`.
    pub total: u64,
    /// Whether history goes on beyond what may come.
    pub cut: bool,
}

/// Parents of one commit that are followed. The most that any known project has is 66.
const MAX_PARENTS: usize = 1000;

/// A commit that was reached. The latest comes first; of one time, the one that was reached first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Reached {
    time: i64,
    number: Reverse<usize>,
    id: ObjectId,
}

/// Follows parents from `new` through the commits that came in answer to having `old`: whatever `old` leads to is not among
/// them, so that `old` is an ancestor exactly when it is a parent of one of them.
pub(super) fn walk(store: &Store, old: ObjectId, new: ObjectId, most: usize) -> Result<History, UpstreamError> {
    let reader = store.reader()?;
    let mut history = History::default();
    let (mut seen, mut reached) = (HashSet::new(), BinaryHeap::new());
    let mut next = vec![new];
    loop {
        for id in next {
            if id == old {
                history.ancestor = true;
                continue;
            }
            if seen.contains(&id) {
                continue;
            }
            // Only what is here is remembered: a commit may name any number of parents.
            match reader.commit_of(id) {
                Ok(Some(commit)) => {
                    reached.push(Reached { time: commit.committed, number: Reverse(seen.len()), id });
                    seen.insert(id);
                }
                Ok(None) => {}
                Err(_) => history.cut = true,
            }
        }
        let Some(Reached { id, .. }) = reached.pop() else { return Ok(history) };
        let Some(commit) = reader.commit_of(id)? else { return Ok(history) };
        next = commit.parents.iter().take(MAX_PARENTS).copied().collect();
        history.cut |= commit.parents.len() > MAX_PARENTS;
        history.total += 1;
        if history.commits.len() < most {
            history.commits.push(((&id).into(), commit));
        }
    }
}
