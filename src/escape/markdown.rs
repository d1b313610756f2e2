//! Text inside GitHub's Markdown.
//!
//! GitHub makes links twice: its Markdown parser does, and afterwards filters look for mentions, issues and commits
//! in the text nodes of the HTML, where no Markdown escape is left to see. Code is the one thing that both leave
//! alone; outside code only a zero-width space between the characters helps.

use super::terminal;

/// Breaks what GitHub would link, and shows nothing.
const BREAK: &str = "&#8203;";

/// The fewest digits of a commit's id that GitHub makes a link of.
const SHORTEST_COMMIT: usize = 7;

/// `text` as plain words in a paragraph, list item or table cell: no markup, HTML, links, images, mentions, issue
/// references, formulas or table cells can come of it. One line; what stands between two backticks becomes code.
#[must_use]
pub(crate) fn markdown(text: &str) -> String {
    let visible = terminal(text);
    let mut out = String::with_capacity(visible.len() + visible.len() / 4);
    // Spaces at the begin of a line could make it a list item or a block of code.
    let mut rest = visible.trim_start();
    while let Some((before, after)) = rest.split_once('`') {
        match after.split_once('`') {
            Some((code, beyond)) if !code.is_empty() => {
                words(before, &mut out);
                out.push_str(&markdown_code(code));
                rest = beyond;
            }
            _ => {
                words(before, &mut out);
                out.push_str("&#96;");
                rest = after;
            }
        }
    }
    words(rest, &mut out);
    out
}

/// `text` as a code span that is safe in a table cell too. A pipe would end the cell even inside a code span, and its
/// Markdown escape can be undone by a backslash before it, so that a text with a pipe is shown as words.
#[must_use]
pub(crate) fn markdown_code(text: &str) -> String {
    let visible = terminal(text);
    if visible.contains('|') {
        let mut out = String::new();
        words(&visible, &mut out);
        return out;
    }
    if visible.trim().is_empty() {
        return String::new();
    }
    let longest = visible.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if visible.starts_with(['`', ' ']) || visible.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{visible}{pad}{fence}")
}

/// Appends visible text as words, every character that could mean something as an entity.
fn words(text: &str, out: &mut String) {
    let mut previous = ' ';
    let mut after_commit = 0;
    for (at, character) in text.char_indices() {
        let rest = text.get(at + character.len_utf8()..).unwrap_or_default();
        let next = rest.chars().next().unwrap_or(' ');
        if at < after_commit {
            continue;
        }
        if let Some(digits) = commit(text, at).filter(|_| !previous.is_ascii_alphanumeric()) {
            for (number, digit) in digits.chars().enumerate() {
                if number > 0 && number % (SHORTEST_COMMIT - 1) == 0 {
                    out.push_str(BREAK);
                }
                out.push(digit);
            }
            previous = '0';
            after_commit = at + digits.len();
            continue;
        }
        match character {
            // Everything GitHub gives a meaning to inside a line or at its begin.
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '<' | '>' | '!' | '|' | '~' | '&' | '$'
            | '"' | '+' | '=' | '^' => {
                out.push_str(&format!("&#{};", u32::from(character)));
            }
            // A mention, an address, an issue: `@name`, `a@b.example`, `#1`, `owner/repository#1`.
            '@' | '#' => out.push_str(&format!("&#{};{BREAK}", u32::from(character))),
            // `https://…` and every other scheme. (A `mailto:` needs an `@`.)
            ':' if next == '/' => out.push_str(&format!(":{BREAK}")),
            // `:smile:`
            ':' if begins_emoji(rest) => out.push_str(&format!(":{BREAK}")),
            // `www.…`; the number of a list item.
            '.' if ends_with(out, "www") => out.push_str(&format!("{BREAK}.")),
            '.' if previous.is_ascii_digit() && next == ' ' => out.push_str("&#46;"),
            // `GH-1`, `GHSA-…`, `CVE-…`; the begin of a list item or of a line across.
            '-' if out.is_empty()
                || (ends_with(out, "gh") && next.is_numeric())
                || ends_with(out, "ghsa")
                || ends_with(out, "cve") =>
            {
                out.push_str(&format!("{BREAK}-"));
            }
            _ => out.push(character),
        }
        previous = character;
    }
}

