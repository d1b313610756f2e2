//! Catalogs that are folders: `server.json` of each entry, and the community registry's API.

use super::{CatalogArgs, check_shrink, entries_of};
use crate::catalog::api::{self, Files, INDEX, SERVERS};
use crate::catalog::community::{self, SCHEMA, Without};
use crate::catalog::{Published, read, rules};
use crate::cli::published::Gathered;
use crate::cli::refuse;
use crate::error::CommandError;
use crate::files;
use crate::finding::{Finding, Severity};
use crate::route;
use crate::ui::Ui;
use clap::ValueEnum;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Whom a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum For {
    /// The community registry: server.json of each entry
    Community,
    /// MCP clients: the community registry's read API v0.1 as static files
    RegistryApi,
}

/// The files and folders that are looked at in a folder that is written anew: some ten thousand entries.
const MOST: usize = 200_000;

/// Refuses what is not a namespace: names of hosts, from the top on.
pub(super) fn namespace(args: &CatalogArgs) -> Result<String, CommandError> {
    let Some(namespace) = &args.namespace else {
        return Err(refuse("`--for` needs the namespace of the names").hint("as in `--namespace io.github.acme`"));
    };
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-')
    };
    if namespace.len() > 120 || namespace.split('.').count() < 2 || !namespace.split('.').all(is_part) {
        return Err(refuse(format!("`{namespace}` is not a namespace"))
            .hint("write the name of a host from its top on, as `io.github.acme` for github.com/acme"));
    }
    Ok(namespace.clone())
}

/// The `server.json` of each entry that can have one; of the others a finding says why.
pub(super) fn servers(gathered: &mut Gathered, namespace: &str) -> Vec<(Published, Value)> {
    let mut servers = Vec::new();
    for entry in &gathered.published {
        match community::server(entry, namespace) {
            Ok(server) => servers.push((entry.clone(), server)),
            Err(without) => gathered.findings.push(finding(entry, &without)),
        }
    }
    servers
}

fn finding(entry: &Published, without: &Without) -> Finding {
    let (severity, route, message) = match without {
        Without::Kind => {
            (Severity::Note, route!["type"], "server.json has no `poci`: the entry is left out".to_owned())
        }
        Without::Address => (
            Severity::Error,
            route!["remote", "url"],
            "the address has variables, which clients do not fill in: the entry is left out".to_owned(),
        ),
        Without::Name(name) => (
            Severity::Error,
            route!["name"],
            format!("`{name}` is not a name in the community registry: the entry is left out"),
        ),
        Without::Image => (Severity::Error, route!["image"], "it has nothing to run: the entry is left out".to_owned()),
    };
    let help = "the Gateway's catalog has it all the same: `catalog --out` or `--push`".to_owned();
    super::finding(entry, (rules::NO_SERVER_JSON, severity), route, message, help)
}

/// Writes the folder anew: what it had of entries that are not published any more is gone.
pub(super) fn write(
    whom: For,
    out: &Path,
    servers: &[(Published, Value)],
    args: &CatalogArgs,
    gathered: &Gathered,
    ui: &Ui,
) -> Result<(), CommandError> {
    let shown = out.display().to_string();
    let files = match whom {
        For::Community => server_files(servers),
        For::RegistryApi => {
            let servers: Vec<(&Published, Value)> =
                servers.iter().map(|(entry, server)| (entry, server.clone())).collect();
            api::files(&servers, args.page_size.and_then(|size| usize::try_from(size).ok()))
        }
    };
    let failed = |error: io::Error| CommandError::unfinished(format!("cannot write {shown}")).because(&error);
    let old = match whom {
        For::Community => old_servers(out),
        For::RegistryApi => old_api(out)?,
    };
    let old = old.map_err(|error| CommandError::unfinished(format!("cannot read {shown}")).because(&error))?;
    check_shrink(&names(whom, &old), gathered, args.allow_shrink, &shown)?;
    for (path, text) in &files {
        let file = out.join(path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        files::write_whole(&file, text.as_bytes()).map_err(failed)?;
    }
    for path in old.iter().filter(|path| !files.contains_key(*path)) {
        std::fs::remove_file(out.join(path)).map_err(failed)?;
        // Folders that are empty now go, too; those that are not stay.
        let mut above = Path::new(path).parent();
        while let Some(folder) = above.filter(|folder| !folder.as_os_str().is_empty()) {
            if std::fs::remove_dir(out.join(folder)).is_err() {
                break;
            }
            above = folder.parent();
        }
    }
    ui.say(&format!("{shown}: {}", entries_of(servers.len())));
    Ok(())
}

fn server_files(servers: &[(Published, Value)]) -> Files {
    let text = |server: &Value| serde_json::to_string_pretty(server).unwrap_or_default() + "\n";
    servers.iter().map(|(entry, server)| (format!("{}/server.json", entry.name), text(server))).collect()
}

/// The `server.json` that are there, one below each folder.
fn old_servers(out: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    if !out.is_dir() {
        return Ok(found);
    }
    for item in std::fs::read_dir(out)?.take(MOST) {
        let item = item?;
        let file = item.path().join("server.json");
        let is_ours = || {
            files::read_regular(&file, 1 << 20)
                .ok()
                .flatten()
                .is_some_and(|text| String::from_utf8_lossy(&text).contains(SCHEMA))
        };
        if let (true, Ok(name)) = (item.file_type()?.is_dir() && is_ours(), item.file_name().into_string()) {
            found.push(format!("{name}/server.json"));
        }
    }
    Ok(found)
}

/// The files of the API that are there. A folder of its name that is something else is not touched.
fn old_api(out: &Path) -> Result<io::Result<Vec<String>>, CommandError> {
    let top = out.join("v0.1");
    if !top.exists() {
        return Ok(Ok(Vec::new()));
    }
    let index = files::read_regular(&top.join(format!("servers/{INDEX}")), read::MAX_BYTES).ok().flatten();
    let is_ours =
        index.is_some_and(|text| serde_json::from_slice::<Value>(&text).is_ok_and(|it| it["servers"].is_array()));
    if !is_ours {
        return Err(refuse(format!("{} is there and is not what this program wrote", top.display()))
            .hint("name another folder, or remove it"));
    }
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![PathBuf::from("v0.1")];
    let mut read = || -> io::Result<()> {
        while let Some(folder) = folders.pop() {
            for item in std::fs::read_dir(out.join(&folder))? {
                let item = item?;
                let path = folder.join(item.file_name());
                if found.len() + folders.len() > MOST {
                    return Err(io::Error::other("it has too many files"));
                }
                match item.file_type()? {
                    kind if kind.is_dir() => folders.push(path),
                    _ => found.extend(path.to_str().map(ToOwned::to_owned)),
                }
            }
        }
        Ok(())
    };
    let done = read();
    Ok(done.map(|()| found))
}

/// The entries that a folder had.
fn names(whom: For, old: &[String]) -> read::Entries {
    let name = |path: &String| -> Option<String> {
        let name = match whom {
            For::Community => path.strip_suffix("/server.json")?,
            For::RegistryApi => path.strip_prefix(&format!("{SERVERS}/"))?.strip_suffix("/versions/latest")?,
        };
        Some(name.rsplit('/').next()?.to_owned())
    };
    let names: BTreeSet<String> = old.iter().filter_map(name).collect();
    names.into_iter().map(|name| (name, Map::new())).collect()
}
