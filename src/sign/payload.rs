//! The payload of a `.sig` layer: "simple signing", as containers/image defined it and cosign uses it.

use crate::ids::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What `critical.type` says.
pub(crate) const COSIGN_TYPE: &str = "cosign container image signature";
/// The media type of the layer.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The layer's annotation with the signature.
pub const SIGNATURE_ANNOTATION: &str = "dev.cosignproject.cosign/signature";
/// The layer's annotation with the entry of a transparency log.
pub(crate) const LOG_ANNOTATION: &str = "dev.sigstore.cosign/bundle";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// What a verifier must check.
    pub(crate) critical: Critical,
    #[serde(default)]
    pub(crate) optional: Option<Map<String, Value>>,
}

/// What a verifier must check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Critical {
    /// Under which name it was signed.
    pub(crate) identity: Identity,
    pub(crate) image: Image,
    /// [`COSIGN_TYPE`].
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// Under which name an image was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Identity {
    /// `HOST/REPOSITORY`, or what `--identity` says.
    pub(crate) docker_reference: String,
}

/// The image that was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Image {
    pub(crate) docker_manifest_digest: String,
}

/// Annotations for messages: `` `a=b`, `c=d` ``.
#[must_use]
pub(crate) fn shown(annotations: &Map<String, Value>) -> String {
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let all: Vec<String> = annotations.iter().map(|(key, one)| format!("`{key}={}`", value(one))).collect();
    if all.is_empty() { "no annotations".to_owned() } else { all.join(", ") }
}

/// Whether a text may be a key or value of an annotation: one line, of which readers see every character.
#[must_use]
pub(crate) fn is_visible(text: &str) -> bool {
    let is_control = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    !text.contains(is_control) && crate::text::hidden::find(text).is_empty()
}

impl Payload {
    /// The payload for an image.
    #[must_use]
    pub fn of(reference: &str, digest: &Digest, annotations: &BTreeMap<String, String>) -> Self {
        let optional: Map<String, Value> =
            annotations.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
        Self {
            critical: Critical {
                identity: Identity { docker_reference: reference.to_owned() },
                image: Image { docker_manifest_digest: digest.to_string() },
                kind: COSIGN_TYPE.to_owned(),
            },
            optional: Some(optional).filter(|optional| !optional.is_empty()),
        }
    }
}
