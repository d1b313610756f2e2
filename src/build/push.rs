//! Publishing an image: the commit's tag first, `latest` last, so that who sees `latest` finds the rest.

use super::Session;
use crate::engine::EngineError;
use crate::engine::publish::Login;
use crate::error::CommandError;
use crate::ids::{Digest, ImageReference};

impl Session {
    /// Sends an image to its image registry under each of these tags, the first of which is the commit's. Returns the digest
    /// that it has there. What is there already is not sent again.
    ///
    /// # Errors
    /// When the commit's tag is there with another digest and `force` is not set, or the image registry would not take it.
    pub(crate) async fn push(
        &self,
        id: &str,
        repository: &str,
        tags: &[String],
        force: bool,
        login: Option<&Login>,
    ) -> Result<Digest, CommandError> {
        let failed = |error: EngineError| {
            CommandError::unfinished(format!("{repository} was not pushed"))
                .because(&error)
                .hint("the second run goes on where this one ended")
        };
        let commit_tag = tags.first().map_or("latest", String::as_str);
        let there = self.engine.published(repository, commit_tag, login).await.map_err(failed)?;
        let known = self.digests(id, repository).await.map_err(failed)?;
        if let Some(other) = there.as_ref().filter(|there| !known.contains(there) && !force) {
            let name = format!("{repository}:{commit_tag}");
            return Err(CommandError::unfinished(format!("{name} was not pushed: it is there with another digest"))
                .hint(format!("{name} is {}", other.as_str()))
                .hint("an image that somebody may have signed is not replaced; `--force` replaces the tag"));
        }
        for tag in tags {
            self.engine.push_image(repository, tag, login).await.map_err(failed)?;
        }
        let published = self.engine.published(repository, commit_tag, login).await.map_err(failed)?;
        let known = self.digests(id, repository).await.map_err(failed)?;
        match published {
            Some(digest) if known.contains(&digest) => Ok(digest),
            _ => Err(CommandError::unfinished(format!("{repository}:{commit_tag} is not the image that was pushed"))
                .hint("does somebody else push to it at this moment?")),
        }
    }

    /// The digests under which the engine knows an image in a repository.
    async fn digests(&self, id: &str, repository: &str) -> Result<Vec<Digest>, EngineError> {
        let image = self.engine.inspect_image(id).await?.unwrap_or_default();
        let short = |name: &str| ImageReference::parse(name).map(|name| name.short_name()).ok();
        let wanted = short(repository);
        let digest = |name: &String| {
            let (name, digest) = name.split_once('@')?;
            if short(name) == wanted { Digest::parse(digest).ok() } else { None }
        };
        Ok(image.digests.iter().filter_map(digest).collect())
    }
}
