//! Debian's `docker-registry`, on loopback, with an empty folder of its own. It has no referrers API.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running image registry. It ends with this.
pub(crate) struct ImageRegistry {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(crate) host: String,
    folder: TempDir,
}

impl ImageRegistry {
    /// None where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        Self::begin(None)
    }

    /// One that wants the user `me` with the password `secret`.
    pub(crate) fn with_login() -> Option<Self> {
        Self::begin(Some("me:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"))
    }

    fn begin(htpasswd: Option<&str>) -> Option<Self> {
        let program = installed("docker-registry")?;
        // A port can be taken by somebody else between the two lines.
        (0..5).find_map(|_| {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            Self::on(&program, port, htpasswd)
        })
    }

    fn on(program: &Path, port: u16, htpasswd: Option<&str>) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let passwords = folder.path().join("htpasswd");
        let auth = htpasswd.map_or_else(String::new, |text| {
            std::fs::write(&passwords, text).unwrap();
            format!("auth: {{htpasswd: {{realm: tests, path: {}}}}}\n", passwords.display())
        });
        let host = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\n\
             http: {{addr: \"{host}\"}}\n{auth}",
            folder.path().join("data").display()
        );
        let path = folder.path().join("config.yml");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new(program);
        command.arg("serve").arg(&path).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut registry = Self { child: command.spawn().unwrap(), host, folder };
        let end = Instant::now() + Duration::from_mins(1);
        while Instant::now() < end {
            if registry.child.try_wait().unwrap().is_some() {
                return None;
            }
            if TcpStream::connect(&registry.host).is_ok() {
                return Some(registry);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("docker-registry does not listen");
    }

    /// The file in which it keeps a blob or manifest: what a disk or a hand can damage.
    pub(crate) fn file_of(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap();
        self.folder.path().join("data/docker/registry/v2/blobs/sha256").join(&hex[..2]).join(hex).join("data")
    }

    /// The digest of a tag, asked with plain HTTP; none when it is not there.
    pub(crate) fn digest(&self, repository: &str, tag: &str) -> Option<String> {
        mcp_registry::fetch::install_crypto();
        let url = format!("http://{}/v2/{repository}/manifests/{tag}", self.host);
        let accept = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json";
        let request = reqwest::blocking::Client::new().head(url).header("accept", accept);
        // A registry without logins does not look at it.
        let answer = request.basic_auth("me", Some("secret")).send().unwrap();
        (answer.status() == 200).then(|| answer.headers()["docker-content-digest"].to_str().unwrap().to_owned())
    }
}

impl Drop for ImageRegistry {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A program on the `PATH`. Without it the test says so and passes, unless a variable says that nothing may be missing.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    for variable in ["MCP_REGISTRY_REQUIRE_DOCKER", "MCP_REGISTRY_REQUIRE_READERS"] {
        let required = std::env::var_os(variable).is_some_and(|value| value == "1");
        assert!(found.is_some() || !required, "`{program}` is not on the PATH, and {variable}=1");
    }
    if found.is_none() {
        println!("skipped: `{program}` is not on the PATH");
    }
    found
}
