//! Looks at the sandbox from inside, before anything untrusted runs in it. The engine was told all of this; here it is seen.

use super::{Init, read};
use crate::review::sandbox::SOCKET;
use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// The environment of this process may have these names and no others.
const EXPECTED_VARIABLES: &[&str] = &["HOME", "HOSTNAME", "PATH"];

/// Where engines listen. A socket there leads out of any wall.
const ENGINE_SOCKETS: &[&str] = &[
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
];

/// Interfaces that some kernels give to every network as a matter of form. They are down, and nobody here can raise them.
const IDLE_INTERFACES: &[&str] =
    &["tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"];
/// `IFF_UP`, see netdevice(7).
const IFF_UP: u32 = 1;
/// `RTF_REJECT`, see the kernel's route.h: a route that says that there is no way.
const RTF_REJECT: u32 = 0x200;

/// Everything that is not as it must be, one sentence each.
pub(super) fn probe(init: &Init, environment: &io::Result<Vec<(String, String)>>) -> Vec<String> {
    let mut found = Vec::new();
    if !init.network {
        network(&mut found);
    }
    privileges(init, &mut found);
    mounts(init, &mut found);
    writing(&mut found);
    sockets(init, &mut found);
    match environment {
        Ok(variables) => {
            for (name, _) in variables.iter().filter(|(name, _)| !EXPECTED_VARIABLES.contains(&name.as_str())) {
                found.push(format!("the environment has {name}"));
            }
        }
        Err(error) => found.push(format!("the environment cannot be read: {error}")),
    }
    let limit = control_group("pids", "pids.max");
    // Another runtime may keep its count where this container does not see it.
    if !(init.other_runtime && limit.is_none()) && limit.is_none_or(|limit| limit.trim().parse::<u64>().is_err()) {
        found.push("the number of processes is not limited".to_owned());
    }
    found
}

/// The line that says what is wrong: `{"probe":["…"]}`.
pub(super) fn rendered(failures: &[String]) -> String {
    format!("{}\n", serde_json::json!({ "probe": failures }))
}

/// Reads what [`rendered`] wrote, out of a container's standard error.
#[must_use]
pub(crate) fn failures(stderr: &[u8]) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Said {
        probe: Vec<String>,
    }
    let text = String::from_utf8_lossy(stderr);
    match text.lines().find_map(|line| serde_json::from_str::<Said>(line).ok()) {
        Some(said) => said.probe,
        None => vec!["it ended before it could say why".to_owned()],
    }
}

/// The environment that this process was started with, as the kernel has it.
pub(super) fn own_environment() -> io::Result<Vec<(String, String)>> {
    let text = read("/proc/self/environ")?;
    let variables = text.split('\0').filter(|variable| !variable.is_empty());
    let split = |variable: &str| {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        (name.to_owned(), value.to_owned())
    };
    Ok(variables.map(split).collect())
}

/// A file of this container's control group, whether the kernel has one tree of them or one per controller.
pub(super) fn control_group(controller: &str, file: &str) -> Option<String> {
    read(&format!("/sys/fs/cgroup/{file}")).or_else(|_| read(&format!("/sys/fs/cgroup/{controller}/{file}"))).ok()
}

fn network(found: &mut Vec<String>) {
    match read("/proc/net/dev") {
        Ok(text) => {
            for name in text.lines().skip(2).filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()) {
                if name != "lo" && !is_idle(name) {
                    found.push(format!("there is a network interface {name}"));
                }
            }
        }
        Err(error) => found.push(format!("network interfaces cannot be listed: {error}")),
    }
    // The first line of the one is a heading; the other has none, and lists what leads nowhere too.
    match read("/proc/net/route") {
        Ok(text) if text.lines().skip(1).any(|line| !line.trim().is_empty()) => {
            found.push("there is a route".to_owned())
        }
        Ok(_) => {}
        Err(error) => found.push(format!("routes cannot be listed: {error}")),
    }
    let text = match read("/proc/net/ipv6_route") {
        Ok(text) => text,
        // Without version 6 in the kernel there is no such file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return found.push(format!("routes of IP version 6 cannot be listed: {error}")),
    };
    for line in text.lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let flags = fields.get(8).and_then(|flags| u32::from_str_radix(flags, 16).ok()).unwrap_or(0);
        if fields.last() != Some(&"lo") && flags & RTF_REJECT == 0 {
            found.push(format!("there is a route of IP version 6 by {}", fields.last().unwrap_or(&"?")));
        }
    }
}

fn is_idle(interface: &str) -> bool {
    let flags = read(&format!("/sys/class/net/{interface}/flags")).unwrap_or_default();
    let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16);
    IDLE_INTERFACES.contains(&interface) && flags.is_ok_and(|flags| flags & IFF_UP == 0)
}

