//! Everything that is attached to a digest: the layers of the tags `.sig` and `.att`, and the bundles among its referrers. Read as
//! it is, judged elsewhere: whoever can write to the repository can attach anything.

use super::bundle::{BUNDLE, Bundle, PREDICATE_ANNOTATION};
use super::dsse::Envelope;
use super::form;
use super::payload::{LOG_ANNOTATION, SIGNATURE_ANNOTATION, SIMPLE_SIGNING};
use crate::ids::Digest;
use crate::oci::{Descriptor, Found, ImageManifest, Loose, OciError, Repository, media_types};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

/// The media type of an `.att` layer.
pub(crate) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The annotation of an `.att` layer that repeats the predicate's type.
pub(crate) const TYPE_ANNOTATION: &str = "predicateType";
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

    pub(super) fn media_type(self) -> &'static str {
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
    /// Whether its bytes are there, and only its descriptor keeps readers from them.
    pub(crate) misdescribed: bool,
}

impl Layer {
    /// The type of statement that it is listed as.
    #[must_use]
    pub(crate) fn listed_as(&self) -> Option<&str> {
        self.descriptor.annotations.get(TYPE_ANNOTATION).map(String::as_str)
    }

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

    /// Whether it is of the kind that its tag has. Others may be there, too.
    #[must_use]
    pub(crate) fn is_of_tag(&self) -> bool {
        self.descriptor.media_type == self.tag.media_type()
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
    /// Whether the list has it more than once.
    pub(crate) doubled: bool,
    /// The manifest that it leads to.
    pub(crate) manifest: ImageManifest,
    /// The size of that, in bytes.
    pub(crate) size: u64,
    /// The bundle; or why there is none.
    pub(crate) bundle: Result<Bundle, Unusable>,
    /// What keeps readers from it, although it can be read here.
    pub(crate) defect: Option<String>,
}

impl Lost {
    /// The type of statement that it was listed as, if it was among the referrers and the list says that.
    #[must_use]
    pub(crate) fn listed_as(&self) -> Option<&str> {
        match &self.place {
            Where::Referrer(descriptor) => descriptor.annotations.get(PREDICATE_ANNOTATION).map(String::as_str),
            Where::Tag(_) | Where::List { .. } | Where::Rest => None,
        }
    }
}

impl Referrer {
    /// The type of statement that it is listed as, or that its manifest says.
    #[must_use]
    pub(crate) fn listed_as(&self) -> Option<&str> {
        let of = [&self.manifest.annotations, &self.descriptor.annotations];
        of.into_iter().find_map(|annotations| annotations.get(PREDICATE_ANNOTATION)).map(String::as_str)
    }

    /// Whether its manifest refers to this image.
    #[must_use]
    pub(crate) fn is_about(&self, digest: &Digest) -> bool {
        self.manifest.subject.as_ref().is_some_and(|subject| subject.digest == *digest)
    }

    /// Whether the list and the manifest call it what it is: a bundle, once, with a statement of this type.
    #[must_use]
    pub(crate) fn is_listed_as(&self, kind: &str) -> bool {
        let is_manifest = self.descriptor.media_type == media_types::MANIFEST && self.size == self.descriptor.size;
        let is_bundle = is_manifest && artifact_type(&self.manifest) == BUNDLE && !self.doubled;
        is_bundle && self.listed_as().is_none_or(|listed| listed == kind)
    }

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

/// Something that is listed and cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lost {
    pub(crate) place: Where,
    /// What is wrong, a sentence.
    pub(crate) problem: String,
}

/// Where something is that cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Where {
    /// The manifest of a tag.
    Tag(Tag),
    /// The list of referrers; whether the image registry makes it.
    List { api: bool },
    /// A manifest that the list of referrers has.
    Referrer(Descriptor),
    /// Behind the last one that is read.
    Rest,
}

