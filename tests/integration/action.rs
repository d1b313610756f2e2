//! The action: its scripts, run here as a runner runs them, with a network and a compiler that are scripts themselves.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const SIGN: &str = "openssl dgst -sha256 -sign ../key -out SHA256SUMS.sig SHA256SUMS";
const FOLDER: &str = ".github/actions/mcp-registry";
/// Says that it runs, with which arguments and which token; and ends with the status that it is told.
const PROGRAM: &str = "#!/bin/sh\nprintf '<%s>' \"$@\"\nprintf ' %s\\n' \"${GITHUB_TOKEN-none}\"\nfor last; do :; done\n\
    case \"$1\" in fail) exit \"$2\" ;; out) printf '{\"a\":\\n1}' > \"${last#--output=}\" ;; esac\n";

/// A runner with this action, as it is unpacked there.
struct Machine {
    directory: TempDir,
}

struct Ran {
    status: i32,
    log: String,
    outputs: BTreeMap<String, String>,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { directory: tempfile::tempdir().unwrap() };
        for folder in ["bin", "temp", "web", "work"] {
            std::fs::create_dir(machine.path(folder)).unwrap();
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::create_dir_all(machine.action()).unwrap();
        for name in ["place.sh", "release.sh", "install.sh", "run.sh"] {
            std::fs::copy(source.join(FOLDER).join(name), machine.action().join(name)).unwrap();
        }
        machine.write(&format!("acme/mcp-registry/{COMMIT}/Cargo.toml"), "[package]\nversion = \"1.2.3\"\n");
        machine.program(
            "bin/curl",
            "#!/bin/sh\nwhile [ $# -gt 1 ]; do [ \"$1\" = --output ] && to=\"$2\"; shift; done\n\
            printf 'asked %s\\n' \"$1\" >&2\nexec cp \"$WEB/${1##*/}\" \"$to\"\n",
        );
        let built = "#!/bin/sh\n[ \"$1\" = --version ] && exit\n[ \"$1\" = --print ] && { echo here; exit; }\n\
            mkdir -p target/here/release && printf '#!/bin/sh\\necho built\\n' > target/here/release/mcp-registry\n";
        machine.program("bin/rustc", built);
        machine.program("bin/cargo", built);
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn action(&self) -> PathBuf {
        self.path(&format!("acme/mcp-registry/{COMMIT}/{FOLDER}"))
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path(path), text).unwrap();
    }

