//! The wheels that hold the programs: which ones, their checksums, and where they come from.

use super::Wanted;
use crate::agent::coding::Coder;
use crate::error::CommandError;
use crate::fetch::{Fetcher, Request, parse_url};
use crate::ids::hex;
use http::header::{ACCEPT, HeaderValue};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes of a wheel. Those of 2026 have 180 MB.
const MAX_WHEEL: u64 = 1 << 30;
/// The most bytes of the list of a project's files.
const MAX_LIST: u64 = 64 << 20;
/// Time for a wheel to arrive.
const WITHIN: Duration = Duration::from_mins(15);
/// The list of a project's files as JSON (PEP 691).
const LIST: &str = "application/vnd.pypi.simple.v1+json";

/// The files of each agent: the project, its version, and for each platform the wheel and its checksum.
const CLAUDE: (&str, &str) = ("claude-agent-sdk", "0.2.189");
const CODEX: (&str, &str) = ("openai-codex-cli-bin", "0.163.0");
const CHECKSUMS: &[(Coder, &str, &str)] = &[
    (Coder::Claude, "x86_64", "b26a6a30a4e2cb025a6f5c95e1ce4469b38fcc51015c392f627bea7c948d67ad"),
    (Coder::Claude, "aarch64", "7e89e56f968a2f2b09e1a86cb66a937f004fc33948faad66425df847b07c5769"),
    (Coder::Codex, "aarch64", "bb2b0d117eeb02608738cf2bcdf51f6a036343d0028272e11a94e72b0d23b141"),
    (Coder::Codex, "x86_64", "76db41fb07fdf9ddacbe892b48d21dfde270031ec0f5666b5e558114355f006d"),
];

/// The one wheel of an agent for an engine's platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pinned {
    coder: Coder,
    project: &'static str,
    version: &'static str,
    architecture: &'static str,
    /// Its name.
    pub(crate) file: String,
    /// 64 hexadecimal digits.
    pub(crate) sha256: String,
}

/// A wheel whose checksum is right. One that is not kept is removed with this.
#[derive(Debug)]
pub(super) enum Wheel {
    Kept(PathBuf),
    Temporary(tempfile::TempPath),
}

impl Wheel {
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::Kept(path) => path.clone(),
            Self::Temporary(path) => path.to_path_buf(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct List {
    files: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    filename: String,
    url: String,
}

impl Pinned {
    /// The wheel for a platform as engines call it: `linux/amd64`.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn of(coder: Coder, platform: &str) -> Result<Self, CommandError> {
        let architecture = match platform {
            "linux/amd64" => "x86_64",
            "linux/arm64" => "aarch64",
            _ => "",
        };
        let known = CHECKSUMS.iter().find(|(of, with, _)| *of == coder && *with == architecture);
        let Some((_, architecture, sha256)) = known else {
            let why =
                format!("there is no {} for the engine's platform `{platform}` that this program knows", coder.title());
            return Err(CommandError::unfinished(why));
        };
        let (project, version) = match coder {
            Coder::Claude => CLAUDE,
            Coder::Codex => CODEX,
        };
        let file = format!("{}-{version}-py3-none-manylinux_2_17_{architecture}.whl", project.replace('-', "_"));
        Ok(Self { coder, project, version, architecture, file, sha256: (*sha256).to_owned() })
    }

    /// The programs in it: their paths there, and their names in the image.
    pub(super) fn members(&self) -> &'static [(&'static str, &'static str)] {
        match self.coder {
            Coder::Claude => &[("claude_agent_sdk/_bundled/claude", "claude")],
            Coder::Codex => &[("codex_cli_bin/bin/codex", "codex"), ("codex_cli_bin/codex-path/rg", "rg")],
        }
    }

    /// Build arguments: where the base image has the C library.
    pub(super) fn arguments(&self) -> Vec<(String, String)> {
        let loader = match self.architecture {
            "aarch64" => "/lib/ld-linux-aarch64.so.1",
            _ => "/lib64/ld-linux-x86-64.so.2",
        };
        match self.coder {
            Coder::Claude => vec![
                ("LOADER".to_owned(), loader.to_owned()),
                ("LIBRARIES".to_owned(), format!("/lib/{}-linux-gnu", self.architecture)),
            ],
            Coder::Codex => Vec::new(),
        }
    }

