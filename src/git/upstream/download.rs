//! One conversation with a server: what it can do, what is wanted, and the objects that come.

use super::pack::{Bad, Measure};
use super::protocol::{Abilities, Answer, Ask, Greeting, Otherwise, Wrong, abilities, question};
use super::store::Came;
use super::{Filter, Limits, Store, UpstreamError};
use crate::fetch::{self, FetchError, Fetcher, Request, host_of, retry};
use crate::git::remote::{self, RemoteRefs};
use crate::ids::CommitSha;
use bytes::Bytes;
use git2::Indexer;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use http::{HeaderMap, Method, StatusCode};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, channel};
use url::Url;

/// The most bytes of the first answer: a server of an older version lists all refs in it.
const MAX_GREETING: u64 = 16 * 1024 * 1024;
const GREETING_TIME: Duration = Duration::from_secs(60);
/// Pieces of a pack that wait to be unpacked; the network waits when there are so many.
const WAITING: usize = 16;

const GIT_PROTOCOL: HeaderName = HeaderName::from_static("git-protocol");
const VERSION_2: HeaderValue = HeaderValue::from_static("version=2");
/// Some hosts let nobody but Git in, and know it by how its name begins. libgit2 calls itself `git/2.0 (libgit2 …)`.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("git/2.0 (mcp-registry ", env!("CARGO_PKG_VERSION"), ")"));

/// A piece of a pack, on its way to the thread that unpacks.
enum Piece {
    Bytes(Vec<u8>),
    /// The answer is whole. A channel that closes without it was cut off.
    End,
}

/// A server that speaks version 2, and the repository there.
#[derive(Debug)]
pub(super) struct Server {
    /// The repository's address; `.git` as the server wants it.
    pub(super) url: Url,
    host: String,
    abilities: Abilities,
}

impl Server {
    /// Asks what the server can do.
    pub(super) async fn greet(fetcher: &Fetcher, project: &Url, limits: &Limits) -> Result<Self, UpstreamError> {
        let host = host_of(project);
        let (url, answer) = first(fetcher, project, limits, Some(VERSION_2)).await?;
        let abilities = abilities(&answer.body).map_err(|greeting| match greeting {
            Greeting::Old => UpstreamError::OldProtocol(host.clone()),
            Greeting::NotGit(what) => UpstreamError::NotGit { host: host.clone(), what },
        })?;
        if let Some(format) = abilities.object_format.as_ref().filter(|format| *format != "sha1") {
            return Err(UpstreamError::ObjectFormat(host, format.clone()));
        }
        Ok(Self { url, host, abilities })
    }

    /// Gets what is asked for into the store.
    pub(super) async fn download(
        &self,
        fetcher: &Fetcher,
        ask: &Ask<'_>,
        limits: &Limits,
        store: &Store,
    ) -> Result<Came, UpstreamError> {
        if ask.depth.is_some() && !self.abilities.shallow {
            return Err(UpstreamError::NotGit { host: self.host.clone(), what: "it cannot cut history off" });
        }
        let less = |filter| (ask.otherwise == Otherwise::More).then(|| weaker(filter)).flatten();
        let mut filter = ask.filter;
        while !self.abilities.filter && filter != Filter::None {
            let message = "it cannot leave files and folders out".to_owned();
            filter = less(filter).ok_or(UpstreamError::Refused { host: self.host.clone(), message })?;
        }
        loop {
            match (self.attempt(fetcher, ask, filter, limits, store).await, less(filter)) {
                // A server may know filters and not this one.
                (Err(UpstreamError::Refused { message, .. }), Some(other)) if message.contains("filter") => {
                    filter = other;
                }
                (Err(error), _) => return Err(error),
                (Ok(shallow), _) => return Ok(Came { filter, shallow }),
            }
        }
    }

