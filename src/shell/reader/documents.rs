//! Here-documents: lines that a command is given, up to one that it names.

use super::super::command::{Operator, Redirect, Word};
use super::{Mode, Pending, Reader};
use std::collections::HashMap;

/// The longest line that ends a here-document, and the most of them that one line begins.
const LONGEST_END: usize = 100;
const MOST_DOCUMENTS: usize = 20;

impl Reader<'_> {
    /// Remembers a here-document; nothing in a sum is one.
    pub(super) fn document(&mut self, sign: usize) {
        let (at, text) = (self.at, self.text);
        self.at += sign;
        if self.context().sum.is_some() {
            return;
        }
        let tabs = sign == 3;
        let blanks = self.rest(self.at).bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let start = self.at + blanks;
        let (mut end, mut quote, mut name) = (start, None, String::new());
        let mut is_odd = false;
        for (offset, c) in self.rest(start).char_indices() {
            end = start + offset;
            match (c, quote) {
                ('\n', _) => break,
                (_, Some(open)) if c == open => quote = None,
                (_, Some(_)) => name.push(c),
                ('\'' | '"', None) => quote = Some(c),
                ('\\', None) => {}
                (' ' | '\t' | '\r' | ';' | '&' | '|' | '(' | ')' | '<' | '>', None) => break,
                ('$' | '`', None) => {
                    is_odd = true;
                    name.push(c);
                }
                (_, None) => name.push(c),
            }
            if name.len() > LONGEST_END {
                break;
            }
            end = start + offset + c.len_utf8();
        }
        let in_backticks = self.modes.contains(&Mode::Backtick);
        if is_odd || quote.is_some() || in_backticks || name.len() > LONGEST_END || name.is_empty() {
            self.doubt();
            if name.is_empty() || name.len() > LONGEST_END {
                return;
            }
        }
        if self.pending.len() >= MOST_DOCUMENTS {
            self.doubt();
            return;
        }
        let word = Word {
            text: name.clone(),
            range: start..end,
            quoted: text.get(start..end).is_some_and(|written| written != name),
            ..Word::default()
        };
        let document = self.documents.len();
        self.documents.push(None);
        let context = self.context();
        context.redirects.push(Redirect {
            operator: Operator::Document,
            number: None,
            word,
            body: None,
            text: None,
            document,
        });
        let first = context.range.as_ref().map_or(at, |range| range.start);
        context.range = Some(first..end);
        self.pending.push(Pending { end: name, tabs, open: self.modes.len(), document });
        self.at = end;
    }

    /// Skips the lines of a here-document. One without an end is none: a mistake must not hide what follows.
    pub(super) fn body(&mut self, pending: &Pending) {
        if pending.open != self.modes.len() {
            self.doubt();
        }
        let text = self.text;
        let lines = &*self.lines.get_or_insert_with(|| last_lines(text));
        let key = (pending.tabs, pending.end.as_str());
        if lines.get(&key).is_none_or(|last| *last < self.at) {
            self.doubt();
            return;
        }
        let start = self.at;
        for line in self.rest(start).split_inclusive('\n') {
            self.steps += 1;
            let bare = line.trim_end_matches(['\n', '\r']);
            if (if pending.tabs { bare.trim_start_matches('\t') } else { bare }) == pending.end {
                if let Some(body) = self.documents.get_mut(pending.document) {
                    *body = Some(start..self.at);
                }
                self.strings.push(start..self.at);
                self.at += line.len();
                return;
            }
            self.at += line.len();
        }
    }
}

/// The last line of each text that could end a here-document, so that one without an end is told at once.
fn last_lines(text: &str) -> HashMap<(bool, &str), usize> {
    let (mut found, mut at) = (HashMap::new(), 0);
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        if bare.len() <= 2 * LONGEST_END {
            found.insert((false, bare), at);
            found.insert((true, bare.trim_start_matches('\t')), at);
        }
        at += line.len();
    }
    found
}
