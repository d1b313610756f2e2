//! The commands of a text for a shell, as words. Not a shell: what is nested or expanded stays as it is.

use std::ops::Range;

/// What stands between a command and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `;`, `&`, a line's end, an opening bracket.
    Next,
    /// A closing bracket, and nothing yet after it.
    Close,
    /// The text ends.
    End,
}

/// One command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Its words, without quotes.
    pub(super) words: Vec<String>,
    pub(super) range: Range<usize>,
    pub(super) then: Then,
}

/// The commands of a text. Comments are left out.
pub(super) fn commands(text: &str) -> Vec<Command> {
    let mut all = Splitter::default();
    let (mut quote, mut escaped, mut skip_until) = (None, false, 0);
    let bytes = text.as_bytes();
    for (at, c) in text.char_indices() {
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or(b' ');
        if at < skip_until {
            continue;
        }
        if std::mem::take(&mut escaped) {
            if c != '\n' {
                all.word.push(c);
            }
            continue;
        }
        match (quote, c) {
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => all.word.push(c),
            (None, '"' | '\'') => quote = Some(c),
            // A redirection, and no end: `2>&1`, `&> x`.
            (None, '&') if before == b'>' || next == b'>' => all.word.push(c),
            (None, '#') if all.word.is_empty() && before.is_ascii_whitespace() && at > 0 => {
                let rest = text.get(at..).unwrap_or_default();
                skip_until = at + rest.find('\n').unwrap_or(rest.len());
            }
            (None, ';' | '&' | '|' | '\n' | '(' | ')') => {
                let then = match (c, next) {
                    ('&', b'&') => Then::And,
                    ('|', b'|') => Then::Or,
                    ('|', _) => Then::Pipe,
                    (')', _) => Then::Close,
                    _ => Then::Next,
                };
                all.end(text, at, then);
                let length = if matches!((c, next), ('&', b'&') | ('|', b'|' | b'&')) { 2 } else { 1 };
                skip_until = at + length;
                all.start = skip_until;
            }
            (None, c) if c.is_whitespace() => all.word_ends(),
            (None, c) => all.word.push(c),
        }
    }
    all.end(text, text.len(), Then::End);
    all.found
}

#[derive(Default)]
struct Splitter {
    found: Vec<Command>,
    words: Vec<String>,
    word: String,
    start: usize,
}

impl Splitter {
    fn word_ends(&mut self) {
        self.words.extend(Some(std::mem::take(&mut self.word)).filter(|word| !word.is_empty()));
    }

    fn end(&mut self, text: &str, at: usize, then: Then) {
        self.word_ends();
        if !self.words.is_empty() {
            let words = std::mem::take(&mut self.words);
            self.found.push(Command { words, range: trimmed(text, self.start..at), then });
        } else if let Some(last) = self.found.last_mut().filter(|last| last.then == Then::Close) {
            // What follows a closing bracket is about what is in the brackets.
            last.then = then;
        }
    }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..start + piece.trim().len()
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn shown(text: &str) -> String {
        let all = commands(text);
        all.iter().map(|command| format!("{:?} {:?}\n", command.words, command.then)).collect()
    }

    #[test]
    fn commands_are_told_apart_with_what_stands_between_them() {
        insta::assert_snapshot!(shown("a 'b;c' 2>&1 && (d | e) || f # g; h\n$(i) &> j & k\\ l"), @r#"
        ["a", "b;c", "2>&1"] And
        ["d"] Pipe
        ["e"] Or
        ["f"] Next
        ["$"] Next
        ["i"] Close
        ["&>", "j"] Next
        ["k l"] End
        "#);
    }
}
