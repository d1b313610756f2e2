//! What the agents of this program say while they work ([`crate::agent::Event`]): numbers, and nothing else of it is read.

use super::{AgentChoice, Asking, name_of};
use crate::review::Phase;
use crate::review::sandbox::Watch;
use crate::verdict::report::Coverage;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

/// The longest line that is looked at.
const MAX_LINE: usize = 4 << 10;

/// What was heard so far.
#[derive(Debug, Default)]
struct Heard {
    /// The beginning of a line.
    partial: Vec<u8>,
    turns: u64,
    read: u64,
    of: u64,
    tokens: u64,
}

impl Heard {
    /// Takes a line. Whether it says anything new.
    fn line(&mut self, line: &[u8]) -> bool {
        let event: Value = serde_json::from_slice(line).unwrap_or_default();
        let number = |name: &str| event[name].as_u64().unwrap_or(0);
        match event["event"].as_str() {
            Some("start") => self.of = number("changed"),
            Some("answered") => {
                self.turns = number("turn");
                self.tokens = self.tokens.max(number("input_tokens").saturating_add(number("output_tokens")));
            }
            Some("coverage") => (self.read, self.of) = (number("read"), number("of")),
            _ => return false,
        }
        true
    }
}

/// Passes on what an agent of this program says; nothing of others.
pub(super) fn watch(choice: &AgentChoice, asking: Asking) -> Option<Watch> {
    if matches!(choice, AgentChoice::Image { .. }) {
        return None;
    }
    let (agent, heard) = (name_of(choice).to_owned(), Mutex::new(Heard::default()));
    Some(Watch(Box::new(move |bytes| {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = false;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(heard.partial.len());
            heard.partial.extend_from_slice(piece.get(..piece.len().min(room)).unwrap_or_default());
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut heard.partial);
                new |= heard.line(&line);
            }
        }
        if new {
            let Heard { turns, read, of, tokens, .. } = *heard;
            asking(Phase::Looking { agent: agent.clone(), turns, read, of, tokens });
        }
    })))
}

/// What an agent of this program says that it opened, by the end of its standard error.
pub(super) fn coverage(stderr: &[u8]) -> Option<Coverage> {
    let text = String::from_utf8_lossy(stderr);
    let events = text.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let last = events.into_iter().find(|event| event["event"] == "coverage")?;
    let number = |name: &str| last[name].as_u64().and_then(|number| usize::try_from(number).ok());
    let (read, of) = (number("read")?, number("of")?);
    Some(Coverage { read: read.min(of), of })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{AgentChoice, Phase, coverage, watch};
    use crate::provider::Api;
    use std::sync::{Arc, Mutex};

    #[test]
    fn progress_is_numbers_whatever_is_written() {
        let told = Arc::new(Mutex::new(String::new()));
        let asking = {
            let told = told.clone();
            Arc::new(move |phase: Phase| told.lock().unwrap().push_str(&format!("{phase}\n")))
        };
        let choice = AgentChoice::BuiltIn { api: Api::Messages, model: "m".into(), stream: true };
        let watch = watch(&choice, asking).unwrap();
        (watch.0)(b"{\"event\":\"start\",\"files\":9,\"changed\":2,\"prompt\":\"1\"}\n{\"event\":\"cover");
        (watch.0)(b"age\",\"read\":1,\"of\":2}\n\x1b[31mnoise\n{\"event\":\"answered\",\"turn\":\"\x07\"}\n");
        (watch.0)(b"{\"event\":\"answered\",\"turn\":3,\"calls\":1,\"input_tokens\":1000,\"output_tokens\":50}\n");
        insta::assert_snapshot!(told.lock().unwrap(), @r"
        builtin: turn 0, 0 of 2 files read, 0 tokens
        builtin: turn 0, 1 of 2 files read, 0 tokens
        builtin: turn 3, 1 of 2 files read, 1050 tokens
        ");
    }

    #[test]
    fn the_last_word_about_coverage_counts() {
        let said = b"x\n{\"event\":\"coverage\",\"read\":1,\"of\":4}\n{\"event\":\"coverage\",\"read\":9,\"of\":4}\n{\"event\":\"end\"}\n";
        let found = coverage(said).unwrap();
        assert_eq!((found.read, found.of), (4, 4));
        assert_eq!(coverage(b"{\"event\":\"end\"}\n"), None);
    }
}
