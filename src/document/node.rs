//! The tree that YAML and JSON texts compose to: plain data with a byte span on every node.

use crate::text::Span;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How a scalar is written. JSON strings are `DoubleQuoted`, other JSON scalars `Plain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// No quotes: the text decides the type.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A scalar as it was written, with escapes decoded. Its type is decided by [`super::scalar::resolve`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The decoded text, without quotes.
    pub text: Box<str>,
    pub style: ScalarStyle,
    /// The explicit tag, as written in full form (`tag:yaml.org,2002:int`, `!custom`), if any.
    pub(crate) tag: Option<Box<str>>,
}

/// The key of a mapping's pair. Keys are always scalars: anything else is refused when composing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The decoded text.
    pub text: Box<str>,
    /// Where it is written, with its quotes.
    pub span: Span,
}

/// One key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The key; unique within its mapping.
    pub key: Key,
    pub value: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar, null included.
    Scalar(Scalar),
    /// A mapping, in the order of the text, without duplicate keys.
    Mapping(Vec<Pair>),
    Sequence(Vec<Node>),
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// From its first to one past its last byte; quotes and brackets are inside. A block collection
    /// ends after its last child. An absent value (`key:`) has an empty span.
    pub span: Span,
    pub value: Value,
}

impl Node {
    /// The value of `key`, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.pair(key).map(|pair| &pair.value)
    }

    /// The pair of `key`, if this is a mapping that has it.
    #[must_use]
    pub(crate) fn pair(&self, key: &str) -> Option<&Pair> {
        self.pairs().iter().find(|pair| &*pair.key.text == key)
    }

    /// The pairs of a mapping; nothing for other nodes.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        match &self.value {
            Value::Mapping(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items of a sequence; nothing for other nodes.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The scalar, if this is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The node that `route` leads to, if every step of it exists.
    #[must_use]
    pub fn at(&self, route: &Route) -> Option<&Node> {
        route.steps().iter().try_fold(self, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.items().get(*index),
        })
    }
}

/// One step of a [`Route`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Key(Cow<'static, str>),
    /// Into a sequence, from 0.
    Index(usize),
}

impl From<&'static str> for Step {
    fn from(key: &'static str) -> Self {
        Self::Key(Cow::Borrowed(key))
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Self::Key(Cow::Owned(key))
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The way from a document's root to one of its nodes: keys and indices. The node need not exist.
/// Made with [`route!`](crate::route). A copy shares the steps: a hostile text can make them long, and have many
/// things found at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Route(Arc<[Step]>);

impl Route {
    /// The route that has these steps.
    #[must_use]
    pub fn new(steps: Vec<Step>) -> Self {
        Self(steps.into())
    }

    /// The steps, from the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// This route with one more step.
    #[must_use]
    pub fn then(&self, step: impl Into<Step>) -> Self {
        self.0.iter().cloned().chain([step.into()]).collect()
    }

    /// This route without its last step; none for the root.
    #[must_use]
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, steps) = self.0.split_last()?;
        Some(Self(steps.into()))
    }
}

impl FromIterator<Step> for Route {
    fn from_iter<T: IntoIterator<Item = Step>>(steps: T) -> Self {
        Self(steps.into_iter().collect())
    }
}

/// `config.env[0].name`; the root is an empty text. Keys are shown as they are: escape before showing.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Builds a [`Route`](crate::document::Route): `route!["config", "env", index, "name"]`.
#[macro_export]
macro_rules! route {
    ($($step:expr),* $(,)?) => {
        $crate::document::Route::new(vec![$($crate::document::Step::from($step)),*])
    };
}
