//! Entries of a Rekor v1 transparency log, as layers and bundles carry them, and what proves them offline: the log's signed
//! promise to include the entry.

use super::key::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// An entry as the log answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogEntry {
    /// Base64 of the canonical entry.
    pub(crate) body: String,
    /// When it was logged, in seconds since 1970.
    pub(crate) integrated_time: i64,
    /// Its place in the log.
    pub(crate) log_index: i64,
    /// Which log: hexadecimal digits, see [`PublicKey::id`].
    pub(crate) log_id: String,
    /// Base64 of the log's signature of all of that.
    pub(crate) signed_entry_timestamp: String,
    /// The log's own proof that the entry is in its tree. Passed on to readers that want one; not needed here.
    pub(crate) inclusion_proof: Option<Value>,
}

/// The value of a `.sig` layer's annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LayerEntry {
    /// Base64.
    pub(crate) signed_entry_timestamp: String,
    pub(crate) payload: LayerPayload,
}

/// What a signed entry timestamp signs, in the order of its canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerPayload {
    /// Base64 of the canonical entry.
    pub(crate) body: String,
    /// Seconds since 1970.
    #[serde(rename = "integratedTime")]
    pub(crate) integrated_time: i64,
    #[serde(rename = "logID")]
    pub(crate) log_id: String,
    /// Its place in the log.
    #[serde(rename = "logIndex")]
    pub(crate) log_index: i64,
}

/// An entry of a bundle. 64-bit numbers are strings in the JSON of protocol buffers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TlogEntry {
    /// Its place in the log.
    #[serde(default)]
    pub(crate) log_index: Value,
    #[serde(default)]
    pub(crate) log_id: Value,
    /// What kind of entry it is.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) kind_version: Value,
    /// Seconds since 1970.
    #[serde(default)]
    pub(crate) integrated_time: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) inclusion_promise: Value,
    /// A proof that the entry is in the log's tree.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) inclusion_proof: Value,
    /// Base64 of the canonical entry.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) canonicalized_body: String,
}

/// What an entry must be about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Logged<'a> {
    /// The bytes whose SHA-256 the entry names: the payload of a layer, or the statement of an envelope.
    pub(crate) payload: &'a [u8],
    /// The signature, DER.
    pub(crate) signature: &'a [u8],
    pub(crate) key: &'a PublicKey,
}

impl LogEntry {
    /// What a `.sig` layer carries.
    #[must_use]
    pub(crate) fn to_layer(&self) -> LayerEntry {
        LayerEntry {
            signed_entry_timestamp: self.signed_entry_timestamp.clone(),
            payload: LayerPayload {
                body: self.body.clone(),
                integrated_time: self.integrated_time,
                log_id: self.log_id.clone(),
                log_index: self.log_index,
            },
        }
    }

    /// The entry that a `.sig` layer carries.
    #[must_use]
    pub(crate) fn from_layer(layer: &LayerEntry) -> Self {
        let LayerPayload { body, integrated_time, log_id, log_index } = layer.payload.clone();
        let signed_entry_timestamp = layer.signed_entry_timestamp.clone();
        Self { body, integrated_time, log_index, log_id, signed_entry_timestamp, inclusion_proof: None }
    }

    /// The entry that a bundle carries; none when it has no signed entry timestamp.
    #[must_use]
    pub(crate) fn from_bundle(entry: &TlogEntry) -> Option<Self> {
        let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        let id = STANDARD.decode(entry.log_id.get("keyId")?.as_str()?).ok()?;
        Some(Self {
            body: entry.canonicalized_body.clone(),
            integrated_time: number(&entry.integrated_time)?,
            log_index: number(&entry.log_index)?,
            log_id: crate::ids::hex(&id),
            signed_entry_timestamp: entry.inclusion_promise.get("signedEntryTimestamp")?.as_str()?.to_owned(),
            inclusion_proof: None,
        })
    }

    /// Whether a bundle carries an entry without a promise, which nothing can be said about without the log: version 2 of it has none.
    #[must_use]
    pub(crate) fn is_unpromised(entry: &TlogEntry) -> bool {
        entry.inclusion_promise.is_null() && entry.inclusion_proof.is_object()
    }

    /// Checks that the log with this key promised the entry, and that the entry is about this signature.
    ///
    /// # Errors
    /// When not, with the reason.
    pub(crate) fn check(&self, log: &PublicKey, about: Logged<'_>) -> Result<(), String> {
        if self.log_id != log.id() {
            return Err("the log entry is of another log".to_owned());
        }
        // Canonical JSON: sorted keys, no spaces; the struct has its fields in that order.
        let signed = serde_json::to_vec(&self.to_layer().payload).map_err(|error| error.to_string())?;
        let signature = STANDARD.decode(&self.signed_entry_timestamp).unwrap_or_default();
        if !log.verifies(&signed, &signature) {
            return Err("the log's signature of the entry does not verify".to_owned());
        }
        self.is_about(about)
    }

