//! Which entries a run judges, and where they are read from: the work tree, or Git's objects under `--diff`.

use super::{Filled, Loaded, ValidateArgs};
use crate::changes::EntryName;
use crate::cli::{Global, clock, entries, policy, range};
use crate::entry::{Entry, load};
use crate::error::CommandError;
use crate::history::{Comparison, History};
use crate::ids::CommitSha;
use crate::policy::Policy;
use crate::validate::policy_change::PolicyChange;
use crate::validate::schema;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;

/// Reads the entries and the policy.
pub(super) fn load(args: &ValidateArgs, global: &Global) -> Result<Loaded, CommandError> {
    if let Some(range) = &args.diff {
        let (range, args, global) = (range.clone(), args.clone(), global.clone());
        let what = "the registry's history";
        return clock::within(clock::HISTORY, what, move || load_changed(&range, &args, &global));
    }
    // Beside the reading: otherwise all threads wait for it at the first entry.
    rayon::spawn(schema::warm_up);
    let (policy, filled) = load_policy(args, global)?;
    let names = entries::list(&global.root)?;
    let only = if args.names.is_empty() { None } else { Some(named(&args.names, &names)?) };
    let entries: Vec<Entry> = load::load_all(&global.root, &names);
    Ok(Loaded { entries, only, policy, facts: Vec::new(), policy_change: None, filled })
}

/// Reads the policy; with `--write-waivers --reason` it may lack reasons, and gets that one.
fn load_policy(args: &ValidateArgs, global: &Global) -> Result<(Policy, Option<Filled>), CommandError> {
    let file = args.policy.as_deref();
    if let Some(reason) = &args.reason
        && let Some(text) = policy::read(&global.root, file)?
    {
        let (text_with, count) = Policy::fill_reasons(&text, reason);
        let policy = policy::parse(&text_with, &policy::shown(file))?;
        return Ok((policy, Some(Filled { on_disk: text, reasons: count })));
    }
    Ok((policy::load(&global.root, file)?, None))
}

/// Reads the registry as it is at a range's head, to judge what the range changed there by the policy of its base: a
/// change cannot excuse itself.
fn load_changed(range: &str, args: &ValidateArgs, global: &Global) -> Result<Loaded, CommandError> {
    let range = range::parse(range)?;
    let history = History::open(&global.root)?;
    let Comparison { base, head, changes, .. } = history.compare(&range)?;
    history.check_registry(&head)?;
    let policy_at = |commit: &CommitSha| range::policy_at(&history, commit);
    let policy = match &args.policy {
        Some(file) => policy::load(&global.root, Some(file))?,
        None => policy_at(&base).map_err(|error| {
            error.hint(
                "the policy of the base counts: where it is broken, name one that can be read with `--policy FILE`",
            )
        })?,
    };
    // It does not count yet, but it will: a policy that cannot be read would stop every run after the merge.
    let policy_change = if changes.policy {
        let (before, after) = (history.policy_at(&base)?, history.policy_at(&head)?);
        Some(PolicyChange::between(
            before.map(|_| policy_at(&base)).transpose()?,
            after.map(|_| policy_at(&head)).transpose()?,
        ))
    } else {
        None
    };
    let only = changes.to_judge().map(EntryName::shown).collect();
    let entries = history.load_all_at(&head)?;
    Ok(Loaded { entries, only: Some(only), policy, facts: Vec::new(), policy_change, filled: None })
}

/// The entries of these names.
fn named(wanted: &[String], names: &[OsString]) -> Result<BTreeSet<Arc<str>>, CommandError> {
    wanted.iter().map(|wanted| Ok(entries::named(wanted, names)?.to_string_lossy().into())).collect()
}
