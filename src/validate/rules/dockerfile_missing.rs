//! `dockerfile-missing`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::facts::{Fact, Need, PathAtPin};

pub(super) static RULE: Rule = Rule {
    id: "dockerfile-missing",
    summary: "the repository has no Dockerfile where the build looks for it",
    explanation: "\
## What
The registry builds the image itself, and at the pinned commit there is no file at `source.dockerfile` below
`source.directory`. Without `source.dockerfile`, the file is `Dockerfile`.

## Why
Without a Dockerfile the image cannot be built.

## How to fix
Write the path in `source.dockerfile`, relative to `source.directory`; names are case-sensitive. If the project has no
Dockerfile, offer it one, or name an image that the project publishes in `image`.

## Source
`docker build --file <dockerfile> <project>#<commit>:<directory>`.
",
    severity: Severity::Error,
    needs: &[Need::Dockerfile],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let what = match subject.facts.dockerfile {
        Fact::Known(PathAtPin::Missing) => "there is no",
        Fact::Known(PathAtPin::Directory) => "there is a directory in place of the",
        Fact::Known(PathAtPin::Other) => "there is a link or a submodule in place of the",
        Fact::Known(PathAtPin::File) | Fact::NotGathered | Fact::Unavailable(_) => return,
    };
    let source = &subject.manifest().source;
    let (key, path) = match source.dockerfile.as_deref() {
        Some(path) => ("dockerfile", path),
        None => ("directory", "Dockerfile"),
    };
    let place = match source.directory.as_deref() {
        Some(directory) => format!(" in `{directory}`"),
        None => String::new(),
    };
    sink.value(route!["source", key], format!("{what} file `{path}`{place} at the pinned commit"))
        .also(Anchor::Value(route!["source", "commit"]), "at this commit")
        .help("write its path in `source.dockerfile`, relative to `source.directory`");
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, PathAtPin};
    use crate::validate::testing::{Case, PINNED, case};

    fn judged(fact: Fact<PathAtPin>) -> Case {
        case("dockerfile-missing", "x", PINNED).facts(Facts { dockerfile: fact, ..Facts::default() })
    }

    #[test]
    fn nothing_and_a_directory_are_found() {
        insta::assert_snapshot!(judged(Fact::Known(PathAtPin::Missing)).rendered(), @"
        error[dockerfile-missing]: there is no file `docker/Dockerfile` in `servers/x` at the pinned commit
         --> servers/x/server.yaml:7:15
          |
        7 |   dockerfile: docker/Dockerfile
          |               ^^^^^^^^^^^^^^^^^
        8 |   commit: b4ee623039a6c60053ce67269701ad9e95073306
          |           ---------------------------------------- at this commit
          |
          = help: write its path in `source.dockerfile`, relative to `source.directory`
        ");
        assert_eq!(judged(Fact::Known(PathAtPin::Directory)).count(), 1);
        assert_eq!(judged(Fact::Known(PathAtPin::Other)).count(), 1);
    }

    #[test]
    fn without_a_path_the_usual_one_is_named() {
        let yaml = "type: server\nsource:\n  project: https://github.com/acme/x\n";
        let facts = Facts { dockerfile: Fact::Known(PathAtPin::Missing), ..Facts::default() };
        insta::assert_snapshot!(case("dockerfile-missing", "x", yaml).facts(facts).rendered(), @"
        error[dockerfile-missing]: there is no file `Dockerfile` at the pinned commit
         --> servers/x/server.yaml:2:1
          |
        2 | source:
          | ^^^^^^
          | |
          | at this commit
          |
          = help: write its path in `source.dockerfile`, relative to `source.directory`
        ");
    }

    #[test]
    fn a_file_is_fine() {
        assert_eq!(judged(Fact::Known(PathAtPin::File)).count(), 0);
    }

    #[test]
    fn images_that_others_build_are_not_asked_about() {
        assert_eq!(judged(Fact::NotGathered).count(), 0);
    }
}
