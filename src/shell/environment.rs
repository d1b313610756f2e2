//! The values of variables, as far as the text says them.

use super::command::{Fallback, Word};
use super::names;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

/// The longest word that comes of values.
const LONGEST: usize = 100_000;
/// How many bytes words may grow in all, so that a short word that stands for a long one costs no more than a text of that length.
const GROWTH: usize = 1_000_000;
/// The longest word that is remembered as it was written.
const LONGEST_WRITTEN: usize = 200;

/// Variables that are set to plain text, and the arguments of the function that is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// A variable that is no list has one value.
    values: HashMap<String, Vec<String>>,
    aliases: HashMap<String, String>,
    arguments: VecDeque<String>,
    growth: usize,
    is_beyond: bool,
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            aliases: HashMap::new(),
            arguments: VecDeque::new(),
            growth: GROWTH,
            is_beyond: false,
        }
    }
}

/// What replaces a part of a word.
struct Found {
    range: Range<usize>,
    items: Vec<String>,
    /// Whether each of the items is a word, in quotes, too.
    is_list: bool,
}

impl Environment {
    /// Whether something was too long to be followed.
    pub(crate) fn is_beyond(&self) -> bool {
        self.is_beyond
    }

    /// Begins or ends with a function, which has arguments of its own; what it was before.
    pub(crate) fn replace_arguments(&mut self, arguments: VecDeque<String>) -> VecDeque<String> {
        std::mem::replace(&mut self.arguments, arguments)
    }

    /// Drops the first argument.
    pub(crate) fn shift(&mut self) {
        self.arguments.pop_front();
    }

    /// Sets a variable. One that held a program that matters still does: which of two branches runs is not known.
    pub(crate) fn set(&mut self, name: &str, items: Vec<String>) {
        let first = |items: &[String]| items.first().is_some_and(|item| begins_telling(item));
        if !self.values.get(name).is_some_and(|old| first(old) && !first(&items)) {
            self.values.insert(name.to_owned(), items);
        }
    }

    /// Forgets a variable whose value is not known any more, if it held no program that matters.
    pub(crate) fn forget(&mut self, name: &str) {
        if !self.values.get(name).and_then(|old| old.first()).is_some_and(|item| begins_telling(item)) {
            self.values.remove(name);
        }
    }

    /// Remembers what a command sets, after its own variables were replaced.
    pub(crate) fn assign(&mut self, words: &[Word]) {
        const BEFORE: [&str; 7] = ["export", "local", "readonly", "declare", "typeset", "env", "alias"];
        let is_alias = words.iter().any(|word| word.is("alias"));
        let words = words.iter();
        let words = words
            .skip_while(|word| word.is_keyword() || BEFORE.contains(&word.text.as_str()) || word.text.starts_with('-'));
        for word in words.take_while(|word| is_assignment(&word.text)) {
            let Some((name, value)) = word.text.split_once('=') else { continue };
            if is_alias && word.is_literal() {
                self.aliases.insert(name.to_owned(), value.to_owned());
                continue;
            }
            let items = word.items.iter().filter(|item| item.is_literal()).map(|item| item.text.clone());
            let mut items: Vec<String> = items.collect();
            if items.is_empty() && word.is_literal() && !value.is_empty() {
                items.push(value.to_owned());
            }
            if !items.is_empty() {
                self.assign_items(name, items, !word.items.is_empty());
            }
        }
    }

    fn assign_items(&mut self, name: &str, mut items: Vec<String>, is_list: bool) {
        let (name, appends) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
        let (name, index) = name.split_once('[').map_or((name, None), |(name, index)| (name, index.strip_suffix(']')));
        let old = self.values.get_mut(name);
        match (old, index.map(str::parse::<usize>)) {
            (Some(old), None) if appends && is_list => old.append(&mut items),
            (Some(old), None) if appends => {
                if let (Some(old), Some(item)) = (old.first_mut(), items.first()) {
                    old.push_str(item);
                }
            }
            (Some(old), Some(Ok(at))) if at < old.len() => {
                if let Some((old, item)) = old.get_mut(at).zip(items.pop()).filter(|(old, _)| !begins_telling(old)) {
                    *old = item;
                }
            }
            // Their order is the one in which they are set.
            (Some(old), Some(_)) => old.append(&mut items),
            _ => self.set(name, items),
        }
    }

    /// Replaces the name of a program that the text gives to another.
    pub(crate) fn alias(&mut self, words: Vec<Word>, program: usize) -> Vec<Word> {
        let alias = words.get(program).filter(|word| !word.quoted).and_then(|word| self.aliases.get(&word.text));
        let Some(alias) = alias.filter(|alias| alias.len() <= self.growth) else { return words };
        self.growth -= alias.len();
        let (mut parts, mut words) = (Vec::new(), words);
        let word = words.remove(program);
        parts.extend(alias.split_whitespace().map(|part| Word { text: part.to_owned(), ..plain(&word) }));
        words.splice(program..program, parts);
        words
    }

