#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Formatted, canonical, format, layout};
use crate::document::Document;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn formatted(text: &str) -> Formatted {
    format(text, &Document::from_yaml(text).unwrap())
}

#[test]
fn the_layout_is_prettiers() {
    for (before, after) in [
        ("a:   1\n", "a: 1\n"),
        ("a: 1", "a: 1\n"),
        ("a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        ("a: 'b'\n", "a: \"b\"\n"),
        ("a: 'say \"x\"'\nb: \"it's\"\n", ""),
        ("a: \"say \\\"x\\\"\"\n", "a: 'say \"x\"'\n"),
        ("a: \"it's \\\"x\\\"\"\n", "a: 'it''s \"x\"'\n"),
        ("a: \"\\\"x\\\"\\n\"\n", ""),
        ("a: 'it''s'\n", "a: \"it's\"\n"),
        ("a: 'it''s \\'\n", ""),
        ("a: ['', \"\\\\\"]\n", "a: [\"\", \"\\\\\"]\n"),
        ("\"\\\"a\\\"\": {\"\\\"b\\\"\": 'c'}\n", "'\"a\"': { '\"b\"': \"c\" }\n"),
        ("a:\n- b\n-   c\n", "a:\n  - b\n  - c\n"),
        ("a: {b: c}\n", "a: { b: c }\n"),
        ("a: [ b,c ]\n", "a: [b, c]\n"),
        ("a:\n    b: 1\n    # c\n    d: 2 # e\n", "a:\n  b: 1\n  # c\n  d: 2 # e\n"),
        ("a: |\n    text  \n    more\n", "a: |\n  text  \n  more\n"),
        ("a: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n"),
        ("\u{feff}name: x\nabout:\n  title: X\n", ""),
        ("\u{feff}name:   x\nabout:\n    title: 'X'\n", "\u{feff}name: x\nabout:\n  title: \"X\"\n"),
        ("# prettier-ignore\na:   1\nb: 2\n", ""),
        ("a: 1\n", ""),
    ] {
        let expected = if after.is_empty() { Formatted::Already } else { Formatted::Changed(after.to_owned()) };
        assert_eq!(formatted(before), expected, "{before}");
    }
}

#[test]
fn brackets_are_broken_as_prettier_breaks_them() {
    let items = |count: usize, separator: &str| vec!["12345678"; count].join(separator);
    let short = format!("a: [{}]\n", items(7, ", "));
    assert_eq!(formatted(&short), Formatted::Already);
    assert_eq!(formatted(&format!("a: [\n  {},\n]\n", items(7, ",\n  "))), Formatted::Changed(short));
    // 74 columns of brackets fit on the next line, and not beside a key of 7.
    let moved = format!("- longkey:\n    [{}, 123] # c\n", items(7, ", "));
    assert_eq!(formatted(&moved), Formatted::Already);
    assert_eq!(formatted(&moved.replace("\n    [", " [")), Formatted::Changed(moved));
    let broken = format!("a:\n  [\n    {},\n  ]\nb: 1\n", items(9, ",\n    "));
    assert_eq!(formatted(&broken), Formatted::Already);
    assert_eq!(formatted(&format!("a: [{}]\nb: 1\n", items(9, ","))), Formatted::Changed(broken));
    let pairs = format!("- a:\n    {{\n      b: {},\n      c,\n      d: [e],\n    }}\n", "x".repeat(80));
    assert_eq!(formatted(&pairs), Formatted::Already);
    assert_eq!(formatted(&format!("- a: {{b: {}, c, d: [e]}}\n", "x".repeat(80))), Formatted::Changed(pairs));
    let item = format!("- [\n    {},\n  ]\n", items(9, ",\n    "));
    assert_eq!(formatted(&format!("- [{}]\n", items(9, ", "))), Formatted::Changed(item));
    // A comment after the brackets does not count.
    let comment = format!("a: [{}] # {}\n", items(7, ", "), items(3, " "));
    assert_eq!(formatted(&comment), Formatted::Already);
    assert_eq!(formatted(&comment.replace("a: ", "- ")), Formatted::Already);
    for text in [format!("a: {{b: [{}]}}\n", items(9, ", ")), "a: [1, # c\n 2]\n".to_owned()] {
        let why = "it has long brackets with comments or brackets inside";
        assert_eq!(formatted(&text), Formatted::Refused(why), "{text}");
    }
}

