//! What rules about the whole registry look at.

use crate::entry::Entry;
use std::collections::BTreeSet;
use std::sync::Arc;

/// All entries of a registry. When only some are judged (`--diff`, names), all are still here: an entry may repeat
/// what another, untouched one has.
#[derive(Debug)]
pub struct Index<'a> {
    /// Every entry of the registry, sorted by folder name.
    pub(crate) entries: &'a [Entry],
    /// The names of the entries that are judged: findings about others are dropped.
    pub(crate) judged: &'a BTreeSet<Arc<str>>,
}

impl Index<'_> {
    /// Whether an entry has this folder. The entries are sorted by it.
    #[must_use]
    pub(crate) fn has(&self, folder: &str) -> bool {
        self.entries.binary_search_by(|entry| (*entry.name).cmp(folder)).is_ok()
    }
}
