//! Reads languages that descend from C. What it does not need to know of them it skips.

use super::syntax::{self, Dialect, Holes, Syntax, Text};
use super::{Marks, find, is_name, run_of};

/// Comments and strings of a text.
pub(super) fn run(text: &str, syntax: Syntax) -> Marks {
    let mut lexer = Lexer {
        bytes: text.as_bytes(),
        syntax,
        marks: Marks::default(),
        open: Vec::new(),
        parentheses: Vec::new(),
        last: Last::Operator,
    };
    let end = lexer.run();
    // What is open at the end of a text that was read to its end was read wrongly somewhere.
    if end.is_some() && !(lexer.open.is_empty() && lexer.parentheses.is_empty()) {
        return Marks::default();
    }
    lexer.marks.until(end.map(|()| text.len()))
}

/// What stood before, as far as it tells whether a slash divides or begins a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// After it comes a value.
    Operator,
    /// A value; after it comes an operator.
    Value,
    /// `if`, `for`, `while`, `with`: what follows their parentheses is a statement.
    Head,
    /// A dot: what follows is a name, whatever it looks like.
    Dot,
    /// It depends on more than is known here.
    Unsure,
}

/// The longest regular expression that is looked for.
const LONGEST: usize = 600;

struct Lexer<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
    marks: Marks,
    /// The strings that are left for a value, and how many braces are open in it.
    open: Vec<(Text, usize)>,
    /// For each open parenthesis of JavaScript whether a statement follows it.
    parentheses: Vec<bool>,
    last: Last,
}

