//! The use case: sign. What is signed, where the signature is put, and when there is nothing to do.
//!
//! Two layouts are written, because readers know one or the other: the tag `sha256-<hex>.sig`, which cosign 2, containers/image
//! and the MCP Gateway read, and a Sigstore bundle among the referrers, which is all that cosign 3 reads as soon as anybody has
//! attached one.

pub(crate) mod attach;
pub(crate) mod attached;
pub(crate) mod bundle;
pub mod connect;
pub(crate) mod dsse;
pub mod key;
pub(crate) mod log;
pub mod payload;
pub(crate) mod statement;
mod target;

pub(crate) use crate::oci::Registries;
pub(crate) use target::{Target, TargetError};

use crate::fetch::Fetcher;
use crate::oci::OciError;
use crate::rekor::{self, RekorError};
use attach::NewLayer;
use attached::{Attached, Layer, Referrer, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bundle::Bundle;
use chrono::{DateTime, Utc};
use dsse::Envelope;
use key::{KeyError, PrivateKey};
use log::{LogEntry, Logged};
use payload::{LOG_ANNOTATION, Payload, SIGNATURE_ANNOTATION};
use statement::{COSIGN_SIGN, Statement};
use std::collections::BTreeMap;
use url::Url;

/// Where a signature or attestation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layouts {
    /// The tags `.sig` and `.att`.
    pub(crate) tags: bool,
    pub(crate) bundles: bool,
}

#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) url: Url,
    pub(crate) fetcher: Fetcher,
}

#[derive(Debug)]
pub(crate) struct Signer<'a> {
    pub(crate) key: &'a PrivateKey,
    pub(crate) layouts: Layouts,
    /// Where to log, if anywhere.
    pub(crate) log: Option<&'a Log>,
    /// The time of the run.
    pub(crate) now: DateTime<Utc>,
}

/// What became of one layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Written,
    /// It was there already, and verifies.
    Present,
    /// It was not asked for.
    Skipped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) tag: Outcome,
    pub(crate) bundle: Outcome,
}

/// Why something could not be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignError {
    #[error(transparent)]
    Oci(#[from] OciError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Log(#[from] RekorError),
    /// What cannot be written as JSON.
    #[error("the statement cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl SignError {
    /// Whether the registry refuses the login.
    #[must_use]
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Oci(OciError::Denied { .. }))
    }

    /// Whether trying again ends the same.
    #[must_use]
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Log(RekorError::NotV1(_)) | Self::Oci(OciError::Form { .. }))
    }
}

/// Signs an image, in each layout that has no such signature yet.
///
/// # Errors
/// When the registry or the log does not do its part. Run again, it completes what is missing.
pub(crate) async fn sign(
    target: &Target,
    annotations: &BTreeMap<String, String>,
    identity: Option<&str>,
    signer: &Signer<'_>,
) -> Result<Written, SignError> {
    let attached = Attached::signatures(&target.repository, &target.signatures, &target.digest).await?;
    let payload = Payload::of(identity.unwrap_or(&target.name()), &target.digest, annotations);
    let payload = serde_json::to_vec(&payload)?;
    let mut statement = Statement::about(None, &target.digest, COSIGN_SIGN, serde_json::json!({}));
    if let Some(subject) = statement.subject.first_mut().filter(|_| !annotations.is_empty()) {
        let annotations = annotations.iter().map(|(key, value)| (key.clone(), value.clone().into()));
        subject.annotations = Some(annotations.collect());
    }
    let statement = serde_json::to_vec(&statement)?;
    // The bundle first: the tag is what makes a signature visible to the most readers.
    let bundle = signer.bundle(target, &attached, &statement, COSIGN_SIGN).await?;
    let tag = signer.sig(target, &attached, &payload).await?;
    Ok(Written { tag, bundle })
}

