//! How many requests there were lately, and when the next one may be.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// How fast to ask and to write. The numbers are GitHub's:
/// <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>.
///
/// The requests of an hour are not among them: 60 without a token, 1,000 with a workflow's own, 5,000 and more with an App's.
/// Every answer says how many remain, and the sender stops when none does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Writes in a minute: 80.
    pub(crate) per_minute: usize,
    /// Writes in an hour: 500.
    pub(crate) per_hour: usize,
    /// Points in a minute: 900. A read is one, a write five.
    pub(crate) points: usize,
    /// How long a minute is. An hour has 60 of them.
    pub(crate) minute: Duration,
    /// From the end of one write to the begin of the next: one second.
    pub(crate) interval: Duration,
    /// The longest wait for a limit to end; where a longer one is needed, nothing is asked any more.
    pub(crate) longest: Duration,
}

impl Default for Pace {
    /// GitHub's, and waits of up to ten minutes.
    fn default() -> Self {
        Self {
            per_minute: 80,
            per_hour: 500,
            points: 900,
            minute: Duration::from_secs(60),
            interval: Duration::from_secs(1),
            longest: Duration::from_secs(10 * 60),
        }
    }
}

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    Read,
    Write,
}

/// What a write costs in points.
const WRITE: usize = 5;

#[derive(Debug)]
pub(super) struct Budget {
    pace: Pace,
    /// When each write of the last hour began, the oldest first. At most `per_hour`, but for what is older than an hour.
    writes: VecDeque<Instant>,
    /// When each point of the last minute was spent, the oldest first.
    spent: VecDeque<Instant>,
    /// When the last write ended.
    ended: Option<Instant>,
}

impl Budget {
    pub(super) fn new(pace: &Pace) -> Self {
        Self { pace: pace.clone(), writes: VecDeque::new(), spent: VecDeque::new(), ended: None }
    }

    /// What is to be waited at this time; none if nothing.
    pub(super) fn wait(&self, cost: Cost, now: Instant) -> Option<Duration> {
        let Pace { per_minute, per_hour, points, minute, interval, .. } = self.pace;
        let full = |begun: &VecDeque<Instant>, most: usize, window: Duration| {
            let oldest = begun.get(begun.len().checked_sub(most.max(1))?)?;
            window.checked_sub(now.saturating_duration_since(*oldest))
        };
        let is_write = cost == Cost::Write;
        let price = if is_write { WRITE } else { 1 };
        let of_points = full(&self.spent, points.saturating_sub(price - 1), minute);
        let of_writes = is_write
            .then(|| {
                let since = self.ended.map(|ended| now.saturating_duration_since(ended));
                let apart = since.and_then(|since| interval.checked_sub(since));
                full(&self.writes, per_minute, minute).max(full(&self.writes, per_hour, minute * 60)).max(apart)
            })
            .flatten();
        of_points.max(of_writes).filter(|wait| !wait.is_zero())
    }

    /// A request begins. It counts whatever becomes of it.
    pub(super) fn begin(&mut self, cost: Cost, now: Instant) {
        let count = |begun: &mut VecDeque<Instant>, most: usize| {
            if begun.len() >= most.max(1) {
                begun.pop_front();
            }
            begun.push_back(now);
        };
        if cost == Cost::Write {
            count(&mut self.writes, self.pace.per_hour.max(self.pace.per_minute));
        }
        for _ in 0..if cost == Cost::Write { WRITE } else { 1 } {
            count(&mut self.spent, self.pace.points);
        }
    }

    pub(super) fn end(&mut self, now: Instant) {
        self.ended = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Cost, Pace};
    use std::time::Duration;
    use tokio::time::Instant;

    /// The times, in seconds, at which this many requests begin that take no time each.
    fn begins(pace: &Pace, cost: Cost, requests: usize) -> Vec<u64> {
        let start = Instant::now();
        let (mut now, mut budget, mut begins) = (start, Budget::new(pace), Vec::new());
        for _ in 0..requests {
            while let Some(wait) = budget.wait(cost, now) {
                now += wait;
            }
            budget.begin(cost, now);
            begins.push((now - start).as_secs());
            if cost == Cost::Write {
                budget.end(now);
            }
        }
        begins
    }

    #[test]
    fn writes_keep_a_second_apart_and_within_both_budgets() {
        let begins = begins(&Pace::default(), Cost::Write, 1_100);
        assert!(begins.windows(2).all(|pair| pair[1] > pair[0]), "a second apart");
        assert!(begins.windows(81).all(|window| window[80] - window[0] >= 60), "80 a minute");
        assert!(begins.windows(501).all(|window| window[500] - window[0] >= 3_600), "500 an hour");
        assert_eq!((begins[499], begins[500], begins[1_000]), (499, 3_600, 7_200));
    }

    #[test]
    fn a_fast_pace_is_bounded_by_the_minute() {
        let pace = Pace { interval: Duration::ZERO, per_minute: 3, ..Pace::default() };
        assert_eq!(begins(&pace, Cost::Write, 7), [0, 0, 0, 60, 60, 60, 120]);
    }

    #[test]
    fn reads_cost_a_point_and_writes_five() {
        let pace = Pace { interval: Duration::ZERO, points: 12, ..Pace::default() };
        assert_eq!(begins(&pace, Cost::Write, 5), [0, 0, 60, 60, 120]);
        assert_eq!(begins(&pace, Cost::Read, 25)[11..], [0, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 120]);
        let begins = begins(&Pace::default(), Cost::Read, 2_000);
        assert!(begins.windows(901).all(|window| window[900] - window[0] >= 60), "900 a minute");
    }
}
