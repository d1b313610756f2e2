//! `sign`: signs images in an image registry.

use super::signing::{self, Prepared, Row, SigningArgs};
use super::{Global, images, refuse};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::ids::ImageReference;
use crate::sign::payload::is_visible;
use crate::sign::{self, Target, Written};
use crate::ui::Ui;
use clap::{ArgGroup, Args};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// How many images are signed concurrently.
const CONCURRENCY: usize = 16;

/// Sign images, for `cosign verify` (2 and 3), skopeo and `mcp-registry verify`.
///
/// What is there already is not written again, and a run that was interrupted is completed by the next one.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("which").required(true).multiple(true).args(["images", "digests"])),
    after_help = "Examples:
  mcp-registry sign --key cosign.key IMAGE@DIGEST
  mcp-registry sign --key cosign.key -a commit=$(git rev-parse HEAD) IMAGE@DIGEST
  mcp-registry sign --key cosign.key --digests digests.json
  printf '%s' \"$COSIGN_KEY\" | mcp-registry sign --key - IMAGE@DIGEST"
)]
pub(super) struct SignArgs {
    /// Images, by digest.
    #[arg(value_name = "IMAGE@DIGEST")]
    images: Vec<String>,
    /// Also sign each image of this file, which `build --push --digests` wrote.
    #[arg(long, value_name = "FILE")]
    digests: Option<PathBuf>,
    #[command(flatten)]
    signing: SigningArgs,
    /// An annotation of the signature; may be repeated.
    #[arg(long = "annotation", short, value_name = "KEY=VALUE", value_parser = annotation)]
    annotations: Vec<(String, String)>,
    /// Of an index image, sign each platform, too.
    #[arg(long)]
    recursive: bool,
    /// The name that the signature under the tag says, for readers that compare it exactly (default: HOST/REPOSITORY).
    #[arg(long, value_name = "REFERENCE")]
    identity: Option<String>,
}

/// `key=value`.
pub(super) fn annotation(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

/// Refuses annotations with characters that nobody sees, such as the line end of something pasted: whoever asks for what they read
/// would not find them.
///
/// # Errors
/// With the annotation, and what is wrong with it.
pub(super) fn check_annotations<'a>(
    annotations: impl IntoIterator<Item = &'a (String, String)>,
) -> Result<(), CommandError> {
    for (key, value) in annotations {
        for (what, text) in [("key", key), ("value", value)] {
            if !is_visible(text) {
                let has = "has a line end or another character that nobody sees";
                let said = format!("the {what} of the annotation `{key}={value}` {has}");
                return Err(refuse(said).hint("type it again, and do not paste it"));
            }
        }
    }
    Ok(())
}

pub(super) fn run(args: &SignArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    check_annotations(&args.annotations)?;
    let mut annotations = BTreeMap::new();
    for (key, value) in &args.annotations {
        if annotations.insert(key.clone(), value.clone()).is_some() {
            return Err(refuse(format!("the annotation `{key}` is given twice")));
        }
    }
    if let Some(identity) = &args.identity {
        images::parse(identity)?;
    }
    let mut named = args.images.clone();
    if let Some(file) = &args.digests {
        named.extend(images::of_digests(file)?.into_values());
        if named.is_empty() {
            ui.say("there is no image in the file of `--digests`: nothing is signed");
        }
    }
    let prepared = signing::prepare(&named, &args.signing, global, context, ui)?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = prepared.images.iter().find(|image| !seen.insert((image.short_name(), &image.digest))) {
        return Err(refuse(format!("the image `{twice}` is given twice")));
    }
    let bar = ui.progress(prepared.images.len() as u64, "signing");
    let signed = prepared.wait(async {
        let (annotations, prepared, bar) = (&annotations, &prepared, &bar);
        let one = |image| async move {
            let signed = one(args, image, annotations, prepared).await;
            bar.inc(1);
            signed
        };
        let signed: Vec<_> = stream::iter(prepared.images.iter().map(one)).buffered(CONCURRENCY).try_collect().await?;
        Ok(signed.into_iter().flatten().collect::<Vec<_>>())
    });
    bar.finish_and_clear();
    let signed = signed?;
    let rows: Vec<Row<'_>> = signed.iter().map(|(target, written)| Row { target, kind: None, written }).collect();
    signing::show("sign", &rows, args.signing.rekor_url.is_some(), global, ui)?;
    Ok(exit::CLEAN)
}

/// Signs one image of the command line, and each platform of it where that was asked for.
async fn one(
    args: &SignArgs,
    image: &ImageReference,
    annotations: &BTreeMap<String, String>,
    prepared: &Prepared,
) -> Result<Vec<(Target, Written)>, CommandError> {
    let target = Target::by_digest(&prepared.registries, image, prepared.signatures.as_ref()).await;
    let target = target.map_err(|error| images::no_target(&error))?;
    // Platforms first: an index that is signed has nothing under it that is not.
    let mut targets = Vec::new();
    if args.recursive {
        targets = target.members().await.map_err(|error| images::no_target(&error))?;
    }
    targets.push(target);
    let mut signed = Vec::new();
    for target in targets {
        let written = sign::sign(&target, annotations, args.identity.as_deref(), &prepared.signer()).await;
        let what = format!("cannot sign {}", target.reference());
        signed.push((target, written.map_err(|error| signing::failed(&what, &error))?));
    }
    Ok(signed)
}
