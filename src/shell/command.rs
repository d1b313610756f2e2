//! What shell text consists of.

use std::ops::Range;

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
    /// A closing parenthesis, and nothing yet after it.
    Close,
    End,
}

/// One simple command. Keywords (`if`, `{`, `done`) are words of the command that they stand before.
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
    /// Without quotes. A variable is `$name`, however it is written; what a command prints is `$()`.
    pub(crate) text: String,
    /// Its bytes in the text, quotes included.
    pub range: Range<usize>,
    /// Whether any of it was in quotes.
    pub(crate) quoted: bool,
    /// Where in `text` a `$` stands for a value.
    pub(super) live: Vec<usize>,
    /// The commands in it, whose output becomes part of it.
    pub(crate) inner: Vec<Inner>,
    /// The text before variables were replaced, if any was.
    pub(crate) written: Option<String>,
}

impl Word {
    /// Whether the word is one that a shell gives a meaning: not in quotes.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text == keyword
    }

    /// Whether its value is known: no variable and no command is left in it.
    pub(crate) fn is_literal(&self) -> bool {
        self.live.is_empty()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Inner {
    /// In the order in which they end.
    pub(crate) commands: Vec<Command>,
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

#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    pub(crate) operator: Operator,
    /// What it names; for a here-document, the line that ends it.
    pub(crate) word: Word,
    /// The bytes of the here-document.
    pub(crate) body: Option<Range<usize>>,
    pub(super) document: usize,
}
