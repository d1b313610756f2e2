//! Filters: which entries a catalog of one's own has. `trust>=verified and not (tag=beta or max-risk>medium)`.

mod parse;
mod words;

pub(crate) use parse::parse;

use super::published::Published;
use crate::policy::Trust;
use crate::policy::trust::Standing;
use crate::text::Span;
use crate::validate::rules::nearest_among;
use crate::verdict::Risk;
use std::collections::BTreeSet;

/// Why a filter cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterError {
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// Where, in bytes of the filter.
    pub(crate) span: Span,
    pub(crate) hint: Option<String>,
}

/// A filter: what must hold of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// One of these words is (or, for `!=`, none is) what the entry has.
    Is {
        key: Key,
        words: Vec<Word>,
        is_not: bool,
    },
    Trust(Order, Trust),
    /// The risk that a complete review of the pinned commit found. An entry without one is in no such set.
    MaxRisk(Order, Risk),
}

/// What an entry is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Name,
    Category,
    Tag,
    Publisher,
    Kind,
}

impl Key {
    /// The words that an entry has for this.
    fn of(self, entry: &Published) -> Vec<&str> {
        let Standing { publisher, .. } = &entry.standing;
        match self {
            Self::Name => vec![&*entry.name],
            Self::Category => entry.category.as_deref().into_iter().collect(),
            Self::Tag => entry.tags.iter().map(String::as_str).collect(),
            Self::Publisher => publisher.as_deref().into_iter().collect(),
            Self::Kind => vec![entry.kind()],
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Category => "category",
            Self::Tag => "tag",
            Self::Publisher => "publisher",
            Self::Kind => "type",
        }
    }
}

/// A word of a filter, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// How two things are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds<T: Ord>(self, value: &T, than: &T) -> bool {
        match self {
            Self::Equal => value == than,
            Self::NotEqual => value != than,
            Self::Less => value < than,
            Self::LessOrEqual => value <= than,
            Self::Greater => value > than,
            Self::GreaterOrEqual => value >= than,
        }
    }
}

impl Filter {
    /// Whether an entry is meant.
    #[must_use]
    pub(crate) fn has(&self, entry: &Published) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.has(entry)),
            Self::Any(parts) => parts.iter().any(|part| part.has(entry)),
            Self::Not(part) => !part.has(entry),
            Self::Is { key, words, is_not } => {
                let has = key.of(entry).iter().any(|own| words.iter().any(|word| same(&word.text, own)));
                has != *is_not
            }
            Self::Trust(order, level) => order.holds(&entry.standing.level, level),
            Self::MaxRisk(order, risk) => entry.risk().is_some_and(|own| order.holds(&own, risk)),
        }
    }

    /// Whether it asks for the risk of reviews.
    #[must_use]
    pub(crate) fn asks_for_risk(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_for_risk),
            Self::Not(part) => part.asks_for_risk(),
            Self::MaxRisk(..) => true,
            Self::Is { .. } | Self::Trust(..) => false,
        }
    }

    /// Refuses words that no entry has: they are misspelt, and what they were to keep out would stay in. `known` are all entries,
    /// and `publishers` the names of those of the policy, who may have no entry yet.
    ///
    /// # Errors
    /// With the first such word, and the nearest that an entry has.
    pub(crate) fn check(&self, known: &[Published], publishers: &[String]) -> Result<(), FilterError> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|part| part.check(known, publishers)),
            Self::Not(part) => part.check(known, publishers),
            Self::Is { key, words, .. } => {
                let mut all: BTreeSet<&str> = known.iter().flat_map(|entry| key.of(entry)).collect();
                if *key == Key::Publisher {
                    all.extend(publishers.iter().map(String::as_str));
                }
                match words.iter().find(|word| !all.iter().any(|own| same(&word.text, own))) {
                    None => Ok(()),
                    Some(Word { text, span }) => Err(FilterError {
                        message: format!("no entry has the {} `{text}`", key.as_str()),
                        span: *span,
                        hint: nearest_among(text, all).map(|nearest| format!("did you mean `{nearest}`?")),
                    }),
                }
            }
            Self::Trust(..) | Self::MaxRisk(..) => Ok(()),
        }
    }
}

/// Names of publishers have capitals that nobody remembers.
fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests;
