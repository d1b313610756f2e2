//! Reads a report: SARIF 2.1, or CycloneDX with vulnerabilities (VEX), as Trivy and Grype write them.

use super::report::{MAX_BYTES, ScanReport, unreadable};
use super::{cyclonedx, sarif};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Which form a report has.
#[derive(Deserialize)]
struct Form {
    #[serde(rename = "bomFormat")]
    bom: Option<serde::de::IgnoredAny>,
    runs: Option<serde::de::IgnoredAny>,
}

/// Reads a report.
///
/// # Errors
/// When it is not one, is not complete, or has more than is read.
pub(crate) fn parse(text: &[u8]) -> Result<ScanReport, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err("it is empty".to_owned()),
        Some(b'{') => {}
        Some(_) => return Err("it is not a JSON object".to_owned()),
    }
    let form: Form = serde_json::from_slice(text).map_err(unreadable)?;
    let mut report = match form {
        Form { bom: Some(_), .. } => cyclonedx::parse(text)?,
        Form { runs: Some(_), .. } => sarif::parse(text)?,
        _ => return Err("it is neither SARIF (`runs`) nor CycloneDX (`bomFormat`)".to_owned()),
    };
    let mut seen = BTreeSet::new();
    report.found.retain(|found| seen.insert((found.id.clone(), found.package.clone(), found.version.clone())));
    Ok(report)
}
