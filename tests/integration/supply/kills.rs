//! SIGKILL before and after every write to the registry. The next run ends where an undisturbed one ends, and at no point does a
//! reader accept something that is not a whole signature.

use super::oci_server::{Holdings, Manners, OciServer, Phase};
use super::world::{World, fixture, tag};
use mcp_registry::ids::Digest;
use rustix::process::Pid;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a reader sees, without what is random: layers by tag and payload, bundles by statement, with and without the list.
fn picture(holdings: &Holdings, image: &str) -> BTreeMap<String, Vec<String>> {
    let digest = image.rsplit_once('@').unwrap().1;
    let blob = |digest: &str| {
        holdings.blobs.iter().find(|((_, name), _)| name == digest).map(|(_, bytes)| bytes.clone()).unwrap()
    };
    let manifest = |digest: &str| -> Value {
        let (_, (_, bytes)) = holdings.manifests.iter().find(|((_, name), _)| name == digest).unwrap();
        serde_json::from_slice(bytes).unwrap()
    };
    let statement = |bytes: &[u8]| {
        let parsed: Value = serde_json::from_slice(bytes).unwrap();
        let payload = parsed.pointer("/dsseEnvelope/payload").or_else(|| parsed.get("payload")).and_then(Value::as_str);
        payload.map_or_else(|| String::from_utf8(bytes.to_vec()).unwrap(), str::to_owned)
    };
    let mut seen = BTreeMap::new();
    for ((_, name), of) in holdings.tags.iter().filter(|((_, name), _)| name != "latest") {
        let found = manifest(of);
        let parts: Vec<String> = match found.get("layers").and_then(Value::as_array) {
            Some(layers) => layers.iter().map(|layer| statement(&blob(layer["digest"].as_str().unwrap()))).collect(),
            None => {
                let listed = found["manifests"].as_array().unwrap().iter();
                let bundle = |one: &Value| manifest(one["digest"].as_str().unwrap())["layers"][0]["digest"].clone();
                listed.map(|one| statement(&blob(bundle(one).as_str().unwrap()))).collect()
            }
        };
        seen.insert(name.clone(), parts);
    }
    if !holdings.tags.contains_key(&("mcp/weather".to_owned(), digest.replace(':', "-"))) {
        let about = |bytes: &[u8]| {
            let found: Value = serde_json::from_slice(bytes).unwrap();
            (found.pointer("/subject/digest").and_then(Value::as_str) == Some(digest))
                .then(|| statement(&blob(found["layers"][0]["digest"].as_str().unwrap())))
        };
        let mut referrers: Vec<String> = holdings.manifests.values().filter_map(|(_, bytes)| about(bytes)).collect();
        // The registry lists them by their digests, which are random.
        referrers.sort();
        seen.insert("referrers".to_owned(), referrers);
    }
    seen
}

