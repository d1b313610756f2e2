//! A machine that runs workflows: `act`, with actions of others as small scripts, and the program under test as what the action
//! installs. The scripts of the action that run it are the real ones.

use super::origin;
use crate::hub::checked::APPS;
use crate::hub::{Hub, TOKEN};
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub(super) const REPO: &str = "acme/registry";
/// The commit of the tool that the registry's workflows are pinned to.
pub(super) const PINNED: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// What the workflow's own token is: that of the App of every workflow.
const OWN_TOKEN: &str = APPS[1].token;

/// Where `act` is; none, with a word about it, where it is not.
fn act() -> Option<PathBuf> {
    let found = std::env::var_os("MCP_REGISTRY_ACT").map(PathBuf::from);
    if found.is_none() {
        assert!(
            std::env::var_os("MCP_REGISTRY_REQUIRE_ACT").is_none_or(|value| value != "1"),
            "MCP_REGISTRY_REQUIRE_ACT is set, and MCP_REGISTRY_ACT is not"
        );
        println!("skipped: workflows are not run; set MCP_REGISTRY_ACT to act: \"$(.ci/linters)/act\"");
    }
    found
}

/// The program under test, with a note of each call: whose token it has, its arguments without folders, and how it ended.
const NOTING: &str = "#!/bin/bash
whose=nobody
case \"${GITHUB_TOKEN-}\" in APP) whose=app ;; OWN) whose=workflow ;; ?*) whose=somebody ;; esac
status=0
PROGRAM \"$@\" || status=$?
{
    printf '%s:' \"$whose\"
    printf ' %s' \"$@\" | sed 's|[^ =]*/\\([^/ ]*\\)|\\1|g'
    printf ' -> %s\\n' \"$status\"
} >> FOLDER/calls
exit \"$status\"
";

/// A machine, and the hub that it works for.
pub(super) struct Machine {
    act: PathBuf,
    folder: TempDir,
    pub(super) hub: Hub,
    /// What every step is told besides.
    environment: Vec<(String, String)>,
    variables: Vec<(&'static str, &'static str)>,
}

/// A run of a workflow.
pub(super) struct Ran {
    pub(super) log: String,
    pub(super) good: bool,
}

impl Ran {
    /// The names of jobs that ran, in order of their ends, each with how it ended.
    pub(super) fn jobs(&self) -> Vec<String> {
        let ended = self.log.lines().filter_map(|line| {
            let (job, end) = line.split_once(']')?;
            let end = end.split_once("Job ")?.1;
            let name = job.trim_start_matches('[').split_once('/').map_or(job, |(_, name)| name);
            Some(format!("{}: {}", name.trim(), end.trim()))
        });
        ended.collect()
    }
}

