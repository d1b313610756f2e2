#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::super::limits::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_WAY};
use super::compose;
use crate::document::{Document, Node, Value};
use crate::route;
use std::fmt::Write as _;

/// Each refusal: the text it marks, the message, and the second place if there is one.
fn refusals(texts: &[&str]) -> String {
    let mut shown = String::new();
    for text in texts {
        let refusal = compose(text).expect_err(text);
        let marked = &text[refusal.span.range()];
        writeln!(shown, "{text:?}\n  {:?}: {}", marked, refusal.message).unwrap();
        if let Some((span, label)) = refusal.related {
            writeln!(shown, "  {}..{} {:?}: {label}", span.start, span.end, &text[span.range()]).unwrap();
        }
    }
    shown
}

#[test]
fn what_entries_must_not_use_is_refused() {
    let texts = [
        "a: 1\nb: 2\n\"a\": 3\n",
        "1: x\n'1': y\n",
        "{a: 1, a: 2}\n",
        "a: &x 1\nb: *x\n",
        "a: *nowhere\n",
        "a: &a [*a]\n",
        "a:\n  <<: {b: 1}\n",
        "a: {{name}}\n",
        "? [1, 2]\n: x\n",
        "?\n  a: b\n: x\n",
        "%YAML 1.2\n---\na: 1\n",
        "a: 1\n---\nb: 2\n",
        "a: 1\n...\nb: 2\n",
        "v: !!bool yes\n",
        "v: !!int 1.5\n",
        "v: !!binary '*'\n",
        "a: x\u{0}y\n",
        "a: x\u{7f}\n",
        "# hidden\u{2028}a: 1\n",
        "a: \u{fffe}\n",
    ];
    insta::assert_snapshot!(refusals(&texts), @r##"
    "a: 1\nb: 2\n\"a\": 3\n"
      "\"a\"": duplicate key `a`
      0..1 "a": first set here
    "1: x\n'1': y\n"
      "'1'": duplicate key `1`
      0..1 "1": first set here
    "{a: 1, a: 2}\n"
      "a": duplicate key `a`
      1..2 "a": first set here
    "a: &x 1\nb: *x\n"
      "*x": aliases are not read; write the value itself
      3..5 "&x": the value is here
    "a: *nowhere\n"
      "*nowhere": this is an alias to nothing; quote a text that begins with `*`
    "a: &a [*a]\n"
      "*a": aliases are not read; write the value itself
      3..5 "&a": the value is here
    "a:\n  <<: {b: 1}\n"
      "<<": merge keys are not read; write the keys themselves
    "a: {{name}}\n"
      "{": a key must be a scalar, not a mapping; put a `{{template}}` in quotes
    "? [1, 2]\n: x\n"
      "[": a key must be a scalar, not a sequence; quote a text that begins with a bracket
    "?\n  a: b\n: x\n"
      "a": a key must be a scalar, not a mapping
    "%YAML 1.2\n---\na: 1\n"
      "%YAML 1.2": `%YAML 1.2` is refused by other readers; leave it out
    "a: 1\n---\nb: 2\n"
      "---": a second document begins here; only one is read
    "a: 1\n...\nb: 2\n"
      "b": a second document begins here; only one is read
    "v: !!bool yes\n"
      "yes": the value is not what its tag `!!bool` says
    "v: !!int 1.5\n"
      "1.5": the value is not what its tag `!!int` says
    "v: !!binary '*'\n"
      "'*'": the value is not what its tag `!!binary` says
    "a: x\0y\n"
      "\0": control character U+0000 is not allowed in YAML
    "a: x\u{7f}\n"
      "\u{7f}": control character U+007F is not allowed in YAML
    "# hidden\u{2028}a: 1\n"
      "\u{2028}": character U+2028 ends a line for some YAML readers and not for others; remove it
    "a: \u{fffe}\n"
      "\u{fffe}": control character U+FFFE is not allowed in YAML
    "##);
}

#[test]
fn syntax_errors_say_what_to_do() {
    let texts = [
        "a: b: c\n",
        "a: 1\n\tb: 2\n",
        "a:\n\t- 1\n",
        "a: \"x\n",
        "a: 'x\nb: y\n",
        "a: [1, 2\n",
        "a: {b: 1\n",
        "a: [1}\n",
        "a: ]\n",
        "a: @x\n",
        "a: \"\\q\"\n",
        "a: 'b'c\n",
        "a:\n  b: 1\n c: 2\n",
        "a:\n  - 1\n - 2\n",
        "a: - b\n",
        "- a: 1\n  - b\n",
        "a: 1\nb\nc: 2\n",
        "a: [1,,2]\n",
        "a: >x\n  y\n",
        "a: 1\n\u{feff}b: 2\n",
        "a: !<x y\n",
        "a: &\n",
    ];
    insta::assert_snapshot!(refusals(&texts), @r#"
    "a: b: c\n"
      ":": a `: ` is not allowed here; indent the line correctly, or quote the text if the colon is part of it
    "a: 1\n\tb: 2\n"
      "\t": a tab cannot indent in YAML; use spaces
    "a:\n\t- 1\n"
      "\t": a tab cannot indent in YAML; use spaces
    "a: \"x\n"
      "\"": this quote is never closed
    "a: 'x\nb: y\n"
      "b": this line is inside quotes but not indented; is a closing quote missing above?
      3..4 "'": the quote opens here
    "a: [1, 2\n"
      "[": the `[` is never closed
    "a: {b: 1\n"
      "{": the `{` is never closed
    "a: [1}\n"
      "[": `}` cannot close the `[` that is open here
    "a: ]\n"
      "]": nothing is open that this bracket could close
    "a: @x\n"
      "@": a value cannot begin with `@`; quote it if it is part of the text
    "a: \"\\q\"\n"
      "\"": unknown escape in double quotes; write `\\` for a backslash, or use single quotes
    "a: 'b'c\n"
      "c": text after the closing quote; a quoted value ends there
    "a:\n  b: 1\n c: 2\n"
      "c": expected a key here; is the indentation right?
    "a:\n  - 1\n - 2\n"
      "-": expected a key here; is the indentation right?
    "a: - b\n"
      "-": a `- ` is not allowed here; put the list on its own lines
    "- a: 1\n  - b\n"
      "b": expected a key here; is the indentation right?
    "a: 1\nb\nc: 2\n"
      "b": expected `key: value`; the `:` is missing, or the line's indentation is wrong
    "a: [1,,2]\n"
      ",": a value is missing here
    "a: >x\n  y\n"
      ">": only a comment can follow `|` or `>` on its line; quote a text that begins with one
    "a: 1\n\u{feff}b: 2\n"
      "\u{feff}": a byte order mark is only allowed at the start of the text
    "a: !<x y\n"
      "!": did not find the expected '>'
    "a: &\n"
      "&": `&` and `*` begin a name in YAML; quote a text that begins with one
    "#);
}

#[test]
fn a_text_without_a_document_is_null() {
    for text in ["", "\n", "# only a comment\n", "\u{feff}"] {
        let root = compose(text).unwrap();
        assert_eq!((root.span.start, root.span.end, root.scalar().unwrap().text.as_ref()), (0, 0, ""), "{text:?}");
    }
}

/// Every node and key as `route: marked text`.
fn spans(text: &str) -> String {
    fn visit(text: &str, at: &crate::document::Route, node: &Node, shown: &mut String) {
        writeln!(shown, "{at}: {:?}", &text[node.span.range()]).unwrap();
        match &node.value {
            Value::Mapping(pairs) => {
                for pair in pairs {
                    let below = at.then(pair.key.text.to_string());
                    assert!(node.span.start <= pair.key.span.start && pair.key.span.end <= pair.value.span.end);
                    visit(text, &below, &pair.value, shown);
                }
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    visit(text, &at.then(index), item, shown);
                }
            }
            Value::Scalar(_) => {}
        }
    }
    let mut shown = String::new();
    visit(text, &route![], &compose(text).unwrap(), &mut shown);
    shown
}

#[test]
fn a_collection_ends_with_its_last_child() {
    let text = "\u{feff}# é\na: {x: [1, 'b'], y: }  # c\nb:\n  - \"q\" # d\n  -\n  - k: |-\n      t\n\n      u\n\n# e\nc: &x !!str  v\nd : # f\n  >\n  g\n\n...\n";
    insta::assert_snapshot!(spans(text), @r#"
    : "a: {x: [1, 'b'], y: }  # c\nb:\n  - \"q\" # d\n  -\n  - k: |-\n      t\n\n      u\n\n# e\nc: &x !!str  v\nd : # f\n  >\n  g"
    a: "{x: [1, 'b'], y: }"
    a.x: "[1, 'b']"
    a.x[0]: "1"
    a.x[1]: "'b'"
    a.y: ""
    b: "- \"q\" # d\n  -\n  - k: |-\n      t\n\n      u"
    b[0]: "\"q\""
    b[1]: ""
    b[2]: "k: |-\n      t\n\n      u"
    b[2].k: "|-\n      t\n\n      u"
    c: "v"
    d: ">\n  g"
    "#);
}

#[test]
fn spans_reach_into_documents_by_route() {
    let document = Document::from_yaml("a:\n  b: x\nc:\n").unwrap();
    let marked = |span: crate::document::Span| document.text()[span.range()].to_owned();
    assert_eq!(marked(document.locate(&route!["a", "b"])), "x");
    assert_eq!(marked(document.locate_key(&route!["a", "b"])), "b");
    assert_eq!(marked(document.locate(&route!["a", "missing"])), "a");
    assert_eq!(marked(document.locate(&route!["c"])), "c");
    assert_eq!(marked(document.locate(&route!["missing"])), "a");
}

#[test]
fn limits_are_refused_by_name() {
    let message = |text: &str| compose(text).unwrap_err().message;
    let deep = format!("collections are nested more than {MAX_DEPTH} deep");
    assert_eq!(message(&"[".repeat(100_000)), deep);
    assert_eq!(message(&"{a: ".repeat(100_000)), deep);
    assert_eq!(message(&"- ".repeat(100_000)), deep);
    assert_eq!(message(&"? ".repeat(100_000)), "a key must be a scalar, not a mapping");
    let block: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(message(&block), deep);
    let nested = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(compose(&nested).is_ok());
    assert_eq!(message(&format!("a: {nested}")), deep);
    assert_eq!(message(&"- a\n".repeat(MAX_NODES)), format!("the text has more than {MAX_NODES} values"));
    assert!(compose(&"- a\n".repeat(MAX_NODES - 1)).is_ok());
    let way = |length: usize| {
        let nested: String = (0..8).map(|depth| format!("{}{}:\n", " ".repeat(depth), "k".repeat(500))).collect();
        format!("{nested}{}- {}: 1\n", " ".repeat(8), "k".repeat(length))
    };
    assert!(compose(&way(MAX_WAY - 8 * 500)).is_ok());
    assert_eq!(
        message(&way(MAX_WAY - 8 * 500 + 1)),
        format!("this key and those above it are more than {MAX_WAY} bytes")
    );
    let long = " ".repeat(MAX_BYTES + 1);
    assert_eq!(message(&long), format!("the text has {} bytes; at most {MAX_BYTES} are read", MAX_BYTES + 1));
    assert!(compose(&long[1..]).is_ok());
}

/// A mapping as large as a text can hold is searched for duplicates in an index, not pair by pair.
#[test]
fn duplicates_are_found_among_many_keys() {
    let keys: String = (0..40_000).map(|key| format!("k{key}:\n")).collect();
    assert_eq!(compose(&keys).unwrap().pairs().len(), 40_000);
    for key in [0, 15, 16, 39_999] {
        let refusal = compose(&format!("{keys}k{key}:\n")).unwrap_err();
        assert_eq!(refusal.message, format!("duplicate key `k{key}`"));
        assert_eq!(keys[refusal.related.unwrap().0.range()], format!("k{key}"));
    }
}
