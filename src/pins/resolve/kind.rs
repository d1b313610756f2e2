//! What a file is for, by its name alone.

/// Files that fix which versions of dependencies are installed, in lower case.
const LOCKS: &[&str] = &[
    "bun.lock",
    "bun.lockb",
    "cargo.lock",
    "composer.lock",
    "conan.lock",
    "conda-lock.yml",
    "deno.lock",
    "flake.lock",
    "gemfile.lock",
    "go.sum",
    "go.work.sum",
    "gradle.lockfile",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.resolved",
    "packages.lock.json",
    "pdm.lock",
    "pipfile.lock",
    "pixi.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pubspec.lock",
    "pylock.toml",
    "uv.lock",
    "verification-metadata.xml",
    "yarn.lock",
];

/// Files that run when dependencies are installed or the project is built, or that declare what does, in lower case.
const INSTALL: &[&str] = &[
    ".npmrc",
    ".pnpmfile.cjs",
    ".yarnrc",
    ".yarnrc.yml",
    "binding.gyp",
    "build.gradle",
    "build.gradle.kts",
    "build.rs",
    "bunfig.toml",
    "cargo.toml",
    "cmakelists.txt",
    "composer.json",
    "deno.json",
    "deno.jsonc",
    "directory.build.props",
    "directory.build.targets",
    "environment.yml",
    "extconf.rb",
    "gemfile",
    "go.mod",
    "go.work",
    "gradle-wrapper.jar",
    "gradle-wrapper.properties",
    "hatch_build.py",
    "init.gradle",
    "lerna.json",
    "makefile",
    "mix.exs",
    "nuget.config",
    "package.json",
    "package.swift",
    "pip.conf",
    "pipfile",
    "pnpm-workspace.yaml",
    "pom.xml",
    "pubspec.yaml",
    "pyproject.toml",
    "rakefile",
    "settings.gradle",
    "settings.gradle.kts",
    "setup.cfg",
    "setup.py",
    "sitecustomize.py",
    "usercustomize.py",
    "uv.toml",
];

/// Stems of scripts that package managers, or Dockerfiles, run while they install.
const INSTALL_STEMS: &[&str] = &["install", "postinstall", "preinstall", "prepare", "bootstrap", "requirements"];

/// Names at the top of a repository, in lower case, that configure continuous integration, or are folders of what does.
const CI: &[&str] = &[
    ".appveyor.yml",
    ".azure-pipelines",
    ".buildkite",
    ".circleci",
    ".cirrus.star",
    ".cirrus.yml",
    ".drone.star",
    ".drone.yml",
    ".gitlab-ci.yml",
    ".gitlab-ci",
    ".semaphore",
    ".tekton",
    ".travis.yml",
    ".woodpecker",
    ".woodpecker.yml",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "buildspec.yml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    "codefresh.yml",
    "jenkinsfile",
    "screwdriver.yaml",
    "wercker.yml",
];

/// Folders of hosts, in lower case, of which only a part is about continuous integration.
const CI_PARTS: &[(&str, &[&str])] = &[
    (".forgejo", &["workflows", "actions"]),
    (".gitea", &["workflows", "actions"]),
    (".github", &["workflows", "actions"]),
    (".gitlab", &["ci"]),
];

/// The last name of a path, in lower case.
fn name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a file is named as Dockerfiles are: `Dockerfile`, `Dockerfile.dev`, `app.dockerfile`.
pub(super) fn is_dockerfile(path: &str) -> bool {
    let name = name(path);
    ["dockerfile", "containerfile"].iter().any(|word| match name.strip_prefix(word) {
        Some(rest) => rest.is_empty() || rest.starts_with(['.', '-', '_']),
        None => name.strip_suffix(word).is_some_and(|rest| rest.ends_with('.')),
    })
}

/// Whether a file locks dependencies.
pub(super) fn is_lock(path: &str) -> bool {
    LOCKS.contains(&name(path).as_str())
}

/// Whether a file runs when dependencies are installed, or declares what does.
pub(super) fn is_install(path: &str) -> bool {
    let name = name(path);
    let (stem, end) = name.split_once('.').unwrap_or((&name, ""));
    let script = matches!(end, "sh" | "bash" | "ps1" | "bat" | "cmd" | "js" | "cjs" | "mjs" | "ts" | "py" | "rb");
    let requirements = end == "txt" && (stem.starts_with("requirements") || stem.ends_with("requirements"));
    INSTALL.contains(&name.as_str())
        || (script && INSTALL_STEMS.contains(&stem))
        || requirements
        || [".csproj", ".fsproj", ".gemspec", ".podspec", ".pth"].iter().any(|end| name.ends_with(end))
        || path.to_ascii_lowercase().ends_with(".cargo/config.toml")
}

/// Whether something at the top of a repository configures continuous integration, or may hold what does.
pub(super) fn is_ci_root(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    CI.contains(&name.as_str()) || CI_PARTS.iter().any(|(folder, _)| *folder == name)
}

/// Whether a file configures continuous integration, at the top of a repository or of a part of it.
pub(super) fn is_ci(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let below = parts.peek().copied();
        let of_host = CI_PARTS.iter().find(|(folder, _)| *folder == part);
        if CI.contains(&part) || of_host.is_some_and(|(_, inner)| below.is_some_and(|below| inner.contains(&below))) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_ci, is_ci_root, is_dockerfile, is_install, is_lock};

    #[test]
    fn files_are_sorted_by_their_names() {
        for (path, kinds) in [
            ("Dockerfile", "docker"),
            ("a/dockerfile.dev", "docker"),
            ("a/app.Dockerfile", "docker"),
            ("Containerfile", "docker"),
            ("dockerfiles.md", ""),
            ("src/Dockerfile/readme", ""),
            ("package-lock.json", "lock"),
            ("a/b/go.sum", "lock"),
            ("package.json", "install"),
            ("a/setup.py", "install"),
            ("crates/x/build.rs", "install"),
            (".cargo/config.toml", "install"),
            ("requirements-dev.txt", "install"),
            ("scripts/postinstall.js", "install"),
            ("docs/install.md", ""),
            ("x.csproj", "install"),
            (".github/workflows/ci.yml", "ci"),
            (".github/actions/setup/action.yml", "ci"),
            (".github/CODEOWNERS", ""),
            ("a/.gitlab-ci.yml", "ci"),
            ("Jenkinsfile", "ci"),
            (".circleci/config.yml", "ci"),
            ("src/main.py", ""),
        ] {
            let found = [
                ("docker", is_dockerfile(path)),
                ("lock", is_lock(path)),
                ("install", is_install(path)),
                ("ci", is_ci(path)),
            ];
            let found: Vec<_> = found.iter().filter(|(_, is)| *is).map(|(kind, _)| *kind).collect();
            assert_eq!(found.join(" "), kinds, "{path}");
        }
        assert!(is_ci_root(b".GitHub") && is_ci_root(b"Jenkinsfile") && !is_ci_root(b"src"));
    }

    #[test]
    fn what_configures_is_below_a_root_of_it() {
        for path in [".github/workflows/x.yml", ".gitlab/ci/x.yml", ".travis.yml", ".buildkite/p.yml"] {
            assert!(is_ci(path) && is_ci_root(path.split('/').next().unwrap_or_default().as_bytes()), "{path}");
        }
    }
}
