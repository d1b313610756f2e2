//! JSON to a tree: what composes is what serde_json reads, too.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mcp_registry::document::Document;

fuzz_target!(|text: &str| {
    let _ = Document::from_json(text);
});
