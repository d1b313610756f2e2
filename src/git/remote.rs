//! The branches and tags of a repository on any host, without fetching anything of it.
//!
//! This is what `git ls-remote` does first: one `GET` of the smart HTTP protocol (version 0, gitprotocol-http(5)). An entry
//! chooses the host, so the request goes through [`crate::fetch`] and its guard, which libgit2's transports would not.

use super::packet::{Packet, Packets};
use crate::fetch::{FetchError, Fetcher, Request};
use crate::ids::CommitSha;
use std::collections::BTreeMap;
use url::Url;

/// The most bytes of a listing: 100,000 refs are about 7 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RemoteRefs {
    /// The full name that `HEAD` stands for (`refs/heads/main`); none when it stands for none, the server does not say, or
    /// that is no name of a ref.
    pub(crate) head: Option<String>,
    /// All refs but `HEAD` by full name (`refs/heads/main`, `refs/pull/1/head`) with the commits that they lead to; annotated
    /// tags are followed. A name that Git would not give a ref, or that is not UTF-8, is left out.
    pub(crate) commits: BTreeMap<String, CommitSha>,
}

impl RemoteRefs {
    /// Branches and tags only: what belongs to the repository, whatever else it lists.
    pub(crate) fn branches_and_tags(&self) -> impl Iterator<Item = (&String, &CommitSha)> {
        self.commits.iter().filter(|(name, _)| name.starts_with("refs/heads/") || name.starts_with("refs/tags/"))
    }
}

/// Why a host did not list a repository's refs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RemoteError {
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Another answer than a listing.
    #[error("{host} answered {status}")]
    Status { host: String, status: u16 },
    /// A listing that is not one.
    #[error("{0} did not answer as a Git server does")]
    NotGit(String),
}

/// Lists the refs of the repository at `project`; none when there is no such public repository.
///
/// # Errors
/// When the host does not say.
pub(crate) async fn refs(fetcher: &Fetcher, project: &Url) -> Result<Option<RemoteRefs>, RemoteError> {
    let mut url = project.clone();
    url.set_path(&format!("{}/info/refs", project.path().trim_end_matches('/')));
    url.set_query(Some("service=git-upload-pack"));
    url.set_fragment(None);
    let host = crate::fetch::host_of(&url);
    let answer = fetcher.fetch(&Request::get(url, MAX_BYTES)).await?;
    match answer.status.as_u16() {
        200 => read(&answer.body).map(Some).ok_or(RemoteError::NotGit(host)),
        // Hosts ask strangers for a password in place of saying that there is nothing.
        401 | 403 | 404 | 410 => Ok(None),
        status => Err(RemoteError::Status { host, status }),
    }
}

pub(super) fn read(body: &[u8]) -> Option<RemoteRefs> {
    let mut lines = lines(body)?.into_iter();
    if !lines.next()?.starts_with(b"# service=git-upload-pack") {
        return None;
    }
    let mut refs = RemoteRefs::default();
    for (number, line) in lines.enumerate() {
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        // The first line carries the server's abilities behind a NUL.
        let (line, abilities) = line.split_at(line.iter().position(|byte| *byte == 0).unwrap_or(line.len()));
        if number == 0 {
            refs.head = head(abilities);
        }
        // Behind the refs, where the server's own history is cut off.
        if line.starts_with(b"shallow ") {
            continue;
        }
        let (id, name) = line.split_at_checked(40)?;
        let id = CommitSha::parse(std::str::from_utf8(id).ok()?).ok()?;
        let Ok(name) = std::str::from_utf8(name.strip_prefix(b" ")?) else { continue };
        // `HEAD` itself; and `capabilities^{}`, the only line of a repository that is empty.
        let name = name.strip_suffix("^{}").unwrap_or(name);
        if is_ref(name) {
            refs.commits.insert(name.to_owned(), id);
        }
    }
    Some(refs)
}

/// What the abilities say that `HEAD` stands for.
fn head(abilities: &[u8]) -> Option<String> {
    let mut words = abilities.get(1..)?.split(|byte| *byte == b' ');
    let name = words.find_map(|word| word.strip_prefix(b"symref=HEAD:"))?;
    std::str::from_utf8(name).ok().filter(|name| is_ref(name)).map(str::to_owned)
}

/// Whether Git would give a ref this name (git-check-ref-format(1)). What else a server lists, no Git made.
fn is_ref(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let is_odd = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    name.strip_prefix("refs/").is_some_and(|rest| rest.split('/').all(is_part))
        && !name.contains(is_odd)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
}

