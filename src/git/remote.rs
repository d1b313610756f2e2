//! The branches and tags of a repository on any host, without fetching anything of it.
//!
//! This is what `git ls-remote` does first: one `GET` of the smart HTTP protocol (version 0, gitprotocol-http(5)). An entry
//! chooses the host, so the request goes through [`crate::fetch`] and its guard, which libgit2's transports would not.

use crate::fetch::{FetchError, Fetcher, Request};
use crate::ids::CommitSha;
use std::collections::BTreeMap;
use url::Url;

/// The most bytes of a listing: 100,000 refs are about 7 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Branches and tags by full name (`refs/heads/main`) with the commits they lead to; annotated tags are followed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoteRefs(pub BTreeMap<String, CommitSha>);

/// Why a host did not list a repository's refs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Another answer than a listing.
    #[error("{host} answered {status}")]
    Status {
        /// The host.
        host: String,
        /// What it answered.
        status: u16,
    },
    /// A listing that is not one.
    #[error("{0} did not answer as a Git server does")]
    NotGit(String),
}

/// Lists the refs of the repository at `project`; none when there is no such public repository.
///
/// # Errors
/// When the host does not say.
pub async fn refs(fetcher: &Fetcher, project: &Url) -> Result<Option<RemoteRefs>, RemoteError> {
    let mut url = project.clone();
    url.set_path(&format!("{}/info/refs", project.path().trim_end_matches('/')));
    url.set_query(Some("service=git-upload-pack"));
    url.set_fragment(None);
    listed(fetcher, &Request::get(url, MAX_BYTES)).await
}

/// The same, with the request as it is to be sent.
pub(super) async fn listed(fetcher: &Fetcher, request: &Request) -> Result<Option<RemoteRefs>, RemoteError> {
    let host = crate::fetch::host_of(&request.url);
    let answer = fetcher.fetch(request).await?;
    match answer.status.as_u16() {
        200 => read(&answer.body).map(Some).ok_or(RemoteError::NotGit(host)),
        // Hosts ask strangers for a password in place of saying that there is nothing.
        401 | 403 | 404 | 410 => Ok(None),
        status => Err(RemoteError::Status { host, status }),
    }
}

fn read(body: &[u8]) -> Option<RemoteRefs> {
    let mut lines = packet_lines(body)?.into_iter();
    if !lines.next()?.starts_with(b"# service=git-upload-pack") {
        return None;
    }
    let mut refs = BTreeMap::new();
    for line in lines {
        // The first line carries the server's abilities behind a NUL.
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let line = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
        let (id, name) = line.split_once(' ')?;
        let id = CommitSha::parse(id).ok()?;
        match name.strip_suffix("^{}") {
            Some(tag) => {
                refs.insert(tag.to_owned(), id);
            }
            None if name.starts_with("refs/heads/") || name.starts_with("refs/tags/") => {
                refs.insert(name.to_owned(), id);
            }
            None => {}
        }
    }
    Some(RemoteRefs(refs))
}

/// Lines that begin with their own length in four hexadecimal digits (gitprotocol-common(5)); 0000 separates.
fn packet_lines(mut body: &[u8]) -> Option<Vec<&[u8]>> {
    let mut lines = Vec::new();
    while !body.is_empty() {
        let (length, _) = body.split_at_checked(4)?;
        let length = usize::from_str_radix(std::str::from_utf8(length).ok()?, 16).ok()?;
        if length == 0 {
            body = body.get(4..)?;
            continue;
        }
        lines.push(body.get(4..length)?);
        body = body.get(length..)?;
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::read;

    fn line(text: &str) -> String {
        format!("{:04x}{text}", text.len() + 4)
    }

    #[test]
    fn a_listing_is_read() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let body = [
            line("# service=git-upload-pack\n"),
            "0000".into(),
            line(&format!("{one} HEAD\0multi_ack symref=HEAD:refs/heads/main\n")),
            line(&format!("{one} refs/heads/main\n")),
            line(&format!("{one} refs/pull/1/head\n")),
            line(&format!("{one} refs/tags/v1\n")),
            line(&format!("{two} refs/tags/v1^{{}}\n")),
            "0000".into(),
        ]
        .concat();
        let refs = read(body.as_bytes()).unwrap().0;
        let shown: Vec<_> = refs.iter().map(|(name, id)| format!("{name} {}", id.short())).collect();
        assert_eq!(shown, ["refs/heads/main 111111111111", "refs/tags/v1 222222222222"]);
    }

    #[test]
    fn anything_else_is_not_one() {
        for wrong in ["", "<html>", "0003", "0005", "ffff# service=git-upload-pack", "+004", "0004", "000éxx"] {
            assert_eq!(read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
