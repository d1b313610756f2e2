#![allow(clippy::unwrap_used)]
use super::check;
use crate::build::{Builder, Leniency, Limits, Options, context::Context};
use crate::ids::Digest;

fn options() -> Options {
    Options {
        builder: Builder::BuildKit,
        network: true,
        no_cache: false,
        pull: false,
        platform: None,
        arguments: [("GIVEN".to_owned(), "http://x".to_owned())].into(),
        allow_syntax: false,
        allow_remote_add: false,
        allow_onbuild: false,
        leniency: Leniency::default(),
        limits: Limits::default(),
        server_name: None,
        license: None,
        log_file: None,
        base_logins: Vec::new(),
    }
}

fn refused_for(text: &str, options: &Options, target: Option<&str>, engine: u32) -> Vec<String> {
    let context = Context {
        path: "/context".into(),
        digest: Digest::parse(&format!("sha256:{}", "0".repeat(64))).unwrap(),
        files: 1,
        bytes: 1,
        ignored: 0,
        dockerfile: "Dockerfile".to_owned(),
        dockerfile_text: text.as_bytes().to_vec(),
        tree: "0".repeat(40),
        committed: 0,
    };
    check("x", &context, options, target, engine).map_or_else(|error| error.causes, |()| Vec::new())
}

fn refused(text: &str) -> String {
    refused_for(text, &options(), None, 23).join("\n")
}

#[test]
fn another_syntax_is_refused_unless_it_is_allowed() {
    let said =
        "Dockerfile:1: `evil/x` would read this file in place of Docker's own frontend; `--allow-syntax` allows that";
    assert_eq!(refused("# syntax=evil/x\nFROM scratch"), said);
    assert_eq!(refused("// syntax = evil/x\nFROM scratch"), said);
    assert_eq!(
        refused("#!/x\n{\"x\": \"\\ud800\", \"syntax\": \"evil/x\"}"),
        "Dockerfile:2: this begins as a JSON object and cannot be read as one: what a builder makes of it, a frontend in place of \
         Docker's own say, is not known; `--allow-syntax` allows that"
    );
    let pinned = format!("docker.io/docker/dockerfile:1@sha256:{}", "0".repeat(64));
    let candidate = "docker/dockerfile:1.7.0-rc1-labs";
    for known in ["docker/dockerfile:1", "docker/dockerfile:1.7-labs", "docker/dockerfile:1-labs", candidate, &pinned] {
        assert_eq!(refused(&format!("# syntax={known}\nFROM scratch")), "");
    }
    for other in
        ["docker/dockerfile-upstream:1", "docker/dockerfile", "docker/dockerfile:10", "evil.io/docker/dockerfile:1"]
    {
        assert_ne!(refused(&format!("# syntax={other}\nFROM scratch")), "", "{other}");
    }
    for tag in [
        "1evil",
        "1-evil",
        "1.evil",
        "1.",
        "1-",
        "1.7-labs-evil",
        "1.7.0.1",
        "1-rc",
        "1-rc1-evil",
        "01",
        "latest",
        "1_labs",
    ] {
        let said = format!("`docker/dockerfile:{tag}` would read this file in place of Docker's own frontend");
        assert!(refused(&format!("# syntax=docker/dockerfile:{tag}\nFROM scratch")).contains(&said), "{tag}");
    }
    let allowed = Options { allow_syntax: true, ..options() };
    assert!(refused_for("# syntax=evil/x\nFROM scratch", &allowed, None, 23).is_empty());
}

#[test]
fn no_build_gets_the_hosts_network_or_more_privileges() {
    insta::assert_snapshot!(
        refused("FROM x\nRUN --network=host a\nRUN --network=default b\nRUN --security=insecure c\nONBUILD RUN --network=host d"),
        @r"
    Dockerfile:2: `RUN --network=host`: a build never gets the host's network
    Dockerfile:4: `RUN --security`: a build never gets more privileges
    Dockerfile:5: `RUN --network=host`: a build never gets the host's network
    "
    );
    let offline = Options { network: false, allow_remote_add: true, ..options() };
    insta::assert_snapshot!(
        refused_for("FROM x\nRUN --network=default b\nADD https://a/b /\nRUN --network=none c", &offline, None, 23).join("\n"),
        @r"
    Dockerfile:2: `RUN --network=default` asks for a network, and `--network none` gives none
    Dockerfile:3: `ADD https://a/b` may download, which `--network none` does not allow
    "
    );
}

