//! The parser of YAML, set up in the one way that this program reads it.

use super::super::limits::MAX_DEPTH;
use granit_parser::{Event, Parser, ScanError};

/// The events of a text, read as leniently as Go's parser reads.
pub(super) fn of(text: &str) -> impl Iterator<Item = Result<(Event<'_>, granit_parser::Span), ScanError>> {
    let mut options = granit_parser::options! {
        // Go's parser takes `a: [1\n]`; strict indentation would not.
        strict_indentation: false,
        // An alias to nowhere is refused as an alias, by us, like any other.
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    Parser::new_from_str_with_options(text, options)
}
