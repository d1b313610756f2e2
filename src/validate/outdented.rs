//! Sections whose keys are written beside them instead of below them: one missing indent, which looks like many mistakes.

use super::schema::{self, Violation, ViolationKind};
use crate::document::{Document, Pair, Route, Step};
use crate::finding::{Anchor, Finding};
use crate::route;
use std::collections::{BTreeMap, HashSet};

/// A section that is empty or absent, and its keys one level too far to the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outdented {
    /// The section that the keys belong in.
    pub(super) section: Route,
    /// Whether the section's own key is there.
    pub(super) is_written: bool,
    /// The keys, in the order of the text; never empty.
    pub(super) keys: Vec<Route>,
}

/// The outdented sections of a document, by its departures from the schema.
pub(super) fn find(document: &Document, violations: &[Violation]) -> Vec<Outdented> {
    let mut unknown: BTreeMap<Route, HashSet<&str>> = BTreeMap::new();
    for violation in violations.iter().filter(|violation| matches!(violation.kind, ViolationKind::UnknownKey { .. })) {
        if let (Some(parent), Some(Step::Key(key))) = (violation.route.parent(), violation.route.steps().last()) {
            unknown.entry(parent).or_default().insert(key);
        }
    }
    unknown.iter().flat_map(|(parent, unknown)| in_mapping(document, parent, unknown)).collect()
}

fn in_mapping(document: &Document, parent: &Route, unknown: &HashSet<&str>) -> Vec<Outdented> {
    let pairs = document.at(parent).map_or(&[][..], |node| node.pairs());
    let then = |key: &str| parent.then(key.to_owned());
    let mut found: Vec<Outdented> = Vec::new();
    // The empty section that the next keys may belong in, with its keys.
    let mut open: Option<(Route, Vec<&str>)> = None;
    for pair in pairs {
        let key = &*pair.key.text;
        if !unknown.contains(key) {
            let section = is_empty(pair).then(|| then(key));
            open = section.map(|section| (section.clone(), schema::keys_at(&section)));
            continue;
        }
        let Some((section, _)) = open.as_ref().filter(|(_, keys)| keys.contains(&key)) else {
            open = None;
            continue;
        };
        match found.last_mut().filter(|last| last.section == *section) {
            Some(last) => last.keys.push(then(key)),
            None => found.push(Outdented { section: section.clone(), is_written: true, keys: vec![then(key)] }),
        }
    }
    // Parameters without their section have the look of a schema: no other section is so plain to see.
    let config = route!["config"];
    let parameters = config.then("parameters");
    if *parent == config && document.at(&parameters).is_none() {
        let keys = pairs.iter().map(|pair| &*pair.key.text);
        let keys: Vec<Route> =
            keys.filter(|key| matches!(*key, "type" | "properties" | "required")).map(then).collect();
        if keys.len() > 1 {
            found.push(Outdented { section: parameters, is_written: false, keys });
        }
    }
    found
}

fn is_empty(pair: &Pair) -> bool {
    pair.value.span.start == pair.value.span.end && pair.value.scalar().is_some()
}

/// Leaves out what follows from an outdented section, if that itself is reported and no less grave.
pub(super) fn hold_back(document: &Document, violations: &[Violation], findings: &mut Vec<Finding>) {
    for outdented in find(document, violations) {
        let Some(first) = outdented.keys.first() else { continue };
        let anchor = Anchor::Key(first.clone());
        let said = findings.iter().find(|finding| finding.rule == "unknown-key" && finding.anchor == anchor);
        let Some(severity) = said.map(|finding| finding.severity) else { continue };
        let follows = |anchor: &Anchor| match anchor {
            Anchor::Value(route) | Anchor::Key(route) => {
                route.steps().starts_with(outdented.section.steps()) || outdented.keys.contains(route)
            }
            Anchor::File | Anchor::Bytes(_) => false,
        };
        findings.retain(|finding| {
            finding.rule == "unknown-key"
                || finding.severity > severity
                || !(follows(&finding.anchor) || finding.labels.iter().any(|label| follows(&label.anchor)))
        });
    }
}
