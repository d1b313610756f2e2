//! Files, trees and commits.

use super::{Id, Registry, made};
use crate::github::GithubError;
use crate::github::names::{encode_path, is_path};
use crate::ids::CommitSha;
use base64::Engine as _;
use http::Method;
use serde::Deserialize;
use serde_json::json;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileContent {
    /// A file of these bytes.
    Bytes(Vec<u8>),
    Missing,
    /// A directory, a link, a submodule.
    NoFile,
    /// A file of more bytes than are wanted.
    TooLarge,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitObject {
    /// The id of its tree.
    pub(crate) tree: String,
    pub(crate) parents: Vec<CommitSha>,
    pub(crate) message: String,
}

/// An item of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct TreeItem {
    pub(crate) path: String,
    /// `100644`, or `040000` for a directory.
    pub(crate) mode: String,
    /// The id of what it is.
    pub(crate) sha: CommitSha,
}

impl Registry {
    /// The file at `path` of a commit, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn file(&self, path: &str, at: &CommitSha, limit: usize) -> Result<FileContent, GithubError> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(rename = "type")]
            kind: String,
            path: String,
            size: u64,
            encoding: Option<String>,
            content: Option<String>,
        }
        if !is_path(path) {
            return Ok(FileContent::Missing);
        }
        let answer = self.sender.get(&self.at(&format!("contents/{}?ref={at}", encode_path(path)))).await?;
        let Some(answer) = answer.found()? else { return Ok(FileContent::Missing) };
        // A directory is a list.
        if answer.body.first() == Some(&b'[') {
            return Ok(FileContent::NoFile);
        }
        let Found { kind, path: found, size, encoding, content } = answer.read("a file without a size")?;
        // A link to a file comes as that file, under the file's own path.
        if kind != "file" || found != path {
            return Ok(FileContent::NoFile);
        }
        // Larger ones than a megabyte come without their content.
        if size > limit as u64 || encoding.as_deref() != Some("base64") {
            return Ok(FileContent::TooLarge);
        }
        let digits =
            content.unwrap_or_default().bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>();
        match base64::engine::general_purpose::STANDARD.decode(digits) {
            Ok(bytes) if bytes.len() as u64 == size => Ok(FileContent::Bytes(bytes)),
            _ => Err(GithubError::Unexpected("the content of a file")),
        }
    }

    /// A commit; none when there is none of this id.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn commit(&self, id: &CommitSha) -> Result<Option<CommitObject>, GithubError> {
        #[derive(Deserialize)]
        struct Found {
            tree: Id,
            parents: Vec<Id>,
            message: String,
        }
        let answer = self.sender.get(&self.at(&format!("git/commits/{id}"))).await?;
        let Some(answer) = answer.found()? else { return Ok(None) };
        let Found { tree, parents, message } = answer.read("a commit")?;
        let parents = parents.into_iter().map(|parent| parent.sha).collect();
        Ok(Some(CommitObject { tree: tree.sha.to_string(), parents, message }))
    }

    /// The items of a tree, not of those below it, in Git's order.
    ///
    /// # Errors
    /// When GitHub does not say, or the tree has more items than it lists: 100,000.
    pub(crate) async fn tree(&self, id: &str) -> Result<Vec<TreeItem>, GithubError> {
        #[derive(Deserialize)]
        struct Found {
            tree: Vec<TreeItem>,
            truncated: bool,
        }
        let answer = self.sender.get(&self.at(&format!("git/trees/{id}"))).await?;
        let found: Found = answer.expect(200)?.read("a tree")?;
        if found.truncated { Err(GithubError::Unexpected("a tree that is cut")) } else { Ok(found.tree) }
    }

    /// Whether `commit` is `tip` or one of its ancestors.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn contains(&self, tip: &CommitSha, commit: &CommitSha) -> Result<bool, GithubError> {
        let answer = self.sender.get(&self.at(&format!("compare/{tip}...{commit}?per_page=1"))).await?;
        // Without a common ancestor GitHub answers 404.
        answer.found()?.map_or(Ok(false), |answer| answer.is_behind())
    }

    /// Makes a tree like `base` with this text as the file at `path`, and says its id. The same input gives the same tree, so
    /// that it may be made twice.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn create_tree(&self, base: &str, path: &str, text: &str) -> Result<String, GithubError> {
        let file = json!({ "path": path, "mode": "100644", "type": "blob", "content": text });
        let body = json!({ "base_tree": base, "tree": [file] });
        let address = self.at("git/trees");
        let tree = self.sender.write(Method::POST, &address, Some(&body), made, async || Ok(None)).await?;
        Ok(tree.to_string())
    }

    /// Makes a commit, of the account of the token and of now, so that GitHub signs it if the account is an app's. Nothing
    /// points to it yet: one that is made twice does no harm.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn create_commit(
        &self,
        message: &str,
        tree: &str,
        parent: &CommitSha,
    ) -> Result<CommitSha, GithubError> {
        let body = json!({ "message": message, "tree": tree, "parents": [parent.as_str()] });
        self.sender.write(Method::POST, &self.at("git/commits"), Some(&body), made, async || Ok(None)).await
    }
}
