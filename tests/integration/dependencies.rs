//! Holds `deny.toml` without `cargo-deny`: licences and bans, for the crates that are built on this machine.
#![cfg(target_os = "linux")]

use serde::Deserialize;
use spdx::{Expression, LicenseReq, ParseMode};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
    source: Option<String>,
}

#[test]
fn every_dependency_is_one_that_deny_toml_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let deny: Deny = toml::from_str(&std::fs::read_to_string(root.join("deny.toml")).unwrap()).unwrap();
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--all-features"])
        .arg(format!("--filter-platform={target}"))
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let Metadata { packages } = serde_json::from_slice(&output.stdout).unwrap();
    assert!(packages.len() > 100, "{}", packages.len());

    let mut wrong = Vec::new();
    let mut needed = BTreeSet::new();
    for Package { name, license, source } in &packages {
        if deny.bans.deny.iter().any(|ban| ban.name == *name) {
            wrong.push(format!("{name} is banned"));
        }
        if source.as_ref().is_some_and(|source| !source.starts_with("registry+")) {
            wrong.push(format!("{name} comes from {source:?}"));
        }
        let license = license.as_deref().unwrap_or("none");
        // `MIT/Apache-2.0` is how manifests were written before SPDX expressions.
        let Ok(expression) = Expression::parse_mode(license, ParseMode::LAX) else {
            wrong.push(format!("{name}: its licence `{license}` is no expression"));
            continue;
        };
        let allowed = |wanted: &LicenseReq| deny.licenses.allow.contains(&wanted.to_string());
        if !expression.evaluate(allowed) {
            wrong.push(format!("{name}: `{license}`"));
        }
        let without = |least: &String| !expression.evaluate(|wanted| allowed(wanted) && wanted.to_string() != *least);
        needed.extend(deny.licenses.allow.iter().filter(|least| without(least)).cloned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let allowed: BTreeSet<String> = deny.licenses.allow.into_iter().collect();
    assert_eq!(allowed, needed, "deny.toml allows a licence that nothing needs");
}
