//! The machine block: a comment in the text of a pull request that makes a second run exact.
//!
//! It is the first line of the text. Nothing of a plan gets into it but ids and a name of safe characters, and nothing of a
//! plan puts `<!--` anywhere else, so that upstream cannot write one.

use super::name::{Step, is_safe};
use crate::ids::CommitSha;
use serde::{Deserialize, Serialize};

const BEGIN: &str = "<!-- mcp-registry:pin ";
const END: &str = " -->";
/// The version of the format.
const VERSION: u32 = 1;
/// The most bytes between begin and end.
const MAX_BYTES: usize = 2_000;

/// What we know of a pull request that is ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub(super) version: u32,
    /// The entry.
    pub(super) entry: String,
    /// The pin at its base.
    pub(super) old: CommitSha,
    /// The pin that it sets.
    pub(super) new: CommitSha,
    /// The commit of its branch.
    pub(super) head: CommitSha,
    /// What the branch was before it was moved to `head`. It still is, if somebody was stopped between the two writes.
    pub(super) was: Option<CommitSha>,
    /// A digest of title and text. Where it is the same, there is nothing to write, whatever people did to the text.
    pub(super) text: String,
    /// Why we closed it, if we did.
    pub(super) closed: Option<String>,
    /// Whether somebody opened it again after we closed it: then it is not closed again.
    pub(super) kept: bool,
}

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// No block.
    None,
    /// One that is not understood: changed by hand, or of a later version of this program.
    Refused,
    /// This.
    Block(Box<Block>),
}

impl Block {
    /// One of a pull request for this step. `head` is the commit of its branch, `text` comes of [`digest`].
    pub(super) fn new(entry: &str, step: &Step, head: CommitSha, text: String) -> Self {
        Self {
            version: VERSION,
            entry: entry.to_owned(),
            old: step.old.clone(),
            new: step.new.clone(),
            head,
            was: None,
            text,
            closed: None,
            kept: false,
        }
    }

    /// Whether it is about this step.
    pub(super) fn is_for(&self, step: &Step) -> bool {
        self.old == step.old && self.new == step.new
    }

    /// Whether this commit was put on the branch by us.
    pub(super) fn made(&self, commit: &CommitSha) -> bool {
        self.head == *commit || self.was.as_ref() == Some(commit)
    }

    /// The comment, without a line end.
    pub(super) fn write(&self) -> String {
        // Texts and ids always have a JSON form. Inside strings, which is the only place where they can be, the two
        // characters of a comment's ends are written as escapes.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{BEGIN}{}{END}", json.replace('<', "\\u003c").replace('>', "\\u003e"))
    }

    /// The first block of a text.
    pub(super) fn read(text: &str) -> Found {
        let Some((_, rest)) = text.split_once(BEGIN) else { return Found::None };
        let end = rest.as_bytes().get(..rest.len().min(MAX_BYTES + END.len())).unwrap_or_default();
        let end = end.windows(END.len()).position(|window| window == END.as_bytes());
        let json = end.and_then(|end| rest.get(..end)).unwrap_or_default();
        match serde_json::from_str::<Self>(json) {
            Ok(block) if block.is_valid() => Found::Block(Box::new(block)),
            _ => Found::Refused,
        }
    }

