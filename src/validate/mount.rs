//! `host:container[:options]`, as `run.volumes` has it, and what the host's side gives away.

use crate::shell::names::keys;

/// One mount, taken apart as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mount<'a> {
    /// A path on the user's machine, the name of a volume, or a template.
    pub(crate) host: &'a str,
    /// Where it appears in the container; empty when only one side is written.
    pub(crate) container: &'a str,
    /// Whether the container cannot write to it.
    pub(crate) read_only: bool,
}

impl<'a> Mount<'a> {
    /// Takes a mount apart at its colons, but not at those in a template (`{{x.paths|or:[]}}`) or after the letter of a
    /// Windows drive.
    pub(crate) fn parse(text: &'a str) -> Self {
        let mut parts = Vec::with_capacity(3);
        let (mut start, mut depth) = (0_usize, 0_usize);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b':' if depth == 0 && !is_drive(text, start, at) => {
                    parts.push(text.get(start..at).unwrap_or_default());
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push(text.get(start..).unwrap_or_default());
        let mut parts = parts.into_iter().map(str::trim);
        let (host, container) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let read_only = parts.next().is_some_and(|options| options.split(',').any(|option| option == "ro"));
        Self { host, container, read_only }
    }
}

/// Whether the colon at `at` follows a drive's letter that begins the part at `start`, or belongs to `npipe://`.
fn is_drive(text: &str, start: usize, at: usize) -> bool {
    let part = text.get(start..at).unwrap_or_default();
    let rest = text.get(at + 1..).unwrap_or_default();
    let is_letter = part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_letter && rest.starts_with(['/', '\\'])) || (part == "npipe" && rest.starts_with("//"))
}

/// What a mount hands to the container that no server should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Danger {
    /// The socket of a container engine: full control over the machine.
    EngineSocket,
    Root,
    /// The folder below which other disks are mounted.
    Disks,
    /// The home of a user, or of all users.
    Home,
    /// A folder that the system or the engine lives in.
    System,
    /// Where programs keep keys and tokens.
    Keys,
    /// A path with `..`, which leads elsewhere than it says.
    Upwards,
    /// The folder in which the client happens to run.
    Working,
}

/// Sockets and pipes of container engines, by their last part.
const ENGINE_SOCKETS: [&str; 8] = [
    "docker.sock",
    "docker.raw.sock",
    "docker-cli.sock",
    "podman.sock",
    "containerd.sock",
    "crio.sock",
    "buildkitd.sock",
    "docker_engine",
];

/// Folders that a system lives in, from the Filesystem Hierarchy Standard; `/etc/x` is in `/etc`.
const SYSTEM: [&str; 15] = [
    "/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/run", "/sbin", "/sys", "/usr", "/var/lib", "/var/run",
    "/windows", "/library", "/system",
];

/// Files in those folders that are the same for everybody and tell nothing, when they are read only.
const HARMLESS: [&str; 6] =
    ["/etc/localtime", "/etc/timezone", "/etc/ssl", "/etc/ca-certificates", "/etc/pki", "/usr/share"];

/// Folders and files, anywhere in a path, in which programs keep keys.
const KEYS: [&str; 22] = [
    keys::SSH,
    keys::AWS,
    ".azure",
    keys::KUBE,
    ".docker",
    keys::GNUPG,
    ".oci",
    keys::NETRC,
    ".npmrc",
    keys::PYPIRC,
    keys::GIT_CREDENTIALS,
    ".password-store",
    ".config/gcloud",
    ".config/gh",
    ".claude",
    ".codex",
    ".mozilla",
    "keychains",
    "keyrings",
    keys::ID_RSA,
    keys::ID_ED25519,
    "id_ecdsa",
];

