//! Bills of materials, made by others' programs of a published image: `syft` of the PATH, or an image that follows BuildKit's
//! protocol for scanners (moby/buildkit, docs/attestations/sbom-protocol.md). The result is checked as a file of `--sbom` is.

use crate::attest::predicate::{self, CYCLONEDX, Predicate, SPDX};
use crate::ids::ImageReference;
use crate::layout::{Layout, flatten};
use crate::review::sandbox::Cancel;
use crate::tool::boxed::{self, Boxed};
use crate::tool::program::{self, Program};
use crate::tool::{Limits, ToolError};
use serde_json::Value;
use std::io::Read as _;
use std::path::Path;

/// Where a generator of an image finds the root file system, and where it writes.
const SOURCE: &str = "/input/rootfs";
const EXTRAS: &str = "/input/extras";
const DESTINATION: &str = "/tmp/sbom";
/// The maximum number of bytes that an image unpacks to.
const MAX_UNPACKED: u64 = 32 << 30;

/// Who makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Generator {
    /// `syft`, of the PATH.
    Syft,
    /// An image.
    Image(String),
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SbomError {
    /// The generator did not do its part.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// What it wrote is not one.
    #[error("what it made cannot be used: {0}")]
    Form(String),
}

/// Where programs and the engine are.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) programs: program::Place,
    pub(crate) engine: boxed::Place,
}

impl Generator {
    /// `syft`, or the reference of an image.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "syft" => Ok(Self::Syft),
            image => match ImageReference::parse(image) {
                Ok(_) => Ok(Self::Image(image.to_owned())),
                Err(error) => Err(format!("write `syft` or the reference of an image: {error}")),
            },
        }
    }

    /// The type of what it makes by itself.
    pub(crate) fn kind(&self, wanted: Option<&str>) -> Result<&'static str, String> {
        match (self, wanted) {
            (_, None | Some(SPDX)) => Ok(SPDX),
            (Self::Syft, Some(CYCLONEDX)) => Ok(CYCLONEDX),
            (Self::Syft, Some(_)) => Err("`syft` makes spdxjson or cyclonedx".to_owned()),
            (Self::Image(_), Some(_)) => Err("images that follow BuildKit's protocol make spdxjson".to_owned()),
        }
    }
}

