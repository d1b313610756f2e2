//! Options of every command that speaks to image registries, and what they lead to.

use super::{refuse, roots};
use crate::context::Context;
use crate::error::CommandError;
use crate::files;
use crate::ids::ImageReference;
use crate::sign::connect::{self, Reach};
use crate::sign::{Registries, TargetError};
use clap::Args;
use ipnet::IpNet;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The maximum size of a file of digests, in bytes: some ten thousand entries.
const MAX_DIGESTS: u64 = 4 << 20;

/// How image registries are reached. Logins are those of `docker login`.
#[derive(Debug, Clone, Args, Default)]
pub(super) struct ImageArgs {
    /// Speak plain http to this image registry. Those on loopback need no such permission.
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Image registry")]
    pub(super) insecure_registry: Vec<String>,
    /// A private network that redirects and entries may lead to. Registries named on the command line may be anywhere.
    #[arg(long, value_name = "CIDR", help_heading = "Image registry")]
    pub(super) allow_network: Vec<IpNet>,
    /// Keep the tags `.sig` and `.att` in this repository and not beside the image (default: COSIGN_REPOSITORY). Bundles
    /// always stay beside the image.
    #[arg(long, value_name = "REPOSITORY", help_heading = "Image registry")]
    pub(super) signature_repository: Option<String>,
}

impl ImageArgs {
    pub(super) fn reach(&self, context: &Context) -> Result<Reach, CommandError> {
        Ok(Reach {
            roots_pem: roots::read(context)?,
            allow: self.allow_network.clone(),
            insecure: self.insecure_registry.clone(),
            docker_config: context.docker_config.clone(),
        })
    }

    /// The repository of `--signature-repository` or COSIGN_REPOSITORY.
    pub(super) fn signatures(&self, context: &Context) -> Result<Option<ImageReference>, CommandError> {
        let named = self.signature_repository.as_deref().map(|name| ("--signature-repository", name));
        let named = named.or(context.cosign_repository.as_deref().map(|name| ("COSIGN_REPOSITORY", name)));
        let Some((from, name)) = named else { return Ok(None) };
        match ImageReference::parse(name) {
            Ok(reference) if reference.tag.is_none() && reference.digest.is_none() => Ok(Some(reference)),
            Ok(_) => Err(refuse(format!("{from} is `{name}`: it must be a repository, without tag and digest"))),
            Err(error) => Err(refuse(format!("{from} is `{name}`, which is not a repository")).because(&error)),
        }
    }
}

/// An image on the command line.
pub(super) fn parse(image: &str) -> Result<ImageReference, CommandError> {
    ImageReference::parse(image).map_err(|error| refuse(format!("`{image}` is not an image reference")).because(&error))
}

/// The images of a file that `build --push --digests` wrote, by entry.
pub(super) fn of_digests(file: &Path) -> Result<BTreeMap<String, String>, CommandError> {
    let shown = file.display();
    let text = files::read_regular(file, MAX_DIGESTS)
        .map_err(|error| refuse(format!("cannot read `--digests {shown}`")).because(&error))?
        .ok_or_else(|| refuse(format!("`--digests {shown}` is larger than {MAX_DIGESTS} bytes")))?;
    serde_json::from_slice(&text)
        .map(|Digests(digests)| digests)
        .map_err(|error| refuse(format!("`--digests {shown}` is not a JSON object of images by entry")).because(&error))
}

/// A file of digests. An entry that is there twice is refused: readers disagree about which of the two counts.
struct Digests(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Digests;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Digests, A::Error> {
                let mut digests = BTreeMap::new();
                while let Some((entry, image)) = map.next_entry::<String, String>()? {
                    if digests.contains_key(&entry) {
                        return Err(A::Error::custom(format_args!("`{entry}` is there twice")));
                    }
                    digests.insert(entry, image);
                }
                Ok(Digests(digests))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// Registries that know these images by name.
pub(super) fn registries(reach: &Reach, images: &[&ImageReference]) -> Result<Registries, CommandError> {
    connect::registries(reach, images).map_err(|error| refuse("cannot set up the connection").because(&error))
}

/// Why an image cannot be worked on.
pub(super) fn no_target(error: &TargetError) -> CommandError {
    match error {
        TargetError::Tag(image) => refuse(error.to_string())
            .hint(format!("name it by digest: `{}@sha256:…`, which `build --push` prints", image.name())),
        TargetError::Algorithm(_) => refuse(error.to_string()),
        TargetError::Missing(_) => CommandError::unfinished(error.to_string()),
        TargetError::Oci(_) => CommandError::unfinished("the image cannot be read").because(error),
    }
}
