//! `verify --all`: the images of a registry's entries.

use super::entries::{all, registry};
use super::oci_server::{Manners, OciServer, reply};
use super::world::World;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn every_image_of_the_registry_is_verified() {
    let Some(world) = World::real() else { return };
    registry(&world, 3, |_| true);
    let output = all(&world, &["--layout", "both"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, "no problems in 3 entries\n"), "{}", output.stderr);
}

#[test]
fn an_image_that_is_not_signed_is_a_finding_at_its_entry() {
    let Some(world) = World::real() else { return };
    registry(&world, 3, |number| number != 1);
    let output = all(&world, &[]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    insta::assert_snapshot!(world.shown(&output.stdout, ""), @r"
    error[unsigned-image]: no signature by the key
     --> servers/server-1/server.yaml:2:8
      |
    2 | image: [HOST]/mcp/server-1
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: sign it, or verify it with the key that it was signed with

    1 error in 3 entries
    ");
    let report: Value = serde_json::from_str(&all(&world, &["--format", "json"]).stdout).unwrap();
    assert_eq!(report["findings"][0]["entry"], "server-1");
    assert_eq!(report["findings"][0]["line"], 2);
    let annotations = all(&world, &["--format", "github"]).stdout;
    assert!(annotations.starts_with("::error file=servers/server-1/server.yaml,line=2"), "{annotations}");
}

#[test]
fn what_cannot_be_reached_is_never_a_pass() {
    let server = OciServer::start(Manners::default());
    let world = World::at(&server.host);
    registry(&world, 2, |_| true);
    server.set(|manners| {
        manners.twist = Some(Arc::new(|_, path| path.contains("server-1").then(|| reply(500, &[], Vec::new()))));
    });
    let output = all(&world, &[]);
    assert_eq!(output.status, 3, "{}", output.stdout);
    insta::assert_snapshot!(world.shown(&output.stdout, ""), @r"
    error[unverified-image]: [HOST] answered 500
     --> servers/server-1/server.yaml:2:8
      |
    2 | image: [HOST]/mcp/server-1
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: run it again: what cannot be reached is never a pass

    1 error in 2 entries
    ");
}

#[test]
fn an_entry_that_cannot_be_read_is_not_left_out() {
    let Some(world) = World::real() else { return };
    registry(&world, 1, |_| true);
    world.runner.write("servers/broken/server.yaml", "name: [");
    let output = all(&world, &[]);
    assert_eq!((output.status, output.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(output.stderr, @r"
    error: `servers/broken/server.yaml` cannot be read, so that nobody knows which image it has
      hint: `mcp-registry validate broken` says why
    ");
}

#[test]
fn a_registry_without_images_of_its_own_is_said() {
    let world = World::at("127.0.0.1:9");
    world.runner.write("servers/other/server.yaml", "name: other\nimage: ghcr.io/acme/other\ntype: server\n");
    let output = all(&world, &[]);
    assert_eq!(output.status, 2);
    insta::assert_snapshot!(output.stderr, @r"
    error: no entry has an image in the registry's namespace `mcp/`
      hint: `[registry] namespace` in mcp-registry.toml says which images the registry builds
    ");
}

/// A registry of this size answers within the time that its latency takes, because images are looked at concurrently.
#[test]
fn images_are_verified_concurrently() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    registry(&world, 24, |_| true);
    server.set(|manners| manners.latency = Duration::from_millis(50));
    let start = Instant::now();
    assert_eq!(all(&world, &["--layout", "both"]).status, 0);
    // One after the other they would take 24 times at least 4 times 50 ms.
    assert!(start.elapsed() < Duration::from_millis(4000), "{:?}", start.elapsed());
}
