//! A change of a file, line by line: as people read it, or as the patch that `git apply` takes.

use super::escape::Visible;
use crate::finding::{MASK, Secrets};
use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// One side of a change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    /// The whole text; none when there is no file.
    pub(crate) text: Option<&'a str>,
    /// What of it must not be shown.
    pub(crate) secrets: &'a Secrets,
}

/// Why a change cannot be shown byte for byte, in words that follow "not a patch:".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAPatch {
    /// Outputs end in logs, which more people read than the file.
    #[error("credentials in it are masked")]
    Secret,
    /// GitHub's runner obeys some lines of a job's log: see [`super::escape`].
    #[error("a line in it would be a command to GitHub's runner, and is escaped")]
    Command,
}

/// What Git writes below a last line without a line end.
const NO_NEWLINE: &str = "\\ No newline at end of file\n";

/// A unified diff with three lines of context, safe to print: what cannot be seen is shown as its code.
#[must_use]
pub(crate) fn render(path: &str, before: Side<'_>, after: Side<'_>, color: bool) -> String {
    let style = |of: AnsiColor| if color { Style::new().fg_color(Some(of.into())) } else { Style::new() };
    let mut text = headers(before, &super::escape::terminal(path));
    walk(before, after, |part| match part {
        Part::Hunk(header) => text.push_str(&format!("{header}\n")),
        Part::Line { sign, line, start, secrets } => {
            let style = match sign {
                '-' => style(AnsiColor::Red),
                '+' => style(AnsiColor::Green),
                _ => Style::new(),
            };
            let (line, end) = line.strip_suffix('\n').map_or((line, NO_NEWLINE), |line| (line, ""));
            let _ = write!(text, "{style}{sign}{}{style:#}\n{end}", visible(line, start, secrets));
        }
    });
    text
}

/// The same diff byte for byte, as `git apply` takes it in the folder that `path` is relative to.
///
/// # Errors
/// When something in it must not be printed as it is.
pub(crate) fn patch(path: &str, before: Side<'_>, after: Side<'_>) -> Result<String, NotAPatch> {
    let mut text = headers(before, &quoted(path));
    let mut has_secret = false;
    walk(before, after, |part| match part {
        Part::Hunk(header) => text.push_str(&format!("{header}\n")),
        Part::Line { sign, line, start, secrets } => {
            has_secret |= secrets.touch(start, start + line.len());
            text.push(sign);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push('\n');
                text.push_str(NO_NEWLINE);
            }
        }
    });
    if has_secret {
        return Err(NotAPatch::Secret);
    }
    // The runner ends lines at a lone carriage return, too.
    if text.contains("##[") || text.split(['\n', '\r']).any(|line| line.trim_start().starts_with("::")) {
        return Err(NotAPatch::Command);
    }
    Ok(text)
}

fn headers(before: Side<'_>, path: &str) -> String {
    // Git reads a name with spaces up to a tab, and one in quotes up to the closing one.
    let end = if path.contains(' ') && !path.starts_with('"') { "\t" } else { "" };
    let name = |side: char| match path.strip_prefix('"') {
        Some(rest) => format!("\"{side}/{rest}"),
        None => format!("{side}/{path}{end}"),
    };
    let old = if before.text.is_some() { name('a') } else { "/dev/null".to_owned() };
    format!("--- {old}\n+++ {}\n", name('b'))
}

/// A path as Git writes it: in quotes and with escapes when it has more than visible ASCII.
fn quoted(path: &str) -> String {
    let mut inside = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => inside.extend(['\\', char::from(byte)]),
            b' '..=b'~' => inside.push(char::from(byte)),
            _ => inside.push_str(&format!("\\{byte:03o}")),
        }
    }
    if inside == path { inside } else { format!("\"{inside}\"") }
}

/// A piece of a diff.
enum Part<'p> {
    Hunk(String),
    Line {
        sign: char,
        /// With its line end, if it has one.
        line: &'p str,
        /// Where it begins in its text, in bytes.
        start: usize,
        secrets: &'p Secrets,
    },
}

