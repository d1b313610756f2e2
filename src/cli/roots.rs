//! The certificates that are trusted beside the built-in ones.

use super::refuse;
use crate::context::Context;
use crate::error::CommandError;
use crate::files;

/// The largest file of certificates that is read, in bytes: a system's whole bundle has 220 kB.
const MAX_ROOTS: u64 = 4 << 20;

/// The certificates of `SSL_CERT_FILE`, PEM; none when it is not set.
///
/// # Errors
/// When the file cannot be read, or is none of certificates by its size.
pub(super) fn read(context: &Context) -> Result<Option<Vec<u8>>, CommandError> {
    let Some(path) = &context.ssl_cert_file else { return Ok(None) };
    let cannot = |error: std::io::Error| {
        refuse(format!("SSL_CERT_FILE names `{}`, which cannot be read", path.display())).because(&error)
    };
    let read = files::read_regular(path, MAX_ROOTS).map_err(cannot)?;
    let too_large = || refuse(format!("SSL_CERT_FILE names a file of more than {MAX_ROOTS} bytes"));
    read.ok_or_else(too_large).map(Some)
}
