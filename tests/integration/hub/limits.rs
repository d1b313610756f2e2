//! How much may be asked and written, and how much was.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// GitHub's limits, with a minute and an hour that a test may shorten.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) minute: Duration,
    pub(crate) hour: Duration,
    /// Writes in a minute: "no more than 80 content-generating requests per minute".
    pub(crate) per_minute: usize,
    /// Writes in an hour: "and no more than 500 content-generating requests per hour".
    pub(crate) per_hour: usize,
    /// Calls in all; answers of 304 are free.
    pub(crate) calls: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
        Self { minute, hour, per_minute: 80, per_hour: 500, calls: 5_000 }
    }
}

impl Limits {
    /// None for writes: for tests that are not about them.
    pub(crate) fn unlimited() -> Self {
        Self { per_minute: usize::MAX, per_hour: usize::MAX, ..Self::default() }
    }
}

/// When there were writes.
#[derive(Debug, Default)]
pub(crate) struct Written(VecDeque<Instant>);

impl Written {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts a write; or says how long it is until one is allowed.
    pub(crate) fn count(&mut self, limits: &Limits) -> Result<(), Duration> {
        let now = Instant::now();
        while self.0.front().is_some_and(|time| now.duration_since(*time) >= limits.hour) {
            self.0.pop_front();
        }
        for (most, span) in [(limits.per_hour, limits.hour), (limits.per_minute, limits.minute)] {
            let within = |time: &&Instant| now.duration_since(**time) < span;
            if self.0.iter().filter(within).count() >= most {
                let oldest = self.0.iter().rev().nth(most - 1).copied().unwrap_or(now);
                return Err(span.saturating_sub(now.duration_since(oldest)));
            }
        }
        self.0.push_back(now);
        Ok(())
    }
}
