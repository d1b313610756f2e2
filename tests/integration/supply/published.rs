//! Files of digests: what `build --push` published is signed, attested, verified and scanned as a whole.

use super::entries::{all, registry};
use super::oci_server::{Manners, OciServer};
use super::world::{COMMIT, World, fixture};
use crate::runner::Output;
use serde_json::{Map, Value, json};

/// A registry with three entries, of which the file of digests has two.
fn world() -> Option<World> {
    let world = World::real()?;
    registry(&world, 3, |_| false);
    let mut digests = Map::new();
    for number in 0..2 {
        let name = format!("server-{number}");
        let image = format!("{}/mcp/{name}", world.host);
        let reference = mcp_registry::ids::ImageReference::parse(&image).unwrap();
        let repository = super::world::registries(&[&reference]).repository(&reference);
        let digest = world.push(&repository, &number.to_string(), Some(COMMIT));
        digests.insert(name, format!("{image}@{digest}").into());
    }
    world.runner.write("digests.json", Value::Object(digests).to_string());
    Some(world)
}

/// `sign` or `attest` of what the file has.
fn of_file(world: &World, command: &str, more: &[&str]) -> Output {
    let key = fixture("openssl.key");
    world.runner.run([&[command, "--key", &key, "--digests", "digests.json"], more].concat())
}

fn verify(world: &World, more: &[&str]) -> Output {
    let key = fixture("openssl.pub");
    world.runner.run([&["verify", "--key", &key, "--digests", "digests.json"], more].concat())
}

