//! What became of a project's licence, word by word.
//!
//! Years and holders change every January and mean nothing; a sentence more means a lot. So lines that only say who has
//! the copyright are left out, and of the rest every word counts. What merely looks different, by case, marks or line
//! breaks, is the same.

use crate::git::upstream::{Entry, Found, Mode, ObjectId, StoreReader};
use crate::pins::facts::{self, License};

/// Licence files of one folder that are looked at.
const MAX_FILES: usize = 20;
/// Bytes of a licence that are read. The longest in use have 40,000.
const MAX_BYTES: u64 = 256 * 1024;
/// Words of a line that only says who has the copyright.
const MAX_HOLDER: usize = 20;

/// A file that may say under which terms the project is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// From the top of the repository.
    pub(super) path: String,
    pub(super) id: ObjectId,
    /// Whether it is a folder of licences, which is not looked into: any change in it counts.
    pub(super) folder: bool,
}

/// The folder in which the REUSE specification (version 3) keeps the texts of all licences of a project. In small letters it
/// is as often a part of the program, or holds those of its dependencies.
const FOLDER: &[u8] = b"LICENSES";

/// What follows the last dot of files that are programs or data, and no text for people.
const NOT_TEXT: &[&str] = &[
    "bat", "c", "cc", "cjs", "cpp", "cs", "css", "dart", "ex", "exs", "gif", "go", "h", "hpp", "in", "j2", "java",
    "jpg", "js", "json", "jsx", "kt", "lock", "lua", "mjs", "pdf", "php", "pl", "png", "ps1", "py", "rb", "rs",
    "scala", "scss", "sh", "sql", "svg", "swift", "tmpl", "toml", "ts", "tsx", "xml", "yaml", "yml",
];

/// Whether a file is named as licences are: `LICENSE`, `license-mit.txt`, `MIT-LICENSE`, `COPYING.LESSER`.
fn is_license(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    let words: Vec<&str> = name.split(['.', '-', '_', ' ']).collect();
    let says = |word: Option<&&str>| {
        word.is_some_and(|word| {
            matches!(*word, "license" | "licence" | "copying" | "unlicense" | "notice" | "copyright")
        })
    };
    // The last word is often what says that it is text.
    let before_end = if end.is_empty() { words.last() } else { words.iter().rev().nth(1) };
    !NOT_TEXT.contains(&end) && (says(words.first()) || says(before_end)) && words.first() != Some(&"third")
}

/// Takes the licences out of the entries of a folder.
pub(super) fn collect(found: &mut Vec<File>, folder: &str, entries: &[Entry]) {
    let named = entries.iter().filter_map(|entry| {
        let name = std::str::from_utf8(&entry.name).ok()?;
        let is_folder = match entry.mode {
            Mode::File { .. } | Mode::Symlink if is_license(name) => false,
            Mode::Folder if entry.name == FOLDER => true,
            _ => return None,
        };
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        Some(File { path: facts::named(&path), id: entry.id, folder: is_folder })
    });
    found.extend(named.take(MAX_FILES));
}

/// The files of one side that the other does not have in the same words, byte for byte.
fn unmatched<'f>(files: &'f [File], others: &[File]) -> Vec<&'f File> {
    files.iter().filter(|file| !others.iter().any(|other| other.id == file.id)).collect()
}

/// The contents that are needed to compare the two.
pub(super) fn needed(old: &[File], new: &[File]) -> Vec<ObjectId> {
    let (gone, come) = (unmatched(old, new), unmatched(new, old));
    if gone.is_empty() || come.is_empty() {
        return Vec::new();
    }
    gone.iter().chain(&come).filter(|file| !file.folder).map(|file| file.id).collect()
}

/// What became of the licence. Where several things did, the one that matters most is told.
pub(super) fn compare(reader: &StoreReader<'_>, old: &[File], new: &[File]) -> License {
    let read = |file: &File| {
        if file.folder {
            return Some(file.id.to_string());
        }
        match reader.file(file.id, MAX_BYTES) {
            Found::Here(content) => Some(words(&String::from_utf8_lossy(&content))),
            Found::Absent | Found::TooLarge(_) | Found::Damaged => None,
        }
    };
    judge(&unmatched(old, new), &unmatched(new, old), read)
}

