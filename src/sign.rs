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
mod form;
pub mod key;
pub(crate) mod log;
pub mod payload;
pub(crate) mod readable;
pub(crate) mod statement;
mod target;
mod write;

pub(crate) use crate::oci::Registries;
pub(crate) use target::{Target, TargetError};

use crate::fetch::Fetcher;
use crate::oci::OciError;
use crate::rekor::{self, RekorError};
use attached::Attached;
use chrono::{DateTime, Utc};
use key::{KeyError, PrivateKey};
use log::LogEntry;
use payload::Payload;
use statement::{COSIGN_SIGN, Statement};
use std::collections::{BTreeMap, BTreeSet};
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

#[derive(Debug, Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) key: &'a PrivateKey,
    pub(crate) layouts: Layouts,
    /// Whether what this key has written before is taken out, and what nobody can read.
    pub(crate) replace: bool,
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

/// What became of a signature or attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) tag: Outcome,
    pub(crate) bundle: Outcome,
    /// How many older ones of the key were taken out.
    pub(crate) replaced: usize,
    /// What was repaired, a sentence each.
    pub(crate) broken: Vec<String>,
    /// What was taken out and is not written again, a sentence each.
    pub(crate) notes: BTreeSet<String>,
}

impl Written {
    pub(crate) fn of(tag: InLayout, bundle: InLayout) -> Self {
        let replaced = tag.replaced.max(bundle.replaced);
        let broken = bundle.broken.into_iter().chain(tag.broken).collect();
        let notes = bundle.notes.into_iter().chain(tag.notes).collect();
        Self { tag: tag.outcome, bundle: bundle.outcome, replaced, broken, notes }
    }
}

/// What became of it in one layout.
#[derive(Debug)]
pub(crate) struct InLayout {
    pub(crate) outcome: Outcome,
    pub(crate) replaced: usize,
    pub(crate) broken: Vec<String>,
    pub(crate) notes: Vec<String>,
}

impl From<Outcome> for InLayout {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, replaced: 0, broken: Vec::new(), notes: Vec::new() }
    }
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
        match self {
            Self::Oci(error) => !error.may_pass(),
            Self::Log(error) => matches!(error, RekorError::NotV1(_)),
            Self::Key(_) | Self::Json(_) => false,
        }
    }
}

/// Signs an image, in each layout that has no such signature yet. With [`Signer::replace`], the key's other signatures of the image
/// are taken out, and so is what nobody can read; what others signed stays.
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
    // The bundle first: the tag is what makes a signature visible to the most readers. Its payload is not seen before that.
    let bundle = signer.bundle(target, &attached, &statement, COSIGN_SIGN);
    let (bundle, ()) = futures_util::try_join!(bundle, signer.send_payload(target, &attached, &payload))?;
    let tag = signer.sig(target, &attached, &payload).await?;
    Ok(Written::of(tag, bundle))
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
