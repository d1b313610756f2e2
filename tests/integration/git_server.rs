//! Repositories made of raw objects, which no well-behaved program would make, and a real `git http-backend` in front of
//! them, behind TLS.

use crate::tls_server::{Reply, Seen, TlsServer, reply};
use git2::{ObjectType, Oid, Repository};
use mcp_registry::fetch::{FetchOptions, Fetcher};
use mcp_registry::ids::CommitSha;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// The mode of a folder.
pub(crate) const FOLDER: &str = "40000";
/// The mode of a file.
pub(crate) const FILE: &str = "100644";
/// The mode of a symbolic link.
pub(crate) const LINK: &str = "120000";
/// The mode of a submodule.
pub(crate) const SUBMODULE: &str = "160000";

/// A bare repository, in a folder of its own.
pub(crate) struct Upstreamed {
    folder: TempDir,
    inner: Repository,
}

impl Upstreamed {
    /// An empty one, named `repo.git`. Its server may leave things out if it is asked to.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("mcp-registry-test-").tempdir().unwrap();
        let inner = Repository::init_bare(folder.path().join("repo.git")).unwrap();
        let repo = Self { folder, inner };
        repo.git(["config", "uploadpack.allowFilter", "true"]);
        repo
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("repo.git")
    }

    /// The folder that the repository is in.
    pub(crate) fn above(&self) -> &Path {
        self.folder.path()
    }

    /// Runs Git in it, without anybody's configuration.
    pub(crate) fn git<const N: usize>(&self, arguments: [&str; N]) -> String {
        let output = git(&self.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(crate) fn blob(&self, content: impl AsRef<[u8]>) -> Oid {
        self.inner.odb().unwrap().write(ObjectType::Blob, content.as_ref()).unwrap()
    }

    /// A folder with exactly these entries, in this order, whatever they are.
    pub(crate) fn tree<N: AsRef<[u8]>>(&self, entries: &[(&str, N, Oid)]) -> Oid {
        let mut data = Vec::new();
        for (mode, name, id) in entries {
            data.extend_from_slice(mode.as_bytes());
            data.push(b' ');
            data.extend_from_slice(name.as_ref());
            data.push(0);
            data.extend_from_slice(id.as_bytes());
        }
        self.inner.odb().unwrap().write(ObjectType::Tree, &data).unwrap()
    }

    /// A folder of files, by name and content.
    pub(crate) fn files<N: AsRef<[u8]> + Copy>(&self, files: &[(N, &str)]) -> Oid {
        let entries: Vec<_> = files.iter().map(|(name, content)| (FILE, *name, self.blob(content))).collect();
        self.tree(&entries)
    }

    pub(crate) fn commit(&self, tree: Oid, parents: &[&CommitSha]) -> CommitSha {
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let who = "A U Thor <author@example.com> 1767312000 +0000";
        self.commit_text(format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nmessage\n"))
    }

    /// A commit with exactly this text.
    pub(crate) fn commit_text(&self, text: impl AsRef<[u8]>) -> CommitSha {
        let id = self.inner.odb().unwrap().write(ObjectType::Commit, text.as_ref()).unwrap();
        CommitSha::parse(&id.to_string()).unwrap()
    }

    /// Puts a branch at a commit.
    pub(crate) fn branch(&self, name: &str, commit: &CommitSha) {
        self.git(["update-ref", &format!("refs/heads/{name}"), commit.as_str()]);
    }
}

/// Git in a folder, without anybody's configuration.
pub(crate) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
}

/// An HTTPS server of the repositories in a folder.
pub(crate) struct GitServer {
    pub(crate) server: TlsServer,
    /// A fetcher that trusts the server and may reach this machine.
    pub(crate) fetcher: Fetcher,
}

impl GitServer {
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::with(folder, |_, _| None).await
    }

    /// The same, with answers of the test's own; what it answers nothing to, Git does.
    pub(crate) async fn with(
        folder: &Path,
        own: impl Fn(&Seen, &dyn Fn(&Seen) -> Reply) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let folder: Arc<Path> = folder.into();
        let server = TlsServer::start(move |seen| {
            let backend = |seen: &Seen| backend(&folder, seen);
            own(seen, &backend).unwrap_or_else(|| backend(seen))
        })
        .await;
        let fetcher = fetcher(&server.ca);
        Self { server, fetcher }
    }

    /// The requests so far: method, path, and the query.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.server.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }
}

/// A fetcher that trusts this certificate and may reach this machine.
pub(crate) fn fetcher(ca: &[u8]) -> Fetcher {
    Fetcher::new(&fetch_options(ca)).unwrap()
}

/// Its options: it asks once.
pub(crate) fn fetch_options(ca: &[u8]) -> FetchOptions {
    FetchOptions {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        roots_pem: Some(ca.to_vec()),
        retry: mcp_registry::fetch::retry::Retry { times: 0, ..Default::default() },
        ..FetchOptions::default()
    }
}

/// What `git http-backend` says to a request.
fn backend(folder: &Path, seen: &Seen) -> Reply {
    let (status, headers, body) = http_backend(folder, seen, seen.body.as_bytes());
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    reply(status, &headers, body)
}

/// The same in its parts. The body of the request counts, and not its text.
pub(crate) fn http_backend(folder: &Path, seen: &Seen, body: &[u8]) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    let mut child = git(folder)
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", &seen.method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", seen.header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("GIT_PROTOCOL", seen.header("git-protocol"))
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It may be gone before it has read all.
    let _ = child.stdin.take().unwrap().write_all(body);
    let mut output = child.wait_with_output().unwrap().stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(output.len());
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let mut status = 200;
    let mut headers = Vec::new();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        match name {
            "Status" => status = value[..3].parse().unwrap(),
            _ => headers.push((name.to_owned(), value.to_owned())),
        }
    }
    output.drain(..output.len().min(end + 4));
    (status, headers, output)
}
