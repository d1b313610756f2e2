//! Reads the commands of a text and says which of them run what was downloaded, or send secrets away.

mod call;
mod groups;
mod printed;
mod run;
mod starts;
mod words;

use super::files::{Files, Piped};
use super::{Does, LONGEST, can_have};
use crate::shell::{Inner, List, Lister, Reader};
use call::Functions;
use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

/// How deep texts within texts are read: `sh -c "…"`, what is printed into a shell.
const DEPTH: usize = 3;
/// How deep commands are read within each other in any way: substitutions, functions, texts.
const MOST_DEEP: usize = 80;
/// The most bytes of texts within texts and of what is printed, as a multiple of the whole and at least.
const MOST_NESTED: (usize, usize) = (8, 200_000);
/// How many commands are looked at together, if they do not belong to each other, and at most.
const BATCH: usize = 64;
const MOST_BATCH: usize = 100_000;

/// What a text does, and whether it was certain what its commands are.
pub(super) fn read(text: &str, files: &mut Files) -> (Vec<(Does, Range<usize>)>, bool) {
    files.begin();
    let nested = text.len().saturating_mul(MOST_NESTED.0).max(MOST_NESTED.1);
    let mut walk = Walk {
        files,
        found: Vec::new(),
        known: HashSet::new(),
        functions: Functions::default(),
        nested,
        deep: 0,
        is_beyond: false,
        in_test: false,
    };
    let is_certain = walk.script(text, &Place::At(0), DEPTH);
    if walk.files.is_beyond() || walk.functions.is_beyond() {
        walk.beyond(0..text.len().min(LONGEST));
    }
    walk.files.end();
    walk.found.sort_by_key(|(_, range)| range.start);
    (walk.found, is_certain)
}

/// Where a text stands in the whole.
#[derive(Debug, Clone)]
enum Place {
    /// As it is, from a byte on.
    At(usize),
    /// Within a command or word, written otherwise.
    Is(Range<usize>),
}

impl Place {
    fn of(&self, range: &Range<usize>) -> Range<usize> {
        match self {
            Self::At(start) => start + range.start..start + range.end,
            Self::Is(range) => range.clone(),
        }
    }

    /// Where a part of the text stands.
    fn within(&self, range: &Range<usize>) -> Self {
        match self {
            Self::At(start) => Self::At(start + range.start),
            Self::Is(range) => Self::Is(range.clone()),
        }
    }
}

/// Commands that are read.
#[derive(Debug)]
struct Scope {
    list: List,
    place: Place,
    /// How many texts within this one are read.
    depth: usize,
}

/// What the commands within a word do.
#[derive(Debug, Clone, Default)]
struct Output {
    downloads: bool,
    /// They print the environment, or what is in a file of credentials.
    secrets: bool,
    /// What they print, if that is known.
    printed: Option<Rc<String>>,
}

struct Walk<'f> {
    files: &'f mut Files,
    found: Vec<(Does, Range<usize>)>,
    known: HashSet<(Does, usize)>,
    functions: Functions,
    /// How many bytes of texts within texts may still be read.
    nested: usize,
    deep: usize,
    is_beyond: bool,
    /// Whether the next command is part of a test `[[ a && b ]]` that is not over.
    in_test: bool,
}

impl Walk<'_> {
    fn script(&mut self, text: &str, place: &Place, depth: usize) -> bool {
        let (mut reader, mut lister) = (Reader::new(text), Lister::default());
        loop {
            let command = reader.next();
            let is_end = command.is_none();
            command.into_iter().for_each(|command| lister.push(command));
            if is_end || (lister.len() >= BATCH && lister.is_whole()) || lister.len() >= MOST_BATCH {
                let scope = Rc::new(Scope { list: lister.take(), place: place.clone(), depth });
                let all = 0..scope.list.len();
                if all.len() >= MOST_BATCH {
                    self.beyond(scope.place.of(&scope.list.place(&all)));
                }
                self.commands(&scope, all, &Piped::default(), false, false);
            }
            if is_end {
                return reader.is_certain();
            }
        }
    }

    /// Reads a text that a command is given, if there is room for it.
    fn within(&mut self, text: &str, place: &Place, scope: &Scope) {
        if text.is_empty() {
            return;
        }
        let depth = scope.depth.checked_sub(1).filter(|_| self.nested >= text.len());
        let Some(depth) = depth else {
            if can_have(text) || self.files.knows_any() {
                self.beyond(place.of(&(0..text.len())));
            }
            return;
        };
        self.nested -= text.len();
        let outer = self.files.enter();
        self.script(text, place, depth);
        self.files.leave(outer);
    }

    /// What the commands in a word do; `input` is what they read.
    fn output(&mut self, inner: &Inner, scope: &Scope, input: &Piped) -> Output {
        let outer = self.files.enter();
        let list = List::new(inner.commands.clone());
        let scope = Rc::new(Scope { list, place: scope.place.clone(), depth: scope.depth });
        let piped = self.commands(&scope, 0..scope.list.len(), input, true, false);
        self.files.leave(outer);
        let is_known = !piped.is_altered && !piped.printed.is_empty();
        Output {
            downloads: piped.downloads,
            secrets: piped.secret.is_some(),
            printed: is_known.then(|| piped.printed.clone()),
        }
    }

    /// Makes room for some bytes more to be read or printed.
    fn spend(&mut self, bytes: usize, place: &Range<usize>) -> bool {
        match self.nested.checked_sub(bytes) {
            Some(rest) => self.nested = rest,
            None => {
                self.beyond(place.clone());
                return false;
            }
        }
        true
    }

    /// Says that something is not read.
    fn beyond(&mut self, place: Range<usize>) {
        if !std::mem::replace(&mut self.is_beyond, true) {
            self.add(Does::Beyond, place);
        }
    }

    fn add(&mut self, does: Does, range: Range<usize>) {
        // What a text within a command does is found once.
        if self.known.insert((does, range.end)) {
            self.found.push((does, range));
        }
    }

    fn say(&mut self, does: Does, start: Option<usize>, range: &Range<usize>, scope: &Scope) {
        let start = start.filter(|start| *start < range.start && range.end - start <= LONGEST).unwrap_or(range.start);
        self.add(does, scope.place.of(&(start..range.end)));
    }
}
