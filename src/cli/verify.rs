//! `verify`: whether images are what their maintainers signed.

mod entries;
mod result;

use super::fail_on::FailOn;
use super::images::{self, ImageArgs};
use super::outside::Outside;
use super::{Global, keys, policy, refuse, sign};
use crate::attest::predicate;
use crate::context::Context;
use crate::error::CommandError;
use crate::ids::ImageReference;
use crate::output::Format;
use crate::policy::Policy;
use crate::ui::Ui;
use crate::verify::all::{self, Subject};
use crate::verify::{Expectations, Layout};
use clap::{ArgGroup, Args, ValueEnum};
use entries::Named;

/// Verify signatures and attestations of images: by digest, or of all entries that the registry builds.
///
/// Both layouts are read: what is signed by the key must fit the image, and the layouts must agree. What others attached is a note.
/// Exit status 3 when something could not be reached: that is never a pass.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("which").required(true).args(["images", "all"])),
    after_help = "Examples:
  mcp-registry verify --key cosign.pub IMAGE@DIGEST
  mcp-registry verify --key cosign.pub --layout both --type slsaprovenance1 --type review IMAGE@DIGEST
  mcp-registry verify --key cosign.pub --all --format github"
)]
pub(super) struct VerifyArgs {
    /// Images, by digest. A tag is resolved once, and what it led to is shown.
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,
    /// The images of all entries in the namespace of the registry: by digest where the entry has one, else by the tag `latest`.
    #[arg(long)]
    all: bool,
    /// A public key whose signatures count; may be repeated while keys are changed. `-` is standard input.
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<String>,
    /// An annotation that a signature must carry; may be repeated.
    #[arg(long = "annotation", short, value_name = "KEY=VALUE", value_parser = sign::annotation)]
    annotations: Vec<(String, String)>,
    /// In which layouts a signature must be.
    #[arg(long, value_enum, default_value_t = LayoutArg::Any)]
    layout: LayoutArg,
    /// A type of attestation that must be there; may be repeated: slsaprovenance1, spdxjson, cyclonedx, review, or a URI.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// The public key of a transparency log (Rekor v1) that must have an entry of each signature; checked offline.
    #[arg(long, value_name = "FILE")]
    rekor_key: Vec<String>,
    /// The least severity that fails the run.
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    #[command(flatten)]
    reach: ImageArgs,
}

/// A layout on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutArg {
    /// In one of them; a warning names the readers that do not see it
    Any,
    /// In both
    Both,
    /// Under the tag `.sig`
    Sig,
    /// In a bundle
    Bundle,
}

pub(super) fn run(args: &VerifyArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if global.offline {
        return Err(refuse("signatures are kept in an image registry, which `--offline` forbids to reach"));
    }
    let expected = expectations(args)?;
    let signatures = args.reach.signatures(context)?;
    let (policy, subjects) = if args.all {
        policy::check_root(&global.root)?;
        let policy = policy::load(&global.root, None)?;
        let subjects = entries::in_namespace(global, &policy)?;
        (policy, subjects)
    } else {
        let images = args.images.iter().map(|image| images::parse(image)).collect::<Result<Vec<_>, _>>()?;
        (Policy::default(), entries::named(&images, global))
    };
    let mut reach = args.reach.reach(context)?;
    reach.allow.extend(policy.settings.network.allow.iter().copied());
    let known: Vec<&ImageReference> = subjects.iter().map(|named| &named.subject.image).chain(&signatures).collect();
    let registries = images::registries(&reach, &known)?;
    let outside = Outside::start()?;
    let bar = ui.progress(subjects.len() as u64, "verifying");
    let plain: Vec<Subject> = subjects.iter().map(|named: &Named| named.subject.clone()).collect();
    let verified = outside.wait(async {
        let all = all::verify(&registries, &plain, signatures.as_ref(), &expected, || bar.inc(1));
        tokio::select! {
            verified = all => Some(verified),
            () = outside.stopped() => None,
        }
    });
    bar.finish_and_clear();
    let verified = verified.ok_or_else(|| CommandError::unfinished("stopped before everything was verified"))?;
    result::show(args, global, &subjects, &verified, ui)
}

fn expectations(args: &VerifyArgs) -> Result<Expectations, CommandError> {
    if args.keys.iter().chain(&args.rekor_key).filter(|key| *key == "-").count() > 1 {
        return Err(refuse("standard input can give one key only"));
    }
    let types = args.types.iter().map(|kind| predicate::kind(kind)).collect::<Result<Vec<_>, _>>();
    Ok(Expectations {
        keys: args.keys.iter().map(|key| keys::public(key)).collect::<Result<_, _>>()?,
        annotations: args.annotations.iter().cloned().collect(),
        layout: match args.layout {
            LayoutArg::Any => Layout::Any,
            LayoutArg::Both => Layout::Both,
            LayoutArg::Sig => Layout::Tags,
            LayoutArg::Bundle => Layout::Bundles,
        },
        types: types.map_err(|message| refuse(message).hint("`verify --help` lists the types"))?,
        logs: args.rekor_key.iter().map(|key| keys::public(key)).collect::<Result<_, _>>()?,
        pin: None,
    })
}

/// Whether the result is for a person.
fn is_human(global: &Global) -> bool {
    global.format == Format::Human
}
