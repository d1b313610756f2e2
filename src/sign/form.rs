//! Whether what the key signed is written as readers want it. A signature that verifies is not enough for them: cosign 2 compares
//! sizes and reads certificates, cosign 3 takes no field that a bundle does not have, skopeo wants OCI's media types.

use super::bundle::BUNDLE;
use crate::oci::{Descriptor, Found, ImageManifest, media_types};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// What leads readers to other content than the digest does.
const MISLEADING: [&str; 6] = ["urls", "data", "mediaType", "digest", "size", "annotations"];

/// What keeps readers from the manifest of a tag or of a bundle.
#[must_use]
pub(super) fn header(found: &Found, manifest: &ImageManifest) -> Option<String> {
    let said = manifest.media_type.as_deref().unwrap_or(media_types::MANIFEST);
    let other = [said, &found.media_type].into_iter().find(|kind| *kind != media_types::MANIFEST)?;
    Some(format!("`{other}`, where readers expect `{}`", media_types::MANIFEST))
}

/// What keeps readers from the content of a layer, whoever signed it, and from all that follow.
#[must_use]
pub(super) fn descriptor(layer: &Descriptor, config: &Descriptor) -> Option<String> {
    if layer.digest == config.digest {
        return Some("it is the manifest's configuration, too, which readers take in its place".to_owned());
    }
    // Readers in Go take a name in any letters.
    let misleads = |key: &&String| MISLEADING.iter().any(|known| known.eq_ignore_ascii_case(key));
    let key = layer.other.keys().find(misleads)?;
    Some(format!("its descriptor has `{key}`, by which readers are led to other content"))
}

/// What keeps readers from an envelope.
#[must_use]
pub(super) fn envelope(bytes: &[u8]) -> Option<String> {
    match serde_json::from_slice::<StrictEnvelope>(bytes) {
        Ok(envelope) => envelope.problem(),
        Err(error) => Some(format!("its envelope has another form: {error}")),
    }
}

/// What keeps readers from a bundle.
#[must_use]
pub(super) fn bundle(bytes: &[u8]) -> Option<String> {
    let bundle: StrictBundle = match serde_json::from_slice(bytes) {
        Ok(bundle) => bundle,
        Err(error) => return Some(format!("it has another form than bundles of a key: {error}")),
    };
    if bundle.media_type != BUNDLE {
        return Some(format!("it says that it is `{}`, where readers expect `{BUNDLE}`", bundle.media_type));
    }
    if bundle.verification_material.tlog_entries.is_some_and(|entries| entries.len() > 1) {
        return Some("it has more than one log entry".to_owned());
    }
    bundle.dsse_envelope.problem()
}

/// A bundle of a key, as the protocol buffers of Sigstore define it; readers refuse what they do not know.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StrictBundle {
    media_type: String,
    verification_material: StrictMaterial,
    dsse_envelope: StrictEnvelope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictMaterial {
    public_key: StrictHint,
    tlog_entries: Option<Vec<StrictEntry>>,
    timestamp_verification_data: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictHint {
    hint: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictEntry {
    log_index: Value,
    log_id: StrictId,
    kind_version: StrictKind,
    #[serde(default)]
    integrated_time: Value,
    inclusion_promise: Option<StrictPromise>,
    inclusion_proof: Option<StrictProof>,
    canonicalized_body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictId {
    key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictKind {
    kind: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictPromise {
    signed_entry_timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictProof {
    #[serde(default)]
    log_index: Value,
    root_hash: Option<String>,
    #[serde(default)]
    tree_size: Value,
    #[serde(default)]
    hashes: Vec<String>,
    checkpoint: Option<StrictCheckpoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictCheckpoint {
    envelope: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct StrictEnvelope {
    payload_type: String,
    payload: String,
    signatures: Vec<StrictSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictSignature {
    keyid: Option<String>,
    sig: String,
}

impl StrictEnvelope {
    fn problem(&self) -> Option<String> {
        let [signature] = self.signatures.as_slice() else {
            return Some(format!("its envelope has {} signatures, where readers take one", self.signatures.len()));
        };
        if signature.keyid.as_ref().is_some_and(|id| !id.is_empty()) {
            return Some("its signature names a key, which readers do not look for".to_owned());
        }
        let is_base64 = [&self.payload, &signature.sig].into_iter().all(|text| STANDARD.decode(text).is_ok());
        (!is_base64).then(|| "its envelope is not in base64 of the usual alphabet".to_owned())
    }
}
