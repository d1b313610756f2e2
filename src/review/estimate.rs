//! How much there is to read, before anybody is asked to.

use super::brief::Brief;
use super::prepare;
use super::sandbox::{Cancel, Stop};
use super::target::Work;
use super::workspace::Workspace;
use super::{Phase, Progress, Request};
use crate::error::CommandError;
use crate::fetch::Fetcher;
use crate::git::upstream::Upstream;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a review of one target has to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Files under review: of a change those that changed, else all.
    pub(crate) files: usize,
    /// Bytes of them; of a change, those of its diffs.
    pub(crate) bytes: u64,
}

impl Measured {
    fn of(brief: &Brief) -> Self {
        let sum = |sizes: &mut dyn Iterator<Item = usize>| sizes.map(|size| size as u64).sum();
        if brief.base.is_some() {
            let pieces = &mut brief.changes.iter().flat_map(|change| &change.pieces).map(String::len);
            return Self { files: brief.changes.len(), bytes: sum(pieces) };
        }
        let files = &brief.head.files;
        Self { files: files.len(), bytes: sum(&mut files.values().map(|file| file.content.len())) }
    }

    /// Tokens of it, read once. Four bytes of code are about one.
    #[must_use]
    pub(crate) fn tokens(self) -> u64 {
        self.bytes.div_ceil(4)
    }
}

/// Fetches and measures all targets, one after the other; why not, where one cannot be had. In the order of the request. Equal
/// work is measured once.
///
/// # Errors
/// When nothing can be measured at all, or it was cancelled.
pub(crate) async fn estimate(
    request: &Request,
    progress: &Progress,
    cancel: &Cancel,
) -> Result<Vec<Result<Measured, String>>, CommandError> {
    let workspace = Workspace::new(&request.temp_dir).map_err(|error| {
        CommandError::unfinished(format!("cannot make a folder in `{}`", request.temp_dir.display())).because(&error)
    })?;
    let fetcher = Fetcher::new(&request.reach.fetch_options())
        .map_err(|error| CommandError::usage("repositories cannot be fetched").because(&error))?;
    let mut known: BTreeMap<&Work, Result<Measured, String>> = BTreeMap::new();
    let mut measured = Vec::new();
    for (position, target) in request.targets.iter().enumerate() {
        progress.report(&[position], &Phase::Fetching);
        let one = match &target.work {
            Err(reason) => Err(reason.clone()),
            Ok(work) => match known.get(work) {
                Some(known) => known.clone(),
                None => {
                    let folder = workspace.place(&format!("estimate-{position}"));
                    let one = tokio::select! {
                        one = measure(&fetcher, work, request, target.entry.is_some(), &folder) => one,
                        why = cancel.cancelled() => Err(why.as_str().to_owned()),
                    };
                    known.insert(work, one.clone());
                    one
                }
            },
        };
        progress.report(&[position], &Phase::Done);
        measured.push(one);
    }
    match cancel.stopped() {
        Some(Stop::Interrupted) => Err(CommandError::unfinished("interrupted")),
        _ => Ok(measured),
    }
}

async fn measure(
    fetcher: &Fetcher,
    work: &Work,
    request: &Request,
    of_entry: bool,
    folder: &std::path::Path,
) -> Result<Measured, String> {
    let upstream =
        Upstream::parse(&work.repository).map_err(|error| format!("its address cannot be used: {}", error.why))?;
    if of_entry && matches!(upstream, Upstream::Local(_)) {
        return Err("an entry cannot name a path".to_owned());
    }
    let limits = request.limits.clone();
    let store = Arc::new(prepare::fetch(fetcher, &upstream, &[work], &limits.fetch, folder).await?);
    let work = work.clone();
    let brief = tokio::task::spawn_blocking(move || prepare::brief(&store, &work, &limits)).await;
    brief.map_err(|error| format!("the export broke off: {error}"))?.map(|brief| Measured::of(&brief))
}
