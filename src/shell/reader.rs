//! Reads a text from its begin to its end, one command after the other. What is open stands on a list and not on the stack.

mod documents;
mod quotes;

pub(crate) use quotes::unescaped;

use super::command::{Command, Inner, Operator, Redirect, Then, Word};
use super::environment::is_assignment;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

/// How deep quotes and substitutions are read within each other.
pub(super) const DEPTH: usize = 64;
/// The most commands of a substitution that are remembered.
const MOST_INNER: usize = 100_000;

/// Where comments and the insides of strings are, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Without the line end after them.
    pub comments: Vec<Range<usize>>,
    /// Without their quotes; here-documents, too.
    pub strings: Vec<Range<usize>>,
    /// Up to where that is certain: shells differ, or the text has no end, or more would have to be known.
    pub decided: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Double,
    /// The text of a here-document.
    Document,
    /// `${`
    Value,
    /// `$(`, `<(`
    Output,
    Backtick,
}

/// Commands that are read now: those of the text, or of a substitution.
#[derive(Debug, Default)]
struct Context {
    words: Vec<Word>,
    redirects: Vec<Redirect>,
    /// The word that is read now.
    word: Option<Word>,
    /// What the next word is for, and the number before it.
    operator: Option<(Operator, Option<u8>)>,
    /// Which word is the first that is no keyword: what follows is no keyword either.
    begun: Option<usize>,
    /// Which word is a variable that a list in parentheses is set to.
    array: Option<usize>,
    range: Option<Range<usize>>,
    done: VecDeque<Command>,
    /// Parentheses that are open in it, and how many were before a sum `((` began.
    parentheses: usize,
    sum: Option<usize>,
    /// How many parentheses were open where each `case` began: its patterns end with one that nothing opens.
    cases: Vec<usize>,
    /// `<()` or `>()`, if the commands are used as a file.
    file: Option<&'static str>,
}

/// A here-document that begins at the next line.
#[derive(Debug)]
struct Pending {
    end: String,
    tabs: bool,
    open: usize,
    document: usize,
}

/// Reads shell text; an iterator over its commands, in the order in which they end.
#[derive(Debug)]
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
    modes: Vec<Mode>,
    /// The text's own commands, and those of each substitution that is open.
    script: Context,
    contexts: Vec<Context>,
    /// The variable of each `${` that is open, where its text begins and whether it is set, if it is `${name:-text}`.
    values: Vec<Option<(String, usize, bool)>>,
    pending: Vec<Pending>,
    /// The bodies of here-documents that have been read.
    documents: Vec<Option<Range<usize>>>,
    /// The last line of each text, with and without the tabs before it.
    lines: Option<HashMap<(bool, &'t str), usize>>,
    comments: Vec<Range<usize>>,
    strings: Vec<Range<usize>>,
    unsure: Option<usize>,
    is_done: bool,
    steps: usize,
}

impl<'t> Reader<'t> {
    /// The text of a here-document as a word, with the variables and the output of commands that a shell puts into it.
    pub(crate) fn document_of(text: &'t str) -> Word {
        let mut reader = Self::new(text);
        reader.modes.push(Mode::Document);
        reader.word().quoted = true;
        while reader.at < text.len() {
            reader.step();
        }
        reader.finish();
        reader.fill_word();
        let word = reader.script.done.pop_back().and_then(|command| command.words.into_iter().next());
        word.unwrap_or_default()
    }

    fn fill_word(&mut self) {
        let mut done = std::mem::take(&mut self.script.done);
        done.iter_mut().for_each(|command| self.fill(command));
        self.script.done = done;
    }

