//! A table for a job's summary, a check run or a comment on GitHub.

use super::escape::{markdown, markdown_code, terminal_within};
use super::human::{MAX_MESSAGE_CHARACTERS, closing_line};
use super::{RenderOptions, count};
use crate::finding::{Finding, Report, Severity};
use std::cmp::Reverse;

/// The most that GitHub takes as the text of a check run or the body of a comment. Its documentation says characters
/// and means bytes where it matters, so that bytes are counted.
pub(crate) const MAX_BYTES: usize = 65_535;

/// Bytes that are kept for the last line, which says how many findings are left out.
const LAST_LINE: usize = 80;

/// The summary and a table of findings, the gravest first, then by entry; at most `limit` bytes, of which the
/// summary needs some hundred. What does not fit is counted in the last line.
#[must_use]
pub(crate) fn render(report: &Report, options: &RenderOptions<'_>, limit: usize) -> String {
    let mut out = String::new();
    if !options.quiet {
        out.push_str(&format!("**{}**\n", markdown(&closing_line(report))));
    }
    let mut findings: Vec<&Finding> =
        report.findings.iter().filter(|finding| options.show_waived || finding.waived.is_none()).collect();
    // Stable: within one entry and severity the report's own order stays.
    findings.sort_by_key(|finding| (finding.waived.is_some(), Reverse(finding.severity), finding.entry.clone()));
    if findings.is_empty() {
        return out;
    }
    let begin = out.len();
    out.push_str("\n| | where | what | rule |\n|---|---|---|---|\n");
    for (shown, finding) in findings.iter().enumerate() {
        let row = row(report, finding);
        let left = findings.len() - shown;
        let reserve = if left > 1 { LAST_LINE } else { 0 };
        if out.len() + row.len() + reserve > limit {
            if shown == 0 {
                out.truncate(begin);
            }
            out.push_str(&format!("\n… and {} more\n", count(left, "finding")));
            break;
        }
        out.push_str(&row);
    }
    out
}

fn row(report: &Report, finding: &Finding) -> String {
    let severity = match (&finding.waived, finding.severity) {
        (Some(_), _) => "waived",
        (None, Severity::Error) => "**error**",
        (None, Severity::Warning) => "warning",
        (None, Severity::Note) => "note",
    };
    let line = report.positions(finding).map_or_else(String::new, |(start, _)| format!(":{}", start.line));
    let place = markdown_code(&format!("{}{line}", finding.path));
    let mut what = markdown(&terminal_within(&finding.message, MAX_MESSAGE_CHARACTERS));
    for more in [&finding.help, &finding.waived].into_iter().flatten() {
        what.push_str("<br>");
        what.push_str(&markdown(&terminal_within(more, MAX_MESSAGE_CHARACTERS)));
    }
    format!("| {severity} | {place} | {what} | {} |\n", markdown_code(finding.rule))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{assert_visible, everything, finding, hostile, rendered, sources};
    use super::super::{Format, RenderOptions};
    use super::{MAX_BYTES, render};
    use crate::finding::{Anchor, Report, Severity};

    #[test]
    fn findings_are_a_table() {
        insta::assert_snapshot!(rendered(&everything(), Format::Markdown), @"
        **3 errors, 3 warnings and 1 note in 2 entries &#40;1 waived&#41;; `--fix` can mend 1**

        | | where | what | rule |
        |---|---|---|---|
        | **error** | `servers/weather/server.yaml:8` | `main` is not a commit<br>write the 40 digits of the commit that was audited | `unpinned-source` |
        | **error** | `servers/weather/server.yaml:9` | there is no `meta` | `missing-key` |
        | **error** | `servers/weather/tools.json:1` | the file is empty, and not JSON | `invalid-tools-json` |
        | warning | `mcp-registry.toml` | a waiver excuses nothing | `unused-waiver` |
        | warning | `servers/weather/readme.md` | there is no readme | `missing-readme` |
        | warning | `servers/weather/server.yaml:2` | two entries have the image `mcp/forecast` | `duplicate-entry` |
        | note | `servers/weather/server.yaml:5` | `für` is not capitalised | `title-style` |
        ");
    }

    #[test]
    fn waived_findings_come_last_with_their_reason() {
        let options = RenderOptions { show_waived: true, ..RenderOptions::default() };
        let shown = render(&everything(), &options, MAX_BYTES);
        insta::assert_snapshot!(shown.lines().last().unwrap_or_default(), @"| waived | `servers/forecast/server.yaml:1` | `forecast` is a poor name<br>named before the rule | `invalid-name` |");
    }

    #[test]
    fn hostile_text_stays_in_its_cell() {
        let shown = rendered(&hostile(), Format::Markdown);
        assert_visible(&shown);
        for (number, line) in shown.lines().enumerate().filter(|(_, line)| line.starts_with("| ")) {
            assert_eq!(line.matches('|').count(), 5, "line {number}: {line}");
        }
        insta::assert_snapshot!(shown.lines().nth(4).unwrap_or_default(), @r"| **error** | `servers/x\n::error file=a::b%0A,:/server.yaml:1` | `\u{1b}]8;;https://evil.example\u{7}x` &#92;u&#123;202e&#125;&#92;n::&#8203;stop-commands::x&#92;r&#92;n&#35;&#8203;&#35;&#8203;&#92;u&#123;5b&#125;add-mask&#93;y %0A::&#8203;error::z &#33;&#91;i&#93;&#40;https:&#8203;//evil.example/i.png&#41; &#64;&#8203;octocat fixes &#35;&#8203;1 &#124; &#60;script&#62;<br>ask &#64;&#8203;octocat&#92;n::set-output name&#61;a::&#8203;b | `hidden-text` |");
    }

    #[test]
    fn texts_keep_to_githubs_limit() {
        let many = (0..5_000)
            .map(|number| {
                let path = format!("servers/entry-{number}/server.yaml");
                finding("unknown-key", Severity::Warning, &path, Anchor::File, "`ключ` is not a key")
            })
            .collect();
        let report = Report::new("validate", 5_000, many, sources(&[]));
        for limit in [0, 200, 1_000, MAX_BYTES] {
            let shown = render(&report, &RenderOptions::default(), limit);
            // Whatever the limit: the summary and how much is missing.
            assert!(shown.len() <= limit.max(200), "{} bytes of {limit}", shown.len());
            let rows = shown.lines().filter(|line| line.starts_with("| warning")).count();
            let last = format!("… and {} findings more", 5_000 - rows);
            assert!(shown.ends_with(&format!("\n{last}\n")), "{shown}");
            assert!(limit < MAX_BYTES || rows > 500, "{rows}");
        }
    }

    #[test]
    fn a_clean_report_is_a_sentence() {
        let report = Report::new("validate", 24, Vec::new(), sources(&[]));
        assert_eq!(rendered(&report, Format::Markdown), "**no problems in 24 entries**\n");
    }
}