#[test]
fn an_add_that_may_download_is_refused() {
    for remote in [
        "ADD http://169.254.169.254/latest /x",
        "ADD --chown=0 a HTTPS://b /x",
        "ADD [\"a\", \"https://b\", \"/x\"]",
        "ADD ht\"tp://\"x /x",
        "ADD git@host:a/b /x",
        "ADD $UNKNOWN /x",
        "ADD ${GIVEN} /x",
        "ARG U=http\nADD ${U}:\"//x\" /x",
        "ONBUILD ADD http://x /x",
    ] {
        assert!(refused(&format!("FROM x\n{remote}")).contains("--allow-remote-add"), "{remote}");
    }
    for local in ["ADD a b /x", "ARG JAR=target/*.jar\nADD ${JAR} app.jar", "COPY $UNKNOWN /x", "ADD a http://x", "ADD"]
    {
        assert_eq!(refused(&format!("FROM x\n{local}")), "", "{local}");
    }
    let allowed = Options { allow_remote_add: true, ..options() };
    assert!(refused_for("FROM x\nADD https://b /x", &allowed, None, 23).is_empty());
}

#[test]
fn the_classic_builder_adds_nothing_that_a_base_image_may_name() {
    let classic = Options { builder: Builder::Classic, ..options() };
    for source in ["$Z", "${Z}", "a $Z"] {
        let text = format!("FROM base\nARG Z=busybox\nADD {source} /x");
        assert_eq!(
            refused_for(&text, &classic, None, 20).join("\n"),
            "Dockerfile:3: a variable in `ADD` needs BuildKit: use `--builder buildkit`",
            "{source}"
        );
    }
}

#[test]
fn what_the_classic_builder_does_not_know_is_refused_with_its_line() {
    let classic = Options { builder: Builder::Classic, ..options() };
    let text = "# syntax=docker/dockerfile:1\nFROM --platform=$BUILDPLATFORM x\nARG TARGETARCH\nRUN --mount=type=cache,target=/x a\n\
                COPY --link --chmod=755 a b\nCOPY --chown=1 --from=x a b\nRUN <<EOF\nEOF\nHEALTHCHECK --interval=1s CMD x";
    insta::assert_snapshot!(refused_for(text, &classic, None, 20).join("\n"), @r"
    Dockerfile:1: a `# syntax` line needs BuildKit: use `--builder buildkit`
    Dockerfile:2: `BUILDPLATFORM` is empty with the classic builder, without an error: use `--builder buildkit`
    Dockerfile:3: `TARGETARCH` is empty with the classic builder, without an error: use `--builder buildkit`
    Dockerfile:4: `RUN --mount` needs BuildKit: use `--builder buildkit`
    Dockerfile:5: `COPY --link` needs BuildKit: use `--builder buildkit`
    Dockerfile:5: `COPY --chmod` needs BuildKit: use `--builder buildkit`
    Dockerfile:7: a here-document needs BuildKit: use `--builder buildkit`
    ");
}

#[test]
fn what_an_old_engine_cannot_read_is_said_before_anything_is_sent() {
    let text = "FROM x\nCOPY --link a b\nRUN <<EOF\nEOF\n";
    insta::assert_snapshot!(refused_for(text, &options(), None, 20).join("\n"), @r"
    Dockerfile:2: `COPY --link` needs Engine 23 or a syntax line (`# syntax=docker/dockerfile:1`); this is Engine 20
    Dockerfile:3: a here-document needs Engine 23 or a syntax line (`# syntax=docker/dockerfile:1`); this is Engine 20
    ");
    assert_eq!(refused(text), "");
    assert!(refused_for(&format!("# syntax=docker/dockerfile:1\n{text}"), &options(), None, 20).is_empty());
}

#[test]
fn a_build_target_has_to_be_there() {
    let text = "FROM x AS Final\nFROM scratch";
    for (target, said) in [
        ("final", ""),
        ("FINAL", ""),
        ("1", ""),
        ("2", "Dockerfile: there is no stage `2`, which `source.buildTarget` names"),
        ("other", "Dockerfile: there is no stage `other`, which `source.buildTarget` names"),
    ] {
        assert_eq!(refused_for(text, &options(), Some(target), 23).join("\n"), said);
    }
}
