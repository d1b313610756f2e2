//! Reads a report: SARIF 2.1, or CycloneDX with vulnerabilities (VEX), as Trivy and Grype write them.

use super::report::{Found, Kind, Level, MAX_BYTES, MAX_VALUES, ScanReport, UNNAMED, unreadable};
use super::{cyclonedx, sarif};
use serde::Deserialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

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
    report.found = merged(report.found);
    Ok(report)
}

/// What says the same of one package once, as the worst of it that is not excused. Without an id, nobody knows what is the same;
/// without a package, only the sentence and the place tell.
fn merged(all: Vec<Found>) -> Vec<Found> {
    let mut places = HashMap::new();
    let mut kept: Vec<Found> = Vec::with_capacity(all.len());
    for found in all {
        if found.id != UNNAMED {
            let nameless = found.package.is_empty();
            let about = if nameless { (found.about.clone(), found.place.clone()) } else { Default::default() };
            let is_other = found.kind == Kind::Other;
            let key = (found.id.clone(), found.package.clone(), found.version.clone(), about, is_other);
            match places.entry(key) {
                Entry::Occupied(place) => {
                    if let Some(kept) = kept.get_mut(*place.get()) {
                        merge(kept, found);
                    }
                    continue;
                }
                Entry::Vacant(place) => _ = place.insert(kept.len()),
            }
        }
        kept.push(found);
    }
    kept
}

fn merge(kept: &mut Found, other: Found) {
    match (kept.excused.is_some(), other.excused.is_some()) {
        (true, false) => *kept = other,
        (false, true) => {}
        _ => {
            // One fixed version is enough for an upgrade, and what has none may be a warning only.
            let fixed = kept.fixed.take().or_else(|| other.fixed.clone());
            if badness(&other) > badness(kept) {
                *kept = other;
            }
            kept.fixed = fixed;
        }
    }
}

