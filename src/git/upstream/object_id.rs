//! The id of an object of Git, in as few bytes as it has.

use crate::ids::CommitSha;
use git2::Oid;
use std::fmt;

/// The id of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId([u8; 20]);

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<&CommitSha> for ObjectId {
    fn from(commit: &CommitSha) -> Self {
        let mut id = [0; 20];
        for (byte, pair) in id.iter_mut().zip(commit.as_str().as_bytes().chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| (byte << 4) | digit_value(*digit));
        }
        Self(id)
    }
}

impl From<[u8; 20]> for ObjectId {
    fn from(id: [u8; 20]) -> Self {
        Self(id)
    }
}

impl From<&ObjectId> for CommitSha {
    fn from(id: &ObjectId) -> Self {
        Self::from_bytes(id.0)
    }
}

/// The value of a lower-case hexadecimal digit.
fn digit_value(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { digit.wrapping_sub(b'a' - 10) & 15 }
}

impl ObjectId {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok().filter(|text| text.len() == 40)?;
        Oid::from_str(text).ok()?.as_bytes().try_into().ok().map(Self)
    }

    pub(super) fn oid(self) -> Result<Oid, git2::Error> {
        Oid::from_bytes(&self.0)
    }
}
