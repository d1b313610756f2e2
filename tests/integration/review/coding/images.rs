//! The images: what is in them, and that they are made of exactly what is pinned.

use crate::agent_images;
use crate::review::lab::docker;
use crate::runner::Runner;
use crate::tls_server::{TlsServer, reply};

#[test]
fn images_of_agents_hold_the_program_and_what_it_needs() {
    if !agent_images::are_there() {
        return;
    }
    let files = |image: &str| {
        let container = docker(&["create", "--label", "org.mcp-registry.test=review", image]);
        let list = std::process::Command::new("sh")
            .args(["-c", &format!("docker export {container} | tar -t | grep -v '/$'")])
            .output()
            .unwrap();
        docker(&["rm", &container]);
        let mut files: Vec<String> = String::from_utf8(list.stdout).unwrap().lines().map(str::to_owned).collect();
        // What the engine adds to every container.
        files.retain(|file| !["dev/", "etc/", ".dockerenv", "proc/", "sys/"].iter().any(|own| file.starts_with(own)));
        files.sort();
        files
    };
    let version = |name: &str| {
        let tags = docker(&["images", "--format", "{{.Tag}}", &format!("mcp-registry-agent-{name}")]);
        let tag = tags.lines().find(|tag| !tag.starts_with("untested")).unwrap().to_owned();
        format!("mcp-registry-agent-{name}:{tag}")
    };
    insta::assert_snapshot!(files(&version("claude")).join("\n"), @r"
        agent/capability.json
        bin/claude
        lib/x86_64-linux-gnu/libc.so.6
        lib/x86_64-linux-gnu/libdl.so.2
        lib/x86_64-linux-gnu/libm.so.6
        lib/x86_64-linux-gnu/libpthread.so.0
        lib/x86_64-linux-gnu/librt.so.1
        lib64/ld-linux-x86-64.so.2
        ");
    let codex = files(&version("codex"));
    let programs: Vec<&String> = codex.iter().filter(|file| !file.starts_with("bin/")).collect();
    assert_eq!(programs, ["agent/capability.json"]);
    for name in ["bin/codex", "bin/rg", "bin/busybox", "bin/sh"] {
        assert!(codex.iter().any(|file| file == name), "{codex:?}");
    }
    assert!(!codex.iter().any(|file| file.contains("bwrap") || file.contains("code-mode")), "{codex:?}");
}

/// Another base than the images are kept for: the wheel is looked for again.
fn other_base() -> String {
    let images = docker(&["images", "--quiet", "mcp-registry-sandbox"]);
    images.lines().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_that_is_not_the_pinned_one_is_refused_wherever_it_comes_from() {
    if !agent_images::are_there() {
        return;
    }
    let folder = agent_images::downloads().unwrap();
    let wheels = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let wheel = wheels.into_iter().find(|name| name.starts_with("claude")).unwrap();
    let listed = wheel.clone();
    let server = TlsServer::start(move |seen| match seen.path.as_str() {
        "/simple/claude-agent-sdk/" => {
            let url = format!("../../files/{listed}");
            let list =
                serde_json::json!({"files": [{"filename": "other.whl", "url": "x"}, {"filename": listed, "url": url}]});
            reply(200, &[("content-type", "application/vnd.pypi.simple.v1+json")], list.to_string())
        }
        path if path == format!("/files/{listed}") => reply(200, &[], "not a wheel"),
        _ => reply(404, &[], ""),
    })
    .await;
    let runner = Runner::new();
    std::fs::write(runner.home().join("roots.pem"), &server.ca).unwrap();
    let base = other_base();
    let said = |more: &[&str]| {
        let arguments = ["review", "--build-agents", "claude", "--base-image", &base, "--allow-network", "127.0.0.0/8"];
        let run = runner.command(arguments.iter().chain(more)).env("TMPDIR", runner.root());
        let output = tokio::task::block_in_place(|| run.env("SSL_CERT_FILE", runner.home().join("roots.pem")).run());
        assert_eq!(output.status, 3, "{}", output.stdout);
        output.stderr.replace(&wheel, "[WHEEL]")
    };
    let index = server.url("/simple");
    let mut shown = said(&["--package-index", &index]);
    shown += &said(&[]);
    runner.write(format!("downloads/{wheel}"), "not a wheel");
    shown += &said(&["--downloads", "downloads"]);
    insta::assert_snapshot!(shown, @r"
        Claude Code: looking for [WHEEL]
        error: `[WHEEL]` cannot be fetched
          hint: its SHA-256 must be b26a6a30a4e2cb025a6f5c95e1ce4469b38fcc51015c392f627bea7c948d67ad, and is e7dc6be13be0055dd03d1fe10caf78db0daa6327eb1f5b08c3e2dc8c06431cd2
        Claude Code: looking for [WHEEL]
        error: `[WHEEL]` cannot be fetched
          hint: name a Python package index with `--package-index`, or as PIP_INDEX_URL
          hint: or run `pip download --no-deps claude-agent-sdk==0.2.189` in a folder, and name that with `--downloads`
        Claude Code: looking for [WHEEL]
        error: `downloads/[WHEEL]` is not the file that it must be
          hint: its SHA-256 must be b26a6a30a4e2cb025a6f5c95e1ce4469b38fcc51015c392f627bea7c948d67ad, and is e7dc6be13be0055dd03d1fe10caf78db0daa6327eb1f5b08c3e2dc8c06431cd2: remove it
        ");
    // Nothing of it stays.
    assert!(!docker(&["images", "--format", "{{.Tag}}", "mcp-registry-agent-claude"]).contains("untested"));
}
