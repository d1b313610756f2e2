//! What a range of commits changed.

use super::{Jobs, Need, Planned, is_name, upstream_of};
use crate::build::{Terms, What, plan};
use crate::changes::{ChangeKind, EntryChange, EntryName, RawPath};
use crate::entry::source::{BuiltFrom, source_of};
use crate::entry::{Entry, MANIFEST, README, SERVERS, TOOLS};
use crate::error::CommandError;
use crate::history::{Comparison, History};

/// What each entry that a range changed needs. `namespace` is that of the base's policy: a change cannot choose what is built
/// for it.
///
/// # Errors
/// When history cannot be read.
pub(crate) fn change(history: &History, compared: &Comparison, namespace: &str) -> Result<Jobs, CommandError> {
    let mut entries = Vec::new();
    let head = history.at(&compared.head)?;
    let bases = compared.merge_bases.iter().map(|base| history.at(base)).collect::<Result<Vec<_>, _>>()?;
    for (name, change) in &compared.changes.entries {
        let after = head.load(name)?;
        let before = bases.iter().map(|base| base.load(name));
        let before = before.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
        entries.push(planned(name, change, &before, after.as_ref(), namespace));
    }
    let mut jobs = Jobs::new(entries);
    jobs.base = Some(compared.base.clone());
    jobs.head = Some(compared.head.clone());
    jobs.policy_changed = compared.changes.policy;
    Ok(jobs)
}

fn planned(
    name: &EntryName,
    change: &EntryChange,
    before: &[Entry],
    after: Option<&Entry>,
    namespace: &str,
) -> Planned {
    let word = match change.kind {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "modified",
        ChangeKind::Deleted => "deleted",
    };
    let mut planned = Planned {
        name: name.shown(),
        change: Some(word),
        why: Vec::new(),
        needs: Vec::new(),
        unclear: false,
        upstream: None,
        source: None,
        runs_unseen: false,
    };
    let Some(after) = after.filter(|_| change.kind != ChangeKind::Deleted) else { return planned };
    planned.needs.push(Need::Validate);
    planned.upstream = upstream_of(after);
    if change.kind == ChangeKind::Modified {
        planned.why = differences(before, after, change, name);
    }
    if !is_name(&planned.name) {
        planned.why.push(
            "its name has more than lowercase letters, digits and hyphens: it is validated, and nothing else"
                .to_owned(),
        );
        planned.unclear = true;
        return planned;
    }
    let source = match source_of(after) {
        Ok(source) => source,
        Err(why) => {
            planned.why.push(why);
            planned.unclear = true;
            return planned;
        }
    };
    // After criss-cross merges there are several bases: what differs from any of them is new to that side, and was looked at by
    // nobody there.
    let is_other =
        |same: fn(&Entry, &Entry) -> bool| before.is_empty() || before.iter().any(|before| !same(before, after));
    let is_built = matches!(plan(after, Terms { namespace, hosts: None, image_registry: None }), Ok(What::Build(_)));
    let built = is_other(|before, after| what(before) == what(after) && before.manifest.image == after.manifest.image);
    if is_built && (built || change.files.iter().any(|file| is_dockerfile(&file.path))) {
        planned.needs.push(Need::Build);
        planned.needs.push(Need::Publish);
    }
    planned.source.clone_from(&source);
    let unseen = runs(after, is_built);
    planned.runs_unseen = match before {
        [] => unseen.iter().any(Option::is_some),
        before => before.iter().any(|before| runs(before, is_built) != unseen),
    };
    if source.is_some() && is_other(|before, after| what(before) == what(after)) {
        planned.needs.push(Need::Review);
    }
    planned.needs.sort_unstable();
    planned
}

/// What of an entry runs that is neither built nor reviewed here: how it is run and, where others build its image or run the
/// server, which one that is.
fn runs(entry: &Entry, is_built: bool) -> Vec<Option<String>> {
    let Some(document) = entry.document() else { return Vec::new() };
    let keys: &[&str] = if is_built { &["run"] } else { &["run", "image", "type", "remote"] };
    let text = |key: &&str| {
        let span = document.root().pair(key)?.value.span;
        document.text().get(span.start..span.end).map(str::to_owned)
    };
    keys.iter().map(text).collect()
}

/// What an entry is built from. The branch that it follows decides nothing of that.
fn what(entry: &Entry) -> Result<Option<BuiltFrom>, String> {
    source_of(entry).map(|source| source.map(|source| BuiltFrom { branch: None, ..source }))
}

/// A text that an entry has or lacks.
type Text = fn(&Entry) -> Option<&str>;

/// What is another one than before, in words.
fn differences(before: &[Entry], after: &Entry, change: &EntryChange, name: &EntryName) -> Vec<String> {
    let mut why = Vec::new();
    let is_other = |of: Text| before.iter().any(|before| of(before) != of(after));
    let keys: [(&str, Text); 6] = [
        ("source.project", |entry| entry.manifest.source.project.as_deref()),
        ("source.commit", |entry| entry.manifest.source.commit.as_deref()),
        ("source.directory", |entry| entry.manifest.source.directory.as_deref()),
        ("source.dockerfile", |entry| entry.manifest.source.dockerfile.as_deref()),
        ("source.buildTarget", |entry| entry.manifest.source.build_target.as_deref()),
        ("image", |entry| entry.manifest.image.as_deref()),
    ];
    why.extend(keys.iter().filter(|(_, of)| is_other(*of)).map(|(key, _)| format!("`{key}` changed")));
    let folder = [SERVERS.as_bytes(), b"/", name.as_bytes(), b"/"].concat();
    for file in &change.files {
        let below = file.path.as_bytes().strip_prefix(&*folder).unwrap_or_default();
        let said = match below {
            // The keys above say it better.
            below if below == MANIFEST.as_bytes() && !why.is_empty() => continue,
            below if below == MANIFEST.as_bytes() => format!("{MANIFEST} changed elsewhere"),
            below if below == TOOLS.as_bytes() => format!("{TOOLS} changed"),
            below if below.eq_ignore_ascii_case(README.as_bytes()) => format!("{README} changed"),
            _ if is_dockerfile(&file.path) => "a Dockerfile changed".to_owned(),
            _ => "another file changed".to_owned(),
        };
        if !why.contains(&said) {
            why.push(said);
        }
    }
    why
}

/// Whether a file of an entry is a Dockerfile, which a registry may keep beside it.
fn is_dockerfile(path: &RawPath) -> bool {
    path.as_bytes().rsplit(|byte| *byte == b'/').next().is_some_and(|file| file.starts_with(b"Dockerfile"))
}
