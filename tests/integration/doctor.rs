//! `doctor` against a GitHub: a registry that is set up as docs/github.md says, and everything that can be missing of it.

mod defects;
mod faults;
mod tokens;

use crate::hub::checked::Required;
use crate::hub::settings::{Environment, Rules};
use crate::hub::world::World;
use crate::hub::{Hub, TOKEN};
use crate::publishing::REPO;
use crate::runner::{Output, Runner};
use serde_json::Value;
use std::path::Path;
use std::sync::OnceLock;

/// The registry's own App.
const APP: u64 = 4_242;
const GATE: &str = "mcp-registry/gate";
/// The program that the workflows run.
const TOOL: &str = "acme/mcp-registry@0123456789012345678901234567890123456789";

/// Every file below a folder, with its path in it.
fn files(folder: &Path, below: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for item in std::fs::read_dir(folder.join(below)).unwrap() {
        let item = item.unwrap();
        let path = format!("{below}{}", item.file_name().into_string().unwrap());
        match item.file_type().unwrap().is_dir() {
            true => all.extend(files(folder, &format!("{path}/"))),
            false => all.push((path.clone(), std::fs::read_to_string(item.path()).unwrap())),
        }
    }
    all
}

/// A registry in which every step was done, with one pull request whose gate was decided.
fn right() -> World {
    static RIGHT: OnceLock<World> = OnceLock::new();
    RIGHT.get_or_init(set_up).clone()
}

