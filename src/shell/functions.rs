//! The functions that a text defines.

use super::command::Command;
use std::collections::HashMap;

/// The most commands of all bodies that are remembered.
const MOST: usize = 5_000;

#[derive(Debug, Default)]
pub(crate) struct Functions {
    bodies: HashMap<String, Vec<Command>>,
    /// Those whose body has begun: how many braces are open in it, and what was read of it.
    open: Vec<(String, usize, Vec<Command>)>,
    /// The one whose body comes next.
    next: Option<String>,
    kept: usize,
    is_beyond: bool,
}

impl Functions {
    /// Takes notice of the next command of the text.
    pub(crate) fn note(&mut self, command: &Command) {
        let word = |at: usize| command.words.get(at).filter(|word| !word.quoted).map_or("", |word| word.text.as_str());
        let (skipped, opens) = match (word(0), self.next.take()) {
            _ if command.defines => {
                self.next = command.words.last().map(|name| name.text.clone());
                return;
            }
            ("function", _) if word(2) == "{" => {
                self.open.push((word(1).to_owned(), 0, Vec::new()));
                (2, true)
            }
            ("function", _) => {
                self.next = Some(word(1).to_owned());
                return;
            }
            ("{", Some(name)) => {
                self.open.push((name, 0, Vec::new()));
                (0, true)
            }
            _ => (0, false),
        };
        let Some((_, depth, body)) = self.open.last_mut() else { return };
        let mut at = skipped;
        while matches!(word(at), "{" | "then" | "do" | "else" | "!") {
            *depth += usize::from(word(at) == "{");
            at += 1;
        }
        if word(at) == "}" {
            *depth = depth.saturating_sub(1);
        }
        if *depth == 0 {
            if let Some((name, _, body)) = self.open.pop() {
                self.bodies.insert(name, body);
            }
        } else if self.kept >= MOST {
            self.is_beyond = true;
        } else {
            self.kept += 1;
            let mut command = command.clone();
            // Its own brace is not part of a body.
            let own = if opens { skipped + 1 } else { 0 };
            command.words.drain(..own.min(command.words.len()));
            if !command.words.is_empty() || !command.redirects.is_empty() {
                body.push(command);
            }
        }
    }

    /// Whether some of a body was not remembered.
    #[must_use]
    pub(crate) fn is_beyond(&self) -> bool {
        self.is_beyond
    }

    pub(crate) fn body(&self, name: &str) -> Option<&[Command]> {
        self.bodies.get(name).map(Vec::as_slice)
    }
}
