//! `unsorted-tags`

use super::{Check, Fix, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::document::edit::{Edit, EditError, sort_sequence};
use crate::finding::{Anchor, Severity};
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "unsorted-tags",
    summary: "the tags are not in alphabetical order, which this registry's policy asks for",
    explanation: "\
## What
`meta.tags` is not sorted, and the policy says `style.sort-tags = true`. Case does not count. Without that line in
`mcp-registry.toml` the rule is silent.

## Why
Two people who each add a tag to the end of a list conflict; in a sorted list they rarely do, and a tag that is there
already is seen.

## How to fix
Sort the tags; `--fix` does, each with its comments.

## Source
The policy of the registry.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: Some(Fix::Edit(fix)),
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if !subject.policy.settings.style.sort_tags {
        return;
    }
    let tags = &subject.manifest().meta.tags;
    let key = |tag: &Option<String>| tag.as_ref().map(|tag| (tag.to_lowercase(), tag.clone()));
    for (index, pair) in tags.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        let (Some(first), Some(second)) = (key(before), key(after)) else { continue };
        if second < first {
            let (first, second) = (excerpt(&first.1), excerpt(&second.1));
            sink.value(route!["meta", "tags", index + 1], format!("the tag `{second}` belongs before `{first}`"))
                .also(Anchor::Value(route!["meta", "tags", index]), "comes later in the alphabet")
                .help("sort the tags; `--fix` does");
            return;
        }
    }
}

fn fix(_: &Subject<'_>, document: &Document) -> Result<Vec<Edit>, EditError> {
    Ok(sort_sequence(document, &route!["meta", "tags"])?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{Case, case, findings};

    const SORTED: &str = "[style]\nsort-tags = true\n";

    fn tags(manifest: &str) -> Case {
        case("unsorted-tags", "x", manifest).policy(SORTED)
    }

    #[test]
    fn the_first_tag_out_of_order_is_named_and_the_fix_sorts_all() {
        let entry = tags("meta:\n  tags:\n    - sql\n    - Data # big\n    - cloud\n");
        insta::assert_snapshot!(entry.rendered(), @"
        warning[unsorted-tags]: the tag `Data` belongs before `sql`
         --> servers/x/server.yaml:4:7
          |
        3 |     - sql
          |       --- comes later in the alphabet
        4 |     - Data # big
          |       ^^^^
          |
          = help: sort the tags; `--fix` does
        ");
        insta::assert_snapshot!(entry.fixed(), @"
        meta:
          tags:
            - cloud
            - Data # big
            - sql
        ");
    }

    #[test]
    fn sorted_tags_are_fine_whatever_their_case() {
        assert_eq!(tags("meta: {tags: [Azure, cloud, Data, sql, sql]}\n").count(), 0);
        assert_eq!(tags("meta: {tags: []}\n").count(), 0);
    }

    #[test]
    fn without_the_policy_order_is_free() {
        assert_eq!(findings("unsorted-tags", "x", "meta: {tags: [b, a]}\n"), 0);
    }
}
