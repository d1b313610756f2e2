//! `invalid-image`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Document, Route};
use crate::entry::EntryType;
use crate::finding::Severity;
use crate::ids::{ImageReference, ImageReferenceError};
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "invalid-image",
    summary: "an image is not an image reference, or one of the registry's own with a tag",
    explanation: "\
## What
`image`, or the `container.image` of a tool, is not a reference that a container engine accepts: it has a blank or a capital
letter, begins with `-`, has `..` for a part, or a malformed tag or digest. Also found, as a warning: an image in the
registry's own namespace with a tag or digest, on an entry of type `server`.

## Why
No engine can pull it, so the server never starts; and what begins with `-` is an option to programs that pass it on. The
registry itself builds the images in its namespace from the pinned commit: a tag there says something that does not
count.

## How to fix
Write `[host/]owner/name[:tag][@sha256:digest]`, the name in lower case. For an image of the registry's own write the
name alone.

## Source
The grammar of references in the distribution project, which Docker, Podman and the OCI clients share.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    if manifest.kind != EntryType::Remote
        && let Some(image) = manifest.image.as_deref().filter(|image| !image.is_empty())
        && let Some(reference) = check_reference(image, route!["image"], sink)
        && manifest.kind == EntryType::Server
    {
        check_own(subject, &reference, sink);
    }
    for (index, tool) in manifest.tools.iter().enumerate() {
        if let Some(image) = tool.image.as_deref().filter(|image| !image.is_empty()) {
            check_reference(image, route!["tools", index, "container", "image"], sink);
        }
    }
}

fn check_reference(image: &str, route: Route, sink: &mut Sink<'_>) -> Option<ImageReference> {
    let error = match ImageReference::parse(image) {
        Ok(reference) => return Some(reference),
        Err(error) => error,
    };
    let lower = image.to_lowercase();
    let help = if error == ImageReferenceError::UpperCase && ImageReference::parse(&lower).is_ok() {
        format!("write `{}`", excerpt(&lower))
    } else {
        "write `[host/]owner/name[:tag][@sha256:digest]`".to_owned()
    };
    sink.value(route, format!("`{}` is not an image reference: {error}", excerpt(image))).help(help);
    None
}

fn check_own(subject: &Subject<'_>, reference: &ImageReference, sink: &mut Sink<'_>) {
    let namespace = &subject.policy.settings.registry.namespace;
    if !reference.is_under(namespace) || reference.tag.is_none() && reference.digest.is_none() {
        return;
    }
    let part = if reference.tag.is_some() { "tag" } else { "digest" };
    let message = format!("an image of this registry's own, in `{namespace}`, carries no {part}");
    sink.value(route!["image"], message)
        .help(format!("write `image: {}`: it is built from the pinned commit", excerpt(&reference.short_name())))
        .at_most(Severity::Warning);
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    fn of(image: &str) -> usize {
        findings("invalid-image", "x", &format!("type: server\nimage: {image:?}\n"))
    }

    fn shown(image: &str) -> String {
        rendered("invalid-image", "x", &format!("name: x\ntype: server\nimage: {image}\n"))
    }

    #[test]
    fn what_no_engine_accepts_is_found() {
        insta::assert_snapshot!(shown("--privileged"), @"
        error[invalid-image]: `--privileged` is not an image reference: each part between slashes begins and ends with a letter or digit
         --> servers/x/server.yaml:3:8
          |
        3 | image: --privileged
          |        ^^^^^^^^^^^^
          |
          = help: write `[host/]owner/name[:tag][@sha256:digest]`
        ");
        insta::assert_snapshot!(shown("MCP/zi-6"), @"
        error[invalid-image]: `MCP/zi-6` is not an image reference: the name of an image is in lower case
         --> servers/x/server.yaml:3:8
          |
        3 | image: MCP/zi-6
          |        ^^^^^^^^
          |
          = help: write `mcp/zi-6`
        ");
        let md5 = format!("acme/x@md5:{}", "0".repeat(32));
        for image in ["https://ghcr.io/a/b", "a b", "acme/Server", "mcp/../evil", "mcp/zi 13", "acme/{{x.image}}", &md5]
        {
            assert_eq!(of(image), 1, "{image}");
        }
    }

    #[test]
    fn the_images_of_tools_count_too() {
        assert_eq!(findings("invalid-image", "x", "type: poci\ntools: [{container: {image: 'A/b'}}]\n"), 1);
    }

    #[test]
    fn the_registrys_own_images_have_no_tag() {
        insta::assert_snapshot!(shown("mcp/x:latest"), @"
        warning[invalid-image]: an image of this registry's own, in `mcp/`, carries no tag
         --> servers/x/server.yaml:3:8
          |
        3 | image: mcp/x:latest
          |        ^^^^^^^^^^^^
          |
          = help: write `image: mcp/x`: it is built from the pinned commit
        ");
        assert_eq!(of(&format!("mcp/x@sha256:{}", "0".repeat(64))), 1);
        // The tools of a `poci` are not built here.
        assert_eq!(findings("invalid-image", "x", "type: poci\ntools: [{container: {image: 'mcp/x:1'}}]\n"), 0);
    }

    #[test]
    fn references_are_fine() {
        let digest = format!("acme/x:latest@sha256:{}", "0".repeat(64));
        let long = format!("acme/x@sha512:{}", "0".repeat(128));
        for image in ["mcp/x", "ghcr.io/a/b/c:1.0", "localhost:5000/x", "busybox", &digest, &long, ""] {
            assert_eq!(of(image), 0, "{image}");
        }
        assert_eq!(findings("invalid-image", "x", "type: remote\nimage: 'A b'\n"), 0);
        let ours = case("invalid-image", "x", "type: server\nimage: mcp/x:1.0\n");
        assert_eq!(ours.policy("[registry]\nnamespace = 'ghcr.io/we/'\n").count(), 0);
    }
}
