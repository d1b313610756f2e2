//! Whether two trees hold the same data.

use crate::document::scalar::{Resolved, go_string, resolve};
use crate::document::{Node, Pair, Route, Scalar, Step, Value};
use std::collections::HashMap;
use std::mem::discriminant;

/// Whether two trees mean the same: equal types and texts of scalars, equal order of sequences. The order of a
/// mapping's keys, quotes and layout do not count.
#[must_use]
pub fn same_data(before: &Node, after: &Node) -> bool {
    same(before, after, &[])
}

/// Whether two trees mean the same everywhere but at the routes of `changed`, where anything may have been
/// replaced, added or removed.
#[must_use]
pub fn verify_same_data_except(before: &Node, after: &Node, changed: &[Route]) -> bool {
    let changed: Vec<&[Step]> = changed.iter().map(Route::steps).collect();
    same(before, after, &changed)
}

fn same(before: &Node, after: &Node, changed: &[&[Step]]) -> bool {
    if changed.iter().any(|steps| steps.is_empty()) {
        return true;
    }
    match (&before.value, &after.value) {
        (Value::Scalar(before), Value::Scalar(after)) => same_scalar(before, after),
        (Value::Sequence(before), Value::Sequence(after)) => {
            let common = before.len().min(after.len());
            let same_items = before
                .iter()
                .zip(after)
                .enumerate()
                .all(|(index, (before, after))| same(before, after, &below(changed, &Step::Index(index))));
            let rest_may_differ = |index| below(changed, &Step::Index(index)).iter().any(|steps| steps.is_empty());
            same_items && (common..before.len().max(after.len())).all(rest_may_differ)
        }
        (Value::Mapping(before), Value::Mapping(after)) => same_pairs(before, after, changed),
        _ => false,
    }
}

fn same_pairs(before: &[Pair], after: &[Pair], changed: &[&[Step]]) -> bool {
    let by_key: HashMap<&str, &Node> = after.iter().map(|pair| (&*pair.key.text, &pair.value)).collect();
    let mut common = 0;
    let old_ones = before.iter().all(|pair| {
        let below = below(changed, &Step::from(pair.key.text.to_string()));
        match by_key.get(&*pair.key.text) {
            Some(after) => {
                common += 1;
                same(&pair.value, after, &below)
            }
            None => below.iter().any(|steps| steps.is_empty()),
        }
    });
    if !old_ones || common == after.len() {
        return old_ones;
    }
    let known: HashMap<&str, ()> = before.iter().map(|pair| (&*pair.key.text, ())).collect();
    after
        .iter()
        .filter(|pair| !known.contains_key(&*pair.key.text))
        .all(|pair| below(changed, &Step::from(pair.key.text.to_string())).iter().any(|steps| steps.is_empty()))
}

/// The routes that go on through `step`, from there.
fn below<'r>(changed: &[&'r [Step]], step: &Step) -> Vec<&'r [Step]> {
    changed
        .iter()
        .filter_map(|steps| steps.split_first())
        .filter(|(first, _)| *first == step)
        .map(|(_, rest)| rest)
        .collect()
}

fn same_scalar(before: &Scalar, after: &Scalar) -> bool {
    let (before_type, after_type) = (resolve(before), resolve(after));
    match (before_type, after_type) {
        (Resolved::Null, Resolved::Null) => true,
        _ => discriminant(&before_type) == discriminant(&after_type) && go_string(before) == go_string(after),
    }
}
