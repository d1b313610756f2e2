//! What goes wrong on the way is said, and never taken for a good answer.

use super::{REPO, doctor, problems, right};
use crate::hub::Hub;
use crate::hub::faults::{At, Fault, Kind};
use crate::publishing::on_all;
use crate::slow::{is_skipped, some};

/// Kinds that are believed at once.
const BELIEVED: [Kind; 3] = [Kind::Unauthorized, Kind::Forbidden, Kind::NotFound];

/// How many calls there are.
fn calls() -> usize {
    let hub = Hub::with(right());
    doctor(&hub, &[]);
    hub.inject(Fault::once(Kind::Error, At::Call(usize::MAX)));
    let machine = crate::runner::Runner::new();
    let command = machine.command(["doctor", "--repository", REPO]);
    command.env("GITHUB_API_URL", &hub.url).env("GITHUB_TOKEN", crate::hub::TOKEN).run();
    hub.calls().len()
}

/// Whether a fault at one call left everything ok although it should not have. The order of calls is not always the same.
fn refused_at(call: usize, kind: Kind) {
    let hub = Hub::with(right());
    hub.inject(Fault::once(kind, At::Call(call)));
    let machine = crate::runner::Runner::new();
    let command = machine.command(["doctor", "--repository", REPO, "--max-wait", "0"]);
    let output = command.env("GITHUB_API_URL", &hub.url).env("GITHUB_TOKEN", crate::hub::TOKEN).run();
    let struck = hub.calls().into_iter().find(|call| call.status != Some(200));
    // Rulesets say all of what classic protection is asked for.
    let is_needless = struck.is_none_or(|call| call.path.ends_with("/protection"));
    let what = format!("{kind:?} at {call}: {}{}", output.stdout, output.stderr);
    assert!(output.status != 0 || is_needless, "{what}");
    assert!(output.status == 3 || !output.stderr.contains("error"), "{what}");
    assert!(!output.stdout.contains("\nwrong") && !output.stdout.starts_with("wrong"), "{what}");
}

#[test]
fn what_github_refuses_is_never_ok() {
    let all = calls();
    assert!((30..70).contains(&all), "{all}");
    let step = if is_skipped("refusals of every call of doctor") { 9 } else { 1 };
    let cases = (1..=all).step_by(step).flat_map(|call| BELIEVED.map(move |kind| (call, kind)));
    on_all(some(cases, 0), |(call, kind)| refused_at(call, kind));
}

#[test]
fn limits_that_are_not_waited_for_are_never_ok() {
    for kind in [Kind::Secondary(403, 1), Kind::Secondary(429, 1), Kind::SecondaryMute, Kind::Primary(1)] {
        for call in [1, 2, 9, 30] {
            refused_at(call, kind);
        }
    }
}

#[test]
fn after_the_repository_nothing_that_is_always_refused_is_ok() {
    for kind in BELIEVED {
        let hub = Hub::with(right());
        hub.inject(Fault::from(kind, At::Call(2)));
        let output = doctor(&hub, &[]);
        assert_ne!(output.status, 0);
        // How pull requests are merged, the repository itself says.
        let ok: Vec<&str> = output.stdout.lines().filter(|line| line.starts_with("ok")).collect();
        assert!(ok.len() == 1 && ok[0].contains("squash-merge"), "{kind:?}: {}", output.stdout);
    }
    let hub = Hub::with(right());
    hub.inject(Fault::from(Kind::Forbidden, At::Call(2)));
    insta::assert_snapshot!(problems(&doctor(&hub, &[])), @"
    unknown  policy               not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Contents: read`, an administrator's for example (step 1)
    unknown  workflows            not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Contents: read`, an administrator's for example (step 1)
    unknown  codeowners           not known: GitHub refused (403): Resource not accessible by integration
                                  fix: ask with a token that has the permission `Contents: read`, an administrator's for example (step 1)
    unknown  token                not known: GitHub refused (403): Resource not accessible by integration
                                  fix: GitHub took the token before: ask with a new one (step 2)
    unknown  app-permissions      not known: GitHub refused (403): Resource not accessible by integration
                                  fix: GitHub took the token before: ask with a new one (step 2)
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
    unknown  first-checks         not known: nobody says which App is the registry's own
                                  fix: do what `app-id` says first (step 7)
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
    ");
}

#[test]
fn what_ends_by_itself_is_asked_again() {
    let kinds = [Kind::Error, Kind::Gateway, Kind::Close, Kind::HalfJson, Kind::CutBody, Kind::Html, Kind::Huge];
    let all = calls();
    let step = if is_skipped("faults of every call of doctor") { 17 } else { 4 };
    let cases: Vec<(usize, Kind)> =
        (1..=all).step_by(step).flat_map(|call| kinds.map(move |kind| (call, kind))).collect();
    on_all(cases, |(call, kind)| {
        let hub = Hub::with(right());
        hub.inject(Fault::once(kind, At::Call(call)));
        let output = doctor(&hub, &[]);
        assert_eq!((output.status, problems(&output).as_str()), (0, ""), "{kind:?} at {call}: {}", output.stderr);
    });
}
