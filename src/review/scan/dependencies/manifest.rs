//! What manifests of the package managers name. Read, where their format is one that we have a parser for; else by line.

use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// Something that a program depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// How the name is written.
    pub(super) written: String,
    pub(super) from: From,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum From {
    Registry,
    /// The same repository, or the machine.
    Path,
    /// A Git repository, at a fixed commit or not.
    Git {
        /// Whether 40 hexadecimal digits say which commit.
        pinned: bool,
    },
    /// The registry, but by another name than it is used by: an alias, an override, a replacement.
    Other {
        /// The name that is really taken.
        name: String,
    },
    Url {
        /// Whether nothing protects the way.
        plain: bool,
    },
}

/// The most dependencies that are read of one file.
const MOST: usize = 20_000;

/// The dependencies that the file of this name says; none when it is no manifest.
pub(super) fn dependencies(path: &str, text: &str) -> Option<Vec<Dependency>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut found = match name {
        "package.json" => npm(text),
        "composer.json" => json(text, &["require", "require-dev"]),
        "pyproject.toml" => python_project(text),
        "Cargo.toml" => cargo(text),
        "go.mod" => go(text),
        "Pipfile" => pipfile(text),
        "setup.cfg" => setup_cfg(text),
        "Gemfile" => by_line(text, &GEM),
        "pom.xml" => by_line(text, &MAVEN),
        _ if super::is_requirements(path) => text.lines().filter_map(requirement).collect(),
        _ if name.ends_with(".gradle") || name.ends_with(".gradle.kts") => by_line(text, &GRADLE),
        _ if name.ends_with(".csproj") || name == "Directory.Packages.props" => by_line(text, &NUGET),
        _ => return None,
    };
    found.truncate(MOST);
    Some(found)
}

static GO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^(?:require\s+|\t)(?P<name>[\w.-]+\.[\w.-]+/[\w./~-]+)\s+v\S+").ok());
static GEM: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?m)^\s*gem\s+["'](?P<name>[\w.-]+)["'](?P<rest>[^\n]*)"#).ok());
static MAVEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"<dependency>\s*<groupId>[^<\n]{1,200}</groupId>\s*<artifactId>(?P<name>[^<\n]{1,200})</artifactId>")
        .ok()
});
static GRADLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)^\s*(?:implementation|api|compileOnly|runtimeOnly|kapt|ksp|annotationProcessor|classpath)[\s(]+["'](?P<name>[\w.-]+:[\w.-]+)"#).ok()
});
static NUGET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"<Package(?:Reference|Version)\s+Include="(?P<name>[\w.-]{1,200})""#).ok());

/// `replace a => b v1` takes another module; a folder is of this repository.
static GO_REPLACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^(?:replace\s+|[\t ]+)(?P<name>[\w.~/-]+)(?:\s+v\S+)?\s+=>\s+(?P<other>[^\s./][^\s]*)\s+v\S+").ok()
});

fn go(text: &str) -> Vec<Dependency> {
    let mut found = by_line(text, &GO);
    let replaced = GO_REPLACE.iter().flat_map(|pattern| pattern.captures_iter(text)).take(MOST);
    found.extend(replaced.filter_map(|replaced| {
        let (name, other) = (replaced.name("name")?.as_str(), replaced.name("other")?.as_str());
        let from = From::Other { name: other.to_owned() };
        (name != other).then(|| Dependency { name: name.to_owned(), written: name.to_owned(), from })
    }));
    found
}

fn by_line(text: &str, pattern: &LazyLock<Option<Regex>>) -> Vec<Dependency> {
    let Some(pattern) = pattern.as_ref() else { return Vec::new() };
    let all = pattern.captures_iter(text).take(MOST).filter_map(|found| {
        let name = found.name("name")?.as_str();
        let rest = found.name("rest").map_or("", |rest| rest.as_str());
        let from = if rest.contains("git:") || rest.contains("github:") || rest.contains(":git") {
            From::Git { pinned: has_commit(rest) }
        } else if rest.contains("path:") {
            From::Path
        } else {
            From::Registry
        };
        Some(Dependency { name: name.to_owned(), written: name.to_owned(), from })
    });
    all.collect()
}

