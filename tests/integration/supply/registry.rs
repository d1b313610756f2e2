//! Debian's `docker-registry`, on loopback, with an empty folder of its own. It has no referrers API.

use super::tools;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running registry. It ends with this.
#[derive(Debug)]
pub(crate) struct DockerRegistry {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(crate) host: String,
    folder: TempDir,
}

impl DockerRegistry {
    /// None where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let program = tools::docker_registry()?;
        // A port can be taken by somebody else between the two lines.
        (0..5).find_map(|_| {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            Self::on(&program, port)
        })
    }

    fn on(program: &std::path::Path, port: u16) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let host = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\nhttp: {{addr: \"{host}\"}}\n",
            folder.path().join("data").display()
        );
        let path = folder.path().join("config.yml");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new(program);
        command.arg("serve").arg(&path).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut registry = Self { child: command.spawn().unwrap(), host, folder };
        let end = Instant::now() + Duration::from_secs(60);
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
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        assert!(self.folder.path().exists());
    }
}
