//! What people see of `generate-key-pair`, `sign`, `attest` and `verify`, and what these refuse.

use super::oci_server::{Manners, OciServer};
use super::world::{World, fixture, image_manifest, tag};
use crate::runner::Runner;
use mcp_registry::oci::{Descriptor, ImageIndex, media_types};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn world() -> (World, OciServer) {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    (World::at(&server.host), server)
}

#[test]
fn a_key_pair_is_made_for_its_owner_alone_and_never_replaced() {
    let runner = Runner::new();
    let make = || runner.command(["generate-key-pair"]).env("COSIGN_PASSWORD", "pass");
    let output = make().run();
    assert_eq!((output.status, output.stdout.as_str()), (0, ""));
    insta::assert_snapshot!(output.stderr, @"wrote the private key to `cosign.key` and the public key to `cosign.pub`");
    let mode = |name: &str| std::fs::metadata(runner.root().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("cosign.key"), mode("cosign.pub")), (0o600, 0o644));
    let before = runner.read("cosign.key");
    assert!(before.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    let again = make().run();
    assert_eq!(again.status, 2);
    insta::assert_snapshot!(again.stderr, @r"
    error: `cosign.key` exists; a key is never overwritten
      hint: move it away, or use `--output-key-prefix`
    ");
    assert_eq!(runner.read("cosign.key"), before);
    let files: Vec<_> = std::fs::read_dir(runner.root()).unwrap().collect();
    assert_eq!(files.len(), 2, "no temporary file is left");
}

#[test]
fn a_key_pair_of_ours_signs_for_both() {
    let (world, _server) = world();
    let image = world.image("one");
    world.runner.command(["generate-key-pair", "--output-key-prefix", "k"]).env("COSIGN_PASSWORD", "pass").run();
    let sign = |password: &str| {
        world.runner.command(["sign", "--key", "k.key", &image]).env("COSIGN_PASSWORD", password).run()
    };
    let wrong = sign("wrong");
    assert_eq!(wrong.status, 2);
    insta::assert_snapshot!(wrong.stderr, @r"
    error: cannot use the private key of `k.key`
      because: the password is wrong, or the key file is damaged
    ");
    assert_eq!(sign("pass").status, 0);
    assert_eq!(world.runner.run(["verify", "--key", "k.pub", &image, "--layout", "both"]).status, 0);
}

#[test]
fn without_a_password_and_a_terminal_it_says_what_to_do() {
    let output =
        Runner::new().run(["sign", "--key", &fixture("cosign-2.key"), &format!("x.io/a@sha256:{}", "0".repeat(64))]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("hint: set COSIGN_PASSWORD, or run this in a terminal"), "{}", output.stderr);
}

#[test]
fn what_was_done_is_said_once_in_words_and_once_as_json() {
    let (world, _server) = world();
    let image = world.image("one");
    let first = world.sign(&image, &["-a", "commit=abc"]);
    insta::assert_snapshot!(world.shown(&format!("{}{}", first.stdout, first.stderr), &image), @r"
    [HOST]/mcp/weather@sha256:[HEX]  tag .sig written, bundle written
    not logged in a transparency log: verify with `cosign verify --insecure-ignore-tlog`
    ");
    let again = world.sign(&image, &["-a", "commit=abc", "--format", "json"]);
    insta::assert_snapshot!(world.shown(&again.stdout, &image), @r#"
    {
      "version": 1,
      "command": "sign",
      "images": [
        {
          "image": "[HOST]/mcp/weather",
          "digest": "sha256:[HEX]",
          "type": null,
          "tag": "present",
          "bundle": "present",
          "replaced": 0,
          "logged": false
        }
      ]
    }
    "#);
    let schema: Value = serde_json::from_str(&Runner::new().run(["schema", "signatures"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&serde_json::from_str(&again.stdout).unwrap()));
    world.runner.write("claim.json", "{}");
    let attested =
        world.attest(&image, &["--type", "https://example.com/x/v1", "--predicate", "claim.json", "--format", "json"]);
    assert!(validator.is_valid(&serde_json::from_str(&attested.stdout).unwrap()), "{}", attested.stdout);
    insta::assert_snapshot!(world.verified(&image, &["-a", "commit=abc"]), @r"
    status 0
    [HOST]/mcp/weather@sha256:[HEX]  signed (tag .sig and bundle)
      attested: https://example.com/x/v1
    ");
    let report: Value = serde_json::from_str(&world.verify(&image, &["--format", "json"]).stdout).unwrap();
    let schema: Value = serde_json::from_str(&Runner::new().run(["schema", "report"]).stdout).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&report), "{report}");
}

#[test]
fn a_tag_is_never_signed_and_is_resolved_once_to_be_verified() {
    let (world, _server) = world();
    let image = world.image("one");
    let name = format!("{}:latest", world.name);
    let output = world.signing("sign", &name, &[]).run();
    assert_eq!(output.status, 2);
    insta::assert_snapshot!(world.shown(&output.stderr, &image), @r"
    error: `[HOST]/mcp/weather:latest` is named by a tag, which may lead to another image the next moment
      hint: name it by digest: `[HOST]/mcp/weather@sha256:…`, which `build --push` prints
    ");
    world.sign(&image, &[]);
    let output = world.verify(&name, &[]);
    assert!(output.stderr.contains(&format!("the tag `latest` led to {image}")), "{}", output.stderr);
}

#[test]
fn wrong_keys_are_refused_with_a_way_out() {
    let (world, _server) = world();
    let image = world.image("one");
    let verify = |key: &str| world.runner.run(["verify", "--key", key, &image]);
    insta::assert_snapshot!(verify(&fixture("openssl.key")).stderr.replace(&fixture(""), "[FIXTURES]/"), @r"
    error: cannot use the public key of `[FIXTURES]/openssl.key`
      because: it holds `PRIVATE KEY`, not a public key (`PUBLIC KEY`)
      hint: verifying needs the public key, `cosign.pub`; keep the private one away from it
    ");
    insta::assert_snapshot!(verify("nowhere.pub").stderr, @r"
    error: cannot read the key of `nowhere.pub`
      because: No such file or directory (os error 2)
    ");
    let sign = |key: &str| world.runner.run(["sign", "--key", key, &image]);
    insta::assert_snapshot!(sign(&fixture("openssl.pub")).stderr.replace(&fixture(""), "[FIXTURES]/"), @r"
    error: cannot use the private key of `[FIXTURES]/openssl.pub`
      because: it holds `PUBLIC KEY`, not a private key as cosign keeps it, or PKCS#8 (`PRIVATE KEY`)
      hint: `mcp-registry generate-key-pair` makes a key that works here and with cosign
    ");
}

#[test]
fn an_image_that_is_not_there_is_not_signed() {
    let (world, _server) = world();
    let image = format!("{}@sha256:{}", world.name, "0".repeat(64));
    let output = world.signing("sign", &image, &[]).run();
    assert_eq!(output.status, 3);
    insta::assert_snapshot!(world.shown(&output.stderr, &image), @"error: there is no image `[HOST]/mcp/weather@sha256:[HEX]`");
}

#[test]
fn each_platform_of_an_index_is_signed_when_asked_for() {
    let (world, _server) = world();
    let members: Vec<Descriptor> = ["amd64", "arm64"]
        .iter()
        .map(|arch| {
            let image = world.image(arch);
            let manifest = serde_json::to_vec(&world.manifest(image.rsplit_once('@').unwrap().1)).unwrap();
            let mut member = Descriptor::of(media_types::MANIFEST, &manifest);
            member.digest = mcp_registry::ids::Digest::parse(image.rsplit_once('@').unwrap().1).unwrap();
            member.other.insert("platform".into(), serde_json::json!({ "architecture": arch, "os": "linux" }));
            member
        })
        .collect();
    let index = ImageIndex { manifests: members.clone(), ..ImageIndex::default() };
    let digest = world.put_manifest("multi", &serde_json::to_value(&index).unwrap());
    let image = format!("{}@{digest}", world.name);
    world.sign(&image, &[]);
    let member = format!("{}@{}", world.name, members[0].digest);
    assert_eq!(world.verify(&image, &["--layout", "both"]).status, 0);
    assert_eq!(world.verify(&member, &[]).status, 1, "only the index was signed");
    let output = world.sign(&image, &["--recursive"]);
    assert_eq!(output.stdout.lines().count(), 3, "{}", output.stdout);
    assert_eq!(world.verify(&member, &["--layout", "both"]).status, 0);
    assert!(!image_manifest(Descriptor::of(media_types::EMPTY, b"{}"), Vec::new()).layers.iter().any(|_| true));
}

/// What is wrong with a signed index of these members, which an entry pins.
fn of_index(world: &World, members: serde_json::Value) -> String {
    let index = serde_json::json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": members });
    let digest = world.put_manifest("multi", &index);
    let image = format!("{}@{digest}", world.name);
    world.sign(&image, &[]);
    let manifest = format!(
        "name: weather\nimage: {}\ntype: server\nsource:\n  project: https://github.com/example/weather\n  commit: {}\n",
        world.name,
        super::world::COMMIT
    );
    world.runner.write("servers/weather/server.yaml", manifest);
    let output = world.verify(&image, &["--format", "json"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let errors = report["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    let errors: Vec<String> = errors
        .map(|finding| format!("{} {}", finding["rule"].as_str().unwrap(), finding["message"].as_str().unwrap()))
        .collect();
    assert_eq!(output.status == 0, errors.is_empty(), "{}", output.stderr);
    errors.join("\n")
}

#[test]
fn platforms_of_an_index_whose_label_nobody_reads_are_refused() {
    let (world, _server) = world();
    let image = world.image("one");
    let digest = image.rsplit_once('@').unwrap().1;
    let size = world.raw_manifest(digest).len();
    let member = |os: &str, architecture: &str| {
        serde_json::json!({ "mediaType": media_types::MANIFEST, "digest": digest, "size": size,
            "platform": { "os": os, "architecture": architecture } })
    };
    // A builder's attestation beside a platform is none.
    assert_eq!(of_index(&world, serde_json::json!([member("linux", "amd64"), member("unknown", "unknown")])), "");
    assert_eq!(of_index(&world, serde_json::json!([member("unknown", "amd64")])), "", "its label is read");
    let inner = serde_json::json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [member("linux", "amd64")] });
    let nested = world.put_manifest("inner", &inner);
    let length = serde_json::to_vec(&inner).unwrap().len();
    let nested = serde_json::json!({ "mediaType": INDEX, "digest": nested, "size": length });
    let many: Vec<_> = (0..33).map(|number| member("linux", &format!("a{number}"))).collect();
    for (members, said) in [
        (serde_json::json!([]), "no platform of the image has a label"),
        (serde_json::json!([member("unknown", "unknown")]), "no platform of the image has a label"),
        (serde_json::json!([nested]), "the image has an index in its index"),
        (serde_json::json!([member("linux", "amd64"), nested]), "the image has an index in its index"),
        (serde_json::json!(many), "the image has 33 platforms"),
    ] {
        let errors = of_index(&world, members.clone());
        assert!(errors.starts_with("commit-mismatch ") && errors.contains(said), "{members}: {errors}");
    }
}

#[test]
fn a_claim_is_written_once_and_replaced_when_asked_for() {
    let (world, server) = world();
    let image = world.image("one");
    let claim = |text: &str, more: &[&str]| {
        world.runner.write("claim.json", text);
        world.attest(&image, &[&["--type", "https://example.com/x/v1", "--predicate", "claim.json"], more].concat())
    };
    claim(r#"{"number": 1}"#, &[]);
    let again = claim(r#"{"number": 1}"#, &[]);
    assert!(again.stdout.contains("tag .att present, bundle present"), "{}", again.stdout);
    let replaced = claim(r#"{"number": 2}"#, &["--replace"]);
    assert!(replaced.stdout.contains("1 replaced"), "{}", replaced.stdout);
    assert_eq!(world.manifest(&tag(&image, ".att"))["layers"].as_array().unwrap().len(), 1);
    let referrers = server
        .holdings()
        .manifests
        .values()
        .filter(|(_, bytes)| serde_json::from_slice::<Value>(bytes).unwrap().get("subject").is_some())
        .count();
    assert_eq!(referrers, 1);
    // One of another type stays, and one that is added without --replace is beside it.
    claim(r#"{"number": 3}"#, &[]);
    assert_eq!(world.manifest(&tag(&image, ".att"))["layers"].as_array().unwrap().len(), 2);
}

#[test]
fn an_attestation_is_written_where_the_signatures_are() {
    let (world, _server) = world();
    let image = world.image("one");
    world.sign(&image, &[]);
    world.runner.write("claim.json", "{}");
    let output =
        world.attest(&image, &["--type", "https://example.com/x/v1", "--predicate", "claim.json", "--layout", "sig"]);
    assert!(output.stdout.contains("tag .att written, bundle written"), "{}", output.stdout);
    assert!(output.stderr.contains("written in both layouts"), "{}", output.stderr);
    assert!(output.stderr.contains("`cosign verify-attestation --insecure-ignore-tlog`"), "{}", output.stderr);
}

#[test]
fn what_is_not_what_it_says_is_not_attested() {
    let (world, _server) = world();
    let image = world.image("one");
    let refused = |file: &str, text: &str, arguments: &[&str]| {
        world.runner.write(file, text);
        let output = world.signing("attest", &image, arguments).run();
        assert_eq!(output.status, 2, "{}", output.stderr);
        output.stderr
    };
    insta::assert_snapshot!(refused("sbom.json", "{}", &["--sbom", "sbom.json"]), @"error: `sbom.json` cannot be attested: it is neither SPDX (`spdxVersion`) nor CycloneDX (`bomFormat`)");
    insta::assert_snapshot!(refused("report.json", "{}", &["--review", "report.json"]), @"error: `report.json` is not the report of a review: missing field `version` at line 1 column 2");
    insta::assert_snapshot!(refused("record.json", r#"{"version": 7}"#, &["--record", "record.json"]), @"error: `record.json` cannot be attested: it has version 7; only version 1 is known");
    insta::assert_snapshot!(refused("x.json", "{}", &["--type", "spdx-json", "--predicate", "x.json"]), @r"
    error: `spdx-json` is neither one of slsaprovenance1, spdxjson, cyclonedx, review nor a URI
      hint: `attest --help` lists the types
    ");
}

#[test]
fn offline_nothing_is_asked_of_a_registry() {
    let (world, server) = world();
    let image = world.image("one");
    let before = server.seen().len();
    for command in ["sign", "verify"] {
        let key = fixture(if command == "sign" { "openssl.key" } else { "openssl.pub" });
        let output = world.runner.run([command, "--offline", "--key", &key, &image]);
        assert_eq!(output.status, 2);
    }
    assert_eq!(server.seen().len(), before);
}

#[test]
fn the_commands_of_the_page_about_signatures_work() {
    let Some(world) = World::real() else { return };
    let image = world.image("one");
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let record = serde_json::json!({
        "version": 1, "entry": "weather", "image": world.name, "digest": image.rsplit_once('@').unwrap().1,
        "source": {
            "repository": "https://github.com/acme/weather", "commit": super::world::COMMIT, "tree": "c".repeat(40), "directory": "",
        },
        "server_yaml_sha256": digest("1"), "registry_commit": null, "build_args": {}, "platform": "linux/amd64",
        "context_digest": digest("2"), "builder": "buildkit", "network": "default", "limits": {}, "base_images": [],
        "log_sha256": digest("4"), "started": "2026-01-02T00:00:00Z", "finished": "2026-01-02T00:01:00Z",
    });
    let schema: Value = serde_json::from_str(&Runner::new().run(["schema", "build-record"]).stdout).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&record));
    world.runner.write("build-record.json", record.to_string());
    world.runner.write(
        "sbom.spdx.json",
        r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"x","documentNamespace":"https://example.com/x"}"#,
    );
    let page = crate::guards::marked(&crate::guards::read("docs/supply.md"), "commands");
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("mcp-registry ")).collect();
    assert_eq!(commands.len(), 5);
    for command in commands {
        let command = command.replace("registry.example/mcp/weather@sha256:DIGEST", &image);
        let output = world.runner.command(command.split(' ')).env("COSIGN_PASSWORD", "pass").run();
        assert_eq!(output.status, 0, "{command}: {}{}", output.stdout, output.stderr);
    }
}
