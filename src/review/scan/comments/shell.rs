//! Shells: a comment is one only outside of quotes, which nest in substitutions, and outside of here-documents.

use super::{Marks, find, is_name};

/// Whether a file is read by a shell whose rules are known here.
pub(super) fn is_posix(text: &str, name: &str, extension: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let other = first.starts_with("#!") && (!first.contains("sh") || first.contains("fish"));
    !other
        && (matches!(extension, "sh" | "bash" | "zsh" | "ksh" | "command")
            || matches!(name, ".bashrc" | ".profile" | ".envrc" | "configure" | "gradlew")
            || (extension.is_empty() && first.starts_with("#!")))
}

/// Comments and strings.
pub(super) fn run(text: &str) -> Marks {
    let mut lexer = Lexer {
        bytes: text.as_bytes(),
        marks: Marks::default(),
        open: Vec::new(),
        documents: Vec::new(),
        begins: true,
    };
    let end = lexer.run();
    // What is open at the end was read wrongly somewhere.
    if !lexer.open.is_empty() {
        return Marks::default();
    }
    lexer.marks.until(end.map(|()| text.len()))
}

/// What is open, and where it needs them, how many parentheses in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Double,
    /// `$(`
    Command(usize),
    /// `((` and `$((`
    Sum(usize),
    /// `${`
    Value,
    Backtick,
}

struct Lexer<'a> {
    bytes: &'a [u8],
    marks: Marks,
    open: Vec<Open>,
    /// The ends of here-documents that begin at the next line, whether tabs may stand before them, and how much was open.
    documents: Vec<(&'a [u8], bool, usize)>,
    /// Whether a word begins here.
    begins: bool,
}

impl<'a> Lexer<'a> {
    fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    fn starts(&self, at: usize, word: &[u8]) -> bool {
        self.bytes.get(at..).is_some_and(|rest| rest.starts_with(word))
    }

    /// None where it cannot be told what follows.
    fn run(&mut self) -> Option<()> {
        let mut at = 0;
        while at < self.bytes.len() {
            at = match self.open.last().copied() {
                None | Some(Open::Command(_) | Open::Backtick) => self.command(at)?,
                Some(Open::Double) => self.double(at)?,
                Some(Open::Value) => self.value(at)?,
                Some(Open::Sum(depth)) => self.sum(at, depth)?,
            };
        }
        Some(())
    }

    fn command(&mut self, at: usize) -> Option<usize> {
        let byte = self.at(at);
        if byte == b'\\' && self.at(at + 1) == b'\n' {
            return Some(at + 2);
        }
        let began = std::mem::replace(
            &mut self.begins,
            matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>'),
        );
        let top = self.open.last().copied();
        Some(match byte {
            b'\\' => at + 2,
            b'\'' => self.single(at, false)?,
            b'$' if self.at(at + 1) == b'\'' => self.single(at + 1, true)?,
            b'$' => self.substitution(at),
            b'"' => self.enter(Open::Double, at + 1),
            b'`' => self.backtick(at)?,
            b'#' if began => {
                // `(#i)` is a pattern of zsh; and in backticks a comment ends with them.
                if top == Some(Open::Backtick) || self.at(at.wrapping_sub(1)) == b'(' {
                    return None;
                }
                let end = find(self.bytes, at, b"\n").unwrap_or(self.bytes.len());
                self.marks.comments.push(at..end);
                end
            }
            b'(' if began && self.at(at + 1) == b'(' => self.enter(Open::Sum(2), at + 2),
            b'(' | b')' => self.parenthesis(byte, at),
            b'<' if self.starts(at, b"<<<") => at + 3,
            b'<' if self.starts(at, b"<<") => self.document(at)?,
            b'\n' => self.after_line(at + 1)?,
            // Its patterns have parentheses that nothing opens.
            b'c' if began && matches!(top, Some(Open::Command(_))) && self.starts(at, b"case ") => return None,
            _ => at + 1,
        })
    }

    fn enter(&mut self, what: Open, next: usize) -> usize {
        self.begins = matches!(what, Open::Command(_) | Open::Backtick);
        self.open.push(what);
        next
    }

    fn parenthesis(&mut self, byte: u8, at: usize) -> usize {
        match self.open.pop() {
            Some(Open::Command(0)) if byte == b')' => self.begins = false,
            Some(Open::Command(depth)) if byte == b')' => self.open.push(Open::Command(depth - 1)),
            Some(Open::Command(depth)) => self.open.push(Open::Command(depth + 1)),
            other => self.open.extend(other),
        }
        at + 1
    }

    fn substitution(&mut self, at: usize) -> usize {
        if self.starts(at, b"$((") {
            self.enter(Open::Sum(2), at + 3)
        } else if self.starts(at, b"$(") {
            self.enter(Open::Command(0), at + 2)
        } else if self.starts(at, b"${") {
            self.enter(Open::Value, at + 2)
        } else {
            at + if self.at(at + 1) == b'$' { 2 } else { 1 }
        }
    }

