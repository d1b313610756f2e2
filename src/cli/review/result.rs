//! From reports to files, a rendering and an exit status.

use super::options::ReviewArgs;
use crate::cli::Global;
use crate::context::Context;
use crate::document::Document;
use crate::entry::{MANIFEST, SERVERS};
use crate::error::{CommandError, exit};
use crate::files::write_whole;
use crate::finding::{SourceText, Sources};
use crate::output::review::{Row, human, labels_txt, report_json, report_md};
use crate::output::{self, Format, RenderOptions};
use crate::review;
use crate::review::target::Target;
use crate::ui::Ui;
use crate::verdict::ReviewReport;
use crate::verdict::annotate::{annotate, rules};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The report for people.
const REPORT: &str = "report.md";

/// Writes the three files of each target, renders all of it, and says how it ended.
pub(super) fn show(
    args: &ReviewArgs,
    global: &Global,
    targets: &[Target],
    reports: &[ReviewReport],
    ui: &Ui,
) -> Result<u8, CommandError> {
    let mut places = Vec::new();
    for report in reports {
        let folder = folder(&args.report_dir, report);
        write(&folder, report)?;
        places.push(folder.join(REPORT).display().to_string());
    }
    let text = match global.format {
        Format::Human => {
            let rows: Vec<Row<'_>> = reports.iter().zip(&places).map(|(report, place)| Row { report, place }).collect();
            human(&rows)
        }
        format => {
            let rules = rules();
            let options =
                RenderOptions { color: false, width: ui.width, show_waived: false, quiet: global.quiet, rules: &rules };
            output::render(&annotate(reports, manifests(targets)), format, &options)
        }
    };
    ui.result(&text)?;
    Ok(status(args, reports))
}

/// The manifests that annotations point into. One that does not parse is pointed at as a whole.
fn manifests(targets: &[Target]) -> Sources {
    let manifest = |target: &Target| {
        let (name, text) = (target.entry.as_ref()?, target.manifest.clone()?);
        let source = match Document::from_yaml(text.clone()) {
            Ok(document) => SourceText::Document(Arc::new(document)),
            Err(_) => SourceText::plain(text),
        };
        Some((Arc::from(format!("{SERVERS}/{name}/{MANIFEST}")), source))
    };
    targets.iter().filter_map(manifest).collect()
}

/// Findings at or above `--fail-on` first: they are certain. Then whatever could not be finished.
fn status(args: &ReviewArgs, reports: &[ReviewReport]) -> u8 {
    let risky = |report: &ReviewReport| {
        args.fail_on.risk().is_some_and(|least| report.findings.iter().any(|judged| judged.finding.risk >= least))
    };
    if reports.iter().any(risky) {
        exit::FINDINGS
    } else if reports.iter().any(|report| !report.verdict.is_complete()) {
        exit::UNFINISHED
    } else {
        exit::CLEAN
    }
}

/// Where the files of a target go: a folder of the entry's name; the report folder itself where there is no entry.
fn folder(report_dir: &Path, report: &ReviewReport) -> PathBuf {
    match &report.reviewed.entry {
        Some(name) => report_dir.join(file_name(name)),
        None => report_dir.to_owned(),
    }
}

/// An entry's name as that of a folder: whoever proposes an entry chooses its name, and not where files are written.
fn file_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let shown: String = name
        .bytes()
        .take(100)
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") })
        .collect();
    if shown.is_empty() { "%".to_owned() } else { shown }
}

fn write(folder: &Path, report: &ReviewReport) -> Result<(), CommandError> {
    let cannot = |path: &Path, error: std::io::Error| {
        CommandError::unfinished(format!("cannot write {}", path.display())).because(&error)
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    // The labels come last: whoever finds them finds the report that they are of.
    for (name, text) in
        [("report.json", report_json(report)), (REPORT, report_md(report)), ("labels.txt", labels_txt(report))]
    {
        let path = folder.join(name);
        write_whole(&path, text.as_bytes()).map_err(|error| cannot(&path, error))?;
    }
    Ok(())
}

/// `--clean`.
pub(super) async fn clean(context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    let cleaned = review::clean(context.docker_host.as_deref(), &context.temp_dir).await?;
    ui.say(&format!("removed of runs that are gone: {cleaned}"));
    Ok(exit::CLEAN)
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn an_entrys_name_is_one_folder() {
        for (name, folder) in
            [("weather", "weather"), ("..", "%2e%2e"), ("a/b", "a%2fb"), ("é\n", "%c3%a9%0a"), ("", "%")]
        {
            assert_eq!(file_name(name), folder);
        }
    }
}
