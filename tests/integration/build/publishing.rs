//! `--push`, `--record` and `--digests`, with a real image registry.

use super::lab::{Lab, check_schema};
use crate::image_registry::ImageRegistry;
use mcp_registry::build_record::BuildRecord;

#[test]
fn an_image_is_published_under_its_commit_and_latest_and_recorded() {
    let Some((lab, images)) = Lab::new().zip(ImageRegistry::start()) else { return };
    lab.write("server/docker/Dockerfile", "FROM scratch AS final\nCOPY . /\n").write("server/x", "x");
    let commit = lab.entry("weather", "directory: server\ndockerfile: docker/Dockerfile\nbuildTarget: final");
    lab.registry.git(["init", "--quiet"]);
    let registry_commit = lab.registry.commit("start");
    lab.registry.write("digests.json", "{\"other\": \"x@sha256:0\"}");
    let push = ["build", "weather", "--image-registry", &images.host, "--push"];
    let more = ["--tag", "v1", "--record", "r.json", "--digests", "digests.json", "--build-arg", "A=b"];
    let output = lab.run(&[&push[..], &more].concat());
    assert_eq!(output.status, 0, "{}", output.stderr);
    let repository = format!("{}/weather", lab.namespace);
    let digest = images.digest(&repository, &commit[..12]).unwrap();
    assert_eq!(output.stdout, format!("{}/{repository}@{digest}\n", images.host));
    for tag in ["v1", "latest"] {
        assert_eq!(images.digest(&repository, tag).as_ref(), Some(&digest), "{tag}");
    }
    let digests = lab.registry.read("digests.json");
    check_schema("digests", &digests.replace("x@sha256:0", &format!("x@{digest}")));
    let image = output.stdout.trim_end();
    assert_eq!(digests, format!("{{\n  \"other\": \"x@sha256:0\",\n  \"weather\": \"{image}\"\n}}\n"));
    let text = lab.registry.read("r.json");
    let record = BuildRecord::parse(text.as_bytes()).unwrap();
    assert_eq!(record.digest.as_ref().unwrap().as_str(), digest);
    assert_eq!(record.registry_commit.as_ref().unwrap().as_str(), registry_commit);
    assert_eq!(record.source.tree.as_str(), lab.git(["rev-parse", "HEAD:server"]));
    let hide = |text: &str| {
        let text =
            text.replace(&digest, "[DIGEST]").replace(&commit, "[COMMIT]").replace(&registry_commit, "[REGISTRY]");
        let text = lab.normal(&text).replace(&images.host, "[HOST]");
        regex::Regex::new(r#"("(?:log_sha256|finished|server_yaml_sha256)": )"[^"]*""#)
            .unwrap()
            .replace_all(&text, "$1\"…\"")
            .into_owned()
    };
    insta::assert_snapshot!(hide(&text), @r#"
    {
      "version": 1,
      "entry": "weather",
      "image": "[HOST]/[NAMESPACE]/weather",
      "digest": "[DIGEST]",
      "source": {
        "repository": "[UPSTREAM]",
        "commit": "[COMMIT]",
        "tree": "221228d723dfc7b76cfbdc5bac65ca36c1b3ae0e",
        "directory": "server",
        "dockerfile": "docker/Dockerfile",
        "buildTarget": "final"
      },
      "server_yaml_sha256": "…",
      "registry_commit": "[REGISTRY]",
      "build_args": {
        "A": "b"
      },
      "platform": "linux/amd64",
      "context_digest": "sha256:2cf4b9dd3c95eaae4c465fa3b9e190160ab41a74722fd1506c5a90d942febb06",
      "builder": "buildkit",
      "network": "default",
      "limits": {
        "context": "536870912",
        "log": "16777216",
        "time": "1800s"
      },
      "base_images": [],
      "log_sha256": "…",
      "started": "2026-01-02T00:00:00Z",
      "finished": "…"
    }
    "#);
    // A second run finds everything there.
    let again = lab.run(&push);
    assert_eq!((again.status, again.stdout), (0, output.stdout.clone()), "{}", again.stderr);
    let json = lab.run(&[&push[..], &["--format", "json"]].concat());
    check_schema("build", &json.stdout);
    assert!(json.stdout.contains("\"status\": \"pushed\"") && json.stdout.contains(&digest), "{}", json.stdout);
}

#[test]
fn a_tag_of_a_commit_is_not_replaced_unless_that_is_asked_for() {
    let Some((lab, images)) = Lab::new().zip(ImageRegistry::start()) else { return };
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n");
    let commit = lab.entry("weather", "");
    let push = ["build", "weather", "--image-registry", &images.host, "--push"];
    assert_eq!(lab.run(&push).status, 0);
    let repository = format!("{}/weather", lab.namespace);
    let first = images.digest(&repository, &commit[..12]).unwrap();
    // Another image of the same commit: with another label.
    let other = [&push[..], &["--license", "MIT"]].concat();
    let output = lab.run(&other);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{}", output.stderr);
    let said = lab.normal(&output.stderr).replace(&images.host, "[HOST]").replace(&first, "[FIRST]");
    let said: Vec<&str> = said.lines().skip(3).collect();
    insta::assert_snapshot!(said.join("\n").replace(&commit[..12], "[SHORT]"), @r"
    error: [HOST]/[NAMESPACE]/weather:[SHORT] was not pushed: it is there with another digest
      hint: [HOST]/[NAMESPACE]/weather:[SHORT] is [FIRST]
      hint: an image that somebody may have signed is not replaced; `--force` replaces the tag
    ");
    for tag in [&commit[..12], "latest"] {
        assert_eq!(images.digest(&repository, tag).as_ref(), Some(&first), "{tag}");
    }
    let output = lab.run(&[&other[..], &["--force"]].concat());
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_ne!(images.digest(&repository, "latest").unwrap(), first);
}

#[test]
fn an_image_registry_that_is_not_there_is_said() {
    let Some(lab) = Lab::new() else { return };
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n");
    lab.entry("weather", "");
    let output = lab.run(&["build", "weather", "--image-registry", "127.0.0.1:1", "--push", "--record", "r.json"]);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""));
    assert!(output.stderr.contains("/weather was not pushed"), "{}", output.stderr);
    assert!(!lab.registry.root().join("r.json").exists());
}

#[test]
fn source_of_a_host_that_the_policy_does_not_allow_is_not_built() {
    let registry = crate::runner::Runner::new();
    let entry = |project: &str| {
        let commit = "1".repeat(40);
        let text = format!("name: a\nimage: mcp/a\ntype: server\nsource:\n  project: {project}\n  commit: {commit}\n");
        registry.write("servers/a/server.yaml", text);
    };
    let mut said = String::new();
    registry.write("mcp-registry.toml", "[registry]\nhosts = ['github.com', 'git.acme.example']\n");
    for project in ["https://evil.example/a/b", "https://github.com.evil.example/a/b", "/etc", "../upstream"] {
        entry(project);
        let output = registry.run(["build", "a", "--offline"]);
        assert_eq!(output.status, 2, "{}", output.stderr);
        said.push_str(&output.stderr);
    }
    insta::assert_snapshot!(said, @r"
    error: `a` cannot be built: `evil.example` is not a host that this registry takes source from
      hint: allowed by the policy: `github.com`, `git.acme.example`
    error: `a` cannot be built: `github.com.evil.example` is not a host that this registry takes source from; it begins like `github.com`, but only the end of a name says whose it is
      hint: allowed by the policy: `github.com`, `git.acme.example`
    error: `a` cannot be built: `source.project` names no host that this registry takes source from
      hint: allowed by the policy: `github.com`, `git.acme.example`
    error: `a` cannot be built: `source.project` names no host that this registry takes source from
      hint: allowed by the policy: `github.com`, `git.acme.example`
    ");
    entry("https://git.acme.example/a/b");
    let output = registry.run(["build", "a", "--offline"]);
    assert!(output.stderr.contains("needs to be fetched"), "{}", output.stderr);
}

#[test]
fn places_that_no_result_could_be_written_to_are_refused_before_anything_is_built() {
    let registry = crate::runner::Runner::new();
    let text =
        format!("name: a\nimage: mcp/a\ntype: server\nsource:\n  project: /nowhere\n  commit: {}\n", "1".repeat(40));
    registry.write("servers/a/server.yaml", text).write("file", "");
    let mut said = String::new();
    for wrong in [
        &["--record", "nowhere/"][..],
        &["--record", "nowhere/r.json"],
        &["--record", "servers"],
        &["--records", "file"],
        &["--log", "nowhere/log"],
        &["--push", "--digests", "nowhere/d.json"],
    ] {
        let output = registry.run([&["build", "a"], wrong].concat());
        assert_eq!(output.status, 2, "{wrong:?}: {}", output.stderr);
        said.push_str(&output.stderr);
    }
    insta::assert_snapshot!(said, @r"
    error: `--record nowhere/` is a folder, not a file
    error: `--record nowhere/r.json` cannot be written: there is no folder `nowhere`
    error: `--record servers` is a folder, not a file
    error: `--records file` cannot be made
      because: File exists (os error 17)
    error: `--log nowhere/log` cannot be written: there is no folder `nowhere`
    error: `--digests nowhere/d.json` cannot be written: there is no folder `nowhere`
    ");
    assert!(!registry.root().join("nowhere").exists());
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let registry = crate::runner::Runner::new();
    registry.write("servers/a/server.yaml", "").write("servers/b/server.yaml", "");
    for wrong in [
        &["build"][..],
        &["build", "a", "b", "--record", "r"],
        &["build", "a", "--digests", "d"],
        &["build", "a", "--force"],
        &["build", "a", "--push", "--offline"],
        &["build", "a", "--tag", "-x"],
        &["build", "a", "--tag", "x:y"],
        &["build", "a", "--image-registry", "nohost"],
        &["build", "a", "--server-name", "weather"],
        &["build", "a", "--license", "Free"],
        &["build", "a", "--platform", "linux"],
        &["build", "a", "--build-arg", "A=1", "--build-arg", "A=2"],
        &["build", "a"],
    ] {
        assert_eq!(registry.run(wrong).status, 2, "{wrong:?}");
    }
}
