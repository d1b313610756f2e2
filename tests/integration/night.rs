//! Nights of a whole registry: 250 entries of 180 repositories, of which many move, and some meet whatever can happen.

mod program;
mod resolver;

use std::collections::BTreeMap;

/// Paths that were listed, and how often.
fn listings(asked: &[String]) -> BTreeMap<&str, usize> {
    let mut listings = BTreeMap::new();
    for path in asked.iter().filter_map(|line| line.strip_prefix("GET ")?.strip_suffix("/info/refs")) {
        *listings.entry(path).or_default() += 1;
    }
    listings
}
