#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::route;

fn document(text: &str) -> Document {
    Document::from_yaml(text).unwrap()
}

fn applied(text: &str, edit: Edit) -> String {
    apply(text, [edit]).unwrap()
}

fn replaced(text: &str, route: &Route, new: &str) -> String {
    applied(text, replace_scalar(&document(text), route, new).unwrap())
}

#[test]
fn a_replaced_scalar_keeps_its_quotes_and_everything_around_it() {
    let route = route!["source", "commit"];
    for (before, after) in [
        ("source:\n  commit: abc\n", "source:\n  commit: new\n"),
        ("source:\r\n  commit: 'abc'   # why\r\n", "source:\r\n  commit: 'new'   # why\r\n"),
        ("# é\nsource: {branch: main, commit: \"abc\"} # x", "# é\nsource: {branch: main, commit: \"new\"} # x"),
        ("\u{feff}source:\n  commit:\n", "\u{feff}source:\n  commit: new\n"),
    ] {
        assert_eq!(replaced(before, &route, "new"), after);
    }
}

#[test]
fn a_plain_scalar_gets_quotes_when_it_would_be_read_as_something_else() {
    for (new, written) in [
        ("main", "main"),
        ("--port", "--port"),
        ("1.2.3", "1.2.3"),
        ("https://example.com/a#b", "https://example.com/a#b"),
        ("12", "\"12\""),
        ("1e10", "\"1e10\""),
        ("0123456789012345678901234567890123456789", "\"0123456789012345678901234567890123456789\""),
        ("2024-01-02", "\"2024-01-02\""),
        ("190:20:30", "\"190:20:30\""),
        ("yes", "\"yes\""),
        ("Null", "\"Null\""),
        ("", "\"\""),
        (" a", "\" a\""),
        ("a: b", "\"a: b\""),
        ("a #b", "\"a #b\""),
        ("- a", "\"- a\""),
        ("{{x.y}}", "\"{{x.y}}\""),
        ("say \"x\"", "say \"x\""),
        ("*say \"x\"", "'*say \"x\"'"),
        ("@it's \"x\"", "'@it''s \"x\"'"),
        ("a\nb", "\"a\\nb\""),
        ("\u{202e}a\u{85}\u{1}", "\"\u{202e}a\\x85\\x01\""),
    ] {
        let text = replaced("v: old\n", &route!["v"], new);
        assert_eq!(text, format!("v: {written}\n"));
        let read = document(&text);
        assert_eq!(&*read.at(&route!["v"]).unwrap().scalar().unwrap().text, new);
    }
    assert_eq!(replaced("[a, b]\n", &route![1], "x, y"), "[a, \"x, y\"]\n");
    assert_eq!(replaced("v: 'a'\n", &route!["v"], "it's\\"), "v: 'it''s\\'\n");
    assert_eq!(replaced("v: \"a\"\n", &route!["v"], "it's\\\""), "v: \"it's\\\\\\\"\"\n");
}

#[test]
fn what_is_not_one_plain_line_is_refused() {
    for (text, why) in [
        ("v: |\n  a\n", "`v` cannot be edited: it is written on several lines"),
        ("v: a\n  b\n", "`v` cannot be edited: it is written on several lines"),
        ("v: !!str a\n", "`v` cannot be edited: it has a tag"),
        ("v: [a]\n", "`v` cannot be edited: it is not a scalar"),
        ("{v}\n", "`v` cannot be edited: it has no value and no colon"),
        ("w: a\n", "there is nothing at `v`"),
    ] {
        assert_eq!(replace_scalar(&document(text), &route!["v"], "x").unwrap_err().to_string(), why, "{text}");
    }
}

#[test]
fn quoting_keeps_the_text() {
    for (before, after) in
        [("v: 012\n", "v: \"012\"\n"), ("v: yes # no\n", "v: \"yes\" # no\n"), ("v: a\\b\"c\n", "v: 'a\\b\"c'\n")]
    {
        assert_eq!(applied(before, quote_scalar(&document(before), &route!["v"]).unwrap()), after);
    }
    assert!(quote_scalar(&document("v: 'a'\n"), &route!["v"]).is_err());
    assert!(quote_scalar(&document("v:\n"), &route!["v"]).is_err());
}

fn inserted(text: &str, parent: &Route, key: &str, value: &str) -> Result<String, String> {
    let before = document(text);
    let edit = insert_key(&before, parent, key, value).map_err(|refusal| refusal.to_string())?;
    let text = applied(text, edit);
    let after = document(&text);
    assert!(verify_same_data_except(before.root(), after.root(), std::slice::from_ref(parent)), "{text}");
    let added = parent.then(key.to_owned());
    assert_eq!(after.text().get(after.at(&added).unwrap().span.range()), Some(value));
    Ok(text)
}

