//! `image-not-found`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Image, Need};

pub(super) static RULE: Rule = Rule {
    id: "image-not-found",
    summary: "the image does not exist in its image registry",
    explanation: "\
## What
The image registry that `image` names has no image of that name and tag, or it is not public. Images in the namespace that
this registry builds itself are not asked about: a new entry's image is built after it was merged.

## Why
Nobody can start a server whose image cannot be pulled. And a name that is free can be taken: whoever registers it first
decides what users of this entry run.

## How to fix
Correct the name or the tag, ask the publisher to make the image public, or let the registry build it from source.

## Source
The OCI distribution specification: `HEAD /v2/<name>/manifests/<reference>`, asked without credentials.
",
    severity: Severity::Error,
    needs: &[Need::Image],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if subject.facts.image == Fact::Known(Image::Missing) {
        let image = subject.manifest().image.as_deref().unwrap_or_default();
        sink.value(route!["image"], format!("there is no public image `{image}`"))
            .help("correct the name or the tag, or ask the publisher to make the image public");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, Image};
    use crate::validate::testing::{Case, case};

    fn judged(fact: Fact<Image>) -> Case {
        case("image-not-found", "x", "name: x\nimage: ghcr.io/acme/x:1.2\n")
            .facts(Facts { image: fact, ..Facts::default() })
    }

    #[test]
    fn an_image_that_nobody_can_pull_is_found() {
        insta::assert_snapshot!(judged(Fact::Known(Image::Missing)).rendered(), @"
        error[image-not-found]: there is no public image `ghcr.io/acme/x:1.2`
         --> servers/x/server.yaml:2:8
          |
        2 | image: ghcr.io/acme/x:1.2
          |        ^^^^^^^^^^^^^^^^^^
          |
          = help: correct the name or the tag, or ask the publisher to make the image public
        ");
    }

    #[test]
    fn an_image_with_or_without_a_digest_is_fine() {
        assert_eq!(judged(Fact::Known(Image::Found { digest: None })).count(), 0);
        assert_eq!(judged(Fact::Known(Image::Found { digest: Some("sha256:00".into()) })).count(), 0);
    }

    #[test]
    fn an_image_registry_that_is_busy_has_not_lost_the_image() {
        assert_eq!(judged(Fact::Unavailable("429".into())).count(), 0);
        assert_eq!(judged(Fact::NotGathered).count(), 0);
    }
}
