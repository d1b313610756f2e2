//! What `generate-key-pair`, `sign`, `attest`, `verify` and `build` refuse of a command line, and files that are not files.

use super::oci_server::{Manners, OciServer};
use super::world::{COMMIT, World, fixture};
use crate::runner::Runner;

fn image() -> String {
    format!("127.0.0.1:1/mcp/weather@sha256:{}", "a".repeat(64))
}

#[test]
fn a_file_that_is_not_a_regular_file_is_refused_and_not_waited_for() {
    let runner = Runner::new();
    runner.write("servers/weather/server.yaml", "name: weather\nimage: mcp/weather\ntype: server\n");
    let made = std::process::Command::new("mkfifo").arg(runner.root().join("pipe")).status().unwrap();
    assert!(made.success());
    let (image, private, public) = (image(), fixture("openssl.key"), fixture("openssl.pub"));
    for arguments in [
        &["sign", "--key", "pipe", &image][..],
        &["sign", "--key", &private, "--digests", "pipe"],
        &["attest", "--key", &private, "--sbom", "pipe", &image],
        &["attest", "--key", &private, "--record", "pipe", &image],
        &["attest", "--key", &private, "--review", "pipe", &image],
        &["attest", "--key", &private, "--type", "https://example.com/x", "--predicate", "pipe", &image],
        &["attest", "--key", &private, "--digests", "pipe", "--records", "."],
        &["verify", "--key", "pipe", &image],
        &["verify", "--key", &public, "--rekor-key", "pipe", &image],
        &["verify", "--key", &public, "--digests", "pipe"],
        &["scan", "--scanner", "report.json", "--digests", "pipe"],
        &["scan", "--scanner", "pipe", &image],
        &["validate", "--policy", "pipe"],
        &["update-pins", "--dry-run", "--state", "pipe"],
        &["update-pins", "--apply", "pipe"],
    ] {
        let output = runner.run(arguments);
        assert_eq!(output.status, 2, "{arguments:?}: {}", output.stderr);
        let said = ["not a regular file", "is not a file", "neither a file nor a folder"];
        assert!(said.iter().any(|said| output.stderr.contains(said)), "{arguments:?}: {}", output.stderr);
    }
    let output = runner.command(["sign", "--key", &private, &image]).env("SSL_CERT_FILE", "pipe").run();
    assert_eq!(output.status, 2, "{}", output.stderr);
    insta::assert_snapshot!(runner.run(["sign", "--key", "pipe", &image]).stderr, @r"
    error: cannot read the key of `pipe`
      because: it is not a regular file
      hint: `--key -` reads it from standard input
    ");
}

#[test]
fn what_a_command_line_gets_wrong_is_wrong_usage() {
    let runner = Runner::new();
    let (image, private, public) = (image(), fixture("openssl.key"), fixture("openssl.pub"));
    let mut said = String::new();
    for arguments in [
        &["sign", "--key", &private, "--digests", "nofile"][..],
        &["attest", "--key", &private, "--digests", "nofile", "--records", "."],
        &["verify", "--key", &public, "--digests", "nofile"],
        &["scan", "--scanner", "report.json", "--digests", "nofile"],
        &["sign", "--key", &private, "--rekor-url", "ftp://rekor.example", &image],
        &["sign", "--key", &private, "--rekor-url", "http://rekor.example", &image],
        &["sign", "--key", &private, "--rekor-url", "rekor.example", &image],
        &["generate-key-pair", "--output", "keys.json"],
        &["generate-key-pair", "--format", "json"],
        &["sign", "--key", &private],
        &["build"],
    ] {
        let output = runner.command(arguments).env("COSIGN_PASSWORD", "").run();
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{arguments:?}: {}", output.stderr);
        let lines = output.stderr.lines().filter(|line| !line.is_empty() && !line.starts_with("For more"));
        said.extend(lines.map(|line| format!("{line}\n")));
    }
    insta::assert_snapshot!(said, @r"
    error: cannot read `--digests nofile`
      because: No such file or directory (os error 2)
    error: cannot read `--digests nofile`
      because: No such file or directory (os error 2)
    error: cannot read `--digests nofile`
      because: No such file or directory (os error 2)
    error: cannot read `--digests nofile`
      because: No such file or directory (os error 2)
    error: invalid value 'ftp://rekor.example' for '--rekor-url <URL>': write it as https://HOST; http is for this machine only
    error: invalid value 'http://rekor.example' for '--rekor-url <URL>': write it as https://HOST; http is for this machine only
    error: invalid value 'rekor.example' for '--rekor-url <URL>': write it as https://HOST; http is for this machine only
    error: the result of `generate-key-pair` is two files: it has no `--output` and no `--format`
      hint: `--output-key-prefix PREFIX` says what they are called: PREFIX.key and PREFIX.pub
    error: the result of `generate-key-pair` is two files: it has no `--output` and no `--format`
      hint: `--output-key-prefix PREFIX` says what they are called: PREFIX.key and PREFIX.pub
    error: the following required arguments were not provided:
      <IMAGE@DIGEST|--digests <FILE>>
    Usage: mcp-registry sign --key <FILE> <IMAGE@DIGEST|--digests <FILE>>
    error: the following required arguments were not provided:
      <NAME|--diff <RANGE>>
    Usage: mcp-registry build <NAME|--diff <RANGE>>
    ");
    assert!(std::fs::read_dir(runner.root()).unwrap().next().is_none(), "nothing was written");
}

#[test]
fn an_image_that_was_built_for_another_image_registry_has_the_pin_of_its_entry() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    world.sign(&image, &[]);
    let entry = |name: &str, image: &str, commit: &str| {
        let text = format!(
            "name: {name}\nimage: {image}\ntype: server\nsource:\n  project: https://github.com/example/s\n  commit: {commit}\n"
        );
        world.runner.write(format!("servers/{name}/server.yaml"), text);
    };
    entry("other", "mcp/other", COMMIT);
    insta::assert_snapshot!(world.verified(&image, &[]), @r"
    status 0
    [HOST]/mcp/weather@sha256:[HEX]  signed (tag .sig and bundle)
    the registry has no entry with the image [HOST]/mcp/weather@sha256:[HEX]: it has no pin to compare
    ");
    entry("weather", "mcp/weather", COMMIT);
    insta::assert_snapshot!(world.verified(&image, &[]), @r"
    status 0
    [HOST]/mcp/weather@sha256:[HEX]  signed (tag .sig and bundle)
    [HOST]/mcp/weather@sha256:[HEX] is compared with the entry `weather`, whose image it is elsewhere
    ");
    entry("weather", "mcp/weather", &"1".repeat(40));
    assert!(world.refused_by(&image, "commit-mismatch").contains("the pin is 1111"));
    // What names it is meant, and not what only ends like it.
    entry("named", &world.name, COMMIT);
    assert_eq!(world.verify(&image, &[]).status, 0);
}

#[test]
fn an_image_that_cannot_be_verified_is_said_to_be_tried_again_only_where_that_may_help() {
    let server = OciServer::start(Manners::default());
    let world = World::at(&server.host);
    let missing = format!("{}@sha256:{}", world.name, "0".repeat(64));
    assert!(world.verified(&missing, &[]).contains("help: push the image, or name one that is there"));
    let away = world.verified(&image(), &[]);
    assert!(away.contains("help: run it again: what cannot be reached is never a pass"), "{away}");
    server.set(|manners| manners.basic = Some("secret".into()));
    let refused = world.verified(&missing, &[]);
    assert!(refused.contains("help: log in with `docker login`"), "{refused}");
}

#[test]
fn an_annotation_with_characters_that_nobody_sees_is_refused() {
    let runner = Runner::new();
    let (image, private, public) = (image(), fixture("openssl.key"), fixture("openssl.pub"));
    let mut said = String::new();
    for annotation in [
        "stage=release\n",
        "stage\t=release",
        "stage=\u{1b}[2Jrelease",
        "stage=rel\u{202e}ease",
        "stage=rel\u{200b}ease",
    ] {
        for (command, key) in [("sign", &private), ("verify", &public)] {
            let output = runner.run([command, "--key", key, "-a", annotation, &image]);
            assert_eq!(output.status, 2, "{annotation:?}: {}", output.stderr);
            said.push_str(if command == "sign" { &output.stderr } else { "" });
        }
    }
    insta::assert_snapshot!(said, @r"
        error: the value of the annotation `stage=release\n` has a line end or another character that nobody sees
          hint: type it again, and do not paste it
        error: the key of the annotation `stage\t=release` has a line end or another character that nobody sees
          hint: type it again, and do not paste it
        error: the value of the annotation `stage=\u{1b}[2Jrelease` has a line end or another character that nobody sees
          hint: type it again, and do not paste it
        error: the value of the annotation `stage=rel\u{202e}ease` has a line end or another character that nobody sees
          hint: type it again, and do not paste it
        error: the value of the annotation `stage=rel\u{200b}ease` has a line end or another character that nobody sees
          hint: type it again, and do not paste it
        ");
}