/// What npm takes: dependencies, and of what overrides them all that does not come from the registry by its own name.
fn npm(text: &str) -> Vec<Dependency> {
    let mut found = json(text, &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]);
    let Ok(Value::Object(package)) = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) else {
        return found;
    };
    let pnpm = package.get("pnpm").and_then(|pnpm| pnpm.get("overrides"));
    // Overrides may be nested, as deep as the parser allows.
    let mut open: Vec<&Value> =
        [package.get("overrides"), package.get("resolutions"), pnpm].into_iter().flatten().collect();
    while let Some(Value::Object(overrides)) = open.pop() {
        for (name, value) in overrides {
            open.extend(Some(value).filter(|value| value.is_object()));
            let from = npm_source(value.as_str().unwrap_or_default());
            if !matches!(from, From::Registry | From::Path) {
                found.push(Dependency { name: name.clone(), written: name.clone(), from });
            }
        }
    }
    found
}

fn json(text: &str, sections: &[&str]) -> Vec<Dependency> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Ok(Value::Object(package)) = serde_json::from_str(text) else { return Vec::new() };
    let maps = sections.iter().filter_map(|section| package.get(*section)?.as_object());
    let all = maps.flatten().filter(|(name, _)| !(name.as_str() == "php" || name.starts_with("ext-")));
    all.map(|(name, spec)| Dependency {
        name: name.clone(),
        written: name.clone(),
        from: npm_source(spec.as_str().unwrap_or_default()),
    })
    .collect()
}

/// Where a version of npm points: a range, an address, a repository, a folder.
fn npm_source(spec: &str) -> From {
    const GIT: [&str; 7] = ["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "gist:"];
    const PATHS: [&str; 5] = ["file:", "link:", "workspace:", "portal:", "catalog:"];
    let is_short = || {
        let mut parts = spec.split('#').next().unwrap_or_default().split('/');
        let is_name = |part: Option<&str>| {
            part.is_some_and(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            })
        };
        !spec.starts_with(['.', '~', '^', '>', '<', '='])
            && is_name(parts.next())
            && is_name(parts.next())
            && parts.next().is_none()
    };
    if let Some(alias) = spec.strip_prefix("npm:") {
        // The version follows the last `@`, and a scope begins with one.
        let name = alias
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '@')
            .map_or(alias, |(at, _)| alias.get(..at).unwrap_or(alias));
        From::Other { name: name.to_owned() }
    } else if PATHS.iter().any(|path| spec.starts_with(path)) {
        From::Path
    } else if GIT.iter().any(|git| spec.starts_with(git))
        || is_short()
        || (spec.contains("://") && spec.split('#').next().is_some_and(|address| address.ends_with(".git")))
    {
        From::Git { pinned: has_commit(spec) }
    } else if spec.starts_with("http://") || spec.starts_with("https://") {
        From::Url { plain: spec.starts_with("http://") }
    } else {
        From::Registry
    }
}

fn has_commit(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_hexdigit()).any(|part| part.len() == 40)
}

/// A line of `requirements.txt`, or a string of PEP 508.
fn requirement(line: &str) -> Option<Dependency> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    let address = line.strip_prefix("-e ").or_else(|| line.strip_prefix("--editable ")).unwrap_or(line).trim();
    let (name, from) =
        if let Some((name, address)) = address.split_once('@').filter(|(name, _)| !name.contains(['/', ':'])) {
            (name, python_source(address.trim()))
        } else if address.contains("://") || address.starts_with("git+") {
            let name = address.split_once("#egg=").map_or(address, |(_, egg)| egg);
            (name, python_source(address))
        } else {
            (line, From::Registry)
        };
    let name = name.trim();
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(name.len());
    let name = if from == From::Registry { name.get(..end)? } else { name.get(..name.len().min(200)).unwrap_or(name) };
    let begins = name.bytes().next()?;
    begins.is_ascii_alphanumeric().then(|| Dependency { name: name.to_owned(), written: name.to_owned(), from })
}

