//! Commands with what they belong to: groups (`{ … }`, `( … )`, `if`, loops, `case`), patterns of `case`, bodies of functions.

use super::command::{Command, Then, Word};
use std::ops::Range;
use std::rc::Rc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Brace,
    Parenthesis,
    If,
    Loop,
    Case,
}

const KINDS: usize = 5;

/// Several commands that are one for what is around them.
#[derive(Debug)]
pub(crate) struct Group {
    kind: Kind,
    /// The command whose words end it; none when the text ends first.
    pub(crate) close: Option<usize>,
    /// Whether it is the body of a function, which is not run where it is written.
    pub(crate) is_body: bool,
}

/// What the words before a command's program say.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// The groups that it ends, the innermost first.
    pub(crate) closes: Vec<usize>,
    /// The groups that it begins, the outermost first.
    pub(crate) opens: Vec<usize>,
    /// Which word is the first that is no keyword.
    pub(crate) program: usize,
    /// Whether it is a pattern of `case`, and no command.
    pub(crate) is_pattern: bool,
    /// The functions whose bodies end with it, with the commands of those.
    pub(crate) functions: Vec<(String, Range<usize>)>,
}

/// The commands of a text.
#[derive(Debug, Default)]
pub(crate) struct List {
    commands: Rc<Vec<Command>>,
    heads: Vec<Head>,
    groups: Vec<Group>,
}

/// Makes a [`List`] of commands one by one.
#[derive(Debug, Default)]
pub(crate) struct Lister {
    commands: Vec<Command>,
    heads: Vec<Head>,
    open: Open,
}

impl Lister {
    pub(crate) fn push(&mut self, command: Command) {
        let then = command.then;
        self.commands.push(command);
        if then != Then::Pipe {
            self.settle();
        }
    }

    /// How many commands there are.
    pub(crate) fn len(&self) -> usize {
        self.commands.len()
    }

    /// Whether nothing is open after the last command.
    pub(crate) fn is_whole(&self) -> bool {
        self.heads.len() == self.commands.len() && self.open.stack.is_empty() && self.open.next.is_none()
    }

    /// The list, after which another begins.
    pub(crate) fn take(&mut self) -> List {
        self.settle();
        let Self { commands, heads, open } = std::mem::take(self);
        List { commands: Rc::new(commands), heads, groups: open.groups }
    }

    fn settle(&mut self) {
        settle(&self.commands, &mut self.open, &mut self.heads);
    }
}

/// Looks at commands that were not looked at. Whether those that `|` connects are patterns of `case` is known at their end.
fn settle(commands: &[Command], open: &mut Open, heads: &mut Vec<Head>) {
    let mut start = heads.len();
    while let Some(chain) = commands.get(start..).filter(|chain| !chain.is_empty()) {
        let length = chain.iter().take_while(|command| command.then == Then::Pipe).count() + 1;
        let chain = chain.get(..length).unwrap_or(chain);
        let is_pattern = chain.last().is_some_and(|last| last.then == Then::Pattern);
        for (at, command) in (start..).zip(chain) {
            heads.push(open.head(at, command, is_pattern && !begins_case(&command.words)));
        }
        start += chain.len();
    }
}

impl List {
    pub(crate) fn new(commands: Rc<Vec<Command>>) -> Self {
        let (mut open, mut heads) = (Open::default(), Vec::with_capacity(commands.len()));
        settle(&commands, &mut open, &mut heads);
        Self { commands, heads, groups: open.groups }
    }

    pub(crate) fn command(&self, at: usize) -> Option<(&Command, &Head)> {
        Some((self.commands.get(at)?, self.heads.get(at)?))
    }

    /// Whether a command is the last of braces or parentheses, whose outcome is its own.
    pub(crate) fn is_last(&self, at: usize) -> bool {
        let ends = self.commands.get(at).is_some_and(|command| matches!(command.then, Then::Next | Then::Close));
        let group = self.heads.get(at + 1).and_then(|head| self.groups.get(*head.closes.first()?));
        ends && group.is_some_and(|group| matches!(group.kind, Kind::Brace | Kind::Parenthesis))
    }

    pub(crate) fn group(&self, group: usize) -> Option<&Group> {
        self.groups.get(group)
    }

