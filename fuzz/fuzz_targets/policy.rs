//! The policy: refused or read, never a panic.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mcp_registry::policy::Policy;

fuzz_target!(|text: &str| {
    let _ = Policy::parse(text);
});
