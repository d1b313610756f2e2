//! Upstreams are asked over real smart HTTP: what they list, and what is between a pin and a commit.

mod listing;
mod moves;
mod servers;

use crate::git_server::{FILE, FOLDER, GitServer, Upstreamed, fetch_options};
use crate::tls_server::{Reply, Seen};
use git2::Oid;
use mcp_registry::github::GithubOptions;
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::facts::{Change, Listing, Move, Refs, Trouble};
use mcp_registry::pins::resolve::{ResolveOptions, Resolver};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use url::Url;

/// A repository, its server, and who asks.
struct World {
    repo: Upstreamed,
    server: GitServer,
    resolver: Resolver,
    options: ResolveOptions,
    scratch: TempDir,
    /// How many there are.
    commits: AtomicU32,
}

impl World {
    async fn new() -> Self {
        Self::with(|_, _| None).await
    }

    /// With answers of the test's own.
    async fn with(own: impl Fn(&Seen, &dyn Fn(&Seen) -> Reply) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let repo = Upstreamed::new();
        let server = GitServer::with(repo.above(), own).await;
        let scratch = TempDir::with_prefix("mcp-registry-test-").unwrap();
        // Nobody listens there: whoever asked GitHub for a repository elsewhere would be refused.
        let github = GithubOptions::new("http://127.0.0.1:1".parse().unwrap());
        let fetch = fetch_options(&server.server.ca);
        let options = ResolveOptions::new(fetch, github, scratch.path().join("scratch"));
        Self { repo, server, resolver: Resolver::new(&options).unwrap(), options, scratch, commits: AtomicU32::new(0) }
    }

    fn url(&self) -> Url {
        self.server.server.url("/repo.git").parse().unwrap()
    }

    async fn list(&self) -> Listing {
        self.resolver.list(&self.url()).await
    }

    async fn refs(&self) -> Refs {
        match self.list().await {
            Listing::Listed(refs) => refs,
            other => panic!("{other:?}"),
        }
    }

    async fn inspect(&self, moves: &[Move]) -> Vec<Result<Change, Trouble>> {
        let refs = self.refs().await;
        let answers = self.resolver.inspect(&self.url(), &refs, moves).await;
        let left: Vec<_> = std::fs::read_dir(self.scratch.path().join("scratch")).unwrap().collect();
        assert!(left.is_empty(), "what came is removed: {left:?}");
        answers
    }

    async fn change(&self, step: Move) -> Change {
        self.inspect(&[step]).await.remove(0).unwrap()
    }

    /// How often the repository was asked for objects so far.
    fn downloads(&self) -> usize {
        self.server.requests().iter().filter(|request| request.starts_with("POST")).count()
    }

    /// A folder of files by path: of one name, or of two.
    fn tree(&self, files: &[(&str, &str)]) -> Oid {
        let mut top = Vec::new();
        let mut folders: std::collections::BTreeMap<&str, Vec<(&str, &str)>> = std::collections::BTreeMap::new();
        for (path, content) in files {
            match path.split_once('/') {
                Some((folder, rest)) => folders.entry(folder).or_default().push((rest, content)),
                None => top.push((FILE, *path, self.repo.blob(content))),
            }
        }
        top.extend(folders.iter().map(|(name, files)| (FOLDER, *name, self.tree(files))));
        // As Git sorts them: a folder as if its name ended with a slash.
        top.sort_by_key(|(mode, name, _)| format!("{name}{}", if *mode == FOLDER { "/" } else { "" }));
        self.repo.tree(&top)
    }

    /// A commit of these files, a minute later than the one before.
    fn commit(&self, files: &[(&str, &str)], parents: &[&CommitSha]) -> CommitSha {
        let tree = self.tree(files);
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let time = 1_767_312_000 + 60 * self.commits.fetch_add(1, Ordering::Relaxed);
        let who = format!("A U Thor <author@example.com> {time} +0000");
        self.repo.commit_text(format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nmessage\n"))
    }
}

/// A question about a directory that is built.
fn step(old: &CommitSha, new: &CommitSha, directory: &str) -> Move {
    Move {
        old: old.clone(),
        new: new.clone(),
        directory: directory.to_owned(),
        dockerfile: Some("Dockerfile".to_owned()),
        look_for: false,
    }
}

/// A change, in lines.
fn shown(change: &Change) -> String {
    let mut text = serde_json::to_string_pretty(change).unwrap();
    // Ids are long, and tested by what they are equal to.
    let hex = regex::Regex::new("[0-9a-f]{33}\"").unwrap();
    text = hex.replace_all(&text, "…\"").into_owned();
    text
}
