//! Links to the blob under review, and to nothing else.

use crate::escape::host::Pages;
use crate::verdict::report::Reviewed;

/// The address of the lines of a file at the commit under review, if the repository's host is one whose pages are known.
pub(super) fn blob(reviewed: &Reviewed, path: &str, lines: Option<(u32, u32)>) -> Option<String> {
    Pages::of(&reviewed.repository)?.blob(reviewed.head.as_ref()?, path, lines)
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
                history: None,
                directory: String::new(),
                scope: Scope::Full,
                files: 0,
                changed_files: 0,
                changes: Vec::new(),
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
