//! `truncated-text`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Document, ScalarStyle, Span, edit};
use crate::finding::Severity;
use crate::validate::schema::{self, Passed};

pub(super) static RULE: Rule = Rule {
    id: "truncated-text",
    summary: "a ` #` begins a comment, and cuts a title or description short",
    explanation: "\
## What
A title or description without quotes has a `#` after a space: `description: rated #1 by users`. What follows is a comment.
Reported are a `#` that touches the next word, and any comment behind a description that does not end like a sentence.

## Why
Everybody who reads the file sees the whole sentence. Users see `rated`.

## How to fix
Put the text in quotes: `description: \"rated #1 by users\"`. If the rest is meant as a comment, write it on a line of its own
above, or put a space after the `#` and a full stop before it.

## Source
YAML 1.2.2, section 6.6: a comment begins with a `#` that follows white space.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    // Whether the rest is text or a comment is a decision.
    fix: None,
};

fn check(_: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    // Nearly no entry has a comment at all.
    if !document.text().contains(" #") && !document.text().contains("\t#") {
        return;
    }
    schema::visit_texts(document, &mut |way, scalar| {
        let Some(Passed::Key(key)) = way.last() else { return };
        let is_prose = matches!(*key, "title" | "description");
        if !is_prose || scalar.style != ScalarStyle::Plain || scalar.text.is_empty() {
            return;
        }
        let route = schema::route_of(way);
        let Some(comment) = document.at(&route).and_then(|node| comment_behind(document, node.span)) else { return };
        let text = document.text().get(comment.range()).unwrap_or_default();
        let touches = text.trim_start_matches('#').starts_with(|c: char| c.is_alphanumeric());
        if !touches && (*key == "title" || is_sentence(&scalar.text)) {
            return;
        }
        let last = scalar.text.split_whitespace().next_back().unwrap_or_default();
        sink.bytes(comment, format!("`{}` is a comment: the {key} ends at `{}`", excerpt(text), excerpt(last)))
            .label("not part of the text")
            .help("put the whole text in double quotes; or write the comment on a line of its own");
    });
}

/// The comment behind a value, on its last line.
fn comment_behind(document: &Document, value: Span) -> Option<Span> {
    let text = document.text();
    let (end, _) = edit::line_end(text, value.end);
    let rest = text.get(value.end..end)?;
    let at = rest.find('#').filter(|_| edit::is_blank_or_comment(rest))?;
    Some(Span::new(value.end + at, value.end + rest.trim_end().len()))
}

fn is_sentence(text: &str) -> bool {
    text.ends_with(['.', '!', '?', '…', ')', '"', '\'', '。'])
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn a_text_that_is_cut_is_reported() {
        let entry = "name: x\nabout:\n  title: The C #Sharp\n  description: Look up weather, rated #1 for forecasts by users.\n";
        insta::assert_snapshot!(rendered("truncated-text", "x", entry), @"
        warning[truncated-text]: `#Sharp` is a comment: the title ends at `C`
         --> servers/x/server.yaml:3:16
          |
        3 |   title: The C #Sharp
          |                ^^^^^^ not part of the text
          |
          = help: put the whole text in double quotes; or write the comment on a line of its own

        warning[truncated-text]: `#1 for forecasts by users.` is a comment: the description ends at `rated`
         --> servers/x/server.yaml:4:39
          |
        4 |   description: Look up weather, rated #1 for forecasts by users.
          |                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^ not part of the text
          |
          = help: put the whole text in double quotes; or write the comment on a line of its own
        ");
        let parameters = "config:\n  description: Set # the key\n  parameters:\n    properties:\n      a:\n        description: which\n          issue #2 it is\n";
        assert_eq!(findings("truncated-text", "x", parameters), 2);
    }

    #[test]
    fn comments_that_are_meant_are_fine() {
        let about =
            |title: &str, description: &str| format!("about:\n  title: {title}\n  description: {description}\n");
        for (title, description) in [
            ("X # its own name", "Keeps lists. # TODO: say more"),
            ("\"X\" #1", "'rated' #1"),
            ("C#", "rated#1 by users"),
            ("X", "|\n    rated #1 by users"),
            ("X", ">- # note\n    rated #1"),
            ("X", "lists\n  # on its own"),
        ] {
            assert_eq!(findings("truncated-text", "x", &about(title, description)), 0, "{title} {description}");
        }
        // In other places a comment is nothing unusual.
        assert_eq!(findings("truncated-text", "x", "source:\n  commit: abc #v1\nmeta:\n  tags:\n    - a #b\n"), 0);
    }
}
