//! Everything that is attached to a digest: the layers of the tags `.sig` and `.att`, and the bundles among its referrers. Read as
//! it is, judged elsewhere: whoever can write to the repository can attach anything.

use super::bundle::{BUNDLE, Bundle};
use super::dsse::Envelope;
use super::payload::{LOG_ANNOTATION, SIGNATURE_ANNOTATION, SIMPLE_SIGNING};
use crate::ids::Digest;
use crate::oci::{Descriptor, Found, ImageManifest, OciError, Repository, media_types};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

/// The media type of an `.att` layer.
pub(crate) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The maximum number of layers of a tag, and of referrers, that are read. Real images have a dozen.
pub(super) const MAX_LAYERS: usize = 200;
const MAX_REFERRERS: usize = 200;
/// The maximum size of a signature's payload, in bytes: 250 without annotations.
const MAX_PAYLOAD_BYTES: u64 = 1 << 20;
/// The maximum size of an attestation, in bytes: bills of materials of large images have some 10 MB.
pub(crate) const MAX_ATTESTATION_BYTES: u64 = 32 << 20;
/// How many blobs of one image are read at a time.
const AT_A_TIME: usize = 8;

/// The two tags of cosign's older layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tag {
    Sig,
    Att,
}

impl Tag {
    /// The tag for a digest: `sha256-<hex>.sig`.
    #[must_use]
    pub(crate) fn of(self, digest: &Digest) -> String {
        let suffix = match self {
            Self::Sig => "sig",
            Self::Att => "att",
        };
        format!("sha256-{}.{suffix}", digest.hex())
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Sig => SIMPLE_SIGNING,
            Self::Att => ENVELOPE,
        }
    }

    fn max_bytes(self) -> u64 {
        match self {
            Self::Sig => MAX_PAYLOAD_BYTES,
            Self::Att => MAX_ATTESTATION_BYTES,
        }
    }
}

/// A layer of one of the tags.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    pub(crate) tag: Tag,
    /// Its place in the manifest, from 0.
    pub(crate) index: usize,
    /// Its descriptor, which carries a signature in its annotations.
    pub(crate) descriptor: Descriptor,
    /// Its bytes; or why there are none.
    pub(crate) bytes: Result<Vec<u8>, String>,
}

impl Layer {
    /// The signature in the annotation, DER.
    #[must_use]
    pub(crate) fn signature(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.descriptor.annotations.get(SIGNATURE_ANNOTATION)?).ok()
    }

    /// The log entry in the annotation, JSON.
    #[must_use]
    pub(crate) fn log(&self) -> Option<&str> {
        self.descriptor.annotations.get(LOG_ANNOTATION).map(String::as_str)
    }

    /// The envelope that an attestation's layer is.
    #[must_use]
    pub(crate) fn envelope(&self) -> Option<Envelope> {
        serde_json::from_slice(self.bytes.as_ref().ok()?).ok()
    }
}

/// A bundle among the referrers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Referrer {
    /// The descriptor in the list of referrers.
    pub(crate) descriptor: Descriptor,
    /// The manifest that it leads to.
    pub(crate) manifest: ImageManifest,
    /// The bundle; or why there is none.
    pub(crate) bundle: Result<Bundle, Unusable>,
}

impl Referrer {
    /// The envelope in the bundle.
    #[must_use]
    pub(crate) fn envelope(&self) -> Option<&Envelope> {
        self.bundle.as_ref().ok()?.dsse_envelope.as_ref()
    }
}

/// Why a referrer has no bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// The registry does not have what it says that it has.
    Damaged(String),
    /// Somebody attached something that is not a bundle.
    Malformed(String),
}

/// What is attached to a digest.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Attached {
    /// The layers of both tags.
    pub(crate) layers: Vec<Layer>,
    pub(crate) referrers: Vec<Referrer>,
    /// What is there and cannot be read, a sentence each.
    pub(crate) problems: Vec<String>,
    /// Whether the registry has the referrers API.
    pub(crate) api: bool,
}

impl Attached {
    /// Reads what is attached to `digest`: bundles in `repository`, the tags in `signatures`.
    ///
    /// # Errors
    /// When the registry does not answer. What is damaged is no error.
    pub(crate) async fn read(
        repository: &Repository,
        signatures: &Repository,
        digest: &Digest,
    ) -> Result<Self, OciError> {
        let att = layers(signatures, Tag::Att, digest);
        let (mut attached, (layers, problems)) =
            futures_util::try_join!(Self::signatures(repository, signatures, digest), att)?;
        attached.layers.extend(layers);
        attached.problems.extend(problems);
        Ok(attached)
    }

