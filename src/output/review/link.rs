//! Links to the blob under review, and to nothing else.

use crate::output::escape::uri_path;
use crate::verdict::report::Reviewed;
use url::{Host, Url};

/// The most bytes of a link; what is longer is shown without one.
const MAX_LINK: usize = 1_000;

/// How a host writes the address of a blob.
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

/// The address of the lines of a file at the commit under review, if the repository's host is one of [`HOSTS`] and every part
/// is what it should be. Only ASCII letters, digits and `-._~/:%#` are in it.
pub(super) fn blob(reviewed: &Reviewed, path: &str, lines: Option<(u32, u32)>) -> Option<String> {
    let commit = reviewed.head.as_ref()?;
    let url = Url::parse(&reviewed.repository).ok()?;
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
    if !plain || !enough || !names.iter().all(|name| is_name(name)) || !is_path(path) {
        return None;
    }
    let between = match style {
        Style::GitHub => "blob",
        Style::GitLab => "-/blob",
        Style::Gitea => "src/commit",
    };
    let anchor = match (lines, style) {
        (None, _) => String::new(),
        (Some((first, last)), _) if last <= first => format!("#L{first}"),
        (Some((first, last)), Style::GitLab) => format!("#L{first}-{last}"),
        (Some((first, last)), _) => format!("#L{first}-L{last}"),
    };
    let link = format!("https://{host}/{repository}/{between}/{commit}/{}{anchor}", uri_path(path));
    (link.len() <= MAX_LINK).then_some(link)
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

    use super::blob;
    use crate::ids::CommitSha;
    use crate::verdict::report::{Found, Reviewed, Scope};
    use std::fmt::Write as _;

    #[test]
    fn only_blobs_of_known_hosts_are_linked() {
        let mut shown = String::new();
        let long = "ü/".repeat(200) + "x";
        for (repository, path) in [
            ("https://github.com/example/weather", "src/a b.js"),
            ("https://github.com/example/weather.git", "a/#L1?x=%2f](evil.example)\"<>"),
            ("https://github.com/example/weather/", "日/x"),
            ("https://gitlab.com/group/sub/weather", "x"),
            ("https://codeberg.org/example/weather", "x"),
            ("https://github.com/example/weather", "a/../../../../settings"),
            ("https://github.com/example/weather", "/a"),
            ("https://github.com/example/weather", &long),
            ("https://github.com/example", "x"),
            ("https://github.com/example/weather/issues", "x"),
            ("https://github.com/../weather", "x"),
            ("https://github.com/example/we%2father", "x"),
            ("https://github.com/example/weather?x", "x"),
            ("https://github.com/example/weather#x", "x"),
            ("https://token@github.com/example/weather", "x"),
            ("https://github.com:8443/example/weather", "x"),
            ("http://github.com/example/weather", "x"),
            ("https://github.com.evil.example/example/weather", "x"),
            ("https://gitlab.evil.example/example/weather", "x"),
            ("https://127.0.0.1/example/weather", "x"),
            ("javascript:alert(1)", "x"),
            ("file:///srv/weather", "x"),
            ("/srv/weather", "x"),
        ] {
            let reviewed = Reviewed {
                entry: None,
                repository: repository.to_owned(),
                base: None,
                head: Some(CommitSha::parse(&"a".repeat(40)).unwrap()),
                base_tree: None,
                head_tree: None,
                found: Found::NotChecked(String::new()),
                directory: String::new(),
                scope: Scope::Full,
                files: 0,
                changed_files: 0,
            };
            let link = blob(&reviewed, path, Some((3, 5)))
                .map_or("-".to_owned(), |link| link.replace(&"a".repeat(40), "COMMIT"));
            let path: String = path.chars().take(60).collect();
            writeln!(shown, "{repository} {path}: {link}").unwrap();
            let nowhere = Reviewed { head: None, ..reviewed };
            assert_eq!(blob(&nowhere, "x", None), None);
        }
        insta::assert_snapshot!(shown, @r#"
        https://github.com/example/weather src/a b.js: https://github.com/example/weather/blob/COMMIT/src/a%20b.js#L3-L5
        https://github.com/example/weather.git a/#L1?x=%2f](evil.example)"<>: https://github.com/example/weather/blob/COMMIT/a/%23L1%3Fx%3D%252f%5D%28evil.example%29%22%3C%3E#L3-L5
        https://github.com/example/weather/ 日/x: https://github.com/example/weather/blob/COMMIT/%E6%97%A5/x#L3-L5
        https://gitlab.com/group/sub/weather x: https://gitlab.com/group/sub/weather/-/blob/COMMIT/x#L3-5
        https://codeberg.org/example/weather x: https://codeberg.org/example/weather/src/commit/COMMIT/x#L3-L5
        https://github.com/example/weather a/../../../../settings: -
        https://github.com/example/weather /a: -
        https://github.com/example/weather ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/ü/: -
        https://github.com/example x: -
        https://github.com/example/weather/issues x: -
        https://github.com/../weather x: -
        https://github.com/example/we%2father x: -
        https://github.com/example/weather?x x: -
        https://github.com/example/weather#x x: -
        https://token@github.com/example/weather x: -
        https://github.com:8443/example/weather x: -
        http://github.com/example/weather x: -
        https://github.com.evil.example/example/weather x: -
        https://gitlab.evil.example/example/weather x: -
        https://127.0.0.1/example/weather x: -
        javascript:alert(1) x: -
        file:///srv/weather x: -
        /srv/weather x: -
        "#);
    }
}
