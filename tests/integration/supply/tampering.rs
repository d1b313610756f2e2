//! The tampering suite: whoever can write to the repository changes something, or the registry lies. Each is refused, with its
//! reason. What another key signed beside ours is the one thing that is not refused: it is a note.

use super::oci_server::{Manners, OciServer, reply};
use super::world::{World, fixture, our_key, tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_registry::ids::Digest;
use mcp_registry::sign::payload::{Payload, SIGNATURE_ANNOTATION, SIMPLE_SIGNING};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const OTHER: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
pub(super) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A world with one image that is signed and attested in both layouts.
pub(super) fn signed() -> Option<(World, String)> {
    let world = World::real()?;
    let image = world.image("one");
    world.sign(&image, &["-a", "stage=release"]);
    world.runner.write("claim.json", r#"{"checked": true}"#);
    world.attest(&image, &["--type", "https://example.com/claim/v1", "--predicate", "claim.json"]);
    assert_eq!(world.verify(&image, &["--layout", "both", "--fail-on", "note"]).status, 0);
    Some((world, image))
}

/// Changes the manifest behind a tag of the image.
pub(super) fn change(world: &World, image: &str, ending: &str, change: impl FnOnce(&mut Value)) {
    let tag = tag(image, ending);
    let mut manifest = world.manifest(&tag);
    change(&mut manifest);
    world.put_manifest(&tag, &manifest);
}

/// A `.sig` layer by our key with this payload.
fn layer(world: &World, payload: &Payload) -> Value {
    let bytes = serde_json::to_vec(payload).unwrap();
    let signature = our_key().sign(&bytes).unwrap();
    let mut layer = serde_json::to_value(world.put_blob(SIMPLE_SIGNING, bytes)).unwrap();
    layer["annotations"] = json!({ SIGNATURE_ANNOTATION: STANDARD.encode(signature) });
    layer
}

#[test]
fn another_image_under_the_same_tag_is_refused() {
    let Some((world, image)) = signed() else { return };
    let latest = format!("{}:latest", world.name);
    assert_eq!(world.verify(&latest, &[]).status, 0);
    let other = world.image("two");
    assert_ne!(image, other);
    assert_eq!(world.refused_by(&latest, "unsigned-image"), "no signature by the key");
}

#[test]
fn a_payload_with_another_digest_is_refused() {
    let Some((world, image)) = signed() else { return };
    let payload = Payload::of(&world.name, &Digest::parse(OTHER).unwrap(), &BTreeMap::new());
    let layer = layer(&world, &payload);
    change(&world, &image, ".sig", |manifest| manifest["layers"] = json!([layer]));
    insta::assert_snapshot!(
        world.refused_by(&image, "digest-mismatch"),
        @"layer 0 of `sha256-[HEX].sig` is a signature of `sha256:[RANDOM]`, not of this image"
    );
}

#[test]
fn a_signature_copied_to_the_tag_of_another_digest_is_refused() {
    let Some((world, image)) = signed() else { return };
    let signature = world.manifest(&tag(&image, ".sig"));
    let other = world.image("two");
    world.put_manifest(&tag(&other, ".sig"), &signature);
    insta::assert_snapshot!(
        world.refused_by(&other, "digest-mismatch"),
        @"layer 0 of `sha256-[HEX].sig` is a signature of `sha256:[RANDOM]`, not of this image"
    );
    world.refused_by(&other, "unsigned-image");
}

#[test]
fn an_attestation_moved_to_another_subject_is_refused() {
    let Some((world, image)) = signed() else { return };
    let other = world.image("two");
    world.sign(&other, &[]);
    world.put_manifest(&tag(&other, ".att"), &world.manifest(&tag(&image, ".att")));
    insta::assert_snapshot!(
        world.refused_by(&other, "subject-mismatch"),
        @"layer 0 of `sha256-[HEX].att` is about sha256:[RANDOM], not about this image"
    );
    // The same in a bundle, whose manifest is made to refer to the other image.
    let index = world.manifest(&tag(&image, ""));
    let mut bundle = world.manifest(index["manifests"][1]["digest"].as_str().unwrap());
    bundle["subject"] = world.manifest(index["manifests"][0]["digest"].as_str().unwrap())["subject"].clone();
    bundle["subject"]["digest"] = json!(other.rsplit_once('@').unwrap().1);
    let digest = world.put_manifest("", &bundle);
    let third = world.image("three");
    world.sign(&third, &[]);
    change(&world, &third, "", |index| {
        let mut moved = index["manifests"][0].clone();
        moved["digest"] = json!(digest);
        moved["size"] = json!(serde_json::to_vec(&bundle).unwrap().len());
        index["manifests"].as_array_mut().unwrap().push(moved);
    });
    assert!(world.refused_by(&third, "subject-mismatch").starts_with("the referrer sha256:[RANDOM] is about sha256:"));
}

#[test]
fn the_signature_of_another_key_is_refused() {
    let Some((world, image)) = signed() else { return };
    let output = world.runner.run(["verify", "--key", &fixture("cosign-2.pub"), &image]);
    let text = world.shown(&format!("status {}\n{}{}", output.status, output.stdout, output.stderr), &image);
    insta::assert_snapshot!(text, @r"
    status 1
    note[foreign-signature]: 4 signatures or attestations are by none of these keys
    --> [HOST]/mcp/weather@sha256:[HEX]
     = help: nothing needs to be done: what is not by the key does not count

    error[unsigned-image]: no signature by the key, though others, or damaged ones, are there
    --> [HOST]/mcp/weather@sha256:[HEX]
     = help: sign it, or verify it with the key that it was signed with
    ");
}

#[test]
fn a_changed_annotation_is_refused() {
    let Some((world, image)) = signed() else { return };
    let payload = world.manifest(&tag(&image, ".sig"))["layers"][0]["digest"].as_str().unwrap().to_owned();
    let payload = String::from_utf8(world.blob(&payload)).unwrap().replace("release", "testing");
    let changed = world.put_blob(SIMPLE_SIGNING, payload.into_bytes());
    change(&world, &image, ".sig", |manifest| {
        manifest["layers"][0]["digest"] = json!(changed.digest);
        manifest["layers"][0]["size"] = json!(changed.size);
    });
    insta::assert_snapshot!(
        world.refused_by(&image, "layouts-disagree"),
        @"the bundle is by the key, and nothing under the tag `.sig` is: cosign 2 and skopeo refuse the image"
    );
}

#[test]
fn an_annotation_in_one_layout_only_is_refused() {
    let Some((world, image)) = signed() else { return };
    let digest = Digest::parse(image.rsplit_once('@').unwrap().1).unwrap();
    let layer = layer(&world, &Payload::of(&world.name, &digest, &BTreeMap::new()));
    change(&world, &image, ".sig", |manifest| manifest["layers"] = json!([layer]));
    insta::assert_snapshot!(
        world.refused_by(&image, "layouts-disagree"),
        @"the signatures of the two layouts have different annotations"
    );
    let missing = world.verify(&image, &["-a", "stage=release"]);
    assert!(missing.stdout.contains("no signature under the tag `.sig` has the annotations `stage=release`"));
}

#[test]
fn a_swapped_layer_is_refused() {
    let Some((world, image)) = signed() else { return };
    let digest = Digest::parse(image.rsplit_once('@').unwrap().1).unwrap();
    let payload = Payload::of("registry.example/other", &digest, &BTreeMap::new());
    let swapped = world.put_blob(SIMPLE_SIGNING, serde_json::to_vec(&payload).unwrap());
    change(&world, &image, ".sig", |manifest| {
        manifest["layers"][0]["digest"] = json!(swapped.digest);
        manifest["layers"][0]["size"] = json!(swapped.size);
    });
    world.refused_by(&image, "layouts-disagree");
    assert!(world.verified(&image, &[]).contains("1 signature or attestation is by none of these keys"));
}

#[test]
fn a_doubled_layer_is_refused() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, ".sig", |manifest| {
        let layers = manifest["layers"].as_array_mut().unwrap();
        layers.push(layers[0].clone());
    });
    assert_eq!(world.refused_by(&image, "duplicate-layer"), "layer 1 of `sha256-[HEX].sig` is there twice");
}

#[test]
fn a_signature_that_no_reader_would_reach_is_not_written() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, ".sig", |manifest| {
        let mut foreign = manifest["layers"][0].clone();
        foreign["annotations"][SIGNATURE_ANNOTATION] = json!(STANDARD.encode("nothing"));
        manifest["layers"] = json!(vec![foreign; 200]);
    });
    let output = world.signing("sign", &image, &[]).run();
    assert_eq!(output.status, 3, "{}{}", output.stdout, output.stderr);
    let said = "with so many layers that it would get 201; readers stop at 200: remove those that nobody needs";
    assert!(output.stderr.contains(said), "{}", output.stderr);
    assert_eq!(world.manifest(&tag(&image, ".sig"))["layers"].as_array().unwrap().len(), 200);
}

