//! What the parser refuses, in words for the person who wrote the text.

use super::super::limits::MAX_DEPTH;
use super::super::{DocumentError, Span};
use granit_parser::{ErrorKind, ScanError};

/// Turns the parser's error into ours. `seen_to` is one past the last byte that was understood.
pub(super) fn explain(text: &str, scan: &ScanError, seen_to: usize) -> DocumentError {
    let mut at = scan.marker().byte_offset().unwrap_or(seen_to).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let unclosed_quote = match scan.kind() {
        ErrorKind::UnclosedQuotedScalar => true,
        // At the end of the text, the wrong indentation is that of a line that does not exist.
        ErrorKind::InvalidQuotedScalarIndent => text.get(at..).is_some_and(|rest| rest.trim().is_empty()),
        _ => false,
    };
    if unclosed_quote && let Some(quote) = text.get(seen_to..at).and_then(|skipped| skipped.find(['"', '\''])) {
        let at = seen_to + quote;
        return DocumentError {
            message: "this quote is never closed".to_owned(),
            span: Span::new(at, at + 1),
            related: None,
        };
    }
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    DocumentError { message: message(scan.kind()), span: Span::new(at, at + width), related: None }
}

fn message(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::MappingValueNotAllowed => {
            "a `: ` is not allowed here; indent the line correctly, or quote the text if the colon is part of it"
        }
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart => "a tab cannot indent in YAML; use spaces",
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
        ErrorKind::ExpectedDocumentStart => "expected the end of the text here",
        ErrorKind::BomInsideDocument => "a byte order mark is only allowed at the start of the text",
        ErrorKind::CommentNotSeparated => "a comment needs a space before its `#`",
        other => return lower_first(&other.to_string()),
    }
    .to_owned()
}

/// The parser's own words, in the form of all our messages: no capital, no final stop.
fn lower_first(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
