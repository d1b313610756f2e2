//! Sigstore bundles, version 0.3, with a DSSE envelope inside.

use super::dsse::Envelope;
use super::key::PublicKey;
use super::log::{LogEntry, TlogEntry};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The media type, which is the artifact type of the manifest around it, too.
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The manifest's annotation that says what is in the bundle.
pub(crate) const CONTENT_ANNOTATION: &str = "dev.sigstore.bundle.content";
/// The manifest's annotation that repeats the predicate's type.
pub(crate) const PREDICATE_ANNOTATION: &str = "dev.sigstore.bundle.predicateType";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bundle {
    /// [`BUNDLE`].
    pub(crate) media_type: String,
    pub(crate) verification_material: Material,
    /// What is signed; none in a bundle of a plain message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dsse_envelope: Option<Envelope>,
}

/// What to verify a bundle with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Material {
    /// Which key; none when a certificate says who signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) public_key: Option<KeyHint>,
    /// A certificate, of bundles that are not made here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tlog_entries: Vec<TlogEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyHint {
    /// See [`PublicKey::hint`].
    #[serde(default)]
    pub(crate) hint: String,
}

impl Bundle {
    /// The bundle of an envelope.
    #[must_use]
    pub(crate) fn of(envelope: Envelope, key: &PublicKey, log: Option<&LogEntry>) -> Self {
        Self {
            media_type: BUNDLE.to_owned(),
            verification_material: Material {
                public_key: Some(KeyHint { hint: key.hint() }),
                certificate: None,
                tlog_entries: log.map(TlogEntry::of).into_iter().collect(),
            },
            dsse_envelope: Some(envelope),
        }
    }
}
