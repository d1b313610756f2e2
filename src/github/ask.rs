//! One question to GitHub: asked once, within its limits, and kept.

use super::{GithubError, GithubOptions};
use crate::fetch::cache::{Cache, Kept};
use crate::fetch::retry::{Retry, seconds};
use crate::fetch::{MAX_REDIRECTS, SetupError};
use bytes::Bytes;
use chrono::DateTime;
use http::header::{self, HeaderMap, HeaderValue};
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore};

/// The most bytes of one answer. The largest that GitHub gives here is a tree, which it cuts at 7 MB.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// As whom a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// With the token.
    Token,
    /// As nobody.
    Anonymous,
}

/// The body of an answer; none when GitHub says that there is nothing.
type Answer = Option<Arc<Value>>;
/// Every question of this run and its answer, also while it is on its way.
type Asked = HashMap<(Who, String), Arc<OnceCell<Result<Answer, GithubError>>>>;

#[derive(Debug)]
pub(super) struct Asker {
    token: Option<Octocrab>,
    anonymous: Octocrab,
    api: String,
    retry: Retry,
    gate: Semaphore,
    asked: Mutex<Asked>,
    /// Set once a limit was met that ends too late: nobody asks on until then.
    limited: Mutex<HashMap<Who, GithubError>>,
    cache: Option<Cache>,
}

/// What is done after an answer.
enum Next {
    Done(Result<Answer, GithubError>),
    Again(Duration),
}

impl Asker {
    pub(super) fn new(
        options: &GithubOptions,
        client: &reqwest::Client,
        cache: Option<Cache>,
    ) -> Result<Self, SetupError> {
        let api = options.api.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            token: options.token.as_ref().map(|token| self::client(&api, Some(token), client)).transpose()?,
            anonymous: self::client(&api, None, client)?,
            retry: options.retry.clone(),
            gate: Semaphore::new(options.concurrency.max(1)),
            asked: Mutex::default(),
            limited: Mutex::default(),
            cache,
            api,
        })
    }

    /// As whom to ask first.
    pub(super) fn first(&self) -> Who {
        if self.token.is_some() { Who::Token } else { Who::Anonymous }
    }

    /// The answer at `path`, which must be encoded; none for 404 and its kin. Asked once in a run.
    pub(super) async fn get(&self, who: Who, path: &str) -> Result<Answer, GithubError> {
        let cell = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.entry((who, path.to_owned())).or_default().clone()
        };
        cell.get_or_init(|| self.ask(who, path)).await.clone()
    }

    async fn ask(&self, who: Who, path: &str) -> Result<Answer, GithubError> {
        // Closing it is the only way that this fails, and nobody does.
        let _permit = self.gate.acquire().await;
        let key = format!("github {who:?} {}{path}", self.api);
        let kept = self.cache.as_ref().and_then(|cache| cache.get(&key));
        let mut attempt = 0;
        loop {
            if let Some(error) = self.limited.lock().unwrap_or_else(PoisonError::into_inner).get(&who) {
                return Err(error.clone());
            }
            match self.attempt(who, path, &key, kept.as_ref(), attempt).await {
                Next::Done(answer) => return answer,
                Next::Again(wait) => tokio::time::sleep(wait).await,
            }
            attempt += 1;
        }
    }

    async fn attempt(&self, who: Who, path: &str, key: &str, kept: Option<&Kept>, attempt: u32) -> Next {
        let client = match who {
            Who::Token => self.token.as_ref().unwrap_or(&self.anonymous),
            Who::Anonymous => &self.anonymous,
        };
        let mut headers = HeaderMap::new();
        if let Some(etag) = kept.and_then(|kept| HeaderValue::from_str(&kept.etag).ok()) {
            headers.insert(header::IF_NONE_MATCH, etag);
        }
        let unreachable = |reason: String| match self.retry.wait(attempt) {
            Some(wait) => Next::Again(wait),
            None => Next::Done(Err(GithubError::Unreachable(reason))),
        };
        let response = match client._get_with_headers(path, Some(headers)).await {
            Ok(response) => response,
            Err(error) => return unreachable(innermost(&error)),
        };
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        match status {
            304 => return Next::Done(kept.map_or(Err(GithubError::Status(304)), |kept| read(kept.body.as_bytes()))),
            // Empty repositories answer 409, ids of another kind 422, and repositories taken down by law 451.
            404 | 409 | 410 | 422 | 451 => return Next::Done(Ok(None)),
            403 | 429 => return self.refused(who, status, &parts.headers, attempt),
            401 => return Next::Done(Err(GithubError::Denied(status))),
            200 => {}
            _ => {
                return match self.retry.wait_after_answer(attempt, parts.status, &parts.headers) {
                    Some(wait) => Next::Again(wait),
                    None => Next::Done(Err(GithubError::Status(status))),
                };
            }
        }
        let body: Bytes = match Limited::new(body, MAX_ANSWER_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return unreachable(innermost(error.as_ref())),
        };
        let answer = read(&body);
        if let (Ok(_), Some(cache), Ok(text)) = (&answer, &self.cache, String::from_utf8(body.to_vec()))
            && let Some(etag) = parts.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok())
        {
            cache.put(&Kept { key: key.to_owned(), etag: etag.to_owned(), body: text });
        }
        Next::Done(answer)
    }

    /// GitHub's rules: `retry-after` counts first, then `x-ratelimit-reset` when nothing remains; 403 without either is no
    /// limit but a refusal.
    fn refused(&self, who: Who, status: u16, headers: &HeaderMap, attempt: u32) -> Next {
        let reset =
            seconds(headers, "x-ratelimit-reset").filter(|_| seconds(headers, "x-ratelimit-remaining") == Some(0));
        // The time until the reset is measured by GitHub's own clock, which `Date` shows.
        let date = headers.get(header::DATE).and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
        let now = date.and_then(|date| u64::try_from(date.timestamp()).ok());
        let after = seconds(headers, header::RETRY_AFTER.as_str());
        let wait = match (after, reset, now) {
            (Some(after), ..) => Some(after),
            // One second more, since the clocks count whole seconds.
            (None, Some(reset), Some(now)) => Some(reset.saturating_sub(now) + 1),
            (None, Some(_), None) => None,
            (None, None, _) if status == 429 => self.retry.wait(attempt).map(|wait| wait.as_secs() + 1),
            (None, None, _) => return Next::Done(Err(GithubError::Denied(status))),
        };
        if let Some(wait) = wait.filter(|wait| *wait <= self.retry.longest.as_secs() && attempt < self.retry.times) {
            return Next::Again(Duration::from_secs(wait));
        }
        let end = reset.or_else(|| Some(now? + after?)).and_then(|end| i64::try_from(end).ok());
        let until = end.and_then(|end| DateTime::from_timestamp(end, 0)).map(|end| end.format("%H:%M UTC").to_string());
        let error = GithubError::RateLimited { until };
        self.limited.lock().unwrap_or_else(PoisonError::into_inner).insert(who, error.clone());
        Next::Done(Err(error))
    }
}

