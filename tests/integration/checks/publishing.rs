//! Check runs, labels and the comment.

use super::{PUBLISH, Stage, built, finding, reviewed, validated};
use crate::hub::people::MARIA;
use crate::publishing::{REPO, manifest, path, said};
use serde_json::{Value, json};

#[test]
fn what_passed_is_said_by_checks_and_a_label_alone() {
    let stage = Stage::bumped();
    stage.reports("low");
    let output = stage.run(&PUBLISH);
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    validate/a         success          no problems
    build/a            success          built from 19709c25938b
    security-review/a  success          risk: low; 1 finding
    labels set: security-risk:low
    --- stderr
    ");
    insta::assert_snapshot!(stage.state(), @"
    build/a: success: built from 19709c25938b
    security-review/a: success: risk: low; 1 finding
    validate/a: success: no problems
    labels: security-risk:low
    ");
    stage.hub.calls();
    assert_eq!(stage.publishes(), Vec::<String>::new(), "the same again writes nothing");
}

#[test]
fn work_is_under_way_until_its_report_is_there() {
    let stage = Stage::bumped();
    let start = ["checks", "start", "--pr", "1", "--diff", "main..pull/1"];
    let output = stage.run(&start);
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    validate/a         in_progress      under way
    build/a            in_progress      under way
    security-review/a  in_progress      under way
    --- stderr
    ");
    stage.hub.calls();
    assert_eq!(stage.run(&start).status, 0);
    assert_eq!(stage.writes(), Vec::<String>::new());
    stage.reports("info");
    insta::assert_snapshot!(stage.publishes().join("\n"), @"
    PATCH check-runs/3
    PATCH check-runs/4
    PATCH check-runs/5
    POST issues/1/labels
    ");
    insta::assert_snapshot!(stage.state(), @"
    build/a: success: built from 19709c25938b
    security-review/a: success: risk: info; no findings
    validate/a: success: no problems
    labels: security-risk:info
    ");
    // Work that begins again does not take back a verdict.
    assert_eq!(stage.run(&start).status, 0);
    assert_eq!(stage.writes(), Vec::<String>::new());
}

#[test]
fn every_risk_has_its_conclusion_its_label_and_its_words() {
    for (risk, shown) in [("medium", true), ("high", true), ("critical", true), ("incomplete", true)] {
        let stage = Stage::bumped();
        stage.reports(risk);
        stage.publishes();
        assert_eq!(stage.state().contains("says:"), shown);
        let state = stage.state();
        let (checks, comment) = state.split_once(" says:\n").unwrap();
        match risk {
            "medium" => insta::assert_snapshot!(checks, @"
            build/a: success: built from 19709c25938b
            security-review/a: neutral: risk: medium; 1 finding
            validate/a: success: no problems
            labels: security-risk:medium
            acme-pins[bot]
            "),
            "high" => insta::assert_snapshot!(format!("{checks}\n{comment}"), @r#"
            build/a: success: built from 19709c25938b
            security-review/a: neutral: risk: high; 1 finding
            validate/a: success: no problems
            labels: security-risk:high
            acme-pins[bot]
            <!-- mcp-registry:checks {"version":1,"text":"477f18b3ae491a61a05e22085278ddcc"} -->

            ### What was checked at `838864818329`

            | | validate | build | security review |
            |---|---|---|---|
            | `a` | passed | passed | high |

            - `security-review/a`: risk: high; 1 finding

            **A maintainer decides**: approve this very commit, or set the label `security-ack` after its review has ended.
            "#),
            "critical" => insta::assert_snapshot!(format!("{checks}\n{comment}"), @r#"
            build/a: success: built from 19709c25938b
            security-review/a: failure: risk: critical; 1 finding
            validate/a: success: no problems
            labels: security-blocked, security-risk:critical
            acme-pins[bot]
            <!-- mcp-registry:checks {"version":1,"text":"d1cef9201fb54b2dba3be3b72b0137d2"} -->

            ### What was checked at `838864818329`

            | | validate | build | security review |
            |---|---|---|---|
            | `a` | passed | passed | critical |

            - `security-review/a`: risk: critical; 1 finding
            "#),
            _ => insta::assert_snapshot!(format!("{checks}\n{comment}"), @r#"
            build/a: success: built from 19709c25938b
            security-review/a: action_required: incomplete: the time was up
            validate/a: success: no problems
            labels: security-risk:incomplete
            acme-pins[bot]
            <!-- mcp-registry:checks {"version":1,"text":"b7a441471e9821a81d3a1578bf4f0283"} -->

            ### What was checked at `838864818329`

            | | validate | build | security review |
            |---|---|---|---|
            | `a` | passed | passed | no verdict |

            - `security-review/a`: incomplete: the time was up
            "#),
        }
    }
}

#[test]
fn findings_are_annotations_and_more_than_fifty_come_in_parts() {
    let stage = Stage::bumped();
    stage.reports("info");
    let findings: Vec<Value> = (1..=120).map(|line| finding("a", "error", line, "`main` is not a commit")).collect();
    stage.report_of("validate.json", &validated(&findings));
    insta::assert_snapshot!(stage.publishes().join("\n"), @"
    POST check-runs
    PATCH check-runs/3
    PATCH check-runs/3
    POST check-runs
    POST check-runs
    POST issues/1/labels
    POST issues/1/comments
    ");
    let (conclusion, lines) = stage.hub.look(|world| {
        let check = world.check(REPO, &super::head_in(world), "validate/a", super::APP).unwrap();
        let lines: Vec<u64> = check.annotations.iter().map(|it| it["start_line"].as_u64().unwrap()).collect();
        (check.conclusion.clone(), lines)
    });
    assert_eq!(conclusion.as_deref(), Some("failure"));
    assert_eq!(lines, (1..=120).collect::<Vec<_>>());
    assert_eq!(stage.publishes(), Vec::<String>::new());
}

#[test]
fn another_verdict_on_the_same_commit_is_another_check_run_and_the_comment_is_edited() {
    let stage = Stage::bumped();
    stage.reports("high");
    stage.publishes();
    stage.reports("info");
    insta::assert_snapshot!(stage.publishes().join("\n"), @"
    POST check-runs
    POST issues/1/labels
    DELETE issues/1/labels/security-risk%3Ahigh
    PATCH issues/comments/7
    ");
    insta::assert_snapshot!(stage.state(), @r#"
    build/a: success: built from 19709c25938b
    security-review/a: neutral: risk: high; 1 finding
    security-review/a: success: risk: info; no findings
    validate/a: success: no problems
    labels: security-risk:info
    acme-pins[bot] says:
    <!-- mcp-registry:checks {"version":1,"text":"fc9de643a1f8a5d40601264194e2b884"} -->

    ### What was checked at `838864818329`

    | | validate | build | security review |
    |---|---|---|---|
    | `a` | passed | passed | passed |
    "#);
}

#[test]
fn a_comment_that_was_deleted_is_written_again_and_a_label_that_was_removed_is_set_again() {
    let stage = Stage::bumped();
    stage.reports("high");
    stage.publishes();
    stage.hub.change(|world| world.repo_mut(REPO).threads.get_mut(&1).unwrap().comments.clear());
    stage.hub.human_unlabels(REPO, 1, "security-risk:high");
    insta::assert_snapshot!(stage.publishes().join("\n"), @"
    POST issues/1/labels
    POST issues/1/comments
    ");
}

#[test]
fn labels_of_people_stay_and_ours_are_the_same_in_any_case() {
    let stage = Stage::bumped();
    for label in ["bug", "Security-Risk:LOW", "SECURITY-BLOCKED", "security-ack"] {
        stage.hub.human_labels(REPO, 1, label, MARIA);
    }
    stage.reports("low");
    stage.publishes();
    let labels = stage.hub.look(|world| world.repo(REPO).threads[&1].labels.join(", "));
    assert_eq!(labels, "bug, Security-Risk:LOW, security-ack");
}

#[test]
fn what_no_report_is_about_needs_action() {
    let stage = Stage::bumped();
    stage.reports("low");
    // Of another commit, of another entry, and none at all.
    stage.report_of("validate.json", &built("a", 3, "built"));
    stage.report_of("build.json", &built("b", 2, "built"));
    stage.report_of("reviews/a/report.json", &reviewed("a", 3, "info"));
    stage.publishes();
    let state = stage.state();
    insta::assert_snapshot!(state.split_once(" says:").unwrap().0, @"
    build/a: action_required: no report says what came of it
    security-review/a: action_required: no report says what came of it
    validate/a: action_required: no report says what came of it
    labels: security-risk:incomplete
    acme-pins[bot]
    ");
}

#[test]
fn a_build_that_failed_says_why() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.report_of("build.json", &built("a", 2, "failed"));
    stage.publishes();
    insta::assert_snapshot!(stage.state(), @r#"
    build/a: failure: the image cannot be built
    security-review/a: success: risk: low; 1 finding
    validate/a: success: no problems
    labels: security-risk:low
    acme-pins[bot] says:
    <!-- mcp-registry:checks {"version":1,"text":"54f64a103df0b862f4ea359ea449c114"} -->

    ### What was checked at `838864818329`

    | | validate | build | security review |
    |---|---|---|---|
    | `a` | passed | failed | passed |

    - `build/a`: the image cannot be built
    "#);
}

#[test]
fn a_pull_request_that_moved_on_is_left_alone() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.hub.fetch(REPO, &stage.machine.root());
    stage.hub.human_pushes(REPO, &super::pin_branch(), &[("servers/a/readme.md", "# A\n")]);
    let fixed = ["--repository", REPO, "--write-interval", "0"];
    stage.hub.calls();
    let output = stage.wired(stage.machine.command(PUBLISH.iter().chain(&fixed))).run();
    assert_eq!(stage.writes(), Vec::<String>::new());
    insta::assert_snapshot!(said(&output), @"
    status 3
    --- stdout
    --- stderr
    error: cannot publish the checks
      because: the head of #1 is 39b36075fa13 by now, and what was judged is 838864818329
      hint: nothing was written: the run for the new head says what there is to say
    ");
}

#[test]
fn without_a_number_the_pull_request_is_found_by_its_head() {
    let stage = Stage::bumped();
    stage.reports("low");
    let arguments: Vec<&str> = PUBLISH.into_iter().filter(|argument| *argument != "--pr=1").collect();
    let output = stage.run(&arguments);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(stage.state().contains("security-review/a: success"), "{}", stage.state());
}

#[test]
fn a_new_entry_of_a_stranger_gets_its_checks_whatever_its_words_are() {
    let stage = Stage::of(&["b"]);
    stage.hub.change(|world| {
        world.fork(REPO, "eve/registry");
        world.set_ref("eve/registry", "refs/heads/topic", Some(&world.tip(REPO, "main").unwrap().clone()), "eve");
        let text = manifest("a", 2).replace("# a, by hand", "# @maria <img src=x> ::error::x");
        world.push("eve/registry", "topic", "eve", "New", &[(&path("a"), Some(&text))]);
    });
    stage.hub.human_opens(REPO, "eve/registry", "topic", "New entry", "Hello");
    stage.reports("low");
    let message = "`@maria` <img src=x onerror=alert(1)> [x](javascript:1) ##[error]x | ` `` \u{202e}";
    stage.report_of("validate.json", &validated(&[finding("a", "error", 1, message)]));
    stage.publishes();
    let summary = stage.hub.look(|world| {
        world.check(REPO, &super::head_in(world), "validate/a", super::APP).unwrap().summary.clone().unwrap()
    });
    insta::assert_snapshot!(summary, @"
    | | where | what | rule |
    |---|---|---|---|
    | error | `servers/a/server.yaml:1` | `@maria` &#60;img src&#61;x onerror&#61;alert&#40;1&#41;&#62; &#91;x&#93;&#40;javascript:1&#41; &#35;&#8203;&#35;&#8203;&#92;u&#123;5b&#125;error&#93;x &#124; &#96; &#92;u&#123;202e&#125;<br>mend it | `unpinned-source` |
    ");
}

#[test]
fn a_dry_run_reads_and_writes_nothing() {
    let stage = Stage::bumped();
    stage.reports("high");
    stage.hub.calls();
    let output = stage.run(&[&PUBLISH[..], &["--dry-run"]].concat());
    assert_eq!(stage.writes(), Vec::<String>::new());
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    validate/a         success          no problems
    build/a            success          built from 19709c25938b
    security-review/a  neutral          risk: high; 1 finding
    labels set: security-risk:high
    --- stderr
    this was a dry run: nothing was written
    ");
}

#[test]
fn the_result_is_of_its_published_form_and_the_summary_is_of_the_job() {
    let stage = Stage::bumped();
    stage.reports("high");
    let summary = stage.machine.home().join("summary.md");
    let output =
        stage.command(&[&PUBLISH[..], &["--format", "json"]].concat()).env("GITHUB_STEP_SUMMARY", &summary).run();
    let value: Value = serde_json::from_str(&output.stdout).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../../schemas/checks.json")).unwrap();
    jsonschema::validate(&schema, &value).unwrap_or_else(|error| panic!("{error}: {value:#}"));
    assert_eq!(value["labels"], json!({ "added": ["security-risk:high"], "removed": [] }));
    insta::assert_snapshot!(std::fs::read_to_string(summary).unwrap(), @"
    | check | conclusion | |
    |---|---|---|
    | `validate/a` | success | no problems |
    | `build/a` | success | built from 19709c&#8203;25938b |
    | `security-review/a` | neutral | risk: high; 1 finding |
    ");
}

#[test]
fn what_is_missing_is_said_before_anything_is_asked() {
    let stage = Stage::bumped();
    stage.reports("low");
    let of = |arguments: &[&str]| said(&stage.run(arguments));
    let shown = [
        of(&["checks", "publish", "--pr", "1", "--diff", "main..pull/1"]),
        of(&["checks", "publish", "--pr", "0", "--diff", "main..pull/1", "validate.json"]),
        of(&["checks", "publish", "--pr", "1", "--diff", "main..pull/1", "nofile.json"]),
        of(&["checks", "publish", "--pr", "1", "--diff", "main..pull/1", "mcp-registry.toml"]),
        of(&["checks", "publish", "--pr", "9", "--diff", "main..pull/1", "validate.json"]),
        of(&["checks", "publish", "--pr", "1", "--diff", "main..pull/1", "validate.json", "--app-id", "15368"]),
        of(&["checks", "publish", "--pr", "1", "--diff", "main..pull/1", "validate.json", "--format", "sarif"]),
        of(&["checks", "publish", "--pr", "1", "--diff", "main..pull/1", "validate.json", "--offline"]),
    ];
    insta::assert_snapshot!(shown.join("\n"), @"
    status 2
    --- stdout
    --- stderr
    error: no report is named
      hint: name the files of `validate`, `build` and `review`: `checks publish … validate.json`

    status 2
    --- stdout
    --- stderr
    error: invalid value '0' for '--pr <NUMBER>': a pull request is a number, as in 7

    For more information, try '--help'.

    status 2
    --- stdout
    --- stderr
    error: cannot read nofile.json
      because: No such file or directory (os error 2)

    status 2
    --- stdout
    --- stderr
    error: mcp-registry.toml is not a report of this program
      because: expected value at line 1 column 2
      hint: `checks publish` takes what `validate --format json` and `build --format json` wrote, and the report.json of a review

    status 3
    --- stdout
    --- stderr
    error: cannot publish the checks
      because: there is no pull request #9 in this repository

    status 2
    --- stdout
    --- stderr
    error: 15368 is the App of every workflow, a stranger's among them
      hint: make an App of the registry's own; docs/github.md says how

    status 2
    --- stdout
    --- stderr
    error: `checks publish` is written as human or json
      hint: use `--format json`

    status 2
    --- stdout
    --- stderr
    error: `checks publish` needs GitHub, and this run is offline
      hint: leave out `--offline`
    ");
}

#[test]
fn thirty_pull_requests_take_fewer_than_150_writes_and_the_same_again_none() {
    let names: Vec<String> = (0..30).map(|number| format!("entry-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let stage = Stage::of(&names);
    let decisions = names.iter().map(|name| crate::publishing::moves(name, 1, 2)).collect();
    let machine = crate::runner::Runner::new();
    machine.write("plan.json", serde_json::to_string(&crate::publishing::plan(decisions)).unwrap());
    let night = ["update-pins", "--apply", "plan.json", "--open-prs", "--repository", REPO, "--write-interval", "0"];
    assert_eq!(stage.wired(machine.command(night)).run().status, 0);
    let rounds = [(); 2].map(|()| {
        stage.hub.calls();
        for (number, name) in (1..).zip(&names) {
            // As a night of a real registry is: most are harmless, a few are not.
            let risk = ["low", "info", "low", "info", "medium", "low", "high", "info", "low", "info"][number % 10];
            stage.report_of("validate.json", &validated(&[]));
            stage.report_of("build.json", &built(name, 2, "built"));
            stage.report_of("reviews/a/report.json", &reviewed(name, 2, risk));
            let (number, range) = (number.to_string(), format!("main..pull/{number}"));
            let publish =
                ["checks", "publish", "--pr", &number, "--diff", &range, "validate.json", "build.json", "reviews"];
            let output = stage.run(&publish);
            assert_eq!(output.status, 0, "{}", said(&output));
        }
        stage.writes().len()
    });
    assert!(rounds[0] < 150, "{rounds:?}");
    assert_eq!(rounds[1], 0);
}
