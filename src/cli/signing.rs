//! What `sign` and `attest` share: options, the image, and what is shown at the end.

use super::images::{self, ImageArgs};
use super::outside::Outside;
use super::{Global, keys, refuse};
use crate::context::Context;
use crate::error::CommandError;
use crate::ids::ImageReference;
use crate::net::is_loopback;
use crate::output::{Format, escape};
use crate::sign::connect;
use crate::sign::key::PrivateKey;
use crate::sign::{Layouts, Log, Outcome, Registries, SignError, Signer, Target, TargetError, Written};
use crate::ui::Ui;
use clap::{Args, ValueEnum};
use serde::Serialize;
use url::Url;

/// With what, and where to.
#[derive(Debug, Clone, Args)]
pub(super) struct SigningArgs {
    /// The private key: as cosign keeps it, or PKCS#8; `-` is standard input. The password is COSIGN_PASSWORD, or asked for.
    #[arg(long, value_name = "FILE")]
    pub(super) key: String,
    /// Where to write: under the tags `.sig` and `.att`, in bundles among the referrers, or both, for all readers.
    #[arg(long, value_enum, default_value_t = LayoutArg::Both)]
    pub(super) layout: LayoutArg,
    /// Log it in this transparency log (Rekor v1). Without it, nothing is logged.
    #[arg(long, value_name = "URL", value_parser = log_url)]
    pub(super) rekor_url: Option<Url>,
    /// Replace what this key has written before (of an attestation, claims of this type), with its log entries, and take out what
    /// readers cannot read. What others signed stays.
    #[arg(long)]
    pub(super) replace: bool,
    #[command(flatten)]
    pub(super) images: ImageArgs,
}

/// The address of a log: https, or http on loopback.
fn log_url(text: &str) -> Result<Url, String> {
    let wrong = || "write it as https://HOST; http is for this machine only".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if url.host_str().is_some_and(is_loopback) => Ok(url),
        _ => Err(wrong()),
    }
}

/// A layout on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LayoutArg {
    /// Both layouts
    Both,
    /// The tags `.sig` and `.att`: cosign 2, skopeo, the MCP Gateway
    Sig,
    /// Sigstore bundles: cosign 3
    Bundle,
}

impl LayoutArg {
    fn layouts(self) -> Layouts {
        Layouts { tags: self != Self::Bundle, bundles: self != Self::Sig }
    }
}

/// Everything that is needed to sign something.
pub(super) struct Prepared {
    pub(super) registries: Registries,
    pub(super) images: Vec<ImageReference>,
    pub(super) signatures: Option<ImageReference>,
    key: PrivateKey,
    log: Option<Log>,
    layouts: Layouts,
    replace: bool,
    now: chrono::DateTime<chrono::Utc>,
    pub(super) outside: Outside,
}

impl Prepared {
    pub(super) fn signer(&self) -> Signer<'_> {
        let Self { key, layouts, replace, log, now, .. } = self;
        Signer { key, layouts: *layouts, replace: *replace, log: log.as_ref(), now: *now }
    }

    /// Waits for this; ends early on Ctrl-C.
    pub(super) fn wait<T>(&self, what: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
        self.outside.wait(async {
            tokio::select! {
                done = what => done,
                () = self.outside.stopped() => {
                    Err(CommandError::unfinished("stopped").hint("run it again: it completes what is missing"))
                }
            }
        })
    }
}

