//! What shell text consists of.

use std::ops::Range;
use std::rc::Rc;

/// What stands between a command and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|` and `|&`
    Pipe,
    /// `;`, `&`, a line's end, an opening parenthesis.
    Next,
    /// A closing parenthesis, which is the first word of the next command.
    Close,
    /// The parenthesis that ends a pattern of `case`.
    Pattern,
    End,
}

/// One simple command. Keywords (`if`, `{`, `done`) and the parentheses of a subshell are words of the command that they stand
/// before.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program and what it is given, after the variables that are set for it.
    pub words: Vec<Word>,
    /// In their order, wherever they stand among the words.
    pub(crate) redirects: Vec<Redirect>,
    /// From its first word or redirection to its last.
    pub range: Range<usize>,
    pub(crate) then: Then,
    /// Whether it is the name of a function whose body follows.
    pub(crate) defines: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Word {
    /// Without quotes. A variable is `$name`, however it is written; what a command prints is `$()`, and a
    /// file that commands read or write is `>()` or `<()`.
    pub(crate) text: String,
    /// Its bytes in the text, quotes included.
    pub range: Range<usize>,
    /// Whether any of it was in quotes.
    pub(crate) quoted: bool,
    /// Where in `text` a `$` stands for a value.
    pub(super) live: Vec<usize>,
    /// The commands in it, whose output becomes part of it.
    pub(crate) inner: Vec<Inner>,
    /// What a list in parentheses sets: `A=(…)`.
    pub(crate) items: Vec<Word>,
    /// Parts of `text` that count while a variable is not set, in the order in which they end.
    pub(super) defaults: Vec<Fallback>,
    /// The text before variables were replaced, if any was.
    pub(crate) written: Option<String>,
}

impl Word {
    /// Whether the word is one that a shell gives a meaning: not in quotes.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text == keyword
    }

    /// Whether it is one of the shell's own, after which another command begins.
    pub(super) fn is_keyword(&self) -> bool {
        const KEYWORDS: &[&str] = &[
            "{", "(", "}", ")", "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "!", "time",
        ];
        !self.quoted && KEYWORDS.contains(&self.text.as_str())
    }

    /// Whether it is as it is written.
    pub(crate) fn is_plain(&self) -> bool {
        self.live.is_empty() && self.defaults.is_empty()
    }

    /// Whether its value is known: no variable and no command is left in it.
    pub(crate) fn is_literal(&self) -> bool {
        self.live.is_empty()
    }
}

/// `${name:-text}`, `${name:=text}`
#[derive(Debug, Clone)]
pub(super) struct Fallback {
    pub(super) name: String,
    pub(super) range: Range<usize>,
    /// Whether the variable has the text from now on.
    pub(super) assigns: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Inner {
    /// In the order in which they end.
    pub(crate) commands: Rc<Vec<Command>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `<`
    Input,
    /// `>`, `>>`, `>|`, `&>`
    Output,
    /// `<<<`
    String,
    /// `<<`, `<<-`
    Document,
    /// `>&`, `<&`
    Duplicate,
}

impl Operator {
    /// Whether it says what a command reads.
    pub(crate) fn is_input(self) -> bool {
        matches!(self, Self::Input | Self::String | Self::Document)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    pub(crate) operator: Operator,
    /// The number before it: `2>`.
    pub(crate) number: Option<u8>,
    /// What it names; for a here-document, the line that ends it.
    pub(crate) word: Word,
    /// The bytes of the here-document.
    pub(crate) body: Option<Range<usize>>,
    /// The text of the here-document.
    pub(crate) text: Option<Rc<str>>,
    pub(super) document: usize,
}