#[test]
fn a_foreign_layer_beside_ours_is_a_note_and_never_stands_in_for_ours() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, ".sig", |manifest| {
        let layers = manifest["layers"].as_array_mut().unwrap();
        let mut foreign = layers[0].clone();
        foreign["annotations"][SIGNATURE_ANNOTATION] = json!(STANDARD.encode("nothing"));
        layers.insert(0, foreign);
    });
    let noted = world.verified(&image, &["--layout", "both"]);
    assert!(noted.starts_with("status 0\n") && noted.contains("note[foreign-signature]"), "{noted}");
    assert_eq!(world.verify(&image, &["--fail-on", "note"]).status, 1);
    change(&world, &image, ".sig", |manifest| drop(manifest["layers"].as_array_mut().unwrap().pop()));
    world.refused_by(&image, "layouts-disagree");
}

#[test]
fn truncated_content_is_refused() {
    let Some((world, image)) = signed() else { return };
    for ending in [".sig", ".att"] {
        let before = world.manifest(&tag(&image, ending));
        let mut bytes = world.blob(before["layers"][0]["digest"].as_str().unwrap());
        bytes.truncate(bytes.len() / 2);
        let cut = world.put_blob(before["layers"][0]["mediaType"].as_str().unwrap(), bytes);
        change(&world, &image, ending, |manifest| {
            manifest["layers"][0]["digest"] = json!(cut.digest);
            manifest["layers"][0]["size"] = json!(cut.size);
        });
        world.refused_by(&image, "layouts-disagree");
        world.put_manifest(&tag(&image, ending), &before);
        assert_eq!(world.verify(&image, &[]).status, 0);
    }
    // A whole blob that its descriptor cuts off.
    change(&world, &image, ".sig", |manifest| manifest["layers"][0]["size"] = json!(10));
    insta::assert_snapshot!(
        world.refused_by(&image, "damaged-attachment"),
        @"layer 0 of `sha256-[HEX].sig`: [HOST] sent the blob sha256:[RANDOM] with more than 10 bytes"
    );
}

