//! `key-order`

use super::{Check, Fix, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::document::edit::{Edit, EditError, reorder_top_level};
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::schema::top_level_keys;

pub(super) static RULE: Rule = Rule {
    id: "key-order",
    summary: "the top-level keys are not in the order that entries have",
    explanation: "\
## What
The top-level keys of `server.yaml` are in another order than in the format: `name`, `image`, `type`, `longLived`,
`dynamic`, `meta`, `about`, `source`, `remote`, `run`, `config`, `oauth`, `tools`, `requirement`.

## Why
Entries that look alike are read, compared and reviewed faster. Nothing depends on it.

## How to fix
Move the key that the message names; `--fix` moves all of them, each with its comments.

## Source
The order that 170 of the reference's 172 entries have.
",
    severity: Severity::Note,
    needs: &[],
    check: Check::Manifest(check),
    fix: Some(Fix::Edit(fix)),
};

fn check(_: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let order: Vec<&str> = top_level_keys().collect();
    let rank = |key: &str| order.iter().position(|known| *known == key);
    let mut furthest: Option<(usize, &str)> = None;
    for pair in document.root().pairs() {
        let key = &*pair.key.text;
        let Some(here) = rank(key) else { continue };
        match furthest {
            Some((before, _)) if here < before => {
                // What it must stand before: the first key so far that comes later in the format.
                let next = document.root().pairs().iter().find(|pair| rank(&pair.key.text) > Some(here));
                let next = next.map_or("", |pair| &pair.key.text);
                sink.key(route![key.to_owned()], format!("`{key}` belongs before `{}`", excerpt(next)))
                    .also(Anchor::Key(route![next.to_owned()]), "comes later in the format")
                    .help("move it up; `--fix` does, with its comments");
                return;
            }
            _ => furthest = Some((here, key)),
        }
    }
}

fn fix(_: &Subject<'_>, document: &Document) -> Result<Vec<Edit>, EditError> {
    let order: Vec<&str> = top_level_keys().collect();
    Ok(reorder_top_level(document, &order)?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    const EXAMPLE: &str = "name: x\nabout:\n  title: X\n# what it is\ntype: server\nimage: mcp/x\n";

    #[test]
    fn the_first_key_out_of_order_is_named() {
        insta::assert_snapshot!(rendered("key-order", "x", EXAMPLE), @"
        note[key-order]: `type` belongs before `about`
         --> servers/x/server.yaml:5:1
          |
        2 | about:
          | ----- comes later in the format
        ...
        5 | type: server
          | ^^^^
          |
          = help: move it up; `--fix` does, with its comments
        ");
    }

    #[test]
    fn the_fix_moves_keys_with_their_comments() {
        insta::assert_snapshot!(case("key-order", "x", EXAMPLE).fixed(), @"
        name: x
        image: mcp/x
        # what it is
        type: server
        about:
          title: X
        ");
    }

    #[test]
    fn the_order_of_the_format_is_fine_with_and_without_gaps() {
        assert_eq!(findings("key-order", "x", "name: x\ntype: server\nmeta: {}\nrun: {}\noauth: []\n"), 0);
        assert_eq!(findings("key-order", "x", ""), 0);
    }

    #[test]
    fn unknown_and_inner_keys_have_no_order() {
        assert_eq!(findings("key-order", "x", "zzz: 1\nname: x\nother: 2\nabout: {icon: a, title: b}\n"), 0);
    }
}
