//! What `verify --layout both` accepts, every real reader accepts: each form that one of them refuses is refused, too, and repaired by
//! the command that is printed.

use super::oci_server::{Manners, OciServer, reply};
use super::readers::{Lab, lab};
use super::repair::{CLAIM, errors, follow};
use super::tampering::change;
use super::world::{World, tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_registry::ids::Digest;
use serde_json::{Value, json};
use std::sync::Arc;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
const SIZE: &str = "/layers/0/size";

/// What is changed: the manifest behind a tag, the list of referrers, or of a bundle in the list its manifest or the bundle itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Sig,
    Att,
    /// The content of the attestation's layer.
    Envelope,
    List,
    Manifest(usize),
    Bundle(usize),
}

type Change = Box<dyn Fn(&mut Value)>;

/// Sets a value.
fn set(pointer: &'static str, value: Value) -> Change {
    Box::new(move |whole| {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match whole.pointer_mut(parent).unwrap() {
            Value::Object(map) => drop(map.insert(key.replace("~1", "/"), value.clone())),
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{other}"),
        }
    })
}

fn unset(pointer: &'static str) -> Change {
    Box::new(move |whole| {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let map = whole.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        assert!(map.remove(&key.replace("~1", "/")).is_some(), "{pointer}");
    })
}

/// Adds to a number.
fn add(pointer: &'static str, more: i64) -> Change {
    Box::new(move |whole| {
        let number = whole.pointer_mut(pointer).unwrap();
        *number = json!(number.as_i64().unwrap() + more);
    })
}

/// Appends a copy of the first element, changed.
fn copy(list: &'static str, first: bool, change: Change) -> Change {
    Box::new(move |whole| {
        let list = whole.pointer_mut(list).unwrap().as_array_mut().unwrap();
        let mut one = list[0].clone();
        change(&mut one);
        if first { list.insert(0, one) } else { list.push(one) }
    })
}

/// Has the registry hold the change; whether it takes it.
fn apply(world: &World, image: &str, at: At, change: &Change) -> bool {
    let put = |reference: &str, manifest: &Value| {
        let media_type = manifest["mediaType"].as_str().unwrap_or(MANIFEST).to_owned();
        let bytes = serde_json::to_vec(manifest).unwrap();
        let digest = Digest::of(&bytes).to_string();
        let size = bytes.len();
        let reference = if reference.is_empty() { &digest } else { reference };
        world.offer_manifest(reference, &media_type, bytes).then(|| (digest.clone(), size))
    };
    let tagged = |ending: &str| world.manifest(&tag(image, ending));
    if at == At::Envelope {
        let mut manifest = tagged(".att");
        let bytes = world.blob(manifest["layers"][0]["digest"].as_str().unwrap());
        let mut envelope: Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut envelope);
        let media_type = manifest["layers"][0]["mediaType"].as_str().unwrap().to_owned();
        let blob = world.put_blob(&media_type, envelope.to_string().into_bytes());
        manifest["layers"][0]["digest"] = json!(blob.digest);
        manifest["layers"][0]["size"] = json!(blob.size);
        return put(&tag(image, ".att"), &manifest).is_some();
    }
    let (At::Manifest(number) | At::Bundle(number)) = at else {
        let ending =
            [(At::Sig, ".sig"), (At::Att, ".att"), (At::List, "")].into_iter().find(|(of, _)| *of == at).unwrap().1;
        let mut manifest = tagged(ending);
        change(&mut manifest);
        return put(&tag(image, ending), &manifest).is_some();
    };
    let mut list = tagged("");
    let mut manifest = world.manifest(list["manifests"][number]["digest"].as_str().unwrap());
    if matches!(at, At::Bundle(_)) {
        let bytes = world.blob(manifest["layers"][0]["digest"].as_str().unwrap());
        let mut bundle: Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut bundle);
        let text = bundle.as_str().map(str::to_owned).unwrap_or_else(|| bundle.to_string());
        let blob = world.put_blob(manifest["layers"][0]["mediaType"].as_str().unwrap(), text.into_bytes());
        manifest["layers"][0] = serde_json::to_value(&blob).unwrap();
    } else {
        change(&mut manifest);
    }
    let Some((digest, size)) = put("", &manifest) else { return false };
    list["manifests"][number]["digest"] = json!(digest);
    list["manifests"][number]["size"] = json!(size);
    put(&tag(image, ""), &list).is_some()
}

