//! Tabs that indent. YAML takes them for the space between words where it can, and then trips over something else, often a
//! line above: the author would look for the mistake in the wrong place.

use super::super::Span;
use super::events;
use granit_parser::ErrorKind;

/// Lines with a tab in their indentation that are tried.
const TRIED: usize = 4;

/// Lines above the mistake that are looked at: what a tab did to the structure may show only below the lines that belong to it.
const ABOVE: usize = 20;

/// Whether a tab in the indentation can be why a text was refused: what is never closed has another reason.
pub(super) fn may_cause(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::MappingValueNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::InvalidIndentation
            | ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::BlockSequenceEntryNotAllowed
            | ErrorKind::SimpleKeyExpected
            | ErrorKind::InvalidSimpleKey
            | ErrorKind::ExpectedNodeContent
            | ErrorKind::ExpectedDocumentStart
    )
}

/// The tab that a text was refused for, near where it was refused: the parser gets further with spaces in its place.
/// `at` is where the parser gave up.
pub(super) fn culprit(text: &str, at: usize) -> Option<Span> {
    let above = text.get(..at)?.rmatch_indices('\n').nth(ABOVE);
    let from = above.map_or(0, |(newline, _)| newline + 1);
    let mut lines = Vec::new();
    let mut start = from;
    for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
        let is_blank = line.trim().is_empty();
        if !is_blank {
            lines.push((start, line));
        }
        // The line behind the mistake counts: its first word is where a plain text above it should have ended.
        if start > at && !is_blank {
            break;
        }
        start += line.len();
    }
    let tabbed = lines.iter().enumerate().filter_map(|(number, (start, line))| {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line.get(..indent)?.find('\t')?;
        let above = number.checked_sub(1).and_then(|above| lines.get(above));
        let above = above.map_or(0, |(_, above)| above.len() - above.trim_start_matches(' ').len());
        Some((*start, indent, tab, above))
    });
    tabbed.take(TRIED).find_map(|(start, indent, tab, above)| {
        let (before, rest) = (text.get(..start)?, text.get(start + indent..)?);
        let mut widths = vec![above, above + 2, 2 * indent, above.saturating_sub(2)];
        widths.dedup();
        let gets_further = widths.into_iter().any(|width| {
            let spaced = format!("{before}{}{rest}", " ".repeat(width));
            refused_at(&spaced).is_none_or(|new| new >= start && spaced.len() - new < text.len() - at)
        });
        gets_further.then(|| Span::new(start + tab, start + tab + 1))
    })
}

/// Where the parser gives up, if it does.
fn refused_at(text: &str) -> Option<usize> {
    let refusal = events::of(text).find_map(Result::err)?;
    Some(refusal.marker().byte_offset().unwrap_or(0).min(text.len()))
}

#[cfg(test)]
mod tests {
    use crate::document::compose;

    const ENTRY: &str = "name: x\ntype: server\nmeta:\n  category: search\n  tags:\n    - weather\n    - forecast\n\
                         about:\n  title: X\n\n  description: |\n    Looks up.\n    And down.\nsource:\n  # where\n  project: \
                         https://a.example\nrun:\n  command: [a,\n    b]\n  env:\n    A: b\n";

    /// The line and column of a refusal, and its words.
    fn refused(text: &str) -> Option<(usize, usize, String)> {
        let refusal = compose(text).err()?;
        let before = &text[..refusal.span.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1, refusal.message))
    }

    #[test]
    fn a_tab_is_found_where_it_is() {
        assert!(compose(ENTRY).is_ok());
        let indents = ["\t", "\t\t", "  \t", " \t "];
        for (number, indented) in ENTRY.lines().enumerate().filter(|(_, line)| line.starts_with(' ')) {
            for indent in indents {
                let mut lines: Vec<String> = ENTRY.lines().map(str::to_owned).collect();
                lines[number] = format!("{indent}{}", indented.trim_start());
                let text = lines.join("\n");
                // In brackets, before a comment and in a text a tab is as good as spaces.
                let Some((line, column, message)) = refused(&text) else { continue };
                assert_eq!((line, &*message), (number + 1, "a tab cannot indent in YAML; use spaces"), "{text}");
                assert_eq!(column, indent.find('\t').map_or(0, |tab| tab + 1), "{text}");
            }
        }
    }

    #[test]
    fn in_a_text_full_of_tabs_the_first_is_named() {
        let tabs = ENTRY.replace("    ", "\t\t").replace("  ", "\t");
        for text in [tabs.replace('\n', "\r\n"), tabs] {
            let (line, column, message) = refused(&text).unwrap_or_default();
            assert_eq!((line, column, &*message), (4, 1, "a tab cannot indent in YAML; use spaces"));
        }
    }

    #[test]
    fn a_tab_that_is_not_to_blame_is_not_blamed() {
        for text in ["a: [b,\n\tc: d: e]\n", "a: |\n  b\n  \tc\nd: e: f\n", "a: 'b\n \tc'\nd: [\n"] {
            let (_, _, message) = refused(text).unwrap_or_default();
            assert!(!message.contains("tab"), "{text}: {message}");
        }
    }
}
