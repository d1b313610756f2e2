//! Whether a pull request is one of ours, to the last byte, and may be merged as it is.

use super::block::Block;
use super::name::{self, FLAGS, PREFIX, Step};
use super::survey::PinCommit;
use crate::document::limits::MAX_BYTES;
use crate::entry::SERVERS;
use crate::github::GithubError;
use crate::github::registry::{FileContent, Registry, Standing, TreeItem};
use crate::ids::CommitSha;
use crate::pins::rewrite::set_pin;
use crate::sync::block::{self, Found};
use crate::sync::head::{Base, Heads};

/// A pull request of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) entry: String,
    /// Of the commit that it becomes: not the words of the pull request, which people may change.
    pub(crate) title: String,
    pub(crate) message: String,
}

/// Whether a branch is one that pins move on.
pub(crate) fn is_branch(branch: &str) -> bool {
    name::entry(branch).is_some()
}

/// Whether it is ours, and the base is still what it was made on; if not, why. Who opened it is for the caller to ask.
///
/// # Errors
/// When GitHub does not say.
pub(crate) async fn own(registry: &Registry, pull: &Standing) -> Result<Result<Own, String>, GithubError> {
    let no = |why: &str| Ok(Err(why.to_owned()));
    let Some(entry) = name::entry(&pull.branch) else {
        return Ok(Err(format!("its branch is not one of `{PREFIX}…`")));
    };
    let Found::Block(block) = block::read::<Block>(&pull.body) else {
        return no("its text was changed: what this program keeps there is not");
    };
    if block.entry != entry || block.pushed {
        return no("somebody else pushed to it, or changed what its text is about");
    }
    if block.look {
        return no("a person has to look: history was rewritten, or the license changed");
    }
    // The next night puts back a flag that somebody takes away; that a person took it away is no reason to merge.
    if let Some(flag) = FLAGS.iter().find(|flag| pull.title.contains(**flag)) {
        return Ok(Err(format!("a person has to look:{flag}")));
    }
    let Some(tip) = registry.branch(&pull.base).await? else { return no("its base is gone") };
    let Some(object) = registry.commit(&tip).await? else { return no("its base is gone") };
    let base = Base { name: pull.base.clone(), commit: tip, tree: object.tree };
    let heads = Heads::new(registry, &base);
    let Some(head) = heads.look(&pull.head, &PinCommit(entry)).await? else {
        return no("its head is not the one commit that this program makes");
    };
    if !block.is_for(&head.step) {
        return no("its text is about another commit");
    }
    if let Err(why) = is_as_it_was(registry, &base, &pull.head, entry, &head.step).await? {
        return Ok(Err(why));
    }
    let message = name::message(entry, &head.step);
    let (title, rest) = message.split_once('\n').unwrap_or((&message, ""));
    Ok(Ok(Own { entry: entry.to_owned(), title: title.to_owned(), message: rest.trim().to_owned() }))
}

/// Whether the entry is on the base what it is at the head, but for the pin: what was reviewed and built is then what would be
/// merged, however far the base has come since.
async fn is_as_it_was(
    registry: &Registry,
    base: &Base,
    head: &CommitSha,
    entry: &str,
    step: &Step,
) -> Result<Result<(), String>, GithubError> {
    let path = name::path(entry);
    let text = async |at: &CommitSha| -> Result<Option<String>, GithubError> {
        Ok(match registry.file(&path, at, MAX_BYTES).await? {
            FileContent::Bytes(bytes) => String::from_utf8(bytes).ok(),
            FileContent::Missing | FileContent::NoFile | FileContent::TooLarge => None,
        })
    };
    let (before, after) = (text(&base.commit).await?, text(head).await?);
    let rewrite = before.as_deref().and_then(|before| set_pin(before, &step.new).ok());
    let is_same = rewrite.is_some_and(|rewrite| {
        rewrite.old.as_deref() == Some(step.old.as_str()) && rewrite.text.is_some() && rewrite.text == after
    });
    if !is_same {
        return Ok(Err(format!("the entry changed on `{}` since", base.name)));
    }
    let others = async |tree: &str| -> Result<Vec<TreeItem>, GithubError> {
        let mut id = tree.to_owned();
        for part in [SERVERS, entry] {
            let item = registry.tree(&id).await?.into_iter().find(|item| item.path == part);
            id = item.ok_or(GithubError::Unexpected("an entry without its folder"))?.sha.to_string();
        }
        let mut items = registry.tree(&id).await?;
        items.retain(|item| item.path != crate::entry::MANIFEST);
        Ok(items)
    };
    let tree = registry.commit(head).await?.ok_or(GithubError::Unexpected("a head without its commit"))?.tree;
    match others(&base.tree).await? == others(&tree).await? {
        true => Ok(Ok(())),
        false => Ok(Err(format!("files of the entry changed on `{}` since", base.name))),
    }
}
