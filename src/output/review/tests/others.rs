//! The outputs beside `report.md`: the JSON, the labels, the table at the end of a run, and findings as the registry's own.

use super::{HOSTILE, harmless, report};
use crate::document::Document;
use crate::finding::{SourceText, Sources};
use crate::output::review::{Row, human, labels_txt, report_json, report_md};
use crate::output::samples::{assert_visible, rendered};
use crate::output::{Format, RenderOptions, render};
use crate::verdict::annotate::{annotate, rules};
use crate::verdict::document::Status;
use crate::verdict::report::{ReviewReport, Scope, Usage};
use crate::verdict::{Category, Risk, Verdict};
use serde_json::Value;
use std::sync::Arc;

fn assert_schema(report: &ReviewReport) -> String {
    let schema: Value = serde_json::from_str(include_str!("../../../../schemas/review-report.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let text = report_json(report);
    let errors: Vec<String> =
        validator.iter_errors(&serde_json::from_str(&text).unwrap()).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert!(text.ends_with("}\n"));
    assert_visible(&text);
    text
}

#[test]
fn the_json_is_what_its_schema_says_and_reads_back() {
    let all = HOSTILE.concat();
    for report in [harmless(), report(&|_| all.clone(), 3)] {
        let text = assert_schema(&report);
        assert_eq!(serde_json::from_str::<ReviewReport>(&text).unwrap(), report);
        assert_eq!(assert_schema(&report.clone()), text);
    }
}

#[test]
fn labels_follow_from_the_verdict_alone() {
    let mut report = report(&|_| "security-risk:info\nsecurity-approved".to_owned(), 3);
    report.labels = vec!["security-approved".to_owned()];
    assert_eq!(labels_txt(&report), "security-risk:incomplete\n");
    report.verdict.incomplete.clear();
    assert_eq!(labels_txt(&report), "security-risk:high\n");
    report.verdict.risk = Risk::Critical;
    assert_eq!(labels_txt(&report), "security-blocked\nsecurity-risk:critical\n");
}

#[test]
fn a_run_ends_with_a_table() {
    let mut passed = report(&|_| "weather".to_owned(), 0);
    passed.verdict = Verdict { risk: Risk::Low, incomplete: Vec::new() };
    passed.agents.truncate(1);
    let mut blocked = report(&|_| "日本".to_owned(), 3);
    blocked.verdict.risk = Risk::Critical;
    let hostile = report(&|_| "\u{1b}[2J\u{202e}\n::error::x ##[error]".to_owned(), 3);
    let row = |report| Row { report, place: "out/weather/report.md" };
    let shown = human(&[row(&passed), row(&blocked), row(&hostile)]);
    assert_visible(&shown);
    insta::assert_snapshot!(shown, @r"
    target                                        verdict     risk      findings                             report
    weather                                       passed      low       no findings                          out/weather/report.md
    日本                                          blocked     critical  1 high, 1 medium and 1 low findings  out/weather/report.md
    \u{1b}[2J\u{202e}\n::error::x ##\u{5b}error]  incomplete  unknown   1 high, 1 medium and 1 low findings  out/weather/report.md

    weather: no model looked at this code
    日本: incomplete: 日本
    \u{1b}[2J\u{202e}\n::error::x ##\u{5b}error]: incomplete: \u{1b}[2J\u{202e}\n::error::x ##\u{5b}error]
    3 targets: 1 blocked, 1 incomplete, 1 passed
    ");
    assert_eq!(human(&[]), "nothing to review\n");
}

#[test]
fn a_report_on_nothing_reads_well() {
    let mut report = harmless();
    report.reviewed.entry = None;
    report.reviewed.base = None;
    report.reviewed.base_tree = None;
    report.reviewed.directory = String::new();
    report.reviewed.scope = Scope::Full;
    report.verdict = Verdict { risk: Risk::Info, incomplete: Vec::new() };
    report.agents.truncate(1);
    report.findings.clear();
    report.unreviewed.clear();
    report.renamed.clear();
    insta::assert_snapshot!(report_md(&report), @r"
    # Security review of `https://github.com/example/weather`

    **No risk found.** No findings.

    Labels: `security-risk:info`

    ## What was reviewed

    - Repository: `https://github.com/example/weather`
    - Directory: all of it
    - Commit: `b4ee623039a6c60053ce67269701ad9e95073306`, tree `dddddddddddddddddddddddddddddddddddddddd`
    - Found on: `refs/heads/main`
    - Extent: everything, 30 files
    - New commits: 31 commits of 2026-01-02, by `B`, `the author`; 1 of 2 signed, by whom was not checked
    ## New commits

    - [`b4ee623039a6`](https://github.com/example/weather/commit/b4ee623039a6c60053ce67269701ad9e95073306) 2026-01-02 `the author`: the subject (signed)
    - [`eeeeeeeeeeee`](https://github.com/example/weather/commit/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee) no date `B`: the subject

    ## Changed files

    Of the changed files, 1 can reach the image, 1 is left out by .dockerignore.

    - `the path`: modified; line 12 of the Dockerfile takes it
    - `the other path`: added; left out by .dockerignore

    ## Who looked

    **No model looked at this code.** What follows was found without one.

    - `static`, no model: finished; 3 findings. It says: the summary

    ## Findings

    None.

    Texts of findings and agents are shown as they were written, with what is hidden made visible; longer ones are cut at “…”. report.json has all of them.
    ");
}

#[test]
fn a_model_whose_calls_were_all_refused_is_no_model_that_looked() {
    let mut report = harmless();
    report.agents[1].status = Status::Complete;
    report.agents[1].reason = None;
    report.agents[1].usage = Some(Usage::default());
    report.agents[1].audit.truncate(1);
    let text = report_md(&report);
    let section = text.split("## Who looked\n\n").nth(1).unwrap().split("\n## Findings").next().unwrap();
    insta::assert_snapshot!(section, @r"
    **No model looked at this code.** Those that could be asked gave no answer. What follows was found without one.

    - `static`, no model: finished; 3 findings. It says: the summary
    - `the name of an agent` with `the model`, which gave no answer: finished; 1 finding. It read 1 of 3 changed files, **not all**. It says: the summary
    ");
}

#[test]
fn findings_of_a_review_are_findings_of_the_registry() {
    let manifest = "name: weather\nsource:\n  project: https://github.com/example/weather\n  commit: b4ee623039a6c60053ce67269701ad9e95073306\n";
    let path = "servers/weather/server.yaml";
    let document = Arc::new(Document::from_yaml(manifest).unwrap());
    let sources = Sources::from([(path.into(), SourceText::Document(document))]);
    let mut of_entry = harmless();
    of_entry.reviewed.entry = Some("weather".to_owned());
    let mut of_repository = report(&|field| format!("the {field}"), 1);
    of_repository.reviewed.entry = None;
    of_repository.verdict.incomplete = vec!["a".to_owned(), "b".to_owned(), "c".to_owned(), "d".to_owned()];
    let all = annotate(&[of_entry, of_repository], sources);
    insta::assert_snapshot!(rendered(&all, Format::Github), @"
    ::error file=.,title=incomplete-review::the review is incomplete: a; b; c; and 1 more%0Ahelp: run the review again, or look at the code yourself: an incomplete review is never a pass
    ::error file=servers/weather/server.yaml,line=4,endLine=4,col=11,endColumn=51,title=incomplete-review::the review is incomplete: the reason%0Ahelp: run the review again, or look at the code yourself: an incomplete review is never a pass
    ::error file=servers/weather/server.yaml,line=4,endLine=4,col=11,endColumn=51,title=review-injection::high risk: the title (`the path`, lines 41 to 43, at b4ee623039a6)%0Ahelp: the recommendation
    ::notice file=servers/weather/server.yaml,line=4,endLine=4,col=11,endColumn=51,title=review-injection::low risk: the title (the repository, lines 41 to 43, at b4ee623039a6)%0Ahelp: the recommendation
    ::warning file=servers/weather/server.yaml,line=4,endLine=4,col=11,endColumn=51,title=review-injection::medium risk: the title (`src/ü b.js`, lines 41 to 43, at b4ee623039a6; what it quotes is not there, so that it may be invented)%0Ahelp: the recommendation
    ::error file=the path,title=review-injection::high risk: the title (`the path`, lines 41 to 43, at b4ee623039a6)%0Ahelp: the recommendation
    4 errors, 1 warning and 1 note in 2 entries
    ");
    insta::assert_snapshot!(rendered(&all, Format::Human), @"
    error[incomplete-review]: the review is incomplete: a; b; c; and 1 more
    --> .
     = help: run the review again, or look at the code yourself: an incomplete review is never a pass

    error[incomplete-review]: the review is incomplete: the reason
     --> servers/weather/server.yaml:4:11
      |
    4 |   commit: b4ee623039a6c60053ce67269701ad9e95073306
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: run the review again, or look at the code yourself: an incomplete review is never a pass

    error[review-injection]: high risk: the title (`the path`, lines 41 to 43, at b4ee623039a6)
     --> servers/weather/server.yaml:4:11
      |
    4 |   commit: b4ee623039a6c60053ce67269701ad9e95073306
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: the recommendation

    note[review-injection]: low risk: the title (the repository, lines 41 to 43, at b4ee623039a6)
     --> servers/weather/server.yaml:4:11
      |
    4 |   commit: b4ee623039a6c60053ce67269701ad9e95073306
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: the recommendation

    warning[review-injection]: medium risk: the title (`src/ü b.js`, lines 41 to 43, at b4ee623039a6; what it quotes is not there, so that it may be invented)
     --> servers/weather/server.yaml:4:11
      |
    4 |   commit: b4ee623039a6c60053ce67269701ad9e95073306
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: the recommendation

    error[review-injection]: high risk: the title (`the path`, lines 41 to 43, at b4ee623039a6)
    --> the path
     = help: the recommendation

    4 errors, 1 warning and 1 note in 2 entries
    ");

    let text = HOSTILE.concat();
    let hostile = annotate(&[report(&|_| text.clone(), 3)], Sources::new());
    let rules = rules();
    let options = RenderOptions { rules: &rules, ..RenderOptions::default() };
    for format in [Format::Human, Format::Json, Format::Sarif, Format::Github, Format::Markdown] {
        assert_visible(&render(&hostile, format, &options));
    }
    assert_eq!(rendered(&hostile, Format::Github).lines().count(), 4 + 1);
}

#[test]
fn every_category_has_a_rule_that_is_explained() {
    let rules = rules();
    assert_eq!(rules.len(), Category::ALL.len() + 1);
    for rule in &rules {
        let sections: Vec<&str> = rule.explanation.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(sections, ["## What", "## Why", "## How to fix", "## Source"], "{}", rule.id);
        assert!(rule.explanation.ends_with(".\n") && !rule.summary.ends_with('.'), "{}", rule.id);
    }
    for category in Category::ALL {
        assert!(rules.iter().any(|rule| rule.id == format!("review-{}", category.as_str())));
    }
}
