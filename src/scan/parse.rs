//! Reads a report: SARIF 2.1, or CycloneDX with vulnerabilities (VEX), as Trivy and Grype write them.

use super::report::{MAX_BYTES, MAX_VALUES, ScanReport, unreadable};
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
    // Before anything is made of them: two bytes are enough for a value that takes a hundred times as much.
    if text.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count() > MAX_VALUES {
        return Err(format!("it has more than {MAX_VALUES} values"));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::parse;

    const REPORTS: [&[u8]; 5] = [
        include_bytes!("../../fixtures/scan/trivy.sarif.json"),
        include_bytes!("../../fixtures/scan/grype.sarif.json"),
        include_bytes!("../../fixtures/scan/trivy.cdx.json"),
        include_bytes!("../../fixtures/scan/grype.cdx.json"),
        include_bytes!("../../fixtures/scan/vex.cdx.json"),
    ];

    #[test]
    fn no_report_makes_it_panic_and_none_that_is_cut_passes() {
        for report in REPORTS {
            let whole = parse(report).unwrap();
            assert!(whole.found.len() >= 4 && whole.about.len() <= 2, "{whole:?}");
            let end = report.iter().rposition(|byte| *byte == b'}').unwrap();
            for cut in (0..end).step_by(7) {
                assert!(parse(&report[..cut]).is_err(), "{cut}");
            }
            // Other bytes everywhere: whatever comes out is of bounded length.
            let mut state = 1_u32;
            for _ in 0..3_000 {
                let mut changed = report.to_vec();
                for _ in 0..3 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let place = state as usize % changed.len();
                    changed[place] = b"\"{}[],:0n\\\x00\xff"[(state >> 24) as usize % 12];
                }
                for found in parse(&changed).into_iter().flat_map(|report| report.found) {
                    let longest =
                        [&found.id, &found.package, &found.version, &found.about].map(|text| text.chars().count());
                    assert!(longest.into_iter().max() <= Some(300), "{found:?}");
                }
            }
        }
    }

    #[test]
    fn many_small_values_are_refused_before_they_take_memory() {
        let text = format!("{{\"runs\": [{{\"results\": [{}{{}}]}}]}}", "{},".repeat(2_000_000));
        assert_eq!(parse(text.as_bytes()).unwrap_err(), "it has more than 3000000 values");
    }
}
