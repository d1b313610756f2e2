//! `root-user`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "root-user",
    summary: "the container is told to run as root",
    explanation: "\
## What
`run.user` is `root` or the number 0, with or without a group.

## Why
An image can say for itself that it needs root; an entry that says it overrides an image that does not. Root in a container
owns what is mounted into it, and every hole in the engine or the kernel is then a way to the machine.

## How to fix
Remove `run.user`, or name the unprivileged user that the image is made for. If a mounted folder belongs to the user, take
the id from them: `user: \"{{name.uid}}\"`.

## Source
CIS Docker Benchmark, 4.1: a user for the container.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let Some(user) = &subject.manifest().run.user else { return };
    if is_root(user) {
        sink.value(route!["run", "user"], format!("the container runs as root: `{}`", excerpt(user)))
            .help("remove `user`, or name the unprivileged user that the image is made for");
    }
}

/// Engines look the user up by name first and read it as a decimal number then.
fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default().trim();
    let digits = name.strip_prefix('+').unwrap_or(name);
    name == "root" || (!digits.is_empty() && digits.bytes().all(|byte| byte == b'0'))
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn of(user: &str) -> usize {
        findings("root-user", "x", &format!("run: {{user: {user}}}\n"))
    }

    #[test]
    fn root_is_found_by_name_and_number() {
        insta::assert_snapshot!(rendered("root-user", "x", "name: x\nrun:\n  user: \"0:0\"\n"), @r#"
        warning[root-user]: the container runs as root: `0:0`
         --> servers/x/server.yaml:3:9
          |
        3 |   user: "0:0"
          |         ^^^^^
          |
          = help: remove `user`, or name the unprivileged user that the image is made for
        "#);
        for user in ["root", "0", "'0'", "root:root", "'root:1000'", "'00'"] {
            assert_eq!(of(user), 1, "{user}");
        }
    }

    #[test]
    fn other_users_are_fine() {
        for user in ["1000", "'1000:1000'", "nobody", "'{{x.uid}}'"] {
            assert_eq!(of(user), 0, "{user}");
        }
    }

    #[test]
    fn roots_group_and_names_with_root_are_not_root() {
        for user in ["'1000:0'", "rootless", "'10'"] {
            assert_eq!(of(user), 0, "{user}");
        }
    }
}
