//! Quotes, and what stands for a value within them.

use super::super::command::Fallback;
use super::super::environment::variable;
use super::{Mode, Reader};

impl Reader<'_> {
    pub(super) fn single(&mut self, from: usize) {
        let Some(length) = self.rest(from).find('\'') else {
            self.doubt();
            return self.push_char();
        };
        self.word().quoted = true;
        self.strings.push(from..from + length);
        let text = self.text;
        self.push(text.get(from..from + length).unwrap_or_default(), from + length + 1);
    }

    /// `$'…'`, in which a backslash means what it does in C.
    pub(super) fn escaped(&mut self, from: usize) {
        let bytes = self.rest(from).as_bytes();
        let (mut length, mut escapes) = (0, false);
        while let Some(byte) = bytes.get(length).copied().filter(|byte| *byte != b'\'') {
            escapes |= byte == b'\\';
            length += if byte == b'\\' { 2 } else { 1 };
        }
        if length >= bytes.len() {
            self.doubt();
            return self.push_char();
        }
        let inside = self.rest(from).get(..length).unwrap_or_default();
        if escapes && inside.contains("\\'") {
            // Shells without such strings end it there.
            self.doubt();
        }
        self.word().quoted = true;
        self.strings.push(from..from + length);
        let plain = if escapes { unescaped(inside) } else { inside.to_owned() };
        self.push(&plain, from + length + 1);
    }

    pub(super) fn dollar(&mut self) {
        let is_double = matches!(self.modes.last(), Some(Mode::Double | Mode::Document));
        let rest = self.rest(self.at + 1);
        match rest.bytes().next() {
            Some(b'(') => {
                self.enter(Mode::Output, 2);
                if rest.starts_with("((") && self.modes.last() == Some(&Mode::Output) {
                    // A sum, or commands in parentheses: read as the latter, but for here-documents.
                    self.context().sum = Some(0);
                }
            }
            Some(b'{') => self.braces(),
            Some(b'\'') if !is_double => self.escaped(self.at + 2),
            Some(b'"') if !is_double => self.at += 1,
            _ => {
                let name = variable(rest);
                let at = self.at;
                let word = self.word();
                if !name.is_empty() {
                    word.live.push(word.text.len());
                }
                let end = at + 1 + name.len();
                let text = self.text;
                self.push(text.get(at..end).unwrap_or_default(), end);
            }
        }
    }

    /// `${name}`; in `${name:-text}`, the text.
    pub(super) fn braces(&mut self) {
        let at = self.at;
        let rest = self.rest(at + 2);
        let name = variable(rest);
        let after = rest.get(name.len()..).unwrap_or_default();
        if !name.is_empty() && after.starts_with('}') {
            let word = self.word();
            word.live.push(word.text.len());
            // What follows must not become part of the name.
            let is_glued = after.as_bytes().get(1).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            let text = if is_glued { format!("${{{name}}}") } else { format!("${name}") };
            return self.push(&text, at + 3 + name.len());
        }
        if let Some(index) = index(after).filter(|_| !name.is_empty()) {
            let word = self.word();
            word.live.push(word.text.len());
            return self.push(&format!("${name}{index}"), at + 3 + name.len() + index.len());
        }
        let signs = [":-", ":=", ":+", "-", "=", "+"];
        let default = signs.iter().find(|sign| after.starts_with(**sign)).filter(|_| !name.is_empty());
        let skipped = default.map_or(2, |sign| 2 + name.len() + sign.len());
        let before = self.modes.len();
        self.enter(Mode::Value, skipped);
        if self.modes.len() == before {
            return;
        }
        let start = self.word().text.len();
        let value = default.filter(|sign| !sign.ends_with('+'));
        self.values.push(value.map(|sign| (name.to_owned(), start, sign.ends_with('='))));
        if default.is_none() {
            self.word().text.push_str("${");
        }
    }

    pub(super) fn double(&mut self) {
        match self.byte(self.at) {
            b'"' if self.modes.last() == Some(&Mode::Document) => self.push_char(),
            b'"' => {
                self.modes.pop();
                self.at += 1;
                let at = self.at;
                self.word().range.end = at;
            }
            b'\\' if matches!(self.byte(self.at + 1), b'"' | b'\\' | b'$' | b'`') => {
                self.at += 1;
                self.push_char();
            }
            b'\\' if self.byte(self.at + 1) == b'\n' => self.at += 2,
            b'$' => self.dollar(),
            b'`' => self.backtick(),
            byte => {
                if byte == b'\n' && !self.pending.is_empty() {
                    // The line at which a here-document begins has not ended.
                    self.doubt();
                }
                let range = if byte == b'\\' || byte == b'\n' {
                    let from = self.at;
                    self.push_char();
                    from..self.at
                } else {
                    self.push_run(|byte| b"\"\\$`\n".contains(&byte))
                };
                match self.strings.last_mut().filter(|last| last.end == range.start) {
                    Some(last) => last.end = range.end,
                    None => self.strings.push(range),
                }
            }
        }
    }

    pub(super) fn value(&mut self) {
        match self.byte(self.at) {
            b'}' => {
                self.modes.pop();
                self.at += 1;
                let at = self.at;
                let value = self.values.pop().flatten();
                let word = self.word();
                word.range.end = at;
                if let Some((name, start, assigns)) = value {
                    word.defaults.push(Fallback { name, range: start..word.text.len(), assigns });
                }
            }
            b'\\' => {
                self.at += 1;
                self.push_char();
            }
            b'\'' if self.modes.iter().any(|mode| matches!(mode, Mode::Double | Mode::Document)) => {
                // Whether it is a quote depends on more than is known here.
                self.doubt();
                self.push_char();
            }
            b'\'' => self.single(self.at + 1),
            b'"' => self.enter(Mode::Double, 1),
            b'$' => self.dollar(),
            b'`' => self.backtick(),
            b'\n' if !self.pending.is_empty() => {
                self.doubt();
                self.push_char();
            }
            _ => {
                self.push_run(|byte| b"}\\'\"$`\n".contains(&byte));
            }
        }
    }
}

/// `[@]`, `[*]` or `[1]` at the begin of what follows a name, if a brace ends it.
fn index(after: &str) -> Option<&str> {
    let end = after.bytes().take(20).position(|byte| byte == b']')?;
    let index = after.get(..=end).filter(|_| after.get(end + 1..).is_some_and(|rest| rest.starts_with('}')))?;
    let inside = index.strip_prefix('[')?.strip_suffix(']')?;
    (matches!(inside, "@" | "*") || inside.parse::<usize>().is_ok()).then_some(index)
}

/// The text of `$'…'`.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { break };
        let number = |digits: usize, radix: u32, from: usize| {
            let all = rest.get(from..).unwrap_or_default();
            let length = all.chars().take(digits).take_while(|c| c.is_digit(radix)).count();
            let value = all.get(..length).and_then(|digits| u32::from_str_radix(digits, radix).ok());
            value.and_then(char::from_u32).map(|value| (value, from + length))
        };
        let (value, length) = match c {
            'n' => ('\n', 1),
            't' => ('\t', 1),
            'r' => ('\r', 1),
            'x' => number(2, 16, 1).unwrap_or((c, 1)),
            'u' => number(4, 16, 1).unwrap_or((c, 1)),
            'U' => number(8, 16, 1).unwrap_or((c, 1)),
            '0'..='7' => number(3, 8, 0).unwrap_or((c, 1)),
            _ => (c, c.len_utf8()),
        };
        out.push(value);
        rest = rest.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
