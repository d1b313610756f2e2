//! `scan`: known vulnerabilities of images.

mod look;
mod options;
mod result;

pub(super) use look::{Looking, Scanned};
pub(super) use options::ScannerArgs;
pub(super) use result::{Found, findings, first_fixable};

use super::fail_on::FailOn;
use super::images::{self, ImageArgs};
use super::outside::Outside;
use super::subjects::{self, Named};
use super::{Global, digests, entries, policy, refuse};
use crate::context::Context;
use crate::entry::load;
use crate::error::CommandError;
use crate::ids::ImageReference;
use crate::policy::Policy;
use crate::ui::Ui;
use clap::{ArgGroup, Args};
use std::path::PathBuf;

/// Find known vulnerabilities of images, with the scanner of your choice.
///
/// An image is one of an image registry, by digest, or the one that the engine has of an entry. The scanner gets its content and
/// nothing else: no socket, no login, and no network unless --scanner-network. What can be fixed comes first.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("which").required(true).multiple(true).args(["images", "all", "digests"])),
    after_help = "Examples:
  mcp-registry scan --scanner trivy --database ~/.cache/trivy weather
  mcp-registry scan --scanner grype=docker.io/anchore/grype:v0.120.0 --database ~/.cache/grype/db IMAGE@DIGEST
  mcp-registry scan --scanner report.sarif IMAGE@DIGEST
  mcp-registry scan --scanner reports --all --digests digests.json --format github"
)]
pub(super) struct ScanArgs {
    /// Entries by folder name, whose images the engine has, and images by digest.
    #[arg(value_name = "NAME|IMAGE@DIGEST", conflicts_with = "all")]
    images: Vec<String>,
    /// The images of all entries in the namespace of the registry.
    #[arg(long)]
    all: bool,
    /// The images that `build --push --digests` published, in place of those that the engine has. Alone: all of them.
    #[arg(long, value_name = "FILE")]
    digests: Option<PathBuf>,
    #[command(flatten)]
    scanner: ScannerArgs,
    /// The least severity that fails the run (default: `fail-on` of `[scan]` in the policy, else error).
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    reach: ImageArgs,
}

pub(super) fn run(args: &ScanArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    let has_registry = subjects::has_registry(global);
    let policy = if args.all || has_registry { policy::load(&global.root, None)? } else { Policy::default() };
    let subjects = subjects(args, global, &policy)?;
    let outside = Outside::start()?;
    let mut reach = args.reach.reach(context)?;
    reach.allow.extend(policy.settings.network.allow.iter().copied());
    let known: Vec<&ImageReference> = subjects.iter().map(|(named, _)| &named.subject.image).collect();
    let registries = images::registries(&reach, &known)?;
    let looking = Looking::new(&args.scanner, global, context, registries, &outside)?;
    looking.check(subjects.len())?;
    let bar = ui.progress(subjects.len() as u64, "scanning");
    let scanned = outside.wait(async {
        let mut scanned = Vec::new();
        for (named, in_engine) in &subjects {
            scanned.push(looking.look(named, *in_engine).await);
            bar.inc(1);
            if outside.is_stopped() {
                break;
            }
        }
        scanned
    });
    bar.finish_and_clear();
    if scanned.len() < subjects.len() || outside.is_stopped() {
        return Err(CommandError::unfinished("stopped before everything was scanned"));
    }
    let subjects: Vec<Named> = subjects.into_iter().map(|(named, _)| named).collect();
    result::show(args, global, context, &policy, &subjects, scanned, ui)
}

/// The images, and whether each is the engine's.
fn subjects(args: &ScanArgs, global: &Global, policy: &Policy) -> Result<Vec<(Named, bool)>, CommandError> {
    if args.all {
        policy::check_root(&global.root)?;
        let found = subjects::in_namespace(global, policy, args.digests.as_deref())?;
        return Ok(found.into_iter().map(|named| (named, args.digests.is_none())).collect());
    }
    let published = args.digests.as_deref();
    if args.images.is_empty() {
        let file = published.ok_or_else(|| refuse("no image"))?;
        return Ok(subjects::published(global, file)?.0.into_iter().map(|named| (named, false)).collect());
    }
    let published = published.map(digests::read).transpose()?;
    let names = if subjects::has_registry(global) { entries::list(&global.root)? } else { Vec::new() };
    let mut found = Vec::new();
    for text in &args.images {
        if text.contains('@') {
            let namespace = &policy.settings.registry.namespace;
            let (named, _) = subjects::named(&[images::parse(text)?], global, namespace);
            found.extend(named.into_iter().map(|named| (named, false)));
            continue;
        }
        let name = entries::named(text, &names).map_err(|error| {
            error.hint("an image is named by digest: `IMAGE@sha256:…`, which `build --push` prints")
        })?;
        let entry = load::load(&global.root, name);
        let image = entry.manifest.image.as_deref().ok_or_else(|| refuse(format!("`{text}` has no image")))?;
        let (image, in_engine) = match published.as_ref().map(|published| published.get(&*entry.name)) {
            Some(Some(image)) => (image.clone(), false),
            Some(None) => return Err(refuse(format!("the file of `--digests` does not have `{text}`"))),
            None => (images::parse(image)?, true),
        };
        found.push((subjects::of(&entry, image), in_engine));
    }
    Ok(found)
}
