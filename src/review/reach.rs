//! Whether a changed file can reach the image: the build context is the entry's directory, `.dockerignore` leaves files out of it, and
//! of what is left only what `COPY`, `ADD` or a mount of the Dockerfile names is there while the image is built.
//!
//! This is for a reader who wants to know where to look first, and decides nothing: what is built by other means than `docker build`
//! cannot be seen here. Where it is not clear, a file counts as one that can reach the image.

mod dockerfile;
mod pattern;

use crate::dockerfile::ignore::Ignore;
use crate::snapshot::{Change, Material, Snapshot};
use crate::verdict::report::{ChangedFile, FileChange, Reach};
use dockerfile::Taken;

/// The changed files, sorted by path, with how each reaches the image.
pub(super) fn changes(material: &Material<'_>) -> Vec<ChangedFile> {
    let build = Build::of(material);
    let files = material.changes.iter().map(|change| {
        let (reach, line) = build.as_ref().map_or((Reach::Unknown, None), |build| build.reach(&change.path));
        let what = match change.change {
            Change::Added => FileChange::Added,
            Change::Deleted => FileChange::Deleted,
            Change::Modified => FileChange::Modified,
        };
        ChangedFile { path: change.path.to_string(), change: what, reach, dockerfile_line: line }
    });
    files.collect()
}

/// What decides which files are there.
struct Build<'a> {
    dockerfile: &'a str,
    directory: &'a str,
    ignore: Option<(String, Ignore)>,
    taken: Taken,
}

impl<'a> Build<'a> {
    /// None when nobody can tell: there is no Dockerfile, or one that another frontend reads.
    fn of(material: &Material<'a>) -> Option<Self> {
        let path = material.dockerfile?;
        let taken = Taken::by(&text(material.head, path)?)?;
        let context = if material.directory.is_empty() { String::new() } else { format!("{}/", material.directory) };
        // The Dockerfile's own takes the place of the context's.
        let names = [format!("{path}.dockerignore"), format!("{context}.dockerignore")];
        let ignore = names.into_iter().find_map(|name| text(material.head, &name).map(|text| (name, text)));
        let ignore = match ignore {
            Some((name, text)) => Some((name, Ignore::parse(&text).ok()?)),
            None => None,
        };
        Some(Self { dockerfile: path, directory: material.directory, ignore, taken })
    }

    fn reach(&self, path: &str) -> (Reach, Option<u32>) {
        if path == self.dockerfile || self.ignore.as_ref().is_some_and(|(name, _)| name == path) {
            return (Reach::Build, None);
        }
        let below = match self.directory {
            "" => Some(path),
            directory => path.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/')),
        };
        let Some(below) = below else { return (Reach::Outside, None) };
        if self.ignore.as_ref().is_some_and(|(_, ignore)| ignore.excludes_file(below) && !ignore.is_exhausted()) {
            return (Reach::Ignored, None);
        }
        match self.taken.line(below) {
            Some(line) => (Reach::Copied, Some(line)),
            None => (Reach::NotCopied, None),
        }
    }
}

