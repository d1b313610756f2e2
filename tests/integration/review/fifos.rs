//! A named pipe in the place of Git data must not hang anything: opening one waits for a writer for ever.

use crate::runner::Runner;
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::time::{Duration, Instant};

/// An answer at once: what hangs takes three minutes and fails, what is slow is a machine under load.
const AT_ONCE: Duration = Duration::from_secs(20);

/// A registry that is its own upstream. Returns its last commit.
fn registry() -> (Runner, String) {
    let registry = Runner::new();
    registry.git(["init", "--quiet"]);
    registry.write("Dockerfile", "FROM scratch\nUSER 1\n");
    registry.write("servers/good/server.yaml", "name: good\n");
    registry.commit("one");
    registry.write("servers/good/server.yaml", "name: good\n# x\n");
    let head = registry.commit("two");
    (registry, head)
}

fn pipe(path: &Path) {
    drop(std::fs::remove_file(path));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

fn object(registry: &Runner, name: &str) -> String {
    let id = registry.git(["rev-parse", name]);
    format!("objects/{}/{}", &id[..2], &id[2..])
}

/// The places below `.git`, and one that is packed.
fn places(registry: &Runner) -> Vec<String> {
    let mut places: Vec<String> = [
        "HEAD",
        "config",
        "config.worktree",
        "packed-refs",
        "shallow",
        "commondir",
        "refs/heads/main",
        "refs/heads/other",
        "refs/tags/v1",
        "info/grafts",
        "info/attributes",
        "objects/info/alternates",
        "objects/info/commit-graph",
        "objects/info/packs",
        "objects/pack/pack-1111111111111111111111111111111111111111.idx",
        "objects/pack/pack-1111111111111111111111111111111111111111.pack",
        "objects/pack/multi-pack-index",
    ]
    .map(str::to_owned)
    .into();
    let objects = ["HEAD", "HEAD~1", "HEAD^{tree}", "HEAD:servers/good/server.yaml", "HEAD:Dockerfile"];
    places.extend(objects.map(|name| object(registry, name)));
    places
}

/// The case `fifo-object`, and all of its kind.
#[test]
fn a_pipe_in_the_place_of_git_data_is_an_error_at_once() {
    let (registry, head) = registry();
    for place in places(&registry) {
        let path = registry.root().join(".git").join(&place);
        let saved = registry.home().join("saved");
        let was_there = std::fs::rename(&path, &saved).is_ok();
        pipe(&path);
        let began = Instant::now();
        let output = registry.run(["review", "--repo", "./", "--head", &head, "--agent", "static"]);
        assert_eq!(output.status, 3, "{place}: {}{}", output.stdout, output.stderr);
        let report = registry.read("reviews/report.md");
        assert!(
            report.contains(&format!("{}` is a named pipe", place.split('/').next_back().unwrap())),
            "{place}: {report}"
        );
        assert_eq!(registry.read("reviews/labels.txt"), "security-risk:incomplete\n");
        for command in [&["validate", "--diff", "HEAD~1..HEAD"][..], &["review", "--diff", "HEAD~1..HEAD"]] {
            let output = registry.run(command);
            assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{place}: {}", output.stderr);
            assert!(output.stderr.contains(&format!(".git/{place}` is a named pipe")), "{place}: {}", output.stderr);
        }
        assert!(began.elapsed() < AT_ONCE, "{place}: {:?}", began.elapsed());
        std::fs::remove_file(&path).unwrap();
        if was_there {
            std::fs::rename(&saved, &path).unwrap();
        }
    }
    // Nothing was broken for good.
    assert_eq!(registry.run(["review", "--repo", "./", "--head", &head, "--agent", "static"]).status, 0);
    assert_eq!(registry.run(["validate", "--diff", "HEAD~1..HEAD"]).status, 1);
}

#[test]
fn the_error_names_the_place_and_what_to_do() {
    let (registry, _) = registry();
    let place = object(&registry, "HEAD:servers/good/server.yaml");
    pipe(&registry.root().join(".git").join(&place));
    let output = registry.run(["validate", "--diff", "HEAD~1..HEAD"]);
    insta::assert_snapshot!(output.stderr, @r"
    error: `[ROOT]/.git/objects/2b/010814e121c75e1a524d41831a3a1884014683` is a named pipe: Git data must be in regular files
      hint: Git never makes one: find out who put it there, and clone the repository anew
    ");
    assert_eq!(output.status, 3);
    // Also where `.git` is one itself, or a device.
    let git = registry.root().join(".git");
    std::fs::remove_dir_all(&git).unwrap();
    pipe(&git);
    let output = registry.run(["validate", "--diff", "HEAD~1..HEAD"]);
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains(".git` is a named pipe"), "{}", output.stderr);
    std::fs::remove_file(&git).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &git).unwrap();
    let output = registry.run(["review", "--repo", "./", "--head", &"1".repeat(40), "--agent", "static"]);
    assert_eq!(output.status, 3);
    assert!(output.stdout.contains(".git` is a device"), "{}", output.stdout);
}

/// A repository that hangs whoever reads it in spite of all that is looked at: its configuration includes a file of the user's own,
/// and that is a pipe.
fn hanging() -> (Runner, String) {
    let (registry, head) = registry();
    pipe(&registry.home().join("pipe"));
    registry.git(["config", "include.path", "~/pipe"]);
    (registry, head)
}

#[test]
fn the_whole_run_has_a_clock() {
    let (registry, head) = hanging();
    let began = Instant::now();
    let arguments = ["review", "--repo", "./", "--head", &head, "--agent", "static", "--timeout", "1s"];
    let output = registry.run(arguments);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert_eq!((output.status, output.stderr.as_str()), (3, ""));
    assert!(output.stdout.contains("the time for the whole run was up"), "{}", output.stdout);
    assert_eq!(registry.read("reviews/labels.txt"), "security-risk:incomplete\n");
}

#[test]
fn the_first_signal_ends_a_run_that_hangs() {
    for signal in [Signal::TERM, Signal::INT] {
        let (registry, head) = hanging();
        let arguments = ["review", "--repo", "./", "--head", &head, "--agent", "static", "-v"];
        let mut running = registry.command(arguments).start();
        running.wait_for("fetching");
        let began = Instant::now();
        kill_process(Pid::from_child(running.child()), signal).unwrap();
        let output = running.wait();
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
        assert_eq!(output.status, 3, "{}", output.stderr);
        assert!(output.stderr.contains("error: interrupted"), "{}", output.stderr);
    }
}

#[test]
fn a_signal_ends_a_static_review_that_is_under_way() {
    let (registry, _) = registry();
    // Half a minute of work, for a program that is not optimized.
    let line = "export const look = (name) => fetch(`https://api.example.com/${encodeURIComponent(name)}`);\n";
    for file in 0..400 {
        registry.write(format!("src/look{file}.js"), line.repeat(700));
    }
    let head = registry.commit("many");
    let arguments = ["review", "--repo", "./", "--head", &head, "--agent", "static", "-v"];
    let mut running = registry.command(arguments).start();
    running.wait_for("asking static");
    let began = Instant::now();
    kill_process(Pid::from_child(running.child()), Signal::TERM).unwrap();
    let output = running.wait();
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert!(output.stderr.contains("error: interrupted"), "{}", output.stderr);
}
