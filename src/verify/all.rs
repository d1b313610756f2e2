//! Many images: those of a registry's entries.

use super::entry::EntryFacts;
use super::judge::Judged;
use super::{Expectations, facts, judge};
use crate::ids::{CommitSha, ImageReference};
use crate::oci::OciError;
use crate::sign::{Registries, Target, TargetError};
use futures_util::stream::{self, StreamExt as _};

/// How many images are looked at concurrently. Each takes a handful of requests that mostly wait.
pub(crate) const CONCURRENCY: usize = 32;

/// An image that is verified.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// The image: by digest, or by a tag, which is resolved once.
    pub(crate) image: ImageReference,
    /// The commit that the registry pins.
    pub(crate) pin: Option<CommitSha>,
    /// The entry that it is verified for, if any.
    pub(crate) entry: Option<EntryFacts>,
}

/// What was found out about an image.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    /// `HOST/REPOSITORY@DIGEST`.
    pub(crate) reference: String,
    /// The tag that was resolved, if it was not named by digest.
    pub(crate) tag: Option<String>,
    pub(crate) judged: Judged,
}

/// Why nothing was found out about an image.
#[derive(Debug, Clone)]
pub(crate) struct Unverified {
    pub(crate) reason: String,
    /// What to do.
    pub(crate) help: String,
}

impl From<TargetError> for Unverified {
    fn from(error: TargetError) -> Self {
        let help = match error {
            TargetError::Oci(error) => return error.into(),
            TargetError::Missing(_) => "push the image, or name one that is there",
            TargetError::Tag(_) | TargetError::Algorithm(_) => "name the image by its digest: `IMAGE@sha256:…`",
        };
        Self { reason: error.to_string(), help: help.to_owned() }
    }
}

impl From<OciError> for Unverified {
    fn from(error: OciError) -> Self {
        let help = match &error {
            error if error.may_pass() => "run it again: what cannot be reached is never a pass",
            OciError::Denied { .. } | OciError::Login { .. } => "log in with `docker login`",
            OciError::Content { .. } | OciError::Form { .. } | OciError::NoBlob { .. } => {
                "the image registry has lost or changed it: do not use the image until its operators say why"
            }
            _ => "what cannot be reached is never a pass: is this the right image registry?",
        };
        Self { reason: error.to_string(), help: help.to_owned() }
    }
}

/// Verifies images concurrently, in the order given: for each what was found, or why nothing was. `done` is called after each.
pub(crate) async fn verify(
    registries: &Registries,
    subjects: &[Subject],
    signatures: Option<&ImageReference>,
    expected: &Expectations,
    done: impl Fn(),
) -> Vec<Result<Verified, Unverified>> {
    let one = |subject: &Subject| {
        let (subject, done) = (subject.clone(), &done);
        async move {
            let verified = one(registries, &subject, signatures, expected).await;
            done();
            verified
        }
    };
    stream::iter(subjects.iter().map(one)).buffered(CONCURRENCY).collect().await
}

async fn one(
    registries: &Registries,
    subject: &Subject,
    signatures: Option<&ImageReference>,
    expected: &Expectations,
) -> Result<Verified, Unverified> {
    let target = Target::find(registries, &subject.image, signatures).await?;
    let facts = facts::read(&target, subject.pin.is_some()).await?;
    let expected = Expectations { pin: subject.pin.clone(), entry: subject.entry.clone(), ..expected.clone() };
    Ok(Verified { reference: facts.reference.clone(), tag: target.tag, judged: judge(&facts, &expected) })
}
