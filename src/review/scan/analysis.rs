//! What checks share: the kinds of what is found in a file before any check speaks, and what is known of all files. It is filled
//! by [`super::behaviour`], [`super::hosts`] and [`super::known`], and read by all.

use std::collections::HashSet;
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Spawn,
    DynamicCode,
    DecodedCode,
    TlsOff,
    Persistence,
    Secret,
    Environment,
    Credentials,
    Store,
    Metadata,
    Injection,
    Beyond,
}

impl Kind {
    pub(super) const ALL: [Self; 12] = [
        Self::Spawn,
        Self::DynamicCode,
        Self::DecodedCode,
        Self::TlsOff,
        Self::Persistence,
        Self::Secret,
        Self::Environment,
        Self::Credentials,
        Self::Store,
        Self::Metadata,
        Self::Injection,
        Self::Beyond,
    ];
}

/// A place where code does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

/// What is known of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HostKind {
    Ordinary,
    /// It takes data from anybody, has a name for a day, or forwards to anywhere; developers use them, too.
    Share,
    /// A public address without a name.
    Address,
    /// It is there to catch requests, or its address includes the right to post.
    Drop,
}

/// A host in an address in code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) host: String,
    pub(super) kind: HostKind,
    /// The whole address, as far as it was looked at.
    pub(super) range: Range<usize>,
}

/// The hosts of a file.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// Each of them once, and once more if it stands on a new line, too.
    pub(super) named: Vec<Named>,
    /// The first address of an ordinary host that was left out, as there were too many.
    pub(super) left_out: Option<Range<usize>>,
}

/// What was found in one file before the checks.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    pub(super) spots: Vec<Spot>,
    /// The hosts that its code names.
    pub(super) hosts: Hosts,
}

/// What the checks of one file need to know of all others.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The hosts that the base's code names.
    pub(super) hosts: HashSet<String>,
    /// The files that run by themselves when the package is installed or built.
    pub(super) installed: HashSet<String>,
    /// Files that steer agents and editors as another file did in the base, with the same content, that is gone.
    pub(super) moved: HashSet<String>,
}
