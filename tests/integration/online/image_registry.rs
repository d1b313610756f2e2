//! Image registries: a fake one with the token dance of the OCI distribution specification.

use super::{facts, gather_options};
use crate::tls_server::{Reply, Seen, TlsServer, reply};
use mcp_registry::validate::facts::{Fact, Image};

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A registry that gives its token to everybody, and holds `acme/x` with the tags `latest` and `1.2`.
fn registry(seen: &Seen) -> Reply {
    let host = seen.header("host");
    if seen.path.starts_with("/token?") {
        let wanted = ["service=fake", "scope=repository%3Aacme%2F"];
        let right = wanted.iter().all(|part| seen.path.contains(part)) && !seen.path.contains("push");
        return if right { reply(200, &[], "{\"token\":\"abc\"}") } else { reply(400, &[], "") };
    }
    if seen.header("authorization") != "Bearer abc" {
        let challenge = format!("Bearer realm=\"https://{host}/token\",service=\"fake\",scope=\"repository:a:push\"");
        return reply(401, &[("www-authenticate", &challenge)], "");
    }
    if seen.method != "HEAD" || !seen.header("accept").contains("application/vnd.oci.image.index.v1+json") {
        return reply(406, &[], "");
    }
    let by_digest = format!("/v2/acme/x/manifests/{DIGEST}");
    match seen.path.as_str() {
        "/v2/acme/x/manifests/latest" | "/v2/acme/x/manifests/1.2" => {
            reply(200, &[("docker-content-digest", DIGEST)], "")
        }
        path if path == by_digest => reply(200, &[], ""),
        "/v2/acme/busy/manifests/latest" => reply(429, &[("retry-after", "3600")], ""),
        "/v2/acme/private/manifests/latest" => reply(401, &[("www-authenticate", "Basic")], ""),
        _ => reply(404, &[], "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}"),
    }
}

async fn ask(server: &TlsServer, image: &str) -> Fact<Image> {
    let manifest = format!("type: server\nimage: 127.0.0.1:{}/{image}\n", server.port);
    facts(&[&manifest], &gather_options(server)).await.remove(0).image
}

#[tokio::test]
async fn images_are_found_by_name_tag_and_digest() {
    let server = TlsServer::start(registry).await;
    let found = Fact::Known(Image::Found { digest: Some(DIGEST.into()) });
    assert_eq!(ask(&server, "acme/x").await, found);
    assert_eq!(ask(&server, "acme/x:1.2").await, found);
    assert_eq!(ask(&server, &format!("acme/x@{DIGEST}")).await, Fact::Known(Image::Found { digest: None }));
}

#[tokio::test]
async fn images_that_are_not_there_or_not_public_are_missing() {
    let server = TlsServer::start(registry).await;
    assert_eq!(ask(&server, "acme/x:9").await, Fact::Known(Image::Missing));
    assert_eq!(ask(&server, "acme/y").await, Fact::Known(Image::Missing));
    assert_eq!(ask(&server, "acme/private").await, Fact::Known(Image::Missing));
    let closed = TlsServer::start(|_| reply(401, &[("www-authenticate", "Basic realm=\"x\"")], "")).await;
    assert_eq!(ask(&closed, "acme/x").await, Fact::Known(Image::Missing));
}

#[tokio::test]
async fn a_registry_that_is_busy_or_strange_says_nothing_about_the_image() {
    let server = TlsServer::start(registry).await;
    let busy = Fact::Unavailable(format!("127.0.0.1:{} answered 429", server.port));
    assert_eq!(ask(&server, "acme/busy").await, busy);
    for challenge in
        ["Digest realm=\"x\"", "Bearer service=\"x\"", "Bearer realm=\"no url\"", "Bearer realm=\"https://x"]
    {
        let server = TlsServer::start(move |_| reply(401, &[("www-authenticate", challenge)], "")).await;
        assert!(matches!(ask(&server, "acme/x").await, Fact::Unavailable(_)), "{challenge}");
    }
}

#[tokio::test]
async fn a_registry_cannot_send_for_its_token_into_a_private_network() {
    for realm in ["https://169.254.169.254/token", "http://127.0.0.1/token", "https://10.0.0.1/token"] {
        let challenge = format!("Bearer realm=\"{realm}\"");
        let server = TlsServer::start(move |_| reply(401, &[("www-authenticate", &challenge)], "")).await;
        let fact = ask(&server, "acme/x").await;
        assert!(matches!(fact, Fact::Unavailable(_)), "{realm}: {fact:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn what_is_no_reference_is_not_asked_for() {
    let server = TlsServer::start(registry).await;
    for image in ["../../v2", "acme/x:1 2", "acme/x?y=z", "ACME/x", "acme/x@sha256:0"] {
        assert!(matches!(ask(&server, image).await, Fact::Unavailable(_)), "{image}");
    }
    assert!(server.seen().is_empty());
}
