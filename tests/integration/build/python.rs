//! `build --tools` with real servers: those that the protocol's own project publishes for Python, in images upon a base that is made
//! of Debian's packages.
//!
//! Needs `pip` and what it installs from, and the base image that `.ci/agents` makes, whose Python 3.11 the wheels are for.

use super::lab::{Lab, docker};
use crate::image_registry::installed;
use std::path::Path;
use std::process::{Command, Stdio};

fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn real_servers_list_their_tools() {
    if crate::slow::is_skipped("real servers in images made of packages") {
        return;
    }
    let Some(lab) = Lab::new() else { return };
    let Some(pip) = installed("pip3") else { return };
    let Some(agents) = crate::agent_images::downloads() else { return };
    let base = agents.join("base.tar");
    let base_image = format!("{}/base:1", lab.namespace);
    run(Path::new("/usr/bin/env"), &["docker", "import", base.to_str().unwrap(), &base_image]);
    let target = lab.upstream().join("packages");
    let servers = ["mcp-server-time", "mcp-server-git", "mcp-server-fetch"];
    let wheels = ["--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp"];
    let install = ["install", "--quiet", "--root-user-action=ignore", "--target", target.to_str().unwrap()];
    run(&pip, &[&install[..], &wheels, &servers].concat());
    let mut listed = String::new();
    for (name, module) in [("time", "mcp_server_time"), ("git", "mcp_server_git"), ("fetch", "mcp_server_fetch")] {
        lab.write(
            "Dockerfile",
            format!("FROM {base_image}\nCOPY packages /opt/packages\nENV PYTHONPATH=/opt/packages\nUSER 65534\nENTRYPOINT [\"python3\", \"-m\", \"{module}\"]\n"),
        );
        lab.entry(name, "");
        let output = lab.run(&["build", name, "--write-tools"]);
        assert_eq!(output.status, 0, "{}", output.stderr);
        let text = lab.registry.read(format!("servers/{name}/tools.json"));
        let tools: serde_json::Value = serde_json::from_str(&text).unwrap();
        for tool in tools.as_array().unwrap() {
            let arguments = tool["arguments"].as_array().into_iter().flatten();
            let arguments: Vec<&str> = arguments.map(|argument| argument["name"].as_str().unwrap()).collect();
            listed.push_str(&format!("{name}: {} {}\n", tool["name"].as_str().unwrap(), arguments.join(" ")));
            assert!(!tool["description"].as_str().unwrap().is_empty());
        }
        assert_eq!(lab.containers(&lab.image(name)), 0);
        assert_eq!(lab.run(&["build", name, "--tools", "--fail-on", "note"]).status, 0);
    }
    docker(&["rmi", "--force", &base_image]);
    // They may list more one day.
    for tool in [
        "time: convert_time source_timezone",
        "time: get_current_time timezone\n",
        "git: git_status repo_path\n",
        "fetch: fetch url",
    ] {
        assert!(listed.contains(tool), "{listed}");
    }
}
