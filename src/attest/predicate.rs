//! What is claimed: the types that have a name of their own, and the check that a file is what its type says.

use crate::sign::payload::is_visible;
use serde_json::{Map, Value, json};

/// SLSA provenance, version 1.
pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// A bill of materials in SPDX.
pub(crate) const SPDX: &str = "https://spdx.dev/Document";
/// A bill of materials in CycloneDX.
pub(crate) const CYCLONEDX: &str = "https://cyclonedx.org/bom";
/// A review of the code that an image was built from. `schemas/review-report.json` describes it.
pub(crate) const REVIEW: &str = "urn:mcp-registry:review:1";
/// The names that stand for a type.
pub(crate) const NAMES: [(&str, &str); 4] =
    [("slsaprovenance1", PROVENANCE), ("spdxjson", SPDX), ("cyclonedx", CYCLONEDX), ("review", REVIEW)];

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Predicate {
    /// Its type, a URI.
    pub(crate) kind: String,
    pub(crate) value: Value,
}

/// The type that a name stands for, or the URI itself.
///
/// # Errors
/// When it is neither.
pub(crate) fn kind(name: &str) -> Result<String, String> {
    if let Some((_, uri)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok((*uri).to_owned());
    }
    match url::Url::parse(name) {
        Ok(_) if !name.contains(char::is_whitespace) && is_visible(name) => Ok(name.to_owned()),
        _ => {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            Err(format!("`{name}` is neither one of {} nor a URI", names.join(", ")))
        }
    }
}

/// Reads a file as a claim of this type.
///
/// # Errors
/// When it is not JSON, or not what the type says, with the reason.
pub(crate) fn parse(kind: &str, text: &[u8]) -> Result<Predicate, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
    check(kind, &value)?;
    Ok(Predicate { kind: kind.to_owned(), value })
}

/// Which bill of materials a file is.
///
/// # Errors
/// When it is none that is known.
pub(crate) fn sbom(text: &[u8]) -> Result<Predicate, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let kind = if value.get("spdxVersion").is_some() {
        SPDX
    } else if value.get("bomFormat").is_some() {
        CYCLONEDX
    } else {
        return Err("it is neither SPDX (`spdxVersion`) nor CycloneDX (`bomFormat`)".to_owned());
    };
    check(kind, &value)?;
    Ok(Predicate { kind: kind.to_owned(), value })
}

fn check(kind: &str, value: &Value) -> Result<(), String> {
    let object = value.as_object().ok_or("it is not a JSON object")?;
    match kind {
        PROVENANCE => {
            text(object, "/buildDefinition/buildType")?;
            text(object, "/runDetails/builder/id")
        }
        SPDX => {
            let version = text_at(object, "/spdxVersion").unwrap_or_default();
            if !version.starts_with("SPDX-2.") {
                return Err(format!("`spdxVersion` is `{version}`; SPDX 2 is what readers of this type expect"));
            }
            ["/SPDXID", "/name", "/documentNamespace"].into_iter().try_for_each(|key| text(object, key))
        }
        CYCLONEDX => {
            if text_at(object, "/bomFormat") != Some("CycloneDX") {
                return Err("`bomFormat` is not `CycloneDX`".to_owned());
            }
            text(object, "/specVersion")
        }
        REVIEW => {
            if object.get("version") != Some(&json!(1)) || !object.contains_key("verdict") {
                return Err("it is not a report.json of `review`".to_owned());
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn text_at<'a>(object: &'a Map<String, Value>, pointer: &str) -> Option<&'a str> {
    let mut parts = pointer.trim_start_matches('/').split('/');
    let first = object.get(parts.next()?)?;
    parts.try_fold(first, |value, key| value.get(key))?.as_str()
}

fn text(object: &Map<String, Value>, pointer: &str) -> Result<(), String> {
    match text_at(object, pointer) {
        Some(text) if !text.is_empty() => Ok(()),
        _ => Err(format!("it has no text at `{}`", pointer.trim_start_matches('/').replace('/', "."))),
    }
}

#[cfg(test)]
mod tests {
    use super::{CYCLONEDX, PROVENANCE, REVIEW, SPDX, kind, parse, sbom};

    #[test]
    fn types_have_names_or_are_uris() {
        assert_eq!(kind("slsaprovenance1").as_deref(), Ok(PROVENANCE));
        assert_eq!(kind("https://example.com/claim/v1").as_deref(), Ok("https://example.com/claim/v1"));
        assert!(kind("spdx-json").is_err());
    }

    #[test]
    fn a_file_must_be_what_its_type_says() {
        let spdx =
            br#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"x","documentNamespace":"https://x"}"#;
        assert_eq!(sbom(spdx).map(|sbom| sbom.kind).as_deref(), Ok(SPDX));
        let cyclonedx = br#"{"bomFormat":"CycloneDX","specVersion":"1.6"}"#;
        assert_eq!(sbom(cyclonedx).map(|sbom| sbom.kind).as_deref(), Ok(CYCLONEDX));
        assert!(parse(SPDX, cyclonedx).is_err());
        assert!(sbom(b"{}").is_err());
        assert!(parse(REVIEW, b"{}").is_err());
        assert!(parse(PROVENANCE, br#"{"buildDefinition":{},"runDetails":{"builder":{"id":"x"}}}"#).is_err());
        assert!(parse("https://example.com/x", b"[]").is_err());
        assert!(parse("https://example.com/x", b"{}").is_ok());
    }
}
