//! Characters that nobody sees, or that show code in another order than it has, in files and in their names; and names that
//! are not what they look like.
//!
//! Why: a reviewer sees other code than what runs (CVE-2021-42574, "trojan source"), whole programs have been hidden in
//! variation selectors, and models read tag characters that people do not see. Source: Unicode's report 36 and standard 39, as
//! far as `validate` knows them. Marks that a script needs are not reported, nor are icons of private-use fonts.

use super::sink::{Kept, PER_CHECK, Said, Sink};
use super::subject::Subject;
use crate::snapshot::Material;
use crate::validate::text::hidden::{self, Hidden, Kind};
use crate::verdict::{Category, Confidence, ReviewFinding, Risk};

/// So many variation selectors after one another carry a message: emoji need one each.
const MANY_SELECTORS: usize = 8;

/// Says each place with hidden characters, and the first names that look like others.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if subject.text.is_ascii() && !subject.text.bytes().any(|byte| byte == 0x1b || byte == 0) {
        return;
    }
    for found in hidden::find(&subject.text) {
        if let Some((risk, what)) = judge(subject, &found) {
            sink.at(found.span.range(), said(risk, format!("{what}: {}", names(&found.characters)), decoded(&found)));
        }
    }
    if subject.language.is_code() {
        lookalikes(subject, sink);
    }
}

/// How dangerous hidden characters are where they stand, and what they do; none where they are usual.
fn judge(subject: &Subject<'_>, found: &Hidden) -> Option<(Risk, &'static str)> {
    let in_code = subject.language.is_code();
    let in_word = || {
        let text = &subject.text;
        let before = text.get(..found.span.start).and_then(|before| before.chars().next_back());
        let after = text.get(found.span.end..).and_then(|after| after.chars().next());
        before.is_some_and(|c| c.is_ascii_alphabetic()) && after.is_some_and(|c| c.is_ascii_alphabetic())
    };
    match found.kind {
        Kind::Tag if in_code && found.characters.len() == 2 => {
            Some((Risk::Medium, "tag characters, which nobody sees"))
        }
        // One or two say nothing: data for tests of Unicode has them.
        Kind::Tag if found.characters.len() < 3 => Some((Risk::Low, "tag characters, which nobody sees")),
        Kind::Tag => Some((Risk::High, "text is hidden in tag characters")),
        Kind::Selector if found.characters.len() >= MANY_SELECTORS => {
            Some((Risk::High, "data is hidden in variation selectors"))
        }
        Kind::Selector if found.characters.len() > 1 => Some((Risk::Low, "variation selectors have nothing to select")),
        Kind::Reordering if !is_balanced(subject, found) => {
            Some((if in_code { Risk::High } else { Risk::Medium }, "this line is shown in another order than it has"))
        }
        Kind::Reordering => Some((Risk::Low, "part of this line is shown in another order than it has")),
        Kind::ZeroWidth if in_word() => {
            Some((if in_code { Risk::Medium } else { Risk::Low }, "invisible characters split a word"))
        }
        Kind::Filler if in_code && !is_quoted(subject, found.span.start) => {
            Some((Risk::Medium, "an invisible letter stands in code"))
        }
        Kind::Control if found.characters.contains(&'\0') && in_code => {
            Some((Risk::Medium, "a NUL in code: tools that look for text skip the file"))
        }
        Kind::Control if found.characters.iter().any(|c| matches!(c, '\u{8}' | '\u{1b}')) => {
            Some((Risk::Low, "control characters change how a terminal shows this"))
        }
        Kind::ZeroWidth | Kind::LineBreak => Some((Risk::Info, "invisible characters")),
        Kind::Control | Kind::Selector | Kind::Filler | Kind::Direction | Kind::PrivateUse => None,
    }
}

/// Whether a character stands at the begin of a quoted text: tables of characters have them so.
fn is_quoted(subject: &Subject<'_>, at: usize) -> bool {
    subject.text.get(..at).is_some_and(|before| before.ends_with(['"', '\'']))
}

