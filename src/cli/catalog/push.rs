//! The catalog as an OCI artifact.

use super::{CatalogArgs, check_shrink, entries_of};
use crate::catalog::artifact::{self, Artifact};
use crate::catalog::push::{self, There};
use crate::cli::outside::Outside;
use crate::cli::published::Gathered;
use crate::cli::{Global, images, policy, refuse};
use crate::context::Context;
use crate::error::CommandError;
use crate::ids::ImageReference;
use crate::output::{Format, escape};
use crate::sign::Registries;
use crate::ui::Ui;

/// A push that was looked at and not begun.
pub(super) struct Push {
    reference: ImageReference,
    registries: Registries,
    title: String,
    assets: Option<String>,
    format: Format,
}

/// Looks at what is asked for, before anything is gathered.
pub(super) fn prepare(
    reference: &str,
    args: &CatalogArgs,
    global: &Global,
    context: &Context,
) -> Result<Push, CommandError> {
    if global.offline {
        return Err(refuse("`--push` writes to an image registry, which `--offline` forbids"));
    }
    let title = args.title.clone().unwrap_or_default();
    if title.trim().is_empty() {
        return Err(refuse("`--title` is empty, and the Gateway refuses such a catalog"));
    }
    let reference = images::parse(reference)?;
    if reference.digest.is_some() {
        return Err(refuse(format!("`--push {reference}` names a digest, which only the pushed bytes decide"))
            .hint("name a tag, or nothing for `latest`"));
    }
    let mut reach = args.reach.reach(context)?;
    reach.allow.extend(policy::load(&global.root, None)?.settings.network.allow);
    let registries = images::registries(&reach, &[&reference])?;
    let assets = args.assets.as_ref().map(|url| url.trim_end_matches('/').to_owned());
    Ok(Push { reference, registries, title, assets, format: global.format })
}

impl Push {
    /// Pushes the catalog, unless its tag leads to these bytes already. The digest is the result.
    pub(super) fn run(&self, gathered: &Gathered, allow_shrink: bool, ui: &Ui) -> Result<(), CommandError> {
        let refusals = artifact::refusals(&gathered.published);
        if !refusals.is_empty() {
            let mut error = CommandError::usage(format!(
                "the Gateway would refuse the catalog for {} in it: nothing was pushed",
                entries_of(refusals.len())
            ));
            error.excerpt = refusals.into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
            return Err(error.hint("`--from` leaves entries out: --from 'name!=NAME'"));
        }
        let artifact = Artifact::of(&gathered.published, &self.title, self.assets.as_deref());
        let tag = push::tag(&self.reference);
        let outside = Outside::start()?;
        let pushed = outside.wait(async {
            tokio::select! {
                pushed = self.push(&artifact, gathered, allow_shrink) => pushed,
                () = outside.stopped() => Err(CommandError::unfinished("stopped before the catalog was pushed")),
            }
        });
        let (digest, is_new) = pushed?;
        let count = entries_of(gathered.published.len());
        ui.say(&match is_new {
            true => format!("pushed {count} to {}:{tag}", self.reference.name()),
            false => format!("{}:{tag} has these {count} already", self.reference.name()),
        });
        let reference = format!("{}@{digest}", self.reference.name());
        // In another form than for people, the result is the report.
        match self.format {
            Format::Human => ui.result(&format!("{}\n", escape::terminal(&reference))),
            _ => {
                ui.say(&reference);
                Ok(())
            }
        }
    }

    async fn push(
        &self,
        artifact: &Artifact,
        gathered: &Gathered,
        allow_shrink: bool,
    ) -> Result<(String, bool), CommandError> {
        let shown = format!("{}:{}", self.reference.name(), push::tag(&self.reference));
        let failed = |error: &dyn std::error::Error| {
            CommandError::unfinished(format!("the catalog cannot be pushed to {shown}")).because(error)
        };
        match push::look(&self.registries, &self.reference, artifact).await.map_err(|error| failed(&error))? {
            There::Same => return Ok((artifact.digest().as_str().to_owned(), false)),
            There::Other => {
                return Err(refuse(format!("what is at {shown} is not a catalog"))
                    .hint("name another tag: users of what is there would get a catalog"));
            }
            There::Catalog(before) => check_shrink(&before, gathered, allow_shrink, &shown)?,
            There::Nothing => {}
        }
        let digest = push::write(&self.registries, &self.reference, artifact).await.map_err(|error| failed(&error))?;
        Ok((digest.as_str().to_owned(), true))
    }
}
