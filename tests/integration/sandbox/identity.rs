//! Which image becomes the sandbox. It is given the provider's keys, and anybody who builds an image chooses its labels.

use super::lab::{PROGRAM, docker, docker_says, lab, prepare, wait};
use mcp_registry::review::sandbox::Prepared;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const LABEL: &str = "org.mcp-registry.image";

/// An image of this archive and with this label, and more of this.
fn import(archive: &[u8], label: &str, more: &[&str]) -> String {
    let changes = more.iter().flat_map(|change| ["--change", *change]);
    let mut import = Command::new("docker")
        .args(["import", "--change", &format!("LABEL {LABEL}={label}")])
        .args(changes)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(archive).unwrap();
    let output = import.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn archive_of(program: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(program.len() as u64);
    archive.append_data(&mut header, "mcp-registry", program).unwrap();
    archive.into_inner().unwrap()
}

/// The digest of a program's own release is public: whoever knows it can write it into a label.
#[test]
fn sandbox_image_is_known_by_its_content_and_not_by_its_label() {
    let Some(lab) = lab() else { return };
    let real = lab.prepared.image().to_owned();
    let label = docker_says(["inspect", "--format", &format!("{{{{index .Config.Labels \"{LABEL}\"}}}}"), &real]);
    let mut impostors = vec![import(&archive_of(b"#!/bin/sh\ncat >/stolen\n"), &label, &[])];
    // The very same files, and more that the engine would do with them.
    for line in ["HEALTHCHECK CMD [\"/mcp-registry\"]", "ENV A=b", "VOLUME /proxy", "WORKDIR /tmp", "CMD [\"/x\"]"] {
        let mut build = Command::new("docker")
            .args(["build", "--quiet", "-"])
            .env("DOCKER_BUILDKIT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        write!(build.stdin.take().unwrap(), "FROM {real}\n{line}\n").unwrap();
        let output = build.wait_with_output().unwrap();
        assert!(output.status.success(), "{line}");
        impostors.push(String::from_utf8(output.stdout).unwrap().trim().to_owned());
    }
    let found = wait(prepare());
    let found = found.image().to_owned();
    for impostor in &impostors {
        let labels = docker_says(["inspect", "--format", "{{json .Config.Labels}}", impostor]);
        assert!(labels.contains(&label), "{labels}");
        let _ = docker(["rmi", "--force", impostor]);
    }
    assert!(!impostors.contains(&found), "{found} of {impostors:?}");
    assert_eq!(found, real);
}

/// Another program with the same files is another image: what is in it is what its layer's digest says.
#[test]
fn sandbox_image_of_another_program_is_another() {
    let Some(lab) = lab() else { return };
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("mcp-registry");
    let mut program = std::fs::read(Path::new(PROGRAM)).unwrap();
    program.push(0);
    std::fs::write(&other, program).unwrap();
    let made = wait(Prepared::new(lab.prepared.engine(), &other, 0)).unwrap();
    let again = wait(Prepared::new(lab.prepared.engine(), &other, 0)).unwrap();
    let (made, again) = (made.image().to_owned(), again.image().to_owned());
    let _ = docker(["rmi", "--force", &made]);
    assert_eq!(made, again);
    assert_ne!(made, lab.prepared.image());
}

/// `review --clean` beside a review that fetches, and has no container yet.
#[test]
fn a_sandbox_whose_image_was_cleaned_away_is_made_again() {
    let Some(lab) = lab() else { return };
    let registry = crate::runner::Runner::new();
    registry.git(["init", "--quiet"]);
    let commit = registry.write("index.js", "export const one = 1;\n").commit("start");
    let program = registry.home().join("mcp-registry");
    let mut bytes = std::fs::read(Path::new(PROGRAM)).unwrap();
    bytes.extend_from_slice(b"another one");
    std::fs::write(&program, bytes).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let nothing = r#"{"version":1,"status":"complete","summary":"nothing","findings":[]}"#;
    let agent = super::lab::image_that_runs(&["-c", &format!("echo '{nothing}'")]);
    // Made ahead, so that it is there at once, and is removed once as soon as the review has found it.
    let engine = lab.prepared.engine();
    let image = wait(Prepared::new(engine, &program, 0)).unwrap().image().to_owned();
    let reports = registry.home().join("reports");
    let review = Command::new(&program)
        .args(["review", "--repo", registry.root().to_str().unwrap(), "--head", &commit, "--agent", "static"])
        .args(["--agent-image", &agent, "--report-dir", reports.to_str().unwrap()])
        .env_clear()
        .envs(std::env::var_os("DOCKER_HOST").map(|host| ("DOCKER_HOST", host)))
        .current_dir(registry.home())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Its report folder appears before it asks anybody.
    while !reports.join("labels.txt").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let _ = wait(engine.remove_unused_image(&image));
    let output = review.wait_with_output().unwrap();
    let left = wait(Prepared::new(engine, &program, 0)).unwrap().image().to_owned();
    let _ = docker(["rmi", "--force", &left, &agent]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(std::fs::read_to_string(reports.join("labels.txt")).unwrap(), "security-risk:info\n");
}
