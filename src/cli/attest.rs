//! `attest`: attaches signed claims to an image.

use super::signing::{self, Row, SigningArgs};
use super::{Global, images, refuse};
use crate::attest::predicate::{self, PROVENANCE, Predicate, REVIEW};
use crate::attest::provenance::{Runner, provenance};
use crate::build_record::BuildRecord;
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::ids::Digest;
use crate::sign::Target;
use crate::sign::attached::MAX_ATTESTATION_BYTES;
use crate::ui::Ui;
use crate::verdict::ReviewReport;
use clap::{ArgGroup, Args};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The maximum size of what is attested, in bytes: base64 makes a third more of it, twice.
const MAX_PREDICATE_BYTES: u64 = MAX_ATTESTATION_BYTES / 2;

/// Attach a signed claim to an image: its provenance, a bill of materials, a review, or your own.
///
/// The same claim is not written twice. Where the key's signatures of the image are in a layout, its claims are written there,
/// too, whatever --layout says: readers of one layout do not see the other.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("what").required(true).multiple(true).args(["predicate", "sbom", "review", "record"])),
    after_help = "Examples:
  mcp-registry attest --key cosign.key --record build-record.json IMAGE@DIGEST
  mcp-registry attest --key cosign.key --sbom sbom.spdx.json IMAGE@DIGEST
  mcp-registry attest --key cosign.key --review reviews/weather/report.json IMAGE@DIGEST
  mcp-registry attest --key cosign.key --type https://example.com/audit/v1 --predicate audit.json IMAGE@DIGEST"
)]
pub(super) struct AttestArgs {
    /// The image, by digest.
    #[arg(value_name = "IMAGE@DIGEST")]
    image: String,
    #[command(flatten)]
    signing: SigningArgs,
    /// What kind of claim: slsaprovenance1, spdxjson, cyclonedx, review, or a URI. Needed with --predicate only.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// The claim, JSON.
    #[arg(long, value_name = "FILE", requires = "kind", conflicts_with_all = ["sbom", "review", "record"])]
    predicate: Option<PathBuf>,
    /// A bill of materials: SPDX 2 or CycloneDX, JSON.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["review", "record"])]
    sbom: Option<PathBuf>,
    /// The report.json of a review. With --record, only its digest goes into the provenance.
    #[arg(long, value_name = "FILE")]
    review: Option<PathBuf>,
    /// What `build --record` wrote: its provenance is made (SLSA v1).
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Replace older claims of this type by this key.
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(args: &AttestArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    let kind = args.kind.as_deref().map(predicate::kind).transpose();
    let kind = kind.map_err(|message| refuse(message).hint("`attest --help` lists the types"))?;
    let predicate = predicate(args, kind.as_deref(), context)?;
    if let Some(kind) = kind.filter(|kind| *kind != predicate.kind) {
        return Err(refuse(format!("`--type` is `{kind}`, and the file is `{}`", predicate.kind)));
    }
    let prepared = signing::prepare(std::slice::from_ref(&args.image), &args.signing, global, context, ui)?;
    let (target, attested) = prepared.wait(async {
        let image = prepared.images.first().ok_or_else(|| refuse("no image"))?;
        let target = Target::by_digest(&prepared.registries, image, prepared.signatures.as_ref()).await;
        let target = target.map_err(|error| images::no_target(&error))?;
        let attested = crate::attest::attest(&target, &predicate, args.replace, &prepared.signer()).await;
        let what = format!("cannot attest {}", target.reference());
        let attested = attested.map_err(|error| signing::failed(&what, &error))?;
        Ok((target, attested))
    })?;
    if attested.layouts != prepared.signer().layouts {
        ui.say("written in both layouts, because signatures or attestations of this image by the key are in both");
    }
    let row =
        Row { target: &target, kind: Some(&predicate.kind), written: attested.written, replaced: attested.replaced };
    signing::show("attest", &[row], args.signing.rekor_url.is_some(), global, ui)?;
    Ok(exit::CLEAN)
}

/// The claim that the options name.
fn predicate(args: &AttestArgs, kind: Option<&str>, context: &Context) -> Result<Predicate, CommandError> {
    let wrong = |path: &Path, reason: String| refuse(format!("`{}` cannot be attested: {reason}", path.display()));
    match (&args.record, &args.predicate, &args.sbom, &args.review) {
        (Some(path), ..) => {
            let record = BuildRecord::parse(&read(path)?).map_err(|error| wrong(path, error.to_string()))?;
            let image = images::parse(&args.image)?;
            match &record.digest {
                Some(digest) if Some(digest.as_str()) == image.digest.as_deref() => {}
                Some(digest) => return Err(wrong(path, format!("it is of the image {digest}"))),
                None => {
                    let error = wrong(path, "its image was not pushed".to_owned());
                    return Err(error.hint("build with `--push`: only then there is a digest to attest"));
                }
            }
            let review = args.review.as_deref().map(|path| Ok(Digest::of(&checked_review(path)?))).transpose()?;
            let runner = Runner { workflow: context.github_workflow.clone(), invocation: context.github_run.clone() };
            let made = provenance(&record, &runner, review.as_ref());
            debug_assert_eq!(made.kind, PROVENANCE);
            Ok(made)
        }
        (_, Some(path), ..) => {
            let kind = kind.ok_or_else(|| refuse("`--predicate` needs `--type`"))?;
            predicate::parse(kind, &read(path)?).map_err(|reason| wrong(path, reason))
        }
        (_, _, Some(path), _) => predicate::sbom(&read(path)?).map_err(|reason| wrong(path, reason)),
        (_, _, _, Some(path)) => predicate::parse(REVIEW, &checked_review(path)?).map_err(|reason| wrong(path, reason)),
        _ => Err(refuse("nothing to attest")),
    }
}

/// A report of a review, as bytes.
fn checked_review(path: &Path) -> Result<Vec<u8>, CommandError> {
    let text = read(path)?;
    let wrong = |reason: String| refuse(format!("`{}` is not the report of a review: {reason}", path.display()));
    serde_json::from_slice::<ReviewReport>(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(text)
}

fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let cannot = |error: std::io::Error| refuse(format!("cannot read `{}`", path.display())).because(&error);
    let mut text = Vec::new();
    let limit = MAX_PREDICATE_BYTES + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut text)).map_err(cannot)?;
    if text.len() as u64 > MAX_PREDICATE_BYTES {
        let message = format!("`{}` is larger than {MAX_PREDICATE_BYTES} bytes", path.display());
        return Err(refuse(message).hint("an image registry is not the place for it"));
    }
    Ok(text)
}
