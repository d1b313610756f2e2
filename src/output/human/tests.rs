#![allow(clippy::unwrap_used)]

use super::super::samples::{WEATHER, assert_visible, at, everything, finding, hostile, label, rendered, sources};
use super::super::{Format, RenderOptions};
use crate::document::Span;
use crate::finding::{Anchor, Finding, Report, Severity};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

#[test]
fn every_kind_of_finding_is_shown() {
    insta::assert_snapshot!(rendered(&everything(), Format::Human), @"
    warning[unused-waiver]: a waiver excuses nothing
    --> mcp-registry.toml

    warning[missing-readme]: there is no readme
    --> servers/weather/readme.md

    warning[duplicate-entry]: two entries have the image `mcp/forecast`
     --> servers/weather/server.yaml:2:8
      |
    2 | image: mcp/forecast
      |        ^^^^^^^^^^^^ also the image of `forecast`
      |
     ::: servers/forecast/server.yaml:2:8
      |
    2 | image: mcp/forecast
      |        ------------ first used here

    note[title-style]: `für` is not capitalised
     --> servers/weather/server.yaml:5:17
      |
    5 |   title: Wetter für 日本
      |                 ^^^

    error[unpinned-source]: `main` is not a commit
     --> servers/weather/server.yaml:8:11
      |
    3 | type: server
      | ------------ this entry is built from source
    ...
    8 |   commit: main
      |           ^^^^ a branch name
      |
      = help: write the 40 digits of the commit that was audited

    error[missing-key]: there is no `meta`
     --> servers/weather/server.yaml:9:1
      |
    9 |
      | ^

    error[invalid-tools-json]: the file is empty, and not JSON
     --> servers/weather/tools.json:1:1
      |
    1 |
      | ^

    3 errors, 3 warnings and 1 note in 2 entries (1 waived); `--fix` can mend 1
    ");
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let text = rendered(&hostile(), Format::Human);
    assert_visible(&text);
    assert!(text.len() < 12_000, "{} bytes", text.len());
    insta::assert_snapshot!(text.split_once("\n\n").unwrap().0, @r"
    error[hidden-text]: `\u{1b}]8;;https://evil.example\u{7}x` \u{202e}\n::stop-commands::x\r\n##\u{5b}add-mask]y %0A::error::z ![i](https://evil.example/i.png) @octocat fixes #1 | <script>
     --> servers/x\n::error file=a::b%0A,:/server.yaml:1:12
      |
    1 | name: \u{1b}[2J\u{202e}evil\u{2066} \u{e0041}\u{200b}x\r    title: <b>@octocat</b> ##\u{5b}error]\u{9b}31m
      |                        ^^^^ here\n::error::label                      -------- \u{1b}[31mlabel
      |
      = help: ask @octocat\n::set-output name=a::b
    ");
}

#[test]
fn waived_findings_are_shown_when_asked_for() {
    let mut report = everything();
    report.findings.retain(|finding| finding.waived.is_some());
    assert_eq!(super::render(&report, &RenderOptions { quiet: true, ..RenderOptions::default() }), "");
    insta::assert_snapshot!(super::render(&report, &RenderOptions { show_waived: true, ..RenderOptions::default() }), @"
    error[invalid-name]: `forecast` is a poor name
     --> servers/forecast/server.yaml:1:7
      |
    1 | name: forecast
      |       ^^^^^^^^
      |
      = note: waived: named before the rule

    no problems in 2 entries (1 waived)
    ");
}

#[test]
fn colours_are_ours_alone() {
    let options = RenderOptions { color: true, ..RenderOptions::default() };
    let styled = super::render(&hostile(), &options);
    assert!(styled.contains("\u{1b}[1m"), "{styled}");
    let plain = anstream::adapter::strip_str(&styled).to_string();
    assert_eq!(plain, rendered(&hostile(), Format::Human));
}

#[test]
fn labels_without_a_place_are_notes_and_many_are_counted() {
    let text = "name: x\n";
    let mut labels = vec![label("mcp-registry.toml", Anchor::File, "the policy says so")];
    labels.extend((0..20).map(|_| label(WEATHER, at(text, "x"), "again")));
    let found = Finding {
        label: "not a place".to_owned(),
        labels,
        ..finding("invalid-name", Severity::Error, "servers/gone/server.yaml", Anchor::File, "no such file")
    };
    let report = Report::new("validate", 1, vec![found], sources(&[(WEATHER, text)]));
    let shown = rendered(&report, Format::Human);
    assert_eq!(shown.matches("again").count(), super::MAX_LABELS - 1);
    assert!(shown.contains("= note: not a place\n"), "{shown}");
    assert!(shown.contains("= note: mcp-registry.toml: the policy says so\n"), "{shown}");
    assert!(shown.contains("= note: and 13 places more\n"), "{shown}");
}

#[test]
fn secrets_are_shown_by_no_finding() {
    let text = "env:\n  - name: TOKEN\n    value: ghp_0123456789\n";
    let report = |text: &str, sensitive| {
        let secret = Finding {
            sensitive,
            ..finding("leaked-secret", Severity::Error, WEATHER, at(text, text[32..].trim_end()), "a token of GitHub")
        };
        let other = finding("unknown-key", Severity::Warning, WEATHER, at(text, "value"), "there is no key `value`");
        Report::new("validate", 1, vec![secret, other], sources(&[(WEATHER, text)]))
    };
    insta::assert_snapshot!(super::findings_plain(&report(text, true)), @"
    warning[unknown-key]: there is no key `value`
     --> servers/weather/server.yaml:3:5
      |
    3 |     value: ••••••••••••••
      |     ^^^^^

    error[leaked-secret]: a token of GitHub
     --> servers/weather/server.yaml:3:12
      |
    3 |     value: ••••••••••••••
      |            ^^^^^^^^^^^^^^
    ");
    for format in [Format::Human, Format::Json, Format::Sarif, Format::Github, Format::Markdown] {
        assert!(!rendered(&report(text, true), format).contains("ghp_"), "{format:?}");
    }
    assert!(rendered(&report(text, false), Format::Human).contains("ghp_"));
    // Nor can the token be guessed from its fingerprint.
    let other = text.replace("ghp_0123456789", "ghp_9876543210");
    assert_eq!(rendered(&report(&other, true), Format::Sarif), rendered(&report(text, true), Format::Sarif));
}

/// What stands above the carets, by terminal columns.
fn above_carets(shown: &str) -> String {
    let lines: Vec<&str> = shown.lines().collect();
    let at = lines.iter().position(|line| line.trim_start().starts_with("| ") && line.contains('^')).unwrap();
    let (from, to) = (lines[at].find('^').unwrap(), lines[at].rfind('^').unwrap() + 1);
    let mut column = 0;
    let mut above = String::new();
    for character in lines[at - 1].chars() {
        if (from..to).contains(&column) {
            above.push(character);
        }
        column += character.to_string().width();
    }
    above
}

#[test]
fn carets_stand_under_what_they_mark() {
    for (text, part, shown) in [
        ("plain MARK text", "MARK", "MARK"),
        ("\t\tMARK\tx", "MARK", "MARK"),
        ("\u{1b}[31m\u{202e}\u{200b}\u{e0041}MARK", "MARK", "MARK"),
        ("日本語 x MARK", "MARK", "MARK"),
        ("naïve 👍 MARK y", "MARK", "MARK"),
        ("a\u{301}\u{301} MARK", "MARK", "MARK"),
        ("x \u{202e} y", "\u{202e}", "\\u{202e}"),
        ("x\rMARK\r\n", "MARK", "MARK"),
        ("\u{feff}MARK: x", "MARK", "MARK"),
        ("日本語", "本", "本"),
    ] {
        let found = finding("hidden-text", Severity::Error, WEATHER, at(text, part), "it");
        let report = Report::new("validate", 1, vec![found], sources(&[(WEATHER, text)]));
        let shown_text = rendered(&report, Format::Human);
        assert_eq!(above_carets(&shown_text), shown, "{shown_text}");
    }
}

#[test]
fn a_line_of_a_megabyte_costs_one_line() {
    let text = format!("{}MARK{}", "é\u{1b} ".repeat(130_000), "z".repeat(500_000));
    let findings = (0..10_000).map(|number| {
        finding("hidden-text", Severity::Error, WEATHER, at(&text[519_900..], "MARK"), &format!("number {number:05}"))
    });
    let findings = findings.map(|found| Finding {
        anchor: Anchor::Bytes(Span::new(520_000, 520_004)),
        labels: vec![label(WEATHER, Anchor::Bytes(Span::new(0, 1)), "the begin")],
        ..found
    });
    let report = Report::new("validate", 1, findings.collect(), sources(&[(WEATHER, &text)]));
    let shown = rendered(&report, Format::Human);
    let first = shown.split_once("\n\n").unwrap().0;
    assert_visible(first);
    assert_eq!(above_carets(first), "MARK");
    assert!(first.contains(":1:390001\n"), "{first}");
    assert!(first.len() < 1_500, "{first}");
    assert_eq!(shown.matches("error[").count(), 10_000);
}

#[test]
fn ten_thousand_findings_in_a_thousand_files_end() {
    let text = "key: value\n".repeat(100);
    let paths: Vec<String> = (0..1_000).map(|number| format!("servers/entry-{number}/server.yaml")).collect();
    let texts: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), text.as_str())).collect();
    let findings = (0..10_000).map(|number| {
        let start = (number / 1_000) * 110;
        let anchor = Anchor::Bytes(Span::new(start, start + 3));
        finding("unknown-key", Severity::Warning, &paths[number % 1_000], anchor, "there is no key `key`")
    });
    let report = Report::new("validate", 1_000, findings.collect(), sources(&texts));
    for format in [Format::Human, Format::Json, Format::Github, Format::Sarif] {
        let shown = rendered(&report, format);
        assert!(shown.contains("unknown-key"), "{format:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    /// Any text, any spans: no panic, nothing raw, and the position is the report's own.
    #[test]
    fn any_text_can_be_shown(
        text in proptest::collection::vec(
            prop_oneof![
                Just("\n".to_owned()), Just("\r\n".to_owned()), Just("\t".to_owned()), Just("##[x]".to_owned()),
                any::<char>().prop_map(String::from), "[a-z日é ]{1,12}", Just("long ".repeat(90)),
            ],
            0..40,
        ).prop_map(|parts| parts.concat()),
        spans in proptest::collection::vec((0_usize..2_000, 0_usize..400), 1..6),
        words in any::<String>(),
        width in 0_usize..300,
    ) {
        let anchors: Vec<Anchor> =
            spans.iter().map(|(start, len)| Anchor::Bytes(Span::new(*start, start + len))).collect();
        let found = Finding {
            label: words.clone(),
            labels: anchors[1..].iter().map(|anchor| label(WEATHER, anchor.clone(), &words)).collect(),
            ..finding("hidden-text", Severity::Error, WEATHER, anchors[0].clone(), &words)
        };
        let report = Report::new("validate", 1, vec![found], sources(&[(WEATHER, &text)]));
        let shown = super::render(&report, &RenderOptions { width, ..RenderOptions::default() });
        assert_visible(&shown);
        let (start, _) = report.positions(&report.findings[0]).unwrap();
        let place = format!("--> {WEATHER}:{}:{}\n", start.line, start.column);
        prop_assert!(shown.contains(&place), "{place}{shown}");
    }
}

#[test]
fn secrets_are_masked_whichever_finding_shows_their_line() {
    let text = "a: 1 # x\nkey: hunter2-Über, b: 2\n";
    let path = "servers/x/server.yaml";
    let mut secret = finding("leaked-secret", Severity::Error, path, at(text, "hunter2-Über"), "a password: `hu…`");
    secret.sensitive = true;
    let other = finding("unknown-key", Severity::Warning, path, at(text, "b: 2"), "`b` is not a key");
    let report = Report::new("validate", 1, vec![secret, other], sources(&[(path, text)]));
    insta::assert_snapshot!(rendered(&report, Format::Human), @"
    error[leaked-secret]: a password: `hu…`
     --> servers/x/server.yaml:2:6
      |
    2 | key: ••••••••••••, b: 2
      |      ^^^^^^^^^^^^

    warning[unknown-key]: `b` is not a key
     --> servers/x/server.yaml:2:20
      |
    2 | key: ••••••••••••, b: 2
      |                    ^^^^

    1 error and 1 warning in 1 entry
    ");
}
