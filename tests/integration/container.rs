//! The binary needs nothing but a kernel: it runs in an image that holds it and a registry, and nothing else.
//!
//! Needs a container engine that the `docker` command reaches. Without one the test says so and passes, unless
//! `MCP_REGISTRY_REQUIRE_DOCKER=1` says that there must be one, as continuous integration does.

use crate::runner::{Output, Runner};
use std::path::Path;
use std::process::{Command, Stdio};

/// Everything that these tests make in an engine carries this label.
const LABEL: &str = "mcp-registry-test=container";
const NOBODY: &str = "65534:65534";

/// The type of the program header that names a dynamic linker (System V ABI, chapter 5).
const PT_INTERP: u32 = 3;

#[test]
fn the_binary_names_no_dynamic_linker() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_mcp-registry")).unwrap();
    if !binary.starts_with(b"\x7fELF\x02\x01") {
        return; // Not Linux on a little-endian machine of 64 bits: there is no promise to keep.
    }
    let number = |at: usize, bytes: usize| {
        binary[at..at + bytes].iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    // The header's `e_phoff`, `e_phentsize` and `e_phnum`.
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    assert!(count > 0);
    let kinds: Vec<u32> = (0..count).map(|header| number(table + header * size, 4) as u32).collect();
    assert!(!kinds.contains(&PT_INTERP), "the binary is linked dynamically: see .cargo/config.toml");
}

/// An image that is removed when the test ends, however it ends.
struct Image(String);

impl Drop for Image {
    fn drop(&mut self) {
        let _ = docker(["rmi", "--force", &self.0]);
    }
}

fn docker<const N: usize>(arguments: [&str; N]) -> std::io::Result<std::process::Output> {
    Command::new("docker").args(arguments).stdin(Stdio::null()).output()
}

pub(crate) fn engine_answers() -> bool {
    if docker(["version", "--format", "{{.Server.Os}}"]).is_ok_and(|output| output.stdout.starts_with(b"linux")) {
        return true;
    }
    let required = std::env::var_os("MCP_REGISTRY_REQUIRE_DOCKER").is_some_and(|value| value == "1");
    assert!(!required, "no container engine answers, and MCP_REGISTRY_REQUIRE_DOCKER=1");
    println!("skipped: no container engine answers");
    false
}

/// Makes an image of the binary and the registry, with no layer below them.
fn image(registry: &Runner) -> Image {
    let binary = Path::new(env!("CARGO_BIN_EXE_mcp-registry"));
    let mut tar = Command::new("tar")
        .args(["--create", "--owner=65534", "--group=65534", "--numeric-owner"])
        .arg("--directory")
        .arg(binary.parent().unwrap())
        .arg(binary.file_name().unwrap())
        .arg("--directory")
        .arg(registry.root().parent().unwrap())
        .arg("root")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let import = Command::new("docker")
        .args(["import", "--change", &format!("LABEL {LABEL}"), "-"])
        .stdin(tar.stdout.take().unwrap())
        .output()
        .unwrap();
    assert!(tar.wait().unwrap().success());
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    Image(String::from_utf8(import.stdout).unwrap().trim().to_owned())
}

/// Runs the binary in the image: no network, nothing to write to, no user that exists, no capability.
fn run(image: &Image, arguments: &[&str]) -> Output {
    let output = Command::new("docker")
        .args(["run", "--rm", "--label", LABEL, "--network=none", "--read-only", "--user", NOBODY, "--cap-drop=ALL"])
        .args(["--security-opt=no-new-privileges", "--workdir=/root", "--env=COLUMNS=100"])
        .args(["--env", &format!("SOURCE_DATE_EPOCH={}", crate::runner::SOURCE_DATE_EPOCH)])
        .args(["--entrypoint", "/mcp-registry", &image.0])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Output {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

#[test]
fn an_empty_container_is_enough() {
    if !engine_answers() {
        return;
    }
    let registry = Runner::new();
    registry.git(["init", "--quiet"]);
    registry.write("servers/good/server.yaml", "name: good\n").commit("start");
    registry.write("servers/Bad name/server.yaml", "name: bad\n").commit("a change");
    let image = image(&registry);

    let version = run(&image, &["--version"]);
    assert_eq!((version.stderr.as_str(), version.status), ("", 0));
    assert!(version.stdout.starts_with("mcp-registry "), "{}", version.stdout);
    // What it finds and prints there is what it finds and prints here, with history read without a Git.
    for arguments in [&["validate"][..], &["validate", "--format", "json"], &["validate", "--diff", "HEAD~1..HEAD"]] {
        let here = registry.run(arguments);
        assert_eq!(here.status, 1, "{}", here.stderr);
        assert_eq!(run(&image, arguments), here, "{arguments:?}");
    }
}