    fn is_valid(&self) -> bool {
        let plain = |text: &str, most| {
            text.len() <= most && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        self.version == VERSION
            && is_safe(&self.entry)
            && plain(&self.text, 64)
            && self.closed.as_ref().is_none_or(|closed| !closed.is_empty() && plain(closed, 40))
    }

    /// `text` with this block in place of its first one, and `note` as a paragraph after it; without the first one where there
    /// is none.
    pub(super) fn replace_in(&self, text: &str, note: &str) -> String {
        let rest = match text.split_once(BEGIN) {
            Some((_, rest)) => rest.split_once(END).map_or("", |(_, rest)| rest),
            None => text,
        };
        format!("{}\n\n{note}\n\n{}\n", self.write(), rest.trim())
    }
}

/// The digest of a title and a text, for [`Block::text`]: 32 hexadecimal digits of their SHA-256.
pub(super) fn digest(title: &str, text: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(format!("{title}\n{text}"));
    crate::ids::hex(hash.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Block, Found, digest};
    use crate::ids::CommitSha;
    use crate::pins::publish::name::Step;
    use proptest::prelude::*;

    fn id(digit: char) -> CommitSha {
        CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn block() -> Block {
        Block::new("weather", &Step { old: id('a'), new: id('b') }, id('c'), digest("t", "x"))
    }

    #[test]
    fn it_is_one_line_that_nobody_sees() {
        insta::assert_snapshot!(block().write(), @r#"<!-- mcp-registry:pin {"version":1,"entry":"weather","old":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","new":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","head":"cccccccccccccccccccccccccccccccccccccccc","was":null,"text":"8e2cbe3b93266a53e7bb3cb6ff01ab5e","closed":null,"kept":false} -->"#);
    }

    #[test]
    fn only_the_first_one_counts() {
        let (first, second) = (block(), Block { head: id('d'), ..block() });
        let text = format!("{}\nwords\n{}\n", first.write(), second.write());
        assert_eq!(Block::read(&text), Found::Block(Box::new(first)));
    }

    #[test]
    fn what_is_not_exactly_one_is_refused() {
        let text = block().write();
        assert_eq!(Block::read("words"), Found::None);
        for (what, with) in [
            ("\"version\":1", "\"version\":2"),
            ("\"kept\":false", "\"kept\":false,\"more\":1"),
            ("weather", "../weather"),
            ("aaaa", "AAAA"),
            (" -->", ""),
            ("\"closed\":null", "\"closed\":\"<b>\""),
            ("\"kept\":false", "\"kept\":0"),
        ] {
            let other = text.replacen(what, with, 1);
            assert_ne!(other, text);
            assert_eq!(Block::read(&other), Found::Refused, "{other}");
        }
        assert_eq!(Block::read(&text.replace("pin {", &format!("pin {}{{", " ".repeat(3_000)))), Found::Refused);
        // The second one does not help a first that is refused.
        assert_eq!(Block::read(&format!("{}{text}", text.replacen("aaaa", "zzzz", 1))), Found::Refused);
    }

    #[test]
    fn a_closing_note_replaces_the_block_and_keeps_the_words() {
        let closed = Block { closed: Some("off".to_owned()), ..block() };
        let text = format!("{}\n\nwords\n", block().write());
        let after = closed.replace_in(&text, "Closed.");
        assert_eq!(after, format!("{}\n\nClosed.\n\nwords\n", closed.write()));
        assert_eq!(Block::read(&after), Found::Block(Box::new(closed)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_or_refused(before in ".{0,80}", inside in ".{0,200}", after in ".{0,80}") {
            let _ = Block::read(&before);
            let _ = Block::read(&format!("{before}<!-- mcp-registry:pin {inside} -->{after}"));
            let _ = block().replace_in(&format!("{before}<!-- mcp-registry:pin {inside}"), &after);
        }

        #[test]
        fn what_is_written_is_read_back(
            entry in "[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?",
            (old, new, head, was) in ("[0-9a-f]{40}", "[0-9a-f]{40}", "[0-9a-f]{40}", proptest::option::of("[0-9a-f]{40}")),
            closed in proptest::option::of("[a-z-]{1,40}"),
            kept: bool,
            after in ".{0,200}",
        ) {
            prop_assume!(super::is_safe(&entry));
            let id = |text: &String| CommitSha::parse(text).unwrap();
            let step = Step { old: id(&old), new: id(&new) };
            let written =
                Block { was: was.as_ref().map(id), closed, kept, ..Block::new(&entry, &step, id(&head), digest(&entry, &after)) };
            let text = format!("{}\r\n{after}", written.write());
            prop_assert_eq!(Block::read(&text), Found::Block(Box::new(written)));
        }
    }
}
