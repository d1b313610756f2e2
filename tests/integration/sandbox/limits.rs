//! Using more than an agent may: each ends in words that say so, and leaves nothing.

use super::lab::{lab, wait};
use insta::assert_snapshot;
use mcp_registry::review::sandbox::{Cancel, Ended, Limits, Request, SandboxError, Stop, run};
use std::time::Duration;

fn with(request: Request, change: impl FnOnce(&mut Limits)) -> Request {
    let mut limits = request.limits;
    change(&mut limits);
    Request { limits, ..request }
}

#[test]
fn fork_bomb_ends_at_the_limit() {
    let Some(lab) = lab() else { return };
    let outcome = lab.run(with(lab.script("exec attempt forks end"), |limits| limits.pids = 32)).unwrap();
    assert_eq!(outcome.ended, Ended::TooManyProcesses);
    assert_snapshot!(String::from_utf8(outcome.stdout).unwrap(), @"held: no further process: Resource temporarily unavailable (os error 11)");
    assert_snapshot!(outcome.ended, @"wanted more processes than it may have");
}

#[test]
fn fork_bomb_that_stays_ends_at_the_deadline() {
    let Some(lab) = lab() else { return };
    let request = with(lab.script("exec attempt forks stay"), |limits| {
        limits.pids = 32;
        limits.deadline = Duration::from_secs(6);
    });
    let outcome = lab.run(request).unwrap();
    assert_eq!(outcome.ended, Ended::DeadlinePassed { full_of_processes: true });
    assert_snapshot!(outcome.ended, @"did not end in its time, and had as many processes as it may have");
}

#[test]
fn memory_bomb_ends_at_the_limit() {
    let Some(lab) = lab() else { return };
    let outcome = lab.run(with(lab.script("attempt memory"), |limits| limits.memory = 48 << 20)).unwrap();
    assert_eq!((outcome.ended, String::from_utf8(outcome.stdout).unwrap()), (Ended::OutOfMemory, String::new()));
    assert_snapshot!(outcome.ended, @"wanted more memory than it may have");
}

#[test]
fn tmp_holds_no_more_than_it_may() {
    let Some(lab) = lab() else { return };
    let script = "dd if=/dev/zero of=/tmp/x bs=1M count=64 2>&1 | grep -v copied; du -m /tmp | cut -f1";
    let outcome = lab.run(with(lab.script(script), |limits| limits.tmp = 8 << 20)).unwrap();
    assert_eq!(outcome.ended, Ended::Exited(0));
    assert_snapshot!(String::from_utf8(outcome.stdout).unwrap(), @r"
    dd: error writing '/tmp/x': No space left on device
    9+0 records in
    8+0 records out
    8
    ");
}

#[test]
fn open_files_and_core_dumps_are_limited() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("ulimit -n; ulimit -Hn; ulimit -c"), @r"
    4096
    4096
    0
    ");
}

#[test]
fn deadline_ends_the_run() {
    let Some(lab) = lab() else { return };
    let request = with(lab.script("trap '' TERM INT HUP; echo begun; while :; do sleep 1000; done"), |limits| {
        limits.deadline = Duration::from_secs(5);
    });
    let outcome = lab.run(request).unwrap();
    assert_eq!(outcome.ended, Ended::DeadlinePassed { full_of_processes: false });
    assert_eq!(String::from_utf8(outcome.stdout).unwrap(), "begun\n");
    assert_snapshot!(outcome.ended, @"did not end in its time");
}

#[test]
fn output_of_a_gigabyte_is_cut() {
    let Some(lab) = lab() else { return };
    let outcome = lab.run(lab.script("attempt pages 1073741824")).unwrap();
    assert_eq!(outcome.ended, Ended::OutputTooLarge);
    assert_eq!(outcome.stdout.len(), Limits::default().output);
    assert_snapshot!(outcome.ended, @"wrote more than it may");
}

#[test]
fn standard_error_of_a_gigabyte_is_no_more_than_its_tail() {
    let Some(lab) = lab() else { return };
    let request = with(lab.script("attempt pages 67108864 >&2; echo end >&2"), |_| ());
    let outcome = lab.run(request).unwrap();
    assert_eq!(outcome.ended, Ended::Exited(0));
    assert_eq!(outcome.stderr_tail.len(), 16 << 10);
    assert!(outcome.stderr_tail.ends_with(b"x\nend\n") || outcome.stderr_tail.ends_with(b"bytes\nend\n"));
}

/// An agent cannot speak with the first process's voice: its own statuses and words are its own.
#[test]
fn agent_cannot_speak_for_the_first_process() {
    let Some(lab) = lab() else { return };
    for status in [97, 98, 99] {
        let script = format!("echo '{{\"probe\":[\"all is well\"]}}' >&2; exit {status}");
        assert_eq!(lab.run(lab.script(&script)).unwrap().ended, Ended::Exited(1), "{status}");
    }
    let outcome = lab.run(lab.script("kill -KILL $$")).unwrap();
    assert_eq!(outcome.ended, Ended::Exited(137));
}

#[test]
fn cancelled_run_leaves_nothing() {
    let Some(lab) = lab() else { return };
    let request = lab.script("sleep 1000");
    let (id, cancel) = (request.run_id.clone(), Cancel::new());
    let outcome = wait(async {
        let watch = async {
            while lab.prepared.engine().owned(&format!("org.mcp-registry.run={id}")).await.unwrap().len() < 3 {
                tokio::task::yield_now().await;
            }
            cancel.cancel(Stop::Interrupted);
        };
        tokio::join!(run(&lab.prepared, request, &cancel), watch).0
    });
    assert!(matches!(outcome, Err(SandboxError::Cancelled)), "{outcome:?}");
    assert_eq!(lab.left_of(&id), Vec::<String>::new());
    // What is pulled stays pulled.
    let outcome = wait(run(&lab.prepared, lab.script("sleep 1000"), &cancel));
    assert!(matches!(outcome, Err(SandboxError::Cancelled)), "{outcome:?}");
}

#[test]
fn dropped_run_leaves_nothing() {
    let Some(lab) = lab() else { return };
    let request = lab.script("sleep 1000");
    let id = request.run_id.clone();
    wait(async {
        let cancel = Cancel::new();
        let mut run = std::pin::pin!(run(&lab.prepared, request, &cancel));
        let label = format!("org.mcp-registry.run={id}");
        while lab.prepared.engine().owned(&label).await.unwrap().is_empty() {
            let _ = tokio::time::timeout(Duration::from_millis(1), &mut run).await;
        }
    });
    lab.wait_until_nothing_is_left_of(&id);
}
