//! What an image registry has: what is attached to an image, and what its labels say.

use crate::build::labels::METADATA;
use crate::oci::{Descriptor, OciError, Repository, media_types};
use crate::sign::Target;
use crate::sign::attached::{Attached, Referrer, Tag};
use crate::sign::dsse::Envelope;
use crate::sign::statement::{COSIGN_SIGN, Statement};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use std::collections::BTreeSet;

/// The label with the commit that an image was built from.
pub(crate) const REVISION: &str = "org.opencontainers.image.revision";
/// The maximum size of an image's configuration, in bytes: real ones have 10 kB.
const MAX_CONFIG_BYTES: u64 = 4 << 20;
/// The maximum number of platforms of an index that are looked at.
const MAX_PLATFORMS: usize = 32;

/// What is known about an image.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// `HOST/REPOSITORY@DIGEST`.
    pub(crate) reference: String,
    /// The repository of the tags `.sig` and `.att`, if it is not the image's own.
    pub(crate) signatures: Option<String>,
    pub(crate) digest: crate::ids::Digest,
    /// What is attached to it.
    pub(crate) attached: Attached,
    /// The revision label of each platform; none where there is no label.
    pub(crate) revisions: Vec<Option<String>>,
    /// The entries that the labels of `build` name, of all platforms.
    pub(crate) entries: BTreeSet<String>,
    /// Why the labels of other platforms were not read, a sentence each.
    pub(crate) unread: Vec<String>,
    /// What of the image itself could not be read, a sentence each.
    pub(crate) problems: Vec<String>,
}

/// Reads all facts about an image. Its labels only where there is something to compare them with: a pin, or a statement that is
/// not a plain signature.
///
/// # Errors
/// When the registry does not answer.
pub(crate) async fn read(target: &Target, pinned: bool) -> Result<Facts, OciError> {
    let attached = Attached::read(&target.repository, &target.signatures, &target.digest);
    let (attached, labels) = if pinned {
        futures_util::try_join!(attached, labels(target))?
    } else {
        let attached = attached.await?;
        let labels = if has_claims(&attached) { labels(target).await? } else { Labels::default() };
        (attached, labels)
    };
    let Labels { revisions, entries, unread, problems } = labels;
    let reference = target.reference();
    let signatures = &target.signatures.place;
    let signatures = (*signatures != target.repository.place).then(|| signatures.name());
    Ok(Facts { reference, signatures, digest: target.digest.clone(), attached, revisions, entries, unread, problems })
}

/// The revision labels of an image, and why there are not more.
#[derive(Debug, Default)]
struct Labels {
    revisions: Vec<Option<String>>,
    entries: BTreeSet<String>,
    unread: Vec<String>,
    problems: Vec<String>,
}

fn has_claims(attached: &Attached) -> bool {
    let is_claim = |referrer: &Referrer| {
        let payload = referrer.envelope().and_then(Envelope::payload);
        let statement = payload.and_then(|payload| Statement::parse(&payload).ok());
        statement.is_some_and(|statement| statement.predicate_type != COSIGN_SIGN)
    };
    attached.layers.iter().any(|layer| layer.tag == Tag::Att) || attached.referrers.iter().any(is_claim)
}

async fn labels(target: &Target) -> Result<Labels, OciError> {
    let mut labels = Labels::default();
    let mut configs = Vec::new();
    if target.manifest.is_index() {
        let members = match target.manifest.index() {
            Ok(index) => index.manifests,
            Err(what) => {
                labels.problems.push(format!("the image is {what}"));
                return Ok(labels);
            }
        };
        if members.iter().any(is_index) {
            labels.unread.push("the image has an index in its index, whose platforms are not looked at".to_owned());
        }
        let members: Vec<Descriptor> = members.into_iter().filter(is_platform).collect();
        if members.len() > MAX_PLATFORMS {
            let message = format!("the image has {} platforms, of which {MAX_PLATFORMS} are looked at", members.len());
            labels.unread.push(message);
        }
        let read = members.iter().take(MAX_PLATFORMS).map(|member| target.repository.by_digest(&member.digest));
        for found in stream::iter(read).buffered(8).try_collect::<Vec<_>>().await? {
            match found.map(|found| found.image()) {
                Some(Ok(manifest)) => configs.push(manifest.config),
                Some(Err(what)) => labels.problems.push(format!("a platform of the image is {what}")),
                None => labels.problems.push("a platform of the image is not there".to_owned()),
            }
        }
    } else {
        match target.manifest.image() {
            Ok(manifest) => configs.push(manifest.config),
            Err(what) => labels.problems.push(format!("the image is {what}")),
        }
    }
    let read = configs.iter().map(|config| of_config(&target.repository, config));
    let read: Vec<_> = stream::iter(read).buffered(8).try_collect().await?;
    let (revisions, entries): (_, Vec<Option<String>>) = read.into_iter().unzip();
    (labels.revisions, labels.entries) = (revisions, entries.into_iter().flatten().collect());
    Ok(labels)
}

fn is_index(member: &Descriptor) -> bool {
    matches!(member.media_type.as_str(), media_types::INDEX | media_types::DOCKER_INDEX)
}

/// Whether a member of an index is an image that may be run: builders add their own attestations as images of an unknown platform.
fn is_platform(member: &Descriptor) -> bool {
    let platform = |key| member.other.get("platform").and_then(|platform| platform.get(key)).and_then(Value::as_str);
    let is_unknown = [platform("os"), platform("architecture")] == [Some("unknown"); 2];
    matches!(member.media_type.as_str(), media_types::MANIFEST | media_types::DOCKER_MANIFEST) && !is_unknown
}

/// The revision and the entry that the labels of an image name.
async fn of_config(repository: &Repository, config: &Descriptor) -> Result<(Option<String>, Option<String>), OciError> {
    // An artifact that is not an image, a catalog say, has no labels.
    if config.size > MAX_CONFIG_BYTES || config.media_type == media_types::EMPTY {
        return Ok((None, None));
    }
    let bytes = repository.blob(config, MAX_CONFIG_BYTES).await?;
    let config: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let label = |name: &str| config.get("config").and_then(|config| config.get("Labels")?.get(name)?.as_str());
    let entry = label(METADATA).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let entry = entry.and_then(|about| about.get("name")?.as_str().map(str::to_owned));
    Ok((label(REVISION).map(str::to_owned), entry))
}
