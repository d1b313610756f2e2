//! Identifiers that are parsed once and then known to be good.

mod image;

pub use image::ImageReference;
pub(crate) use image::ImageReferenceError;

use serde::{Deserialize, Serialize};
use std::fmt;

/// The id of a Git commit: exactly 40 lower-case hexadecimal digits (SHA-1, as every host of
/// entries uses today). Never an image digest: that is a [`Digest`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitSha(String);

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 40 hexadecimal digits.
    #[error("a commit is 40 lower-case hexadecimal digits")]
    Commit,
    /// Not `sha256:` and 64 hexadecimal digits.
    #[error("a digest is `sha256:` and 64 lower-case hexadecimal digits")]
    Digest,
}

/// Bytes as lower-case hexadecimal digits, two for each.
#[must_use]
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text
}

fn is_lower_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl CommitSha {
    /// Parses a commit id.
    ///
    /// # Errors
    /// When it is anything but 40 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if is_lower_hex(text, 40) { Ok(Self(text.to_owned())) } else { Err(IdError::Commit) }
    }

    /// The id that these bytes are.
    #[must_use]
    pub(crate) fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(hex(&bytes))
    }

    /// The 40 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl TryFrom<String> for CommitSha {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<CommitSha> for String {
    fn from(commit: CommitSha) -> Self {
        commit.0
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The digest of an image manifest: `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// The SHA-256 of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(format!("sha256:{}", hex(&sha2::Sha256::digest(bytes))))
    }

    /// The 64 digits, without the algorithm.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or(&self.0)
    }

    /// Parses a digest.
    ///
    /// # Errors
    /// When it is anything but `sha256:` and 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text.strip_prefix("sha256:") {
            Some(hex) if is_lower_hex(hex, 64) => Ok(Self(text.to_owned())),
            _ => Err(IdError::Digest),
        }
    }

    /// The digest with its algorithm.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Digest {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{CommitSha, Digest, hex};

    #[test]
    fn bytes_are_digits() {
        assert_eq!(hex(&[0, 9, 0x1f, 0xa0, 255]), "00091fa0ff");
    }

    #[test]
    fn only_exact_identifiers_parse() {
        assert!(CommitSha::parse("b4ee623039a6c60053ce67269701ad9e95073306").is_ok());
        for bad in ["", "main", "b4ee623", "B4EE623039A6C60053CE67269701AD9E95073306", "--upload-pack=x"] {
            assert!(CommitSha::parse(bad).is_err(), "{bad}");
        }
        assert!(Digest::parse(&format!("sha256:{}", "0".repeat(64))).is_ok());
        assert!(Digest::parse(&"0".repeat(64)).is_err());
    }
}
