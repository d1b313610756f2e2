//! The real readers: what we wrote is verified by cosign 2.5, cosign 3.1, skopeo and OpenSSL; what both cosigns wrote, by us.

use super::tools::{Readers, sigstore_verify};
use super::world::{COMMIT, World, fixture, tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const TYPES: [&str; 5] =
    ["slsaprovenance1", "spdxjson", "cyclonedx", "urn:mcp-registry:review:1", "https://example.com/x/v1"];
const STRANGER: &str = "cosign-3.key";

pub(super) struct Lab {
    pub(super) world: World,
    readers: Readers,
}

/// None where the readers or the registry are not installed.
pub(super) fn lab() -> Option<Lab> {
    let readers = Readers::find()?;
    Some(Lab { world: World::real()?, readers })
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Lab {
    fn cosign(&self, version: u8, arguments: &[&str]) -> Output {
        let home = self.world.runner.home();
        self.readers.run(&format!("cosign-{version}"), &home, arguments)
    }

    /// Whether a cosign verifies the signature by a key of the fixtures.
    pub(super) fn verifies(&self, version: u8, key: &str, image: &str, more: &[&str]) -> bool {
        let key = fixture(key);
        let arguments = [&["verify", "--key", &key, "--insecure-ignore-tlog", image], more].concat();
        let output = self.cosign(version, &arguments);
        println!("cosign {version} verify: {}", text(&output).lines().last().unwrap_or_default());
        output.status.success()
    }

    /// Whether a cosign verifies an attestation of this type.
    pub(super) fn verifies_attestation(&self, version: u8, kind: &str, image: &str) -> bool {
        let key = fixture("openssl.pub");
        let arguments = ["verify-attestation", "--key", &key, "--type", kind, "--insecure-ignore-tlog", image];
        let output = self.cosign(version, &arguments);
        println!("cosign {version} verify-attestation {kind}: {}", output.status);
        output.status.success() && text(&output).contains("payload")
    }

    /// Whether skopeo copies the image under a policy that wants our signature.
    pub(super) fn skopeo(&self, image: &str) -> bool {
        let home = self.world.runner.home();
        let policy = json!({
            "default": [{ "type": "reject" }],
            "transports": { "docker": { (self.world.host.as_str()): [{
                "type": "sigstoreSigned", "keyPath": fixture("openssl.pub"),
                "signedIdentity": { "type": "matchRepository" },
            }] } },
        });
        std::fs::write(home.join("policy.json"), policy.to_string()).unwrap();
        std::fs::create_dir_all(home.join("registries.d")).unwrap();
        let attachments = format!("docker: {{\"{}\": {{use-sigstore-attachments: true}}}}\n", self.world.host);
        std::fs::write(home.join("registries.d/all.yaml"), attachments).unwrap();
        let path = |name: &str| home.join(name).to_str().unwrap().to_owned();
        let (policy, registries) = (path("policy.json"), path("registries.d"));
        let (source, target) = (format!("docker://{image}"), format!("dir:{}", path("copied")));
        let arguments =
            ["--policy", &policy, "--registries.d", &registries, "copy", "--src-tls-verify=false", &source, &target];
        let output = self.readers.run("skopeo", &home, &arguments);
        println!("skopeo: {}", text(&output).lines().last().unwrap_or_default());
        output.status.success()
    }

    /// A stranger attaches a bundle, as GitHub's attest action does.
    fn stranger(&self, image: &str) {
        let key = fixture(STRANGER);
        let output =
            self.cosign(3, &["sign", "--key", &key, "--use-signing-config=false", "--tlog-upload=false", "-y", image]);
        assert!(output.status.success(), "{}", text(&output));
    }

    /// Files of each type of attestation.
    fn claims(&self) {
        let runner = &self.world.runner;
        let provenance = json!({
            "buildDefinition": { "buildType": "urn:x", "externalParameters": {} }, "runDetails": { "builder": { "id": "urn:x" } },
        });
        runner.write("slsaprovenance1.json", provenance.to_string());
        let spdx = json!({
            "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "documentNamespace": "https://example.com/x",
            "dataLicense": "CC0-1.0", "creationInfo": { "created": "2026-01-02T00:00:00Z", "creators": ["Tool: x"] },
        });
        runner.write("spdxjson.json", spdx.to_string());
        runner.write("cyclonedx.json", r#"{"bomFormat": "CycloneDX", "specVersion": "1.6"}"#);
        runner.write("urn:mcp-registry:review:1.json", r#"{"version": 1, "verdict": {}}"#);
        runner.write("https:/example.com/x/v1.json", r#"{"checked": true}"#);
    }

    fn attest_all(&self, image: &str, more: &[&str]) {
        self.claims();
        for kind in TYPES {
            let file = format!("{}.json", kind.replace("https://", "https:/"));
            self.world.attest(image, &[&["--type", kind, "--predicate", &file], more].concat());
        }
    }

    /// Every reader accepts what our key signed, and what `wrong` did not sign is refused.
    fn everybody_accepts(&self, image: &str, wrong: &str) {
        for version in [2, 3] {
            assert!(self.verifies(version, "openssl.pub", image, &["-a", "stage=release"]), "cosign {version}");
            assert!(!self.verifies(version, "openssl.pub", image, &["-a", "stage=testing"]), "cosign {version}");
            assert!(!self.verifies(version, wrong, image, &[]), "cosign {version}");
            for kind in TYPES {
                assert!(self.verifies_attestation(version, kind, image), "cosign {version}: {kind}");
            }
        }
        assert!(self.skopeo(image));
    }
}

#[test]
fn both_layouts_are_accepted_by_every_reader() {
    let Some(lab) = lab() else { return };
    let image = lab.world.image("one");
    assert!(!lab.skopeo(&image), "the policy does not want a signature at all");
    lab.world.sign(&image, &["-a", "stage=release"]);
    lab.attest_all(&image, &[]);
    lab.everybody_accepts(&image, "cosign-2.pub");
}

#[test]
fn both_layouts_are_accepted_by_every_reader_when_a_stranger_attached_a_bundle_before() {
    let Some(lab) = lab() else { return };
    let image = lab.world.image("one");
    lab.stranger(&image);
    lab.world.sign(&image, &["-a", "stage=release"]);
    lab.attest_all(&image, &[]);
    lab.everybody_accepts(&image, "cosign-2.pub");
    assert!(lab.verifies(3, "cosign-3.pub", &image, &[]), "the stranger's is kept");
}

#[test]
fn both_layouts_are_accepted_by_every_reader_when_a_stranger_attached_a_bundle_after() {
    let Some(lab) = lab() else { return };
    let image = lab.world.image("one");
    lab.world.sign(&image, &["-a", "stage=release"]);
    lab.attest_all(&image, &[]);
    lab.stranger(&image);
    lab.everybody_accepts(&image, "cosign-2.pub");
    let key = fixture("openssl.pub");
    assert_eq!(lab.world.runner.run(["verify", "--key", &key, "--layout", "both", &image]).status, 0);
}

/// The other rows of the table, where one layout alone is read by some.
#[test]
fn one_layout_alone_is_read_by_some_readers_and_we_say_so() {
    let Some(lab) = lab() else { return };
    for (number, (layout, cosign_2, skopeo)) in [("sig", true, true), ("bundle", false, false)].into_iter().enumerate()
    {
        let image = lab.world.image(&number.to_string());
        lab.world.sign(&image, &["--layout", layout]);
        lab.claims();
        lab.world.attest(&image, &["--layout", layout, "--type", "spdxjson", "--predicate", "spdxjson.json"]);
        assert_eq!(lab.verifies(2, "openssl.pub", &image, &[]), cosign_2, "{layout}");
        assert_eq!(lab.verifies_attestation(2, "spdxjson", &image), cosign_2, "{layout}");
        assert!(lab.verifies(3, "openssl.pub", &image, &[]), "{layout}");
        assert!(lab.verifies_attestation(3, "spdxjson", &image), "{layout}");
        assert_eq!(lab.skopeo(&image), skopeo, "{layout}");
        let verified = lab.world.verified(&image, &[]);
        assert!(verified.starts_with("status 0\n") && verified.contains("warning[single-layout]"), "{verified}");
        assert_eq!(lab.world.verify(&image, &["--layout", "both"]).status, 1);
        if layout == "sig" {
            lab.stranger(&image);
            assert!(lab.verifies(2, "openssl.pub", &image, &[]));
            assert!(!lab.verifies(3, "openssl.pub", &image, &[]));
            lab.world.refused_by(&image, "layouts-disagree");
        }
    }
}

/// The mixed rows of the table: a signature in one layout, an attestation in the other.
#[test]
fn a_signature_and_an_attestation_in_different_layouts_are_read_by_some_readers_and_we_say_so() {
    let Some(lab) = lab() else { return };
    lab.claims();
    // Signed, attested; whether cosign 2 and 3 verify the signature, and the attestation.
    let table = [("sig", "bundle", [(true, false), (true, true)]), ("bundle", "sig", [(false, true), (true, false)])];
    for (signed, attested, expected) in table {
        let image = lab.world.image(signed);
        // First the attestation: it is written in each layout that has a signature by the key.
        lab.world.attest(&image, &["--layout", attested, "--type", "spdxjson", "--predicate", "spdxjson.json"]);
        lab.world.sign(&image, &["--layout", signed]);
        for (version, expected) in [2, 3].into_iter().zip(expected) {
            let read = (
                lab.verifies(version, "openssl.pub", &image, &[]),
                lab.verifies_attestation(version, "spdxjson", &image),
            );
            assert_eq!(read, expected, "cosign {version}: signature in {signed}, attestation in {attested}");
        }
        let verified = lab.world.verified(&image, &[]);
        assert_eq!(verified.matches("warning[single-layout]").count(), 2, "{verified}");
        assert_eq!(lab.world.verify(&image, &["--layout", "both"]).status, 1);
        // One run of each completes what is missing, for all readers.
        lab.world.sign(&image, &[]);
        lab.world.attest(&image, &["--type", "spdxjson", "--predicate", "spdxjson.json"]);
        for version in [2, 3] {
            assert!(lab.verifies(version, "openssl.pub", &image, &[]), "cosign {version}");
            assert!(lab.verifies_attestation(version, "spdxjson", &image), "cosign {version}");
        }
        assert_eq!(lab.world.verify(&image, &["--layout", "both"]).status, 0);
    }
}

#[test]
fn what_both_cosigns_signed_and_attested_is_accepted() {
    let Some(lab) = lab() else { return };
    lab.claims();
    for version in [2_u8, 3] {
        let image = lab.world.image(&format!("by cosign {version}"));
        let (private, public) = (fixture(&format!("cosign-{version}.key")), fixture(&format!("cosign-{version}.pub")));
        let mut offline = vec!["--key", private.as_str(), "--tlog-upload=false", "-y"];
        if version == 3 {
            offline.push("--use-signing-config=false");
        }
        let signed = lab.cosign(version, &[&["sign", "-a", "stage=release"], &offline[..], &[&image]].concat());
        assert!(signed.status.success(), "{}", text(&signed));
        let mut wanted = Vec::new();
        for kind in TYPES {
            let file = lab.world.runner.root().join(format!("{}.json", kind.replace("https://", "https:/")));
            let more = ["--type", kind, "--predicate", file.to_str().unwrap(), &image];
            let attested = lab.cosign(version, &[&["attest"], &offline[..], &more].concat());
            assert!(attested.status.success(), "{}", text(&attested));
            wanted.extend(["--type", kind]);
        }
        let arguments = [&["verify", "--key", &public, "-a", "stage=release", &image], &wanted[..]].concat();
        let output = lab.world.runner.run(&arguments);
        assert_eq!(output.status, 0, "cosign {version}: {}{}", output.stdout, output.stderr);
        assert_eq!(output.stdout.matches("attested: ").count(), TYPES.len(), "{}", output.stdout);
        // And we add what the other one needs, beside what is there.
        lab.world.sign(&image, &["-a", "stage=release"]);
        lab.attest_all(&image, &[]);
        lab.everybody_accepts(&image, if version == 2 { "cosign-3.pub" } else { "cosign-2.pub" });
        assert!(lab.verifies(version, &format!("cosign-{version}.pub"), &image, &[]), "its own is kept");
    }
}

/// OpenSSL verifies a signature of a file.
fn openssl(folder: &Path, message: &[u8], signature: &[u8]) -> bool {
    std::fs::write(folder.join("message"), message).unwrap();
    std::fs::write(folder.join("signature"), signature).unwrap();
    let key = fixture("openssl.pub");
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(["dgst", "-sha256", "-verify", &key, "-signature", "signature", "message"]);
    command.output().unwrap().status.success()
}

#[test]
fn openssl_verifies_what_plain_http_fetches() {
    let Some(world) = World::real() else { return };
    let image = world.image("one");
    world.sign(&image, &[]);
    world.runner.write("claim.json", "{}");
    world.attest(&image, &["--type", "https://example.com/x/v1", "--predicate", "claim.json"]);
    let folder = tempfile::tempdir().unwrap();

    let layer = world.manifest(&tag(&image, ".sig"))["layers"][0].clone();
    let payload = world.blob(layer["digest"].as_str().unwrap());
    let signature = layer["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap();
    assert!(openssl(folder.path(), &payload, &STANDARD.decode(signature).unwrap()));
    assert!(!openssl(folder.path(), b"other", &STANDARD.decode(signature).unwrap()));
    let expected = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{}"}},"image":{{"docker-manifest-digest":"{}"}},"type":"cosign container image signature"}},"optional":null}}"#,
        world.name,
        image.rsplit_once('@').unwrap().1
    );
    assert_eq!(String::from_utf8(payload).unwrap(), expected);

    let mut envelopes: Vec<Value> = Vec::new();
    let layer = world.manifest(&tag(&image, ".att"))["layers"][0]["digest"].clone();
    envelopes.push(serde_json::from_slice(&world.blob(layer.as_str().unwrap())).unwrap());
    for listed in world.manifest(&tag(&image, ""))["manifests"].as_array().unwrap() {
        assert_eq!(listed["artifactType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
        let manifest = world.manifest(listed["digest"].as_str().unwrap());
        let bundle: Value =
            serde_json::from_slice(&world.blob(manifest["layers"][0]["digest"].as_str().unwrap())).unwrap();
        envelopes.push(bundle["dsseEnvelope"].clone());
    }
    assert_eq!(envelopes.len(), 3);
    for envelope in envelopes {
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        let kind = envelope["payloadType"].as_str().unwrap();
        let signed = [format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).as_bytes(), &payload].concat();
        let signature = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
        assert!(openssl(folder.path(), &signed, &signature), "{envelope}");
    }
}

#[test]
fn the_signature_repository_is_where_cosign_looks() {
    let Some(lab) = lab() else { return };
    let image = lab.world.image("one");
    let elsewhere = format!("{}/signatures", lab.world.host);
    let output = lab.world.sign(&image, &["--signature-repository", &elsewhere]);
    assert!(output.stderr.contains("bundles beside the image"), "{}", output.stderr);
    let key = fixture("openssl.pub");
    for version in [2, 3] {
        let home = lab.world.runner.home();
        let arguments = ["verify", "--key", &key, "--insecure-ignore-tlog", &image];
        let variables = [("COSIGN_REPOSITORY", elsewhere.as_str())];
        let output = lab.readers.run_with(&format!("cosign-{version}"), &home, &arguments, &variables);
        println!("cosign {version}: {}", text(&output));
        assert!(version == 3 || output.status.success());
    }
    assert!(!lab.verifies(2, "openssl.pub", &image, &[]), "the tag is beside the image, too");
    let run = lab.world.runner.command(["verify", "--key", &key, "--layout", "both", &image]);
    assert_eq!(run.env("COSIGN_REPOSITORY", &elsewhere).run().status, 0);
    assert_eq!(lab.world.verify(&image, &["--layout", "both"]).status, 1);
}

#[test]
fn an_identity_is_what_exact_readers_compare() {
    let Some(world) = World::real() else { return };
    let image = world.image("one");
    world.sign(&image, &["--identity", "registry.example/mcp/weather:1", "--layout", "sig"]);
    let layer = world.manifest(&tag(&image, ".sig"))["layers"][0]["digest"].clone();
    let payload: Value = serde_json::from_slice(&world.blob(layer.as_str().unwrap())).unwrap();
    assert_eq!(payload["critical"]["identity"]["docker-reference"], "registry.example/mcp/weather:1");
    assert_eq!(world.verify(&image, &[]).status, 0);
}

/// Reviews a small repository. The report.
fn review(world: &World) -> String {
    let runner = &world.runner;
    runner.write("upstream/server.js", "console.log(1);\n");
    runner.git_in("upstream", ["init", "--quiet"]);
    runner.git_in("upstream", ["add", "--all"]);
    runner.git_in("upstream", ["commit", "--quiet", "--message", "start"]);
    let head = runner.git_in("upstream", ["rev-parse", "HEAD"]);
    let arguments = ["review", "--repo", "./upstream", "--head", &head, "--agent", "static", "--report-dir", "reviews"];
    let output = runner.command(arguments).env("DOCKER_HOST", "unix:///nowhere.sock").run();
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    runner.read("reviews/report.json")
}

#[test]
fn a_recorded_build_becomes_provenance_that_cosign_finds() {
    let Some(lab) = lab() else { return };
    let image = lab.world.image("one");
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let record = json!({
        "version": 1, "entry": "weather", "image": lab.world.name, "digest": image.rsplit_once('@').unwrap().1,
        "source": { "repository": "https://github.com/acme/weather", "commit": COMMIT, "tree": "c".repeat(40), "directory": "server" },
        "server_yaml_sha256": digest("1"), "registry_commit": "d".repeat(40), "build_args": {}, "platform": "linux/amd64",
        "context_digest": digest("2"), "builder": "buildkit", "network": "default", "limits": { "time": "30m" },
        "base_images": [{ "name": "alpine:3", "digest": digest("3") }], "log_sha256": digest("4"),
        "started": "2026-01-02T00:00:00Z", "finished": "2026-01-02T00:01:00Z",
    });
    lab.world.runner.write("build-record.json", record.to_string());
    lab.world.sign(&image, &[]);
    lab.world.attest(&image, &["--record", "build-record.json"]);
    for version in [2, 3] {
        assert!(lab.verifies_attestation(version, "slsaprovenance1", &image), "cosign {version}");
    }
    assert_eq!(lab.world.verify(&image, &["--layout", "both", "--type", "slsaprovenance1"]).status, 0);
    let layer = lab.world.manifest(&tag(&image, ".att"))["layers"][0]["digest"].clone();
    let envelope: Value = serde_json::from_slice(&lab.world.blob(layer.as_str().unwrap())).unwrap();
    let statement = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&statement).unwrap();
    let shown = lab.world.shown(&serde_json::to_string_pretty(&statement).unwrap(), &image);
    insta::assert_snapshot!(shown, @r#"
    {
      "_type": "https://in-toto.io/Statement/v1",
      "subject": [
        {
          "name": "[HOST]/mcp/weather",
          "digest": {
            "sha256": "[HEX]"
          }
        }
      ],
      "predicateType": "https://slsa.dev/provenance/v1",
      "predicate": {
        "buildDefinition": {
          "buildType": "urn:mcp-registry:build:1",
          "externalParameters": {
            "entry": "weather",
            "source": {
              "repository": "https://github.com/acme/weather",
              "commit": "b4ee623039a6c60053ce67269701ad9e95073306",
              "directory": "server"
            },
            "buildArgs": {},
            "platform": "linux/amd64"
          },
          "internalParameters": {
            "contextDigest": "sha256:[RANDOM]",
            "builder": "buildkit",
            "network": "default",
            "limits": {
              "time": "30m"
            }
          },
          "resolvedDependencies": [
            {
              "uri": "git+https://github.com/acme/weather",
              "digest": {
                "gitCommit": "b4ee623039a6c60053ce67269701ad9e95073306",
                "gitTree": "cccccccccccccccccccccccccccccccccccccccc"
              }
            },
            {
              "uri": "servers/weather/server.yaml",
              "digest": {
                "sha256": "1111111111111111111111111111111111111111111111111111111111111111"
              }
            },
            {
              "name": "registry",
              "digest": {
                "gitCommit": "dddddddddddddddddddddddddddddddddddddddd"
              }
            },
            {
              "uri": "docker-image://alpine:3",
              "digest": {
                "sha256": "3333333333333333333333333333333333333333333333333333333333333333"
              }
            }
          ]
        },
        "runDetails": {
          "builder": {
            "id": "urn:mcp-registry:builder/local"
          },
          "metadata": {
            "startedOn": "2026-01-02T00:00:00Z",
            "finishedOn": "2026-01-02T00:01:00Z"
          },
          "byproducts": [
            {
              "name": "log",
              "digest": {
                "sha256": "4444444444444444444444444444444444444444444444444444444444444444"
              }
            }
          ]
        }
      }
    }
    "#);
    // With the report of a review, its digest is a byproduct.
    let report = review(&lab.world);
    lab.world.attest(&image, &["--record", "build-record.json", "--review", "reviews/report.json", "--replace"]);
    let layer = lab.world.manifest(&tag(&image, ".att"))["layers"][0]["digest"].clone();
    let envelope: Value = serde_json::from_slice(&lab.world.blob(layer.as_str().unwrap())).unwrap();
    let statement = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&statement).unwrap();
    let byproduct = statement.pointer("/predicate/runDetails/byproducts/1").unwrap();
    let digest = mcp_registry::ids::Digest::of(report.as_bytes());
    assert_eq!(*byproduct, json!({ "name": "review", "digest": { "sha256": digest.hex() } }));
    // The report itself is a claim, too.
    lab.world.attest(&image, &["--review", "reviews/report.json"]);
    assert!(lab.verifies_attestation(3, "urn:mcp-registry:review:1", &image));
    // The record of another image is refused.
    let other = lab.world.image("two");
    let output = lab.world.signing("attest", &other, &["--record", "build-record.json"]).run();
    assert_eq!(output.status, 2, "{}", output.stderr);
    // Provenance of another commit than the image's label is found.
    let mut wrong = record.clone();
    wrong["source"]["commit"] = json!("1".repeat(40));
    wrong["digest"] = json!(other.rsplit_once('@').unwrap().1);
    lab.world.runner.write("wrong.json", wrong.to_string());
    lab.world.sign(&other, &[]);
    lab.world.attest(&other, &["--record", "wrong.json"]);
    lab.world.refused_by(&other, "commit-mismatch");
}

#[test]
fn the_verifier_of_the_sigstore_project_accepts_our_bundles() {
    let Some(program) = sigstore_verify() else { return };
    let Some(world) = World::real() else { return };
    // It takes no bundle without evidence of a time, which a log gives.
    let rekor = super::logged::Rekor::start(true);
    let image = world.image("one");
    world.sign(&image, &["-a", "stage=release", "--rekor-url", &rekor.url]);
    world.runner.write("claim.json", "{}");
    world.attest(
        &image,
        &["--type", "https://example.com/x/v1", "--predicate", "claim.json", "--rekor-url", &rekor.url],
    );
    let folder = tempfile::tempdir().unwrap();
    let artifact = folder.path().join("manifest");
    std::fs::write(&artifact, world.raw_manifest(image.rsplit_once('@').unwrap().1)).unwrap();
    let other = folder.path().join("other");
    std::fs::write(&other, "{}").unwrap();
    let listed = world.manifest(&tag(&image, ""))["manifests"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 2);
    for one in listed {
        let manifest = world.manifest(one["digest"].as_str().unwrap());
        let bundle = folder.path().join("bundle");
        std::fs::write(&bundle, world.blob(manifest["layers"][0]["digest"].as_str().unwrap())).unwrap();
        let verify = |key: &str, artifact: &Path| {
            let output = Command::new(&program).arg(fixture(key)).arg(artifact).arg(&bundle).output().unwrap();
            println!("{key}: {}", text(&output));
            output.status.success()
        };
        assert!(verify("openssl.pub", &artifact));
        assert!(!verify("cosign-2.pub", &artifact), "another key");
        assert!(!verify("openssl.pub", &other), "another artifact");
    }
}

#[test]
fn what_was_repaired_is_verified_by_every_reader() {
    let Some(lab) = lab() else { return };
    let world = &lab.world;
    let image = world.image("one");
    world.sign(&image, &["-a", "stage=release"]);
    lab.attest_all(&image, &[]);
    let digest = |manifest: &str, list: &str| world.manifest(manifest)[list][0]["digest"].as_str().unwrap().to_owned();
    // The registry keeps what it has under a payload's digest, whatever it is sent: what is signed must get another one.
    world.damage(&digest(&tag(&image, ".sig"), "layers"), Some(b"{}"));
    world.damage(&digest(&tag(&image, ".att"), "layers"), None);
    world.damage(&digest(&digest(&tag(&image, ""), "manifests"), "layers"), Some(b"{}"));
    assert_eq!(world.verify(&image, &[]).status, 1);
    world.sign(&image, &["--replace", "-a", "stage=release"]);
    lab.attest_all(&image, &["--replace"]);
    assert_eq!(world.verify(&image, &["--layout", "both"]).status, 0);
    lab.everybody_accepts(&image, "cosign-3.pub");
}
