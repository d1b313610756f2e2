//! SLSA provenance, version 1, of a build record.
//!
//! Everything in it is what the builder observed. A local build claims no more than level 1: whoever ran it could have made up all
//! of it.

use super::predicate::{PROVENANCE, Predicate};
use crate::build_record::BuildRecord;
use crate::ids::Digest;
use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

/// The kind of build: `docs/supply.md` says what its parameters mean.
pub(crate) const BUILD_TYPE: &str = "urn:mcp-registry:build:1";
/// The builder where no workflow is known.
const LOCAL_BUILDER: &str = "urn:mcp-registry:builder/local";

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Runner {
    /// The workflow in GitHub Actions, as a URI; none elsewhere.
    pub(crate) workflow: Option<String>,
    /// The address of this run of it.
    pub(crate) invocation: Option<String>,
}

/// The provenance of a recorded build; with the digest of the review's report, if there is one.
#[must_use]
pub(crate) fn provenance(record: &BuildRecord, runner: &Runner, review: Option<&Digest>) -> Predicate {
    let source = &record.source;
    let mut external = Map::new();
    external.insert("entry".into(), json!(record.entry));
    external.insert(
        "source".into(),
        json!({
            "repository": source.repository, "commit": source.commit, "directory": source.directory,
            "dockerfile": source.dockerfile, "buildTarget": source.build_target,
        }),
    );
    if let Some(Value::Object(source)) = external.get_mut("source") {
        source.retain(|_, value| !value.is_null());
    }
    external.insert("buildArgs".into(), json!(record.build_args));
    external.insert("platform".into(), json!(record.platform));
    let mut dependencies = vec![
        json!({
            "uri": format!("git+{}", source.repository),
            "digest": { "gitCommit": source.commit, "gitTree": source.tree },
        }),
        json!({
            "uri": format!("servers/{}/server.yaml", record.entry),
            "digest": { "sha256": record.server_yaml_sha256.hex() },
        }),
    ];
    if let Some(commit) = &record.registry_commit {
        dependencies.push(json!({ "name": "registry", "digest": { "gitCommit": commit } }));
    }
    dependencies.extend(record.base_images.iter().map(
        |base| json!({ "uri": format!("docker-image://{}", base.name), "digest": { "sha256": base.digest.hex() } }),
    ));
    let mut byproducts = vec![json!({ "name": "log", "digest": { "sha256": record.log_sha256.hex() } })];
    if let Some(review) = review {
        byproducts.push(json!({ "name": "review", "digest": { "sha256": review.hex() } }));
    }
    let time = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut metadata = json!({ "startedOn": time(record.started), "finishedOn": time(record.finished) });
    if let (Some(invocation), Value::Object(metadata)) = (&runner.invocation, &mut metadata) {
        metadata.insert("invocationId".into(), json!(invocation));
    }
    let value = json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": external,
            "internalParameters": {
                "contextDigest": record.context_digest, "builder": record.builder,
                "network": record.network, "limits": record.limits,
            },
            "resolvedDependencies": dependencies,
        },
        "runDetails": {
            "builder": { "id": runner.workflow.as_deref().unwrap_or(LOCAL_BUILDER) },
            "metadata": metadata,
            "byproducts": byproducts,
        },
    });
    Predicate { kind: PROVENANCE.to_owned(), value }
}