/// Whether the readers of what was changed accept the image: what one of them says of it, the others do not look at.
fn refusals(lab: &Lab, image: &str, at: At) -> Vec<&'static str> {
    let signature = |version| lab.verifies(version, "openssl.pub", image, &["-a", "stage=release"]);
    let claim = |version| lab.verifies_attestation(version, CLAIM, image);
    let ask: [(&str, bool, &dyn Fn() -> bool); 5] = [
        ("cosign 2", at == At::Sig, &|| signature(2)),
        ("skopeo", at == At::Sig, &|| lab.skopeo(image)),
        ("cosign 2, of the attestation", matches!(at, At::Att | At::Envelope), &|| claim(2)),
        ("cosign 3", matches!(at, At::List | At::Manifest(0) | At::Bundle(0)), &|| signature(3)),
        ("cosign 3, of the attestation", matches!(at, At::List | At::Manifest(1) | At::Bundle(1)), &|| claim(3)),
    ];
    ask.into_iter().filter(|(_, looks, accepts)| *looks && !accepts()).map(|(name, ..)| name).collect()
}

fn cases() -> Vec<(String, At, Change)> {
    let mut cases: Vec<(String, At, Change)> = Vec::new();
    for at in [At::Sig, At::Att] {
        let mut case = |name: &str, change: Change| cases.push((format!("{at:?}: {name}"), at, change));
        case("nothing", Box::new(|_| {}));
        case("size + 1", add(SIZE, 1));
        case("size - 1", add(SIZE, -1));
        case("size 0", set(SIZE, json!(0)));
        case("certificate", set("/layers/0/annotations/dev.sigstore.cosign~1certificate", json!("x")));
        case("chain", set("/layers/0/annotations/dev.sigstore.cosign~1chain", json!("x")));
        case("log text", set("/layers/0/annotations/dev.sigstore.cosign~1bundle", json!("x")));
        case("log {}", set("/layers/0/annotations/dev.sigstore.cosign~1bundle", json!("{}")));
        case("log empty", set("/layers/0/annotations/dev.sigstore.cosign~1bundle", json!("")));
        case("log null", set("/layers/0/annotations/dev.sigstore.cosign~1bundle", json!("null")));
        case("timestamp", set("/layers/0/annotations/dev.sigstore.cosign~1rfc3161timestamp", json!("x")));
        case("unknown cosign annotation", set("/layers/0/annotations/dev.sigstore.cosign~1unknown", json!("x")));
        case("foreign annotation", set("/layers/0/annotations/org.example~1x", json!("x")));
        case("urls", set("/layers/0/urls", json!(["https://x.example"])));
        case("data", set("/layers/0/data", json!("eA==")));
        case("platform", set("/layers/0/platform", json!({"os": "x"})));
        case("layer artifact type", set("/layers/0/artifactType", json!("x/y")));
        case("unknown field of the layer", set("/layers/0/unknown", json!(1)));
        case("Docker's media type", set("/mediaType", json!(DOCKER)));
        case("no media type", unset("/mediaType"));
        case("artifact type", set("/artifactType", json!("application/x")));
        case("annotations", set("/annotations", json!({"a": "b"})));
        case("unknown field", set("/unknown", json!(1)));
        case(
            "subject",
            set("/subject", json!({"mediaType": MANIFEST, "size": 3, "digest": format!("sha256:{}", "1".repeat(64))})),
        );
        case("config size", add("/config/size", 1));
        case("config type", set("/config/mediaType", json!("application/vnd.docker.container.image.v1+json")));
        case("config annotations", set("/config/annotations", json!({"a": "b"})));
        case("config is the layer", Box::new(|whole| whole["config"]["digest"] = whole["layers"][0]["digest"].clone()));
        case("a foreign layer first, size + 1", copy("/layers", true, add("/size", 1)));
        case("a foreign layer last, size + 1", copy("/layers", false, add("/size", 1)));
        case("a foreign layer first, other type", copy("/layers", true, set("/mediaType", json!("application/x"))));
        case(
            "a foreign layer first, garbage certificate",
            copy(
                "/layers",
                true,
                set(
                    "/annotations",
                    json!({"dev.cosignproject.cosign/signature": "x", "dev.sigstore.cosign/certificate": "x"}),
                ),
            ),
        );
        case(
            "a foreign layer last, garbage log",
            copy(
                "/layers",
                false,
                set(
                    "/annotations",
                    json!({"dev.cosignproject.cosign/signature": "eA==", "dev.sigstore.cosign/bundle": "x"}),
                ),
            ),
        );
        case("a foreign layer without annotations", copy("/layers", true, unset("/annotations")));
        case(
            "a foreign layer of other type, size + 1",
            copy(
                "/layers",
                false,
                Box::new(|layer| {
                    layer["mediaType"] = json!("application/x");
                    layer["size"] = json!(layer["size"].as_i64().unwrap() + 1);
                }),
            ),
        );
        case("no layers", set("/layers", json!([])));
        case("size negative", set(SIZE, json!(-7)));
        case("media type null", set("/layers/0/mediaType", json!(null)));
        case("annotations null", set("/layers/0/annotations", json!(null)));
        case("layers null", set("/layers", json!(null)));
    }
    let mut case = |name: &str, at, change: Change| cases.push((format!("{at:?}: {name}"), at, change));
    let signature = "/layers/0/annotations/dev.cosignproject.cosign~1signature";
    case(
        "signature with a line end",
        At::Sig,
        Box::new(move |whole| {
            let value = whole.pointer_mut(signature).unwrap();
            *value = json!(format!("{}\n", value.as_str().unwrap()));
        }),
    );
    case(
        "signature with a space",
        At::Sig,
        Box::new(move |whole| {
            let value = whole.pointer_mut(signature).unwrap();
            *value = json!(format!(" {}", value.as_str().unwrap()));
        }),
    );
    case("signature", At::Att, set(signature, json!("x")));
    case("no signature", At::Att, unset(signature));
    case("no type", At::Att, unset("/layers/0/annotations/predicateType"));
    for number in [0, 1] {
        let mut case =
            |name: &str, change: Change| cases.push((format!("Bundle {number}: {name}"), At::Bundle(number), change));
        case("nothing", Box::new(|_| {}));
        case(
            "media type 0.3, older spelling",
            set("/mediaType", json!("application/vnd.dev.sigstore.bundle+json;version=0.3")),
        );
        case("media type 0.2", set("/mediaType", json!("application/vnd.dev.sigstore.bundle+json;version=0.2")));
        case("media type 0.1", set("/mediaType", json!("application/vnd.dev.sigstore.bundle+json;version=0.1")));
        case("media type 0.4", set("/mediaType", json!("application/vnd.dev.sigstore.bundle.v0.4+json")));
        case("media type garbage", set("/mediaType", json!("x/y")));
        case("media type empty", set("/mediaType", json!("")));
        case("no media type", unset("/mediaType"));
        case("unknown field", set("/unknown", json!(1)));
        case("unknown material", set("/verificationMaterial/unknown", json!(1)));
        case("unknown in the envelope", set("/dsseEnvelope/unknown", json!(1)));
        case("unknown in a signature", set("/dsseEnvelope/signatures/0/unknown", json!(1)));
        case("unknown in the hint", set("/verificationMaterial/publicKey/unknown", json!(1)));
        case("certificate too", set("/verificationMaterial/certificate", json!({"rawBytes": "eA=="})));
        case("chain too", set("/verificationMaterial/x509CertificateChain", json!({"certificates": []})));
        case("certificate null", set("/verificationMaterial/certificate", json!(null)));
        case("message too", set("/messageSignature", json!({"signature": "eA=="})));
        case("message null", set("/messageSignature", json!(null)));
        case("no key", unset("/verificationMaterial/publicKey"));
        case("no material", unset("/verificationMaterial"));
        case("other hint", set("/verificationMaterial/publicKey/hint", json!("x")));
        case("empty hint", set("/verificationMaterial/publicKey/hint", json!("")));
        case("no hint", unset("/verificationMaterial/publicKey/hint"));
        case("a second signature", copy("/dsseEnvelope/signatures", false, set("/sig", json!("eA=="))));
        case("a second signature first", copy("/dsseEnvelope/signatures", true, set("/sig", json!("eA=="))));
        case("the same signature twice", copy("/dsseEnvelope/signatures", false, Box::new(|_| {})));
        case("a key id", set("/dsseEnvelope/signatures/0/keyid", json!("x")));
        case("a key id null", set("/dsseEnvelope/signatures/0/keyid", json!(null)));
        case("a key id number", set("/dsseEnvelope/signatures/0/keyid", json!(1)));
        case("log null", set("/verificationMaterial/tlogEntries", json!(null)));
        case("log empty", set("/verificationMaterial/tlogEntries", json!([])));
        case("log {}", set("/verificationMaterial/tlogEntries", json!([{}])));
        case("log garbage", set("/verificationMaterial/tlogEntries", json!([{"logIndex": "x"}])));
        case("log text", set("/verificationMaterial/tlogEntries", json!("x")));
        case("timestamp null", set("/verificationMaterial/timestampVerificationData", json!(null)));
        case("timestamp {}", set("/verificationMaterial/timestampVerificationData", json!({})));
        case(
            "timestamp",
            set(
                "/verificationMaterial/timestampVerificationData",
                json!({"rfc3161Timestamps": [{"signedTimestamp": "eA=="}]}),
            ),
        );
        case(
            "snake case",
            Box::new(|whole| {
                let material = whole.as_object_mut().unwrap().remove("verificationMaterial").unwrap();
                whole["verification_material"] = material;
            }),
        );
        case(
            "url-safe base64",
            Box::new(|whole| {
                let value = &mut whole["dsseEnvelope"]["payload"];
                *value = json!(
                    base64::engine::general_purpose::URL_SAFE.encode(STANDARD.decode(value.as_str().unwrap()).unwrap())
                );
            }),
        );
        case(
            "base64 without padding",
            Box::new(|whole| {
                let value = &mut whole["dsseEnvelope"]["payload"];
                *value = json!(value.as_str().unwrap().trim_end_matches('='));
            }),
        );
        case(
            "a field twice",
            Box::new(|whole| {
                let text = whole.to_string();
                *whole = json!(text.replacen('{', "{\"mediaType\":\"x\",", 1));
            }),
        );
        case(
            "the envelope twice",
            Box::new(|whole| {
                let text = whole.to_string();
                *whole = json!(text.replacen('{', "{\"dsseEnvelope\":null,", 1));
            }),
        );
        case("a line end", Box::new(|whole| *whole = json!(format!("{whole}\n"))));
        case("something behind it", Box::new(|whole| *whole = json!(format!("{whole}x"))));
        case("a mark first", Box::new(|whole| *whole = json!(format!("\u{feff}{whole}"))));
        let mut case = |name: &str, change: Change| {
            cases.push((format!("Manifest {number}: {name}"), At::Manifest(number), change))
        };
        case("size + 1", add(SIZE, 1));
        case("size - 1", add(SIZE, -1));
        case("layer annotations", set("/layers/0/annotations", json!({"a": "b"})));
        case("layer data", set("/layers/0/data", json!("eA==")));
        case("a second layer", copy("/layers", false, Box::new(|_| {})));
        case("other layer type", set("/layers/0/mediaType", json!("application/x")));
        case("config type", set("/config/mediaType", json!("application/vnd.oci.image.config.v1+json")));
        case("config size", add("/config/size", 1));
        case("config data", set("/config/data", json!("e30=")));
        case("no annotations", unset("/annotations"));
        case("other annotations", set("/annotations/x", json!("y")));
        case("content", set("/annotations/dev.sigstore.bundle.content", json!("message-signature")));
        case("no content", unset("/annotations/dev.sigstore.bundle.content"));
        case("no type", unset("/annotations/dev.sigstore.bundle.predicateType"));
        case("subject size", add("/subject/size", 1));
        case("subject type", set("/subject/mediaType", json!("application/vnd.oci.image.index.v1+json")));
        case("Docker's media type", set("/mediaType", json!(DOCKER)));
        case("no media type", unset("/mediaType"));
        case("no artifact type", unset("/artifactType"));
        case("unknown field", set("/unknown", json!(1)));
    }
    for number in [0, 1] {
        let pointer =
            |rest: &str| -> &'static str { Box::leak(format!("/manifests/{number}/{rest}").into_boxed_str()) };
        let mut case = |name: &str, change: Change| cases.push((format!("List {number}: {name}"), At::List, change));
        case("size + 1", add(pointer("size"), 1));
        case("size 0", set(pointer("size"), json!(0)));
        case("no annotations", unset(pointer("annotations")));
        case("no predicate type", unset(pointer("annotations/dev.sigstore.bundle.predicateType")));
        case("other predicate type", set(pointer("annotations/dev.sigstore.bundle.predicateType"), json!("x")));
        case("other content", set(pointer("annotations/dev.sigstore.bundle.content"), json!("x")));
        case("other annotation", set(pointer("annotations/x"), json!("x")));
        case("platform", set(pointer("platform"), json!({"os": "x", "architecture": "y"})));
        case("no artifact type", unset(pointer("artifactType")));
        case("empty artifact type", set(pointer("artifactType"), json!("application/vnd.oci.empty.v1+json")));
        case("data", set(pointer("data"), json!("eA==")));
    }
    let mut case = |name: &str, change: Change| cases.push((format!("List: {name}"), At::List, change));
    let missing = format!("sha256:{}", "1".repeat(64));
    case("Docker's media type", set("/mediaType", json!("application/vnd.docker.distribution.manifest.list.v2+json")));
    case("subject", set("/subject", json!({"mediaType": MANIFEST, "size": 3, "digest": missing})));
    case("annotations", set("/annotations", json!({"a": "b"})));
    case("artifact type", set("/artifactType", json!("x/y")));
    case("manifests null", set("/manifests", json!(null)));
    cases
}

