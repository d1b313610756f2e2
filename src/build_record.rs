//! What `build --record FILE` writes and `attest --type slsaprovenance1 --record FILE` reads: the facts of one build, from which
//! the provenance is made. `schemas/build-record.json` describes it.

use crate::ids::{CommitSha, Digest};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 1;

/// One build of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildRecord {
    /// [`VERSION`].
    pub(crate) version: u32,
    /// The entry's name: its folder under `servers/`.
    pub(crate) entry: String,
    /// The image as it was named, without tag and digest: `registry.example/mcp/weather`.
    pub(crate) image: String,
    /// The digest of the pushed manifest; none when the image was not pushed. Provenance needs it.
    pub digest: Option<Digest>,
    pub source: RecordedSource,
    /// SHA-256 of the entry's `server.yaml`, as a digest.
    pub(crate) server_yaml_sha256: Digest,
    /// The registry's own commit; none outside a Git work tree.
    pub registry_commit: Option<CommitSha>,
    #[serde(default)]
    pub(crate) build_args: BTreeMap<String, String>,
    /// The platform in the notation of container engines: `linux/amd64`.
    pub(crate) platform: String,
    /// The digest of the context's archive, the same for the same commit and directory.
    pub(crate) context_digest: Digest,
    /// What built it: `buildkit`, `classic`.
    pub(crate) builder: String,
    /// The network of build steps: `default`, `none`.
    pub(crate) network: String,
    /// The limits of the build by name: `time`, `memory`, `context`, `log`.
    #[serde(default)]
    pub(crate) limits: BTreeMap<String, String>,
    /// The base images, by digest, as the builder resolved them.
    #[serde(default)]
    pub(crate) base_images: Vec<BaseImage>,
    /// SHA-256 of the build log, as a digest.
    pub(crate) log_sha256: Digest,
    pub(crate) started: DateTime<Utc>,
    pub(crate) finished: DateTime<Utc>,
}

/// The source of a build. The names are those of `server.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordedSource {
    /// The address of the Git repository.
    pub(crate) repository: String,
    pub(crate) commit: CommitSha,
    /// The Git tree of `directory` at that commit: 40 hexadecimal digits like a commit.
    pub tree: CommitSha,
    /// The directory of the build context; empty for the top of the repository.
    #[serde(default)]
    pub(crate) directory: String,
    /// The Dockerfile, relative to the directory; none for the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dockerfile: Option<String>,
    /// The stage of the Dockerfile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) build_target: Option<String>,
}

/// An image that a build started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaseImage {
    /// As the Dockerfile names it.
    pub(crate) name: String,
    /// What the builder resolved it to.
    pub(crate) digest: Digest,
}

/// Why a file is not a record of a build.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, or not of this form.
    #[error("it is not a build record: {0}")]
    Form(#[from] serde_json::Error),
    /// Written by another version of this program.
    #[error("it has version {0}; only version {VERSION} is known")]
    Version(u32),
    /// A build that ends before it begins.
    #[error("the build finished before it started")]
    Times,
}

impl BuildRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// When it is not one, or of another version.
    pub fn parse(text: &[u8]) -> Result<Self, RecordError> {
        /// Read first: another version may have other fields.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_slice(text)?;
        if version != VERSION {
            return Err(RecordError::Version(version));
        }
        let record: Self = serde_json::from_slice(text)?;
        if record.finished < record.started {
            return Err(RecordError::Times);
        }
        Ok(record)
    }

    /// The record as JSON, with a final newline.
    ///
    /// # Errors
    /// When serializing fails, which its types rule out.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{BuildRecord, RecordError};

    fn example() -> serde_json::Value {
        let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
        serde_json::json!({
            "version": 1, "entry": "weather", "image": "registry.example/mcp/weather", "digest": digest("a"),
            "source": {
                "repository": "https://github.com/acme/weather", "commit": "b".repeat(40), "tree": "c".repeat(40),
                "directory": "server", "dockerfile": "docker/Dockerfile", "buildTarget": "final",
            },
            "server_yaml_sha256": digest("1"), "registry_commit": "d".repeat(40), "build_args": {"VERSION": "1"},
            "platform": "linux/amd64", "context_digest": digest("2"), "builder": "buildkit", "network": "default",
            "limits": {"time": "30m"}, "base_images": [{"name": "alpine:3", "digest": digest("3")}],
            "log_sha256": digest("4"), "started": "2026-01-02T00:00:00Z", "finished": "2026-01-02T00:01:00Z",
        })
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = BuildRecord::parse(example().to_string().as_bytes()).unwrap();
        let text = record.to_json().unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), example());
        assert_eq!(BuildRecord::parse(text.as_bytes()).unwrap(), record);
    }

    #[test]
    fn what_is_not_a_record_is_refused() {
        let with = |pointer: &str, value: serde_json::Value| {
            let mut changed = example();
            *changed.pointer_mut(pointer).unwrap() = value;
            BuildRecord::parse(changed.to_string().as_bytes())
        };
        assert!(matches!(with("/version", 2.into()), Err(RecordError::Version(2))));
        assert!(matches!(with("/finished", "2026-01-01T00:00:00Z".into()), Err(RecordError::Times)));
        assert!(matches!(with("/source/commit", "main".into()), Err(RecordError::Form(_))));
        assert!(matches!(with("/base_images", serde_json::json!([{"name": "x"}])), Err(RecordError::Form(_))));
        assert!(matches!(BuildRecord::parse(b"[]"), Err(RecordError::Form(_))));
    }
}
