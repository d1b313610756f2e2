//! References to container images: the one parser of them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// `[host[:port]/]path[:tag][@digest]`, parsed, and printed as it was written. What is left out stays out of the fields, because
/// rules ask what the entry says and not what an engine would make of it; [`Self::registry`], [`Self::repository`] and
/// [`Self::version`] fill it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    /// The image registry, if one is named: `ghcr.io`, `localhost:5000`.
    pub(crate) host: Option<String>,
    /// The name in that registry, without tag and digest: `acme/server`.
    pub(crate) path: String,
    /// The tag, if one is written.
    pub(crate) tag: Option<String>,
    /// The digest with its algorithm, if one is written.
    pub(crate) digest: Option<String>,
}

/// Why a text is not an image reference. The limits are those of the distribution project's reference grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageReferenceError {
    /// Nothing, or nothing before the tag.
    #[error("it has no name")]
    NoName,
    /// `https://…`
    #[error("an image has no `http://` or `https://` before it")]
    Scheme,
    /// Blanks, or characters that cannot be seen.
    #[error("it has a blank in it")]
    Blank,
    /// An upper-case letter in the path.
    #[error("the name of an image is in lower case")]
    UpperCase,
    /// A character or an order of characters that the grammar does not have.
    #[error("`{0}` cannot stand there")]
    Character(char),
    /// `acme//server`, a slash at one end, or a separator at the end of a part.
    #[error("each part between slashes begins and ends with a letter or digit")]
    Part,
    /// The tag is empty, too long, or has characters that tags do not have.
    #[error("a tag is 1 to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two")]
    Tag,
    /// The digest is not an algorithm and enough hexadecimal digits.
    #[error("a digest is `sha256:` and 64 lower-case hexadecimal digits, or `sha512:` and 128")]
    Digest,
    /// More characters than registries accept.
    #[error("a name has at most 255 characters")]
    TooLong,
}

impl ImageReference {
    /// Parses a reference by the grammar of the distribution project, which Docker, Podman and the OCI clients share.
    ///
    /// # Errors
    /// When it is not one; the error says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, ImageReferenceError> {
        if text.contains("://") {
            return Err(ImageReferenceError::Scheme);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ImageReferenceError::Blank);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(parse_digest(digest)?)),
            None => (text, None),
        };
        // A colon before the last slash is a port.
        let last_part = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest.get(last_part..).and_then(|part| part.find(':')) {
            Some(colon) => (rest.get(..last_part + colon).unwrap_or_default(), rest.get(last_part + colon + 1..)),
            None => (rest, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(ImageReferenceError::Tag);
        }
        if name.is_empty() {
            return Err(ImageReferenceError::NoName);
        }
        if name.len() > 255 {
            return Err(ImageReferenceError::TooLong);
        }
        let (host, path) = match name.split_once('/') {
            Some((first, path)) if is_host(first) => (Some(first), path),
            _ => (None, name),
        };
        // Engines take a first part with capitals for a host, but no such host has a public name.
        if host.is_some_and(|host| host != "localhost" && !host.contains(['.', ':'])) {
            return Err(ImageReferenceError::UpperCase);
        }
        host.map_or(Ok(()), check_host)?;
        path.split('/').try_for_each(check_part)?;
        Ok(Self {
            host: host.map(Into::into),
            path: path.into(),
            tag: tag.map(Into::into),
            digest: digest.map(Into::into),
        })
    }

    /// The image registry, with its port if one is named. Without a host, and for every name of Docker Hub, `docker.io`.
    #[must_use]
    pub(crate) fn registry(&self) -> &str {
        self.host.as_deref().filter(|host| !is_docker_hub(host)).unwrap_or(DOCKER_HUB)
    }

    /// The repository in that registry. On Docker Hub a name of one part is in `library/`.
    #[must_use]
    pub(crate) fn repository(&self) -> Cow<'_, str> {
        if self.registry() == DOCKER_HUB && !self.path.contains('/') {
            return Cow::Owned(format!("library/{}", self.path));
        }
        Cow::Borrowed(&self.path)
    }

    /// What is asked for in the repository: the digest, else the tag, else `latest`.
    #[must_use]
    pub(crate) fn version(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or("latest")
    }

    /// The image without tag and digest.
    #[must_use]
    pub(crate) fn name(&self) -> Self {
        Self { tag: None, digest: None, ..self.clone() }
    }

    /// Whether two references ask for the same thing in the same repository, however they are written. Digests that one has and
    /// the other lacks do not count.
    #[must_use]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let tag = |image: &Self| Self { digest: None, ..image.clone() }.version().to_owned();
        self.short_name() == other.short_name() && tag(self) == tag(other)
    }

    /// Whether a reference names a digest as it is written, also where the rest has variables or is wrong, as in a Dockerfile.
    #[must_use]
    pub(crate) fn names_digest(text: &str) -> bool {
        let digest = text.split_once('@').and_then(|(_, digest)| digest.split_once(':'));
        digest.is_some_and(|(algorithm, digits)| matches!(algorithm, "sha256" | "sha512") && !digits.contains('$'))
    }

    /// Host and path without what may be left out: `docker.io/library/x` and `x` are one image. Two references of the
    /// same image have the same short name.
    #[must_use]
    pub(crate) fn short_name(&self) -> String {
        if self.registry() != DOCKER_HUB {
            return format!("{}/{}", self.registry(), self.path);
        }
        self.path.strip_prefix("library/").filter(|path| !path.contains('/')).unwrap_or(&self.path).to_owned()
    }

    /// Whether another name is this one's in another image registry, as `build --image-registry` makes it: all of the path is its end.
    #[must_use]
    pub(crate) fn is_moved_to(&self, other: &Self) -> bool {
        other.short_name().ends_with(&format!("/{}", self.path))
    }

    /// Whether the image's name begins with `prefix`, on the border of a part: `ghcr.io/acme` and `ghcr.io/acme/` claim
    /// `ghcr.io/acme/server`, but not `ghcr.io/acme-evil/server`.
    #[must_use]
    pub(crate) fn is_under(&self, prefix: &str) -> bool {
        let whole = prefix.trim_end_matches('/');
        let prefix = match whole.split_once('/') {
            Some((host, path)) if is_docker_hub(host) => path,
            _ => whole,
        };
        let name = self.short_name();
        name.strip_prefix(prefix).is_some_and(|rest| !prefix.is_empty() && (rest.is_empty() || rest.starts_with('/')))
    }
}