impl Signer<'_> {
    /// Writes the layer of a signature, unless it is there.
    async fn sig(&self, target: &Target, attached: &Attached, payload: &[u8]) -> Result<Outcome, SignError> {
        if !self.layouts.tags {
            return Ok(Outcome::Skipped);
        }
        let same = attached.layers.iter().filter(|layer| layer.tag == Tag::Sig && self.is_same_layer(layer, payload));
        let same: Vec<&Layer> = same.collect();
        if same.iter().any(|layer| self.log.is_none() || layer.log().is_some()) {
            return Ok(Outcome::Present);
        }
        let signature = self.key.sign(payload)?;
        let mut annotations = BTreeMap::from([(SIGNATURE_ANNOTATION.to_owned(), STANDARD.encode(&signature))]);
        if let Some(log) = self.log {
            let about = Logged { payload, signature: &signature, key: self.key.public() };
            let entry = log.enter(&log::hashed_rekord(about)).await?;
            annotations.insert(LOG_ANNOTATION.to_owned(), serde_json::to_string(&entry.to_layer())?);
        }
        let new = NewLayer { bytes: payload.to_vec().into(), annotations };
        attach::append(&target.signatures, Tag::Sig, &target.digest, vec![new], &same).await?;
        Ok(Outcome::Written)
    }

    fn is_same_layer(&self, layer: &Layer, payload: &[u8]) -> bool {
        layer.bytes.as_deref() == Ok(payload)
            && layer.signature().is_some_and(|signature| self.key.public().verifies(payload, &signature))
    }

    /// Writes the layer of an attestation, unless it is there. Layers in `replaced` are taken out in the same step.
    pub(crate) async fn att(
        &self,
        target: &Target,
        attached: &Attached,
        statement: (&[u8], &str),
        replaced: &[&Layer],
    ) -> Result<Outcome, SignError> {
        if !self.layouts.tags {
            return Ok(Outcome::Skipped);
        }
        let (statement, predicate_type) = statement;
        let of_tag = attached.layers.iter().filter(|layer| layer.tag == Tag::Att);
        let same = of_tag.filter(|layer| layer.envelope().is_some_and(|envelope| self.is_same(&envelope, statement)));
        let same: Vec<&Layer> = same.collect();
        let replaced: Vec<&Layer> = replaced.iter().copied().filter(|layer| !same.contains(layer)).collect();
        let is_there = same.iter().any(|layer| self.log.is_none() || layer.log().is_some());
        if is_there && replaced.is_empty() {
            return Ok(Outcome::Present);
        }
        let mut new = Vec::new();
        if !is_there {
            let (envelope, entry) = self.envelope(statement).await?;
            let mut annotations = BTreeMap::from([
                (SIGNATURE_ANNOTATION.to_owned(), String::new()),
                ("predicateType".to_owned(), predicate_type.to_owned()),
            ]);
            if let Some(entry) = entry {
                annotations.insert(LOG_ANNOTATION.to_owned(), serde_json::to_string(&entry.to_layer())?);
            }
            new.push(NewLayer { bytes: serde_json::to_vec(&envelope)?.into(), annotations });
        }
        let old: Vec<&Layer> = if is_there { replaced } else { replaced.into_iter().chain(same).collect() };
        attach::append(&target.signatures, Tag::Att, &target.digest, new, &old).await?;
        Ok(Outcome::Written)
    }

    /// Writes a bundle, unless it is there.
    pub(crate) async fn bundle(
        &self,
        target: &Target,
        attached: &Attached,
        statement: &[u8],
        predicate_type: &str,
    ) -> Result<Outcome, SignError> {
        if !self.layouts.bundles {
            return Ok(Outcome::Skipped);
        }
        let same = attached.referrers.iter().filter(|referrer| self.is_same_bundle(referrer, target, statement));
        let same: Vec<&Referrer> = same.collect();
        if same.iter().any(|referrer| self.log.is_none() || is_logged(referrer)) {
            return Ok(Outcome::Present);
        }
        let (envelope, entry) = self.envelope(statement).await?;
        let bundle = Bundle::of(envelope, self.key.public(), entry.as_ref());
        let subject = target.manifest.descriptor();
        attach::refer(&target.repository, &subject, &bundle, predicate_type, (self.now, attached.api)).await?;
        attach::detach(&target.repository, &target.digest, &same, attached.api).await?;
        Ok(Outcome::Written)
    }

    fn is_same_bundle(&self, referrer: &Referrer, target: &Target, statement: &[u8]) -> bool {
        let about = referrer.manifest.subject.as_ref().is_some_and(|subject| subject.digest == target.digest);
        let listed = referrer.descriptor.artifact_type.as_deref() == Some(bundle::BUNDLE);
        about && listed && referrer.envelope().is_some_and(|envelope| self.is_same(envelope, statement))
    }

    fn is_same(&self, envelope: &Envelope, statement: &[u8]) -> bool {
        envelope.payload().as_deref() == Some(statement) && envelope.signature_by(self.key.public()).is_some()
    }

    async fn envelope(&self, statement: &[u8]) -> Result<(Envelope, Option<LogEntry>), SignError> {
        let envelope = Envelope::sign(self.key, statement)?;
        let entry = match self.log {
            Some(log) => Some(log.enter(&log::dsse(&envelope, self.key.public())?).await?),
            None => None,
        };
        Ok((envelope, entry))
    }
}

fn is_logged(referrer: &Referrer) -> bool {
    referrer.bundle.as_ref().is_ok_and(|bundle| !bundle.verification_material.tlog_entries.is_empty())
}

impl Log {
    async fn enter(&self, proposed: &serde_json::Value) -> Result<LogEntry, RekorError> {
        let entry = rekor::log(&self.fetcher, &self.url, proposed).await?;
        Ok(LogEntry {
            signed_entry_timestamp: entry.signed_entry_timestamp().to_owned(),
            inclusion_proof: entry.inclusion_proof().cloned(),
            body: entry.body,
            integrated_time: entry.integrated_time,
            log_index: entry.log_index,
            log_id: entry.log_id,
        })
    }
}
