//! A registry and its upstreams, which a real Git serves on loopback.

use crate::git_server::{FILE, FOLDER, GitServer, Upstreamed};
use crate::runner::{Output, Run, Runner, SOURCE_DATE_EPOCH};
use crate::tls_server::{Reply, Seen, reply};
use mcp_registry::ids::CommitSha;
use tokio::task::block_in_place;

/// One upstream at `/repo.git`, and others that have their troubles, under the names of these.
pub(super) struct Upstreams {
    pub(super) repo: Upstreamed,
    pub(super) server: GitServer,
    pub(super) registry: Runner,
}

/// The upstreams are this machine, which no upstream of a real registry may be.
const ALLOW: &[&str] = &["--allow-network", "127.0.0.0/8"];

/// Hours after the first night.
pub(super) type Hours = u64;

impl Upstreams {
    pub(super) async fn start() -> Self {
        let repo = Upstreamed::new();
        let server = GitServer::with(repo.above(), trouble).await;
        let registry = Runner::new();
        std::fs::write(registry.home().join("roots.pem"), &server.server.ca).unwrap();
        Self { repo, server, registry }
    }

    /// A commit of folders with a Dockerfile and a file each.
    pub(super) fn commit(&self, folders: &[(&str, &str)], parents: &[&CommitSha]) -> CommitSha {
        let folder = |(name, content): &(&str, &str)| {
            let files = [("Dockerfile", "FROM scratch\n"), ("main.py", *content)];
            let files: Vec<_> = files.iter().map(|(file, text)| (FILE, *file, self.repo.blob(text))).collect();
            (name.to_string(), self.repo.tree(&files))
        };
        let folders: Vec<_> = folders.iter().map(folder).collect();
        let entries: Vec<_> = folders.iter().map(|(name, tree)| (FOLDER, name.as_str(), *tree)).collect();
        self.repo.commit(self.repo.tree(&entries), parents)
    }

    /// An entry of the upstream at this path, with these lines in its `source`.
    pub(super) fn entry(&self, name: &str, path: &str, pin: &CommitSha, more: &str) {
        let project = self.server.server.url(path);
        let text = format!(
            "name: {name} # by hand\ntype: server\nimage: mcp/{name}\nsource:\n  project: {project}\n  commit: {pin}\n{more}"
        );
        self.registry.write(format!("servers/{name}/server.yaml"), text);
    }

    pub(super) fn manifest(&self, name: &str) -> String {
        self.registry.read(format!("servers/{name}/server.yaml"))
    }

    /// `update-pins` and these, some hours after the first night.
    pub(super) fn command(&self, hours: Hours, arguments: &[&str]) -> Run<'_> {
        let asks = !arguments.contains(&"--apply");
        self.registry
            .command(["update-pins"].iter().chain(arguments).chain(if asks { ALLOW } else { &[] }))
            .env("SSL_CERT_FILE", self.registry.home().join("roots.pem"))
            // Nobody listens there.
            .env("GITHUB_API_URL", "http://127.0.0.1:1")
            .env("SOURCE_DATE_EPOCH", (SOURCE_DATE_EPOCH + 3600 * hours).to_string())
    }

    pub(super) fn run(&self, hours: Hours, arguments: &[&str]) -> Output {
        self.shown(block_in_place(|| self.command(hours, arguments).run()))
    }

    pub(super) fn shown(&self, mut output: Output) -> Output {
        for text in [&mut output.stdout, &mut output.stderr] {
            *text = text.replace(&format!("127.0.0.1:{}", self.server.server.port), "git.example");
        }
        output
    }

    /// How often upstreams were asked so far, and how often of that for where their branches are.
    pub(super) fn asked(&self) -> (usize, usize) {
        let requests = self.server.server.seen();
        // Whatever else is asked is asked in version 2 of the protocol.
        let is_listing = |seen: &&Seen| seen.path.contains("info/refs") && seen.header("git-protocol").is_empty();
        (requests.len(), requests.iter().filter(is_listing).count())
    }
}

fn trouble(seen: &Seen, _: &dyn Fn(&Seen) -> Reply) -> Option<Reply> {
    match seen.path.split('/').nth(1)? {
        "moved.git" => Some(reply(301, &[("location", "https://git.example/elsewhere.git/info/refs")], "")),
        "busy.git" => Some(reply(429, &[("retry-after", "86400")], "")),
        "slow.git" => Some(Reply::Stall(Vec::new())),
        "odd.git" => Some(reply(200, &[("content-type", "text/html")], "<html>")),
        _ => None,
    }
}
