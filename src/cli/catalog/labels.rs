//! Whether images say of themselves which server of the community registry they are: it checks so before it takes an entry.

use super::{CatalogArgs, finding};
use crate::build::labels::SERVER_NAME;
use crate::catalog::{Published, rules};
use crate::cli::outside::Outside;
use crate::cli::published::Gathered;
use crate::cli::{images, refuse};
use crate::context::Context;
use crate::error::CommandError;
use crate::finding::Severity;
use crate::ids::ImageReference;
use crate::route;
use crate::sign::{Registries, Target};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

/// The largest configuration of an image that is read, in bytes.
const MAX_CONFIG: u64 = 4 << 20;
/// Images that are asked for concurrently.
const CONCURRENCY: usize = 16;

/// Compares the label of each image with the name of its `server.json`, byte for byte.
pub(super) fn check(
    servers: &[(Published, Value)],
    args: &CatalogArgs,
    gathered: &mut Gathered,
    context: &Context,
) -> Result<(), CommandError> {
    let mut wanted = Vec::new();
    for (entry, server) in servers {
        let Some(image) = entry.image.as_ref().filter(|image| image.pinned) else { continue };
        let image = images::parse(&image.reference)?;
        wanted.push((entry, image, server["name"].as_str().unwrap_or_default()));
    }
    let mut reach = args.reach.reach(context)?;
    reach.allow.extend(gathered.policy.settings.network.allow.iter().copied());
    // The operator named those of the file of digests.
    let named: Vec<&ImageReference> = wanted.iter().map(|(_, image, _)| image).collect();
    let registries = images::registries(&reach, &named)?;
    let outside = Outside::start()?;
    let found = outside.wait(async {
        let registries = &registries;
        let one = |(entry, image, name): (_, ImageReference, _)| async move {
            label(registries, &image).await.map(|label| (entry, name, label))
        };
        let all = stream::iter(wanted.into_iter().map(one)).buffered(CONCURRENCY).try_collect::<Vec<_>>();
        tokio::select! {
            found = all => found,
            () = outside.stopped() => Err(CommandError::unfinished("stopped before every image was read")),
        }
    });
    for (entry, name, label) in found? {
        if label.as_deref() == Some(name) {
            continue;
        }
        let said = label.map_or("has no label".to_owned(), |label| format!("says `{label}` in the label"));
        let entry: &Published = entry;
        let message = format!("the image {said} `{SERVER_NAME}`, which must be `{name}`");
        let help = format!("`mcp-registry build {} --push --server-name {name}` sets it", entry.name);
        let rule = (rules::OTHER_SERVER_NAME, Severity::Error);
        gathered.findings.push(finding(entry, rule, route!["image"], message, help));
    }
    Ok(())
}

/// The label of an image; of an index that of its first image.
async fn label(registries: &Registries, image: &ImageReference) -> Result<Option<String>, CommandError> {
    let failed =
        |error: &dyn std::error::Error| CommandError::unfinished(format!("cannot read {image}")).because(error);
    let target = Target::find(registries, image, None).await.map_err(|error| images::no_target(&error))?;
    let members = target.members().await.map_err(|error| images::no_target(&error))?;
    let first = members.first().unwrap_or(&target);
    let manifest = first.manifest.image().map_err(|what| refuse(format!("{image} is {what}")))?;
    let config = first.repository.blob(&manifest.config, MAX_CONFIG).await.map_err(|error| failed(&error))?;
    let config: Value = serde_json::from_slice(&config).map_err(|error| failed(&error))?;
    Ok(config["config"]["Labels"][SERVER_NAME].as_str().map(ToOwned::to_owned))
}
