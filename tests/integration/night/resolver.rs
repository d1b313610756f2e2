//! What is asked of upstreams, and what is found out.

use super::listings;
use crate::git_server::fetch_options;
use crate::night_world::{NightWorld, Size, WorldEntry};
use futures_util::StreamExt;
use mcp_registry::github::GithubOptions;
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::facts::{Change, License, Listing, Move, Refs, Trouble};
use mcp_registry::pins::reason::Reason;
use mcp_registry::pins::resolve::{ResolveOptions, Resolver};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tempfile::TempDir;

/// What was found out about one entry.
type Found = (Listing, Option<Result<Change, Trouble>>);

struct Asking {
    resolver: Resolver,
    scratch: TempDir,
}

impl Asking {
    fn of(world: &NightWorld) -> Self {
        let scratch = TempDir::with_prefix("mcp-registry-test-").unwrap();
        let mut github = GithubOptions::new(world.server.url("/api/v3").parse().unwrap());
        github.roots_pem = Some(world.server.ca.clone());
        let options = ResolveOptions::new(fetch_options(&world.server.ca), github, scratch.path().join("scratch"));
        Self { resolver: Resolver::new(&options).unwrap(), scratch }
    }

    /// A night's questions: one listing for each upstream, and then what moved.
    async fn night(&self, world: &NightWorld) -> BTreeMap<String, Found> {
        let mut groups: BTreeMap<&str, Vec<&WorldEntry>> = BTreeMap::new();
        for entry in world.entries.iter().filter(|entry| entry.says.manifest.is_none()) {
            groups.entry(&entry.path).or_default().push(entry);
        }
        let asked = groups.into_iter().map(|(path, group)| async move {
            let url = world.server.url(path).parse().unwrap();
            let listing = self.resolver.list(&url).await;
            let mut moves = Vec::new();
            if let Listing::Listed(refs) = &listing {
                moves.extend(group.iter().filter_map(|entry| Some((entry.name.clone(), question(entry, refs)?))));
            }
            let steps: Vec<Move> = moves.iter().map(|(_, step)| step.clone()).collect();
            let answers = match &listing {
                Listing::Listed(refs) if !steps.is_empty() => self.resolver.inspect(&url, refs, &steps).await,
                _ => Vec::new(),
            };
            let answers: BTreeMap<_, _> = moves.into_iter().map(|(name, _)| name).zip(answers).collect();
            group
                .into_iter()
                .map(|entry| (entry.name.clone(), (listing.clone(), answers.get(&entry.name).cloned())))
                .collect::<Vec<_>>()
        });
        let found: Vec<_> = futures_util::stream::iter(asked).buffer_unordered(16).collect().await;
        let left = std::fs::read_dir(self.scratch.path().join("scratch")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "what came is removed");
        found.into_iter().flatten().collect()
    }
}

