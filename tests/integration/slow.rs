//! Groups of tests that take minutes, behind one switch: `MCP_REGISTRY_SLOW_TESTS=1`, which continuous integration sets.

/// Whether a slow test is to be left out; says so.
pub(crate) fn is_skipped(what: &str) -> bool {
    let wanted = std::env::var_os("MCP_REGISTRY_SLOW_TESTS").is_some_and(|value| value == "1");
    if !wanted {
        println!("skipped: {what}: slow; set MCP_REGISTRY_SLOW_TESTS=1");
    }
    !wanted
}

#[test]
fn continuous_integration_runs_the_slow_tests() {
    let script = include_str!("../../.ci/run");
    assert!(script.lines().any(|line| line == "export MCP_REGISTRY_SLOW_TESTS=1"), "{script}");
}
