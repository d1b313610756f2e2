//! The machine block of a pull request for a pin.

use super::name::{Step, is_safe};
use crate::ids::CommitSha;
use crate::sync::block::Kept;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// The version of the format.
const VERSION: u32 = 1;

/// What we know of a pull request that is ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub(super) version: u32,
    pub(super) entry: String,
    /// The pin at its base.
    pub(super) old: CommitSha,
    /// The pin that it sets.
    pub(super) new: CommitSha,
    /// A digest of title and text. Where it is the same, there is nothing to write, whatever people did to the text.
    pub(super) text: String,
    /// Why we closed it, if we did.
    pub(super) closed: Option<String>,
    /// Whether somebody opened it again after we closed it: then it is not closed again.
    pub(super) kept: bool,
    /// Whether the text says that somebody else pushed to the branch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) pushed: bool,
    /// Whether a person has to look, whatever becomes of the title.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) look: bool,
    /// The commit of the branch, which blocks named once. What a branch is, its commit shows.
    #[serde(default, skip_serializing)]
    pub(super) head: Option<Ignored>,
    /// What the branch was before that.
    #[serde(default, skip_serializing)]
    pub(super) was: Option<Ignored>,
}

/// Something that is read over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "IgnoredAny")]
pub(super) struct Ignored;

impl From<IgnoredAny> for Ignored {
    fn from(_: IgnoredAny) -> Self {
        Self
    }
}

impl Block {
    /// One of a pull request for this step. `text` comes of [`crate::sync::block::digest`].
    pub(super) fn new(entry: &str, step: &Step, text: String) -> Self {
        Self {
            version: VERSION,
            entry: entry.to_owned(),
            old: step.old.clone(),
            new: step.new.clone(),
            text,
            closed: None,
            kept: false,
            pushed: false,
            look: false,
            head: None,
            was: None,
        }
    }

    /// Whether it is about this step.
    pub(super) fn is_for(&self, step: &Step) -> bool {
        self.old == step.old && self.new == step.new
    }
}

impl Kept for Block {
    const KIND: &'static str = "pin";

    fn is_valid(&self) -> bool {
        let plain = |text: &str, most| {
            text.len() <= most && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        self.version == VERSION
            && is_safe(&self.entry)
            && plain(&self.text, 64)
            && self.closed.as_ref().is_none_or(|closed| !closed.is_empty() && plain(closed, 40))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::Block;
    use crate::ids::CommitSha;
    use crate::pins::publish::name::Step;
    use crate::sync::block::{Found, digest, read, replace_in, write};
    use proptest::prelude::*;

    fn id(digit: char) -> CommitSha {
        CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn block() -> Block {
        Block::new("weather", &Step { old: id('a'), new: id('b') }, digest("t", "x"))
    }

    fn found(text: &str) -> Found<Block> {
        read(text)
    }

    #[test]
    fn it_is_one_line_that_nobody_sees() {
        insta::assert_snapshot!(write(&block()), @r#"<!-- mcp-registry:pin {"version":1,"entry":"weather","old":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","new":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","text":"8e2cbe3b93266a53e7bb3cb6ff01ab5e","closed":null,"kept":false} -->"#);
    }

    #[test]
    fn only_the_first_one_counts() {
        let (first, second) = (block(), Block { new: id('d'), ..block() });
        let text = format!("{}\nwords\n{}\n", write(&first), write(&second));
        assert_eq!(found(&text), Found::Block(Box::new(first)));
    }

    #[test]
    fn one_that_still_names_commits_of_the_branch_is_read() {
        let text = write(&block()).replace("\"text\"", &format!("\"head\":\"{}\",\"was\":null,\"text\"", id('c')));
        let Found::Block(read) = found(&text) else { panic!("{text}") };
        assert_eq!(write(&*read), write(&block()));
    }

    #[test]
    fn what_is_not_exactly_one_is_refused() {
        let text = write(&block());
        assert_eq!(found("words"), Found::None);
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
            assert_eq!(found(&other), Found::Refused, "{other}");
        }
        assert_eq!(found(&text.replace("pin {", &format!("pin {}{{", " ".repeat(3_000)))), Found::Refused);
        // The second one does not help a first that is refused.
        assert_eq!(found(&format!("{}{text}", text.replacen("aaaa", "zzzz", 1))), Found::Refused);
    }

    #[test]
    fn a_closing_note_replaces_the_block_and_keeps_the_words() {
        let closed = Block { closed: Some("off".to_owned()), ..block() };
        let text = format!("{}\n\nwords\n", write(&block()));
        let after = replace_in(&closed, &text, "Closed.");
        assert_eq!(after, format!("{}\n\nClosed.\n\nwords\n", write(&closed)));
        assert_eq!(found(&after), Found::Block(Box::new(closed)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_or_refused(before in ".{0,80}", inside in ".{0,200}", after in ".{0,80}") {
            let _ = found(&before);
            let _ = found(&format!("{before}<!-- mcp-registry:pin {inside} -->{after}"));
            let _ = replace_in(&block(), &format!("{before}<!-- mcp-registry:pin {inside}"), &after);
        }

        #[test]
        fn what_is_written_is_read_back(
            entry in "[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?",
            (old, new) in ("[0-9a-f]{40}", "[0-9a-f]{40}"),
            closed in proptest::option::of("[a-z-]{1,40}"),
            kept: bool,
            after in ".{0,200}",
        ) {
            prop_assume!(super::is_safe(&entry));
            let id = |text: &String| CommitSha::parse(text).unwrap();
            let step = Step { old: id(&old), new: id(&new) };
            let written = Block { closed, kept, ..Block::new(&entry, &step, digest(&entry, &after)) };
            let text = format!("{}\r\n{after}", write(&written));
            prop_assert_eq!(found(&text), Found::Block(Box::new(written)));
        }
    }
}
