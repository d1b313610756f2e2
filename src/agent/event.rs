//! What the agent says about itself while it works: numbers and our own words. Never a name, a path or a text of the code
//! under review, nor a word of the model.

use crate::provider::Usage;
use crate::verdict::document::Status;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Start {
        files: usize,
        /// Of those, the ones that changed.
        changed: usize,
        /// The version of the prompts.
        prompt: &'static str,
    },
    Turn {
        /// Which time, from 1.
        turn: u32,
        /// Bytes that it has to read.
        bytes: usize,
    },
    Answered {
        /// Which time, from 1.
        turn: u32,
        /// Calls of tools in the answer.
        calls: usize,
        input_tokens: u64,
        output_tokens: u64,
    },
    Tool {
        /// The tool; `unknown` for one that there is not.
        name: &'static str,
        /// Bytes of the result.
        bytes: usize,
        error: bool,
    },
    /// The provider is asked again.
    Retry {
        /// The status that it answered with; none when it did not answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// What was wrong: `status`, `connection`, `timeout`, `cut`, `malformed` or `provider`.
        why: &'static str,
        /// How often it has been asked.
        attempt: u32,
        /// Milliseconds until it is asked again.
        wait_ms: u64,
    },
    /// Old results were let go.
    Room {
        /// Bytes that were freed.
        freed: usize,
    },
    /// The model answered without a call, and was told to make one.
    Reminded {
        times: u32,
    },
    /// What it said at the end could not be taken, and it was told why.
    Rejected {
        times: u32,
    },
    /// How many of the files under review were opened so far.
    Coverage {
        read: usize,
        /// Of so many: those that changed, or all.
        of: usize,
    },
    End {
        status: Status,
        findings: usize,
        input_tokens: u64,
        output_tokens: u64,
    },
}

impl Event {
    /// Adds up what was counted.
    pub(super) fn answered(turn: u32, calls: usize, usage: Usage) -> Self {
        Self::Answered { turn, calls, input_tokens: usage.input_tokens, output_tokens: usage.output_tokens }
    }
}
