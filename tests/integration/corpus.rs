//! The corpus of real entries. It is third-party data, kept beside the repository and not in it.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// One YAML text and what Go's yaml.v3 makes of it.
#[derive(Debug, Deserialize)]
pub(crate) struct GoYaml {
    pub(crate) id: String,
    pub(crate) yaml: String,
    pub(crate) go: String,
    pub(crate) go_string: Option<String>,
    pub(crate) go_bool: Option<String>,
}

/// Where the corpus is: `MCP_REGISTRY_CORPUS` names the folder that holds `corpus/`, by default `../shared`. When
/// it is not there the test says so and has nothing to check.
pub(crate) fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("MCP_REGISTRY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join("corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no corpus at {}; set MCP_REGISTRY_CORPUS", folder.display());
    None
}

/// The lines of one JSONL file of the corpus; none when the corpus is absent.
pub(crate) fn lines<T: for<'de> Deserialize<'de>>(file: &str) -> Option<Vec<T>> {
    let text = std::fs::read_to_string(folder()?.join(file)).expect("the corpus is readable");
    Some(text.lines().map(|line| serde_json::from_str(line).expect("the corpus is JSON lines")).collect())
}
