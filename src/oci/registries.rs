//! Image registries as this run reaches them: logins, tokens, and requests that carry them.

use super::challenge::{Access, Challenge, basic, token};
use super::logins::{Login, Logins};
use super::{OciError, Place};
use crate::fetch::{Answer, FetchOptions, Fetcher, Incoming, NamedHost, Request, SetupError, host_of};
use crate::ids::{Digest, ImageReference};
use crate::net::is_loopback;
use http::header::{self, HeaderValue};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;
use url::Url;

/// The maximum size of an error's answer that is looked at, in bytes.
pub(super) const MAX_ERROR_BYTES: u64 = 64 * 1024;
/// The number of characters of a registry's own error that are repeated.
const MAX_DETAIL: usize = 200;

/// How image registries are reached.
#[derive(Debug, Clone, Default)]
pub(crate) struct OciOptions {
    pub(crate) fetch: FetchOptions,
    /// Registries that the operator named: they may have private addresses. As [`Place::api`] spells them.
    pub(crate) named: Vec<String>,
    /// Registries that are spoken to without TLS. Those on loopback always are.
    pub(crate) insecure: Vec<String>,
    /// Docker's `config.json`.
    pub(crate) docker_config: Option<PathBuf>,
}

#[derive(Clone)]
pub struct Registries(Arc<Shared>);

struct Shared {
    fetcher: Fetcher,
    logins: Logins,
    insecure: Vec<String>,
    tokens: Mutex<HashMap<(Place, Access), HeaderValue>>,
    known: Mutex<Known>,
}

/// What a run has found out and need not ask again.
#[derive(Default)]
pub(super) struct Known {
    /// Registries without the referrers API, as [`Place::api`] names them.
    pub(super) no_referrers: HashSet<String>,
    /// Blobs that are there, or on their way: Debian's registry refuses one that two send at the same time.
    pub(super) blobs: HashMap<(Place, Digest), Arc<OnceCell<()>>>,
}

impl Registries {
    /// Registries as these options reach them.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub(crate) fn new(options: &OciOptions) -> Result<Self, SetupError> {
        let plain = |host: &str| is_loopback(host) || options.insecure.iter().any(|insecure| insecure == host);
        let named = options.named.iter().chain(&options.insecure);
        let named = named.map(|host| NamedHost { host: host.clone(), plain: plain(host) });
        let mut fetch = options.fetch.clone();
        fetch.named.extend(named);
        Ok(Self(Arc::new(Shared {
            fetcher: Fetcher::new(&fetch)?,
            logins: Logins::new(options.docker_config.clone()),
            insecure: options.insecure.clone(),
            tokens: Mutex::default(),
            known: Mutex::default(),
        })))
    }

    /// The login for a registry as references name it, where `docker login` keeps it.
    ///
    /// # Errors
    /// When there is a configuration, and it or its helper cannot be used.
    pub(crate) async fn login(&self, host: &str) -> Result<Option<Login>, OciError> {
        self.0.logins.get(host).await
    }

    /// The repository of an image.
    #[must_use]
    pub fn repository(&self, image: &ImageReference) -> Repository {
        self.at(Place::of(image))
    }

    /// The repository at a place.
    #[must_use]
    pub(crate) fn at(&self, place: Place) -> Repository {
        Repository { shared: self.0.clone(), place }
    }
}

impl std::fmt::Debug for Registries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registries")
    }
}

/// One repository of an image registry.
#[derive(Clone)]
pub struct Repository {
    shared: Arc<Shared>,
    pub(crate) place: Place,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Repository").field(&self.place).finish()
    }
}

impl Repository {
    /// The registry as messages name it.
    #[must_use]
    pub(crate) fn host(&self) -> String {
        self.place.host.clone()
    }

    /// An address of this repository: `manifests/latest`.
    pub(super) fn url(&self, path: &str) -> Result<Url, OciError> {
        let Place { api, repository, .. } = &self.place;
        let plain = is_loopback(api) || self.shared.insecure.iter().any(|host| host == api);
        let scheme = if plain { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{api}/v2/{repository}/{path}")).map_err(|_| OciError::Reference)
    }

    /// Sends a request, with what the registry wants to be shown. Credentials go to the registry itself only: a host that a
    /// redirect or an upload leads to gets none, and when it asks for some that is its answer.
    pub(super) async fn send(&self, request: Request, access: Access) -> Result<Answer, OciError> {
        let ours = self.is_ours(&request.url)?;
        let shown = if ours { self.known(access) } else { None };
        let first = match &shown {
            Some(value) => request.clone().header(header::AUTHORIZATION, value.clone()),
            None => request.clone(),
        };
        let answer = self.shared.fetcher.fetch(&first).await?;
        if answer.status.as_u16() != 401 || !ours || !self.is_ours(&answer.url)? {
            return Ok(answer);
        }
        let Some(value) = self.authorize(&answer, access, shown.as_ref()).await? else { return Ok(answer) };
        let answer = self.shared.fetcher.fetch(&request.header(header::AUTHORIZATION, value)).await?;
        Ok(answer)
    }

    pub(super) fn remembered(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to read a blob, showing what the registry was last content with: a question about the same image comes first.
    pub(super) async fn open(&self, request: Request, access: Access) -> Result<Incoming, OciError> {
        let request = match self.known(access) {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        };
        Ok(self.shared.fetcher.open(&request).await?)
    }

    fn is_ours(&self, url: &Url) -> Result<bool, OciError> {
        Ok(self.url("")?.origin() == url.origin())
    }

    fn known(&self, access: Access) -> Option<HeaderValue> {
        let tokens = self.shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(&(self.place.clone(), access)).cloned()
    }

    /// Gets what a 401 asks for; none when there is nothing better to show than was shown.
    async fn authorize(
        &self,
        refused: &Answer,
        access: Access,
        shown: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>, OciError> {
        let challenge = Challenge::of(refused)?;
        let login = self.shared.logins.get(&self.place.host).await?;
        let value = match (&challenge, &login) {
            (Challenge::Basic, Some(Login::Password { user, password })) => basic(user, password),
            (Challenge::Basic, _) => None,
            (Challenge::Bearer { realm, service }, login) => {
                let scope = (self.place.repository.as_str(), access);
                token(&self.shared.fetcher, realm, service.as_deref(), scope, login.as_ref()).await?
            }
        };
        let Some(value) = value.filter(|value| Some(value) != shown) else { return Ok(None) };
        let mut tokens = self.shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert((self.place.clone(), access), value.clone());
        Ok(Some(value))
    }

    /// What an answer that is not a success says.
    pub(super) fn refusal(&self, answer: &Answer) -> OciError {
        let detail = detail(&answer.body);
        match answer.status.as_u16() {
            401 | 403 if self.is_ours(&answer.url).unwrap_or(false) => {
                OciError::Denied { host: self.host(), repository: self.place.repository.clone(), detail }
            }
            status => OciError::Status { host: host_of(&answer.url), status, detail },
        }
    }

    /// An answer that does not keep to the specification.
    pub(super) fn form(&self, what: impl Into<String>) -> OciError {
        OciError::Form { host: self.host(), what: what.into() }
    }
}

/// The first error of an answer, as the specification writes errors.
pub(super) fn detail(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| body.pointer(&format!("/errors/0/{key}")).and_then(|value| value.as_str()).unwrap_or("");
    let detail = match (text("code"), text("message")) {
        ("", message) => message.to_owned(),
        (code, "") => code.to_owned(),
        (code, message) => format!("{code}: {message}"),
    };
    crate::text::cut(&detail, MAX_DETAIL).into_owned()
}
