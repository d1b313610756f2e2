//! Image registries in trouble, and logins: what the client of them does.

use super::oci_server::{Manners, OciServer, Seen, reply};
use super::world::{World, fixture, registries};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_registry::ids::ImageReference;
use mcp_registry::oci::media_types;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn writes(seen: &[Seen], method: Method) -> usize {
    seen.iter().filter(|seen| seen.method == method).count()
}

#[test]
fn a_large_blob_is_sent_in_parts_and_a_broken_part_is_taken_up_where_it_broke() {
    let server = OciServer::start(Manners { broken_parts: 1, ..Manners::default() });
    let world = World::at(&server.host);
    let bytes: Vec<u8> = (0..10_000_000_u32).map(|number| (number % 251) as u8).collect();
    // The part that is lost is noticed by its silence: nobody waits two minutes for it here.
    server.set(|manners| {
        manners.broken_parts = 0;
        let broken = AtomicUsize::new(0);
        manners.twist = Some(Arc::new(move |method, _| {
            (*method == Method::PATCH && broken.fetch_add(1, Ordering::Relaxed) == 1)
                .then(|| reply(503, &[("retry-after", "0")], Vec::new()))
        }));
    });
    let descriptor = world.put_blob("application/octet-stream", bytes.clone());
    assert_eq!(world.blob(descriptor.digest.as_str()), bytes);
    let seen = server.seen();
    assert_eq!(writes(&seen, Method::POST), 1, "it began once");
    assert_eq!(writes(&seen, Method::PATCH), 4, "three parts, one of them twice");
    assert_eq!(writes(&seen, Method::PUT), 1);
}

#[test]
fn a_blob_that_is_there_is_not_sent_again() {
    let server = OciServer::start(Manners::default());
    let world = World::at(&server.host);
    world.put_blob(media_types::EMPTY, b"{}".to_vec());
    let before = writes(&server.seen(), Method::POST);
    world.put_blob(media_types::EMPTY, b"{}".to_vec());
    assert_eq!(writes(&server.seen(), Method::POST), before);
}

#[test]
fn a_registry_that_is_busy_is_asked_again() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    let busy = AtomicUsize::new(0);
    server.set(|manners| {
        manners.twist = Some(Arc::new(move |_, _| {
            (busy.fetch_add(1, Ordering::Relaxed).is_multiple_of(3))
                .then(|| reply(429, &[("retry-after", "0")], Vec::new()))
        }));
    });
    world.sign(&image, &[]);
    server.set(|manners| manners.twist = None);
    assert_eq!(world.verify(&image, &["--layout", "both"]).status, 0);
}

#[test]
fn a_registry_that_cannot_say_for_a_moment_is_asked_again() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    // What Debian's registry does while two clients write the same blob.
    let broken = AtomicUsize::new(0);
    server.set(|manners| {
        manners.twist = Some(Arc::new(move |method, path| {
            let hit = matches!(*method, Method::HEAD | Method::PUT) && path.contains("/v2/");
            (hit && broken.fetch_add(1, Ordering::Relaxed).is_multiple_of(3)).then(|| reply(500, &[], Vec::new()))
        }));
    });
    world.sign(&image, &[]);
    server.set(|manners| manners.twist = None);
    assert_eq!(world.verify(&image, &["--layout", "both"]).status, 0);
}

#[test]
fn many_images_of_one_repository_are_signed_in_one_run() {
    let Some(world) = World::real() else { return };
    let images: Vec<String> = (0..20).map(|number| world.image(&number.to_string())).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let key = fixture("openssl.key");
    let output = world.runner.run([&["sign", "--key", &key], &images[..]].concat());
    assert_eq!((output.status, output.stdout.lines().count()), (0, 20), "{}", output.stderr);
    let key = fixture("openssl.pub");
    assert_eq!(world.runner.run([&["verify", "--layout", "both", "--key", &key], &images[..]].concat()).status, 0);
    let twice = world.runner.run(["sign", "--key", &fixture("openssl.key"), images[0], images[0]]);
    assert_eq!(twice.status, 2, "{}", twice.stderr);
}

/// Signs and verifies where a login is needed, with Docker's configuration as given.
fn with_login(manners: Manners, config: impl Fn(&str) -> serde_json::Value) -> OciServer {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    let image = world.image("one");
    server.set(|all| *all = Manners { referrers: true, ..manners });
    // Without a login, or with a wrong one, nothing is written.
    let output = world.signing("sign", &image, &[]).run();
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert!(output.stderr.contains("refuses access to mcp/weather"), "{}", output.stderr);
    let folder = world.runner.home().join(".docker");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config.json"), config(&server.host).to_string()).unwrap();
    let helper = world.runner.home().join("docker-credential-tests");
    std::fs::write(&helper, "#!/bin/sh\ncat >/dev/null\necho '{\"Username\":\"me\",\"Secret\":\"secret\"}'\n").unwrap();
    std::fs::set_permissions(&helper, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", world.runner.home().display());
    let output = world.signing("sign", &image, &[]).env("PATH", &path).run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(!output.stderr.contains("secret"));
    let key = fixture("openssl.pub");
    let output = world.runner.command(["verify", "--key", &key, "--layout", "both", &image]).env("PATH", &path).run();
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    server
}

fn secret() -> String {
    STANDARD.encode("me:secret")
}

#[test]
fn a_password_of_dockers_configuration_is_shown_where_it_is_asked_for() {
    let manners = Manners { basic: Some(secret()), ..Manners::default() };
    with_login(manners, |host| json!({ "auths": { (host): { "auth": secret() } } }));
}

#[test]
fn a_token_is_got_with_the_password_and_asked_for_in_our_own_words() {
    let manners = Manners { token: Some(secret()), ..Manners::default() };
    let server = with_login(manners, |host| json!({ "auths": { (host): { "auth": secret() } } }));
    let tokens: Vec<String> =
        server.seen().iter().filter(|seen| seen.path.starts_with("/token")).map(|seen| seen.path.clone()).collect();
    assert!(tokens.iter().any(|path| path.contains("scope=repository%3Amcp%2Fweather%3Apull%2Cpush")), "{tokens:?}");
    assert!(tokens.iter().all(|path| path.contains("service=tests")), "{tokens:?}");
}

#[test]
fn a_credential_helper_of_dockers_configuration_is_asked() {
    let manners = Manners { basic: Some(secret()), ..Manners::default() };
    with_login(manners, |host| json!({ "auths": { (host): {} }, "credHelpers": { (host): "tests" } }));
}

#[test]
fn a_private_registry_that_an_entry_names_is_reached_only_where_the_policy_allows_it() {
    // Nothing is sent to it: the address is refused when it is known.
    let registries = registries(&[]);
    let reference = ImageReference::parse("10.1.2.3:5000/mcp/x").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(registries.repository(&reference).by_tag("latest")).unwrap_err();
    assert_eq!(error.to_string(), "10.1.2.3:5000 has the private address 10.1.2.3");
}
