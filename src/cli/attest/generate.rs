//! Bills of materials that a generator makes.

use super::AttestArgs;
use super::claim::MAX_PREDICATE_BYTES;
use crate::attest::predicate::Predicate;
use crate::attest::present;
use crate::cli::refuse;
use crate::cli::signing::{self, Prepared};
use crate::cli::tools;
use crate::context::Context;
use crate::error::CommandError;
use crate::layout;
use crate::review::sandbox::{Cancel, Stop};
use crate::review::workspace::Workspace;
use crate::sbom::{self, Generator, Place, SbomError};
use crate::sign::Target;
use crate::tool::Limits;
use crate::ui::Ui;

/// A generator, and what it needs.
pub(super) struct Generating<'a> {
    generator: &'a Generator,
    kind: &'static str,
    place: Place,
    workspace: Workspace,
    limits: Limits,
    cancel: Cancel,
}

impl<'a> Generating<'a> {
    pub(super) fn new(
        args: &'a AttestArgs,
        kind: &'static str,
        context: &Context,
        prepared: &Prepared,
    ) -> Result<Self, CommandError> {
        let generator = args.sbom_generator.as_ref().ok_or_else(|| refuse("no generator"))?;
        let cancel = Cancel::new();
        let stopped = cancel.clone();
        prepared.outside.on_stop(move || stopped.cancel(Stop::Interrupted));
        let limits = Limits {
            time: args.generator_timeout,
            memory: args.generator_memory,
            output: usize::try_from(MAX_PREDICATE_BYTES).unwrap_or(usize::MAX),
            network: false,
        };
        Ok(Self {
            generator,
            kind,
            place: tools::place(context),
            workspace: tools::workspace(context)?,
            limits,
            cancel,
        })
    }

    /// What the generator makes of the image; or what it made before, which is not made again because it would say another time.
    pub(super) fn claim(
        &self,
        args: &AttestArgs,
        target: &Target,
        prepared: &Prepared,
        ui: &Ui,
    ) -> Result<Predicate, CommandError> {
        let signer = prepared.signer();
        if !args.signing.replace {
            let there = prepared.wait(async {
                let there = present(target, self.kind, signer.key.public()).await;
                there.map_err(|error| signing::failed(&format!("cannot attest {}", target.reference()), &error))
            })?;
            if let Some(there) = there {
                ui.say(&format!("{} has one by this key already: `--replace` makes another", target.reference()));
                return Ok(there);
            }
        }
        prepared.outside.wait(self.make(args, target))
    }

    async fn make(&self, args: &AttestArgs, target: &Target) -> Result<Predicate, CommandError> {
        let reference = target.reference();
        let failed = || CommandError::unfinished(format!("there is no bill of materials of {reference}"));
        let unread = |error: &layout::LayoutError| tools::no_layout(&reference, error);
        let platform = layout::platform(&target.repository, &target.manifest, args.platform.as_deref()).await;
        let platform = platform.map_err(|error| unread(&error))?;
        let folder = self.workspace.place(target.digest.hex());
        let fetched = tokio::select! {
            fetched = layout::fetch(&target.repository, &platform, args.max_image, &folder) => Some(fetched),
            _ = self.cancel.cancelled() => None,
        };
        let layout = fetched.ok_or_else(|| CommandError::unfinished("stopped"))?.map_err(|error| unread(&error))?;
        let home = self.workspace.place(&format!("home-{}", target.digest.hex()));
        std::fs::create_dir_all(&home).map_err(|error| failed().because(&error))?;
        let name = format!("{}@{}", target.name(), platform.digest());
        let (image, place) = ((&layout, name.as_str()), (&self.place, home.as_path()));
        let made = sbom::generate(self.generator, self.kind, image, place, &self.limits, &self.cancel).await;
        // One image at a time is on the disk.
        let _ = std::fs::remove_dir_all(&folder);
        made.map_err(|error| match &error {
            SbomError::Tool(tool) => tools::explained(failed().because(&error), tool),
            SbomError::Form(_) => failed().because(&error),
        })
    }
}
