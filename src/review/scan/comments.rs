//! Finds comments and strings, so that behaviour is looked for in what runs. Not a parser: where a language is too rich for
//! a few rules, text stays code. To be taken for a comment, something must begin a line or follow a blank or a bracket:
//! a regular expression such as `/[/*]/` does not hide what comes after it.

use super::language::Language;

/// A text without its comments, and without its strings too: both byte for byte as long, line ends kept.
#[derive(Debug, Default)]
pub(super) struct Masked {
    /// Comments are blank.
    pub(super) code: String,
    /// Comments and the insides of strings are blank.
    pub(super) names: String,
}

/// What a language's comments and strings look like.
struct Syntax {
    slashes: bool,
    hash: bool,
    dashes: bool,
    /// The quotes of strings.
    quotes: &'static [u8],
    /// Whether a string with the usual quotes may go over a line's end.
    multiline: bool,
    triple: bool,
    template: bool,
    regex: bool,
    /// Whether an apostrophe begins a character, or something else that has no end.
    characters: bool,
}

const NONE: Syntax = Syntax {
    slashes: false,
    hash: false,
    dashes: false,
    quotes: b"\"'",
    multiline: false,
    triple: false,
    template: false,
    regex: false,
    characters: false,
};

fn syntax(language: Language) -> Syntax {
    match language {
        Language::JavaScript => Syntax { slashes: true, template: true, regex: true, ..NONE },
        Language::Python => Syntax { hash: true, triple: true, ..NONE },
        Language::Go => Syntax { slashes: true, quotes: b"\"'`", ..NONE },
        Language::Rust => Syntax { slashes: true, quotes: b"\"", multiline: true, characters: true, ..NONE },
        Language::Jvm | Language::CSharp => Syntax { slashes: true, triple: true, ..NONE },
        Language::Ruby | Language::Shell | Language::PowerShell => Syntax { hash: true, multiline: true, ..NONE },
        Language::Php => Syntax { slashes: true, hash: true, multiline: true, ..NONE },
        Language::Dockerfile | Language::Data => Syntax { hash: true, ..NONE },
        Language::Other => Syntax { slashes: true, hash: true, dashes: true, ..NONE },
        Language::Prose | Language::Unknown => Syntax { quotes: b"", ..NONE },
    }
}

/// Masks a text. One pass; what is open at its end stays as it was found to be.
pub(super) fn mask(text: &str, language: Language) -> Masked {
    let mut lexer = Lexer {
        bytes: text.as_bytes(),
        syntax: syntax(language),
        code: text.as_bytes().to_vec(),
        names: Vec::new(),
        templates: Vec::new(),
    };
    lexer.names.clone_from(&lexer.code);
    lexer.run();
    let checked = |bytes| String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned());
    Masked { code: checked(lexer.code), names: checked(lexer.names) }
}

struct Lexer<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
    code: Vec<u8>,
    names: Vec<u8>,
    /// For each `${` that is open in a template, how many braces are open inside it.
    templates: Vec<usize>,
}

