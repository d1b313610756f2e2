//! Where reports go, and that nothing that was there before is taken for one.

use crate::error::CommandError;
use crate::files::write_whole;
use crate::ids::hex;
use crate::output::review::{labels_txt, report_json, report_md};
use crate::review::target::Target;
use crate::verdict::ReviewReport;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const REPORT: &str = "report.md";
const JSON: &str = "report.json";
const LABELS: &str = "labels.txt";
/// The most bytes of an entry's name that its folder is named by.
const MAX_NAME: usize = 100;

/// The folders of a run's targets, in their order, no two the same.
#[derive(Debug)]
pub(super) struct Places(Vec<PathBuf>);

impl Places {
    /// Makes the folders, and says in each that its review is incomplete until there is a report: a run that fails or is
    /// killed must not leave an earlier verdict, or one that came with the checkout, for its own.
    ///
    /// # Errors
    /// When a folder or what is in it is not ours to write: a link, or anything but a file.
    pub(super) fn begin(report_dir: &Path, targets: &[Target]) -> Result<Self, CommandError> {
        let mut taken = BTreeSet::new();
        let mut folders = Vec::new();
        for target in targets {
            let mut folder = match &target.entry {
                Some(name) => report_dir.join(file_name(name)),
                None => report_dir.to_owned(),
            };
            // Names that are not UTF-8 can look the same.
            while !taken.insert(folder.clone()) {
                folder.as_mut_os_string().push("%");
            }
            folders.push(folder);
        }
        // The top first: a link there would lead all of them astray.
        for folder in std::iter::once(report_dir).chain(folders.iter().map(PathBuf::as_path)) {
            make(folder)?;
        }
        for folder in &folders {
            for name in [REPORT, JSON, LABELS] {
                clear(&folder.join(name))?;
            }
            put(&folder.join(LABELS), "security-risk:incomplete\n")?;
        }
        Ok(Self(folders))
    }

    /// Writes the three files of a target. The labels come last: whoever finds them finds the report that they are of.
    ///
    /// # Errors
    /// When one cannot be written.
    pub(super) fn write(&self, target: usize, report: &ReviewReport) -> Result<(), CommandError> {
        let Some(folder) = self.0.get(target) else { return Ok(()) };
        put(&folder.join(JSON), &report_json(report))?;
        put(&folder.join(REPORT), &report_md(report))?;
        put(&folder.join(LABELS), &labels_txt(report))
    }

    /// Where a target's report for people is.
    pub(super) fn report(&self, target: usize) -> String {
        self.0.get(target).map_or_else(String::new, |folder| folder.join(REPORT).display().to_string())
    }
}

/// An entry's name as that of a folder: whoever proposes an entry chooses its name, and not where files are written. Two
/// names are never one folder: what was encoded or cut has a digest of all of it.
fn file_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(plain) {
        return name.to_owned();
    }
    let start: String =
        name.bytes().take(MAX_NAME / 2).map(|byte| if plain(byte) { char::from(byte) } else { '%' }).collect();
    format!("{start}%{}", hex(&Sha256::digest(name.as_bytes())[..16]))
}

fn make(folder: &Path) -> Result<(), CommandError> {
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let kind = fs::symlink_metadata(folder).map_err(|error| cannot(folder, &error))?.file_type();
    if kind.is_dir() {
        return Ok(());
    }
    Err(CommandError::usage(format!("`{}` is a link: reports would go where it leads", folder.display()))
        .hint("name the folder itself with `--report-dir DIR`"))
}

/// Removes what is there: a file or a link. Anything else, a pipe say, was not put there by a review.
fn clear(path: &Path) -> Result<(), CommandError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot(path, &error)),
        Ok(found) if found.is_file() || found.is_symlink() => {
            fs::remove_file(path).map_err(|error| cannot(path, &error))
        }
        Ok(_) => Err(CommandError::usage(format!("`{}` is not a file, and in the way of a report", path.display()))),
    }
}

fn put(path: &Path, text: &str) -> Result<(), CommandError> {
    clear(path)?;
    write_whole(path, text.as_bytes()).map_err(|error| cannot(path, &error))
}

fn cannot(path: &Path, error: &io::Error) -> CommandError {
    CommandError::unfinished(format!("cannot write {}", path.display())).because(error)
}

#[cfg(test)]
mod tests {
    use super::file_name;
    use std::collections::BTreeSet;

    #[test]
    fn an_entrys_name_is_one_folder_and_no_other_entrys() {
        assert_eq!(file_name("weather-2_b"), "weather-2_b");
        let long = "a".repeat(150);
        let names = [
            "..",
            ".",
            "",
            "a/b",
            "a%2fb",
            "é\n",
            "Weather",
            "WEATHER",
            &long,
            &format!("{long}1"),
            &format!("{long}2"),
        ];
        let folders: BTreeSet<String> = names.iter().map(|name| file_name(name)).collect();
        assert_eq!(folders.len(), names.len());
        for folder in folders {
            assert!(folder.len() <= 100 && folder.contains('%') && !folder.contains(['/', '\n', '.']), "{folder}");
        }
    }
}