    fn backtick(&mut self, at: usize) -> Option<usize> {
        if self.open.last() == Some(&Open::Backtick) {
            self.open.pop();
            return Some(at + 1);
        }
        // Within others, it would end them first.
        (!self.open.contains(&Open::Backtick)).then(|| self.enter(Open::Backtick, at + 1))
    }

    /// The end of a text in single quotes.
    fn single(&mut self, at: usize, escapes: bool) -> Option<usize> {
        let mut end = at + 1;
        while *self.bytes.get(end)? != b'\'' {
            end += if escapes && self.at(end) == b'\\' { 2 } else { 1 };
        }
        self.marks.strings.push(at + 1..end);
        Some(end + 1)
    }

    fn double(&mut self, at: usize) -> Option<usize> {
        Some(match self.at(at) {
            b'\\' => at + 2,
            b'"' => {
                self.open.pop();
                at + 1
            }
            b'$' => self.substitution(at),
            b'`' => self.backtick(at)?,
            // The line at which a here-document begins has not ended.
            b'\n' if !self.documents.is_empty() => return None,
            _ => {
                match self.marks.strings.last_mut().filter(|last| last.end == at) {
                    Some(last) => last.end = at + 1,
                    None => self.marks.strings.push(at..at + 1),
                }
                at + 1
            }
        })
    }

    fn value(&mut self, at: usize) -> Option<usize> {
        let is_quoted = self.open.contains(&Open::Double);
        Some(match self.at(at) {
            b'\\' => at + 2,
            b'}' => {
                self.open.pop();
                at + 1
            }
            // Whether it is a quote depends on more than is known here.
            b'\'' if is_quoted => return None,
            b'\n' if !self.documents.is_empty() => return None,
            b'\'' => self.single(at, false)?,
            b'"' => self.enter(Open::Double, at + 1),
            b'$' => self.substitution(at),
            b'`' => self.backtick(at)?,
            _ => at + 1,
        })
    }

    fn sum(&mut self, at: usize, depth: usize) -> Option<usize> {
        let depth = match self.at(at) {
            b'(' => depth + 1,
            b')' => depth - 1,
            b'"' => return Some(self.enter(Open::Double, at + 1)),
            b'$' => return Some(self.substitution(at)),
            b'\\' => return Some(at + 2),
            // A shift of numbers; else two parentheses began commands.
            b'<' if self.starts(at, b"<<") => {
                let rest = self.bytes.get(at + 2..).unwrap_or_default();
                let is_shifted = |byte: &&u8| is_name(**byte) || matches!(**byte, b' ' | b'=' | b'{' | b'}');
                let length = rest.iter().take(100).take_while(is_shifted).count();
                return rest.get(length..).is_some_and(|rest| rest.starts_with(b"))")).then_some(at + 2 + length);
            }
            b'\'' | b'`' => return None,
            _ => return Some(at + 1),
        };
        self.open.pop();
        if depth > 0 {
            self.open.push(Open::Sum(depth));
        }
        self.begins = false;
        Some(at + 1)
    }

    /// Remembers a here-document; the place after its name.
    fn document(&mut self, at: usize) -> Option<usize> {
        if self.open.contains(&Open::Backtick) {
            return None;
        }
        let tabs = self.at(at + 2) == b'-';
        let mut start = at + 2 + usize::from(tabs);
        while matches!(self.at(start), b' ' | b'\t') {
            start += 1;
        }
        let quote = self.at(start);
        let is_quoted = matches!(quote, b'"' | b'\'');
        start += usize::from(is_quoted);
        let rest = self.bytes.get(start..)?;
        let length = rest.iter().take(100).take_while(|byte| is_name(**byte) || **byte == b'-').count();
        let name = rest.get(..length).filter(|name| !name.is_empty() && !name.contains(&b'$'))?;
        let after = self.at(start + length);
        let ends = if is_quoted {
            after == quote
        } else {
            matches!(after, b' ' | b'\t' | b'\n' | b';' | b'|' | b'&' | b')' | b'>' | b'<')
        };
        // More documents than any line has would be looked for again and again.
        (ends && self.documents.len() < 4).then(|| {
            self.documents.push((name, tabs, self.open.len()));
            start + length + usize::from(is_quoted)
        })
    }

    /// The place after the here-documents that begin with this line.
    fn after_line(&mut self, mut at: usize) -> Option<usize> {
        for (name, tabs, open) in std::mem::take(&mut self.documents) {
            if open != self.open.len() {
                return None;
            }
            let start = at;
            loop {
                let end = find(self.bytes, at, b"\n").unwrap_or(self.bytes.len());
                let line = self.bytes.get(at..end)?;
                let skipped = if tabs { line.iter().take_while(|byte| **byte == b'\t').count() } else { 0 };
                if line.get(skipped..) == Some(name) {
                    self.marks.strings.push(start..at);
                    at = end;
                    break;
                }
                if end >= self.bytes.len() {
                    return None;
                }
                at = end + 1;
            }
        }
        Some(at)
    }
}
