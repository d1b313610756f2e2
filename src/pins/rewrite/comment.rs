//! Comments that describe a pin. Setting it leaves them alone, so that they may go on describing the commit before.

use crate::document::{Document, Pair, edit};

/// A comment that may describe the commit before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// From its `#` on.
    pub(crate) text: String,
}

/// Comment lines above a pin that are looked at.
const ABOVE: usize = 5;

/// The comments of a pin: the one behind it, whatever it says, and those right above it that name a version, a day or the
/// commit.
pub(super) fn of_pin(document: &Document, pin: &Pair) -> Vec<Comment> {
    let (text, lines) = (document.text(), document.lines());
    let old = pin.value.scalar().map_or("", |scalar| &*scalar.text);
    let end = pin.value.span.end;
    let rest = text.get(end..edit::line_end(text, end).0).unwrap_or_default();
    let behind = if edit::is_blank_or_comment(rest) {
        Some(rest.trim())
    } else {
        // Behind the brackets that the pin is in. A `#` in a text there is none, but says no version either.
        rest.split_once(" #").and_then(|(before, _)| rest.get(before.len() + 1..)).filter(|text| dates(text, old))
    };
    let line = |at: usize| lines.position(text, at).line;
    let behind = behind.filter(|text| text.len() > 1).map(|text| Comment { line: line(end), text: text.to_owned() });
    let key_line = line(pin.key.span.start);
    let above = (1..key_line).rev().take(ABOVE).map_while(|number| {
        let (start, end) = (lines.start(number)?, lines.start(number + 1)?);
        let text = text.get(start..end)?.trim();
        text.starts_with('#').then(|| Comment { line: number, text: text.to_owned() })
    });
    let mut found: Vec<Comment> = above.filter(|comment| dates(&comment.text, old)).collect();
    found.reverse();
    found.extend(behind);
    found
}

/// Whether a comment names what changes with the commit: a version, a day, or (the begin of) the commit itself.
fn dates(comment: &str, old: &str) -> bool {
    comment.split(|c: char| c.is_whitespace() || "()[]{},;:'\"`#@=/".contains(c)).any(|word| {
        let word = word.trim_end_matches('.');
        let digits = word.strip_prefix(['v', 'V']).unwrap_or(word);
        let parts: Vec<&str> = digits.split(['.', '-']).collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let has_numbers = parts.len() > 1 && parts.iter().take(2).all(is_number);
        has_numbers || (digits.len() < word.len() && is_number(&digits)) || (word.len() >= 7 && old.starts_with(word))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::set_pin;
    use crate::ids::CommitSha;

    const OLD: &str = "3f2a9c1e5b7d9f1a3c5e7b9d1f3a5c7e9b1d3f5a";
    const NEW: &str = "b4ee623039a6c60053ce67269701ad9e95073306";

    fn comments(text: &str) -> Vec<String> {
        let rewrite = set_pin(&text.replace("OLD", OLD), &CommitSha::parse(NEW).unwrap()).unwrap();
        rewrite.comments.into_iter().map(|comment| format!("{} {}", comment.line, comment.text)).collect()
    }

    #[test]
    fn what_may_describe_the_old_commit_is_named() {
        for (comment, named) in
            [("OLD # v1.2.0", true), ("'OLD'  # audited", true), ("OLD #", false), ("OLD", false), ("OLD # v2\r", true)]
        {
            let found = comments(&format!("source:\n  project: p\n  commit: {comment}\n"));
            assert_eq!(found.len(), usize::from(named), "{comment}: {found:?}");
        }
        let above = |comment: &str| comments(&format!("source:\n  project: p\n  # {comment}\n  commit: OLD\n"));
        for comment in ["v1.2.0", "release 2.0", "as of 2026-01-02", "is 3f2a9c1", "v3 (LTS)", "version: 1.0."] {
            assert_eq!(above(comment), [format!("3 # {comment}")], "{comment}");
        }
        for comment in ["keep this line", "see issue 12", "the 2 of us", "v", "3f2a"] {
            assert_eq!(above(comment), Vec::<String>::new(), "{comment}");
        }
        assert_eq!(comments("source: {project: p, commit: OLD} # v1.2\n"), ["1 # v1.2"]);
        assert_eq!(comments("source: {commit: OLD, project: 'p #1'} # why\n"), Vec::<String>::new());
    }

    #[test]
    fn only_a_pin_that_moves_leaves_comments_behind() {
        assert_eq!(comments(&format!("source:\n  project: p\n  commit: {NEW} # v2\n")), Vec::<String>::new());
        assert_eq!(comments("source:\n  project: p\n  commit: # why\n"), Vec::<String>::new());
    }
}