    async fn attempt(
        &self,
        fetcher: &Fetcher,
        ask: &Ask<'_>,
        filter: Filter,
        limits: &Limits,
        store: &Store,
    ) -> Result<Vec<CommitSha>, UpstreamError> {
        let mut request = Request::get(below(&self.url, "/git-upload-pack", None), limits.download)
            .header(USER_AGENT, AGENT)
            .header(GIT_PROTOCOL, VERSION_2)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-git-upload-pack-request"))
            .header(ACCEPT, HeaderValue::from_static("application/x-git-upload-pack-result"))
            .stay()
            .within(limits.time);
        request.method = Method::POST;
        request.body = Bytes::from(question(&self.abilities, ask, filter));
        let mut incoming = fetcher.open(&request).await?;
        let status = incoming.status.as_u16();
        if let Some(target) = redirect(&incoming.headers, status, &request.url) {
            return Err(redirected(&self.url, &target, status));
        }
        if let Some(limited) = limited(&self.host, incoming.status, &incoming.headers) {
            return Err(limited);
        }
        if status != 200 {
            return Err(UpstreamError::Status { host: self.host.clone(), status });
        }

        let folder = store.incoming()?;
        let (sender, receiver) = channel(WAITING);
        let unpack = {
            let (folder, limits, host) = (folder.path().to_owned(), limits.clone(), self.host.clone());
            tokio::task::spawn_blocking(move || unpack(receiver, &folder, &limits, &host))
        };
        let mut answer = Answer::default();
        let result = loop {
            let chunk = match incoming.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) if answer.ended() => break Ok(()),
                Ok(None) => {
                    break Err(UpstreamError::NotGit { host: self.host.clone(), what: "its answer breaks off" });
                }
                Err(error) => break Err(error.into()),
            };
            match answer.push(&chunk) {
                Ok(pack) if pack.is_empty() => {}
                Ok(pack) => {
                    // Nobody listens: the other side has found something wrong, and says it.
                    if sender.send(Piece::Bytes(pack)).await.is_err() {
                        break Ok(());
                    }
                }
                Err(Wrong::NotGit(what)) => break Err(UpstreamError::NotGit { host: self.host.clone(), what }),
                Err(Wrong::Refused(message)) => break Err(self.refused(message, ask)),
            }
        };
        if result.is_ok() {
            // An error here is the same: the other side says why.
            drop(sender.send(Piece::End).await);
        }
        drop(sender);
        let unpacked = unpack.await.map_err(|error| UpstreamError::store(folder.path(), &error))?;
        result?;
        store.accept(folder.path(), &unpacked?)?;
        Ok(answer.shallow)
    }

    /// What a server's refusal means.
    fn refused(&self, message: String, ask: &Ask<'_>) -> UpstreamError {
        if message.contains("not our ref") {
            let named = ask.wants.iter().find(|id| message.contains(&id.to_string()));
            if let Some(id) = named.or_else(|| ask.wants.first()) {
                return UpstreamError::NoCommit { upstream: self.url.to_string(), commit: id.into() };
            }
        }
        UpstreamError::Refused { host: self.host.clone(), message }
    }
}

/// Lists what a repository has, with one request: in version 0 of the protocol, whose listing says everything at once.
///
/// # Errors
/// When it is not listed: elsewhere, gone, limited, or not to be understood.
pub(crate) async fn list(fetcher: &Fetcher, project: &Url, limits: &Limits) -> Result<RemoteRefs, UpstreamError> {
    let host = host_of(project);
    let (_, answer) = first(fetcher, project, limits, None).await?;
    remote::read(&answer.body).ok_or_else(|| {
        let format = b"object-format=sha256";
        if answer.body.windows(format.len()).take(2000).any(|window| window == format) {
            return UpstreamError::ObjectFormat(host.clone(), "sha256".to_owned());
        }
        UpstreamError::NotGit { host, what: "it does not list its branches" }
    })
}

/// The first request to a repository: it lists the refs, or, asked in version 2, what the server can do. The address is
/// given back as the server wants it.
async fn first(
    fetcher: &Fetcher,
    project: &Url,
    limits: &Limits,
    version: Option<HeaderValue>,
) -> Result<(Url, fetch::Answer), UpstreamError> {
    let mut url = project.clone();
    url.set_path(project.path().trim_end_matches('/'));
    let host = host_of(&url);
    for attempt in 0.. {
        let address = below(&url, "/info/refs", Some("service=git-upload-pack"));
        let mut request = Request::get(address, MAX_GREETING).header(USER_AGENT, AGENT);
        request = request.stay().within(GREETING_TIME.min(limits.time));
        if let Some(version) = &version {
            request = request.header(GIT_PROTOCOL, version.clone());
        }
        let answer = fetcher.fetch(&request).await?;
        let status = answer.status.as_u16();
        if let Some(target) = redirect(&answer.headers, status, &request.url) {
            // Some hosts insist on `.git`, or on its absence. That is one repository spelled twice.
            match other_spelling(&url).filter(|other| attempt == 0 && below_same(&target, other)) {
                Some(other) => url = other,
                None => return Err(redirected(&url, &target, status)),
            }
            continue;
        }
        if let Some(limited) = limited(&host, answer.status, &answer.headers) {
            return Err(limited);
        }
        return match status {
            200 => Ok((url, answer)),
            // Hosts ask strangers for a password in place of saying that there is nothing. A refusal says nothing about
            // the repository: an address that is blocked gets it for all of them.
            401 | 404 | 410 => Err(UpstreamError::NoRepository(project.to_string())),
            status => Err(UpstreamError::Status { host, status }),
        };
    }
    Err(UpstreamError::NotGit { host, what: "it redirects for ever" })
}

