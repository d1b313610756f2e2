//! What a killed run leaves behind, the next one removes. Runs of processes that live are nobody else's business.

use super::lab::{Lab, docker, docker_says, file, lab, prepare, run_id, wait};
use mcp_registry::engine::{Engine, Kind};
use mcp_registry::review::sandbox::{Cancel, Mode, clean, run};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The environment of a child that plays the process that is killed: which run, and which image.
const CHILD: &str = "MCP_REGISTRY_TEST_SANDBOX_CHILD";

/// Not a test by itself: what [`killed_runs_leave_nothing_after_the_next`] starts and kills.
#[test]
fn child_that_runs_until_it_is_killed() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (run_id, image) = told.split_once(' ').unwrap();
    wait(async {
        let prepared = prepare().await;
        let mut request = super::output::request(image, "echo begun; sleep 1000");
        request.run_id = run_id.to_owned();
        request.input.extend((0..200).map(|number| file(&format!("folder/{number}"), "content")));
        let outcome = run(&prepared, request, &Cancel::new()).await;
        panic!("nobody killed it: {outcome:?}");
    });
}

fn child(lab: &Lab, run_id: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sandbox::leftovers::child_that_runs_until_it_is_killed"])
        .env(CHILD, format!("{run_id} {}", lab.image()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_runs_leave_nothing_after_the_next() {
    let Some(lab) = lab() else { return };
    // Every run of this test, and of no other, begins like this.
    let prefix = format!("kill{:07}", std::process::id());
    let mut caught = 0;
    for number in 0..30_u64 {
        let id = format!("{prefix}x{number:02}");
        let mut child = child(&lab, &id);
        // From before it has done anything to after its agent runs: the moments are spread, not drawn, over all of it.
        std::thread::sleep(Duration::from_millis(number * 997 % 30 * 50));
        child.kill().unwrap();
        child.wait().unwrap();
        caught += usize::from(!lab.left_of(&id).is_empty());
    }
    assert!(caught > 0, "no kill came while a run had anything");
    // The next ordinary run, which is another process's: cleans, runs, cleans.
    let engine = lab.prepared.engine();
    wait(clean(engine, Mode::Leftovers)).unwrap();
    assert_eq!(lab.said("echo ordinary"), "ordinary\n");
    wait(clean(engine, Mode::Leftovers)).unwrap();
    assert_eq!(lab.left_of(&prefix), Vec::<String>::new());
}

#[test]
fn cleaning_does_not_touch_a_run_that_lives() {
    let Some(lab) = lab() else { return };
    let id = run_id();
    let mut child = child(&lab, &id);
    while !lab.has(&id, Kind::Container) {
        std::thread::sleep(Duration::from_millis(50));
        assert!(child.try_wait().unwrap().is_none());
    }
    wait(clean(lab.prepared.engine(), Mode::Leftovers)).unwrap();
    assert!(lab.has(&id, Kind::Container) && lab.has(&id, Kind::Volume));
    child.kill().unwrap();
    // Dead, and not yet asked for its status by its parent: that is gone enough.
    while !lab.left_of(&id).is_empty() {
        wait(clean(lab.prepared.engine(), Mode::Leftovers)).unwrap();
    }
    child.wait().unwrap();
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other() {
    let Some(lab) = lab() else { return };
    let say = |word: &str| {
        let mut request = lab.script("cat /input/word; sleep 1; ls /input; cat /input/word");
        request.input.push(file("word", word));
        request
    };
    let cancel = Cancel::new();
    let (one, two) = (say("one\n"), say("two\n"));
    let (one, two) = wait(async { tokio::join!(run(&lab.prepared, one, &cancel), run(&lab.prepared, two, &cancel)) });
    let text = |outcome: Result<mcp_registry::review::sandbox::Outcome, _>| {
        String::from_utf8(outcome.unwrap().stdout).unwrap()
    };
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
    let engine: &Engine = lab.prepared.engine();
    for kind in [Kind::Container, Kind::Network, Kind::Volume] {
        wait(engine.remove(kind, "mcp-registry-test-nothing")).unwrap();
    }
}