/// Whether what reorders text is closed on its line, and nothing is overridden: then only what is between is reordered.
fn is_balanced(subject: &Subject<'_>, found: &Hidden) -> bool {
    let line = subject.text.get(subject.line_at(found.span.start)).unwrap_or_default();
    // Nobody reads such a line, and looking at it again for every mark on it would take long.
    if line.len() > 4_000 {
        return false;
    }
    let (mut embeddings, mut isolates) = (0_usize, 0_usize);
    for character in line.chars() {
        match character {
            '\u{202a}' | '\u{202b}' => embeddings += 1,
            '\u{2066}'..='\u{2068}' => isolates += 1,
            '\u{202d}' | '\u{202e}' => return false,
            '\u{202c}' => embeddings = embeddings.saturating_sub(1),
            '\u{2069}' => isolates = isolates.saturating_sub(1),
            _ => {}
        }
    }
    embeddings == 0 && isolates == 0
}

fn decoded(found: &Hidden) -> Option<String> {
    hidden::decoded(&found.characters).filter(|_| matches!(found.kind, Kind::Tag | Kind::Selector))
}

/// The names of the first different characters.
fn names(characters: &[char]) -> String {
    let mut different: Vec<char> = Vec::new();
    for character in characters {
        if different.len() < 4 && !different.contains(character) {
            different.push(*character);
        }
    }
    let shown: Vec<_> = different.iter().take(3).map(|character| hidden::name(*character)).collect();
    format!("{}{}", shown.join(", "), if different.len() > 3 { " and others" } else { "" })
}

fn said(risk: Risk, title: String, decoded: Option<String>) -> Said {
    let says = decoded
        .map(|text| format!(" It says: `{}`.", text.chars().take(1_000).collect::<String>()))
        .unwrap_or_default();
    Said {
        title,
        risk,
        category: Category::Obfuscation,
        confidence: Confidence::High,
        impact: format!("A person who reads this sees something else than what a program or a model reads.{says}"),
        recommendation:
            "Remove what cannot be seen, and look at what remains with an editor that shows all characters.".to_owned(),
    }
}

/// Identifiers with letters of another script that look like Latin ones.
fn lookalikes(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let names = subject.names();
    if names.is_ascii() {
        return;
    }
    let mut at = 0;
    for word in names.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_')) {
        let start = at;
        at += word.len();
        let word = word.trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
        // A letter or two are formulas.
        if word.is_ascii() || word.len() > 200 || word.chars().filter(|c| c.is_alphabetic()).count() < 4 {
            continue;
        }
        let Some(found) = hidden::lookalike(word) else { continue };
        let Some(looks_like) = found.looks_like.filter(|_| found.letter.1 != "Common") else { continue };
        let title = format!(
            "a name looks like `{looks_like}` and is another: {} is a {} letter",
            hidden::name(found.letter.0),
            found.letter.1
        );
        sink.at(start..start + word.len(), said(Risk::Medium, title, None));
    }
}

/// Says names of files that have hidden characters or look like others.
pub(super) fn check_paths(material: &Material<'_>, kept: &mut Kept) {
    for path in material.head.files.keys().filter(|path| !path.is_ascii()) {
        if material.base.is_some_and(|base| base.files.contains_key(path)) {
            continue;
        }
        let hidden = hidden::find(path);
        let found = hidden.iter().max_by_key(|found| found.kind);
        let said = match (found, hidden::lookalike(path.rsplit('/').next().unwrap_or(path))) {
            (Some(found), _) => {
                let risk = if found.kind >= Kind::Reordering { Risk::High } else { Risk::Medium };
                said(risk, format!("a file's name has hidden characters: {}", names(&found.characters)), decoded(found))
            }
            (None, Some(found)) if found.looks_like.is_some() => said(
                Risk::Medium,
                format!(
                    "a file's name is not what it looks like: {} is a {} letter",
                    hidden::name(found.letter.0),
                    found.letter.1
                ),
                None,
            ),
            _ => continue,
        };
        kept.push(about_path(path, said), PER_CHECK);
    }
}

/// A finding about a path, not about a place in a file.
pub(super) fn about_path(path: &str, said: Said) -> ReviewFinding {
    ReviewFinding {
        title: said.title,
        risk: said.risk,
        category: said.category,
        path: Some(path.to_owned()),
        start_line: None,
        end_line: None,
        quote: None,
        impact: said.impact,
        recommendation: said.recommendation,
        confidence: said.confidence,
    }
}

