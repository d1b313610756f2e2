//! One request: within the limits, its answer bounded, tried again where that is safe.

use super::answer::{Answer, message};
use super::pace::{Budget, Wait};
use super::{Pace, RegistryError};
use crate::fetch::SetupError;
use crate::fetch::retry::{Retry, seconds};
use crate::github::GithubOptions;
use crate::github::ask::{client, innermost};
use bytes::Bytes;
use chrono::DateTime;
use http::Method;
use http::header::{self, HeaderMap};
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The most bytes of one answer: a page of pull requests, each with a body of up to 65,536 characters.
const MAX_ANSWER_BYTES: usize = 24 * 1024 * 1024;
/// How often one request may be told that a limit is reached.
const MAX_LIMITED: u32 = 4;

#[derive(Debug)]
pub(super) struct Sender {
    client: Octocrab,
    /// To be recognised where GitHub repeats it.
    token: Option<SecretString>,
    retry: Retry,
    pace: Pace,
    gate: Semaphore,
    /// Who holds it writes.
    budget: tokio::sync::Mutex<Budget>,
    hold: Mutex<Hold>,
}

/// What keeps everybody from asking.
#[derive(Debug, Default)]
struct Hold {
    until: Option<Instant>,
    /// Set once a limit was met that ends too late.
    ended: Option<RegistryError>,
}

/// What came of one attempt.
enum Attempt {
    Answered(Answer),
    /// A limit was reached, and nothing was done.
    Limited,
    /// Nobody knows whether it was done.
    Unknown(String),
}

impl Sender {
    pub(super) fn new(options: &GithubOptions, pace: &Pace, http: &reqwest::Client) -> Result<Self, SetupError> {
        let api = options.api.as_str().trim_end_matches('/');
        Ok(Self {
            client: client(api, options.token.as_ref(), http)?,
            token: options.token.clone(),
            retry: options.retry.clone(),
            pace: pace.clone(),
            gate: Semaphore::new(options.concurrency.max(1)),
            budget: tokio::sync::Mutex::new(Budget::new(pace)),
            hold: Mutex::default(),
        })
    }

