//! An agent that means well: what it gets, and what of it comes back.

use super::lab::{PROGRAM, docker, file, lab, prepare, run_id, wait};
use insta::assert_snapshot;
use mcp_registry::engine::Engine;
use mcp_registry::review::sandbox::{Agent, Cancel, Ended, InputFile, Limits, Prepared, Request, SandboxError, run};
use std::path::Path;

#[test]
fn sandbox_runs_this_program_as_the_agent() {
    let Some(lab) = lab() else { return };
    let agent = Agent::BuiltIn { args: vec!["--version".to_owned()] };
    let outcome = lab.run(Request { agent, ..lab.script("") }).unwrap();
    assert_eq!(outcome.ended, Ended::Exited(0), "{}", String::from_utf8_lossy(&outcome.stderr_tail));
    assert_eq!(String::from_utf8(outcome.stdout).unwrap(), format!("mcp-registry {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!((outcome.audit.len(), outcome.audit_incomplete), (0, None));
}

#[test]
fn sandbox_hands_over_input_output_and_status() {
    let Some(lab) = lab() else { return };
    let mut request = lab.script(
        r"cat /input/a/b/c.txt; cd /input; find a agent.sh long* 'run me' -exec ls -dln {} + | sed 's/ \+/ /g' | sort
        echo complaint >&2; pwd; exit 7",
    );
    request.input.push(file("a/b/c.txt", "hello\n"));
    request.input.push(InputFile { executable: true, ..file("run me", "#!/bin/sh\n") });
    request.input.push(file(&format!("{}/{}", "long".repeat(50), "name".repeat(50)), ""));
    let outcome = lab.run(request).unwrap();
    assert_eq!(outcome.ended, Ended::Exited(7));
    assert_eq!(String::from_utf8_lossy(&outcome.stderr_tail), "complaint\n");
    assert_snapshot!(String::from_utf8(outcome.stdout).unwrap(), @r"
    hello
    -rw-r--r-- 1 0 0 0 Jan 1 1970 longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong/namenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamenamename
    -rw-r--r-- 1 0 0 147 Jan 1 1970 agent.sh
    -rw-r--r-- 1 0 0 6 Jan 1 1970 a/b/c.txt
    -rwxr-xr-x 1 0 0 10 Jan 1 1970 run me
    drwxr-xr-x 2 0 0 4096 Jan 1 1970 a/b
    drwxr-xr-x 2 0 0 4096 Jan 1 1970 longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong
    drwxr-xr-x 3 0 0 4096 Jan 1 1970 a
    /input
    ");
}

#[test]
fn sandbox_takes_twenty_thousand_files_of_200_megabytes() {
    let Some(lab) = lab() else { return };
    let mut request = lab.script("find /input -type f | wc -l; du -sm /input | cut -f1");
    let content: std::sync::Arc<[u8]> = vec![b'x'; 10 << 10].into();
    for number in 0..20_000 {
        let path = format!("src/{}/{number}.txt", number % 100).into();
        request.input.push(InputFile { path, content: content.clone(), executable: false });
    }
    let outcome = lab.run(request).unwrap();
    let said = String::from_utf8(outcome.stdout).unwrap();
    let numbers: Vec<u64> = said.split_whitespace().map(|number| number.parse().unwrap()).collect();
    // The script and our own program are among them.
    assert_eq!(numbers[0], 20_002);
    assert!(numbers[1] >= 200, "{said}");
}

#[test]
fn sandbox_refuses_paths_that_leave_the_input() {
    let Some(lab) = lab() else { return };
    for path in
        ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a\0b", ".sandbox/mcp-registry", ".sandbox"]
    {
        let mut request = lab.script("");
        request.input.push(file(path, ""));
        let error = lab.run(request).unwrap_err();
        assert!(matches!(&error, SandboxError::Path(said) if said == path), "{path:?}: {error}");
    }
}

#[test]
fn sandbox_refuses_images_that_cannot_be_walled_in() {
    let Some(lab) = lab() else { return };
    let image = |changes: &[&str]| {
        let name = format!("mcp-registry-test-{}", run_id());
        let mut arguments = vec!["import", "--change", "LABEL mcp-registry-test=sandbox"];
        changes.iter().for_each(|change| arguments.extend(["--change", change]));
        let empty = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&empty, [0; 1024]).unwrap();
        arguments.extend([empty.path().to_str().unwrap(), &name]);
        assert!(docker(arguments).unwrap().status.success());
        let agent = Agent::Image { reference: name.clone() };
        let error = lab.run(Request { agent, ..lab.script("") }).unwrap_err().to_string();
        docker(["rmi", "--force", &name]).unwrap();
        error.replace(&name, "[IMAGE]")
    };
    assert_snapshot!(image(&[]), @"the image [IMAGE] cannot be an agent: it has no entry point and no command");
    assert_snapshot!(image(&["ENTRYPOINT [\"/a\"]", "VOLUME /data", "VOLUME /input"]), @"the image [IMAGE] cannot be an agent: it declares volumes, which could be written: /data, /input");
    let agent = Agent::Image { reference: "mcp-registry-test-nowhere".to_owned() };
    assert_snapshot!(lab.run(Request { agent, ..lab.script("") }).unwrap_err(), @"there is no image `mcp-registry-test-nowhere`");
}

#[test]
fn sandbox_says_what_is_wrong_with_a_program_that_is_not_there() {
    let Some(lab) = lab() else { return };
    let agent = Agent::BuiltIn { args: vec!["no-such-command".to_owned()] };
    let outcome = lab.run(Request { agent, ..lab.script("") }).unwrap();
    assert_eq!(outcome.ended, Ended::Exited(2));
    let request = Request { run_id: "../../x".to_owned(), ..lab.script("") };
    let error = wait(run(&lab.prepared, request, &Cancel::new())).unwrap_err();
    assert_snapshot!(error, @"`../../x` cannot name a run: 8 to 32 lower-case letters and digits can");
    let error = wait(Prepared::new(lab.prepared.engine(), Path::new("/bin/sh"), 0)).unwrap_err();
    assert_snapshot!(error, @"the sandbox's image is made of this program, which must be a static one for Linux: this one is linked dynamically");
}

#[test]
fn engine_that_does_not_answer_is_named() {
    let no_answer = wait(Engine::connect(Some("unix:///nowhere/docker.sock"))).unwrap_err();
    assert_snapshot!(no_answer, @"no container engine answers at unix:///nowhere/docker.sock");
    let unknown = wait(Engine::connect(Some("ssh://me@example"))).unwrap_err();
    assert_snapshot!(unknown, @"ssh://me@example: an engine is reached by unix://, npipe://, tcp:// or http://");
}

/// Run by the engine's own defaults, the first process finds all that is missing and starts nothing.
#[test]
fn sandbox_init_starts_no_agent_where_the_walls_are_missing() {
    let Some(lab) = lab() else { return };
    let agent = ["/mcp-registry", "sandbox-init", "--proxy", "--", "/mcp-registry", "--version"];
    let mut arguments = vec!["run", "--rm", "--label", super::lab::LABEL, "--env", "SECRET=1", "--hostname", "sandbox"];
    arguments.extend(["--group-add", "5", "--entrypoint", agent[0], lab.prepared.image()]);
    arguments.extend(&agent[1..]);
    let output = docker(arguments).unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()), (Some(97), ""));
    let said: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    let said: Vec<&str> = said["probe"].as_array().unwrap().iter().map(|failure| failure.as_str().unwrap()).collect();
    // The engine's storage, and the capabilities that it leaves, differ from one to the next.
    let said = said.join("\n");
    insta::with_settings!({filters => vec![
        (r"is [0-9a-f]{16}", "is [SET]"),
        (r"is mounted \([^)]*\)", "is mounted ([OPTIONS])"),
    ]}, {
        assert_snapshot!(said, @r"
        there is a network interface eth0
        there is a route
        there are capabilities: CapEff is [SET]
        there are capabilities: CapPrm is [SET]
        there are capabilities: CapBnd is [SET]
        Uid is 0 0 0 0
        Gid is 0 0 0 0
        it is in the group 5
        privileges can be gained (no_new_privs is not set)
        nothing is mounted at /input
        nothing is mounted at /tmp
        nothing is mounted at /proxy
        / is mounted ([OPTIONS])
        /etc/resolv.conf is mounted ([OPTIONS])
        /etc/hostname is mounted ([OPTIONS])
        /etc/hosts is mounted ([OPTIONS])
        / can be written
        /input can be written
        /proxy can be written
        /etc can be written
        /dev can be written
        /sys/fs/cgroup can be written
        the proxy does not answer at /proxy/proxy.sock: No such file or directory (os error 2)
        the environment has SECRET
        the number of processes is not limited
        ");
    });
}

/// Each wall by itself: all others stand, this one does not, and that alone is said.
#[test]
fn sandbox_init_misses_each_wall() {
    let Some(lab) = lab() else { return };
    let walls = [
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--network=none",
        "--pids-limit=64",
        "--user=65533:65533",
        "--tmpfs=/tmp:noexec,nosuid,nodev,size=1m",
        "--tmpfs=/input:ro",
    ];
    let said = |walls: &[&str]| {
        let mut arguments = vec!["run", "--rm", "--label", super::lab::LABEL];
        arguments.extend(walls);
        arguments.extend(["--entrypoint", "/mcp-registry", lab.prepared.image(), "sandbox-init", "--"]);
        arguments.extend(["/mcp-registry", "--version"]);
        let output = docker(arguments).unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(said(&walls), (0, String::new()));
    for (missing, words) in [
        (0, "/ is mounted"),
        (1, "CapBnd is"),
        (2, "no_new_privs"),
        (3, "there is a network interface eth0"),
        (4, "the number of processes is not limited"),
        (5, "Uid is 0 0 0 0"),
        (6, "nothing is mounted at /tmp"),
        (7, "nothing is mounted at /input"),
    ] {
        let mut left = walls.to_vec();
        left.remove(missing);
        let (status, text) = said(&left);
        assert_eq!(status, 97, "without {}: {text}", walls[missing]);
        assert!(text.contains(words), "without {}: {text}", walls[missing]);
    }
    for (more, words) in [
        ("--security-opt=seccomp=unconfined", "Seccomp is 0"),
        ("--volume=/var/run:/host", "/host is mounted"),
        ("--env=AWS_SECRET=1", "the environment has AWS_SECRET"),
        ("--group-add=5", "it is in the group 5"),
    ] {
        let (status, text) = said(&[&walls[..], &[more]].concat());
        assert_eq!(status, 97, "with {more}: {text}");
        assert!(text.contains(words), "with {more}: {text}");
    }
}

#[test]
fn two_preparations_use_one_image() {
    let Some(lab) = lab() else { return };
    assert_eq!(wait(prepare()).image(), lab.prepared.image());
    assert!(Path::new(PROGRAM).exists());
    assert_eq!(Limits::default().deadline.as_secs(), 1800);
}
