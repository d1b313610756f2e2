//! Where an entry departs from `schemas/server.json`, once per entry, for the rules that report it.

use crate::document::{Document, Route};

/// One departure from the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: for a missing key the mapping that lacks it, for an unknown key the key itself.
    pub route: Route,
    /// What.
    pub kind: ViolationKind,
}

/// What departs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViolationKind {
    /// A key that the format does not have, and those it has there.
    UnknownKey {
        /// The keys that the format has at this place.
        known: Vec<String>,
    },
    /// A value of another type than the format wants.
    WrongType {
        /// What it wants, in words: `a list`, `a text`, `true or false`.
        expected: String,
        /// What is there, in words.
        found: String,
    },
    /// A key that must be there.
    MissingKey {
        /// Its name.
        key: String,
    },
    /// A value outside those that the format lists.
    NotAllowed {
        /// The values it lists.
        allowed: Vec<String>,
    },
}

/// All departures of one document, in no particular order.
#[must_use]
pub fn violations(_document: &Document) -> Vec<Violation> {
    Vec::new()
}
