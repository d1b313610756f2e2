//! Packages that a build or a start fetches and runs without saying which: a repository without a commit, the newest version.

use super::said;
use crate::review::scan::sink::Said;
use crate::verdict::{Category, Risk};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A package from a repository, in a command of a package manager.
static REPOSITORY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"\b(?:pip[\d.]*|pipx|uvx?|poetry|np[mx]|pnpm|yarn|bunx?)['"]?\s[^\n;&|]*?(?P<spec>(?:\bgit\+[a-z]+://|\b(?:github|gitlab|bitbucket):)[^\s"'\\]+)"#,
        r#"|\bcargo['"]?\s+['"]?install\b(?P<crate>[^\n;&|]*\s['"]?--git\b[^\n;&|]*)"#,
    ))
    .ok()
});
/// What fetches a package and runs it; and that of which only an option says that it is not one of the project's own.
static RUNS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let word = |text: &str| text.replace(' ', r#"['"]?\s+['"]?"#);
    let pattern = format!(
        r#"(?:^|[\s;&|('"/])(?:(?P<always>uvx|{}|{}|{}|{})|(?P<asked>npx|bunx|{}))['"]?\s(?P<rest>[^\n;&|]*)"#,
        word("uv tool run"),
        word("pipx run"),
        word("pnpm dlx"),
        word("yarn dlx"),
        word("npm exec"),
    );
    Regex::new(&pattern).ok()
});

/// The most commands of an instruction that are looked at.
const MOST: usize = 100;

/// The first package of each kind that a text fetches without saying which.
pub(super) fn unpinned(text: &str) -> Vec<(Range<usize>, Said)> {
    let mut found = Vec::new();
    let repositories = REPOSITORY.iter().flat_map(|pattern| pattern.captures_iter(text)).take(MOST);
    let repository = repositories.filter_map(|found| found.name("spec").or_else(|| found.name("crate")));
    if let Some(spec) = { repository }.find(|spec| !has_commit(spec.as_str())) {
        let title = "a package is built from whatever a Git repository holds";
        found.push((spec.range(), said(Risk::Medium, title, Category::Dependency)));
    }
    let runs = RUNS.iter().flat_map(|pattern| pattern.captures_iter(text)).take(MOST);
    let range = { runs }.find_map(|found| {
        let rest = found.name("rest")?;
        let python = found.name("always").is_some_and(|program| program.as_str().starts_with('u'));
        let package = package(rest.as_str(), found.name("asked").is_some(), python)?;
        (!is_pinned(package)).then(|| rest.range())
    });
    if let Some(range) = range {
        let title = "a package without a fixed version is fetched and run";
        found.push((range, said(Risk::Low, title, Category::Dependency)));
    }
    found
}

fn has_commit(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit()).any(|part| part.len() == 40)
}

/// The package that a command names; none if it may be one of the project's own.
fn package(rest: &str, must_ask: bool, python: bool) -> Option<&str> {
    let mut words = rest.split_whitespace().map(|word| word.trim_matches(['"', '\'', ','])).take(30);
    let (mut asks, mut named) = (false, None);
    while let Some(word) = words.next() {
        match word {
            "-y" | "--yes" => asks = true,
            "--python" | "--with" | "--index" | "--index-url" | "--registry" | "-c" => drop(words.next()),
            "-p" if python => drop(words.next()),
            "-p" | "--package" | "--from" | "--spec" => {
                asks = true;
                named = named.or(words.next());
            }
            _ if word.starts_with("--package=") || word.starts_with("--from=") => {
                asks = true;
                named = named.or(word.split_once('=').map(|(_, package)| package));
            }
            _ if word.starts_with('-') => {}
            _ => {
                named = named.or(Some(word));
                break;
            }
        }
    }
    named.filter(|name| (asks || !must_ask) && !name.is_empty())
}

/// Whether a package is said by its version, or is of the repository. What a variable says is not known.
fn is_pinned(package: &str) -> bool {
    let version = package.split_once("==").map(|(_, version)| version);
    let version =
        version.or_else(|| package.rsplit_once('@').filter(|(name, _)| !name.is_empty()).map(|(_, version)| version));
    package.starts_with(['.', '/'])
        || package.contains(['$', ':'])
        || version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::{REPOSITORY, RUNS, unpinned};

    #[test]
    fn every_pattern_compiles() {
        assert!(REPOSITORY.is_some() && RUNS.is_some());
    }

    #[test]
    fn packages_that_are_not_pinned_are_found() {
        for text in [
            "pip install git+https://github.com/a/b",
            "python -m pip install --no-cache-dir 'b @ git+https://github.com/a/b@main'",
            "uv pip install git+https://github.com/a/b.git@v1",
            "npm install -g github:a/b",
            "uvx --from git+https://github.com/a/b@0123456789012345678901234567890123456789 b && npx -y github:a/b",
            "cargo install --git https://github.com/a/b --tag v1",
            "npx -y @acme/server",
            "npx --yes acme@latest",
            "'npx' '-y' 'acme'",
            "npm exec --package=acme -- x",
            "uvx acme",
            "uvx --python 3.12 acme --port 1",
            "uv tool run acme",
            "pipx run acme",
            "cd x && pnpm dlx create-acme",
        ] {
            assert_eq!(unpinned(text).len(), 1, "{text}");
        }
        for text in [
            "npx tsc -p .",
            "npx prisma generate",
            "npm ci && npm run build",
            "npx -y acme@1.2.3",
            "npx -y @acme/server@0.1.0 --x",
            "uvx acme==1.2.3",
            "uvx --from ./dist acme",
            "uvx --from . acme",
            "uv sync --frozen && uv run acme",
            "pip install git+https://github.com/a/b@0123456789012345678901234567890123456789#egg=b",
            "cargo install --git https://github.com/a/b --rev 0123456789012345678901234567890123456789",
            "pip install -r requirements.txt",
            "echo uvx",
            "git clone https://github.com/a/npx",
            "npm install --global yarn",
        ] {
            assert_eq!(unpinned(text).len(), 0, "{text}");
        }
    }
}
