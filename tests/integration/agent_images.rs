//! The images of Claude Code and Codex, made once for all tests of a run, and kept in the engine for the next: what they are made of is
//! kept outside of the checkout by `.ci/agents`.
//!
//! Where that cannot be had the tests say so and pass, unless `MCP_REGISTRY_REQUIRE_AGENTS=1` says that it must, as continuous
//! integration does.

use crate::container::engine_answers;
use crate::runner::Runner;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The base image of tests.
const BASE: &str = "mcp-registry-test/agents-base";

/// The folder with the wheels and `base.tar`.
pub(crate) fn downloads() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/agents");
        let output = Command::new(script).stdin(Stdio::null()).output().unwrap();
        if output.status.success() {
            return Some(PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()));
        }
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        let required = std::env::var_os("MCP_REGISTRY_REQUIRE_AGENTS").is_some_and(|value| value == "1");
        assert!(!required, "the agents cannot be had, and MCP_REGISTRY_REQUIRE_AGENTS=1: {why}");
        println!("skipped: the agents cannot be had: {why}");
        None
    });
    folder.clone()
}

fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).stdin(Stdio::null()).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// Whether the images are there. What `--build-agents` said is checked on the way.
pub(crate) fn are_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        if !engine_answers() {
            return false;
        }
        let Some(folder) = downloads() else { return false };
        let tar = folder.join("base.tar");
        // Named for its content, so that the images are made again only when it is another.
        let base = format!("{BASE}:{}", std::fs::metadata(&tar).unwrap().len());
        if docker(&["image", "inspect", &base]).is_none() {
            docker(&["import", tar.to_str().unwrap(), &base]).expect("the base image is imported");
        }
        let runner = Runner::new();
        let arguments = ["review", "--build-agents", "--base-image", &base, "--downloads", folder.to_str().unwrap()];
        let output = runner.command(arguments).env("TMPDIR", runner.home()).run();
        assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
        for line in output.stdout.lines() {
            assert!(line.ends_with("is built and tested") || line.ends_with("is there already"), "{line}");
        }
        assert_eq!(output.stdout.lines().count(), 2, "{}", output.stdout);
        true
    })
}
