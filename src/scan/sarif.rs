//! SARIF 2.1 (OASIS). It has no place for packages and versions: scanners write them as lines `Name: value` into the message of a
//! result (Trivy) or into the help of its rule (Grype, a rule for each package).

use super::report::{Found, Kind, Level, ScanReport, id, name, sentence, unreadable};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Sarif {
    runs: Option<Vec<Run>>,
}

#[derive(Deserialize)]
struct Run {
    tool: Option<Tool>,
    results: Option<Vec<Outcome>>,
    invocations: Option<Vec<Invocation>>,
    properties: Option<RunProperties>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Option<Driver>,
}

#[derive(Deserialize)]
struct Driver {
    rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: Option<String>,
    short_description: Option<Message>,
    help: Option<Message>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Message {
    text: Option<String>,
}

#[derive(Deserialize, Default)]
struct Properties {
    tags: Option<Vec<String>>,
    #[serde(rename = "security-severity")]
    severity: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RunProperties {
    repo_digests: Option<Vec<String>>,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
    image_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: Option<String>,
    rule_index: Option<i64>,
    kind: Option<String>,
    level: Option<String>,
    message: Option<Message>,
    locations: Option<Vec<Location>>,
    suppressions: Option<Vec<Suppression>>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Option<Physical>,
    logical_locations: Option<Vec<Logical>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Option<Artifact>,
    region: Option<Region>,
}

#[derive(Deserialize)]
struct Artifact {
    uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
    justification: Option<String>,
}

pub(super) fn parse(text: &[u8]) -> Result<ScanReport, String> {
    let sarif: Sarif = serde_json::from_slice(text).map_err(unreadable)?;
    let mut report = ScanReport::default();
    let runs = sarif.runs.unwrap_or_default();
    if runs.is_empty() {
        return Err("it has no run, so that nobody knows what was looked at".to_owned());
    }
    for run in runs {
        let failed = |invocation: &Invocation| invocation.execution_successful == Some(false);
        if run.invocations.iter().flatten().any(failed) {
            return Err("it says that the scanner did not finish (`executionSuccessful`)".to_owned());
        }
        // "null" and nothing both mean that no results were computed (section 3.14.23).
        let results = run.results.ok_or("it has a run without `results`: the scanner did not finish")?;
        if let Some(RunProperties { repo_digests, image_id, image_name }) = &run.properties {
            repo_digests.iter().flatten().chain(image_id).chain(image_name).for_each(|text| report.note_digests(text));
        }
        let rules = run.tool.and_then(|tool| tool.driver).and_then(|driver| driver.rules).unwrap_or_default();
        let by_id: HashMap<&str, &Rule> =
            rules.iter().rev().filter_map(|rule| Some((rule.id.as_deref()?, rule))).collect();
        for result in &results {
            let indexed = || rules.get(usize::try_from(result.rule_index?).ok()?);
            let rule = result.rule_id.as_deref().and_then(|id| by_id.get(id).copied()).or_else(indexed);
            if let Some(found) = found(result, rule) {
                report.push(found)?;
            }
        }
    }
    Ok(report)
}

fn found(result: &Outcome, rule: Option<&Rule>) -> Option<Found> {
    // A kind that is not a failure says that something was looked at and is well (section 3.27.9).
    if matches!(result.kind.as_deref(), Some("pass" | "notApplicable" | "informational")) {
        return None;
    }
    let message = result.message.as_ref().and_then(|message| message.text.as_deref()).unwrap_or_default();
    let help = rule.and_then(|rule| rule.help.as_ref()?.text.as_deref()).unwrap_or_default();
    // Of a rule for all packages, the help is about the first of them.
    let lines = if line(message, "Package").is_some() { [message, ""] } else { [message, help] };
    let said = |key: &str| lines.iter().find_map(|text| line(text, key));
    let rule_id = result.rule_id.as_deref().or(rule.and_then(|rule| rule.id.as_deref())).unwrap_or_default();
    let properties = [result.properties.as_ref(), rule.and_then(|rule| rule.properties.as_ref())];
    let tags: Vec<&str> =
        properties.iter().flatten().filter_map(|some| some.tags.as_ref()).flatten().map(String::as_str).collect();
    let other = tags.iter().any(|tag| matches!(*tag, "secret" | "misconfiguration" | "license"));
    let short = rule.and_then(|rule| rule.short_description.as_ref()?.text.as_deref());
    Some(Found {
        kind: if other { Kind::Other } else { Kind::Vulnerability },
        id: id(lines.iter().find_map(|text| vulnerability(text)).unwrap_or(rule_id)),
        package: name(said("Package").unwrap_or_default()),
        version: name(said("Installed Version").or_else(|| said("Version")).unwrap_or_default()),
        fixed: said("Fixed Version").or_else(|| said("Fix Version")).map(name).filter(|fixed| !fixed.is_empty()),
        level: level(said("Severity"), &tags, &properties, result.level.as_deref()),
        about: match (short, said("Package")) {
            (Some(short), Some(_)) => sentence(short),
            (None, Some(_)) => String::new(),
            (_, None) => sentence(message),
        },
        place: match said("Package") {
            Some(_) => String::new(),
            None => name(&place(result.locations.as_deref().unwrap_or_default())),
        },
        excused: excuse(result.suppressions.as_deref().unwrap_or_default()),
    })
}

/// The first place that a result names: a file with a line, or what else it is called.
fn place(locations: &[Location]) -> String {
    let physical = |location: &Location| {
        let physical = location.physical_location.as_ref()?;
        let file = physical.artifact_location.as_ref()?.uri.clone()?;
        let line = physical.region.as_ref().and_then(|region| region.start_line);
        Some(line.map_or_else(|| file.clone(), |line| format!("{file}:{line}")))
    };
    let logical = |location: &Location| {
        let logical = location.logical_locations.as_ref()?.first()?;
        logical.fully_qualified_name.clone().or_else(|| logical.name.clone())
    };
    let found = locations.iter().find_map(physical).or_else(|| locations.iter().find_map(logical));
    found.unwrap_or_default()
}

/// The value of a line `Key: value`.
fn line<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(':')).map(str::trim)
}

