//! The token in what comes back: nothing that is taken out of an answer holds it.
//!
//! GitHub's words end in terminals, logs, plans and issues, and so do addresses and names. All of an answer is masked
//! before anything reads it, so that no caller has to know which field could hold what.

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use std::borrow::Cow;

/// Whether a token can be sent: letters, digits and `-._~+/=`, which is what RFC 6750 allows of a bearer's. A line end
/// would end the header.
#[must_use]
pub(crate) fn is_token(token: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    !token.is_empty() && token.bytes().all(known)
}

/// Takes a token out of what is read.
#[derive(Debug, Clone)]
pub(super) struct Mask(Option<SecretString>);

impl Mask {
    pub(super) fn new(token: Option<&SecretString>) -> Self {
        Self(token.cloned())
    }

    /// JSON without the token, however it is written: `\u0067` is a `g`, too.
    pub(super) fn json(&self, body: Bytes) -> Bytes {
        let (Some(token), Ok(json)) = (&self.0, std::str::from_utf8(&body)) else { return body };
        let token = token.expose_secret();
        let json = if json.contains('\\') { Cow::Owned(plain(json)) } else { Cow::Borrowed(json) };
        if json.contains(token) { json.replace(token, "***").into() } else { body }
    }

    /// Any text without the token.
    pub(super) fn text(&self, text: String) -> String {
        match &self.0 {
            Some(token) if text.contains(token.expose_secret()) => text.replace(token.expose_secret(), "***"),
            _ => text,
        }
    }
}

/// The same JSON, with the escapes undone of characters that a token can have and that need none.
fn plain(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        out.push_str(before);
        let code = escape.strip_prefix('u').and_then(|code| u32::from_str_radix(code.get(..4)?, 16).ok());
        let (character, taken) = match code.and_then(char::from_u32) {
            Some(character) => (character, 5),
            None => (escape.chars().next().unwrap_or_default(), 1),
        };
        if (taken == 5 || character == '/') && is_token(character.encode_utf8(&mut [0; 4])) {
            out.push(character);
            rest = escape.get(taken..).unwrap_or_default();
        } else {
            // What follows the backslash belongs to it.
            let (one, others) = escape.split_at(escape.chars().next().map_or(0, char::len_utf8));
            out.push('\\');
            out.push_str(one);
            rest = others;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Mask, is_token};
    use proptest::prelude::*;

    const TOKEN: &str = "ghs_a/B9=";

    fn masked(json: &str) -> String {
        let mask = Mask::new(Some(&TOKEN.into()));
        String::from_utf8(mask.json(json.to_owned().into()).to_vec()).unwrap()
    }

    #[test]
    fn a_token_is_found_however_json_writes_it() {
        for written in
            [TOKEN, r"ghs_a\/B9=", r"\u0067hs_a/B9=", r"\u0067\u0068\u0073\u005F\u0061\u002f\u0042\u0039\u003D"]
        {
            assert_eq!(
                masked(&format!(r#"{{"a": "x{written}y", "{written}": 1}}"#)),
                r#"{"a": "x***y", "***": 1}"#,
                "{written}"
            );
        }
        // An escaped backslash, and what only looks like an escape after it.
        assert_eq!(masked(r#"["\\u0067hs_a/B9="]"#), r#"["\\u0067hs_a/B9="]"#);
        assert_eq!(masked(r#"["\"\\ghs_a/B9=\n\u00e9"]"#), r#"["\"\\***\n\u00e9"]"#);
    }

    #[test]
    fn what_would_end_or_split_a_header_is_no_token() {
        assert!(is_token("ghs_16C7e42F292c6912E7710c838347Ae178B4a") && is_token("eyJ.a-b_c~d+e/f=="));
        for text in ["", "a\n", "a\r\nx: y", "a b", "ü", "a\u{0}", "\"a\"", "a\\b"] {
            assert!(!is_token(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_json_means_stays_the_same_but_for_the_token(text in ".{0,40}", before in any::<bool>()) {
            let value = serde_json::json!([if before { format!("{TOKEN}{text}") } else { format!("{text}{TOKEN}") }]);
            let read: serde_json::Value = serde_json::from_str(&masked(&value.to_string())).unwrap();
            let wanted = value[0].as_str().unwrap().replace(TOKEN, "***");
            prop_assert_eq!(read[0].as_str().unwrap(), wanted.as_str());
        }
    }
}