    /// A word with the variables replaced by their values: none, one or several words.
    pub(crate) fn expand(&mut self, word: Word) -> Vec<Word> {
        if word.live.is_empty() && word.defaults.is_empty() {
            return vec![word];
        }
        let mut found = self.chosen(&word);
        for fallback in word.defaults.iter().filter(|fallback| fallback.assigns) {
            let is_plain = !word.live.iter().any(|at| fallback.range.contains(at));
            if let Some(value) = word.text.get(fallback.range.clone()).filter(|value| is_plain && !value.is_empty()) {
                let is_known = self.values.contains_key(&fallback.name);
                if !is_known || begins_telling(value) {
                    self.set(&fallback.name, vec![value.to_owned()]);
                }
            }
        }
        let mut chosen = found.iter().map(|found| found.range.clone()).collect::<Vec<_>>().into_iter().peekable();
        for at in &word.live {
            while chosen.next_if(|range| range.end <= *at).is_some() {}
            if !chosen.peek().is_some_and(|range| range.contains(at)) {
                found.extend(self.variable_at(&word, *at));
            }
        }
        found.sort_by_key(|found| found.range.start);
        let is_empty = found.is_empty();
        let words = self.replace(word, found);
        if is_empty { words.into_iter().map(without_unknown).collect() } else { words }
    }

    /// A word with the output of the commands in it, as far as that is known.
    pub(crate) fn fill(&mut self, word: Word, outputs: &[Option<Rc<String>>]) -> Vec<Word> {
        let is_output =
            |at: &&usize| word.text.get(**at..).is_some_and(|rest| rest.starts_with("$()") || rest.starts_with("<()"));
        let places = word.live.iter().filter(is_output).zip(outputs);
        let found = places.filter_map(|(at, output)| {
            let text = output.as_ref().filter(|_| word.text.get(*at..).is_some_and(|rest| rest.starts_with('$')))?;
            if !self.spend(1, |_| text.len()) {
                return None;
            }
            Some(Found { range: *at..at + 3, items: vec![text.trim_end_matches('\n').to_owned()], is_list: false })
        });
        let found: Vec<Found> = found.collect();
        self.replace(word, found)
    }