fn judge(gone: &[&File], come: &[&File], read: impl Fn(&File) -> Option<String>) -> License {
    match (gone.first(), come.first()) {
        (None, None) => return License::Same,
        (Some(file), None) => return License::Removed(file.path.clone()),
        (None, Some(file)) => return License::Added(file.path.clone()),
        (Some(_), Some(_)) => {}
    }
    let with_words = |files: &[&File]| -> Vec<(String, Option<String>)> {
        files.iter().map(|file| (file.path.clone(), read(file))).collect()
    };
    let (mut gone, mut come) = (with_words(gone), with_words(come));
    // The same words, under this name or another one.
    gone.retain(|(_, words)| {
        let same = come.iter().position(|(_, others)| words.is_some() && words == others);
        same.map(|at| come.remove(at)).is_none()
    });
    let unreadable = gone.iter().chain(&come).find(|(_, words)| words.is_none()).map(|(path, _)| path.clone());
    let here = |path: &String| come.iter().any(|(other, words)| other == path && words.is_some());
    let changed = gone.iter().find(|(path, words)| words.is_some() && here(path)).map(|(path, _)| path.clone());
    match (changed, unreadable, gone.first(), come.first()) {
        (Some(path), ..) => License::Changed(path),
        (None, Some(path), ..) => License::Unknown(path),
        // Under another name, and in other words.
        (None, None, Some(_), Some((path, _))) => License::Changed(path.clone()),
        (None, None, Some((path, _)), None) => License::Removed(path.clone()),
        (None, None, None, Some((path, _))) => License::Added(path.clone()),
        (None, None, None, None) => License::Same,
    }
}

/// The words of a licence: in lower case, without marks, years, and lines that only name who has the copyright.
fn words(text: &str) -> String {
    let mut words = String::new();
    for line in text.lines() {
        let of_line: Vec<String> =
            line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
        if names_holder(line, &of_line) {
            continue;
        }
        for word in of_line.iter().filter(|word| !is_year(word)) {
            words.push_str(word);
            words.push(' ');
        }
    }
    words
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && (word.starts_with("19") || word.starts_with("20")) && word.bytes().all(|c| c.is_ascii_digit())
}

