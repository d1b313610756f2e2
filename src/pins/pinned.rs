//! What is asked about an entry: where its code is, what it follows there, and what it builds.

use crate::entry::source::source_of;
use crate::entry::{Entry, EntryType};
use crate::git::upstream::Upstream;
use crate::ids::CommitSha;
use crate::pins::plan::Decision;
use std::sync::Arc;
use url::Url;

/// The Dockerfile of an entry that names none.
const DOCKERFILE: &str = "Dockerfile";

/// The most bytes of a repository's address: what servers and proxies take.
const MAX_ADDRESS: usize = 2000;

/// An entry with a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pinned {
    pub(crate) entry: Arc<str>,
    /// Its `server.yaml`, from the registry's root.
    pub(crate) path: Arc<str>,
    /// The repository: https, without credentials, query and fragment.
    pub(crate) upstream: Url,
    /// The same for every spelling of the repository's address: what is asked once.
    pub(crate) key: String,
    /// What is followed, as the entry writes it; none for the default branch. Not checked.
    pub(crate) branch: Option<String>,
    /// The build context, from the top of the repository without slashes at its ends; empty for the top.
    pub(crate) directory: String,
    /// The Dockerfile relative to the directory, if the registry builds the image.
    pub(crate) dockerfile: Option<String>,
    pub(crate) pin: CommitSha,
}

/// An entry of which nobody can say what it is pinned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// Its name; bytes that are not UTF-8 are replaced.
    pub(crate) entry: Arc<str>,
    /// Its `server.yaml`, from the registry's root.
    pub(crate) path: Arc<str>,
    /// Why, for people.
    pub(crate) problem: String,
}

/// What there is to ask about an entry. None for one that has no pin and needs none: it names no source, or is a remote
/// server, which others run. Images that begin with `namespace` are built by the registry.
///
/// # Errors
/// When the entry cannot be read, or its source has no usable pin or address.
pub(crate) fn pinned(entry: &Entry, namespace: &str) -> Result<Option<Pinned>, Invalid> {
    let (name, path) = (entry.name.clone(), entry.manifest_file.path.clone());
    if entry.document().is_some() && entry.manifest.kind == EntryType::Remote {
        return Ok(None);
    }
    let invalid = |problem: String| Invalid { entry: name.clone(), path: path.clone(), problem };
    let Some(source) = source_of(entry).map_err(invalid)? else { return Ok(None) };
    if source.project.len() > MAX_ADDRESS {
        return Err(invalid(format!("`source.project` is longer than {MAX_ADDRESS} bytes")));
    }
    let address = Upstream::parse(&source.project).map_err(|error| invalid(format!("`source.project`: {error}")))?;
    let key = address.key();
    let Upstream::Remote(upstream) = address else {
        return Err(invalid("`source.project` is a path: whoever runs this would not know whose".to_owned()));
    };
    let dockerfile =
        entry.manifest.is_built_in(namespace).then(|| source.dockerfile.unwrap_or_else(|| DOCKERFILE.to_owned()));
    let (branch, directory, pin) = (source.branch, source.directory, source.commit);
    Ok(Some(Pinned { entry: name, path, upstream, key, branch, directory, dockerfile, pin }))
}

/// Whether the entry is what a plan was made for: the pin, the repository and the directory are those of the decision. A pull
/// request would otherwise show reviewers another repository than the one that is built.
///
/// # Errors
/// When it is not: what is another one, for people.
pub(crate) fn is_as_planned(entry: &Entry, decision: &Decision) -> Result<(), &'static str> {
    // Whether the image is built by the registry is not compared.
    match pinned(entry, "") {
        Ok(Some(now)) => {
            if Some(&now.pin) != decision.old.as_ref() {
                return Err("the pin is another one than when the plan was made");
            }
            if Some(now.upstream.as_str()) != decision.project.as_deref() || now.directory != decision.directory {
                return Err("the entry has another source than when the plan was made");
            }
            let follows = |branch: &String| {
                let full = ["refs/heads/", "refs/tags/", "refs/", ""].map(|start| format!("{start}{branch}"));
                decision.branch.as_ref().is_none_or(|planned| full.contains(planned))
            };
            if !now.branch.as_ref().is_none_or(follows) {
                return Err("the entry follows another branch than when the plan was made");
            }
            Ok(())
        }
        Ok(None) => Err("the entry has no source any more"),
        Err(_) => Err("the entry cannot be read any more"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::pinned;
    use crate::entry::Entry;

    const PIN: &str = "1111111111111111111111111111111111111111";

    fn shown(manifest: Option<&str>) -> String {
        match pinned(&Entry::from_texts("weather", manifest, None, None), "mcp/") {
            Ok(None) => "not asked".to_owned(),
            Ok(Some(it)) => {
                let branch = it.branch.as_deref().unwrap_or("-");
                let dockerfile = it.dockerfile.as_deref().unwrap_or("-");
                let (key, directory, pin) = (it.key, it.directory, &it.pin.as_str()[..4]);
                format!("{} ({key}) {branch} `{directory}` {dockerfile} {pin}", it.upstream)
            }
            Err(invalid) => format!("{}: {}", invalid.path, invalid.problem),
        }
    }

    #[test]
    fn entries_are_read_strictly() {
        let source = |more: &str| format!("type: server\nsource:\n  commit: {PIN}\n{more}");
        let project = "  project: https://Git.example/acme/weather.git/\n";
        let said: Vec<String> = [
            source(project),
            source(&format!(
                "{project}  branch: next\n  directory: ./src//weather/\n  dockerfile: docker/Dockerfile\n"
            )),
            source(project).replace("type: server", "type: server\nimage: acme/weather"),
            source(project).replace("type: server", "type: remote"),
            "type: server\nname: weather\n".to_owned(),
            source(""),
            source(project).replace(PIN, "main"),
            source(&format!("{project}  directory: ../x\n")),
            source("  project: /srv/weather\n"),
            source("  project: file:///srv/weather\n"),
            source("  project: http://git.example/weather\n"),
            source("  project: https://user:word@git.example/weather\n"),
            source(&format!("{project}  branch: [main]\n")),
            "source: [".to_owned(),
        ]
        .iter()
        .map(|text| shown(Some(text)))
        .chain([shown(None)])
        .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        https://git.example/acme/weather.git (git.example/acme/weather) - `` Dockerfile 1111
        https://git.example/acme/weather.git (git.example/acme/weather) next `src/weather` docker/Dockerfile 1111
        https://git.example/acme/weather.git (git.example/acme/weather) - `` - 1111
        not asked
        not asked
        servers/weather/server.yaml: `source` names a commit and no project
        servers/weather/server.yaml: `source.commit` is no pin: a commit is 40 lower-case hexadecimal digits
        servers/weather/server.yaml: `source.directory` leads out of where it starts: it has `..` in it
        servers/weather/server.yaml: `source.project` is a path: whoever runs this would not know whose
        servers/weather/server.yaml: `source.project` is a path: whoever runs this would not know whose
        servers/weather/server.yaml: `source.project`: `http://git.example/weather` is not the address of a repository: only https is fetched
        servers/weather/server.yaml: `source.project`: `https://…@git.example/weather` is not the address of a repository: it must not hold credentials
        servers/weather/server.yaml: `source.branch` is not a text
        servers/weather/server.yaml: server.yaml does not parse
        servers/weather/server.yaml: the entry has no server.yaml
        ");
    }
}
