//! A registry of entries with images, for tests and benchmarks.

use super::world::{COMMIT, World, fixture};
use mcp_registry::ids::ImageReference;

/// A registry with entries whose images are pushed; those in `signed` are signed.
pub(crate) fn registry(world: &World, entries: usize, signed: impl Fn(usize) -> bool) {
    let policy = format!("[registry]\nnamespace = \"{}/mcp/\"\n", world.host);
    world.runner.write("mcp-registry.toml", policy);
    for number in 0..entries {
        let image = format!("{}/mcp/server-{number}", world.host);
        let manifest = format!(
            "name: server-{number}\nimage: {image}\ntype: server\nsource:\n  project: https://github.com/example/s\n  commit: {COMMIT}\n"
        );
        world.runner.write(format!("servers/server-{number}/server.yaml"), manifest);
        let reference = ImageReference::parse(&image).unwrap();
        let repository = super::world::registries(&[&reference]).repository(&reference);
        let digest = world.push(&repository, &number.to_string(), Some(COMMIT));
        if signed(number) {
            world.sign(&format!("{image}@{digest}"), &[]);
        }
    }
    // Not the registry's own: nobody expects its signature.
    world.runner.write("servers/other/server.yaml", "name: other\nimage: ghcr.io/acme/other\ntype: server\n");
}

pub(crate) fn all(world: &World, more: &[&str]) -> crate::runner::Output {
    let key = fixture("openssl.pub");
    world.runner.run([&["verify", "--all", "--key", &key], more].concat())
}
