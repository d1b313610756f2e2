//! Image registries that want a login: to push, and for base images. Each with the real registry, or with one that gives tokens.

use super::lab::{Lab, docker};
use crate::image_registry::ImageRegistry;
use crate::supply::oci_server::{Manners, OciServer};

/// `me:secret`
const ME: &str = "bWU6c2VjcmV0";

/// What `docker login` leaves behind.
fn log_in(lab: &Lab, host: &str, login: &str) {
    let config = serde_json::json!({ "auths": { host: { "auth": login } } });
    std::fs::create_dir_all(lab.registry.home().join(".docker")).unwrap();
    std::fs::write(lab.registry.home().join(".docker/config.json"), config.to_string()).unwrap();
}

#[test]
fn a_push_uses_the_login_of_docker_and_says_when_there_is_none() {
    let Some((lab, images)) = Lab::new().zip(ImageRegistry::with_login()) else { return };
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n");
    let commit = lab.entry("weather", "");
    let push = ["build", "weather", "--image-registry", &images.host, "--push"];
    // `me:wrong`
    for login in [None, Some("bWU6d3Jvbmc=")] {
        if let Some(login) = login {
            log_in(&lab, &images.host, login);
        }
        let output = lab.run(&push);
        assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{}", output.stderr);
        let said = lab.normal(&output.stderr).replace(&images.host, "[HOST]");
        let said: Vec<&str> = said.lines().skip(3).collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(said.join("\n"), @r"
            error: [HOST]/[NAMESPACE]/weather was not pushed
              because: [HOST] refuses access to [NAMESPACE]/weather (UNAUTHORIZED: authentication required)
              hint: log in with `docker login`; the login needs the right to push
            ");
        }
    }
    log_in(&lab, &images.host, ME);
    let output = lab.run(&push);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let digest = images.digest(&format!("{}/weather", lab.namespace), &commit[..12]).unwrap();
    assert_eq!(output.stdout, format!("{}/{}/weather@{digest}\n", images.host, lab.namespace));
    assert!(!output.stderr.contains("secret") && !output.stderr.contains(ME));
}

/// A private base image is fetched with the login only where that is asked for, and the record has its digest.
fn a_private_base(lab: &Lab, host: &str, digest: impl Fn(&str, &str) -> Option<String>) {
    log_in(lab, host, ME);
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n");
    let commit = lab.entry("base", "");
    let output = lab.run(&["build", "base", "--image-registry", host, "--push"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let base = format!("{host}/{}/base", lab.namespace);
    let published = digest(&format!("{}/base", lab.namespace), &commit[..12]).unwrap();
    let forget = || {
        for tag in [&commit[..12], "latest"] {
            docker(&["image", "rm", "--force", &format!("{base}:{tag}")]);
        }
    };
    lab.write("Dockerfile", format!("FROM {base}:latest\nCOPY Dockerfile /second\n"));
    lab.entry("weather", "");
    for builder in ["buildkit", "classic"] {
        forget();
        let build = ["build", "weather", "--builder", builder, "--pull", "--record", "r.json"];
        let output = lab.run(&build);
        assert_eq!(output.status, 3, "{builder}: {}", output.stderr);
        let output = lab.run(&[&build[..], &["--base-login", host]].concat());
        assert_eq!(output.status, 0, "{builder}: {}", output.stderr);
        assert!(!output.stderr.contains("secret") && !output.stderr.contains(ME));
        let record: serde_json::Value = serde_json::from_str(&lab.registry.read("r.json")).unwrap();
        let bases = serde_json::json!([{ "name": format!("{base}:latest"), "digest": published }]);
        assert_eq!(record["base_images"], bases, "{builder}");
    }
    forget();
    let output = lab.run(&["build", "weather", "--base-login", "nowhere.example"]);
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("there is no login for nowhere.example"), "{}", output.stderr);
}

#[test]
fn a_private_base_is_fetched_with_a_password_only_where_that_is_asked_for() {
    let Some((lab, images)) = Lab::new().zip(ImageRegistry::with_login()) else { return };
    a_private_base(&lab, &images.host, |repository, tag| images.digest(repository, tag));
}

#[test]
fn a_private_base_is_fetched_with_a_token_only_where_that_is_asked_for() {
    let Some(lab) = Lab::new() else { return };
    let server = OciServer::start(Manners { token: Some(ME.to_owned()), ..Manners::default() });
    a_private_base(&lab, &server.host, |repository, tag| {
        server.holdings().tags.get(&(repository.to_owned(), tag.to_owned())).cloned()
    });
}
