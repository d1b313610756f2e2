//! What is built, from what, and what is said about it.

use super::lab::{Lab, SHELL, docker};

#[test]
fn an_image_is_built_from_the_pinned_commit_and_says_so() {
    let Some(lab) = Lab::new() else { return };
    lab.write("server/Dockerfile", "FROM scratch\nCOPY . /\nCMD [\"/hello\"]\n")
        .write("server/hello", "hi\n")
        .write("outside", "not in the context\n");
    let commit = lab.entry("weather", "directory: server");
    // What comes later is not built.
    lab.write("server/hello", "later\n").git(["commit", "--quiet", "--all", "--message", "later"]);
    let output = lab.run(&["build", "weather"]);
    let short = &commit[..12];
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(output.stdout, format!("{}:{short}\n", lab.image("weather")));
    let stderr = lab.normal(&output.stderr);
    let stderr =
        regex::Regex::new("image   sha256:[0-9a-f]{64}").unwrap().replace(&stderr, "image   [ID]").into_owned();
    insta::assert_snapshot!(stderr.replace(&commit, "[COMMIT]"), @r"
    `weather` was built from [COMMIT] in [TIME]
      context sha256:d756e2db111d8a7906d853ca32ce331ba51e0335df05bc5aed0f4fba39ea2f3b (2 files, 3072 bytes)
      image   [ID]
    ");
    let image = format!("{}:latest", lab.image("weather"));
    assert_eq!(lab.inspect(&image, "{{.Id}}"), lab.inspect(&format!("{}:{short}", lab.image("weather")), "{{.Id}}"));
    let labels = lab.inspect(&image, "{{json .Config.Labels}}");
    let labels: serde_json::Value = serde_json::from_str(&labels).unwrap();
    let labels = lab.normal(&serde_json::to_string_pretty(&labels).unwrap()).replace(&commit, "[COMMIT]");
    insta::assert_snapshot!(labels.replace(short, "[SHORT]"), @r#"
    {
      "io.docker.server.metadata": "{\"name\":\"weather\",\"title\":\"Weather\",\"description\":\"Says what the weather is like.\",\"icon\":\"https://example.com/icon.png\",\"metadata\":{\"category\":\"devops\",\"tags\":[\"weather\"]}}",
      "org.opencontainers.image.created": "2026-01-01T00:03:00Z",
      "org.opencontainers.image.description": "Says what the weather is like.",
      "org.opencontainers.image.revision": "[COMMIT]",
      "org.opencontainers.image.source": "[UPSTREAM]",
      "org.opencontainers.image.title": "Weather",
      "org.opencontainers.image.url": "[UPSTREAM]",
      "org.opencontainers.image.version": "[SHORT]"
    }
    "#);
    // The files are those of the commit, with the owner and time that every build gives them.
    let name = format!("{}-look", lab.namespace);
    docker(&["create", "--name", &name, &image]);
    let tar = docker(&["cp", &format!("{name}:/hello"), "-"]).stdout;
    docker(&["rm", "--force", &name]);
    let mut archive = tar::Archive::new(tar.as_slice());
    let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
    let header = entry.header();
    let facts = (text.as_str(), header.mtime().unwrap(), header.uid().unwrap(), header.mode().unwrap() & 0o777);
    assert_eq!(facts, ("hi\n", 315_532_800, 0, 0o644));
}

#[test]
fn the_same_directory_makes_the_same_context_whatever_the_commit() {
    let Some(lab) = Lab::new() else { return };
    lab.write("a/Dockerfile", "FROM scratch\nCOPY . /\n").write("a/x/y", "1").write("a/x-y", "2").write("b", "3");
    std::os::unix::fs::symlink("x/y", lab.upstream().join("a/link")).unwrap();
    lab.entry("one", "directory: a");
    lab.write("b", "4");
    lab.entry("two", "directory: ./a/");
    lab.write("a/x/y", "5");
    lab.entry("three", "directory: a");
    let output = lab.run(&["build", "one", "two", "three", "one", "--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let result: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let builds = result["builds"].as_array().unwrap();
    assert_eq!(builds.len(), 3);
    let digest = |number: usize| builds[number]["image"]["context_digest"].as_str().unwrap();
    assert_eq!(digest(0), digest(1));
    assert_ne!(digest(0), digest(2));
    let again = lab.run(&["build", "one", "--format", "json"]);
    assert!(again.stdout.contains(digest(0)), "{}", again.stdout);
}

#[test]
fn buildkit_builds_what_the_classic_builder_refuses_with_the_line() {
    let Some(lab) = Lab::new() else { return };
    lab.busybox().write("Dockerfile", format!("{SHELL}RUN --mount=type=cache,target=/c echo cached >/x\n"));
    lab.entry("mount", "");
    lab.write(
        "Dockerfile",
        format!(
            "{SHELL}ARG TARGETARCH\nRUN echo \"arch $TARGETARCH\" >/arch\nCMD [\"/bin/busybox\", \"cat\", \"/arch\"]\n"
        ),
    );
    lab.entry("arch", "");
    let output = lab.run(&["build", "mount", "arch"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let ran = docker(&["run", "--rm", "--network=none", &format!("{}:latest", lab.image("arch"))]);
    let arch = lab.inspect(&lab.image("arch"), "{{.Architecture}}");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), format!("arch {arch}\n"));
    let output = lab.run(&["build", "mount", "arch", "--builder", "classic"]);
    assert_eq!(output.status, 2);
    insta::assert_snapshot!(output.stderr, @r"
    error: `mount` was not built: its Dockerfile is refused
      because: Dockerfile:4: `RUN --mount` needs BuildKit: use `--builder buildkit`
    error: `arch` was not built: its Dockerfile is refused
      because: Dockerfile:4: `TARGETARCH` is empty with the classic builder, without an error: use `--builder buildkit`
      because: Dockerfile:5: `TARGETARCH` is empty with the classic builder, without an error: use `--builder buildkit`
    ");
}

#[test]
fn the_classic_builder_builds_the_rest() {
    let Some(lab) = Lab::new() else { return };
    lab.busybox().write("Dockerfile", format!("{SHELL}RUN echo hi >/x\n"));
    let commit = lab.entry("weather", "");
    let output = lab.run(&["build", "weather", "--builder", "classic", "--network", "none"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(lab.label(&lab.image("weather"), "org.opencontainers.image.revision"), commit);
}

#[test]
fn a_dockerignore_is_respected() {
    let Some(lab) = Lab::new() else { return };
    lab.write(".dockerignore", "*\n!server\nserver/*.log\n# Dockerfile\n")
        .write("Dockerfile", "FROM scratch\nCOPY . /\n")
        .write("secret", "x")
        .write("server/a.log", "x")
        .write("server/b", "x");
    lab.entry("weather", "");
    let log = lab.registry.home().join("log");
    let output = lab.run(&["build", "weather", "--log", log.to_str().unwrap(), "--no-cache"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(
        output.stderr.contains("(3 files, ") && output.stderr.contains(", 2 left out by .dockerignore)"),
        "{}",
        output.stderr
    );
    assert!(std::fs::read_to_string(log).unwrap().contains("COPY . /"));
}

#[test]
fn a_build_that_fails_shows_its_last_lines() {
    let Some(lab) = Lab::new() else { return };
    let noise = "RUN i=0; while [ $i -lt 80 ]; do echo line $i; i=$((i+1)); done; printf 'a\\033[31mred\\n::error::x\\n##[error]y\\n'; false\n";
    lab.busybox().write("Dockerfile", format!("{SHELL}{noise}"));
    lab.entry("weather", "");
    let output = lab.run(&["build", "weather", "--no-cache"]);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""));
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert!(lines[0].contains("error: `weather` was not built: the build failed"), "{}", output.stderr);
    assert_eq!(lines.iter().filter(|line| line.starts_with("  | ")).count(), 50, "{}", output.stderr);
    assert!(output.stderr.contains("line 79") && !output.stderr.contains("line 1\n"), "{}", output.stderr);
    assert!(output.stderr.contains("a\\u{1b}[31mred"), "{}", output.stderr);
    let folded = lab.run(&["build", "weather", "--no-cache", "--format", "github"]);
    let commands: Vec<&str> =
        folded.stderr.lines().filter(|line| line.starts_with("::") && *line != "::endgroup::").collect();
    assert!(commands.len() >= 3 && commands.iter().all(|line| line.starts_with("::group::#")), "{commands:?}");
    assert!(!folded.stderr.contains("##[error]"), "{}", folded.stderr);
}

#[test]
fn what_is_not_ours_to_build_is_said() {
    let Some(lab) = Lab::new() else { return };
    let registry = &lab.registry;
    registry.write("servers/far/server.yaml", "name: far\ntype: remote\nremote:\n  url: https://example.com/mcp\n");
    registry.write("servers/many/server.yaml", "name: many\ntype: poci\n");
    registry.write("servers/others/server.yaml", "name: others\ntype: server\nimage: acme/others\n");
    let output = lab.run(&["build", "far", "many", "servers/others/", "--format", "json"]);
    insta::assert_snapshot!(output.stderr, @r"
    `far`: nothing is built: it is a remote server: others run it
    `many`: nothing is built: each of its tools is an image of its own (`type: poci`)
    `others`: nothing is built: others build its image, acme/others
    ");
    insta::assert_snapshot!(output.stdout, @r#"
    {
      "version": 1,
      "builds": [
        {
          "entry": "far",
          "status": "nothing",
          "reason": "it is a remote server: others run it",
          "image": null
        },
        {
          "entry": "many",
          "status": "nothing",
          "reason": "each of its tools is an image of its own (`type: poci`)",
          "image": null
        },
        {
          "entry": "others",
          "status": "nothing",
          "reason": "others build its image, acme/others",
          "image": null
        }
      ]
    }
    "#);
    assert_eq!(output.status, 0);
    let output = lab.run(&["build", "others1"]);
    insta::assert_snapshot!(output.stderr, @r"
    error: there is no entry `others1`
      hint: did you mean `others`?
    ");
    assert_eq!(output.status, 2);
}

#[test]
fn without_an_engine_that_is_said() {
    let registry = crate::runner::Runner::new();
    let commit = "0".repeat(40);
    let entry = format!("name: x\nimage: mcp/x\ntype: server\nsource:\n  project: /nowhere\n  commit: {commit}\n");
    registry.write("servers/x/server.yaml", entry);
    let output = registry.command(["build", "x"]).env("DOCKER_HOST", "unix:///nowhere.sock").run();
    insta::assert_snapshot!(output.stderr, @r"
    error: images are built by a container engine
      because: no container engine answers at unix:///nowhere.sock
      because: Socket not found: /nowhere.sock
      hint: start Docker, or set DOCKER_HOST to where it listens
    ");
    assert_eq!(output.status, 3);
}
