//! What a GitHub knows: plain data, and what it does by itself when a branch moves.

use super::checked::{CheckRun, Comment, Event, Required, Review};
use super::objects::{Commit, Objects, Signature, Tree};
use super::settings::Settings;
use crate::runner::SOURCE_DATE_EPOCH;
use std::collections::BTreeMap;

/// Somebody with an account: `maria`, or `acme-pins[bot]`.
pub(crate) type Login = String;

/// Everything.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) objects: Objects,
    /// By full name: `acme/registry`.
    pub(crate) repos: BTreeMap<String, Repo>,
    /// Repositories that were renamed: old name, new name.
    pub(crate) moved: BTreeMap<String, String>,
    /// Its clock, in seconds since 1970. It moves with every change, so that the same changes give the same state.
    pub(crate) now: i64,
    last_id: u64,
}

/// A repository.
#[derive(Debug, Clone)]
pub(crate) struct Repo {
    pub(crate) id: u64,
    pub(crate) full_name: String,
    pub(crate) default_branch: String,
    /// The repository that it is a fork of.
    pub(crate) fork_of: Option<String>,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    /// Commits by full name: `refs/heads/main`.
    pub(crate) refs: BTreeMap<String, String>,
    /// Issues and pull requests, which share their numbers.
    pub(crate) threads: BTreeMap<u64, Thread>,
    pub(crate) labels: Vec<String>,
    /// In the order in which they were made.
    pub(crate) checks: Vec<CheckRun>,
    /// Who may do what: `read`, `triage`, `write`, `maintain` or `admin`.
    pub(crate) people: BTreeMap<Login, &'static str>,
    /// What has to have succeeded on the default branch.
    pub(crate) required: Vec<Required>,
    /// Whether a pull request can be merged, for the next times that it is asked, the last first; after that it can be.
    pub(crate) mergeable: Vec<Option<bool>>,
    /// How the next attempts to merge are refused, the last first.
    pub(crate) merge_trouble: Vec<u16>,
    pub(crate) settings: Settings,
}

/// An issue, or a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) open: bool,
    pub(crate) user: Login,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) closed: Option<(i64, Login)>,
    pub(crate) labels: Vec<String>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) events: Vec<Event>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) pull: Option<Pull>,
}

/// What a pull request has besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pull {
    /// The repository that the branch is in; none once that is deleted.
    pub(crate) head_repo: Option<String>,
    pub(crate) head_owner: String,
    pub(crate) head_branch: String,
    /// What the branch points to; what it pointed to, once the pull request is closed.
    pub(crate) head_sha: String,
    pub(crate) base: String,
    pub(crate) base_sha: String,
    /// The commit that brought it into the base.
    pub(crate) merged: Option<String>,
    pub(crate) draft: bool,
}

