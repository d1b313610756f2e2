//! The one place where text of an entry is made safe to show, one function for each kind of place it is shown in.
//!
//! Nothing here can be undone: the results are for readers. A character that is invisible, or that would move, hide
//! or reorder what is around it, is shown as its code (`\u{202e}`); a backslash of the text itself is left
//! alone, because doubling it would spoil every regular expression and Windows path that is ever quoted.
//!
//! GitHub's runner obeys `##[command]` anywhere in a line of a job's log, and `::command` where a line begins with it, after
//! blanks too. A job may print any of our formats, so that no function here lets `##[` through, nor a text that
//! begins with `::`, wherever it is put.

mod commit;
pub(crate) mod host;
mod json;
mod markdown;
pub(crate) mod template;

use crate::text::cut;
pub(crate) use crate::text::hidden::is_hidden;
pub(crate) use commit::inert_code;
pub(crate) use json::visible_json;
pub(crate) use markdown::{markdown, markdown_code};

use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar as _;

/// How many characters without a width (combining marks, say) may follow one another before the rest is shown as
/// codes. Two are normal in real languages, and Vietnamese or Hebrew with all its points have three.
const MAX_COMBINING: usize = 4;

/// Makes text visible character by character.
#[derive(Debug, Default)]
pub(crate) struct Visible {
    /// Characters without a width since the last one that has one.
    combining: usize,
    /// Number signs right before the next character.
    hashes: usize,
    /// What there was so far, as far as it matters.
    begun: Begun,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Begun {
    #[default]
    Blank,
    Colon,
    /// With something that is no workflow command.
    Harmless,
}

impl Visible {
    /// Appends `character` to `out` as it may be shown.
    pub(crate) fn push(&mut self, out: &mut String, character: char) {
        // Nearly every character is one of these, and has nothing to be looked up.
        if matches!(character, ' '..='~') && !matches!(character, '#' | '[') && self.begun == Begun::Harmless {
            (self.combining, self.hashes) = (0, 0);
            out.push(character);
            return;
        }
        let runner_command = match (character, self.begun) {
            ('[', _) => self.hashes >= 2,
            (':', begun) => begun == Begun::Colon,
            _ => false,
        };
        self.begun = match (self.begun, character) {
            (Begun::Blank, ':') => Begun::Colon,
            (Begun::Blank, blank) if blank.is_whitespace() => Begun::Blank,
            _ => Begun::Harmless,
        };
        self.hashes = if character == '#' { self.hashes + 1 } else { 0 };
        self.combining = if character.width() == Some(0) { self.combining + 1 } else { 0 };
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if runner_command || self.combining > MAX_COMBINING || is_hidden(character) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
}

/// `text` on one line of a terminal or log, everything invisible shown as its code.
#[must_use]
pub(crate) fn terminal(text: &str) -> String {
    terminal_within(text, usize::MAX)
}

/// [`terminal`] of a text that is first cut to `limit` characters, the last of them `…` where it was longer.
#[must_use]
pub(crate) fn terminal_within(text: &str, limit: usize) -> String {
    let mut visible = Visible::default();
    let mut out = String::with_capacity(text.len().min(limit));
    for character in cut(text, limit).chars() {
        visible.push(&mut out, character);
    }
    out
}

/// `text` as the message of a workflow command: `%`, CR and LF percent-encoded, which the runner undoes; everything
/// else that is invisible, other controls included, as its code, because the runner decodes nothing more.
#[must_use]
pub(crate) fn github_data(text: &str) -> String {
    let mut visible = Visible::default();
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            _ => visible.push(&mut out, character),
        }
    }
    out
}

/// `text` as the value of a workflow command's property: [`github_data`] and also `:` and `,`.
#[must_use]
pub(crate) fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// `path` as a relative URI reference: everything but unreserved characters and `/` percent-encoded, byte by byte.
#[must_use]
pub(crate) fn uri_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// `text` as a plain SARIF message on one line, cut like [`terminal_within`]. SARIF reads `[text](target)` in it as
/// a link, so that the brackets of such a text are escaped as section 3.11.6 of the standard says.
#[must_use]
pub(crate) fn sarif_text(text: &str, limit: usize) -> String {
    let visible = terminal_within(text, limit);
    if visible.contains("](") {
        return visible.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::{github_data, github_property, sarif_text, terminal, terminal_within, uri_path};

    #[test]
    fn terminals_get_nothing_that_moves_or_hides() {
        assert_eq!(terminal("a\u{1b}[31mred\u{7f}\u{9b}"), r"a\u{1b}[31mred\u{7f}\u{9b}");
        assert_eq!(terminal("one\r\ntwo\tthree"), r"one\r\ntwo\tthree");
        assert_eq!(
            terminal("\u{202e}x\u{2066}\u{200b}\u{feff}\u{e0041}"),
            r"\u{202e}x\u{2066}\u{200b}\u{feff}\u{e0041}"
        );
        assert_eq!(terminal("a\u{a0}b\u{2028}c\u{e000}\u{ffff}"), r"a\u{a0}b\u{2028}c\u{e000}\u{ffff}");
        assert_eq!(terminal("naïve 日本語 नमस्ते Việt 👍 c:\\new"), "naïve 日本語 नमस्ते Việt 👍 c:\\new");
    }

    #[test]
    fn combining_marks_do_not_pile_up() {
        let shown = terminal(&format!("a{}b", "\u{301}".repeat(6)));
        assert_eq!(shown, format!("a{}{}b", "\u{301}".repeat(4), r"\u{301}\u{301}"));
    }

    #[test]
    fn the_runner_finds_no_old_style_command() {
        assert_eq!(terminal("x ##[error]y ###[z] #[ok]"), r"x ##\u{5b}error]y ###\u{5b}z] #[ok]");
        assert_eq!(github_data("##[add-mask]x"), r"##\u{5b}add-mask]x");
    }

    #[test]
    fn no_text_begins_like_a_command() {
        assert_eq!(terminal("::error::x ::y"), r":\u{3a}error::x ::y");
        assert_eq!(terminal(" \u{3000} ::::x"), " \u{3000} :\\u{3a}::x");
        assert_eq!(terminal(": : a::b"), ": : a::b");
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(terminal_within("äöüß", 3), "äö…");
        assert_eq!(terminal_within("äöüß", 4), "äöüß");
        assert_eq!(terminal_within("", 0), "");
    }

    #[test]
    fn workflow_commands_stay_one_line() {
        assert_eq!(github_data("50% of\r\n::error::x\u{1b}[2J\0%0A"), r"50%25 of%0D%0A::error::x\u{1b}[2J\u{0}%250A");
        assert_eq!(github_property("a:b,c\n"), "a%3Ab%2Cc%0A");
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri_path("servers/a b%/ü:#?.yaml"), "servers/a%20b%25/%C3%BC%3A%23%3F.yaml");
    }

    #[test]
    fn sarif_messages_hold_no_links() {
        assert_eq!(sarif_text("see [docs](https://evil.example)", 99), r"see \[docs\](https://evil.example)");
        assert_eq!(sarif_text("`env[0]` is wrong", 99), "`env[0]` is wrong");
    }
}
