//! Files of `build --push --digests`: the images of entries, by digest.

use super::{images, refuse};
use crate::error::CommandError;
use crate::ids::ImageReference;
use std::collections::BTreeMap;
use std::path::Path;

/// The images of a file by entry.
///
/// # Errors
/// When it cannot be read, or names an image otherwise than by digest.
pub(super) fn read(file: &Path) -> Result<BTreeMap<String, ImageReference>, CommandError> {
    let shown = file.display();
    let one = |(entry, image): (String, String)| {
        let parsed = images::parse(&image)?;
        if parsed.digest.is_none() {
            return Err(refuse(format!("`--digests {shown}` has `{image}` for `{entry}`, which is not by digest")));
        }
        Ok((entry, parsed))
    };
    images::of_digests(file)?.into_iter().map(one).collect()
}