#[test]
fn a_new_key_stands_below_its_siblings() {
    let dynamic = route!["dynamic"];
    for (before, after) in [
        ("a: b\n", "a: b\ndynamic:\n  tools: true\n"),
        ("a: b", "a: b\ndynamic:\n  tools: true"),
        ("a: b # c\r\n\r\n# end\r\n", "a: b # c\r\ndynamic:\r\n  tools: true\r\n\r\n# end\r\n"),
        ("dynamic:\n   x: y # z\na: b\n", "dynamic:\n   x: y # z\n   tools: true\na: b\n"),
        ("dynamic:\na: b\n", "dynamic:\n  tools: true\na: b\n"),
        ("dynamic: {}\n", "dynamic: { tools: true }\n"),
        ("dynamic: { x: y }\n", "dynamic: { x: y, tools: true }\n"),
        ("dynamic:\n  x: |\n    text\n\n\na: b\n", "dynamic:\n  x: |\n    text\n  tools: true\n\n\na: b\n"),
        ("dynamic:\n  x:\n  - 1\n  - 2\n", "dynamic:\n  x:\n  - 1\n  - 2\n  tools: true\n"),
    ] {
        assert_eq!(inserted(before, &dynamic, "tools", "true").as_deref(), Ok(after));
    }
    let item = inserted("a:\n  - b: c\n  - d\n", &route!["a", 0], "e", "\"f\"");
    assert_eq!(item.as_deref(), Ok("a:\n  - b: c\n    e: \"f\"\n  - d\n"));
}

#[test]
fn a_key_is_not_inserted_on_a_guess() {
    let dynamic = route!["dynamic"];
    for (text, why) in [
        ("dynamic:\n  tools: false\n", "`dynamic.tools` exists already"),
        ("dynamic: x\n", "`dynamic` cannot be edited: it is not a mapping"),
        ("dynamic: {a: b,\n  c: d}\n", "`dynamic` cannot be edited: it is not a mapping on one line"),
        ("dynamic: {a: b,}\n", "`dynamic` cannot be edited: it ends with a comma"),
        ("dynamic:\n  a: |+\n    x\n\n", "`dynamic` cannot be edited: its last value ends with blank lines that count"),
        ("? a\n: b\n", "`` cannot be edited: its keys do not begin their lines"),
        ("?\n  a\n: b\n", "`` cannot be edited: its keys do not begin their lines"),
        ("? dynamic\n", "`dynamic` cannot be edited: its keys do not begin their lines"),
        ("a: b\rdynamic:\r\n", "`dynamic` cannot be edited: the text has carriage returns that end no line"),
        ("", "`` cannot be edited: it is not a mapping on lines of its own"),
    ] {
        assert_eq!(inserted(text, &dynamic, "tools", "true"), Err(why.to_owned()), "{text}");
    }
    let deep = insert_key(&document("a: b\n"), &route!["x", "y"], "z", "1");
    assert_eq!(deep.unwrap_err().to_string(), "there is nothing at `x.y`");
}

#[test]
fn a_removed_pair_takes_its_lines_with_it() {
    let route = route!["b"];
    for (before, after) in [
        ("a: 1\nb: 2 # two\nc: 3\n", "a: 1\nc: 3\n"),
        ("a: 1\n# kept\nb:\n  x: |\n    y\n\nc: 3\n", "a: 1\n# kept\n\nc: 3\n"),
        ("a: 1\r\nb: 2", "a: 1"),
        ("b: 2\na: 1\n", "a: 1\n"),
    ] {
        let old = document(before);
        let text = applied(before, remove_pair(&old, &route).unwrap());
        assert_eq!(text, after);
        assert!(verify_same_data_except(old.root(), document(&text).root(), std::slice::from_ref(&route)));
    }
    for text in ["b: 1\n", "{a: 1, b: 2}\n", "a: 1\n", "a: 1\nb: |+\n  x\n\n", "a: 1\n? b\n: 2\n", "a: 1\n?\n  b\n"] {
        assert!(remove_pair(&document(text), &route).is_err(), "{text}");
    }
}

const ORDER: &[&str] = &["name", "image", "type", "about"];

fn reordered(text: &str) -> Result<Option<String>, String> {
    let before = document(text);
    let edit = reorder_top_level(&before, ORDER).map_err(|refusal| refusal.to_string())?;
    Ok(edit.map(|edit| {
        let text = applied(text, edit);
        let after = document(&text);
        assert!(same_data(before.root(), after.root()), "{text}");
        assert_eq!(reorder_top_level(&after, ORDER), Ok(None), "{text}");
        text
    }))
}

