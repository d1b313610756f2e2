//! One entry through every rule, its fixes and the terminal's rendering.
#![no_main]
use libfuzzer_sys::fuzz_target;
use mcp_registry::entry::Entry;
use mcp_registry::policy::Policy;
use mcp_registry::validate::{Request, fix, judge};

fuzz_target!(|texts: (&str, &str, &str)| {
    let entries = [Entry::from_texts("fuzz", Some(texts.0), Some(texts.1), Some(texts.2))];
    let policy = Policy::default();
    let today = chrono::NaiveDate::from_ymd_opt(2026, 1, 2).expect("a day");
    let request = Request { entries: &entries, facts: &[], only: None, policy: &policy, today, strict: false };
    let report = judge(&request);
    let _ = fix::plan(&request, &report);
});
