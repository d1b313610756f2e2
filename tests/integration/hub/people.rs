//! What people do in a scenario, by the web interface and Git: nothing of it is a request to the hub.

use super::Hub;
use super::checked::{Comment, Review};
use super::world::{Pull, heads, owner_of};

/// The maintainer of the registry in these scenarios.
pub(crate) const MARIA: &str = "maria";

impl Hub {
    /// Somebody closes a pull request or an issue.
    pub(crate) fn human_closes(&self, repo: &str, number: u64) {
        self.change(|world| {
            let now = world.tick();
            world.repo_mut(repo).threads.get_mut(&number).unwrap().close(now, MARIA);
        });
    }

    /// Somebody opens it again, where GitHub lets them.
    pub(crate) fn human_reopens(&self, repo: &str, number: u64) {
        self.change(|world| {
            assert_eq!(world.reopening_refused(repo, number), None);
            let now = world.tick();
            // While it was closed its branch may have gained commits.
            let pull = world.repo(repo).threads[&number].pull.clone();
            let tip = pull.and_then(|pull| world.tip(&pull.head_repo?, &pull.head_branch).cloned());
            let thread = world.repo_mut(repo).threads.get_mut(&number).unwrap();
            thread.reopen(now);
            if let (Some(pull), Some(tip)) = (&mut thread.pull, tip) {
                pull.head_sha = tip;
            }
        });
    }

    /// Somebody pushes a commit to a branch.
    pub(crate) fn human_pushes(&self, repo: &str, branch: &str, files: &[(&str, &str)]) -> String {
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, Some(*text))).collect();
        self.change(|world| world.push(repo, branch, MARIA, "A word of mine", &files))
    }

    /// Somebody removes a file.
    pub(crate) fn human_removes(&self, repo: &str, branch: &str, path: &str) -> String {
        self.change(|world| world.push(repo, branch, MARIA, "Away", &[(path, None)]))
    }

    /// Somebody deletes a branch.
    pub(crate) fn human_deletes_branch(&self, repo: &str, branch: &str) {
        self.change(|world| world.set_ref(repo, &heads(branch), None, MARIA));
    }

    /// Somebody makes a branch where another one is.
    pub(crate) fn human_branches(&self, repo: &str, from: &str, branch: &str) {
        self.change(|world| {
            let tip = world.tip(repo, from).unwrap().clone();
            world.set_ref(repo, &heads(branch), Some(&tip), MARIA);
        });
    }

    /// Somebody merges a pull request, with a squash commit as most repositories of this kind have it, and deletes its branch
    /// where GitHub's button offers that.
    pub(crate) fn human_merges(&self, repo: &str, number: u64, delete_branch: bool) {
        self.change(|world| {
            let thread = &world.repo(repo).threads[&number];
            let (title, pull) = (format!("{} (#{number})", thread.title), thread.pull.clone().unwrap());
            world.merge(repo, number, &title, MARIA);
            if delete_branch {
                world.set_ref(repo, &heads(&pull.head_branch), None, MARIA);
            }
        });
    }

    /// Somebody sets a label.
    pub(crate) fn human_labels(&self, repo: &str, number: u64, label: &str, who: &str) {
        self.change(|world| world.label(repo, number, &[label.to_owned()], who));
    }

    /// Somebody takes a label away.
    pub(crate) fn human_unlabels(&self, repo: &str, number: u64, label: &str) {
        self.change(|world| assert!(world.unlabel(repo, number, label, MARIA)));
    }

    /// Somebody reviews the pull request as it is now: `APPROVED`, `CHANGES_REQUESTED`.
    pub(crate) fn human_reviews(&self, repo: &str, number: u64, who: &str, state: &'static str) {
        self.change(|world| {
            let (time, id) = (world.tick(), world.next_id());
            let thread = world.repo_mut(repo).threads.get_mut(&number).unwrap();
            let commit = thread.pull.as_ref().unwrap().head_sha.clone();
            thread.reviews.push(Review { id, user: who.to_owned(), state, commit, time });
        });
    }

    /// Somebody says something.
    pub(crate) fn human_comments(&self, repo: &str, number: u64, who: &str, body: &str) -> u64 {
        self.change(|world| {
            let (now, id) = (world.tick(), world.next_id());
            let comment = Comment { id, user: who.to_owned(), body: body.to_owned(), created: now, updated: now };
            world.repo_mut(repo).threads.get_mut(&number).unwrap().comments.push(comment);
            id
        })
    }

    /// Somebody opens a pull request from a branch, here or in a fork.
    pub(crate) fn human_opens(&self, repo: &str, head_repo: &str, branch: &str, title: &str, body: &str) -> u64 {
        self.change(|world| {
            let base = world.repo(repo).default_branch.clone();
            let pull = Pull {
                head_repo: Some(head_repo.to_owned()),
                head_owner: owner_of(head_repo).to_owned(),
                head_branch: branch.to_owned(),
                head_sha: world.tip(head_repo, branch).unwrap().clone(),
                base_sha: world.tip(repo, &base).unwrap().clone(),
                base,
                merged: None,
                draft: false,
            };
            world.open_thread(repo, owner_of(head_repo), title, Some(body), Some(pull))
        })
    }
}
