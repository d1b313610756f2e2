//! `invalid-yaml`

use super::{Check, Rule, Sink, Subject};
use crate::document::{Document, Node, ScalarStyle, Value};
use crate::entry::{Content, MANIFEST};
use crate::finding::{Anchor, Severity};

pub(super) static RULE: Rule = Rule {
    id: "invalid-yaml",
    summary: "server.yaml is not YAML, or not a mapping",
    explanation: "\
## What
`server.yaml` cannot be read as YAML, or is empty, or is a list or a single value where the format has keys. Also
refused, since readers of YAML disagree about them: a key that stands twice, aliases and merge keys, a second document,
keys that are not plain values, and texts beyond the limits (1 MiB, 64 levels, 50,000 values).

## Why
Nothing else about the entry can be judged until this is mended. A key that stands twice is an error to some programs,
and to others the first or the last one counts: people and programs then see different entries.

## How to fix
Mend the marked place. Most often it is the indentation, a missing blank after a colon, a tab, or a value with `: ` or
` #` in it that needs quotes.

## Source
The reference reads `server.yaml` with Go's yaml.v3, which refuses the same texts; aliases and second documents are
refused here beyond that.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let file = &subject.entry.manifest_file;
    match &file.content {
        Content::Malformed(_, _, error) => {
            let said = sink.at(&file.path, Anchor::Bytes(error.span), error.message.clone());
            match &error.related {
                Some((span, text)) => said.also(Anchor::Bytes(*span), text.clone()),
                None => said,
            }
            .help("fix this first; the rest of the file was not checked");
        }
        Content::Document(document) => not_a_mapping(document, sink),
        // No text: `unreadable-entry` says so.
        Content::Absent | Content::Unreadable(_) | Content::Text(..) => {}
    }
}

fn not_a_mapping(document: &Document, sink: &mut Sink<'_>) {
    let root = document.root();
    let found = match &root.value {
        Value::Mapping(_) => return,
        Value::Sequence(_) => "a list",
        Value::Scalar(_) if is_absent(root) => {
            sink.value(crate::route![], format!("{MANIFEST} is empty"))
                .help("write at least `name`, `type` and `about`, or remove the entry's folder");
            return;
        }
        Value::Scalar(_) => "a single value",
    };
    sink.value(crate::route![], format!("{MANIFEST} holds {found} where the keys of an entry should be"))
        .help("begin with `name: …`, without a dash or quotes around the whole");
}

fn is_absent(root: &Node) -> bool {
    root.scalar().is_some_and(|scalar| scalar.text.is_empty() && scalar.style == ScalarStyle::Plain)
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn a_broken_text_is_shown_where_it_breaks() {
        let broken = "name: x\nabout:\n  title: X\n description: y\n";
        insta::assert_snapshot!(rendered("invalid-yaml", "x", broken), @"
        error[invalid-yaml]: expected a key here; is the indentation right?
         --> servers/x/server.yaml:4:2
          |
        4 |  description: y
          |  ^
          |
          = help: fix this first; the rest of the file was not checked
        ");
    }

    #[test]
    fn a_key_that_stands_twice_shows_both_places() {
        let twice = "name: x\nmeta:\n  tags:\n    - a\n  category: web\n  tags:\n    - b\n";
        insta::assert_snapshot!(rendered("invalid-yaml", "x", twice), @"
        error[invalid-yaml]: duplicate key `tags`
         --> servers/x/server.yaml:6:3
          |
        3 |   tags:
          |   ---- first set here
        ...
        6 |   tags:
          |   ^^^^
          |
          = help: fix this first; the rest of the file was not checked
        ");
    }

    #[test]
    fn an_entry_is_a_mapping() {
        insta::assert_snapshot!(rendered("invalid-yaml", "x", "- name: x\n"), @"
        error[invalid-yaml]: server.yaml holds a list where the keys of an entry should be
         --> servers/x/server.yaml:1:1
          |
        1 | - name: x
          | ^^^^^^^^^
          |
          = help: begin with `name: …`, without a dash or quotes around the whole
        ");
        insta::assert_snapshot!(rendered("invalid-yaml", "x", "# later\n"), @"
        error[invalid-yaml]: server.yaml is empty
         --> servers/x/server.yaml:1:1
          |
        1 | # later
          | ^
          |
          = help: write at least `name`, `type` and `about`, or remove the entry's folder
        ");
        assert_eq!(findings("invalid-yaml", "x", ""), 1);
        assert_eq!(findings("invalid-yaml", "x", "name\n"), 1);
    }

    #[test]
    fn what_is_yaml_is_fine_even_if_it_is_no_good_entry() {
        assert_eq!(findings("invalid-yaml", "x", "{}\n"), 0);
        assert_eq!(findings("invalid-yaml", "x", "name: [1, {a: b}]\n"), 0);
    }
}
