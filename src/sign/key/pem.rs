//! PEM (RFC 7468) whose bytes are wiped: what libraries return of a private key stays in memory.

use super::{KeyError, MAX_KEY_BYTES};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const LINE: usize = 64;

/// The first block of a file: what it says that it is, and its bytes. What is around the block is ignored.
///
/// # Errors
/// When there is no whole block.
pub(super) fn read(text: &[u8]) -> Result<(String, Zeroizing<Vec<u8>>), KeyError> {
    if text.len() as u64 > MAX_KEY_BYTES {
        return Err(KeyError::Pem);
    }
    let text = std::str::from_utf8(text).map_err(|_| KeyError::Pem)?;
    let (_, rest) = text.split_once("-----BEGIN ").ok_or(KeyError::Pem)?;
    let (label, rest) = rest.split_once("-----").ok_or(KeyError::Pem)?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----")).ok_or(KeyError::Pem)?;
    // OpenSSL's old encryption puts headers there.
    if body.contains(':') {
        return Err(KeyError::Kind(label.to_owned(), "a key without PEM headers"));
    }
    let mut digits = Zeroizing::new(String::with_capacity(body.len()));
    digits.extend(body.chars().filter(|c| !c.is_ascii_whitespace()));
    let bytes = Zeroizing::new(STANDARD.decode(digits.as_bytes()).map_err(|_| KeyError::Pem)?);
    Ok((label.to_owned(), bytes))
}

/// A file with one block.
pub(super) fn write(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    let digits = Zeroizing::new(STANDARD.encode(bytes));
    let mut text = Zeroizing::new(String::with_capacity(digits.len() * 2 + 100));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    for line in digits.as_bytes().chunks(LINE) {
        text.push_str(std::str::from_utf8(line).unwrap_or_default());
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}
