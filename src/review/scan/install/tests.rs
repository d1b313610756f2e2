use super::{PATTERNS, SIGNS};

#[test]
fn every_pattern_compiles() {
    assert_eq!(PATTERNS.iter().flatten().count(), SIGNS.len());
}
