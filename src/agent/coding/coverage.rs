//! Which of the files under review an agent has opened: of a change those that changed, else all.

use crate::agent::input::Input;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Programs of a shell that show what is in a file.
const READERS: &[&str] =
    &["cat", "sed", "head", "tail", "nl", "awk", "tac", "od", "hexdump", "xxd", "less", "more", "strings", "cut"];

pub(super) struct Coverage<'a> {
    root: &'a Path,
    /// The positions of files by their paths below the root.
    places: BTreeMap<String, usize>,
    wanted: BTreeSet<usize>,
    read: BTreeSet<usize>,
}

impl<'a> Coverage<'a> {
    /// Nothing is read yet. `root` is the input folder.
    pub(super) fn new(input: &Input, root: &'a Path) -> Self {
        let (mut places, mut wanted) = (BTreeMap::new(), BTreeSet::new());
        for (position, file) in input.task.files.iter().enumerate() {
            if input.is_under_review(file) {
                wanted.insert(position);
            }
            for side in ["head", "base"] {
                places.insert(format!("{side}/{}", file.exported_as), position);
            }
            places.extend(file.diff.iter().map(|piece| (format!("diff/{piece}"), position)));
        }
        Self { root, places, wanted, read: BTreeSet::new() }
    }

    /// How many files are to be read.
    pub(super) fn of(&self) -> usize {
        self.wanted.len()
    }

    /// How many of them were.
    pub(super) fn read(&self) -> usize {
        self.read.len()
    }

    /// A file was opened, by its absolute path.
    pub(super) fn saw(&mut self, path: &str) {
        let Ok(below) = Path::new(path).strip_prefix(self.root) else { return };
        self.saw_below(&below.to_string_lossy());
    }

    fn saw_below(&mut self, path: &str) -> bool {
        let position = self.places.get(path).copied().filter(|position| self.wanted.contains(position));
        position.is_some_and(|position| {
            self.read.insert(position);
            true
        })
    }

    /// A command of a shell ended well. What counts are files that it names to a program that shows them; what it reads by a
    /// pattern is not seen here, so that this says too little and never too much.
    pub(super) fn ran(&mut self, command: &str) {
        let mut directory = String::new();
        for simple in command.split(['\n', ';', '|', '&']) {
            let mut words = simple.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
            let mut first = words.next().unwrap_or_default();
            // The shell that Codex starts is itself a word of the command.
            while ["-lc", "-c"].contains(&first) || first.ends_with("sh") && first.starts_with('/') {
                first = words.next().unwrap_or_default();
            }
            if first == "cd" {
                words.next().unwrap_or_default().clone_into(&mut directory);
            }
            if !READERS.contains(&first) {
                continue;
            }
            for word in words {
                if word.starts_with('/') {
                    self.saw(word);
                } else {
                    self.saw(&format!("{}/{}", directory.trim_end_matches('/'), word.trim_start_matches("./")));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Coverage;
    use crate::agent::input::Input;

    fn read(base: bool, see: impl Fn(&mut Coverage<'_>)) -> (usize, usize) {
        let folder = tempfile::tempdir().unwrap();
        let file = |path: &str, status: &str, diff: &str| {
            format!(r#"{{"path":"{path}","exported_as":"{path}","bytes":1,"status":"{status}","diff":[{diff}]}}"#)
        };
        let files = [
            file("a.js", "modified", "\"0001.diff\""),
            file("b.js", "unchanged", ""),
            file("c/d.js", "added", "\"0002.diff\""),
        ];
        let scope = if base { "differential" } else { "full" };
        let task = format!(
            r#"{{"version":1,"repository":"r","base":null,"head":"{}","directory":"","dockerfile":null,"scope":"{scope}","files":[{}],"unreviewed":[],"renamed":[]}}"#,
            "1".repeat(40),
            files.join(",")
        );
        std::fs::write(folder.path().join("review.json"), task).unwrap();
        let input = Input::open(folder.path()).unwrap();
        let mut coverage = Coverage::new(&input, std::path::Path::new("/input"));
        see(&mut coverage);
        (coverage.read(), coverage.of())
    }

    #[test]
    fn a_file_or_its_diff_is_enough_and_nothing_counts_twice() {
        assert_eq!(read(true, |_| {}), (0, 2));
        assert_eq!(
            read(true, |seen| ["/input/head/a.js", "/input/diff/0001.diff"].map(|path| seen.saw(path)).fill(())),
            (1, 2)
        );
        assert_eq!(
            read(true, |seen| ["/input/head/b.js", "/etc/passwd", "head/a.js"].map(|path| seen.saw(path)).fill(())),
            (0, 2)
        );
        assert_eq!(read(false, |seen| seen.saw("/input/head/b.js")), (1, 3));
    }

    #[test]
    fn a_command_counts_for_the_files_that_it_names() {
        let ran = |command: &str| read(false, |seen| seen.ran(command));
        assert_eq!(ran("/bin/sh -lc 'cat /input/head/a.js; nl -ba /input/head/b.js | sed -n 1,9p'"), (2, 3));
        assert_eq!(ran("/bin/sh -lc 'cd /input/head && cat a.js ./c/d.js'"), (2, 3));
        assert_eq!(ran("/bin/sh -lc \"sed -n '1,5p' /input/head/a.js\""), (1, 3));
        assert_eq!(ran("/bin/sh -lc 'ls /input/head/a.js; rg x /input/head; cat /input/head/*.js'"), (0, 3));
    }
}
