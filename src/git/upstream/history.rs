//! The commits between others: what is new at one, seen from an older one.
//!
//! One download answers this for many pairs, as entries of one repository that were pinned on different days ask it: all
//! commits that lead to the new ones, without what one old commit, the base, leads to.

use super::{Commit, ObjectId, Store, StoreReader, UpstreamError};
use crate::ids::CommitSha;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// What is new at a commit, seen from an older one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct History {
    /// Whether the older commit is an ancestor of it. False, too, if that was not reached: then `cut` is true.
    pub(crate) ancestor: bool,
    /// The new commits, the latest first, at most as many as asked for. Dates are claims: a wrong one disturbs the order and
    /// nothing else.
    pub(crate) commits: Vec<(CommitSha, Commit)>,
    /// How many there are; at least so many, if `cut`.
    pub(crate) total: u64,
    /// Whether history goes on beyond what may come.
    pub(crate) cut: bool,
}

/// Parents of one commit that are followed. The most that any known project has is 66.
const MAX_PARENTS: usize = 1000;

/// Commits that are looked at where all of history is here.
const MAX_COMMITS: usize = 400_000;

/// The commits that came in answer to having a base: all that lead to others, and to which the base does not lead. Without a base,
/// all of history.
pub(super) struct Graph {
    base: Option<ObjectId>,
    nodes: Vec<Node>,
    numbers: HashMap<ObjectId, usize>,
    cut: bool,
}

struct Node {
    id: ObjectId,
    time: i64,
    parents: Vec<usize>,
    /// Whether the base is one of them.
    on_base: bool,
}

impl Graph {
    /// Reads what came, from these commits on. One of them that is not here is one that the base leads to.
    pub(super) fn read(reader: &StoreReader<'_>, tips: &[ObjectId], base: ObjectId) -> Self {
        Self::from_tips(reader, tips, Some(base))
    }

    /// Reads all of history, from these commits on. Where a commit is not here, or there are more than 400,000, it is cut.
    pub(super) fn whole(reader: &StoreReader<'_>, tips: &[ObjectId]) -> Self {
        Self::from_tips(reader, tips, None)
    }

    fn from_tips(reader: &StoreReader<'_>, tips: &[ObjectId], base: Option<ObjectId>) -> Self {
        let mut graph = Self { base, nodes: Vec::new(), numbers: HashMap::new(), cut: false };
        let mut parents_of: Vec<Vec<ObjectId>> = Vec::new();
        let mut open: Vec<ObjectId> = tips.to_vec();
        while let Some(id) = open.pop() {
            if Some(id) == base || graph.numbers.contains_key(&id) {
                continue;
            }
            if graph.nodes.len() >= MAX_COMMITS {
                graph.cut = true;
                break;
            }
            // Only what is here is remembered: a commit may name any number of parents.
            let commit = match reader.commit_of(id) {
                Ok(Some(commit)) => commit,
                Ok(None) => {
                    graph.cut |= base.is_none();
                    continue;
                }
                Err(_) => {
                    graph.cut = true;
                    continue;
                }
            };
            graph.cut |= commit.parents.len() > MAX_PARENTS;
            let parents: Vec<_> = commit.parents.into_iter().take(MAX_PARENTS).collect();
            graph.numbers.insert(id, graph.nodes.len());
            let on_base = base.is_some_and(|base| parents.contains(&base));
            graph.nodes.push(Node { id, time: commit.committed, parents: Vec::new(), on_base });
            open.extend_from_slice(&parents);
            parents_of.push(parents);
        }
        for (node, parents) in graph.nodes.iter_mut().zip(parents_of) {
            node.parents = parents.iter().filter_map(|id| graph.numbers.get(id).copied()).collect();
        }
        graph
    }

    /// What is new at `new`, seen from `old`; none when this graph cannot tell. It can if `old` is the base, or is in it and
    /// leads to the base.
    ///
    /// For what is not in it, the base leads to, and so does `old`: that is not new. And what lies on a way between two of its
    /// commits is in it, too, since the base leads to none of them: what `old` leads to, and what leads to `old`, is seen here.
    pub(super) fn between(
        &self,
        reader: &StoreReader<'_>,
        old: ObjectId,
        new: ObjectId,
        most: usize,
    ) -> Result<Option<History>, UpstreamError> {
        let number = |id| self.numbers.get(&id).copied();
        let (known, reached) = (self.from(number(old)), self.from(number(new)));
        let on_base = |found: &[bool]| self.nodes.iter().zip(found).any(|(node, found)| *found && node.on_base);
        if self.base.is_some_and(|base| old != base && !on_base(&known)) {
            return Ok(None);
        }
        let mut history = History { cut: self.cut, ..History::default() };
        history.ancestor = match number(old) {
            Some(old) => reached.get(old) == Some(&true),
            None => Some(new) == self.base || on_base(&reached),
        };
        // As `git log` has it: of all that were reached, the latest comes next.
        let mut listed = vec![false; self.nodes.len()];
        let mut next = BinaryHeap::new();
        let mut reach = |number: usize, next: &mut BinaryHeap<(i64, Reverse<usize>)>| {
            let is_known = known.get(number) == Some(&true);
            if let (Some(listed), Some(node), false) = (listed.get_mut(number), self.nodes.get(number), is_known)
                && !std::mem::replace(listed, true)
            {
                next.push((node.time, Reverse(number)));
            }
        };
        number(new).into_iter().for_each(|new| reach(new, &mut next));
        while let Some((_, Reverse(number))) = next.pop() {
            let Some(node) = self.nodes.get(number) else { continue };
            history.total += 1;
            if history.commits.len() < most
                && let Some(commit) = reader.commit_of(node.id)?
            {
                history.commits.push(((&node.id).into(), commit));
            }
            node.parents.iter().for_each(|parent| reach(*parent, &mut next));
        }
        Ok(Some(history))
    }

    /// Which commits one leads to, itself included.
    fn from(&self, start: Option<usize>) -> Vec<bool> {
        let mut found = vec![false; self.nodes.len()];
        let mut open: Vec<usize> = start.into_iter().collect();
        while let Some(number) = open.pop() {
            if let (Some(found), Some(node)) = (found.get_mut(number), self.nodes.get(number))
                && !std::mem::replace(found, true)
            {
                open.extend_from_slice(&node.parents);
            }
        }
        found
    }
}

/// The oldest of these commits by what they claim; those that are not here do not count.
pub(super) fn oldest(
    store: &Store,
    commits: impl Iterator<Item = ObjectId>,
) -> Result<Option<ObjectId>, UpstreamError> {
    let reader = store.reader()?;
    let dated = commits.filter_map(|id| Some((reader.commit_of(id).ok()??.committed, id)));
    Ok(dated.min().map(|(_, id)| id))
}
