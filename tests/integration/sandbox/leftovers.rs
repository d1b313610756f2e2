//! What a killed review leaves behind, the next one removes. Runs of processes that live are nobody else's business.

use super::lab::{Lab, PROGRAM, docker, docker_says, file, image_that_runs, lab, run_id, wait};
use mcp_registry::engine::Kind;
use mcp_registry::review::sandbox::{Cancel, Mode, Outcome, clean, run};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a review of a small repository needs, and the one place where it may leave files.
struct Desk {
    lab: Arc<Lab>,
    registry: crate::runner::Runner,
    commit: String,
    image: String,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = docker(["rmi", "--force", &self.image]);
    }
}

impl Desk {
    /// The agent of its reviews finds nothing, after some time.
    fn new(lab: Arc<Lab>, seconds: &str) -> Self {
        let registry = crate::runner::Runner::new();
        registry.git(["init", "--quiet"]);
        let commit = registry.write("index.js", "export const one = 1;\n").commit("start");
        let nothing = r#"{"version":1,"status":"complete","summary":"nothing","findings":[]}"#;
        let image = image_that_runs(&["-c", &format!("sleep {seconds}; echo '{nothing}'")]);
        std::fs::create_dir(registry.home().join("tmp")).unwrap();
        Self { lab, registry, commit, image }
    }

    fn review(&self, reports: &str) -> Child {
        let temporary = self.registry.home().join("tmp");
        let root = self.registry.root();
        Command::new(PROGRAM)
            .args(["review", "--repo", root.to_str().unwrap(), "--head", &self.commit, "--agent", "static"])
            .args(["--agent-image", &self.image, "--report-dir", reports])
            .env_clear()
            .env("TMPDIR", temporary)
            .envs(std::env::var_os("DOCKER_HOST").map(|host| ("DOCKER_HOST", host)))
            .current_dir(self.registry.home())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What the engine has of a process.
    fn left_of(&self, pid: &str) -> Vec<String> {
        let things = wait(async { self.lab.prepared.engine().owned(&format!("org.mcp-registry.pid={pid}")).await });
        things.unwrap().into_iter().map(|thing| format!("{} {}", thing.kind.as_str(), thing.name)).collect()
    }

    fn temporary_files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.registry.home().join("tmp")).unwrap().flatten();
        files.map(|file| file.file_name().to_string_lossy().into_owned()).collect()
    }
}

fn assert_good(output: &Output, reports: &Path) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    // One folder for each target, beside what there is for all of them.
    let folders = std::fs::read_dir(reports).unwrap().flatten().map(|item| item.path()).chain([reports.to_owned()]);
    let labels: Vec<_> = folders.filter_map(|folder| std::fs::read_to_string(folder.join("labels.txt")).ok()).collect();
    assert_eq!(labels, ["security-risk:info\n"], "{}", text(&output.stdout));
}

#[test]
fn killed_reviews_leave_nothing_after_the_next() {
    let Some(lab) = lab() else { return };
    let desk = Desk::new(lab, "0.5");
    let ordinary = |reports: &str| {
        let child = desk.review(reports);
        let pid = child.id().to_string();
        let output = child.wait_with_output().unwrap();
        assert_good(&output, &desk.registry.home().join(reports));
        pid
    };
    let start = Instant::now();
    ordinary("before");
    let whole = start.elapsed();
    let (mut pids, mut caught) = (BTreeSet::new(), 0);
    for number in 0..30 {
        let mut child = desk.review("killed");
        let pid = child.id().to_string();
        // The moments are spread over all that a review does, not drawn: each run of the test tries the same ones.
        std::thread::sleep(whole * number / 30);
        child.kill().unwrap();
        child.wait().unwrap();
        caught += usize::from(!desk.left_of(&pid).is_empty());
        pids.insert(pid);
    }
    assert!(caught > 0, "no kill came while a review had anything");
    pids.insert(ordinary("after"));
    let left: Vec<_> = pids.iter().flat_map(|pid| desk.left_of(pid)).collect();
    assert_eq!((left, desk.temporary_files()), (Vec::new(), Vec::new()));
}