fn walk(before: Side<'_>, after: Side<'_>, mut take: impl FnMut(Part<'_>)) {
    // Git ends lines at a line feed and nowhere else.
    let [old, new]: [Vec<&str>; 2] =
        [before, after].map(|side| side.text.unwrap_or_default().split_inclusive('\n').collect());
    let [starts_before, starts_after] = [&old, &new].map(|lines| starts(lines));
    let changes = TextDiff::from_slices(&old, &new);
    for hunk in changes.unified_diff().context_radius(3).iter_hunks() {
        take(Part::Hunk(hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let (side, start) = match (change.old_index(), change.new_index()) {
                (Some(index), _) => (before, starts_before.get(index)),
                (None, Some(index)) => (after, starts_after.get(index)),
                (None, None) => continue,
            };
            let start = start.copied().unwrap_or_default();
            take(Part::Line { sign, line: change.value(), start, secrets: side.secrets });
        }
    }
}

/// Where each line begins, in bytes.
fn starts(lines: &[&str]) -> Vec<usize> {
    let start = |next: &mut usize, line: &&str| {
        let start = *next;
        *next += line.len();
        Some(start)
    };
    lines.iter().scan(0, start).collect()
}

/// A line without its end, as it may be shown.
fn visible(line: &str, start: usize, secrets: &Secrets) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut visible = Visible::default();
    for (at, character) in line.char_indices() {
        let at = start + at;
        let is_secret = secrets.touch(at, at + character.len_utf8());
        visible.push(&mut shown, if is_secret { MASK } else { character });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{NotAPatch, Side, patch, render};
    use crate::document::Span;
    use crate::finding::Secrets;

    #[test]
    fn secrets_are_dots_on_both_sides_and_in_what_stays() {
        let before = "a: 1\nkey:   hunter2\n# hunter2\nb: 2\r\n";
        let after = "key: hunter2\n# hunter2\nb: 2";
        let of = |text: &str| -> Secrets {
            text.match_indices("hunter2").map(|(at, word)| Span::new(at, at + word.len())).collect()
        };
        let (secrets_before, secrets_after) = (of(before), of(after));
        let before = Side { text: Some(before), secrets: &secrets_before };
        let after = Side { text: Some(after), secrets: &secrets_after };
        insta::assert_snapshot!(render("x\u{202e}.yaml", before, after, false), @r"
        --- a/x\u{202e}.yaml
        +++ b/x\u{202e}.yaml
        @@ -1,4 +1,3 @@
        -a: 1
        -key:   •••••••
        +key: •••••••
         # •••••••
        -b: 2\r
        +b: 2
        \ No newline at end of file
        ");
        assert_eq!(patch("x.yaml", before, after), Err(NotAPatch::Secret));
    }

    #[test]
    fn a_patch_is_never_a_command_to_the_runner() {
        let none = Secrets::default();
        let patched = |before: &str, after: &str| {
            let [before, after] = [before, after].map(|text| Side { text: Some(text), secrets: &none });
            patch("x.yaml", before, after)
        };
        for context in ["::error::x\n", "  ::error::x\n", "a ##[error]x\n", "a\r::error::x\n"] {
            let (before, after) = (format!("{context}b\n"), format!("{context}c\n"));
            assert_eq!(patched(&before, &after), Err(NotAPatch::Command), "{context:?}");
        }
        assert!(patched("a::b\nb: ::1\n", "a::b\nc\n").is_ok());
    }

    #[test]
    fn names_are_written_as_git_writes_them() {
        let none = Secrets::default();
        let header = |path: &str, before: Option<&str>| {
            let text = patch(path, Side { text: before, secrets: &none }, Side { text: Some("b\n"), secrets: &none });
            text.unwrap_or_default().lines().take(2).map(|line| format!("{line}|\n")).collect::<String>()
        };
        insta::assert_snapshot!(
            [header("a b", Some("a")), header("ä\"\\\n c", Some("a")), header("new", None)].concat(), @r#"
        --- a/a b	|
        +++ b/a b	|
        --- "a/\303\244\"\\\012 c"|
        +++ "b/\303\244\"\\\012 c"|
        --- /dev/null|
        +++ b/new|
        "#);
    }
}
