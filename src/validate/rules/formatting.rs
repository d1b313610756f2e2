//! `formatting`

use super::{Check, Fix, Rule, Sink, Subject, excerpt};
use crate::document::format::{Formatted, format};
use crate::document::{Document, Span};
use crate::entry::MANIFEST;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "formatting",
    summary: "server.yaml is not formatted as prettier formats it",
    explanation: "\
## What
`server.yaml` is not laid out as prettier's defaults lay out YAML: two blanks of indentation, double quotes, one blank
before a comment, no blanks at the end of a line, one line end at the end of the file. A text that cannot be judged gets
a note instead.

## Why
With one layout for all entries, a change shows what it changes and nothing else.

## How to fix
`validate --fix` rewrites the file; so does `prettier --write`. Comments and the order of keys stay.

## Source
The reference validator's `isYamlIndentationValid`, which runs prettier.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: Some(Fix::Format),
};

fn check(_: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let text = document.text();
    match format(text, document) {
        Formatted::Already => {}
        Formatted::Changed(formatted) => {
            let difference = first_difference(text, &formatted);
            sink.bytes(difference.span, format!("{MANIFEST} is not formatted"))
                .label(difference.words)
                .help("run `mcp-registry validate --fix`");
        }
        Formatted::Refused(reason) => {
            sink.file(format!("whether {MANIFEST} is formatted cannot be judged: {reason}"))
                .help("compare with `prettier --check`, or write it in a simpler way")
                .at_most(Severity::Note)
                .not_fixable();
        }
    }
}

/// The first line that differs, and what it should be.
struct Difference {
    span: Span,
    words: String,
}

fn first_difference(text: &str, formatted: &str) -> Difference {
    let mut start = 0;
    let mut wanted = formatted.split_inclusive('\n');
    let mut lines = text.split_inclusive('\n');
    loop {
        let (line, want) = (lines.next(), wanted.next());
        match (line, want) {
            (Some(line), Some(want)) if line == want => start += line.len(),
            (Some(line), want) => {
                let content = line.trim_end_matches(['\n', '\r']);
                let (indent, marked) = (content.len() - content.trim_start().len(), content.trim_start().len());
                // Of a line that holds only blanks, or nothing, the whole is meant.
                let span = if marked == 0 {
                    Span::new(start, start + content.len())
                } else {
                    Span::new(start + indent, start + indent + marked)
                };
                return Difference { span, words: words(line, want) };
            }
            (None, Some(want)) => {
                let span = Span::new(start, start);
                return Difference { span, words: format!("should be followed by `{}`", excerpt(want.trim())) };
            }
            // Equal texts have no difference; nothing calls this for them.
            (None, None) => return Difference { span: Span::new(start, start), words: String::new() },
        }
    }
}

/// What is wrong with `line`, where `want` should stand.
fn words(line: &str, want: Option<&str>) -> String {
    let Some(want) = want else {
        let blank = line.trim().is_empty();
        return if blank { "a blank line too many" } else { "nothing should follow here" }.to_owned();
    };
    let ending = |line: &str| line.ends_with("\r\n");
    let (content, wanted) = (line.trim_end_matches(['\n', '\r']), want.trim_end_matches('\n'));
    if content == wanted {
        return if ending(line) { "the line ends with CRLF, not LF" } else { "the line has no end" }.to_owned();
    }
    if content.trim_end() == wanted {
        return "blanks at the end of the line".to_owned();
    }
    if content.trim().is_empty() {
        return "a blank line too many".to_owned();
    }
    if wanted.is_empty() {
        return "a blank line should stand before this".to_owned();
    }
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    if content.trim() == wanted.trim() {
        return format!("indented by {}, should be {}", indent(content), indent(wanted));
    }
    format!("should be `{}`", excerpt(wanted.trim()))
}

#[cfg(test)]
mod tests {
    use super::first_difference;
    use crate::finding::Severity;
    use crate::validate::testing::{case, findings, rendered};

    #[test]
    fn the_first_line_that_differs_is_shown() {
        let wrong = "name: x\nmeta:\n  tags:\n      - a\nabout:\n    title: 'X'\n";
        insta::assert_snapshot!(rendered("formatting", "x", wrong), @"
        error[formatting]: server.yaml is not formatted
         --> servers/x/server.yaml:4:7
          |
        4 |       - a
          |       ^^^ indented by 6, should be 4
          |
          = help: run `mcp-registry validate --fix`
        ");
    }

    #[test]
    fn the_fix_keeps_comments_and_order() {
        let wrong = "type: server # kind\nname:   x\n\n\n# about it\nabout: {title: 'X'}\n";
        let right = "type: server # kind\nname: x\n\n# about it\nabout: { title: \"X\" }\n";
        assert_eq!(case("formatting", "x", wrong).fixed(), right);
        assert_eq!(findings("formatting", "x", right), 0);
    }

    #[test]
    fn what_differs_is_said_in_words() {
        let said = |text: &str, formatted: &str| {
            let difference = first_difference(text, formatted);
            format!("{:?}: {}", text.get(difference.span.range()).unwrap_or("?"), difference.words)
        };
        let cases = [
            said("a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
            said("a: 1", "a: 1\n"),
            said("a: 1  \n", "a: 1\n"),
            said("a: 1\n\n\nb: 2\n", "a: 1\n\nb: 2\n"),
            said("a: 1\n\n", "a: 1\n"),
            said("a:\n    b: 2\n", "a:\n  b: 2\n"),
            said("a: 'x'\n", "a: \"x\"\n"),
            said("a: |\n  b\n", "a: |\n  b\nc: 1\n"),
            said(&format!("a:  {}\n", "ü".repeat(100)), &format!("a: {}\n", "ü".repeat(100))),
        ];
        insta::assert_snapshot!(cases.join("\n"), @r#"
        "a: 1": the line ends with CRLF, not LF
        "a: 1": the line has no end
        "a: 1  ": blanks at the end of the line
        "": a blank line too many
        "": a blank line too many
        "b: 2": indented by 4, should be 2
        "a: 'x'": should be `a: "x"`
        "": should be followed by `c: 1`
        "a:  üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü": should be `a: üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü…`
        "#);
    }

    #[test]
    fn no_verdict_is_a_note_and_no_pass() {
        let deep = format!("name: x\na: {}1{}\n", "[".repeat(20), "]".repeat(20));
        let case = case("formatting", "x", &deep);
        insta::assert_snapshot!(case.rendered(), @"
        note[formatting]: whether server.yaml is formatted cannot be judged: its brackets nest too deeply
        --> servers/x/server.yaml
         = help: compare with `prettier --check`, or write it in a simpler way
        ");
        assert!(case.findings().iter().all(|finding| finding.severity == Severity::Note && !finding.fixable));
    }

    #[test]
    fn a_formatted_text_is_fine() {
        assert_eq!(findings("formatting", "x", "name: x\n# it's\nabout:\n  title: it's\n"), 0);
    }
}
