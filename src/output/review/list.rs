//! A list that is cut where it is long.

use serde::Serialize;

/// A list that is shown in part.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    shown: Vec<T>,
    more: usize,
}

impl<T> List<T> {
    /// None when there is nothing to show.
    pub(super) fn new(items: impl ExactSizeIterator<Item = T>, most: usize) -> Option<Self> {
        let all = items.len();
        let shown: Vec<T> = items.take(most).collect();
        (all > 0).then(|| Self { more: all - shown.len(), shown })
    }

    pub(super) fn or_empty(list: Option<Self>) -> Self {
        list.unwrap_or(Self { shown: Vec::new(), more: 0 })
    }
}