    /// What is at `path`, which must be encoded.
    ///
    /// # Errors
    /// When GitHub does not say after all attempts, refuses, or a limit ends too late.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, RegistryError> {
        let (mut attempt, mut limited) = (0, 0);
        loop {
            match self.attempt(&Method::GET, path, None, limited).await? {
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Limited => limited += 1,
                Attempt::Unknown(reason) => {
                    self.wait(attempt, reason).await?;
                    attempt += 1;
                }
            }
        }
    }

    /// Writes. After an attempt of which nobody knows what became, `read_back` looks whether it was done, and if so what it
    /// made; it is tried again only if it was not.
    ///
    /// # Errors
    /// When it is not known after all attempts, GitHub refuses, or a limit ends too late.
    pub(super) async fn write<T>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        mut taken: impl FnMut(Answer) -> Result<T, RegistryError>,
        mut read_back: impl AsyncFnMut() -> Result<Option<T>, RegistryError>,
    ) -> Result<T, RegistryError> {
        let (mut attempt, mut limited) = (0, 0);
        loop {
            match self.write_once(&method, path, body, limited).await? {
                Attempt::Answered(answer) => return taken(answer),
                Attempt::Limited => limited += 1,
                Attempt::Unknown(reason) => {
                    let last = self.wait(attempt, reason).await;
                    if let Some(done) = read_back().await? {
                        return Ok(done);
                    }
                    last?;
                    attempt += 1;
                }
            }
        }
    }

    /// The wait before the next attempt; the error when there is none.
    async fn wait(&self, attempt: u32, reason: String) -> Result<(), RegistryError> {
        let wait = self.retry.wait(attempt).ok_or(RegistryError::Unreachable(reason))?;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    async fn write_once(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        limited: u32,
    ) -> Result<Attempt, RegistryError> {
        let mut budget = self.budget.lock().await;
        loop {
            match budget.wait(Instant::now()) {
                Wait::Now => break,
                Wait::Budget(wait) if wait > self.pace.longest => {
                    return Err(self.end(RegistryError::BudgetUsed { wait }));
                }
                Wait::Budget(wait) | Wait::Interval(wait) => tokio::time::sleep(wait).await,
            }
        }
        budget.begin(Instant::now());
        let attempt = self.attempt(method, path, body, limited).await;
        budget.end(Instant::now());
        attempt
    }

    async fn attempt(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        limited: u32,
    ) -> Result<Attempt, RegistryError> {
        // Closing it is the only way that this fails, and nobody does.
        let _permit = self.gate.acquire().await;
        self.ready().await?;
        let sent = match *method {
            Method::POST => self.client._post(path, body).await,
            Method::PATCH => self.client._patch(path, body).await,
            Method::DELETE => self.client._delete(path, body).await,
            _ => self.client._get(path).await,
        };
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Ok(Attempt::Unknown(innermost(&error))),
        };
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        let body: Bytes = match Limited::new(body, MAX_ANSWER_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Ok(Attempt::Unknown(innermost(error.as_ref()))),
        };
        let mut body = match (serde_json::from_slice(&body), status) {
            (Ok(body), _) => body,
            (Err(_), _) if body.is_empty() => Value::Null,
            (Err(_), 200..300) => return Ok(Attempt::Unknown("its answer is no JSON".to_owned())),
            (Err(_), _) => Value::Null,
        };
        if let (Some(token), false) = (&self.token, matches!(status, 200 | 201)) {
            mask(&mut body, token.expose_secret());
        }
        match status {
            300..=399 => Err(RegistryError::Refused { status, message: "a redirect that is not followed".to_owned() }),
            403 | 429 => self.refused(status, &parts.headers, &body, limited),
            401 => Err(RegistryError::Denied { status, message: message(&body) }),
            408 | 500.. => {
                let asked = seconds(&parts.headers, header::RETRY_AFTER.as_str()).map(Duration::from_secs);
                if let Some(asked) = asked.filter(|asked| *asked <= self.pace.longest) {
                    self.hold_for(asked);
                }
                Ok(Attempt::Unknown(format!("status {status}")))
            }
            _ => {
                self.note(&parts.headers);
                let links = parts.headers.get(header::LINK).and_then(|links| links.to_str().ok());
                let more = links.is_some_and(|links| links.contains("rel=\"next\""));
                Ok(Attempt::Answered(Answer { status, body, more }))
            }
        }
    }

    /// Waits for limits to end.
    async fn ready(&self) -> Result<(), RegistryError> {
        loop {
            let until = {
                let hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(error) = &hold.ended {
                    return Err(error.clone());
                }
                hold.until.filter(|until| *until > Instant::now())
            };
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => return Ok(()),
            }
        }
    }

    /// GitHub's rules: `retry-after` counts first, then `x-ratelimit-reset` when nothing remains; otherwise at least a minute,
    /// and longer each time. 403 without any sign of a limit is none but a refusal.
    fn refused(&self, status: u16, headers: &HeaderMap, body: &Value, limited: u32) -> Result<Attempt, RegistryError> {
        let words = message(body).to_ascii_lowercase();
        let wait = match (seconds(headers, header::RETRY_AFTER.as_str()), is_used_up(headers)) {
            (Some(after), _) => Some(Duration::from_secs(after)),
            (None, true) => until_reset(headers),
            (None, false) if status == 429 || words.contains("rate limit") || words.contains("abuse detection") => {
                Some(self.pace.minute.saturating_mul(1 << limited.min(16)))
            }
            (None, false) => return Err(RegistryError::Denied { status, message: message(body) }),
        };
        match wait {
            Some(wait) if wait <= self.pace.longest && limited < MAX_LIMITED => {
                self.hold_for(wait);
                Ok(Attempt::Limited)
            }
            // It said so before, and it did not end then.
            Some(wait) if wait <= self.pace.longest => Err(self.end(RegistryError::RateLimited { until: None })),
            wait => Err(self.end(RegistryError::RateLimited { until: end_of(headers, wait) })),
        }
    }

    /// Nothing remains after this answer: the next request would only be refused.
    fn note(&self, headers: &HeaderMap) {
        if !is_used_up(headers) {
            return;
        }
        match until_reset(headers) {
            Some(wait) if wait <= self.pace.longest => self.hold_for(wait),
            wait => drop(self.end(RegistryError::RateLimited { until: end_of(headers, wait) })),
        }
    }

    fn hold_for(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner);
        hold.until = Some(hold.until.map_or(until, |other| other.max(until)));
    }

    /// Nobody asks any more.
    fn end(&self, error: RegistryError) -> RegistryError {
        let mut hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner);
        hold.ended.get_or_insert(error).clone()
    }
}

/// Takes the token out of what GitHub says is wrong: its words are shown to people and written into plans and issues.
fn mask(words: &mut Value, token: &str) {
    match words {
        Value::String(text) if !token.is_empty() && text.contains(token) => *text = text.replace(token, "***"),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, token)),
        Value::Object(fields) => fields.values_mut().for_each(|field| mask(field, token)),
        _ => {}
    }
}

fn is_used_up(headers: &HeaderMap) -> bool {
    seconds(headers, "x-ratelimit-remaining") == Some(0) && seconds(headers, "x-ratelimit-reset").is_some()
}

/// GitHub's own clock.
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

#[cfg(test)]
mod tests;
