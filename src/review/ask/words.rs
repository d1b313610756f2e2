//! Why an agent failed, in words for its report: the end of what it wrote for people, and what the engine said as far as that is
//! about the agent and not about this machine.
//!
//! A report is published, and the same for the same input: neither what names this run nor where this machine keeps its
//! files belongs in it. Texts of agents may hold anything; whoever shows a reason escapes it.

use crate::engine::EngineError;
use crate::review::sandbox::SandboxError;
use crate::text::cut;
use crate::verdict::Findings;
use crate::verdict::document::{MAX_REASON, Status};
use serde_json::Value;
use std::error::Error;

/// The most characters of what an agent wrote last.
const MAX_LAST: usize = 200;
/// From so many hexadecimal digits on, a word is an id: the engine shortens its own to twelve.
const ID_DIGITS: usize = 12;
/// Begins the name of everything that a run makes in the engine; the run's own name follows.
const OURS: &str = "mcp-registry-";

/// The last line with something on it that an image's agent wrote to standard error, as an addition to a reason; empty without one.
pub(super) fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let Some(line) = text.lines().map(str::trim).rfind(|line| !line.is_empty()) else { return String::new() };
    format!("; the end of its standard error: {}", cut(line, MAX_LAST))
}

/// The same of the built-in agent, which writes events ([`crate::agent::Event`]): the provider's last trouble, if there was no
/// answer after it. What is no event is a line like any other.
pub(super) fn last_trouble(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let (mut trouble, mut others) = (String::new(), Vec::new());
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        match event["event"].as_str() {
            Some("retry") => trouble = retried(&event),
            Some("answered") => trouble.clear(),
            Some(_) => {}
            // The first line of a tail may be the end of one.
            None if line.ends_with('}') => {}
            None => others.extend([line.as_bytes(), b"\n"].concat()),
        }
    }
    if trouble.is_empty() { last_words(&others) } else { trouble }
}

fn retried(event: &Value) -> String {
    let times = event["attempt"].as_u64().unwrap_or(1);
    let what = match (event["status"].as_u64(), event["why"].as_str().unwrap_or_default()) {
        (Some(status), _) => format!("the provider answered {status}"),
        (None, "connection") => "the proxy could not be reached".to_owned(),
        (None, "timeout") => "the provider did not answer in time".to_owned(),
        (None, "cut") => "the provider's answer broke off".to_owned(),
        (None, "malformed") => "the provider's answer could not be read".to_owned(),
        (None, _) => "the provider failed while it answered".to_owned(),
    };
    let tries = if times == 1 { "attempt" } else { "attempts" };
    format!("; the last trouble was that {what} ({times} {tries} so far)")
}

/// What an agent said that did not finish, with the first refusal of the proxy in front: what it says itself may be about anything
/// that came after.
pub(super) fn with_refusal(said: Result<Findings, String>, audit: &[Value]) -> Result<Findings, String> {
    let refused = audit.iter().find(|line| line["outcome"] == "refused").and_then(|line| line["reason"].as_str());
    let Some(word) = refused else { return said };
    let refusal = format!("the proxy refused its call: {word}");
    let with = |reason: &str| match reason.starts_with(&refusal) {
        true => reason.to_owned(),
        false => cut(&format!("{refusal} ({reason})"), MAX_REASON).into_owned(),
    };
    match said {
        Ok(mut findings) if findings.status == Status::Incomplete => {
            findings.reason = Some(with(findings.reason.as_deref().unwrap_or_default()));
            Ok(findings)
        }
        Ok(findings) => Ok(findings),
        Err(reason) => Err(with(&reason)),
    }
}

/// Why there was no run. The log has all of the engine's words.
pub(super) fn of_error(error: &SandboxError) -> String {
    let mut chain = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        chain.push(cause.to_string());
        next = cause.source();
    }
    let SandboxError::Engine(engine) = error else { return chain.join(": ") };
    tracing::warn!(error = chain.join(": "), "the container engine failed");
    of_engine(engine)
}

