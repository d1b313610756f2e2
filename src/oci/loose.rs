//! Manifests that somebody spoiled: what of them can be read, and what cannot.

use super::{Descriptor, Found, ImageIndex, ImageManifest, media_types};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A manifest without what cannot be read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loose<T> {
    pub(crate) whole: T,
    /// The place of each of its descriptors before the others were left out, from 0.
    pub(crate) places: Vec<usize>,
    /// What was left out, and why, a phrase each: "layer 1 is not a descriptor: …".
    pub(crate) bad: Vec<String>,
}

impl Found {
    /// The manifest of an artifact, as far as it can be read: whoever can write to a repository can write anything into it.
    ///
    /// # Errors
    /// When it is not a manifest at all, with the reason.
    pub(crate) fn artifact(&self) -> Result<Loose<ImageManifest>, String> {
        let empty = Descriptor::of(media_types::CONFIG, b"{}");
        let rest = [("schemaVersion", 2.into()), ("config", serde_json::json!(empty))];
        loose(&self.bytes, ("layers", "layer"), &rest).map_err(|why| format!("a manifest that cannot be read: {why}"))
    }

    /// An index of referrers, as far as it can be read.
    ///
    /// # Errors
    /// When it is not an index at all, with the reason.
    pub(crate) fn list(&self) -> Result<Loose<ImageIndex>, String> {
        let rest = [("schemaVersion", 2.into())];
        loose(&self.bytes, ("manifests", "manifest"), &rest)
            .map_err(|why| format!("an index that cannot be read: {why}"))
    }
}

/// Reads a manifest with a list of descriptors. Where something else of it cannot be read, `rest` is taken in its place.
fn loose<T: DeserializeOwned>(
    bytes: &[u8],
    (list, one): (&str, &str),
    rest: &[(&str, Value)],
) -> Result<Loose<T>, serde_json::Error> {
    let mut map: Map<String, Value> = serde_json::from_slice(bytes)?;
    let all: Option<Vec<Value>> = serde_json::from_value(map.get(list).cloned().unwrap_or_default())?;
    let (mut good, mut places, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for (place, value) in all.unwrap_or_default().into_iter().enumerate() {
        match serde_json::from_value::<Descriptor>(value.clone()) {
            Ok(_) => {
                good.push(value);
                places.push(place);
            }
            Err(error) => bad.push(format!("{one} {place} is not a descriptor: {error}")),
        }
    }
    map.insert(list.to_owned(), good.into());
    // Readers in Go take a name in any letters.
    let known = ["schemaVersion", "mediaType", "artifactType", "config", "subject", "annotations", list];
    let is_double = |key: &&String| known.iter().any(|known| known != key && known.eq_ignore_ascii_case(key));
    bad.extend(map.keys().filter(is_double).map(|key| format!("`{key}` is there beside its right spelling")));
    map.retain(|key, _| !is_double(&key));
    let whole = match serde_json::from_value(Value::Object(map.clone())) {
        Ok(whole) => whole,
        Err(error) => {
            bad.push(error.to_string());
            let replaced = rest.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
            let mut map: Map<String, Value> = map.into_iter().filter(|(key, _)| key == list).collect();
            map.extend(replaced);
            serde_json::from_value(Value::Object(map))?
        }
    };
    Ok(Loose { whole, places, bad })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::ids::Digest;
    use crate::oci::Found;
    use serde_json::{Value, json};

    fn found(value: &Value) -> Found {
        let bytes = value.to_string().into_bytes();
        Found { digest: Digest::of(&bytes), media_type: String::new(), bytes }
    }

    #[test]
    fn what_can_be_read_is_kept_and_the_rest_is_named() {
        let good = json!({ "mediaType": "a/b", "digest": Digest::of(b""), "size": 0 });
        let with = |key: &str, value: Value| {
            let mut other = good.clone();
            other[key] = value;
            other
        };
        let wrong =
            [with("size", json!("7")), with("size", json!(-1)), with("size", json!(1.5)), with("digest", json!(7))];
        let more =
            [with("digest", json!("sha256:0")), with("mediaType", json!(null)), with("annotations", json!({"a": 1}))];
        let layers: Vec<Value> = wrong.into_iter().chain([good.clone()]).chain(more).chain([json!(7)]).collect();
        let manifest = json!({ "schemaVersion": 2, "config": good, "layers": layers, "annotations": { "a": "b" } });
        let read = found(&manifest).artifact().unwrap();
        assert_eq!((read.places, read.bad.len(), read.whole.annotations.len()), (vec![4], 8, 1));
        assert_eq!(read.bad[0], "layer 0 is not a descriptor: invalid type: string \"7\", expected u64");
        // What is around them may be wrong, too: then nothing but the layers is kept.
        for (key, value) in
            [("config", json!(7)), ("schemaVersion", json!("2")), ("subject", json!([])), ("Layers", json!([]))]
        {
            let mut other = json!({ "schemaVersion": 2, "config": good, "layers": [good] });
            other[key] = value;
            let read = found(&other).artifact().unwrap();
            assert_eq!((read.whole.layers.len(), read.bad.len()), (1, 1), "{key}");
        }
        let list = json!({ "schemaVersion": 2, "manifests": [7, good] });
        assert_eq!(
            found(&list).list().unwrap().bad,
            ["manifest 0 is not a descriptor: invalid type: integer `7`, expected struct Descriptor"]
        );
        assert!(found(&json!([])).list().is_err() && found(&json!({ "manifests": 7 })).list().is_err());
    }
}
