//! Names of images, and image registries as the engine reaches them.

use super::{Engine, EngineError, failed};
use bollard::auth::DockerCredentials;
use bollard::query_parameters::{PushImageOptions, RemoveImageOptions, TagImageOptions};
use futures_util::StreamExt;
use secrecy::{ExposeSecret, SecretString};

/// Who somebody is at an image registry.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    /// A name and a password.
    Password { user: String, password: SecretString },
    /// A token that stands for both.
    Token(SecretString),
}

impl Login {
    pub(super) fn credentials(&self) -> DockerCredentials {
        match self {
            Self::Password { user, password } => DockerCredentials {
                username: Some(user.clone()),
                password: Some(password.expose_secret().to_owned()),
                ..DockerCredentials::default()
            },
            Self::Token(token) => DockerCredentials {
                identitytoken: Some(token.expose_secret().to_owned()),
                ..DockerCredentials::default()
            },
        }
    }
}

impl Engine {
    /// Gives an image a name.
    ///
    /// # Errors
    /// When the engine would not.
    pub(crate) async fn tag_image(&self, image: &str, repository: &str, tag: &str) -> Result<(), EngineError> {
        let options = TagImageOptions { repo: Some(repository.to_owned()), tag: Some(tag.to_owned()) };
        let done = self.docker.tag_image(image, Some(options)).await;
        done.map_err(failed(format!("name the image {repository}:{tag}")))
    }

    /// Removes an image that nothing may keep: the result of a build that was refused. That it is gone already is no error.
    ///
    /// # Errors
    /// When the engine would not.
    pub(crate) async fn discard_image(&self, id: &str) -> Result<(), EngineError> {
        let options = RemoveImageOptions { force: true, ..RemoveImageOptions::default() };
        match self.docker.remove_image(id, Some(options), None).await.map_err(failed(format!("remove {id}"))) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Sends an image to the image registry that its name names.
    ///
    /// # Errors
    /// When the image registry would not take it.
    pub(crate) async fn push_image(
        &self,
        repository: &str,
        tag: &str,
        login: Option<&Login>,
    ) -> Result<(), EngineError> {
        let options = PushImageOptions { tag: Some(tag.to_owned()), ..PushImageOptions::default() };
        let mut progress =
            std::pin::pin!(self.docker.push_image(repository, Some(options), login.map(Login::credentials)));
        while let Some(step) = progress.next().await {
            step.map_err(failed(format!("push {repository}:{tag}")))?;
        }
        Ok(())
    }
}
