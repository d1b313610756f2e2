//! `floating-image`

use super::{Check, Rule, Sink, Subject};
use crate::document::{Document, Route};
use crate::entry::EntryType;
use crate::finding::Severity;
use crate::ids::ImageReference;
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "floating-image",
    summary: "an image that the registry does not build has no version, or one that moves",
    explanation: "\
## What
An image outside the registry's namespace, or the image of a `poci` tool, has neither a digest nor a tag that names a version: no tag at all,
`latest`, or a tag without a single digit, such as `main`, `stable` or `alpine`.

## Why
Such a name means another image tomorrow. Users get what was pushed last, reviewed or not, and two users with the same
catalog run different programs.

## How to fix
Pin the digest: `image: acme/server:1.4.0@sha256:…`; `docker buildx imagetools inspect acme/server:1.4.0` prints it. A tag
with a version is accepted, though its owner can move it. Images in the registry's own namespace carry no tag: they are
built from the pinned commit.

## Source
The OCI distribution specification: tags are mutable, digests are not.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    if manifest.kind != EntryType::Remote
        && let Some(image) = &manifest.image
    {
        check_image(subject, image, route!["image"], sink);
    }
    for (index, tool) in manifest.tools.iter().enumerate() {
        if let Some(image) = &tool.image {
            check_image(subject, image, route!["tools", index, "container", "image"], sink);
        }
    }
}

fn check_image(subject: &Subject<'_>, image: &str, route: Route, sink: &mut Sink<'_>) {
    // What is no reference is reported by `invalid-image`.
    let Ok(reference) = ImageReference::parse(image) else { return };
    if reference.is_under(&subject.policy.settings.registry.namespace) || reference.digest.is_some() {
        return;
    }
    let (problem, label) = match &reference.tag {
        None => ("has no version: it means whatever was pushed last", "no tag, no digest".to_owned()),
        Some(tag) if is_floating(tag) => {
            ("has no fixed version: its tag moves with every release", format!("`{tag}` is not a version"))
        }
        Some(_) => return,
    };
    sink.value(route, format!("the image `{image}` {problem}"))
        .label(label)
        .help("pin it: append `@sha256:` and the digest, or at least a tag that names a version");
}

/// Whether a tag names no version: it has no digit, or says itself that it is the latest (`latest-alpine3.20`).
fn is_floating(tag: &str) -> bool {
    !tag.bytes().any(|byte| byte.is_ascii_digit())
        || tag.split(['-', '_', '.']).any(|word| word.eq_ignore_ascii_case("latest"))
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn of(image: &str) -> usize {
        findings("floating-image", "x", &format!("type: server\nimage: {image}\n"))
    }

    #[test]
    fn images_without_a_version_are_found() {
        let yaml = |image: &str| format!("name: x\nimage: {image}\ntype: server\n");
        insta::assert_snapshot!(rendered("floating-image", "x", &yaml("ghcr.io/acme/x")), @"
        warning[floating-image]: the image `ghcr.io/acme/x` has no version: it means whatever was pushed last
         --> servers/x/server.yaml:2:8
          |
        2 | image: ghcr.io/acme/x
          |        ^^^^^^^^^^^^^^ no tag, no digest
          |
          = help: pin it: append `@sha256:` and the digest, or at least a tag that names a version
        ");
        insta::assert_snapshot!(rendered("floating-image", "x", &yaml("acme/x:latest")), @"
        warning[floating-image]: the image `acme/x:latest` has no fixed version: its tag moves with every release
         --> servers/x/server.yaml:2:8
          |
        2 | image: acme/x:latest
          |        ^^^^^^^^^^^^^ `latest` is not a version
          |
          = help: pin it: append `@sha256:` and the digest, or at least a tag that names a version
        ");
        for image in ["acme/x:main", "acme/x:stable", "acme/x:alpine", "acme/x:latest-alpine3.20", "localhost:5000/x"] {
            assert_eq!(of(image), 1, "{image}");
        }
    }

    #[test]
    fn the_images_of_tools_count_too() {
        let yaml = "\
name: x
type: poci
tools:
  - name: a
    container:
      image: busybox:1.37
  - name: b
    container:
      image: alpine/curl
";
        insta::assert_snapshot!(rendered("floating-image", "x", yaml), @"
        warning[floating-image]: the image `alpine/curl` has no version: it means whatever was pushed last
         --> servers/x/server.yaml:9:14
          |
        9 |       image: alpine/curl
          |              ^^^^^^^^^^^ no tag, no digest
          |
          = help: pin it: append `@sha256:` and the digest, or at least a tag that names a version
        ");
    }

    #[test]
    fn versions_and_digests_are_fine() {
        let digest = format!("acme/x:latest@sha256:{}", "0".repeat(64));
        for image in ["acme/x:1.1.7", "acme/x:version-7.1-cli", "acme/x:nightly-20260101", "acme/x:v2", &digest] {
            assert_eq!(of(image), 0, "{image}");
        }
    }

    #[test]
    fn images_of_the_registry_have_no_tag() {
        assert_eq!(of("mcp/x"), 0);
        assert_eq!(of("mcpx/x"), 1);
        assert_eq!(findings("floating-image", "x", "type: remote\nimage: acme/x\n"), 0);
    }

    #[test]
    fn what_is_no_reference_is_left_to_another_rule() {
        for image in ["https://hub.docker.com/r/acme/x", "Acme/Server", "'acme/x y'", "mcp/../x", "--privileged"] {
            assert_eq!(of(image), 0, "{image}");
        }
    }
}
