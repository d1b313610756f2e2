//! Claims that files make.

use super::AttestArgs;
use crate::attest::predicate::{self, PROVENANCE, Predicate, REVIEW};
use crate::attest::provenance::{Runner, provenance};
use crate::build_record::BuildRecord;
use crate::cli::refuse;
use crate::context::Context;
use crate::error::CommandError;
use crate::files;
use crate::ids::{Digest, ImageReference};
use crate::sign::attached::MAX_ATTESTATION_BYTES;
use crate::verdict::ReviewReport;
use std::path::{Path, PathBuf};

/// The maximum size of what is attested, in bytes: base64 makes a third more of it, twice.
pub(super) const MAX_PREDICATE_BYTES: u64 = MAX_ATTESTATION_BYTES / 2;

/// The claim that the options name.
pub(super) fn read(
    args: &AttestArgs,
    kind: Option<&str>,
    entry: Option<&str>,
    image: &ImageReference,
    context: &Context,
) -> Result<Predicate, CommandError> {
    let wrong = |path: &Path, reason: String| refuse(format!("`{}` cannot be attested: {reason}", path.display()));
    let record = match (&args.record, &args.records, entry) {
        (Some(file), ..) => Some(file.clone()),
        (None, Some(folder), Some(entry)) => Some(record_of(folder, entry)?),
        _ => None,
    };
    match (&record, &args.predicate, &args.sbom, &args.review) {
        (Some(path), ..) => {
            let record = BuildRecord::parse(&bytes(path)?).map_err(|error| wrong(path, error.to_string()))?;
            match &record.digest {
                Some(digest) if Some(digest.as_str()) == image.digest.as_deref() => {}
                Some(digest) => return Err(wrong(path, format!("it is of the image {digest}"))),
                None => {
                    let error = wrong(path, "its image was not pushed".to_owned());
                    return Err(error.hint("build with `--push`: only then there is a digest to attest"));
                }
            }
            let review = args.review.as_deref().map(|path| Ok(Digest::of(&checked_review(path)?))).transpose()?;
            let runner = Runner { workflow: context.github_workflow.clone(), invocation: context.github_run.clone() };
            let made = provenance(&record, &runner, review.as_ref());
            debug_assert_eq!(made.kind, PROVENANCE);
            Ok(made)
        }
        (_, Some(path), ..) => {
            let kind = kind.ok_or_else(|| refuse("`--predicate` needs `--type`"))?;
            predicate::parse(kind, &bytes(path)?).map_err(|reason| wrong(path, reason))
        }
        (_, _, Some(path), _) => predicate::sbom(&bytes(path)?).map_err(|reason| wrong(path, reason)),
        (_, _, _, Some(path)) => predicate::parse(REVIEW, &checked_review(path)?).map_err(|reason| wrong(path, reason)),
        _ => Err(refuse("nothing to attest")),
    }
}

/// The record of an entry in the folder of `build --records`.
fn record_of(folder: &Path, entry: &str) -> Result<PathBuf, CommandError> {
    // The name is that of a folder of the registry, and the file that it comes from is anybody's.
    if entry.is_empty() || entry.starts_with('.') || entry.contains(['/', '\0']) {
        return Err(refuse(format!("`{entry}` is not the name of an entry")));
    }
    Ok(folder.join(format!("{entry}.json")))
}

/// A report of a review, as bytes.
fn checked_review(path: &Path) -> Result<Vec<u8>, CommandError> {
    let text = bytes(path)?;
    let wrong = |reason: String| refuse(format!("`{}` is not the report of a review: {reason}", path.display()));
    serde_json::from_slice::<ReviewReport>(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(text)
}

fn bytes(path: &Path) -> Result<Vec<u8>, CommandError> {
    let read = files::read_regular(path, MAX_PREDICATE_BYTES);
    let read = read.map_err(|error| refuse(format!("cannot read `{}`", path.display())).because(&error))?;
    read.ok_or_else(|| {
        let message = format!("`{}` is larger than {MAX_PREDICATE_BYTES} bytes", path.display());
        refuse(message).hint("an image registry is not the place for it")
    })
}