/// What is attached to a digest.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Attached {
    /// The layers of both tags.
    pub(crate) layers: Vec<Layer>,
    pub(crate) referrers: Vec<Referrer>,
    pub(crate) lost: Vec<Lost>,
    /// What the list of referrers has without it being a bundle about the image, a sentence each.
    pub(crate) strays: Vec<String>,
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
        let (mut attached, (layers, lost)) =
            futures_util::try_join!(Self::signatures(repository, signatures, digest), att)?;
        attached.layers.extend(layers);
        attached.lost.extend(lost);
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
        let (mut attached, (layers, lost)) = futures_util::try_join!(referrers(repository, digest), sig)?;
        attached.layers.extend(layers);
        attached.lost.extend(lost);
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

async fn layers(repository: &Repository, tag: Tag, digest: &Digest) -> Result<(Vec<Layer>, Vec<Lost>), OciError> {
    let name = tag.of(digest);
    let lost = |problem: String| Lost { place: Where::Tag(tag), problem };
    let found = match damaged(repository.by_tag(&name).await)? {
        Ok(Some(found)) => found,
        Ok(None) => return Ok((Vec::new(), Vec::new())),
        Err(problem) => return Ok((Vec::new(), vec![lost(format!("the tag `{name}`: {problem}"))])),
    };
    let Loose { whole: manifest, places, bad } = match found.artifact() {
        Ok(manifest) if !found.is_index() => manifest,
        Ok(_) => return Ok((Vec::new(), vec![lost(format!("the tag `{name}` leads to an index"))])),
        Err(what) => return Ok((Vec::new(), vec![lost(format!("the tag `{name}` leads to {what}"))])),
    };
    let header = form::header(&found, &manifest).map(|what| format!("the tag `{name}` leads to {what}"));
    let bad = bad.into_iter().map(|what| format!("the tag `{name}`: {what}"));
    let mut lost: Vec<Lost> = header.into_iter().chain(bad).map(lost).collect();
    if manifest.layers.len() > MAX_LAYERS {
        let problem = format!("the tag `{name}` has more than {MAX_LAYERS} layers; the rest was not read");
        lost.push(Lost { place: Where::Rest, problem });
    }
    let config = &manifest.config;
    // Those of other kinds, too: readers stop at the first whose content is not there.
    let read = places.into_iter().zip(manifest.layers).take(MAX_LAYERS).map(|(index, descriptor)| async move {
        let mut bytes = damaged(repository.blob(&descriptor, tag.max_bytes()).await)?;
        let defect = form::descriptor(&descriptor, config).filter(|_| bytes.is_ok());
        let misdescribed = defect.is_some();
        if let Some(defect) = defect {
            bytes = Err(defect);
        }
        Ok::<_, OciError>(Layer { tag, index, descriptor, bytes, misdescribed })
    });
    let layers = stream::iter(read).buffered(AT_A_TIME).try_collect().await?;
    Ok((layers, lost))
}

async fn referrers(repository: &Repository, digest: &Digest) -> Result<Attached, OciError> {
    let listed = repository.referrers(digest).await?;
    let place = Where::List { api: listed.api };
    let bad = listed.bad.into_iter().map(|problem| Lost { place: place.clone(), problem });
    let mut attached = Attached { api: listed.api, lost: bad.collect(), ..Attached::default() };
    // An index that somebody wrote may have one twice; what an image registry lists by itself is not anybody's doing.
    let mut known: Vec<(Descriptor, bool)> = Vec::new();
    for descriptor in listed.descriptors {
        match known.iter_mut().find(|(known, _)| known.digest == descriptor.digest) {
            Some((_, doubled)) => *doubled = !listed.api,
            None => known.push((descriptor, false)),
        }
    }
    if known.len() > MAX_REFERRERS {
        let problem = format!("the image has more than {MAX_REFERRERS} referrers; the rest was not read");
        attached.lost.push(Lost { place: Where::Rest, problem });
    }
    let read = known.into_iter().take(MAX_REFERRERS).map(|listed| follow(repository, digest, listed));
    for one in stream::iter(read).buffered(AT_A_TIME).try_collect::<Vec<_>>().await? {
        match one {
            Followed::Bundle(referrer) => attached.referrers.push(*referrer),
            Followed::Lost(lost) => attached.lost.push(lost),
            Followed::Stray(why) => attached.strays.push(why),
            Followed::Other => {}
        }
    }
    Ok(attached)
}

