//! `image-namespace`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::entry::EntryType;
use crate::finding::Severity;
use crate::ids::ImageReference;
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "image-namespace",
    summary: "the registry neither builds nor signs the image of a local server",
    explanation: "\
## What
An entry of type `server` names an image outside the registry's own namespace (`registry.namespace` in
`mcp-registry.toml`), and no publisher in that file claims it.

## Why
Images in the namespace are built here, from the commit that was audited, and signed. What is in another image only
its publisher knows: the pin says which source was read, but nothing ties the image to that source.

## How to fix
Name an image in the namespace, and the registry builds it: `image: mcp/<name>`. If the publisher is known and
trusted, a maintainer adds the prefix to `[[publishers]]`.

## Source
The policy of the registry that the format comes from: its own images have signatures, provenance and an SBOM,
others have none.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    let (EntryType::Server, Some(image)) = (manifest.kind, &manifest.image) else { return };
    // What is no reference is reported by `invalid-image`.
    let Ok(reference) = ImageReference::parse(image) else { return };
    let policy = &subject.policy.settings;
    let mut claimed = policy.publishers.iter().flat_map(|publisher| &publisher.images);
    let namespace = &policy.registry.namespace;
    if reference.is_under(namespace) || claimed.any(|prefix| reference.is_under(prefix)) {
        return;
    }
    sink.value(
        route!["image"],
        format!("`{image}` is not in `{namespace}`: this registry neither builds nor signs it"),
    )
    .help(format!(
        "name an image in the namespace, `{namespace}{}` say, to have it built from the pinned commit; or let a \
             maintainer add its publisher to the policy",
        subject.entry.name
    ));
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    #[test]
    fn an_image_of_others_is_named_as_such() {
        insta::assert_snapshot!(rendered("image-namespace", "x", "name: x\ntype: server\nimage: acme/x:1.0\n"), @"
        warning[image-namespace]: `acme/x:1.0` is not in `mcp/`: this registry neither builds nor signs it
         --> servers/x/server.yaml:3:8
          |
        3 | image: acme/x:1.0
          |        ^^^^^^^^^^
          |
          = help: name an image in the namespace, `mcp/x` say, to have it built from the pinned commit; or let a maintainer add its publisher to the policy
        ");
        assert_eq!(findings("image-namespace", "x", "type: server\nimage: ghcr.io/mcp/x\n"), 1);
        assert_eq!(findings("image-namespace", "x", "type: server\nimage: mcp-evil/x\n"), 1);
    }

    #[test]
    fn images_of_the_registry_are_fine_whatever_they_are_called() {
        for image in ["mcp/x", "mcp/another-name", "docker.io/mcp/x"] {
            assert_eq!(findings("image-namespace", "x", &format!("type: server\nimage: {image}\n")), 0, "{image}");
        }
    }

    #[test]
    fn a_publishers_own_images_are_fine_and_only_those() {
        let policy = "[[publishers]]\nname = 'Acme'\nimages = ['ghcr.io/acme/']\n";
        let judge = |image: &str| {
            case("image-namespace", "x", &format!("type: server\nimage: {image}\n")).policy(policy).count()
        };
        assert_eq!(judge("ghcr.io/acme/x"), 0);
        assert_eq!(judge("ghcr.io/acme-evil/x"), 1);
    }

    #[test]
    fn the_namespace_is_the_policys() {
        let ours = case("image-namespace", "x", "type: server\nimage: ghcr.io/we/x\n");
        assert_eq!(ours.policy("[registry]\nnamespace = 'ghcr.io/we/'\n").count(), 0);
    }

    #[test]
    fn only_local_servers_need_one_of_ours() {
        assert_eq!(findings("image-namespace", "x", "type: remote\nimage: acme/x\n"), 0);
        assert_eq!(findings("image-namespace", "x", "type: poci\ntools: [{container: {image: acme/x}}]\n"), 0);
    }
}
