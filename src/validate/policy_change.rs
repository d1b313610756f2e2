//! What a change makes of the registry's policy, for `policy-changed`.

use super::active;
use super::rules::{RULES, RegistrySink, excerpt};
use crate::finding::{Anchor, Report, Severity};
use crate::policy::{POLICY, Policy, Settings};
use std::sync::Arc;

/// A change of `mcp-registry.toml`, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyChange {
    /// `adds`, `edits` or `deletes`.
    verb: &'static str,
    /// What becomes different, worst first.
    what: Vec<String>,
}

impl PolicyChange {
    /// The change from one policy to another; none is a registry without a policy, which has the defaults.
    #[must_use]
    pub(crate) fn between(before: Option<Policy>, after: Option<Policy>) -> Self {
        let verb = match (&before, &after) {
            (None, _) => "adds",
            (Some(_), Some(_)) => "edits",
            (Some(_), None) => "deletes",
        };
        Self { verb, what: differences(&before.unwrap_or_default(), &after.unwrap_or_default()) }
    }

    /// The report with the finding about this change, if the policy that counts wants it.
    #[must_use]
    pub(crate) fn add_to(&self, report: Report, policy: &Policy) -> Report {
        let Report { command, entries, mut findings, sources } = report;
        if let Some((rule, severity)) = active(policy).into_iter().find(|(rule, _)| rule.id == "policy-changed") {
            let path: Arc<str> = POLICY.into();
            let message = match self.verb {
                "deletes" => "this change also deletes the policy: from its merge on the defaults count for everybody",
                "adds" => "this change also adds a policy: from its merge on that counts for everybody",
                _ => "this change also edits the policy: from its merge on that counts for everybody",
            };
            let help = match self.what.as_slice() {
                [] => "nothing that counts is different".to_owned(),
                what => format!("a maintainer has to decide about it: {}", what.join("; ")),
            };
            RegistrySink::new(rule, severity, &mut findings).at_file(&path, Anchor::File, message).help(help);
        }
        Report::new(command, entries, findings, sources)
    }
}

fn differences(before: &Policy, after: &Policy) -> Vec<String> {
    // A hostile policy may name thousands.
    const SHOWN: usize = 10;
    let some = |what: &str, names: &[String]| {
        let more = if names.len() > SHOWN { ", …" } else { "" };
        let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
        (!names.is_empty()).then(|| format!("{what} {}{more}", shown.join(", ")))
    };
    let (milder, stricter) = levels(before, after);
    let waived: Vec<String> = after
        .settings
        .waivers
        .iter()
        .map(toml::Spanned::get_ref)
        .filter(|waiver| !before.settings.waivers.iter().any(|known| known.get_ref() == *waiver))
        .map(|waiver| format!("`{}` for `{}`", waiver.rule, excerpt(&waiver.entry)))
        .collect();
    let tables = tables(&before.settings, &after.settings);
    [
        some("milder:", &milder),
        some("newly waived:", &waived),
        some("stricter:", &stricter),
        some("different:", &tables),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The rules that become milder and those that become stricter.
fn levels(before: &Policy, after: &Policy) -> (Vec<String>, Vec<String>) {
    let (old, new) = (active(before), active(after));
    let of =
        |active: &[super::Active], id: &str| active.iter().find(|(rule, _)| rule.id == id).map(|(_, level)| *level);
    let name = |level: Option<Severity>| match level {
        None => "off",
        Some(Severity::Note) => "note",
        Some(Severity::Warning) => "warning",
        Some(Severity::Error) => "error",
    };
    let (mut milder, mut stricter) = (Vec::new(), Vec::new());
    for rule in RULES {
        let (old, new) = (of(&old, rule.id), of(&new, rule.id));
        if new != old {
            let list = if new < old { &mut milder } else { &mut stricter };
            list.push(format!("`{}` ({} to {})", rule.id, name(old), name(new)));
        }
    }
    (milder, stricter)
}

/// The tables beside rules and waivers that differ.
fn tables(before: &Settings, after: &Settings) -> Vec<String> {
    fn differ(one: &impl std::fmt::Debug, other: &impl std::fmt::Debug) -> bool {
        format!("{one:?}") != format!("{other:?}")
    }
    [
        ("[registry]", differ(&before.registry, &after.registry)),
        ("[title]", differ(&before.title, &after.title)),
        ("[description]", differ(&before.description, &after.description)),
        ("[licenses]", differ(&before.licenses, &after.licenses)),
        ("[style]", differ(&before.style, &after.style)),
        ("[network]", differ(&before.network, &after.network)),
        ("[review]", differ(&before.review, &after.review)),
        ("[[publishers]]", differ(&before.publishers, &after.publishers)),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(table, _)| format!("`{table}`"))
    .collect()
}