fn ends_with(text: &str, end: &str) -> bool {
    let mut last = text.chars().rev().map(plain);
    end.chars().rev().all(|wanted| last.next() == Some(wanted))
}

/// A letter in lower case, with the two that are ASCII only for programs that ignore case by Unicode's rules.
fn plain(character: char) -> char {
    match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}

/// The word at `at`, if GitHub may look it up as a commit: 7 to 40 hexadecimal digits. Only ASCII is certain to be part of a
/// word: what other characters are depends on the version of Unicode that a program knows.
fn commit(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    let next = rest.get(digits..)?.chars().next();
    let whole = (SHORTEST_COMMIT..=40).contains(&digits) && !next.is_some_and(|next| next.is_ascii_alphanumeric());
    whole.then(|| rest.get(..digits)).flatten()
}

/// Whether what follows a colon makes it the begin of an emoji's name.
fn begins_emoji(rest: &str) -> bool {
    let name = rest.trim_start_matches(|c| matches!(plain(c), 'a'..='z' | '0'..='9' | '_' | '+' | '-'));
    // At the end of the text a colon may come after it.
    name.len() < rest.len() && (name.is_empty() || name.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::{markdown, markdown_code};

    #[test]
    fn words_stay_words() {
        assert_eq!(markdown("plain words, 1 of 2; fine."), "plain words, 1 of 2; fine.");
        assert_eq!(markdown("<img src=x>"), "&#60;img src&#61;x&#62;");
        assert_eq!(markdown("![a](b)"), "&#33;&#91;a&#93;&#40;b&#41;");
        assert_eq!(markdown("fixes #1, GH-2"), "fixes &#35;&#8203;1, GH&#8203;-2");
        assert_eq!(markdown("cc @octocat/team"), "cc &#64;&#8203;octocat/team");
        assert_eq!(markdown("https://x.example www.x.example"), "https:&#8203;//x.example www&#8203;.x.example");
        assert_eq!(markdown("a | b\n\n| c |"), "a &#124; b&#92;n&#92;n&#124; c &#124;");
        assert_eq!(markdown("see :+1: a::b c 10:30:00 x:y"), "see :&#8203;&#43;1: a::b c 10:&#8203;30:00 x:&#8203;y");
        assert_eq!(markdown("in b4ee623, b4ee62 and b4ee623x"), "in b4ee62&#8203;3, b4ee62 and b4ee623x");
        // Letters of a version of Unicode that others may not know, and letters that they may take for none.
        for odd in ["\u{1e6ee}", "é", "日"] {
            assert_eq!(markdown(&format!("{odd}b4ee623{odd}")), format!("{odd}b4ee62&#8203;3{odd}"));
        }
        assert_eq!(markdown("CVE-2021-44228 ghsa-x"), "CVE&#8203;-2021-44228 ghsa&#8203;-x");
        assert_eq!(markdown("gh\u{17f}a-x GH-\u{661}"), "gh\u{17f}a&#8203;-x GH&#8203;-\u{661}");
        assert_eq!(markdown(":\u{212a}:"), ":&#8203;\u{212a}:");
        assert_eq!(markdown("- a"), "&#8203;- a");
        assert_eq!(markdown("     a"), "a");
        assert_eq!(markdown("```\nrm"), "&#96;&#96;&#96;&#92;nrm");
        assert_eq!(markdown("$x$ &amp; \u{202e}"), "&#36;x&#36; &#38;amp; &#92;u&#123;202e&#125;");
    }

    #[test]
    fn backticks_make_code_that_its_content_cannot_leave() {
        assert_eq!(markdown("`name` is not `a`"), "`name` is not `a`");
        assert_eq!(markdown("the value `x` @y ` z"), "the value `x` &#64;&#8203;y &#96; z");
        assert_eq!(markdown_code("a`b``c"), "```a`b``c```");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_code("@a <b> https://c"), "`@a <b> https://c`");
        assert_eq!(markdown_code("a\\|![x](y)"), "a&#92;&#124;&#33;&#91;x&#93;&#40;y&#41;");
        assert_eq!(markdown_code(" "), "");
    }
}
