//! Gathers facts: everything that `validate --online` asks of the outside, before any rule judges.
//!
//! Each question is asked once, however many entries need its answer. A question without an answer makes one fact
//! unavailable and never fails the run. Nothing is asked that no rule could need.

mod icon;
mod options;
mod shared;
mod source;

pub(crate) use crate::github::is_token;
pub use options::Reach;
pub use options::{GatherOptions, Progress};

use super::facts::{Fact, Facts, Icon, Image, Remote, RemoteTools};
use crate::entry::{Entry, EntryType};
use crate::fetch::cache::{Cache, Kept};
use crate::fetch::{self, FetchError, Fetcher, Permits, SetupError};
use crate::git::remote::{RemoteError, RemoteRefs};
use crate::github::Github;
use crate::mcp::{self, Alive, Tools, Transport};
use crate::oci::{self, Existence};
use crate::policy::Policy;
use futures_util::future::join_all;
use http::StatusCode;
use http::header::{self, HeaderValue};
use serde::{Deserialize, Serialize};
use shared::{Memo, late, within};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::Instant;
use url::Url;

/// The most bytes of an icon: 2 MB, the reference's limit.
pub const MAX_ICON_BYTES: u64 = 2 * 1024 * 1024;

/// Why nothing could be gathered at all.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// A client could not be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The cache's directory cannot be used.
    #[error("the cache `{}` cannot be used", directory.display())]
    Cache { directory: PathBuf, source: std::io::Error },
}

/// Gathers the facts of `entries`, in their order. Must run inside a tokio runtime with time and I/O; may be dropped at any
/// point.
///
/// # Errors
/// When a client cannot be set up or the cache cannot be opened. Whatever goes wrong later makes facts unavailable.
pub async fn gather(entries: &[&Entry], policy: &Policy, options: &GatherOptions) -> Result<Vec<Facts>, GatherError> {
    let mut fetch = options.fetch.clone();
    fetch.allow.extend(policy.settings.network.allow.iter().copied());
    let cache = options.cache.as_ref().map(|directory| {
        Cache::open(directory).map_err(|source| GatherError::Cache { directory: directory.clone(), source })
    });
    let cache = cache.transpose()?;
    let gatherer = Gatherer {
        policy,
        options,
        deadline: Instant::now() + options.deadline,
        fetcher: Fetcher::new(&fetch)?,
        github: Github::new(&options.github, cache.clone())?,
        cache,
        permits: Permits::new(options.concurrency, options.per_host),
        icons: Memo::default(),
        images: Memo::default(),
        remotes: Memo::default(),
        refs: Memo::default(),
    };
    let done = AtomicUsize::new(0);
    let all = entries.iter().map(|entry| async {
        let facts = gatherer.entry(entry).await;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(progress) = &options.progress {
            progress.report(done, entries.len());
        }
        facts
    });
    Ok(join_all(all).await)
}

struct Gatherer<'a> {
    policy: &'a Policy,
    options: &'a GatherOptions,
    deadline: Instant,
    fetcher: Fetcher,
    github: Github,
    cache: Option<Cache>,
    permits: Permits,
    icons: Memo<Fact<Icon>>,
    images: Memo<Fact<Image>>,
    remotes: Memo<(Fact<Remote>, Fact<RemoteTools>)>,
    refs: Memo<Result<Option<RemoteRefs>, RemoteError>>,
}

/// What is kept of an icon between runs.
#[derive(Debug, Serialize, Deserialize)]
struct KeptIcon {
    bytes: u64,
    format: Option<String>,
    size: Option<(u32, u32)>,
}

impl From<KeptIcon> for Icon {
    fn from(KeptIcon { bytes, format, size }: KeptIcon) -> Self {
        Self::Read { bytes, format, size }
    }
}

