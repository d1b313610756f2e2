//! How many requests an image costs: with a registry far away, that is the time that it takes.

use super::oci_server::{Manners, OciServer, Seen};
use super::world::{World, fixture};

/// `PUT manifests` and how often, without what differs between runs.
fn counted(seen: &[Seen]) -> String {
    let kind = |seen: &Seen| {
        let path = seen.path.strip_prefix("/v2/mcp/weather/").unwrap();
        let tag = path.rsplit_once('.').filter(|_| path.contains("/sha256-")).map(|(_, ending)| format!(" .{ending}"));
        let rest =
            if path.contains("/sha256-") { tag.unwrap_or_else(|| " fallback".to_owned()) } else { String::new() };
        format!("{} {}{rest}", seen.method, path.split('/').next().unwrap())
    };
    let mut kinds: Vec<String> = seen.iter().map(kind).collect();
    kinds.sort();
    kinds.chunk_by(|one, other| one == other).map(|same| format!("{} x {}\n", same.len(), same[0])).collect()
}

fn cost(server: &OciServer, act: impl FnOnce()) -> Vec<Seen> {
    let before = server.seen().len();
    act();
    server.seen().split_off(before)
}

#[test]
fn nothing_is_asked_twice_of_a_registry_with_the_referrers_api() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    // Of the blobs, only the configuration that all artifacts share may be there already.
    insta::assert_snapshot!(counted(&cost(&server, || drop(world.sign(&image, &[])))), @r"
    1 x GET manifests
    2 x GET manifests .sig
    1 x GET referrers
    1 x HEAD blobs
    4 x POST blobs
    4 x PUT blobs
    1 x PUT manifests
    1 x PUT manifests .sig
    ");
    insta::assert_snapshot!(counted(&cost(&server, || drop(world.verify(&image, &[])))), @r"
    2 x GET blobs
    2 x GET manifests
    1 x GET manifests .att
    1 x GET manifests .sig
    1 x GET referrers
    ");
}

#[test]
fn nothing_is_asked_twice_of_a_registry_without_the_referrers_api() {
    let server = OciServer::start(Manners::default());
    let world = World::at(&server.host);
    let image = world.image("one");
    insta::assert_snapshot!(counted(&cost(&server, || drop(world.sign(&image, &[])))), @r"
    1 x GET manifests
    2 x GET manifests .sig
    2 x GET manifests fallback
    1 x GET referrers
    1 x HEAD blobs
    4 x POST blobs
    4 x PUT blobs
    1 x PUT manifests
    1 x PUT manifests .sig
    1 x PUT manifests fallback
    ");
    insta::assert_snapshot!(counted(&cost(&server, || drop(world.verify(&image, &[])))), @r"
    2 x GET blobs
    2 x GET manifests
    1 x GET manifests .att
    1 x GET manifests .sig
    1 x GET manifests fallback
    1 x GET referrers
    ");
}

#[test]
fn what_one_image_showed_is_not_asked_again_for_the_next() {
    let server = OciServer::start(Manners::default());
    let world = World::at(&server.host);
    let images: Vec<String> = (0..64).map(|number| world.image(&number.to_string())).collect();
    let digests: serde_json::Map<_, _> =
        images.iter().enumerate().map(|(number, image)| (format!("entry-{number}"), image.clone().into())).collect();
    world.runner.write("digests.json", serde_json::Value::Object(digests).to_string());
    let key = fixture("openssl.key");
    let seen = cost(&server, || {
        let output = world.runner.run(["sign", "--key", &key, "--digests", "digests.json"]);
        assert_eq!((output.status, output.stdout.lines().count()), (0, 64), "{}", output.stderr);
    });
    // The first ones, which are signed at the same time, learn it at the same time.
    let first = |seen: &&Seen| seen.path.contains("/referrers/") || seen.method == "HEAD";
    assert!(seen.iter().filter(first).count() <= 32, "{}", counted(&seen));
    assert!(seen.len() <= 64 * 14 + 16 * 4, "{}", seen.len());
    assert_eq!(
        world
            .runner
            .run(
                [
                    &["verify", "--key", &fixture("openssl.pub"), "--layout", "both"],
                    &images.iter().map(String::as_str).collect::<Vec<_>>()[..]
                ]
                .concat()
            )
            .status,
        0
    );
}