    /// The same without the tag `.att`.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub(crate) async fn signatures(
        repository: &Repository,
        signatures: &Repository,
        digest: &Digest,
    ) -> Result<Self, OciError> {
        let sig = layers(signatures, Tag::Sig, digest);
        let (mut attached, (layers, problems)) = futures_util::try_join!(referrers(repository, digest), sig)?;
        attached.layers.extend(layers);
        attached.problems.extend(problems);
        Ok(attached)
    }
}

/// What was read wrongly but answered is a problem; what did not answer is an error.
fn damaged<T>(result: Result<T, OciError>) -> Result<Result<T, String>, OciError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error @ (OciError::Content { .. } | OciError::NoBlob { .. } | OciError::Form { .. })) => {
            Ok(Err(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

async fn layers(repository: &Repository, tag: Tag, digest: &Digest) -> Result<(Vec<Layer>, Vec<String>), OciError> {
    let name = tag.of(digest);
    let Some(found) = repository.by_tag(&name).await? else { return Ok((Vec::new(), Vec::new())) };
    let manifest = match found.image() {
        Ok(manifest) => manifest,
        Err(what) => return Ok((Vec::new(), vec![format!("the tag `{name}` leads to {what}")])),
    };
    let mut problems = Vec::new();
    if manifest.layers.len() > MAX_LAYERS {
        problems.push(format!("the tag `{name}` has more than {MAX_LAYERS} layers; the rest was not read"));
    }
    let known = manifest.layers.into_iter().take(MAX_LAYERS).enumerate();
    let known = known.filter(|(_, descriptor)| descriptor.media_type == tag.media_type());
    let read = known.map(|(index, descriptor)| async move {
        let bytes = damaged(repository.blob(&descriptor, tag.max_bytes()).await)?;
        Ok::<_, OciError>(Layer { tag, index, descriptor, bytes })
    });
    let layers = stream::iter(read).buffered(AT_A_TIME).try_collect().await?;
    Ok((layers, problems))
}

async fn referrers(repository: &Repository, digest: &Digest) -> Result<Attached, OciError> {
    let listed = repository.referrers(digest).await?;
    let mut problems = Vec::new();
    if listed.descriptors.len() > MAX_REFERRERS {
        problems.push(format!("the image has more than {MAX_REFERRERS} referrers; the rest was not read"));
    }
    let known = listed.descriptors.into_iter().take(MAX_REFERRERS);
    let known = known.filter(|descriptor| descriptor.media_type == media_types::MANIFEST);
    let read = known.map(|descriptor| async move { referrer(repository, descriptor).await });
    let read: Vec<Result<Option<Referrer>, String>> =
        stream::iter(read).buffered(AT_A_TIME).try_collect::<Vec<_>>().await?;
    let mut referrers = Vec::new();
    for one in read {
        match one {
            Ok(referrer) => referrers.extend(referrer),
            Err(problem) => problems.push(problem),
        }
    }
    Ok(Attached { layers: Vec::new(), referrers, problems, api: listed.api })
}

/// Follows one descriptor; none when it is not about a bundle. What a list says about a manifest proves nothing, so that each is
/// looked at.
async fn referrer(
    repository: &Repository,
    descriptor: Descriptor,
) -> Result<Result<Option<Referrer>, String>, OciError> {
    let found: Found = match damaged(repository.by_digest(&descriptor.digest).await)? {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Err(format!("the referrer {} is listed but not there", descriptor.digest))),
        Err(problem) => return Ok(Err(problem)),
    };
    let manifest = match found.image() {
        Ok(manifest) => manifest,
        Err(what) => return Ok(Err(format!("the referrer {} is {what}", descriptor.digest))),
    };
    if artifact_type(&manifest) != BUNDLE {
        return Ok(Ok(None));
    }
    let layer = match manifest.layers.as_slice() {
        [layer] if layer.media_type == BUNDLE => layer.clone(),
        _ => {
            let what = "its manifest does not have exactly one layer with a bundle".to_owned();
            let bundle = Err(Unusable::Malformed(what));
            return Ok(Ok(Some(Referrer { descriptor, manifest, bundle })));
        }
    };
    let bytes = damaged(repository.blob(&layer, MAX_ATTESTATION_BYTES).await)?;
    let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|error| Unusable::Malformed(error.to_string()));
    let bundle = bytes.map_err(Unusable::Damaged).and_then(parse);
    Ok(Ok(Some(Referrer { descriptor, manifest, bundle })))
}

/// What kind of artifact a manifest is: what it says, or the type of its configuration.
#[must_use]
pub(crate) fn artifact_type(manifest: &ImageManifest) -> &str {
    manifest.artifact_type.as_deref().unwrap_or(&manifest.config.media_type)
}
