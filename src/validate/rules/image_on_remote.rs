//! `image-on-remote`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::entry::EntryType;
use crate::finding::{Anchor, Severity};
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "image-on-remote",
    summary: "a remote server has an image, which nothing ever runs",
    explanation: "\
## What
An entry of type `remote` has an `image`.

## Why
A remote server is a service that somebody else runs: clients connect to `remote.url` and never pull an image. Whoever
reads the entry believes that they run a container, and does not notice that their data leaves the machine.

## How to fix
Remove `image`. If the server is a container that users run, the type is `server`.

## Source
The reference's guide to remote entries: `remote.url` and `remote.transport_type`, and no `image`.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    if manifest.kind != EntryType::Remote {
        return;
    }
    if let Some(image) = &manifest.image {
        sink.key(route!["image"], format!("the image `{}` is never run: this server is remote", super::excerpt(image)))
            .also(Anchor::Value(route!["type"]), "clients connect to `remote.url`")
            .help("remove `image`; or, if users run the server themselves, write `type: server`");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn an_image_that_nothing_runs_is_found() {
        let yaml = "name: x\nimage: mcp/x\ntype: remote\nremote:\n  url: https://mcp.example.com\n";
        insta::assert_snapshot!(rendered("image-on-remote", "x", yaml), @"
        warning[image-on-remote]: the image `mcp/x` is never run: this server is remote
         --> servers/x/server.yaml:2:1
          |
        2 | image: mcp/x
          | ^^^^^
        3 | type: remote
          |       ------ clients connect to `remote.url`
          |
          = help: remove `image`; or, if users run the server themselves, write `type: server`
        ");
    }

    #[test]
    fn servers_have_images_and_remotes_have_none() {
        assert_eq!(findings("image-on-remote", "x", "type: server\nimage: mcp/x\n"), 0);
        assert_eq!(findings("image-on-remote", "x", "type: remote\n"), 0);
    }

    #[test]
    fn an_empty_image_is_none() {
        assert_eq!(findings("image-on-remote", "x", "type: remote\nimage: ''\n"), 0);
    }
}
