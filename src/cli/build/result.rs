//! What became of each entry, as a result: names of images for people and scripts, one JSON document, or a report of tools.

use super::options::BuildArgs;
use crate::build::Built;
use crate::build::tools::rules;
use crate::build_record::BuildRecord;
use crate::cli::{Global, images};
use crate::error::{CommandError, exit};
use crate::finding::{Finding, Report, SourceText};
use crate::ids::Digest;
use crate::output::{self, Format, RenderOptions, escape};
use crate::ui::Ui;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What became of an entry.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) entry: Arc<str>,
    pub(super) nothing: Option<String>,
    pub(super) error: Option<CommandError>,
    pub(super) image: Option<Image>,
    pub(super) tools: Option<Judged>,
}

/// An image with its names.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) built: Built,
    pub(super) repository: String,
    pub(super) tags: Vec<String>,
    /// Its digest in the image registry, if it was pushed.
    pub(super) digest: Option<Digest>,
}

/// The tools of a server beside those of `tools.json`.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    /// `tools.json`.
    pub(super) path: Arc<str>,
    pub(super) source: Option<SourceText>,
}

impl Outcome {
    pub(super) fn new(entry: Arc<str>) -> Self {
        Self { entry, nothing: None, error: None, image: None, tools: None }
    }

    fn json(&self) -> Value {
        let status = match self {
            Self { error: Some(_), .. } => "failed",
            Self { image: Some(Image { digest: Some(_), .. }), .. } => "pushed",
            Self { image: Some(_), .. } => "built",
            _ => "nothing",
        };
        let reason = self.error.as_ref().map(|error| error.message.clone()).or_else(|| self.nothing.clone());
        let image = self.image.as_ref().map(|image| {
            json!({
                "repository": image.repository,
                "tags": image.tags,
                "id": image.built.id,
                "digest": image.digest,
                "commit": image.built.commit,
                "context_digest": image.built.context_digest,
                "context_files": image.built.files,
                "platform": image.built.platform,
                "labels": image.built.labels,
            })
        });
        json!({ "entry": &*self.entry, "status": status, "reason": reason, "image": image })
    }

    /// The image for people and scripts: by digest when it was pushed.
    fn name(&self) -> Option<String> {
        let image = self.image.as_ref()?;
        Some(match (&image.digest, image.tags.first()) {
            (Some(digest), _) => format!("{}@{}", image.repository, digest.as_str()),
            (None, Some(tag)) => format!("{}:{tag}", image.repository),
            (None, None) => image.repository.clone(),
        })
    }
}

/// Writes the result, and says how the run ended.
pub(super) fn show(args: &BuildArgs, global: &Global, outcomes: &[Outcome], ui: &Ui) -> Result<u8, CommandError> {
    let judged: Vec<&Judged> = outcomes.iter().filter_map(|outcome| outcome.tools.as_ref()).collect();
    let findings = judged.iter().flat_map(|judged| judged.findings.clone()).collect();
    let sources = judged.iter().filter_map(|judged| Some((judged.path.clone(), judged.source.clone()?))).collect();
    let report = Report::new("build", judged.len(), findings, sources);
    let text = if args.asks() {
        let rules = rules();
        let options = RenderOptions {
            color: ui.stdout_color,
            width: ui.width,
            show_waived: false,
            quiet: global.quiet,
            rules: &rules,
        };
        outcomes.iter().filter_map(Outcome::name).for_each(|name| ui.say(&format!("  as {name}")));
        // Nobody was asked: that there are no problems would be said of nothing.
        if judged.is_empty() && global.format == Format::Human {
            String::new()
        } else {
            output::render(&report, global.format, &options)
        }
    } else if global.format == Format::Json {
        let builds: Vec<Value> = outcomes.iter().map(Outcome::json).collect();
        escape::visible_json(&json!({ "version": 1, "builds": builds }))
    } else {
        let names = outcomes.iter().filter_map(Outcome::name);
        names.map(|name| format!("{}\n", escape::terminal(&name))).collect()
    };
    ui.result(&text)?;
    let failed = outcomes.iter().filter_map(|outcome| outcome.error.as_ref().map(CommandError::exit_status)).max();
    let least = args.fail_on.severity();
    let found = report.worst().is_some_and(|worst| least.is_some_and(|least| worst >= least));
    Ok(match (failed, found) {
        (Some(status), _) => status,
        (None, true) => exit::FINDINGS,
        (None, false) => exit::CLEAN,
    })
}

/// Writes the record of a build.
pub(super) fn write_record(file: &Path, record: &BuildRecord) -> Result<(), CommandError> {
    let cannot = |error: &dyn std::error::Error| {
        CommandError::unfinished(format!("cannot write {}", file.display())).because(error)
    };
    let text = record.to_json().map_err(|error| cannot(&error))?;
    crate::files::write_whole(file, text.as_bytes()).map_err(|error| cannot(&error))
}

/// Checks the file of digests, or makes it: whoever reads it next finds that nothing was published.
pub(super) fn start_digests(file: &Path) -> Result<(), CommandError> {
    match std::fs::metadata(file) {
        Ok(found) if found.len() == 0 => return Ok(()),
        // What cannot be read at the end would be known only once images are published.
        Ok(_) => return images::of_digests(file).map(drop),
        Err(_) => {}
    }
    crate::files::write_whole(file, b"{}\n")
        .map_err(|error| CommandError::unfinished(format!("cannot write {}", file.display())).because(&error))
}

/// Notes the digest of an entry's image in a file, beside those of other entries.
pub(super) fn write_digest(file: &Path, entry: &str, image: &str) -> Result<(), CommandError> {
    let cannot = |error: &dyn std::error::Error| {
        CommandError::unfinished(format!("cannot write {}", file.display())).because(error)
    };
    let mut digests = match std::fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Ok(found) if found.len() == 0 => BTreeMap::new(),
        _ => images::of_digests(file)?,
    };
    digests.insert(entry.to_owned(), image.to_owned());
    let mut text = serde_json::to_string_pretty(&digests).map_err(|error| cannot(&error))?;
    text.push('\n');
    crate::files::write_whole(file, text.as_bytes()).map_err(|error| cannot(&error))
}
