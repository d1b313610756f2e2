//! `unpinned-source`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::entry::EntryType;
use crate::finding::Severity;
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "unpinned-source",
    summary: "a local server does not name the commit that was audited",
    explanation: "\
## What
An entry of type `server` has no `source.commit`.

## Why
Without a pin the image is built from whatever the branch holds that night. Nobody audited that, and nobody can
tell later what was built.

## How to fix
Add `source.commit` with the full 40-digit id of the commit that was audited:
`git ls-remote <project> HEAD` prints the newest one.

## Source
The reference validator's `isCommitPinnedIfNecessary`.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    // A list or mapping is there, and `wrong-type` reports it.
    let is_other = document.at(&route!["source", "commit"]).is_some_and(|node| node.scalar().is_none());
    if manifest.kind == EntryType::Server && manifest.source.commit.is_none() && !is_other {
        sink.value(route!["source", "commit"], "the source is not pinned: `source.commit` is missing")
            .help("add `commit:` under `source:` with the 40-digit id of the audited commit");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn a_local_server_needs_a_pin() {
        let unpinned = "name: x\ntype: server\nsource:\n  project: https://github.com/a/b\n";
        insta::assert_snapshot!(rendered("unpinned-source", "x", unpinned), @"
        error[unpinned-source]: the source is not pinned: `source.commit` is missing
         --> servers/x/server.yaml:3:1
          |
        3 | source:
          | ^^^^^^
          |
          = help: add `commit:` under `source:` with the 40-digit id of the audited commit
        ");
    }

    #[test]
    fn an_empty_pin_is_none() {
        assert_eq!(findings("unpinned-source", "x", "type: server\nsource: {commit: ''}\n"), 1);
        // It is there; `wrong-type` says what is wrong with it.
        assert_eq!(findings("unpinned-source", "x", "type: server\nsource: {commit: [a]}\n"), 0);
    }

    #[test]
    fn others_need_none() {
        assert_eq!(findings("unpinned-source", "x", "type: remote\nremote: {url: https://a.example}\n"), 0);
        let pinned = "type: server\nsource: {commit: b4ee623039a6c60053ce67269701ad9e95073306}\n";
        assert_eq!(findings("unpinned-source", "x", pinned), 0);
    }
}
