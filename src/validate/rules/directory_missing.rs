//! `directory-missing`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::facts::{Fact, Need, PathAtPin};

pub(super) static RULE: Rule = Rule {
    id: "directory-missing",
    summary: "the repository has no such directory at the pinned commit",
    explanation: "\
## What
`source.directory` is not a directory in the tree of the pinned commit: nothing is there, or a file, a symbolic link or a
submodule is.

## Why
The directory is the build context. Without it the image cannot be built.

## How to fix
Look at the repository at the pinned commit. If the directory was moved, write where it is now; names are
case-sensitive.

## Source
`docker build <project>#<commit>:<directory>` needs a directory there, and follows no link out of the repository.
",
    severity: Severity::Error,
    needs: &[Need::Directory],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let what = match subject.facts.directory {
        Fact::Known(PathAtPin::Missing) => "does not exist",
        Fact::Known(PathAtPin::File) => "is a file",
        Fact::Known(PathAtPin::Other) => "is a link or a submodule",
        Fact::Known(PathAtPin::Directory) | Fact::NotGathered | Fact::Unavailable(_) => return,
    };
    let directory = subject.manifest().source.directory.as_deref().unwrap_or_default();
    sink.value(route!["source", "directory"], format!("`{directory}` {what} at the pinned commit"))
        .label("not a directory")
        .also(Anchor::Value(route!["source", "commit"]), "at this commit")
        .help("write where the directory is at that commit; names are case-sensitive");
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, PathAtPin};
    use crate::validate::testing::{Case, PINNED, case};

    fn judged(fact: Fact<PathAtPin>) -> Case {
        case("directory-missing", "x", PINNED).facts(Facts { directory: fact, ..Facts::default() })
    }

    #[test]
    fn nothing_a_file_and_a_link_are_found() {
        insta::assert_snapshot!(judged(Fact::Known(PathAtPin::Missing)).rendered(), @"
        error[directory-missing]: `servers/x` does not exist at the pinned commit
         --> servers/x/server.yaml:6:14
          |
        6 |   directory: servers/x
          |              ^^^^^^^^^ not a directory
        7 |   dockerfile: docker/Dockerfile
        8 |   commit: b4ee623039a6c60053ce67269701ad9e95073306
          |           ---------------------------------------- at this commit
          |
          = help: write where the directory is at that commit; names are case-sensitive
        ");
        assert_eq!(judged(Fact::Known(PathAtPin::File)).count(), 1);
        assert_eq!(judged(Fact::Known(PathAtPin::Other)).count(), 1);
    }

    #[test]
    fn a_directory_is_fine() {
        assert_eq!(judged(Fact::Known(PathAtPin::Directory)).count(), 0);
    }

    #[test]
    fn not_knowing_is_not_missing() {
        assert_eq!(judged(Fact::Unavailable("the listing is cut off".into())).count(), 0);
    }
}
