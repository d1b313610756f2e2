//! When the next request may be sent: GitHub's limits as it tells them, and those that it only describes.

use super::answer::words;
use super::pace::{Budget, Cost};
use super::{GithubError, Pace};
use crate::fetch::retry::{self, seconds};
use chrono::DateTime;
use http::header::{self, HeaderMap};
use std::time::Duration;
use tokio::time::Instant;

/// How often one request may be told that a limit is reached.
const MAX_LIMITED: u32 = 4;

/// Everything that keeps requests from being sent.
#[derive(Debug)]
pub(super) struct Limits {
    pace: Pace,
    budget: Budget,
    until: Option<Instant>,
    /// Set once a limit was met that ends too late: nobody asks any more.
    ended: Option<GithubError>,
}

impl Limits {
    pub(super) fn new(pace: &Pace) -> Self {
        Self { pace: pace.clone(), budget: Budget::new(pace), until: None, ended: None }
    }

    /// How long to wait before a request; none when it begins now, and is counted.
    ///
    /// # Errors
    /// When that would be too long. Then it is for all requests that follow.
    pub(super) fn admit(&mut self, cost: Cost, now: Instant) -> Result<Option<Duration>, GithubError> {
        if let Some(error) = &self.ended {
            return Err(error.clone());
        }
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Ok(Some(until - now));
        }
        match self.budget.wait(cost, now) {
            Some(wait) if wait > self.pace.longest.max(self.pace.interval) => {
                Err(self.end(GithubError::BudgetUsed { wait }))
            }
            Some(wait) => Ok(Some(wait)),
            None => {
                self.budget.begin(cost, now);
                Ok(None)
            }
        }
    }

    pub(super) fn written(&mut self, now: Instant) {
        self.budget.end(now);
    }

    /// GitHub's rules for 403 and 429: `retry-after` counts first, then `x-ratelimit-reset` when nothing remains; otherwise at
    /// least a minute, and longer each time. A 403 without any sign of a limit is a plain refusal. `limited` is how often
    /// this request was told so before.
    ///
    /// # Errors
    /// When the request is refused, or the limit ends too late.
    pub(super) fn refused(
        &mut self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        limited: u32,
    ) -> Result<(), GithubError> {
        let message = words(body);
        let said = message.to_ascii_lowercase();
        let wait = match (retry::after(headers), is_used_up(headers)) {
            (Some(after), _) => Some(after),
            (None, true) => until_reset(headers),
            (None, false) if status == 429 || said.contains("rate limit") || said.contains("abuse detection") => {
                Some(self.pace.minute.saturating_mul(1 << limited.min(16)))
            }
            (None, false) => return Err(GithubError::Denied { status, message }),
        };
        match wait.filter(|wait| *wait <= self.pace.longest) {
            Some(wait) if limited < MAX_LIMITED => {
                self.hold(wait);
                Ok(())
            }
            // It said so before, and it did not end then.
            Some(_) => Err(self.end(GithubError::RateLimited { until: None })),
            None => Err(self.end(GithubError::RateLimited { until: end_of(headers, wait) })),
        }
    }

    /// Nothing remains after this answer: the next request would only be refused. This is also how the 1,000 requests an hour
    /// of a workflow's own token are kept.
    pub(super) fn note(&mut self, headers: &HeaderMap) {
        if !is_used_up(headers) {
            return;
        }
        match until_reset(headers) {
            Some(wait) if wait <= self.pace.longest => self.hold(wait),
            wait => drop(self.end(GithubError::RateLimited { until: end_of(headers, wait) })),
        }
    }

    /// The server asks for a pause. One that is too long is not made: the next attempt tells.
    pub(super) fn pause(&mut self, headers: &HeaderMap) {
        if let Some(asked) = retry::after(headers).filter(|asked| *asked <= self.pace.longest) {
            self.hold(asked);
        }
    }

    fn hold(&mut self, wait: Duration) {
        let until = Instant::now() + wait;
        self.until = Some(self.until.map_or(until, |other| other.max(until)));
    }

    fn end(&mut self, error: GithubError) -> GithubError {
        self.ended.get_or_insert(error).clone()
    }
}

fn is_used_up(headers: &HeaderMap) -> bool {
    retry::is_used_up(headers) && seconds(headers, "x-ratelimit-reset").is_some()
}

fn date(headers: &HeaderMap) -> Option<u64> {
    let date = DateTime::parse_from_rfc2822(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    u64::try_from(date.timestamp()).ok()
}

/// The time until the limit is new, measured by GitHub's own clock.
fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let reset = seconds(headers, "x-ratelimit-reset")?;
    // One second more, since the clocks count whole seconds.
    Some(Duration::from_secs(reset.saturating_sub(date(headers)?).saturating_add(1)))
}

/// When a limit ends, for people.
fn end_of(headers: &HeaderMap, wait: Option<Duration>) -> Option<String> {
    let end = match wait {
        Some(wait) => date(headers)?.checked_add(wait.as_secs())?,
        None => seconds(headers, "x-ratelimit-reset")?,
    };
    let end = DateTime::from_timestamp(i64::try_from(end).ok()?, 0)?;
    Some(end.format("%H:%M UTC").to_string())
}
