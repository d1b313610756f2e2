//! One request: within the limits, its answer bounded and masked, tried again where that is safe. Everything that is asked of
//! GitHub or written there goes through here.

use super::answer::{Answer, is_whole, words};
use super::limits::Limits;
use super::mask::{Mask, is_token};
use super::pace::Cost;
use super::{GithubError, GithubOptions};
use crate::fetch::retry::Retry;
use crate::fetch::{self, MAX_REDIRECTS, SetupError};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Maximum number of bytes of one answer: a page of pull requests, each with a body of up to 65,536 characters.
const MAX_ANSWER_BYTES: usize = 24 * 1024 * 1024;
/// The same of an answer that says what is wrong.
const MAX_WORDS_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Sender {
    client: Octocrab,
    /// The address of the other API.
    graphql: String,
    mask: Mask,
    retry: Retry,
    gate: Semaphore,
    writing: tokio::sync::Mutex<()>,
    limits: Mutex<Limits>,
}

/// A list that comes in pages.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'a> {
    /// Encoded, without the query.
    pub(super) path: &'a str,
    /// What the query says besides the page; none where all comes at once, and is asked for without a query.
    pub(super) query: Option<&'a str>,
    /// Items on one page: at most 100.
    pub(super) page: usize,
    /// Maximum number of pages that are read.
    pub(super) most: usize,
}

/// What came of one attempt.
enum Attempt {
    Answered(Answer),
    /// A limit was reached, and nothing was done.
    Limited,
    /// Nobody knows whether it was done.
    Unknown(String),
}

/// What is sent, apart from where.
#[derive(Clone, Copy, Default)]
struct Content<'a> {
    body: Option<&'a Value>,
    etag: Option<&'a str>,
}

impl Sender {
    /// Must be called inside a tokio runtime.
    pub(super) fn new(options: &GithubOptions) -> Result<Self, SetupError> {
        let api = options.api.as_str().trim_end_matches('/');
        // octocrab panics over one that is none.
        if options.token.as_ref().is_some_and(|token| !is_token(token.expose_secret())) {
            return Err(SetupError::Token);
        }
        let http = fetch::client_builder(options.roots_pem.as_deref())?
            .redirect(own_redirects(&options.api))
            .connect_timeout(Duration::from_secs(5).min(options.timeout))
            .timeout(options.timeout)
            .build()
            .map_err(SetupError::Client)?;
        // It never tries again by itself: it would do so with writes, too, where nobody knows whether they were done.
        let mut builder = Octocrab::builder()
            .base_uri(api)
            .map_err(|_| SetupError::Api)?
            .add_retry_config(RetryConfig::None)
            .add_header(header::USER_AGENT, fetch::USER_AGENT.to_owned());
        if let Some(token) = &options.token {
            builder = builder.personal_token(token.clone());
        }
        // Servers of enterprises have it beside this one: `/api/v3` and `/api/graphql`. A path that does not begin with the
        // API's own would be put behind it.
        let path = options.api.path().trim_end_matches('/');
        let graphql = if path.ends_with("/v3") { format!("{path}/../graphql") } else { "/graphql".to_owned() };
        Ok(Self {
            graphql,
            client: builder.build_with_reqwest(http).map_err(|_| SetupError::Api)?,
            mask: Mask::new(options.token.as_ref()),
            retry: options.retry.clone(),
            gate: Semaphore::new(options.concurrency.max(1)),
            writing: tokio::sync::Mutex::default(),
            limits: Mutex::new(Limits::new(&options.pace)),
        })
    }

