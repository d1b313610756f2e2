//! The programs that tests of signatures need. `.ci/readers` installs the readers.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn required() -> bool {
    std::env::var_os("MCP_REGISTRY_REQUIRE_READERS").is_some_and(|value| value == "1")
}

/// The real readers, from the folder that MCP_REGISTRY_READERS names.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    folder: PathBuf,
}

impl Readers {
    /// None, with a word, where they are not installed and not required.
    pub(crate) fn find() -> Option<Self> {
        let folder = std::env::var_os("MCP_REGISTRY_READERS").map(PathBuf::from);
        match folder {
            Some(folder) => {
                for name in ["cosign-2", "cosign-3", "skopeo", "syft"] {
                    assert!(
                        folder.join(name).exists(),
                        "MCP_REGISTRY_READERS names {}, without {name}",
                        folder.display()
                    );
                }
                Some(Self { folder })
            }
            None => {
                assert!(
                    !required(),
                    "MCP_REGISTRY_READERS is not set: `export MCP_REGISTRY_READERS=\"$(.ci/readers)\"`"
                );
                println!("skipped: MCP_REGISTRY_READERS is not set");
                None
            }
        }
    }

    /// The folder that they are in.
    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Runs one of them, with a home of its own.
    pub(crate) fn run(&self, name: &str, home: &std::path::Path, arguments: &[&str]) -> Output {
        self.run_with(name, home, arguments, &[])
    }

    /// The same with variables.
    pub(crate) fn run_with(
        &self,
        name: &str,
        home: &std::path::Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Output {
        Command::new(self.folder.join(name))
            .args(arguments)
            .env_clear()
            .env("HOME", home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("COSIGN_PASSWORD", "pw")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

/// The Sigstore project's own verifier, built from `tests/interop`; none, with a word, where it is not built and not required.
pub(crate) fn sigstore_verify() -> Option<PathBuf> {
    let program = std::env::var_os("MCP_REGISTRY_INTEROP").map(PathBuf::from);
    assert!(program.is_some() || !required(), "MCP_REGISTRY_INTEROP does not name the program of tests/interop");
    if program.is_none() {
        println!("skipped: MCP_REGISTRY_INTEROP is not set");
    }
    program
}
