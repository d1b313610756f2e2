//! A scanner that is an image, in the sandbox, played by images of our own.

use super::programs::{SAY as REPORT, said};
use crate::build::lab::docker;
use crate::container::engine_answers;
use crate::runner::Output;
use crate::supply::world::World;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// An image with busybox and a script that it starts with. Removed with this.
pub(crate) struct Played {
    pub(crate) name: String,
}

impl Played {
    /// None where no engine answers, or there is no busybox.
    pub(crate) fn new(script: &str) -> Option<Self> {
        if !engine_answers() {
            return None;
        }
        let busybox = std::fs::read("/bin/busybox").ok()?;
        let name = format!("mcp-test-tool-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut archive = tar::Builder::new(Vec::new());
        for (path, content) in [("bin/busybox", &busybox[..]), ("tool", script.as_bytes())] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o755);
            archive.append_data(&mut header, path, content).unwrap();
        }
        let archive = archive.into_inner().unwrap();
        let mut import = Command::new("docker");
        import.args(["import", "--change", r#"ENTRYPOINT ["/bin/busybox", "sh", "/tool"]"#]);
        import.args(["--change", "ENV SECRET=x", "-", &name]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut import = import.spawn().unwrap();
        import.stdin.take().unwrap().write_all(&archive).unwrap();
        assert!(import.wait().unwrap().success());
        Some(Self { name })
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        docker(&["image", "rm", "--force", &self.name]);
    }
}

/// The containers of an image, in whatever state.
pub(crate) fn containers(image: &str) -> usize {
    let listed = docker(&["ps", "--all", "--quiet", "--filter", &format!("ancestor={image}")]);
    String::from_utf8_lossy(&listed.stdout).lines().count()
}

fn scan(world: &World, scanner: &str, image: &str, more: &[&str]) -> Output {
    world.runner.run([&["scan", "--scanner", scanner, image], more].concat())
}

#[test]
fn an_image_gets_the_layout_and_the_database_read_only_and_no_network() {
    let script = format!(
        r#"
    cd /
    said="arguments $*
variables $(/bin/busybox env | /bin/busybox sort | /bin/busybox tr '\n' ' ')
user $(/bin/busybox id -u)
image $(/bin/busybox ls $MCP_SCAN_IMAGE | /bin/busybox tr '\n' ' ')
database $(/bin/busybox cat $MCP_SCAN_DATABASE/db/data) $(/bin/busybox touch $MCP_SCAN_DATABASE/x 2>&1)
interfaces $(/bin/busybox ls /sys/class/net | /bin/busybox tr '\n' ' ')
sockets $(/bin/busybox ls /var/run/docker.sock 2>&1)
"
{REPORT}"#
    );
    let Some((world, tool)) = World::real().zip(Played::new(&script)) else { return };
    let image = world.image("one");
    world.runner.write("database/db/data", "vulnerabilities");
    let output = scan(&world, &tool.name, &image, &["--database", "database", "--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    insta::assert_snapshot!(said(&output.stdout), @r"
    CVE-0
    CVE-1: arguments
    CVE-2: variables HOME=/tmp LANG=C.UTF-8 MCP_SCAN_DATABASE=/input/database MCP_SCAN_IMAGE=/input/image OLDPWD=/ PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PWD=/ SHLVL=1 TMPDIR=/tmp
    CVE-3: user 65533
    CVE-4: image blobs index.json oci-layout
    CVE-5: database vulnerabilities touch: /input/database/x: Read-only file system
    CVE-6: interfaces lo
    CVE-7: sockets ls: /var/run/docker.sock: No such file or directory
    CVE-8
    ");
    assert_eq!(containers(&tool.name), 0);
}

#[test]
fn an_image_of_a_known_scanner_gets_its_arguments() {
    let Some((world, tool)) = World::real().zip(Played::new(&format!("said=\"$* $GRYPE_DB_AUTO_UPDATE\"\n{REPORT}")))
    else {
        return;
    };
    let image = world.image("one");
    for scanner in ["trivy", "grype"] {
        let output = scan(&world, &format!("{scanner}={}", tool.name), &image, &["--format", "json"]);
        assert_eq!(output.status, 0, "{}", output.stderr);
        assert!(output.stdout.contains("sarif") && output.stdout.contains("/input/image"), "{}", output.stdout);
    }
}

#[test]
fn an_image_that_misbehaves_is_never_a_pass() {
    let Some(world) = World::real() else { return };
    let image = world.image("one");
    let mut said = String::new();
    for (what, script, more) in [
        ("fails", "echo 'no database' >&2; exit 1", &[][..]),
        ("prints nothing", "exit 0", &[]),
        ("prints for ever", "/bin/busybox yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", &[]),
        ("sleeps for ever", "/bin/busybox sleep 1000", &["--scanner-timeout", "3s"]),
        ("says that it is clean, and fails", "echo '{\"runs\": [{\"results\": []}]}'; exit 2", &[]),
    ] {
        let Some(tool) = Played::new(script) else { return };
        let output = scan(&world, &tool.name, &image, more);
        assert_eq!(output.status, 3, "{what}: {}{}", output.stdout, output.stderr);
        said.push_str(&format!("{what}:\n{}\n", super::unscanned(&format!("{}{}", output.stdout, output.stderr))));
        assert_eq!(containers(&tool.name), 0, "{what}");
    }
    insta::assert_snapshot!(said, @r"
    fails:
      because: it ended with status 1
      | no database
    prints nothing:
      because: the report cannot be used: it is empty
    prints for ever:
      because: it wrote more than it may
    sleeps for ever:
      because: it did not end in its time
    says that it is clean, and fails:
      because: it ended with status 2
    ");
}

#[test]
fn a_network_is_there_only_when_it_is_given() {
    let script = format!("said=\"$(/bin/busybox ls /sys/class/net | /bin/busybox tr '\\n' ' ')\"\n{REPORT}");
    let Some((world, tool)) = World::real().zip(Played::new(&script)) else { return };
    let image = world.image("one");
    let output = scan(&world, &tool.name, &image, &["--scanner-network", "--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.stdout.contains("eth0"), "{}", output.stdout);
    assert_eq!(containers(&tool.name), 0);
}

/// The scans of an image that the engine runs, by the names of their volumes: `mcp-registry-<run>-input`.
fn run_of(image: &str) -> String {
    let listed = docker(&["ps", "--all", "--filter", &format!("ancestor={image}"), "--format", "{{.Names}}"]);
    String::from_utf8_lossy(&listed.stdout).trim().trim_end_matches("-agent").to_owned()
}

/// Everything in the engine whose name begins with this.
fn left_of(run: &str) -> Vec<String> {
    let mut left = Vec::new();
    for list in [
        &["ps", "--all", "--format", "{{.Names}}"][..],
        &["volume", "ls", "--format", "{{.Name}}"],
        &["network", "ls", "--format", "{{.Name}}"],
    ] {
        let listed = docker(list);
        let names = String::from_utf8_lossy(&listed.stdout).into_owned();
        left.extend(names.lines().filter(|name| name.starts_with(run)).map(str::to_owned));
    }
    left
}

#[test]
fn an_interrupted_scan_and_a_killed_one_leave_nothing_after_the_next() {
    let script = "echo started >&2; [ -e /input/database/quick ] && echo '{\"runs\": [{\"results\": []}]}' || /bin/busybox sleep 1000";
    let Some((world, tool)) = World::real().zip(Played::new(script)) else { return };
    let image = world.image("one");
    let temporary = world.runner.home().join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    for kill in [false, true] {
        let running = world.runner.command(["scan", "--scanner", &tool.name, &image]).env("TMPDIR", &temporary).start();
        let mut run = String::new();
        while run.is_empty() {
            assert!(running.child().id() > 0);
            std::thread::sleep(std::time::Duration::from_millis(50));
            run = run_of(&tool.name);
        }
        if kill {
            let child = rustix::process::Pid::from_raw(i32::try_from(running.child().id()).unwrap()).unwrap();
            rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
            assert!(running.wait_or_killed().is_none());
            assert_ne!(left_of(&run), Vec::<String>::new());
            world.runner.write("database/quick", "");
            let command = world.runner.command(["scan", "--scanner", &tool.name, "--database", "database", &image]);
            let next = command.env("TMPDIR", &temporary).run();
            assert_eq!(next.status, 0, "{}", next.stderr);
        } else {
            running.interrupt();
            let output = running.wait();
            assert_eq!(output.status, 3, "{}", output.stderr);
            assert!(output.stderr.contains("stopped before everything was scanned"), "{}", output.stderr);
        }
        assert_eq!(left_of(&run), Vec::<String>::new(), "killed: {kill}");
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "killed: {kill}");
    }
}
