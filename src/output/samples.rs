//! Reports for the tests of every output.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Format, RenderOptions};
use crate::document::Span;
use crate::finding::{Anchor, Finding, Label, Report, Severity, SourceText, Sources};

/// The path of the first sample entry.
pub(super) const WEATHER: &str = "servers/weather/server.yaml";

pub(super) const WEATHER_TEXT: &str = "\
name: weather
image: mcp/forecast
type: server
about:
  title: Wetter für 日本
source:
  project: https://github.com/example/weather
  commit: main
";

/// A finding with nothing but what every finding has.
pub(super) fn finding(rule: &'static str, severity: Severity, path: &str, anchor: Anchor, message: &str) -> Finding {
    let entry = path.split('/').nth(1).map(Into::into);
    Finding::new(rule, severity, entry, path.into(), anchor, message.to_owned())
}

/// A second place.
pub(super) fn label(path: &str, anchor: Anchor, text: &str) -> Label {
    Label { path: path.into(), anchor, text: text.to_owned() }
}

/// Where `part` first stands in `text`.
pub(super) fn at(text: &str, part: &str) -> Anchor {
    let start = text.find(part).unwrap_or_else(|| panic!("{part:?} is not in the sample"));
    Anchor::Bytes(Span::new(start, start + part.len()))
}

pub(super) fn sources(texts: &[(&str, &str)]) -> Sources {
    texts.iter().map(|(path, text)| ((*path).into(), SourceText::plain(*text))).collect()
}

/// Every kind of finding once: two labels in one file, a label in another file, multi-byte text, a whole file without
/// text, the end of a file, an empty file, a waived one, one about the registry.
pub(super) fn everything() -> Report {
    const OTHER: &str = "servers/forecast/server.yaml";
    const OTHER_TEXT: &str = "name: forecast\nimage: mcp/forecast\n";
    const TOOLS: &str = "servers/weather/tools.json";
    let findings = vec![
        Finding {
            label: "a branch name".to_owned(),
            help: Some("write the 40 digits of the commit that was audited".to_owned()),
            labels: vec![label(WEATHER, at(WEATHER_TEXT, "type: server"), "this entry is built from source")],
            fixable: true,
            ..finding("unpinned-source", Severity::Error, WEATHER, at(WEATHER_TEXT, "main"), "`main` is not a commit")
        },
        Finding {
            label: "also the image of `forecast`".to_owned(),
            labels: vec![label(OTHER, at(OTHER_TEXT, "mcp/forecast"), "first used here")],
            ..finding(
                "duplicate-entry",
                Severity::Warning,
                WEATHER,
                at(WEATHER_TEXT, "mcp/forecast"),
                "two entries have the image `mcp/forecast`",
            )
        },
        finding("title-style", Severity::Note, WEATHER, at(WEATHER_TEXT, "für"), "`für` is not capitalised"),
        finding(
            "missing-key",
            Severity::Error,
            WEATHER,
            Anchor::Bytes(Span::new(WEATHER_TEXT.len(), WEATHER_TEXT.len())),
            "there is no `meta`",
        ),
        finding("missing-readme", Severity::Warning, "servers/weather/readme.md", Anchor::File, "there is no readme"),
        finding(
            "invalid-tools-json",
            Severity::Error,
            TOOLS,
            Anchor::Bytes(Span::new(0, 0)),
            "the file is empty, and not JSON",
        ),
        Finding {
            waived: Some("named before the rule".to_owned()),
            ..finding("invalid-name", Severity::Error, OTHER, at(OTHER_TEXT, "forecast"), "`forecast` is a poor name")
        },
        Finding {
            entry: None,
            ..finding("unused-waiver", Severity::Warning, "mcp-registry.toml", Anchor::File, "a waiver excuses nothing")
        },
    ];
    Report::new("validate", 2, findings, sources(&[(WEATHER, WEATHER_TEXT), (OTHER, OTHER_TEXT), (TOOLS, "")]))
}

/// An entry that attacks whoever shows it.
pub(super) fn hostile() -> Report {
    const PATH: &str = "servers/x\n::error file=a::b%0A,:/server.yaml";
    let text = "name: \u{1b}[2J\u{202e}evil\u{2066} \u{e0041}\u{200b}x\r\ttitle: <b>@octocat</b> ##[error]\u{9b}31m\n";
    let message = "`\u{1b}]8;;https://evil.example\u{7}x` \u{202e}\n::stop-commands::x\r\n##[add-mask]y %0A::error::z \
                   ![i](https://evil.example/i.png) @octocat fixes #1 | <script>";
    let findings = vec![
        Finding {
            label: "here\n::error::label".to_owned(),
            help: Some("ask @octocat\n::set-output name=a::b".to_owned()),
            labels: vec![label(PATH, at(text, "@octocat"), "\u{1b}[31mlabel")],
            ..finding("hidden-text", Severity::Error, PATH, at(text, "evil"), message)
        },
        finding("description-quality", Severity::Warning, PATH, at(text, "title"), &"long \u{1b} ".repeat(15_000)),
    ];
    Report::new("validate", 1, findings, sources(&[(PATH, text)]))
}

/// `report` in `format`, without colour.
pub(super) fn rendered(report: &Report, format: Format) -> String {
    super::render(report, format, &RenderOptions::default())
}

/// Fails if `text` holds anything that a terminal, a log or a reader would not see as it is.
pub(super) fn assert_visible(text: &str) {
    for (number, line) in text.lines().enumerate() {
        assert!(!line.contains("##["), "line {}: the runner obeys {line:?}", number + 1);
        if let Some(bad) = line.chars().find(|character| super::escape::is_hidden(*character)) {
            panic!("line {}: {bad:?} is raw in {line:?}", number + 1);
        }
    }
}
