//! Workflow commands: GitHub's runner turns each line into an annotation on the changed file.

use super::RenderOptions;
use super::escape::{github_data, github_property, terminal_within};
use super::human::{MAX_MESSAGE_CHARACTERS, closing_line};
use crate::finding::{Finding, Report, Severity};

/// One command for every finding that no waiver excuses, then the summary as an ordinary line of the log. The runner
/// keeps the first ten annotations of each severity in a step, and logs the others.
#[must_use]
pub(crate) fn render(report: &Report, options: &RenderOptions<'_>) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().filter(|finding| finding.waived.is_none()) {
        out.push_str(&command(report, finding));
        out.push('\n');
    }
    if !options.quiet {
        out.push_str(&closing_line(report));
        out.push('\n');
    }
    out
}

fn command(report: &Report, finding: &Finding) -> String {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = format!("file={}", github_property(&finding.path));
    if let Some((start, end)) = report.positions(finding) {
        properties.push_str(&format!(",line={},endLine={}", start.line, end.line));
        // GitHub takes columns only within one line.
        if start.line == end.line {
            properties.push_str(&format!(",col={},endColumn={}", start.column, end.column));
        }
    }
    // Each part on one line of its own; the line end between them is the only one that the runner decodes.
    let mut message = terminal_within(&finding.message, MAX_MESSAGE_CHARACTERS);
    if let Some(help) = &finding.help {
        message.push_str("\nhelp: ");
        message.push_str(&terminal_within(help, MAX_MESSAGE_CHARACTERS));
    }
    format!("::{name} {properties},title={}::{}", github_property(finding.rule), github_data(&message))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Format;
    use super::super::samples::{assert_visible, everything, hostile, rendered};

    #[test]
    fn findings_are_annotations() {
        insta::assert_snapshot!(rendered(&everything(), Format::Github), @"
        ::warning file=mcp-registry.toml,title=unused-waiver::a waiver excuses nothing
        ::warning file=servers/weather/readme.md,title=missing-readme::there is no readme
        ::warning file=servers/weather/server.yaml,line=2,endLine=2,col=8,endColumn=20,title=duplicate-entry::two entries have the image `mcp/forecast`
        ::notice file=servers/weather/server.yaml,line=5,endLine=5,col=17,endColumn=20,title=title-style::`für` is not capitalised
        ::error file=servers/weather/server.yaml,line=8,endLine=8,col=11,endColumn=15,title=unpinned-source::`main` is not a commit%0Ahelp: write the 40 digits of the commit that was audited
        ::error file=servers/weather/server.yaml,line=9,endLine=9,col=1,endColumn=1,title=missing-key::there is no `meta`
        ::error file=servers/weather/tools.json,line=1,endLine=1,col=1,endColumn=1,title=invalid-tools-json::the file is empty, and not JSON
        3 errors, 3 warnings and 1 note in 2 entries (1 waived); `--fix` can mend 1
        ");
    }

    #[test]
    fn github_output_cannot_be_forged_by_an_entry() {
        let text = rendered(&hostile(), Format::Github);
        assert_visible(&text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "two findings and the summary: {text}");
        for (line, command) in lines.iter().zip(["::error ", "::warning "]) {
            let properties = line.strip_prefix(command).unwrap().split("::").next().unwrap();
            let names: Vec<&str> = properties.split(',').map(|property| property.split('=').next().unwrap()).collect();
            assert_eq!(names, ["file", "line", "endLine", "col", "endColumn", "title"]);
        }
        assert_eq!(lines[2], "1 error and 1 warning in 1 entry");
        insta::assert_snapshot!(lines[0], @r"::error file=servers/x%0A%3A%3Aerror file=a%3A%3Ab%250A%2C%3A/server.yaml,line=1,endLine=1,col=12,endColumn=16,title=hidden-text::`\u{1b}]8;;https://evil.example\u{7}x` \u{202e}\n::stop-commands::x\r\n##\u{5b}add-mask]y %250A::error::z ![i](https://evil.example/i.png) @octocat fixes #1 | <script>%0Ahelp: ask @octocat\n::set-output name=a::b");
    }
}
