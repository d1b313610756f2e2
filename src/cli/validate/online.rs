//! `validate --online`: asks the outside, with a progress bar, and stops at once on Ctrl-C.

use super::{Loaded, ValidateArgs};
use crate::cli::refuse;
use crate::context::Context;
use crate::entry::Entry;
use crate::error::CommandError;
use crate::ui::Ui;
use crate::validate::facts::Facts;
use crate::validate::gather::{GatherOptions, Progress, Reach, gather};
use url::Url;

/// The largest file of certificates that is read, in bytes: a system's whole bundle has 220 kB.
const MAX_ROOTS: u64 = 4 << 20;

/// The facts of every entry that is judged; the others have none. Killing this loses nothing: answers are kept in the cache
/// as they come, and the next run asks only what is missing.
pub(super) fn facts(
    loaded: &Loaded,
    args: &ValidateArgs,
    context: &Context,
    ui: &Ui,
) -> Result<Vec<Facts>, CommandError> {
    let is_judged = |entry: &&Entry| loaded.only.as_ref().is_none_or(|only| only.contains(&entry.name));
    let judged: Vec<&Entry> = loaded.entries.iter().filter(is_judged).collect();
    let bar = ui.progress(judged.len() as u64, "gathering facts");
    let mut options = options(args, context)?;
    let shown = bar.clone();
    options.progress = Some(Progress::new(move |done, _| shown.set_position(done as u64)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::unfinished("cannot start the network").because(&error))?;
    let gathered = runtime.block_on(async {
        tokio::select! {
            facts = gather(&judged, &loaded.policy, &options) => facts.map(Some),
            _ = tokio::signal::ctrl_c() => Ok(None),
        }
    });
    bar.finish_and_clear();
    // Questions that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    let gathered = gathered.map_err(|error| CommandError::unfinished("cannot gather facts").because(&error))?;
    let Some(gathered) = gathered else {
        return Err(
            CommandError::unfinished("interrupted").hint("with `--cache DIR` the next run asks only what is missing")
        );
    };
    let mut gathered = gathered.into_iter();
    let facts = |entry: &Entry| if is_judged(&entry) { gathered.next() } else { None };
    Ok(loaded.entries.iter().map(facts).map(Option::unwrap_or_default).collect())
}

fn options(args: &ValidateArgs, context: &Context) -> Result<GatherOptions, CommandError> {
    let github_api = Url::parse(&context.github_api_url).map_err(|error| {
        refuse(format!("GITHUB_API_URL is not a URL: `{}`", context.github_api_url)).because(&error)
    })?;
    let reach = Reach {
        github_api,
        github_token: context.github_token.clone(),
        roots_pem: roots(context)?,
        allow: args.allow_network.clone(),
    };
    Ok(GatherOptions { cache: args.cache.clone(), ..reach.into() })
}

/// The certificates of `SSL_CERT_FILE`.
fn roots(context: &Context) -> Result<Option<Vec<u8>>, CommandError> {
    let Some(path) = &context.ssl_cert_file else { return Ok(None) };
    let cannot = |error: std::io::Error| {
        refuse(format!("SSL_CERT_FILE names `{}`, which cannot be read", path.display())).because(&error)
    };
    let size = std::fs::metadata(path).map_err(cannot)?.len();
    if size > MAX_ROOTS {
        return Err(refuse(format!("SSL_CERT_FILE names a file of {size} bytes; {MAX_ROOTS} are read at most")));
    }
    std::fs::read(path).map(Some).map_err(cannot)
}
