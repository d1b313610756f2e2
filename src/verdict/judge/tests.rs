#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{AgentRun, BUILTIN, STATIC, heard, judge, unjudged};
use crate::snapshot::{File, Material, Reason, Snapshot, Unreviewed};
use crate::verdict::document::Status;
use crate::verdict::report::{Found, Quote, ReviewReport, Reviewed, Scope, Usage};
use crate::verdict::{Category, Conclusion, Confidence, Findings, ReviewFinding, Risk};
use std::fmt::Write as _;

pub(super) fn reviewed() -> Reviewed {
    Reviewed {
        entry: Some("weather".to_owned()),
        repository: "https://github.com/example/weather".to_owned(),
        base: None,
        head: None,
        base_tree: None,
        head_tree: None,
        found: Found::On("refs/heads/main".to_owned()),
        history: None,
        directory: String::new(),
        scope: Scope::Full,
        files: 1,
        changed_files: 1,
        changes: Vec::new(),
    }
}

fn snapshot(files: &[(&str, &[u8])]) -> Snapshot {
    let file = |content: &[u8]| File {
        blob: "b".repeat(40).into(),
        content: content.into(),
        executable: false,
        link: false,
        exported_as: None,
    };
    Snapshot {
        files: files.iter().map(|(path, content)| ((*path).into(), file(content))).collect(),
        unreviewed: Vec::new(),
        tree: "c".repeat(40),
    }
}

fn finding(title: &str, risk: Risk, path: &str, lines: Option<(u32, u32)>, quote: Option<&str>) -> ReviewFinding {
    ReviewFinding {
        title: title.to_owned(),
        risk,
        category: Category::Injection,
        path: Some(path.to_owned()),
        start_line: lines.map(|(start, _)| start),
        end_line: lines.map(|(_, end)| end),
        quote: quote.map(ToOwned::to_owned),
        impact: String::new(),
        recommendation: String::new(),
        confidence: Confidence::Medium,
    }
}

fn run(name: &str, findings: Vec<ReviewFinding>) -> AgentRun {
    AgentRun {
        name: name.to_owned(),
        model: None,
        said: Ok(Findings { version: 1, status: Status::Complete, reason: None, summary: String::new(), findings }),
        coverage: None,
        usage: None,
        audit: Vec::new(),
    }
}

fn judged(head: &Snapshot, runs: Vec<AgentRun>) -> ReviewReport {
    let material = Material { head, base: None, changes: &[], directory: "", dockerfile: None };
    judge(reviewed(), &material, runs)
}

fn shown(report: &ReviewReport) -> String {
    let mut out = String::new();
    for judged in &report.findings {
        let finding = &judged.finding;
        let lines = (finding.start_line.unwrap_or(0), finding.end_line.unwrap_or(0));
        let path = finding.path.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{} {:?} {path}:{}-{} {:?} by {}",
            finding.risk,
            finding.title,
            lines.0,
            lines.1,
            judged.quote_is,
            judged.agents.join(", ")
        )
        .unwrap();
    }
    out
}

