//! Shell text: every place is in the text, and the work is in proportion to its length.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mcp_registry::shell::Reader;

fuzz_target!(|text: &str| {
    let mut reader = Reader::new(text);
    for command in reader.by_ref() {
        assert!(text.get(command.range).is_some());
        assert!(command.words.iter().all(|word| text.get(word.range.clone()).is_some()));
    }
    assert!(reader.steps() <= 2 * text.len() + 16);
    let marks = Reader::new(text).marks();
    assert!(marks.comments.iter().chain(&marks.strings).all(|range| text.get(range.clone()).is_some()));
});
