//! Whether readers take a layer that the key signed: see [`super::form`].

use super::attached::{Layer, Tag};
use super::form;
use super::log::LayerEntry;
use super::payload::{LOG_ANNOTATION, SIGNATURE_ANNOTATION};

/// How annotations begin that readers of signatures look at.
const OF_READERS: [&str; 2] = ["dev.sigstore.cosign/", "dev.cosignproject.cosign/"];

/// What keeps readers from a layer that the key signed.
#[must_use]
pub(crate) fn layer(layer: &Layer) -> Option<String> {
    let annotations = &layer.descriptor.annotations;
    if layer.descriptor.media_type != layer.tag.media_type() {
        return Some(format!("it is listed as `{}`", layer.descriptor.media_type));
    }
    if layer.tag == Tag::Att && !annotations.contains_key(SIGNATURE_ANNOTATION) {
        return Some(format!("it has no annotation `{SIGNATURE_ANNOTATION}`"));
    }
    let is_foreign = |key: &&String| {
        let known = [SIGNATURE_ANNOTATION, LOG_ANNOTATION].contains(&key.as_str());
        !known && OF_READERS.iter().any(|prefix| key.starts_with(prefix))
    };
    // Older signers leave empty ones.
    let mut foreign = annotations.iter().filter(|(key, value)| is_foreign(key) && !value.is_empty());
    if let Some((key, _)) = foreign.next() {
        return Some(format!("it has the annotation `{key}`, which a signature by a key has not"));
    }
    if layer.log().is_some_and(|log| serde_json::from_str::<LayerEntry>(log).is_err()) {
        return Some("its log entry cannot be read".to_owned());
    }
    if layer.tag == Tag::Att { form::envelope(layer.bytes.as_ref().ok()?) } else { None }
}
