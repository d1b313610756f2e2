//! What `verify` says to do helps: the command that it prints, run, repairs the image, and what others attached stays.

use super::tampering::{BUNDLE, OTHER, change, signed};
use super::world::{World, fixture, tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_registry::sign::payload::SIGNATURE_ANNOTATION;
use serde_json::{Value, json};

pub(super) const CLAIM: &str = "https://example.com/claim/v1";

/// The errors of `verify` at its defaults: rule and help.
pub(super) fn errors(world: &World, image: &str) -> Vec<(String, String)> {
    let output = world.verify(image, &["--format", "json"]);
    let report: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr));
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] != "note");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    findings.map(|finding| (text(finding, "rule"), text(finding, "help"))).collect()
}

/// Runs a printed command as its reader would: with a key, and the file that was attested.
fn run(world: &World, command: &str) {
    let words = command.strip_prefix("mcp-registry ").unwrap().split(' ').map(|word| match word {
        "KEY" => fixture("openssl.key"),
        "FILE" => "claim.json".to_owned(),
        "TYPE" => CLAIM.to_owned(),
        word => word.trim_matches('\'').to_owned(),
    });
    let output = world.runner.run(words.collect::<Vec<_>>());
    assert_eq!(output.status, 0, "{command}: {}", output.stderr);
}

/// Runs what one `verify` prints, one command after another, as its reader would; and again, where something was hidden behind
/// something else.
pub(super) fn follow(world: &World, image: &str) {
    for _ in 0..3 {
        let commands = |help: &str| -> Vec<String> {
            help.split('`').filter(|part| part.starts_with("mcp-registry ")).map(str::to_owned).collect()
        };
        let printed: Vec<String> = errors(world, image).iter().flat_map(|(_, help)| commands(help)).collect();
        if printed.is_empty() {
            break;
        }
        printed.iter().for_each(|command| run(world, command));
    }
}

/// Follows what is printed until nothing is wrong. The first commands, in the order of the findings.
fn repaired(world: &World, image: &str, rule: &str) -> String {
    let first = errors(world, image);
    assert!(first.iter().any(|(found, _)| found == rule), "{first:?}");
    follow(world, image);
    let output = world.verify(image, &["--layout", "both", "-a", "stage=release", "--type", CLAIM]);
    assert_eq!(output.status, 0, "{}", output.stdout);
    // And it stays so: nothing is written a second time.
    for command in ["sign", "attest"] {
        let sign = ["--replace", "-a", "stage=release"];
        let attest = ["--replace", "--type", CLAIM, "--predicate", "claim.json"];
        let more: &[&str] = if command == "sign" { &sign } else { &attest };
        let again = world.signing(command, image, more).run();
        assert!(again.stdout.contains("present, bundle present"), "{command}: {}", again.stdout);
    }
    let helps = first.iter().filter(|(found, _)| found == rule).map(|(_, help)| world.shown(help, image));
    helps.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_doubled_signature_is_repaired_by_the_printed_command() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, ".sig", |manifest| {
        let layers = manifest["layers"].as_array_mut().unwrap();
        layers.push(layers[0].clone());
    });
    insta::assert_snapshot!(repaired(&world, &image, "duplicate-layer"), @"somebody rewrote the list of signatures: `mcp-registry sign --replace --key KEY -a stage=release [HOST]/mcp/weather@sha256:[HEX]` writes it anew");
}

#[test]
fn a_doubled_attestation_is_repaired_by_the_printed_command() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, ".att", |manifest| {
        let layers = manifest["layers"].as_array_mut().unwrap();
        layers.push(layers[0].clone());
    });
    insta::assert_snapshot!(repaired(&world, &image, "duplicate-layer"), @"somebody rewrote the list of signatures: `mcp-registry attest --replace --key KEY --type https://example.com/claim/v1 --predicate FILE [HOST]/mcp/weather@sha256:[HEX]` writes it anew");
}

#[test]
fn an_attestation_under_another_type_is_repaired_by_the_printed_command() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, ".att", |manifest| {
        manifest["layers"][0]["annotations"]["predicateType"] = json!("https://slsa.dev/provenance/v1");
    });
    insta::assert_snapshot!(repaired(&world, &image, "predicate-mismatch"), @"somebody changed the list: `mcp-registry attest --replace --key KEY --type https://example.com/claim/v1 --predicate FILE [HOST]/mcp/weather@sha256:[HEX]` writes it anew");
}