#[test]
fn interrupted_review_removes_what_it_made() {
    let Some(lab) = lab() else { return };
    for signal in ["INT", "TERM"] {
        let desk = Desk::new(lab.clone(), "1000");
        let child = desk.review("reports");
        let pid = child.id().to_string();
        while !desk.left_of(&pid).iter().any(|thing| thing.starts_with("container")) {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!((desk.left_of(&pid), desk.temporary_files()), (Vec::new(), Vec::new()), "SIG{signal}");
    }
}

#[test]
fn two_reviews_at_once_do_not_disturb_each_other() {
    let Some(lab) = lab() else { return };
    let desk = Desk::new(lab, "1");
    let (one, two) = (desk.review("one"), desk.review("two"));
    let pids = [one.id().to_string(), two.id().to_string()];
    for (child, reports) in [(one, "one"), (two, "two")] {
        assert_good(&child.wait_with_output().unwrap(), &desk.registry.home().join(reports));
    }
    let left: Vec<_> = pids.iter().flat_map(|pid| desk.left_of(pid)).collect();
    assert_eq!((left, desk.temporary_files()), (Vec::new(), Vec::new()));
}

#[test]
fn cleaning_does_not_touch_a_review_that_lives() {
    let Some(lab) = lab() else { return };
    let desk = Desk::new(lab.clone(), "1000");
    let mut child = desk.review("reports");
    let pid = child.id().to_string();
    while !desk.left_of(&pid).iter().any(|thing| thing.starts_with("container")) {
        std::thread::sleep(Duration::from_millis(50));
        assert!(child.try_wait().unwrap().is_none());
    }
    wait(clean(lab.prepared.engine(), Mode::Leftovers)).unwrap();
    let left = desk.left_of(&pid);
    assert!(left.iter().any(|thing| thing.starts_with("container")), "{left:?}");
    assert!(left.iter().any(|thing| thing.starts_with("volume")), "{left:?}");
    child.kill().unwrap();
    // Dead, and not yet asked for its status by its parent: that is gone enough.
    while !desk.left_of(&pid).is_empty() {
        wait(clean(lab.prepared.engine(), Mode::Leftovers)).unwrap();
    }
    child.wait().unwrap();
}

#[test]
fn two_runs_at_once_get_their_own_input() {
    let Some(lab) = lab() else { return };
    let say = |word: &str| {
        let mut request = lab.script("cat /input/word; sleep 1; ls /input; cat /input/word");
        request.input.push(file("word", word));
        request
    };
    let cancel = Cancel::new();
    let (one, two) = (say("one\n"), say("two\n"));
    let (one, two) = wait(async { tokio::join!(run(&lab.prepared, one, &cancel), run(&lab.prepared, two, &cancel)) });
    let text = |outcome: Result<Outcome, _>| String::from_utf8(outcome.unwrap().stdout).unwrap();
    assert_eq!(text(one), "one\nagent.sh\nword\none\n");
    assert_eq!(text(two), "two\nagent.sh\nword\ntwo\n");
}

/// Of a process that nobody here can see, only what is long over goes: the engine may be another machine's too.
#[test]
fn leftovers_of_another_machine_go_when_their_time_is_over() {
    let Some(lab) = lab() else { return };
    let volume = |deadline: &str| {
        let name = format!("mcp-registry-test-{}", run_id());
        let deadline = format!("org.mcp-registry.deadline={deadline}");
        let labels = ["--label", &deadline, "--label", "org.mcp-registry.boot=elsewhere", "--label", super::lab::LABEL];
        let own = format!("org.mcp-registry.run={name}");
        docker_says(["volume", "create", "--label", &own].into_iter().chain(labels).chain([name.as_str()]));
        name
    };
    // A deadline that makes an hour of grace end before it began, and one that does not.
    let (over, under_way) = (volume("-7200"), volume("1800"));
    wait(clean(lab.prepared.engine(), Mode::Leftovers)).unwrap();
    let left = (lab.left_of(&over), lab.left_of(&under_way));
    docker(["volume", "rm", "--force", &over, &under_way]).unwrap();
    assert_eq!(left.0, Vec::<String>::new());
    assert_eq!(left.1, [format!("volume {under_way}")]);
}

#[test]
fn what_is_gone_already_is_removed_without_a_word() {
    let Some(lab) = lab() else { return };
    for kind in [Kind::Container, Kind::Network, Kind::Volume] {
        wait(lab.prepared.engine().remove(kind, "mcp-registry-test-nothing")).unwrap();
    }
}