fn privileges(init: &Init, found: &mut Vec<String>) {
    let status = read("/proc/self/status").unwrap_or_default();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    for name in ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"] {
        match field(name) {
            Some(set) if set.bytes().all(|digit| digit == b'0') => {}
            // Ambient capabilities are among the permitted ones; a runtime that does not list them has none.
            None if name == "CapAmb" => {}
            set => found.push(format!("there are capabilities: {name} is {}", set.unwrap_or("not known"))),
        }
    }
    for name in ["Uid", "Gid"] {
        let ids: Vec<&str> = field(name).unwrap_or_default().split_ascii_whitespace().collect();
        if ids.len() != 4 || ids.iter().any(|id| *id == "0" || *id != ids[0]) {
            found.push(format!("{name} is {}", ids.join(" ")));
        }
    }
    // Engines may name the group itself among the further ones.
    let own = field("Gid").and_then(|ids| ids.split_ascii_whitespace().next()).unwrap_or_default();
    for group in field("Groups").unwrap_or_default().split_ascii_whitespace().filter(|group| *group != own) {
        found.push(format!("it is in the group {group}"));
    }
    if field("NoNewPrivs") != Some("1") {
        found.push("privileges can be gained (no_new_privs is not set)".to_owned());
    }
    // Another runtime is a wall of its own before the kernel, and may leave this one out.
    if !init.other_runtime && field("Seccomp") != Some("2") {
        found.push(format!("system calls are not filtered: Seccomp is {}", field("Seccomp").unwrap_or("not known")));
    }
}

/// One line of `mountinfo`, see proc_pid_mountinfo(5).
struct Mount<'a> {
    place: &'a str,
    options: Vec<&'a str>,
    kind: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(4);
        Some(Self { place: left.next()?, options: left.next()?.split(',').collect(), kind: right.split(' ').next()? })
    }

    fn has(&self, option: &str) -> bool {
        self.options.contains(&option)
    }

    fn is_under(&self, place: &str) -> bool {
        self.place.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn mounts(init: &Init, found: &mut Vec<String>) {
    let text = read("/proc/self/mountinfo").unwrap_or_default();
    let mounts: Vec<Mount<'_>> = text.lines().filter_map(Mount::parse).collect();
    let mut expected = vec!["/", "/input", "/tmp"];
    if init.proxy {
        expected.push("/proxy");
    }
    for place in &expected {
        if !mounts.iter().any(|mount| mount.place == *place) {
            found.push(format!("nothing is mounted at {place}"));
        }
    }
    for mount in &mounts {
        let place = mount.place;
        let right = match place {
            "/" | "/input" | "/etc/hosts" | "/etc/hostname" | "/etc/resolv.conf" => mount.has("ro"),
            "/proxy" => init.proxy && mount.has("ro"),
            "/tmp" => mount.kind == "tmpfs" && ["noexec", "nosuid", "nodev"].iter().all(|option| mount.has(option)),
            // What engines lay over parts of these is theirs: folders without content, and devices that hold nothing.
            _ if mount.is_under("/proc") || mount.is_under("/sys") => {
                mount.has("ro") || matches!(mount.kind, "proc" | "tmpfs" | "devtmpfs" | "sysfs")
            }
            _ if mount.is_under("/dev") => matches!(mount.kind, "tmpfs" | "devtmpfs" | "devpts" | "mqueue" | "dev"),
            _ => false,
        };
        if !right {
            found.push(format!("{place} is mounted ({}, {})", mount.kind, mount.options.join(",")));
        }
    }
}

fn writing(found: &mut Vec<String>) {
    for place in ["/", "/input", "/proxy", "/etc", "/dev", "/proc/sys/kernel", "/sys/fs/cgroup"] {
        let file = Path::new(place).join(".mcp-registry-probe");
        if fs::File::create_new(&file).is_ok() {
            let _ = fs::remove_file(&file);
            found.push(format!("{place} can be written"));
        }
    }
}

fn sockets(init: &Init, found: &mut Vec<String>) {
    for path in ENGINE_SOCKETS {
        if fs::symlink_metadata(path).is_ok_and(|there| there.file_type().is_socket()) {
            found.push(format!("there is an engine's socket at {path}"));
        }
    }
    if !init.proxy {
        return;
    }
    if let Err(error) = UnixStream::connect(SOCKET) {
        found.push(format!("the proxy does not answer at {SOCKET}: {error}"));
    }
    match fs::read_dir("/proxy") {
        Ok(entries) => {
            for entry in entries.flatten().filter(|entry| Path::new(SOCKET) != entry.path()) {
                found.push(format!("there is {} beside the proxy's socket", entry.path().display()));
            }
        }
        Err(error) => found.push(format!("/proxy cannot be listed: {error}")),
    }
}