impl Machine {
    /// A machine for a hub; none where `act` is not.
    pub(super) fn new(hub: Hub, environment: &[(&str, String)]) -> Option<Self> {
        let act = act()?;
        let folder = tempfile::Builder::new().prefix("mcp-registry-test-").tempdir().unwrap();
        for name in ["artifacts", "home", "stubs"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let machine = Self { act, folder, hub, environment, variables: vec![("MCP_REGISTRY_CLIENT_ID", "client")] };
        machine.stubs();
        Some(machine)
    }

    pub(super) fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn stub(&self, action: &str, inputs: &[&str], outputs: &str, script: &str) {
        let folder = self.path("stubs").join(action);
        std::fs::create_dir_all(&folder).unwrap();
        let lines = |of: &[&str], line: fn(&str) -> String| of.iter().map(|name| line(name)).collect::<String>();
        let declared = lines(inputs, |name| format!("  {name}: {{ description: x }}\n"));
        let given = lines(inputs, |name| {
            format!("        {}: ${{{{ inputs.{name} }}}}\n", name.to_uppercase().replace('-', "_"))
        });
        let env = if inputs.is_empty() { String::new() } else { format!("      env:\n{given}") };
        let inputs = if inputs.is_empty() { String::new() } else { format!("inputs:\n{declared}") };
        let script = script.replace("ARTIFACTS", self.path("artifacts").to_str().unwrap());
        let script = script.replace("ORIGIN", self.path("origin.git").to_str().unwrap());
        let text = format!(
            "name: {action}\ndescription: x\n{inputs}{outputs}runs:\n  using: composite\n  steps:\n    - shell: bash\n{env}      run: |\n        {}\n",
            script.replace('\n', "\n        ")
        );
        std::fs::write(folder.join("action.yml"), text).unwrap();
    }

    fn stubs(&self) {
        self.stub(
            "actions/checkout",
            &[],
            "",
            "git clone --quiet ORIGIN . && git checkout --quiet --detach \"$GITHUB_SHA\"",
        );
        let token = format!("outputs:\n  token: {{ description: x, value: {TOKEN} }}\n");
        self.stub(
            "actions/create-github-app-token",
            &["client-id", "private-key"],
            &token,
            "[ \"$PRIVATE_KEY\" = key ]",
        );
        let upload = "rm -rf \"ARTIFACTS/$NAME\" && mkdir -p \"ARTIFACTS/$NAME\"\nif [ -d \"$PATH_\" ]; then cp -r \"$PATH_/.\" \"ARTIFACTS/$NAME\"; \
            else cp \"$PATH_\" \"ARTIFACTS/$NAME/\"; fi";
        self.stub("actions/upload-artifact", &["name", "path"], "", upload);
        self.stub(
            "actions/download-artifact",
            &["name", "path"],
            "",
            "mkdir -p \"$PATH_\" && cp -r \"ARTIFACTS/$NAME/.\" \"$PATH_\"",
        );
        for name in ["actions/upload-artifact", "actions/download-artifact"] {
            // `PATH` is where programs are.
            let file = self.path("stubs").join(name).join("action.yml");
            let text = std::fs::read_to_string(&file).unwrap();
            std::fs::write(&file, text.replace("        PATH: ", "        PATH_: ")).unwrap();
        }
        for name in ["actions/cache", "actions/cache/restore", "actions/cache/save"] {
            self.stub(name, &[], "", "true");
        }
        let tool = self.path("stubs/acme/mcp-registry");
        let (source, place) = (Path::new(env!("CARGO_MANIFEST_DIR")), ".github/actions/mcp-registry");
        std::fs::create_dir_all(tool.join(place)).unwrap();
        for name in ["action.yml", "place.sh", "release.sh", "run.sh"] {
            std::fs::copy(source.join(place).join(name), tool.join(place).join(name)).unwrap();
        }
        std::fs::copy(source.join("Cargo.toml"), tool.join("Cargo.toml")).unwrap();
        let program = self.path("mcp-registry");
        let install = format!("printf 'program=%s\\n' '{}' >> \"$GITHUB_OUTPUT\"\n", program.display());
        std::fs::write(tool.join(place).join("install.sh"), install).unwrap();
        let script = NOTING
            .replace("APP", TOKEN)
            .replace("OWN", OWN_TOKEN)
            .replace("PROGRAM", env!("CARGO_BIN_EXE_mcp-registry"))
            .replace("FOLDER", self.folder.path().to_str().unwrap());
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What the program was called for since the last time that this was asked, with commits as these names.
    pub(super) fn calls(&self, names: &[(&str, &str)]) -> String {
        let calls = std::fs::read_to_string(self.path("calls")).unwrap_or_default();
        drop(std::fs::remove_file(self.path("calls")));
        names.iter().fold(calls, |text, (name, commit)| text.replace(commit, name))
    }

    /// Runs a workflow of the registry's default branch, as GitHub would for this event.
    pub(super) fn run(&self, workflow: &str, event: &str, payload: &Value) -> Ran {
        self.hub.look(|world| origin::write(world, REPO, &self.path("origin.git")));
        let checkout = self.path("checkout");
        drop(std::fs::remove_dir_all(&checkout));
        let git = |arguments: &[&str]| {
            let done = Command::new("git").args(arguments).current_dir(self.folder.path()).status().unwrap();
            assert!(done.success(), "git {arguments:?}");
        };
        git(&["clone", "--quiet", "origin.git", "checkout"]);
        git(&["-C", "checkout", "remote", "set-url", "origin", &format!("https://github.com/{REPO}")]);
        let mut payload = payload.clone();
        payload["repository"] = serde_json::json!({
            "full_name": REPO, "name": "registry", "default_branch": "main", "owner": { "login": "acme" }
        });
        let file = self.path("event.json");
        std::fs::write(&file, payload.to_string()).unwrap();

        let mut command = Command::new(&self.act);
        command.current_dir(&checkout).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command
            .env("HOME", self.path("home"))
            .arg(event)
            .arg("--workflows")
            .arg(format!(".github/workflows/{workflow}"));
        command.arg("--eventpath").arg(&file).args([
            "--platform",
            "ubuntu-24.04=-self-hosted",
            "--concurrent-jobs",
            "1",
        ]);
        command.args(["--no-cache-server", "--no-skip-checkout", "--action-offline-mode", "--pull=false"]);
        command.args(["--secret", "MCP_REGISTRY_PRIVATE_KEY=key", "--secret", &format!("GITHUB_TOKEN={OWN_TOKEN}")]);
        for (name, value) in &self.variables {
            command.arg("--var").arg(format!("{name}={value}"));
        }
        let given = [("GITHUB_API_URL", self.hub.url.clone()), ("GITHUB_REPOSITORY", REPO.to_owned())];
        let given = given
            .iter()
            .map(|(name, value)| (*name, value))
            .chain(self.environment.iter().map(|(name, value)| (name.as_str(), value)));
        for (name, value) in given {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        // What a workflow uses is here, each at the commit that it is pinned to: nothing is asked for.
        for (action, commit) in used(&checkout.join(".github/workflows").join(workflow), &self.path("stubs")) {
            let stub = self.path("stubs").join(&action);
            command.arg("--local-repository").arg(format!("{action}@{commit}={}", stub.display()));
        }
        let output = command.output().unwrap();
        let log = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!log.contains("dial tcp"), "an action is missing: {log}");
        Ran { log, good: output.status.success() }
    }
}

/// Repositories of actions that a workflow uses, or that an action uses which it uses, each with its commit.
fn used(workflow: &Path, stubs: &Path) -> BTreeSet<(String, String)> {
    let uses = regex::Regex::new(r"uses: ([A-Za-z0-9-]+/[A-Za-z0-9-]+)(?:/[^@\s]*)?@([0-9a-f]{40})").unwrap();
    let own = stubs.join("acme/mcp-registry/.github/actions/mcp-registry/action.yml");
    let texts = [workflow, &own].map(|path| std::fs::read_to_string(path).unwrap()).concat();
    uses.captures_iter(&texts).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}
