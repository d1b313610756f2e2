//! Reads the provider's own count of tokens out of its answers, while they pass.

use crate::provider::sse::{Decoder, EventTooLarge};
use crate::provider::{Api, Usage, anthropic, chat, openai};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The usage in a whole answer. None when it says none. An error when it is not an answer.
pub(super) fn of_answer(api: Api, body: &[u8]) -> Result<Option<Usage>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Only<T> {
        #[serde(default = "Option::default")]
        usage: Option<T>,
    }
    Ok(match api {
        Api::Messages => {
            serde_json::from_slice::<Only<anthropic::WireUsage>>(body)?.usage.and_then(|usage| usage.usage())
        }
        Api::Responses => {
            serde_json::from_slice::<Only<openai::WireUsage>>(body)?.usage.and_then(|usage| usage.usage())
        }
        Api::Chat => serde_json::from_slice::<Only<chat::WireUsage>>(body)?.usage.and_then(|usage| usage.usage()),
    })
}

/// How far a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Open,
    /// The answer is whole; with its usage, if it said so.
    Whole(Option<Usage>),
    /// The provider said that it failed.
    Failed,
}

#[derive(Debug)]
pub(super) struct Meter {
    api: Api,
    decoder: Decoder,
    seen: Usage,
    counted: bool,
    progress: Progress,
}

impl Meter {
    pub(super) fn new(api: Api) -> Self {
        let (seen, counted, progress) = (Usage::default(), false, Progress::Open);
        Self { api, decoder: Decoder::default(), seen, counted, progress }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When an event is too large.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), EventTooLarge> {
        for event in self.decoder.push(bytes)? {
            match self.api {
                Api::Messages => self.anthropic(&event.data),
                Api::Responses => self.openai(&event.data),
                Api::Chat => self.chat(&event.data),
            }
        }
        Ok(())
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// What is known of the usage, whether the answer is whole or not.
    pub(super) fn seen(&self) -> Usage {
        self.seen
    }

    fn anthropic(&mut self, data: &str) {
        #[derive(Deserialize)]
        struct Start {
            usage: anthropic::WireUsage,
        }
        #[derive(Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        enum Said {
            MessageStart {
                message: Start,
            },
            MessageDelta {
                usage: anthropic::WireUsage,
            },
            MessageStop,
            Error,
            #[serde(other)]
            Other,
        }
        match serde_json::from_str(data) {
            Ok(Said::MessageStart { message }) => self.seen = self.seen.max(message.usage.at_least()),
            Ok(Said::MessageDelta { usage }) => {
                self.counted |= usage.output_tokens.is_some() && self.seen.input_tokens > 0;
                self.seen = self.seen.max(usage.at_least());
            }
            Ok(Said::MessageStop) if self.progress == Progress::Open => {
                self.progress = Progress::Whole(self.counted.then_some(self.seen));
            }
            Ok(Said::Error) => self.progress = Progress::Failed,
            Ok(Said::MessageStop | Said::Other) | Err(_) => {}
        }
    }

    fn openai(&mut self, data: &str) {
        #[derive(Deserialize)]
        struct End {
            #[serde(default)]
            usage: Option<openai::WireUsage>,
        }
        #[derive(Deserialize)]
        #[serde(tag = "type")]
        enum Said {
            #[serde(rename = "response.completed", alias = "response.incomplete")]
            Whole { response: End },
            #[serde(rename = "response.failed", alias = "error")]
            Failed,
            #[serde(other)]
            Other,
        }
        match serde_json::from_str(data) {
            Ok(Said::Whole { response }) if self.progress == Progress::Open => {
                let usage = response.usage.and_then(|usage| usage.usage());
                self.seen = self.seen.max(usage.unwrap_or_default());
                self.progress = Progress::Whole(usage);
            }
            Ok(Said::Failed) => self.progress = Progress::Failed,
            Ok(_) | Err(_) => {}
        }
    }