#[test]
fn a_list_of_referrers_that_lies_is_repaired_by_the_printed_commands() {
    let Some((world, image)) = signed() else { return };
    // Of the signature and of the attestation: another type, another media type, another subject, none, and listed twice.
    for at in [0, 1] {
        let relisted = |key: &'static str, value: &'static str| {
            change(&world, &image, "", |index| index["manifests"][at][key] = json!(value));
        };
        relisted("artifactType", "application/vnd.example");
        repaired(&world, &image, "wrong-referrer");
        relisted("mediaType", "application/vnd.docker.distribution.manifest.v2+json");
        repaired(&world, &image, "wrong-referrer");
        change(&world, &image, "", |index| {
            let manifests = index["manifests"].as_array_mut().unwrap();
            manifests.push(manifests[at].clone());
        });
        repaired(&world, &image, "duplicate-layer");
        for subject in [Some(OTHER), None] {
            let index = world.manifest(&tag(&image, ""));
            let mut bundle = world.manifest(index["manifests"][at]["digest"].as_str().unwrap());
            match subject {
                Some(subject) => bundle["subject"]["digest"] = json!(subject),
                None => drop(bundle.as_object_mut().unwrap().remove("subject")),
            }
            relist(&world, &image, at, &bundle);
            repaired(&world, &image, "wrong-referrer");
        }
        // A bundle whose manifest calls it something else.
        let index = world.manifest(&tag(&image, ""));
        let mut bundle = world.manifest(index["manifests"][at]["digest"].as_str().unwrap());
        bundle["artifactType"] = json!("application/vnd.example");
        relist(&world, &image, at, &bundle);
        repaired(&world, &image, "wrong-referrer");
        assert_eq!(world.manifest(&tag(&image, ""))["manifests"].as_array().unwrap().len(), 2);
    }
}

/// Has the list of referrers name another manifest in one place.
fn relist(world: &World, image: &str, at: usize, manifest: &Value) {
    let digest = world.put_manifest("", manifest);
    change(world, image, "", |index| {
        index["manifests"][at]["digest"] = json!(digest);
        index["manifests"][at]["size"] = json!(serde_json::to_vec(manifest).unwrap().len());
    });
}

#[test]
fn what_the_image_registry_lost_or_changed_is_repaired_by_the_printed_commands() {
    for bytes in [None, Some(&b"{}"[..]), Some(&[b' '; 100_000][..])] {
        let Some((world, image)) = signed() else { return };
        let of =
            |ending: &str| world.manifest(&tag(&image, ending))["layers"][0]["digest"].as_str().unwrap().to_owned();
        for ending in [".sig", ".att"] {
            world.damage(&of(ending), bytes);
            repaired(&world, &image, "damaged-attachment");
        }
        for at in [0, 1] {
            let index = world.manifest(&tag(&image, ""));
            let digest = index["manifests"][at]["digest"].as_str().unwrap();
            let layer = world.manifest(digest)["layers"][0]["digest"].as_str().unwrap().to_owned();
            world.damage(&layer, bytes);
            repaired(&world, &image, "damaged-attachment");
        }
        for at in [0, 1] {
            let index = world.manifest(&tag(&image, ""));
            // A manifest that it changed it does not send at all.
            world.damage(index["manifests"][at]["digest"].as_str().unwrap(), None);
            repaired(&world, &image, "damaged-attachment");
        }
    }
}

#[test]
fn tags_that_lead_to_no_signatures_are_repaired_by_the_printed_commands() {
    let Some((world, image)) = signed() else { return };
    for ending in [".sig", ".att"] {
        let index = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [],
        });
        world.put_manifest(&tag(&image, ending), &index);
        let sign = ["-a", "stage=release"];
        let attest = ["--type", CLAIM, "--predicate", "claim.json"];
        let (command, more): (&str, &[&str]) = if ending == ".sig" { ("sign", &sign) } else { ("attest", &attest) };
        let refused = world.signing(command, &image, more).run();
        assert_eq!(refused.status, 3, "{}", refused.stdout);
        assert!(refused.stderr.contains("`--replace` overwrites it"), "{}", refused.stderr);
        repaired(&world, &image, "damaged-attachment");
    }
}

#[test]
fn layouts_that_disagree_are_repaired_by_the_printed_commands() {
    let Some((world, image)) = signed() else { return };
    // What we signed, changed: it is by none of our keys any more.
    for ending in [".sig", ".att"] {
        let before = world.manifest(&tag(&image, ending));
        let mut bytes = world.blob(before["layers"][0]["digest"].as_str().unwrap());
        bytes.truncate(bytes.len() / 2);
        let cut = world.put_blob(before["layers"][0]["mediaType"].as_str().unwrap(), bytes);
        change(&world, &image, ending, |manifest| {
            manifest["layers"][0]["digest"] = json!(cut.digest);
            manifest["layers"][0]["size"] = json!(cut.size);
        });
        repaired(&world, &image, "layouts-disagree");
    }
}

