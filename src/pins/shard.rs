//! Parts of a registry, so that several runs share a night.

use sha2::{Digest as _, Sha256};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    index: u32,
    count: u32,
}

/// The most parts.
const MAX_COUNT: u32 = 1000;

impl Shard {
    /// Reads `2/4`: the second of four.
    ///
    /// # Errors
    /// When it is anything else.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match parts {
            Some((index @ 1.., count @ 1..=MAX_COUNT)) if index <= count => Ok(Self { index, count }),
            _ => Err(format!("write it as 1/4: which part, of how many ({MAX_COUNT} at most)")),
        }
    }

    /// Whether this key is in the part. Every key is in exactly one, on every machine and in every version.
    #[must_use]
    pub(crate) fn holds(self, key: &str) -> bool {
        let digest = Sha256::digest(key.as_bytes());
        let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        number % u64::from(self.count) == u64::from(self.index - 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Shard;

    #[test]
    fn every_key_is_in_exactly_one_part_and_stays_there() {
        let parts: Vec<Shard> = (1..=3).map(|index| Shard::parse(&format!("{index}/3")).unwrap()).collect();
        let part = |key: &str| {
            let holders: Vec<usize> = (0..3).filter(|index| parts[*index].holds(key)).collect();
            assert_eq!(holders.len(), 1, "{key}");
            holders[0]
        };
        let shown: Vec<usize> = (0..12).map(|number| part(&format!("github.com/acme/{number}"))).collect();
        insta::assert_debug_snapshot!(shown, @r"
        [
            1,
            1,
            1,
            0,
            1,
            1,
            1,
            1,
            1,
            0,
            2,
            0,
        ]
        ");
        assert!(Shard::parse("1/1").unwrap().holds("anything"));
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in ["", "1", "0/4", "5/4", "1/0", "a/b", "1/4/2", "-1/4", "1/1001"] {
            assert!(Shard::parse(wrong).is_err(), "{wrong}");
        }
    }
}
