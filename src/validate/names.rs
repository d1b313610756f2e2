//! Names of entries: which are valid, and which one an entry will have once its faults are fixed.

use crate::entry::Entry;

/// Whether an entry can have this name: `^[a-z0-9-]+$`.
#[must_use]
pub(crate) fn is_valid(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// The nearest valid name: lowercase letters, and hyphens for everything else. None when nothing would be left of it.
pub(crate) fn suggested(name: &str) -> Option<String> {
    if name.len() > 80 || !name.is_ascii() {
        return None;
    }
    let replaced = name.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let parts: Vec<&str> = replaced.split('-').filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

/// What an entry is called, by its folder and by `name` in its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called<'a> {
    /// Both agree, or only the folder says it.
    One(&'a str),
    /// They differ, and only one of them is valid.
    Winner(&'a str),
    /// They differ, and a person decides: both are valid, or neither is.
    Either { folder: &'a str, name: &'a str },
}

impl<'a> Called<'a> {
    pub(crate) fn of(entry: &'a Entry) -> Self {
        let folder = &*entry.name;
        match entry.manifest.name.as_deref() {
            None => Self::One(folder),
            Some(name) if name == folder => Self::One(folder),
            Some(name) => match (is_valid(folder), is_valid(name)) {
                (true, false) => Self::Winner(folder),
                (false, true) => Self::Winner(name),
                _ => Self::Either { folder, name },
            },
        }
    }

    /// The name that templates should begin with: `name` counts where nobody knows better.
    pub(crate) fn prefix(self) -> &'a str {
        match self {
            Self::One(name) | Self::Winner(name) | Self::Either { name, .. } => name,
        }
    }

    /// The name that the entry's secrets and parameters should carry: the folder's where nobody knows better.
    pub(crate) fn likely(self) -> &'a str {
        match self {
            Self::One(name) | Self::Winner(name) | Self::Either { folder: name, .. } => name,
        }
    }

    /// Whether a template, as it is written, may be right once the names agree and are valid.
    pub(crate) fn may_begin(self, template: &str) -> bool {
        let begins = |name: &str| {
            template
                .strip_prefix("{{")
                .and_then(|inside| inside.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with('.'))
        };
        let may = |name: &str| begins(name) || (!is_valid(name) && suggested(name).is_some_and(|name| begins(&name)));
        match self {
            Self::One(name) | Self::Winner(name) => may(name),
            Self::Either { folder, name } => may(folder) || may(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_valid, suggested};

    #[test]
    fn what_is_suggested_is_valid() {
        for name in ["my_Server", "a.b", "--x--", "A", "x y", "9"] {
            assert!(suggested(name).is_some_and(|name| is_valid(&name)), "{name}");
        }
        assert_eq!((suggested("___"), suggested("日本")), (None, None));
    }
}
