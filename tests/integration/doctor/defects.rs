//! Each thing that can be wrong, alone, gives its line and no other.

use super::{APP, GATE, REPO, TOOL, doctor, ids, problems, right};
use crate::hub::Hub;
use crate::hub::checked::Required;
use crate::hub::settings::{Branches, Classic, Settings};
use crate::hub::world::{Repo, World};

/// A defect, the ids of the lines that it gives, and how it comes about.
type Defect = (&'static str, &'static [&'static str], fn(&mut World));

fn repo(world: &mut World) -> &mut Repo {
    world.repo_mut(REPO)
}

fn settings(world: &mut World) -> &mut Settings {
    &mut repo(world).settings
}

fn edit(world: &mut World, path: &str, change: impl FnOnce(String) -> String) {
    let text = change(world.read(REPO, "main", path).unwrap());
    world.push(REPO, "main", "maria", "x", &[(path, Some(&text))]);
}

fn remove(world: &mut World, path: &str) {
    world.push(REPO, "main", "maria", "x", &[(path, None)]);
}

fn require(world: &mut World, checks: &[(&str, Option<u64>)]) {
    let required = |(context, app): &(&str, Option<u64>)| Required { context: (*context).to_owned(), app: *app };
    repo(world).required = checks.iter().map(required).collect();
}

fn branches(world: &mut World, environment: &str, branches: Branches) {
    settings(world).environments.get_mut(environment).unwrap().branches = branches;
}

fn patterns(all: &[(&str, &'static str)]) -> Branches {
    Branches::Chosen(all.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect())
}

const GATE_WORKFLOW: &str = ".github/workflows/gate.yml";
const OWNERS: &str = ".github/CODEOWNERS";
const POLICY: &str = "mcp-registry.toml";

/// A model that the policy names, for which a key is needed.
fn model(text: String) -> String {
    text + "\n[review]\nmodel = \"vendor/model\"\n"
}

const DEFECTS: &[Defect] = &[
    ("a policy that is none", &["policy", "app-id"], |world| edit(world, POLICY, |_| "[github]\napp-id = ".to_owned())),
    ("no App in the policy", &["app-id"], |world| edit(world, POLICY, |text| text.replace("app-id", "# app-id"))),
    ("another App in the policy", &["token", "app-permissions", "first-checks", "gate-required"], |world| {
        edit(world, POLICY, |text| text.replace("4242", "777"));
    }),
    ("the App of every workflow in the policy", &["policy", "app-id"], |world| {
        edit(world, POLICY, |text| text.replace("4242", "15368"));
    }),
    ("a workflow is missing", &["workflows"], |world| remove(world, ".github/workflows/auto-merge.yml")),
    ("a workflow was edited", &["workflows"], |world| {
        edit(world, ".github/workflows/reviewed.yml", |text| text + "# mine\n");
    }),
    ("a workflow of somebody else", &["workflows"], |world| {
        edit(world, ".github/workflows/reviewed.yml", |_| "on: push\n".to_owned());
    }),
    ("a workflow that runs another commit", &["workflows"], |world| {
        let other = TOOL.split_once('@').unwrap().1;
        edit(world, ".github/workflows/update-pins.yml", |text| text.replace(other, &"f".repeat(40)));
    }),
    ("no CODEOWNERS", &["codeowners"], |world| remove(world, OWNERS)),
    ("CODEOWNERS without workflows", &["codeowners"], |world| {
        edit(world, OWNERS, |text| text.replace("/.github/ ", "/.github/actions/ "));
    }),
    ("CODEOWNERS without the policy", &["codeowners"], |world| {
        edit(world, OWNERS, |text| text.replace("/mcp-registry.toml ", "/other.toml "));
    }),
    ("CODEOWNERS that takes owners away again", &["codeowners"], |world| edit(world, OWNERS, |text| text + "*.toml\n")),
    ("an App that cannot write issues", &["app-permissions"], |world| {
        settings(world).app.insert("issues".to_owned(), "read".to_owned());
    }),
    ("no environment", &["app-environment", "app-key"], |world| {
        drop(settings(world).environments.remove("mcp-registry"))
    }),
    ("an environment for every branch", &["app-environment"], |world| branches(world, "mcp-registry", Branches::Any)),
    ("an environment for protected branches", &["review-environment"], |world| {
        branches(world, "security-review", Branches::Protected);
    }),
    ("an environment for another branch, too", &["publish-environment"], |world| {
        branches(world, "publish", patterns(&[("main", "branch"), ("release/*", "branch"), ("main", "tag")]));
    }),
    ("an environment for no branch", &["app-environment"], |world| branches(world, "mcp-registry", patterns(&[]))),
    ("no key of the App", &["app-key"], |world| {
        settings(world).environments.get_mut("mcp-registry").unwrap().secrets.clear();
    }),
    ("no client id", &["app-key"], |world| {
        settings(world).environments.get_mut("mcp-registry").unwrap().variables.clear();
    }),
    ("the key of the App for every branch", &["app-key"], |world| {
        settings(world).secrets.push("MCP_REGISTRY_PRIVATE_KEY".to_owned());
    }),
    ("a model without a key", &["review-key"], |world| {
        edit(world, POLICY, model);
        settings(world).environments.get_mut("security-review").unwrap().secrets.clear();
    }),
    ("a provider's key for every branch", &["review-key"], |world| {
        settings(world).secrets.push("OPENAI_API_KEY".to_owned());
    }),
    ("Actions are off", &["actions-enabled", "allowed-actions"], |world| settings(world).actions.enabled = false),
    ("only own actions", &["allowed-actions"], |world| settings(world).actions.allowed = "local_only"),
    ("no actions of GitHub", &["allowed-actions"], |world| settings(world).actions.patterns.remove(0).clear()),
    ("an action that is forbidden", &["allowed-actions"], |world| {
        settings(world).actions.patterns.push("!actions/upload-artifact@*".to_owned());
    }),
    ("actions by tags", &["pinned-actions"], |world| settings(world).actions.pinned = Some(false)),
    ("workflows that write", &["workflow-token"], |world| settings(world).token = "write"),
    ("workflows that approve", &["workflow-token"], |world| settings(world).approves = true),
    ("no squashing", &["squash-merge"], |world| settings(world).squash = Some(false)),
    ("no pull request yet", &["first-checks"], |world| repo(world).threads.clear()),
    ("no gate yet", &["first-checks"], |world| repo(world).checks.clear()),
    ("a gate of somebody else", &["first-checks"], |world| repo(world).checks[0].app = 777),
    ("no gate in the ruleset", &["gate-required"], |world| require(world, &[])),
    ("a gate of any App", &["gate-required"], |world| require(world, &[(GATE, None)])),
    ("a gate of Actions", &["gate-required"], |world| require(world, &[(GATE, Some(15_368))])),
    ("a gate of another App", &["gate-required"], |world| require(world, &[(GATE, Some(777))])),
    ("another name", &["gate-required"], |world| {
        require(world, &[("mcp-registry/gates", Some(APP)), ("validate/a", None)]);
    }),
    ("classic protection and no ruleset", &["gate-required", "bypass"], |world| {
        require(world, &[]);
        settings(world).rules = Default::default();
        let check = Some((GATE.to_owned(), Some(APP)));
        settings(world).classic = Some(Classic { check, code_owners: Some(true), loose: false });
    }),
    ("no ruleset at all", &["gate-required", "bypass", "pull-request-rule", "branch-history"], |world| {
        require(world, &[]);
        settings(world).rules = Default::default();
    }),
    ("somebody may bypass it", &["bypass"], |world| settings(world).rules.bypass = Some(1)),
    ("the App itself may bypass it", &["bypass"], |world| {
        (settings(world).rules.bypass, settings(world).rules.own_bypass) = (None, Some("always"));
    }),
    ("no pull requests", &["pull-request-rule"], |world| settings(world).rules.pull_request = None),
    ("no review of code owners", &["pull-request-rule"], |world| settings(world).rules.pull_request = Some(false)),
    ("force pushes", &["branch-history"], |world| settings(world).rules.no_force_pushes = false),
    ("deletion", &["branch-history"], |world| settings(world).rules.no_deletion = false),
    ("a merge queue, and nothing starts for it", &["workflows", "merge-queue"], |world| {
        edit(world, ".github/workflows/validate.yml", |text| text.replace("  merge_group:\n", ""));
    }),
    ("a merge queue, and nothing decides its gate", &["workflows", "merge-queue"], |world| {
        remove(world, GATE_WORKFLOW)
    }),
    ("no environment to publish", &["publish-environment", "publish-keys"], |world| {
        drop(settings(world).environments.remove("publish"));
    }),
    ("no keys to publish", &["publish-keys"], |world| {
        settings(world).environments.get_mut("publish").unwrap().secrets.remove(0).clear();
        settings(world).variables.retain(|name| name != "IMAGE_REGISTRY_USER");
    }),
    ("nights that GitHub switched off", &["workflows-enabled"], |world| {
        settings(world).disabled = [("update-pins.yml".to_owned(), "disabled_inactivity")].into();
    }),
];

#[test]
fn each_defect_gives_its_line_and_no_other() {
    let mut said = String::new();
    for (name, expected, defect) in DEFECTS {
        let mut world = right();
        defect(&mut world);
        let hub = Hub::with(world);
        let output = doctor(&hub, &[]);
        let problems = problems(&output);
        assert_eq!(ids(&problems), *expected, "{name}:\n{}{}", output.stdout, output.stderr);
        assert_eq!(output.status, 1, "{name}");
        said.push_str(&format!("# {name}\n{problems}"));
    }
    insta::assert_snapshot!(said, @"
    # a policy that is none
    wrong    policy               `mcp-registry.toml` on `main` cannot be read: string values must be quoted, expected literal string
                                  fix: `mcp-registry validate` in a clone shows the place (step 1)
    unknown  app-id               not known: `mcp-registry.toml` cannot be read
                                  fix: do what `policy` says first (step 3)
    # no App in the policy
    missing  app-id               the policy does not say which App is the registry's own: its checks count for nothing
                                  fix: write `app-id = 4242` under `[github]` in `mcp-registry.toml`: that is the App of this token (step 3)
    # another App in the policy
    wrong    token                the token is of App 4242 (`acme-pins[bot]`), and the registry's is App 777
                                  fix: use a token of the registry's own App: `actions/create-github-app-token` makes one in a workflow (step 2)
    unknown  app-permissions      not known: only a token of the App, or a check that it made, shows what it may do
                                  fix: do what `first-checks` says, or ask with a token of the App (step 2)
    missing  first-checks         App 777 made no `mcp-registry/gate` on the latest pull requests (1 looked at)
                                  fix: open a pull request that changes an entry; Actions → Validate → the latest run says what failed (step 7)
    wrong    gate-required        a ruleset asks for `mcp-registry/gate` of App 4242, and the registry's is App 777
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → change the source of `mcp-registry/gate` to your App (step 8)
    # the App of every workflow in the policy
    wrong    policy               `mcp-registry.toml` on `main` cannot be read: `github.app-id` is 15368, the App of every workflow: a stranger's pull request can make its checks; name an App of the registry's own
                                  fix: `mcp-registry validate` in a clone shows the place (step 1)
    unknown  app-id               not known: `mcp-registry.toml` cannot be read
                                  fix: do what `policy` says first (step 3)
    # a workflow is missing
    missing  workflows            not as this version writes them: 1 of 8
                                  - .github/workflows/auto-merge.yml is missing
                                  fix: `mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ (step 1)
    # a workflow was edited
    wrong    workflows            not as this version writes them: 1 of 8
                                  - .github/workflows/reviewed.yml was edited since `mcp-registry init` wrote it
                                  fix: `mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ (step 1)
    # a workflow of somebody else
    wrong    workflows            not as this version writes them: 1 of 8
                                  - .github/workflows/reviewed.yml was not written by `mcp-registry init`
                                  fix: `mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ (step 1)
    # a workflow that runs another commit
    wrong    workflows            not as this version writes them: 1 of 8
                                  - .github/workflows/update-pins.yml was edited since `mcp-registry init` wrote it
                                  fix: `mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ (step 1)
    # no CODEOWNERS
    missing  codeowners           there is no CODEOWNERS: whoever may push can change what judges them
                                  fix: put `/mcp-registry.toml @OWNER` and `/.github/ @OWNER` at the end of `.github/CODEOWNERS` (step 1)
    # CODEOWNERS without workflows
    wrong    codeowners           `.github/CODEOWNERS` names no owner of `.github/CODEOWNERS` and 9 more
                                  fix: put `/mcp-registry.toml @OWNER` and `/.github/ @OWNER` at the end of `.github/CODEOWNERS` (step 1)
    # CODEOWNERS without the policy
    wrong    codeowners           `.github/CODEOWNERS` names no owner of `mcp-registry.toml`
                                  fix: put `/mcp-registry.toml @OWNER` and `/.github/ @OWNER` at the end of `.github/CODEOWNERS` (step 1)
    # CODEOWNERS that takes owners away again
    wrong    codeowners           `.github/CODEOWNERS` names no owner of `mcp-registry.toml`
                                  fix: put `/mcp-registry.toml @OWNER` and `/.github/ @OWNER` at the end of `.github/CODEOWNERS` (step 1)
    # an App that cannot write issues
    missing  app-permissions      App `acme-pins` lacks the permission issues: write
                                  fix: Settings of the account or organization → Developer settings → GitHub Apps → acme-pins → Permissions & events → Repository permissions; then accept them where it is installed (step 2)
    # no environment
    missing  app-environment      there is no environment `mcp-registry`
                                  fix: Settings → Environments → New environment `mcp-registry`; Deployment branches and tags: Selected branches and tags → `main`, and no other (step 4)
    missing  app-key              there is no environment `mcp-registry` to hold the App's client id and private key
                                  fix: Settings → Environments → mcp-registry → Environment secrets, Environment variables (step 4)
    # an environment for every branch
    wrong    app-environment      every branch may use the environment `mcp-registry`: whoever may push one can read its secrets
                                  fix: Settings → Environments → mcp-registry → Deployment branches and tags: Selected branches and tags → `main`, and no other (step 4)
    # an environment for protected branches
    wrong    review-environment   every branch with classic protection may use the environment `security-review`, not `main` alone
                                  fix: Settings → Environments → security-review → Deployment branches and tags: Selected branches and tags → `main`, and no other (step 5)
    # an environment for another branch, too
    wrong    publish-environment  the environment `publish` is open to `release/*`, `main` as well
                                  fix: Settings → Environments → publish → Deployment branches and tags: Selected branches and tags → `main`, and no other (step 9)
    # an environment for no branch
    wrong    app-environment      no branch may use the environment `mcp-registry`
                                  fix: Settings → Environments → mcp-registry → Deployment branches and tags: Selected branches and tags → `main`, and no other (step 4)
    # no key of the App
    missing  app-key              the environment `mcp-registry` lacks `MCP_REGISTRY_PRIVATE_KEY`
                                  fix: Settings → Environments → mcp-registry → Environment secrets, Environment variables (step 4)
    # no client id
    missing  app-key              the environment `mcp-registry` lacks `MCP_REGISTRY_CLIENT_ID`
                                  fix: Settings → Environments → mcp-registry → Environment secrets, Environment variables (step 4)
    # the key of the App for every branch
    wrong    app-key              the repository itself has the secret `MCP_REGISTRY_PRIVATE_KEY`: a workflow of any branch can read it
                                  fix: Settings → Secrets and variables → Actions → Repository secrets: remove it; keep it in the environment `mcp-registry` (step 4)
    # a model without a key
    missing  review-key           the policy names the model `vendor/model`, and the environment `security-review` has no key of a provider
                                  fix: Settings → Environments → security-review → Environment secrets, Environment variables: ANTHROPIC_API_KEY or OPENAI_API_KEY (step 5)
    # a provider's key for every branch
    wrong    review-key           the repository itself has the secret `OPENAI_API_KEY`: a workflow of any branch can read it
                                  fix: Settings → Secrets and variables → Actions → Repository secrets: remove it; keep it in the environment `security-review` (step 5)
    # Actions are off
    wrong    actions-enabled      Actions are disabled: no workflow runs
                                  fix: Settings → Actions → General → Actions permissions (step 6)
    unknown  allowed-actions      not known: GitHub does not say which actions are allowed
                                  fix: do what `actions-enabled` says first (step 6)
    # only own actions
    wrong    allowed-actions      actions of the workflows are not allowed: `actions/cache/restore@55cc8345863c7cc4c66a329aec7e433d2d1c52a9`, `actions/cache/save@55cc8345863c7cc4c66a329aec7e433d2d1c52a9`, `actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1`, `actions/create-github-app-token@bcd2ba49218906704ab6c1aa796996da409d3eb1`, `actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c`, `actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a`
                                  fix: Settings → Actions → General → Actions permissions: select `actions/*` and `OWNER/mcp-registry@*` (step 6)
    # no actions of GitHub
    wrong    allowed-actions      actions of the workflows are not allowed: `actions/cache/restore@55cc8345863c7cc4c66a329aec7e433d2d1c52a9`, `actions/cache/save@55cc8345863c7cc4c66a329aec7e433d2d1c52a9`, `actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1`, `actions/create-github-app-token@bcd2ba49218906704ab6c1aa796996da409d3eb1`, `actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c`, `actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a`
                                  fix: Settings → Actions → General → Actions permissions: select `actions/*` and `OWNER/mcp-registry@*` (step 6)
    # an action that is forbidden
    wrong    allowed-actions      actions of the workflows are not allowed: `actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a`
                                  fix: Settings → Actions → General → Actions permissions: select `actions/*` and `OWNER/mcp-registry@*` (step 6)
    # actions by tags
    missing  pinned-actions       actions can be named by a tag, which can come to mean another program
                                  fix: Settings → Actions → General → Actions permissions → Require actions to be pinned to a full-length commit SHA (step 6)
    # workflows that write
    wrong    workflow-token       the token of a workflow that asks for nothing can write
                                  fix: Settings → Actions → General → Workflow permissions: Read repository contents, and no Allow GitHub Actions to create and approve pull requests (step 6)
    # workflows that approve
    wrong    workflow-token       workflows can approve pull requests, in place of a person
                                  fix: Settings → Actions → General → Workflow permissions: Read repository contents, and no Allow GitHub Actions to create and approve pull requests (step 6)
    # no squashing
    wrong    squash-merge         pull requests cannot be squashed: `merge` merges nothing
                                  fix: Settings → General → Pull Requests → Allow squash merging (step 6)
    # no pull request yet
    missing  first-checks         there is no pull request yet, and so no check that can be required
                                  fix: open one with an entry of your own, from a branch of the repository (step 7)
    # no gate yet
    missing  first-checks         App 4242 made no `mcp-registry/gate` on the latest pull requests (1 looked at)
                                  fix: open a pull request that changes an entry; Actions → Validate → the latest run says what failed (step 7)
    # a gate of somebody else
    missing  first-checks         App 4242 made no `mcp-registry/gate` on the latest pull requests (1 looked at)
                                  fix: open a pull request that changes an entry; Actions → Validate → the latest run says what failed (step 7)
    # no gate in the ruleset
    missing  gate-required        no ruleset asks for `mcp-registry/gate`: whatever is red can be merged
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, Require status checks to pass: `mcp-registry/gate`, with your App as its source (step 8)
    # a gate of any App
    wrong    gate-required        a ruleset asks for `mcp-registry/gate` from any source: a stranger's pull request can make it
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → change the source of `mcp-registry/gate` to your App (step 8)
    # a gate of Actions
    wrong    gate-required        a ruleset asks for `mcp-registry/gate` of GitHub Actions: a stranger's pull request can make it
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → change the source of `mcp-registry/gate` to your App (step 8)
    # a gate of another App
    wrong    gate-required        a ruleset asks for `mcp-registry/gate` of App 777, and the registry's is App 4242
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → change the source of `mcp-registry/gate` to your App (step 8)
    # another name
    wrong    gate-required        a ruleset asks for `mcp-registry/gates`, `validate/a`, and not for `mcp-registry/gate`
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → Require status checks to pass: `mcp-registry/gate`, with your App as its source (step 8)
    # classic protection and no ruleset
    wrong    gate-required        classic branch protection asks for `mcp-registry/gate`, and no ruleset: `merge` merges nothing
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, Require status checks to pass: `mcp-registry/gate`, with your App as its source (step 8)
    missing  bypass               the default branch has no ruleset
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, with an empty Bypass list (step 8)
    # no ruleset at all
    missing  gate-required        no ruleset asks for `mcp-registry/gate`: whatever is red can be merged
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, Require status checks to pass: `mcp-registry/gate`, with your App as its source (step 8)
    missing  bypass               the default branch has no ruleset
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, with an empty Bypass list (step 8)
    missing  pull-request-rule    no ruleset asks for pull requests: whoever may push changes the default branch without any check
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, Require a pull request before merging, with Require review from Code Owners (step 8)
    missing  branch-history       the default branch has no rule `Block force pushes`, `Restrict deletions`
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → Block force pushes and Restrict deletions (step 8)
    # somebody may bypass it
    wrong    bypass               somebody may bypass the ruleset `The default branch`
                                  fix: Settings → Rules → Rulesets → the ruleset → Bypass list: remove everybody (step 8)
    # the App itself may bypass it
    wrong    bypass               somebody may bypass the ruleset `The default branch`
                                  fix: Settings → Rules → Rulesets → the ruleset → Bypass list: remove everybody (step 8)
    # no pull requests
    missing  pull-request-rule    no ruleset asks for pull requests: whoever may push changes the default branch without any check
                                  fix: Settings → Rules → Rulesets → New branch ruleset: Enforcement: Active, Target branches: Include default branch, Require a pull request before merging, with Require review from Code Owners (step 8)
    # no review of code owners
    wrong    pull-request-rule    pull requests are asked for, but not the review of code owners: the policy can be changed without its owners
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → Require a pull request before merging, with Require review from Code Owners (step 8)
    # force pushes
    missing  branch-history       the default branch has no rule `Block force pushes`
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → Block force pushes (step 8)
    # deletion
    missing  branch-history       the default branch has no rule `Restrict deletions`
                                  fix: Settings → Rules → Rulesets → the ruleset of the default branch → Restrict deletions (step 8)
    # a merge queue, and nothing starts for it
    wrong    workflows            not as this version writes them: 1 of 8
                                  - .github/workflows/validate.yml was edited since `mcp-registry init` wrote it
                                  fix: `mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ (step 1)
    missing  merge-queue          the default branch has a merge queue, and no workflow starts on `merge_group`: it waits forever
                                  fix: restore `validate.yml` and `gate.yml` with `mcp-registry init`; or Settings → Rules → Rulesets → the ruleset: switch Require merge queue off (step 8)
    # a merge queue, and nothing decides its gate
    missing  workflows            not as this version writes them: 1 of 8
                                  - .github/workflows/gate.yml is missing
                                  fix: `mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ (step 1)
    wrong    merge-queue          the default branch has a merge queue, and no workflow decides `mcp-registry/gate` for its groups
                                  fix: restore `validate.yml` and `gate.yml` with `mcp-registry init`; or Settings → Rules → Rulesets → the ruleset: switch Require merge queue off (step 8)
    # no environment to publish
    missing  publish-environment  there is no environment `publish`
                                  fix: Settings → Environments → New environment `publish`; Deployment branches and tags: Selected branches and tags → `main`, and no other (step 9)
    missing  publish-keys         there is no environment `publish` to hold what signs and pushes images
                                  fix: Settings → Environments → publish → Environment secrets, Environment variables (step 9)
    # no keys to publish
    missing  publish-keys         the environment `publish` lacks `COSIGN_PRIVATE_KEY`, `IMAGE_REGISTRY_USER`
                                  fix: Settings → Environments → publish → Environment secrets, Environment variables (step 9)
    # nights that GitHub switched off
    wrong    workflows-enabled    workflows that are switched off: 1
                                  - .github/workflows/update-pins.yml was switched off by GitHub, since nothing happened in the repository for 60 days
                                  fix: Actions → the workflow at the left → Enable workflow (step 10)
    ");
}

#[test]
fn what_is_optional_is_not_missing() {
    let mut world = right();
    settings(&mut world).variables.clear();
    settings(&mut world).environments.remove("publish");
    settings(&mut world).environments.get_mut("security-review").unwrap().secrets.clear();
    settings(&mut world).rules.queue = false;
    settings(&mut world).actions.allowed = "all";
    let hub = Hub::with(world);
    let output = doctor(&hub, &[]);
    assert_eq!((problems(&output).as_str(), output.status), ("", 0), "{}", output.stdout);
    let lines = output
        .stdout
        .lines()
        .filter(|line| ["publish", "review-key", "merge-queue"].iter().any(|id| line.contains(id)));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
    ok       review-key           there is no key of a model provider: the static checks review alone
    ok       merge-queue          the default branch has no merge queue
    ok       publish-environment  not needed: nothing is published without the variable `COSIGN_PUBLIC_KEY`
    ok       publish-keys         not needed: nothing is published without the variable `COSIGN_PUBLIC_KEY`
    ");
}

#[test]
fn another_commit_of_the_program_is_told_from_an_edit() {
    let hub = Hub::with(right());
    let output = doctor(&hub, &["--tool", &TOOL.replace("0123", "abcd")]);
    assert_eq!(output.status, 1);
    insta::assert_snapshot!(problems(&output), @"
    wrong    workflows            not as this version writes them: 7 of 8
                                  - .github/workflows/auto-merge.yml was written by another version of this program, and nobody edited it
                                  - .github/workflows/build.yml was written by another version of this program, and nobody edited it
                                  - .github/workflows/gate.yml was written by another version of this program, and nobody edited it
                                  - .github/workflows/publish.yml was written by another version of this program, and nobody edited it
                                  - .github/workflows/security-review.yml was written by another version of this program, and nobody edited it
                                  - .github/workflows/update-pins.yml was written by another version of this program, and nobody edited it
                                  - .github/workflows/validate.yml was written by another version of this program, and nobody edited it
                                  fix: `mcp-registry init` in a clone writes what is missing, replaces what nobody edited, and shows how the others differ (step 1)
    ");
}

#[test]
fn a_later_version_of_the_program_is_not_judged_by_an_earlier_one() {
    let machine = crate::runner::Runner::new();
    let mut world = right();
    let path = ".github/workflows/gate.yml";
    let text = world.read(REPO, "main", path).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    let version = format!(" # v{}", env!("CARGO_PKG_VERSION"));
    let body = body.replace(&version, " # v99.0.0");
    // The stamp is the digest of what is below it.
    machine.write("body", body.trim_end());
    let digest = sha256(body.trim_end());
    let text = format!(
        "# Written by `mcp-registry init`, which replaces it as long as nobody edits it. sha256:{digest}\n{body}"
    );
    world.push(REPO, "main", "maria", "x", &[(path, Some(&text))]);
    let output = doctor(&Hub::with(world), &[]);
    assert_eq!(output.status, 3, "{}", output.stdout);
    insta::assert_snapshot!(problems(&output), @"
    unknown  workflows            not as this version writes them: 1 of 8
                                  - .github/workflows/gate.yml was written by a later version of this program
                                  fix: ask the later version (step 1)
    ");
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn names_that_others_chose_are_shown_escaped_and_bounded() {
    let mut world = right();
    let evil = "\u{1b}[31m::error::x\n\u{202e}";
    require(&mut world, &[(evil, None), (&"y".repeat(100_000), None)]);
    for number in 0..100 {
        repo(&mut world).required.push(Required { context: format!("{evil}{number}"), app: None });
    }
    let all: Vec<(String, &'static str)> = (0..200).map(|number| (format!("{evil}/{number}"), "branch")).collect();
    branches(&mut world, "publish", Branches::Chosen(all));
    settings(&mut world).disabled = [("gate.yml".to_owned(), "disabled_manually")].into();
    world.push(REPO, "main", "maria", "x", &[(".github/workflows/\u{1b}evil.yml", Some("on: push\n"))]);
    let hub = Hub::with(world);
    // A key of the policy, which its error repeats.
    hub.human_pushes(REPO, "main", &[(POLICY, &format!("[github]\n{} = 1\n", "k".repeat(100_000)))]);
    for format in ["human", "json"] {
        let output = doctor(&hub, &["--format", format]);
        assert_eq!(output.status, 1);
        assert!(output.stdout.len() < 20_000, "{}", output.stdout.len());
        let hidden = |character: char| character != '\n' && (character.is_control() || character == '\u{202e}');
        assert!(!output.stdout.contains(hidden), "{:?}", output.stdout);
    }
}
