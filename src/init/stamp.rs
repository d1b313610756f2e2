//! The first line of a file of ours: the digest of what was written below it. Whether somebody edited the file since is in the
//! file itself, so that nothing else has to be kept.
//!
//! Line ends and what is after the last line do not count: Git and editors change those without anybody editing anything.

use crate::ids::hex;
use sha2::{Digest as _, Sha256};

/// What the first line says of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// It is no line of ours.
    None,
    /// The rest is what was written.
    AsWritten,
    /// The rest is something else.
    Edited,
}

const BEFORE: &str = "Written by `mcp-registry init`, which replaces it as long as nobody edits it. sha256:";

/// How a comment that is one line begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comment {
    Hash,
    Html,
}

impl Comment {
    fn around(self) -> (&'static str, &'static str) {
        match self {
            Self::Hash => ("# ", ""),
            Self::Html => ("<!-- ", " -->"),
        }
    }
}

/// Puts the line above a text.
#[must_use]
pub(crate) fn stamped(text: &str, comment: Comment) -> String {
    let (begin, end) = comment.around();
    format!("{begin}{BEFORE}{}{end}\n{text}", digest(text))
}

/// What a file's first line says.
#[must_use]
pub(crate) fn read(text: &str) -> Stamp {
    let Some((digits, rest)) = parts(text) else { return Stamp::None };
    if digits == digest(rest) { Stamp::AsWritten } else { Stamp::Edited }
}

/// A text without the line.
#[must_use]
pub(crate) fn body(text: &str) -> &str {
    parts(text).map_or(text, |(_, rest)| rest)
}

/// Whether two texts are the same, but for line ends.
#[must_use]
pub(crate) fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// The digits of the line, and what is below it.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let first = first.trim_start_matches('\u{feff}').trim_end();
    let of = |comment: Comment| {
        let (begin, end) = comment.around();
        first.strip_prefix(begin)?.strip_suffix(end)?.strip_prefix(BEFORE)
    };
    let digits = of(Comment::Hash).or_else(|| of(Comment::Html))?;
    let is_digest = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then_some((digits, rest))
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(plain(text).as_bytes()))
}

fn plain(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Comment, Stamp, body, read, same, stamped};

    const TEXT: &str = "name: Validate\n\non: push\n";

    #[test]
    fn what_was_written_is_known_again_and_every_edit_of_it() {
        for comment in [Comment::Hash, Comment::Html] {
            let written = stamped(TEXT, comment);
            assert_eq!(read(&written), Stamp::AsWritten);
            assert_eq!(body(&written), TEXT);
            // A letter, a space inside, a line above, a line below, the digest itself.
            let first = written.split_once('\n').map(|(first, _)| first).unwrap_or_default().to_owned();
            for edited in [
                written.replace("push", "pull"),
                written.replace("on: ", "on:  "),
                written.replace("on:", "# mine\non:"),
                format!("{written}# mine\n"),
                written.replacen(
                    &first[first.len() - 12..],
                    &first[first.len() - 12..].replace(|c: char| c.is_ascii_hexdigit(), "0"),
                    1,
                ),
            ] {
                assert_eq!(read(&edited), Stamp::Edited, "{edited}");
            }
        }
    }

    #[test]
    fn line_ends_and_the_end_of_the_file_are_no_edits() {
        let written = stamped(TEXT, Comment::Hash);
        for same_text in [
            written.replace('\n', "\r\n"),
            written.trim_end().to_owned(),
            format!("{written}\n\n"),
            format!("\u{feff}{written}"),
        ] {
            assert_eq!(read(&same_text), Stamp::AsWritten, "{same_text:?}");
            assert!(same(&same_text, &written), "{same_text:?}");
        }
    }

    #[test]
    fn what_only_looks_like_the_line_is_not_ours() {
        let written = stamped(TEXT, Comment::Hash);
        for other in ["", "\n", "# mine\n", TEXT, &written.replacen("sha256:", "sha512:", 1), &format!("\n{written}")] {
            assert_eq!(read(other), Stamp::None, "{other:?}");
        }
    }
}
