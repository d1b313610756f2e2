//! The use case: a registry's skeleton. What it should have, what is there, and what becomes of each file.
//!
//! Files are of two kinds. *Ours* say in their first line what they were when they were written, so that a later run moves them
//! forward and leaves those alone that somebody edited. *Yours* are written once, where there is nothing, and never again.

pub(crate) mod place;
pub(crate) mod skeleton;
pub(crate) mod stamp;
pub(crate) mod tool;
pub(crate) mod workflows;

pub(crate) use place::Place;
pub(crate) use skeleton::{Choices, skeleton};
pub(crate) use tool::Tool;

use stamp::Stamp;

/// Whose a file is once it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A later run replaces it, if nobody edited it.
    Ours,
    /// It is only ever written where there is none.
    Yours,
}

/// A file of the skeleton.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Relative to the registry's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) owner: Owner,
    /// Other places that count as this file.
    pub(crate) also: &'static [&'static str],
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fate {
    /// There was none.
    Created,
    /// It was written by an earlier version, and nobody edited it.
    Updated,
    /// It is as it should be.
    Current,
    /// Somebody edited it since it was written: it is left alone.
    Edited,
    /// A later version wrote it: it is left alone.
    Newer,
    /// It is not from here, or meant to be edited: it is left alone.
    Yours,
    /// Something is in the way that is not a file, or leads out of the registry.
    Refused,
}

/// One file, and what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) file: File,
    pub(crate) fate: Fate,
    /// What is there; none where nothing is, or it cannot be read.
    pub(crate) before: Option<String>,
    /// Why it is refused or left alone, where that is not plain.
    pub(crate) reason: Option<String>,
}

impl Planned {
    /// Whether it is written.
    pub(crate) fn writes(&self) -> bool {
        matches!(self.fate, Fate::Created | Fate::Updated)
    }
}

/// Decides what becomes of each file.
pub(crate) fn plan(place: &Place, files: Vec<File>) -> Vec<Planned> {
    files.into_iter().map(|file| decide(place, file)).collect()
}

fn decide(place: &Place, file: File) -> Planned {
    // Where letter case does not count, the file itself has the other names, too.
    let other = file.also.iter().find(|other| !place.has(&file.path) && place.has(other));
    if let Some(other) = other {
        let reason = Some(format!("`{other}` is there"));
        return Planned { file, fate: Fate::Yours, before: None, reason };
    }
    let before = match place.read(&file.path) {
        Ok(Some(before)) => before,
        Ok(None) => return Planned { file, fate: Fate::Created, before: None, reason: None },
        Err(problem) => return Planned { file, fate: Fate::Refused, before: None, reason: Some(problem.to_string()) },
    };
    let fate = match (file.owner, stamp::read(&before)) {
        _ if stamp::same(&before, &file.text) => Fate::Current,
        (Owner::Yours, _) | (Owner::Ours, Stamp::None) => Fate::Yours,
        (Owner::Ours, Stamp::Edited) => Fate::Edited,
        (Owner::Ours, Stamp::AsWritten) if tool::is_newer(&before) => Fate::Newer,
        (Owner::Ours, Stamp::AsWritten) => Fate::Updated,
    };
    Planned { file, fate, before: Some(before), reason: None }
}

#[cfg(test)]
mod tests;
