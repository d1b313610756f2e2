//! Many images: those of a registry's entries.

use super::judge::Judged;
use super::{Expectations, facts, judge};
use crate::ids::{CommitSha, ImageReference};
use crate::sign::{Registries, Target};
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

/// Verifies images concurrently, in the order given: for each what was found, or why nothing was. `done` is called after each.
pub(crate) async fn verify(
    registries: &Registries,
    subjects: &[Subject],
    signatures: Option<&ImageReference>,
    expected: &Expectations,
    done: impl Fn(),
) -> Vec<Result<Verified, String>> {
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
) -> Result<Verified, String> {
    let target = Target::find(registries, &subject.image, signatures).await.map_err(|error| error.to_string())?;
    let facts = facts::read(&target, subject.pin.is_some()).await.map_err(|error| error.to_string())?;
    let expected = Expectations { pin: subject.pin.clone(), ..expected.clone() };
    Ok(Verified { reference: facts.reference.clone(), tag: target.tag, judged: judge(&facts, &expected) })
}
