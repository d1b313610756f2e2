//! Facts about an entry's source: its repository, pin, branch and paths.

use super::Gatherer;
use super::shared::{found, unavailable, within};
use crate::entry::Entry;
use crate::fetch::host_of;
use crate::git::remote::{self, RemoteRefs};
use crate::github::{self, Contained, GithubError, PathKind};
use crate::ids::CommitSha;
use crate::validate::facts::{Branch, Commit, Fact, Facts, PathAtPin, Repository};
use url::Url;

const GITHUB_ONLY: &str = "it is only known for repositories on GitHub";

/// Where the Dockerfile is, if the registry builds the image of this entry.
fn dockerfile(entry: &Entry, namespace: &str) -> Option<String> {
    let manifest = &entry.manifest;
    if !manifest.is_built_in(namespace) {
        return None;
    }
    let directory = manifest.source.directory.as_deref().unwrap_or(".");
    Some(format!("{directory}/{}", manifest.source.dockerfile.as_deref().unwrap_or("Dockerfile")))
}

fn path_at_pin(kind: Result<PathKind, GithubError>) -> Fact<PathAtPin> {
    match kind {
        Ok(PathKind::Directory) => Fact::Known(PathAtPin::Directory),
        Ok(PathKind::File) => Fact::Known(PathAtPin::File),
        Ok(PathKind::Other) => Fact::Known(PathAtPin::Other),
        Ok(PathKind::Missing) => Fact::Known(PathAtPin::Missing),
        Err(error) => unavailable(&error),
    }
}

impl Gatherer<'_> {
    /// Asks about the source. What depends on an answer that did not come is not asked: one note is enough.
    pub(super) async fn source(&self, entry: &Entry, facts: &mut Facts) {
        let source = &entry.manifest.source;
        let Some(project) = source.project.as_deref() else { return };
        let Ok(url) = crate::fetch::parse_url(project) else {
            facts.repository = Fact::Unavailable("`source.project` is not a URL".into());
            return;
        };
        match github::located(&url, &self.options.github.api) {
            Some((owner, name)) => self.github_source(entry, &owner, &name, facts).await,
            None if url.host_str().is_some_and(|host| host.ends_with("github.com")) => {
                facts.repository = Fact::Unavailable("`source.project` does not name a repository".into());
            }
            None => self.git_source(entry, &url, facts).await,
        }
    }

    async fn github_source(&self, entry: &Entry, owner: &str, name: &str, facts: &mut Facts) {
        let source = &entry.manifest.source;
        let asked = self.github.repository(owner, name);
        let repository = match found(self.deadline, Repository::Missing, asked).await {
            Ok(repository) => repository,
            Err(fact) => {
                facts.repository = fact;
                return;
            }
        };
        facts.repository = Fact::Known(Repository::Found {
            url: repository.url.clone(),
            archived: repository.archived,
            license: repository.license.clone(),
            default_branch: repository.default_branch.clone(),
        });
        // A commit in place of a branch is another rule's matter, and no branch for certain.
        if let Some(branch) = source.branch.as_deref().filter(|branch| CommitSha::parse(branch).is_err()) {
            facts.branch = within(self.deadline, self.github_branch(&repository, branch)).await;
        }
        let Some(Ok(pin)) = source.commit.as_deref().map(CommitSha::parse) else { return };
        let commit = match found(self.deadline, Commit::Missing, self.github.commit(&repository, &pin)).await {
            Ok(commit) => commit,
            Err(fact) => {
                facts.commit = fact;
                return;
            }
        };
        facts.commit = within(self.deadline, self.github_commit(&repository, &pin, source.branch.as_deref())).await;
        if let Some(directory) = &source.directory {
            let kind = self.github.path_kind(&repository, &commit.tree, directory);
            facts.directory = within(self.deadline, async { path_at_pin(kind.await) }).await;
        }
        let has_directory = matches!(facts.directory, Fact::NotGathered | Fact::Known(PathAtPin::Directory));
        if let (true, Some(path)) = (has_directory, dockerfile(entry, &self.policy.settings.registry.namespace)) {
            let kind = self.github.path_kind(&repository, &commit.tree, &path);
            facts.dockerfile = within(self.deadline, async { path_at_pin(kind.await) }).await;
        }
    }

    async fn github_branch(&self, repository: &github::Repository, branch: &str) -> Fact<Branch> {
        match self.github.branch_tip(repository, branch).await {
            Ok(Some(_)) => return Fact::Known(Branch::Branch),
            Ok(None) => {}
            Err(error) => return unavailable(&error),
        }
        match self.github.has_tag(repository, branch).await {
            Ok(true) => Fact::Known(Branch::Tag),
            Ok(false) => Fact::Known(Branch::Missing),
            Err(error) => unavailable(&error),
        }
    }

    async fn github_commit(
        &self,
        repository: &github::Repository,
        pin: &CommitSha,
        branch: Option<&str>,
    ) -> Fact<Commit> {
        match self.github.contained(repository, pin, branch).await {
            Ok(Contained::In(name)) => Fact::Known(Commit::OnRef(name)),
            Ok(Contained::Nowhere) => Fact::Known(Commit::Impostor),
            Ok(Contained::NotFound { looked_at }) => {
                Fact::Unavailable(format!("it is on none of the {looked_at} branches and tags that were looked at"))
            }
            Err(error) => unavailable(&error),
        }
    }

    /// On other hosts the refs are all that can be asked in the same way everywhere.
    async fn git_source(&self, entry: &Entry, url: &Url, facts: &mut Facts) {
        let source = &entry.manifest.source;
        let ask = async {
            let _permit = self.permits.enter(&host_of(url)).await;
            remote::refs(&self.fetcher, url).await
        };
        let refs = match found(self.deadline, Repository::Missing, self.refs.get(url.as_str(), ask)).await {
            Ok(refs) => refs,
            Err(fact) => {
                facts.repository = fact;
                return;
            }
        };
        facts.repository = Fact::Unavailable(format!("{GITHUB_ONLY}, except for its branches and tags"));
        if let Some(branch) = source.branch.as_deref().filter(|branch| CommitSha::parse(branch).is_err()) {
            facts.branch = Fact::Known(git_branch(&refs, branch));
        }
        if let Some(Ok(pin)) = source.commit.as_deref().map(CommitSha::parse) {
            facts.commit = match refs.branches_and_tags().find(|(_, commit)| **commit == pin) {
                Some((name, _)) => {
                    let name = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/"));
                    Fact::Known(Commit::OnRef(name.unwrap_or_default().to_owned()))
                }
                None => Fact::Unavailable(format!("no branch or tag points at it, and more {GITHUB_ONLY}")),
            };
        }
    }
}

fn git_branch(refs: &RemoteRefs, branch: &str) -> Branch {
    if refs.commits.contains_key(&format!("refs/heads/{branch}")) {
        Branch::Branch
    } else if refs.commits.contains_key(&format!("refs/tags/{branch}")) {
        Branch::Tag
    } else {
        Branch::Missing
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::dockerfile;
    use crate::entry::Entry;

    #[test]
    fn only_images_that_the_registry_builds_need_a_dockerfile() {
        let ask = |yaml: &str| dockerfile(&Entry::from_texts("x", Some(yaml), None, None), "mcp/");
        assert_eq!(ask("type: server\nimage: mcp/x\n"), Some("./Dockerfile".into()));
        assert_eq!(ask("type: server\nsource: {directory: a, dockerfile: b/c}\n"), Some("a/b/c".into()));
        assert_eq!(ask("type: server\nimage: ghcr.io/acme/x\n"), None);
        assert_eq!(ask("type: remote\n"), None);
    }
}
