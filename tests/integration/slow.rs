//! Groups of tests that take minutes, behind two switches: `MCP_REGISTRY_SLOW_TESTS=1`, which continuous integration sets.

/// Whether a slow test is to be left out; says so.
pub(crate) fn is_skipped(what: &str) -> bool {
    let wanted = std::env::var_os("MCP_REGISTRY_SLOW_TESTS").is_some_and(|value| value == "1");
    if !wanted {
        println!("skipped: {what}: slow; set MCP_REGISTRY_SLOW_TESTS=1");
    }
    !wanted
}

/// One in eight cases of a test that goes through everything that can go wrong, beginning with another one for each `turn`: every kind
/// of fault and every call is among them, since there is no multiple of eight kinds. All of them with `MCP_REGISTRY_ALL_FAULTS=1`.
pub(crate) fn some<T>(cases: impl IntoIterator<Item = T>, turn: usize) -> Vec<T> {
    let all = std::env::var_os("MCP_REGISTRY_ALL_FAULTS").is_some_and(|value| value == "1");
    let step = if all { 1 } else { 8 };
    cases.into_iter().skip(turn % step).step_by(step).collect()
}

#[test]
fn continuous_integration_runs_the_slow_tests() {
    let script = include_str!("../../.ci/run");
    assert!(script.lines().any(|line| line == "export MCP_REGISTRY_SLOW_TESTS=1"), "{script}");
}