fn python_source(address: &str) -> From {
    if address.starts_with("git+") {
        From::Git { pinned: has_commit(address) }
    } else if address.starts_with("file:") {
        From::Path
    } else {
        From::Url { plain: address.starts_with("http://") }
    }
}

fn python_project(text: &str) -> Vec<Dependency> {
    let Ok(document) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let at = |path: &[&str]| {
        path.iter().try_fold(&toml::Value::Table(document.clone()), |value, key| value.get(key)).cloned()
    };
    let mut found = Vec::new();
    for list in [at(&["project", "dependencies"]), at(&["build-system", "requires"])].into_iter().flatten() {
        found.extend(strings(&list));
    }
    for groups in [at(&["project", "optional-dependencies"]), at(&["dependency-groups"])].into_iter().flatten() {
        found.extend(groups.as_table().into_iter().flatten().flat_map(|(_, list)| strings(list)));
    }
    for table in [
        at(&["tool", "poetry", "dependencies"]),
        at(&["tool", "poetry", "dev-dependencies"]),
        at(&["tool", "uv", "sources"]),
    ]
    .into_iter()
    .flatten()
    {
        found.extend(
            table
                .as_table()
                .into_iter()
                .flatten()
                .filter(|(name, _)| *name != "python")
                .map(|(name, value)| of_table(name, value)),
        );
    }
    found
}

fn pipfile(text: &str) -> Vec<Dependency> {
    let Ok(document) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let tables = ["packages", "dev-packages"].iter().filter_map(|section| document.get(*section)?.as_table());
    tables.flatten().map(|(name, value)| of_table(name, value)).collect()
}

/// The lists of requirements in `setup.cfg`: a key, and indented lines after it.
fn setup_cfg(text: &str) -> Vec<Dependency> {
    let (mut section, mut lists, mut found) = ("", false, Vec::new());
    for line in text.lines() {
        if line.starts_with('[') {
            (section, lists) = (line.trim(), false);
            continue;
        }
        let indented = line.starts_with([' ', '\t']);
        if !indented {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            lists = matches!(key.trim(), "install_requires" | "setup_requires" | "tests_require")
                || (section == "[options.extras_require]" && !line.trim().is_empty() && !line.starts_with(['#', ';']));
            found.extend(
                Some(value)
                    .filter(|_| lists)
                    .into_iter()
                    .flat_map(|value| value.split(';').take(1))
                    .filter_map(requirement),
            );
        } else if lists {
            found.extend(requirement(line));
        }
    }
    found
}

fn strings(list: &toml::Value) -> Vec<Dependency> {
    list.as_array().into_iter().flatten().filter_map(|item| requirement(item.as_str()?)).collect()
}

fn cargo(text: &str) -> Vec<Dependency> {
    let Ok(document) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let workspace = document.get("workspace").and_then(toml::Value::as_table);
    let targets = document
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
        .filter_map(|(_, target)| target.as_table());
    let tables = std::iter::once(&document).chain(workspace).chain(targets);
    let sections = tables.flat_map(|table| SECTIONS.iter().filter_map(|section| table.get(*section)?.as_table()));
    sections.flatten().map(|(name, value)| of_table(name, value)).collect()
}

/// A dependency of TOML: a version, or a table that says where it is.
fn of_table(name: &str, value: &toml::Value) -> Dependency {
    let text = |key: &str| value.get(key).and_then(toml::Value::as_str);
    let from = if text("git").is_some() {
        From::Git { pinned: text("rev").is_some_and(has_commit) }
    } else if let Some(url) = text("url") {
        From::Url { plain: url.starts_with("http://") }
    } else if text("path").is_some() {
        From::Path
    } else {
        From::Registry
    };
    Dependency { name: text("package").unwrap_or(name).to_owned(), written: name.to_owned(), from }
}