    fn program(&self, path: &str, text: &str) {
        self.write(path, text);
        std::fs::set_permissions(self.path(path), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes a release of a program, signed by a new key, which the action gets.
    fn release(&self, program: &str) {
        let target = format!("mcp-registry-{}-unknown-linux-musl", std::env::consts::ARCH);
        self.write(&format!("web/{target}"), program);
        self.sh("openssl ecparam -name prime256v1 -genkey -noout -out ../key 2>/dev/null");
        self.sh(&format!("openssl ec -in ../key -pubout -out '{}/release.pub' 2>/dev/null", self.action().display()));
        self.sh(&format!(
            "{{ sha256sum {target}; printf '%s  COMMIT\\n' \"$(printf '%s\\n' {COMMIT} | sha256sum | cut -d ' ' -f 1)\"; }} > SHA256SUMS"
        ));
        self.sh(SIGN);
    }

    /// Runs a script where releases are.
    fn sh(&self, script: &str) {
        let done = Command::new("sh").args(["-c", script]).current_dir(self.path("web")).status().unwrap();
        assert!(done.success(), "{script}");
    }

    /// Runs one of the scripts with these variables. What is not there is empty, as an input of an action is.
    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Ran {
        let outputs = self.path("outputs");
        std::fs::write(&outputs, "").unwrap();
        let mut command = Command::new("bash");
        command.arg(self.action().join(script)).current_dir(self.path("work")).env_clear();
        for name in [
            "VERSION",
            "FROM",
            "DOWNLOAD",
            "COMMAND",
            "ARGS",
            "TOKEN",
            "COMMITS",
            "OUTPUT",
            "REPORTS",
            "REPORT",
            "REPORT_SHA256",
        ] {
            command.env(name, "");
        }
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("WEB", self.path("web")).env("ACTION", self.action()).env("ACCEPT", "0");
        command.env("RUNNER_TEMP", self.path("temp")).env("GITHUB_OUTPUT", &outputs).env("FETCH_TOKEN", "fetching");
        command.env("PROGRAM", self.path("bin/program")).envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = std::fs::read_to_string(outputs).unwrap();
        let outputs = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ran {
            status: output.status.code().unwrap(),
            log: format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
            outputs: outputs.collect(),
        }
    }

    /// What the program says that the action installs.
    fn installed(&self) -> (String, String) {
        drop(std::fs::remove_dir_all(self.path("temp")));
        std::fs::create_dir(self.path("temp")).unwrap();
        let release = self.run("release.sh", &[]);
        assert_eq!(release.status, 0, "{}", release.log);
        let of = |name: &str| release.outputs.get(name).cloned().unwrap_or_default();
        let ran = self.run("install.sh", &[("FROM", &of("from")), ("DOWNLOAD", &of("folder"))]);
        assert_eq!(ran.status, 0, "{}", ran.log);
        let said = Command::new(&ran.outputs["program"]).output().unwrap();
        (String::from_utf8(said.stdout).unwrap(), ran.log)
    }
}

#[test]
fn the_release_of_the_very_commit_is_used_if_its_key_signed_it() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let machine = Machine::new();
    // Without a key there are no releases to ask for.
    let (said, log) = machine.installed();
    assert_eq!((said.as_str(), log.contains("asked")), ("built\n", false), "{log}");
    machine.release("#!/bin/sh\necho released\n");
    let (said, log) = machine.installed();
    assert_eq!(said, "released\n", "{log}");
    assert!(log.contains("https://github.com/acme/mcp-registry/releases/download/v1.2.3/SHA256SUMS.sig"), "{log}");
}

/// Whatever the network or a cache gives: it is what the release's key signed for this commit, or it is not run.
#[test]
fn a_download_that_was_not_signed_for_this_commit_is_not_run() {
    if !cfg!(target_os = "linux") {
        return;
    }
    type Attack = (&'static str, fn(&Machine));
    let attacks: [Attack; 6] = [
        ("another program", |machine| {
            let program = format!("web/mcp-registry-{}-unknown-linux-musl", std::env::consts::ARCH);
            machine.write(&program, "#!/bin/sh\necho evil\n");
        }),
        ("another list", |machine| {
            let sums = std::fs::read_to_string(machine.path("web/SHA256SUMS")).unwrap();
            machine.write("web/SHA256SUMS", &format!("{sums}\n"));
        }),
        ("no signature", |machine| std::fs::remove_file(machine.path("web/SHA256SUMS.sig")).unwrap()),
        ("an empty signature", |machine| machine.write("web/SHA256SUMS.sig", "")),
        ("another key", |machine| {
            machine.sh("openssl ecparam -name prime256v1 -genkey -noout -out ../key 2>/dev/null");
            machine.sh(SIGN);
        }),
        ("a release of another commit", |machine| {
            let sums = std::fs::read_to_string(machine.path("web/SHA256SUMS")).unwrap();
            let other = sums.lines().filter(|line| !line.ends_with("COMMIT")).map(|line| format!("{line}\n"));
            machine
                .write("web/SHA256SUMS", &other.chain([format!("{}  COMMIT\n", "0".repeat(64))]).collect::<String>());
            machine.sh(SIGN);
        }),
    ];
    for (name, attack) in attacks {
        let machine = Machine::new();
        machine.release("#!/bin/sh\necho released\n");
        attack(&machine);
        let (said, log) = machine.installed();
        assert_eq!(said, "built\n", "{name}: {log}");
        assert!(log.contains("::warning::no release at"), "{name}: {log}");
    }
}

fn machine_with_program() -> Machine {
    let machine = Machine::new();
    machine.program("bin/program", PROGRAM);
    machine
}

#[test]
fn arguments_are_lines_and_nothing_in_them_is_a_script() {
    let machine = machine_with_program();
    let arguments = "--pr=7\n\n--x=a b\n$(touch pwned)\n`touch pwned`\n'; touch pwned; '\n*";
    let ran = machine.run("run.sh", &[("COMMAND", "say"), ("ARGS", arguments)]);
    assert_eq!(ran.log, "<say><--pr=7><--x=a b><$(touch pwned)><`touch pwned`><'; touch pwned; '><*> none\n");
    assert!(!machine.path("work/pwned").exists());
    // The token is the program's alone where one is given; and nothing else of the action's variables is its token.
    let ran = machine.run("run.sh", &[("COMMAND", "say"), ("TOKEN", "secret"), ("GITHUB_TOKEN", "other")]);
    assert_eq!(ran.log, "<say> secret\n");
    let ran = machine.run("run.sh", &[("COMMAND", "say"), ("GITHUB_TOKEN", "other")]);
    assert_eq!(ran.log, "<say> none\n");
}

#[test]
fn only_the_statuses_that_are_accepted_pass() {
    let machine = machine_with_program();
    let status = |status: &str, accept: &str| {
        let ran = machine.run("run.sh", &[("COMMAND", "fail"), ("ARGS", status), ("ACCEPT", accept)]);
        assert_eq!(ran.outputs["status"], status);
        ran.status
    };
    assert_eq!(
        [status("0", "0"), status("1", "0"), status("1", "0 1"), status("3", "0 1"), status("11", "0 1")],
        [0, 1, 0, 3, 11]
    );
    let file = machine.path("temp/reports/one.json");
    let ran = machine.run("run.sh", &[("COMMAND", "out"), ("OUTPUT", file.to_str().unwrap())]);
    assert_eq!(ran.outputs["result"], "{\"a\":1}");
    assert_eq!(ran.outputs["sha256"], sha256("{\"a\":\n1}"));
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What another job made is read only if it is what that job said: whoever wrote the artifact chose everything else about it.
#[test]
fn a_report_that_was_swapped_oversized_or_linked_does_not_reach_the_program() {
    let machine = machine_with_program();
    let (path, taken) = (machine.path("temp/report.json"), machine.path("temp/mcp-registry-taken"));
    let ran = |sha256: &str| {
        let variables = [("COMMAND", "publish"), ("REPORT", path.to_str().unwrap()), ("REPORT_SHA256", sha256)];
        let ran = machine.run("run.sh", &variables);
        assert!(ran.log.ends_with(&format!("<publish><{}> none\n", taken.display())), "{}", ran.log);
        let mut found: Vec<_> = std::fs::read_dir(&taken).unwrap().map(|item| item.unwrap().file_name()).collect();
        found.sort();
        (ran.log.contains("::error::"), found)
    };
    machine.write("temp/report.json", "{}");
    let good = (false, vec!["report.json".into()]);
    assert_eq!(ran(&sha256("{}")), good);
    let refused = (true, Vec::new());
    assert_eq!(ran(&sha256("{ }")), refused);
    let large = " ".repeat(33 * 1024 * 1024);
    machine.write("temp/report.json", &large);
    assert_eq!(ran(&sha256(&large)), refused);
    machine.write("temp/other.json", "{}");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(ran(&sha256("{}")), refused, "none");
    symlink(machine.path("temp/other.json"), &path).unwrap();
    assert_eq!(ran(&sha256("{}")), refused, "a link");
    // A job that made none says so; what it was about has no result.
    assert_eq!(ran(""), (false, Vec::new()));
}

#[test]
fn of_a_folder_only_the_reports_that_were_stated_reach_the_program() {
    let machine = machine_with_program();
    let (folder, taken) = (machine.path("temp/reviews"), machine.path("temp/mcp-registry-taken"));
    let report = |name: &str, text: &str| {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join("report.json"), text).unwrap();
    };
    let state = || {
        let ran = machine.run("run.sh", &[("COMMAND", "review"), ("REPORTS", folder.to_str().unwrap())]);
        assert_eq!(ran.log, format!("<review><--report-dir={}> none\n", folder.display()));
        ran.outputs.get("sha256").cloned().unwrap_or_default()
    };
    let take = |sha256: &str| {
        let variables = [("COMMAND", "x"), ("REPORT", folder.to_str().unwrap()), ("REPORT_SHA256", sha256)];
        let ran = machine.run("run.sh", &variables);
        let mut found: Vec<_> = std::fs::read_dir(&taken).unwrap().map(|item| item.unwrap().file_name()).collect();
        found.sort();
        (ran.log.contains("::error::"), found)
    };
    assert_eq!(state(), "", "nothing was reviewed");
    report("a", "{}");
    report("b", "{}");
    let stated = state();
    // What is beside reports is none: other files, other names, links.
    std::fs::write(folder.join("a/report.md"), "# a\n").unwrap();
    report("B..", "{}");
    symlink(folder.join("a"), folder.join("c")).unwrap();
    assert_eq!((state(), take(&stated)), (stated.clone(), (false, vec!["a".into(), "b".into()])));
    assert!(!taken.join("a/report.md").exists());
    // One more, one changed, one away: it is not what was stated.
    report("d", "{}");
    assert_eq!(take(&stated), (true, Vec::new()));
    std::fs::remove_dir_all(folder.join("d")).unwrap();
    report("b", "{ }");
    assert_eq!(take(&stated), (true, Vec::new()));
    std::fs::remove_dir_all(folder.join("b")).unwrap();
    assert_eq!(take(&stated), (true, Vec::new()));
}

#[test]
fn commits_come_as_objects_and_leave_the_work_tree_alone() {
    let machine = machine_with_program();
    let git = |folder: &str, script: &str| {
        let script = format!("git -c user.name=a -c user.email=a@example.com {script}");
        let output = Command::new("sh").args(["-c", &script]).current_dir(machine.path(folder)).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    std::fs::create_dir(machine.path("origin")).unwrap();
    git(
        "origin",
        "init --quiet --initial-branch main && git -c user.name=a -c user.email=a@example.com commit --quiet --allow-empty -m base",
    );
    git("work", "clone --quiet ../origin .");
    machine.write("origin/evil", "evil\n");
    git(
        "origin",
        "checkout --quiet --detach && git add evil && git -c user.name=a -c user.email=a@example.com commit --quiet -m head",
    );
    let head = git("origin", "rev-parse HEAD");
    git("origin", "update-ref refs/pull/7/head HEAD && git checkout --quiet main");
    let before = git("work", "for-each-ref");
    let ran = machine.run("run.sh", &[("COMMITS", &head)]);
    assert_eq!(ran.status, 0, "{}", ran.log);
    assert_eq!(git("work", &format!("cat-file -t {head}")), "commit");
    assert_eq!((git("work", "status --porcelain"), git("work", "for-each-ref")), (String::new(), before));
    for not in ["main", "--upload-pack=touch${IFS}pwned", &head[..39], "refs/pull/7/head"] {
        let ran = machine.run("run.sh", &[("COMMITS", not)]);
        assert_eq!(ran.status, 2, "{not}: {}", ran.log);
    }
}
