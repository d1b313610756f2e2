//! Texts with positions: YAML and JSON composed to one kind of tree, without losing where each node is written.
//!
//! Everything that reads or edits YAML in this program goes through here. One parse makes the tree that
//! rules read, findings point into and edits splice. Why the composer is ours and not a deserializer's: an
//! entry with one wrong type must still be judged by every other rule, so the model is read leniently from this
//! tree (see [`crate::entry`]); a second, strict parse would stop at the first error and cost as much again.
//!
//! Hostile input is bounded before and while parsing: see [`limits`].

mod compose;
pub(crate) mod conflict;
pub mod edit;
pub mod format;
pub(crate) mod json;
pub(crate) mod lines;
mod node;
pub mod scalar;

pub use crate::text::Span;
pub use compose::compose;
pub(crate) use lines::{Lines, Position};
pub(crate) use node::{Key, Pair};
pub use node::{Node, Scalar, ScalarStyle, Value};
pub use node::{Route, Step};

use std::sync::Arc;

/// What a text may cost at the most. A text that exceeds one of these is refused with an error that names it.
pub(crate) mod limits {
    /// Bytes in one document. The largest real `server.yaml` is 12 kB, the largest real `tools.json` 60 kB.
    pub(crate) const MAX_BYTES: usize = 1 << 20;
    /// Collections inside each other. The deepest real entry has 9.
    pub(crate) const MAX_DEPTH: usize = 64;
    /// Nodes in one document, keys not counted.
    pub(crate) const MAX_NODES: usize = 50_000;
    /// Bytes of all keys on the way to one value. Every value may be pointed at, so this and [`MAX_NODES`] bound what
    /// pointing can cost. The longest way in a real entry has 72.
    pub(crate) const MAX_WAY: usize = 4096;
}

/// Why a text is not a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DocumentError {
    /// What is wrong, in one line, without a position.
    pub message: String,
    pub span: Span,
    /// A second place that explains the first: the earlier of two equal keys, say.
    pub related: Option<(Span, String)>,
}

/// A text and the tree it composes to.
#[derive(Debug, Clone)]
pub struct Document {
    text: Arc<str>,
    root: Node,
    lines: Lines,
}

impl Document {
    /// Composes YAML. See [`compose`] for what is refused.
    ///
    /// # Errors
    /// When the text is not YAML, or is more than the [`limits`] allow, or uses what entries must not
    /// use: duplicate keys, keys that are not scalars, aliases, a second document.
    pub fn from_yaml(text: impl Into<Arc<str>>) -> Result<Self, DocumentError> {
        let text = text.into();
        let root = compose::compose(&text).map_err(|refusal| conflict::find(&text).unwrap_or(refusal))?;
        let lines = Lines::new(&text);
        Ok(Self { text, root, lines })
    }

    /// Composes strict JSON.
    ///
    /// # Errors
    /// When the text is not JSON, is more than the [`limits`] allow, or has a duplicate key.
    pub fn from_json(text: impl Into<Arc<str>>) -> Result<Self, DocumentError> {
        let text = text.into();
        let root = json::compose(&text).map_err(|refusal| conflict::find(&text).unwrap_or(refusal))?;
        let lines = Lines::new(&text);
        Ok(Self { text, root, lines })
    }

    /// The text as it was given.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Lines and columns of the text.
    #[must_use]
    pub(crate) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// The node at `route`, if it exists.
    #[must_use]
    pub fn at(&self, route: &Route) -> Option<&Node> {
        self.root.at(route)
    }

    /// Where `route` is written: the value's span, or, when the route does not exist, the key of the
    /// deepest ancestor that does; for the root, the first key of the document.
    #[must_use]
    pub fn locate(&self, route: &Route) -> Span {
        if let Some(node) = self.at(route)
            && !route.steps().is_empty()
        {
            return if node.span.start == node.span.end { self.locate_key(route) } else { node.span };
        }
        match route.parent() {
            Some(parent) if !parent.steps().is_empty() => self.locate_key(&parent),
            _ => self.root.pairs().first().map_or(self.root.span, |pair| pair.key.span),
        }
    }

    /// Where the key that `route` ends with is written; for an item of a sequence, the item; when the
    /// route does not exist, as [`Document::locate`].
    #[must_use]
    pub fn locate_key(&self, route: &Route) -> Span {
        let (Some(parent), Some(last)) = (route.parent(), route.steps().last()) else {
            return self.locate(route);
        };
        match (self.at(&parent), last) {
            (Some(node), Step::Key(key)) => match node.pair(key) {
                Some(pair) => pair.key.span,
                None => self.locate(route),
            },
            (Some(node), Step::Index(index)) => match node.items().get(*index) {
                Some(item) => item.span,
                None => self.locate(route),
            },
            (None, _) => self.locate(route),
        }
    }
}
