//! The use case: attest. A claim about an image, signed and attached to it in both layouts.

pub(crate) mod predicate;
pub(crate) mod provenance;

use crate::sign::attached::{Attached, Layer, Referrer, Tag};
use crate::sign::key::PublicKey;
use crate::sign::statement::Statement;
use crate::sign::{Layouts, SignError, Signer, Target, Written};
use predicate::Predicate;

/// What became of an attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attested {
    pub(crate) written: Written,
    /// Where it was written, which may be more than was asked for.
    pub(crate) layouts: Layouts,
}

/// Attaches a claim. It is written in each layout that was asked for, and in each that our signatures or attestations of this
/// digest use: readers of one layout do not see the other. With [`Signer::replace`], the key's other claims of this type are taken
/// out, and so is what nobody can read of this type.
///
/// # Errors
/// When the registry or the log does not do its part. Run again, it completes what is missing.
pub(crate) async fn attest(target: &Target, predicate: &Predicate, signer: &Signer<'_>) -> Result<Attested, SignError> {
    let attached = Attached::read(&target.repository, &target.signatures, &target.digest).await?;
    let used = used(&attached, signer.key.public());
    let layouts = Layouts { tags: signer.layouts.tags || used.tags, bundles: signer.layouts.bundles || used.bundles };
    let signer = Signer { layouts, ..*signer };
    let statement = Statement::about(Some(target.name()), &target.digest, &predicate.kind, predicate.value.clone());
    let statement = serde_json::to_vec(&statement)?;
    let bundle = signer.bundle(target, &attached, &statement, &predicate.kind).await?;
    let tag = signer.att(target, &attached, &statement, &predicate.kind).await?;
    Ok(Attested { written: Written::of(tag, bundle), layouts })
}

/// What this key has claimed of this type about the image, in whichever layout: the first of several.
///
/// # Errors
/// When the registry does not say.
pub(crate) async fn present(target: &Target, kind: &str, key: &PublicKey) -> Result<Option<Predicate>, SignError> {
    let attached = Attached::read(&target.repository, &target.signatures, &target.digest).await?;
    let layers = attached.layers.iter().filter(|layer| layer.tag == Tag::Att).filter_map(Layer::envelope);
    let referrers = attached.referrers.iter().filter_map(|referrer| referrer.envelope().cloned());
    let claim = |envelope: crate::sign::dsse::Envelope| {
        let statement = Statement::parse(&envelope.payload()?).ok()?;
        let fits = statement.predicate_type == kind && statement.subject(&target.digest).is_some();
        (fits && envelope.signature_by(key).is_some())
            .then_some(Predicate { kind: statement.predicate_type, value: statement.predicate })
    };
    Ok(layers.chain(referrers).find_map(claim))
}

/// Where something is that this key signed.
fn used(attached: &Attached, key: &PublicKey) -> Layouts {
    let tags = attached.layers.iter().any(|layer| match layer.tag {
        Tag::Sig => match (&layer.bytes, layer.signature()) {
            (Ok(bytes), Some(signature)) => key.verifies(bytes, &signature),
            _ => false,
        },
        Tag::Att => layer.envelope().is_some_and(|envelope| envelope.signature_by(key).is_some()),
    });
    let is_ours =
        |referrer: &Referrer| referrer.envelope().is_some_and(|envelope| envelope.signature_by(key).is_some());
    let bundles = attached.referrers.iter().any(is_ours);
    Layouts { tags, bundles }
}