    /// Where a variable is known that a word has other text for: its value, unless that text names a program that matters.
    fn chosen(&mut self, word: &Word) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        // The outermost of them first.
        for Fallback { name, range, .. } in word.defaults.iter().rev() {
            if self.growth < self.value(name).first().map_or(0, String::len) {
                self.stop();
            }
            let text = word.text.get(range.clone()).unwrap_or_default();
            let is_within = found.last().is_some_and(|last| range.end > last.range.start);
            let Some(item) = self.value(name).first().filter(|_| !is_within) else { continue };
            if begins_telling(item) || !begins_telling(text) {
                found.push(Found { range: range.clone(), items: vec![item.clone()], is_list: false });
            }
        }
        found.reverse();
        found
    }

    fn value(&self, name: &str) -> &[String] {
        match name.parse::<usize>() {
            Ok(number) => number
                .checked_sub(1)
                .and_then(|at| self.arguments.get(at))
                .map(std::slice::from_ref)
                .unwrap_or_default(),
            Err(_) => self.values.get(name).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Follows nothing any more.
    fn stop(&mut self) {
        self.is_beyond = true;
        self.growth = 0;
        self.values.clear();
        self.arguments.clear();
    }

    /// Makes room for values that a word is about to get.
    fn spend(&mut self, count: usize, bytes: impl FnOnce(&Self) -> usize) -> bool {
        let bytes = if count > self.growth { usize::MAX } else { bytes(self).saturating_add(count) };
        match self.growth.checked_sub(bytes).filter(|_| bytes <= LONGEST) {
            Some(rest) => self.growth = rest,
            None => self.stop(),
        }
        bytes <= LONGEST && !self.is_beyond
    }

    fn variable_at(&mut self, word: &Word, at: usize) -> Option<Found> {
        let rest = word.text.get(at + 1..)?;
        if let Some(name) = braced(rest) {
            let item = self.value(name).first()?.clone();
            let range = at..at + 3 + name.len();
            return self.spend(1, |_| item.len()).then(|| Found { range, items: vec![item], is_list: false });
        }
        let name = variable(rest);
        if matches!(name, "@" | "*") {
            let is_all = self.arguments.is_empty() && word.text.len() == 2;
            let fits = !is_all && self.spend(self.arguments.len(), |own| own.arguments.iter().map(String::len).sum());
            let items = if fits { self.arguments.iter().cloned().collect() } else { Vec::new() };
            return fits.then_some(Found { range: at..at + 2, items, is_list: name == "@" });
        }
        let index = rest.get(name.len()..).filter(|rest| rest.starts_with('[')).and_then(|rest| {
            let end = rest.bytes().take(20).position(|byte| byte == b']')?;
            rest.get(..=end)
        });
        if self.value(name).is_empty() {
            return None;
        }
        let range = |length: usize| at..at + 1 + name.len() + length;
        match index {
            Some("[@]" | "[*]") => {
                let fits = self.spend(self.value(name).len(), |own| own.value(name).iter().map(String::len).sum());
                fits.then(|| Found { range: range(3), items: self.value(name).to_vec(), is_list: true })
            }
            index => {
                let given = index.and_then(|index| index.trim_matches(['[', ']']).parse::<usize>().ok());
                let (item, length) = match given.and_then(|at| self.value(name).get(at)) {
                    Some(item) => (item.clone(), index.map_or(0, str::len)),
                    None => (self.value(name).first()?.clone(), 0),
                };
                let fits = self.spend(1, |_| item.len());
                fits.then(|| Found { range: range(length), items: vec![item], is_list: false })
            }
        }
    }

    /// The words that come of a word, with what was found in it in the order of its places.
    fn replace(&mut self, word: Word, found: Vec<Found>) -> Vec<Word> {
        if found.is_empty() {
            return vec![word];
        }
        // Words that are made, with where values that are not known are in them.
        let (mut done, mut text, mut live) = (Vec::new(), String::new(), Vec::<usize>::new());
        let (mut copied, mut unknown) = (0, word.live.iter().copied().peekable());
        for Found { range, items, is_list } in found {
            if range.start < copied {
                continue;
            }
            if text.len() > LONGEST {
                self.stop();
                break;
            }
            while let Some(at) = unknown.next_if(|at| *at < range.start) {
                live.push(text.len() + at - copied);
            }
            while unknown.next_if(|at| *at < range.end).is_some() {}
            text.push_str(word.text.get(copied..range.start).unwrap_or_default());
            copied = range.end;
            for (at, item) in items.iter().enumerate() {
                if at > 0 && is_list {
                    done.push((std::mem::take(&mut text), std::mem::take(&mut live)));
                } else if at > 0 {
                    text.push(' ');
                }
                text.push_str(item);
            }
        }
        live.extend(unknown.map(|at| text.len() + at - copied));
        text.push_str(word.text.get(copied..).unwrap_or_default());
        done.push((text, live));
        let splits = !word.quoted && word.inner.is_empty() && !is_assignment(&word.text);
        let mut words: Vec<Word> = Vec::new();
        for (text, live) in done {
            let written = Some(word.text.clone()).filter(|text| text.len() <= LONGEST_WRITTEN);
            if splits && text.contains(char::is_whitespace) {
                words.extend(split(&text, &live, &Word { written, ..plain(&word) }));
            } else {
                words.push(Word { text, live, written, ..plain(&word) });
            }
        }
        if let Some(last) = words.last_mut() {
            (last.inner, last.items) = (word.inner, word.items);
        }
        words
    }
}

/// A word at the same place, without text.
fn plain(word: &Word) -> Word {
    Word { range: word.range.clone(), quoted: word.quoted, ..Word::default() }
}

/// The parts of a text between whitespace.
fn split(text: &str, live: &[usize], like: &Word) -> Vec<Word> {
    let mut live = live.iter().copied().peekable();
    let parts = text.split_whitespace().map(|part| {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        while live.next_if(|at| *at < start).is_some() {}
        let mut own = Vec::new();
        while let Some(at) = live.next_if(|at| *at < start + part.len()) {
            own.push(at - start);
        }
        Word { text: part.to_owned(), live: own, ..like.clone() }
    });
    parts.collect()
}

/// A variable that is not set is empty: `cu${x}rl` is `curl`.
fn without_unknown(word: Word) -> Word {
    if word.live.is_empty() || word.text.len() > LONGEST_WRITTEN {
        return word;
    }
    let (mut text, mut copied) = (String::new(), 0);
    for at in &word.live {
        let rest = word.text.get(at + 1..).unwrap_or_default();
        let length = braced(rest).map_or(variable(rest).len(), |name| name.len() + 2);
        text.push_str(word.text.get(copied..*at).unwrap_or_default());
        copied = if length == 0 { *at } else { at + 1 + length };
    }
    text.push_str(word.text.get(copied..).unwrap_or_default());
    if text != word.text && is_telling(&text) && !is_telling(&word.text) {
        return Word { written: Some(word.text.clone()), inner: word.inner.clone(), text, ..plain(&word) };
    }
    word
}

/// The name in braces at the begin of what follows a `$`.
fn braced(rest: &str) -> Option<&str> {
    let name = variable(rest.strip_prefix('{')?);
    rest.get(name.len() + 1..).filter(|after| !name.is_empty() && after.starts_with('}')).map(|_| name)
}

/// Whether a program is one that checks look for.
fn is_telling(program: &str) -> bool {
    names::is_downloader(program) || names::is_shell(program) || names::is_interpreter(program)
}

/// Whether a text begins with one.
pub(crate) fn begins_telling(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(is_telling)
}

/// The name at the begin of what follows a `$`.
pub(super) fn variable(rest: &str) -> &str {
    let length = match rest.bytes().next() {
        Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
        }
        Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => 1,
        _ => 0,
    };
    rest.get(..length).unwrap_or_default()
}

/// Whether a word sets a variable: `A=`, `A+=`, `A[1]=`.
pub(crate) fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    let name = name.split_once('[').filter(|(_, index)| index.ends_with(']')).map_or(name, |(name, _)| name);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
