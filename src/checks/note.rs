//! The comment that says once why a pull request was not merged by itself.

use super::ChecksError;
use crate::escape::markdown;
use crate::github::registry::{Registry, Standing};
use crate::sync::block::{self, Found, Kept};
use crate::sync::{Intent, Runner, Write};
use crate::text::cut;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    version: u32,
    /// The head that it is about.
    head: String,
}

impl Kept for Block {
    const KIND: &'static str = "merge";

    fn is_valid(&self) -> bool {
        self.version == 1
    }
}

/// Writes it, or changes the one that is there.
pub(super) async fn keep(registry: &Registry, pull: &Standing, why: &str, dry_run: bool) -> Result<(), ChecksError> {
    let account = registry.account().await?.clone();
    let block = Block { version: 1, head: pull.head.to_string() };
    let body = format!(
        "{}\n\n**Not merged by itself**: {}. A maintainer can merge it.\n",
        block::write(&block),
        markdown(&cut(why, 500))
    );
    let mut runner = Runner::new(registry, dry_run);
    let settled = runner.settle(false, async |_| {
        let is_it = |comment: &&crate::github::registry::Comment| {
            comment.author.id == account.id && !matches!(block::read::<Block>(&comment.body), Found::None)
        };
        let comments = registry.comments(pull.number).await?;
        let id = match comments.iter().find(is_it) {
            Some(found) if found.body == body => return Ok(Intent::none(())),
            found => found.map(|found| found.id),
        };
        let (number, head, author) = (pull.number, pull.head.clone(), account.id);
        Ok(Intent { writes: vec![Write::Comment { number, head, id, body: body.clone(), author }], done: () })
    });
    Ok(settled.await.done()?)
}
