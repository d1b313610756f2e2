//! The comment that says once why a pull request was not merged by itself.

use super::ChecksError;
use super::comment::keep as keep_comment;
use crate::escape::markdown;
use crate::github::registry::{Registry, Standing};
use crate::sync::Runner;
use crate::sync::block::{self, Kept};
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
    let block = Block { version: 1, head: pull.head.to_string() };
    let body = format!(
        "{}\n\n**Not merged by itself**: {}. A maintainer can merge it.\n",
        block::write(&block),
        markdown(&cut(why, 500))
    );
    let mut runner = Runner::new(registry, dry_run);
    keep_comment::<Block>(registry, &mut runner, pull, &body, true).await?;
    Ok(())
}