/// What a night asks about an entry whose upstream moved.
fn question(entry: &WorldEntry, refs: &Refs) -> Option<Move> {
    let name = match entry.says.branch.as_deref() {
        None => refs.head.clone()?,
        Some(name) if name.starts_with("refs/") => name.to_owned(),
        Some(name) => format!("refs/heads/{name}"),
    };
    let new = refs.commits.get(&name).filter(|tip| **tip != entry.pin)?.clone();
    let dockerfile = entry.says.image.is_none().then(|| entry.says.dockerfile.unwrap_or("Dockerfile").to_owned());
    Some(Move {
        old: entry.pin.clone(),
        new,
        directory: entry.says.directory.unwrap_or_default().to_owned(),
        dockerfile,
        look_for: !name.starts_with("refs/heads/"),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_without_news_transfers_listings_only() {
    let mut size = Size::of_acceptance();
    size.cases = false;
    let world = NightWorld::new(&size, Duration::ZERO);
    assert_eq!(world.entries.len(), 250);
    let found = Asking::of(&world).night(&world).await;
    assert!(found.values().all(|(listing, change)| matches!(listing, Listing::Listed(_)) && change.is_none()));
    let asked = world.server.asked();
    assert_eq!(asked.len(), 180, "one request for each upstream, and no other");
    assert!(listings(&asked).values().all(|times| *times == 1));
    // At most eight at a time, and each is used again and again.
    assert!(world.server.connections() <= 16, "{}", world.server.connections());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_upstreams_is_found_out() {
    let world = NightWorld::new(&Size::of_acceptance(), Duration::ZERO);
    world.happens();
    world.last_happens();
    let found = Asking::of(&world).night(&world).await;
    let asked = world.server.asked();
    let twice: Vec<_> = listings(&asked).into_iter().filter(|(_, times)| *times > 1).collect();
    assert_eq!(twice, [], "one listing for each upstream");

    let inspected: BTreeSet<_> = asked.iter().filter_map(|line| line.strip_suffix("/info/refs v2")).collect();
    let api = asked.iter().filter_map(|line| line.strip_prefix("GET /api/v3/repos"));
    let api: Vec<String> = api.map(|path| format!("GET {path}")).collect();
    let alone: BTreeSet<_> = api.iter().map(String::as_str).collect();
    assert_eq!(api.len(), alone.len(), "the API is asked once for each upstream that moved");
    let without_suffix = |path: &&str| path.strip_suffix(".git").map_or(*path, |path| path).to_owned();
    let inspected: BTreeSet<String> = inspected.iter().map(without_suffix).collect();
    assert_eq!(inspected, alone.into_iter().map(str::to_owned).collect(), "and for no other");

    let mut wrong = Vec::new();
    for entry in world.entries.iter().filter(|entry| entry.says.manifest.is_none()) {
        let (listing, change) = &found[&entry.name];
        if let Some(said) = unlike(entry, listing, change.as_ref()) {
            wrong.push(format!("{}: {said}", entry.name));
        }
    }
    assert_eq!(wrong, [""; 0]);

    // The cases in which the reason is not all that there is to say.
    let change = |name: &str| found[name].1.clone().unwrap().unwrap();
    let of_note = change("forward-of-note").files;
    assert_eq!(
        (of_note.total, of_note.dockerfiles.len(), of_note.locks.len(), of_note.install.len(), of_note.ci.len()),
        (5, 1, 1, 1, 1)
    );
    assert!(change("forward-signed").commits.iter().all(|commit| commit.signed && commit.author == "Ada"));
    assert!(!change("forward").commits.iter().any(|commit| commit.signed));
    let subjects: Vec<_> = change("forward").commits.into_iter().map(|commit| commit.subject).collect();
    assert_eq!(subjects, ["Go on", "Begin"]);
    assert_eq!(change("directory").files.paths, ["server/main.py"]);
    assert_eq!(change("directory").files.ci, [".gitlab-ci.yml"]);
    assert_eq!(change("license-of-another-year").license, License::Same);
    assert_eq!(change("license-renamed").license, License::Same);
    assert_eq!(change("license-changed").license, License::Changed("LICENSE".into()));
    assert_eq!(change("license-deleted").license, License::Removed("LICENSE".into()));
    assert_eq!(change("license-added").license, License::Added("COPYING".into()));
    assert_eq!((change("rewritten").pin_known, change("rewritten-and-forgotten").pin_known), (true, false));
    assert_eq!((change("impostor").contained, change("pull-request-on-main").contained), (Some(false), Some(true)));
    assert_eq!((change("archived").archived, change("forward").archived), (Some(true), Some(false)));
    let days: Vec<_> = (0..5).map(|part| change(&format!("mono-0-p0{part}")).commits_total).collect();
    assert_eq!(days, [5, 4, 3, 2, 1], "pins of different days");
}

/// What is other than the entry's reason says; nothing when it is so.
fn unlike(entry: &WorldEntry, listing: &Listing, change: Option<&Result<Change, Trouble>>) -> Option<String> {
    let as_said = match (entry.reason, listing, change) {
        (Reason::Moved, Listing::Moved(address), None) => address.ends_with("/others/renamed"),
        (Reason::Gone, Listing::Gone, None)
        | (Reason::RateLimited, Listing::RateLimited(_), None)
        | (Reason::Unreachable, Listing::Unreachable(_), None) => true,
        (Reason::Current | Reason::BranchMissing | Reason::BranchIsTag, Listing::Listed(_), None) => true,
        (reason, Listing::Listed(_), Some(Ok(change))) => {
            let same = change.new_tree.is_some() && change.old_tree == change.new_tree;
            match reason {
                Reason::DirectoryMissing => !change.directory,
                Reason::DockerfileMissing => change.directory && change.dockerfile == Some(false),
                Reason::OutsideDirectory => same && change.files.total == 0,
                Reason::NotAncestor => !change.ancestor && !same,
                Reason::LicenseChanged => change.ancestor && change.license != License::Same,
                Reason::Archived => change.archived == Some(true),
                Reason::Impostor => change.contained == Some(false),
                // What the policy says is not asked of upstreams.
                Reason::Updated | Reason::Off | Reason::TooSoon => {
                    change.ancestor
                        && change.directory
                        && change.dockerfile != Some(false)
                        && change.archived == Some(false)
                        && change.license == License::Same
                        && change.files.total > 0
                        && !change.commits.is_empty()
                }
                _ => false,
            }
        }
        _ => false,
    };
    (!as_said).then(|| format!("{:?} {listing:?} {change:?}", entry.reason))
}

#[test]
fn every_reason_that_upstreams_give_is_a_case() {
    let world = NightWorld::new(&Size::of_acceptance(), Duration::ZERO);
    assert_eq!(world.entries.len(), 250);
    let paths: BTreeSet<_> = world.entries.iter().map(|entry| &entry.path).collect();
    assert_eq!(paths.len(), 180);
    let names: BTreeSet<_> = world.entries.iter().map(|entry| &entry.name).collect();
    assert_eq!(names.len(), 250);
    let pins: BTreeSet<&CommitSha> = world.entries.iter().map(|entry| &entry.pin).collect();
    assert!(pins.len() > 180, "{}", pins.len());
    let reasons: BTreeSet<_> = world.entries.iter().map(|entry| entry.reason).collect();
    let missing: Vec<_> = Reason::ALL.into_iter().filter(|reason| !reasons.contains(reason)).collect();
    // A cooldown gives the first; the others are between the registry and its pull requests.
    let others = [
        Reason::CoolingDown,
        Reason::HumanEdits,
        Reason::ClosedByHuman,
        Reason::Opened,
        Reason::Unchanged,
        Reason::OverLimit,
        Reason::OutdatedPlan,
    ];
    assert_eq!(missing, others);
}
