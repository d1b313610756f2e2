//! When a fetch is tried again.

use http::StatusCode;
use http::header::{self, HeaderMap};
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// How often to try again and how long to wait between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    pub times: u32,
    /// The wait before the second attempt; it doubles with each. Up to half of it is added at random, so that many
    /// clients do not come back together.
    pub base: Duration,
    /// The longest wait that a server may ask for; one that asks for more is not asked again.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: 2, base: Duration::from_millis(500), longest: Duration::from_secs(10) }
    }
}

impl Retry {
    /// How long to wait before trying again after attempt number `attempt`, from 0; none to give up.
    #[must_use]
    pub(crate) fn wait(&self, attempt: u32) -> Option<Duration> {
        if attempt >= self.times {
            return None;
        }
        let wait = self.base.saturating_mul(1 << attempt.min(16));
        Some((wait + jitter(wait / 2)).min(self.longest))
    }

    /// The same after an answer: only statuses that say to come back are tried again, and `Retry-After` in seconds is
    /// obeyed. One given as a date is not: it would need a clock that agrees with the server's.
    #[must_use]
    pub(crate) fn wait_after_answer(&self, attempt: u32, status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
        if !matches!(status.as_u16(), 429 | 502 | 503 | 504) {
            return None;
        }
        let wait = self.wait(attempt)?;
        match seconds(headers, header::RETRY_AFTER.as_str()) {
            Some(asked) if asked > self.longest.as_secs() => None,
            Some(asked) => Some(wait.max(Duration::from_secs(asked))),
            None => Some(wait),
        }
    }
}

/// A header that holds a number.
pub(crate) fn seconds(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// A random time up to `most`. The standard library's hash keys are random, which is as good as this needs.
pub(crate) fn jitter(most: Duration) -> Duration {
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % most.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::Retry;
    use http::{HeaderMap, HeaderValue, StatusCode};
    use std::time::Duration;

    fn retry() -> Retry {
        Retry { times: 2, base: Duration::from_secs(1), longest: Duration::from_secs(10) }
    }

    fn after(seconds: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static(seconds))])
    }

    #[test]
    fn waits_grow_are_not_all_equal_and_end() {
        let second = Duration::from_secs(1);
        for _ in 0..100 {
            assert!((second..=second * 3 / 2).contains(&retry().wait(0).unwrap_or_default()));
            assert!((second * 2..=second * 3).contains(&retry().wait(1).unwrap_or_default()));
        }
        assert_eq!(retry().wait(2), None);
    }

    #[test]
    fn a_server_may_ask_for_a_wait_within_bounds() {
        let busy = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(retry().wait_after_answer(0, busy, &after("7")), Some(Duration::from_secs(7)));
        assert_eq!(retry().wait_after_answer(0, busy, &after("11")), None);
        assert!(retry().wait_after_answer(0, busy, &after("tomorrow")).is_some());
        assert_eq!(retry().wait_after_answer(2, busy, &after("1")), None);
    }

    #[test]
    fn other_answers_are_final() {
        for status in [200, 301, 401, 404, 500, 501] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            assert_eq!(retry().wait_after_answer(0, status, &HeaderMap::new()), None, "{status}");
        }
    }
}
