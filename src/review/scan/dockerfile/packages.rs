//! Packages that a build or a start fetches and runs without saying which: a repository without a commit, the newest version.

use super::said;
use crate::review::scan::sink::Said;
use crate::shell::{self, Flat, names};
use crate::verdict::{Category, Risk};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A package from a repository.
static REPOSITORY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:\bgit\+[a-z]+://|\b(?:github|gitlab|bitbucket):)[^\s"'\\]+"#).ok());
/// Package managers that take one.
const MANAGERS: &[&str] = &["pipx", "uv", "uvx", "poetry", "npm", "npx", "pnpm", "yarn", "bun", "bunx"];
/// What fetches a package and runs it; and that of which only an option says that it is not one of the project's own.
const RUNS: &[(&[&str], bool)] = &[
    (&["uvx"], false),
    (&["uv", "tool", "run"], false),
    (&["pipx", "run"], false),
    (&["pnpm", "dlx"], false),
    (&["yarn", "dlx"], false),
    (&["npm", "exec"], true),
    (&["npx"], true),
    (&["bunx"], true),
];

/// The most commands of an instruction that are looked at.
const MOST: usize = 100;

/// The first package of each kind that a text fetches without saying which.
pub(super) fn unpinned(text: &str) -> Vec<(Range<usize>, Said)> {
    let commands = shell::flat(text);
    let commands = || commands.iter().take(MOST);
    let title = "a package is built from whatever a Git repository holds";
    let repository = commands().find_map(repository);
    let repository = repository.map(|range| (range, said(Risk::Medium, title, Category::Dependency)));
    let title = "a package without a fixed version is fetched and run";
    let run = commands().find_map(run);
    let run = run.map(|range| (range, said(Risk::Low, title, Category::Dependency)));
    repository.into_iter().chain(run).collect()
}

/// The place of a package that a command takes from a repository, if no commit is said.
fn repository(command: &Flat) -> Option<Range<usize>> {
    let is_manager = |word: &str| {
        let name = names::base(word);
        MANAGERS.contains(&name) || name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') == "pip"
    };
    let at = command.iter().position(|(word, _)| is_manager(word) || names::base(word) == "cargo")?;
    let (manager, given) = command.get(at..)?.split_first()?;
    let is = |wanted: &str| given.iter().any(|(word, _)| word == wanted);
    if names::base(&manager.0) == "cargo" {
        let all: Vec<&str> = given.iter().map(|(word, _)| word.as_str()).collect();
        let (_, place) = given.iter().find(|(word, _)| word.starts_with("--git"))?;
        return (is("install") && !has_commit(&all.join(" "))).then(|| place.clone());
    }
    let mut specs = given.iter().filter_map(|(word, range)| Some((REPOSITORY.as_ref()?.find(word)?, range)));
    specs.find(|(spec, _)| !has_commit(spec.as_str())).map(|(_, range)| range.clone())
}

/// The place of a package that a command fetches and runs, if no version is said.
fn run(command: &Flat) -> Option<Range<usize>> {
    let words: Vec<&str> = command.iter().map(|(word, _)| word.as_str()).collect();
    (0..words.len()).take(MOST).find_map(|at| {
        let here = words.get(at..)?;
        let fits = |names: &[&str]| {
            let first =
                here.first().is_some_and(|word| !word.contains("://") && Some(&names::base(word)) == names.first());
            first && names.iter().zip(here).skip(1).all(|(name, word)| name == word) && here.len() > names.len()
        };
        let (names, must_ask) = RUNS.iter().find(|(names, _)| fits(names))?;
        let rest = here.get(names.len()..)?;
        let python = names.first().is_some_and(|name| name.starts_with("uv"));
        let package = package(rest, *must_ask, python)?;
        let (_, first) = command.get(at + names.len())?;
        let (_, last) = command.last()?;
        (!is_pinned(package)).then(|| first.start..last.end.max(first.end))
    })
}

fn has_commit(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit()).any(|part| part.len() == 40)
}

/// The package that a command names; none if it may be one of the project's own.
fn package<'w>(rest: &[&'w str], must_ask: bool, python: bool) -> Option<&'w str> {
    let mut words = rest.iter().copied().take(30);
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
    use super::{REPOSITORY, unpinned};

    #[test]
    fn every_pattern_compiles() {
        assert!(REPOSITORY.is_some());
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
