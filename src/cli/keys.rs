//! Keys as the command line names them: files, or standard input; and the password.

use super::refuse;
use crate::context::Context;
use crate::error::CommandError;
use crate::files;
use crate::proxy;
use crate::sign::key::{KeyError, MAX_KEY_BYTES, PrivateKey, PublicKey};
use secrecy::ExposeSecret as _;
use std::io::{self, Read as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Reads a private key from a file, or from standard input for `-`. Asks for its password if it has one.
pub(super) fn private(path: &str, context: &Context) -> Result<PrivateKey, CommandError> {
    proxy::protect()
        .map_err(|error| CommandError::unfinished("cannot protect the process that holds the key").because(&error))?;
    let text = read(path)?;
    let asked = format!("Password of {}: ", shown(path));
    PrivateKey::parse(&text, || password(context, &asked)).map_err(|error| {
        let message = refuse(format!("cannot use the private key of {}", shown(path))).because(&error);
        match error {
            KeyError::NoPublicKey => message.hint("add it: `openssl ec -in KEY | openssl pkcs8 -topk8 -nocrypt`"),
            KeyError::Kind(label, _) if label == "EC PRIVATE KEY" => {
                message.hint("convert it: `openssl pkcs8 -topk8 -nocrypt -in KEY`")
            }
            KeyError::Kind(..) | KeyError::Algorithm | KeyError::Pem => {
                message.hint("`mcp-registry generate-key-pair` makes a key that works here and with cosign")
            }
            KeyError::NoPassword(_) => message.hint("set COSIGN_PASSWORD, or run this in a terminal"),
            _ => message,
        }
    })
}

/// Reads a public key from a file, or from standard input for `-`.
pub(super) fn public(path: &str) -> Result<PublicKey, CommandError> {
    PublicKey::parse(&read(path)?).map_err(|error| {
        let message = refuse(format!("cannot use the public key of {}", shown(path))).because(&error);
        match error {
            KeyError::Kind(label, _) if label.contains("PRIVATE") => {
                message.hint("verifying needs the public key, `cosign.pub`; keep the private one away from it")
            }
            _ => message,
        }
    })
}

/// The password: COSIGN_PASSWORD, or what is typed at the terminal.
pub(super) fn password(context: &Context, asked: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if let Some(password) = &context.cosign_password {
        return Ok(Zeroizing::new(password.expose_secret().as_bytes().to_vec()));
    }
    let typed = rpassword::prompt_password(asked)
        .map_err(|error| KeyError::NoPassword(format!("it needs a password, and there is no terminal: {error}")))?;
    Ok(Zeroizing::new(typed.into_bytes()))
}

fn read(path: &str) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let cannot = |error: io::Error| {
        let is_file = path == "-" || Path::new(path).is_file() || !Path::new(path).exists();
        let error = refuse(format!("cannot read the key of {}", shown(path))).because(&error);
        if is_file { error } else { error.hint("`--key -` reads it from standard input") }
    };
    let too_large = || refuse(format!("the key of {} is larger than {MAX_KEY_BYTES} bytes", shown(path)));
    if path != "-" {
        let text = files::read_regular(Path::new(path), MAX_KEY_BYTES).map_err(cannot)?;
        return text.map(Zeroizing::new).ok_or_else(too_large);
    }
    let mut text = Zeroizing::new(Vec::new());
    io::stdin().lock().take(MAX_KEY_BYTES + 1).read_to_end(&mut text).map_err(cannot)?;
    if text.len() as u64 > MAX_KEY_BYTES { Err(too_large()) } else { Ok(text) }
}

fn shown(path: &str) -> String {
    if path == "-" { "standard input".to_owned() } else { format!("`{path}`") }
}