/// Whether a line says who has the copyright, and nothing else: terms that hide in such a line count like all others.
fn names_holder(line: &str, words: &[String]) -> bool {
    const TERMS: &[&str] = &[
        "agree",
        "commercial",
        "except",
        "forbid",
        "grant",
        "licen",
        "may",
        "must",
        "no",
        "non",
        "not",
        "only",
        "permi",
        "prohibit",
        "redistribut",
        "restrict",
        "shall",
        "subject",
        "term",
        "unless",
        "use",
        "used",
        "without",
    ];
    if words.join(" ") == "all rights reserved" {
        return true;
    }
    let starts = match words.first().map(String::as_str) {
        Some("copyright" | "copyrights" | "copr") => true,
        // What is left of `(c)`.
        Some("c") => line.to_lowercase().contains("(c)"),
        _ => line.contains('©'),
    };
    let dated = words.iter().any(|word| is_year(word)) || line.contains('©') || line.to_lowercase().contains("(c)");
    let is_term =
        |word: &String| TERMS.iter().any(|term| if term.len() > 3 { word.starts_with(term) } else { word == term });
    starts && dated && words.len() <= MAX_HOLDER && !words.iter().any(is_term)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{File, is_license, judge, words};
    use crate::git::upstream::ObjectId;
    use crate::ids::CommitSha;
    use crate::pins::facts::License;

    const MIT: &str = "MIT License\n\nCopyright (c) 2024 Acme, Inc.\n\nPermission is hereby granted, free of charge";

    #[test]
    fn names_of_licences_are_known() {
        for name in
            ["LICENSE", "licence.txt", "LICENSE-MIT", "MIT-LICENSE.txt", "COPYING.LESSER", "UNLICENSE", "NOTICE.md"]
        {
            assert!(is_license(name), "{name}");
        }
        for name in ["license.py", "licenses.json", "README.md", "NOTICES.json", "relicense", "THIRD-PARTY-LICENSE", ""]
        {
            assert!(!is_license(name), "{name}");
        }
    }

    #[test]
    fn years_holders_case_and_line_breaks_do_not_count() {
        for other in [
            MIT.replace("2024", "2024-2026"),
            MIT.replace("Acme, Inc.", "The Others GmbH and Contributors. All rights reserved."),
            MIT.replace("(c) 2024", "© 2025"),
            MIT.replace(" is hereby", "\n   IS hereby").replace('\n', "\r\n"),
            MIT.replace(
                "Copyright (c) 2024 Acme, Inc.",
                "(c) 2024 Acme\nCopyright (C) 2025 Others\nAll rights reserved.",
            ),
        ] {
            assert_eq!(words(&other), words(MIT), "{other}");
        }
    }

    #[test]
    fn every_other_word_counts_also_beside_a_copyright() {
        for other in [
            MIT.replace("granted", "not granted"),
            MIT.replace("Acme, Inc.", "Acme, Inc. Not for commercial use."),
            MIT.replace("Acme, Inc.", "Acme. Redistribution is prohibited"),
            MIT.replace("MIT License", "License"),
            format!("{MIT}\nCopyright lawyers are to be paid"),
            String::new(),
        ] {
            assert_ne!(words(&other), words(MIT), "{other}");
        }
    }

    fn judged(old: &[(&str, Option<&str>)], new: &[(&str, Option<&str>)]) -> License {
        let all: Vec<_> = old.iter().chain(new).collect();
        // The id of a content is its number.
        let id = |text: Option<&str>| {
            let number = all.iter().position(|(_, other)| *other == text).unwrap();
            ObjectId::from(&CommitSha::parse(&format!("{number:040x}")).unwrap())
        };
        let files = |side: &[(&str, Option<&str>)]| -> Vec<File> {
            side.iter().map(|(path, text)| File { path: (*path).to_owned(), id: id(*text), folder: false }).collect()
        };
        let (old_files, new_files) = (files(old), files(new));
        let read = |file: &File| {
            let (_, text) = all.iter().find(|(_, text)| id(*text) == file.id).unwrap();
            text.map(words)
        };
        judge(&super::unmatched(&old_files, &new_files), &super::unmatched(&new_files, &old_files), read)
    }

    #[test]
    fn what_became_of_licences_is_told() {
        let year = MIT.replace("2024", "2025");
        let other = "All of it is ours.";
        let path = |name: &str| name.to_owned();
        for (old, new, wanted) in [
            (vec![], vec![], License::Same),
            (vec![("LICENSE", Some(MIT))], vec![("LICENSE", Some(MIT))], License::Same),
            (vec![("LICENSE", Some(MIT))], vec![("LICENSE.md", Some(&*year))], License::Same),
            (vec![("LICENSE", Some(MIT))], vec![("LICENSE", Some(other))], License::Changed(path("LICENSE"))),
            (vec![("LICENSE", Some(MIT))], vec![("COPYING", Some(other))], License::Changed(path("COPYING"))),
            (vec![("LICENSE", Some(MIT))], vec![], License::Removed(path("LICENSE"))),
            (vec![], vec![("LICENSE", Some(MIT))], License::Added(path("LICENSE"))),
            (vec![("LICENSE", Some(MIT))], vec![("LICENSE", None)], License::Unknown(path("LICENSE"))),
            (
                vec![("LICENSE", Some(MIT)), ("a/LICENSE", Some("x"))],
                vec![("LICENSE", Some(&*year)), ("a/LICENSE", Some("y"))],
                License::Changed(path("a/LICENSE")),
            ),
            (
                vec![("LICENSE", Some(MIT)), ("NOTICE", Some("x"))],
                vec![("LICENSE", Some(&*year))],
                License::Removed(path("NOTICE")),
            ),
        ] {
            assert_eq!(judged(&old, &new), wanted, "{old:?} {new:?}");
        }
    }
}
