#![allow(clippy::unwrap_used)]

use super::{DivideError, Jobs, Need, Planned, Shard, audit, is_name};
use crate::entry::Entry;
use std::collections::BTreeMap;

fn planned(name: String, upstream: usize) -> Planned {
    let upstream = Some(format!("https://github.com/acme/{upstream}"));
    Planned {
        name: name.into(),
        change: None,
        why: Vec::new(),
        needs: vec![Need::Validate, Need::Review],
        unclear: false,
        upstream,
        source: None,
        runs_unseen: false,
    }
}

/// Ten thousand entries, of which a tenth is of one upstream.
fn many() -> Jobs {
    let upstream = |number: usize| if number.is_multiple_of(10) { 0 } else { number };
    Jobs::new((0..10_000).map(|number| planned(format!("entry-{number:05}"), upstream(number))).collect())
}

fn loads(jobs: &Jobs, need: Need) -> Vec<usize> {
    jobs.matrix[&need].include.iter().map(|job| job.names.split(' ').count()).collect()
}

#[test]
fn every_entry_is_in_exactly_one_job_and_no_job_has_twice_the_mean() {
    for most in [1, 7, 40, 256] {
        let all = many();
        let Ok(jobs) = all.into_jobs(most) else {
            assert_eq!(most, 1);
            continue;
        };
        let matrix = &jobs.matrix[&Need::Review];
        let mut names: Vec<&str> = matrix.include.iter().flat_map(|job| job.names.split(' ')).collect();
        names.sort_unstable();
        assert!(names.iter().eq(jobs.entries.iter().map(|planned| &*planned.name).collect::<Vec<_>>().iter()));
        assert_eq!((matrix.count, matrix.include.len()), (most, most));
        let largest = loads(&jobs, Need::Review).into_iter().max().unwrap();
        assert!(largest * most <= 2 * 10_000, "{largest} of {most}");
        assert_eq!(jobs.matrix[&Need::Build].count, 0);
    }
}

#[test]
fn one_job_is_not_handed_more_names_than_a_process_can_take() {
    assert_eq!(many().into_jobs(1).unwrap_err(), DivideError::TooManyNames { entries: 10_000 });
}

#[test]
fn entries_of_one_upstream_are_fetched_once_where_one_job_can_take_them() {
    let entries = (0..24).map(|number| planned(format!("e{number}"), number / 4)).collect();
    let jobs = Jobs::new(entries).into_jobs(6).unwrap();
    let names: Vec<&str> = jobs.matrix[&Need::Review].include.iter().map(|job| &*job.names).collect();
    assert_eq!(
        names,
        ["e0 e1 e2 e3", "e4 e5 e6 e7", "e8 e9 e10 e11", "e12 e13 e14 e15", "e16 e17 e18 e19", "e20 e21 e22 e23"]
    );
}

#[test]
fn the_shards_of_a_plan_are_all_of_it_and_have_nothing_in_common() {
    let mut seen = BTreeMap::new();
    for number in 1..=7 {
        let part = many().shard(Shard { number, of: 7 });
        assert!((1_000..2_000).contains(&part.entries.len()), "{}", part.entries.len());
        for planned in part.entries {
            *seen.entry(planned.name.to_string()).or_insert(0) += 1;
        }
    }
    assert!(seen.len() == 10_000 && seen.values().all(|count| *count == 1));
    assert!(Jobs::new(Vec::new()).shard(Shard { number: 2, of: 3 }).entries.is_empty());
}

#[test]
fn no_job_is_handed_a_name_that_a_shell_or_a_command_could_read_otherwise() {
    for name in ["--repo", "-x", "a b", "a\nb", "$(x)", "a;b", "A", "", "ä"] {
        assert!(!is_name(name), "{name}");
    }
    let source = "source:\n  project: https://github.com/a/b\n  commit: 0123456789012345678901234567890123456789\n";
    let entries: Vec<Entry> = ["ok-1", "--repo", "a b", "$(id)"]
        .map(|name| Entry::from_texts(name, Some(&format!("type: server\n{source}")), None, None))
        .into();
    let jobs = audit(&entries).into_jobs(256).unwrap();
    assert_eq!(jobs.matrix[&Need::Review].include.iter().map(|job| &*job.names).collect::<Vec<_>>(), ["ok-1"]);
    assert_eq!(jobs.entries.len(), 4);
}
