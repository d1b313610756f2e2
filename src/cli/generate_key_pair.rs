//! `generate-key-pair`: a key to sign with, and the one to verify with.

use super::{Global, keys, refuse};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::files;
use crate::output::Format;
use crate::proxy;
use crate::sign::key::PrivateKey;
use crate::ui::Ui;
use clap::Args;
use std::path::{Path, PathBuf};

/// Make a key pair for signing images, in the files and form of cosign.
///
/// The private key is encrypted with a password: COSIGN_PASSWORD, or one that you type. Keep it away from the registry's
/// repository; publish the other one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  mcp-registry generate-key-pair
  mcp-registry generate-key-pair --output-key-prefix keys/registry
  COSIGN_PASSWORD=\"$(openssl rand -base64 24)\" mcp-registry generate-key-pair")]
pub(super) struct GenerateKeyPairArgs {
    /// What the names of the two files begin with: PREFIX.key and PREFIX.pub.
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    output_key_prefix: String,
}

pub(super) fn run(args: &GenerateKeyPairArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if global.output.is_some() || global.format != Format::Human {
        return Err(refuse("the result of `generate-key-pair` is two files: it has no `--output` and no `--format`")
            .hint("`--output-key-prefix PREFIX` says what they are called: PREFIX.key and PREFIX.pub"));
    }
    let [private, public] = ["key", "pub"].map(|end| PathBuf::from(format!("{}.{end}", args.output_key_prefix)));
    for path in [&private, &public] {
        // Also before asking for a password; the files are made in a way that never replaces one.
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
    }
    proxy::protect()
        .map_err(|error| CommandError::unfinished("cannot protect the process that holds the key").because(&error))?;
    let no_password = |error: &crate::sign::key::KeyError| {
        refuse("no password for the new key").because(error).hint("set COSIGN_PASSWORD, or run this in a terminal")
    };
    let password = keys::password(context, "Password of the new key: ").map_err(|error| no_password(&error))?;
    if context.cosign_password.is_none() {
        let again = keys::password(context, "The same again: ").map_err(|error| no_password(&error))?;
        if *again != *password {
            return Err(refuse("the two passwords differ"));
        }
    }
    let new = PrivateKey::generate(&password)
        .map_err(|error| CommandError::unfinished("cannot make a key").because(&error))?;
    files::create_whole(&private, new.private_pem.as_bytes(), 0o600).map_err(|error| failed(&private, &error))?;
    files::create_whole(&public, new.public_pem.as_bytes(), 0o644).map_err(|error| failed(&public, &error))?;
    ui.say(&format!("wrote the private key to `{}` and the public key to `{}`", private.display(), public.display()));
    if password.is_empty() {
        ui.say("the password is empty: whoever has the file can sign");
    }
    Ok(exit::CLEAN)
}

fn exists(path: &Path) -> CommandError {
    refuse(format!("`{}` exists; a key is never overwritten", path.display()))
        .hint("move it away, or use `--output-key-prefix`")
}

fn failed(path: &Path, error: &std::io::Error) -> CommandError {
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        return exists(path);
    }
    CommandError::unfinished(format!("cannot write `{}`", path.display())).because(error)
}
