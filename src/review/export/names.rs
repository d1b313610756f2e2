//! Names of a repository, which may be any bytes, made into names of files that are the same everywhere.

use crate::snapshot::{Reason, steering::steers};
use std::collections::HashSet;
use std::fmt::Write;
use unicode_normalization::UnicodeNormalization;

/// The most bytes of a file's name on the file systems of containers (`NAME_MAX`).
const MAX_BYTES: usize = 255;
/// What a name is cut to that has more, so that an addition fits.
const CUT: usize = 200;

/// The names of one folder so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    shown: HashSet<String>,
    exported: HashSet<String>,
}

/// How an entry of a folder is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// In reports: as it is in the repository, or escaped.
    pub(super) shown: String,
    /// Where agents see it: harmless on every file system.
    pub(super) exported: String,
    /// What is listed about it.
    pub(super) listed: Option<(Reason, String)>,
}

impl Names {
    /// Names an entry. The same entries in the same order get the same names.
    pub(super) fn name(&mut self, raw: &[u8]) -> Name {
        let (text, escaped) = readable(raw);
        let mut listed = escaped.then(|| (Reason::UnusableName, "its name is shown escaped".to_owned()));
        let mut shown = text.clone();
        let mut number = 2;
        while !self.shown.insert(shown.clone()) {
            shown = format!("{text}~{number}");
            number += 1;
            listed = Some((Reason::NameCollision, "another entry of the folder has the same name".to_owned()));
        }
        let mut safe = if steers(&text) { disarmed(&text) } else { text.clone() };
        if let Some(why) = unusable(&safe) {
            safe = harmless(&safe);
            listed = listed.or_else(|| Some((Reason::UnusableName, format!("{why}; exported as `{safe}`"))));
        }
        let mut exported = safe.clone();
        let mut number = 2;
        while !self.exported.insert(folded(&exported)) {
            exported = format!("{safe}~{number}");
            number += 1;
            if listed.is_none() {
                let why = "another name of the folder is the same where letter case or composition does not count";
                listed = Some((Reason::NameCollision, format!("{why}; exported as `{exported}`")));
            }
        }
        Name { shown, exported, listed }
    }
}

/// A name as text without control characters, and whether that is another text.
pub(super) fn readable(raw: &[u8]) -> (String, bool) {
    if matches!(raw, b"" | b"." | b"..") {
        let escaped: String = raw.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        return (if escaped.is_empty() { "\\empty".to_owned() } else { escaped }, true);
    }
    let mut text = String::with_capacity(raw.len());
    let mut escaped = false;
    for chunk in raw.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '/' || c.is_control() || hidden(c) {
                escaped = true;
                // Writing to a `String` cannot fail.
                let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            escaped = true;
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    (text, escaped)
}

/// Characters that are not seen, or that turn the text around them: a path is there to be read.
fn hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Another name for a file or folder that steers agents.
fn disarmed(name: &str) -> String {
    match name.strip_prefix('.') {
        Some(rest) => format!("dot-{rest}.reviewed"),
        None => format!("{name}.reviewed"),
    }
}

/// Why a name is not one everywhere.
fn unusable(name: &str) -> Option<&'static str> {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |start: &str| {
        let number = stem.strip_prefix(start).unwrap_or_default();
        let mut digits = number.chars();
        matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    };
    if name.len() > MAX_BYTES {
        Some("its name has more than 255 bytes")
    } else if is_git(name) {
        Some("Git itself takes it for its own folder")
    } else if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
        || numbered("COM")
        || numbered("LPT")
    {
        Some("it is the name of a device on Windows")
    } else if name.ends_with(['.', ' ']) {
        Some("Windows drops what its name ends with")
    } else if name.starts_with(' ') || name.starts_with('-') && name.len() == 1 {
        Some("its name is taken for something else")
    } else if name.contains(['\\', ':', '*', '?', '"', '<', '>', '|']) {
        Some("its name has characters that Windows does not allow")
    } else {
        None
    }
}

/// Whether this is `.git`, or what some file systems take for it.
fn is_git(name: &str) -> bool {
    let plain: String = name.nfkc().filter(|c| !hidden(*c)).flat_map(char::to_lowercase).collect();
    let plain = plain.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    plain == ".git" || plain == "git~1"
}

/// A name that is one everywhere, and still like it.
fn harmless(name: &str) -> String {
    let mut safe: String = name
        .chars()
        .map(|c| if matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c })
        .collect();
    if safe.starts_with(' ') || safe == "-" {
        safe.insert(0, '_');
    }
    if safe.len() > MAX_BYTES {
        safe.truncate(safe.floor_char_boundary(CUT));
    }
    if is_git(&safe) {
        safe = safe.replacen('.', "dot-", 1);
    }
    if unusable(&safe).is_some() {
        safe = format!("_{}_", safe.replacen('.', "_", 1));
    }
    safe
}

/// What two names have in common that some file system takes for one.
fn folded(name: &str) -> String {
    // Once more after folding: some capitals fold into several characters.
    let folded: String = name.nfkd().filter(|c| !hidden(*c)).flat_map(char::to_lowercase).collect();
    folded.nfkd().collect()
}

#[cfg(test)]
mod tests {
    use super::Names;

    fn shown(raw: &[&[u8]]) -> String {
        let mut names = Names::default();
        let lines: Vec<String> = raw
            .iter()
            .map(|raw| {
                let name = names.name(raw);
                let listed = name.listed.map(|(reason, why)| format!("   {}: {why}", reason.as_str()));
                format!("{} -> {}{}", name.shown, name.exported, listed.unwrap_or_default())
            })
            .collect();
        lines.join("\n")
    }

    #[test]
    fn ordinary_names_stay() {
        insta::assert_snapshot!(shown(&[b"README.md", "größe.txt".as_bytes(), b".gitignore", b"-x", b"a b", b"console.rs"]), @"");
    }

    #[test]
    fn names_that_are_no_names_are_replaced() {
        insta::assert_snapshot!(shown(&[
            b"", b".", b"..", b"a/../b", b"/etc/passwd", b"..\\x", b"bad\xffname", b"\x1b[31m", "ab\u{202e}dc".as_bytes(),
            b"NUL", b"con.txt", b"Com1.x.y", b"end.", b"end ", b"C:x", b" ", b"-",
            b".git", b".GIT", b"git~1", ".g\u{200c}it".as_bytes(), b".git ", &[b'a'; 300],
        ]), @"");
    }

    #[test]
    fn names_that_are_one_somewhere_are_told_apart() {
        insta::assert_snapshot!(shown(&[
            b"readme", b"README", "\u{e9}".as_bytes(), "e\u{301}".as_bytes(), "\u{fb01}".as_bytes(), b"fi", b"same", b"same", b"same~2",
        ]), @"");
    }

    #[test]
    fn what_steers_agents_gets_another_name() {
        insta::assert_snapshot!(shown(&[b"CLAUDE.md", b"CLAUDE.md.reviewed", b".claude", b".Cursorrules", b"Agents.MD"]), @"");
    }
}
