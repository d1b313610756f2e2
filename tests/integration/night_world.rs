//! A registry and its upstreams, between two nights: real bare repositories behind real HTTPS, of which some stay, some move,
//! and some meet whatever can happen to a repository. Every entry knows what is to be decided about it.
//!
//! ```ignore
//! let world = NightWorld::new(&Size::of_acceptance(), Duration::ZERO);
//! world.write_registry(&registry.root());   // the program is given `world.environment()`
//! world.happens();                          // the world moves
//! assert_eq!(world.server.asked(), …);
//! ```

#[path = "night_world/cases.rs"]
pub(crate) mod cases;
#[path = "night_world/repository.rs"]
pub(crate) mod repository;
#[path = "night_world/server.rs"]
pub(crate) mod server;

use cases::{CASES, Case, LATE, POLICY, Says, Single};
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::reason::Reason;
use repository::{Bare, Files};
use server::NightServer;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// How much of a world there is.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    /// Repositories with one entry: first all cases, then such as stay as they are.
    pub(crate) singles: usize,
    /// Whether the cases are among them.
    pub(crate) cases: bool,
    /// Repositories with many entries, and how many each has. Of the first, some entries' directories change, and its pins
    /// are of different days; the second's history is rewritten; others stay as they are.
    pub(crate) monorepos: Vec<usize>,
}

impl Size {
    /// 250 entries of 180 repositories.
    pub(crate) fn of_acceptance() -> Self {
        Self { singles: 177, cases: true, monorepos: vec![35, 20, 18] }
    }

    /// So many times that, and of it only what stays as it is.
    pub(crate) fn of_quiet_nights(times: usize) -> Self {
        Self { singles: 177 * times, cases: false, monorepos: [35, 20, 18].repeat(times) }
    }
}

/// An entry, and what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct WorldEntry {
    pub(crate) name: String,
    /// The repository's address below the server's.
    pub(crate) path: String,
    pub(crate) pin: CommitSha,
    pub(crate) says: Says,
    /// What is to be decided once all has happened, without a cooldown.
    pub(crate) reason: Reason,
}

/// A repository with many entries.
struct Monorepo {
    repo: Bare,
    number: usize,
    files: Files,
    /// The oldest first; the entries' pins are among them.
    commits: Vec<CommitSha>,
}

/// The world.
pub(crate) struct NightWorld {
    pub(crate) server: NightServer,
    pub(crate) entries: Vec<WorldEntry>,
    singles: Vec<(&'static Case, Single)>,
    monorepos: Vec<Monorepo>,
    /// Removed last.
    _folder: TempDir,
}

/// What becomes of a repository that stays as it is.
static STILL: Case = Case {
    name: "still",
    reason: Reason::Current,
    head: "main",
    says: |_| Says::default(),
    before: |_, _| {},
    happens: |_, _| {},
};

const LICENSE: &str = "MIT License\n\nCopyright (c) 2024 Acme\n\nPermission is hereby granted, free of charge, to any person \
obtaining a copy\nof this software, to deal in it without restriction.\n";

impl NightWorld {
    /// Before anything happens: every pin is what its entry follows, except in the first of several monorepos.
    pub(crate) fn new(size: &Size, latency: Duration) -> Self {
        let folder = TempDir::with_prefix("mcp-registry-test-").unwrap();
        let server = NightServer::start(folder.path(), latency);
        let (mut entries, mut singles) = (Vec::new(), Vec::new());
        for number in 0..size.singles {
            let case = CASES.get(number).filter(|_| size.cases).unwrap_or(&STILL);
            let name = if case.name == STILL.name { format!("still-{number}") } else { case.name.to_owned() };
            let single = single(folder.path(), &name, case);
            (case.before)(&single, &server);
            single.repo.seal();
            let (path, pin) = (single.repo.path.clone(), single.pin.clone());
            entries.push(WorldEntry { name, path, says: (case.says)(&pin), pin, reason: case.reason });
            singles.push((case, single));
        }
        let mut monorepos = Vec::new();
        for (number, count) in size.monorepos.iter().enumerate() {
            let (monorepo, of_it) = monorepo(folder.path(), number, *count, size.cases);
            monorepos.push(monorepo);
            entries.extend(of_it);
        }
        Self { server, entries, singles, monorepos, _folder: folder }
    }

    /// Everything happens that is to, but for the last thing.
    pub(crate) fn happens(&self) {
        for (case, single) in self.singles.iter().filter(|(case, _)| case.name != LATE) {
            (case.happens)(single, &self.server);
        }
        for monorepo in &self.monorepos {
            monorepo.happens();
        }
    }

    /// One entry's upstream moves after all others.
    pub(crate) fn last_happens(&self) {
        for (case, single) in self.singles.iter().filter(|(case, _)| case.name == LATE) {
            (case.happens)(single, &self.server);
        }
    }

    /// So many of those that stay as they are move all the same.
    pub(crate) fn some_move(&self, count: usize) {
        for (_, single) in self.singles.iter().filter(|(case, _)| case.name == STILL.name).take(count) {
            let tip = single.repo.commit(&single.files.clone().with("more", "x\n"), &[&single.pin], "More", false);
            single.repo.set("refs/heads/main", &tip);
        }
    }

    /// Writes the registry: entries and policy.
    pub(crate) fn write_registry(&self, root: &Path) {
        for entry in &self.entries {
            let folder = root.join("servers").join(&entry.name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("server.yaml"), self.manifest(entry)).unwrap();
        }
        let named = |name: &str| self.entries.iter().any(|entry| entry.name == name);
        if named("switched-off") {
            std::fs::write(root.join("mcp-registry.toml"), POLICY).unwrap();
        }
    }

