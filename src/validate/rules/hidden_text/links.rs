//! Anchors of headings with emoji: GitHub takes the emoji out of an anchor and leaves what joined or chose it, so that
//! `#️-core` is the only way to link to `## 🏗️ Core`.

use std::borrow::Cow;

/// What is left of emoji: a selector or a joiner. None of them can carry a text.
const LEFT: [char; 3] = ['\u{fe0e}', '\u{fe0f}', '\u{200d}'];

/// The text with visible characters in place of what belongs in the anchors that it links to. Every byte offset stays.
pub(super) fn without_anchors(text: &str) -> Cow<'_, str> {
    if !text.contains(LEFT) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some(start) = target(rest) {
            let (before, target) = rest.split_at_checked(start).unwrap_or((rest, ""));
            let end = target.find(|c: char| c.is_whitespace() || ")>\"'".contains(c)).unwrap_or(target.len());
            let (target, after) = target.split_at_checked(end).unwrap_or((target, ""));
            let fragment = target.find('#').unwrap_or(target.len());
            let (path, fragment) = target.split_at_checked(fragment).unwrap_or((target, ""));
            masked.push_str(before);
            masked.push_str(path);
            // Each is as long as what it replaces.
            masked.push_str(&fragment.replace(LEFT, "\u{2014}"));
            rest = after;
        }
        masked.push_str(rest);
    }
    Cow::Owned(masked)
}

/// Where the next target of a link begins: inline, in a definition, or in HTML.
fn target(line: &str) -> Option<usize> {
    let opening = ["](", "]: ", "href=\""].iter().filter_map(|mark| Some((line.find(mark)?, mark.len()))).min()?;
    let start = opening.0 + opening.1;
    // `](<#…>)`
    let is_bracketed = line.get(start..).is_some_and(|rest| rest.starts_with('<'));
    Some(start + usize::from(is_bracketed))
}

#[cfg(test)]
mod tests {
    use super::without_anchors;

    #[test]
    fn what_is_left_of_emoji_belongs_in_anchors_and_nowhere_else() {
        let fine = [
            "[a](#\u{fe0f}-core)",
            "[a](<#\u{fe0f}-core>) [b](README.md#-\u{200d}\u{200d}x \"title\")",
            "[a]: #\u{fe0f}x\n<a href=\"#\u{fe0e}x\">b</a>",
        ];
        for text in fine {
            let masked = without_anchors(text);
            assert_eq!(masked.len(), text.len());
            assert!(!masked.contains(super::LEFT), "{text:?}");
        }
        for text in ["a\u{fe0f}", "[a\u{200d}](#b)", "[a](b\u{fe0f}#c)", "[a](#b)\u{fe0f}", "[a](#b c\u{fe0f})"] {
            assert_eq!(without_anchors(text), text);
        }
        // What can carry a text is never in its place.
        for hidden in ['\u{e0041}', '\u{fe01}', '\u{e0100}', '\u{200b}', '\u{202e}'] {
            let text = format!("[a](#\u{fe0f}{hidden})");
            assert!(without_anchors(&text).contains(hidden));
        }
    }
}
