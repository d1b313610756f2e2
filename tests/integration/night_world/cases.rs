//! What can happen to an upstream between two nights, and what is to be decided then.

use super::repository::{Bare, Files};
use super::server::{Instead, NightServer};
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::reason::Reason;

/// What an entry says beside its name, address and pin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Says {
    pub(crate) branch: Option<String>,
    pub(crate) directory: Option<&'static str>,
    pub(crate) dockerfile: Option<&'static str>,
    /// In place of one that the registry builds.
    pub(crate) image: Option<&'static str>,
    /// The whole manifest, in place of a good one.
    pub(crate) manifest: Option<&'static str>,
}

/// A repository with one entry.
pub(crate) struct Single {
    pub(crate) repo: Bare,
    /// The files at the pin.
    pub(crate) files: Files,
    /// The commit before the pin, and the pin.
    pub(crate) before: CommitSha,
    pub(crate) pin: CommitSha,
}

impl Single {
    /// Adds commits on top of the pin, and puts the branch `main` there.
    fn grow(&self, files: &Files) -> CommitSha {
        self.grow_on(files, "main", false)
    }

    fn grow_on(&self, files: &Files, branch: &str, signed: bool) -> CommitSha {
        let first =
            self.repo.commit(&self.files.clone().with("src/main.py", "print(1)\n"), &[&self.pin], "Begin", signed);
        let tip = self.repo.commit(files, &[&first], "Go on", signed);
        self.repo.set(&format!("refs/heads/{branch}"), &tip);
        tip
    }
}

/// One kind of thing that happens.
pub(crate) struct Case {
    /// The entry's and the repository's name.
    pub(crate) name: &'static str,
    /// What is to be decided after it happened, by a run without cooldown.
    pub(crate) reason: Reason,
    /// The branch that `HEAD` stands for.
    pub(crate) head: &'static str,
    /// What the entry says; the pin is given.
    pub(crate) says: fn(&CommitSha) -> Says,
    /// What is added before the first night, when all is at the pin.
    pub(crate) before: fn(&Single, &NightServer),
    /// What happens. Some of it was so before.
    pub(crate) happens: fn(&Single, &NightServer),
}

const PLAIN: Case = Case {
    name: "",
    reason: Reason::Updated,
    head: "main",
    says: |_| Says::default(),
    before: |_, _| {},
    happens: |it, _| drop(it.grow(&changed(it))),
};

/// The files of the pin, and what is built is another thing.
fn changed(it: &Single) -> Files {
    it.files.clone().with("src/main.py", "print(2)\n")
}

fn in_server(_: &CommitSha) -> Says {
    Says { directory: Some("server"), ..Says::default() }
}

fn on(branch: &str) -> Says {
    Says { branch: Some(branch.to_owned()), ..Says::default() }
}