/// What nobody rated is a warning: worse than low, which is a note.
fn badness(found: &Found) -> (bool, Option<Level>) {
    (found.level != Some(Level::Low), found.level)
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

    /// Each result of a report: id, package, level, whether it is excused.
    fn results(report: &str) -> Vec<String> {
        let found = parse(report.as_bytes()).unwrap().found;
        let line = |found: &crate::scan::report::Found| {
            let excused = if found.excused.is_some() { " excused" } else { "" };
            format!("{} {} {:?} {:?}{excused}", found.id, found.package, found.level, found.fixed)
        };
        found.iter().map(line).collect()
    }

    fn sarif(results: &str) -> Vec<String> {
        self::results(&format!(r#"{{"runs": [{{"results": [{results}]}}]}}"#))
    }

    #[test]
    fn of_results_about_the_same_the_worst_that_is_not_excused_counts() {
        let two = r#"{"ruleId": "CVE-2", "level": "note"}, {"ruleId": "CVE-2", "level": "error"}"#;
        assert_eq!(sarif(two), ["CVE-2  Some(High) None"]);
        let suppressed =
            r#"{"ruleId": "CVE-2", "level": "error", "suppressions": [{}]}, {"ruleId": "CVE-2", "level": "note"}"#;
        assert_eq!(sarif(suppressed), ["CVE-2  Some(Low) None"]);
        // What can be fixed stays so: `only-fixable` makes a warning of the rest.
        let fixed = r#"{"ruleId": "a", "message": {"text": "Package: x\nSeverity: HIGH\nFixed Version: 2"}},
            {"ruleId": "a", "message": {"text": "Package: x\nSeverity: CRITICAL"}},
            {"ruleId": "a", "message": {"text": "Package: x\nSeverity: WHO KNOWS"}}"#;
        assert_eq!(sarif(fixed), ["a x Some(Critical) Some(\"2\")"]);
        let unrated = r#"{"ruleId": "a", "message": {"text": "Package: x\nSeverity: LOW"}},
            {"ruleId": "a", "message": {"text": "Package: x\nSeverity: WHO KNOWS"}}"#;
        assert_eq!(sarif(unrated), ["a x None None"]);
        let cyclonedx = r#"{"bomFormat": "CycloneDX", "vulnerabilities": [
            {"id": "CVE-1", "ratings": [{"severity": "low"}], "affects": [{"ref": "a"}]},
            {"id": "CVE-1", "ratings": [{"severity": "critical"}], "affects": [{"ref": "a"}]},
            {"id": "CVE-3", "ratings": [{"severity": "low"}], "affects": [{"ref": "a"}], "analysis": {"state": "not_affected"}},
            {"id": "CVE-3", "ratings": [{"severity": "critical"}], "affects": [{"ref": "b"}]},
            {"id": "CVE-3", "ratings": [{"severity": "high"}], "affects": [{"ref": "a"}]}]}"#;
        assert_eq!(
            results(cyclonedx),
            ["CVE-1 a Some(Critical) None", "CVE-3 a Some(High) None", "CVE-3 b Some(Critical) None"]
        );
    }

    #[test]
    fn results_that_may_be_about_different_things_are_each_their_own() {
        let nameless = r#"{"level": "note"}, {"level": "error"}, {"level": "error"}"#;
        assert_eq!(
            sarif(nameless),
            ["unnamed  Some(Low) None", "unnamed  Some(High) None", "unnamed  Some(High) None"]
        );
        let places =
            r#"{"ruleId": "key", "message": {"text": "in a"}}, {"ruleId": "key", "message": {"text": "in b"}}"#;
        assert_eq!(sarif(places), ["key  None None", "key  None None"]);
        let twice = r#"{"ruleId": "key", "message": {"text": "in a"}}, {"ruleId": "key", "message": {"text": "in a"}}"#;
        assert_eq!(sarif(twice), ["key  None None"]);
        let at =
            |place: &str| format!(r#"{{"ruleId": "key", "message": {{"text": "a key"}}, "locations": [{place}]}}"#);
        let file = |line: u8| {
            at(&format!(
                r#"{{"physicalLocation": {{"artifactLocation": {{"uri": "a"}}, "region": {{"startLine": {line}}}}}}}"#
            ))
        };
        let named = at(r#"{"logicalLocations": [{"fullyQualifiedName": "a.b"}]}"#);
        let elsewhere = [file(1), file(2), file(1), named, at("{}")].join(",");
        assert_eq!(sarif(&elsewhere).len(), 4);
        let found = parse(format!(r#"{{"runs": [{{"results": [{elsewhere}]}}]}}"#).as_bytes()).unwrap().found;
        assert_eq!(found.iter().map(|found| &*found.place).collect::<Vec<_>>(), ["a:1", "a:2", "a.b", ""]);
    }

    #[test]
    fn every_digest_that_a_report_names_its_image_by_counts() {
        let hex = "b".repeat(64);
        for report in [
            format!(r#"{{"runs": [{{"results": [], "properties": {{"imageName": "x@sha256:{hex}"}}}}]}}"#),
            format!(
                r#"{{"bomFormat": "CycloneDX", "vulnerabilities": [], "metadata": {{"component":
                {{"hashes": [{{"alg": "MD5", "content": "0"}}, {{"alg": "SHA-256", "content": "{hex}"}}]}}}}}}"#
            ),
            format!(
                r#"{{"bomFormat": "CycloneDX", "vulnerabilities": [], "metadata": {{"component":
                {{"name": "x@sha256:{hex}"}}}}}}"#
            ),
        ] {
            let about = parse(report.as_bytes()).unwrap().about;
            assert_eq!(about.into_iter().collect::<Vec<_>>(), [format!("sha256:{hex}")], "{report}");
        }
    }

    #[test]
    fn many_small_values_are_refused_before_they_take_memory() {
        let text = format!("{{\"runs\": [{{\"results\": [{}{{}}]}}]}}", "{},".repeat(2_000_000));
        assert_eq!(parse(text.as_bytes()).unwrap_err(), "it has more than 3000000 values");
    }
}
