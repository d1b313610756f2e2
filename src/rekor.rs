//! A transparency log: Rekor, version 1 of its API.

use crate::fetch::{FetchError, Fetcher, Request, host_of};
use bytes::Bytes;
use http::Method;
use http::header::{self, HeaderValue};
use serde::Deserialize;
use std::collections::BTreeMap;
use url::Url;

/// The maximum size of an answer, in bytes: an entry repeats what was logged.
const MAX_ANSWER_BYTES: u64 = 64 << 20;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RekorError {
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// An answer that is no entry.
    #[error("the log at {host} answered {status}")]
    Status { host: String, status: u16 },
    /// A log whose entries cannot be proven offline.
    #[error("the log at {0} gives no signed entry timestamp: it is not Rekor v1, and only v1 is supported")]
    NotV1(String),
    /// An answer of another form.
    #[error("the log at {0} sent something that is not an entry")]
    Form(String),
}

/// An entry, as the log answers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Base64 of the canonical entry.
    pub(crate) body: String,
    /// When it was logged, in seconds since 1970.
    pub(crate) integrated_time: i64,
    /// Its place in the log.
    pub(crate) log_index: i64,
    #[serde(rename = "logID")]
    pub(crate) log_id: String,
    #[serde(default)]
    verification: Verification,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Verification {
    signed_entry_timestamp: Option<String>,
    inclusion_proof: Option<serde_json::Value>,
}

impl Entry {
    /// Base64 of the log's promise to include the entry; empty without one.
    #[must_use]
    pub(crate) fn signed_entry_timestamp(&self) -> &str {
        self.verification.signed_entry_timestamp.as_deref().unwrap_or_default()
    }

    /// The log's proof that the entry is in its tree, as it writes it.
    #[must_use]
    pub(crate) fn inclusion_proof(&self) -> Option<&serde_json::Value> {
        self.verification.inclusion_proof.as_ref()
    }
}

/// Logs something. What is logged already is answered with the entry that is there.
///
/// # Errors
/// When the log does not take it, or gives nothing that can be proven offline.
pub(crate) async fn log(fetcher: &Fetcher, url: &Url, proposed: &serde_json::Value) -> Result<Entry, RekorError> {
    let host = host_of(url);
    let form = || RekorError::Form(host.clone());
    let mut address = url.clone();
    address.path_segments_mut().map_err(|()| form())?.pop_if_empty().extend(["api", "v1", "log", "entries"]);
    let body = serde_json::to_vec(proposed).map_err(|_| form())?;
    let request = Request::write(Method::POST, address, Bytes::from(body), MAX_ANSWER_BYTES)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(header::ACCEPT, HeaderValue::from_static("application/json"));
    let mut answer = fetcher.fetch(&request).await?;
    if answer.status.as_u16() == 409 {
        // The same entry is there: the log says where.
        let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location = location.and_then(|location| answer.url.join(location).ok()).ok_or_else(form)?;
        answer = fetcher.fetch(&Request::get(location, MAX_ANSWER_BYTES)).await?;
    }
    match answer.status.as_u16() {
        200 | 201 => {}
        // Version 2 has another path, and nothing at this one.
        404 | 405 => return Err(RekorError::NotV1(host)),
        status => return Err(RekorError::Status { host, status }),
    }
    let entries: BTreeMap<String, Entry> = serde_json::from_slice(&answer.body).map_err(|_| form())?;
    let entry = entries.into_values().next().ok_or_else(form)?;
    if entry.signed_entry_timestamp().is_empty() { Err(RekorError::NotV1(host)) } else { Ok(entry) }
}
