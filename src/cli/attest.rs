//! `attest`: attaches signed claims to an image.

mod claim;
mod generate;

use super::signing::{self, Prepared, Row, SigningArgs};
use super::{Global, digests, images, refuse, units};
use crate::attest::predicate::{self, Predicate};
use crate::attest::{Attested, attest};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::ids::ImageReference;
use crate::sbom::Generator;
use crate::sign::Target;
use crate::ui::Ui;
use clap::{ArgGroup, Args};
use std::path::PathBuf;
use std::time::Duration;

/// Attach a signed claim to an image: its provenance, a bill of materials, a review, or your own.
///
/// The same claim is not written twice. Where the key's signatures of the image are in a layout, its claims are written there,
/// too, whatever --layout says: readers of one layout do not see the other.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("what").required(true).multiple(true)
        .args(["predicate", "sbom", "sbom_generator", "review", "record", "records"])),
    group(ArgGroup::new("which").required(true).args(["image", "digests"])),
    after_help = "Examples:
  mcp-registry attest --key cosign.key --record build-record.json IMAGE@DIGEST
  mcp-registry attest --key cosign.key --sbom sbom.spdx.json IMAGE@DIGEST
  mcp-registry attest --key cosign.key --sbom-generator syft --type cyclonedx IMAGE@DIGEST
  mcp-registry attest --key cosign.key --sbom-generator docker.io/docker/buildkit-syft-scanner:stable-1 IMAGE@DIGEST
  mcp-registry attest --key cosign.key --review reviews/weather/report.json IMAGE@DIGEST
  mcp-registry attest --key cosign.key --type https://example.com/audit/v1 --predicate audit.json IMAGE@DIGEST
  mcp-registry attest --key cosign.key --digests digests.json --records records"
)]
pub(super) struct AttestArgs {
    /// The image, by digest.
    #[arg(value_name = "IMAGE@DIGEST")]
    image: Option<String>,
    /// The images of this file, which `build --push --digests` wrote.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["predicate", "sbom", "review", "record"])]
    digests: Option<PathBuf>,
    #[command(flatten)]
    signing: SigningArgs,
    /// What kind of claim: slsaprovenance1, spdxjson, cyclonedx, review, or a URI. Needed with --predicate only; with
    /// --sbom-generator syft, it says which form of SBOM is made (default: spdxjson).
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// The claim, JSON.
    #[arg(long, value_name = "FILE", requires = "kind", conflicts_with_all = ["sbom", "sbom_generator", "review", "record", "records"])]
    predicate: Option<PathBuf>,
    /// A bill of materials: SPDX 2 or CycloneDX, JSON.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sbom_generator", "review", "record", "records"])]
    sbom: Option<PathBuf>,
    /// The report.json of a review. With --record, only its digest goes into the provenance.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sbom_generator", "records"])]
    review: Option<PathBuf>,
    /// What `build --record` wrote: its provenance is made (SLSA v1).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sbom_generator", "records"])]
    record: Option<PathBuf>,
    /// The folder that `build --records` wrote to: the provenance of each entry of --digests is made.
    #[arg(long, value_name = "DIR", requires = "digests", conflicts_with = "sbom_generator")]
    records: Option<PathBuf>,

    /// Who makes the bill of materials: `syft`, a program of the PATH, or an image that follows BuildKit's protocol for SBOM
    /// scanners. The one that is there already is kept, unless --replace.
    #[arg(long, value_name = "syft|IMAGE", value_parser = Generator::parse, help_heading = "SBOM generator")]
    sbom_generator: Option<Generator>,
    /// Of an index, the image that it looks at: linux/amd64.
    #[arg(long, value_name = "PLATFORM", requires = "sbom_generator", help_heading = "SBOM generator")]
    platform: Option<String>,
    /// The time that it may take: 90s, 30m.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = units::duration, help_heading = "SBOM generator")]
    generator_timeout: Duration,
    /// The memory that it may have. A program's is its address space.
    #[arg(long, value_name = "SIZE", default_value = "4g", value_parser = units::memory, help_heading = "SBOM generator")]
    generator_memory: u64,
    /// The maximum size of the image's layers, as the image registry has them.
    #[arg(long, value_name = "SIZE", default_value = "8g", value_parser = units::bytes, help_heading = "SBOM generator")]
    max_image: u64,
}

