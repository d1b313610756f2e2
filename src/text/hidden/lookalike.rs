//! Names that are not what they look like: letters of one script in the place of another's.

use unicode_script::{Script, UnicodeScript as _};
use unicode_security::{RestrictionLevel, RestrictionLevelDetection as _, skeleton};

/// A word that looks like another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lookalike {
    /// The word as it is written.
    pub(crate) word: String,
    /// What it looks like, in plain letters, if that can be said.
    pub(crate) looks_like: Option<String>,
    /// The first letter that is not what it seems, and the name of its script.
    pub(crate) letter: (char, &'static str),
}

/// The first word of a name that mixes scripts which are confused with one another (Latin with Cyrillic or Greek), or whose
/// letters all look like plain ASCII without being so. Words of one script, whichever, and accents are fine.
pub(crate) fn lookalike(name: &str) -> Option<Lookalike> {
    if name.is_ascii() {
        return None;
    }
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_ascii()).find_map(|word| {
        // Unicode's security mechanisms (UTS 39): Latin may stand beside one other script, but not Cyrillic or Greek.
        let is_mixed = word.detect_restriction_level() > RestrictionLevel::ModeratelyRestrictive
            && word.chars().any(|c| c.is_ascii_alphabetic());
        let looks: String = word.chars().map(plain).collect();
        let is_plain = looks.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_mixed && !is_plain {
            return None;
        }
        let foreign = |c: &char| !c.is_ascii() && (is_plain || c.script() != Script::Latin);
        let letter = word.chars().find(foreign)?;
        let looks_like = is_plain.then_some(looks);
        Some(Lookalike { word: word.to_owned(), looks_like, letter: (letter, letter.script().full_name()) })
    })
}

/// What a letter looks like. ASCII stays as it is: its skeleton makes `l` of `I`, which is right to compare by, but odd to
/// read.
fn plain(letter: char) -> String {
    if letter.is_ascii() { letter.to_string() } else { skeleton(letter.encode_utf8(&mut [0; 4])).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::lookalike;

    #[test]
    fn letters_of_another_script_are_found() {
        let found = lookalike("Official pаypal").unwrap();
        assert_eq!((found.word.as_str(), found.looks_like.as_deref()), ("pаypal", Some("paypal")));
        assert_eq!(found.letter, ('а', "Cyrillic"));
        for name in ["gιthub", "ｇｉｔｈｕｂ", "𝐆𝐢𝐭𝐇𝐮𝐛", "gıthub", "сосо"] {
            assert!(lookalike(name).is_some(), "{name}");
        }
    }

    #[test]
    fn words_of_one_script_and_accents_are_fine() {
        for name in ["Café Größe", "日本語 API", "Яндекс Поиск", "GitHub検索", "Ελλάδα", "شعر", "naïve", "a–b™ 👍", ""]
        {
            assert_eq!(lookalike(name), None, "{name}");
        }
    }
}