/// Every case. Together they have every reason that is decided from upstreams and the policy alone.
pub(crate) const CASES: &[Case] = &[
    Case { name: "forward", ..PLAIN },
    Case {
        name: "forward-of-note",
        happens: |it, _| {
            let files = changed(it).with("Dockerfile", "FROM b\n").with("package-lock.json", "{}\n");
            let files = files.with("package.json", "{}\n").with(".github/workflows/ci.yml", "on: push\n");
            it.grow(&files);
        },
        ..PLAIN
    },
    Case { name: "forward-signed", happens: |it, _| drop(it.grow_on(&changed(it), "main", true)), ..PLAIN },
    // The word `main` would find a branch that nobody keeps.
    Case {
        name: "master",
        head: "master",
        before: |it, _| {
            it.repo.set("refs/heads/master", &it.pin);
            it.repo.set("refs/heads/main", &it.before);
        },
        happens: |it, _| drop(it.grow_on(&changed(it), "master", false)),
        ..PLAIN
    },
    Case {
        name: "master-stays",
        reason: Reason::Current,
        head: "master",
        before: |it, _| it.repo.set("refs/heads/master", &it.pin),
        ..PLAIN
    },
    Case { name: "branch", says: |_| on("main"), ..PLAIN },
    Case { name: "branch-in-full", says: |_| on("refs/heads/main"), ..PLAIN },
    Case {
        name: "directory",
        says: in_server,
        happens: |it, _| {
            let files = it.files.clone().with("server/main.py", "print(2)\n").with(".gitlab-ci.yml", "x\n");
            it.grow(&files);
        },
        ..PLAIN
    },
    Case {
        name: "other-dockerfile",
        says: |_| Says { dockerfile: Some("docker/Dockerfile.prod"), ..Says::default() },
        happens: |it, _| drop(it.grow(&changed(it).without("Dockerfile"))),
        ..PLAIN
    },
    Case {
        name: "not-built-here",
        says: |_| Says { image: Some("ghcr.io/acme/not-built-here"), ..Says::default() },
        happens: |it, _| drop(it.grow(&changed(it).without("Dockerfile"))),
        ..PLAIN
    },
    Case {
        name: "license-of-another-year",
        happens: |it, _| {
            let license = it.files.text("LICENSE").replace("2024 Acme", "2024-2026 Acme and others");
            it.grow(&changed(it).with("LICENSE", &license));
        },
        ..PLAIN
    },
    Case {
        name: "license-renamed",
        happens: |it, _| {
            let license = it.files.text("LICENSE").to_owned();
            it.grow(&changed(it).without("LICENSE").with("LICENSE.md", &license));
        },
        ..PLAIN
    },
    Case { name: "no-filter", before: |it, _| it.repo.configure("uploadpack", "allowFilter", "false"), ..PLAIN },
    Case {
        name: "no-deep-filter",
        says: in_server,
        before: |it, _| it.repo.configure("uploadpackfilter \"tree\"", "maxDepth", "0"),
        happens: |it, _| drop(it.grow(&it.files.clone().with("server/main.py", "print(2)\n"))),
        ..PLAIN
    },
    // The host writes the address with `.git`.
    Case {
        name: "spelled",
        before: |it, server| {
            let written = format!("{}.git", it.repo.path);
            server.instead(&it.repo.path, Instead::Moved(written.clone()));
            server.instead(&written, Instead::As(it.repo.path.clone()));
        },
        ..PLAIN
    },
    Case {
        name: "pull-request-on-main",
        says: |_| on("refs/pull/2/head"),
        before: |it, _| {
            it.repo.set("refs/pull/2/head", &it.pin);
        },
        happens: |it, _| {
            let tip = it.grow(&changed(it));
            it.repo.set("refs/pull/2/head", &tip);
            let later = it.repo.commit(&changed(it).with("more", "x"), &[&tip], "Later", false);
            it.repo.set("refs/heads/main", &later);
        },
        ..PLAIN
    },
    Case {
        name: "outside",
        reason: Reason::OutsideDirectory,
        says: in_server,
        happens: |it, _| drop(it.grow(&changed(it).with("README.md", "# More\n"))),
        ..PLAIN
    },
    Case {
        name: "outside-of-nothing",
        reason: Reason::OutsideDirectory,
        happens: |it, _| {
            let tip = it.repo.commit(&it.files, &[&it.pin], "Nothing", false);
            it.repo.set("refs/heads/main", &tip);
        },
        ..PLAIN
    },
    Case {
        name: "rewritten",
        reason: Reason::NotAncestor,
        happens: |it, _| {
            let tip = it.repo.commit(&changed(it), &[&it.before], "Another way", false);
            it.repo.set("refs/heads/main", &tip);
        },
        ..PLAIN
    },
    Case {
        name: "rewritten-and-forgotten",
        reason: Reason::NotAncestor,
        happens: |it, _| {
            let tip = it.repo.commit(&changed(it), &[&it.before], "Another way", false);
            it.repo.set("refs/heads/main", &tip);
            it.repo.forget();
        },
        ..PLAIN
    },
    Case {
        name: "taken-back",
        reason: Reason::NotAncestor,
        happens: |it, _| it.repo.set("refs/heads/main", &it.before),
        ..PLAIN
    },
    Case {
        name: "branch-deleted",
        reason: Reason::BranchMissing,
        says: |_| on("release"),
        before: |it, _| it.repo.set("refs/heads/release", &it.pin),
        happens: |it, _| {
            it.grow(&changed(it));
            it.repo.delete("refs/heads/release");
        },
        ..PLAIN
    },
    Case {
        name: "emptied",
        reason: Reason::BranchMissing,
        happens: |it, _| it.repo.delete("refs/heads/main"),
        ..PLAIN
    },
    Case {
        name: "renamed",
        reason: Reason::Moved,
        happens: |it, server| {
            it.grow(&changed(it));
            server.instead(&it.repo.path, Instead::Moved(server.url("/others/renamed")));
        },
        ..PLAIN
    },
    Case {
        name: "gone",
        reason: Reason::Gone,
        happens: |it, server| server.instead(&it.repo.path, Instead::Status(404, None)),
        ..PLAIN
    },
    Case {
        name: "made-private",
        reason: Reason::Gone,
        happens: |it, server| server.instead(&it.repo.path, Instead::Status(401, None)),
        ..PLAIN
    },
    Case {
        name: "limited",
        reason: Reason::RateLimited,
        happens: |it, server| server.instead(&it.repo.path, Instead::Status(429, Some(3600))),
        ..PLAIN
    },
    Case {
        name: "limited-by-refusal",
        reason: Reason::RateLimited,
        happens: |it, server| server.instead(&it.repo.path, Instead::Status(403, Some(3600))),
        ..PLAIN
    },
    Case {
        name: "broken",
        reason: Reason::Unreachable,
        happens: |it, server| server.instead(&it.repo.path, Instead::Status(500, None)),
        ..PLAIN
    },
    Case {
        name: "a-page",
        reason: Reason::Unreachable,
        happens: |it, server| server.instead(&it.repo.path, Instead::Page),
        ..PLAIN
    },
    Case {
        name: "tag",
        reason: Reason::BranchIsTag,
        says: |_| on("v1"),
        before: |it, _| it.repo.tag("v1", &it.pin),
        ..PLAIN
    },
    Case { name: "commit-as-branch", reason: Reason::BranchIsTag, says: |pin| on(pin.as_str()), ..PLAIN },
    Case {
        name: "directory-moved",
        reason: Reason::DirectoryMissing,
        says: in_server,
        happens: |it, _| {
            let files = it.files.clone().without("server");
            it.grow(&files.with("servers/x/Dockerfile", "FROM a\n").with("servers/x/main.py", "print(1)\n"));
        },
        ..PLAIN
    },
    Case {
        name: "directory-linked",
        reason: Reason::DirectoryMissing,
        says: in_server,
        happens: |it, _| {
            let files = it.files.clone().without("server").with("other/Dockerfile", "FROM a\n");
            it.grow(&files.with_link("server", "other"));
        },
        ..PLAIN
    },
    Case {
        name: "dockerfile-deleted",
        reason: Reason::DockerfileMissing,
        happens: |it, _| drop(it.grow(&changed(it).without("Dockerfile"))),
        ..PLAIN
    },
    Case {
        name: "license-changed",
        reason: Reason::LicenseChanged,
        happens: |it, _| {
            let license = it.files.text("LICENSE").replace("without restriction", "for evaluation only");
            it.grow(&changed(it).with("LICENSE", &license));
        },
        ..PLAIN
    },
    Case {
        name: "license-deleted",
        reason: Reason::LicenseChanged,
        happens: |it, _| drop(it.grow(&changed(it).without("LICENSE"))),
        ..PLAIN
    },
    Case {
        name: "license-added",
        reason: Reason::LicenseChanged,
        happens: |it, _| drop(it.grow(&changed(it).with("COPYING", "Pay us.\n"))),
        ..PLAIN
    },
    Case {
        name: "archived",
        reason: Reason::Archived,
        happens: |it, server| {
            it.grow(&changed(it));
            server.archive(&it.repo.path);
        },
        ..PLAIN
    },
    Case {
        name: "archived-and-still",
        reason: Reason::Current,
        happens: |it, server| server.archive(&it.repo.path),
        ..PLAIN
    },
    // A fork's commit, which the host serves under the repository's name.
    Case {
        name: "impostor",
        reason: Reason::Impostor,
        says: |_| on("refs/pull/1/head"),
        before: |it, _| it.repo.set("refs/pull/1/head", &it.pin),
        happens: |it, _| {
            let fork = it.repo.commit(&changed(it), &[&it.pin], "Fork", false);
            it.repo.set("refs/pull/1/head", &fork);
        },
        ..PLAIN
    },
    Case { name: "switched-off", reason: Reason::Off, ..PLAIN },
    Case { name: "too-soon", reason: Reason::TooSoon, ..PLAIN },
    // This happens later than all others.
    Case { name: LATE, reason: Reason::Updated, ..PLAIN },
    Case {
        name: "no-pin",
        reason: Reason::InvalidEntry,
        says: |_| Says { manifest: Some("name: no-pin\ntype: server\nsource:\n  project: URL\n"), ..Says::default() },
        ..PLAIN
    },
    Case {
        name: "no-yaml",
        reason: Reason::InvalidEntry,
        says: |_| Says { manifest: Some("name: [\n"), ..Says::default() },
        ..PLAIN
    },
];

/// The entry whose upstream moves after all others.
pub(crate) const LATE: &str = "late";

/// What the registry's policy says about entries of these names.
pub(crate) const POLICY: &str = "\
[pins.entries.switched-off]
off = true
reason = \"it is replaced by another entry\"

[pins.entries.too-soon]
every = \"30d\"
reason = \"it releases every hour\"
";
