//! Publishing an image: the commit's tag first, `latest` last, so that who sees `latest` finds the rest.

use super::Session;
use crate::engine::publish::Login;
use crate::error::CommandError;
use crate::ids::{Digest, ImageReference};
use crate::oci::{self, Found, OciError};

impl Session {
    /// Sends an image to its image registry under each of these tags, the first of which is the commit's. Returns the digest
    /// that it has there. What is there already is not sent again.
    ///
    /// # Errors
    /// When the commit's tag is there with another image and `force` is not set, or the image registry would not take it.
    pub(crate) async fn push(
        &self,
        id: &str,
        repository: &str,
        tags: &[String],
        force: bool,
    ) -> Result<Digest, CommandError> {
        let name = ImageReference::parse(repository)
            .map_err(|error| CommandError::usage(format!("{repository} cannot be pushed")).because(&error))?;
        let there = self.registries.repository(&name);
        let refused = |error: OciError| {
            let hint = match &error {
                OciError::Denied { .. } => Some("log in with `docker login`; the login needs the right to push"),
                error if error.may_pass() => Some("the second run goes on where this one ended"),
                _ => None,
            };
            let mut failed = CommandError::unfinished(format!("{repository} was not pushed")).because(&error);
            failed.hints.extend(hint.map(str::to_owned));
            failed
        };
        let login = self.login(&there.place.host).await?;
        let commit_tag = tags.first().map_or("latest", String::as_str);
        let before = there.by_tag_to_push(commit_tag).await.map_err(refused)?;
        if let Some(other) = before.filter(|before| !force && !is_of(before, id)) {
            let name = format!("{repository}:{commit_tag}");
            return Err(CommandError::unfinished(format!("{name} was not pushed: it is there with another digest"))
                .hint(format!("{name} is {}", other.digest))
                .hint("an image that somebody may have signed is not replaced; `--force` replaces the tag"));
        }
        for tag in tags {
            self.engine.push_image(repository, tag, login.as_ref()).await.map_err(|error| {
                CommandError::unfinished(format!("{repository} was not pushed"))
                    .because(&error)
                    .hint("the second run goes on where this one ended")
            })?;
        }
        let after = there.by_tag_to_push(commit_tag).await.map_err(refused)?;
        match after.filter(|after| is_of(after, id)) {
            Some(after) => Ok(after.digest),
            None => {
                Err(CommandError::unfinished(format!("{repository}:{commit_tag} is not the image that was pushed"))
                    .hint("does somebody else push to it at this moment?"))
            }
        }
    }

    /// The login for an image registry, if there is one.
    pub(super) async fn login(&self, host: &str) -> Result<Option<Login>, CommandError> {
        let found = self.registries.login(host).await;
        let found = found.map_err(|error| CommandError::unfinished("cannot log in").because(&error))?;
        Ok(found.map(|login| match login {
            oci::Login::IdentityToken(token) => Login::Token(token.to_string().into()),
            oci::Login::Password { user, password } => Login::Password { user, password: password.to_string().into() },
        }))
    }
}

/// Whether a manifest is of the image that the engine calls by this id: that of its configuration, or with newer image stores of
/// the manifest. A run that was killed may have pushed it without the engine's knowledge.
fn is_of(found: &Found, id: &str) -> bool {
    found.digest.as_str() == id || found.image().is_ok_and(|manifest| manifest.config.digest.as_str() == id)
}
