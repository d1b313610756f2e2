//! Transparency logs: a small Rekor v1 with a key of its own, which signs what it takes.

use super::tools::Readers;
use super::world::{World, fixture, tag};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_registry::sign::key::PrivateKey;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A log. It ends with the test's process.
pub(super) struct Rekor {
    pub(super) url: String,
}

struct Log {
    key: PrivateKey,
    entries: Mutex<Vec<String>>,
    /// Whether it gives signed entry timestamps, as version 1 does.
    promises: bool,
}

fn hash(bytes: &[u8]) -> String {
    mcp_registry::ids::Digest::of(bytes).hex().to_owned()
}

/// What the real log keeps of a proposed entry: canonical JSON, keys sorted.
fn canonical(proposed: &Value) -> Value {
    if proposed["kind"] == "hashedrekord" {
        let spec = &proposed["spec"];
        return json!({
            "apiVersion": "0.0.1", "kind": "hashedrekord",
            "spec": {
                "data": { "hash": { "algorithm": "sha256", "value": spec["data"]["hash"]["value"] } },
                "signature": { "content": spec["signature"]["content"], "publicKey": spec["signature"]["publicKey"] },
            },
        });
    }
    assert_eq!(proposed["kind"], "dsse");
    let text = proposed["spec"]["proposedContent"]["envelope"].as_str().unwrap();
    let envelope: Value = serde_json::from_str(text).unwrap();
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    json!({
        "apiVersion": "0.0.1", "kind": "dsse",
        "spec": {
            "envelopeHash": { "algorithm": "sha256", "value": hash(text.as_bytes()) },
            "payloadHash": { "algorithm": "sha256", "value": hash(&payload) },
            "signatures": [{
                "signature": envelope["signatures"][0]["sig"],
                "verifier": proposed["spec"]["proposedContent"]["verifiers"][0],
            }],
        },
    })
}

impl Rekor {
    pub(super) fn start(promises: bool) -> Self {
        let text = std::fs::read(fixture("cosign-3.key")).unwrap();
        let key = PrivateKey::parse(&text, || Ok(zeroize::Zeroizing::new(b"pw".to_vec()))).unwrap();
        let log = Arc::new(Log { key, entries: Mutex::default(), promises });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/api/v1/log/entries", post(enter)).with_state(log);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
            });
        });
        Self { url }
    }
}

async fn enter(State(log): State<Arc<Log>>, body: String) -> (StatusCode, String) {
    let body = STANDARD.encode(canonical(&serde_json::from_str(&body).unwrap()).to_string());
    let mut entries = log.entries.lock().unwrap();
    let (index, time) = (entries.len(), 1_767_312_000);
    entries.push(body.clone());
    let signed = json!({ "body": body, "integratedTime": time, "logID": log.key.public().id(), "logIndex": index });
    let promise = STANDARD.encode(log.key.sign(signed.to_string().as_bytes()).unwrap());
    let mut entry = signed;
    if log.promises {
        entry["verification"] = json!({ "signedEntryTimestamp": promise });
    }
    (StatusCode::CREATED, json!({ "uuid": entry }).to_string())
}

fn signed() -> Option<(World, String, Rekor)> {
    let (world, rekor) = (World::real()?, Rekor::start(true));
    let image = world.image("one");
    let output = world.sign(&image, &["--rekor-url", &rekor.url]);
    assert!(!output.stderr.contains("not logged"), "{}", output.stderr);
    Some((world, image, rekor))
}

/// `verify` that wants an entry of the log.
fn verified(world: &World, image: &str) -> String {
    world.verified(image, &["--layout", "both", "--rekor-key", &fixture("cosign-3.pub")])
}

#[test]
fn a_logged_signature_is_proven_offline() {
    let Some((world, image, rekor)) = signed() else { return };
    world.runner.write("claim.json", "{}");
    world.attest(
        &image,
        &["--type", "https://example.com/x/v1", "--predicate", "claim.json", "--rekor-url", &rekor.url],
    );
    assert!(verified(&world, &image).starts_with("status 0\n"), "{}", verified(&world, &image));
    // It is there already, with its entry.
    let again = world.sign(&image, &["--rekor-url", &rekor.url]);
    assert!(again.stdout.contains("tag .sig present, bundle present"), "{}", again.stdout);
    // Another log's key proves nothing.
    let other = world.verify(&image, &["--rekor-key", &fixture("cosign-2.pub")]);
    assert!(other.status == 1 && other.stdout.contains("the log entry is of another log"), "{}", other.stdout);
}

#[test]
fn cosign_accepts_the_log_entry_of_the_older_layout() {
    let Some(readers) = Readers::find() else { return };
    let Some((world, image, _rekor)) = signed() else { return };
    let (key, log) = (fixture("openssl.pub"), fixture("cosign-3.pub"));
    let home = world.runner.home();
    let arguments = ["verify", "--key", &key, "--offline", &image];
    let output = readers.run_with("cosign-2", &home, &arguments, &[("SIGSTORE_REKOR_PUBLIC_KEY", &log)]);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    let wrong = fixture("cosign-2.pub");
    let output = readers.run_with("cosign-2", &home, &arguments, &[("SIGSTORE_REKOR_PUBLIC_KEY", &wrong)]);
    assert!(!output.status.success());
}

