//! Scanners: programs of the PATH, images in the sandbox, and reports that were made elsewhere.

use super::parse::parse;
use super::report::{self, ScanReport};
use crate::files;
use crate::ids::ImageReference;
use crate::layout::{Layout, pack};
use crate::review::sandbox::Cancel;
use crate::sbom::Place;
use crate::tool::boxed::{self, Boxed};
use crate::tool::program::{self, Program};
use crate::tool::{Limits, ToolError};
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Where an image in the sandbox finds the image to look at, and its database.
const IMAGE: &str = "/input/image";
const DATABASE: &str = "/input/database";

/// A scanner whose arguments are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Trivy,
    Grype,
}

/// Who looks for vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scanner {
    /// A program of the PATH.
    Program(Known),
    /// An image: of a scanner that is known, or one that follows the protocol of docs/scan.md.
    Image(Option<Known>, String),
    /// A report that was made elsewhere.
    File(PathBuf),
    /// A folder of them, by the names of entries or by digests.
    Folder(PathBuf),
}

/// Why there is no report. Texts may hold anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    /// The scanner did not do its part.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The report cannot be read.
    #[error("`{0}` cannot be read")]
    File(String, #[source] io::Error),
    /// There is none.
    #[error("there is no report of it in `{0}`: {1}")]
    NoReport(String, String),
    /// It is not a report.
    #[error("the report cannot be used: {0}")]
    Form(String),
}

impl Known {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "trivy" => Some(Self::Trivy),
            "grype" => Some(Self::Grype),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Trivy => "trivy",
            Self::Grype => "grype",
        }
    }

    fn arguments(self, image: &Path, database: Option<&Path>, limits: &Limits) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        match self {
            Self::Trivy => {
                arguments.extend(["image", "--quiet", "--scanners", "vuln", "--format", "sarif"].map(OsString::from));
                // Its cache would be written beside the database, which is not written here.
                arguments.extend(["--cache-backend", "memory", "--timeout"].map(OsString::from));
                arguments.push(format!("{}s", limits.time.as_secs()).into());
                if !limits.network {
                    let offline = ["--offline-scan", "--skip-db-update", "--skip-java-db-update"];
                    arguments.extend(offline.map(OsString::from));
                }
                if let Some(database) = database {
                    arguments.extend(["--cache-dir".into(), database.as_os_str().to_owned()]);
                }
                arguments.extend(["--input".into(), image.as_os_str().to_owned()]);
            }
            Self::Grype => {
                let mut source = OsString::from("oci-dir:");
                source.push(image);
                arguments.extend([source, "--quiet".into(), "--output".into(), "sarif".into()]);
            }
        }
        arguments
    }

    fn variables(self, database: Option<&Path>, limits: &Limits) -> Vec<(&'static str, OsString)> {
        match self {
            Self::Trivy => Vec::new(),
            Self::Grype => {
                let update = if limits.network { "true" } else { "false" };
                let mut variables: Vec<(&'static str, OsString)> =
                    vec![("GRYPE_CHECK_FOR_APP_UPDATE", "false".into()), ("GRYPE_DB_AUTO_UPDATE", update.into())];
                variables.extend(database.map(|database| ("GRYPE_DB_CACHE_DIR", database.as_os_str().to_owned())));
                variables
            }
        }
    }
}

impl Scanner {
    /// `trivy` or `grype`; `trivy=IMAGE` or `grype=IMAGE`; a file, a folder; else an image.
    ///
    /// # Errors
    /// When it is none of them.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(known) = Known::parse(text) {
            return Ok(Self::Program(known));
        }
        let path = Path::new(text);
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if path.exists() && !path.is_file() {
            return Err("it is neither a file nor a folder".to_owned());
        }
        let has_end = path.extension().is_some_and(|end| end == "json" || end == "sarif");
        if path.is_file() || has_end {
            return Ok(Self::File(path.to_owned()));
        }
        let (known, image) = match text.split_once('=') {
            Some((name, image)) => {
                let known = Known::parse(name).ok_or_else(|| format!("`{name}=` is neither `trivy=` nor `grype=`"))?;
                (Some(known), image)
            }
            None => (None, text),
        };
        let is_path = known.is_none() && (text.starts_with(['.', '/', '~']) || text.ends_with('/'));
        if is_path {
            return Err("there is no such file or folder".to_owned());
        }
        match ImageReference::parse(image) {
            Ok(_) => Ok(Self::Image(known, image.to_owned())),
            Err(error) => Err(format!("it is neither trivy or grype, nor a file that is there, nor an image: {error}")),
        }
    }

    /// Whether reports are made elsewhere, so that nobody needs the content of an image.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self, Self::File(_) | Self::Folder(_))
    }
}

