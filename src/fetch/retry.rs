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

    /// The same after an answer: only statuses that say to come back are tried again, and `Retry-After` is obeyed.
    #[must_use]
    pub(crate) fn wait_after_answer(&self, attempt: u32, status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
        if !matches!(status.as_u16(), 429 | 502 | 503 | 504) {
            return None;
        }
        let wait = self.wait(attempt)?;
        match after(headers) {
            Some(asked) if asked > self.longest => None,
            Some(asked) => Some(wait.max(asked)),
            None => Some(wait),
        }
    }
}

/// How long a server asks to be left alone. Providers of models say halves of seconds. A date is not obeyed: it would need a
/// clock that agrees with the server's.
pub(crate) fn after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Whether an answer says that nothing more may be asked before a limit is new.
pub(crate) fn is_used_up(headers: &HeaderMap) -> bool {
    seconds(headers, "x-ratelimit-remaining") == Some(0)
}

/// Whether an answer says that too much was asked: a refusal that says when to come back, or that nothing is left, is one, too.
pub(crate) fn is_limited(status: StatusCode, headers: &HeaderMap) -> bool {
    match status.as_u16() {
        429 => true,
        403 => headers.contains_key(header::RETRY_AFTER) || is_used_up(headers),
        _ => false,
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
    #![allow(clippy::unwrap_used)]
    use super::{Retry, after as asked, is_limited};
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
    fn a_limit_is_known_by_status_and_headers() {
        assert_eq!(asked(&after("0.5")), Some(Duration::from_millis(500)));
        assert!(["-1", "NaN", "inf", "1e300", "tomorrow", ""].iter().all(|other| asked(&after(other)).is_none()));
        let left =
            |number| HeaderMap::from_iter([("x-ratelimit-remaining".parse().unwrap(), HeaderValue::from(number))]);
        assert!(is_limited(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new()));
        assert!(is_limited(StatusCode::FORBIDDEN, &after("7")) && is_limited(StatusCode::FORBIDDEN, &left(0)));
        assert!(!is_limited(StatusCode::FORBIDDEN, &left(1)) && !is_limited(StatusCode::OK, &left(0)));
    }

    #[test]
    fn other_answers_are_final() {
        for status in [200, 301, 401, 404, 500, 501] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            assert_eq!(retry().wait_after_answer(0, status, &HeaderMap::new()), None, "{status}");
        }
    }
}
