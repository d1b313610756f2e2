//! What has been said so far, in no provider's words, and how it is kept within bounds.
//!
//! The order is always: user, assistant, user, assistant. A turn with calls is followed by the results of exactly those
//! calls. Making room changes texts, never that.

use crate::provider::{anthropic, openai};
use crate::text::first;

/// What stands in place of a result that was let go.
pub(super) const LET_GO: &str = "This result was removed to make room. Call the tool again if it is still needed.";
/// Turns at the end that making room never touches: what the model is working on.
const UNTOUCHED: usize = 4;
/// Arguments of more bytes are let go with the results.
const SMALL: usize = 1_024;
/// The most characters of a tool's name that are given back to a provider.
const MAX_NAME: usize = 64;

/// A call of a tool, as the model made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// What the result refers to.
    pub(super) id: String,
    pub(super) name: String,
    /// The arguments, as text: JSON, if the model made it so.
    pub(super) arguments: String,
}

impl Call {
    /// The name as every provider takes it back: a model may have made up one with other characters.
    pub(super) fn safe_name(&self) -> String {
        let safe = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        let name: String = first(&self.name, MAX_NAME).chars().map(|c| if safe(c) { c } else { '_' }).collect();
        if name.is_empty() { "unnamed".to_owned() } else { name }
    }
}

/// A part of what the model said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text(String),
    Call(Call),
    /// A thought, in the form in which its provider wants it back.
    Thought(Thought),
}

/// What the model thought: for its provider alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Thought {
    Anthropic(anthropic::Block),
    OpenAi(openai::Item),
}

impl Thought {
    fn bytes(&self) -> usize {
        match self {
            Self::Anthropic(block) => serde_json::to_string(block),
            Self::OpenAi(item) => serde_json::to_string(item),
        }
        .map_or(0, |text| text.len())
    }
}

/// The result of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallResult {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) error: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Turn {
    User(String),
    Assistant(Vec<Part>),
    /// The results of its calls, all of them in their order, and what we have to say besides.
    Results(Vec<CallResult>, Option<String>),
}

impl Turn {
    fn bytes(&self) -> usize {
        match self {
            Self::User(text) => text.len(),
            Self::Assistant(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.len(),
                    Part::Call(call) => call.id.len() + call.name.len() + call.arguments.len(),
                    Part::Thought(thought) => thought.bytes(),
                })
                .sum(),
            Self::Results(results, note) => {
                let texts: usize = results.iter().map(|result| result.id.len() + result.text.len()).sum();
                texts + note.as_ref().map_or(0, String::len)
            }
        }
    }

    fn let_go(&mut self) {
        match self {
            Self::User(_) => {}
            Self::Assistant(parts) => {
                // Thoughts are of use while their calls are being answered.
                if parts.iter().any(|part| !matches!(part, Part::Thought(_))) {
                    parts.retain(|part| !matches!(part, Part::Thought(_)));
                }
                for part in parts {
                    if let Part::Call(call) = part
                        && call.arguments.len() > SMALL
                    {
                        call.arguments = "{}".to_owned();
                    }
                }
            }
            Self::Results(results, _) => {
                for result in results.iter_mut().filter(|result| result.text.len() > LET_GO.len()) {
                    result.text = LET_GO.to_owned();
                }
            }
        }
    }
}

/// Everything that has been said.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) system: String,
    /// The turns; the first and the last are ours whenever the model is asked.
    pub(super) turns: Vec<Turn>,
}

impl Conversation {
    pub(super) fn new(system: String, task: String) -> Self {
        Self { system, turns: vec![Turn::User(task)] }
    }

    /// Adds a word of ours to the last turn, which is ours.
    pub(super) fn say(&mut self, text: &str) {
        match self.turns.last_mut() {
            Some(Turn::User(said)) => *said = format!("{said}\n{text}"),
            Some(Turn::Results(_, note)) => {
                *note = Some(note.take().map_or(text.to_owned(), |note| format!("{note}\n{text}")))
            }
            Some(Turn::Assistant(_)) | None => {}
        }
    }

    /// How many bytes the model has to read.
    pub(super) fn bytes(&self) -> usize {
        self.system.len() + self.turns.iter().map(Turn::bytes).sum::<usize>()
    }

    /// Lets the oldest results go until no more than `target` bytes are left, or nothing is left to let go. The first turn,
    /// which is the task, and the last ones stay. Returns how many bytes were freed.
    pub(super) fn make_room(&mut self, target: usize) -> usize {
        let before = self.bytes();
        let mut bytes = before;
        let end = self.turns.len().saturating_sub(UNTOUCHED);
        for turn in self.turns.iter_mut().take(end).skip(1) {
            if bytes <= target {
                break;
            }
            let was = turn.bytes();
            turn.let_go();
            bytes -= was - turn.bytes();
        }
        before - bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, CallResult, Conversation, LET_GO, Part, Turn};

    fn round(id: &str, size: usize) -> [Turn; 2] {
        let call = Call { id: id.to_owned(), name: "grep".to_owned(), arguments: "a".repeat(size) };
        let result = CallResult { id: id.to_owned(), text: "r".repeat(size), error: false };
        [
            Turn::Assistant(vec![Part::Text("looking".to_owned()), Part::Call(call)]),
            Turn::Results(vec![result], Some("note".to_owned())),
        ]
    }

    #[test]
    fn the_oldest_results_go_first_and_the_order_of_turns_stays() {
        let mut conversation = Conversation::new("system".to_owned(), "task".repeat(1_000));
        for id in ["1", "2", "3", "4"] {
            conversation.turns.extend(round(id, 10_000));
        }
        let kinds = |conversation: &Conversation| -> Vec<std::mem::Discriminant<Turn>> {
            conversation.turns.iter().map(std::mem::discriminant).collect()
        };
        let (before, order) = (conversation.bytes(), kinds(&conversation));
        let freed = conversation.make_room(before - 15_000);
        assert_eq!(conversation.bytes(), before - freed);
        assert!((15_000..21_000).contains(&freed), "{freed}");
        assert_eq!(kinds(&conversation), order);
        let gone: Vec<bool> = conversation
            .turns
            .iter()
            .filter_map(|turn| match turn {
                Turn::Results(results, note) => {
                    assert_eq!(note.as_deref(), Some("note"));
                    results.first().map(|result| result.text == LET_GO)
                }
                _ => None,
            })
            .collect();
        assert_eq!(gone, [true, false, false, false]);
        // What the model is working on stays, however little room there is.
        conversation.make_room(0);
        assert_eq!(conversation.turns[5..], [round("3", 10_000), round("4", 10_000)].concat());
        assert_eq!(conversation.turns[0], Turn::User("task".repeat(1_000)));
        assert_eq!(conversation.make_room(0), 0);
    }

    #[test]
    fn a_made_up_name_is_given_back_as_providers_take_it() {
        let name = |name: &str| Call { id: String::new(), name: name.to_owned(), arguments: String::new() }.safe_name();
        assert_eq!(name("read_file"), "read_file");
        assert_eq!(name("read file\n<x>"), "read_file__x_");
        assert_eq!(name(""), "unnamed");
        assert_eq!(name(&"x".repeat(500)).len(), 64);
    }
}
