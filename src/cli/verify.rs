//! `verify`: whether images are what their maintainers signed.

mod result;

use super::fail_on::FailOn;
use super::images::{self, ImageArgs};
use super::outside::Outside;
use super::scan::{Looking, ScannerArgs};
use super::subjects::{self, Named};
use super::{Global, keys, policy, refuse, sign};
use crate::attest::predicate;
use crate::context::Context;
use crate::error::CommandError;
use crate::ids::ImageReference;
use crate::output::Format;
use crate::policy::Policy;
use crate::ui::Ui;
use crate::verify::all::{self, Subject, Unverified};
use crate::verify::{Expectations, Layout, rules};
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;

/// Verify signatures and attestations of images: by digest, or of all entries that the registry builds.
///
/// Both layouts are read: what is signed by the key must fit the image, and the layouts must agree. What others attached is a note.
/// Exit status 3 when something could not be reached: that is never a pass.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("which").required(true).multiple(true).args(["images", "all", "digests"])),
    after_help = "Examples:
  mcp-registry verify --key cosign.pub IMAGE@DIGEST
  mcp-registry verify --key cosign.pub --layout both --type slsaprovenance1 --type review IMAGE@DIGEST
  mcp-registry verify --key cosign.pub --all --format github
  mcp-registry verify --key cosign.pub --all --digests digests.json --scan --scanner reports"
)]
pub(super) struct VerifyArgs {
    /// Images, by digest. A tag is resolved once, and what it led to is shown.
    #[arg(value_name = "IMAGE", conflicts_with_all = ["all", "digests"])]
    images: Vec<String>,
    /// The images of all entries in the namespace of the registry: by digest where the entry has one, else by the tag `latest`.
    #[arg(long)]
    all: bool,
    /// The images that `build --push --digests` published. With --all, an entry that the file does not have is an error.
    #[arg(long, value_name = "FILE")]
    digests: Option<PathBuf>,
    /// A public key whose signatures count; may be repeated while keys are changed. `-` is standard input.
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<String>,
    /// An annotation that a signature must carry; may be repeated.
    #[arg(long = "annotation", short, value_name = "KEY=VALUE", value_parser = sign::annotation)]
    annotations: Vec<(String, String)>,
    /// A name that signatures may say beside that of the entry's image: what `sign --identity` signed.
    #[arg(long, value_name = "REFERENCE")]
    identity: Option<String>,
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
    /// Also have a scanner look for known vulnerabilities, or judge its reports.
    #[arg(long, requires = "scanner")]
    scan: bool,
    #[command(flatten)]
    scanner: ScannerArgs,
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
    if !args.scan && args.scanner.scanner.is_some() {
        return Err(refuse("`--scanner` needs `--scan`"));
    }
    if args.all {
        policy::check_root(&global.root)?;
    }
    let policy =
        if args.all || subjects::has_registry(global) { policy::load(&global.root, None)? } else { Policy::default() };
    let subjects = match &args.digests {
        digests if args.all => subjects::in_namespace(global, &policy, digests.as_deref())?,
        Some(file) => {
            let (published, unknown) = subjects::published(global, file)?;
            if published.is_empty() {
                // As `sign` and `attest` do: a merge that changed no image publishes none, and that is no failure.
                ui.say("there is no image in the file of `--digests`: nothing is verified");
            }
            for name in unknown {
                ui.say(&format!("there is no registry with an entry `{name}`: its image is verified without a pin"));
            }
            published
        }
        None => {
            let images = args.images.iter().map(|image| images::parse(image)).collect::<Result<Vec<_>, _>>()?;
            let (named, said) = subjects::named(&images, global, &policy.settings.registry.namespace);
            said.iter().for_each(|said| ui.say(said));
            named
        }
    };
    let mut reach = args.reach.reach(context)?;
    reach.allow.extend(policy.settings.network.allow.iter().copied());
    let known: Vec<&ImageReference> = subjects.iter().map(|named| &named.subject.image).chain(&signatures).collect();
    let registries = images::registries(&reach, &known)?;
    let outside = Outside::start()?;
    let bar = ui.progress(subjects.len() as u64, "verifying");
    let there = subjects.iter().filter(|named| named.missing.is_none());
    let plain: Vec<Subject> = there.map(|named: &Named| named.subject.clone()).collect();
    let verified = outside.wait(async {
        let all = all::verify(&registries, &plain, signatures.as_ref(), &expected, || bar.inc(1));
        tokio::select! {
            verified = all => Some(verified),
            () = outside.stopped() => None,
        }
    });
    bar.finish_and_clear();
    let stopped = || CommandError::unfinished("stopped before everything was verified");
    let mut verified = verified.ok_or_else(stopped)?.into_iter();
    // An entry whose image nobody knows is in its place among the others.
    let verified = subjects.iter().map(|named| match &named.missing {
        Some(missing) => Err(Unverified {
            reason: missing.clone(),
            help: "`build NAME --push --digests FILE` publishes its image, and notes the digest".to_owned(),
        }),
        None => verified.next().unwrap_or_else(|| {
            Err(Unverified { reason: "it was left out".to_owned(), help: rules::UNVERIFIED_IMAGE.help.to_owned() })
        }),
    });
    let verified: Vec<_> = verified.collect();
    let mut scanned = Vec::new();
    if args.scan {
        let looking = Looking::new(&args.scanner, global, context, registries, &outside)?;
        looking.check(subjects.len())?;
        let bar = ui.progress(subjects.len() as u64, "scanning");
        for (named, verified) in subjects.iter().zip(&verified) {
            // What was verified is what is scanned, whatever its tag leads to by now.
            let Ok(verified) = verified else { continue };
            let mut named = named.clone();
            named.subject.image = images::parse(&verified.reference)?;
            let report = outside.wait(looking.look(&named, false));
            if outside.is_stopped() {
                return Err(stopped());
            }
            scanned.push((named, report));
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    let about = result::About { args, global, policy: &policy, today: context.today() };
    result::show(&about, &subjects, &verified, scanned, ui)
}

fn expectations(args: &VerifyArgs) -> Result<Expectations, CommandError> {
    if args.keys.iter().chain(&args.rekor_key).filter(|key| *key == "-").count() > 1 {
        return Err(refuse("standard input can give one key only"));
    }
    sign::check_annotations(&args.annotations)?;
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
        entry: None,
        identity: args.identity.clone(),
    })
}

/// Whether the result is for a person.
fn is_human(global: &Global) -> bool {
    global.format == Format::Human
}