#[test]
fn what_is_accepted_in_both_layouts_every_reader_accepts() {
    if crate::slow::is_skipped("every form that a reader refuses") {
        return;
    }
    let Some(lab) = lab() else { return };
    let world = &lab.world;
    let image = signed(world);
    let (mut wrong, mut accepted, mut refused) = (Vec::new(), 0, 0);
    for (name, at, change) in cases() {
        let before: Vec<_> =
            [".sig", ".att", ""].map(|ending| (ending, world.raw_manifest(&tag(&image, ending)))).into();
        assert!(apply(world, &image, at, &change), "{name}: the image registry refuses it");
        if accepts(world, &image) {
            accepted += 1;
            let by = refusals(&lab, &image, at);
            if !by.is_empty() {
                wrong.push(format!("{name}: accepted, and refused by {}", by.join(" and ")));
            }
        } else {
            refused += 1;
            // A repair takes five times as long as a look.
            let is_repaired = refused % 4 == 0;
            if is_repaired {
                follow(world, &image);
            }
            if is_repaired && !accepts(world, &image) {
                let output = world.verify(&image, &["--layout", "both", "-a", "stage=release", "--type", CLAIM]);
                wrong.push(format!("{name}: refused, and not repaired: {}", world.shown(&output.stdout, &image)));
            } else if is_repaired && !refusals(&lab, &image, at).is_empty() {
                wrong.push(format!("{name}: repaired, and still refused"));
            }
        }
        for (ending, bytes) in before {
            let media_type = if ending.is_empty() { "application/vnd.oci.image.index.v1+json" } else { MANIFEST };
            assert!(world.offer_manifest(&tag(&image, ending), media_type, bytes));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A verifier that refuses everything would be as right.
    assert!(accepted > 50 && refused > 80, "{accepted} {refused}");
}

/// An image that is signed and attested in both layouts.
fn signed(world: &World) -> String {
    let image = world.image("one");
    world.sign(&image, &["-a", "stage=release"]);
    world.runner.write("claim.json", r#"{"checked": true}"#);
    world.attest(&image, &["--type", CLAIM, "--predicate", "claim.json"]);
    assert!(accepts(world, &image));
    image
}

fn accepts(world: &World, image: &str) -> bool {
    world.verify(image, &["--layout", "both", "-a", "stage=release", "--type", CLAIM]).status == 0
}

/// What somebody may write in place of a descriptor.
fn not_descriptors(good: &Value) -> Vec<Value> {
    let wrong = [("size", json!("7")), ("digest", json!(7)), ("annotations", json!({ "x": 7 }))];
    let with = |(key, value): (&str, Value)| {
        let mut other = good.clone();
        other[key] = value;
        other
    };
    wrong.into_iter().map(with).chain([json!(7)]).collect()
}

#[test]
fn descriptors_of_wrong_types_are_damaged_attachments_and_repaired() {
    // The real image registry takes none of them.
    let server = OciServer::start(Manners::default());
    let world = World::at(&server.host);
    let image = signed(&world);
    for (ending, list) in [(".sig", "layers"), (".att", "layers"), ("", "manifests")] {
        let good = world.manifest(&tag(&image, ending));
        for (number, wrong) in not_descriptors(&good[list][0]).into_iter().enumerate() {
            // Beside ours, and in its place.
            let mut bad = world.manifest(&tag(&image, ending));
            let items = bad[list].as_array_mut().unwrap();
            if number % 2 == 0 {
                items.insert(0, wrong.clone())
            } else {
                items[0] = wrong.clone()
            }
            world.put_manifest(&tag(&image, ending), &bad);
            let said = world.refused_by(&image, "damaged-attachment");
            let place =
                if number % 2 == 0 && list == "layers" { "layer 0 is not a descriptor" } else { "is not a descriptor" };
            assert!(said.contains(place), "{ending} {wrong}: {said}");
            follow(&world, &image);
            assert!(accepts(&world, &image), "{ending} {wrong}: {}", world.verified(&image, &["--layout", "both"]));
        }
    }
    for (key, value) in
        [("config", json!(7)), ("schemaVersion", json!("2")), ("annotations", json!([])), ("layers", json!(7))]
    {
        change(&world, &image, ".sig", |manifest| manifest[key] = value.clone());
        world.refused_by(&image, "damaged-attachment");
        follow(&world, &image);
        assert!(accepts(&world, &image), "{key}");
    }
}

#[test]
fn a_list_of_referrers_that_an_image_registry_makes_of_wrong_types_is_a_finding() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = signed(&world);
    server.set(|manners| {
        manners.twist = Some(Arc::new(|_, path| {
            let index =
                json!({ "schemaVersion": 2, "manifests": [{ "mediaType": MANIFEST, "digest": 7, "size": "x" }] });
            let headers = [("content-type", "application/vnd.oci.image.index.v1+json")];
            path.contains("/referrers/").then(|| reply(200, &headers, index.to_string().into_bytes()))
        }));
    });
    let found = errors(&world, &image);
    let (_, help) = found.iter().find(|(rule, _)| rule == "damaged-attachment").unwrap();
    assert_eq!(help, "the image registry makes this list itself: ask its operators");
}

#[test]
fn a_tag_of_the_list_of_referrers_that_is_none_is_a_finding_and_repaired() {
    let Some(world) = World::real() else { return };
    let image = signed(&world);
    let digest = image.rsplit_once('@').unwrap().1;
    let list: Value = world.manifest(&tag(&image, ""));
    let docker = "application/vnd.docker.distribution.manifest.list.v2+json";
    let mut of_docker = list.clone();
    of_docker["mediaType"] = json!(docker);
    let mut said = String::new();
    for wrong in [world.manifest(digest), world.manifest(&tag(&image, ".sig")), of_docker] {
        world.put_manifest(&tag(&image, ""), &wrong);
        said.push_str(&format!("{}\n", world.refused_by(&image, "damaged-attachment")));
        let refused = world.signing("sign", &image, &["-a", "stage=testing"]).run();
        assert_eq!(refused.status, 3, "{}", refused.stdout);
        assert!(refused.stderr.contains("`--replace` overwrites it"), "{}", refused.stderr);
        follow(&world, &image);
        assert!(accepts(&world, &image), "{}", world.verified(&image, &["--layout", "both"]));
    }
    insta::assert_snapshot!(said, @r"
    the tag `sha256-[HEX]` leads to `application/vnd.oci.image.manifest.v1+json`, where readers expect the list of referrers
    the tag `sha256-[HEX]` leads to `application/vnd.oci.image.manifest.v1+json`, where readers expect the list of referrers
    the tag `sha256-[HEX]` leads to `application/vnd.docker.distribution.manifest.list.v2+json`, where readers expect `application/vnd.oci.image.index.v1+json`
    ");
}
