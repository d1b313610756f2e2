//! Names of a repository, which may be any bytes, made into names of files that are the same everywhere.

use crate::snapshot::{Reason, steering::steers};
use crate::text::first_bytes;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use unicode_normalization::UnicodeNormalization;

/// The most bytes of an exported name: those of a file system (`NAME_MAX`, 255) without what tells names apart.
const MAX_BYTES: usize = 240;
/// What a name is cut to that has more, so that an addition fits.
const CUT: usize = 200;

/// The names of one folder so far, as hashes: a folder may have hundreds of thousands. Two names of one hash are told apart
/// by a number that they would not have needed, which does no harm.
#[derive(Debug, Default)]
pub(super) struct Names {
    shown: Taken,
    exported: Taken,
}

/// Names that are taken, and the number that was last given to tell apart what would have the same.
#[derive(Debug, Default)]
struct Taken {
    names: HashSet<u64>,
    numbers: HashMap<u64, usize>,
}

impl Taken {
    /// The name, or the first of `name~2`, `name~3` … that is free by what `same` makes of it.
    fn take(&mut self, name: &str, same: impl Fn(&str) -> String) -> Option<String> {
        if self.names.insert(hash(&same(name))) {
            return None;
        }
        let number = self.numbers.entry(hash(name)).or_insert(1);
        loop {
            *number += 1;
            let other = format!("{name}~{number}");
            if self.names.insert(hash(&same(&other))) {
                return Some(other);
            }
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
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
    /// Names an entry; none when the name takes more than `most` bytes to show. The same entries in the same order get the
    /// same names.
    pub(super) fn name(&mut self, raw: &[u8], most: usize) -> Option<Name> {
        let (text, escaped) = readable(raw);
        if text.len() > most {
            return None;
        }
        let mut exported = if steers(&text) { disarmed(&text) } else { text.clone() };
        let unusable = unusable(&exported);
        if unusable.is_some() {
            exported = harmless(&exported);
            // What was cut off may have been all that kept it from steering.
            exported = if steers(&exported) { disarmed(&exported) } else { exported };
        }
        let other = self.exported.take(&exported, folded);
        let alike = other.is_some();
        exported = other.unwrap_or(exported);
        let shown = self.shown.take(&text, str::to_owned);
        let why = match (&shown, escaped, unusable, alike) {
            (Some(_), ..) => Some((Reason::NameCollision, "another entry of the folder has the same name")),
            (_, true, ..) => Some((Reason::UnusableName, "its name is shown escaped")),
            (_, _, Some(why), _) => Some((Reason::UnusableName, why)),
            (_, _, _, true) => Some((Reason::NameCollision, ALIKE)),
            _ => None,
        };
        let shown = shown.unwrap_or(text);
        let listed = why.map(|(reason, why)| match shown == exported {
            true => (reason, why.to_owned()),
            false => (reason, format!("{why}; exported as `{exported}`")),
        });
        Some(Name { shown, exported, listed })
    }
}

const ALIKE: &str = "another name of the folder is the same where letter case or composition does not count";

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
        Some("its name has more bytes than file systems take")
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
        safe.truncate(first_bytes(&safe, CUT).len());
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
    #![allow(clippy::unwrap_used)]
    use super::{Names, folded, hidden, unusable};
    use crate::snapshot::steering::steers;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn shown(raw: &[&[u8]]) -> String {
        let mut names = Names::default();
        let lines: Vec<String> = raw
            .iter()
            .map(|raw| {
                let name = names.name(raw, 4096).unwrap();
                let listed = name.listed.map(|(reason, why)| format!("   {}: {why}", reason.as_str()));
                format!("{} -> {}{}", name.shown, name.exported, listed.unwrap_or_default())
            })
            .collect();
        lines.join("\n")
    }

    proptest! {
        #[test]
        fn whatever_names_are_exported_ones_are_harmless_and_told_apart(
            raw in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 0..6),
                "[.aA~ :\\-]{0,5}".prop_map(String::into_bytes),
                "\\.?(git|GIT|nul|Com1|claude|CLAUDE|agents)(\u{200c}|~1| |\\.)?(md|\\.md|)".prop_map(String::into_bytes),
                "[a-z]{180,260}(\\.prompt\\.md)?[a-z]{0,60}".prop_map(String::into_bytes),
                "\\PC{0,8}".prop_map(String::into_bytes),
            ], 1..12),
        ) {
            let mut names = Names::default();
            let (mut shown, mut exported) = (BTreeSet::new(), BTreeSet::new());
            for raw in raw {
                let name = names.name(&raw, 4096).unwrap();
                for text in [&name.shown, &name.exported] {
                    prop_assert!(!matches!(text.as_str(), "" | "." | ".."), "{raw:?} {text:?}");
                    prop_assert!(!text.contains('/') && !text.chars().any(|c| c.is_control() || hidden(c)), "{raw:?} {text:?}");
                }
                prop_assert_eq!(unusable(&name.exported), None, "{:?} {:?}", raw, name.exported);
                prop_assert!(!steers(&name.exported), "{raw:?} {:?}", name.exported);
                prop_assert!(shown.insert(name.shown), "{raw:?}");
                prop_assert!(exported.insert(folded(&name.exported)), "{raw:?}");
            }
        }
    }

    #[test]
    fn ordinary_names_stay() {
        insta::assert_snapshot!(shown(&[b"README.md", "größe.txt".as_bytes(), b".gitignore", b"-x", b"a b", b"console.rs"]), @r"
        README.md -> README.md
        größe.txt -> größe.txt
        .gitignore -> .gitignore
        -x -> -x
        a b -> a b
        console.rs -> console.rs
        ");
    }

    #[test]
    fn names_that_are_no_names_are_replaced() {
        insta::assert_snapshot!(shown(&[
            b"", b".", b"..", b"a/../b", b"/etc/passwd", b"..\\x", b"bad\xffname", b"\x1b[31m", "ab\u{202e}dc".as_bytes(),
            b"NUL", b"con.txt", b"Com1.x.y", b"end.", b"end ", b"C:x", b" ", b"-",
            b".git", b".GIT", b"git~1", ".g\u{200c}it".as_bytes(), b".git ", &[b'a'; 300],
        ]), @r"
        \empty -> _empty   unusable-name: its name is shown escaped; exported as `_empty`
        \x2e -> _x2e   unusable-name: its name is shown escaped; exported as `_x2e`
        \x2e\x2e -> _x2e_x2e   unusable-name: its name is shown escaped; exported as `_x2e_x2e`
        a\u{2f}..\u{2f}b -> a_u{2f}.._u{2f}b   unusable-name: its name is shown escaped; exported as `a_u{2f}.._u{2f}b`
        \u{2f}etc\u{2f}passwd -> _u{2f}etc_u{2f}passwd   unusable-name: its name is shown escaped; exported as `_u{2f}etc_u{2f}passwd`
        ..\x -> .._x   unusable-name: its name has characters that Windows does not allow; exported as `.._x`
        bad\xffname -> bad_xffname   unusable-name: its name is shown escaped; exported as `bad_xffname`
        \u{1b}[31m -> _u{1b}[31m   unusable-name: its name is shown escaped; exported as `_u{1b}[31m`
        ab\u{202e}dc -> ab_u{202e}dc   unusable-name: its name is shown escaped; exported as `ab_u{202e}dc`
        NUL -> _NUL_   unusable-name: it is the name of a device on Windows; exported as `_NUL_`
        con.txt -> _con_txt_   unusable-name: it is the name of a device on Windows; exported as `_con_txt_`
        Com1.x.y -> _Com1_x.y_   unusable-name: it is the name of a device on Windows; exported as `_Com1_x.y_`
        end. -> _end__   unusable-name: Windows drops what its name ends with; exported as `_end__`
        end  -> _end _   unusable-name: Windows drops what its name ends with; exported as `_end _`
        C:x -> C_x   unusable-name: its name has characters that Windows does not allow; exported as `C_x`
          -> __ _   unusable-name: Windows drops what its name ends with; exported as `__ _`
        - -> _-   unusable-name: its name is taken for something else; exported as `_-`
        .git -> dot-git   unusable-name: Git itself takes it for its own folder; exported as `dot-git`
        .GIT -> dot-GIT~2   unusable-name: Git itself takes it for its own folder; exported as `dot-GIT~2`
        git~1 -> _git~1_   unusable-name: Git itself takes it for its own folder; exported as `_git~1_`
        .g\u{200c}it -> .g_u{200c}it   unusable-name: its name is shown escaped; exported as `.g_u{200c}it`
        .git  -> _dot-git _   unusable-name: Git itself takes it for its own folder; exported as `_dot-git _`
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa   unusable-name: its name has more bytes than file systems take; exported as `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`
        ");
    }

    #[test]
    fn names_that_are_one_somewhere_are_told_apart() {
        insta::assert_snapshot!(shown(&[
            b"readme", b"README", "\u{e9}".as_bytes(), "e\u{301}".as_bytes(), "\u{fb01}".as_bytes(), b"fi", b"same", b"same", b"same~2", b"same",
        ]), @r"
        readme -> readme
        README -> README~2   name-collision: another name of the folder is the same where letter case or composition does not count; exported as `README~2`
        é -> é
        é -> é~2   name-collision: another name of the folder is the same where letter case or composition does not count; exported as `é~2`
        ﬁ -> ﬁ
        fi -> fi~2   name-collision: another name of the folder is the same where letter case or composition does not count; exported as `fi~2`
        same -> same
        same~2 -> same~2   name-collision: another entry of the folder has the same name
        same~2~2 -> same~2~2   name-collision: another entry of the folder has the same name
        same~3 -> same~3   name-collision: another entry of the folder has the same name
        ");
    }

    #[test]
    fn many_entries_of_one_name_cost_no_more_than_others() {
        let mut names = Names::default();
        let last = (0..100_000).filter_map(|_| names.name(b"same", 4096)).last().unwrap();
        assert_eq!((last.shown.as_str(), last.exported.as_str()), ("same~100000", "same~100000"));
        assert_eq!(names.name(&[1; 1000], 4096), None);
    }

    #[test]
    fn what_steers_agents_gets_another_name() {
        insta::assert_snapshot!(shown(&[b"CLAUDE.md", b"CLAUDE.md.reviewed", b".claude", b".Cursorrules", b"Agents.MD"]), @r"
        CLAUDE.md -> CLAUDE.md.reviewed
        CLAUDE.md.reviewed -> CLAUDE.md.reviewed~2   name-collision: another name of the folder is the same where letter case or composition does not count; exported as `CLAUDE.md.reviewed~2`
        .claude -> dot-claude.reviewed
        .Cursorrules -> dot-Cursorrules.reviewed
        Agents.MD -> Agents.MD.reviewed
        ");
    }
}
