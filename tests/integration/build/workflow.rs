//! The workflow that publishes, run here: the scripts of its steps, in order, with a real engine and a real image registry.

use super::lab::Lab;
use crate::image_registry::ImageRegistry;
use crate::runner::Output;
use crate::supply::world::fixture;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Workflow<'a> {
    lab: &'a Lab,
    images: &'a ImageRegistry,
    file: Value,
    /// `RUNNER_TEMP`, which artifacts go through.
    temporary: PathBuf,
    before: String,
}

impl Workflow<'_> {
    /// The script of a step, with bash as GitHub starts it.
    fn step(&self, job: &str, name: &str, more: &[(&str, &str)]) -> Output {
        let steps = self.file["jobs"][job]["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("{job}: {name}"));
        let program = Path::new(env!("CARGO_BIN_EXE_mcp-registry")).parent().unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
        command.current_dir(self.lab.registry.root()).env_clear().env("TMPDIR", self.lab.temporary());
        command.env("PATH", format!("{}:/usr/bin:/bin:/usr/local/bin", program.display()));
        command.env("HOME", self.lab.registry.home()).env("RUNNER_TEMP", &self.temporary);
        command.env("GITHUB_SHA", self.lab.registry.git(["rev-parse", "HEAD"]));
        // The names that the step has, as the expressions would be.
        for (name, expression) in step["env"].as_object().unwrap() {
            let value = match expression.as_str().unwrap() {
                "${{ steps.tool.outputs.program }}" => env!("CARGO_BIN_EXE_mcp-registry").to_owned(),
                "${{ github.event.before }}" => self.before.clone(),
                "${{ vars.IMAGE_REGISTRY }}" => self.images.host.clone(),
                "${{ vars.IMAGE_REGISTRY_USER }}" => "somebody".to_owned(),
                "${{ secrets.IMAGE_REGISTRY_PASSWORD }}" => "a password".to_owned(),
                "${{ secrets.COSIGN_PRIVATE_KEY }}" => std::fs::read_to_string(fixture("openssl.key")).unwrap(),
                "${{ secrets.COSIGN_PASSWORD }}" => "pw".to_owned(),
                "${{ vars.COSIGN_PUBLIC_KEY }}" => std::fs::read_to_string(fixture("openssl.pub")).unwrap(),
                "${{ vars.SBOM_GENERATOR }}" | "${{ vars.SCANNER }}" | "${{ inputs.names }}" => String::new(),
                other => panic!("{name}: {other}"),
            };
            command.env(name, value);
        }
        command.envs(more.iter().copied());
        let output = command.output().unwrap();
        Output {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code().unwrap_or(-1),
        }
    }

    fn good(&self, job: &str, name: &str, more: &[(&str, &str)]) -> Output {
        let output = self.step(job, name, more);
        assert_eq!(output.status, 0, "{job}: {name}: {}{}", output.stdout, output.stderr);
        output
    }

    fn published(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.temporary.join("published/digests.json")).unwrap();
        let digests: Value = serde_json::from_str(&text).unwrap();
        digests.as_object().unwrap().keys().cloned().collect()
    }
}

#[test]
fn the_workflow_publishes_what_a_merge_changed_and_nothing_else() {
    let Some((lab, images)) = Lab::new().zip(ImageRegistry::start()) else { return };
    let policy = format!("[registry]\nnamespace = \"{}/\"\n", lab.namespace);
    lab.registry.write("mcp-registry.toml", policy);
    lab.registry.git(["init", "--quiet"]);
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n").write("file", "one");
    for name in ["changed", "same", "described"] {
        lab.entry(name, "");
    }
    lab.registry.commit("entries");
    let before = lab.registry.git(["rev-parse", "HEAD"]);
    // A moved pin, a new entry whose name is an attack on whoever pastes it, and a text that changes no image.
    lab.write("file", "two");
    lab.entry("changed", "");
    lab.entry("new", "");
    let text = lab.registry.read("servers/described/server.yaml").replace("Says what", "Tells how");
    lab.registry.write("servers/described/server.yaml", text);
    lab.registry.write("servers/$(touch pwned)/readme.md", "no entry\n");
    lab.registry.commit("a merge");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows/publish.yml");
    let file: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let temporary = lab.registry.home().join("runner");
    std::fs::create_dir(&temporary).unwrap();
    let workflow = Workflow { lab: &lab, images: &images, file, temporary, before };

    workflow.good("build", "Log in", &[]);
    let refused = workflow.step("build", "Build and push", &[]);
    // The folder that is no entry is refused, by its name; nothing else of it is done.
    assert_eq!(refused.status, 2, "{}{}", refused.stdout, refused.stderr);
    assert!(!lab.registry.root().join("pwned").exists());
    lab.registry.git(["rm", "-r", "--quiet", "servers/$(touch pwned)"]);
    lab.registry.commit("without it");
    std::fs::remove_dir_all(workflow.temporary.join("published")).unwrap();

    workflow.good("build", "Build and push", &[]);
    assert_eq!(workflow.published(), ["changed", "new"]);
    workflow.good("sign", "Log in", &[]);
    workflow.good("sign", "Sign", &[]);
    workflow.good("sign", "Attest", &[]);
    let verified = workflow.good("verify", "Verify", &[]);
    assert!(!verified.stdout.contains("::error"), "{}", verified.stdout);
    // Again, nothing is written; and what is not signed is not let pass.
    let again = workflow.good("sign", "Sign", &[]);
    assert!(again.stdout.contains("present") && !again.stdout.contains("written"), "{}", again.stdout);
    std::fs::remove_dir_all(workflow.temporary.join("published")).unwrap();
    workflow.good("build", "Build and push", &[("NAMES", "same")]);
    assert_eq!(workflow.published(), ["same"]);
    let unsigned = workflow.step("verify", "Verify", &[]);
    assert_eq!(unsigned.status, 1, "{}{}", unsigned.stdout, unsigned.stderr);
    assert!(unsigned.stdout.contains("title=unsigned-image"), "{}", unsigned.stdout);
    // After a forced push nobody knows what was before; the last commit changed no entry's image.
    std::fs::remove_dir_all(workflow.temporary.join("published")).unwrap();
    let nothing = workflow.good("build", "Build and push", &[("BEFORE", "0000000000000000000000000000000000000000")]);
    assert!(nothing.stderr.contains("nothing to build"), "{}", nothing.stderr);
    assert!(workflow.published().is_empty());
    for (job, step) in [("sign", "Sign"), ("sign", "Attest"), ("verify", "Verify")] {
        workflow.good(job, step, &[]);
    }
}
