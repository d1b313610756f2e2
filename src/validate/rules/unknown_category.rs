//! `unknown-category`

use super::{Check, Rule, Sink, Subject, excerpt, nearest_of};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "unknown-category",
    summary: "the category is none of those that this registry's policy lists",
    explanation: "\
## What
`meta.category` is not in the list `registry.categories` of `mcp-registry.toml`. Letter case counts. Without a list the
rule is silent.

## Why
People browse by category. A category of one (`ai-ml` beside `ai`, `Fintech` beside `payments`) is a place where nobody
looks.

## How to fix
Use one of the categories of the policy, or have maintainers add the new one there.

## Source
The policy of the registry. The reference has no list; its 172 entries use 28 categories, 12 of them once.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let known = &subject.policy.settings.registry.categories;
    let Some(category) = &subject.manifest().meta.category else { return };
    if known.is_empty() || known.contains(category) {
        return;
    }
    let said =
        sink.value(route!["meta", "category"], format!("`{}` is not a category of this registry", excerpt(category)));
    match nearest_of(category, known.iter().map(String::as_str)) {
        Some(nearest) => said.help(format!("did you mean `{nearest}`?")),
        None => said.help(format!("use one of these: {}", known.join(", "))),
    };
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{Case, case, findings};

    fn category(category: &str) -> Case {
        case("unknown-category", "x", &format!("meta:\n  category: {category}\n"))
            .policy("[registry]\ncategories = [\"ai\", \"database\", \"devops\"]\n")
    }

    #[test]
    fn a_category_outside_the_list_is_reported() {
        insta::assert_snapshot!(category("databases").rendered(), @"
        warning[unknown-category]: `databases` is not a category of this registry
         --> servers/x/server.yaml:2:13
          |
        2 |   category: databases
          |             ^^^^^^^^^
          |
          = help: did you mean `database`?
        ");
        insta::assert_snapshot!(category("fintech").rendered(), @"
        warning[unknown-category]: `fintech` is not a category of this registry
         --> servers/x/server.yaml:2:13
          |
        2 |   category: fintech
          |             ^^^^^^^
          |
          = help: use one of these: ai, database, devops
        ");
    }

    #[test]
    fn a_category_of_the_list_is_fine() {
        assert_eq!(category("database").count(), 0);
    }

    #[test]
    fn case_counts_and_an_absent_category_does_not() {
        assert_eq!(category("AI").count(), 1);
        assert_eq!(category("''").count(), 0);
    }

    #[test]
    fn without_a_list_every_category_is_fine() {
        assert_eq!(findings("unknown-category", "x", "meta: {category: anything}\n"), 0);
    }
}