/// octocrab over our own HTTP client. It never tries again by itself: its layer does so with writes, too, where nobody knows
/// whether they were done.
pub(super) fn client(
    api: &str,
    token: Option<&secrecy::SecretString>,
    http: &reqwest::Client,
) -> Result<Octocrab, SetupError> {
    let mut builder = Octocrab::builder()
        .base_uri(api)
        .map_err(|_| SetupError::Api)?
        .add_retry_config(octocrab::service::middleware::retry::RetryConfig::None)
        .add_header(header::USER_AGENT, crate::fetch::USER_AGENT.to_owned());
    if let Some(token) = token {
        builder = builder.personal_token(token.clone());
    }
    builder.build_with_reqwest(http.clone()).map_err(|_| SetupError::Api)
}

/// Redirects are followed within the API: it has them for repositories with another name. What another host says is not
/// believed, so that there the redirect is the answer.
pub(super) fn own_redirects(api: &url::Url) -> reqwest::redirect::Policy {
    let origin = api.origin();
    reqwest::redirect::Policy::custom(move |attempt| {
        let is_own = attempt.url().origin() == origin;
        if is_own && attempt.previous().len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
    })
}

fn read(body: &[u8]) -> Result<Answer, GithubError> {
    serde_json::from_slice(body).map(|value| Some(Arc::new(value))).map_err(|_| GithubError::Unexpected("no JSON"))
}

/// The text of the innermost cause; the outer ones repeat addresses.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    // The bound only keeps a wrong `source` from looping.
    for _ in 0..16 {
        match error.source() {
            Some(source) => error = source,
            None => break,
        }
    }
    error.to_string()
}
