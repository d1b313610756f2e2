//! CycloneDX 1.4 to 1.7 with `vulnerabilities`: a bill of materials that was scanned, or a VEX document about one.

use super::report::{Found, Kind, Level, ScanReport, id, name, sentence, unreadable};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Bom {
    metadata: Option<Metadata>,
    components: Option<Vec<Component>>,
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Metadata {
    component: Option<Image>,
}

/// What the document is about.
#[derive(Deserialize)]
struct Image {
    name: Option<String>,
    version: Option<String>,
    purl: Option<String>,
    hashes: Option<Vec<Hash>>,
    properties: Option<Vec<Property>>,
}

#[derive(Deserialize)]
struct Hash {
    #[serde(rename = "alg")]
    algorithm: Option<String>,
    content: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    group: Option<String>,
    name: Option<String>,
    version: Option<String>,
    components: Option<Vec<Component>>,
}

#[derive(Deserialize)]
struct Property {
    name: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    source: Option<Source>,
    ratings: Option<Vec<Rating>>,
    description: Option<String>,
    recommendation: Option<String>,
    affects: Option<Vec<Affected>>,
    analysis: Option<Analysis>,
}

#[derive(Deserialize)]
struct Source {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Rating {
    source: Option<Source>,
    score: Option<f64>,
    severity: Option<String>,
    method: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: Option<String>,
    versions: Option<Vec<Version>>,
}

#[derive(Deserialize)]
struct Version {
    version: Option<String>,
    range: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct Analysis {
    state: Option<String>,
    justification: Option<String>,
    detail: Option<String>,
}

/// A package: its name and version.
type Package = (String, String);

pub(super) fn parse(text: &[u8]) -> Result<ScanReport, String> {
    let bom: Bom = serde_json::from_slice(text).map_err(unreadable)?;
    let Some(vulnerabilities) = bom.vulnerabilities else {
        return Err("it is a bill of materials without `vulnerabilities`: nobody looked for any".to_owned());
    };
    let mut report = ScanReport::default();
    if let Some(image) = bom.metadata.and_then(|metadata| metadata.component) {
        let said = |property: &Property| {
            property.name.as_deref().is_some_and(|name| name.ends_with(":RepoDigest") || name.ends_with(":ImageID"))
        };
        let properties = image.properties.iter().flatten().filter(|property| said(property));
        let texts = properties.filter_map(|property| property.value.as_deref());
        let named = [&image.name, &image.version, &image.purl].into_iter().filter_map(|text| text.as_deref());
        texts.chain(named).for_each(|text| report.note_digests(text));
        let sha256 = image.hashes.iter().flatten().filter(|hash| hash.algorithm.as_deref() == Some("SHA-256"));
        for content in sha256.filter_map(|hash| hash.content.as_deref()) {
            report.note_digests(&format!("sha256:{}", content.to_ascii_lowercase()));
        }
    }
    let mut packages = HashMap::new();
    index(bom.components.as_deref().unwrap_or_default(), &mut packages);
    for vulnerability in &vulnerabilities {
        let affected = vulnerability.affects.as_deref().unwrap_or_default();
        if affected.is_empty() {
            report.push(found(vulnerability, None, &packages))?;
        }
        for one in affected {
            report.push(found(vulnerability, Some(one), &packages))?;
        }
    }
    Ok(report)
}

fn index(components: &[Component], packages: &mut HashMap<String, Package>) {
    for component in components {
        if let (Some(reference), Some(package)) = (&component.reference, &component.name) {
            let group = component.group.as_deref().filter(|group| !group.is_empty());
            let package = group.map_or_else(|| package.clone(), |group| format!("{group}/{package}"));
            packages.insert(reference.clone(), (package, component.version.clone().unwrap_or_default()));
        }
        // The reader of JSON bounds how deep this goes.
        index(component.components.as_deref().unwrap_or_default(), packages);
    }
}

fn found(vulnerability: &Vulnerability, affected: Option<&Affected>, packages: &HashMap<String, Package>) -> Found {
    let reference = affected.and_then(|affected| affected.reference.as_deref()).unwrap_or_default();
    let (package, version) = package(reference, packages);
    let versions = affected.and_then(|affected| affected.versions.as_deref()).unwrap_or_default();
    let has = |version: &&Version| !matches!(version.status.as_deref(), Some("unaffected"));
    let said = versions.iter().filter(has).find_map(|version| version.version.clone());
    let about = vulnerability.description.as_deref().unwrap_or_default();
    Found {
        kind: Kind::Vulnerability,
        id: id(vulnerability.id.as_deref().unwrap_or_default()),
        package: name(&package),
        version: name(&said.unwrap_or(version)),
        fixed: fixed(&package, vulnerability.recommendation.as_deref().unwrap_or_default(), versions),
        level: level(vulnerability),
        about: sentence(about),
        place: String::new(),
        excused: vulnerability.analysis.as_ref().and_then(excuse),
    }
}

/// The package that a reference leads to: a component of this document, or of another one by a link (`urn:cdx:…#REF`), whose
/// references usually are package URLs.
fn package(reference: &str, packages: &HashMap<String, Package>) -> Package {
    if let Some(package) = packages.get(reference) {
        return package.clone();
    }
    let own =
        reference.rsplit_once('#').filter(|(link, _)| link.starts_with("urn:cdx:")).map_or(reference, |(_, own)| own);
    let decoded = decode(own);
    if let Some(package) = packages.get(&decoded) {
        return package.clone();
    }
    // pkg:TYPE/NAMESPACE/NAME@VERSION?…
    let Some(purl) = decoded.strip_prefix("pkg:") else { return (decoded, String::new()) };
    let purl = purl.split(['?', '#']).next().unwrap_or_default();
    let (path, version) = purl.rsplit_once('@').unwrap_or((purl, ""));
    let name = path.split_once('/').map_or(path, |(_, name)| name);
    (decode(name), decode(version))
}

/// Percent-decoded; what is not UTF-8 then is replaced.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| *byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The versions that do not have it: of a recommendation as Trivy writes it, or of versions that are not affected, as Grype does.
fn fixed(package: &str, recommendation: &str, versions: &[Version]) -> Option<String> {
    // `Upgrade NAME to version 1.2, 1.3`, for several packages one after the other.
    let parts = || recommendation.split(';').filter_map(|part| part.trim().rsplit_once(" to version "));
    let own = parts().find(|(upgrade, _)| upgrade.strip_prefix("Upgrade ").is_some_and(|name| name.trim() == package));
    if let Some((_, fixed)) = own.or_else(|| parts().next()) {
        return Some(name(fixed.trim_end_matches('.'))).filter(|fixed| !fixed.is_empty());
    }
    let unaffected = versions.iter().filter(|version| version.status.as_deref() == Some("unaffected"));
    let fixed: Vec<String> = unaffected
        .filter_map(|version| {
            let range = version.range.as_deref().and_then(|range| range.rsplit_once('/')).map(|(_, range)| range);
            Some(name(version.version.as_deref().or(range)?.trim_start_matches(['>', '='])))
        })
        .filter(|fixed| !fixed.is_empty())
        .take(5)
        .collect();
    (!fixed.is_empty()).then(|| name(&fixed.join(", ")))
}

/// What the vulnerability's own source says of it; else the highest of what any says; else a score.
fn level(vulnerability: &Vulnerability) -> Option<Level> {
    let ratings = vulnerability.ratings.as_deref().unwrap_or_default();
    let source = vulnerability.source.as_ref().and_then(|source| source.name.as_deref());
    let is_own = |rating: &&Rating| {
        source.is_some() && rating.source.as_ref().and_then(|source| source.name.as_deref()) == source
    };
    let word = |rating: &Rating| Level::of_word(rating.severity.as_deref()?);
    // Other methods have other scales: a probability, whether it is exploited.
    let score = |rating: &Rating| match rating.method.as_deref() {
        Some("other") => None,
        _ => Level::of_score(rating.score?),
    };
    let own = ratings.iter().filter(is_own).filter_map(word).max();
    let any = || ratings.iter().filter_map(word).max();
    let by_score = || ratings.iter().filter_map(score).max();
    own.or_else(any).or_else(by_score)
}

/// Why the document says that it does not count.
fn excuse(analysis: &Analysis) -> Option<String> {
    let state = analysis.state.as_deref()?;
    if !matches!(state, "resolved" | "resolved_with_pedigree" | "false_positive" | "not_affected") {
        return None;
    }
    let why = [analysis.justification.as_deref(), analysis.detail.as_deref()];
    let why: Vec<String> = why.into_iter().flatten().map(sentence).filter(|why| !why.is_empty()).collect();
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join(", ")) };
    Some(format!("the report says `{state}`{why}"))
}
