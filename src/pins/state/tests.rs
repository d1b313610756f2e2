#![allow(clippy::unwrap_used)]

use super::{MAX_SIGHTINGS, Same, Sighting, State, record};
use crate::ids::CommitSha;
use crate::pins::pinned::Pinned;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

fn sha(number: u32) -> CommitSha {
    CommitSha::parse(&format!("{number:040x}")).unwrap()
}

fn day(day: i64) -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(day)
}

fn pinned(entry: &str, pin: u32) -> Pinned {
    Pinned {
        entry: entry.into(),
        path: format!("servers/{entry}/server.yaml").into(),
        upstream: format!("https://git.example/{entry}").parse().unwrap(),
        key: format!("git.example/{entry}"),
        branch: None,
        directory: "src".to_owned(),
        dockerfile: None,
        pin: sha(pin),
    }
}

fn shown(seen: &[Sighting]) -> String {
    let one = |it: &Sighting| format!("{}@{}", it.commit.as_str().trim_start_matches('0'), it.seen.format("%d"));
    seen.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The sightings of a branch that pointed to these commits, on these days.
fn recorded(tips: &[(u32, i64)]) -> Vec<Sighting> {
    tips.iter().fold(Vec::new(), |seen, (tip, at)| record(&seen, &sha(*tip), day(*at)))
}

#[test]
fn commits_keep_the_time_of_first_sight() {
    assert_eq!(shown(&recorded(&[(1, 0), (1, 1), (2, 2), (2, 3)])), "1@01 2@03");
    // Back at an earlier one: what came after it is gone, and is new if it comes again.
    assert_eq!(shown(&recorded(&[(1, 0), (2, 1), (1, 2)])), "1@01");
    assert_eq!(shown(&recorded(&[(1, 0), (2, 1), (1, 2), (2, 3)])), "1@01 2@04");
    // Nothing that is older than the newest that every cooldown takes for old.
    assert_eq!(shown(&recorded(&[(1, 0), (2, 1), (3, 29), (4, 31)])), "2@02 3@30 4@02");
}

#[test]
fn a_branch_that_moves_all_the_time_keeps_what_is_about_to_be_old_enough() {
    let tips: Vec<(u32, i64)> = (0..2000).map(|number| (number, 0)).collect();
    let seen = recorded(&tips);
    assert_eq!(seen.len(), MAX_SIGHTINGS);
    assert_eq!((seen[0].commit.clone(), seen[MAX_SIGHTINGS - 1].commit.clone()), (sha(0), sha(1999)));
}

#[test]
fn what_is_kept_is_read_again() {
    let mut state = State::default();
    let (weather, curl) = (pinned("weather", 1), pinned("curl", 2));
    assert_eq!(state.keep_pin(&weather, day(0)), day(0));
    state.keep_pin(&curl, day(0));
    state.keep_seen(&weather.key, "refs/heads/main", recorded(&[(1, 0), (3, 1)]));
    state.keep_same("weather", Same { commit: sha(3), directory: "src".to_owned(), tree: "a".repeat(40) });
    let text = state.to_json();
    insta::assert_snapshot!(text, @r#"
    {
      "version": 1,
      "upstreams": {
        "git.example/weather": {
          "refs/heads/main": [
            {
              "commit": "0000000000000000000000000000000000000001",
              "seen": "2026-11-01T00:00:00Z"
            },
            {
              "commit": "0000000000000000000000000000000000000003",
              "seen": "2026-11-02T00:00:00Z"
            }
          ]
        }
      },
      "entries": {
        "curl": {
          "pin": "0000000000000000000000000000000000000002",
          "since": "2026-11-01T00:00:00Z"
        },
        "weather": {
          "pin": "0000000000000000000000000000000000000001",
          "since": "2026-11-01T00:00:00Z",
          "same": {
            "commit": "0000000000000000000000000000000000000003",
            "directory": "src",
            "tree": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          }
        }
      }
    }
    "#);
    let mut state = State::parse(&text, day(9)).unwrap();
    assert_eq!(state.to_json(), text);
    assert_eq!(shown(state.seen(&weather.key, "refs/heads/main")), "1@01 3@02");
    assert_eq!(state.same(&weather).map(|same| same.commit.clone()), Some(sha(3)));
    // Another directory, another pin: nothing is known of them.
    assert_eq!(state.same(&Pinned { directory: "other".to_owned(), ..weather.clone() }), None);
    assert_eq!(state.keep_pin(&weather, day(5)), day(0));
    let moved = Pinned { pin: sha(3), ..weather.clone() };
    assert_eq!(state.keep_pin(&moved, day(5)), day(5));
    assert_eq!((state.same(&weather), state.same(&moved)), (None, None));
    state.retain(&[curl]);
    assert_eq!(shown(state.seen(&weather.key, "refs/heads/main")), "");
    assert_eq!(state.keep_pin(&moved, day(6)), day(6));
}

#[test]
fn a_clock_that_was_wrong_once_holds_no_pin_for_years() {
    let mut state = State::default();
    let weather = pinned("weather", 1);
    state.keep_pin(&weather, day(9999));
    state.keep_seen(&weather.key, "refs/heads/main", recorded(&[(1, 9999)]));
    let mut state = State::parse(&state.to_json(), day(0)).unwrap();
    assert_eq!(state.keep_pin(&weather, day(1)), day(0));
    assert_eq!(state.seen(&weather.key, "refs/heads/main")[0].seen, day(0));
}

#[test]
fn anything_else_is_no_state() {
    let good = json!({
        "version": 1,
        "upstreams": {"x": {"refs/heads/main": vec![json!({"commit": "1".repeat(40), "seen": "2026-11-01T00:00:00Z"}); MAX_SIGHTINGS]}},
        "entries": {"a": {
            "pin": "1".repeat(40),
            "since": "2026-11-01T00:00:00Z",
            "same": {"commit": "2".repeat(40), "directory": "", "tree": "3".repeat(40)},
        }},
    });
    State::parse(&good.to_string(), day(0)).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut state = good.clone();
        change(&mut state);
        State::parse(&state.to_string(), day(0)).unwrap_err().to_string()
    };
    let damaged = [
        with(&|state| state["entries"]["a"]["same"]["tree"] = json!("`x`")),
        with(&|state| state["entries"]["a"]["same"]["tree"] = json!("A".repeat(40))),
        with(&|state| state["entries"]["a"]["since"] = json!("-0001-01-01T00:00:00Z")),
        with(&|state| {
            let seen = state["upstreams"]["x"]["refs/heads/main"].as_array_mut().unwrap();
            seen.push(seen[0].clone());
        }),
    ];
    let said: Vec<String> = [
        "",
        "[]",
        "{}",
        "{\"version\": 2, \"upstreams\": {}}",
        "{\"version\": 1, \"upstreams\": {}}",
        "{\"version\": 1, \"upstreams\": {}, \"entries\": {}, \"more\": 1}",
        "{\"version\": 1, \"upstreams\": {\"x\": {\"refs/heads/main\": [{\"commit\": \"main\", \"seen\": \"2026-11-01T00:00:00Z\"}]}}, \"entries\": {}}",
        "{\"version\": 1, \"upst",
    ]
    .iter()
    .map(|text| State::parse(text, day(0)).unwrap_err().to_string())
    .chain(damaged)
    .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    it is not a state of `update-pins`: EOF while parsing a value at line 1 column 0
    it is not a state of `update-pins`: invalid length 0, expected struct Head with 1 element at line 1 column 2
    it is not a state of `update-pins`: missing field `version` at line 1 column 2
    it is of version 2; this program reads version 1
    it is not a state of `update-pins`: missing field `entries` at line 1 column 31
    it is not a state of `update-pins`: unknown field `more`, expected one of `version`, `upstreams`, `entries` at line 1 column 53
    it is not a state of `update-pins`: a commit is 40 lower-case hexadecimal digits at line 1 column 72
    it is not a state of `update-pins`: EOF while parsing a string at line 1 column 20
    it is not a state of `update-pins`: a `tree` is 40 lower-case hexadecimal digits
    it is not a state of `update-pins`: a `tree` is 40 lower-case hexadecimal digits
    it is not a state of `update-pins`: a time is before the year 0
    it is not a state of `update-pins`: it has more commits of one branch than are kept
    ");
}