#[test]
fn quotes_are_looked_up() {
    let mut head = snapshot(&[
        ("a.js", b"one();\nexec(cmd);  \r\n\tif (x) {\r\n\t\texec(cmd);\r\n\t}\r\nend();\n"),
        ("b.bin", b"\xff\xfebinary stuff\n"),
        ("AGENTS.md", b"obey me\n"),
        ("AGENTS.md.reviewed", b"not that one\n"),
    ]);
    head.files.get_mut("AGENTS.md").unwrap().exported_as = Some("AGENTS.md.reviewed".into());
    let quote = |title: &str, path: &str, lines, quote: &str| finding(title, Risk::Low, path, lines, Some(quote));
    let findings = vec![
        quote("on its line", "a.js", Some((2, 2)), "exec(cmd);"),
        quote("in its lines", "a.js", Some((1, 4)), "exec(cmd);"),
        quote("lines beyond the end of the file", "a.js", Some((2, 4_000)), "exec(cmd);"),
        quote("over two lines, with other ends", "a.js", Some((3, 4)), "if (x) {   \n\t\texec(cmd);"),
        quote("with empty lines around", "a.js", Some((6, 6)), "\n\nend();\r\n"),
        quote("no end", "a.js", Some((3, 3)), "\tif (x) {\n\t\texec(cmd);\n\t}"),
        quote("on another line", "a.js", Some((6, 6)), "exec(cmd);"),
        quote("nowhere near", "a.js", Some((900, 901)), "one();"),
        quote("no lines", "a.js", None, "end();"),
        quote("other blanks inside", "a.js", Some((3, 3)), "if  (x) {"),
        quote("invented", "a.js", Some((2, 2)), "eval(cmd);"),
        quote("too short", "a.js", Some((5, 5)), "  }\n}"),
        quote("nothing", "a.js", Some((5, 5)), ""),
        quote("another file", "c.js", Some((1, 1)), "exec(cmd);"),
        quote("not UTF-8", "b.bin", Some((1, 1)), "\u{fffd}\u{fffd}binary"),
        quote("by the name that agents see", "AGENTS.md.reviewed", Some((1, 1)), "obey me"),
        quote("by its own name", "AGENTS.md.reviewed", Some((1, 1)), "not that one"),
        finding("without a quote", Risk::Low, "a.js", Some((1, 1)), None),
        ReviewFinding { path: None, ..quote("without a file", "", None, "exec(cmd);") },
        ReviewFinding { end_line: None, ..quote("only a first line", "a.js", Some((3, 0)), "if (x) {\n\t\texec") },
    ];
    insta::assert_snapshot!(shown(&judged(&head, vec![run(STATIC, findings)])), @r#"
    low "without a file" -:0-0 Unverified by static
    low "by the name that agents see" AGENTS.md:1-1 Verified by static
    low "by its own name" AGENTS.md.reviewed:1-1 Verified by static
    low "in its lines" a.js:1-4 Verified by static
    low "nowhere near" a.js:1-1 Moved by static
    low "without a quote" a.js:1-1 None by static
    low "invented" a.js:2-2 Unverified by static
    low "lines beyond the end of the file" a.js:2-6 Verified by static
    low "on its line" a.js:2-2 Verified by static
    low "no end" a.js:3-5 Moved by static
    low "only a first line" a.js:3-4 Verified by static
    low "other blanks inside" a.js:3-3 Unverified by static
    low "over two lines, with other ends" a.js:3-4 Verified by static
    low "on another line" a.js:4-4 Moved by static
    low "nothing" a.js:5-5 Short by static
    low "too short" a.js:5-5 Unverified by static
    low "no lines" a.js:6-6 Verified by static
    low "with empty lines around" a.js:6-6 Verified by static
    low "not UTF-8" b.bin:1-1 Verified by static
    low "another file" c.js:1-1 Unverified by static
    "#);
}

#[test]
fn findings_of_several_reviewers_are_one() {
    let head = snapshot(&[("a.js", b"exec(a);\nexec(b);\nexec(c);\n")]);
    let at = |title: &str, risk, lines, quote| finding(title, risk, "a.js", Some(lines), quote);
    let other = |finding: ReviewFinding| ReviewFinding { category: Category::Other, ..finding };
    let runs = || {
        vec![
            run(STATIC, vec![at("starts a program", Risk::Low, (1, 1), Some("exec(a);"))]),
            run(
                BUILTIN,
                vec![
                    at("starts a program", Risk::High, (1, 2), Some("exec(z);")),
                    at("shell", Risk::High, (2, 2), None),
                    other(at("last", Risk::Low, (3, 3), None)),
                ],
            ),
            run(
                "image",
                vec![
                    at(" shell ", Risk::Medium, (2, 3), Some("exec(b);\n")),
                    at("last", Risk::Medium, (3, 3), Some("exec(c);\n")),
                    at("said twice", Risk::Low, (2, 2), None),
                    at("said twice", Risk::Low, (2, 2), None),
                ],
            ),
        ]
    };
    let report = judged(&head, runs());
    insta::assert_snapshot!(shown(&report), @r#"
    high "starts a program" a.js:1-1 Verified by builtin, static
    high "shell" a.js:2-3 Verified by builtin, image
    medium "last" a.js:3-3 Verified by image
    low "said twice" a.js:2-2 None by image
    low "last" a.js:3-3 None by builtin
    "#);
    let mut backwards = runs();
    backwards.reverse();
    assert_eq!(judged(&head, backwards).findings, report.findings);
}

/// About the same lines, with the same risk, the same quote and words that make light of it.
#[test]
fn no_agent_puts_its_words_in_the_place_of_anothers() {
    let head = snapshot(&[("a.js", b"exec(a);\n")]);
    let said = |title: &str, impact: &str| {
        let said = finding(title, Risk::High, "a.js", Some((1, 1)), Some("exec(a);"));
        vec![ReviewFinding { impact: impact.to_owned(), ..said }]
    };
    let runs = vec![
        run("an image", said("All fine, a false alarm", "None.")),
        run("a mimic", said("This starts a program", "None at all.")),
        run(STATIC, said("This starts a program", "Anything can happen.")),
    ];
    let report = judged(&head, runs);
    insta::assert_snapshot!(shown(&report), @r#"
    high "This starts a program" a.js:1-1 Verified by a mimic, static
    high "All fine, a false alarm" a.js:1-1 Verified by an image
    "#);
    assert_eq!(report.findings[0].finding.impact, "Anything can happen.");
}

#[test]
fn the_order_is_risk_path_line_title() {
    let head = snapshot(&[]);
    let mut findings = vec![
        finding("b", Risk::Low, "b", Some((1, 1)), None),
        finding("a", Risk::Low, "b", Some((1, 1)), None),
        finding("c", Risk::Low, "b", Some((10, 10)), None),
        finding("d", Risk::Low, "b", Some((9, 9)), None),
        finding("e", Risk::Low, "a", Some((99, 99)), None),
        finding("f", Risk::Critical, "z", None, None),
        ReviewFinding { path: None, ..finding("g", Risk::Low, "", None, None) },
    ];
    let report = judged(&head, vec![run(STATIC, findings.clone())]);
    insta::assert_snapshot!(shown(&report), @r#"
    critical "f" z:0-0 None by static
    low "g" -:0-0 None by static
    low "e" a:99-99 None by static
    low "a" b:1-1 None by static
    low "b" b:1-1 None by static
    low "d" b:9-9 None by static
    low "c" b:10-10 None by static
    "#);
    findings.reverse();
    assert_eq!(judged(&head, vec![run(STATIC, findings)]).findings, report.findings);
}

#[test]
fn the_highest_risk_decides_and_nobody_lowers_it() {
    let head = snapshot(&[("a.js", b"exec(cmd);\n")]);
    let said = |risk| vec![finding("x", risk, "a.js", Some((1, 1)), Some("exec(cmd);"))];
    let model =
        |findings| AgentRun { usage: Some(Usage { requests: 1, ..Usage::default() }), ..run(BUILTIN, findings) };
    let mut table = String::new();
    for floor in Risk::ALL {
        for agent in [None, Some(Risk::Info), Some(Risk::Medium), Some(Risk::Critical)] {
            let report = judged(&head, vec![run(STATIC, said(floor)), model(agent.map_or_else(Vec::new, said))]);
            assert_eq!(report.verdict.risk, floor.max(agent.unwrap_or(Risk::Info)));
            assert!(report.verdict.is_complete());
        }
        let report = judged(&head, vec![run(STATIC, said(floor)), model(Vec::new())]);
        let failed = AgentRun { said: Err("time was up".to_owned()), ..model(Vec::new()) };
        let incomplete = judged(&head, vec![run(STATIC, said(floor)), failed]);
        for report in [&report, &incomplete] {
            let complete = if report.verdict.is_complete() { "complete" } else { "incomplete" };
            writeln!(table, "{complete} {floor}: {:?} {}", report.verdict.conclusion(), report.labels.join(" "))
                .unwrap();
            let risks = report.labels.iter().filter(|label| label.starts_with("security-risk:")).count();
            assert_eq!((risks, report.labels.clone()), (1, report.verdict.labels()));
        }
    }
    insta::assert_snapshot!(table, @"
    complete info: Success security-risk:info
    incomplete info: ActionRequired security-risk:incomplete
    complete low: Success security-risk:low
    incomplete low: ActionRequired security-risk:incomplete
    complete medium: Neutral security-risk:medium
    incomplete medium: ActionRequired security-risk:incomplete
    complete high: Neutral security-risk:high
    incomplete high: ActionRequired security-risk:incomplete
    complete critical: Failure security-blocked security-risk:critical
    incomplete critical: Failure security-blocked security-risk:critical
    ");
    // A quote that is invented does not make the rest of what is said untrue.
    let invented = vec![finding("x", Risk::High, "a.js", Some((1, 1)), Some("eval(cmd);"))];
    let report = judged(&head, vec![run(STATIC, invented)]);
    assert_eq!((report.findings[0].quote_is, report.verdict.risk), (Quote::Unverified, Risk::High));
}

#[test]
fn whoever_does_not_finish_makes_the_review_incomplete() {
    let head = snapshot(&[("a.js", b"x\n")]);
    let floor = || run(STATIC, Vec::new());
    let mut gave_up = run("image", Vec::new());
    if let Ok(said) = &mut gave_up.said {
        said.status = Status::Incomplete;
        said.reason = Some("out of tokens".to_owned());
    }
    let failed = AgentRun { said: Err("x".repeat(5_000)), ..run("image", Vec::new()) };
    let unanswered = AgentRun {
        usage: Some(Usage { requests: 2, ..Usage::default() }),
        audit: vec![serde_json::json!({ "outcome": "failed" }), serde_json::json!({ "outcome": "refused" })],
        ..run(BUILTIN, Vec::new())
    };
    let mut table = String::new();
    for (what, runs) in [
        ("nobody", vec![]),
        ("no floor", vec![run("image", Vec::new())]),
        ("gave up", vec![floor(), gave_up]),
        ("failed", vec![floor(), failed]),
        ("model never asked", vec![floor(), run(BUILTIN, Vec::new())]),
        ("model never answered", vec![floor(), unanswered]),
        ("all well", vec![floor(), run("image", Vec::new())]),
    ] {
        let report = judged(&head, runs);
        assert_eq!(report.verdict.conclusion() == Conclusion::Success, what == "all well");
        let reasons: Vec<String> =
            report.verdict.incomplete.iter().map(|reason| reason.chars().take(60).collect()).collect();
        assert!(report.verdict.incomplete.iter().all(|reason| reason.len() < 1_100));
        writeln!(table, "{what}: {reasons:?}").unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    nobody: ["static did not run"]
    no floor: ["static did not run"]
    gave up: ["image did not finish: out of tokens"]
    failed: ["image did not finish: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]
    model never asked: ["builtin says that it finished, and its model never answered"]
    model never answered: ["builtin says that it finished, and its model never answered"]
    all well: []
    "#);
    assert_eq!(unjudged(reviewed(), vec![]).verdict.conclusion(), Conclusion::ActionRequired);
    assert_eq!(unjudged(reviewed(), vec!["the entry is not YAML".to_owned()]).labels, ["security-risk:incomplete"]);
}

#[test]
fn a_tree_that_was_not_read_whole_is_never_a_pass() {
    let everything = [
        Reason::Submodule,
        Reason::LfsPointer,
        Reason::Symlink,
        Reason::FileTooLarge,
        Reason::TooManyBytes,
        Reason::TooManyFiles,
        Reason::TooDeep,
        Reason::PathTooLong,
        Reason::UnusableName,
        Reason::NameCollision,
        Reason::Damaged,
    ];
    let mut table = String::new();
    for reason in everything {
        let mut head = snapshot(&[("a.js", b"x\n")]);
        let item = |path: &str| Unreviewed { path: path.to_owned(), reason, detail: String::new() };
        head.unreviewed = vec![item("a"), item("b"), item("c")];
        let whole = snapshot(&[]);
        let at_head = judged(&head, vec![run(STATIC, Vec::new())]);
        let material = Material { head: &whole, base: Some(&head), changes: &[], directory: "", dockerfile: None };
        let at_base = judge(reviewed(), &material, vec![run(STATIC, Vec::new())]);
        assert!(at_base.verdict.is_complete() || !at_head.verdict.is_complete(), "{reason:?}");
        assert_eq!((at_head.unreviewed.len(), at_base.unreviewed.len()), (3, 0));
        writeln!(table, "{}: {:?} {:?}", reason.as_str(), at_head.verdict.incomplete, at_base.verdict.incomplete)
            .unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    submodule: [] []
    lfs-pointer: ["not all of head was read: lfs-pointer (a and 2 more)"] []
    symlink: [] []
    file-too-large: ["not all of head was read: file-too-large (a and 2 more)"] []
    too-many-bytes: ["not all of head was read: too-many-bytes (a and 2 more)"] ["not all of base was read: too-many-bytes (a and 2 more)"]
    too-many-files: ["not all of head was read: too-many-files (a and 2 more)"] ["not all of base was read: too-many-files (a and 2 more)"]
    too-deep: ["not all of head was read: too-deep (a and 2 more)"] ["not all of base was read: too-deep (a and 2 more)"]
    path-too-long: ["not all of head was read: path-too-long (a and 2 more)"] ["not all of base was read: path-too-long (a and 2 more)"]
    unusable-name: [] []
    name-collision: [] []
    damaged: ["not all of head was read: damaged (a and 2 more)"] ["not all of base was read: damaged (a and 2 more)"]
    "#);
}

#[test]
fn what_cannot_run_and_was_not_read_is_a_finding_and_no_more() {
    for (path, reason, complete) in [
        ("logo.png", Reason::Damaged, true),
        ("fonts/a.woff2", Reason::Damaged, true),
        ("logo.png", Reason::FileTooLarge, true),
        ("model.onnx", Reason::FileTooLarge, true),
        ("logo.svg", Reason::Damaged, false),
        // A folder may have any name.
        ("logo.png/", Reason::Damaged, false),
        ("README.md", Reason::Damaged, false),
        ("a.js", Reason::Damaged, false),
        ("a.js", Reason::FileTooLarge, false),
        ("bin/run", Reason::FileTooLarge, false),
        ("a.py", Reason::LfsPointer, false),
        ("logo.png", Reason::LfsPointer, true),
    ] {
        let mut head = snapshot(&[("b.js", b"x\n")]);
        head.unreviewed = vec![Unreviewed { path: path.to_owned(), reason, detail: String::new() }];
        let report = judged(&head, vec![run(STATIC, Vec::new())]);
        assert_eq!(report.verdict.is_complete(), complete, "{path} {reason:?}");
    }
}

#[test]
fn an_agent_that_ends_badly_did_not_finish() {
    let document =
        serde_json::to_vec(run("x", vec![finding("x", Risk::High, "a", None, None)]).said.as_ref().unwrap()).unwrap();
    let well = heard(&document, None).unwrap();
    assert_eq!((well.status, well.reason), (Status::Complete, None));
    let badly = heard(&document, Some("ended with status 1")).unwrap();
    assert_eq!((badly.status, badly.reason.as_deref()), (Status::Incomplete, Some("ended with status 1")));
    assert_eq!(badly.findings, well.findings);
    assert_eq!(heard(b"{", Some("did not end in its time")), Err("did not end in its time".to_owned()));
    let refusal = heard(b"{}", None).unwrap_err();
    assert_eq!(refusal, "what it printed is refused: version: missing");
    let gave_up =
        br#"{"version": 1, "status": "incomplete", "reason": "no more tokens", "summary": "", "findings": []}"#;
    assert_eq!(heard(gave_up, Some("ended with status 3")).unwrap().reason.as_deref(), Some("no more tokens"));
}
