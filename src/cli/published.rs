//! Entries as published, gathered for every command that shows or writes them: `catalog`, `list`, `show`.

mod assess;

use super::images::{self, ImageArgs};
use super::outside::Outside;
use super::{Global, clock, digests, entries, policy, refuse};
use crate::catalog::filter::{self, Filter, FilterError};
use crate::catalog::pin::{Pinned, pin};
use crate::catalog::published::RESERVED_TAG;
use crate::catalog::{Published, push, rules};
use crate::context::Context;
use crate::entry::{Entry, EntryType, load};
use crate::error::CommandError;
use crate::finding::{Anchor, Finding, Severity, SourceText, Sources};
use crate::history::{Age, History};
use crate::ids::ImageReference;
use crate::policy::Policy;
use crate::route;
use crate::rules::Obeying;
use crate::ui::Ui;
use clap::Args;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// Image registries that are asked concurrently.
const CONCURRENCY: usize = 16;

/// Where what is known of entries beside their files comes from.
#[derive(Debug, Clone, Args)]
pub(super) struct KnownArgs {
    /// The images that `build --push --digests` published.
    #[arg(long, value_name = "FILE")]
    pub(super) digests: Option<PathBuf>,
    /// What `verify --all --format json` said: whether each image is signed is then shown.
    #[arg(long, value_name = "FILE")]
    pub(super) verify: Option<PathBuf>,
    /// The folder with the report.json of reviews: the risk of each pinned commit is then shown.
    #[arg(long, value_name = "DIR")]
    pub(super) reviews: Option<PathBuf>,
}

/// What becomes of images without a digest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpinned<'a> {
    /// How image registries are asked; none where they are not.
    pub(super) ask: Option<&'a ImageArgs>,
    /// Whether entries are kept whose image has none all the same.
    pub(super) keep: bool,
}

/// Which entries are chosen.
#[derive(Debug, Clone, Args)]
pub(super) struct FromArgs {
    /// Only entries that this holds of: `trust>=verified and max-risk<=medium`.
    #[arg(long, value_name = "FILTER")]
    from: Option<String>,
}

impl FromArgs {
    /// The filter, with its text; none when there is none.
    pub(super) fn parse(&self) -> Result<Option<From>, CommandError> {
        let one = |text: &String| {
            let filter = filter::parse(text).map_err(|error| mistake(text, error))?;
            Ok(From { text: text.clone(), filter })
        };
        self.from.as_ref().map(one).transpose()
    }
}

/// A filter and its text.
#[derive(Debug)]
pub(super) struct From {
    text: String,
    filter: Filter,
}

/// An error with the place in the filter marked under it.
fn mistake(text: &str, error: FilterError) -> CommandError {
    let FilterError { message, span, hint } = error;
    let column = text.get(..span.start).unwrap_or_default().chars().count();
    let width = text.get(span.range()).unwrap_or_default().chars().count().max(1);
    let mut refused = refuse(format!("`--from`, column {}: {message}", column + 1));
    // A line end or a tab would move the mark.
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    refused.excerpt = vec![line, format!("{}{}", " ".repeat(column), "^".repeat(width))];
    match hint {
        Some(hint) => refused.hint(hint),
        None => refused,
    }
}

/// Leaves the entries that a filter has.
///
/// # Errors
/// When that is none, when it names something that no entry has, or asks for risks that nobody gave.
pub(super) fn choose(gathered: &mut Gathered, from: Option<&From>, known: &KnownArgs) -> Result<(), CommandError> {
    let Some(From { text, filter }) = from else { return Ok(()) };
    if filter.asks_for_risk() && known.reviews.is_none() {
        return Err(refuse("`max-risk` compares what reviews said, and there are none")
            .hint("name the folder with their report.json: `--reviews DIR`"));
    }
    let publishers: Vec<String> =
        gathered.policy.settings.publishers.iter().map(|publisher| publisher.name.clone()).collect();
    filter.check(&gathered.published, &publishers).map_err(|error| mistake(text, error))?;
    gathered.published.retain(|entry| filter.has(entry));
    if gathered.published.is_empty() {
        let error = refuse(format!("no entry is what `--from` asks for: {text}"));
        return Err(match filter.asks_for_risk() {
            true => {
                error.hint("an entry without a complete review of its pinned commit has no risk, and is not chosen")
            }
            false => error.hint("`mcp-registry list` shows what entries are"),
        });
    }
    Ok(())
}

/// Entries as published, sorted by name.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) published: Vec<Published>,
    /// How many were looked at.
    pub(super) entries: usize,
    pub(super) policy: Policy,
    pub(super) findings: Vec<Finding>,
    pub(super) sources: Sources,
    /// The names of the entries whose images the registry builds.
    pub(super) built: BTreeSet<String>,
    /// The names in the file of digests of which the registry has no entry.
    pub(super) strangers: Vec<String>,
}

