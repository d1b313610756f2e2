//! in-toto statements: what is claimed, and of which digest.

use crate::ids::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The type of statements that are written.
pub(crate) const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// The type that cosign still writes for most attestations.
pub(crate) const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";
/// The predicate of a signature: it claims nothing but that the key's owner signed the digest.
pub(crate) const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement {
    /// [`STATEMENT_V1`], or the older one.
    #[serde(rename = "_type")]
    pub(crate) kind: String,
    pub(crate) subject: Vec<Subject>,
    /// What kind of claim it is.
    pub(crate) predicate_type: String,
    #[serde(default)]
    pub(crate) predicate: Value,
}

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Subject {
    /// `HOST/REPOSITORY` of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) digest: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<Map<String, Value>>,
}

impl Statement {
    /// A statement about one image.
    #[must_use]
    pub(crate) fn about(name: Option<String>, digest: &Digest, predicate_type: &str, predicate: Value) -> Self {
        let digest = BTreeMap::from([("sha256".to_owned(), digest.hex().to_owned())]);
        Self {
            kind: STATEMENT_V1.to_owned(),
            subject: vec![Subject { name, digest, annotations: None }],
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    /// Reads a statement.
    ///
    /// # Errors
    /// When it is not one, with the reason.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let statement: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        match statement.kind.as_str() {
            STATEMENT_V1 | STATEMENT_V01 => Ok(statement),
            other => Err(format!("`{other}` is not a known type of statement")),
        }
    }

    /// The subject with this digest.
    #[must_use]
    pub(crate) fn subject(&self, digest: &Digest) -> Option<&Subject> {
        self.subject.iter().find(|subject| subject.digest.get("sha256").is_some_and(|found| found == digest.hex()))
    }

    /// The digests of all subjects, for messages.
    #[must_use]
    pub(crate) fn digests(&self) -> String {
        let digests = self.subject.iter().flat_map(|subject| &subject.digest);
        let digests: Vec<String> = digests.take(3).map(|(algorithm, digits)| format!("{algorithm}:{digits}")).collect();
        if digests.is_empty() { "nothing".to_owned() } else { digests.join(", ") }
    }
}