#[test]
fn what_was_published_is_signed_and_verified_by_its_digests() {
    let Some(world) = world() else { return };
    assert_eq!(verify(&world, &[]).status, 1, "nothing is signed yet");
    let signed = of_file(&world, "sign", &[]);
    assert_eq!((signed.status, signed.stdout.lines().count()), (0, 2), "{}", signed.stderr);
    let output = verify(&world, &["--layout", "both"]);
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    insta::assert_snapshot!(world.shown(&output.stdout, ""), @r"
    [HOST]/mcp/server-0@sha256:[RANDOM]  signed (tag .sig and bundle)
    [HOST]/mcp/server-1@sha256:[RANDOM]  signed (tag .sig and bundle)
    ");
    // Of all entries, one is not in the file: nobody knows what of it was published.
    let output = all(&world, &["--digests", "digests.json"]);
    assert_eq!(output.status, 3, "{}", output.stdout);
    insta::assert_snapshot!(world.shown(&output.stdout, ""), @r"
    error[unverified-image]: the file of `--digests` does not have it
     --> servers/server-2/server.yaml:2:8
      |
    2 | image: [HOST]/mcp/server-2
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: `build NAME --push --digests FILE` publishes its image, and notes the digest

    1 error in 3 entries
    ");
    // `latest` may be another image by now; the file says which one is meant.
    world.runner.write("digests.json", "{\"server-0\": \"x\"}");
    let wrong = verify(&world, &[]);
    assert_eq!(wrong.status, 2, "{}", wrong.stdout);
}

#[test]
fn a_file_without_images_is_no_failure_and_is_said() {
    let world = World::at("localhost:1");
    world.runner.write("digests.json", "{}");
    let empty = verify(&world, &[]);
    assert_eq!((empty.status, empty.stdout.as_str()), (0, ""));
    insta::assert_snapshot!(empty.stderr, @"there is no image in the file of `--digests`: nothing is verified");
    let signed = of_file(&world, "sign", &[]);
    assert_eq!((signed.status, signed.stdout.as_str()), (0, ""), "{}", signed.stderr);
    insta::assert_snapshot!(signed.stderr, @"there is no image in the file of `--digests`: nothing is signed");
}

#[test]
fn without_a_registry_an_image_is_verified_without_a_pin_and_that_is_said() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    world.sign(&image, &[]);
    world.runner.write("digests.json", serde_json::json!({ "nosuch": image }).to_string());
    let output = verify(&world, &[]);
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    insta::assert_snapshot!(output.stderr, @"there is no registry with an entry `nosuch`: its image is verified without a pin");
}

#[test]
fn a_name_that_no_entry_has_does_not_switch_the_pin_off() {
    let Some(world) = world() else { return };
    assert_eq!(of_file(&world, "sign", &[]).status, 0);
    let text = world.runner.read("digests.json").replace("server-1", "server-9");
    world.runner.write("digests.json", text);
    for output in [verify(&world, &[]), all(&world, &["--digests", "digests.json"])] {
        assert_eq!((output.status, output.stdout.as_str()), (2, ""));
        insta::allow_duplicates! {
            insta::assert_snapshot!(output.stderr, @r"
                error: `--digests digests.json` has `server-9`, and the registry has no such entry
                  hint: the file has the names that `build --push --digests` wrote; `--root` names the registry
                ");
        }
    }
    let scanned = world.runner.run(["scan", "--scanner", "reports", "--digests", "digests.json"]);
    assert!(scanned.status == 2 && scanned.stderr.contains("has `server-9`"), "{}", scanned.stderr);
}

#[test]
fn provenance_of_several_images_comes_from_a_folder_of_records() {
    let Some(world) = world() else { return };
    let missing = of_file(&world, "attest", &["--records", "records"]);
    assert_eq!(missing.status, 2, "{}", missing.stdout);
    assert!(missing.stderr.contains("cannot read `records/server-0.json`"), "{}", missing.stderr);
    world
        .runner
        .write("digests.json", json!({ "../x": format!("{}@sha256:{}", world.name, "a".repeat(64)) }).to_string());
    let outside = of_file(&world, "attest", &["--records", "records"]);
    assert!(outside.status == 2 && outside.stderr.contains("is not the name of an entry"), "{}", outside.stderr);
    world.runner.write("digests.json", "{}");
    for command in ["sign", "attest"] {
        let more: &[&str] = if command == "attest" { &["--records", "records"] } else { &[] };
        let nothing = of_file(&world, command, more);
        assert_eq!((nothing.status, nothing.stdout.as_str()), (0, ""), "{command}: {}", nothing.stderr);
    }
}

#[test]
fn published_images_are_scanned_again_when_they_are_verified() {
    let Some(world) = world() else { return };
    assert_eq!(of_file(&world, "sign", &[]).status, 0);
    let scan = ["--scan", "--scanner", "reports"];
    world.runner.write("reports/server-0.json", "{\"runs\": [{\"results\": []}]}");
    let unscanned = verify(&world, &scan);
    assert_eq!(unscanned.status, 3, "{}", unscanned.stdout);
    let result = json!({ "ruleId": "CVE-2026-1", "level": "error", "message": { "text": "Package: x\nInstalled Version: 1\nSeverity: CRITICAL" } });
    world.runner.write("reports/server-1.json", json!({ "runs": [{ "results": [result] }] }).to_string());
    let output = verify(&world, &[&scan[..], &["--format", "json"]].concat());
    assert_eq!(output.status, 1, "{}", output.stderr);
    crate::build::lab::check_schema("report", &output.stdout);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let line = |finding: &Value| format!("{} {}: {}\n", finding["entry"], finding["rule"], finding["message"]);
    let lines: String = report["findings"].as_array().unwrap().iter().map(line).collect();
    insta::assert_snapshot!(lines, @r#"
    "server-0" "unbound-report": "the report does not say which image it is about"
    "server-1" "unbound-report": "the report does not say which image it is about"
    "server-1" "critical-vulnerability": "CVE-2026-1 in x 1"
    "#);
    // Both kinds of findings obey the policy.
    let policy = format!(
        "[registry]\nnamespace = \"{}/mcp/\"\n[rules]\nunbound-report = \"off\"\n\
         [[waivers]]\nrule = \"critical-vulnerability\"\nentry = \"server-1\"\nvulnerability = \"CVE-2026-1\"\nreason = \"not reached\"\n",
        world.host
    );
    world.runner.write("mcp-registry.toml", policy);
    let output = verify(&world, &[&scan[..], &["--format", "json"]].concat());
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    assert_eq!(verify(&world, &["--scanner", "reports"]).status, 2);
}

#[test]
fn findings_about_signatures_obey_the_policy() {
    let Some(world) = World::real() else { return };
    registry(&world, 1, |_| false);
    let policy = |more: &str| {
        world.runner.write("mcp-registry.toml", format!("[registry]\nnamespace = \"{}/mcp/\"\n{more}", world.host));
        all(&world, &[]).status
    };
    assert_eq!(policy(""), 1);
    assert_eq!(policy("[rules]\nunsigned-image = \"warning\"\n"), 0);
    let waiver = |day: &str| {
        format!("[[waivers]]\nrule = \"unsigned-image\"\nentry = \"server-0\"\nreason = \"soon\"\nexpires = {day}\n")
    };
    assert_eq!((policy(&waiver("2026-01-02")), policy(&waiver("2026-01-01"))), (0, 1));
    // What cannot be reached is never a pass, whatever the policy says.
    let gone = "name: server-0\nimage: 127.0.0.1:1/mcp/server-0\ntype: server\n";
    world.runner.write("servers/server-0/server.yaml", gone);
    world.runner.write(
        "mcp-registry.toml",
        "[registry]\nnamespace = \"127.0.0.1:1/mcp/\"\n[rules]\nunverified-image = \"off\"\n",
    );
    assert_eq!(all(&world, &[]).status, 3);
}