impl Mount<'_> {
    /// What is dangerous about this mount, if anything is. What a template stands for is the user's own choice; only
    /// what the entry itself writes is judged.
    pub(crate) fn danger(&self) -> Option<Danger> {
        // The side in the container tells what a template stands for.
        if is_engine_socket(self.host) || is_engine_socket(self.container) {
            return Some(Danger::EngineSocket);
        }
        let after_template = self.host.rfind("}}").and_then(|end| self.host.get(end + 2..));
        let is_path = self.host.starts_with(['/', '~', '.', '$', '%', '\\']) || self.host.get(1..2) == Some(":");
        if after_template.is_none() && !is_path {
            return None;
        }
        let written = normal(after_template.unwrap_or(self.host));
        if written.split('/').any(|part| part == "..") {
            return Some(Danger::Upwards);
        }
        if KEYS.into_iter().any(|keys| has_part(&written, keys)) {
            return Some(Danger::Keys);
        }
        // Of a path with a template, only the names around that say something.
        if after_template.is_some() {
            let above = self.host.find("{{").and_then(|start| self.host.get(..start)).unwrap_or_default();
            return self.danger_above(above, &written);
        }
        if written.is_empty() || matches!(variable(&written), Some("pwd" | "cd")) {
            return Some(Danger::Working);
        }
        if written.ends_with("/.config") {
            return Some(Danger::Keys);
        }
        if is_home(&written) {
            return Some(Danger::Home);
        }
        if written == "/" || written == "/host_mnt" {
            return Some(Danger::Root);
        }
        if matches!(written.as_str(), "/mnt" | "/volumes" | "/media") {
            return Some(Danger::Disks);
        }
        (written == "/var" || self.is_of_system(&written)).then_some(Danger::System)
    }

    /// What is dangerous about the folder in which a template chooses: `/var/run/{{x.name}}` leads nowhere else.
    fn danger_above(&self, above: &str, below: &str) -> Option<Danger> {
        if !above.starts_with(['/', '~', '$', '%', '\\']) {
            return None;
        }
        let above = normal(above);
        if KEYS.into_iter().any(|keys| has_part(&above, keys)) {
            return Some(Danger::Keys);
        }
        if matches!(above.as_str(), "/home" | "/users") && matches!(below, "" | "/") {
            return Some(Danger::Home);
        }
        self.is_of_system(&above).then_some(Danger::System)
    }

    fn is_of_system(&self, path: &str) -> bool {
        let is_harmless = self.read_only && HARMLESS.into_iter().any(|folder| is_in(path, folder));
        !is_harmless && SYSTEM.into_iter().any(|folder| is_in(path, folder))
    }
}

/// The name of the variable that a path is, in small letters: `${HOME:-/root}`, `$(HOME)`, `$HOME`, `%USERPROFILE%`.
fn variable(path: &str) -> Option<&str> {
    let between = |start, end| path.strip_prefix(start).and_then(|rest: &str| rest.strip_suffix(end));
    if let Some(inside) = between("${", "}") {
        return inside.split([':', '-', '?', '+', '=']).next();
    }
    between("$(", ")").or_else(|| between("%", "%")).or_else(|| path.strip_prefix('$'))
}

fn is_engine_socket(side: &str) -> bool {
    let last = side.rsplit(['/', '\\']).next().unwrap_or_default();
    side.contains(['/', '\\']) && ENGINE_SOCKETS.into_iter().any(|socket| last.eq_ignore_ascii_case(socket))
}

/// A path in small letters with single slashes, without `.` parts, a final slash, or the drive of Windows or of its
/// Linux subsystem; without `/private`, which macOS puts before `/etc` and `/var`.
fn normal(path: &str) -> String {
    let lower = path.to_lowercase().replace('\\', "/");
    let lower = if lower.get(1..2) == Some(":") { lower.get(2..).unwrap_or_default() } else { &lower };
    let mut parts: Vec<&str> = lower.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let is_absolute = lower.starts_with('/') || lower.is_empty();
    if is_absolute {
        let is_drive = |part: &&str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        match parts.as_slice() {
            ["private", "etc" | "var" | "tmp", ..] => drop(parts.drain(..1)),
            ["mnt" | "host_mnt", drive, ..] if is_drive(drive) => drop(parts.drain(..2)),
            // As Git's shell on Windows spells a drive.
            [drive, "users" | "windows", ..] if is_drive(drive) => drop(parts.drain(..1)),
            _ => {}
        }
        return format!("/{}", parts.join("/"));
    }
    parts.join("/")
}

/// Whether `path` is the home of somebody or everybody: a folder in a home is not.
fn is_home(path: &str) -> bool {
    if matches!(variable(path), Some("home" | "userprofile")) {
        return true;
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [user] => user.starts_with('~'),
        ["", "root" | "home" | "users"] => true,
        ["", "home" | "users", _] => true,
        _ => false,
    }
}