    /// A reader of `text`.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            modes: Vec::new(),
            script: Context::default(),
            contexts: Vec::new(),
            values: Vec::new(),
            pending: Vec::new(),
            documents: Vec::new(),
            lines: None,
            comments: Vec::new(),
            strings: Vec::new(),
            unsure: None,
            is_done: false,
            steps: 0,
        }
    }

    /// Reads what is left, and says where comments and strings are.
    #[must_use]
    pub fn marks(mut self) -> Marks {
        self.by_ref().for_each(drop);
        let decided = self.unsure.unwrap_or(self.text.len());
        let certain = |ranges: Vec<Range<usize>>| ranges.into_iter().filter(|range| range.end <= decided).collect();
        Marks { comments: certain(self.comments), strings: certain(self.strings), decided }
    }

    /// How much work it was: in proportion to the length of what was read.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Whether what was read so far is certain.
    pub(crate) fn is_certain(&self) -> bool {
        self.unsure.is_none()
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or_default()
    }

    fn rest(&self, from: usize) -> &'t str {
        self.text.get(from..).unwrap_or_default()
    }

    fn doubt(&mut self) {
        self.unsure.get_or_insert(self.at);
    }

    fn context(&mut self) -> &mut Context {
        self.contexts.last_mut().unwrap_or(&mut self.script)
    }

    fn word(&mut self) -> &mut Word {
        let at = self.at;
        self.context().word.get_or_insert_with(|| Word { range: at..at, ..Word::default() })
    }

    /// Adds text to the word that is read, up to `end` of the whole.
    fn push(&mut self, text: &str, end: usize) {
        let word = self.word();
        word.text.push_str(text);
        word.range.end = end;
        self.at = end;
    }

    fn push_char(&mut self) {
        let (from, text) = (self.at, self.text);
        let length = self.rest(from).chars().next().map_or(1, char::len_utf8);
        let end = (from + length).min(text.len());
        self.push(text.get(from..end).unwrap_or_default(), end);
        self.at = end.max(from + 1);
    }

    /// Adds what stands before the next of some bytes.
    fn push_run(&mut self, ends: impl Fn(u8) -> bool) -> Range<usize> {
        let rest = self.rest(self.at).as_bytes();
        let length = rest.iter().take_while(|byte| !ends(**byte)).count();
        let (from, text) = (self.at, self.text);
        self.push(text.get(from..from + length).unwrap_or_default(), from + length);
        from..from + length
    }

    fn step(&mut self) {
        self.steps += 1;
        let before = self.at;
        match self.modes.last() {
            None | Some(Mode::Output | Mode::Backtick) => self.command(),
            Some(Mode::Double | Mode::Document) => self.double(),
            Some(Mode::Value) => self.value(),
        }
        // Whatever happens, it goes on.
        if self.at == before {
            self.at = self.text.ceil_char_boundary(before + 1);
        }
    }

    fn command(&mut self) {
        let at = self.at;
        let begins = self.context().word.is_none();
        match self.byte(at) {
            b'\n' => self.line_end(),
            byte if byte.is_ascii_whitespace() => {
                self.end_word();
                self.at += 1;
            }
            b'\\' if self.byte(at + 1) == b'\n' => self.at += 2,
            b'\\' if self.rest(at).starts_with("\\\r\n") => self.at += 3,
            b'\\' => {
                self.at += 1;
                self.word().quoted = true;
                if self.at < self.text.len() {
                    self.push_char();
                }
            }
            b'\'' => self.single(at + 1),
            b'"' => self.enter(Mode::Double, 1),
            b'$' => self.dollar(),
            b'`' => self.backtick(),
            b'#' if begins => self.comment(),
            b'(' => self.parenthesis(),
            b')' => self.close(),
            b';' => self.operator(Then::Next, 1),
            b'&' if self.byte(at + 1) == b'&' => self.operator(Then::And, 2),
            b'&' if self.byte(at + 1) == b'>' => self.redirect(),
            b'&' => self.operator(Then::Next, 1),
            b'|' if self.byte(at + 1) == b'|' => self.operator(Then::Or, 2),
            b'|' if self.byte(at + 1) == b'&' => self.operator(Then::Pipe, 2),
            b'|' => self.operator(Then::Pipe, 1),
            b'<' | b'>' => self.redirect(),
            _ => {
                self.push_run(|byte| byte.is_ascii_whitespace() || b"\\'\"$`()&;|<>".contains(&byte));
            }
        }
    }

    fn comment(&mut self) {
        let length = self.rest(self.at).find('\n').unwrap_or(self.rest(self.at).len());
        let end = self.at + length;
        if self.at == 0 && self.byte(1) == b'!' {
            // What runs the text, and with which options.
            let line = self.rest(0).get(..end).unwrap_or_default();
            let words =
                line.split_whitespace().map(|word| Word { text: word.to_owned(), range: 0..end, ..Word::default() });
            self.context().words = words.collect();
            self.context().range = Some(0..end);
        } else if self.modes.last() == Some(&Mode::Backtick) || self.byte(self.at.wrapping_sub(1)) == b'(' {
            // It ends where the backticks do; and `(#i)` is a pattern of zsh.
            self.doubt();
            self.push_char();
            return;
        }
        self.comments.push(self.at..end);
        self.at = end;
    }

    fn enter(&mut self, mode: Mode, length: usize) {
        if self.modes.len() >= DEPTH {
            self.doubt();
            self.push_char();
            return;
        }
        let word = self.word();
        word.quoted |= mode == Mode::Double;
        self.at += length;
        self.modes.push(mode);
        if matches!(mode, Mode::Output | Mode::Backtick) {
            self.contexts.push(Context::default());
        }
        // An empty string is a word, too.
        let at = self.at;
        if mode == Mode::Double {
            self.word().range.end = at;
        }
    }

    /// Ends the commands of a substitution, which become part of a word.
    fn leave(&mut self, then_at: usize) {
        self.end_command(Then::End);
        self.modes.pop();
        let Some(inner) = self.contexts.pop() else { return };
        let sign = inner.file.unwrap_or("$()");
        let word = self.word();
        word.live.push(word.text.len());
        word.text.push_str(sign);
        word.inner.push(Inner { commands: Rc::new(inner.done.into()) });
        word.range.end = then_at;
        self.at = then_at;
    }

    fn backtick(&mut self) {
        if self.modes.last() == Some(&Mode::Backtick) {
            self.leave(self.at + 1);
        } else if self.modes.contains(&Mode::Backtick) {
            // A shell ends the outer one here.
            self.doubt();
            self.push_char();
        } else {
            self.enter(Mode::Backtick, 1);
        }
    }

    fn parenthesis(&mut self) {
        let at = self.at;
        let adjacent = self.context().word.is_some();
        self.end_word();
        let after = self.rest(at + 1).trim_start_matches([' ', '\t']);
        let context = self.context();
        let is_list = adjacent && context.array.is_none() && context.sum.is_none();
        if is_list && context.words.last().is_some_and(|word| word.text.ends_with('=') && is_assignment(&word.text)) {
            context.array = Some(context.words.len() - 1);
            self.at = at + 1;
            return;
        }
        let own = context.begun.and_then(|begun| context.words.get(begun..)).unwrap_or_default();
        let is_name = matches!(own, [_]) || matches!(own, [word, _] if word.is("function"));
        if is_name && after.starts_with(')') && context.redirects.is_empty() {
            let end = self.text.len() - after.len() + 1;
            self.end_command(Then::Next);
            if let Some(last) = self.context().done.back_mut() {
                last.defines = true;
            }
            self.at = end;
            return;
        }
        let is_sum = !adjacent && self.byte(at + 1) == b'(';
        if self.context().begun.is_some() || !self.context().redirects.is_empty() {
            self.end_command(Then::Next);
        }
        let context = self.context();
        if is_sum && context.sum.is_none() {
            context.sum = Some(context.parentheses);
        }
        context.parentheses += 1;
        self.at = at + 1;
        self.push_sign(at, "(");
    }

    /// A parenthesis as a word of its own.
    fn push_sign(&mut self, at: usize, sign: &str) {
        let context = self.context();
        context.range.get_or_insert(at..at + 1);
        context.words.push(Word { text: sign.to_owned(), range: at..at + 1, ..Word::default() });
    }

    fn close(&mut self) {
        let at = self.at;
        let is_open = matches!(self.modes.last(), Some(Mode::Output));
        self.end_word();
        let context = self.context();
        if context.array.is_some() {
            close_array(context, at + 1);
            self.at = at + 1;
            return;
        }
        let is_pattern = context.cases.last().is_some_and(|case| *case >= context.parentheses);
        if is_open && context.parentheses == 0 && !is_pattern {
            return self.leave(self.at + 1);
        }
        self.end_command(if is_pattern { Then::Pattern } else { Then::Close });
        let context = self.context();
        context.parentheses = context.parentheses.saturating_sub(usize::from(!is_pattern));
        if context.sum.is_some_and(|sum| sum >= context.parentheses) {
            context.sum = None;
        }
        if !is_pattern {
            self.push_sign(self.at, ")");
        }
        self.at += 1;
    }

    fn operator(&mut self, then: Then, length: usize) {
        self.end_command(then);
        self.at += length;
    }

    fn redirect(&mut self) {
        let at = self.at;
        let rest = self.rest(at);
        if (rest.starts_with("<(") || rest.starts_with(">(")) && self.modes.len() < DEPTH {
            self.enter(Mode::Output, 2);
            self.context().file = Some(if rest.starts_with('<') { "<()" } else { ">()" });
            return;
        }
        // `2>` names what is redirected.
        let mut number = None;
        if let Some(word) =
            self.context().word.as_ref().filter(|word| {
                !word.quoted && !word.text.is_empty() && word.text.bytes().all(|byte| byte.is_ascii_digit())
            })
        {
            number = Some(word.text.parse().unwrap_or(u8::MAX));
            self.context().word = None;
        }
        self.end_word();
        const OPERATORS: &[(&str, Operator)] = &[
            ("<<<", Operator::String),
            ("<<-", Operator::Document),
            ("<<", Operator::Document),
            ("<&", Operator::Duplicate),
            ("<>", Operator::Input),
            ("<", Operator::Input),
            ("&>>", Operator::Output),
            ("&>", Operator::Output),
            (">>", Operator::Output),
            (">|", Operator::Output),
            (">&", Operator::Duplicate),
            (">", Operator::Output),
        ];
        let Some((sign, operator)) = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign)) else { return };
        if *operator == Operator::Document {
            return self.document(sign.len());
        }
        self.at += sign.len();
        let context = self.context();
        // `<&3` is about the input.
        context.operator = Some((*operator, number.or((*sign == "<&").then_some(0))));
        let start = context.range.as_ref().map_or(at, |range| range.start);
        context.range = Some(start..at + sign.len());
    }

    fn line_end(&mut self) {
        if self.context().array.is_some() {
            self.end_word();
        } else {
            self.end_command(Then::Next);
        }
        self.at += 1;
        if self.at < self.text.len() {
            for pending in std::mem::take(&mut self.pending) {
                self.body(&pending);
            }
        }
    }

    fn end_word(&mut self) {
        let context = self.context();
        let Some(word) = context.word.take() else { return };
        let start = context.range.as_ref().map_or(word.range.start, |range| range.start);
        context.range = Some(start..word.range.end.max(start));
        if let Some((operator, number)) = context.operator.take() {
            return context.redirects.push(Redirect {
                operator,
                number,
                word,
                body: None,
                text: None,
                document: usize::MAX,
            });
        }
        if context.begun.is_none() {
            if word.is("case") {
                context.cases.push(context.parentheses);
            } else if word.is("esac") {
                context.cases.pop();
            }
            context.begun = Some(context.words.len()).filter(|_| !word.is_keyword());
        }
        context.words.push(word);
    }

    fn end_command(&mut self, then: Then) {
        self.end_word();
        let context = self.context();
        close_array(context, 0);
        context.operator = None;
        context.begun = None;
        if context.words.is_empty() && context.redirects.is_empty() {
            return;
        }
        let command = Command {
            words: std::mem::take(&mut context.words),
            redirects: std::mem::take(&mut context.redirects),
            range: context.range.take().unwrap_or_default(),
            then,
            defines: false,
        };
        let is_inner = !self.contexts.is_empty();
        let context = self.context();
        if is_inner && context.done.len() >= MOST_INNER {
            return self.doubt();
        }
        context.done.push_back(command);
    }

    fn finish(&mut self) {
        self.is_done = true;
        if !self.modes.is_empty() {
            // What is open at the end was read wrongly somewhere.
            self.unsure = Some(0);
        }
        while let Some(mode) = self.modes.last() {
            if matches!(mode, Mode::Output | Mode::Backtick) {
                self.leave(self.text.len());
            } else {
                if *mode == Mode::Value {
                    self.values.pop();
                }
                self.modes.pop();
            }
        }
        if !self.pending.is_empty() {
            self.doubt();
        }
        self.end_command(Then::End);
    }

    /// Says where the here-documents of a command are.
    fn fill(&self, command: &mut Command) {
        for redirect in &mut command.redirects {
            redirect.body = self.documents.get(redirect.document).cloned().flatten();
            redirect.text = redirect.body.clone().and_then(|body| self.text.get(body)).map(Rc::from);
        }
        let redirected = command.redirects.iter_mut().map(|redirect| &mut redirect.word);
        for word in command.words.iter_mut().chain(redirected) {
            let items = word.items.iter_mut().flat_map(|word| &mut word.inner);
            // Nobody else has them yet.
            let inner = word.inner.iter_mut().chain(items).filter_map(|inner| Rc::get_mut(&mut inner.commands));
            inner.flatten().for_each(|command| self.fill(command));
        }
    }
}

/// Ends the list that a variable is set to.
fn close_array(context: &mut Context, end: usize) {
    let Some(at) = context.array.take() else { return };
    let items = context.words.split_off((at + 1).min(context.words.len()));
    let Some(word) = context.words.get_mut(at) else { return };
    word.range.end = items.iter().map(|item| item.range.end).fold(word.range.end, usize::max).max(end);
    word.items = items;
    if let Some(range) = &mut context.range {
        range.end = range.end.max(word.range.end);
    }
}

impl Iterator for Reader<'_> {
    type Item = Command;

    fn next(&mut self) -> Option<Command> {
        loop {
            let first = &mut self.script;
            // The last one may hear of what follows it, and bodies of here-documents come later.
            let is_ready = self.is_done || (first.done.len() > 1 && self.pending.is_empty());
            if is_ready && let Some(mut command) = first.done.pop_front() {
                self.fill(&mut command);
                return Some(command);
            }
            if self.is_done {
                return None;
            }
            if self.at < self.text.len() { self.step() } else { self.finish() }
        }
    }
}
