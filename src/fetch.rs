//! The only fetcher of addresses that entries name: icons, remote servers, image registries.
//!
//! Whoever writes an entry chooses these addresses, and whoever runs this program may sit inside a company's or a cloud's
//! network. So: https only; no credentials, cookies, referers or proxies; every address is checked after its name was
//! resolved and again on every redirect; time, bytes, headers and redirects are bounded. Any port is allowed: what is
//! behind the guard is public, and a TLS greeting does no harm to a service that does not expect one.
//!
//! Hosts that the operator named ([`NamedHost`]) are the exception: image registries are often on private networks.

pub(crate) mod address;
pub(crate) mod cache;
pub(crate) mod error;
mod named;
mod permits;
pub(crate) mod resolver;
pub mod retry;
pub(crate) mod roots;

use crate::text::cut;
pub use error::FetchError;
pub(crate) use named::NamedHost;
pub(crate) use permits::Permits;
pub use resolver::Lookup;
pub use roots::install_crypto;

use address::Guard;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use ipnet::IpNet;
use resolver::GuardedResolver;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::{Host, Url};

/// Redirects that are followed; a chain of more is refused.
pub(crate) const MAX_REDIRECTS: usize = 5;
/// Headers of one answer; more are refused by the HTTP parser, as are header bytes beyond its own buffer (400 kB).
const MAX_HEADERS: usize = 100;
/// Bytes of one answer's headers over HTTP/2.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
/// What this program calls itself to servers.
pub(crate) const USER_AGENT: &str = concat!("mcp-registry/", env!("CARGO_PKG_VERSION"));

#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Networks that may be reached although they are not public.
    pub allow: Vec<IpNet>,
    /// Certificates to trust besides the built-in roots, PEM: what `SSL_CERT_FILE` names.
    pub roots_pem: Option<Vec<u8>>,
    /// The time that a connection may take.
    pub connect_timeout: Duration,
    /// The time that one attempt may take as a whole: look-up, redirects and reading included.
    pub timeout: Duration,
    /// When and how often to try again.
    pub retry: retry::Retry,
    /// How names are looked up.
    pub lookup: Lookup,
    /// Hosts that the operator named: they may have any address.
    pub named: Vec<NamedHost>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            roots_pem: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(20),
            retry: retry::Retry::default(),
            lookup: Lookup::system(),
            named: Vec::new(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Headers to send. Credentials among them are dropped when a redirect leaves the host.
    pub(crate) headers: HeaderMap,
    /// The body of a `POST`, `PUT` or `PATCH`; empty otherwise.
    pub(crate) body: Bytes,
    /// The most bytes to read.
    pub(crate) limit: u64,
    /// Whether redirects are followed; otherwise a redirect is an answer like any other.
    pub(crate) follow: bool,
    /// The time that one attempt may take, where it is not the fetcher's own.
    pub(crate) timeout: Option<Duration>,
    /// Whether it is sent again only where the server says that it did nothing: sending it twice would do something else.
    pub(crate) once: bool,
}

impl Request {
    /// A `GET` that reads at most `limit` bytes.
    #[must_use]
    pub fn get(url: Url, limit: u64) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            limit,
            follow: true,
            timeout: None,
            once: false,
        }
    }

    /// A request with another method and a body. It follows no redirect: what is written goes where it was meant to go.
    #[must_use]
    pub(crate) fn write(method: Method, url: Url, body: Bytes, limit: u64) -> Self {
        Self { method, body, follow: false, ..Self::get(url, limit) }
    }

    /// Sent once: no further attempt after a failure, unless the server says that it did nothing.
    #[must_use]
    pub(crate) fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Without following redirects.
    #[must_use]
    pub(crate) fn stay(mut self) -> Self {
        self.follow = false;
        self
    }

    /// With another time for one attempt as a whole, reading included, than the fetcher's.
    #[must_use]
    pub(crate) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    /// Where it came from, after redirects.
    pub(crate) url: Url,
    /// Its status: anything but a redirect that was followed.
    pub status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub body: Vec<u8>,
}

/// An answer whose body is still to come.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Where it comes from, after redirects.
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    response: reqwest::Response,
    read: u64,
    limit: u64,
    deadline: Instant,
    timeout: Duration,
}

impl Incoming {
    /// The next bytes of the body; none at its end.
    ///
    /// # Errors
    /// When the limit or the time is up, or the connection breaks: a body that ends early is not a whole one.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let host = host_of(&self.url);
        let late = FetchError::Timeout { host: host.clone(), after: self.timeout };
        let read = tokio::time::timeout_at(self.deadline, self.response.chunk()).await.map_err(|_| late)?;
        let chunk = read.map_err(|error| FetchError::from_client(&error, &host, self.timeout))?;
        if let Some(chunk) = &chunk {
            self.read = self.read.saturating_add(chunk.len() as u64);
            if self.read > self.limit {
                return Err(FetchError::TooLarge { limit: self.limit });
            }
        }
        Ok(chunk)
    }
}

#[derive(Debug, Clone)]
pub struct Fetcher {
    client: reqwest::Client,
    guard: Arc<Guard>,
    timeout: Duration,
    retry: retry::Retry,
    named: Arc<[NamedHost]>,
}