#[test]
fn there_is_no_verdict_where_the_formatter_cannot_be_trusted() {
    for (text, why) in [
        ("? a\n: b\n", "it has explicit keys"),
        ("x: {? a : b}\n", "it has explicit keys"),
        ("x: [\n  ? a\n]\n", "it has explicit keys"),
        ("x: !y\n  ? &z a\n", "it has explicit keys"),
        ("x: [[[[[[[[[a]]]]]]]]]\n", "its brackets nest too deeply"),
        ("x: |\r  a\n  é\n", "it has carriage returns that end no line"),
        ("x: |\n  \t\ta\n  é\n", "a block of text begins with a tab"),
        ("x: |+\n  a\n\n\n\n", "formatting it would change its data"),
    ] {
        assert_eq!(formatted(text), Formatted::Refused(why), "{text}");
    }
    let far = Formatted::Refused("it is indented too far");
    assert_eq!(formatted(&format!("a:\n{}b: c\n", " ".repeat(64))), far);
    assert_eq!(formatted(&format!("{}a\n", "- ".repeat(32))), far);
    let growing: String = (0..31).map(|depth| format!("{}- a:\n", "  ".repeat(depth))).collect();
    assert_eq!(formatted(&growing), far);
    assert!(matches!(formatted(&format!("a:\n{}b: c\n", " ".repeat(63))), Formatted::Changed(_)));
    assert_eq!(formatted(&format!("{}a\n", "- ".repeat(31))), Formatted::Already);
    let long = format!("a: {}\n", "x".repeat(300_000));
    assert_eq!(formatted(&long), Formatted::Refused("it is too large"));
    assert_eq!(formatted("a: b # why?\n# c?\n\"d?\": e?\n"), Formatted::Already);
}

/// One of each thing that is known to be formatted without asking the formatter.
const CANONICAL: &str = "\
# top
# second
name: plain text, with:some - marks#here
\u{e9}: 12

# about about
about:
  title: \"it's\"
  # inside
  # twice
  text: |
    one
      two

    three
  other: |-
    x

  quoted: 'say \"x\"'
list:
  - a
  # of b
  - b: c
    d:
      e: f

  - -g
";

fn is_canonical(text: &str) -> bool {
    Document::from_yaml(text).is_ok_and(|document| canonical::is_formatted(text, document.root()))
}

#[test]
fn what_is_plainly_formatted_is_known_without_the_formatter() {
    assert!(is_canonical(CANONICAL));
    for (before, after) in [
        ("name: ", "name:  "),
        ("12\n", "12 # c\n"),
        ("12\n", "12\n\n"),
        ("about:\n", "about:\n\n"),
        ("about:\n", "about: # c\n"),
        ("  title", "   title"),
        ("- a", "-  a"),
        ("\n  - -g", "\n- -g"),
        ("- -g", "- - g"),
        ("\"it's\"", "'it'"),
        ("\"it's\"", "\"\\\"\""),
        ("    one", "     one"),
        ("|-\n", "|+\n"),
        ("# of b", " # of b"),
        ("-g\n", "-g"),
        ("-g\n", "-g\n# end\n"),
        ("-g\n", "[]\n"),
        ("-g\n", "\n"),
        ("-g\n", "!!str g\n"),
        ("# top", "---\n# top"),
        ("12\n", "12\r\n"),
        ("name:", "? name\n:"),
    ] {
        let text = CANONICAL.replacen(before, after, 1);
        assert!(text != CANONICAL && !is_canonical(&text), "{before:?} as {after:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    /// Whatever is cut out, moved or put in: where there is a quick yes, the formatter says the same.
    #[test]
    fn a_quick_yes_is_the_formatters(
        changes in prop::collection::vec((any::<Index>(), 0_usize..12, select(&[
            "", " ", "  ", "\n", "\n\n", "\n  ", "\n    ", "# c\n", "# c", "- ", "a: ", "b", "'", "\"", "|\n", "|-", ":",
            "  # c\n", "x: y\n", "  x: y\n", "    - z\n", "---\n", "\u{e9}", "# prettier-ignore\n", "0.10", "~", ",",
        ][..])), 1..4)
    ) {
        let mut text = CANONICAL.to_owned();
        for (place, length, piece) in changes {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = place.index(places.len());
            text.replace_range(places[from]..places[(from + length).min(places.len() - 1)], piece);
        }
        if let Ok(document) = Document::from_yaml(text.as_str())
            && canonical::is_formatted(&text, document.root())
        {
            prop_assert_eq!(layout(&text, document.root()), Ok(text));
        }
    }
}