    fn chat(&mut self, data: &str) {
        #[derive(Deserialize)]
        struct Said {
            #[serde(default)]
            usage: Option<chat::WireUsage>,
            #[serde(default)]
            error: Option<IgnoredAny>,
        }
        if data.trim() == "[DONE]" {
            if self.progress == Progress::Open {
                self.progress = Progress::Whole(self.counted.then_some(self.seen));
            }
            return;
        }
        let Ok(said) = serde_json::from_str::<Said>(data) else { return };
        if said.error.is_some() {
            self.progress = Progress::Failed;
        }
        if let Some(usage) = said.usage.and_then(|usage| usage.usage()) {
            self.counted = true;
            self.seen = self.seen.max(usage);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Meter, Progress, of_answer};
    use crate::provider::{Api, Usage};

    fn follow(api: Api, stream: &str) -> (Progress, Usage) {
        let mut meter = Meter::new(api);
        stream.as_bytes().chunks(7).for_each(|piece| meter.push(piece).unwrap());
        (meter.progress(), meter.seen())
    }

    #[test]
    fn anthropic_counts_in_two_places() {
        let start =
            "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n";
        let delta = "data: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":7}}\n\n";
        let stop = "data: {\"type\":\"message_stop\"}\n\n";
        let usage = Usage { input_tokens: 9, cache_write_tokens: 0, output_tokens: 7 };
        let whole = format!("{start}: ping\n\ndata: no JSON\n\n{delta}{stop}");
        assert_eq!(follow(Api::Messages, &whole), (Progress::Whole(Some(usage)), usage));
        assert_eq!(follow(Api::Messages, &format!("{start}{delta}")).0, Progress::Open);
        // Without either count nothing is known.
        assert_eq!(follow(Api::Messages, &format!("{start}{stop}")).0, Progress::Whole(None));
        assert_eq!(follow(Api::Messages, &format!("{delta}{stop}")).0, Progress::Whole(None));
        let error = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";
        assert_eq!(follow(Api::Messages, &format!("{start}{error}{stop}")).0, Progress::Failed);
    }

    #[test]
    fn openai_counts_at_the_end() {
        let end = |kind: &str, usage: &str| {
            let stream = format!("data: {{\"type\":\"response.{kind}\",\"response\":{{\"usage\":{usage}}}}}\n\n");
            follow(Api::Responses, &stream).0
        };
        let usage = Usage { input_tokens: 9, cache_write_tokens: 0, output_tokens: 7 };
        let said = "{\"input_tokens\":9,\"output_tokens\":7,\"total_tokens\":16}";
        assert_eq!(end("completed", said), Progress::Whole(Some(usage)));
        assert_eq!(end("incomplete", said), Progress::Whole(Some(usage)));
        assert_eq!(end("completed", "null"), Progress::Whole(None));
        assert_eq!(end("failed", said), Progress::Failed);
        assert_eq!(end("created", "null"), Progress::Open);
    }

    #[test]
    fn chat_counts_after_the_last_word() {
        let text = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":null,\"error\":null}\n\n";
        let count = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":7}}\n\n";
        let (done, error) = ("data: [DONE]\n\n", "data: {\"error\":{\"message\":\"x\"}}\n\n");
        let usage = Usage { input_tokens: 9, cache_write_tokens: 0, output_tokens: 7 };
        assert_eq!(follow(Api::Chat, &format!("{text}{count}{done}")), (Progress::Whole(Some(usage)), usage));
        // What some count on the way is no more than the end says.
        let early = count.replace("\"completion_tokens\":7", "\"completion_tokens\":1");
        assert_eq!(follow(Api::Chat, &format!("{early}{text}{count}{done}")).1, usage);
        assert_eq!(follow(Api::Chat, &format!("{text}{done}")).0, Progress::Whole(None));
        assert_eq!(follow(Api::Chat, &format!("{text}{count}")), (Progress::Open, usage));
        assert_eq!(follow(Api::Chat, &format!("{text}{error}{done}")).0, Progress::Failed);
    }

    #[test]
    fn a_whole_answer_says_its_usage_or_not() {
        let usage = Usage { input_tokens: 6, cache_write_tokens: 1, output_tokens: 7 };
        let body = br#"{"usage":{"input_tokens":3,"cache_creation_input_tokens":1,"cache_read_input_tokens":2,"output_tokens":7}}"#;
        assert_eq!(of_answer(Api::Messages, body).unwrap(), Some(usage));
        let body = br#"{"usage":{"prompt_tokens":6,"completion_tokens":7}}"#;
        let usage = Usage { cache_write_tokens: 0, ..usage };
        assert_eq!(of_answer(Api::Chat, body).unwrap(), Some(usage));
        assert_eq!(of_answer(Api::Responses, br#"{"usage":null}"#).unwrap(), None);
        assert!(of_answer(Api::Responses, b"<html>").is_err());
    }
}