#[test]
fn an_unlogged_signature_is_completed_and_not_doubled() {
    let Some(world) = World::real() else { return };
    let rekor = Rekor::start(true);
    let image = world.image("one");
    world.sign(&image, &[]);
    let text = verified(&world, &image);
    assert!(text.starts_with("status 1\n") && text.contains("error[unlogged-signature]"), "{text}");
    world.sign(&image, &["--rekor-url", &rekor.url]);
    assert!(verified(&world, &image).starts_with("status 0\n"));
    assert_eq!(world.manifest(&tag(&image, ".sig"))["layers"].as_array().unwrap().len(), 1);
    assert_eq!(world.manifest(&tag(&image, ""))["manifests"].as_array().unwrap().len(), 1);
}

#[test]
fn the_log_entry_of_another_payload_is_refused() {
    let Some((world, image, rekor)) = signed() else { return };
    let other = world.image("two");
    world.sign(&other, &["--rekor-url", &rekor.url]);
    let moved = world.manifest(&tag(&other, ".sig"))["layers"][0]["annotations"]["dev.sigstore.cosign/bundle"].clone();
    let mut manifest = world.manifest(&tag(&image, ".sig"));
    manifest["layers"][0]["annotations"]["dev.sigstore.cosign/bundle"] = moved;
    world.put_manifest(&tag(&image, ".sig"), &manifest);
    let text = verified(&world, &image);
    assert!(text.starts_with("status 1\n") && text.contains("the log entry is about another payload"), "{text}");
}

#[test]
fn a_log_entry_in_one_layout_only_is_refused() {
    let Some((world, image, _rekor)) = signed() else { return };
    let mut manifest = world.manifest(&tag(&image, ".sig"));
    manifest["layers"][0]["annotations"].as_object_mut().unwrap().remove("dev.sigstore.cosign/bundle");
    world.put_manifest(&tag(&image, ".sig"), &manifest);
    assert_eq!(
        world.refused_by(&image, "layouts-disagree"),
        "the signature has a log entry in one layout and none in the other"
    );
    assert!(verified(&world, &image).contains("error[unlogged-signature]"));
    // Without a log, it can be taken out of both.
    let output = world.sign(&image, &["--replace"]);
    assert!(output.stderr.contains("the log entry was taken out: `--rekor-url` names the log for another one"));
    assert_eq!(world.verify(&image, &["--layout", "both", "--fail-on", "note"]).status, 0);
}

#[test]
fn a_log_entry_that_is_garbage_is_refused_and_taken_out_without_a_log() {
    let Some((world, image, _rekor)) = signed() else { return };
    let other = world.image("two");
    world.sign(&other, &[]);
    let moved = world.manifest(&tag(&image, ".sig"))["layers"][0]["annotations"]["dev.sigstore.cosign/bundle"].clone();
    let mut said = String::new();
    for garbage in [json!("x"), json!("{}"), json!(""), moved] {
        let mut manifest = world.manifest(&tag(&other, ".sig"));
        manifest["layers"][0]["annotations"]["dev.sigstore.cosign/bundle"] = garbage;
        world.put_manifest(&tag(&other, ".sig"), &manifest);
        said.push_str(&format!("{}\n", world.refused_by(&other, "log-mismatch")));
        world.sign(&other, &["--replace"]);
        assert_eq!(world.verify(&other, &["--layout", "both", "--fail-on", "note"]).status, 0);
        assert_eq!(world.manifest(&tag(&other, ".sig"))["layers"].as_array().unwrap().len(), 1);
    }
    insta::assert_snapshot!(said, @r"
        the log entry of layer 0 of `sha256-[HEX].sig` does not prove it: it cannot be read
        the log entry of layer 0 of `sha256-[HEX].sig` does not prove it: it cannot be read
        the log entry of layer 0 of `sha256-[HEX].sig` does not prove it: it cannot be read
        the log entry of layer 0 of `sha256-[HEX].sig` does not prove it: the log entry is about another payload
        ");
}

#[test]
fn a_forged_log_entry_is_refused() {
    let Some((world, image, _rekor)) = signed() else { return };
    let mut manifest = world.manifest(&tag(&image, ".sig"));
    let entry = manifest["layers"][0]["annotations"]["dev.sigstore.cosign/bundle"].as_str().unwrap();
    let forged = entry.replace("1767312000", "1767312001");
    assert_ne!(entry, forged);
    manifest["layers"][0]["annotations"]["dev.sigstore.cosign/bundle"] = json!(forged);
    world.put_manifest(&tag(&image, ".sig"), &manifest);
    let text = verified(&world, &image);
    assert!(text.contains("the log's signature of the entry does not verify"), "{text}");
}

#[test]
fn a_log_of_version_2_is_refused_with_its_reason_and_nothing_is_signed() {
    let Some(world) = World::real() else { return };
    let rekor = Rekor::start(false);
    let image = world.image("one");
    let output = world.signing("sign", &image, &["--rekor-url", &rekor.url]).run();
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("no signed entry timestamp: it is not Rekor v1"), "{}", output.stderr);
    world.refused_by(&image, "unsigned-image");
}
