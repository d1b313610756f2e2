//! Reads the provider's own count of tokens out of its answers, while they pass.

use crate::provider::sse::{Decoder, EventTooLarge};
use crate::provider::{Provider, Usage, anthropic, openai};
use serde::Deserialize;

/// The usage in a whole answer. None when it says none. An error when it is not an answer.
pub(super) fn of_answer(provider: Provider, body: &[u8]) -> Result<Option<Usage>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Only<T> {
        #[serde(default = "Option::default")]
        usage: Option<T>,
    }
    Ok(match provider {
        Provider::Anthropic => {
            serde_json::from_slice::<Only<anthropic::WireUsage>>(body)?.usage.and_then(|usage| usage.usage())
        }
        Provider::OpenAi => {
            serde_json::from_slice::<Only<openai::WireUsage>>(body)?.usage.and_then(|usage| usage.usage())
        }
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
    provider: Provider,
    decoder: Decoder,
    seen: Usage,
    counted: bool,
    progress: Progress,
}

impl Meter {
    pub(super) fn new(provider: Provider) -> Self {
        let (seen, counted, progress) = (Usage::default(), false, Progress::Open);
        Self { provider, decoder: Decoder::default(), seen, counted, progress }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When an event is too large.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), EventTooLarge> {
        for event in self.decoder.push(bytes)? {
            match self.provider {
                Provider::Anthropic => self.anthropic(&event.data),
                Provider::OpenAi => self.openai(&event.data),
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
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Meter, Progress, of_answer};
    use crate::provider::{Provider, Usage};

    fn follow(provider: Provider, stream: &str) -> (Progress, Usage) {
        let mut meter = Meter::new(provider);
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
        assert_eq!(follow(Provider::Anthropic, &whole), (Progress::Whole(Some(usage)), usage));
        assert_eq!(follow(Provider::Anthropic, &format!("{start}{delta}")).0, Progress::Open);
        // Without either count nothing is known.
        assert_eq!(follow(Provider::Anthropic, &format!("{start}{stop}")).0, Progress::Whole(None));
        assert_eq!(follow(Provider::Anthropic, &format!("{delta}{stop}")).0, Progress::Whole(None));
        let error = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";
        assert_eq!(follow(Provider::Anthropic, &format!("{start}{error}{stop}")).0, Progress::Failed);
    }

    #[test]
    fn openai_counts_at_the_end() {
        let end = |kind: &str, usage: &str| {
            let stream = format!("data: {{\"type\":\"response.{kind}\",\"response\":{{\"usage\":{usage}}}}}\n\n");
            follow(Provider::OpenAi, &stream).0
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
    fn a_whole_answer_says_its_usage_or_not() {
        let usage = Usage { input_tokens: 6, cache_write_tokens: 1, output_tokens: 7 };
        let body = br#"{"usage":{"input_tokens":3,"cache_creation_input_tokens":1,"cache_read_input_tokens":2,"output_tokens":7}}"#;
        assert_eq!(of_answer(Provider::Anthropic, body).unwrap(), Some(usage));
        assert_eq!(of_answer(Provider::OpenAi, br#"{"usage":null}"#).unwrap(), None);
        assert!(of_answer(Provider::OpenAi, b"<html>").is_err());
    }
}