#[test]
fn an_edited_revision_label_is_refused() {
    let Some((world, _)) = signed() else { return };
    let edited = world.push(&world.repository, "one", Some("1111111111111111111111111111111111111111"));
    let edited = format!("{}@{edited}", world.name);
    // Another label is another image.
    world.refused_by(&edited, "unsigned-image");
    // And signed it is still not what the registry pins.
    world.sign(&edited, &[]);
    let manifest = format!(
        "name: weather\nimage: {}\ntype: server\nsource:\n  project: https://github.com/example/weather\n  commit: {}\n",
        world.name,
        super::world::COMMIT
    );
    world.runner.write("servers/weather/server.yaml", manifest);
    insta::assert_snapshot!(
        world.refused_by(&edited, "commit-mismatch"),
        @"the image's label says commit `1111111111111111111111111111111111111111`; the pin is b4ee623039a6c60053ce67269701ad9e95073306"
    );
}

#[test]
fn a_fallback_index_with_a_wrong_artifact_type_is_refused() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, "", |index| index["manifests"][0]["artifactType"] = json!("application/vnd.example"));
    insta::assert_snapshot!(
        world.refused_by(&image, "wrong-referrer"),
        @"the referrer sha256:[RANDOM] is a bundle, and is listed as `application/vnd.example`"
    );
}