impl Lexer<'_> {
    fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(b'\n', |before| self.at(before))
    }

    fn starts(&self, at: usize, word: &[u8]) -> bool {
        self.bytes.get(at..).is_some_and(|rest| rest.starts_with(word))
    }

    /// None where it cannot be told what follows.
    fn run(&mut self) -> Option<()> {
        let mut at = match self.syntax.dialect {
            Dialect::Php => self.page(0),
            _ if self.starts(0, b"#!") && !self.starts(0, b"#![") => self.line_end(0)?,
            _ => 0,
        };
        while at < self.bytes.len() {
            at = self.step(at)?;
        }
        Some(())
    }

    fn step(&mut self, at: usize) -> Option<usize> {
        let byte = self.at(at);
        if let Some(end) = self.comment(at)? {
            return Some(end);
        }
        match byte {
            b'"' | b'\'' | b'`' => return self.string(at),
            b'{' => {
                if let Some((_, depth)) = self.open.last_mut() {
                    *depth += 1;
                }
                self.last = Last::Operator;
            }
            b'}' => match self.open.pop() {
                Some((text, 0)) => {
                    let braces = if let Holes::Braces(braces) = text.holes { braces } else { 1 };
                    // The last of them closes the value.
                    return (run_of(self.bytes, at, b'}') >= braces).then(|| self.rest_of(text, at + braces))?;
                }
                Some((text, depth)) => {
                    self.open.push((text, depth - 1));
                    self.last = Last::Unsure;
                }
                None => self.last = Last::Unsure,
            },
            _ => match self.syntax.dialect {
                Dialect::JavaScript { tags } => return self.javascript(at, byte, tags),
                Dialect::Php if self.starts(at, b"?>") => return Some(self.page(at + 2)),
                Dialect::Php if self.starts(at, b"<<<") => return self.document(at + 3),
                // Nothing in a directive is a comment, whatever it looks like.
                Dialect::CSharp if byte == b'#' && self.begins_line(at) => return self.line_end(at),
                _ => {}
            },
        }
        Some(at + 1)
    }

    /// Whether only blanks stand before a place on its line, as far as people indent.
    fn begins_line(&self, at: usize) -> bool {
        let before = self.bytes.get(at.saturating_sub(200)..at).unwrap_or_default();
        before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t')).is_none_or(|byte| *byte == b'\n')
    }

    /// The end of the comment that begins here, if one does; no answer if it has no end.
    fn comment(&mut self, at: usize) -> Option<Option<usize>> {
        let is_attribute = || self.starts(at, b"#[");
        let end = if self.starts(at, b"/*") {
            self.block_end(at)?
        } else if self.starts(at, b"//") || (self.syntax.hash && self.at(at) == b'#' && !is_attribute()) {
            self.line_end(at)?
        } else {
            return Some(None);
        };
        // What the compiler does what it says is no comment.
        if !self.starts(at, b"//go:") {
            self.marks.comments.push(at..end);
        }
        Some(Some(end))
    }

    fn block_end(&self, at: usize) -> Option<usize> {
        if !self.syntax.nested {
            return find(self.bytes, at + 2, b"*/").map(|end| end + 2);
        }
        let (mut end, mut depth) = (at + 2, 1_usize);
        while depth > 0 {
            end += match (self.bytes.get(end)?, self.at(end + 1)) {
                (b'/', b'*') => {
                    depth += 1;
                    2
                }
                (b'*', b'/') => {
                    depth -= 1;
                    2
                }
                _ => 1,
            };
        }
        Some(end)
    }

    /// Where a comment to the end of its line ends. No answer where compilers differ.
    fn line_end(&self, from: usize) -> Option<usize> {
        let mut at = from;
        while at < self.bytes.len() {
            match (self.syntax.dialect, self.at(at)) {
                (Dialect::C, b'\n') if self.at(at - 1) == b'\\' || self.starts(at.saturating_sub(2), b"\\\r") => {}
                (_, b'\n') => return Some(at),
                (_, b'\r') if self.at(at + 1) == b'\n' => {}
                (Dialect::Go | Dialect::Rust | Dialect::C, b'\r') => return None,
                (_, b'\r') => return Some(at),
                (Dialect::JavaScript { .. } | Dialect::CSharp, 0xe2)
                    if self.starts(at, "\u{2028}".as_bytes()) || self.starts(at, "\u{2029}".as_bytes()) =>
                {
                    return Some(at);
                }
                (Dialect::CSharp, 0xc2) if self.at(at + 1) == 0x85 => return Some(at),
                (Dialect::Php, b'?') if self.at(at + 1) == b'>' => return Some(at),
                (Dialect::C, b'\\') if matches!(self.at(at + 1), b' ' | b'\t') => return None,
                _ => {}
            }
            at += 1;
        }
        Some(at)
    }

    /// The place after the text for browsers that begins here.
    fn page(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(start) = find(self.bytes, at, b"<?") {
            let rest = self.bytes.get(start + 2..).unwrap_or_default();
            if rest.starts_with(b"=") || rest.get(..3).is_some_and(|word| word.eq_ignore_ascii_case(b"php")) {
                return start + 2;
            }
            at = start + 2;
        }
        self.bytes.len()
    }

    /// The end of the here-document of PHP whose name begins here.
    fn document(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..)?;
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let rest = rest.get(blanks..)?;
        let rest = rest.strip_prefix(b"'").or(rest.strip_prefix(b"\"")).unwrap_or(rest);
        let name =
            rest.get(..rest.iter().take_while(|byte| is_name(**byte)).count()).filter(|name| !name.is_empty())?;
        let mut line = find(self.bytes, at, b"\n")? + 1;
        loop {
            let end = find(self.bytes, line, b"\n").unwrap_or(self.bytes.len());
            let text = self.bytes.get(line..end)?.trim_ascii_start();
            if text.strip_prefix(name).is_some_and(|rest| !rest.first().is_some_and(|byte| is_name(*byte))) {
                return Some(line + (end - line - text.len()) + name.len());
            }
            if end >= self.bytes.len() {
                return None;
            }
            line = end + 1;
        }
    }

    fn string(&mut self, at: usize) -> Option<usize> {
        self.last = Last::Value;
        if matches!(self.syntax.dialect, Dialect::Rust | Dialect::Scala) && self.at(at) == b'\'' {
            return Some(self.character(at));
        }
        let is_raw = self.syntax.dialect == Dialect::C
            && self.at(at) == b'"'
            && syntax::is_prefix(self.bytes, at, &[b"R", b"LR", b"uR", b"UR", b"u8R"]);
        if is_raw {
            let end = syntax::raw_end_in_c(self.bytes, at)?;
            self.marks.strings.push(at + 1..end - 1);
            return Some(end);
        }
        let Some(text) = syntax::text(self.syntax.dialect, self.bytes, at) else { return Some(at + 1) };
        self.rest_of(text, at + text.count)
    }

    /// The end of what remains of a string: after its quotes, after what begins a value in it, or at the end of its line.
    fn rest_of(&mut self, text: Text, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let byte = *self.bytes.get(at)?;
            if byte == b'\\' && text.escapes {
                at += if self.starts(at, b"\\\r\n") { 3 } else { 2 };
                continue;
            }
            if byte == text.quote {
                if text.doubled && self.at(at + 1) == text.quote {
                    at += 2;
                    continue;
                }
                let end = at + text.count;
                let quotes = text.count == 1 || self.bytes.get(at..end)?.iter().all(|byte| *byte == text.quote);
                let hashes = (end..end + text.hashes).all(|hash| self.at(hash) == b'#');
                if quotes && hashes {
                    self.marks.strings.push(from..at);
                    self.last = Last::Value;
                    return Some(self.more_quotes(text, end + text.hashes));
                }
            }
            if matches!(byte, b'\n' | b'\r') && !text.multiline {
                self.last = Last::Unsure;
                return Some(at);
            }
            let opens = match text.holes {
                Holes::None => 0,
                Holes::Dollar => usize::from(self.starts(at, b"${")) * 2,
                Holes::Php => usize::from(self.starts(at, b"${") || self.starts(at, b"{$")) * 2,
                Holes::Braces(1) if self.starts(at, b"{{") => {
                    at += 2;
                    continue;
                }
                Holes::Braces(braces) if byte == b'{' => {
                    let found = run_of(self.bytes, at, b'{');
                    if found < braces {
                        at += found;
                        continue;
                    }
                    found
                }
                Holes::Braces(_) => 0,
            };
            if opens > 0 {
                self.open.push((text, 0));
                self.marks.strings.push(from..at);
                self.last = Last::Operator;
                return Some(at + opens);
            }
            at += 1;
        }
    }

    /// Quotes that stand before the last three belong to the string, in some languages.
    fn more_quotes(&self, text: Text, end: usize) -> usize {
        let last = matches!(self.syntax.dialect, Dialect::Kotlin | Dialect::Scala | Dialect::CSharp) && text.count > 1;
        if last { end + run_of(self.bytes, end, text.quote) } else { end }
    }

    /// The end of the character that begins here; the next byte if none does: `'a` is a lifetime.
    fn character(&self, at: usize) -> usize {
        let rest = self.bytes.get(at + 1..).unwrap_or_default();
        let length = match rest.first() {
            Some(b'\\') => rest.iter().take(40).skip(2).position(|byte| *byte == b'\'').map(|end| end + 2),
            Some(byte) => {
                let length = match byte {
                    0xf0.. => 4,
                    0xe0.. => 3,
                    0xc0.. => 2,
                    _ => 1,
                };
                (rest.get(length) == Some(&b'\'')).then_some(length)
            }
            None => None,
        };
        length.map_or(at + 1, |length| at + length + 2)
    }

    /// A step in JavaScript, where what stood before decides what a slash is.
    fn javascript(&mut self, at: usize, byte: u8, tags: bool) -> Option<usize> {
        let next = self.at(at + 1);
        if is_name(byte) || byte == b'\\' {
            return Some(self.word(at));
        }
        self.last = match byte {
            b'/' => return self.slash(at),
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => return Some(at + 1),
            b'(' => {
                self.parentheses.push(self.last == Last::Head);
                Last::Operator
            }
            b')' => match self.parentheses.pop() {
                Some(true) => Last::Operator,
                Some(false) => Last::Value,
                None => return None,
            },
            b']' => Last::Value,
            b'.' if self.starts(at, b"...") => {
                self.last = Last::Operator;
                return Some(at + 3);
            }
            b'.' | b'#' => Last::Dot,
            b'+' | b'-' if next == byte => {
                // `-->` ends a comment of a page, and what follows it is one, too.
                if self.starts(at, b"-->") && self.begins_line(at) {
                    return None;
                }
                self.last = Last::Unsure;
                return Some(at + 2);
            }
            b'!' if matches!(self.last, Last::Value | Last::Unsure) && next != b'=' => Last::Unsure,
            b'>' if self.before(at) != b'=' => Last::Unsure,
            // A comment of pages, and tags, whose text has no quotes.
            b'<' if self.starts(at, b"<!--") => return None,
            b'<' if tags
                && matches!(self.last, Last::Operator | Last::Unsure)
                && (next.is_ascii_alphabetic() || next == b'>') =>
            {
                return None;
            }
            b'<' if next == b'/' => Last::Unsure,
            _ => Last::Operator,
        };
        Some(at + 1)
    }

    fn word(&mut self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_name(**byte) || **byte == b'\\').count();
        let word = rest.get(..length).unwrap_or_default();
        self.last = match word {
            _ if self.last == Last::Dot => Last::Value,
            // Some of it may be blanks.
            _ if !word.is_ascii() => Last::Unsure,
            b"if" | b"while" | b"for" | b"with" => Last::Head,
            b"await" if self.last == Last::Head => Last::Head,
            b"return" | b"typeof" | b"case" | b"do" | b"else" | b"in" | b"instanceof" | b"new" | b"delete"
            | b"void" | b"throw" => Last::Operator,
            b"of" | b"yield" | b"await" | b"default" | b"extends" => Last::Unsure,
            _ => Last::Value,
        };
        at + length
    }

    /// The place after a division or a regular expression.
    fn slash(&mut self, at: usize) -> Option<usize> {
        if matches!(self.last, Last::Value | Last::Dot | Last::Head) {
            self.last = Last::Operator;
            return Some(at + 1);
        }
        let end = self.regex_end(at)?;
        if self.last == Last::Operator {
            self.last = Last::Value;
            return end;
        }
        // Without an end on its line it divides. Else it may be both, which is no matter if nothing in it opens anything.
        let Some(end) = end else {
            self.last = Last::Operator;
            return Some(at + 1);
        };
        let inside = self.bytes.get(at + 1..end - 1)?;
        let opens = inside.iter().any(|byte| b"\"'`/\\(){}[]<".contains(byte)) || matches!(self.at(end), b'/' | b'*');
        self.last = Last::Unsure;
        (!opens).then_some(end)
    }

    /// The end of the regular expression that could begin here; inside, none if its line ends first. No answer if that is far.
    fn regex_end(&self, at: usize) -> Option<Option<usize>> {
        let (mut end, mut is_class) = (at + 1, false);
        while end - at <= LONGEST {
            match self.at(end) {
                b'\\' if !matches!(self.at(end + 1), b'\n' | b'\r') => end += 1,
                b'[' => is_class = true,
                b']' => is_class = false,
                b'/' if !is_class => return Some(Some(end + 1)),
                b'\n' | b'\r' => return Some(None),
                _ if end >= self.bytes.len() => return Some(None),
                _ => {}
            }
            end += 1;
        }
        None
    }
}