    /// What is at `path`, which must be encoded.
    ///
    /// # Errors
    /// When GitHub does not say after all attempts, refuses, or a limit ends too late.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, GithubError> {
        self.read(&Method::GET, path, Content::default()).await
    }

    /// The same; 304 and nothing if it is still what had this `etag`.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn get_unless(&self, path: &str, etag: Option<&str>) -> Result<Answer, GithubError> {
        self.read(&Method::GET, path, Content { etag, ..Content::default() }).await
    }

    /// The answer to a query of the other API, which changes nothing.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn graphql(&self, query: &str) -> Result<Answer, GithubError> {
        let question = serde_json::json!({ "query": query });
        let content = Content { body: Some(&question), ..Content::default() };
        self.read(&Method::POST, &self.graphql, content).await?.expect(200)
    }

    /// The items of a list, and whether these are all.
    ///
    /// # Errors
    /// As above, or when an item is not what it should be.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        list: List<'_>,
        what: &'static str,
    ) -> Result<(Vec<T>, bool), GithubError> {
        self.list_in(list, |answer| answer.read(what)).await
    }

    /// The same of a list that is a part of each answer.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn list_in<T>(
        &self,
        list: List<'_>,
        taken: impl Fn(&Answer) -> Result<Vec<T>, GithubError>,
    ) -> Result<(Vec<T>, bool), GithubError> {
        let List { path, query, page: size, most } = list;
        let mut all = Vec::new();
        for page in 1..=most {
            let address = match (query, page) {
                (None, 1) => path.to_owned(),
                (None | Some(""), _) => format!("{path}?per_page={size}&page={page}"),
                (Some(query), _) => format!("{path}?{query}&per_page={size}&page={page}"),
            };
            let answer = self.get(&address).await?.expect(200)?;
            let items = taken(&answer)?;
            // Without a query only the header knows of pages, and nobody how long they are: they are asked for anew, at our length.
            if query.is_none() && page == 1 && answer.more {
                return Box::pin(self.list_in(List { query: Some(""), ..list }, taken)).await;
            }
            let is_last = !answer.more && (items.len() < size || query.is_none());
            all.extend(items);
            if is_last {
                return Ok((all, true));
            }
        }
        Ok((all, false))
    }

    async fn read(&self, method: &Method, path: &str, content: Content<'_>) -> Result<Answer, GithubError> {
        let (mut attempt, mut limited) = (0, 0);
        loop {
            match self.attempt(Cost::Read, method, path, content, limited).await? {
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Limited => limited += 1,
                Attempt::Unknown(reason) => {
                    self.wait(attempt, reason).await?;
                    attempt += 1;
                }
            }
        }
    }

    /// Writes, one at a time. After an attempt of which nobody knows what became, `read_back` looks whether it was done, and if
    /// so what it made; it is tried again only if it was not.
    ///
    /// # Errors
    /// When it is not known after all attempts, GitHub refuses, or a limit ends too late.
    pub(super) async fn write<T>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        mut taken: impl FnMut(Answer) -> Result<T, GithubError>,
        mut read_back: impl AsyncFnMut() -> Result<Option<T>, GithubError>,
    ) -> Result<T, GithubError> {
        let (mut attempt, mut limited) = (0, 0);
        loop {
            let one = self.writing.lock().await;
            let sent = self.attempt(Cost::Write, &method, path, Content { body, etag: None }, limited).await;
            self.limits().written(Instant::now());
            drop(one);
            match sent? {
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
    async fn wait(&self, attempt: u32, reason: String) -> Result<(), GithubError> {
        let wait = self.retry.wait(attempt).ok_or_else(|| GithubError::Unreachable(self.mask.text(reason)))?;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    async fn attempt(
        &self,
        cost: Cost,
        method: &Method,
        path: &str,
        Content { body, etag }: Content<'_>,
        limited: u32,
    ) -> Result<Attempt, GithubError> {
        if !matches!(*method, Method::GET | Method::POST | Method::PATCH | Method::PUT | Method::DELETE) {
            return Err(GithubError::Unexpected("a method that nothing is asked or written with"));
        }
        // Closing it is the only way that this fails, and nobody does.
        let _permit = self.gate.acquire().await;
        loop {
            let wait = self.limits().admit(cost, Instant::now())?;
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => break,
            }
        }
        let mut request = http::Request::builder().method(method.clone()).uri(path);
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let sent = match self.client.build_request(request, body) {
            Ok(request) => self.client.execute(request).await,
            Err(error) => Err(error),
        };
        let (parts, body) = match sent {
            Ok(response) => response.into_parts(),
            Err(error) => return Ok(Attempt::Unknown(innermost(&error))),
        };
        let status = parts.status;
        let most = if status.is_success() { MAX_ANSWER_BYTES } else { MAX_WORDS_BYTES };
        let body: Bytes = match Limited::new(body, most).collect().await {
            Ok(body) => self.mask.json(body.to_bytes()),
            Err(error) if status.is_success() => return Ok(Attempt::Unknown(innermost(error.as_ref()))),
            // What it says is wrong is lost, and that something is, is not.
            Err(_) => Bytes::new(),
        };
        if !is_whole(status, &body) {
            return Ok(Attempt::Unknown("its answer is not JSON".to_owned()));
        }
        self.judge(status, &parts.headers, body, limited)
    }

    fn judge(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: Bytes,
        limited: u32,
    ) -> Result<Attempt, GithubError> {
        let status = status.as_u16();
        match status {
            300..=399 if status != 304 => {
                Err(GithubError::Refused { status, message: "a redirect that is not followed".to_owned() })
            }
            403 | 429 => self.limits().refused(status, headers, &body, limited).map(|()| Attempt::Limited),
            401 => Err(GithubError::Denied { status, message: words(&body) }),
            408 | 500.. => {
                self.limits().pause(headers);
                Ok(Attempt::Unknown(format!("status {status}")))
            }
            _ => {
                self.limits().note(headers);
                let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
                let more = text(header::LINK).is_some_and(|links| links.contains("rel=\"next\""));
                let etag = text(header::ETAG).map(|etag| self.mask.text(etag.to_owned()));
                Ok(Attempt::Answered(Answer { status, body, more, etag }))
            }
        }
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Redirects are followed within the API: it has them for repositories with another name. What another host says is not
/// believed, so that there the redirect is the answer.
fn own_redirects(api: &url::Url) -> reqwest::redirect::Policy {
    let origin = api.origin();
    reqwest::redirect::Policy::custom(move |attempt| {
        let is_own = attempt.url().origin() == origin;
        if is_own && attempt.previous().len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
    })
}

/// The text of the innermost cause; the outer ones repeat addresses.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
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

#[cfg(test)]
mod tests;