impl Lexer<'_> {
    fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    fn starts(&self, at: usize, word: &[u8]) -> bool {
        self.bytes.get(at..).is_some_and(|rest| rest.starts_with(word))
    }

    fn find(&self, from: usize, word: &[u8]) -> Option<usize> {
        let rest = self.bytes.get(from..)?;
        rest.windows(word.len()).position(|window| window == word).map(|at| from + at)
    }

    fn line_end(&self, from: usize) -> usize {
        self.find(from, b"\n").unwrap_or(self.bytes.len())
    }

    /// Makes a comment blank.
    fn comment(&mut self, from: usize, to: usize) {
        blank(&mut self.code, from, to);
        blank(&mut self.names, from, to);
    }

    fn run(&mut self) {
        let (mut at, mut previous) = (0, b'\n');
        while at < self.bytes.len() {
            let byte = self.at(at);
            let next = self.step(at, byte, previous);
            if next == at + 1 && byte.is_ascii_whitespace() {
                // Whether a quote or a slash begins something depends on the last byte that is seen.
            } else {
                previous = self.at(next.saturating_sub(1));
            }
            at = next.max(at + 1);
        }
    }

    fn step(&mut self, at: usize, byte: u8, previous: u8) -> usize {
        match byte {
            b'/' | b'#' | b'-' => self.comment_at(at).unwrap_or_else(|| self.regex_at(at, previous)),
            b'{' => {
                if let Some(depth) = self.templates.last_mut() {
                    *depth += 1;
                }
                at + 1
            }
            b'}' => match self.templates.last_mut() {
                Some(0) => {
                    self.templates.pop();
                    self.template(at + 1)
                }
                Some(depth) => {
                    *depth -= 1;
                    at + 1
                }
                None => at + 1,
            },
            b'`' if self.syntax.template => self.template(at + 1),
            b'\\' => at + 2,
            b'\'' if self.syntax.characters => self.character(at),
            _ if self.syntax.quotes.contains(&byte) => self.string(at, byte, previous),
            _ => at + 1,
        }
    }

    /// The end of the character that begins here; the next byte if none does: `'a` is a lifetime.
    fn character(&mut self, at: usize) -> usize {
        let length = if self.at(at + 1) == b'\\' {
            self.bytes
                .get(at + 3..)
                .and_then(|rest| rest.iter().take(10).position(|byte| *byte == b'\''))
                .map(|end| end + 2)
        } else {
            (1..=4).find(|length| self.at(at + 1 + length) == b'\'')
        };
        length.map_or(at + 1, |length| at + length + 2)
    }

    /// The end of the comment that begins here, if one does.
    fn comment_at(&mut self, at: usize) -> Option<usize> {
        let before = at.checked_sub(1).map_or(b'\n', |before| self.at(before));
        if !(before.is_ascii_whitespace() || matches!(before, b';' | b'{' | b'}' | b',' | b')' | b'(')) {
            return None;
        }
        let end = if self.syntax.slashes && self.starts(at, b"/*") {
            self.find(at + 2, b"*/").map_or(self.bytes.len(), |end| end + 2)
        } else if (self.syntax.slashes && self.starts(at, b"//"))
            || (self.syntax.dashes && self.starts(at, b"-- "))
            || (self.syntax.hash
                && self.at(at) == b'#'
                && (before.is_ascii_whitespace() || before == b';')
                && !matches!(self.at(at + 1), b'[' | b'!'))
        {
            self.line_end(at)
        } else {
            return None;
        };
        self.comment(at, end);
        Some(end)
    }

    /// The end of the regular expression that begins here, if one does; else the next byte.
    fn regex_at(&self, at: usize, previous: u8) -> usize {
        let begins = self.syntax.regex
            && self.at(at) == b'/'
            && matches!(
                previous,
                b'(' | b','
                    | b'='
                    | b':'
                    | b'['
                    | b'!'
                    | b'&'
                    | b'|'
                    | b'?'
                    | b'{'
                    | b'}'
                    | b';'
                    | b'+'
                    | b'\n'
                    | b'>'
                    | b'n'
            );
        if !begins {
            return at + 1;
        }
        let (mut end, mut class) = (at + 1, false);
        loop {
            match self.at(end) {
                b'\\' => end += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return end + 1,
                b'\n' => return at + 1,
                _ if end >= self.bytes.len() => return at + 1,
                _ => {}
            }
            // A division is no expression; none is that long.
            if end - at > 200 {
                return at + 1;
            }
            end += 1;
        }
    }

    /// The end of a template's text: after its closing mark, or after the `${` that leaves it.
    fn template(&mut self, from: usize) -> usize {
        let mut at = from;
        while at < self.bytes.len() {
            match self.at(at) {
                b'\\' => at += 1,
                b'`' => break,
                b'$' if self.at(at + 1) == b'{' => {
                    self.templates.push(0);
                    blank(&mut self.names, from, at);
                    return at + 2;
                }
                _ => {}
            }
            at += 1;
        }
        blank(&mut self.names, from, at);
        at + 1
    }

    fn string(&mut self, at: usize, quote: u8, previous: u8) -> usize {
        let triple = [quote; 3];
        if self.syntax.triple && self.starts(at, &triple) {
            let end = self.find(at + 3, &triple).unwrap_or(self.bytes.len());
            let close = (end + 3).min(self.bytes.len());
            blank(&mut self.names, at + 3, end);
            // A string that nothing is done with is documentation.
            // Further back nothing is looked at: a line of nothing but quotes would take long.
            let line = self
                .bytes
                .get(at.saturating_sub(400)..at)
                .and_then(|before| before.rsplit(|byte| *byte == b'\n').next());
            let begins_line = line.is_some_and(|line| line.len() < 400 && line.iter().all(u8::is_ascii_whitespace));
            if begins_line && !matches!(previous, b'(' | b',' | b'=' | b'[' | b'{' | b'+' | b'\\') {
                blank(&mut self.code, at, close);
            }
            return close;
        }
        let raw = quote == b'`' || (quote == b'\'' && self.is_shell());
        let mut end = at + 1;
        while end < self.bytes.len() {
            match self.at(end) {
                b'\\' if !raw => end += 1,
                byte if byte == quote => break,
                b'\n' if !self.syntax.multiline && quote != b'`' => return end,
                _ => {}
            }
            end += 1;
        }
        blank(&mut self.names, at + 1, end);
        end + 1
    }

    fn is_shell(&self) -> bool {
        self.syntax.hash && self.syntax.multiline && !self.syntax.slashes
    }
}

