//! A change of a file, line by line.

use super::escape::Visible;
use crate::finding::{MASK, Secrets};
use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// One side of a change.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The whole text.
    pub text: &'a str,
    /// What of it must not be shown.
    pub secrets: &'a Secrets,
}

/// A unified diff with three lines of context, safe to print.
#[must_use]
pub fn render(path: &str, before: Side<'_>, after: Side<'_>, color: bool) -> String {
    let style = |of: AnsiColor| if color { Style::new().fg_color(Some(of.into())) } else { Style::new() };
    let mut text = format!("--- a/{path}\n+++ b/{path}\n", path = super::escape::terminal(path));
    let changes = TextDiff::from_lines(before.text, after.text);
    let starts_before = starts((0..).map_while(|index| changes.old_slice(index)));
    let starts_after = starts((0..).map_while(|index| changes.new_slice(index)));
    for hunk in changes.unified_diff().context_radius(3).iter_hunks() {
        let _ = write!(text, "{}", hunk.header());
        text.push('\n');
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', style(AnsiColor::Red)),
                ChangeTag::Insert => ('+', style(AnsiColor::Green)),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let (side, start) = match (change.old_index(), change.new_index()) {
                (Some(index), _) => (before, starts_before.get(index)),
                (None, Some(index)) => (after, starts_after.get(index)),
                (None, None) => continue,
            };
            let line = line(change.value(), start.copied().unwrap_or_default(), side.secrets);
            let _ = writeln!(text, "{style}{sign}{line}{style:#}");
        }
    }
    text
}

/// Where each line begins, in bytes.
fn starts<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<usize> {
    let start = |next: &mut usize, line: &str| {
        let start = *next;
        *next += line.len();
        Some(start)
    };
    lines.scan(0, start).collect()
}

/// A line as it may be shown, without its end.
fn line(line: &str, start: usize, secrets: &Secrets) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut visible = Visible::default();
    for (at, character) in line.trim_end_matches('\n').char_indices() {
        let at = start + at;
        let is_secret = secrets.touch(at, at + character.len_utf8());
        visible.push(&mut shown, if is_secret { MASK } else { character });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Side, render};
    use crate::document::Span;
    use crate::finding::Secrets;

    #[test]
    fn secrets_are_dots_on_both_sides_and_in_what_stays() {
        let before = "a: 1\nkey:   hunter2\n# hunter2\nb: 2\r\n";
        let after = "key: hunter2\n# hunter2\nb: 2\n";
        let of = |text: &str| -> Secrets {
            text.match_indices("hunter2").map(|(at, word)| Span::new(at, at + word.len())).collect()
        };
        let shown = render(
            "x\u{202e}.yaml",
            Side { text: before, secrets: &of(before) },
            Side { text: after, secrets: &of(after) },
            false,
        );
        insta::assert_snapshot!(shown, @r"
        --- a/x\u{202e}.yaml
        +++ b/x\u{202e}.yaml
        @@ -1,4 +1,3 @@
        -a: 1
        -key:   •••••••
        +key: •••••••
         # •••••••
        -b: 2\r
        +b: 2
        ");
    }
}
