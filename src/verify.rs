//! The use case: verify. Whether an image is what its maintainers signed, by our own reading of both layouts.
//!
//! Facts are read first ([`facts`]); judging them is pure ([`judge`]). Whatever is signed by one of the keys and does not fit is an
//! error; what others attached is a note, because whoever may write to the repository can attach anything.

pub(crate) mod all;
pub(crate) mod entry;
pub(crate) mod facts;
pub(crate) mod judge;
mod problem;
mod read;
mod remedy;
pub mod rules;

pub(crate) use facts::Facts;
pub(crate) use judge::judge;
pub(crate) use problem::Problem;

use crate::ids::CommitSha;
use crate::sign::key::PublicKey;
use std::collections::BTreeMap;

/// What an image must have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expectations {
    pub(crate) keys: Vec<PublicKey>,
    /// Annotations that a signature must carry.
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) layout: Layout,
    /// Types of attestations that must be there, as URIs.
    pub(crate) types: Vec<String>,
    /// The logs of which each signature must have an entry; none asks for no entry.
    pub(crate) logs: Vec<PublicKey>,
    /// The commit that the registry pins, if the image is one of its entries'.
    pub(crate) pin: Option<CommitSha>,
    /// The entry that the image is verified for, if any.
    pub(crate) entry: Option<entry::EntryFacts>,
    /// One more name that signatures may say: what `sign --identity` signed.
    pub(crate) identity: Option<String>,
}

/// In which layouts a signature must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Layout {
    /// In one of them; a warning says which readers cannot verify the image.
    #[default]
    Any,
    Both,
    Tags,
    Bundles,
}
