//! Pages of upstream repositories, at hosts whose pages are known, and nowhere else.

use super::uri_path;
use crate::ids::CommitSha;
use url::{Host, Url};

/// The most bytes of a link; what is longer is shown without one.
const MAX_LINK: usize = 1_000;

/// How a host writes the addresses of its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `/owner/name/blob/COMMIT/PATH#L1-L2`
    GitHub,
    /// `/group/…/name/-/blob/COMMIT/PATH#L1-2`
    GitLab,
    /// `/owner/name/src/commit/COMMIT/PATH#L1-L2`
    Gitea,
}

/// Only hosts whose pages are known are linked to. An address under review may name any host, and a link to one that its
/// author runs is a link to whatever he likes.
const HOSTS: &[(&str, Style)] = &[
    ("codeberg.org", Style::Gitea),
    ("gitea.com", Style::Gitea),
    ("github.com", Style::GitHub),
    ("gitlab.com", Style::GitLab),
];

/// A repository at a host whose pages are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pages {
    style: Style,
    /// `https://host/owner/name`
    repository: String,
}

/// Links: only ASCII letters, digits and `-._~/:%#` are in them. None where a part is not what it should be.
impl Pages {
    /// Those of a repository, if its host is known and every part of its address is what it should be.
    pub(crate) fn of(repository: &str) -> Option<Self> {
        let url = Url::parse(repository).ok()?;
        let Some(Host::Domain(host)) = url.host() else { return None };
        let (_, style) = HOSTS.iter().find(|(known, _)| *known == host)?;
        let plain = url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && url.port().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let repository = url.path().trim_matches('/');
        let repository = repository.strip_suffix(".git").unwrap_or(repository);
        let names: Vec<&str> = repository.split('/').collect();
        let enough = if *style == Style::GitLab { (2..=20).contains(&names.len()) } else { names.len() == 2 };
        if !plain || !enough || !names.iter().all(|name| is_name(name)) {
            return None;
        }
        Some(Self { style: *style, repository: format!("https://{host}/{repository}") })
    }

    /// A file, or lines of it.
    pub(crate) fn blob(&self, commit: &CommitSha, path: &str, lines: Option<(u32, u32)>) -> Option<String> {
        let between = match self.style {
            Style::GitHub => "blob",
            Style::GitLab => "-/blob",
            Style::Gitea => "src/commit",
        };
        let anchor = match (lines, self.style) {
            (None, _) => String::new(),
            (Some((first, last)), _) if last <= first => format!("#L{first}"),
            (Some((first, last)), Style::GitLab) => format!("#L{first}-{last}"),
            (Some((first, last)), _) => format!("#L{first}-L{last}"),
        };
        is_path(path).then(|| self.page(&format!("{between}/{commit}/{}{anchor}", uri_path(path))))?
    }

    /// What is between two commits. No host limits it to a directory.
    pub(crate) fn compare(&self, old: &CommitSha, new: &CommitSha) -> Option<String> {
        let between = if self.style == Style::GitLab { "-/compare" } else { "compare" };
        self.page(&format!("{between}/{old}...{new}"))
    }

    pub(crate) fn commit(&self, commit: &CommitSha) -> Option<String> {
        let between = if self.style == Style::GitLab { "-/commit" } else { "commit" };
        self.page(&format!("{between}/{commit}"))
    }

    /// The commits up to this one that touch a directory.
    pub(crate) fn history(&self, commit: &CommitSha, directory: &str) -> Option<String> {
        let between = match self.style {
            Style::GitHub => "commits",
            Style::GitLab => "-/commits",
            Style::Gitea => "commits/commit",
        };
        is_path(directory).then(|| self.page(&format!("{between}/{commit}/{}", uri_path(directory))))?
    }

    fn page(&self, rest: &str) -> Option<String> {
        let link = format!("{}/{rest}", self.repository);
        (link.len() <= MAX_LINK).then_some(link)
    }
}

/// What GitHub, GitLab and Gitea take as the name of an owner, group or repository, or less.
fn is_name(name: &str) -> bool {
    let characters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (1..=100).contains(&name.len()) && characters && !name.starts_with(['.', '-'])
}

fn is_path(path: &str) -> bool {
    !path.split('/').any(|part| matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Pages;
    use crate::ids::CommitSha;

    #[test]
    fn every_host_writes_its_pages_in_its_own_way() {
        let (old, new) = (CommitSha::parse(&"a".repeat(40)).unwrap(), CommitSha::parse(&"b".repeat(40)).unwrap());
        let mut shown = String::new();
        for repository in
            ["https://github.com/example/weather", "https://gitlab.com/g/sub/weather.git", "https://codeberg.org/e/w/"]
        {
            let pages = Pages::of(repository).unwrap();
            for link in [
                pages.compare(&old, &new),
                pages.commit(&new),
                pages.history(&new, "src/ä b"),
                pages.history(&new, ""),
                pages.history(&new, "../x"),
            ] {
                shown +=
                    &(link.as_deref().unwrap_or("-").replace(old.as_str(), "OLD").replace(new.as_str(), "NEW") + "\n");
            }
        }
        insta::assert_snapshot!(shown, @r"
        https://github.com/example/weather/compare/OLD...NEW
        https://github.com/example/weather/commit/NEW
        https://github.com/example/weather/commits/NEW/src/%C3%A4%20b
        -
        -
        https://gitlab.com/g/sub/weather/-/compare/OLD...NEW
        https://gitlab.com/g/sub/weather/-/commit/NEW
        https://gitlab.com/g/sub/weather/-/commits/NEW/src/%C3%A4%20b
        -
        -
        https://codeberg.org/e/w/compare/OLD...NEW
        https://codeberg.org/e/w/commit/NEW
        https://codeberg.org/e/w/commits/commit/NEW/src/%C3%A4%20b
        -
        -
        ");
        assert_eq!(Pages::of("https://git.example/example/weather"), None);
    }
}
