//! A network with a scripted provider on it, and a program that reviews with its model.

use crate::provider::{Script, Seen, VARIABLE, container};
use crate::runner::{Run, Runner};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Marks everything that these tests make themselves.
const LABEL: &str = "org.mcp-registry.test=review";

/// A network of its own, with a provider at `http://provider:8080`. Both are removed when the test ends, however it ends.
pub(super) struct Lab {
    pub(super) network: String,
    pub(super) provider: String,
    key: String,
}

/// The image of the provider: made once for all tests of a run. The last of several tests is not known to anybody, so it is
/// the next run that removes it: never more than one is there.
fn image() -> &'static str {
    static IMAGE: OnceLock<String> = OnceLock::new();
    IMAGE.get_or_init(|| {
        for old in docker(&["images", "--quiet", "--filter", &format!("label={LABEL}")]).lines() {
            // Without force: one that another run uses stays.
            let _ = Command::new("docker").args(["rmi", old]).stdin(Stdio::null()).output();
        }
        let image = std::mem::ManuallyDrop::new(container::image(LABEL));
        image.0.clone()
    })
}

pub(super) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Lab {
    /// Starts the provider with a script.
    pub(super) fn new(name: &str, script: Script) -> Self {
        let name = format!("mcp-registry-test-{name}-{}", std::process::id());
        let key = script.key.clone();
        let (variable, setup) = container::setup(script);
        assert_eq!(variable, VARIABLE);
        let network = docker(&["network", "create", "--label", LABEL, &name]);
        let lab = Self { network: name.clone(), provider: name.clone(), key };
        assert!(!network.is_empty());
        let environment = format!("{VARIABLE}={setup}");
        docker(&[
            "run",
            "--detach",
            "--name",
            &name,
            "--label",
            LABEL,
            "--network",
            &name,
            "--network-alias",
            "provider",
            "--read-only",
            "--tmpfs",
            "/tmp",
            "--user",
            "65534:65534",
            "--cap-drop=ALL",
            "--env",
            &environment,
            image(),
        ]);
        while !lab.log().contains("PROVIDER ready") {
            let state = docker(&["inspect", "--format", "{{.State.Running}}", &name]);
            assert_eq!(state, "true", "{}", lab.log());
        }
        lab
    }

    /// What the provider printed.
    pub(super) fn log(&self) -> String {
        docker(&["logs", &self.provider])
    }

    /// The requests that the provider got.
    pub(super) fn seen(&self) -> Vec<Seen> {
        container::seen(&self.log())
    }

    /// `review` with these arguments, the provider's key in the environment, and the proxy on the provider's network.
    pub(super) fn review<'a>(&self, registry: &'a Runner, provider: &str, arguments: &[&str]) -> Run<'a> {
        let mut all = vec!["--agent", "builtin"];
        all.extend(arguments);
        self.asked(registry, provider, &all)
    }

    /// The same with other agents.
    pub(super) fn asked<'a>(&self, registry: &'a Runner, provider: &str, arguments: &[&str]) -> Run<'a> {
        let mut all = vec!["review", "--model", "test-model"];
        all.extend(["--allow-http-upstream", "--provider-network", self.network.as_str()]);
        if !arguments.contains(&"--memory") {
            all.extend(["--memory", "1g"]);
        }
        all.extend(arguments);
        if provider == "openai-chat" {
            all.extend(["--provider", provider]);
        }
        let run = registry.command(all).env("TMPDIR", registry.home());
        match provider {
            "both" => run
                .env("ANTHROPIC_API_KEY", &self.key)
                .env("ANTHROPIC_BASE_URL", "http://provider:8080")
                .env("OPENAI_API_KEY", &self.key)
                .env("OPENAI_BASE_URL", "http://provider:8080/v1"),
            "anthropic" => run.env("ANTHROPIC_API_KEY", &self.key).env("ANTHROPIC_BASE_URL", "http://provider:8080"),
            _ => run.env("OPENAI_API_KEY", &self.key).env("OPENAI_BASE_URL", "http://provider:8080/v1"),
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for arguments in [["rm", "--force", "--volumes", &self.provider], ["network", "rm", &self.network, ""]] {
            let arguments = arguments.iter().filter(|argument| !argument.is_empty());
            let _ = Command::new("docker").args(arguments).stdin(Stdio::null()).output();
        }
    }
}
