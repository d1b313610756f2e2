//! What makes a finding the same finding after lines were added above it.

use crate::finding::{Anchor, Finding, Report};
use crate::ids::hex;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// The name of our fingerprint; the number changes when the way it is made does.
pub(super) const NAME: &str = "mcpRegistryFinding/v1";

/// Bytes of a marked text that count.
const MAX_TEXT: usize = 4096;

/// Makes the fingerprints of one report, in the order of its findings.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    /// How often each has been seen: equal findings are told apart by their order.
    seen: HashMap<[u8; 32], u32>,
}

impl Fingerprints {
    /// 32 hexadecimal digits from the rule, the file, and the route or the marked text. Neither the lines nor the
    /// message count: the one moves with edits, the other with versions of this program.
    pub(super) fn of(&mut self, report: &Report, finding: &Finding) -> String {
        let place = match &finding.anchor {
            // A hash of a secret is something to guess it with.
            Anchor::Bytes(_) if finding.sensitive => "secret".to_owned(),
            Anchor::File => "file".to_owned(),
            Anchor::Value(route) => format!("value {route}"),
            Anchor::Key(route) => format!("key {route}"),
            Anchor::Bytes(_) => format!("text {}", marked_text(report, finding)),
        };
        let key: [u8; 32] = Sha256::digest([finding.rule, &finding.path, &place].join("\0")).into();
        let seen = self.seen.entry(key).or_default();
        *seen += 1;
        let mut hash = Sha256::new();
        hash.update(key);
        hash.update(seen.to_le_bytes());
        hex(&hash.finalize()[..16])
    }
}

fn marked_text<'a>(report: &'a Report, finding: &Finding) -> &'a str {
    let Some(source) = report.sources.get(&finding.path) else { return "" };
    let Some(span) = source.span(&finding.anchor) else { return "" };
    let text: &str = source.text();
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end.min(start.saturating_add(MAX_TEXT)));
    text.get(start..end).unwrap_or_default()
}
