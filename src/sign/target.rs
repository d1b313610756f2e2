//! The image that is signed, attested or verified.

use crate::ids::{Digest, ImageReference};
use crate::oci::{Found, OciError, Place, Registries, Repository};

/// An image that is there.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its repository, where bundles are.
    pub(crate) repository: Repository,
    /// Where the tags `.sig` and `.att` are: the same, or what `--signature-repository` names.
    pub(crate) signatures: Repository,
    pub(crate) digest: Digest,
    pub(crate) manifest: Found,
    /// The tag that it was found by, if it was not named by digest.
    pub(crate) tag: Option<String>,
}

/// Why an image cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// A tag where a digest is needed.
    #[error("`{0}` is named by a tag, which may lead to another image the next moment")]
    Tag(ImageReference),
    /// A digest that is not SHA-256.
    #[error("`{0}` has a digest that is not `sha256:`")]
    Algorithm(String),
    /// There is no such image.
    #[error("there is no image `{0}`")]
    Missing(String),
    #[error(transparent)]
    Oci(#[from] OciError),
}

impl Target {
    /// Finds an image by its digest.
    ///
    /// # Errors
    /// When it has none, is not there, or the registry does not say.
    pub(crate) async fn by_digest(
        registries: &Registries,
        image: &ImageReference,
        signatures: Option<&ImageReference>,
    ) -> Result<Self, TargetError> {
        match &image.digest {
            Some(_) => Self::find(registries, image, signatures).await,
            None => Err(TargetError::Tag(image.clone())),
        }
    }

    /// Finds an image by its digest, or resolves its tag (`latest` without one) once.
    ///
    /// # Errors
    /// When it is not there, or the registry does not say.
    pub(crate) async fn find(
        registries: &Registries,
        image: &ImageReference,
        signatures: Option<&ImageReference>,
    ) -> Result<Self, TargetError> {
        let place = Place::of(image);
        let repository = registries.at(place);
        let signatures = signatures.map_or_else(|| repository.clone(), |image| registries.repository(image));
        let missing = || TargetError::Missing(image.to_string());
        let (manifest, tag) = match &image.digest {
            Some(digest) => {
                let digest = Digest::parse(digest).map_err(|_| TargetError::Algorithm(image.to_string()))?;
                (repository.by_digest(&digest).await?.ok_or_else(missing)?, None)
            }
            None => {
                let tag = image.tag.as_deref().unwrap_or("latest");
                (repository.by_tag(tag).await?.ok_or_else(missing)?, Some(tag.to_owned()))
            }
        };
        Ok(Self { repository, signatures, digest: manifest.digest.clone(), manifest, tag })
    }

    /// The images of an index; none of an image that is not one.
    ///
    /// # Errors
    /// When one is not there, or the registry does not say.
    pub(crate) async fn members(&self) -> Result<Vec<Self>, TargetError> {
        if !self.manifest.is_index() {
            return Ok(Vec::new());
        }
        let host = self.repository.host();
        let index = self.manifest.index().map_err(|what| OciError::Form { host, what })?;
        let mut members = Vec::new();
        for member in index.manifests {
            let missing = || TargetError::Missing(format!("{}@{}", self.name(), member.digest));
            let manifest = self.repository.by_digest(&member.digest).await?.ok_or_else(missing)?;
            members.push(Self { digest: member.digest.clone(), manifest, tag: None, ..self.clone() });
        }
        Ok(members)
    }

    /// `HOST/REPOSITORY`.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        self.repository.place.name()
    }

    /// `HOST/REPOSITORY@DIGEST`.
    #[must_use]
    pub(crate) fn reference(&self) -> String {
        format!("{}@{}", self.name(), self.digest)
    }
}
