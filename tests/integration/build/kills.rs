//! SIGKILL before and after every write of `build --push` to the image registry. The next run ends where an undisturbed one ends.

use super::lab::{Lab, docker};
use crate::supply::oci_server::{Manners, OciServer, Phase};
use rustix::process::Pid;

#[test]
fn a_push_can_be_killed_at_every_write() {
    if crate::slow::is_skipped("a push that is killed at every write") {
        return;
    }
    let Some(lab) = Lab::new() else { return };
    let server = OciServer::start(Manners::default());
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n");
    lab.entry("weather", "");
    let push = ["build", "weather", "--image-registry", &server.host, "--push", "--digests", "digests.json"];
    let before = server.holdings();
    server.hook(|_, _| {});
    let output = lab.run(&push);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let writes = server.unhook();
    // Two blobs, each begun, sent and ended, and a manifest under two tags.
    assert_eq!(writes, 8);
    let (undisturbed, digests) = (server.holdings(), lab.registry.read("digests.json"));
    let containers = || docker(&["ps", "--all", "--quiet", "--filter", "label=mcp-registry"]).stdout;
    for number in 0..writes {
        for phase in [Phase::Before, Phase::After] {
            server.restore(before.clone());
            std::fs::remove_file(lab.registry.root().join("digests.json")).unwrap();
            let pid = server.kill_at(number, phase);
            let running = lab.command(&push).start();
            *pid.lock().unwrap() = Some(Pid::from_child(running.child()));
            assert_eq!(running.wait_or_killed(), None, "write {number} {phase:?}: it ended by itself");
            server.unhook();
            // Whatever a tag leads to is whole.
            let half = server.holdings();
            assert!(half.tags.values().all(|digest| undisturbed.tags.values().any(|whole| whole == digest)));
            let output = lab.run(&push);
            assert_eq!(output.status, 0, "write {number} {phase:?}: {}", output.stderr);
            assert_eq!(server.holdings(), undisturbed, "write {number} {phase:?}");
            assert_eq!(lab.registry.read("digests.json"), digests, "write {number} {phase:?}");
            assert!(containers().is_empty(), "write {number} {phase:?}");
        }
    }
    let files = std::fs::read_dir(lab.registry.root()).unwrap().map(|file| file.unwrap().file_name());
    let mut files: Vec<_> = files.map(|name| name.into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["digests.json", "mcp-registry.toml", "servers"]);
}
