//! A scanner that is a program on the PATH, played by shell scripts that look for what they must not find.

use crate::build::lab::Lab;
use crate::runner::{Output, Runner};
use crate::supply::world::World;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

/// A registry with an image, and a folder with a `trivy` of our own.
struct Playing {
    world: World,
    folder: PathBuf,
    image: String,
}

/// None where the image registry or busybox is not installed.
fn playing(script: &str) -> Option<Playing> {
    let world = World::real()?;
    if let Some(missing) = ["/bin/busybox", PYTHON].iter().find(|program| !std::path::Path::new(program).exists()) {
        println!("skipped: there is no {missing}");
        return None;
    }
    let folder = world.runner.home().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    put(&folder, script);
    let image = world.image("one");
    Some(Playing { world, folder, image })
}

fn put(folder: &std::path::Path, script: &str) {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o755)
        .open(folder.join("trivy"))
        .unwrap();
    std::io::Write::write_all(&mut file, format!("#!/bin/busybox sh\n{script}\n").as_bytes()).unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
}

impl Playing {
    fn scan(&self, more: &[&str]) -> Output {
        let arguments = [&["scan", "--scanner", "trivy", &self.image], more].concat();
        let run = self.world.runner.command(arguments).env("PATH", format!("relative:{}", self.folder.display()));
        run.env("COSIGN_PASSWORD", "secret").env("GITHUB_TOKEN", "token").env("DOCKER_HOST", "unix:///nowhere").run()
    }

    fn shown(&self, output: &Output) -> String {
        let process = regex::Regex::new(r"/proc/\d+/").unwrap();
        let folder = regex::Regex::new(r"/[^ ]*/(mcp-registry-review-\w+)").unwrap();
        let text = format!("status {}\n{}{}", output.status, output.stdout, output.stderr);
        let text = process.replace_all(&text, "/proc/[PARENT]/");
        self.world.shown(&folder.replace_all(&text, "[FOLDER]"), &self.image)
    }
}

const PYTHON: &str = "/usr/bin/python3";
/// Says the status of the answer to a request, or why there is none.
const REACH: &str = "/usr/bin/python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).status)'";

/// A report whose results say what the script found out: lines of the variable `said`.
pub(super) const SAY: &str = r#"
    printf '{"runs": [{"results": [{"ruleId": "CVE-0", "level": "note"}'
    printf '%s\n' "$said" | while read -r line; do
        n=$((n + 1))
        printf ', {"ruleId": "CVE-%s", "level": "note", "message": {"text": "%s"}}' "$n" "$(printf '%s' "$line" | /bin/busybox tr '"\\\\' '__')"
    done
    printf ']}]}'
"#;

/// What the script said.
pub(super) fn said(stdout: &str) -> String {
    let report: serde_json::Value = serde_json::from_str(stdout).unwrap();
    let messages = report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["message"].as_str());
    messages.map(|message| format!("{message}\n")).collect()
}

