//! Why a call was not made, or did not end well: a closed set of words, for audit lines, and what the client is told.

use crate::provider::{Disallowed, Provider, anthropic, openai};
use crate::text::cut;
use serde::Serialize;

macro_rules! refusals {
    ($($name:ident = $word:literal, $status:literal, $message:literal;)*) => {
        /// Why a call was refused or failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Refusal {
            $(#[doc = $message] $name,)*
        }

        impl Refusal {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word for it, as audit lines have it.
            #[must_use]
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The status that the client is told.
            #[must_use]
            pub(crate) fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }
        }
    };
}

refusals! {
    // --- The request cannot be read.
    MalformedHttp = "malformed-http", 400, "the request is not strict HTTP/1.1";
    DuplicateHeader = "duplicate-header", 400, "a header that may be there once is there twice";
    HeadTooLarge = "head-too-large", 400, "the request's headers are too many or too long";
    TooSlow = "too-slow", 408, "the request did not arrive in time";
    BodyTruncated = "body-truncated", 400, "the request ended before its body did";
    // --- The request may not be made.
    HeaderNotAllowed = "header-not-allowed", 403, "a header is not allowed: no transfer or content encodings, upgrades, or \
        `connection` other than `close` and `keep-alive`";
    PathNotAllowed = "path-not-allowed", 403, "only `POST /anthropic/v1/messages`, `POST /openai/v1/responses` and \
        `POST /openai/v1/chat/completions` are allowed";
    QueryNotAllowed = "query-not-allowed", 403, "a query is not allowed, except `beta=true` for Anthropic";
    MethodNotAllowed = "method-not-allowed", 403, "only POST is allowed";
    TokenMissing = "token-missing", 403, "the client token is missing: send it as `x-api-key` or `authorization: Bearer`";
    TokenWrong = "token-wrong", 403, "the client token is not the one of this run";
    Expired = "expired", 403, "the time of this run is over";
    NoProviderKey = "no-provider-key", 403, "this run has no key for this provider";
    NotJson = "not-json", 403, "the body must be `application/json`: strict, no key twice, not deep";
    LengthMissing = "length-missing", 403, "the request must say the length of its body in `content-length`";
    BodyTooLarge = "body-too-large", 403, "the body is larger than this run allows";
    TooManyAtOnce = "too-many-at-once", 403, "as many calls as this run allows are being made already";
    ModelNotAllowed = "model-not-allowed", 403, "the model is not one of this run";
    ToolNotAllowed = "tool-not-allowed", 403, "only function tools that the client runs are allowed";
    ContentNotAllowed = "content-not-allowed", 403, "only inline text is allowed: no images, documents, files or addresses";
    StoredNotAllowed = "stored-not-allowed", 403, "nothing may be stored, run in the background or referred to";
    FieldNotAllowed = "field-not-allowed", 403, "a field or value of the request is not allowed";
    MaxTokensTooHigh = "max-tokens-too-high", 403, "the request asks for more tokens than one call may write";
    // --- A budget is spent.
    BudgetRequests = "budget-requests", 403, "this run has made all its calls";
    BudgetInputTokens = "budget-input-tokens", 403, "this run has read all its tokens, or this call might read more than are left";
    BudgetOutputTokens = "budget-output-tokens", 403, "this run has written all its tokens, or this call might write more than \
        are left";
    BudgetCost = "budget-cost", 403, "this run has spent all its money, or this call might cost more than is left";
    // --- The call was made and did not end well.
    UpstreamUnreachable = "upstream-unreachable", 502, "the provider cannot be reached";
    UpstreamTimeout = "upstream-timeout", 504, "the provider did not answer in time";
    UpstreamRedirect = "upstream-redirect", 502, "the provider answered with a redirect, which is not followed";
    UpstreamEncoded = "upstream-encoded", 502, "the provider answered in a content encoding that was not asked for";
    UpstreamTooLarge = "upstream-too-large", 502, "the provider's answer is too large";
    UpstreamMalformed = "upstream-malformed", 502, "the provider's answer is not what it should be";
    UpstreamError = "upstream-error", 502, "the provider refused the call or failed";
    UpstreamCut = "upstream-cut", 502, "the provider's answer ended before it was whole";
    UpstreamFailed = "upstream-failed", 502, "the provider reported an error within its stream";
    KeyEchoed = "key-echoed", 502, "the provider's answer held its own key and was kept back";
    ClientGone = "client-gone", 499, "the client went away before the answer was whole";
    Stopped = "stopped", 503, "the proxy was told to end";
}

impl From<Disallowed> for Refusal {
    fn from(what: Disallowed) -> Self {
        match what {
            Disallowed::Json => Self::NotJson,
            Disallowed::Tool => Self::ToolNotAllowed,
            Disallowed::Content => Self::ContentNotAllowed,
            Disallowed::Stored => Self::StoredNotAllowed,
            Disallowed::Field => Self::FieldNotAllowed,
        }
    }
}

/// The most characters of a detail that is repeated to the client.
const MAX_DETAIL: usize = 300;

/// An error as a provider would write it, with the reason as a word beside it.
#[derive(Serialize)]
struct Reasoned<T> {
    #[serde(flatten)]
    error: T,
    reason: &'static str,
}

impl Refusal {
    /// The error that the client gets, in the shape of its provider.
    pub(super) fn body(self, provider: Provider, detail: Option<&str>) -> Vec<u8> {
        let mut message = format!("mcp-registry proxy: {}: {}", self.as_str(), self.message());
        if let Some(detail) = detail {
            message.push_str(": ");
            message.push_str(&cut(detail, MAX_DETAIL));
        }
        let kind = match self.status() {
            400 | 408 => "invalid_request_error",
            403 => "permission_error",
            _ => "api_error",
        };
        let body = match provider {
            Provider::Anthropic => {
                let error = anthropic::ErrorDetail { kind: kind.to_owned(), message };
                serde_json::json!({"type": "error", "error": Reasoned { error, reason: self.as_str() }})
            }
            Provider::OpenAi => {
                let error = openai::ErrorDetail {
                    message: Some(message),
                    kind: Some(kind.to_owned()),
                    param: None,
                    code: Some(self.as_str().into()),
                };
                serde_json::json!({"error": Reasoned { error, reason: self.as_str() }})
            }
        };
        body.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_is_a_word_of_its_own_and_no_success() {
        let words: BTreeSet<&str> = Refusal::ALL.iter().map(|refusal| refusal.as_str()).collect();
        assert_eq!(words.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            let word = refusal.as_str();
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{word}");
            assert!((400..600).contains(&refusal.status()), "{word}");
        }
    }
}