/// Makes the bill of materials of an image. `name` is what it calls the image, `home` an empty folder.
///
/// # Errors
/// When the generator fails, or what it made is not what it was to make.
pub(crate) async fn generate(
    generator: &Generator,
    kind: &str,
    (layout, name): (&Layout, &str),
    (place, home): (&Place, &Path),
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Predicate, SbomError> {
    let text = match generator {
        Generator::Syft => {
            let format = if kind == CYCLONEDX { "cyclonedx-json" } else { "spdx-json" };
            let program = syft(layout, name, format, home);
            program::run(program, &place.programs, limits, cancel).await?
        }
        Generator::Image(image) => {
            let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let boxed = Boxed {
                image: image.clone(),
                arguments: Vec::new(),
                variables: vec![
                    variable("BUILDKIT_SCAN_SOURCE", SOURCE),
                    variable("BUILDKIT_SCAN_SOURCE_EXTRAS", EXTRAS),
                    variable("BUILDKIT_SCAN_DESTINATION", DESTINATION),
                ],
                archives: vec![flatten(layout, "rootfs", MAX_UNPACKED)],
                results: Some(DESTINATION.to_owned()),
            };
            document(&boxed::run(boxed, &place.engine, limits, cancel).await?).map_err(SbomError::Form)?
        }
    };
    let made = predicate::sbom(&text).map_err(SbomError::Form)?;
    if made.kind != kind {
        return Err(SbomError::Form(format!("it is of the type `{}`, not `{kind}`", made.kind)));
    }
    Ok(made)
}

fn syft(layout: &Layout, name: &str, format: &str, home: &Path) -> Program {
    let mut source = std::ffi::OsString::from("oci-dir:");
    source.push(&layout.folder);
    let image = ImageReference::parse(name).ok();
    let version = image.as_ref().and_then(|image| image.digest.clone()).unwrap_or_default();
    let repository =
        image.map_or_else(|| name.to_owned(), |image| ImageReference { digest: None, ..image }.to_string());
    Program {
        name: "syft".to_owned(),
        arguments: vec![
            "scan".into(),
            source,
            "--quiet".into(),
            "--output".into(),
            format.into(),
            "--source-name".into(),
            repository.into(),
            "--source-version".into(),
            version.into(),
        ],
        variables: vec![("SYFT_CHECK_FOR_APP_UPDATE", "false".into())],
        home: home.to_owned(),
    }
}

/// The document in the archive of what a generator wrote: the predicate of an in-toto statement, or as it is.
fn document(archive: &[u8]) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("its files cannot be read: {error}");
    let mut found = Vec::new();
    for entry in tar::Archive::new(archive).entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if let Some(scan) = name.strip_suffix(".spdx.json") {
            let mut text = Vec::new();
            entry.read_to_end(&mut text).map_err(unreadable)?;
            found.push((scan.to_owned(), text));
        }
    }
    let wanted = SOURCE.rsplit('/').next().unwrap_or_default();
    let text = match found.iter().find(|(scan, _)| scan == wanted) {
        Some((_, text)) => text,
        None => match found.as_slice() {
            [] => return Err("it wrote no file `*.spdx.json`".to_owned()),
            [(_, text)] => text,
            more => return Err(format!("it wrote {} files `*.spdx.json`, of which none is `{wanted}`", more.len())),
        },
    };
    let value: Value = serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
    match (value.get("predicateType").and_then(Value::as_str), value.get("predicate")) {
        (Some(SPDX), Some(predicate)) => serde_json::to_vec(predicate).map_err(|error| error.to_string()),
        (Some(other), _) => Err(format!("it is a statement of the type `{}`", crate::text::cut(other, 100))),
        (None, _) => Ok(text.clone()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{CYCLONEDX, Generator, SPDX, document};

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            archive.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn a_generator_is_syft_or_an_image() {
        assert_eq!(Generator::parse("syft"), Ok(Generator::Syft));
        assert_eq!(Generator::parse("acme/scanner:1"), Ok(Generator::Image("acme/scanner:1".to_owned())));
        assert!(Generator::parse("--privileged").is_err() && Generator::parse("").is_err());
        assert_eq!(Generator::Syft.kind(Some(CYCLONEDX)), Ok(CYCLONEDX));
        assert_eq!(Generator::Image("x".to_owned()).kind(None), Ok(SPDX));
        assert!(Generator::Image("x".to_owned()).kind(Some(CYCLONEDX)).is_err());
    }

    #[test]
    fn one_document_comes_out_of_what_a_generator_wrote() {
        let statement =
            |kind: &str| format!(r#"{{"predicateType": "{kind}", "predicate": {{"spdxVersion": "SPDX-2.3"}}}}"#);
        let said = |files: &[(&str, &str)]| {
            document(&archive(files)).map(|text| String::from_utf8(text).unwrap()).unwrap_or_else(|error| error)
        };
        let (good, other) = (statement(SPDX), statement("https://slsa.dev/provenance/v1"));
        let texts = [
            said(&[("rootfs.spdx.json", &good), ("other.spdx.json", "{}")]),
            said(&[("any.spdx.json", r#"{"spdxVersion": "SPDX-2.3"}"#), ("note.txt", "x")]),
            said(&[("rootfs.spdx.json", &other)]),
            said(&[("a.spdx.json", &good), ("b.spdx.json", &good)]),
            said(&[("note.txt", "x")]),
            said(&[("rootfs.spdx.json", "nothing")]),
        ];
        insta::assert_snapshot!(texts.join("\n"), @r#"
        {"spdxVersion":"SPDX-2.3"}
        {"spdxVersion": "SPDX-2.3"}
        it is a statement of the type `https://slsa.dev/provenance/v1`
        it wrote 2 files `*.spdx.json`, of which none is `rootfs`
        it wrote no file `*.spdx.json`
        it is not JSON: expected ident at line 1 column 2
        "#);
    }
}
