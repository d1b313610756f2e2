//! Signs that say little alone and much together in one file.
//!
//! The rule, whole: **`high`** when one file names a store of secrets (another program's credentials, a browser's or wallet's store,
//! its whole environment) *and* an address to leave them at (a public address without a name, a paste bin, tunnel or request
//! catcher, a webhook written out). **`critical`** when that file also decodes and runs code, or runs by itself when the package is
//! installed (`setup.py`, `build.rs`, a script that a lifecycle hook of `package.json` starts). Confidence is `medium`: it is
//! what stealers do, and no proof that this one does.
//!
//! **`medium`**, with low confidence: the file reads such a store, and posts to any host that is not one of those whose own
//! programs keep their credentials there ([`USUAL`]).

use super::analysis::{HostKind, Kind};
use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::verdict::{Category, Confidence, Risk};
use regex::Regex;
use std::sync::LazyLock;

/// Hosts whose own programs read their credentials from such stores, with all below them.
const USUAL: &[&str] = &[
    "amazonaws.com",
    "googleapis.com",
    "github.com",
    "githubusercontent.com",
    "gitlab.com",
    "bitbucket.org",
    "docker.io",
    "docker.com",
    "ghcr.io",
    "kubernetes.io",
    "microsoftonline.com",
    "azure.com",
];
/// How a file is read, and how something is posted.
static READS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:readFile\w*|createReadStream|open|read_text|read_bytes|ReadFile|Bun\.file|read_to_string|fs::read|File\.read)\(").ok()
});
static POSTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)\bmethod["']?\s*[:=]\s*["'`](?:post|put)\b|\.(?:post|put)\(|\burlopen\([^\n]{0,300}\bdata\s*=|\bhttp\.Post\w*\("#).ok()
});

/// Says that a file reads a store and posts to a host of which nothing is known.
fn posts(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let is_usual = |host: &str| {
        USUAL
            .iter()
            .any(|usual| host.strip_suffix(usual).is_some_and(|before| before.is_empty() || before.ends_with('.')))
    };
    let is_in_code =
        |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(subject.code()));
    let is_store = |kind: Kind| matches!(kind, Kind::Credentials | Kind::Store | Kind::Environment);
    let Some(store) = subject.spots().iter().find(|spot| is_store(spot.kind)) else { return };
    let Some(host) = subject.hosts().named.iter().find(|named| !is_usual(&named.host)) else { return };
    let reads = store.kind == Kind::Environment || is_in_code(&READS);
    if !reads || !is_in_code(&POSTS) || (subject.is_old(&store.range) && subject.is_old(&host.range)) {
        return;
    }
    let said = Said {
        title: format!("This file reads where secrets are kept and posts to {}", host.host),
        risk: Risk::Medium,
        category: Category::CredentialTheft,
        confidence: Confidence::Low,
        impact: format!(
            "Line {} names where secrets are kept, and this line where they could be sent.",
            subject.line(store.range.start)
        ),
        recommendation: "Follow what is posted. Reject it if keys of other programs are part of it.".to_owned(),
    };
    sink.always(host.range.clone(), said);
}

/// Says that a file has both sides of a theft.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let is_store = |kind: Kind| matches!(kind, Kind::Credentials | Kind::Store | Kind::Environment);
    let mut stores = subject.spots().iter().filter(|spot| is_store(spot.kind));
    let mut drops = subject.hosts().named.iter().filter(|named| named.kind != HostKind::Ordinary);
    let (Some(first_store), Some(first_drop)) = (stores.next(), drops.next()) else {
        return posts(subject, sink);
    };
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
