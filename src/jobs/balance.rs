//! Work of known cost, divided among jobs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The job, from 0, that each of these costs goes to: the largest first, each to the job that has the least so far.
///
/// Where no cost is above twice the mean of the jobs, no job is: one that is given a cost has at most the mean before, and
/// while a cost above the mean is given away there are jobs without any. (Longest processing time first: R. Graham, *Bounds on
/// multiprocessing timing anomalies*, 1969.)
pub(crate) fn balance(costs: &[u64], jobs: usize) -> Vec<usize> {
    let mut largest: Vec<usize> = (0..costs.len()).collect();
    largest.sort_by_key(|at| (Reverse(costs[*at]), *at));
    let mut least: BinaryHeap<Reverse<(u64, usize)>> = (0..jobs.max(1)).map(|job| Reverse((0, job))).collect();
    let mut given = vec![0; costs.len()];
    for at in largest {
        if let Some(Reverse((load, job))) = least.pop() {
            given[at] = job;
            least.push(Reverse((load + costs[at], job)));
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::balance;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_job_is_above_twice_the_mean_where_no_cost_is(costs in proptest::collection::vec(1_u64..1000, 1..300), jobs in 1_usize..40) {
            let given = balance(&costs, jobs);
            let mut loads = vec![0; jobs];
            costs.iter().zip(&given).for_each(|(cost, job)| loads[*job] += cost);
            let (all, jobs) = (costs.iter().sum::<u64>(), jobs as u64);
            prop_assert_eq!(loads.iter().sum::<u64>(), all);
            let largest = costs.iter().max().copied().unwrap_or_default();
            if largest * jobs <= 2 * all {
                prop_assert!(loads.iter().all(|load| load * jobs <= 2 * all), "{:?}", loads);
            }
        }
    }
}