#[test]
fn blocks_move_with_their_comments() {
    let before = "\
# yaml-language-server: $schema=x
# what it is
type: server

# far

# near
# nearer
about:
  title: T # t
  # in about

unknown: 1
name: n
";
    insta::assert_snapshot!(reordered(before).unwrap().unwrap(), @r"
    # yaml-language-server: $schema=x
    name: n
    # what it is
    type: server

    # far

    # near
    # nearer
    about:
      title: T # t
      # in about

    unknown: 1
    ");
    for (before, after) in [
        ("type: a\nname: b", "name: b\ntype: a"),
        ("type: a\r\n\r\nname: b\r\n", "name: b\r\ntype: a\r\n"),
        ("\u{feff}type: a\nname: b\n", "\u{feff}name: b\ntype: a\n"),
        ("---\nx: |\n  a\n\nname: b\n\n", "---\nname: b\nx: |\n  a\n\n"),
        ("about:\n- a\ntype:\nname:\n", "name:\ntype:\nabout:\n- a\n"),
    ] {
        assert_eq!(reordered(before).unwrap().as_deref(), Some(after));
    }
    assert_eq!(reordered("name: a\nx: b\ny: c\n"), Ok(None));
    for text in [
        "{type: a, name: b}\n",
        "type: |+\n  a\n\nname: b\n",
        "type: a\nname: b\n...\n",
        "? type\n: a\n? name\n: b\n",
        "? \nname: b\n",
        " type: a\n name: b\n",
    ] {
        assert!(reordered(text).is_err(), "{text}");
    }
}

#[test]
fn items_move_with_their_comments() {
    let route = route!["tags"];
    for (before, after) in [
        (
            "tags:\n  - b # bee\n  # ay\n  - a\n  - C\n# end\n",
            Ok(Some("tags:\n  # ay\n  - a\n  - b # bee\n  - C\n# end\n")),
        ),
        ("tags: [b,  'a', \"c\"] # x\n", Ok(Some("tags: ['a',  b, \"c\"] # x\n"))),
        ("tags:\r\n- b\r\n- a", Ok(Some("tags:\r\n- a\r\n- b"))),
        ("tags:\n  - a\n  - b\n", Ok(None)),
        ("tags: []\n", Ok(None)),
        (
            "tags:\n  # all\n  - b\n  - a\n",
            Err("`tags` cannot be edited: the comment above its first item may be about the whole list"),
        ),
        (
            "tags:\n  - b\n\n  - a\n",
            Err("`tags` cannot be edited: something else than a comment stands between its items"),
        ),
        ("tags:\n  - b\n  - |\n    a\n", Err("`tags` cannot be edited: not all of its items are on one line")),
        ("tags:\n  - b\n  - [a]\n", Err("`tags` cannot be edited: not all of its items are scalars")),
        ("tags: [b, # x\n  a]\n", Err("`tags` cannot be edited: something else than a comma stands between its items")),
        (
            "tags:\n  - b\n  - !!str a\n",
            Err("`tags` cannot be edited: not all of its items have their line for themselves"),
        ),
        ("tags: x\n", Err("`tags` cannot be edited: it is not a list")),
    ] {
        let sorted = sort_sequence(&document(before), &route)
            .map(|edit| edit.map(|edit| applied(before, edit)))
            .map_err(|refusal| refusal.to_string());
        assert_eq!(sorted, after.map(|text| text.map(str::to_owned)).map_err(str::to_owned));
    }
}

#[test]
fn overlapping_edits_are_refused() {
    let edit = |start, end, replacement: &str| Edit { span: Span::new(start, end), replacement: replacement.into() };
    let mut edits = Edits::new();
    edits.add(edit(4, 6, "X")).unwrap();
    edits.add(edit(0, 2, "Y")).unwrap();
    edits.add(edit(2, 2, "!")).unwrap();
    assert_eq!(edits.add(edit(5, 7, "Z")), Err(EditError::Overlap(5)));
    assert_eq!(edits.add(edit(1, 2, "Z")), Err(EditError::Overlap(1)));
    assert_eq!(edits.apply("abcdefgh").unwrap(), "Y!cdXgh");
    assert_eq!(edits.apply("abcd"), Err(EditError::OutOfBounds(4)));
    assert_eq!(edits.apply("aébcdefg"), Err(EditError::OutOfBounds(0)));
}

#[test]
fn only_named_routes_may_differ() {
    let root = |text: &str| document(text).root().clone();
    let before = root("a: 1\nb: {c: x, d: [1, 2]}\n");
    assert!(same_data(&before, &root("b: {d: [1, 2], c: 'x'}\na: 1\n")));
    for (after, changed) in [
        ("a: 2\nb: {c: x, d: [1, 2]}\n", route!["a"]),
        ("a: '1'\nb: {c: x, d: [1, 2]}\n", route!["a"]),
        ("b: {c: x, d: [1, 2]}\n", route!["a"]),
        ("a: 1\nb: {c: x, d: [1, 2]}\ne: 1\n", route!["e"]),
        ("a: 1\nb: {c: x, d: [1]}\n", route!["b", "d", 1]),
        ("a: 1\nb: {c: x, d: [1, 2, 3]}\n", route!["b", "d", 2]),
        ("a: 1\nb: {c: x, d: [2, 1]}\n", route!["b", "d"]),
    ] {
        let after = root(after);
        assert!(!same_data(&before, &after), "{changed}");
        assert!(verify_same_data_except(&before, &after, std::slice::from_ref(&changed)), "{changed}");
        assert!(!verify_same_data_except(&before, &after, &[route!["b", "c"]]), "{changed}");
    }
}