    /// The text of an entry's file.
    pub(crate) fn manifest(&self, entry: &WorldEntry) -> String {
        let WorldEntry { name, path, pin, says, .. } = entry;
        let url = self.server.url(path);
        if let Some(manifest) = says.manifest {
            return manifest.replace("URL", &url);
        }
        let image = says.image.map_or_else(|| format!("mcp/{name}"), str::to_owned);
        let mut text = format!("name: {name}\nimage: {image}\ntype: server\nsource:\n  project: {url}\n");
        let more = [
            ("branch", says.branch.clone()),
            ("directory", says.directory.map(str::to_owned)),
            ("dockerfile", says.dockerfile.map(str::to_owned)),
        ];
        for (key, value) in more {
            if let Some(value) = value {
                text.push_str(&format!("  {key}: {value}\n"));
            }
        }
        text.push_str(&format!("  commit: {pin}\n"));
        text
    }

    /// What the program is told about the world, beside `--allow-network 127.0.0.0/8`. The certificate is written into
    /// this folder.
    pub(crate) fn environment(&self, folder: &Path) -> [(&'static str, String); 2] {
        let certificate = folder.join("night-world.pem");
        std::fs::write(&certificate, &self.server.ca).unwrap();
        [("SSL_CERT_FILE", certificate.to_str().unwrap().to_owned()), ("GITHUB_API_URL", self.server.url("/api/v3"))]
    }
}

fn single(folder: &Path, name: &str, case: &Case) -> Single {
    let repo = Bare::new(folder, &format!("/acme/{name}"), case.head);
    let files = Files::of(&[
        ("Dockerfile", "FROM a\n"),
        ("LICENSE", LICENSE),
        ("README.md", &format!("# {name}\n")),
        ("docker/Dockerfile.prod", "FROM a\n"),
        ("server/Dockerfile", "FROM a\n"),
        ("server/main.py", "print(0)\n"),
    ]);
    let before = repo.commit(&files.clone().without("README.md"), &[], "First", false);
    let pin = repo.commit(&files, &[&before], "Second", false);
    repo.set("refs/heads/main", &pin);
    repo.set("refs/tags/v0.1", &before);
    Single { repo, files, before, pin }
}

/// The name of a part of a monorepo.
fn part(number: usize) -> &'static str {
    const NAMES: [&str; 40] = [
        "src/p00", "src/p01", "src/p02", "src/p03", "src/p04", "src/p05", "src/p06", "src/p07", "src/p08", "src/p09",
        "src/p10", "src/p11", "src/p12", "src/p13", "src/p14", "src/p15", "src/p16", "src/p17", "src/p18", "src/p19",
        "src/p20", "src/p21", "src/p22", "src/p23", "src/p24", "src/p25", "src/p26", "src/p27", "src/p28", "src/p29",
        "src/p30", "src/p31", "src/p32", "src/p33", "src/p34", "src/p35", "src/p36", "src/p37", "src/p38", "src/p39",
    ];
    NAMES[number]
}

/// Commits of a monorepo before the first night.
const DAYS: usize = 5;

fn monorepo(folder: &Path, number: usize, count: usize, cases: bool) -> (Monorepo, Vec<WorldEntry>) {
    let repo = Bare::new(folder, &format!("/acme/mono-{number}"), "main");
    let mut files = Files::of(&[("LICENSE", LICENSE), ("README.md", "# Many\n")]);
    for entry in 0..count {
        files = files.with(&format!("{}/Dockerfile", part(entry)), "FROM a\n");
        files = files.with(&format!("{}/src/main.py", part(entry)), "print(0)\n");
    }
    let mut commits: Vec<CommitSha> = Vec::new();
    for day in 0..DAYS {
        files = files.with("README.md", &format!("# Many, on day {day}\n"));
        let parents: Vec<_> = commits.last().into_iter().collect();
        commits.push(repo.commit(&files, &parents, &format!("Day {day}"), false));
    }
    repo.set("refs/heads/main", &commits[DAYS - 1]);
    repo.seal();
    let number = if cases { number } else { usize::MAX };
    let entries = (0..count).map(|entry| {
        // Of the first, pins are of different days.
        let pin = if number == 0 { &commits[entry % DAYS] } else { &commits[DAYS - 1] };
        WorldEntry {
            name: format!("{}-{}", repo.path.trim_start_matches("/acme/"), &part(entry)[4..]),
            path: repo.path.clone(),
            pin: pin.clone(),
            says: Says { directory: Some(part(entry)), ..Says::default() },
            reason: match (number, entry) {
                (0, 0..6) => Reason::Updated,
                (0, 6) => Reason::DirectoryMissing,
                (0, 7) => Reason::DockerfileMissing,
                (0, _) => Reason::OutsideDirectory,
                (1, 0..10) => Reason::NotAncestor,
                (1, _) => Reason::OutsideDirectory,
                _ => Reason::Current,
            },
        }
    });
    let entries = entries.collect();
    (Monorepo { repo, number, files, commits }, entries)
}

impl Monorepo {
    fn happens(&self) {
        let mut files = self.files.clone();
        let changed = |files: Files, parts: usize| {
            (0..parts).fold(files, |files, number| files.with(&format!("{}/src/main.py", part(number)), "print(1)\n"))
        };
        match self.number {
            0 => {
                files = changed(files, 6).without(part(6)).without(&format!("{}/Dockerfile", part(7)));
                let tip = self.repo.commit(&files, &[&self.commits[DAYS - 1]], "The next day", true);
                self.repo.set("refs/heads/main", &tip);
            }
            1 => {
                let tip = self.repo.commit(&changed(files, 10), &[&self.commits[0]], "Another way", false);
                self.repo.set("refs/heads/main", &tip);
            }
            _ => {}
        }
    }
}