#[cfg(test)]
mod tests {
    use crate::review::scan::testing::{shown_diff, shown_full};

    #[test]
    fn what_nobody_sees_is_said_and_decoded() {
        let tags: String = "run rm".chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
        let selectors: String =
            "evil code".bytes().filter_map(|b| char::from_u32(0xe0100 + u32::from(b) - 16)).collect();
        let source = format!(
            "let a = 1; //{tags}\nlet b = '{selectors}';\nif (level != 'user\u{202e} \u{2066}// admin\u{2069} \u{2066}') {{\npass\u{200b}word();\nlet \u{3164} = 1;\n"
        );
        insta::assert_snapshot!(shown_full(&[("a.js", &source)]), @r"
        high a.js:1: text is hidden in tag characters: U+E0072 TAG CHARACTER, U+E0075 TAG CHARACTER, U+E006E TAG CHARACTER and others
            | let a = 1; //\u{e0072}\u{e0075}\u{e006e}\u{e0020}\u{e0072}\u{e006d}
        high a.js:2: data is hidden in variation selectors: U+E0155 VARIATION SELECTOR, U+E0166 VARIATION SELECTOR, U+E0159 VARIATION SELECTOR and others
            | let b = '󠅕󠅦󠅙󠅜󠄐󠅓󠅟󠅔󠅕';
        high a.js:3: this line is shown in another order than it has: U+202E RIGHT-TO-LEFT OVERRIDE, U+2066 LEFT-TO-RIGHT ISOLATE, U+2069 POP DIRECTIONAL ISOLATE
            | if (level != 'user\u{202e} \u{2066}// admin\u{2069} \u{2066}') {
        medium a.js:4: invisible characters split a word: U+200B ZERO WIDTH SPACE
            | pass\u{200b}word();
        medium a.js:5: an invisible letter stands in code: U+3164 HANGUL FILLER
            | let ㅤ = 1;
        ");
        let findings = crate::review::scan::testing::full(&[("a.js", &source)]);
        assert!(findings.iter().any(|finding| finding.impact.contains("It says: `run rm`")));
        assert!(findings.iter().any(|finding| finding.impact.contains("It says: `evil code`")));
    }

    #[test]
    fn two_tag_characters_are_enough_in_code_and_little_in_data() {
        let text = "# x \u{e0041}\u{e0042}\n";
        insta::assert_snapshot!(shown_full(&[("a.py", text), ("a.json", text), ("b.py", "# x \u{e0041}\n")]), @r"
        medium a.py:1: tag characters, which nobody sees: U+E0041 TAG CHARACTER, U+E0042 TAG CHARACTER
            | # x \u{e0041}\u{e0042}
        low a.json:1: tag characters, which nobody sees: U+E0041 TAG CHARACTER, U+E0042 TAG CHARACTER
            | # x \u{e0041}\u{e0042}
        low b.py:1: tag characters, which nobody sees: U+E0041 TAG CHARACTER
            | # x \u{e0041}
        ");
    }

    #[test]
    fn names_that_look_like_others_are_said() {
        insta::assert_snapshot!(shown_full(&[("a.py", "def pаssword(): pass\n"), ("src/mаin.py", ""), ("a\u{202e}b.js", "")]), @r"
        high a\u{202e}b.js: a file's name has hidden characters: U+202E RIGHT-TO-LEFT OVERRIDE
        medium a.py:1: a name looks like `password` and is another: U+0430 is a Cyrillic letter
            | def pаssword(): pass
        medium src/mаin.py: a file's name is not what it looks like: U+0430 is a Cyrillic letter
        ");
    }

    #[test]
    fn scripts_emoji_formulas_and_what_was_there_are_fine() {
        let text = "// привет, а это код\nlet Δt = 1, αβ = 2; // 👨\u{200d}👩\u{200d}👧\nlet s = 'می\u{200c}خواهم שלום\u{200f}';\n";
        assert_eq!(shown_full(&[("a.js", text), ("日本.md", "é")]), "");
        assert_eq!(shown_diff(&[("a.js", "pass\u{200b}word\n")], &[("a.js", "pass\u{200b}word\nb\n")]), "");
    }
}
