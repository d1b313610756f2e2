//! What is to be reviewed: one [`Target`] for each entry whose code, or choice of code, a change touches.

use crate::changes::{ChangeKind, EntryName, Range};
use crate::entry::source::{BuiltFrom, source_of};
use crate::entry::{Entry, MANIFEST, SERVERS};
use crate::error::CommandError;
use crate::git::Upstream;
use crate::history::History;
use crate::ids::CommitSha;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use url::Url;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The entry's name; none for `--repo`.
    pub(crate) entry: Option<Arc<str>>,
    /// The text of its manifest, for annotations that point into it.
    pub(crate) manifest: Option<Arc<str>>,
    /// Why it is a target.
    pub(crate) why: Why,
    /// What to look at; or why nobody can, which makes the verdict incomplete.
    pub(crate) work: Result<Work, String>,
}

/// Which code to look at. Equal work is done once, however many targets ask for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Work {
    /// The repository as it was named.
    pub(crate) repository: String,
    pub(crate) head: CommitSha,
    /// The commit that was reviewed before; a full review without one.
    pub(crate) base: Option<CommitSha>,
    /// The directory of the build context, from the top of the repository, without slashes at its ends; empty for the top.
    pub(crate) directory: String,
    /// The Dockerfile, relative to the directory; none for the usual one.
    pub(crate) dockerfile: Option<String>,
    /// The branch that the entry follows, as it names it.
    pub(crate) branch: Option<String>,
}

impl Work {
    /// The repository for people and reports: without user, password, query and fragment, which may be secrets.
    #[must_use]
    pub(crate) fn shown(&self) -> String {
        if let Ok(mut url) = Url::parse(&self.repository)
            && url.has_host()
        {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            return url.to_string();
        }
        // `user:password@host:path`, as secure shell has it.
        match self.repository.rsplit_once('@') {
            Some((_, rest)) => format!("…@{rest}"),
            None => self.repository.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Why {
    New,
    /// Its pin moved, and nothing else that decides what is built: only the difference is new.
    PinMoved,
    /// It builds from another place: repository, directory, Dockerfile, build target or branch.
    SourceChanged,
    Asked,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new entry",
            Self::PinMoved => "pin moved",
            Self::SourceChanged => "source changed",
            Self::Asked => "asked for",
        })
    }
}

/// What a range has to review, and what decides how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) targets: Vec<Target>,
    /// The text of the registry's policy at base, which is the one that counts: a change cannot choose its reviewer.
    pub(crate) policy: Option<Arc<str>>,
}

/// The targets of a range: each entry that is new, or whose source changed since `head` left `base`, as it is at head. Sorted
/// by name. A rename is a deletion and an addition, so that an entry under a new name is reviewed in full.
///
/// # Errors
/// When history cannot be read.
pub(crate) fn of_range(root: &Path, range: &Range) -> Result<Changed, CommandError> {
    let history = History::open(root)?;
    let comparison = history.compare(range)?;
    history.check_registry(&comparison.head)?;
    let mut targets = Vec::new();
    let after = history.at(&comparison.head)?;
    let before = comparison.merge_bases.iter().map(|base| history.at(base)).collect::<Result<Vec<_>, _>>()?;
    for (name, change) in &comparison.changes.entries {
        if change.kind == ChangeKind::Deleted || !touches_manifest(name, change.files.iter().map(|file| &file.path)) {
            continue;
        }
        let Some(head) = after.load(name)? else { continue };
        // After criss-cross merges there are several bases. What differs from any of them is new to that side.
        let mut bases = Vec::new();
        for base in &before {
            bases.push(base.load(name)?);
        }
        targets.extend(compare(&bases, &head));
    }
    Ok(Changed { targets, policy: history.policy_at(&comparison.base)? })
}

/// Whether one of the files is the manifest, or anything that takes its place: the folder itself as a link.
fn touches_manifest<'a>(name: &EntryName, mut files: impl Iterator<Item = &'a crate::changes::RawPath>) -> bool {
    let folder = [SERVERS.as_bytes(), b"/", name.as_bytes()].concat();
    let manifest = [folder.as_slice(), b"/", MANIFEST.as_bytes()].concat();
    files.any(|path| path.as_bytes() == manifest || path.as_bytes() == folder)
}

/// The target that an entry at head is, given what it was at each merge base; none when nothing is new to review.
fn compare(bases: &[Option<Entry>], head: &Entry) -> Option<Target> {
    let target = |why, work| Some(Target { entry: Some(head.name.clone()), manifest: manifest_of(head), why, work });
    let is_new = bases.iter().all(Option::is_none);
    let now = match source_of(head) {
        Ok(Some(now)) => now,
        Ok(None) => return None,
        Err(problem) => return target(if is_new { Why::New } else { Why::SourceChanged }, Err(problem)),
    };
    let mut befores = bases.iter().flatten().map(|entry| source_of(entry).ok().flatten());
    let Some(first) = befores.next() else { return target(Why::New, Ok(work(now, None))) };
    let rest: Vec<_> = befores.collect();
    let Some(before) = first.filter(|first| rest.iter().all(|other| other.as_ref() == Some(first))) else {
        return target(Why::SourceChanged, Ok(work(now, None)));
    };
    if before == now {
        return None;
    }
    let moved_only = BuiltFrom { commit: now.commit.clone(), ..before.clone() } == now;
    if moved_only {
        target(Why::PinMoved, Ok(work(now, Some(before.commit))))
    } else {
        target(Why::SourceChanged, Ok(work(now, None)))
    }
}

/// Checks whether a text can be the address of a repository, or an explicit path, that [`Work::repository`] takes.
///
/// # Errors
/// With a sentence that shows no secret of the address.
pub(crate) fn check_address(repository: &str) -> Result<(), String> {
    Upstream::parse(repository).map(drop).map_err(|error| error.to_string())
}

/// A full review of an entry at its pin; none when it has no source to review.
#[must_use]
pub(crate) fn of_entry(entry: &Entry) -> Option<Target> {
    let work = match source_of(entry) {
        Ok(Some(source)) => Ok(work(source, None)),
        Ok(None) => return None,
        Err(problem) => Err(problem),
    };
    Some(Target { entry: Some(entry.name.clone()), manifest: manifest_of(entry), why: Why::Asked, work })
}

fn work(source: BuiltFrom, base: Option<CommitSha>) -> Work {
    let BuiltFrom { project, commit, directory, dockerfile, branch, .. } = source;
    Work { repository: project, head: commit, base, directory, dockerfile, branch }
}

fn manifest_of(entry: &Entry) -> Option<Arc<str>> {
    entry.manifest_file.text().cloned()
}

#[cfg(test)]
mod tests;
