//! What a version of a coding agent was seen to do when its image was built: its flags were taken, and these are the fields that it
//! sent and the tools that it offered. `reviewer/<agent>/capability.json` has what is expected; an image carries what was found.

use super::{Coder, claude, codex};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// Where an image has its file.
pub(crate) const FILE: &str = "/agent/capability.json";
/// The most bytes of one.
const MAX_BYTES: u64 = 1 << 20;
/// The most differences that are named.
const MAX_NAMED: usize = 12;

/// A capability file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capability {
    /// The version of the format: 1.
    pub(crate) format: u32,
    /// `claude` or `codex`.
    pub(crate) agent: String,
    /// The program's version, as it says itself.
    pub(crate) version: String,
    /// The flags and settings that it was started with, without values.
    pub(crate) flags: BTreeSet<String>,
    /// Headers of its requests, in lowercase.
    pub(crate) headers: BTreeSet<String>,
    /// Fields of its requests: `messages[].content[].text`. Schemas and arguments of tools are one field each.
    pub(crate) fields: BTreeSet<String>,
    /// Tools that it offered the model.
    pub(crate) tools: BTreeSet<String>,
}

/// The flags that this program starts an agent with.
pub(super) fn flags(coder: Coder) -> BTreeSet<String> {
    let own = |list: &[&str]| list.iter().map(|flag| (*flag).to_owned()).collect::<BTreeSet<String>>();
    match coder {
        Coder::Claude => own(claude::FLAGS),
        Coder::Codex => {
            let settings = codex::SETTINGS.iter().map(|(name, _)| format!("-c {name}"));
            let disabled = codex::DISABLED.iter().map(|feature| format!("--disable {feature}"));
            own(codex::FLAGS).into_iter().chain(settings).chain(disabled).collect()
        }
    }
}

/// What is expected of the version that this program is made for.
///
/// # Errors
/// Never: a test reads the same file.
pub(crate) fn expected(coder: Coder) -> Result<Capability, String> {
    let text = match coder {
        Coder::Claude => include_str!("../../../reviewer/claude/capability.json"),
        Coder::Codex => include_str!("../../../reviewer/codex/capability.json"),
    };
    serde_json::from_str(text).map_err(|error| format!("the expected capabilities cannot be read: {error}"))
}

/// What the image that this process runs in was found to do, if that is what is expected.
///
/// # Errors
/// When it has no file, or another one, with what differs.
pub(super) fn of_image(coder: Coder) -> Result<Capability, String> {
    let rebuild = format!("build it again with `mcp-registry review --build-agents {}`", coder.as_str());
    let Some(text) = crate::fetch::cache::read_regular(Path::new(FILE), MAX_BYTES) else {
        return Err(format!("the image has no {FILE}, so nobody tested it: {rebuild}"));
    };
    let found: Capability =
        serde_json::from_slice(&text).map_err(|error| format!("{FILE} of the image cannot be read: {error}"))?;
    let differences = differences(&expected(coder)?, &found);
    if differences.is_empty() {
        return Ok(found);
    }
    Err(format!("the image was tested for another version of this program ({}): {rebuild}", differences.join("; ")))
}

/// What is otherwise than expected, a few words each; empty when nothing is.
#[must_use]
pub(crate) fn differences(expected: &Capability, found: &Capability) -> Vec<String> {
    let mut said = Vec::new();
    for (what, expected, found) in [
        ("format", &expected.format.to_string(), &found.format.to_string()),
        ("agent", &expected.agent, &found.agent),
        ("version", &expected.version, &found.version),
    ] {
        if expected != found {
            said.push(format!("{what} {expected} is now {found}"));
        }
    }
    for (what, expected, found) in [
        ("flag", &expected.flags, &found.flags),
        ("header", &expected.headers, &found.headers),
        ("field", &expected.fields, &found.fields),
        ("tool", &expected.tools, &found.tools),
    ] {
        said.extend(found.difference(expected).map(|name| format!("new {what} {name}")));
        said.extend(expected.difference(found).map(|name| format!("{what} {name} is gone")));
    }
    if said.len() > MAX_NAMED {
        let more = said.len() - MAX_NAMED;
        said.truncate(MAX_NAMED);
        said.push(format!("and {more} more"));
    }
    said
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{differences, expected, flags};
    use crate::agent::coding::Coder;

    #[test]
    fn what_is_expected_is_what_this_program_starts() {
        for coder in Coder::ALL {
            let expected = expected(coder).unwrap();
            assert_eq!((expected.format, expected.agent.as_str()), (1, coder.as_str()));
            assert_eq!(expected.flags, flags(coder));
            assert_eq!(differences(&expected, &expected), Vec::<String>::new());
        }
    }

    #[test]
    fn what_changed_is_named() {
        let expected = expected(Coder::Claude).unwrap();
        let mut found = expected.clone();
        found.version = "2.2.0".to_owned();
        found.fields.insert("container".to_owned());
        found.fields.remove("model");
        found.tools.insert("Bash".to_owned());
        insta::assert_snapshot!(differences(&expected, &found).join("\n"), @r"
        version 2.1.332 is now 2.2.0
        new field container
        field model is gone
        new tool Bash
        ");
    }
}
