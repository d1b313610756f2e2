//! `icon-invalid`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Icon, Need};

pub(super) static RULE: Rule = Rule {
    id: "icon-invalid",
    summary: "the icon is no image, or is too large",
    explanation: "\
## What
What `about.icon` leads to is not a PNG, JPEG, GIF, WebP, ICO or SVG image by its content, or has more than 2 MB, or more than
512×512 pixels. SVG images have no pixels, so their size does not count.

## Why
The catalog shows hundreds of icons at once, each a few dozen pixels wide. A web page in place of an image shows as a broken
one, and large images make the catalog slow for everybody.

## How to fix
Scale the image down to 512×512 pixels or fewer, or name the address of the image itself and not of the page that
shows it.

## Source
The limits are the reference validator's. It believes the server about type and length; here the bytes are counted and
the type is told from the content.
",
    severity: Severity::Warning,
    needs: &[Need::Icon],
    check: Check::Manifest(check),
    fix: None,
};

/// The most pixels that an icon may have on a side.
const MAX_SIDE: u32 = 512;

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    match &subject.facts.icon {
        Fact::Known(Icon::TooLarge { limit }) => {
            let limit = limit / (1024 * 1024);
            sink.value(route!["about", "icon"], format!("the icon has more than {limit} MB"))
                .help("make it smaller: 512×512 pixels are enough");
        }
        Fact::Known(Icon::Read { format: None, bytes, .. }) => {
            sink.value(route!["about", "icon"], format!("this leads to {bytes} bytes that are no image known here"))
                .help("name the address of the image itself: PNG, JPEG, GIF, WebP, ICO or SVG");
        }
        Fact::Known(Icon::Read { format: Some(format), size: Some((width, height)), .. })
            if format != "svg" && (*width > MAX_SIDE || *height > MAX_SIDE) =>
        {
            let message = format!("the icon is {width}×{height} pixels; {MAX_SIDE}×{MAX_SIDE} is the most");
            sink.value(route!["about", "icon"], message).help("scale it down");
        }
        Fact::Known(Icon::Read { .. } | Icon::Unreachable(_)) | Fact::NotGathered | Fact::Unavailable(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, Icon};
    use crate::validate::testing::{Case, case};

    fn judged(icon: Icon) -> Case {
        let yaml = "name: x\nabout:\n  icon: https://acme.example/icon.png\n";
        case("icon-invalid", "x", yaml).facts(Facts { icon: Fact::Known(icon), ..Facts::default() })
    }

    fn image(format: &str, width: u32, height: u32) -> Icon {
        Icon::Read { bytes: 4096, format: Some(format.into()), size: Some((width, height)) }
    }

    #[test]
    fn one_pixel_too_many_is_found() {
        insta::assert_snapshot!(judged(image("png", 513, 512)).rendered(), @"
        warning[icon-invalid]: the icon is 513×512 pixels; 512×512 is the most
         --> servers/x/server.yaml:3:9
          |
        3 |   icon: https://acme.example/icon.png
          |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: scale it down
        ");
        assert_eq!(judged(image("jpeg", 512, 513)).count(), 1);
    }

    #[test]
    fn a_web_page_is_found() {
        insta::assert_snapshot!(judged(Icon::Read { bytes: 812, format: None, size: None }).rendered(), @"
        warning[icon-invalid]: this leads to 812 bytes that are no image known here
         --> servers/x/server.yaml:3:9
          |
        3 |   icon: https://acme.example/icon.png
          |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: name the address of the image itself: PNG, JPEG, GIF, WebP, ICO or SVG
        ");
    }

    #[test]
    fn too_many_bytes_are_found() {
        insta::assert_snapshot!(judged(Icon::TooLarge { limit: 2 * 1024 * 1024 }).rendered(), @"
        warning[icon-invalid]: the icon has more than 2 MB
         --> servers/x/server.yaml:3:9
          |
        3 |   icon: https://acme.example/icon.png
          |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: make it smaller: 512×512 pixels are enough
        ");
    }

    #[test]
    fn the_largest_allowed_image_is_fine() {
        assert_eq!(judged(image("png", 512, 512)).count(), 0);
    }

    #[test]
    fn a_drawing_has_no_pixels_and_an_unknown_size_is_not_too_large() {
        assert_eq!(judged(image("svg", 2000, 2000)).count(), 0);
        assert_eq!(judged(Icon::Read { bytes: 1, format: Some("webp".into()), size: None }).count(), 0);
        assert_eq!(judged(Icon::Unreachable("404".into())).count(), 0);
    }
}
