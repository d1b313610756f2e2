//! Repositories of others, by address: commits of them are fetched into a store of ours, or read where they lie.
//!
//! Over https this is a small client of Git's protocol version 2 (gitprotocol-v2(5), gitprotocol-http(5)) upon
//! [`crate::fetch`], and not libgit2's transport: so addresses, redirects, bytes and time are guarded in one place, no
//! credential helper, hook or configuration has a say, nothing `unsafe` is registered, and servers can be asked to leave
//! out what is not wanted, which libgit2 cannot. What comes is measured ([`pack`]) before libgit2 unpacks and hashes it.
//!
//! Hosts that speak only versions 0 or 1 are refused: every host of entries has spoken version 2 for years, and the older
//! versions let a server hide which commits it would hand out.

mod between;
mod commit;
mod contained;
mod download;
mod history;
mod object_id;
mod pack;
mod protocol;
mod session;
mod store;

pub(crate) use between::{Between, between};
pub(crate) use commit::Commit;
pub use contained::{Contained, contained};
pub(crate) use download::list;
pub(crate) use history::History;
pub(crate) use object_id::ObjectId;
pub(crate) use protocol::Filter;
pub(crate) use session::{Pair, Session};
pub use store::Store;
pub(crate) use store::{Entry, Found, Mode, StoreReader};

use crate::fetch::{FetchError, Fetcher, host_of};
use crate::ids::CommitSha;
use crate::text::cut;
use download::Server;
use protocol::{Ask, Otherwise};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// What may come from an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one download.
    pub download: u64,
    /// Bytes of all objects of one download together, once unpacked.
    pub unpacked: u64,
    /// Bytes of an object that libgit2 has to hold in memory to unpack it: commits, trees, tags, and everything that is
    /// stored as a difference.
    pub in_memory: u64,
    pub objects: u32,
    /// The time that one download may take.
    pub time: Duration,
    /// Files of more bytes are not asked for, where the server can leave them out: they would not be exported anyway.
    pub file: u64,
}

/// Bytes of the largest file that is fetched and exported unless somebody says otherwise.
pub(crate) const LARGEST_FILE: u64 = 32_000_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            download: 1_000_000_000,
            unpacked: 8_000_000_000,
            in_memory: 128 * 1024 * 1024,
            objects: 2_000_000,
            time: Duration::from_mins(10),
            file: LARGEST_FILE,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// On a host: an https address without user, query, fragment and trailing `/`.
    Remote(Url),
    /// On this machine, by an explicit path.
    Local(PathBuf),
}

/// Why a text is not the address of a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not the address of a repository: {why}")]
pub struct UpstreamAddressError {
    /// The text, cut to what a message can show.
    pub(crate) text: String,
    /// What is wrong with it.
    pub(crate) why: &'static str,
}

impl Upstream {
    /// Parses an https address, or a path that begins with `/`, `./` or `../`, or `file:///`. A bare word is neither: what
    /// looks like a name is never taken for a folder that happens to be there.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &str) -> Result<Self, UpstreamAddressError> {
        let wrong = |why| UpstreamAddressError { text: cut(&without_secrets(text), 200).into_owned(), why };
        if text.contains('\0') {
            return Err(wrong("it has a NUL in it"));
        }
        let path = text.strip_prefix("file://").or_else(|| {
            let explicit = matches!(text, "." | "..") || ["/", "./", "../"].iter().any(|start| text.starts_with(start));
            explicit.then_some(text)
        });
        if let Some(path) = path {
            let absolute = text == path || path.starts_with('/');
            return if absolute { Ok(Self::Local(path.into())) } else { Err(wrong("file:// takes an absolute path")) };
        }
        let mut url =
            Url::parse(text).map_err(|_| wrong("it is neither https:// nor a path that begins with / or ./"))?;
        if url.scheme() != "https" {
            return Err(wrong("only https is fetched"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it must not hold credentials"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a query or a fragment"));
        }
        let trimmed = url.path().trim_end_matches('/').to_owned();
        if trimmed.is_empty() {
            return Err(wrong("it names a host and no repository"));
        }
        url.set_path(&trimmed);
        Ok(Self::Remote(url))
    }

    /// The address or path, for people; it holds no credentials.
    #[must_use]
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Remote(url) => url.to_string(),
            Self::Local(path) => path.display().to_string(),
        }
    }

    /// The same for every spelling of one address: host and path, without `.git`.
    #[must_use]
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Remote(url) => format!("{}{}", host_of(url), url.path().strip_suffix(".git").unwrap_or(url.path())),
            Self::Local(path) => format!("file://{}", path.display()),
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// An address without user, password and query, where secrets may be: it ends in messages and on dashboards.
fn without_secrets(address: &str) -> String {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        // As in `git@host:repository`.
        None => (String::new(), address),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let user = rest.get(..end).and_then(|host| host.rfind('@'));
    let rest = user.and_then(|at| rest.get(at..)).unwrap_or(rest);
    let hidden = if user.is_some() { "…" } else { "" };
    match rest.find(['?', '#']) {
        Some(at) => format!("{scheme}{hidden}{}…", rest.get(..=at).unwrap_or_default()),
        None => format!("{scheme}{hidden}{rest}"),
    }
}