/// Kills a command before and after each of its writes. Half of it, `verify` may find what is missing, and `wrong`, which it repairs.
fn killed_everywhere(referrers: bool, arguments: &[&str], prepare: &dyn Fn(&World, &str), wrong: &[&str]) {
    let server = OciServer::start(Manners { referrers, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    prepare(&world, &image);
    let key = fixture("openssl.key");
    let command: Vec<&str> = [&[arguments[0], "--key", &key, &image], &arguments[1..]].concat();
    let before = server.holdings();
    server.hook(|_, _| {});
    assert_eq!(world.runner.run(&command).status, 0);
    let writes = server.unhook();
    assert!(writes > 4, "{writes}");
    let undisturbed = picture(&server.holdings(), &image);

    for number in 0..writes {
        for phase in [Phase::Before, Phase::After] {
            server.restore(before.clone());
            let pid = server.kill_at(number, phase);
            let running = world.runner.command(&command).start();
            *pid.lock().unwrap() = Some(Pid::from_child(running.child()));
            assert_eq!(running.wait_or_killed(), None, "write {number} {phase:?}: it ended by itself");
            server.unhook();

            // Half of it: whatever is visible is whole.
            let half = world.verify(&image, &["--layout", "any", "--format", "json"]);
            let report: Value = serde_json::from_str(&half.stdout).unwrap();
            for finding in report["findings"].as_array().unwrap() {
                let rule = finding["rule"].as_str().unwrap();
                let missing = ["unsigned-image", "single-layout", "missing-attestation"];
                assert!(missing.contains(&rule) || wrong.contains(&rule), "write {number} {phase:?}: {}", half.stdout);
            }
            let output = world.runner.run(&command);
            assert_eq!(output.status, 0, "write {number} {phase:?}: {}", output.stderr);
            let after = picture(&server.holdings(), &image);
            assert_eq!(after, undisturbed, "write {number} {phase:?}");
            assert_eq!(world.verify(&image, &["--layout", "both"]).status, 0);
        }
    }
    let left: Vec<_> = std::fs::read_dir(world.runner.home()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let in_root = std::fs::read_dir(world.runner.root()).unwrap().map(|file| file.unwrap().file_name());
    let files: Vec<_> = in_root.filter(|name| name != "claim.json").collect();
    assert!(files.is_empty(), "{files:?}");
    assert!(Digest::parse(image.rsplit_once('@').unwrap().1).is_ok() && !tag(&image, "").is_empty());
}

const CLAIM: [&str; 5] = ["attest", "--type", "https://example.com/claim/v1", "--predicate", "claim.json"];

fn with_claim(world: &World, image: &str) {
    world.runner.write("claim.json", r#"{"checked": true}"#);
    world.sign(image, &[]);
}

#[test]
fn sign_can_be_killed_at_every_write_with_the_referrers_api() {
    killed_everywhere(true, &["sign", "-a", "a=b"], &|_, _| {}, &[]);
}

#[test]
fn sign_can_be_killed_at_every_write_with_the_fallback_tag() {
    killed_everywhere(false, &["sign", "-a", "a=b"], &|_, _| {}, &[]);
}

#[test]
fn attest_can_be_killed_at_every_write_with_the_referrers_api() {
    killed_everywhere(true, &CLAIM, &with_claim, &[]);
}

#[test]
fn attest_can_be_killed_at_every_write_with_the_fallback_tag() {
    killed_everywhere(false, &CLAIM, &with_claim, &[]);
}

/// An older signature, which somebody doubled.
fn with_old_signature(world: &World, image: &str) {
    world.sign(image, &["-a", "a=old"]);
    super::tampering::change(world, image, ".sig", |manifest| {
        let layers = manifest["layers"].as_array_mut().unwrap();
        layers.push(layers[0].clone());
    });
}

/// An older claim.
fn with_old_claim(world: &World, image: &str) {
    with_claim(world, image);
    world.runner.write("claim.json", r#"{"checked": false}"#);
    world.attest(image, &CLAIM[1..]);
    world.runner.write("claim.json", r#"{"checked": true}"#);
}

const SIGN_ANEW: [&str; 4] = ["sign", "--replace", "-a", "a=b"];
const ATTEST_ANEW: [&str; 6] =
    ["attest", "--replace", "--type", "https://example.com/claim/v1", "--predicate", "claim.json"];
const WRONG: [&str; 2] = ["duplicate-layer", "layouts-disagree"];

#[test]
fn a_repair_can_be_killed_at_every_write_with_the_referrers_api() {
    killed_everywhere(true, &SIGN_ANEW, &with_old_signature, &WRONG);
    killed_everywhere(true, &ATTEST_ANEW, &with_old_claim, &WRONG);
}

#[test]
fn a_repair_can_be_killed_at_every_write_with_the_fallback_tag() {
    killed_everywhere(false, &SIGN_ANEW, &with_old_signature, &WRONG);
    killed_everywhere(false, &ATTEST_ANEW, &with_old_claim, &WRONG);
}
