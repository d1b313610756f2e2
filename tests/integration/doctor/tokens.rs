//! What a token is not shown is not known, and each line says which permission is missing.

use super::{REPO, doctor, doctor_with, problems, right};
use crate::hub::Hub;
use crate::hub::checked::{APPS, PERSON};

#[test]
fn a_token_that_may_see_nothing_says_so_of_every_line() {
    let mut world = right();
    world.repo_mut(REPO).settings.squash = None;
    let hub = Hub::with(world);
    for permission in
        ["administration", "secrets", "variables", "actions", "environments", "contents", "checks", "pulls", "metadata"]
    {
        hub.hide(permission);
    }
    let output = doctor(&hub, &[]);
    insta::assert_snapshot!(output.stdout, @"
    unknown  policy               not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Contents: read`, an administrator's for example (step 1)
    unknown  workflows            not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Contents: read`, an administrator's for example (step 1)
    unknown  codeowners           not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Contents: read`, an administrator's for example (step 1)
    ok       token                asked by App 4242 (`acme-pins[bot]`)
    ok       app-permissions      App `acme-pins` may write checks, contents, issues and pull requests
    unknown  app-id               not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Contents: read`, an administrator's for example (step 3)
    unknown  app-environment      not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Actions: read`, an administrator's for example (step 4)
    unknown  app-key              not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Actions: read`, an administrator's for example (step 4)
    unknown  review-environment   not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Actions: read`, an administrator's for example (step 5)
    unknown  review-key           not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Secrets: read`, an administrator's for example (step 5)
    unknown  actions-enabled      not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Administration: read`, an administrator's for example (step 6)
    unknown  allowed-actions      not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Administration: read`, an administrator's for example (step 6)
    unknown  pinned-actions       not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Administration: read`, an administrator's for example (step 6)
    unknown  workflow-token       not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Administration: read`, an administrator's for example (step 6)
    unknown  squash-merge         not known: GitHub does not say how pull requests can be merged
                                  fix: ask with a token that has the permission `Contents: write`, an administrator's for example (step 6)
    unknown  first-checks         not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Checks: read`, an administrator's for example (step 7)
    unknown  gate-required        not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Metadata: read`, an administrator's for example (step 8)
    unknown  bypass               not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Metadata: read`, an administrator's for example (step 8)
    unknown  pull-request-rule    not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Metadata: read`, an administrator's for example (step 8)
    unknown  branch-history       not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Metadata: read`, an administrator's for example (step 8)
    unknown  merge-queue          not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Metadata: read`, an administrator's for example (step 8)
    unknown  publish-environment  not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Actions: read`, an administrator's for example (step 9)
    unknown  publish-keys         not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Variables: read`, an administrator's for example (step 9)
    unknown  workflows-enabled    not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Actions: read`, an administrator's for example (step 10)

    2 ok, 22 unknown: docs/github.md has the steps
    ");
    assert_eq!((output.status, output.stderr.as_str()), (3, ""));
}

#[test]
fn one_permission_that_is_missing_leaves_out_its_own_lines_alone() {
    let mut said = String::new();
    for permission in ["administration", "secrets", "variables", "actions", "environments", "checks", "pulls"] {
        let hub = Hub::with(right());
        hub.hide(permission);
        let output = doctor(&hub, &[]);
        let problems = problems(&output);
        assert!(output.status == 3 && !problems.contains("wrong") && !problems.contains("missing "), "{problems}");
        let lines = problems.lines().filter(|line| line.starts_with("unknown"));
        let ids: Vec<&str> = lines.map(|line| line.split_whitespace().nth(1).unwrap()).collect();
        said.push_str(&format!("{permission}: {}\n", ids.join(", ")));
    }
    insta::assert_snapshot!(said, @"
    administration: actions-enabled, allowed-actions, pinned-actions, workflow-token
    secrets: app-key, review-key, publish-keys
    variables: publish-keys
    actions: app-environment, app-key, review-environment, review-key, publish-environment, publish-keys, workflows-enabled
    environments: app-key, review-key, publish-keys
    checks: first-checks
    pulls: first-checks
    ");
}

#[test]
fn the_token_of_a_person_sees_the_app_by_what_it_did() {
    let hub = Hub::with(right());
    let output = doctor_with(&hub, PERSON.1, &[]);
    assert_eq!((output.status, problems(&output).as_str()), (0, ""), "{}", output.stdout);
    let lines = output.stdout.lines().filter(|line| ["token ", "app-"].iter().any(|id| line.contains(id)));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
    ok       token                asked by `maria`, a person: the App is judged by the checks that it made
    ok       app-permissions      App `acme-pins` may write checks, contents, issues and pull requests
    ok       app-id               `app-id` is 4242
    ok       app-environment      only `main` may use the environment `mcp-registry`
    ok       app-key              the environment `mcp-registry` holds the App's client id and private key
    ok       workflow-token       the token of a workflow reads, and approves nothing, unless it asks for more
    ");
    // Before the first checks nobody knows what the App may do.
    hub.change(|world| world.repo_mut(REPO).checks.clear());
    let output = doctor_with(&hub, PERSON.1, &[]);
    assert_eq!(output.status, 1);
    insta::assert_snapshot!(problems(&output), @"
    unknown  app-permissions      not known: only a token of the App, or a check that it made, shows what it may do
                                  fix: do what `first-checks` says, or ask with a token of the App (step 2)
    missing  first-checks         App 4242 made no `mcp-registry/gate` on the latest pull requests (1 looked at)
                                  fix: open a pull request that changes an entry; Actions → Validate → the latest run says what failed (step 7)
    ");
}

#[test]
fn the_token_of_a_workflow_or_of_another_app_is_no_token_of_the_registrys() {
    let hub = Hub::with(right());
    let mut said = String::new();
    for app in &APPS[1..] {
        let output = doctor_with(&hub, app.token, &[]);
        assert_eq!(output.status, 1);
        said.push_str(&problems(&output));
    }
    insta::assert_snapshot!(said, @"
    wrong    token                the token is that of a workflow, with which a stranger's pull request can make the same checks
                                  fix: use a token of the registry's own App: `actions/create-github-app-token` makes one in a workflow (step 2)
    wrong    token                the token is of App 777 (`elsewhere[bot]`), and the registry's is App 4242
                                  fix: use a token of the registry's own App: `actions/create-github-app-token` makes one in a workflow (step 2)
    ");
    let output = doctor_with(&hub, "ghs_nobody", &[]);
    insta::assert_snapshot!(format!("{} {}{}", output.status, output.stdout, output.stderr), @"
    3 error: cannot look at the repository
      because: GitHub refused (401): Bad credentials
      hint: the token in GITHUB_TOKEN is not valid any more: that of an App lives for an hour
    ");
}
