//! In which order entries are worked on: a limit may end the run, and a number of new pull requests may be its bound.

use super::reconcile::Todo;
use super::survey::Known;
use crate::pins::plan::Decision;
use chrono::{DateTime, Utc};

/// Urgent ones, then closing, then updates, then new ones; the oldest first, by name where that is the same.
pub(super) fn order(known: &[Known], decisions: &[Decision]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by_cached_key(|index| known.get(*index).map(|known| key(known, decisions)));
    order
}

fn key(known: &Known, decisions: &[Decision]) -> (bool, u8, DateTime<Utc>, String) {
    let decision = known.decision.and_then(|index| decisions.get(index));
    let urgent = decision.is_some_and(|decision| decision.urgent);
    let kind = match &known.todo {
        Ok(Todo::Leave(_)) => 0,
        Ok(Todo::Close | Todo::RemoveBranch) => 1,
        Ok(Todo::Update(_) | Todo::Disown) => 2,
        Ok(Todo::Open(_)) => 3,
        Err(_) => 4,
    };
    // What nobody keeps the first sight of is as old as can be: then only the name counts.
    let first = decision.and_then(|decision| decision.first_seen).unwrap_or(DateTime::<Utc>::MIN_UTC);
    (!urgent, kind, first, known.entry.clone())
}