pub(crate) fn heads(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

pub(crate) fn owner_of(full_name: &str) -> &str {
    full_name.split('/').next().unwrap()
}

/// The name and address that commits of somebody carry.
pub(crate) fn signature(login: &str, time: i64) -> Signature {
    Signature { name: login.to_owned(), email: format!("{login}@users.noreply.github.com"), time }
}

impl World {
    pub(crate) fn new() -> Self {
        let now = i64::try_from(SOURCE_DATE_EPOCH).unwrap();
        Self { objects: Objects::default(), repos: BTreeMap::new(), moved: BTreeMap::new(), now, last_id: 0 }
    }

    /// Another second passes.
    pub(crate) fn tick(&mut self) -> i64 {
        self.now += 1;
        self.now
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Makes a repository with these files on `main`.
    pub(crate) fn create(&mut self, full_name: &str, files: &[(&str, &str)]) {
        let empty = self.objects.tree(Tree::new());
        let files: Vec<(&str, Option<&str>)> = files.iter().map(|(path, text)| (*path, Some(*text))).collect();
        let tree = self.objects.write(&empty, &files);
        let who = signature("maria", self.now);
        let (parents, message) = (Vec::new(), "The registry".to_owned());
        let first = Commit { tree, parents, author: who.clone(), committer: who, message, verified: false };
        let main = self.objects.commit(first);
        let repo = Repo {
            id: self.next_id(),
            full_name: full_name.to_owned(),
            default_branch: "main".to_owned(),
            fork_of: None,
            private: false,
            archived: false,
            refs: BTreeMap::from([(heads("main"), main)]),
            threads: BTreeMap::new(),
            labels: Vec::new(),
            checks: Vec::new(),
            people: BTreeMap::from([("maria".to_owned(), "admin")]),
            required: Vec::new(),
            mergeable: Vec::new(),
            merge_trouble: Vec::new(),
            settings: Settings::default(),
        };
        self.repos.insert(full_name.to_owned(), repo);
    }

    /// Makes a fork.
    pub(crate) fn fork(&mut self, of: &str, full_name: &str) {
        let fork = Repo {
            id: self.next_id(),
            full_name: full_name.to_owned(),
            fork_of: Some(of.to_owned()),
            threads: BTreeMap::new(),
            checks: Vec::new(),
            ..self.repos[of].clone()
        };
        self.repos.insert(full_name.to_owned(), fork);
    }

    /// Deletes a repository. Pull requests from it are closed, and say no more where they came from.
    pub(crate) fn delete(&mut self, full_name: &str, who: &str) {
        let now = self.tick();
        self.repos.remove(full_name);
        for thread in self.repos.values_mut().flat_map(|repo| repo.threads.values_mut()) {
            if let Some(pull) = thread.pull.as_mut().filter(|pull| pull.head_repo.as_deref() == Some(full_name)) {
                pull.head_repo = None;
                thread.close(now, who);
            }
        }
    }

    /// Gives a repository another name.
    pub(crate) fn rename(&mut self, old: &str, new: &str) {
        let repo = self.repos.remove(old).unwrap();
        self.repos.insert(new.to_owned(), Repo { full_name: new.to_owned(), ..repo });
        self.moved.insert(old.to_owned(), new.to_owned());
        for pull in self.repos.values_mut().flat_map(|repo| repo.threads.values_mut()).filter_map(|t| t.pull.as_mut()) {
            if pull.head_repo.as_deref() == Some(old) {
                pull.head_repo = Some(new.to_owned());
                pull.head_owner = owner_of(new).to_owned();
            }
        }
    }

    pub(crate) fn repo(&self, full_name: &str) -> &Repo {
        &self.repos[full_name]
    }

    pub(crate) fn repo_mut(&mut self, full_name: &str) -> &mut Repo {
        self.repos.get_mut(full_name).unwrap()
    }

    /// What a branch points to.
    pub(crate) fn tip(&self, full_name: &str, branch: &str) -> Option<&String> {
        self.repos.get(full_name)?.refs.get(&heads(branch))
    }

    /// Whether everything of `old` is in `new`.
    pub(crate) fn fast_forward(&self, old: &str, new: &str) -> bool {
        self.objects.history(new).contains(old)
    }

    /// Moves, makes or removes a ref, and does what GitHub does then: open pull requests of the branch follow it; they are
    /// closed when it goes away, or has nothing left of its own; they are merged when their base has all of it.
    pub(crate) fn set_ref(&mut self, full_name: &str, name: &str, commit: Option<&str>, who: &str) {
        let now = self.tick();
        let refs = &mut self.repo_mut(full_name).refs;
        match commit {
            Some(commit) => drop(refs.insert(name.to_owned(), commit.to_owned())),
            None => drop(refs.remove(name)),
        }
        let Some(branch) = name.strip_prefix("refs/heads/") else { return };
        for repo in self.repos.values_mut() {
            for thread in repo.threads.values_mut().filter(|thread| thread.open) {
                let Some(pull) = &mut thread.pull else { continue };
                let is_head = pull.head_repo.as_deref() == Some(full_name) && pull.head_branch == branch;
                let is_base = repo.full_name == full_name && pull.base == branch;
                match commit {
                    Some(commit) if is_head => {
                        pull.head_sha = commit.to_owned();
                        if repo
                            .refs
                            .get(&heads(&pull.base))
                            .is_some_and(|base| self.objects.history(base).contains(commit))
                        {
                            thread.close(now, who);
                        }
                        thread.updated = now;
                    }
                    Some(commit) if is_base => {
                        pull.base_sha = commit.to_owned();
                        if self.objects.history(commit).contains(&pull.head_sha) {
                            pull.merged = Some(commit.to_owned());
                            thread.close(now, who);
                        }
                    }
                    None if is_head || is_base => thread.close(now, who),
                    _ => {}
                }
            }
        }
    }

    /// Adds files to a branch, as somebody with an editor does; no content removes one. The new commit.
    pub(crate) fn push(
        &mut self,
        full_name: &str,
        branch: &str,
        who: &str,
        message: &str,
        files: &[(&str, Option<&str>)],
    ) -> String {
        let now = self.tick();
        let parent = self.tip(full_name, branch).unwrap_or_else(|| panic!("no branch {branch}")).clone();
        let tree = self.objects.commits[&parent].tree.clone();
        let tree = self.objects.write(&tree, files);
        let author = signature(who, now);
        let (parents, message) = (vec![parent], message.to_owned());
        let commit = Commit { tree, parents, author: author.clone(), committer: author, message, verified: false };
        let commit = self.objects.commit(commit);
        self.set_ref(full_name, &heads(branch), Some(&commit), who);
        commit
    }

    /// The text of a file on a branch.
    pub(crate) fn read(&self, full_name: &str, branch: &str, path: &str) -> Option<String> {
        let tree = &self.objects.commits.get(self.tip(full_name, branch)?)?.tree;
        let item = self.objects.at(tree, path)?;
        Some(String::from_utf8(self.objects.blobs.get(&item.id)?.clone()).unwrap())
    }

    /// A new issue or pull request; its number.
    pub(crate) fn open_thread(
        &mut self,
        full_name: &str,
        who: &str,
        title: &str,
        body: Option<&str>,
        pull: Option<Pull>,
    ) -> u64 {
        let (now, id) = (self.tick(), self.next_id());
        let repo = self.repo_mut(full_name);
        let number = repo.threads.keys().next_back().map_or(1, |last| last + 1);
        let thread = Thread {
            id,
            number,
            title: title.to_owned(),
            body: body.map(str::to_owned),
            open: true,
            user: who.to_owned(),
            created: now,
            updated: now,
            closed: None,
            labels: Vec::new(),
            comments: Vec::new(),
            events: Vec::new(),
            reviews: Vec::new(),
            pull,
        };
        repo.threads.insert(number, thread);
        number
    }

    /// Why a closed pull request cannot be opened again; none when it can. In GitHub's words.
    pub(crate) fn reopening_refused(&self, full_name: &str, number: u64) -> Option<String> {
        let repo = self.repo(full_name);
        let pull = repo.threads[&number].pull.as_ref()?;
        let branch = &pull.head_branch;
        if pull.merged.is_some() {
            return Some("state cannot be changed. The pull request has already been merged.".to_owned());
        }
        let tip = pull.head_repo.as_ref().and_then(|head| self.tip(head, branch));
        let Some(tip) = tip else {
            return Some(format!("state cannot be changed. The {branch} branch has been deleted."));
        };
        if !self.fast_forward(&pull.head_sha, tip) {
            return Some(format!("state cannot be changed. The {branch} branch was force-pushed or recreated."));
        }
        if self.open_pull(full_name, pull).is_some() {
            return Some(format!("state cannot be changed. There is already an open pull request from {branch}."));
        }
        let base = self.tip(full_name, &pull.base)?;
        self.fast_forward(tip, base)
            .then(|| format!("state cannot be changed. There are no new commits on the {branch} branch."))
    }

    /// The open pull request from the same branch to the same base.
    pub(crate) fn open_pull(&self, full_name: &str, like: &Pull) -> Option<u64> {
        let same = |pull: &Pull| {
            pull.head_repo == like.head_repo && pull.head_branch == like.head_branch && pull.base == like.base
        };
        let threads = self.repo(full_name).threads.values();
        threads.filter(|thread| thread.open).find(|thread| thread.pull.as_ref().is_some_and(same)).map(|t| t.number)
    }
}

impl Thread {
    pub(crate) fn close(&mut self, now: i64, who: &str) {
        if self.open {
            self.open = false;
            self.closed = Some((now, who.to_owned()));
            self.updated = now;
        }
    }

    pub(crate) fn reopen(&mut self, now: i64) {
        self.open = true;
        self.closed = None;
        self.updated = now;
    }
}