#[test]
fn a_repair_never_takes_away_what_others_signed() {
    let Some((world, image)) = signed() else { return };
    let other = fixture("cosign-2.key");
    let by_other = |command: &str, more: &[&str]| {
        let arguments = [&[command, "--key", &other, &image], more].concat();
        let output = world.runner.command(arguments).env("COSIGN_PASSWORD", "pw").run();
        assert_eq!(output.status, 0, "{}", output.stderr);
    };
    by_other("sign", &["-a", "stage=release"]);
    by_other("attest", &["--type", CLAIM, "--predicate", "claim.json"]);
    let valid = || {
        let key = fixture("cosign-2.pub");
        let output = world.runner.run(["verify", "--key", &key, "--layout", "both", "--type", CLAIM, &image]);
        assert_eq!(output.status, 0, "{}", output.stdout);
    };
    valid();
    // A layer that nobody knows, too.
    change(&world, &image, ".sig", |manifest| {
        let layers = manifest["layers"].as_array_mut().unwrap();
        let mut foreign = layers[0].clone();
        foreign["annotations"][SIGNATURE_ANNOTATION] = json!(STANDARD.encode("nothing"));
        layers.insert(0, foreign);
        layers.push(layers[1].clone());
    });
    repaired(&world, &image, "duplicate-layer");
    valid();
    assert_eq!(world.manifest(&tag(&image, ".sig"))["layers"].as_array().unwrap().len(), 3);
    // Both signed the same payload, which the registry loses: it is given back to both.
    let payload = world.manifest(&tag(&image, ".sig"))["layers"][1]["digest"].as_str().unwrap().to_owned();
    world.damage(&payload, None);
    repaired(&world, &image, "damaged-attachment");
    valid();
    // Claims of this type by this key only, and signatures by this key only.
    world.runner.write("claim.json", r#"{"checked": false}"#);
    world.attest(&image, &["--replace", "--type", CLAIM, "--predicate", "claim.json"]);
    world.sign(&image, &["--replace"]);
    valid();
}

#[test]
fn what_nobody_could_read_is_taken_out_and_said() {
    let Some((world, image)) = signed() else { return };
    let layer = world.manifest(&tag(&image, ".sig"))["layers"][0]["digest"].as_str().unwrap().to_owned();
    world.damage(&layer, Some(b"{}"));
    let output = world.sign(&image, &["--replace", "-a", "stage=release"]);
    insta::assert_snapshot!(world.shown(&format!("{}{}", output.stdout, output.stderr), &image), @r"
    [HOST]/mcp/weather@sha256:[HEX]  tag .sig written, bundle present
    repaired [HOST]/mcp/weather@sha256:[HEX]: layer 0 of `sha256-[HEX].sig`: [HOST] answered with other content than sha256:[RANDOM]: what it sent is sha256:[RANDOM]
    not logged in a transparency log: verify with `cosign verify --insecure-ignore-tlog`
    ");
    assert_eq!(world.manifest(&tag(&image, ".sig"))["layers"].as_array().unwrap().len(), 1);
}

#[test]
fn what_others_list_without_it_being_about_the_image_is_a_note() {
    let Some((world, image)) = signed() else { return };
    let index = world.manifest(&tag(&image, ""));
    let mut other = world.manifest(index["manifests"][0]["digest"].as_str().unwrap());
    let blob = world.put_blob("application/json", b"[1]".to_vec());
    other["artifactType"] = json!("application/vnd.example.sbom");
    other["layers"] = json!([blob]);
    let about = other.clone();
    let list = |manifest: &Value, artifact_type: &str, times: usize| {
        let digest = world.put_manifest("", manifest);
        change(&world, &image, "", |list| {
            let mut entry = index["manifests"][0].clone();
            entry["digest"] = json!(digest);
            entry["size"] = json!(serde_json::to_vec(manifest).unwrap().len());
            entry["artifactType"] = json!(artifact_type);
            let mut all = index["manifests"].as_array().unwrap().clone();
            all.extend(vec![entry; times]);
            list["manifests"] = json!(all);
        });
        let output = world.verify(&image, &["--layout", "both", "--format", "json"]);
        assert_eq!(output.status, 0, "{}", output.stdout);
        let report: Value = serde_json::from_str(&output.stdout).unwrap();
        let line = |finding: &Value| {
            format!("{}: {}\n", finding["rule"].as_str().unwrap(), finding["message"].as_str().unwrap())
        };
        let lines: String = report["findings"].as_array().unwrap().iter().map(line).collect();
        world.shown(&lines, &image)
    };
    assert_eq!(
        list(&about, "application/vnd.example.sbom", 1),
        "",
        "a bill of materials about the image is nothing odd"
    );
    other["subject"]["digest"] = json!(OTHER);
    let mut lines = list(&other, "application/vnd.example.sbom", 1);
    other.as_object_mut().unwrap().remove("subject");
    lines.push_str(&list(&other, "application/vnd.example.sbom", 1));
    lines.push_str(&list(&about, "application/vnd.example.sbom", 2));
    lines.push_str(&list(&about, BUNDLE, 1));
    insta::assert_snapshot!(lines, @r"
    unrelated-referrer: the referrer sha256:[RANDOM] is listed for this image, and refers to sha256:[RANDOM]
    unrelated-referrer: the referrer sha256:[RANDOM] is listed for this image, and refers to nothing
    unrelated-referrer: the referrer sha256:[RANDOM] is listed twice
    unrelated-referrer: the referrer sha256:[RANDOM] is listed as a bundle, and is `application/vnd.example.sbom`
    ");
}

/// The layers of the tag `.sig`.
fn layers(world: &World, image: &str) -> usize {
    world.manifest(&tag(image, ".sig"))["layers"].as_array().unwrap().len()
}

#[test]
fn a_repair_keeps_every_set_of_annotations_and_name() {
    let Some((world, image)) = signed() else { return };
    world.sign(&image, &["-a", "stage=testing"]);
    world.sign(&image, &["-a", "stage=release", "--identity", "registry.example/weather:1"]);
    change(&world, &image, ".sig", |manifest| {
        let layers = manifest["layers"].as_array_mut().unwrap();
        layers.push(layers[0].clone());
    });
    let found = errors(&world, &image);
    let [(rule, help)] = found.as_slice() else { panic!("{found:?}") };
    insta::assert_snapshot!(world.shown(&format!("{rule}: {help}"), &image), @"duplicate-layer: somebody rewrote the list of signatures: `mcp-registry sign --replace --key KEY -a stage=release [HOST]/mcp/weather@sha256:[HEX]`, then `mcp-registry sign --key KEY -a stage=testing [HOST]/mcp/weather@sha256:[HEX]`, then `mcp-registry sign --key KEY -a stage=release --identity registry.example/weather:1 [HOST]/mcp/weather@sha256:[HEX]`, write it anew");
    follow(&world, &image);
    assert_eq!(errors(&world, &image), []);
    assert_eq!(layers(&world, &image), 3);
    for stage in ["stage=release", "stage=testing"] {
        assert_eq!(world.verify(&image, &["--layout", "both", "-a", stage]).status, 0, "{stage}");
    }
    // Whoever replaces by hand is told what is gone.
    let output = world.sign(&image, &["--replace", "-a", "stage=release"]);
    insta::assert_snapshot!(world.shown(&format!("{}{}", output.stdout, output.stderr), &image), @r"
        [HOST]/mcp/weather@sha256:[HEX]  tag .sig written, bundle written, 2 replaced
        [HOST]/mcp/weather@sha256:[HEX]: the signature with `stage=release` and `--identity registry.example/weather:1` was replaced, too: sign again with that to have it back
        [HOST]/mcp/weather@sha256:[HEX]: the signature with `stage=testing` was replaced, too: sign again with that to have it back
        not logged in a transparency log: verify with `cosign verify --insecure-ignore-tlog`
        ");
    assert_eq!(layers(&world, &image), 1);
}

#[test]
fn a_layout_that_is_missing_beside_damage_is_repaired_without_another_layer() {
    let Some((world, image)) = signed() else { return };
    change(&world, &image, ".sig", |manifest| manifest["layers"][0]["size"] = json!(10));
    let found = errors(&world, &image);
    let rules: Vec<&str> = found.iter().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(rules, ["damaged-attachment", "single-layout"]);
    assert_eq!(
        repaired(&world, &image, "single-layout"),
        "`mcp-registry sign --replace --key KEY -a stage=release [HOST]/mcp/weather@sha256:[HEX]` writes it anew"
    );
    assert_eq!(layers(&world, &image), 1);
    // Without damage, it is only completed.
    change(&world, &image, "", |index| drop(index["manifests"].as_array_mut().unwrap().drain(..)));
    assert_eq!(
        repaired(&world, &image, "single-layout"),
        "`mcp-registry attest --key KEY --type https://example.com/claim/v1 --predicate FILE [HOST]/mcp/weather@sha256:[HEX]` writes what is missing\n\
         `mcp-registry sign --key KEY -a stage=release [HOST]/mcp/weather@sha256:[HEX]` writes what is missing"
    );
    assert_eq!(layers(&world, &image), 1);
}