#[test]
fn a_program_gets_the_image_and_nothing_else() {
    let Some(playing) = playing("") else { return };
    let script = format!(
        r#"
    for last; do :; done
    said="arguments $*
variables $(/bin/busybox env | /bin/busybox sort | /bin/busybox cut -d = -f 1 | /bin/busybox tr '\n' ' ')
home $(/bin/busybox ls -A "$HOME" | /bin/busybox wc -l) $([ "$PWD" = "$HOME" ] && echo here)
image $(/bin/busybox ls "$last" | /bin/busybox tr '\n' ' ')
manifest $(/bin/busybox grep -o schemaVersion "$last/index.json")
network $({REACH} http://{host}/v2/ 2>&1 | /bin/busybox tail -n 1)
parent $(/bin/busybox cat /proc/$PPID/environ 2>&1 | /bin/busybox head -c 100)
"
{SAY}"#,
        host = playing.world.host
    );
    put(&playing.folder, &script);
    let output = playing.scan(&["--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let shown = Output { stdout: said(&output.stdout), ..output };
    insta::assert_snapshot!(playing.shown(&shown), @r"
    status 0
    CVE-0
    CVE-1: arguments image --quiet --scanners vuln --format sarif --cache-backend memory --timeout 600s --offline-scan --skip-db-update --skip-java-db-update --input [FOLDER]/image-0
    CVE-2: variables HOME LANG PATH PWD SHLVL TMPDIR
    CVE-3: home 0 here
    CVE-4: image blobs index.json oci-layout
    CVE-5: manifest schemaVersion
    CVE-6: network urllib.error.URLError: <urlopen error [Errno 1] Operation not permitted>
    CVE-7: parent cat: can't open '/proc/[PARENT]/environ': Permission denied
    CVE-8
    ");
}

#[test]
fn with_a_network_it_still_has_no_socket_in_the_file_system() {
    let Some(playing) = playing("") else { return };
    let script = format!(
        r#"
    said="network $({REACH} http://{host}/v2/ 2>&1 | /bin/busybox tail -n 1)
file $(/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX)' 2>&1 | /bin/busybox tail -n 1)
"
{SAY}"#,
        host = playing.world.host
    );
    put(&playing.folder, &script);
    let output = playing.scan(&["--scanner-network", "--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.stdout.contains("network 200"), "{}", output.stdout);
    assert!(output.stdout.contains("not permitted"), "{}", output.stdout);
}

#[test]
fn a_program_that_misbehaves_is_never_a_pass() {
    let Some(playing) = playing("") else { return };
    let mut said = String::new();
    for (what, script, more) in [
        ("fails", "echo 'FATAL no database' >&2; exit 1", &[][..]),
        ("prints nothing", "exit 0", &[]),
        ("prints for ever", "/bin/busybox yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", &[]),
        ("sleeps for ever", "/bin/busybox sleep 98761 & /bin/busybox sleep 98761", &["--scanner-timeout", "2s"]),
        ("is killed", "kill -9 $$", &[]),
        ("wants memory", "x=x; while :; do x=$x$x; done", &["--scanner-memory", "64m"]),
        ("writes escapes", "printf '\\033[31mred\\007' >&2; exit 1", &[]),
    ] {
        put(&playing.folder, script);
        let output = playing.scan(more);
        assert_eq!(output.status, 3, "{what}: {}{}", output.stdout, output.stderr);
        assert!(!output.stderr.contains('\u{1b}'), "{what}: {}", output.stderr);
        said.push_str(&format!("{what}:\n{}\n", super::unscanned(&playing.shown(&output))));
    }
    insta::assert_snapshot!(said, @r"
    fails:
      because: it ended with status 1
      | FATAL no database
    prints nothing:
      because: the report cannot be used: it is empty
    prints for ever:
      because: it wrote more than it may
    sleeps for ever:
      because: it did not end in its time
    is killed:
      because: it ended with status 137
    wants memory:
      because: it ended with status 1
      | sh: out of memory
    writes escapes:
      because: it ended with status 1
      | \u{1b}[31mred\u{7}
    ");
    // What it has started ends with it.
    let left = std::process::Command::new("pgrep").args(["-f", "busybox sleep 98761"]).output().unwrap();
    assert!(left.stdout.is_empty(), "{}", String::from_utf8_lossy(&left.stdout));
}

#[test]
fn a_program_that_is_not_there_is_said() {
    let Some(playing) = playing("exit 0") else { return };
    std::fs::remove_file(playing.folder.join("trivy")).unwrap();
    let output = playing.scan(&[]);
    insta::assert_snapshot!(playing.shown(&output), @r"
    status 3
    error[unscanned-image]: `[HOST]/mcp/weather@sha256:[HEX]` was not scanned: there is no program `trivy` on the PATH
    --> [HOST]/mcp/weather@sha256:[HEX]
     = help: install `trivy`, or use an image of it

    1 error in 1 entry
    ");
}

#[test]
fn the_image_that_the_engine_has_of_an_entry_is_scanned_by_name() {
    let Some(lab) = Lab::new() else { return };
    lab.busybox().write("Dockerfile", "FROM scratch\nCOPY busybox /bin/busybox\nCOPY note /note\n").write("note", "x");
    lab.entry("weather", "");
    let folder = lab.registry.home().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    put(
        &folder,
        "for last; do :; done\nlayers=$(/bin/busybox ls $last/blobs/sha256 | /bin/busybox wc -l)\n\
         printf '{\"runs\": [{\"results\": [{\"ruleId\": \"CVE-%s-blobs\", \"level\": \"error\"}]}]}' $layers",
    );
    let scan = |more: &[&str]| {
        let arguments = [&["scan", "--scanner", "trivy", "weather"], more].concat();
        lab.command(&arguments).env("PATH", &folder).run()
    };
    let missing = scan(&[]);
    assert_eq!(missing.status, 3);
    insta::assert_snapshot!(lab.normal(&missing.stdout), @r"
    error[unscanned-image]: the engine does not have the image `[NAMESPACE]/weather`
    --> servers/weather/server.yaml
     = help: `mcp-registry build weather` builds it; `--digests FILE` looks at published ones

    1 error in 1 entry
    ");
    assert_eq!(missing.stderr, "");
    assert_eq!(lab.run(&["build", "weather"]).status, 0);
    let output = scan(&[]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    // Two layers, a configuration, a manifest.
    assert!(output.stdout.contains("CVE-4-blobs"), "{}", output.stdout);
    lab.check_temporary();
    let too_large = scan(&["--max-image", "1k"]);
    assert_eq!(too_large.status, 3);
    assert!(too_large.stdout.contains("it has more than 1024 bytes"), "{}", too_large.stdout);
    lab.check_temporary();
}

#[test]
fn no_registry_is_needed_for_an_image_by_digest() {
    let runner = Runner::new();
    let image = format!("127.0.0.1:1/x@sha256:{}", "a".repeat(64));
    let output = runner.run(["scan", "--scanner", "trivy", &image]);
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert!(output.stdout.contains("error[unscanned-image]"), "{}", output.stdout);
}

#[test]
fn an_interrupted_scan_ends_its_program() {
    let Some(playing) = playing("echo $$ > \"$HOME/../pid\"; /bin/busybox sleep 98762 & wait") else { return };
    let temporary = playing.world.runner.home().join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let arguments = ["scan", "--scanner", "trivy", &playing.image];
    let run = playing.world.runner.command(arguments).env("PATH", &playing.folder).env("TMPDIR", &temporary);
    let running = run.start();
    let started = || {
        let folders = std::fs::read_dir(&temporary).unwrap().flatten();
        folders.map(|folder| folder.path().join("pid")).find_map(|file| std::fs::read_to_string(file).ok())
    };
    while started().is_none_or(|pid| pid.trim().is_empty()) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = started().unwrap();
    running.interrupt();
    assert_eq!(running.wait().status, 3);
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "{pid} is still there");
    let left = std::process::Command::new("pgrep").args(["-f", "busybox sleep 98762"]).output().unwrap();
    assert!(left.stdout.is_empty(), "{}", String::from_utf8_lossy(&left.stdout));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}
