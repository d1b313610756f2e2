//! Which lines differ. What that costs is bounded by counting, never by a clock: the same input gives the same answer.

use similar::{Algorithm, DiffTag};
use std::collections::HashMap;
use std::ops::Range;

/// Lines of both sides together that are compared as they are; of more, only after lines that both have once were matched.
const AT_ONCE: u64 = 8192;
/// How often what lies between such lines is split again.
const SPLITS: u32 = 16;

/// Lines of the old text that are replaced by lines of the new one.
pub(super) type Replaced = (Range<usize>, Range<usize>);

/// The lines that differ, in order. `work` is what may still be spent; what it does not suffice for is replaced as a whole.
pub(super) fn replaced(old: &[&[u8]], new: &[&[u8]], work: &mut u64) -> Vec<Replaced> {
    let mut numbers: HashMap<&[u8], u32> = HashMap::new();
    let mut number = |line| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(line).or_insert(next)
    };
    let old: Vec<u32> = old.iter().map(|line| number(line)).collect();
    let new: Vec<u32> = new.iter().map(|line| number(line)).collect();
    let mut found: Vec<Replaced> = Vec::new();
    let mut todo = vec![(0..old.len(), 0..new.len(), SPLITS)];
    // The last one first, so that what is found is in order.
    while let Some((a, b, splits)) = todo.pop() {
        let (a, b) = trimmed(&old, &new, a, b);
        if a.is_empty() && b.is_empty() {
            continue;
        }
        let lines = (a.len() + b.len()) as u64;
        if a.is_empty() || b.is_empty() {
            push(&mut found, a, b);
        } else if lines <= AT_ONCE && lines * lines <= *work {
            *work -= lines * lines;
            for op in similar::capture_diff_slices(Algorithm::Myers, &old[a.clone()], &new[b.clone()]) {
                if op.tag() != DiffTag::Equal {
                    let (x, y) = (op.old_range(), op.new_range());
                    push(&mut found, a.start + x.start..a.start + x.end, b.start + y.start..b.start + y.end);
                }
            }
        } else {
            let pairs =
                if splits > 0 && lines <= *work { unique(&old[a.clone()], &new[b.clone()]) } else { Vec::new() };
            *work -= lines.min(*work);
            if pairs.is_empty() {
                push(&mut found, a, b);
                continue;
            }
            let mut gaps = Vec::with_capacity(pairs.len() + 1);
            let (mut x, mut y) = (a.start, b.start);
            for (i, j) in pairs {
                gaps.push((x..a.start + i, y..b.start + j, splits - 1));
                (x, y) = (a.start + i + 1, b.start + j + 1);
            }
            gaps.push((x..a.end, y..b.end, splits - 1));
            todo.extend(gaps.into_iter().rev());
        }
    }
    found
}

/// Adds to what was found; what touches is one.
fn push(found: &mut Vec<Replaced>, a: Range<usize>, b: Range<usize>) {
    match found.last_mut() {
        Some(last) if last.0.end == a.start && last.1.end == b.start => {
            last.0.end = a.end;
            last.1.end = b.end;
        }
        _ => found.push((a, b)),
    }
}

/// Without what both begin and end with.
fn trimmed(old: &[u32], new: &[u32], a: Range<usize>, b: Range<usize>) -> (Range<usize>, Range<usize>) {
    let (x, y) = (&old[a.clone()], &new[b.clone()]);
    let start = x.iter().zip(y).take_while(|(x, y)| x == y).count();
    let end = x[start..].iter().rev().zip(y[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    (a.start + start..a.end - end, b.start + start..b.end - end)
}

/// Lines that each side has exactly once, as many as are in the same order in both.
fn unique(old: &[u32], new: &[u32]) -> Vec<(usize, usize)> {
    #[derive(Default)]
    struct Seen {
        old: (u32, usize),
        new: (u32, usize),
    }
    let mut seen: HashMap<u32, Seen> = HashMap::new();
    for (at, line) in old.iter().enumerate() {
        let seen = seen.entry(*line).or_default();
        seen.old = (seen.old.0 + 1, at);
    }
    for (at, line) in new.iter().enumerate() {
        let seen = seen.entry(*line).or_default();
        seen.new = (seen.new.0 + 1, at);
    }
    let once = |line| seen.get(line).filter(|seen| seen.old.0 == 1 && seen.new.0 == 1).map(|seen| seen.new.1);
    let pairs: Vec<(usize, usize)> = old.iter().enumerate().filter_map(|(at, line)| Some((at, once(line)?))).collect();
    // The longest run that goes up on both sides: `ends[n]` is the pair that ends the lowest run of n + 1 pairs.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, j)) in pairs.iter().enumerate() {
        let place = ends.partition_point(|end| pairs[*end].1 < *j);
        before.push(place.checked_sub(1).map(|place| ends[place]));
        if place == ends.len() { ends.push(at) } else { ends[place] = at }
    }
    let mut run = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        run.push(pairs[at]);
        next = before[at];
    }
    run.reverse();
    run
}