/// What a list of referrers leads to.
enum Followed {
    Bundle(Box<Referrer>),
    Lost(Lost),
    Stray(String),
    /// Something about the image that is not a bundle: a bill of materials that another tool attached, say.
    Other,
}

/// Follows one descriptor. What a list says about a manifest proves nothing, so that each is looked at.
async fn follow(
    repository: &Repository,
    digest: &Digest,
    (descriptor, doubled): (Descriptor, bool),
) -> Result<Followed, OciError> {
    let shown = format!("the referrer {}", descriptor.digest);
    let lost = |descriptor: &Descriptor, problem: String| {
        Ok(Followed::Lost(Lost { place: Where::Referrer(descriptor.clone()), problem }))
    };
    let found: Found = match damaged(repository.by_digest(&descriptor.digest).await)? {
        Ok(Some(found)) => found,
        Ok(None) => return lost(&descriptor, format!("{shown} is listed but not there")),
        Err(problem) => return lost(&descriptor, problem),
    };
    let manifest = match found.image() {
        Ok(manifest) => manifest,
        // An index may be attached, too, and is not a bundle.
        Err(_) if found.is_index() => {
            let subject = found.index().ok().and_then(|index| index.other.get("subject")?.get("digest").cloned());
            let subject = subject.as_ref().and_then(Value::as_str);
            return Ok(stray(&shown, subject, digest, doubled).map_or(Followed::Other, Followed::Stray));
        }
        Err(what) => return lost(&descriptor, format!("{shown} is {what}")),
    };
    let kind = artifact_type(&manifest);
    let is_bundle = kind == BUNDLE || manifest.layers.iter().any(|layer| layer.media_type == BUNDLE);
    if !is_bundle {
        let subject = manifest.subject.as_ref().map(|subject| subject.digest.as_str());
        let mislabeled = descriptor.artifact_type.as_deref() == Some(BUNDLE);
        let mislabeled = mislabeled.then(|| format!("{shown} is listed as a bundle, and is `{kind}`"));
        let stray = stray(&shown, subject, digest, doubled).or(mislabeled);
        return Ok(stray.map_or(Followed::Other, Followed::Stray));
    }
    let layer = match manifest.layers.as_slice() {
        [layer] if layer.media_type == BUNDLE => layer.clone(),
        _ => {
            let what = "its manifest does not have exactly one layer with a bundle".to_owned();
            let (bundle, size) = (Err(Unusable::Malformed(what)), found.bytes.len() as u64);
            let referrer = Referrer { descriptor, doubled, manifest, size, bundle, defect: None };
            return Ok(Followed::Bundle(Box::new(referrer)));
        }
    };
    let bytes = damaged(repository.blob(&layer, MAX_ATTESTATION_BYTES).await)?;
    let header = form::header(&found, &manifest).map(|what| format!("its manifest is {what}"));
    let defect = header.or_else(|| form::descriptor(&layer, &manifest.config));
    let defect = defect.or_else(|| form::bundle(bytes.as_ref().ok()?));
    let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|error| Unusable::Malformed(error.to_string()));
    let bundle = bytes.map_err(Unusable::Damaged).and_then(parse);
    let size = found.bytes.len() as u64;
    Ok(Followed::Bundle(Box::new(Referrer { descriptor, doubled, manifest, size, bundle, defect })))
}

/// What is wrong with an entry of the list that nobody signed.
fn stray(shown: &str, subject: Option<&str>, digest: &Digest, doubled: bool) -> Option<String> {
    if subject != Some(digest.as_str()) {
        return Some(format!("{shown} is listed for this image, and refers to {}", subject.unwrap_or("nothing")));
    }
    doubled.then(|| format!("{shown} is listed twice"))
}

/// What kind of artifact a manifest is: what it says, or the type of its configuration.
#[must_use]
pub(crate) fn artifact_type(manifest: &ImageManifest) -> &str {
    manifest.artifact_type.as_deref().unwrap_or(&manifest.config.media_type)
}