/// Reads the entries of these names, or all, and what is known of them.
///
/// # Errors
/// When a name is wrong, or something that was asked for cannot be read.
pub(super) fn gather(
    names: &[String],
    args: &KnownArgs,
    unpinned: Unpinned<'_>,
    global: &Global,
    context: &Context,
    ui: &Ui,
) -> Result<Gathered, CommandError> {
    policy::check_root(&global.root)?;
    if unpinned.ask.is_some() && global.offline {
        return Err(refuse("`--online` asks image registries, which `--offline` forbids"));
    }
    let policy = policy::load(&global.root, None)?;
    let all = entries::list(&global.root)?;
    let chosen = match names {
        [] => all.clone(),
        names => {
            let chosen = names.iter().map(|name| entries::named(name, &all).cloned());
            chosen.collect::<Result<BTreeSet<_>, _>>()?.into_iter().collect()
        }
    };
    let published = args.digests.as_deref().map(digests::read).transpose()?.unwrap_or_default();
    let known: BTreeSet<String> = all.iter().filter_map(|name| name.to_str().map(ToOwned::to_owned)).collect();
    let strangers = published.keys().filter(|name| !known.contains(*name)).cloned().collect();
    let entries = load::load_all(&global.root, &chosen);
    let ages = ages(global, ui)?;
    let mut pins: Vec<Pinned> = entries.iter().map(|entry| pin(entry, &policy.settings, &published)).collect();
    if let Some(reach) = unpinned.ask {
        ask(&mut pins, reach, &policy, context, ui)?;
    }
    let mut gathered = Gathered {
        published: Vec::new(),
        entries: entries.len(),
        findings: Vec::new(),
        sources: Sources::new(),
        built: if args.verify.is_some() { built(global, &all, &policy) } else { BTreeSet::new() },
        strangers,
        policy: Policy::default(),
    };
    for (entry, pinned) in entries.iter().zip(&pins) {
        if gathered.is_publishable(entry, pinned, unpinned.keep) {
            let age = ages.get(&*entry.name).copied().unwrap_or_default();
            gathered.published.push(Published::of(entry, &policy.settings, pinned, age));
        }
    }
    gathered.published.sort_by(|a, b| a.name.cmp(&b.name));
    Obeying::new(&policy, context.today()).obey(&mut gathered.findings);
    gathered.policy = policy;
    assess::assess(&mut gathered, args, &published)?;
    Ok(gathered)
}

/// The entries of the whole registry whose images it builds, chosen or not: those that `verify --all` looks at.
fn built(global: &Global, names: &[OsString], policy: &Policy) -> BTreeSet<String> {
    let namespace = &policy.settings.registry.namespace;
    let is_built = |entry: &Entry| {
        let image = entry.manifest.image.as_deref().and_then(|image| ImageReference::parse(image).ok());
        image.is_some_and(|image| image.is_under(namespace))
    };
    let all = load::load_all(&global.root, names);
    all.iter().filter(|entry| is_built(entry)).map(|entry| entry.name.to_string()).collect()
}

/// The only entry that was asked for.
///
/// # Errors
/// When it cannot be published, with why.
pub(super) fn only<'g>(gathered: &'g Gathered, name: &str) -> Result<&'g Published, CommandError> {
    gathered.published.first().ok_or_else(|| {
        let why = gathered.findings.first().map(|finding| finding.message.clone()).unwrap_or_default();
        refuse(format!("`{name}` is not published: {why}"))
            .hint(format!("`mcp-registry validate {name}` says what is wrong"))
    })
}

impl Gathered {
    /// Notes what is wrong with an entry. Whether it is published all the same.
    fn is_publishable(&mut self, entry: &Entry, pinned: &Pinned, allow_unpinned: bool) -> bool {
        let Some(document) = entry.document().filter(|_| entry.folder_problem.is_none()) else {
            let message = format!("`{}` cannot be read", entry.manifest_file.path);
            self.note(entry, rules::UNPUBLISHABLE, Severity::Error, Anchor::File, message, SAYS_WHY);
            return false;
        };
        self.sources.insert(entry.manifest_file.path.clone(), SourceText::Document(document.clone()));
        let at = |key: &'static str| Anchor::Value(route![key]);
        let manifest = &entry.manifest;
        if manifest.meta.tags.iter().flatten().any(|tag| tag == RESERVED_TAG) {
            let message =
                format!("the Gateway takes what has the tag `{RESERVED_TAG}` for an entry of the community registry");
            let help = "the tag is left out; remove it from `meta.tags`";
            self.note(entry, rules::RESERVED, Severity::Warning, Anchor::Value(route!["meta", "tags"]), message, help);
        }
        for (index, tool) in manifest.tools.iter().enumerate().filter(|_| manifest.kind == EntryType::Poci) {
            let Some(image) = tool.image.as_deref().filter(|image| !ImageReference::names_digest(image)) else {
                continue;
            };
            let at = Anchor::Value(route!["tools", index, "container", "image"]);
            let message = format!("the image `{image}` of a tool has no digest");
            let help = "write its digest behind the name: nothing else says what users run";
            self.note(entry, rules::UNPINNED_TOOL, Severity::Warning, at, message, help);
        }
        let problem = match manifest.kind {
            EntryType::Unknown => Some(("type", "it has no known type: server, remote or poci".to_owned())),
            EntryType::Remote if manifest.remote.url.is_none() => Some(("remote", "it has no address".to_owned())),
            EntryType::Poci if manifest.tools.is_empty() => Some(("tools", "it has no tools".to_owned())),
            _ if *pinned == Pinned::Invalid => {
                Some(("image", "it has no image, or none that can be pulled".to_owned()))
            }
            _ => None,
        };
        if let Some((key, message)) = problem {
            self.note(entry, rules::UNPUBLISHABLE, Severity::Error, at(key), message, SAYS_WHY);
            return false;
        }
        match pinned {
            Pinned::Other(image) => {
                let message = format!("what was published for it is {image}, which is another image");
                let help = "`mcp-registry build NAME --push --digests FILE` notes the right one";
                self.note(entry, rules::OTHER_IMAGE, Severity::Error, at("image"), message, help);
                false
            }
            Pinned::Unknown(image) if !allow_unpinned => {
                let message = format!("nobody knows the digest of {image}");
                let help = "give the file that `build --push --digests` wrote, or ask with `--online`; `--allow-unpinned` keeps the entry";
                self.note(entry, rules::UNPINNED, Severity::Error, at("image"), message, help);
                false
            }
            _ => true,
        }
    }

