//! Files, trees and commits.

use super::{Registry, RegistryError, answer};
use crate::github::names::{encode, is_ref_name};
use crate::ids::CommitSha;
use base64::Engine as _;
use http::Method;
use serde_json::{Value, json};

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// A file of these bytes.
    Bytes(Vec<u8>),
    /// Nothing.
    Missing,
    /// A directory, a link, a submodule.
    NoFile,
    /// A file of more bytes than are wanted.
    TooLarge,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitObject {
    /// The id of its tree.
    pub tree: String,
    /// Its parents.
    pub parents: Vec<CommitSha>,
    /// Its message.
    pub message: String,
    /// Who wrote it, as it claims.
    pub author: Person,
    /// Who made it, as it claims.
    pub committer: Person,
}

/// Somebody, as a commit names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

impl Registry {
    /// The file at `path` of a commit, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn file(&self, path: &str, at: &CommitSha, limit: usize) -> Result<FileContent, RegistryError> {
        // What holds of a branch's name keeps an address whole.
        if !is_ref_name(path) {
            return Ok(FileContent::Missing);
        }
        let encoded: Vec<String> = path.split('/').map(encode).collect();
        let answer = self.sender.get(&self.at(&format!("contents/{}?ref={at}", encoded.join("/")))).await?;
        if answer.status == 404 {
            return Ok(FileContent::Missing);
        }
        let body = answer.expect(200)?.body;
        // A link to a file comes as that file, under the file's own path.
        if body.get("type").and_then(Value::as_str) != Some("file") || answer::text(&body, "/path")? != path {
            return Ok(FileContent::NoFile);
        }
        let size =
            body.get("size").and_then(Value::as_u64).ok_or(RegistryError::Unexpected("a file without a size"))?;
        // Larger ones than a megabyte come without their content.
        if size > limit as u64 || answer::text(&body, "/encoding")? != "base64" {
            return Ok(FileContent::TooLarge);
        }
        let digits: Vec<u8> =
            answer::text(&body, "/content")?.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(digits);
        match bytes {
            Ok(bytes) if bytes.len() as u64 == size => Ok(FileContent::Bytes(bytes)),
            _ => Err(RegistryError::Unexpected("the content of a file")),
        }
    }

    /// A commit; none when there is none of this id.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn commit(&self, id: &CommitSha) -> Result<Option<CommitObject>, RegistryError> {
        let answer = self.sender.get(&self.at(&format!("git/commits/{id}"))).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let body = answer.expect(200)?.body;
        let parents = body.get("parents").ok_or(RegistryError::Unexpected("a commit without parents"))?;
        let person = |who: &str| Person {
            name: answer::text(&body, &format!("/{who}/name")).unwrap_or_default().to_owned(),
            email: answer::text(&body, &format!("/{who}/email")).unwrap_or_default().to_owned(),
        };
        Ok(Some(CommitObject {
            tree: answer::commit(&body, "/tree/sha")?.to_string(),
            parents: answer::items(parents)?
                .iter()
                .map(|item| answer::commit(item, "/sha"))
                .collect::<Result<_, _>>()?,
            message: answer::text(&body, "/message")?.to_owned(),
            author: person("author"),
            committer: person("committer"),
        }))
    }

    /// Makes a tree like `base` with this text as the file at `path`, and says its id. The same input gives the same tree, so
    /// that it may be made twice.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub async fn create_tree(&self, base: &str, path: &str, text: &str) -> Result<String, RegistryError> {
        let file = json!({ "path": path, "mode": "100644", "type": "blob", "content": text });
        let body = json!({ "base_tree": base, "tree": [file] });
        let taken = |answer: answer::Answer| answer::commit(&answer.expect(201)?.body, "/sha");
        let address = self.at("git/trees");
        let tree = self.sender.write(Method::POST, &address, Some(&body), taken, async || Ok(None)).await?;
        Ok(tree.to_string())
    }

    /// Makes a commit, of the account of the token and of now, so that GitHub signs it if the account is an app's. Nothing
    /// points to it yet: one that is made twice does no harm.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub async fn create_commit(
        &self,
        message: &str,
        tree: &str,
        parent: &CommitSha,
    ) -> Result<CommitSha, RegistryError> {
        let body = json!({ "message": message, "tree": tree, "parents": [parent.as_str()] });
        let taken = |answer: answer::Answer| answer::commit(&answer.expect(201)?.body, "/sha");
        self.sender.write(Method::POST, &self.at("git/commits"), Some(&body), taken, async || Ok(None)).await
    }
}
