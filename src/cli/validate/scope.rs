//! Which entries a run judges, and where they are read from: the work tree, or Git's objects under `--diff`.

use super::{Loaded, ValidateArgs};
use crate::changes::{EntryName, Range};
use crate::cli::{Global, policy, refuse};
use crate::entry::{Entry, load};
use crate::error::CommandError;
use crate::history::{Comparison, History};
use crate::ids::CommitSha;
use crate::policy::{POLICY, Policy};
use crate::validate::rules::nearest_of;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;

/// Reads the entries and the policy.
pub(super) fn load(args: &ValidateArgs, global: &Global) -> Result<Loaded, CommandError> {
    if let Some(range) = &args.diff {
        return load_changed(range, args, global);
    }
    let policy = policy::load(&global.root, args.policy.as_deref())?;
    let names = load::list(&global.root).map_err(|error| {
        CommandError::unfinished(format!("cannot list the entries of `{}`", global.root.display())).because(&error)
    })?;
    let only = if args.names.is_empty() { None } else { Some(named(&args.names, &names)?) };
    let entries: Vec<Entry> = load::load_all(&global.root, &names);
    Ok(Loaded { entries, only, policy, facts: Vec::new() })
}

/// Reads the registry as it is at a range's head, to judge what the range changed there by the policy of its base: a
/// change cannot excuse itself.
fn load_changed(range: &str, args: &ValidateArgs, global: &Global) -> Result<Loaded, CommandError> {
    let range = Range::parse(range).map_err(|error| {
        refuse(format!("`--diff {range}`: {error}")).hint("write it as `base..head`: `--diff origin/main..HEAD`")
    })?;
    let history = History::open(&global.root)?;
    let Comparison { base, head, changes, .. } = history.compare(&range)?;
    let policy_at = |commit: &CommitSha| match history.policy_at(commit)? {
        Some(text) => policy::parse(&text, &format!("{POLICY} at {}", commit.short())),
        None => Ok(Policy::default()),
    };
    let policy = match &args.policy {
        Some(file) => policy::load(&global.root, Some(file))?,
        None => policy_at(&base)?,
    };
    if changes.policy {
        // It does not count yet, but it will: a policy that cannot be read would stop every run after the merge.
        policy_at(&head)?;
    }
    let only = changes.to_judge().map(EntryName::shown).collect();
    Ok(Loaded { entries: history.load_all_at(&head)?, only: Some(only), policy, facts: Vec::new() })
}

/// The entries of these names. A path into an entry names it too, so that a shell can complete it.
fn named(wanted: &[String], names: &[OsString]) -> Result<BTreeSet<Arc<str>>, CommandError> {
    let known: BTreeSet<&str> = names.iter().filter_map(|name| name.to_str()).collect();
    wanted
        .iter()
        .map(|name| {
            let name = name.strip_prefix("./").unwrap_or(name);
            let name = name.strip_prefix("servers/").unwrap_or(name);
            let name = name.split('/').next().unwrap_or(name);
            if known.contains(name) {
                return Ok(Arc::from(name));
            }
            let error = refuse(format!("there is no entry `{name}`"));
            Err(match nearest_of(name, known.iter().copied()) {
                Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
                None => error.hint("entries are the folders under `servers/`"),
            })
        })
        .collect()
}