/// Why a commit could not be had. Texts may hold anything that a server said: escape before showing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is said to be elsewhere. Redirects are not followed: who owns the old name decides where they lead.
    #[error("{from} redirects to {to}")]
    Redirect {
        /// The address that was asked.
        from: String,
        /// Where it leads, without query.
        to: String,
        /// Whether the server says that it stays there, and there is somewhere else that could be asked.
        for_good: bool,
    },
    /// There is no public repository.
    #[error("there is no public repository at {0}")]
    NoRepository(String),
    #[error("{host} asks to be left alone{}", after.map(|time| format!(" for {} seconds", time.as_secs())).unwrap_or_default())]
    RateLimited {
        host: String,
        /// For how long, if it said so.
        after: Option<Duration>,
    },
    #[error("{host} answered {status}")]
    Status { host: String, status: u16 },
    /// Something else answered, or it broke off in the middle.
    #[error("{host} did not answer as a Git server does: {what}")]
    NotGit { host: String, what: &'static str },
    /// It does not speak version 2.
    #[error("{0} does not speak version 2 of Git's protocol")]
    OldProtocol(String),
    /// Its objects have other ids than SHA-1.
    #[error("{0} names objects by {1}, not by sha1")]
    ObjectFormat(String, String),
    /// The repository has no such commit, or does not hand it out.
    #[error("{upstream} has no commit {commit}")]
    NoCommit { upstream: String, commit: CommitSha },
    /// The id is that of a file, tree or tag.
    #[error("{0} is not a commit")]
    NotACommit(CommitSha),
    /// What came as a commit cannot be taken for one.
    #[error("the commit {commit} {problem}")]
    Commit {
        commit: CommitSha,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The server said no.
    #[error("{host} refused: {message}")]
    Refused {
        host: String,
        /// Its words, cut to one line.
        message: String,
    },
    #[error("{what}: more than {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// What came cannot be unpacked.
    #[error("{host} sent objects that cannot be unpacked: {reason}")]
    Damaged { host: String, reason: String },
    /// A repository on this machine cannot be read.
    #[error(transparent)]
    Local(#[from] super::GitError),
    /// A repository on this machine keeps objects elsewhere.
    #[error("the repository in `{}` borrows objects of another one (alternates)", .0.display())]
    Alternates(PathBuf),
    /// Our own store cannot be written or read.
    #[error("`{}`: {reason}", .path.display())]
    Store { path: PathBuf, reason: String },
}

impl UpstreamError {
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Redirect { for_good: false, .. } => "redirects are not followed".to_owned(),
            Self::Redirect { to, .. } => {
                format!("redirects are not followed: if that is the same project, correct the entry's address to {to}")
            }
            Self::NoRepository(_) => {
                "private repositories ask strangers for a password, which is never given".to_owned()
            }
            Self::NoCommit { .. } => {
                "was it removed by a force-push, or is it on a branch of another repository?".to_owned()
            }
            Self::NotACommit(_) => "an annotated tag has an id of its own: give the id of its commit".to_owned(),
            Self::Alternates(_) => "make a full copy of it: git clone --no-local --bare".to_owned(),
            Self::OldProtocol(_) => "ask its operators for Git 2.18 or later".to_owned(),
            // What that says is about the registry's own repository.
            Self::Local(super::GitError::NotARepository(_)) => return None,
            Self::Local(error) => return error.hint(),
            _ => return None,
        })
    }

    pub(super) fn store(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::Store { path: path.to_owned(), reason: error.to_string() }
    }
}

