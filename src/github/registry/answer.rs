//! An answer of GitHub, and what is taken out of one.

use super::RegistryError;
use crate::ids::CommitSha;
use crate::text::cut;
use serde_json::Value;

/// The most characters of GitHub's own words that are passed on.
const MAX_MESSAGE: usize = 300;

/// A status that is no sign of trouble on the way, and its body: null where there is none.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    /// Whether GitHub says that there is another page.
    pub(super) more: bool,
}

impl Answer {
    /// Itself, if it is what was asked for; none for what is not there.
    pub(super) fn found(self) -> Option<Self> {
        (self.status == 200).then_some(self)
    }

    /// Itself if it has this status, or the error that says which other one.
    pub(super) fn expect(self, status: u16) -> Result<Self, RegistryError> {
        if self.status == status { Ok(self) } else { Err(self.refusal()) }
    }

    /// What GitHub says is wrong.
    pub(super) fn refusal(&self) -> RegistryError {
        let message = message(&self.body);
        match self.status {
            404 => RegistryError::Missing("this, or does not show it to this token".to_owned()),
            status => RegistryError::Refused { status, message },
        }
    }

    /// Whether GitHub's words, in all of them, hold these.
    pub(super) fn says(&self, words: &str) -> bool {
        message(&self.body).to_ascii_lowercase().contains(&words.to_ascii_lowercase())
    }
}

/// GitHub's words about what is wrong: the message, and those of the single errors.
pub(super) fn message(body: &Value) -> String {
    let mut words = vec![body.get("message").and_then(Value::as_str).unwrap_or("no reason given")];
    let errors = body.get("errors").and_then(Value::as_array).into_iter().flatten();
    words.extend(errors.filter_map(|error| error.as_str().or_else(|| error.get("message")?.as_str())).take(5));
    cut(&words.join(": "), MAX_MESSAGE).into_owned()
}

/// A text at this JSON pointer.
pub(super) fn text<'a>(body: &'a Value, pointer: &str) -> Result<&'a str, RegistryError> {
    body.pointer(pointer).and_then(Value::as_str).ok_or(RegistryError::Unexpected("a text is missing"))
}

/// A commit's id at this JSON pointer.
pub(super) fn commit(body: &Value, pointer: &str) -> Result<CommitSha, RegistryError> {
    CommitSha::parse(text(body, pointer)?).map_err(|_| RegistryError::Unexpected("an id that is none"))
}

/// The items of a list.
pub(super) fn items(body: &Value) -> Result<&[Value], RegistryError> {
    body.as_array().map(Vec::as_slice).ok_or(RegistryError::Unexpected("a list that is none"))
}

#[cfg(test)]
mod tests {
    use super::message;
    use serde_json::json;

    #[test]
    fn words_are_found_wherever_github_puts_them_and_bounded() {
        let body = json!({
            "message": "Validation Failed",
            "errors": [{"resource": "PullRequest", "message": "A pull request already exists for a:b."}, "more", 3],
        });
        assert_eq!(message(&body), "Validation Failed: A pull request already exists for a:b.: more");
        assert_eq!(message(&json!(null)), "no reason given");
        assert_eq!(message(&json!({"message": "x".repeat(9_999)})).chars().count(), 300);
    }
}