#[test]
fn a_fallback_index_that_names_another_subject_is_refused() {
    let Some((world, image)) = signed() else { return };
    let index = world.manifest(&tag(&image, ""));
    let mut bundle = world.manifest(index["manifests"][0]["digest"].as_str().unwrap());
    bundle["subject"]["digest"] = json!(OTHER);
    let digest = world.put_manifest("", &bundle);
    change(&world, &image, "", |index| {
        index["manifests"][0]["digest"] = json!(digest);
        index["manifests"][0]["size"] = json!(serde_json::to_vec(&bundle).unwrap().len());
    });
    insta::assert_snapshot!(
        world.refused_by(&image, "wrong-referrer"),
        @"the referrer sha256:[RANDOM] is listed for this image, and refers to sha256:[RANDOM]"
    );
}

#[test]
fn an_attestation_under_another_type_is_refused() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, ".att", |manifest| {
        manifest["layers"][0]["annotations"]["predicateType"] = json!("https://slsa.dev/provenance/v1");
    });
    insta::assert_snapshot!(
        world.refused_by(&image, "predicate-mismatch"),
        @"layer 0 of `sha256-[HEX].att` is listed as `https://slsa.dev/provenance/v1`, and what is signed is `https://example.com/claim/v1`"
    );
}

/// A world whose registry answers some requests with this.
fn lying(
    lie: impl Fn(&axum::http::Method, &str) -> Option<axum::http::Response<axum::body::Body>> + Send + Sync + 'static,
) -> (World, String, OciServer) {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    world.sign(&image, &[]);
    assert_eq!(world.verify(&image, &["--layout", "both"]).status, 0);
    server.set(|manners| manners.twist = Some(Arc::new(lie)));
    (world, image, server)
}

