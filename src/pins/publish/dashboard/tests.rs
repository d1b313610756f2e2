#![allow(clippy::unwrap_used)]

use super::{MAX_BYTES, text};
use crate::ids::CommitSha;
use crate::pins::plan::{Action, Decision, Plan, Pull, VERSION};
use crate::pins::reason::Reason;
use chrono::DateTime;

fn plan(decisions: Vec<Decision>) -> Plan {
    Plan { version: VERSION, time: DateTime::from_timestamp(0, 0).unwrap(), complete: true, decisions }
}

fn decision(entry: &str, reason: Reason, pull: Option<u64>) -> Decision {
    let id = |digit: &str| CommitSha::parse(&digit.repeat(40)).ok();
    Decision {
        entry: entry.to_owned(),
        path: format!("servers/{entry}/server.yaml"),
        reason,
        detail: "what happened, by @octocat".to_owned(),
        project: None,
        branch: None,
        directory: String::new(),
        old: id("a"),
        new: if reason == Reason::Current { id("a") } else { id("b") },
        tip: None,
        first_seen: None,
        urgent: false,
        change: None,
        check: None,
        pull: pull.map(|number| Pull { number, url: String::new(), action: Action::Leave }),
    }
}

#[test]
fn every_entry_is_in_it() {
    let plan = plan(
        Reason::ALL
            .iter()
            .enumerate()
            .map(|(number, reason)| {
                let pull = (reason.moves() || *reason == Reason::HumanEdits).then_some(number as u64);
                decision(reason.as_str(), *reason, pull)
            })
            .chain([decision("not-done", Reason::Updated, None), decision("b|c", Reason::Current, None)])
            .collect(),
    );
    insta::assert_snapshot!(text(&plan), @r"
    <!-- mcp-registry:pin-dashboard -->

    What became of the pin of every entry. This text is rewritten by `update-pins --dashboard`; do not edit it.

    ### Open pull requests (5)

    | entry | pin | |
    |---|---|---|
    | `not-ancestor` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | #3 `not-ancestor` |
    | `license-changed` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | #12 `license-changed` |
    | `opened` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | #16 |
    | `updated` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | #17 |
    | `unchanged` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | #18 |

    ### Taken over or refused by people (2)

    | entry | pin | |
    |---|---|---|
    | `human-edits` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | #13 `human-edits` what happened, by &#64;&#8203;octocat |
    | `closed-by-human` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `closed-by-human` what happened, by &#64;&#8203;octocat |

    ### Trouble: an entry or its upstream needs a decision (10)

    | entry | pin | |
    |---|---|---|
    | `impostor` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `impostor` what happened, by &#64;&#8203;octocat |
    | `directory-missing` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `directory-missing` what happened, by &#64;&#8203;octocat |
    | `dockerfile-missing` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `dockerfile-missing` what happened, by &#64;&#8203;octocat |
    | `branch-missing` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `branch-missing` what happened, by &#64;&#8203;octocat |
    | `branch-is-tag` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `branch-is-tag` what happened, by &#64;&#8203;octocat |
    | `archived` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `archived` what happened, by &#64;&#8203;octocat |
    | `moved` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `moved` what happened, by &#64;&#8203;octocat |
    | `gone` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `gone` what happened, by &#64;&#8203;octocat |
    | `unreachable` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `unreachable` what happened, by &#64;&#8203;octocat |
    | `invalid-entry` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `invalid-entry` what happened, by &#64;&#8203;octocat |

    ### Waiting (6)

    | entry | pin | |
    |---|---|---|
    | `cooling-down` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `cooling-down` |
    | `rate-limited` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `rate-limited` |
    | `too-soon` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `too-soon` |
    | `over-limit` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `over-limit` |
    | `outdated-plan` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `outdated-plan` |
    | `not-done` | `aaaaaaaaaaaa` → `bbbbbbbbbbbb` | `updated` |

    ### current (2)

    `current`, b&#124;c

    ### outside-directory (1)

    `outside-directory`

    ### off (1)

    `off`
    ");
}

#[test]
fn a_quiet_night_changes_nothing() {
    let of = |reason| text(&plan(vec![decision("weather", reason, Some(3))]));
    assert_eq!(of(Reason::Opened), of(Reason::Unchanged));
    assert_eq!(of(Reason::Updated), of(Reason::Unchanged));
    let waiting = |detail: &str| {
        let decision = Decision { detail: detail.to_owned(), ..decision("weather", Reason::CoolingDown, None) };
        text(&plan(vec![decision]))
    };
    assert_eq!(waiting("3 hours left"), waiting("2 hours left"));
}

#[test]
fn what_does_not_fit_is_counted() {
    let long = "@".repeat(100);
    let decisions = (0..5_000)
        .map(|number| decision(&format!("{number}{long}"), Reason::ALL[number % Reason::ALL.len()], None))
        .collect();
    let text = text(&plan(decisions));
    assert!(text.len() <= MAX_BYTES, "{}", text.len());
    assert!(text.trim_end().ends_with("more entries do not fit here."), "{}", &text[text.len() - 100..]);
}