/// The lines of a listing; none when it is not whole: of one that was cut off, nobody knows which branches are missing.
fn lines(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut packets = Packets::default();
    packets.push(body);
    let mut lines = Vec::new();
    let mut ended = false;
    while let Some(packet) = packets.take().ok()? {
        ended = packet == Packet::Flush;
        match packet {
            Packet::Data(line) => lines.push(line),
            Packet::Flush => {}
            // This version of the protocol has none.
            Packet::Delimiter => return None,
        }
    }
    (ended && packets.is_empty()).then_some(lines)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{RemoteRefs, read};
    use crate::git::packet::line;
    use crate::ids::CommitSha;
    use proptest::prelude::*;

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
        let refs = read(body.as_bytes()).unwrap();
        let shown = |(name, id): (&String, &CommitSha)| format!("{name} {}", id.short());
        let all: Vec<_> = refs.commits.iter().map(shown).collect();
        assert_eq!(all, ["refs/heads/main 111111111111", "refs/pull/1/head 111111111111", "refs/tags/v1 222222222222"]);
        let own: Vec<_> = refs.branches_and_tags().map(shown).collect();
        assert_eq!(own, ["refs/heads/main 111111111111", "refs/tags/v1 222222222222"]);
        assert_eq!(refs.head.as_deref(), Some("refs/heads/main"));
    }

    #[test]
    fn an_empty_repository_and_one_without_all_of_its_history_are_read() {
        let listing = |lines: &[&[u8]]| {
            let mut body = (line("# service=git-upload-pack\n") + "0000").into_bytes();
            for text in lines {
                body.extend_from_slice(format!("{:04x}", text.len() + 4).as_bytes());
                body.extend_from_slice(text);
            }
            read(&[&body[..], b"0000"].concat()).unwrap()
        };
        let empty = listing(&[format!("{} capabilities^{{}}\0agent=git/2\n", "0".repeat(40)).as_bytes()]);
        assert_eq!(empty, RemoteRefs::default());
        let id = "1".repeat(40);
        let refs = listing(&[
            format!("{id} HEAD\0agent=git/2\n").as_bytes(),
            &[id.as_bytes(), b" refs/heads/\xff\n"].concat(),
            format!("{id} refs/heads/x").as_bytes(),
            format!("shallow {id}\n").as_bytes(),
        ]);
        assert_eq!((refs.head, refs.commits.into_keys().collect::<Vec<_>>()), (None, vec!["refs/heads/x".to_owned()]));
    }

    #[test]
    fn what_git_would_not_name_a_ref_is_left_out() {
        let id = "1".repeat(40);
        let long = format!("refs/heads/{}", "x".repeat(200));
        let names = [
            "refs/heads/\u{1b}[31mred\nFAKE",
            "refs/heads/a b",
            "refs/heads/a..b",
            "refs/heads/a.lock",
            "refs/heads/.a",
            "refs/heads/a.",
            "refs/heads//a",
            "refs/heads/",
            "refs/heads/a@{1}",
            "refs/heads/a~1",
            "refs/heads/a\\b",
            "refs/",
            "heads/a",
            "refs/heads/dependabot/npm_and_yarn/@scope/a-1.0.x",
            "refs/heads/größe#1",
            &long,
        ];
        let listed = |head: &str| {
            let lines: String = names.iter().map(|name| line(&format!("{id} {name}\n"))).collect();
            let first = line(&format!("{id} HEAD\0symref=HEAD:{head} agent=x\n"));
            read((line("# service=git-upload-pack\n") + "0000" + &first + &lines + "0000").as_bytes()).unwrap()
        };
        let good = [names[13], names[14], &long];
        for name in names {
            let refs = listed(name);
            assert_eq!(refs.commits.into_keys().collect::<Vec<_>>(), good, "{name}");
            // A blank ends it.
            let head = (name != "refs/heads/a b").then_some(name).filter(|name| good.contains(name));
            assert!(refs.head.as_deref() == head || name == "refs/heads/a b", "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_listing_or_are_refused(parts in prop::collection::vec(prop_oneof![
            Just(line("# service=git-upload-pack\n").into_bytes()),
            Just(b"0000".to_vec()),
            "[0-9a-f]{38,41} (HEAD|refs/[a-z]{1,3})(\\^\\{\\})?\0?(symref=HEAD:[a-z/]{0,5})?"
                .prop_map(|text| line(&text).into_bytes()),
            prop::collection::vec(any::<u8>(), 0..20),
        ], 0..8)) {
            let body = parts.concat();
            if let Some(refs) = read(&body) {
                prop_assert!(refs.commits.len() <= parts.len());
            }
        }
    }

    #[test]
    fn a_listing_that_was_cut_off_is_not_one() {
        let id = "1".repeat(40);
        let first = line("# service=git-upload-pack\n") + "0000" + &line(&format!("{id} HEAD\0agent=x\n"));
        let whole = first + &line(&format!("{id} refs/heads/main\n")) + "0000";
        // Behind the service's name stands the separator that could be the end, where there is nothing.
        let none = line("# service=git-upload-pack\n").len() + 4;
        for end in (0..whole.len()).filter(|end| *end != none) {
            assert_eq!(read(&whole.as_bytes()[..end]), None, "{end}");
        }
        assert!(read(whole.as_bytes()).is_some());
    }

    #[test]
    fn anything_else_is_not_one() {
        for wrong in ["", "<html>", "0003", "0005", "ffff# service=git-upload-pack", "+004", "0004", "000éxx"] {
            assert_eq!(read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
