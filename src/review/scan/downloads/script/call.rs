//! What functions of the text do where they are called, with the arguments that they are given.

use super::super::can_have;
use super::super::files::{Piped, is_stop};
use super::words::Seen;
use super::{Scope, Walk};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

/// How many functions are followed that call each other, and how often the same one with the same arguments.
const DEPTH: usize = 10;
const SAME: usize = 2;
/// The most commands of functions that are looked at again where they are called, and their bytes.
const MOST_CALLED: usize = 20_000;
const MOST_BYTES: usize = 4_000_000;
/// The most commands that are kept because functions are among them.
const MOST_KEPT: usize = 50_000;

/// What stands for an argument that commands downloaded; no variable has such a name.
const DOWNLOADED: &str = "$<downloaded>";

/// The functions that were defined so far.
#[derive(Debug)]
pub(super) struct Functions {
    bodies: HashMap<String, (Rc<Scope>, Range<usize>)>,
    kept: usize,
    last: Option<Rc<Scope>>,
    is_beyond: bool,
    called: usize,
    bytes: usize,
    /// Those that are looked at now, with their arguments.
    open: Vec<(String, VecDeque<String>)>,
}

impl Default for Functions {
    fn default() -> Self {
        Self {
            bodies: HashMap::new(),
            kept: 0,
            last: None,
            is_beyond: false,
            called: MOST_CALLED,
            bytes: MOST_BYTES,
            open: Vec::new(),
        }
    }
}

impl Functions {
    pub(super) fn has(&self, name: &str) -> bool {
        self.bodies.contains_key(name)
    }

    /// Whether some of the functions are not known.
    pub(super) fn is_beyond(&self) -> bool {
        self.is_beyond
    }

    pub(super) fn define(&mut self, name: &str, scope: &Rc<Scope>, body: Range<usize>) {
        if !self.last.as_ref().is_some_and(|last| Rc::ptr_eq(last, scope)) {
            self.kept += scope.list.len();
            self.last = Some(scope.clone());
        }
        if self.kept > MOST_KEPT {
            self.is_beyond = true;
            return;
        }
        self.bodies.insert(name.to_owned(), (scope.clone(), body));
    }

    /// Makes room for a call; false when there is none.
    fn spend(&mut self, scope: &Scope, body: &Range<usize>) -> bool {
        let rest = self.called.checked_sub(body.len()).zip(self.bytes.checked_sub(scope.list.place(body).len()));
        let Some((called, bytes)) = rest else { return false };
        (self.called, self.bytes) = (called, bytes);
        true
    }
}

/// What a call does.
pub(super) struct Called {
    pub(super) output: Piped,
    /// Whether it may end the script, as a function does that tells of a failure.
    pub(super) stops: bool,
}

impl Walk<'_> {
    pub(super) fn call(&mut self, seen: &Seen, scope: &Scope, piped: &Piped, collects: bool) -> Option<Called> {
        let (body_scope, body) = self.functions.bodies.get(&seen.name)?.clone();
        let arguments = seen.arguments().iter().enumerate().map(|(at, word)| {
            if seen.output(at).downloads {
                self.files.add(DOWNLOADED);
                return DOWNLOADED.to_owned();
            }
            word.text.clone()
        });
        let arguments: VecDeque<String> = arguments.collect();
        let open = self.functions.open.iter();
        let same = open.filter(|(name, given)| *name == seen.name && *given == arguments).count();
        let place = scope.place.of(&seen.range);
        if same >= SAME {
            // Nothing else happens than before.
            return None;
        }
        if self.functions.open.len() >= DEPTH || !self.functions.spend(&body_scope, &body) {
            let mentions = |word: &str| can_have(word);
            if self.files.knows_any()
                || body_scope.list.any_word(&body, mentions)
                || arguments.iter().any(|word| can_have(word))
            {
                self.beyond(place);
            }
            return None;
        }
        let input = self.fed(&seen.given, piped.inherit());
        let outer = self.files.environment.replace_arguments(arguments.clone());
        self.functions.open.push((seen.name.clone(), arguments));
        let (known, pending) = (self.found.len(), self.files.enter_body());
        let output = self.commands(&body_scope, body.clone(), &input, collects, true);
        self.files.leave_body(pending);
        self.functions.open.pop();
        self.files.environment.replace_arguments(outer);
        // What a function does whatever it is given was found where it stands, and is not new here.
        for (does, _) in self.found.split_off(known) {
            self.add(does, place.clone());
        }
        Some(Called { output, stops: body_scope.list.any_word(&body, is_stop) })
    }
}
