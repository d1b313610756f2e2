//! The log of a build: lines of steps, counted, hashed, shown, and their end kept for the error.

use crate::engine::build::Step;
use crate::ids::{Digest, hex};
use crate::text::first_bytes;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Lines that an error shows.
pub(crate) const TAIL: usize = 50;
/// Bytes after which a line is taken to end.
const MAX_LINE: usize = 8 * 1024;
/// Steps that are told apart: more than any Dockerfile has.
const MAX_STEPS: usize = 10_000;

/// Something that happened in a build. Texts may hold anything: escape them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    Begins {
        /// Its number, from 1.
        step: usize,
        name: &'a str,
    },
    /// A step wrote a line.
    Line {
        /// Its number; 0 where the builder does not say.
        step: usize,
        /// The line, without its end.
        text: &'a str,
    },
    Ends {
        step: usize,
        /// Whether its result came from the cache.
        cached: bool,
        /// Why it failed; empty when it did not.
        error: &'a str,
    },
}

#[derive(Default)]
struct State {
    number: usize,
    begun: bool,
    ended: bool,
    /// The beginning of a line.
    partial: Vec<u8>,
}

pub(super) struct Log<'s> {
    show: &'s mut (dyn FnMut(&Event<'_>) + Send),
    file: Option<BufWriter<File>>,
    hash: Sha256,
    steps: HashMap<String, State>,
    tail: VecDeque<String>,
    bytes: u64,
    limit: u64,
    names: Vec<String>,
}

impl<'s> Log<'s> {
    /// An empty log, shown by `show` and written to a file if one is named.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn new(
        show: &'s mut (dyn FnMut(&Event<'_>) + Send),
        file: Option<&Path>,
        limit: u64,
    ) -> std::io::Result<Self> {
        let file = file.map(|path| File::create(path).map(BufWriter::new)).transpose()?;
        let (hash, steps, tail) = (Sha256::new(), HashMap::new(), VecDeque::new());
        Ok(Self { show, file, hash, steps, tail, bytes: 0, limit, names: Vec::new() })
    }

    /// Whether more was written than may be.
    pub(super) fn is_too_long(&self) -> bool {
        self.bytes > self.limit
    }

    pub(super) fn tail(&self) -> Vec<String> {
        self.tail.iter().cloned().collect()
    }

    /// What the steps are called.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// A step, as it is now.
    pub(super) fn step(&mut self, step: &Step) {
        let Some(state) = self.state(&step.id) else { return };
        let number = state.number;
        let begins =
            (step.started || step.completed) && !std::mem::replace(&mut state.begun, step.started || step.completed);
        let ends = step.completed && !std::mem::replace(&mut state.ended, step.completed);
        if begins {
            self.names.push(step.name.clone());
            self.count(step.name.len());
            let name = one_line(&step.name);
            (self.show)(&Event::Begins { step: number, name: &name });
            self.keep(number, &name);
        }
        if ends {
            self.end_line(&step.id);
            (self.show)(&Event::Ends { step: number, cached: step.cached, error: &step.error });
            let how = match (step.error.as_str(), step.cached) {
                ("", true) => "CACHED".to_owned(),
                ("", false) => "DONE".to_owned(),
                (error, _) => format!("ERROR: {}", one_line(error)),
            };
            self.keep(number, &how);
        }
    }

    /// Bytes that a step wrote.
    pub(super) fn output(&mut self, step: &str, bytes: &[u8]) {
        self.count(bytes.len());
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(state) = self.state(step) else { return };
            let room = MAX_LINE.saturating_sub(state.partial.len());
            state.partial.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            if part.ends_with(b"\n") || state.partial.len() >= MAX_LINE {
                self.end_line(step);
            }
        }
    }

    /// Ends the lines that nobody ended. Returns the digest of the log: of its lines as the file has them.
    pub(super) fn finish(mut self) -> std::io::Result<Digest> {
        let mut open: Vec<(usize, String)> = self.steps.iter().map(|(id, state)| (state.number, id.clone())).collect();
        open.sort();
        for (_, id) in open {
            self.end_line(&id);
        }
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        let digest = format!("sha256:{}", hex(&self.hash.finalize()));
        Digest::parse(&digest).map_err(std::io::Error::other)
    }

    fn state(&mut self, id: &str) -> Option<&mut State> {
        let number = if id.is_empty() { 0 } else { self.steps.len() + 1 };
        if number > MAX_STEPS {
            return self.steps.get_mut(id);
        }
        Some(self.steps.entry(id.to_owned()).or_insert_with(|| State { number, ..State::default() }))
    }

    fn count(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    fn end_line(&mut self, step: &str) {
        let Some(state) = self.steps.get_mut(step).filter(|state| !state.partial.is_empty()) else { return };
        let number = state.number;
        let bytes = std::mem::take(&mut state.partial);
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        // What a progress bar wrote over and over: its last state.
        let text = text.rsplit('\r').next().unwrap_or(text);
        (self.show)(&Event::Line { step: number, text });
        self.keep(number, text);
    }

    fn keep(&mut self, step: usize, text: &str) {
        let line = if step == 0 { text.to_owned() } else { format!("#{step} {text}") };
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        if let Some(file) = &mut self.file {
            // That the file cannot be written is said at the end.
            let _ = writeln!(file, "{line}");
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }
}

fn one_line(text: &str) -> String {
    let parts = text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty());
    first_bytes(&parts.collect::<Vec<_>>().join(" "), MAX_LINE).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Event, Log, TAIL};
    use crate::engine::build::Step;

    #[test]
    fn lines_are_put_together_counted_hashed_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut seen = Vec::new();
        let mut show = |event: &Event<'_>| seen.push(format!("{event:?}"));
        let mut log = Log::new(&mut show, Some(&path), 60).unwrap();
        let step = |id: &str, completed| Step {
            id: id.to_owned(),
            name: format!("[{id}]\n RUN x"),
            started: true,
            completed,
            ..Step::default()
        };
        log.step(&Step { started: false, ..step("a", false) });
        log.step(&step("a", false));
        log.step(&step("b", false));
        log.output("a", b"one\ntw");
        log.output("b", b"10%\r20%\r\n");
        log.output("a", b"o\n\xffthree");
        log.step(&step("a", true));
        log.step(&step("a", true));
        assert!(!log.is_too_long());
        log.output("", "x".repeat(9000).as_bytes());
        assert!(log.is_too_long());
        assert!(log.tail().len() < TAIL && log.names().len() == 2);
        let digest = log.finish().unwrap();
        let text = std::fs::read(&path).unwrap();
        assert_eq!(
            digest.as_str(),
            format!("sha256:{}", crate::ids::hex(&<sha2::Sha256 as sha2::Digest>::digest(&text)))
        );
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..7],
            ["#1 [a] RUN x", "#2 [b] RUN x", "#1 one", "#2 20%", "#1 two", "#1 \u{fffd}three", "#1 DONE"]
        );
        assert_eq!((lines[7].len(), lines.len(), seen.len()), (8192, 8, 8));
    }
}
