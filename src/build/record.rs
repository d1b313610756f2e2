//! The record of a build, of which its provenance is made.

use super::{Builder, Built, Options, Plan};
use crate::build_record::{BaseImage, BuildRecord, RecordedSource, VERSION};
use crate::error::CommandError;
use crate::ids::{CommitSha, Digest};
use chrono::{DateTime, Utc};

/// Records a build of an entry as this commit of the registry has it, if it is in one.
///
/// # Errors
/// When an identifier is not one, which the types of a build rule out.
pub(crate) fn record(
    registry_commit: Option<CommitSha>,
    plan: &Plan,
    options: &Options,
    built: &Built,
    digest: Option<Digest>,
    (started, finished): (DateTime<Utc>, DateTime<Utc>),
) -> Result<BuildRecord, CommandError> {
    let wrong = |error: crate::ids::IdError| CommandError::unfinished("the build cannot be recorded").because(&error);
    let limits = &options.limits;
    let limit = |name: &str, value: String| (name.to_owned(), value);
    let mut recorded = vec![
        limit("time", format!("{}s", limits.time.as_secs())),
        limit("context", limits.context.bytes.to_string()),
        limit("log", limits.log.to_string()),
    ];
    if options.builder == Builder::Classic {
        recorded.push(limit("memory", limits.memory.to_string()));
    }
    Ok(BuildRecord {
        version: VERSION,
        entry: plan.subject.entry.to_string(),
        image: plan.subject.repository.clone(),
        digest,
        source: RecordedSource {
            repository: plan.source.project.clone(),
            commit: built.commit.clone(),
            tree: CommitSha::parse(&built.tree).map_err(wrong)?,
            directory: plan.source.directory.clone(),
            dockerfile: plan.source.dockerfile.clone(),
            build_target: plan.source.build_target.clone(),
        },
        server_yaml_sha256: Digest::of(plan.subject.text.as_bytes()),
        registry_commit,
        build_args: options.arguments.clone(),
        platform: built.platform.clone(),
        context_digest: built.context_digest.clone(),
        builder: match options.builder {
            Builder::BuildKit => "buildkit".to_owned(),
            Builder::Classic => "classic".to_owned(),
        },
        network: if options.network { "default".to_owned() } else { "none".to_owned() },
        limits: recorded.into_iter().collect(),
        base_images: built
            .base_images
            .iter()
            .map(|(name, digest)| BaseImage { name: name.clone(), digest: digest.clone() })
            .collect(),
        log_sha256: built.log_digest.clone(),
        started,
        finished,
    })
}