/// Reads the key and sets up the connection. What the command line got wrong is said before anything is asked of anybody.
pub(super) fn prepare(
    images: &[String],
    args: &SigningArgs,
    global: &Global,
    context: &Context,
    ui: &Ui,
) -> Result<Prepared, CommandError> {
    if global.offline {
        return Err(refuse("signatures are kept in an image registry, which `--offline` forbids to reach"));
    }
    if !matches!(global.format, Format::Human | Format::Json) {
        return Err(refuse("the result is written as human or json").hint("use `--format json`"));
    }
    let images = images.iter().map(|image| images::parse(image)).collect::<Result<Vec<_>, _>>()?;
    if let Some(image) = images.iter().find(|image| image.digest.is_none()) {
        return Err(images::no_target(&TargetError::Tag(image.clone())));
    }
    let signatures = args.images.signatures(context)?;
    let reach = args.images.reach(context)?;
    let named: Vec<&ImageReference> = images.iter().chain(&signatures).collect();
    let registries = images::registries(&reach, &named)?;
    let log = args.rekor_url.clone().map(|url| connect::log(&reach, url)).transpose();
    let log = log.map_err(|error| refuse("cannot set up the connection").because(&error))?;
    let layouts = args.layout.layouts();
    if signatures.is_some() && layouts.bundles {
        ui.say(
            "the tags are written to the signature repository, bundles beside the image: that is where readers look",
        );
    }
    let key = keys::private(&args.key, context)?;
    let outside = Outside::start()?;
    let (replace, now) = (args.replace, context.now);
    Ok(Prepared { registries, images, signatures, key, log, layouts, replace, now, outside })
}

/// What `--format json` writes.
#[derive(Debug, Serialize)]
struct SignaturesJson<'a> {
    version: u32,
    command: &'a str,
    images: Vec<ImageJson<'a>>,
}

#[derive(Debug, Serialize)]
struct ImageJson<'a> {
    image: String,
    digest: &'a str,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    tag: &'static str,
    bundle: &'static str,
    replaced: usize,
    logged: bool,
}

/// One image, and what became of it.
pub(super) struct Row<'a> {
    pub(super) target: &'a Target,
    /// The type of an attestation.
    pub(super) kind: Option<&'a str>,
    pub(super) written: &'a Written,
}

pub(super) fn show(
    command: &str,
    rows: &[Row<'_>],
    logged: bool,
    global: &Global,
    ui: &Ui,
) -> Result<(), CommandError> {
    for (row, broken) in rows.iter().flat_map(|row| row.written.broken.iter().map(move |broken| (row, broken))) {
        ui.say(&format!("repaired {}: {broken}", row.target.reference()));
    }
    for (row, note) in rows.iter().flat_map(|row| row.written.notes.iter().map(move |note| (row, note))) {
        ui.say(&format!("{}: {note}", row.target.reference()));
    }
    if global.format == Format::Json {
        let images = rows.iter().map(|row| ImageJson {
            image: row.target.name(),
            digest: row.target.digest.as_str(),
            kind: row.kind,
            tag: word(row.written.tag),
            bundle: word(row.written.bundle),
            replaced: row.written.replaced,
            logged,
        });
        let json = SignaturesJson { version: 1, command, images: images.collect() };
        let json = serde_json::to_value(&json)
            .map_err(|error| CommandError::unfinished("cannot write the result as JSON").because(&error))?;
        return ui.result(&escape::visible_json(&json));
    }
    let mut text = String::new();
    for row in rows {
        let tag = if command == "sign" { ".sig" } else { ".att" };
        let mut done = format!("tag {tag} {}, bundle {}", word(row.written.tag), word(row.written.bundle));
        if let Some(kind) = row.kind {
            done = format!("{kind}: {done}");
        }
        if row.written.replaced > 0 {
            done.push_str(&format!(", {} replaced", row.written.replaced));
        }
        text.push_str(&format!("{}  {done}\n", escape::terminal(&row.target.reference())));
    }
    ui.result(&text)?;
    if !logged && !rows.is_empty() {
        let verify = if command == "sign" { "verify" } else { "verify-attestation" };
        ui.say(&format!("not logged in a transparency log: verify with `cosign {verify} --insecure-ignore-tlog`"));
    }
    Ok(())
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Written => "written",
        Outcome::Present => "present",
        Outcome::Skipped => "skipped",
    }
}

/// Why something was not signed.
pub(super) fn failed(what: &str, error: &SignError) -> CommandError {
    let message = CommandError::unfinished(what.to_owned()).because(error);
    if error.is_refusal() {
        message.hint("log in with `docker login`; the login needs the right to push")
    } else if error.is_final() {
        message
    } else {
        message.hint("run it again: it completes what is missing")
    }
}