    /// The wheel of the folder of downloads; else it is fetched, and kept there if there is such a folder.
    ///
    /// # Errors
    /// When it is not to be had, or another one than it must be.
    pub(super) async fn find(&self, fetcher: &Fetcher, wanted: &Wanted) -> Result<Wheel, CommandError> {
        let kept = wanted.downloads.as_ref().map(|folder| folder.join(&self.file));
        if let Some(path) = kept.as_ref().filter(|path| path.exists()) {
            let found = checksum(path).map_err(|error| {
                CommandError::unfinished(format!("`{}` cannot be read", path.display())).because(&error)
            })?;
            return match found == self.sha256 {
                true => Ok(Wheel::Kept(path.clone())),
                false => Err(CommandError::unfinished(format!("`{}` is not the file that it must be", path.display()))
                    .hint(format!("its SHA-256 must be {}, and is {found}: remove it", self.sha256))),
            };
        }
        let fetched = self.fetch(fetcher, wanted).await?;
        let Some(path) = kept else { return Ok(Wheel::Temporary(fetched)) };
        fetched.persist(&path).map_err(|error| {
            CommandError::unfinished(format!("cannot keep `{}`", path.display())).because(&error.error)
        })?;
        Ok(Wheel::Kept(path))
    }

    async fn fetch(&self, fetcher: &Fetcher, wanted: &Wanted) -> Result<tempfile::TempPath, CommandError> {
        let failed = || CommandError::unfinished(format!("`{}` cannot be fetched", self.file));
        let Some(index) = &wanted.index else {
            return Err(failed().hint("name a Python package index with `--package-index`, or as PIP_INDEX_URL").hint(
                format!(
                    "or run `pip download --no-deps {}=={}` in a folder, and name that with `--downloads`",
                    self.project, self.version
                ),
            ));
        };
        let mut address = index.clone();
        let path = format!("{}/{}/", address.path().trim_end_matches('/'), self.project);
        address.set_path(&path);
        let request = Request::get(address, MAX_LIST).header(ACCEPT, HeaderValue::from_static(LIST));
        let answer = fetcher.fetch(&request).await.map_err(|error| failed().because(&error))?;
        let list: List = serde_json::from_slice(&answer.body).map_err(|error| {
            let hint = "the index must answer with JSON (PEP 691)";
            failed().because(&error).hint(format!("{hint}; it answered {}", answer.status))
        })?;
        let listed = list.files.into_iter().find(|listed| listed.filename == self.file);
        let listed = listed.ok_or_else(|| failed().hint("the index does not have it"))?;
        let url = match answer.url.join(&listed.url) {
            Ok(url) => url,
            Err(_) => parse_url(&listed.url).map_err(|error| failed().because(&error))?,
        };
        let request = Request::get(url, MAX_WHEEL).within(WITHIN);
        let mut incoming = fetcher.open(&request).await.map_err(|error| failed().because(&error))?;
        if !incoming.status.is_success() {
            return Err(failed().hint(format!("it answered {}", incoming.status)));
        }
        let folder = wanted.downloads.as_deref().unwrap_or(&wanted.temp_dir);
        let unwritten = |error: io::Error| failed().because(&error);
        std::fs::create_dir_all(folder).map_err(unwritten)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritten)?;
        let mut hash = Sha256::new();
        while let Some(chunk) = incoming.chunk().await.map_err(|error| failed().because(&error))? {
            hash.update(&chunk);
            file.write_all(&chunk).map_err(unwritten)?;
        }
        file.flush().map_err(unwritten)?;
        let found = hex(&hash.finalize());
        if found != self.sha256 {
            return Err(failed().hint(format!("its SHA-256 must be {}, and is {found}", self.sha256)));
        }
        Ok(file.into_temp_path())
    }
}

fn checksum(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(piece.get(..read).unwrap_or_default());
    }
}