/// An image, and what is claimed of it; nothing yet where a generator says it.
struct Subject {
    image: ImageReference,
    claim: Option<Predicate>,
}

pub(super) fn run(args: &AttestArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    let kind = args.kind.as_deref().map(predicate::kind).transpose();
    let kind = kind.map_err(|message| refuse(message).hint("`attest --help` lists the types"))?;
    let subjects = subjects(args, kind.as_deref(), context)?;
    let generated = args.sbom_generator.as_ref().map(|generator| generator.kind(kind.as_deref())).transpose();
    let generated = generated.map_err(|message| refuse(format!("`--sbom-generator`: {message}")))?;
    for claim in subjects.iter().filter_map(|subject| subject.claim.as_ref()) {
        if let Some(kind) = kind.as_ref().filter(|kind| **kind != claim.kind) {
            return Err(refuse(format!("`--type` is `{kind}`, and the file is `{}`", claim.kind)));
        }
    }
    if subjects.is_empty() {
        ui.say("there is no image in the file of `--digests`: nothing is attested");
    }
    let named: Vec<String> = subjects.iter().map(|subject| subject.image.to_string()).collect();
    let prepared = signing::prepare(&named, &args.signing, global, context, ui)?;
    let generating = match generated {
        Some(kind) => Some(generate::Generating::new(args, kind, context, &prepared)?),
        None => None,
    };
    let mut done = Vec::new();
    for subject in subjects {
        let target = prepared.wait(find(&prepared, &subject.image))?;
        let claim = match (subject.claim, &generating) {
            (Some(claim), _) => claim,
            (None, Some(generating)) => generating.claim(args, &target, &prepared, ui)?,
            (None, None) => return Err(refuse("nothing to attest")),
        };
        let attested = prepared.wait(async {
            let attested = attest(&target, &claim, &prepared.signer()).await;
            attested.map_err(|error| signing::failed(&format!("cannot attest {}", target.reference()), &error))
        })?;
        done.push((target, claim, attested));
    }
    if done.iter().any(|(_, _, attested)| attested.layouts != prepared.signer().layouts) {
        ui.say("written in both layouts, because signatures or attestations of this image by the key are in both");
    }
    let rows: Vec<Row<'_>> = done.iter().map(row).collect();
    signing::show("attest", &rows, args.signing.rekor_url.is_some(), global, ui)?;
    Ok(exit::CLEAN)
}

fn row<'a>((target, claim, attested): &'a (Target, Predicate, Attested)) -> Row<'a> {
    Row { target, kind: Some(&claim.kind), written: &attested.written }
}

async fn find(prepared: &Prepared, image: &ImageReference) -> Result<Target, CommandError> {
    let target = Target::by_digest(&prepared.registries, image, prepared.signatures.as_ref()).await;
    target.map_err(|error| images::no_target(&error))
}

/// The images of the command line, with what is claimed of each.
fn subjects(args: &AttestArgs, kind: Option<&str>, context: &Context) -> Result<Vec<Subject>, CommandError> {
    let images: Vec<(Option<String>, ImageReference)> = match (&args.image, &args.digests) {
        (Some(image), _) => vec![(None, images::parse(image)?)],
        (None, Some(file)) => digests::read(file)?.into_iter().map(|(entry, image)| (Some(entry), image)).collect(),
        (None, None) => return Err(refuse("no image")),
    };
    let one = |(entry, image): (Option<String>, ImageReference)| {
        let claim = match args.sbom_generator {
            Some(_) => None,
            None => Some(claim::read(args, kind, entry.as_deref(), &image, context)?),
        };
        Ok(Subject { image, claim })
    };
    images.into_iter().map(one).collect()
}