/// Has these commits, without their history, at hand.
///
/// Of a repository elsewhere, what the store in `folder` lacks is fetched with one request for all of it; `folder` is made
/// if need be, belongs to this upstream alone, and can be kept between runs. A repository on this machine is read where it
/// lies, and nothing is written.
///
/// # Errors
/// When one of the commits cannot be had, or more comes than may.
pub async fn fetch(
    fetcher: &Fetcher,
    upstream: &Upstream,
    commits: &[CommitSha],
    limits: &Limits,
    folder: &Path,
) -> Result<Store, UpstreamError> {
    let url = match upstream {
        Upstream::Local(path) => {
            let (path, commits) = (path.clone(), commits.to_owned());
            return blocking(limits, upstream, move || store::local(&path, &commits)).await;
        }
        Upstream::Remote(url) => url,
    };
    let store = Store::at(folder)?;
    // Two runs with one cache: the second waits, and finds what the first has brought.
    let lock = store.lock().await?;
    let missing = store.missing(commits, limits.file)?;
    if !missing.is_empty() {
        let server = Server::greet(fetcher, url, limits).await?;
        let wants: Vec<ObjectId> = missing.iter().map(ObjectId::from).collect();
        let filter = Filter::FilesOver(limits.file);
        let ask = Ask { wants: &wants, haves: &[], depth: Some(1), filter, otherwise: Otherwise::More };
        let came = server.download(fetcher, &ask, limits, &store).await?;
        let reader = store.reader()?;
        for commit in &missing {
            reader
                .commit(commit)?
                .ok_or_else(|| UpstreamError::NoCommit { upstream: upstream.shown(), commit: commit.clone() })?;
            store.keep(commit, &came)?;
        }
    }
    drop(lock);
    Ok(store)
}

/// Reads a repository on this machine on a thread of its own, in the time that a download may take. A thread that waits for
/// something cannot be ended; nobody waits for it then, and the process ends without it.
async fn blocking<T: Send + 'static>(
    limits: &Limits,
    upstream: &Upstream,
    read: impl FnOnce() -> Result<T, UpstreamError> + Send + 'static,
) -> Result<T, UpstreamError> {
    let place = || PathBuf::from(upstream.shown());
    match tokio::time::timeout(limits.time, tokio::task::spawn_blocking(read)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => Err(UpstreamError::store(&place(), &error)),
        Err(_) => {
            let late = format!("reading it took longer than {} seconds", limits.time.as_secs());
            Err(UpstreamError::store(&place(), &late))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Upstream;

    #[test]
    fn addresses_and_explicit_paths_are_upstreams() {
        for (text, shown) in [
            ("https://github.com/a/b", "https://github.com/a/b"),
            ("https://GitHub.com/a/b.git/", "https://github.com/a/b.git"),
            ("https://127.0.0.1:8443/x", "https://127.0.0.1:8443/x"),
            ("/srv/repo", "/srv/repo"),
            ("./repo", "./repo"),
            ("..", ".."),
            ("file:///srv/repo", "/srv/repo"),
        ] {
            assert_eq!(Upstream::parse(text).unwrap().shown(), shown, "{text}");
        }
        let keys =
            ["https://github.com/a/b", "https://GitHub.com/a/b.git/"].map(|text| Upstream::parse(text).unwrap().key());
        assert_eq!(keys, ["github.com/a/b", "github.com/a/b"]);
    }

    #[test]
    fn refused_addresses_are_shown_without_their_password() {
        let said = Upstream::parse("https://user:p@ss@host/x@y").unwrap_err().to_string();
        assert_eq!(said, "`https://…@host/x@y` is not the address of a repository: it must not hold credentials");
        let said = Upstream::parse("https://host/x?token=word#y").unwrap_err().to_string();
        assert_eq!(said, "`https://host/x?…` is not the address of a repository: it has a query or a fragment");
        for text in ["https://user:word@", "ftp://user:word@host", "user:word@host:x", "https://host/x#word"] {
            assert!(!Upstream::parse(text).unwrap_err().to_string().contains("word"), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "",
            "repo",
            "--upload-pack=x",
            "http://github.com/a/b",
            "git://github.com/a/b",
            "ssh://git@github.com/a/b",
            "git@github.com:a/b",
            "ext::sh -c id",
            "https://user@github.com/a/b",
            "https://user:word@github.com/a/b",
            "https://github.com/a/b?x",
            "https://github.com/a/b#x",
            "https://github.com/",
            "file://host/srv/repo",
            "file://repo",
            "/srv\0/repo",
        ] {
            assert!(Upstream::parse(text).is_err(), "{text}");
        }
    }
}