/// A file's text, without the mark that some editors put in front. A link is not followed.
fn text(snapshot: &Snapshot, path: &str) -> Option<String> {
    let file = snapshot.files.get(path).filter(|file| !file.link)?;
    let text = String::from_utf8_lossy(&file.content);
    Some(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::changes;
    use crate::snapshot::{Change, File, FileDiff, Material, Snapshot};

    fn reach(files: &[(&str, &str)], directory: &str, dockerfile: Option<&str>, changed: &[&str]) -> String {
        let file = |text: &str| File {
            blob: "0".repeat(40).into(),
            content: text.as_bytes().into(),
            executable: false,
            link: false,
            exported_as: None,
        };
        let files = files.iter().map(|(path, text)| ((*path).into(), file(text))).collect();
        let head = Snapshot { files, ..Snapshot::default() };
        let change = |path: &&str| FileDiff {
            path: (*path).into(),
            change: Change::Modified,
            binary: false,
            pieces: Vec::new(),
        };
        let diffs: Vec<_> = changed.iter().map(change).collect();
        let material = Material { head: &head, base: None, changes: &diffs, directory, dockerfile };
        let shown = changes(&material).into_iter().map(|file| {
            let line = file.dockerfile_line.map_or_else(String::new, |line| format!(" by line {line}"));
            format!("{}: {:?}{line}\n", file.path, file.reach)
        });
        shown.collect()
    }

    const DOCKERFILE: &str = "# syntax=docker/dockerfile:1\nFROM node AS build\nWORKDIR /app\nCOPY package.json \\\n  # a comment\n  tsconfig.json ./\nCOPY src/*.ts \"/app/src dir/\"\nADD https://files.example/x [\"y\"] /z\nADD [\"data dir\", \"/data/\"]\nRUN --mount=type=bind,source=scripts,target=/s --mount=type=cache,target=/c <<EOF\nCOPY all /here\nEOF\nFROM node\nCOPY --from=build /app/dist /app\nCOPY --chown=1 $EXTRA/conf /etc/\nONBUILD COPY . .\n";

    #[test]
    fn what_copy_add_and_mounts_name_can_reach_the_image_and_nothing_else() {
        let files = [("Dockerfile", DOCKERFILE), (".dockerignore", "*.md\n!keep.md\n# no\n/src/test\n")];
        let changed = [
            ".dockerignore",
            "Dockerfile",
            "all",
            "app/dist/x",
            "any/conf/x",
            "data dir/a/b",
            "keep.md",
            "package.json",
            "readme.md",
            "scripts/build.sh",
            "src/a.ts",
            "src/deep/a.ts",
            "src/test/a.ts",
            "tsconfig.json",
        ];
        insta::assert_snapshot!(reach(&files, "", Some("Dockerfile"), &changed), @r"
        .dockerignore: Build
        Dockerfile: Build
        all: NotCopied
        app/dist/x: NotCopied
        any/conf/x: Copied by line 15
        data dir/a/b: Copied by line 9
        keep.md: NotCopied
        package.json: Copied by line 4
        readme.md: Ignored
        scripts/build.sh: Copied by line 10
        src/a.ts: Copied by line 7
        src/deep/a.ts: NotCopied
        src/test/a.ts: Ignored
        tsconfig.json: Copied by line 4
        ");
    }

    #[test]
    fn the_context_is_the_directory_and_the_dockerfile_may_have_a_list_of_its_own() {
        let files = [
            ("srv/docker/Dockerfile", "FROM scratch\nCOPY . /\n"),
            ("srv/docker/Dockerfile.dockerignore", "**/*.log\nnode_modules\n"),
            ("srv/.dockerignore", "*\n"),
        ];
        let changed = ["other/x", "srv/.dockerignore", "srv/a/b.log", "srv/a/b.ts", "srv/node_modules/x/y"];
        insta::assert_snapshot!(reach(&files, "srv", Some("srv/docker/Dockerfile"), &changed), @r"
        other/x: Outside
        srv/.dockerignore: Copied by line 2
        srv/a/b.log: Ignored
        srv/a/b.ts: Copied by line 2
        srv/node_modules/x/y: Ignored
        ");
    }

    #[test]
    fn nothing_is_claimed_where_it_is_not_known() {
        assert_eq!(reach(&[], "", None, &["a"]), "a: Unknown\n");
        let other = [("Dockerfile", "# syntax=evil.example/frontend\nFROM scratch\n")];
        assert_eq!(reach(&other, "", Some("Dockerfile"), &["a"]), "a: Unknown\n");
        let many = "a\n".repeat(5000);
        let files = [("Dockerfile", "FROM scratch\n"), (".dockerignore", many.as_str())];
        assert_eq!(reach(&files, "", Some("Dockerfile"), &["a"]), "a: Unknown\n");
    }
}
