//! `scan`: reports as scanners write them, hostile ones, and scanners of our own: programs on the PATH and images in the sandbox.

pub(crate) mod boxed;
mod hostile;
mod policies;
mod programs;
mod reports;

use crate::runner::{Output, Runner};

/// The digest of the image that the reports in `fixtures/scan` are about.
const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// The image of those reports.
fn image() -> String {
    format!("registry.example/mcp/weather@{DIGEST}")
}

/// A report of the fixtures, as a path.
fn fixture(name: &str) -> String {
    format!("{}/fixtures/scan/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A registry with one entry, of that image.
fn registry(policy: &str) -> Runner {
    let registry = Runner::new();
    registry.write("mcp-registry.toml", format!("[registry]\nnamespace = \"registry.example/mcp/\"\n{policy}"));
    registry.write(
        "servers/weather/server.yaml",
        "name: weather\nimage: registry.example/mcp/weather\ntype: server\nmeta:\n  category: devops\n",
    );
    registry
}

/// Judges a report without a network.
fn judged(registry: &Runner, report: &str, more: &[&str]) -> Output {
    let image = image();
    registry.run([&["scan", "--offline", "--scanner", report, &image][..], more].concat())
}

/// Why an image was not scanned, with the last lines of its scanner.
fn unscanned(shown: &str) -> String {
    let line = |line: &str| match line.split_once(" was not scanned: ") {
        Some((_, why)) => Some(format!("  because: {why}")),
        None => line.starts_with("  | ").then(|| line.to_owned()),
    };
    shown.lines().filter_map(line).collect::<Vec<_>>().join("\n")
}
