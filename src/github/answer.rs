//! An answer of GitHub, and what is taken out of one.
//!
//! Nothing is parsed into a tree of everything: whoever reads an answer names the fields that it needs, and what is kept is
//! those. So an answer costs what its bytes are, and not a value for each of ten million empty lists.

use super::GithubError;
use crate::text::cut;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Maximum number of characters of GitHub's own words that are passed on.
const MAX_WORDS: usize = 300;

/// An answer that is no sign of trouble on the way. The token is not in it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// JSON; empty where there is none.
    pub(super) body: Bytes,
    /// Whether GitHub says that there is another page.
    pub(super) more: bool,
    /// To ask next time only whether it changed.
    pub(super) etag: Option<String>,
}

impl Answer {
    /// These fields of it. `what` names it where they are not there.
    pub(super) fn read<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, GithubError> {
        serde_json::from_slice(&self.body).map_err(|_| GithubError::Unexpected(what))
    }

    /// Whether a comparison says that its head is in the history of its base.
    pub(super) fn is_behind(&self) -> Result<bool, GithubError> {
        #[derive(Deserialize)]
        struct Compared {
            status: String,
        }
        match &*self.read::<Compared>("a comparison without a result")?.status {
            "behind" | "identical" => Ok(true),
            "ahead" | "diverged" => Ok(false),
            _ => Err(GithubError::Unexpected("a comparison without a result")),
        }
    }

    /// Itself, if it is there; none for 404.
    pub(super) fn found(self) -> Result<Option<Self>, GithubError> {
        if self.status == 404 { Ok(None) } else { self.expect(200).map(Some) }
    }

    /// Itself if it has this status, or the error that says which other one.
    pub(super) fn expect(self, status: u16) -> Result<Self, GithubError> {
        if self.status == status { Ok(self) } else { Err(self.refusal()) }
    }

    /// What GitHub says is wrong.
    pub(super) fn refusal(&self) -> GithubError {
        match self.status {
            404 => GithubError::Missing("this, or does not show it to this token".to_owned()),
            status => GithubError::Refused { status, message: words(&self.body) },
        }
    }

    /// Whether GitHub's words, in all of them, hold these.
    pub(super) fn says(&self, these: &str) -> bool {
        words(&self.body).to_ascii_lowercase().contains(&these.to_ascii_lowercase())
    }
}

/// Whether an answer of this status can be read: it says nothing, or is JSON, whatever is in it.
pub(super) fn is_whole(status: StatusCode, body: &[u8]) -> bool {
    !status.is_success() || body.is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// GitHub's words about what is wrong: the message, and those of the single errors. Empty where there are none.
pub(super) fn words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Words {
        message: Option<String>,
        #[serde(default)]
        errors: Vec<Problem>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Problem {
        Text(String),
        Object { message: String },
        Other(IgnoredAny),
    }
    let Ok(Words { message, errors }) = serde_json::from_slice(body) else { return String::new() };
    let errors = errors.into_iter().filter_map(|problem| match problem {
        Problem::Text(message) | Problem::Object { message } => Some(message),
        Problem::Other(_) => None,
    });
    let all: Vec<String> = message.into_iter().chain(errors.take(5)).collect();
    cut(&all.join(": "), MAX_WORDS).into_owned()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_found_wherever_github_puts_them_and_bounded() {
        let body = br#"{"message": "Validation Failed", "errors":
            [{"resource": "PullRequest", "message": "A pull request already exists for a:b."}, "more", 3, {}]}"#;
        assert_eq!(words(body), "Validation Failed: A pull request already exists for a:b.: more");
        assert_eq!((words(b"null"), words(b""), words(b"<p>")), Default::default());
        assert_eq!(words(format!(r#"{{"message": "{}"}}"#, "x".repeat(9_999)).as_bytes()).chars().count(), 300);
    }
}
