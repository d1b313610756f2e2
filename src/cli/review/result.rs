//! From reports to files, a rendering and an exit status.

use super::options::ReviewArgs;
use super::place::Places;
use crate::cli::Global;
use crate::context::Context;
use crate::document::Document;
use crate::entry::{MANIFEST, SERVERS};
use crate::error::{CommandError, exit};
use crate::finding::{SourceText, Sources};
use crate::output::review::{Row, human};
use crate::output::{self, Format, RenderOptions, escape};
use crate::review;
use crate::review::target::Target;
use crate::ui::Ui;
use crate::verdict::ReviewReport;
use crate::verdict::annotate::{annotate, rules};
use std::sync::Arc;

/// Writes the three files of each target, renders all of it, and says how it ended.
pub(super) fn show(
    args: &ReviewArgs,
    global: &Global,
    targets: &[Target],
    places: &Places,
    reports: &[ReviewReport],
    ui: &Ui,
) -> Result<u8, CommandError> {
    for (target, report) in reports.iter().enumerate() {
        places.write(target, report)?;
    }
    let text = match global.format {
        Format::Human => {
            let shown: Vec<String> = (0..reports.len()).map(|target| places.report(target)).collect();
            let rows: Vec<Row<'_>> = reports.iter().zip(&shown).map(|(report, place)| Row { report, place }).collect();
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

/// `--clean`.
pub(super) async fn clean(global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    let cleaned = review::clean(context.docker_host.as_deref(), &context.temp_dir).await?;
    if global.format == Format::Json {
        ui.result(&escape::visible_json(&serde_json::json!({ "version": 1, "removed": cleaned })))?;
    } else {
        ui.say(&format!("removed of runs that are gone: {cleaned}"));
    }
    Ok(exit::CLEAN)
}
