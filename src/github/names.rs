//! Names on their way into an address: what cannot name anything is never asked for, and the rest is encoded.

use crate::fetch::host_of;
use std::fmt::Write as _;
use url::Url;

/// Owner and name of a repository on GitHub, from its address; none when it is elsewhere. `api` is the API's address: an
/// enterprise server has it on its own host and port.
#[must_use]
pub(crate) fn located(project: &Url, api: &Url) -> Option<(String, String)> {
    let host = project.host_str()?.to_ascii_lowercase();
    let known = matches!(host.as_str(), "github.com" | "www.github.com") || host_of(api) == host_of(project);
    let mut segments = project.path_segments()?.filter(|segment| !segment.is_empty());
    let (owner, name) = (segments.next()?, segments.next()?);
    let name = name.strip_suffix(".git").unwrap_or(name);
    (known && segments.next().is_none()).then(|| (owner.to_owned(), name.to_owned()))
}

/// Whether this can be the name of an owner or a repository. GitHub's own rules are narrower; these keep an address whole.
pub(super) fn is_owner_or_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=100).contains(&text.len()) && text.bytes().all(allowed) && text != "." && text != ".."
}

/// Whether Git allows a branch or tag of this name: the rules of `git check-ref-format`. They leave no `.` or `..` segment,
/// which an address would resolve even when encoded.
pub(super) fn is_ref_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_ascii_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    (1..=255).contains(&name.len())
        && name != "@"
        && !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"))
}

/// Whether this can be the path of a file in a repository. No part of it is one that an address would resolve.
pub(super) fn is_path(path: &str) -> bool {
    (1..=4_096).contains(&path.len())
        && !path.contains(|c: char| c.is_ascii_control())
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// [`encode`] of each part between slashes.
pub(super) fn encode_path(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub(super) fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{encode, is_owner_or_name, is_path, is_ref_name, located};

    #[test]
    fn repositories_on_github_are_recognised() {
        let ask = |project: &str| located(&project.parse().unwrap(), &"https://api.github.com".parse().unwrap());
        let found = Some(("acme".to_owned(), "x".to_owned()));
        for project in [
            "https://github.com/acme/x",
            "https://GitHub.com/acme/x.git",
            "https://www.github.com/acme/x/",
            "https://github.com//acme//x",
        ] {
            assert_eq!(ask(project), found, "{project}");
        }
        for project in ["https://github.com/acme", "https://github.com/acme/x/tree/main", "https://gitlab.com/acme/x"] {
            assert_eq!(ask(project), None, "{project}");
        }
    }

    #[test]
    fn names_that_git_refuses_are_never_asked_for() {
        for name in
            ["main", "feature/a-b", "v1.2.3", "größe", "a%2fb", "a?".trim_end_matches('?'), "@a", "a#b", "a&b=c"]
        {
            assert!(is_ref_name(name), "{name}");
        }
        for name in [
            "",
            "@",
            "..",
            ".",
            "a..b",
            "a/../b",
            "../../user",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.",
            "a b",
            "a\nb",
            "a~1",
            "a^",
            "a:b",
            "a?b",
            "a*",
            "a[",
            "a\\b",
            "a@{0}",
        ] {
            assert!(!is_ref_name(name), "{name:?}");
        }
        assert!(!is_ref_name(&"a".repeat(256)));
    }

    #[test]
    fn paths_cannot_lead_out_of_an_address() {
        for path in ["a", ".github/CODEOWNERS", "a b/c~d.yml", "..a/b..", "größe"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\nb"] {
            assert!(!is_path(path), "{path:?}");
        }
    }

    #[test]
    fn what_is_left_cannot_leave_its_segment() {
        assert_eq!(encode("a#b&c=d%2e%2e?/ü"), "a%23b%26c%3Dd%252e%252e%3F%2F%C3%BC");
    }

    #[test]
    fn owners_and_names_are_plain() {
        assert!(is_owner_or_name("my-org") && is_owner_or_name(".github") && is_owner_or_name("a_b.c"));
        for name in ["", ".", "..", "a/b", "a?b", "a b", "a%2fb", "ü"] {
            assert!(!is_owner_or_name(name), "{name:?}");
        }
    }
}
