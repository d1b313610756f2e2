//! How many writes were done lately, and when the next one may be.

use super::Pace;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The writes of the last hour.
#[derive(Debug)]
pub(super) struct Budget {
    pace: Pace,
    /// When each began, the oldest first. At most `per_hour`, but for what is older than an hour.
    begun: VecDeque<Instant>,
    /// When the last one ended.
    ended: Option<Instant>,
}

/// How long to wait before the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Not at all.
    Now,
    /// So long, because writes keep a distance.
    Interval(Duration),
    /// So long, because a budget is used up.
    Budget(Duration),
}

impl Budget {
    pub(super) fn new(pace: &Pace) -> Self {
        Self { pace: pace.clone(), begun: VecDeque::new(), ended: None }
    }

    /// What is to be waited at this time.
    pub(super) fn wait(&self, now: Instant) -> Wait {
        let minute = self.full(now, self.pace.per_minute, self.pace.minute);
        let hour = self.full(now, self.pace.per_hour, self.pace.minute * 60);
        if let Some(wait) = minute.max(hour) {
            return Wait::Budget(wait);
        }
        let since = self.ended.map(|ended| now.saturating_duration_since(ended));
        match since.and_then(|since| self.pace.interval.checked_sub(since)).filter(|wait| !wait.is_zero()) {
            Some(wait) => Wait::Interval(wait),
            None => Wait::Now,
        }
    }

    /// How long `most` writes within `window` keep the next one from being done.
    fn full(&self, now: Instant, most: usize, window: Duration) -> Option<Duration> {
        let most = most.max(1);
        let oldest = self.begun.len().checked_sub(most).and_then(|index| self.begun.get(index))?;
        window.checked_sub(now.saturating_duration_since(*oldest)).filter(|wait| !wait.is_zero())
    }

    /// A write begins. It counts whatever becomes of it.
    pub(super) fn begin(&mut self, now: Instant) {
        if self.begun.len() >= self.pace.per_hour.max(self.pace.per_minute).max(1) {
            self.begun.pop_front();
        }
        self.begun.push_back(now);
    }

    /// A write ended.
    pub(super) fn end(&mut self, now: Instant) {
        self.ended = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Pace, Wait};
    use std::time::Duration;
    use tokio::time::Instant;

    /// The times, in seconds, at which this many writes begin that take no time each.
    fn begins(pace: &Pace, writes: usize) -> Vec<u64> {
        let start = Instant::now();
        let (mut now, mut budget, mut begins) = (start, Budget::new(pace), Vec::new());
        for _ in 0..writes {
            while let Wait::Interval(wait) | Wait::Budget(wait) = budget.wait(now) {
                now += wait;
            }
            budget.begin(now);
            begins.push((now - start).as_secs());
            budget.end(now);
        }
        begins
    }

    #[test]
    fn writes_keep_a_second_apart_and_within_both_budgets() {
        let begins = begins(&Pace::default(), 1_100);
        assert!(begins.windows(2).all(|pair| pair[1] > pair[0]), "a second apart");
        assert!(begins.windows(81).all(|window| window[80] - window[0] >= 60), "80 a minute");
        assert!(begins.windows(501).all(|window| window[500] - window[0] >= 3_600), "500 an hour");
        assert_eq!((begins[499], begins[500], begins[1_000]), (499, 3_600, 7_200));
    }

    #[test]
    fn a_fast_pace_is_bounded_by_the_minute() {
        let pace = Pace { interval: Duration::ZERO, per_minute: 3, ..Pace::default() };
        assert_eq!(begins(&pace, 7), [0, 0, 0, 60, 60, 60, 120]);
    }

    #[test]
    fn an_interval_is_not_taken_for_a_limit() {
        let (now, mut budget) = (Instant::now(), Budget::new(&Pace { per_minute: 2, ..Pace::default() }));
        assert_eq!(budget.wait(now), Wait::Now);
        budget.begin(now);
        budget.end(now + Duration::from_secs(5));
        assert_eq!(budget.wait(now + Duration::from_secs(5)), Wait::Interval(Duration::from_secs(1)));
        budget.begin(now + Duration::from_secs(6));
        assert_eq!(budget.wait(now + Duration::from_secs(6)), Wait::Budget(Duration::from_secs(54)));
    }
}
