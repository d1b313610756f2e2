//! How credentials are described: what each kind is found by, and what a check finds.

#[derive(Debug)]
pub(super) struct Shape {
    /// What it is found by; case matters.
    pub(super) prefix: &'static str,
    /// What it is, with its article.
    pub(super) kind: &'static str,
    /// Which characters follow the prefix, for the checks that ask.
    pub(super) body: Alphabet,
    /// How many of them, at least and at most.
    pub(super) length: (usize, usize),
    /// Looks at what is before and after the prefix.
    pub(super) find: fn(&Shape, &str, &str) -> Option<Found>,
}

/// What a check found around a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: Start,
    /// How many bytes after the prefix it ends.
    pub(super) end: usize,
    /// Why it is taken for a real one.
    pub(super) evidence: &'static str,
    /// Whether its beginning may be shown.
    pub(super) shown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// So many bytes before its prefix.
    Before(usize),
    /// So many bytes after what it was found by, which is not part of it.
    After(usize),
}

/// The characters of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    Base62,
    /// Letters, digits, `-` and `_`.
    Base64Url,
    /// Letters, digits, `+`, `/` and `=`.
    Base64,
    /// Digits and `a` to `f`.
    Hex,
    /// Capital letters and `2` to `7`.
    Base32,
}

impl Alphabet {
    /// Whether `byte` is one of its characters.
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Base62 => byte.is_ascii_alphanumeric(),
            Self::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Base32 => matches!(byte, b'A'..=b'Z' | b'2'..=b'7'),
        }
    }
}
