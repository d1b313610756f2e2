//! What scanners report, in one form.

use crate::text::cut;
use std::collections::BTreeSet;

/// The maximum size of a report, in bytes: those of the largest images have some 20 MB.
pub(crate) const MAX_BYTES: usize = 64 << 20;
/// The maximum number of values: of opening brackets and commas. Largest images have a tenth of it, and each takes some hundred
/// bytes of memory.
pub(super) const MAX_VALUES: usize = 3_000_000;
/// The maximum number of results.
pub(crate) const MAX_RESULTS: usize = 20_000;
/// Characters that are kept of an id, of the name and version of a package, and of a sentence.
const MAX_ID: usize = 60;
const MAX_NAME: usize = 120;
const MAX_SENTENCE: usize = 300;

/// How bad a vulnerability is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Low, negligible, or no more than worth knowing.
    Low,
    Medium,
    High,
    Critical,
}

impl Level {
    /// The level that a word stands for, in the spelling of any scanner.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Some(Self::Critical),
            "high" | "important" => Some(Self::High),
            "medium" | "moderate" => Some(Self::Medium),
            "low" | "negligible" | "none" | "info" | "informational" => Some(Self::Low),
            _ => None,
        }
    }

    /// The level of a CVSS score, by the bands of its specification (version 3.1, section 5).
    pub(super) fn of_score(score: f64) -> Option<Self> {
        match score {
            // Nothing is what scanners write where they do not know.
            score if score <= 0.0 || score > 10.0 || score.is_nan() => None,
            score if score >= 9.0 => Some(Self::Critical),
            score if score >= 7.0 => Some(Self::High),
            score if score >= 4.0 => Some(Self::Medium),
            _ => Some(Self::Low),
        }
    }
}

/// What kind of result it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Vulnerability,
    /// Something else that the scanner looked for: a secret, a configuration, a license.
    Other,
}

/// A result. Texts may hold anything but are of bounded length.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    /// `CVE-2026-1234`: letters, digits and `-._:`.
    pub(crate) id: String,
    /// The package; empty where the report does not say.
    pub(crate) package: String,
    pub(crate) version: String,
    /// The versions that do not have it; none where there is none, or the report does not say.
    pub(crate) fixed: Option<String>,
    /// None where the report does not say.
    pub(crate) level: Option<Level>,
    /// A sentence about it; may be empty.
    pub(crate) about: String,
    /// Where in the image, if the report says that and no package: a path, perhaps with a line.
    pub(crate) place: String,
    /// Why the report says that it does not count.
    pub(crate) excused: Option<String>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ScanReport {
    /// Each result once, in the order of the report.
    pub(crate) found: Vec<Found>,
    /// The digests of the image that it says it is about: of manifests and configurations. Empty where it does not say.
    pub(crate) about: BTreeSet<String>,
}

impl ScanReport {
    pub(super) fn push(&mut self, found: Found) -> Result<(), String> {
        if self.found.len() >= MAX_RESULTS {
            return Err(format!("it has more than {MAX_RESULTS} results"));
        }
        self.found.push(found);
        Ok(())
    }

    /// Notes every digest in a text: `alpine@sha256:…`, `pkg:oci/alpine@sha256%3A…`.
    pub(super) fn note_digests(&mut self, text: &str) {
        // More than an image has, and nobody counts on a digest that comes after so many.
        const MAX_DIGESTS: usize = 100;
        let text = text.replace("%3A", ":").replace("%3a", ":");
        for (at, prefix) in text.match_indices("sha256:") {
            let hex = text.get(at + prefix.len()..at + prefix.len() + 64).unwrap_or_default();
            let is_digest = hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if is_digest && self.about.len() < MAX_DIGESTS {
                self.about.insert(format!("sha256:{hex}"));
            }
        }
    }
}

pub(super) fn unreadable(error: serde_json::Error) -> String {
    format!("it cannot be read: {error}")
}

/// The id of what has none.
pub(super) const UNNAMED: &str = "unnamed";

/// An id, without what ids do not have. Waivers name it, and it is the first word of a message.
pub(super) fn id(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    match cut(text.trim(), MAX_ID) {
        text if !text.is_empty() && text.chars().all(plain) => text.into_owned(),
        _ => UNNAMED.to_owned(),
    }
}

/// The name or version of a package.
pub(super) fn name(text: &str) -> String {
    cut(text.trim(), MAX_NAME).into_owned()
}

/// The first line of a text.
pub(super) fn sentence(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    cut(line, MAX_SENTENCE).into_owned()
}