fn limited(host: &str, status: StatusCode, headers: &HeaderMap) -> Option<UpstreamError> {
    retry::is_limited(status, headers)
        .then(|| UpstreamError::RateLimited { host: host.to_owned(), after: retry::after(headers) })
}

/// What may be asked for in place of this, so that no less comes.
fn weaker(filter: Filter) -> Option<Filter> {
    match filter {
        Filter::None => None,
        // Commits alone are asked for where there are many: the folders of all of them are as good as everything.
        Filter::FilesOver(_) | Filter::Files | Filter::Trees(0) => Some(Filter::None),
        Filter::Trees(_) => Some(Filter::Files),
    }
}

/// An address below the repository's.
fn below(url: &Url, path: &str, query: Option<&str>) -> Url {
    let mut url = url.clone();
    url.set_path(&format!("{}{path}", url.path()));
    url.set_query(query);
    url
}

fn redirect(headers: &HeaderMap, status: u16, from: &Url) -> Option<Url> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    from.join(headers.get(LOCATION)?.to_str().ok()?).ok()
}

/// The same address with `.git`, or without.
fn other_spelling(url: &Url) -> Option<Url> {
    let mut other = url.clone();
    match url.path().strip_suffix(".git") {
        Some(path) => other.set_path(path),
        None => other.set_path(&format!("{}.git", url.path())),
    }
    Some(other).filter(|other| other.path().len() > 1)
}

/// Whether a redirect leads to the listing of this repository.
fn below_same(target: &Url, url: &Url) -> bool {
    *target == below(url, "/info/refs", Some("service=git-upload-pack"))
}

fn redirected(from: &Url, target: &Url, status: u16) -> UpstreamError {
    let mut to = target.clone();
    to.set_query(None);
    to.set_fragment(None);
    // Nothing of a server's choosing is shown that could be a secret, and what cannot be unset is not there.
    let _ = to.set_username("");
    let _ = to.set_password(None);
    for end in ["/info/refs", "/git-upload-pack"] {
        if let Some(path) = to.path().strip_suffix(end).map(str::to_owned) {
            to.set_path(&path);
        }
    }
    // The others say that it is elsewhere for now (RFC 9110, section 15.4): a page that asks for a password, or says that a
    // host is being repaired, is often told of with them. Neither is a redirect to where nothing is ever asked.
    let for_good = matches!(status, 301 | 308) && to.scheme() == "https" && to != *from;
    UpstreamError::Redirect { from: from.to_string(), to: to.to_string(), for_good }
}

/// Measures and unpacks what comes, into `folder`; the name of the pack. libgit2 computes every object's id from its
/// content: what is in the store under an id is what that id means.
fn unpack(mut pieces: Receiver<Piece>, folder: &Path, limits: &Limits, host: &str) -> Result<String, UpstreamError> {
    let deadline = Instant::now() + limits.time;
    let damaged = |reason: String| UpstreamError::Damaged { host: host.to_owned(), reason };
    let late = || UpstreamError::Fetch(FetchError::Timeout { host: host.to_owned(), after: limits.time });
    let git = |error: &dyn std::fmt::Display| {
        let words = error.to_string();
        match () {
            () if Instant::now() >= deadline => late(),
            // It names a file of ours: that is not what came, but where it is kept.
            () if words.contains(&folder.display().to_string()) => UpstreamError::store(folder, &words),
            () => damaged(words),
        }
    };
    let mut measure = Measure::new(limits);
    let mut indexer = Indexer::new(None, folder, 0o644, false).map_err(|error| git(&error))?;
    // Called for every object, also while differences are put together: what that costs is the sender's choice.
    indexer.progress(move |_| Instant::now() < deadline);
    loop {
        match pieces.blocking_recv() {
            Some(Piece::Bytes(bytes)) => {
                measure.push(&bytes).map_err(|bad| match bad {
                    Bad::TooLarge(what, limit) => UpstreamError::TooLarge { what, limit },
                    Bad::Damaged(what) => damaged(what.to_owned()),
                })?;
                indexer.write_all(&bytes).map_err(|error| git(&error))?;
            }
            Some(Piece::End) => break,
            None => return Err(damaged("they break off".to_owned())),
        }
    }
    if !measure.ended() {
        return Err(damaged("they break off".to_owned()));
    }
    indexer.commit().map_err(|error| git(&error))
}
