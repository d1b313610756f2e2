//! What a run has used, and what calls that are still being made might use.

use super::options::{Limits, Price};
use super::refusal::Refusal;
use crate::provider::Usage;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The account of a run.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    price: Option<Price>,
    used: Mutex<Used>,
}

/// Spent and reserved together: what is reserved counts as spent until it is known better.
#[derive(Debug, Default, Clone, Copy)]
struct Used {
    requests: u64,
    input_tokens: u64,
    output_tokens: u64,
    cost_micros: u64,
}

/// The worst case of one call, counted as spent. Dropped without [`Reservation::settle`] or [`Reservation::release`] it stays so.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    worst: Usage,
}

/// What a call is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) usage: Usage,
    /// The money, if prices are known: millionths of a dollar.
    pub(super) cost_micros: Option<u64>,
}

impl Budget {
    pub(super) fn new(limits: Limits, price: Option<Price>) -> Arc<Self> {
        Arc::new(Self { limits, price, used: Mutex::new(Used::default()) })
    }

    /// Counts a call as made, with all that it might use.
    ///
    /// # Errors
    /// When that is more than is left.
    pub(super) fn reserve(self: &Arc<Self>, worst: Usage) -> Result<Reservation, Refusal> {
        let mut used = self.used();
        let Limits { requests, input_tokens, output_tokens, cost, .. } = self.limits;
        let next = Used {
            requests: used.requests.saturating_add(1),
            input_tokens: used.input_tokens.saturating_add(worst.input_tokens),
            output_tokens: used.output_tokens.saturating_add(worst.output_tokens),
            cost_micros: used.cost_micros.saturating_add(self.cost(worst).unwrap_or(0)),
        };
        if next.requests > requests {
            return Err(Refusal::BudgetRequests);
        }
        if next.input_tokens > input_tokens {
            return Err(Refusal::BudgetInputTokens);
        }
        if next.output_tokens > output_tokens {
            return Err(Refusal::BudgetOutputTokens);
        }
        if cost.is_some_and(|cost| next.cost_micros > cost.0) {
            return Err(Refusal::BudgetCost);
        }
        *used = next;
        drop(used);
        Ok(Reservation { budget: self.clone(), worst })
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prices are for a million tokens, so a token costs as many millionths of a dollar as a million cost dollars. What is put in
    /// a cache costs a quarter more (Anthropic's price for five minutes); what comes from one costs less, and is charged in full.
    fn cost(&self, usage: Usage) -> Option<u64> {
        let price = self.price?;
        let input = u128::from(usage.input_tokens) * 4 + u128::from(usage.cache_write_tokens);
        let input = input * u128::from(price.input.0);
        let output = u128::from(usage.output_tokens) * 4 * u128::from(price.output.0);
        Some(u64::try_from((input + output).div_ceil(4_000_000)).unwrap_or(u64::MAX))
    }
}

impl Reservation {
    /// The worst case, which is what a call is charged that nobody counted.
    pub(super) fn worst(&self) -> Charge {
        Charge { usage: self.worst, cost_micros: self.budget.cost(self.worst) }
    }

    /// Charges what was used in place of the worst case.
    pub(super) fn settle(self, usage: Usage) -> Charge {
        let charged = Charge { usage, cost_micros: self.budget.cost(usage) };
        let reserved = self.budget.cost(self.worst).unwrap_or(0);
        let mut used = self.budget.used();
        let swap = |total: u64, worst: u64, real: u64| total.saturating_sub(worst).saturating_add(real);
        used.input_tokens = swap(used.input_tokens, self.worst.input_tokens, usage.input_tokens);
        used.output_tokens = swap(used.output_tokens, self.worst.output_tokens, usage.output_tokens);
        used.cost_micros = swap(used.cost_micros, reserved, charged.cost_micros.unwrap_or(0));
        drop(used);
        charged
    }

    /// Charges nothing but the call itself: the provider did not do the work.
    pub(super) fn release(self) -> Charge {
        self.settle(Usage::default())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Budget, Refusal};
    use crate::provider::Usage;
    use crate::proxy::options::{Limits, Micros, Price};

    fn usage(input_tokens: u64, output_tokens: u64) -> Usage {
        Usage { input_tokens, cache_write_tokens: 0, output_tokens }
    }

    const LIMITS: Limits = Limits {
        requests: 3,
        input_tokens: 1000,
        output_tokens: 100,
        cost: Some(Micros(10_000)),
        concurrent: 4,
        body: 0,
        tokens_per_call: 0,
    };
    const PRICE: Price = Price { input: Micros(3_000_000), output: Micros(15_000_000) };

    #[test]
    fn what_might_be_used_counts_until_it_is_known_better() {
        let budget = Budget::new(LIMITS, Some(PRICE));
        let first = budget.reserve(usage(100, 60)).unwrap();
        assert_eq!(budget.reserve(usage(100, 60)).unwrap_err(), Refusal::BudgetOutputTokens);
        assert_eq!(budget.reserve(usage(901, 0)).unwrap_err(), Refusal::BudgetInputTokens);
        let charge = first.settle(usage(200, 10));
        assert_eq!(charge.cost_micros, Some(200 * 3 + 10 * 15));
        let second = budget.reserve(usage(100, 60)).unwrap();
        // Lost, as in a panic: the worst case stays charged.
        drop(second);
        assert_eq!(budget.reserve(usage(0, 31)).unwrap_err(), Refusal::BudgetOutputTokens);
        budget.reserve(usage(0, 30)).unwrap().release();
        assert_eq!(budget.reserve(usage(0, 0)).unwrap_err(), Refusal::BudgetRequests);
    }

    #[test]
    fn money_is_counted_up() {
        let budget = Budget::new(Limits { output_tokens: u64::MAX, input_tokens: u64::MAX, ..LIMITS }, Some(PRICE));
        assert_eq!(budget.reserve(usage(0, 667)).unwrap_err(), Refusal::BudgetCost);
        let call = budget.reserve(usage(0, 666)).unwrap();
        let cached = Usage { input_tokens: 101, cache_write_tokens: 1, output_tokens: 0 };
        assert_eq!(call.settle(cached).cost_micros, Some(304));
        assert_eq!(budget.reserve(usage(u64::MAX, u64::MAX)).unwrap_err(), Refusal::BudgetCost);
    }
}
