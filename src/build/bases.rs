//! What base images would have a build do, looked at before it: `ONBUILD` of an image is in no Dockerfile that anybody reads.

use super::context::Context;
use super::{Builder, Options, Plan};
use crate::dockerfile::Dockerfile;
use crate::engine::publish::Login;
use crate::engine::{Engine, EngineError};
use crate::error::CommandError;
use crate::ids::ImageReference;
use std::collections::{BTreeMap, BTreeSet};

/// Refuses base images with triggers. One that the engine does not have is fetched first. Whether every image that the build
/// takes anything from was fetched now.
///
/// # Errors
/// When one has triggers, or cannot be looked at.
pub(super) async fn check(
    engine: &Engine,
    plan: &Plan,
    context: &Context,
    options: &Options,
    engine_platform: &str,
    logins: &[(String, Login)],
) -> Result<bool, CommandError> {
    if options.allow_onbuild {
        return Ok(false);
    }
    let entry = &plan.subject.entry;
    let dockerfile = Dockerfile::parse(&context.dockerfile_text);
    let bases = dockerfile.bases(&options.arguments, &platforms(options, engine_platform));
    let others = dockerfile.images().iter().any(|(instruction, _)| instruction.name != "FROM");
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    let mut unclear = false;
    for base in bases {
        let (path, line) = (&context.dockerfile, base.line);
        let written = &base.written;
        let image = match base.image.map(|image| reference(&image).ok_or(image)) {
            Ok(Ok(image)) => image,
            Ok(Err(image)) => {
                problems.push(format!("{path}:{line}: `{image}`, which `{written}` is, is not an image reference"));
                continue;
            }
            Err(why) => {
                problems
                    .push(format!("{path}:{line}: which image `{written}` is cannot be said before the build: {why}"));
                unclear = true;
                continue;
            }
        };
        let platform =
            base.platform.or_else(|| options.platform.clone()).filter(|platform| platform != engine_platform);
        if !seen.insert((image.clone(), platform.clone())) {
            continue;
        }
        let triggers = triggers(engine, &image, platform.as_deref(), options.pull, logins).await.map_err(|error| {
            CommandError::unfinished(format!("`{entry}` was not built: its base image {image} cannot be looked at"))
                .because(&error)
        })?;
        for trigger in triggers {
            let what = format!("the base image {image} has `ONBUILD {trigger}`, which the build would do");
            problems.push(format!("{path}:{line}: {what}"));
        }
    }
    if problems.is_empty() {
        return Ok(options.pull && !others);
    }
    let mut error = CommandError::usage(format!("`{entry}` was not built: its base images are refused"));
    error.causes = problems;
    if unclear {
        error = error.hint("write the image without variables, or give them values with `--build-arg NAME=VALUE`");
    }
    Err(error.hint("`--allow-onbuild` builds upon them, and does whatever they say"))
}

/// The triggers of an image.
async fn triggers(
    engine: &Engine,
    image: &str,
    platform: Option<&str>,
    pull: bool,
    logins: &[(String, Login)],
) -> Result<Vec<String>, EngineError> {
    let known = engine.inspect_image(image).await?;
    if known.is_none() || pull || platform.is_some() {
        let host = ImageReference::parse(image).map(|image| image.registry().to_owned()).unwrap_or_default();
        let login = logins.iter().find(|(of, _)| *of == host).map(|(_, login)| login);
        match engine.pull_image_as(image, platform, login).await {
            // An image that was made here, for another platform.
            Err(_) if known.is_some() && !pull => {}
            done => done?,
        }
    }
    Ok(engine.inspect_image(image).await?.map(|image| image.triggers).unwrap_or_default())
}

/// An image as the engine fetches it: without a tag it would fetch all of them.
fn reference(image: &str) -> Option<String> {
    let parsed = ImageReference::parse(image).ok()?;
    let has_version = parsed.tag.is_some() || parsed.digest.is_some();
    Some(if has_version { image.to_owned() } else { format!("{image}:latest") })
}

/// The variables that BuildKit sets.
fn platforms(options: &Options, engine: &str) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    if options.builder == Builder::Classic {
        return values;
    }
    let target = options.platform.as_deref().unwrap_or(engine);
    let names =
        [(target, ["TARGETPLATFORM", "TARGETOS", "TARGETARCH"]), (engine, ["BUILDPLATFORM", "BUILDOS", "BUILDARCH"])];
    for (platform, [whole, system, processor]) in names {
        values.insert(whole, platform.to_owned());
        let mut parts = platform.split('/').map(str::to_owned);
        values.extend(parts.next().map(|part| (system, part)));
        values.extend(parts.next().map(|part| (processor, part)));
    }
    values
}
