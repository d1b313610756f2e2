//! Verdicts of earlier runs. The same agent is not asked twice about the same code.
//!
//! What is kept is what one agent said, complete and as it was parsed; everything that is concluded from it is concluded
//! again. Whoever can write to the folder can make an agent say anything: it must belong to the maintainers, as the cache
//! of a workflow does that only runs on the default branch can fill.

use crate::fetch::cache::read_regular;
use crate::ids::hex;
use crate::verdict::Findings;
use crate::verdict::document::Status;
use crate::verdict::report::{Coverage, Usage};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The version of what is kept; another one is not read.
const VERSION: u32 = 1;
/// The most bytes of one kept answer: a findings document and an audit line for each of some thousand calls.
const MAX_BYTES: u64 = 4 << 20;

/// What makes two reviews the same work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Key<'a> {
    /// The repository as it was named: reports link to it.
    pub(crate) repository: &'a str,
    /// The id of the directory's tree at base.
    pub(crate) base_tree: Option<&'a str>,
    /// The id of the directory's tree at head.
    pub(crate) head_tree: &'a str,
    pub(crate) directory: &'a str,
    pub(crate) dockerfile: Option<&'a str>,
    /// The agent, with whatever tells one version of it from another: an image's id.
    pub(crate) agent: &'a str,
    pub(crate) model: Option<&'a str>,
    /// Whom it is asked of: the providers that there are keys for, with their addresses.
    pub(crate) providers: &'a [String],
    /// The version of the prompts.
    pub(crate) prompt_version: &'a str,
    /// The version of this program: it makes what agents see.
    pub(crate) tool_version: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    /// The document that it printed.
    pub(crate) findings: Findings,
    #[serde(default)]
    pub(crate) coverage: Option<Coverage>,
    /// What its model's provider counted; none where there was no proxy.
    pub(crate) usage: Option<Usage>,
    pub(crate) audit: Vec<serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    /// The key in full, so that a file that was renamed is not taken for another answer.
    key: serde_json::Value,
    said: Said,
}

#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache below `folder`, which is made.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let folder = folder.join("reviews");
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// What was said about the same work, if that is known.
    #[must_use]
    pub(crate) fn get(&self, key: &Key<'_>) -> Option<Said> {
        let kept: Kept = serde_json::from_slice(&read_regular(&self.path(key), MAX_BYTES)?).ok()?;
        let same = kept.version == VERSION && serde_json::to_value(key).ok()? == kept.key;
        (same && kept.said.findings.status == Status::Complete).then_some(kept.said)
    }

    /// Keeps what was said, if it is complete: an incomplete review is no verdict and is tried again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn put(&self, key: &Key<'_>, said: &Said) -> io::Result<()> {
        if said.findings.status != Status::Complete {
            return Ok(());
        }
        let key_value = serde_json::to_value(key)?;
        let text = serde_json::to_vec_pretty(&Kept { version: VERSION, key: key_value, said: said.clone() })?;
        // Takes the place of whatever is there: neither followed when it is a link nor written to when it is a pipe.
        let readable = fs::Permissions::from_mode(0o644);
        let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(&self.folder)?;
        file.write_all(&text)?;
        file.persist(self.path(key)).map_err(|error| error.error)?;
        Ok(())
    }

    fn path(&self, key: &Key<'_>) -> PathBuf {
        let text = serde_json::to_vec(key).unwrap_or_default();
        self.folder.join(format!("{}.json", hex(&Sha256::digest(&text))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Cache, Key, Said};
    use crate::verdict::Findings;
    use crate::verdict::document::Status;

    fn key(head_tree: &str) -> Key<'_> {
        Key {
            repository: "https://git.example/weather",
            base_tree: None,
            head_tree,
            directory: "",
            dockerfile: None,
            agent: "builtin",
            model: Some("model"),
            providers: &[],
            prompt_version: "1",
            tool_version: "0.1.0",
        }
    }

    fn said(status: Status) -> Said {
        let findings = Findings { version: 1, status, reason: None, summary: String::new(), findings: Vec::new() };
        Said { findings, coverage: None, usage: None, audit: Vec::new() }
    }

    #[test]
    fn only_the_same_work_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        cache.put(&key("a"), &said(Status::Complete)).unwrap();
        assert_eq!(cache.get(&key("a")), Some(said(Status::Complete)));
        assert_eq!(cache.get(&key("b")), None);
        assert_eq!(cache.get(&Key { model: None, ..key("a") }), None);
        // A file under another work's name is not its answer.
        std::fs::copy(cache.path(&key("a")), cache.path(&key("b"))).unwrap();
        assert_eq!(cache.get(&key("b")), None);
    }

    #[test]
    fn no_verdict_is_kept_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        cache.put(&key("a"), &said(Status::Incomplete)).unwrap();
        assert_eq!(cache.get(&key("a")), None);
        std::fs::write(cache.path(&key("a")), "{\"version\": 1").unwrap();
        assert_eq!(cache.get(&key("a")), None);
    }

    #[test]
    fn what_is_no_regular_file_is_neither_read_nor_written_through() {
        use rustix::fs::{CWD, Mode, mkfifoat};
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let path = cache.path(&key("a"));
        // Reading or writing would wait here for ever.
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        assert_eq!(cache.get(&key("a")), None);
        cache.put(&key("a"), &said(Status::Complete)).unwrap();
        assert_eq!(cache.get(&key("a")), Some(said(Status::Complete)));
        // A link to an answer that is right in itself.
        let elsewhere = folder.path().join("elsewhere");
        std::fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(cache.get(&key("a")), None);
        std::fs::write(&elsewhere, "precious").unwrap();
        cache.put(&key("a"), &said(Status::Complete)).unwrap();
        assert_eq!(cache.get(&key("a")), Some(said(Status::Complete)));
        assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "precious");
    }
}