/// The report about an image. `names` are those that its report may have in a folder; `home` is an empty folder.
///
/// # Errors
/// When there is none, or it cannot be used.
pub(crate) async fn scan(
    scanner: &Scanner,
    (layout, names): (Option<&Layout>, &[String]),
    database: Option<&Path>,
    (place, home): (&Place, &Path),
    limits: &Limits,
    cancel: &Cancel,
) -> Result<ScanReport, ScanError> {
    let nothing = || ToolError::Setup("there is no image to look at".to_owned());
    let text = match scanner {
        Scanner::File(file) => read(file)?,
        Scanner::Folder(folder) => read(&find(folder, names)?)?,
        Scanner::Program(known) => {
            let layout = layout.ok_or_else(nothing)?;
            let program = Program {
                name: known.name().to_owned(),
                arguments: known.arguments(&layout.folder, database, limits),
                variables: known.variables(database, limits),
                home: home.to_owned(),
            };
            program::run(program, &place.programs, limits, cancel).await?
        }
        Scanner::Image(known, image) => {
            let layout = layout.ok_or_else(nothing)?;
            let boxed = boxed(*known, image, layout, database, limits);
            boxed::run(boxed, &place.engine, limits, cancel).await?
        }
    };
    parse(&text).map_err(ScanError::Form)
}

fn boxed(known: Option<Known>, image: &str, layout: &Layout, database: Option<&Path>, limits: &Limits) -> Boxed {
    let inside = database.map(|_| Path::new(DATABASE));
    let text = |text: OsString| text.to_string_lossy().into_owned();
    let mut variables = vec![("MCP_SCAN_IMAGE".to_owned(), IMAGE.to_owned())];
    variables.extend(database.map(|_| ("MCP_SCAN_DATABASE".to_owned(), DATABASE.to_owned())));
    let of_known = known.map(|known| known.variables(inside, limits)).unwrap_or_default();
    variables.extend(of_known.into_iter().map(|(name, value)| (name.to_owned(), text(value))));
    let mut archives = vec![pack(layout.folder.clone(), "image")];
    archives.extend(database.map(|folder| pack(folder.to_owned(), "database")));
    Boxed {
        image: image.to_owned(),
        arguments: known
            .map(|known| known.arguments(Path::new(IMAGE), inside, limits))
            .unwrap_or_default()
            .into_iter()
            .map(text)
            .collect(),
        variables,
        archives,
        results: None,
    }
}

/// The report of one of these names in a folder.
fn find(folder: &Path, names: &[String]) -> Result<PathBuf, ScanError> {
    let ends = ["sarif", "sarif.json", "cdx.json", "vex.json", "json"];
    let files = names.iter().flat_map(|name| ends.map(|end| format!("{name}.{end}")));
    let found = files.map(|file| folder.join(file)).find(|file| file.is_file());
    let wanted = || names.iter().map(|name| format!("`{name}.sarif` or `{name}.json`")).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| ScanError::NoReport(folder.display().to_string(), wanted()))
}

fn read(file: &Path) -> Result<Vec<u8>, ScanError> {
    let mut text = Vec::new();
    let limit = report::MAX_BYTES as u64 + 1;
    let read = files::open_regular(file).and_then(|file| file.take(limit).read_to_end(&mut text));
    read.map_err(|error| ScanError::File(file.display().to_string(), error))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::read;
    use rustix::fs::{CWD, Mode, mkfifoat};

    #[test]
    fn a_report_that_is_not_a_file_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.json");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        for path in [pipe.as_path(), folder.path(), std::path::Path::new("/dev/zero")] {
            let error = std::error::Error::source(&read(path).unwrap_err()).unwrap().to_string();
            assert_eq!(error, "it is not a regular file", "{}", path.display());
        }
        let file = folder.path().join("report.json");
        std::fs::write(&file, "{}").unwrap();
        assert_eq!(read(&file).unwrap(), b"{}");
    }
}
