//! YAML to a tree, and formatting what composes: never a panic, spans in bounds, formatting keeps the data.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mcp_registry::document::{Document, edit, format};

fuzz_target!(|text: &str| {
    let Ok(document) = Document::from_yaml(text) else { return };
    if let format::Formatted::Changed(formatted) = format::format(text, &document) {
        let again = Document::from_yaml(formatted.as_str()).expect("formatted text composes");
        assert!(edit::same_data(document.root(), again.root()));
    }
});
