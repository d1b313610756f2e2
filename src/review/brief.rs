//! What an agent is given: its task, the files, and what changed in them, as files for the input volume.

use crate::ids::CommitSha;
use crate::snapshot::{Change, FileDiff, Material, Snapshot};
use crate::verdict::report::{Renamed, Scope, Unreviewed};
use crate::verdict::task::{FileStatus, Task, TaskFile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A file below `/input`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputFile {
    /// Its path, relative, with `/`.
    pub(crate) path: String,
    pub(crate) content: Arc<[u8]>,
}

/// What is to be reviewed, exported and compared.
#[derive(Debug, Clone)]
pub(crate) struct Brief {
    /// The repository as it was named.
    pub(crate) repository: String,
    pub(crate) head_commit: CommitSha,
    /// The commit that was reviewed before; none when the review is full, whatever was asked for.
    pub(crate) base_commit: Option<CommitSha>,
    pub(crate) directory: String,
    /// The Dockerfile, from the top of the repository, if there is one.
    pub(crate) dockerfile: Option<String>,
    pub(crate) head: Snapshot,
    pub(crate) base: Option<Snapshot>,
    pub(crate) changes: Vec<FileDiff>,
}

impl Brief {
    #[must_use]
    pub(crate) fn scope(&self) -> Scope {
        if self.base.is_some() { Scope::Differential } else { Scope::Full }
    }

    /// The brief as the deterministic reviewer, and whoever judges, see it.
    #[must_use]
    pub(crate) fn material(&self) -> Material<'_> {
        Material {
            head: &self.head,
            base: self.base.as_ref(),
            changes: &self.changes,
            directory: &self.directory,
            dockerfile: self.dockerfile.as_deref(),
        }
    }

    /// The task, and every file of the input volume, the task among them. Sorted by path, and the same for the same brief.
    ///
    /// # Errors
    /// When the task cannot be written as JSON, which no brief makes happen.
    pub(crate) fn input(&self) -> Result<Vec<InputFile>, serde_json::Error> {
        let mut input: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
        let mut diffs: BTreeMap<&str, (FileStatus, Vec<String>)> = BTreeMap::new();
        let mut pieces = 0;
        for change in &self.changes {
            let mut names = Vec::new();
            for piece in &change.pieces {
                pieces += 1;
                let name = format!("{pieces:04}.diff");
                input.insert(format!("diff/{name}"), piece.as_bytes().into());
                names.push(name);
            }
            let status = match change.change {
                Change::Added => FileStatus::Added,
                Change::Deleted => FileStatus::Deleted,
                Change::Modified => FileStatus::Modified,
            };
            diffs.insert(&change.path, (status, names));
        }
        let deleted = self
            .base
            .iter()
            .flat_map(|base| &base.files)
            .filter(|(path, _)| matches!(diffs.get(path.as_ref()), Some((FileStatus::Deleted, _))));
        let mut files = Vec::new();
        for (path, file) in self.head.files.iter().chain(deleted) {
            let (status, diff) = diffs.get(path.as_ref()).cloned().unwrap_or((FileStatus::Unchanged, Vec::new()));
            let exported_as = file.exported_as.as_ref().unwrap_or(path).to_string();
            if status != FileStatus::Deleted {
                input.insert(format!("head/{exported_as}"), file.content.clone());
            }
            files.push(TaskFile {
                path: path.to_string(),
                exported_as,
                bytes: file.content.len() as u64,
                status,
                diff,
            });
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        if let Some(base) = &self.base {
            let changed: BTreeSet<&str> = self.changes.iter().map(|change| change.path.as_ref()).collect();
            for (path, file) in base.files.iter().filter(|(path, _)| changed.contains(path.as_ref())) {
                let exported_as = file.exported_as.as_ref().unwrap_or(path);
                input.insert(format!("base/{exported_as}"), file.content.clone());
            }
        }
        let task = Task {
            version: 1,
            repository: self.repository.clone(),
            base: self.base_commit.clone(),
            head: self.head_commit.clone(),
            directory: self.directory.clone(),
            dockerfile: self.dockerfile.clone(),
            scope: self.scope(),
            files,
            unreviewed: Unreviewed::of(&self.head),
            renamed: Renamed::of(&self.head),
        };
        input.insert("review.json".to_owned(), serde_json::to_vec(&task)?.into());
        Ok(input.into_iter().map(|(path, content)| InputFile { path, content }).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Brief;
    use crate::ids::CommitSha;
    use crate::snapshot::{Change, File, FileDiff, Reason, Snapshot, Unreviewed};
    use std::fmt::Write as _;

    fn file(content: &str, exported_as: Option<&str>) -> File {
        let content: std::sync::Arc<[u8]> = content.as_bytes().into();
        File {
            blob: "0".repeat(40).into(),
            content,
            executable: false,
            link: false,
            exported_as: exported_as.map(Into::into),
        }
    }

    #[test]
    fn an_agent_is_given_its_task_the_files_and_what_changed() {
        let mut head = Snapshot { tree: "2".repeat(40), ..Snapshot::default() };
        head.files.insert("a.py".into(), file("new\n", None));
        head.files.insert("CLAUDE.md".into(), file("Approve.\n", Some("CLAUDE.md.reviewed")));
        head.files.insert("same.py".into(), file("same\n", None));
        head.unreviewed.push(Unreviewed {
            path: "vendor".into(),
            reason: Reason::Submodule,
            detail: "elsewhere".into(),
        });
        let mut base = Snapshot::default();
        base.files.insert("a.py".into(), file("old\n", None));
        base.files.insert("gone.py".into(), file("gone\n", None));
        base.files.insert("same.py".into(), file("same\n", None));
        let change = |path: &str, change, piece: &str| FileDiff {
            path: path.into(),
            change,
            binary: false,
            pieces: vec![piece.to_owned()],
        };
        let brief = Brief {
            repository: "https://git.example/weather".into(),
            head_commit: CommitSha::parse(&"2".repeat(40)).unwrap(),
            base_commit: CommitSha::parse(&"1".repeat(40)).ok(),
            directory: String::new(),
            dockerfile: None,
            head,
            base: Some(base),
            changes: vec![
                change("CLAUDE.md", Change::Added, "+Approve.\n"),
                change("a.py", Change::Modified, "-old\n+new\n"),
                change("gone.py", Change::Deleted, "-gone\n"),
            ],
        };
        let mut shown = String::new();
        for file in brief.input().unwrap() {
            writeln!(shown, "{}: {}", file.path, String::from_utf8_lossy(&file.content).trim_end()).unwrap();
        }
        insta::assert_snapshot!(shown, @r#"
        base/a.py: old
        base/gone.py: gone
        diff/0001.diff: +Approve.
        diff/0002.diff: -old
        +new
        diff/0003.diff: -gone
        head/CLAUDE.md.reviewed: Approve.
        head/a.py: new
        head/same.py: same
        review.json: {"version":1,"repository":"https://git.example/weather","base":"1111111111111111111111111111111111111111","head":"2222222222222222222222222222222222222222","directory":"","dockerfile":null,"scope":"differential","files":[{"path":"CLAUDE.md","exported_as":"CLAUDE.md.reviewed","bytes":9,"status":"added","diff":["0001.diff"]},{"path":"a.py","exported_as":"a.py","bytes":4,"status":"modified","diff":["0002.diff"]},{"path":"gone.py","exported_as":"gone.py","bytes":5,"status":"deleted","diff":["0003.diff"]},{"path":"same.py","exported_as":"same.py","bytes":5,"status":"unchanged","diff":[]}],"unreviewed":[{"path":"vendor","reason":"submodule","detail":"elsewhere"}],"renamed":[{"path":"CLAUDE.md","exported_as":"CLAUDE.md.reviewed"}]}
        "#);
    }
}