impl FromStr for ImageReference {
    type Err = ImageReferenceError;
    fn from_str(text: &str) -> Result<Self, ImageReferenceError> {
        Self::parse(text)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}/")?;
        }
        f.write_str(&self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// How references name Docker Hub.
const DOCKER_HUB: &str = "docker.io";

fn is_docker_hub(host: &str) -> bool {
    matches!(host, DOCKER_HUB | "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com")
}

/// What engines take for a host in the first part of a name.
fn is_host(part: &str) -> bool {
    part == "localhost" || part.contains(['.', ':']) || part.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn check_host(host: &str) -> Result<(), ImageReferenceError> {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(ImageReferenceError::Character(':'));
    }
    for label in name.split('.') {
        if label.is_empty() || label.starts_with('-') || label.ends_with('-') {
            return Err(ImageReferenceError::Part);
        }
        if let Some(other) = label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
            return Err(ImageReferenceError::Character(other));
        }
    }
    Ok(())
}

/// Letters and digits, with `.`, `_`, `__` or any number of `-` between them.
fn check_part(part: &str) -> Result<(), ImageReferenceError> {
    if let Some(other) = part.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
        let upper = other.is_ascii_uppercase();
        return Err(if upper { ImageReferenceError::UpperCase } else { ImageReferenceError::Character(other) });
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !edge(part.chars().next()) || !edge(part.chars().next_back()) {
        return Err(ImageReferenceError::Part);
    }
    for separator in part.split(|c: char| c.is_ascii_alphanumeric()).filter(|separator| !separator.is_empty()) {
        if !matches!(separator, "." | "_" | "__") && !separator.bytes().all(|byte| byte == b'-') {
            return Err(ImageReferenceError::Character(separator.chars().next_back().unwrap_or('.')));
        }
    }
    Ok(())
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// SHA-256, and SHA-512, the other algorithm that the image specification registers.
fn parse_digest(digest: &str) -> Result<&str, ImageReferenceError> {
    let digits = match digest.split_once(':') {
        Some(("sha256", digits)) if digits.len() == 64 => digits,
        Some(("sha512", digits)) if digits.len() == 128 => digits,
        _ => return Err(ImageReferenceError::Digest),
    };
    let is_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then_some(digest).ok_or(ImageReferenceError::Digest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{ImageReference, ImageReferenceError};
    use proptest::prelude::*;

    fn parts(text: &str) -> (Option<String>, String, Option<String>, bool) {
        let parsed = ImageReference::parse(text).unwrap();
        assert_eq!(parsed.to_string(), text);
        (parsed.host, parsed.path, parsed.tag, parsed.digest.is_some())
    }

    #[test]
    fn references_are_taken_apart() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("busybox"), (None, "busybox".into(), None, false));
        assert_eq!(parts("mcp/a__b:1.0"), (None, "mcp/a__b".into(), some("1.0"), false));
        assert_eq!(parts("localhost:5000/x"), (some("localhost:5000"), "x".into(), None, false));
        let digest = format!("ghcr.io/a/b/c:v1@sha256:{}", "0".repeat(64));
        assert_eq!(parts(&digest), (some("ghcr.io"), "a/b/c".into(), some("v1"), true));
        // Without a dot, a colon or `localhost`, the first part is no host.
        assert_eq!(parts("acme/x"), (None, "acme/x".into(), None, false));
    }

    #[test]
    fn what_is_not_a_reference_is_refused_with_its_reason() {
        use ImageReferenceError as E;
        for (text, error) in [
            ("", E::NoName),
            (":latest", E::NoName),
            ("https://ghcr.io/a/b", E::Scheme),
            ("a b", E::Blank),
            ("a\n", E::Blank),
            ("acme/Server", E::UpperCase),
            ("ACME/server", E::UpperCase),
            ("acme/x$y", E::Character('$')),
            ("acme/{{x.image}}", E::Character('{')),
            ("acme//x", E::Part),
            ("mcp/../x", E::Part),
            ("acme/x-", E::Part),
            ("a..b", E::Character('.')),
            ("-x.io/a", E::Part),
            ("x.io:80a/a", E::Character(':')),
            ("a:", E::Tag),
            ("a:-x", E::Tag),
            ("a@sha256:0", E::Digest),
            ("a@", E::Digest),
        ] {
            assert_eq!(ImageReference::parse(text), Err(error), "{text}");
        }
        assert_eq!(ImageReference::parse(&"a".repeat(256)), Err(E::TooLong));
    }

    #[test]
    fn what_is_left_out_means_docker_hub_and_latest() {
        let full = |text: &str| {
            let reference = ImageReference::parse(text).unwrap();
            format!("{} {} {}", reference.registry(), reference.repository(), reference.version())
        };
        assert_eq!(full("busybox"), "docker.io library/busybox latest");
        assert_eq!(full("mcp/x:1"), "docker.io mcp/x 1");
        assert_eq!(full("index.docker.io/x"), "docker.io library/x latest");
        assert_eq!(full("ghcr.io/x:1"), "ghcr.io x 1");
        let digest = format!("sha256:{}", "0".repeat(64));
        assert_eq!(full(&format!("localhost:5000/a/b:1@{digest}")), format!("localhost:5000 a/b {digest}"));
    }

    proptest! {
        #[test]
        fn what_parses_is_printed_as_it_was_written(text in "([a-z0-9.:-]{0,8}/)?[a-z0-9/._-]{1,12}(:[A-Za-z0-9._-]{0,4})?") {
            if let Ok(reference) = ImageReference::parse(&text) {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }

    #[test]
    fn names_are_compared_by_parts() {
        let under = |image: &str, prefix: &str| ImageReference::parse(image).unwrap().is_under(prefix);
        assert!(under("mcp/x", "mcp/") && under("docker.io/mcp/x:1", "mcp/") && under("mcp/x", "docker.io/mcp/"));
        assert!(under("ghcr.io/acme/x", "ghcr.io/acme"));
        assert!(!under("ghcr.io/acme-evil/x", "ghcr.io/acme"));
        assert!(!under("ghcr.io/mcp/x", "mcp/"));
        assert!(!under("mcpx/x", "mcp/"));
        assert!(!under("mcp/x", ""));
        assert_eq!(ImageReference::parse("docker.io/library/curl").unwrap().short_name(), "curl");
    }
}
