//! What a path is in a tree.

use super::{Github, GithubError, Repository};
use crate::ids::CommitSha;
use serde::Deserialize;

/// Directories in a path; a deeper one counts as missing.
const MAX_DEPTH: usize = 64;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathKind {
    Directory,
    File,
    /// A symbolic link, a submodule, or something behind one.
    Other,
    Missing,
}

#[derive(Deserialize)]
struct Listing {
    tree: Vec<Item>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Item {
    path: String,
    mode: String,
    sha: CommitSha,
}

/// The names that lead from the root to `path`, with `.` and `..` taken as a file system would; none when it leaves the root.
fn components(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    (names.len() <= MAX_DEPTH).then_some(names)
}

impl Github {
    /// What `path` is in the tree of this id, walked one directory at a time: only ids become part of addresses. A path that
    /// leaves the root is missing.
    ///
    /// # Errors
    /// When GitHub does not say, also because a directory has more entries than it lists.
    pub(crate) async fn path_kind(
        &self,
        repository: &Repository,
        tree: &str,
        path: &str,
    ) -> Result<PathKind, GithubError> {
        let Some(names) = components(path) else { return Ok(PathKind::Missing) };
        let mut tree = tree.to_owned();
        let mut kind = PathKind::Directory;
        for name in names {
            match kind {
                PathKind::Directory => {}
                PathKind::File | PathKind::Missing => return Ok(PathKind::Missing),
                PathKind::Other => return Ok(PathKind::Other),
            }
            let address = format!("{}/git/trees/{tree}", repository.path);
            let answer = self.get(repository.who, &address).await?;
            let answer = answer.ok_or(GithubError::Unexpected("a tree that is not there"))?;
            let listing: Listing = answer.read("a tree")?;
            let Some(found) = listing.tree.into_iter().find(|item| item.path == name) else {
                if listing.truncated {
                    return Err(GithubError::Unexpected("a directory with more entries than are listed"));
                }
                return Ok(PathKind::Missing);
            };
            kind = match &*found.mode {
                "040000" => PathKind::Directory,
                "100644" | "100755" => PathKind::File,
                _ => PathKind::Other,
            };
            tree = found.sha.to_string();
        }
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn paths_are_taken_apart_as_a_file_system_would() {
        assert_eq!(components("./src//a/"), Some(vec!["src", "a"]));
        assert_eq!(components("a/../b"), Some(vec!["b"]));
        assert_eq!(components("."), Some(vec![]));
        assert_eq!(components("../etc"), None);
        assert_eq!(components("a/../../etc"), None);
        assert_eq!(components(&"a/".repeat(65)), None);
    }
}