/// The id in a line `Vulnerability CVE-…`.
fn vulnerability(text: &str) -> Option<&str> {
    let named = text.lines().find_map(|line| line.trim().strip_prefix("Vulnerability "))?;
    Some(named.trim()).filter(|id| !id.contains(' '))
}

/// The highest of what words say; a score where no word says anything, and SARIF's own level last.
fn level(said: Option<&str>, tags: &[&str], properties: &[Option<&Properties>], sarif: Option<&str>) -> Option<Level> {
    let words = said.into_iter().chain(tags.iter().copied()).filter_map(Level::of_word).max();
    let score = |properties: &Properties| match properties.severity.as_ref()? {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    };
    let by_score = || properties.iter().flatten().filter_map(|some| score(some)).filter_map(Level::of_score).max();
    let by_level = || match (said, sarif) {
        // A scanner that says that it does not know is believed.
        (Some(_), _) => None,
        (None, Some("error")) => Some(Level::High),
        (None, Some("warning")) => Some(Level::Medium),
        (None, Some("note" | "none")) => Some(Level::Low),
        _ => None,
    };
    words.or_else(by_score).or_else(by_level)
}

/// A result is suppressed if no suppression of it is under review or rejected (section 3.27.23).
fn excuse(suppressions: &[Suppression]) -> Option<String> {
    let counts = |one: &Suppression| matches!(one.status.as_deref(), None | Some("accepted"));
    let first = suppressions.first().filter(|_| suppressions.iter().all(counts))?;
    let why = first.justification.as_deref().map(sentence).filter(|why| !why.is_empty());
    Some(why.map_or_else(|| "suppressed in the report".to_owned(), |why| format!("suppressed in the report: {why}")))
}
