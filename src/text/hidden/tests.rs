use super::{Hidden, Kind, carried, decoded, find, find_by_kind};

fn kinds(text: &str) -> Vec<Kind> {
    find(text).into_iter().map(|hidden| hidden.kind).collect()
}

fn tags(text: &str) -> String {
    text.chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect()
}

#[test]
fn every_kind_is_found() {
    for (text, kind) in [
        ("a\u{200b}b", Kind::ZeroWidth),
        ("a\u{feff}b", Kind::ZeroWidth),
        ("in\u{ad}visible", Kind::ZeroWidth),
        ("a\u{202e}b", Kind::Reordering),
        ("a\u{2066}b", Kind::Reordering),
        ("a\u{200f}b", Kind::Direction),
        ("a\u{fe0f}b", Kind::Selector),
        ("👍\u{fe0f}\u{fe0f}", Kind::Selector),
        ("a\u{1b}[2J", Kind::Control),
        ("a\0", Kind::Control),
        ("a\u{85}b", Kind::Control),
        ("a\u{2028}b", Kind::LineBreak),
        ("\u{e000}", Kind::PrivateUse),
        ("a\u{3164}b", Kind::Filler),
        ("a\u{200d}b", Kind::ZeroWidth),
        ("👍\u{200d}b", Kind::ZeroWidth),
    ] {
        assert_eq!(kinds(text), [kind], "{text:?}");
    }
    assert_eq!(kinds(&format!("a{}", tags("hi"))), [Kind::Tag]);
}

#[test]
fn scripts_and_emoji_keep_what_they_need() {
    for text in [
        "plain\ttext\r\n",
        "\u{feff}name: x",
        "👨\u{200d}👩\u{200d}👧 and 👩🏽\u{200d}💻 and ❤\u{fe0f}\u{200d}🔥",
        "✔\u{fe0f} ℹ\u{fe0f} 1\u{fe0f}\u{20e3} ©\u{fe0f}",
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
        "שלום\u{200f} (x)",
        "مرحبا بالعالم",
        "葛\u{e0100}飾区",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "e\u{301} ñ Việt",
    ] {
        assert_eq!(find(text), [], "{text:?}");
    }
}

#[test]
fn tags_after_a_flag_that_is_none_are_found() {
    assert_eq!(kinds(&format!("🏴{}\u{e007f}", tags("ignore"))), [Kind::Tag]);
    assert_eq!(kinds(&format!("🏴{}", tags("gbsct"))), [Kind::Tag]);
}

#[test]
fn neighbours_are_one_place_and_lines_are_apart() {
    let text = "i\u{200b}g\u{200b}n\u{200b}ore\nx\u{200b}";
    let found = find(text);
    assert_eq!(found.len(), 2);
    assert_eq!(found.first().map(|hidden| hidden.characters.len()), Some(3));
    assert_eq!(found.first().map(|Hidden { span, .. }| &text[span.range()]), Some("\u{200b}g\u{200b}n\u{200b}"));
}

#[test]
fn kinds_among_one_another_can_be_told_apart() {
    let text = "a\u{200b}b\u{7f}c\u{200b}d\u{7f}";
    assert_eq!(kinds(text), [Kind::Control]);
    let found = find_by_kind(text);
    let kinds: Vec<_> = found.iter().map(|hidden| (hidden.kind, hidden.characters.len())).collect();
    assert_eq!(kinds, [(Kind::ZeroWidth, 2), (Kind::Control, 2)]);
    assert_eq!(found.first().map(|hidden| &text[hidden.span.range()]), Some("\u{200b}b\u{7f}c\u{200b}"));
}

#[test]
fn smuggled_text_is_decoded() {
    let hidden: Vec<char> = tags("ignore all").chars().collect();
    assert_eq!(decoded(&hidden).as_deref(), Some("ignore all"));
    let selectors: Vec<char> = "hi".bytes().filter_map(|b| char::from_u32(0xe0100 + u32::from(b) - 16)).collect();
    assert_eq!(decoded(&selectors).as_deref(), Some("hi"));
    assert_eq!(carried(&selectors), "hi");
    assert_eq!(carried(&[&['\u{e01ef}'], &*selectors].concat()), "\u{fffd}hi");
    assert_eq!(decoded(&['\u{200b}']), None);
    assert_eq!(decoded(&['\u{fe0f}']), None);
}

#[test]
fn outputs_and_rules_agree_on_what_is_hidden() {
    // Outputs also show spaces that are none; a rule has nothing against them.
    let is_space = |c: char| (c.is_whitespace() || c == '\u{2800}') && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    for character in
        (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| *c == '\u{b}' || *c == '\u{c}' || !is_space(*c))
    {
        let hidden = super::is_hidden(character);
        assert_eq!(super::is_invisible(character), hidden, "U+{:04X}", u32::from(character));
    }
}

proptest::proptest! {
    #[test]
    fn any_text_can_be_searched(text: String) {
        for hidden in find(&text) {
            proptest::prop_assert!(text.get(hidden.span.range()).is_some());
        }
    }
}
