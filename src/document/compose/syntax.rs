//! What the parser refuses, in words for the person who wrote the text.

use super::super::limits::MAX_DEPTH;
use super::super::{DocumentError, Span};
use super::tab;
use granit_parser::{ErrorKind, ScanError};

const TAB: &str = "a tab cannot indent in YAML; use spaces";

/// Turns the parser's error into ours. `seen_to` is one past the last byte that was understood.
pub(super) fn explain(text: &str, scan: &ScanError, seen_to: usize) -> DocumentError {
    let mut at = scan.marker().byte_offset().unwrap_or(seen_to).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    if tab::may_cause(scan.kind())
        && let Some(tab) = tab::culprit(text, at)
    {
        return error(TAB.to_owned(), tab);
    }
    let quote = text.get(seen_to..at).and_then(|skipped| skipped.find(['"', '\'']));
    let quote = quote.map(|quote| Span::new(seen_to + quote, seen_to + quote + 1));
    let at_end = text.get(at..).is_some_and(|rest| rest.trim().is_empty());
    match (scan.kind(), quote) {
        // At the end of the text, the wrong indentation is that of a line that does not exist.
        (ErrorKind::UnclosedQuotedScalar, Some(span)) => return error("this quote is never closed".to_owned(), span),
        (ErrorKind::InvalidQuotedScalarIndent, Some(span)) if at_end => {
            return error("this quote is never closed".to_owned(), span);
        }
        (ErrorKind::InvalidQuotedScalarIndent, Some(span)) => {
            let message = "this line is inside quotes but not indented; is a closing quote missing above?";
            let related = Some((span, "the quote opens here".to_owned()));
            return DocumentError { related, ..error(message.to_owned(), first_character(text, at)) };
        }
        _ => {}
    }
    error(message(scan.kind()), first_character(text, at))
}

fn error(message: String, span: Span) -> DocumentError {
    DocumentError { message, span, related: None }
}

fn first_character(text: &str, at: usize) -> Span {
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span::new(at, at + width)
}

fn message(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::MappingValueNotAllowed => {
            "a `: ` is not allowed here; indent the line correctly, or quote the text if the colon is part of it"
        }
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => TAB,
        ErrorKind::UnclosedQuotedScalar => "a quote is never closed",
        ErrorKind::UnclosedFlowCollection { open } => return format!("the `{open}` is never closed"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("`{close}` cannot close the `{open}` that is open here");
        }
        ErrorKind::MisplacedFlowCollectionEnd => "nothing is open that this bracket could close",
        ErrorKind::UnexpectedCharacter { character } => {
            return format!(
                "a value cannot begin with `{}`; quote it if it is part of the text",
                character.escape_debug()
            );
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            "unknown escape in double quotes; write `\\\\` for a backslash, or use single quotes"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "text after the closing quote; a quoted value ends there"
        }
        ErrorKind::InvalidIndentation | ErrorKind::InvalidQuotedScalarIndent | ErrorKind::InvalidFlowScalarIndent => {
            "the indentation of this line fits nothing above it"
        }
        ErrorKind::RecursionLimitExceeded => return format!("collections are nested more than {MAX_DEPTH} deep"),
        ErrorKind::ExpectedBlockMappingKey => "expected a key here; is the indentation right?",
        ErrorKind::ExpectedBlockSequenceEntry => "expected a `- ` here; is the indentation right?",
        ErrorKind::BlockSequenceEntryNotAllowed => "a `- ` is not allowed here; put the list on its own lines",
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::UnexpectedEofFlowMapping => "expected `,` or `}` here",
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::UnexpectedEofFlowSequence => "expected `,` or `]` here",
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            "expected `key: value`; the `:` is missing, or the line's indentation is wrong"
        }
        ErrorKind::UnexpectedEofImplicitFlowMapping | ErrorKind::ExpectedNodeContent => "a value is missing here",
        ErrorKind::InvalidBlockScalarHeader => {
            "only a comment can follow `|` or `>` on its line; quote a text that begins with one"
        }
        ErrorKind::MissingAnchorOrAliasName => "`&` and `*` begin a name in YAML; quote a text that begins with one",
        ErrorKind::ExpectedDocumentStart => "expected the end of the text here",
        ErrorKind::BomInsideDocument => "a byte order mark is only allowed at the start of the text",
        ErrorKind::CommentNotSeparated => "a comment needs a space before its `#`",
        other => return in_our_form(&other.to_string()),
    }
    .to_owned()
}

/// The parser's own words, without what it was doing, a capital or a final stop.
fn in_our_form(message: &str) -> String {
    let message = match message.split_once(", ") {
        Some((activity, message)) if activity.starts_with("while ") => message,
        _ => message,
    };
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