fn of_engine(error: &EngineError) -> String {
    let EngineError::Failed { action, status, source } = error else { return without_run(&error.to_string()) };
    let mut text = format!("the container engine could not {}", without_run(action));
    let words = without_run(&source.to_string());
    let words = words.trim();
    if !words.is_empty() && !is_about_host(words) {
        text.push_str(&format!(": {words}"));
    } else {
        let status = status.map_or(String::new(), |status| format!("it answered {status}; "));
        text.push_str(&format!(" ({status}the log has its words)"));
    }
    text
}

/// Without the names of runs: `mcp-registry-0123456789abcdef-agent` is `agent`.
fn without_run(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OURS) {
        out.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit())).unwrap_or(after.len());
        match after.get(end..).and_then(|rest| rest.strip_prefix('-')) {
            Some(name) if (8..=32).contains(&end) => rest = name,
            _ => {
                out.push_str(OURS);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether there is an id or an absolute path in a text. The path of an address or of an image's name is neither.
fn is_about_host(text: &str) -> bool {
    let ids = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_id = |word: &str| word.len() >= ID_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = text.as_bytes();
    let begins_path = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + 1);
        let inside = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(byte));
        let of_address = before == Some(&b':') && after == Some(&b'/');
        bytes.get(at) == Some(&b'/') && !inside && !of_address
    };
    ids.into_iter().any(is_id) || (0..bytes.len()).any(begins_path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{last_trouble, last_words, of_error};
    use crate::engine::EngineError;
    use crate::review::sandbox::SandboxError;

    fn failed(action: &str, words: &str) -> String {
        let source = words.to_owned().into();
        of_error(&SandboxError::Engine(EngineError::Failed { action: action.into(), status: Some(400), source }))
    }

    #[test]
    fn the_last_line_of_standard_error_is_said_and_bounded() {
        insta::assert_snapshot!(last_words(b"one\ncannot start /x: not found\n \n"), @"; the end of its standard error: cannot start /x: not found");
        assert_eq!(last_words(b" \n\n"), "");
        assert_eq!(
            last_words("ä".repeat(10_000).as_bytes()).chars().count(),
            "; the end of its standard error: ".len() + 200
        );
        assert!(last_words(b"\xff\xfe").ends_with("\u{fffd}\u{fffd}"));
    }

    #[test]
    fn the_trouble_of_a_provider_is_said_until_it_answers() {
        let retry = "{\"event\":\"retry\",\"status\":529,\"why\":\"status\",\"attempt\":3,\"wait_ms\":4000}\n";
        let answered = "{\"event\":\"answered\",\"turn\":1,\"calls\":1,\"input_tokens\":1,\"output_tokens\":1}\n";
        insta::assert_snapshot!(last_trouble(format!("urn\":1}}\n{answered}{retry}").as_bytes()), @"; the last trouble was that the provider answered 529 (3 attempts so far)");
        assert_eq!(last_trouble(format!("{retry}{answered}").as_bytes()), "");
        insta::assert_snapshot!(last_trouble(b"{\"event\":\"start\"}\ncannot start /mcp-registry: no\n"), @"; the end of its standard error: cannot start /mcp-registry: no");
    }

    #[test]
    fn neither_a_run_nor_a_path_of_this_machine_gets_into_a_reason() {
        let start = "start the container mcp-registry-0123456789abcdef-agent";
        insta::assert_snapshot!(
            failed(start, "mkdir /var/lib/engine/overlay/ab12/merged/input: not a directory"),
            @"the container engine could not start the container agent (it answered 400; the log has its words)"
        );
        for words in ["container 0123456789ab is gone", "open \"/etc/x\"", "/x", "at=/x"] {
            assert_eq!(failed(start, words), failed(start, "/"), "{words}");
        }
        insta::assert_snapshot!(
            failed("fetch the image ghcr.io/acme/agent", "denied: see https://ghcr.io/acme/agent for mcp-registry-mine"),
            @"the container engine could not fetch the image ghcr.io/acme/agent: denied: see https://ghcr.io/acme/agent for mcp-registry-mine"
        );
        insta::assert_snapshot!(
            failed("create the network mcp-registry-0123456789abcdef-network", "all predefined address pools have been fully subnetted"),
            @"the container engine could not create the network network: all predefined address pools have been fully subnetted"
        );
    }
}