    pub(crate) fn len(&self) -> usize {
        self.commands.len()
    }

    /// The bytes of the commands in a range.
    pub(crate) fn place(&self, range: &Range<usize>) -> Range<usize> {
        let of = |at: usize| self.commands.get(at).map(|command| command.range.clone());
        let start = of(range.start).unwrap_or_default().start;
        start..of(range.end.saturating_sub(1)).unwrap_or_default().end.max(start)
    }

    /// Whether any command in a range has a word that fits.
    pub(crate) fn any_word(&self, range: &Range<usize>, fits: impl Fn(&str) -> bool) -> bool {
        let commands = self.commands.get(range.clone()).unwrap_or_default();
        commands.iter().flat_map(|command| &command.words).any(|word| fits(&word.text))
    }
}

/// What is open while the commands are gone through.
#[derive(Debug, Default)]
struct Open {
    stack: Vec<Opened>,
    /// How many of each kind are on it.
    counts: [usize; KINDS],
    groups: Vec<Group>,
    /// The function whose body comes next.
    next: Option<String>,
}

#[derive(Debug)]
struct Opened {
    group: usize,
    kind: Kind,
    command: usize,
    function: Option<String>,
}

impl Open {
    fn head(&mut self, at: usize, command: &Command, is_pattern: bool) -> Head {
        let mut head = Head { is_pattern, ..Head::default() };
        if is_pattern {
            return head;
        }
        let mut is_body = self.next.is_some();
        while let Some(word) = command.words.get(head.program).filter(|word| !word.quoted) {
            match word.text.as_str() {
                "{" => self.open(Kind::Brace, at, &mut head),
                "(" => self.open(Kind::Parenthesis, at, &mut head),
                "if" => self.open(Kind::If, at, &mut head),
                "while" | "until" => self.open(Kind::Loop, at, &mut head),
                "for" | "select" => {
                    self.open(Kind::Loop, at, &mut head);
                    break;
                }
                "case" => {
                    self.open(Kind::Case, at, &mut head);
                    break;
                }
                "}" => self.close(Kind::Brace, at, &mut head),
                ")" => self.close(Kind::Parenthesis, at, &mut head),
                "fi" => self.close(Kind::If, at, &mut head),
                "done" => self.close(Kind::Loop, at, &mut head),
                "esac" => self.close(Kind::Case, at, &mut head),
                "then" | "do" | "else" | "elif" | "!" | "time" => {}
                "function" if !command.defines => {
                    self.next = command.words.get(head.program + 1).map(|name| name.text.clone());
                    is_body = command.words.len() > head.program + 2;
                    head.program += 1;
                }
                _ => break,
            }
            head.program += 1;
        }
        if command.defines {
            self.next = command.words.last().map(|name| name.text.clone());
        } else if is_body && let Some(name) = self.next.take() {
            // A single command.
            head.functions.push((name, at..at + 1));
        }
        head
    }

    fn open(&mut self, kind: Kind, command: usize, head: &mut Head) {
        let (group, function) = (self.groups.len(), self.next.take());
        self.groups.push(Group { kind, close: None, is_body: function.is_some() });
        self.stack.push(Opened { group, kind, command, function });
        if let Some(count) = self.counts.get_mut(kind as usize) {
            *count += 1;
        }
        head.opens.push(group);
    }

    /// Ends the innermost group of a kind, and what was left open in it.
    fn close(&mut self, kind: Kind, at: usize, head: &mut Head) {
        if self.counts.get(kind as usize).is_none_or(|count| *count == 0) {
            return;
        }
        while let Some(opened) = self.stack.pop() {
            if let Some(count) = self.counts.get_mut(opened.kind as usize) {
                *count -= 1;
            }
            if let Some(group) = self.groups.get_mut(opened.group) {
                group.close = Some(at);
            }
            if head.opens.last() == Some(&opened.group) {
                head.opens.pop();
            } else {
                head.closes.push(opened.group);
            }
            head.functions.extend(opened.function.map(|name| (name, opened.command..at + 1)));
            if opened.kind == kind {
                break;
            }
        }
    }
}

fn begins_case(words: &[Word]) -> bool {
    words.iter().find(|word| !word.is_keyword()).is_some_and(|word| word.is("case"))
}
