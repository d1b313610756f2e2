//! What can be asked for besides.

use super::{Night, REPO, moves, plan, said, stays};
use mcp_registry::pins::reason::Reason;

#[test]
fn no_more_new_pull_requests_than_asked_for_and_the_urgent_ones_first() {
    let night = Night::of(&["a", "b", "c", "d"]);
    night.publishes(&plan(vec![moves("a", 1, 2)]));
    let mut urgent = moves("d", 1, 2);
    urgent.urgent = true;
    let plan = plan(vec![moves("a", 1, 3), moves("b", 1, 2), moves("c", 1, 2), urgent]);
    // An update is no new one; the next in line comes the next night.
    let output = night.run_with(&plan, &["--max-new-prs", "1", "--urgent", "d"]);
    insta::assert_snapshot!(said(&output), @r"
    status 0
    --- stdout
    a  d1a472dc3572 -> 75b8f8c385cf  updated  1 commit, 1 file changed; updated https://github.com/acme/registry/pull/1
    b  782b45271c9d -> 1d21401de493  opened   1 commit, 1 file changed; opened https://github.com/acme/registry/pull/3
    d  c97fddc0feb4 -> 0f2cdd3d5055  opened   urgent: 1 commit, 1 file changed; opened https://github.com/acme/registry/pull/2

    4 entries: 2 opened, 1 updated, 1 over-limit
    --- stderr
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open, day 3, 1 commits
    #2 d: open, day 2, 1 commits
    #3 b: open, day 2, 1 commits
    branches: a, b, d
    ");
    let output = night.run_with(&plan, &["--max-new-prs", "1", "--urgent", "d"]);
    insta::assert_snapshot!(said(&output), @r"
    status 0
    --- stdout
    c  8636cef44a5f -> ab9a15a33c33  opened  1 commit, 1 file changed; opened https://github.com/acme/registry/pull/4

    4 entries: 1 opened, 3 unchanged
    --- stderr
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open, day 3, 1 commits
    #2 d: open, day 2, 1 commits
    #3 b: open, day 2, 1 commits
    #4 c: open, day 2, 1 commits
    branches: a, b, c, d
    ");
}

#[test]
fn a_dry_run_writes_nothing() {
    let night = Night::of(&["a", "b"]);
    night.publishes(&plan(vec![moves("a", 1, 2), stays("b", 1, Reason::Current)]));
    let before = night.hub.picture(REPO);
    night.hub.calls();
    let plan = plan(vec![stays("a", 1, Reason::Current), moves("b", 1, 2)]);
    let output = night.run_with(&plan, &["--dry-run", "--dashboard"]);
    assert_eq!((night.hub.writes(), night.hub.picture(REPO)), (Vec::new(), before));
    insta::assert_snapshot!(said(&output), @r"
    status 0
    --- stdout
    b  782b45271c9d -> 1d21401de493  opened   1 commit, 1 file changed
    a  d1a472dc3572                  current  as it was decided; would close https://github.com/acme/registry/pull/1

    2 entries: 1 opened, 1 current
    --- stderr
    this was a dry run: the registry is as it was
    ");
}

#[test]
fn the_dashboard_is_one_issue_with_every_entry() {
    let night = Night::of(&["a", "b", "c"]);
    let plan_of_day_2 =
        plan(vec![moves("a", 1, 2), stays("b", 1, Reason::Current), stays("c", 1, Reason::Unreachable)]);
    let run = |plan: &mcp_registry::pins::plan::Plan| {
        night.hub.calls();
        drop(night.run_with(plan, &["--dashboard"]));
        night.hub.writes()
    };
    run(&plan_of_day_2);
    let issues = || {
        night.hub.look(|world| {
            let threads = world.repo(REPO).threads.values().filter(|thread| thread.pull.is_none());
            threads
                .map(|thread| (thread.number, thread.title.clone(), thread.body.clone().unwrap()))
                .collect::<Vec<_>>()
        })
    };
    let [(number, title, body)] = &issues()[..] else { panic!("{:?}", issues()) };
    insta::assert_snapshot!(format!("#{number} {title}\n\n{body}"), @r"
    #2 Pins

    <!-- mcp-registry:pin-dashboard -->

    What became of the pin of every entry. This text is rewritten by `update-pins --dashboard`; do not edit it.

    ### Open pull requests (1)

    | entry | pin | |
    |---|---|---|
    | `a` | `d1a472dc3572` → `19709c25938b` | #1 |

    ### Trouble: an entry or its upstream needs a decision (1)

    | entry | pin | |
    |---|---|---|
    | `c` | `8636cef44a5f` | `unreachable` as it was decided |

    ### current (1)

    `b`
    ");
    assert_eq!(run(&plan_of_day_2), Vec::<String>::new(), "it says what it said");
    let writes = run(&plan(vec![moves("a", 1, 2), stays("b", 1, Reason::Archived), stays("c", 1, Reason::Current)]));
    insta::assert_snapshot!(writes.join("\n"), @"PATCH /repos/acme/registry/issues/2");
    assert_eq!(issues().len(), 1);
}

#[test]
fn a_dashboard_that_somebody_closed_is_opened_no_second_time() {
    let night = Night::of(&["a"]);
    let of_day = |day| plan(vec![moves("a", 1, day)]);
    night.run_with(&of_day(2), &["--dashboard"]);
    let number =
        night.hub.look(|world| *world.repo(REPO).threads.iter().find(|(_, thread)| thread.pull.is_none()).unwrap().0);
    night.hub.human_closes(REPO, number);
    night.run_with(&of_day(3), &["--dashboard"]);
    let issues =
        night.hub.look(|world| world.repo(REPO).threads.values().filter(|thread| thread.pull.is_none()).count());
    assert_eq!(issues, 1);
}
