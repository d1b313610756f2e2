//! Images: made out of an archive, looked up, fetched, removed.

use super::publish::Login;
use super::{Engine, EngineError, Labels, TarStream, failed};
use bollard::body_try_stream;
use bollard::query_parameters::{CreateImageOptions, ListImagesOptions, RemoveImageOptions};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use std::collections::HashMap;
use std::fmt::Write;

/// What an image says about itself, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    /// `sha256:…`, the id of its configuration: it names exactly this image.
    pub(crate) id: String,
    /// The names it has in image registries, each with the digest of its manifest.
    pub(crate) digests: Vec<String>,
    /// What it starts: the entry point and its arguments.
    pub(crate) command: Vec<String>,
    /// How many words of `command` are the entry point.
    pub(crate) entry_words: usize,
    /// The variables of its environment, `NAME=value`.
    pub(crate) environment: Vec<String>,
    /// Where it starts; empty for `/`.
    pub(crate) directory: String,
    /// The folders that it wants as volumes.
    pub(crate) volumes: Vec<String>,
    /// Its labels. Whoever made the image wrote them.
    pub(crate) labels: Labels,
    /// The digests of its layers' archives, the lowest first: `sha256:…`. They name exactly what is in it.
    pub(crate) layers: Vec<String>,
    /// Whether it has the engine start something of it now and then.
    pub(crate) healthcheck: bool,
    /// What it has every build do that starts from it: `ONBUILD`.
    pub(crate) triggers: Vec<String>,
}

impl Engine {
    /// The ids of all images that carry a label: `name`, or `name=value`.
    ///
    /// # Errors
    /// When the engine would not list them.
    pub(crate) async fn images_with(&self, label: &str) -> Result<Vec<String>, EngineError> {
        let filters: HashMap<String, Vec<String>> = [("label".to_owned(), vec![label.to_owned()])].into();
        let options = ListImagesOptions { filters: Some(filters), ..ListImagesOptions::default() };
        let images = self.docker.list_images(Some(options)).await.map_err(failed("list images"))?;
        Ok(images.into_iter().map(|image| image.id).collect())
    }

    /// Makes an image of one layer, with nothing below it, and returns its id. It exists whole or not at all.
    ///
    /// # Errors
    /// When the engine would not, or the archive breaks off.
    pub(crate) async fn import_image(
        &self,
        name: &str,
        tag: &str,
        labels: &Labels,
        archive: TarStream,
    ) -> Result<String, EngineError> {
        let mut label = "LABEL".to_owned();
        for (name, value) in labels {
            let _ = write!(label, " {name}={value}");
        }
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            repo: Some(name.to_owned()),
            tag: Some(tag.to_owned()),
            changes: vec![label],
            ..CreateImageOptions::default()
        };
        let answers = self.docker.create_image(Some(options), Some(body_try_stream(archive)), None);
        let answers: Vec<_> = answers.try_collect().await.map_err(failed(format!("make the image {name}")))?;
        // The last line of the answer is the id.
        match answers.into_iter().rev().find_map(|answer| answer.status.filter(|text| text.starts_with("sha256:"))) {
            Some(id) => Ok(id),
            None => Ok(self.inspect_image(&format!("{name}:{tag}")).await?.map(|image| image.id).unwrap_or_default()),
        }
    }

    /// What an image says about itself; nothing when the engine does not have it.
    ///
    /// # Errors
    /// When the engine would not say.
    pub(crate) async fn inspect_image(&self, reference: &str) -> Result<Option<Image>, EngineError> {
        let image = match self.docker.inspect_image(reference).await.map_err(failed(format!("inspect {reference}"))) {
            Ok(image) => image,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let config = image.config.unwrap_or_default();
        let mut command = config.entrypoint.unwrap_or_default();
        let entry_words = command.len();
        command.extend(config.cmd.unwrap_or_default());
        let mut volumes = config.volumes.unwrap_or_default();
        volumes.sort();
        Ok(Some(Image {
            id: image.id.unwrap_or_default(),
            digests: image.repo_digests.unwrap_or_default(),
            command,
            entry_words,
            environment: config.env.unwrap_or_default(),
            directory: config.working_dir.unwrap_or_default(),
            volumes,
            labels: config.labels.unwrap_or_default(),
            layers: image.root_fs.and_then(|root| root.layers).unwrap_or_default(),
            healthcheck: config.healthcheck.is_some(),
            triggers: config.on_build.unwrap_or_default(),
        }))
    }

    /// An image as the engine archives it: `docker save`.
    pub(crate) fn save_image(&self, reference: &str) -> impl Stream<Item = Result<Bytes, EngineError>> {
        let action = format!("archive {reference}");
        self.docker.export_image(reference).map(move |bytes| bytes.map_err(failed(action.clone())))
    }

    /// Has the engine fetch an image.
    ///
    /// # Errors
    /// When it cannot be fetched.
    pub(crate) async fn pull_image(&self, reference: &str) -> Result<(), EngineError> {
        self.pull_image_as(reference, None, None).await
    }

    /// The same, of a platform and with a login.
    ///
    /// # Errors
    /// When it cannot be fetched.
    pub(crate) async fn pull_image_as(
        &self,
        reference: &str,
        platform: Option<&str>,
        login: Option<&Login>,
    ) -> Result<(), EngineError> {
        let options = CreateImageOptions {
            from_image: Some(reference.to_owned()),
            platform: platform.unwrap_or_default().to_owned(),
            ..CreateImageOptions::default()
        };
        let login = login.map(Login::credentials);
        let mut progress = std::pin::pin!(self.docker.create_image(Some(options), None, login));
        while let Some(step) = progress.next().await {
            step.map_err(failed(format!("fetch the image {reference}")))?;
        }
        Ok(())
    }

    /// Removes an image unless something uses it. Says whether it is gone.
    ///
    /// # Errors
    /// When the engine would not answer.
    pub async fn remove_unused_image(&self, id: &str) -> Result<bool, EngineError> {
        // Without force: a container that uses it keeps it, whether it runs or not.
        let options = RemoveImageOptions { force: false, ..RemoveImageOptions::default() };
        match self.docker.remove_image(id, Some(options), None).await.map_err(failed(format!("remove {id}"))) {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