fn set_up() -> World {
    let machine = Runner::new();
    let output = machine.run(["init", "--owners", "@acme/maintainers", "--app-id", "4242", "--tool", TOOL]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let files = files(&machine.root(), "");
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let hub = Hub::start();
    hub.change(|world| world.create(REPO, &files));
    hub.human_branches(REPO, "main", "entry");
    hub.human_pushes(REPO, "entry", &[("servers/a/server.yaml", "name: a\n")]);
    hub.human_opens(REPO, REPO, "entry", "An entry", "");
    hub.change(|world| {
        let head = world.tip(REPO, "entry").unwrap().clone();
        world.forge_check(REPO, APP, GATE, &head, "1");
        let repo = world.repo_mut(REPO);
        repo.required = vec![Required { context: GATE.to_owned(), app: Some(APP) }];
        let settings = &mut repo.settings;
        let publish = ["COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD", "IMAGE_REGISTRY_PASSWORD"];
        settings.environments = [
            ("mcp-registry", Environment::of_main(&["MCP_REGISTRY_PRIVATE_KEY"], &["MCP_REGISTRY_CLIENT_ID"])),
            ("publish", Environment::of_main(&publish, &[])),
            ("security-review", Environment::of_main(&["ANTHROPIC_API_KEY"], &[])),
        ]
        .map(|(name, environment)| (name.to_owned(), environment))
        .into();
        settings.variables = ["COSIGN_PUBLIC_KEY", "IMAGE_REGISTRY", "IMAGE_REGISTRY_USER"].map(str::to_owned).into();
        settings.actions.allowed = "selected";
        settings.actions.pinned = Some(true);
        settings.actions.patterns = vec!["actions/*".to_owned(), "acme/mcp-registry@*".to_owned()];
        settings.rules = Rules {
            pull_request: Some(true),
            queue: true,
            no_force_pushes: true,
            no_deletion: true,
            bypass: Some(0),
            own_bypass: None,
        };
    });
    hub.world()
}

/// Runs it, which must not write.
fn doctor_with(hub: &Hub, token: &str, arguments: &[&str]) -> Output {
    let machine = Runner::new();
    let fixed = ["doctor", "--repository", REPO];
    let command = machine.command(fixed.iter().chain(arguments));
    let output = command.env("GITHUB_API_URL", &hub.url).env("GITHUB_TOKEN", token).run();
    hub.look(|world| assert!(world.repos.contains_key(REPO)));
    output
}

fn doctor(hub: &Hub, arguments: &[&str]) -> Output {
    let output = doctor_with(hub, TOKEN, arguments);
    let writes: Vec<_> = hub.calls().into_iter().filter(|call| call.is_write()).collect();
    assert_eq!(writes, [], "it only reads");
    output
}

/// The lines about what is not right, with what is below them.
fn problems(output: &Output) -> String {
    let mut shown = false;
    let lines = output.stdout.lines().take_while(|line| !line.is_empty()).filter(|line| {
        shown = if line.starts_with(' ') { shown } else { !line.starts_with("ok ") };
        shown
    });
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The ids of those lines.
fn ids(problems: &str) -> Vec<&str> {
    let lines = problems.lines().filter(|line| !line.starts_with(' '));
    lines.map(|line| line.split_whitespace().nth(1).unwrap()).collect()
}

#[test]
fn a_registry_that_is_set_up_is_all_right() {
    let hub = Hub::with(right());
    let output = doctor(&hub, &["--tool", TOOL]);
    insta::assert_snapshot!(output.stdout, @"
    ok       policy               `mcp-registry.toml` on `main` can be read
    ok       workflows            all 8 are as this version writes them, and run acme/mcp-registry@012345678901
    ok       codeowners           `.github/CODEOWNERS` names owners of policy and workflows
    ok       token                asked by App 4242 (`acme-pins[bot]`)
    ok       app-permissions      App `acme-pins` may write checks, contents, issues and pull requests
    ok       app-id               `app-id` is 4242
    ok       app-environment      only `main` may use the environment `mcp-registry`
    ok       app-key              the environment `mcp-registry` holds the App's client id and private key
    ok       review-environment   only `main` may use the environment `security-review`
    ok       review-key           the environment `security-review` holds `ANTHROPIC_API_KEY`
    ok       actions-enabled      Actions are enabled
    ok       allowed-actions      the actions of the workflows are allowed
    ok       pinned-actions       actions have to be pinned to a whole commit id
    ok       workflow-token       the token of a workflow reads, and approves nothing, unless it asks for more
    ok       squash-merge         pull requests can be squashed
    ok       first-checks         App 4242 decided `mcp-registry/gate` for a pull request lately
    ok       gate-required        a ruleset asks for `mcp-registry/gate` of App 4242
    ok       bypass               nobody may bypass the rulesets
    ok       pull-request-rule    a ruleset asks for pull requests, and for the review of code owners
    ok       branch-history       force pushes to the default branch and its deletion are blocked
    ok       merge-queue          the default branch has a merge queue, and a workflow decides its gate
    ok       publish-environment  only `main` may use the environment `publish`
    ok       publish-keys         the environment `publish` holds what signs and pushes images
    ok       workflows-enabled    no workflow is switched off

    all 24 checks are ok: this registry runs itself
    ");
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    // The commit of the program is known by the workflows themselves, too.
    let again = doctor(&hub, &[]);
    assert_eq!((again.status, again.stdout), (0, output.stdout));
}

#[test]
fn an_empty_repository_lacks_everything_and_says_where_to_click() {
    let mut world = World::new();
    world.create(REPO, &[("README.md", "# Registry\n")]);
    let hub = Hub::with(world);
    let output = doctor(&hub, &[]);
    insta::assert_snapshot!(output.stdout, @"
    missing  policy               there is no `mcp-registry.toml` on `main`
                                  fix: run `mcp-registry init` in a clone, commit and push (step 1)
    missing  workflows            not as this version writes them: 8 of 8
                                  - .github/workflows/auto-merge.yml is missing
                                  - .github/workflows/build.yml is missing
                                  - .github/workflows/gate.yml is missing
                                  - .github/workflows/publish.yml is missing
                                  - .github/workflows/reviewed.yml is missing
                                  - .github/workflows/security-review.yml is missing
                                  - .github/workflows/update-pins.yml is missing
                                  - .github/workflows/validate.yml is missing
                                  fix: `mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ (step 1)
    missing  codeowners           there is no CODEOWNERS: whoever may push can change what judges them
                                  fix: put `/mcp-registry.toml @OWNER` and `/.github/ @OWNER` at the end of `.github/CODEOWNERS` (step 1)
    ok       token                asked by App 4242 (`acme-pins[bot]`)
    ok       app-permissions      App `acme-pins` may write checks, contents, issues and pull requests
    missing  app-id               the policy does not say which App is the registry's own: its checks count for nothing
                                  fix: write `app-id = 4242` under `[github]` in `mcp-registry.toml`: that is the App of this token (step 3)
    missing  app-environment      there is no environment `mcp-registry`
                                  fix: Settings → Environments → New environment `mcp-registry`; Deployment branches and tags: Selected branches and tags → `main`, and no other (step 4)
    missing  app-key              there is no environment `mcp-registry` to hold the App's client id and private key
                                  fix: Settings → Environments → mcp-registry → Environment secrets, Environment variables (step 4)
    missing  review-environment   there is no environment `security-review`
                                  fix: Settings → Environments → New environment `security-review`; Deployment branches and tags: Selected branches and tags → `main`, and no other (step 5)
    missing  review-key           there is no environment `security-review` to hold a key
                                  fix: Settings → Environments → security-review → Environment secrets, Environment variables (step 5)
    ok       actions-enabled      Actions are enabled
    ok       allowed-actions      all actions are allowed
    missing  pinned-actions       actions can be named by a tag, which can come to mean another program
                                  fix: Settings → Actions → General → Actions permissions → Require actions to be pinned to a full-length commit SHA (step 6)
    ok       workflow-token       the token of a workflow reads, and approves nothing, unless it asks for more
    ok       squash-merge         pull requests can be squashed
    missing  first-checks         there is no pull request yet, and so no check that can be required
                                  fix: open one with an entry of your own, from a branch of the repository (step 7)
    missing  gate-required        no ruleset asks for `mcp-registry/gate`: whatever is red can be merged
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, Require status checks to pass: `mcp-registry/gate`, with your App as its source (step 8)
    missing  bypass               the default branch has no ruleset
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, with an empty Bypass list (step 8)
    missing  pull-request-rule    no ruleset asks for pull requests: whoever may push changes the default branch without any check
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, Require a pull request before merging, with Require review from Code Owners (step 8)
    missing  branch-history       the default branch has no rule `Block force pushes`, `Restrict deletions`
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → Block force pushes and Restrict deletions (step 8)
    ok       merge-queue          the default branch has no merge queue
    ok       publish-environment  not needed: nothing is published without the variable `COSIGN_PUBLIC_KEY`
    ok       publish-keys         not needed: nothing is published without the variable `COSIGN_PUBLIC_KEY`
    missing  workflows-enabled    GitHub knows no workflow of the repository
                                  fix: push the workflows to the default branch (step 10)

    9 ok, 15 missing: docs/github.md has the steps
    ");
    assert_eq!((output.status, output.stderr.as_str()), (1, ""));
}

#[test]
fn json_is_of_the_published_form() {
    let schema: Value = serde_json::from_str(include_str!("../../schemas/doctor.json")).unwrap();
    let mut world = right();
    world.push(REPO, "main", "maria", "x", &[(".github/workflows/gate.yml", None)]);
    world.repo_mut(REPO).settings.squash = None;
    let hub = Hub::with(world);
    let output = doctor(&hub, &["--format", "json"]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    assert!(jsonschema::is_valid(&schema, &json), "{json:#}");
    insta::assert_snapshot!(json["summary"].to_string(), @r#"{"missing":1,"ok":21,"unknown":1,"wrong":1}"#);
    insta::assert_snapshot!(format!("{:#}", json["checks"][1]), @r#"
    {
      "id": "workflows",
      "step": 1,
      "status": "missing",
      "says": "not as this version writes them: 1 of 8",
      "details": [
        ".github/workflows/gate.yml is missing"
      ],
      "fix": "`mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ"
    }
    "#);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let hub = Hub::with(right());
    let machine = Runner::new();
    let tell = |arguments: &[&str], token: &str| {
        let command = machine.command(["doctor"].iter().chain(arguments)).env("GITHUB_API_URL", &hub.url);
        let output = if token.is_empty() { command } else { command.env("GITHUB_TOKEN", token) }.run();
        format!("{} {}", output.status, output.stderr)
    };
    let said = [
        tell(&[], TOKEN),
        tell(&["--repository", "acme"], TOKEN),
        tell(&["--repository", REPO], ""),
        tell(&["--repository", REPO, "--offline"], TOKEN),
        tell(&["--repository", REPO, "--format", "sarif"], TOKEN),
        tell(&["--repository", "acme/nowhere"], TOKEN),
    ];
    insta::assert_snapshot!(said.join(""), @"
    2 error: nothing says which repository on GitHub the registry is
      hint: name it: `--repository OWNER/NAME`
    2 error: `--repository` is not OWNER/NAME: `acme`
      hint: as in `acme/registry`
    2 error: `doctor` needs a token in GITHUB_TOKEN
      hint: one of the registry's own App: `actions/create-github-app-token` makes it in a workflow
    2 error: `doctor` needs GitHub, and this run is offline
      hint: leave out `--offline`
    2 error: `doctor` is written as human or json
      hint: use `--format json`
    3 error: cannot look at the repository
      because: GitHub does not find the repository `acme/nowhere`
    ");
}
