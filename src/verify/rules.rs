//! The rules of `verify`: what can be wrong with an image. Their ids are stable, as those of `validate` are.

use crate::finding::{RuleDescriptor, Severity};
use std::fmt::Write as _;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Id {
    /// Named for what is wrong.
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    /// One line, without a final full stop.
    pub(crate) summary: &'static str,
    pub(crate) help: &'static str,
}

macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $summary:literal, $help:literal;)*) => {
        $(
            #[doc = $summary]
            pub(crate) static $name: Id = Id { id: $id, severity: Severity::$severity, summary: $summary, help: $help };
        )*
        pub(crate) static ALL: &[&Id] = &[$(&$name),*];
    };
}

rules! {
    ANNOTATION_MISMATCH = "annotation-mismatch", Error, "no signature has the annotations that are asked for",
        "sign the image with these annotations, or ask for others";
    COMMIT_MISMATCH = "commit-mismatch", Error, "the pin, the image's label and its provenance name different commits",
        "build the image from the pinned commit, then sign and attest that";
    DAMAGED_ATTACHMENT = "damaged-attachment", Error, "something attached to the image is damaged, or in a form that readers refuse",
        "the image registry lost data, or somebody changed it: `sign --replace`, or for an attestation `attest --replace`, writes it anew";
    DIGEST_MISMATCH = "digest-mismatch", Error, "a signature by the key is of another image",
        "somebody copied a signature: do not use the image until you know who";
    DUPLICATE_LAYER = "duplicate-layer", Error, "one signature or attestation is listed twice",
        "somebody rewrote the list of signatures: `sign --replace`, or for an attestation `attest --replace`, writes it anew";
    FOREIGN_SIGNATURE = "foreign-signature", Note, "others have signed or attested the image, or left something that does not verify",
        "nothing needs to be done: what is not by the key does not count";
    INVALID_PAYLOAD = "invalid-payload", Error, "the key signed something that is not a signature or statement of a known form",
        "find out what signed it: the key is used for something else, too";
    LAYOUTS_DISAGREE = "layouts-disagree", Error, "the two layouts say different things, so that readers disagree",
        "somebody changed one of them, or wrote only one: `sign --replace`, or for an attestation `attest --replace`, writes both anew";
    LOG_MISMATCH = "log-mismatch", Error, "the entry of the transparency log is not about this signature",
        "somebody changed the entry, or it is of another log: `sign --replace --rekor-url URL`, or for an attestation `attest`, makes another";
    MISSING_ATTESTATION = "missing-attestation", Error, "an attestation that is asked for is missing",
        "attach it with `mcp-registry attest`";
    MISSING_LAYOUT = "missing-layout", Error, "a signature or attestation is missing in a layout that is asked for",
        "run `sign` or `attest` again: it completes what is missing";
    OTHER_ENTRY = "other-entry", Error, "the image, or what is signed of it, is another entry's",
        "verify the entry's own image; what `sign --identity` signed is verified with the same `--identity`";
    PREDICATE_MISMATCH = "predicate-mismatch", Error, "an attestation is listed under another type than it has",
        "somebody changed the list: `attest --replace` writes it anew";
    SINGLE_LAYOUT = "single-layout", Warning, "a signature or attestation is in one layout only, so that some readers do not see it",
        "run `mcp-registry sign` or `attest` again: both write each layout that is missing";
    SUBJECT_MISMATCH = "subject-mismatch", Error, "an attestation by the key is about another image",
        "somebody moved an attestation: do not use the image until you know who";
    UNLOGGED_SIGNATURE = "unlogged-signature", Error, "a signature has no entry of a transparency log",
        "sign again with `--rekor-url`";
    UNRELATED_REFERRER = "unrelated-referrer", Note, "the list of referrers has something of others that is not a bundle about the image",
        "nothing needs to be done: what is not by the key does not count";
    UNSIGNED_IMAGE = "unsigned-image", Error, "the image has no signature by the key",
        "sign it, or verify it with the key that it was signed with";
    UNTYPED_REFERRER = "untyped-referrer", Note, "a bundle is listed without its type, as cosign 3 does",
        "nothing needs to be done, but some builders' policies do not find the bundle";
    UNVERIFIED_IMAGE = "unverified-image", Error, "the image could not be verified",
        "run it again where the image registry did not answer: what cannot be read is never a pass";
    WRONG_REFERRER = "wrong-referrer", Error, "the list of referrers has something that does not refer to the image, or under another type",
        "somebody changed the list: `sign --replace`, or for an attestation `attest --replace`, writes it anew";
}

/// The rules for outputs that describe rules beside findings.
#[must_use]
pub(crate) fn descriptors() -> Vec<RuleDescriptor> {
    let descriptor = |rule: &&'static Id| RuleDescriptor {
        id: rule.id,
        summary: rule.summary,
        explanation: rule.help,
        severity: rule.severity,
        help_uri: None,
    };
    ALL.iter().map(descriptor).collect()
}

/// The table in `docs/supply.md`, which a test compares with this.
#[must_use]
pub fn table() -> String {
    let mut text = String::from("| rule | severity | finds | what to do |\n|---|---|---|---|\n");
    for Id { id, severity, summary, help } in ALL {
        let _ = writeln!(text, "| `{id}` | {severity} | {summary} | {help} |");
    }
    text
}