fn is_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether `parts`, one or several, stand in `path` as whole parts.
fn has_part(path: &str, parts: &str) -> bool {
    path.match_indices(parts).any(|(at, _)| {
        let before = path.get(..at).unwrap_or_default();
        let after = path.get(at + parts.len()..).unwrap_or_default();
        (before.is_empty() || before.ends_with('/')) && (after.is_empty() || after.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::{Danger, Mount};

    fn danger(text: &str) -> Option<Danger> {
        Mount::parse(text).danger()
    }

    #[test]
    fn mounts_are_taken_apart() {
        let parts = |text| {
            let Mount { host, container, read_only } = Mount::parse(text);
            (host, container, read_only)
        };
        assert_eq!(parts("ab:/b"), ("ab", "/b", false));
        assert_eq!(parts("/a:/b:z,ro"), ("/a", "/b", true));
        assert_eq!(parts(r"C:\a:/b:ro"), (r"C:\a", "/b", true));
        assert_eq!(parts("{{x.a|or:[]|volume|into}}"), ("{{x.a|or:[]|volume|into}}", "", false));
        assert_eq!(parts("{{x.a}}/b:/c"), ("{{x.a}}/b", "/c", false));
        assert_eq!(parts("npipe:////./pipe/docker_engine:/x"), ("npipe:////./pipe/docker_engine", "/x", false));
        assert_eq!(parts(""), ("", "", false));
    }

    #[test]
    fn dangers_are_told_apart() {
        for (text, expected) in [
            ("/var/run/docker.sock:/var/run/docker.sock", Danger::EngineSocket),
            ("{{x.socket}}:/var/run/docker.sock", Danger::EngineSocket),
            ("$XDG_RUNTIME_DIR/podman/podman.sock:/run/podman.sock", Danger::EngineSocket),
            (r"\\.\pipe\docker_engine:\\.\pipe\docker_engine", Danger::EngineSocket),
            ("/:/host", Danger::Root),
            ("//./:/host:ro", Danger::Root),
            (r"C:\:/c", Danger::Root),
            ("/mnt/c:/c", Danger::Root),
            ("/c/Users:/x", Danger::Home),
            ("/host_mnt:/c", Danger::Root),
            ("/mnt:/c", Danger::Disks),
            ("/media/:/c", Danger::Disks),
            ("/Volumes:/c", Danger::Disks),
            ("/var:/c", Danger::System),
            ("~:/home/user", Danger::Home),
            ("${HOME}/:/home/user", Danger::Home),
            ("/Users/me:/data", Danger::Home),
            ("/home:/data", Danger::Home),
            (r"C:\Users\me:/data", Danger::Home),
            ("/root/:/data", Danger::Home),
            ("/etc:/etc:ro", Danger::System),
            ("/private/etc/hosts:/x", Danger::System),
            ("/proc:/host/proc:ro", Danger::System),
            ("/var/lib/docker:/x", Danger::System),
            ("/etc/localtime:/etc/localtime", Danger::System),
            ("~/.ssh:/root/.ssh:ro", Danger::Keys),
            ("/home/me/.config/gcloud/x.json:/x", Danger::Keys),
            ("{{x.home}}/.aws:/x", Danger::Keys),
            ("${HOME:-/root}:/x", Danger::Home),
            ("$(HOME):/x", Danger::Home),
            ("%USERPROFILE%:/x", Danger::Home),
            ("/home/{{x.user}}:/x", Danger::Home),
            ("$PWD:/x", Danger::Working),
            ("${PWD}:/x", Danger::Working),
            ("$(pwd):/x", Danger::Working),
            (".:/x", Danger::Working),
            ("./:/x", Danger::Working),
            ("~/.config:/x", Danger::Keys),
            ("~/.ssh/{{x.key}}:/x", Danger::Keys),
            ("/var/run/{{x.socket}}:/x", Danger::System),
            ("/data/../etc:/x", Danger::Upwards),
            ("{{x.dir}}/..:/x", Danger::Upwards),
        ] {
            assert_eq!(danger(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_users_choose_and_what_harms_nobody_is_fine() {
        for text in [
            "mcp-sqlite:/mcp",
            "cache:/root/.cache/x",
            "{{aks.kubeconfig}}:/home/mcp/.kube/config",
            "{{desktop-commander.paths|volume|into}}",
            "{{x.data}}:/root/Desktop",
            "{{x.dir}}/data:/data",
            "/etc/localtime:/etc/localtime:ro",
            "/path/to/projects:/workspace",
            "~/projects:/workspace",
            "/home/me/projects/etc:/x",
            "/etcetera:/x",
            "./data:/x",
            // The user's own choice, like `{{x.dir}}`.
            "/{{x.dir}}:/x",
            "/home/{{x.user}}/projects:/x",
            "$HOME/{{x.dir}}:/x",
            "$HOME-data:/x",
            "~/.config/x:/x",
            "/etc/ssl/{{x.file}}:/x:ro",
            "/srv/my.ssh.notes:/x",
            "etc:/etc",
            "",
            "{{",
            "}}:",
        ] {
            assert_eq!(danger(text), None, "{text}");
        }
    }
}
