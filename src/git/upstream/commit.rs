//! A commit as its author wrote it: any bytes, of which a few are looked for.

use super::ObjectId;
use chrono::{DateTime, Datelike as _, Utc};

/// The most bytes of an author's name or a subject.
const MAX_TEXT: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The folder at the top.
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    /// The author's name as the commit claims it, cut; bytes that are not UTF-8 replaced. Escape before showing.
    pub(crate) author: String,
    /// The author's date as the commit claims it; none when that is no date of the years 0 to 9999, which are all that
    /// RFC 3339 can write.
    pub(crate) authored: Option<DateTime<Utc>>,
    /// The committer's date as the commit claims it, in seconds since 1970; 0 when that is no date.
    pub(crate) committed: i64,
    /// The first line of the message, like the author's name.
    pub(crate) subject: String,
    /// Whether there is a signature, good or bad.
    pub(crate) signed: bool,
}

impl Commit {
    /// Reads a commit; none when it does not begin as commits do.
    pub(super) fn parse(data: &[u8]) -> Option<Self> {
        let mut lines = data.split(|byte| *byte == b'\n');
        let tree = ObjectId::parse(lines.next()?.strip_prefix(b"tree ")?)?;
        let mut commit = Self {
            tree,
            parents: Vec::new(),
            author: String::new(),
            authored: None,
            committed: 0,
            subject: String::new(),
            signed: false,
        };
        let mut parents_end = false;
        // Headers of several lines go on behind a blank, as signatures do; an empty line ends them.
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            match line.strip_prefix(b"parent ") {
                Some(id) if !parents_end => commit.parents.push(ObjectId::parse(id)?),
                _ => parents_end = true,
            }
            if let Some(author) = line.strip_prefix(b"author ").filter(|_| commit.author.is_empty()) {
                let name = author.split(|byte| *byte == b'<').next().unwrap_or_default();
                commit.author = text(name);
                let date = seconds(author).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
                commit.authored = date.filter(|date| (0..=9999).contains(&date.year()));
            } else if let Some(committer) = line.strip_prefix(b"committer ") {
                commit.committed = seconds(committer).unwrap_or(0);
            } else if line.starts_with(b"gpgsig ") || line.starts_with(b"gpgsig-sha256 ") {
                commit.signed = true;
            }
        }
        commit.subject = lines.map(text).find(|line| !line.is_empty()).unwrap_or_default();
        Some(commit)
    }
}

/// The beginning of a line, without blanks at its ends.
fn text(line: &[u8]) -> String {
    let line = line.trim_ascii();
    String::from_utf8_lossy(line.get(..MAX_TEXT).unwrap_or(line)).trim().to_owned()
}

/// The time in `Name <address> 1767312000 +0000`. The zone is for show.
fn seconds(who: &[u8]) -> Option<i64> {
    let end = who.iter().rposition(|byte| *byte == b'>')?;
    let rest = std::str::from_utf8(who.get(end + 1..)?).ok()?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Commit;
    use proptest::prelude::*;

    fn with(headers: &str, message: &[u8]) -> Commit {
        let head = format!("tree {}\nparent {}\n{headers}\n", "1".repeat(40), "2".repeat(40));
        Commit::parse(&[head.as_bytes(), message].concat()).unwrap()
    }

    #[test]
    fn author_date_subject_and_signature_are_found() {
        let headers = "author A U Thor <a@example.com> 1767312000 +0200\n\
            committer C <c@example.com> 1767312001 -0100\n\
            gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n";
        let commit = with(headers, b"\n  The subject \nauthor X <x> 1 +0000\n");
        assert_eq!((commit.author.as_str(), commit.subject.as_str()), ("A U Thor", "The subject"));
        assert_eq!(commit.authored.unwrap().to_rfc3339(), "2026-01-02T00:00:00+00:00");
        assert_eq!((commit.committed, commit.signed, commit.parents.len()), (1_767_312_001, true, 1));
    }

    #[test]
    fn what_only_looks_like_a_header_is_none() {
        let in_tag = "author A <a> 1 +0000\nmergetag object x\n gpgsig y\n";
        let commit = with(in_tag, b"gpgsig x\nparent 3\n");
        assert_eq!((commit.signed, commit.subject.as_str(), commit.parents.len()), (false, "gpgsig x", 1));
        let late = format!("author A <a> 1 +0000\nparent {}\n", "3".repeat(40));
        assert_eq!(with(&late, b"").parents.len(), 1);
    }

    #[test]
    fn odd_people_and_dates_are_no_error() {
        for (who, name, date) in [
            ("<a@example.com> 1 +0000", "", true),
            ("A > B <a> 5 +0000", "A > B", true),
            ("A <a> 99999999999999999999 +0000", "A", false),
            ("A <a> 9223372036854775807 +0000", "A", false),
            ("A <a> 253402300799 +0000", "A", true),
            ("A <a> 253402300800 +0000", "A", false),
            ("A <a> 1000000000000 +0000", "A", false),
            ("A <a> -62167219200 +0000", "A", true),
            ("A <a> -62167219201 +0000", "A", false),
            ("A <a>", "A", false),
            ("A", "A", false),
        ] {
            let commit = with(&format!("author {who}\n"), b"");
            assert_eq!((commit.author.as_str(), commit.authored.is_some()), (name, date), "{who}");
        }
        assert_eq!(with("", b"\xff\xfe x\n").subject, "\u{fffd}\u{fffd} x");
        assert_eq!(with("", &b"x".repeat(5000)).subject.len(), 1000);
        assert!(Commit::parse(b"tree 1\n").is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_commit_or_none(parts in prop::collection::vec(prop_oneof![
            Just(format!("tree {}\n", "1".repeat(40)).into_bytes()),
            Just(format!("parent {}\n", "2".repeat(40)).into_bytes()),
            "(author|committer|gpgsig) ?[<> a0-9-]{0,30}\n".prop_map(String::into_bytes),
            Just(b"\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..40),
        ], 0..8)) {
            let data = parts.concat();
            if let Some(commit) = Commit::parse(&data) {
                prop_assert!(commit.parents.len() * 48 <= data.len());
                // A byte that is not UTF-8 is replaced by three.
                prop_assert!(commit.author.len().max(commit.subject.len()) <= 3 * super::MAX_TEXT);
            }
        }
    }
}