/// Why no fetcher could be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The certificates to trust cannot be read.
    #[error("the file of `SSL_CERT_FILE` holds no certificate that can be used")]
    Roots,
    /// The address of an API cannot be used.
    #[error("the address of GitHub's API cannot be used")]
    Api,
    /// The token for an API cannot be sent.
    #[error("the token for GitHub has characters that no token has, such as a line end")]
    Token,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl Fetcher {
    /// A fetcher with these options.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn new(options: &FetchOptions) -> Result<Self, SetupError> {
        let guard = Arc::new(Guard::new(options.allow.clone()));
        let named: Arc<[NamedHost]> = options.named.clone().into();
        let resolver = GuardedResolver { guard: guard.clone(), lookup: options.lookup.clone(), named: named.clone() };
        let client = client_builder(options.roots_pem.as_deref())?
            .https_only(!named.iter().any(|host| host.plain))
            .connect_timeout(options.connect_timeout)
            .dns_resolver(resolver)
            .build()
            .map_err(SetupError::Client)?;
        Ok(Self { client, guard, timeout: options.timeout, retry: options.retry.clone(), named })
    }

    /// Fetches a whole answer, of any status. See [`Fetcher::open`].
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn fetch(&self, request: &Request) -> Result<Answer, FetchError> {
        let mut incoming = self.open(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = incoming.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        let Incoming { url, status, headers, .. } = incoming;
        Ok(Answer { url, status, headers, body })
    }

    /// Starts a fetch: follows redirects, tries again as the options say, and returns once there are status and headers.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn open(&self, request: &Request) -> Result<Incoming, FetchError> {
        let mut attempt = 0;
        loop {
            let result = self.follow(request).await;
            // Only an answer that says so is sure that nothing was done.
            if request.once && !result.as_ref().is_ok_and(|incoming| incoming.status == StatusCode::TOO_MANY_REQUESTS) {
                return result;
            }
            let wait = match &result {
                Ok(incoming) => self.retry.wait_after_answer(attempt, incoming.status, &incoming.headers),
                Err(error) => error.retried().then(|| self.retry.wait(attempt)).flatten(),
            };
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return result,
            }
            attempt += 1;
        }
    }

    async fn follow(&self, request: &Request) -> Result<Incoming, FetchError> {
        let timeout = request.timeout.unwrap_or(self.timeout);
        let deadline = Instant::now() + timeout;
        let mut request = request.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.check(&request.url)?;
            let host = host_of(&request.url);
            let sent = self
                .client
                .request(request.method.clone(), request.url.clone())
                .headers(request.headers.clone())
                .header(header::ACCEPT_ENCODING, "identity")
                .body(request.body.clone())
                .send();
            let late = FetchError::Timeout { host: host.clone(), after: timeout };
            let response = tokio::time::timeout_at(deadline, sent)
                .await
                .map_err(|_| late)?
                .map_err(|error| FetchError::from_client(&error, &host, timeout))?;
            let target = if request.follow { redirect(&response, &request.url)? } else { None };
            match target {
                Some(target) => redirected(&mut request, response.status(), target),
                None => {
                    let encoding = response.headers().get(header::CONTENT_ENCODING);
                    if encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
                        return Err(FetchError::Encoded { host });
                    }
                    return Ok(Incoming {
                        url: request.url,
                        status: response.status(),
                        headers: response.headers().clone(),
                        response,
                        read: 0,
                        limit: request.limit,
                        deadline,
                        timeout,
                    });
                }
            }
        }
        Err(FetchError::TooManyRedirects(MAX_REDIRECTS))
    }

    /// Checks all of an address that can be checked before names are resolved. Literal addresses are checked here, since
    /// the client looks no name up for them.
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        let named = self.named.iter().find(|host| host.is(url));
        if url.scheme() != "https" && !(url.scheme() == "http" && named.is_some_and(|host| host.plain)) {
            return Err(FetchError::NotHttps(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(FetchError::NotAUrl(url.scheme().to_owned())),
        };
        if named.is_some() {
            return Ok(());
        }
        self.guard.check(address).map_err(|kind| FetchError::NotPublic { host: host_of(url), address, kind })
    }
}

/// A client that no surroundings change: no proxies, redirects, referers or decompression, and only known certificates.
///
/// # Errors
/// When the certificates cannot be read.
pub(crate) fn client_builder(roots_pem: Option<&[u8]>) -> Result<reqwest::ClientBuilder, SetupError> {
    install_crypto();
    Ok(reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .tls_certs_only(roots::certificates(roots_pem).ok_or(SetupError::Roots)?)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HEADER_BYTES))
}

/// Parses an address that an entry names.
///
/// # Errors
/// When it is not one; the text is cut to what a message can show.
pub(crate) fn parse_url(text: &str) -> Result<Url, FetchError> {
    Url::parse(text.trim()).map_err(|_| FetchError::NotAUrl(cut(text, 100).into_owned()))
}

/// The host of an address, with its port if that is not the usual one.
#[must_use]
pub(crate) fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

/// Where an answer redirects to, if it does.
fn redirect(response: &reqwest::Response, from: &Url) -> Result<Option<Url>, FetchError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(header::LOCATION) else { return Ok(None) };
    let target = location.to_str().ok().and_then(|location| from.join(location).ok());
    target.map(Some).ok_or_else(|| FetchError::BadRedirect(host_of(from)))
}

/// Turns a request into the one that a redirect asks for, as browsers do it.
fn redirected(request: &mut Request, status: StatusCode, target: Url) {
    if request.url.origin() != target.origin() {
        for secret in ["authorization", "cookie", "mcp-session-id"] {
            request.headers.remove(secret);
        }
    }
    if !matches!(status.as_u16(), 307 | 308) && request.method == Method::POST {
        request.method = Method::GET;
        request.body = Bytes::new();
        request.headers.remove(header::CONTENT_TYPE);
    }
    request.url = target;
}