    fn note(
        &mut self,
        entry: &Entry,
        rule: &'static str,
        severity: Severity,
        anchor: Anchor,
        message: String,
        help: &str,
    ) {
        let path: Arc<str> = entry.manifest_file.path.clone();
        let mut finding = Finding::new(rule, severity, Some(entry.name.clone()), path, anchor, message);
        finding.help = Some(help.to_owned());
        self.findings.push(finding);
    }
}

const SAYS_WHY: &str = "`mcp-registry validate` says what is wrong with it";

/// The ages of all entries. Where there is no history, nothing is guessed.
fn ages(global: &Global, ui: &Ui) -> Result<BTreeMap<String, Age>, CommandError> {
    let root = global.root.clone();
    let read = clock::within(clock::HISTORY, "the registry's history", move || {
        let history = match History::open(&root) {
            Ok(history) => history,
            Err(error) => return Ok(Err(error.message)),
        };
        let ages = history.checked_out().map(|commit| history.ages(&commit)).transpose()?.unwrap_or_default();
        Ok(Ok((ages, history.is_shallow())))
    })?;
    Ok(match read {
        Ok((ages, is_shallow)) => {
            if is_shallow && ages.values().any(|age| age.added.is_none()) {
                ui.say("this clone is shallow, so that dates of some entries are left out (in GitHub Actions: `fetch-depth: 0`)");
            }
            ages
        }
        Err(why) => {
            ui.say(&format!("dates are left out: {why}"));
            BTreeMap::new()
        }
    })
}

/// Asks image registries for the digests that nobody knows.
fn ask(
    pins: &mut [Pinned],
    reach: &ImageArgs,
    policy: &Policy,
    context: &Context,
    ui: &Ui,
) -> Result<(), CommandError> {
    let unknown: Vec<(usize, ImageReference)> = pins
        .iter()
        .enumerate()
        .filter_map(|(index, pinned)| match pinned {
            Pinned::Unknown(image) => Some((index, image.clone())),
            _ => None,
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let mut reach = reach.reach(context)?;
    reach.allow.extend(policy.settings.network.allow.iter().copied());
    // What the policy calls the registry's own may be anywhere; where entries lead, only public addresses and `--allow-network`.
    let namespace = &policy.settings.registry.namespace;
    let own: Vec<&ImageReference> =
        unknown.iter().map(|(_, image)| image).filter(|image| image.is_under(namespace)).collect();
    let registries = images::registries(&reach, &own)?;
    let outside = Outside::start()?;
    let bar = ui.progress(unknown.len() as u64, "asking for digests");
    let found = outside.wait(async {
        let (registries, bar) = (&registries, &bar);
        let one = |(index, image): (usize, ImageReference)| async move {
            let found = push::by_digest(registries, &image).await.map_err(|error| {
                CommandError::unfinished(format!("cannot ask for the digest of {image}")).because(&error)
            });
            bar.inc(1);
            found.map(|found| (index, found))
        };
        let all = stream::iter(unknown.into_iter().map(one)).buffer_unordered(CONCURRENCY).try_collect::<Vec<_>>();
        tokio::select! {
            found = all => found,
            () = outside.stopped() => Err(CommandError::unfinished("stopped before every digest was known")),
        }
    });
    bar.finish_and_clear();
    for (index, found) in found? {
        if let (Some(pinned), Some(image)) = (pins.get_mut(index), found) {
            *pinned = Pinned::By(image);
        }
    }
    Ok(())
}