    /// Checks that the entry is about this signature, whether a log promised it or not.
    ///
    /// # Errors
    /// When not, with the reason.
    pub(crate) fn is_about(&self, about: Logged<'_>) -> Result<(), String> {
        let body = STANDARD.decode(&self.body).map_err(|_| "the log entry is not base64")?;
        let body: Value = serde_json::from_slice(&body).map_err(|_| "the log entry is not JSON")?;
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (hash, content, key) = match text("/kind") {
            "hashedrekord" => ("/spec/data/hash/value", "/spec/signature/content", "/spec/signature/publicKey/content"),
            "dsse" => ("/spec/payloadHash/value", "/spec/signatures/0/signature", "/spec/signatures/0/verifier"),
            "intoto" => {
                // Version 0.0.2 keeps the envelope inside, with everything in base64 twice.
                ("/spec/content/payloadHash/value", "", "/spec/content/envelope/signatures/0/publicKey")
            }
            other => return Err(format!("the log entry is of the unknown kind `{other}`")),
        };
        if text(hash) != crate::ids::hex(&Sha256::digest(about.payload)) {
            return Err("the log entry is about another payload".to_owned());
        }
        if !content.is_empty() && STANDARD.decode(text(content)).ok().as_deref() != Some(about.signature) {
            return Err("the log entry is about another signature".to_owned());
        }
        let logged = STANDARD.decode(text(key)).ok().and_then(|pem| PublicKey::parse(&pem).ok());
        if logged.as_ref() != Some(about.key) {
            return Err("the log entry is about another key".to_owned());
        }
        Ok(())
    }
}

impl TlogEntry {
    /// The form that a bundle carries.
    #[must_use]
    pub(crate) fn of(entry: &LogEntry) -> Self {
        Self {
            log_index: entry.log_index.to_string().into(),
            log_id: json!({ "keyId": base64_of_hex(&entry.log_id) }),
            kind_version: kind_version(&entry.body),
            integrated_time: entry.integrated_time.to_string().into(),
            inclusion_promise: json!({ "signedEntryTimestamp": entry.signed_entry_timestamp }),
            inclusion_proof: entry.inclusion_proof.as_ref().map_or(Value::Null, inclusion_proof),
            canonicalized_body: entry.body.clone(),
        }
    }
}

/// A proof in the form of bundles: the log writes digits and numbers where protocol buffers have base64 and strings.
fn inclusion_proof(proof: &Value) -> Value {
    let number = |key: &str| proof.get(key).and_then(Value::as_i64).unwrap_or_default().to_string();
    let digits = |value: &Value| base64_of_hex(value.as_str().unwrap_or_default());
    let hashes = proof.get("hashes").and_then(Value::as_array).map(|hashes| hashes.iter().map(digits).collect());
    let hashes: Vec<String> = hashes.unwrap_or_default();
    json!({
        "logIndex": number("logIndex"),
        "rootHash": proof.get("rootHash").map(digits),
        "treeSize": number("treeSize"),
        "hashes": hashes,
        "checkpoint": { "envelope": proof.get("checkpoint") },
    })
}

fn base64_of_hex(digits: &str) -> String {
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    STANDARD.encode(bytes.collect::<Vec<u8>>())
}

fn kind_version(body: &str) -> Value {
    let body = STANDARD.decode(body).ok().and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let body = body.unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    json!({ "kind": text("kind"), "version": text("apiVersion") })
}

/// What a log is asked to take for a `.sig` layer.
#[must_use]
pub(crate) fn hashed_rekord(about: Logged<'_>) -> Value {
    json!({
        "apiVersion": "0.0.1", "kind": "hashedrekord",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": crate::ids::hex(&Sha256::digest(about.payload)) } },
            "signature": {
                "content": STANDARD.encode(about.signature),
                "publicKey": { "content": STANDARD.encode(about.key.to_pem()) },
            },
        },
    })
}

/// What a log is asked to take for an envelope.
///
/// # Errors
/// When the envelope cannot be written as JSON.
pub(crate) fn dsse(envelope: &super::dsse::Envelope, key: &PublicKey) -> Result<Value, serde_json::Error> {
    Ok(json!({
        "apiVersion": "0.0.1", "kind": "dsse",
        "spec": { "proposedContent": {
            "envelope": serde_json::to_string(envelope)?,
            "verifiers": [STANDARD.encode(key.to_pem())],
        } },
    }))
}
