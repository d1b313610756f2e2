//! Has a scanner look at one image after another.

use super::ScannerArgs;
use crate::cli::outside::Outside;
use crate::cli::subjects::Named;
use crate::cli::{Global, images, refuse, tools};
use crate::context::Context;
use crate::error::CommandError;
use crate::layout::{self, InEngine, Layout};
use crate::review::sandbox::{Cancel, Stop};
use crate::review::workspace::Workspace;
use crate::sbom::Place;
use crate::scan::report::ScanReport;
use crate::scan::{ScanError, Scanner, scan};
use crate::sign::{Registries, Target};
use crate::tool::Limits;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The report about an image, and the digests of that image.
#[derive(Debug)]
pub(in crate::cli) struct Scanned {
    pub(super) report: ScanReport,
    pub(super) known: BTreeSet<String>,
}

/// A scanner, and what it needs.
pub(in crate::cli) struct Looking {
    pub(super) scanner: Scanner,
    database: Option<PathBuf>,
    platform: Option<String>,
    max_image: u64,
    limits: Limits,
    offline: bool,
    place: Place,
    workspace: Workspace,
    registries: Registries,
    cancel: Cancel,
    /// How many images it has looked at: each has folders of its own.
    count: AtomicUsize,
}

impl Looking {
    pub(in crate::cli) fn new(
        args: &ScannerArgs,
        global: &Global,
        context: &Context,
        registries: Registries,
        outside: &Outside,
    ) -> Result<Self, CommandError> {
        let scanner = args.parsed()?;
        if global.offline && args.scanner_network {
            return Err(refuse("`--offline` and `--scanner-network` exclude each other"));
        }
        let cancel = Cancel::new();
        let stopped = cancel.clone();
        outside.on_stop(move || stopped.cancel(Stop::Interrupted));
        // It starts elsewhere, and what it is told must lead to the same folder.
        let absolute = |folder: &PathBuf| std::path::absolute(folder);
        let database = args.database.as_ref().map(absolute).transpose();
        Ok(Self {
            scanner,
            database: database.map_err(|error| refuse("the folder of `--database` cannot be found").because(&error))?,
            platform: args.platform.clone(),
            max_image: args.max_image,
            limits: args.limits(),
            offline: global.offline,
            place: tools::place(context),
            workspace: tools::workspace(context)?,
            registries,
            cancel,
            count: AtomicUsize::new(0),
        })
    }

    /// Refuses one report for many images.
    pub(in crate::cli) fn check(&self, images: usize) -> Result<(), CommandError> {
        match &self.scanner {
            Scanner::File(file) if images > 1 => {
                let message = format!("`{}` is a report about one image, and {images} are scanned", file.display());
                Err(refuse(message).hint("a folder has one for each: `NAME.sarif` or `NAME.json`"))
            }
            _ => Ok(()),
        }
    }

    /// The report about an image: of the engine, or of its image registry.
    pub(in crate::cli) async fn look(&self, named: &Named, in_engine: bool) -> Result<Scanned, CommandError> {
        if let Some(missing) = &named.missing {
            return Err(CommandError::unfinished(format!("`{}` was not scanned: {missing}", named.shown)));
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let folder = self.workspace.place(&format!("image-{number}"));
        let home = self.workspace.place(&format!("home-{number}"));
        let failed = || CommandError::unfinished(format!("`{}` was not scanned", named.shown));
        std::fs::create_dir_all(&home).map_err(|error| failed().because(&error))?;
        let done = async {
            let (layout, known) = if in_engine {
                self.of_engine(named, &folder).await?
            } else {
                self.of_registry(named, &folder).await?
            };
            let mut names: Vec<String> = named.entry.iter().map(|of| of.name.to_string()).collect();
            names.extend(known.iter().map(|digest| digest.replace(':', "-")));
            let (image, place) = ((layout.as_ref(), &names[..]), (&self.place, home.as_path()));
            let report = scan(&self.scanner, image, self.database.as_deref(), place, &self.limits, &self.cancel).await;
            let report = report.map_err(|error| match &error {
                ScanError::Tool(tool) => tools::explained(failed().because(&error), tool),
                _ => failed().because(&error),
            })?;
            Ok(Scanned { report, known })
        };
        let done = done.await;
        // One image at a time is on the disk.
        for folder in [&folder, &home] {
            let _ = std::fs::remove_dir_all(folder);
        }
        done
    }

    async fn of_engine(
        &self,
        named: &Named,
        folder: &Path,
    ) -> Result<(Option<Layout>, BTreeSet<String>), CommandError> {
        let shown = &named.shown;
        let failed = |error: &dyn std::error::Error| {
            let hint = "start Docker, or set DOCKER_HOST to where it listens";
            CommandError::unfinished(format!("`{shown}` was not scanned")).because(error).hint(hint)
        };
        let found = InEngine::find(self.place.engine.docker_host.as_deref(), shown).await;
        let image = found.map_err(|error| failed(&error))?.ok_or_else(|| {
            let name = named.entry.as_ref().map_or("NAME", |of| &of.name);
            CommandError::unfinished(format!("the engine does not have the image `{shown}`"))
                .hint(format!("`mcp-registry build {name}` builds it; `--digests FILE` looks at published ones"))
        })?;
        let mut known = image.known();
        if self.scanner.is_elsewhere() {
            return Ok((None, known));
        }
        let saved = self.unless_stopped(image.save(self.max_image, folder)).await?;
        let layout = saved.map_err(|error| tools::no_layout(shown, &error))?;
        known.extend([layout.manifest.to_string(), layout.config.to_string()]);
        Ok((Some(layout), known))
    }

    async fn of_registry(
        &self,
        named: &Named,
        folder: &Path,
    ) -> Result<(Option<Layout>, BTreeSet<String>), CommandError> {
        let image = &named.subject.image;
        let mut known: BTreeSet<String> = image.digest.clone().into_iter().collect();
        if self.offline {
            if self.scanner.is_elsewhere() && !known.is_empty() {
                return Ok((None, known));
            }
            return Err(refuse(format!("`{image}` is in an image registry, which `--offline` forbids to reach")));
        }
        let found = self.unless_stopped(Target::find(&self.registries, image, None)).await?;
        let target = found.map_err(|error| images::no_target(&error))?;
        known.insert(target.digest.to_string());
        let unread = |error: &layout::LayoutError| tools::no_layout(&named.shown, error);
        let wanted = self.platform.as_deref();
        let platform = layout::platform(&target.repository, &target.manifest, wanted).await;
        if self.scanner.is_elsewhere() {
            // Of an index it is enough that a report is about one of its images, or about the index.
            if let Ok(platform) = platform {
                known.extend([platform.digest().to_string(), platform.image.config.digest.to_string()]);
            }
            return Ok((None, known));
        }
        let platform = platform.map_err(|error| unread(&error))?;
        let fetched = layout::fetch(&target.repository, &platform, self.max_image, folder);
        let layout = self.unless_stopped(fetched).await?.map_err(|error| unread(&error))?;
        known.extend([layout.manifest.to_string(), layout.config.to_string()]);
        Ok((Some(layout), known))
    }

    async fn unless_stopped<T>(&self, what: impl Future<Output = T>) -> Result<T, CommandError> {
        tokio::select! {
            done = what => Ok(done),
            _ = self.cancel.cancelled() => Err(CommandError::unfinished("stopped")),
        }
    }
}
