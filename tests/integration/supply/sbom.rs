//! Bills of materials that others' programs make: `syft` itself, and images of our own that follow BuildKit's protocol.

use super::tools::Readers;
use super::world::{World, fixture, tag};
use crate::build::lab::Lab;
use crate::image_registry::ImageRegistry;
use crate::runner::Output;
use crate::scan::boxed::{Played, containers};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The claim of the only layer of the tag `.att`.
fn claims(world: &World, image: &str) -> Vec<Value> {
    let manifest = world.manifest(&tag(image, ".att"));
    let layers = manifest["layers"].as_array().unwrap().iter();
    layers
        .map(|layer| {
            let envelope: Value = serde_json::from_slice(&world.blob(layer["digest"].as_str().unwrap())).unwrap();
            serde_json::from_slice(&STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()).unwrap()
        })
        .collect()
}

#[test]
fn syft_makes_a_real_sbom_of_a_built_image_which_cosign_finds() {
    let Some(readers) = Readers::find() else { return };
    let Some((lab, images)) = Lab::new().zip(ImageRegistry::start()) else { return };
    // What a Debian image has: the list of its packages, and what it is. And a package of npm in a layer of its own.
    for file in ["/etc/os-release", "/var/lib/dpkg/status"] {
        lab.write(&format!("rootfs{file}"), std::fs::read(file).unwrap());
    }
    let package = r#"{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}"#;
    lab.write("node_modules/left-pad/package.json", package);
    lab.write("Dockerfile", "FROM scratch\nCOPY rootfs /\nCOPY node_modules /app/node_modules\n");
    lab.entry("weather", "");
    let built = lab.run(&["build", "weather", "--image-registry", &images.host, "--push"]);
    assert_eq!(built.status, 0, "{}", built.stderr);
    let image = built.stdout.trim_end().to_owned();

    let home = lab.registry.home();
    let key = fixture("openssl.key");
    let attest = |kind: &str, more: &[&str]| {
        let arguments = [&["attest", "--key", &key, "--sbom-generator", "syft", "--type", kind, &image], more].concat();
        let path = format!("{}:/usr/bin:/bin", readers.folder().display());
        lab.command(&arguments).env("PATH", path).run()
    };
    for kind in ["spdxjson", "cyclonedx"] {
        let output = attest(kind, &[]);
        assert_eq!(output.status, 0, "{}", output.stderr);
        assert!(output.stdout.contains("tag .att written, bundle written"), "{}", output.stdout);
        for version in [2, 3] {
            let arguments = [
                "verify-attestation",
                "--key",
                &fixture("openssl.pub"),
                "--type",
                kind,
                "--insecure-ignore-tlog",
                &image,
            ];
            let found = readers.run(&format!("cosign-{version}"), &home, &arguments);
            assert!(found.status.success(), "cosign {version}: {}", String::from_utf8_lossy(&found.stderr));
            let envelope: Value =
                serde_json::from_slice(found.stdout.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
            let statement = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
            let statement: Value = serde_json::from_slice(&statement).unwrap();
            let list = if kind == "cyclonedx" { "components" } else { "packages" };
            let packages = statement["predicate"][list].as_array().unwrap();
            let has = |name: &str| packages.iter().any(|package| package["name"] == name);
            println!("cosign {version}: {kind} with {} packages", packages.len());
            assert!(packages.len() > 50 && has("libc6") && has("left-pad"), "{kind}: {} packages", packages.len());
        }
        // A second run would say another time, and says nothing.
        let again = attest(kind, &[]);
        assert_eq!(again.status, 0, "{}", again.stderr);
        assert!(again.stdout.contains("tag .att present, bundle present"), "{}", again.stdout);
        assert!(again.stderr.contains("`--replace` makes another"), "{}", again.stderr);
    }
    let replaced = attest("spdxjson", &["--replace"]);
    assert!(replaced.stdout.contains("1 replaced"), "{}{}", replaced.stdout, replaced.stderr);
    lab.check_temporary();
}

/// A generator as BuildKit has them, which also says what it sees.
const GENERATOR: &str = r#"
    name=$(/bin/busybox basename $BUILDKIT_SCAN_SOURCE)
    seen="$(cd $BUILDKIT_SCAN_SOURCE; /bin/busybox find . | /bin/busybox sort | /bin/busybox tr '\n' ' ')"
    seen="$seen network $(/bin/busybox ls /sys/class/net | /bin/busybox tr '\n' ' ')"
    seen="$seen extras $(/bin/busybox ls $BUILDKIT_SCAN_SOURCE_EXTRAS 2>/dev/null)"
    echo working
    /bin/busybox cat > $BUILDKIT_SCAN_DESTINATION/$name.spdx.json <<END
{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document", "subject": [], "predicate":
 {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "documentNamespace": "https://example.com/x", "comment": "$seen"}}
END
"#;

fn attest(world: &World, generator: &str, image: &str, more: &[&str]) -> Output {
    world.signing("attest", image, &[&["--sbom-generator", generator], more].concat()).run()
}

#[test]
fn an_image_follows_the_protocol_of_buildkit_in_the_sandbox() {
    let Some((world, tool)) = World::real().zip(Played::new(GENERATOR)) else { return };
    let image = world.image("one");
    let output = attest(&world, &tool.name, &image, &[]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let claims = claims(&world, &image);
    assert_eq!(claims[0]["predicateType"], "https://spdx.dev/Document");
    let hex = image.rsplit_once(':').unwrap().1;
    assert_eq!(claims[0]["subject"][0]["digest"]["sha256"], hex);
    insta::assert_snapshot!(claims[0]["predicate"]["comment"].as_str().unwrap(), @". ./hello  network lo  extras");
    assert_eq!(containers(&tool.name), 0);
    assert_eq!(world.verify(&image, &["--type", "spdxjson"]).status, 1, "attested, and not signed");
}

#[test]
fn a_generator_that_misbehaves_attests_nothing() {
    let Some(world) = World::real() else { return };
    let image = world.image("one");
    let mut said = String::new();
    let destination = "$BUILDKIT_SCAN_DESTINATION";
    for (what, script, more) in [
        ("fails", "echo broken >&2; exit 3".to_owned(), &[][..]),
        ("writes nothing", "exit 0".to_owned(), &[]),
        ("writes something else", format!("echo '{{}}' > {destination}/rootfs.spdx.json"), &[]),
        (
            "writes a link to what is not its own",
            format!("/bin/busybox ln -s /proc/self/environ {destination}/rootfs.spdx.json"),
            &[],
        ),
        (
            "writes too much",
            format!("/bin/busybox dd if=/dev/zero of={destination}/rootfs.spdx.json bs=1M count=40"),
            &[],
        ),
        ("sleeps for ever", "/bin/busybox sleep 1000".to_owned(), &["--generator-timeout", "3s"]),
        (
            "claims another type",
            format!(
                "echo '{{\"predicateType\": \"https://slsa.dev/provenance/v1\", \"predicate\": {{}}}}' > {destination}/rootfs.spdx.json"
            ),
            &[],
        ),
    ] {
        let Some(tool) = Played::new(&script) else { return };
        let output = attest(&world, &tool.name, &image, more);
        assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{what}: {}", output.stderr);
        let because = output.stderr.lines().filter(|line| line.contains("because") || line.contains("  | "));
        said.push_str(&format!("{what}:\n{}\n", because.collect::<Vec<_>>().join("\n")));
        assert_eq!(containers(&tool.name), 0, "{what}");
    }
    insta::assert_snapshot!(said, @r"
    fails:
      because: it ended with status 3
      | broken
    writes nothing:
      because: what it made cannot be used: it wrote no file `*.spdx.json`
    writes something else:
      because: what it made cannot be used: it is neither SPDX (`spdxVersion`) nor CycloneDX (`bomFormat`)
    writes a link to what is not its own:
      because: what it made cannot be used: it wrote no file `*.spdx.json`
    writes too much:
      because: it wrote more than it may
      | 40+0 records in
      | 40+0 records out
    sleeps for ever:
      because: it did not end in its time
    claims another type:
      because: what it made cannot be used: it is a statement of the type `https://slsa.dev/provenance/v1`
    ");
    assert_eq!(world.verified(&image, &["--type", "spdxjson"]).lines().next(), Some("status 1"));
}

#[test]
fn options_of_generators_that_make_no_sense_are_refused() {
    let runner = crate::runner::Runner::new();
    let key = fixture("openssl.key");
    let image = format!("127.0.0.1:1/x@sha256:{}", "a".repeat(64));
    runner.write("digests.json", "{}");
    for wrong in [
        &["--sbom-generator", "syft", "--type", "review", &image][..],
        &["--sbom-generator", "scanner", "--type", "cyclonedx", &image],
        &["--sbom-generator", "UPPER", &image],
        &["--sbom-generator", "syft", "--sbom", "x", &image],
        &["--sbom-generator", "syft"],
        &["--sbom-generator", "syft", "--digests", "digests.json", &image],
        &["--records", "r", &image],
        &["--platform", "linux/amd64", "--sbom", "x", &image],
    ] {
        let output = runner.run([&["attest", "--key", &key], wrong].concat());
        assert_eq!(output.status, 2, "{wrong:?}: {}", output.stderr);
    }
}
