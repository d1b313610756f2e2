//! What all agents of a run may spend together. Each that begins gets a share of what is left, and gives back what it did not use.

use crate::proxy::Micros;
use std::sync::{Mutex, PoisonError};

#[derive(Debug)]
pub(super) struct Budget {
    total: Option<Micros>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Millionths of a dollar that nobody has.
    left: u64,
    /// Agents that may still begin, at most.
    waiting: usize,
}

/// What one agent may spend. Dropped without an end, all of it counts as spent.
#[derive(Debug)]
pub(super) struct Share<'b> {
    budget: &'b Budget,
    cost: u64,
}

impl Budget {
    /// No bound without a total. `agents` is how many may begin, at most.
    pub(super) fn new(total: Option<Micros>, agents: usize) -> Self {
        Self { total, state: Mutex::new(State { left: total.map_or(0, |total| total.0), waiting: agents }) }
    }

    /// The share of the next agent: as much as each of those that have not begun could have.
    ///
    /// # Errors
    /// When nothing is left, in words.
    pub(super) fn begin(&self) -> Result<Share<'_>, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let cost = state.left / u64::try_from(state.waiting.max(1)).unwrap_or(u64::MAX);
        state.waiting = state.waiting.saturating_sub(1);
        match self.total {
            Some(total) if cost == 0 => Err(format!("the budget of the run, {total} US dollars, is spent")),
            _ => {
                state.left -= cost;
                Ok(Share { budget: self, cost })
            }
        }
    }
}

impl Share<'_> {
    /// What it may spend; none when there is no bound.
    pub(super) fn cost(&self) -> Option<Micros> {
        self.budget.total.map(|_| Micros(self.cost))
    }

    /// Gives back what was not spent.
    pub(super) fn end(self, spent: u64) {
        let mut state = self.budget.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left = state.left.saturating_add(self.cost.saturating_sub(spent));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Budget;
    use crate::proxy::Micros;

    #[test]
    fn shares_are_even_and_never_more_than_there_is() {
        let budget = Budget::new(Some(Micros(3_000_000)), 3);
        let (first, second) = (budget.begin().unwrap(), budget.begin().unwrap());
        assert_eq!((first.cost(), second.cost()), (Some(Micros(1_000_000)), Some(Micros(1_000_000))));
        first.end(200_000);
        // What was given back is for the last.
        let last = budget.begin().unwrap();
        assert_eq!(last.cost(), Some(Micros(1_800_000)));
        last.end(1_800_000);
        // The second one never ends, so that all of its share counts as spent.
        assert_eq!(budget.begin().unwrap_err(), "the budget of the run, 3.000000 US dollars, is spent");
        assert_eq!(Budget::new(None, 0).begin().unwrap().cost(), None);
    }
}
