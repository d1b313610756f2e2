//! Signs that say little alone and much together in one file.
//!
//! The rule, whole: **`high`** when one file names a store of secrets (another program's credentials, a browser's or wallet's store,
//! its whole environment) *and* an address to leave them at (a public address without a name, a paste bin, tunnel or request
//! catcher, a webhook written out). **`critical`** when that file also decodes and runs code, or runs by itself when the package is
//! installed (`setup.py`, `build.rs`, a script that a lifecycle hook of `package.json` starts). Confidence is `medium`: it is
//! what stealers do, and no proof that this one does.

use super::behaviour::Kind;
use super::hosts;
use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::verdict::{Category, Confidence, Risk};

/// Says that a file has both sides of a theft.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let is_store = |kind: Kind| matches!(kind, Kind::Credentials | Kind::Store | Kind::Environment);
    let mut stores = subject.spots().iter().filter(|spot| is_store(spot.kind));
    let mut drops = subject.hosts().iter().filter(|named| named.kind != hosts::Kind::Ordinary);
    let (Some(first_store), Some(first_drop)) = (stores.next(), drops.next()) else { return };
    // The place to show is one that is new, if any is.
    let store =
        Some(first_store).into_iter().chain(stores).find(|spot| !subject.is_old(&spot.range)).unwrap_or(first_store);
    let drop =
        Some(first_drop).into_iter().chain(drops).find(|named| !subject.is_old(&named.range)).unwrap_or(first_drop);
    let decodes = subject.spots().iter().any(|spot| spot.kind == Kind::DecodedCode);
    let installs = subject.runs_at_installation();
    let risk = if decodes || installs { Risk::Critical } else { Risk::High };
    let also = match (decodes, installs) {
        (true, _) => ", and runs code that it decodes",
        (false, true) => ", and runs when the package is installed",
        (false, false) => "",
    };
    let said = Said {
        title: format!("This file reads where secrets are kept and contacts {}{also}", drop.host),
        risk,
        category: Category::CredentialTheft,
        confidence: Confidence::Medium,
        impact: format!(
            "Line {} names where secrets are kept, and this line where they could be sent: together, what programs that steal credentials do.",
            subject.line(store.range.start)
        ),
        recommendation: "Do not run it. Read the whole file; reject it unless its author can say what both are for."
            .to_owned(),
    };
    if !subject.is_old(&drop.range) || !subject.is_old(&store.range) || risk == Risk::Critical {
        let critical = subject.place.risk(risk) == Risk::Critical;
        if critical || !subject.is_same() {
            sink.always(drop.range.clone(), said);
        }
    }
}