#[test]
fn a_registry_that_answers_with_another_manifest_is_refused() {
    let (world, image, _server) = lying(|_, path| {
        path.contains("/manifests/sha256:")
            .then(|| reply(200, &[("content-type", "application/vnd.oci.image.manifest.v1+json")], b"{}".to_vec()))
    });
    insta::assert_snapshot!(world.verified(&image, &[]), @r"
    status 3
    error[unverified-image]: [HOST] answered with other content than sha256:[HEX]: what it sent is sha256:[RANDOM]
    --> [HOST]/mcp/weather@sha256:[HEX]
     = help: the image registry has lost or changed it: do not use the image until its operators say why
    ");
}

#[test]
fn a_registry_that_answers_with_an_oversized_manifest_is_refused() {
    let (world, image, _server) =
        lying(|_, path| path.contains("/manifests/").then(|| reply(200, &[], vec![b' '; 5 << 20])));
    insta::assert_snapshot!(world.verified(&image, &[]), @r"
    status 3
    error[unverified-image]: [HOST] sent a manifest with more than 4194304 bytes
    --> [HOST]/mcp/weather@sha256:[HEX]
     = help: the image registry has lost or changed it: do not use the image until its operators say why
    ");
}

#[test]
fn a_registry_whose_answer_has_no_end_is_refused() {
    let (world, image, _server) = lying(|_, path| {
        let part = || Some((Ok::<_, std::io::Error>(vec![b' '; 64 << 10]), ()));
        let endless = futures_util::stream::unfold((), move |()| async move { part() });
        path.contains("/blobs/").then(|| axum::http::Response::new(axum::body::Body::from_stream(endless)))
    });
    world.refused_by(&image, "damaged-attachment");
    world.refused_by(&image, "unsigned-image");
}

#[test]
fn a_registry_that_takes_a_referrer_and_does_not_list_it_is_refused() {
    let server = OciServer::start(Manners { referrers: true, silent: true, forgetful: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    let output = world.signing("sign", &image, &[]).run();
    insta::assert_snapshot!(world.shown(&format!("status {}\n{}", output.status, output.stderr), &image), @r"
    status 3
    error: cannot sign [HOST]/mcp/weather@sha256:[HEX]
      because: [HOST] sent neither `OCI-Subject` for a manifest with a subject nor that manifest in its list of referrers: readers would not find the bundle
    ");
    // One that lists it without saying so is fine.
    server.set(|manners| manners.forgetful = false);
    world.sign(&image, &[]);
    assert_eq!(world.verify(&image, &["--layout", "both"]).status, 0);
}

#[test]
fn a_redirect_to_another_host_that_asks_for_credentials_gets_none() {
    let thief = OciServer::start(Manners { basic: Some("nobody".into()), ..Manners::default() });
    let secret = STANDARD.encode("me:secret");
    let registry = OciServer::start(Manners { basic: Some(secret.clone()), ..Manners::default() });
    let world = World::at(&registry.host);
    let config =
        json!({ "auths": { (registry.host.as_str()): { "auth": secret }, (thief.host.as_str()): { "auth": secret } } });
    std::fs::create_dir_all(world.runner.home().join(".docker")).unwrap();
    std::fs::write(world.runner.home().join(".docker/config.json"), config.to_string()).unwrap();
    let (target, digest) = (thief.host.clone(), OTHER);
    registry.set(|manners| {
        manners.twist = Some(Arc::new(move |_, path| {
            path.contains("/manifests/")
                .then(|| reply(307, &[("location", &format!("http://{target}{path}"))], Vec::new()))
        }));
    });
    let image = format!("{}@{digest}", world.name);
    let key = fixture("openssl.pub");
    let output = world.runner.run(["verify", "--key", &key, &image, "--insecure-registry", &thief.host]);
    assert_eq!(output.status, 3, "{}", output.stdout);
    assert!(output.stdout.contains("answered 401"), "{}", output.stdout);
    assert!(!thief.seen().is_empty() && thief.seen().iter().all(|seen| seen.authorization.is_none()));
    // Where plain http was not allowed, nobody goes at all.
    let before = thief.seen().len();
    let output = world.runner.run(["verify", "--key", &key, &image]);
    assert!(output.stdout.contains("only https is fetched, not http"), "{}", output.stdout);
    assert_eq!(thief.seen().len(), before);
}

#[test]
fn what_a_manifest_calls_a_bundle_and_is_none_does_not_count() {
    let Some((world, image)) = signed() else { return };
    let index = world.manifest(&tag(&image, ""));
    let mut junk = world.manifest(index["manifests"][0]["digest"].as_str().unwrap());
    let blob = world.put_blob(BUNDLE, b"{}".to_vec());
    junk["layers"] = json!([blob]);
    let digest = world.put_manifest("", &junk);
    change(&world, &image, "", |index| {
        let mut listed = index["manifests"][0].clone();
        listed["digest"] = json!(digest);
        listed["size"] = json!(serde_json::to_vec(&junk).unwrap().len());
        index["manifests"].as_array_mut().unwrap().push(listed);
    });
    let noted = world.verified(&image, &["--layout", "both"]);
    assert!(noted.starts_with("status 0\n") && noted.contains("note[foreign-signature]"), "{noted}");
}

/// A record of a build for the image, by which `attest` makes provenance.
fn record(world: &World, image: &str, entry: &str, directory: &str) {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let record = json!({
        "version": 1, "entry": entry, "image": world.name, "digest": image.rsplit_once('@').unwrap().1,
        "source": {
            "repository": "https://github.com/example/s", "commit": super::world::COMMIT, "tree": "c".repeat(40),
            "directory": directory,
        },
        "server_yaml_sha256": digest("1"), "registry_commit": null, "build_args": {}, "platform": "linux/amd64",
        "context_digest": digest("2"), "builder": "buildkit", "network": "default", "limits": {}, "base_images": [],
        "log_sha256": digest("4"), "started": "2026-01-02T00:00:00Z", "finished": "2026-01-02T00:01:00Z",
    });
    world.runner.write("record.json", record.to_string());
    world.attest(image, &["--record", "record.json", "--replace"]);
}

#[test]
fn the_signed_image_of_another_entry_of_the_same_commit_is_refused() {
    let Some(world) = World::real() else { return };
    // Two entries of one repository, and one commit.
    for name in ["weather", "other"] {
        let manifest = format!(
            "name: {name}\nimage: {}/mcp/{name}\ntype: server\nsource:\n  project: https://github.com/example/s\n  commit: {}\n  \
             directory: {name}\n",
            world.host,
            super::world::COMMIT
        );
        world.runner.write(format!("servers/{name}/server.yaml"), manifest);
    }
    world.runner.write("mcp-registry.toml", format!("[registry]\nnamespace = \"{}/mcp/\"\n", world.host));
    let image = world.image("one");
    world.sign(&image, &[]);
    record(&world, &image, "weather", "weather");
    assert_eq!(world.verify(&image, &["--fail-on", "note"]).status, 0);
    // A file of digests that gives it to the other entry.
    let key = fixture("openssl.pub");
    world.runner.write("digests.json", json!({ "other": image, "weather": image }).to_string());
    for all in [&["--all"][..], &[]] {
        let arguments = [&["verify", "--key", &key, "--digests", "digests.json", "--format", "json"], all].concat();
        let output = world.runner.run(arguments);
        let report: Value = serde_json::from_str(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        let said: Vec<String> =
            findings.map(|one| format!("{} {}: {}", one["entry"], one["rule"], one["message"])).collect();
        assert_eq!(output.status, 1, "{said:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(world.shown(&said.join("\n"), &image), @r#"
            "other" "other-entry": "a signature by the key is of `[HOST]/mcp/weather`; the image of the entry `other` is `[HOST]/mcp/other`"
            "other" "other-entry": "the attestation of the type `https://slsa.dev/provenance/v1` is of `[HOST]/mcp/weather`; the image of the entry `other` is `[HOST]/mcp/other`"
            "other" "other-entry": "the image is [HOST]/mcp/weather@sha256:[HEX]; that of the entry `other` is `[HOST]/mcp/other`"
            "other" "other-entry": "the provenance is of the entry `weather`, not of `other`"
            "other" "other-entry": "the provenance says `source.directory` is `weather`; the entry `other` has `other`"
            "#);
        }
    }
    // A copy in the repository of the entry, with the signatures of where it is from.
    let copied = world.image("two");
    world.sign(&copied, &["--identity", &format!("{}/mcp/other", world.host)]);
    insta::assert_snapshot!(world.refused_by(&copied, "other-entry"), @"a signature by the key is of `[HOST]/mcp/other`; the image of the entry `weather` is `[HOST]/mcp/weather`");
    let identity = format!("{}/mcp/other", world.host);
    assert_eq!(world.verify(&copied, &["--identity", &identity]).status, 0);
    // A bundle names no repository: the image's own label does.
    let labels = [
        ("org.opencontainers.image.revision", super::world::COMMIT),
        ("io.docker.server.metadata", r#"{"name":"other","title":"Other"}"#),
    ];
    let labeled = format!("{}@{}", world.name, world.push_labeled(&world.repository, "three", labels.into()));
    world.sign(&labeled, &["--layout", "bundle"]);
    insta::assert_snapshot!(world.refused_by(&labeled, "other-entry"), @"the label `io.docker.server.metadata` of the image is of the entry `other`, not of `weather`");
    // Provenance of another entry, or of another folder.
    record(&world, &image, "other", "weather");
    insta::assert_snapshot!(world.refused_by(&image, "other-entry"), @"the provenance is of the entry `other`, not of `weather`");
    record(&world, &image, "weather", "other");
    insta::assert_snapshot!(world.refused_by(&image, "other-entry"), @"the provenance says `source.directory` is `other`; the entry `weather` has `weather`");
    // Without an entry there is nothing to compare it with.
    std::fs::remove_dir_all(world.runner.root().join("servers")).unwrap();
    assert_eq!(world.verify(&image, &[]).status, 0);
}

#[test]
fn a_file_of_digests_with_an_entry_twice_is_refused() {
    let Some((world, image)) = signed() else { return };
    world
        .runner
        .write("digests.json", format!("{{\"weather\": \"{}@{OTHER}\", \"weather\": \"{image}\"}}", world.name));
    let output = world.runner.run(["verify", "--key", &fixture("openssl.pub"), "--digests", "digests.json"]);
    assert_eq!(output.status, 2, "{}", output.stdout);
    assert!(output.stderr.contains("`weather` is there twice"), "{}", output.stderr);
}