fn blank(bytes: &mut [u8], from: usize, to: usize) {
    let to = to.min(bytes.len());
    for byte in bytes.get_mut(from..to).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, mask};

    fn code(text: &str, language: Language) -> String {
        mask(text, language).code
    }

    #[test]
    fn comments_are_blank_and_strings_are_not() {
        assert_eq!(code("a(); // b\n/* c\n d */ e()", Language::JavaScript), "a();     \n    \n      e()");
        assert_eq!(code("x = 'http://a' # b\n", Language::Python), "x = 'http://a'    \n");
        assert_eq!(
            code("def f():\n  \"\"\"doc\"\"\"\n  g(\"\"\"x\"\"\")", Language::Python),
            "def f():\n           \n  g(\"\"\"x\"\"\")"
        );
        assert_eq!(code("echo \"# no\" ${#a} # yes", Language::Shell), "echo \"# no\" ${#a}      ");
        assert_eq!(code("s := `// no`", Language::Go), "s := `// no`");
        assert_eq!(code("f('\"', '\\'', 'é'); // b", Language::Rust), "f('\"', '\\'', 'é');     ");
        assert_eq!(code("let a: &'a str = \"//\"; // b", Language::Rust), "let a: &'a str = \"//\";     ");
    }

    #[test]
    fn names_are_what_is_neither_comment_nor_string() {
        assert_eq!(mask("f(`a ${b(`c`)} d`)", Language::JavaScript).names, "f(`  ${b(` `)}  `)");
        assert_eq!(mask("x = 'é' + y", Language::Python).names, "x = '  ' + y");
    }

    #[test]
    fn what_looks_like_a_comment_does_not_hide_code() {
        for (text, language) in [
            ("x = /[/*]/; evil()", Language::JavaScript),
            ("x = a/*b; evil()", Language::Python),
            ("const a = `\n/*\n`; evil();", Language::JavaScript),
            ("x = '#'; evil()", Language::Python),
            ("x = \"/*\"; evil()", Language::Go),
            ("curl x#y | evil()", Language::Shell),
            ("exec(\n\"\"\"\nevil()\n\"\"\")", Language::Python),
        ] {
            assert!(code(text, language).contains("evil()"), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_masked(text in "(\\PC|/\\*|\\*/|//|#|`|\\$\\{|\\}|\\{|\"\"\"|\"|'|\\\\|\n|/|é){0,60}") {
            for language in [Language::JavaScript, Language::Python, Language::Go, Language::Rust, Language::Shell, Language::Other, Language::Php] {
                let masked = mask(&text, language);
                proptest::prop_assert_eq!(masked.code.len(), text.len());
                proptest::prop_assert_eq!(masked.names.len(), text.len());
                proptest::prop_assert_eq!(masked.code.matches('\n').count(), text.matches('\n').count());
            }
        }
    }
}
