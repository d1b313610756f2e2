//! The one comment of a pull request: written when there is something to say, and then kept up to date.

use super::names::{ACKNOWLEDGED, Analysis, MAX_COMMENT};
use super::outcome::Wanted;
use crate::escape::{inert_code, markdown, template};
use crate::github::GithubError;
use crate::github::registry::{Comment, Registry, Standing};
use crate::ids::CommitSha;
use crate::sync::block::{self, Found, Kept};
use crate::sync::{Intent, Runner, Write};
use crate::text::cut;
use crate::verdict::Conclusion;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("comment.md");
/// Rows and lines that are shown.
const MOST: usize = 100;

/// The machine block of the comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    version: u32,
    /// A digest of the text.
    text: String,
}

impl Kept for Block {
    const KIND: &'static str = "checks";

    fn is_valid(&self) -> bool {
        self.version == 1 && self.text.len() == 32
    }
}

/// Makes the comment with a block of kind `B` have this text, and tells whether that needed a write. It is ours by its author too:
/// anybody may write the block. Where there is none, one is made only if it is `worth_it`.
///
/// # Errors
/// When GitHub does not do its part.
pub(super) async fn keep<B: Kept>(
    registry: &Registry,
    runner: &mut Runner<'_>,
    pull: &Standing,
    body: &str,
    worth_it: bool,
) -> Result<bool, GithubError> {
    let author = registry.account().await?.id;
    let settled = runner.settle(false, async |_| {
        let is_it = |it: &Comment| it.author.id == author && !matches!(block::read::<B>(&it.body), Found::None);
        let id = match registry.comments(pull.number).await?.into_iter().find(is_it) {
            Some(found) if found.body == body => return Ok(Intent::none(false)),
            None if !worth_it => return Ok(Intent::none(false)),
            found => found.map(|found| found.id),
        };
        let write = Write::Comment { number: pull.number, head: pull.head.clone(), id, body: body.to_owned(), author };
        Ok(Intent { writes: vec![write], done: true })
    });
    settled.await.done()
}

#[derive(Debug, Serialize)]
struct View<'a> {
    head: &'a str,
    rows: Vec<Row<'a>>,
    more: usize,
    lines: Vec<Line<'a>>,
    said_more: usize,
    waits: bool,
    ack: &'static str,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    entry: &'a str,
    cells: Vec<Option<&'static str>>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    name: String,
    title: &'a str,
}

/// Whether there is anything that people should read: all that passed says so by itself.
pub(super) fn is_worth_it(wanted: &[Wanted]) -> bool {
    wanted.iter().any(|wanted| wanted.outcome.conclusion != Some(Conclusion::Success))
}

/// The text, with its block. `waits` is whether a maintainer's word is needed.
pub(super) fn text(head: &CommitSha, wanted: &[Wanted], waits: bool) -> String {
    let mut rows: BTreeMap<&str, Vec<Option<&'static str>>> = BTreeMap::new();
    for one in wanted {
        let Some((analysis, entry)) = &one.of else { continue };
        let cells = rows.entry(entry).or_insert_with(|| vec![None; Analysis::ALL.len()]);
        if let Some(cell) = cells.get_mut(*analysis as usize) {
            *cell = Some(word(one));
        }
    }
    let is_said = |one: &&Wanted| one.outcome.conclusion != Some(Conclusion::Success);
    let all_lines = wanted.iter().filter(is_said).count();
    let lines = wanted.iter().filter(is_said).take(MOST);
    let view = View {
        head: head.short(),
        more: rows.len().saturating_sub(MOST),
        rows: rows.into_iter().take(MOST).map(|(entry, cells)| Row { entry, cells }).collect(),
        lines: lines.map(|one| Line { name: one.name(), title: &one.outcome.title }).collect(),
        said_more: all_lines.saturating_sub(MOST),
        waits,
        ack: ACKNOWLEDGED,
    };
    let text = match template::environment().render_str(TEMPLATE, Serde(&view)) {
        Ok(text) => inert_code(text.trim_end()) + "\n",
        // The template is part of the program and tests render it, so that it cannot fail.
        Err(error) => format!("The text could not be rendered: {}\n", markdown(&error.to_string())),
    };
    let text = text.replace("<!--", "<!-\u{200b}-");
    let block = Block { version: 1, text: block::digest("", &text) };
    cut(&format!("{}\n\n{text}", block::write(&block)), MAX_COMMENT).into_owned()
}

fn word(wanted: &Wanted) -> &'static str {
    match (wanted.outcome.conclusion, wanted.outcome.risk) {
        (None, _) => "under way",
        (Some(Conclusion::Success), _) => "passed",
        (Some(Conclusion::ActionRequired), _) => "no verdict",
        (_, Some(risk)) => risk.as_str(),
        (Some(Conclusion::Neutral), None) => "to be looked at",
        (Some(Conclusion::Failure), None) => "failed",
    }
}