impl Gatherer<'_> {
    async fn entry(&self, entry: &Entry) -> Facts {
        let mut source = Facts::default();
        let ((), icon, image, (remote, remote_tools)) =
            tokio::join!(self.source(entry, &mut source), self.icon(entry), self.image(entry), self.remote(entry));
        Facts { icon, image, remote, remote_tools, ..source }
    }

    async fn icon(&self, entry: &Entry) -> Fact<Icon> {
        let Some(icon) = entry.manifest.about.icon.as_deref() else { return Fact::NotGathered };
        let url = match fetch::parse_url(icon) {
            Ok(url) => url,
            Err(error) => return Fact::Known(Icon::Unreachable(error.to_string())),
        };
        within(self.deadline, self.icons.get(url.as_str(), self.fetch_icon(&url))).await
    }

    async fn fetch_icon(&self, url: &Url) -> Fact<Icon> {
        let _permit = self.permits.enter(&fetch::host_of(url)).await;
        let key = format!("icon {url}");
        let kept = self.cache.as_ref().and_then(|cache| cache.get(&key));
        let known = kept.and_then(|kept| {
            let icon: KeptIcon = serde_json::from_str(&kept.body).ok()?;
            Some((HeaderValue::from_str(&kept.etag).ok()?, icon))
        });
        let mut request = fetch::Request::get(url.clone(), MAX_ICON_BYTES)
            .header(header::ACCEPT, HeaderValue::from_static("image/*"));
        if let Some((etag, _)) = &known {
            request = request.header(header::IF_NONE_MATCH, etag.clone());
        }
        let answer = match self.fetcher.fetch(&request).await {
            Ok(answer) => answer,
            Err(FetchError::TooLarge { limit }) => return Fact::Known(Icon::TooLarge { limit }),
            Err(error) if error.for_good() => return Fact::Known(Icon::Unreachable(error.to_string())),
            Err(error) => return Fact::Unavailable(error.to_string()),
        };
        match (answer.status, known) {
            (StatusCode::NOT_MODIFIED, Some((_, icon))) => return Fact::Known(icon.into()),
            (StatusCode::OK, _) => {}
            (status, _) => {
                let why = format!("{} answered {status}", fetch::host_of(&answer.url));
                let passing = status.is_server_error() || matches!(status.as_u16(), 304 | 408 | 425 | 429);
                return if passing { Fact::Unavailable(why) } else { Fact::Known(Icon::Unreachable(why)) };
            }
        }
        let (format, size) = match icon::sniff(&answer.body) {
            Some((format, size)) => (Some(format.to_owned()), size),
            None => (None, None),
        };
        let icon = KeptIcon { bytes: answer.body.len() as u64, format, size };
        let etag = answer.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok());
        if let (Some(cache), Some(etag), Ok(body)) = (&self.cache, etag, serde_json::to_string(&icon)) {
            cache.put(&Kept { key, etag: etag.to_owned(), body });
        }
        Fact::Known(icon.into())
    }

    /// Images that the registry builds itself are not asked about: a new entry's is built after it was merged.
    async fn image(&self, entry: &Entry) -> Fact<Image> {
        let Some(image) = entry.manifest.image.as_deref() else { return Fact::NotGathered };
        if image.starts_with(&self.policy.settings.registry.namespace) {
            return Fact::NotGathered;
        }
        let ask = async {
            let registry = image.split('/').next().filter(|first| first.contains(['.', ':'])).unwrap_or("docker.io");
            let _permit = self.permits.enter(registry).await;
            match oci::exists(&self.fetcher, image).await {
                Ok(Existence::Found(digest)) => Fact::Known(Image::Found { digest: digest.map(Into::into) }),
                Ok(Existence::Missing) => Fact::Known(Image::Missing),
                Err(error) => Fact::Unavailable(error.to_string()),
            }
        };
        within(self.deadline, self.images.get(image, ask)).await
    }

    async fn remote(&self, entry: &Entry) -> (Fact<Remote>, Fact<RemoteTools>) {
        let manifest = &entry.manifest;
        let nothing = (Fact::NotGathered, Fact::NotGathered);
        let Some(address) = manifest.remote.url.as_deref() else { return nothing };
        // An address with a parameter in it is one only for a user.
        if manifest.kind != EntryType::Remote || address.contains("{{") || address.contains("${") {
            return nothing;
        }
        let url = match fetch::parse_url(address) {
            Ok(url) => url,
            Err(error) => return (Fact::Known(Remote::Unreachable(error.to_string())), Fact::NotGathered),
        };
        let sse = manifest.remote.transport_type.as_deref() == Some("sse");
        let transport = if sse { Transport::Sse } else { Transport::StreamableHttp };
        let tools = !entry.tools_file.exists() && !manifest.dynamic_tools;
        let ask = async {
            let _permit = self.permits.enter(&fetch::host_of(&url)).await;
            facts_of(mcp::probe(&self.fetcher, &url, transport, tools).await)
        };
        let key = format!("{transport:?} {tools} {url}");
        match tokio::time::timeout_at(self.deadline, self.remotes.get(&key, ask)).await {
            Ok(facts) => facts,
            Err(_) => (late(), Fact::NotGathered),
        }
    }
}

fn facts_of(probe: mcp::Probe) -> (Fact<Remote>, Fact<RemoteTools>) {
    let dead = |why: String| (Fact::Known(Remote::Unreachable(why)), Fact::NotGathered);
    let remote = match probe.alive {
        Alive::Yes(status) => Fact::Known(Remote::Alive(status)),
        Alive::No(status) => {
            let status = StatusCode::from_u16(status).map_or(status.to_string(), |status| status.to_string());
            return dead(format!("it answered {status}"));
        }
        Alive::NoAnswer(error) if error.for_good() => return dead(error.to_string()),
        Alive::NoAnswer(error) => return (Fact::Unavailable(error.to_string()), Fact::NotGathered),
    };
    let tools = match probe.tools {
        None => Fact::NotGathered,
        Some(Tools::Listed(names)) => Fact::Known(RemoteTools::Listed(names)),
        Some(Tools::NeedsCredentials) => Fact::Known(RemoteTools::NeedsCredentials),
        Some(Tools::Failed(why)) => Fact::Known(RemoteTools::Failed(why)),
        Some(Tools::NoAnswer(error)) => Fact::Unavailable(error.to_string()),
    };
    (remote, tools)
}
