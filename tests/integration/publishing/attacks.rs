//! People who may push, and do what nobody should: their state is made by hand. Nothing of theirs is published under our
//! name, and a night after it ends as an undisturbed one, or says `human-edits`.

use super::{Night, REPO, assert_same, branch, commit, manifest, moves, path, plan, said, stays};
use crate::hub::BOT;
use crate::hub::people::MARIA;
use crate::runner::Output;
use mcp_registry::pins::reason::Reason;

/// The message of our commit, which everybody can compute.
fn message(name: &str, from: u32, to: u32) -> String {
    let (old, new) = (commit(name, from), commit(name, to));
    format!("Update pin of {name} to {}\n\nPin-Update: {name} {old}..{new}\n", new.short())
}

fn head(night: &Night, name: &str) -> String {
    night.hub.look(|world| world.tip(REPO, &branch(name)).unwrap().clone())
}

/// Somebody puts a commit on a branch: on this one, with this message and these files.
fn push(night: &Night, on: &str, name: &str, message: &str, files: &[(&str, Option<&str>)]) -> String {
    night.hub.change(|world| {
        let on = world.tip(REPO, on).cloned().unwrap_or_else(|| on.to_owned());
        world.set_ref(REPO, "refs/heads/scratch", Some(&on), MARIA);
        let made = world.push(REPO, "scratch", MARIA, message, files);
        world.set_ref(REPO, &format!("refs/heads/{}", branch(name)), Some(&made), MARIA);
        world.set_ref(REPO, "refs/heads/scratch", None, MARIA);
        made
    })
}

fn edit(night: &Night, number: u64, change: impl Fn(&str) -> String) {
    night.hub.change(|world| {
        let thread = world.repo_mut(REPO).threads.get_mut(&number).unwrap();
        thread.body = thread.body.as_deref().map(change);
    });
}

fn opened() -> Night {
    let night = Night::of(&["a"]);
    night.publishes(&plan(vec![moves("a", 1, 2)]));
    night
}

/// The state that a night without anybody in between ends in.
fn undisturbed(day: u32) -> String {
    let night = opened();
    night.publishes(&plan(vec![moves("a", 1, day)]));
    night.hub.picture(REPO)
}

/// What is left of it all must be somebody's own: nothing is written, and it is said why.
#[track_caller]
fn is_theirs(night: &Night, day: u32, why: &str) {
    let before = night.hub.picture(REPO);
    night.hub.calls();
    let output = night.run_with(&plan(vec![moves("a", 1, day)]), &["--format", "json"]);
    assert_eq!(night.hub.writes(), Vec::<String>::new(), "{}", said(&output));
    assert_eq!(output.status, 0, "{}", said(&output));
    assert_same(&night.hub.picture(REPO), &before, "");
    let json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let decision = &json["decisions"][0];
    assert_eq!((&decision["reason"], &decision["detail"]), (&"human-edits".into(), &why.into()));
}

/// What somebody pushed to our branch is theirs, and the pull request says so once, first of all.
#[track_caller]
fn is_theirs_and_told(night: &Night, number: u64, day: u32) {
    night.hub.calls();
    let output = night.run_with(&plan(vec![moves("a", 1, day)]), &[]);
    assert_eq!(night.hub.writes(), [format!("PATCH /repos/{REPO}/pulls/{number}")], "{}", said(&output));
    let body = night.hub.look(|world| world.repo(REPO).threads[&number].body.clone()).unwrap();
    let told = body.lines().nth(2).unwrap_or_default();
    assert!(told.starts_with("**Somebody else pushed to this branch.**"), "{body}");
    for day in [day, 3] {
        is_theirs(night, day, &format!("somebody pushed to the branch of #{number}"));
    }
}

const WORKFLOW: (&str, Option<&str>) = (".github/workflows/x.yml", Some("on: push\n"));

#[test]
fn a_branch_with_our_message_and_more_than_our_change_is_never_published() {
    let (pin, text) = (path("a"), manifest("a", 2));
    let ours = (pin.as_str(), Some(text.as_str()));
    let other = text.replace("by hand", "by mine");
    for files in [vec![ours, WORKFLOW], vec![WORKFLOW], vec![(pin.as_str(), Some(other.as_str()))]] {
        let night = Night::of(&["a"]);
        push(&night, "main", "a", &message("a", 1, 2), &files);
        is_theirs(&night, 2, "the branch `automation/update-pin-a` is not of this program");
        is_theirs(&night, 3, "the branch `automation/update-pin-a` is not of this program");
    }
}

#[test]
fn a_commit_of_our_content_on_one_that_is_not_on_the_base_is_never_published() {
    let night = Night::of(&["a"]);
    let first = push(&night, "main", "a", "Mine", &[WORKFLOW]);
    push(&night, &first, "a", &message("a", 1, 2), &[(&path("a"), Some(&manifest("a", 2)))]);
    is_theirs(&night, 2, "the branch `automation/update-pin-a` is not of this program");
}

#[test]
fn a_file_that_is_made_executable_beside_the_pin_is_more_than_our_change() {
    let night = Night::of(&["a"]);
    night.hub.change(|world| {
        let main = world.tip(REPO, "main").unwrap().clone();
        let tree = world.objects.commits[&main].tree.clone();
        let after = world.objects.write(&tree, &[(&path("a"), Some(&manifest("a", 2)))]);
        let mut item = world.objects.at(&after, &path("a")).unwrap();
        item.mode = "100755".to_owned();
        let folders = world.objects.trees[&after].clone();
        let after = world.objects.with(&folders, &path("a"), Some(item));
        let tree = world.objects.tree(after);
        let made = crate::hub::objects::Commit {
            tree,
            parents: vec![main.clone()],
            message: message("a", 1, 2),
            ..world.objects.commits[&main].clone()
        };
        let made = world.objects.commit(made);
        world.set_ref(REPO, &format!("refs/heads/{}", branch("a")), Some(&made), MARIA);
    });
    is_theirs(&night, 2, "the branch `automation/update-pin-a` is not of this program");
}

#[test]
fn a_branch_of_exactly_our_content_is_published_whoever_pushed_it() {
    let night = Night::of(&["a"]);
    push(&night, "main", "a", &message("a", 1, 2), &[(&path("a"), Some(&manifest("a", 2)))]);
    night.publishes(&plan(vec![moves("a", 1, 2)]));
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open, day 2, 1 commits
    branches: a
    ");
    // And one for another commit is replaced, before anybody sees it as ours.
    let night = Night::of(&["a"]);
    push(&night, "main", "a", &message("a", 1, 5), &[(&path("a"), Some(&manifest("a", 5)))]);
    night.publishes(&plan(vec![moves("a", 1, 2)]));
    let clean = Night::of(&["a"]);
    clean.publishes(&plan(vec![moves("a", 1, 2)]));
    assert_same(&night.hub.picture(REPO), &clean.hub.picture(REPO), "");
}

#[test]
fn a_pull_request_of_another_account_is_not_taken_over_whatever_its_text_says() {
    let body = opened().hub.look(|world| world.repo(REPO).threads[&1].body.clone()).unwrap();
    for files in [vec![WORKFLOW], Vec::new()] {
        let night = Night::of(&["a"]);
        let (pin, text) = (path("a"), manifest("a", 2));
        let files: Vec<_> = [(pin.as_str(), Some(text.as_str()))].into_iter().chain(files).collect();
        push(&night, "main", "a", &message("a", 1, 2), &files);
        night.hub.change(|world| {
            let tip = world.tip(REPO, &branch("a")).unwrap().clone();
            let base_sha = world.tip(REPO, "main").unwrap().clone();
            let pull = crate::hub::world::Pull {
                head_repo: Some(REPO.to_owned()),
                head_owner: "acme".to_owned(),
                head_branch: branch("a"),
                head_sha: tip,
                base: "main".to_owned(),
                base_sha,
                merged: None,
                draft: false,
            };
            world.open_thread(REPO, MARIA, "Update pin of a", Some(&body), Some(pull));
        });
        for day in [2, 3] {
            is_theirs(&night, day, "#1 was opened by `maria`, not by `acme-pins[bot]`");
        }
        // Nor closed, nor is its branch removed.
        assert_eq!(night.publishes(&plan(vec![stays("a", 1, Reason::Off)])), Vec::<String>::new());
    }
}

#[test]
fn a_pushed_commit_that_is_written_into_the_block_is_not_unchanged() {
    let night = opened();
    let ours = head(&night, "a");
    let pushed = push(&night, &ours, "a", "Mine", &[WORKFLOW]);
    edit(&night, 1, |body| body.replace("\"text\"", &format!("\"head\":\"{pushed}\",\"was\":\"{ours}\",\"text\"")));
    is_theirs_and_told(&night, 1, 2);
}

#[test]
fn a_push_between_the_look_and_the_opening_is_told_in_the_pull_request() {
    // The branch is there, as a run left it that was killed; somebody pushes to it when the pull request is about to be opened.
    for (killed, write) in [(true, 1), (false, 4)] {
        let night = Night::of(&["a"]);
        if killed {
            push(&night, "main", "a", &message("a", 1, 2), &[(&path("a"), Some(&manifest("a", 2)))]);
        }
        night.hub.before_write(write, |world| {
            world.push(REPO, &branch("a"), MARIA, "Mine", &[WORKFLOW]);
        });
        let output = night.run_with(&plan(vec![moves("a", 1, 2)]), &["--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(json["decisions"][0]["reason"], "human-edits", "{}", said(&output));
        let body = night.hub.look(|world| world.repo(REPO).threads[&1].body.clone()).unwrap();
        assert!(body.contains("\n\n**Somebody else pushed to this branch.**"), "{body}");
        is_theirs(&night, 2, "somebody pushed to the branch of #1");
    }
}

#[test]
fn a_branch_that_is_ours_again_has_a_pull_request_of_ours_again() {
    let night = opened();
    let ours = head(&night, "a");
    push(&night, &ours, "a", "Mine", &[WORKFLOW]);
    is_theirs_and_told(&night, 1, 2);
    night.hub.change(|world| world.set_ref(REPO, &format!("refs/heads/{}", branch("a")), Some(&ours), MARIA));
    night.publishes(&plan(vec![moves("a", 1, 2)]));
    assert_same(&night.hub.picture(REPO), &opened().hub.picture(REPO), "");
}

#[test]
fn a_flag_that_was_taken_out_of_a_title_comes_back() {
    let flagged = || {
        let mut decision = moves("a", 1, 2);
        decision.reason = Reason::NotAncestor;
        decision.change.as_mut().unwrap().ancestor = false;
        plan(vec![decision])
    };
    let night = Night::of(&["a"]);
    night.publishes(&flagged());
    let before = night.hub.picture(REPO);
    let title = |night: &Night, title: &str| {
        let title = title.to_owned();
        night.hub.change(|world| world.repo_mut(REPO).threads.get_mut(&1).unwrap().title = title);
    };
    title(&night, "Update pin of a: all is well");
    night.publishes(&flagged());
    assert_same(&night.hub.picture(REPO), &before, "");
    // Where nothing is flagged, and where the flag is there, the title is everybody's.
    title(&night, "feat(a): mine (history rewritten)");
    assert_eq!(night.publishes(&flagged()), Vec::<String>::new());
}

#[test]
fn branches_of_no_entry_do_not_use_up_a_night() {
    let night = Night::of(&["a"]);
    night.hub.change(|world| {
        let main = world.tip(REPO, "main").unwrap().clone();
        for number in 0..1_000 {
            world.set_ref(REPO, &format!("refs/heads/{}", branch(&format!("x{number}"))), Some(&main), MARIA);
        }
    });
    let output = night.run(&plan(vec![moves("a", 1, 2)]));
    assert!(night.hub.calls().len() < 500, "{}", said(&output));
    insta::assert_snapshot!(output.stdout, @"
    a  d1a472dc3572 -> 19709c25938b  opened  1 commit, 1 file changed; opened https://github.com/acme/registry/pull/1
    left: 800 branches `automation/update-pin-…` of no entry: too many; delete what nobody needs

    1 entry: 1 opened
    ");
}

#[test]
fn a_block_that_names_a_commit_never_moves_the_branch_there() {
    let night = opened();
    let ours = head(&night, "a");
    let evil = push(&night, "main", "a", &message("a", 1, 2), &[(&path("a"), Some(&manifest("a", 2))), WORKFLOW]);
    night.hub.change(|world| world.set_ref(REPO, &format!("refs/heads/{}", branch("a")), Some(&ours), MARIA));
    edit(&night, 1, |body| body.replace("\"text\"", &format!("\"head\":\"{evil}\",\"was\":\"{ours}\",\"text\"")));
    night.publishes(&plan(vec![moves("a", 1, 2)]));
    assert_eq!(head(&night, "a"), ours);
    night.publishes(&plan(vec![moves("a", 1, 3)]));
    assert_same(&night.hub.picture(REPO), &undisturbed(3), "");
}

#[test]
fn a_block_and_a_branch_for_another_commit_are_put_right() {
    let night = opened();
    let evil = commit("a", 5).to_string();
    push(&night, "main", "a", &message("a", 1, 5), &[(&path("a"), Some(&manifest("a", 5)))]);
    edit(&night, 1, |body| body.replacen(&commit("a", 2).to_string(), &evil, 1));
    night.publishes(&plan(vec![moves("a", 1, 2)]));
    let clean = opened();
    assert_same(&night.hub.picture(REPO), &clean.hub.picture(REPO), "");
}

#[test]
fn a_base_that_was_merged_into_our_branch_is_healed() {
    let night = opened();
    for round in 0..2 {
        night.hub.human_pushes(REPO, "main", &[("README.md", &format!("# Round {round}\n"))]);
        // The button "Update branch", pressed twice.
        for _ in 0..=round {
            night.hub.change(|world| {
                let (ours, main) =
                    (world.tip(REPO, &branch("a")).unwrap().clone(), world.tip(REPO, "main").unwrap().clone());
                let tree = world.objects.commits[&main].tree.clone();
                let tree = world.objects.write(&tree, &[(&path("a"), Some(&manifest("a", 2)))]);
                let merge = crate::hub::objects::Commit {
                    tree,
                    parents: vec![ours.clone(), main],
                    message: "Merge branch 'main'".to_owned(),
                    ..world.objects.commits[&ours].clone()
                };
                let merge = world.objects.commit(merge);
                world.set_ref(REPO, &format!("refs/heads/{}", branch("a")), Some(&merge), MARIA);
            });
        }
        night.publishes(&plan(vec![moves("a", 1, 2)]));
        insta::allow_duplicates! { insta::assert_snapshot!(night.state(), @r"
        #1 a: open, day 2, 1 commits
        branches: a
        "); }
        let ours = head(&night, "a");
        let parents = night.hub.look(|world| world.objects.commits[&ours].parents.clone());
        assert_eq!(parents, [night.hub.look(|world| world.tip(REPO, "main").unwrap().clone())]);
        assert_eq!(night.publishes(&plan(vec![moves("a", 1, 2)])), Vec::<String>::new());
    }
}

#[test]
fn a_merge_that_brings_more_than_the_base_is_somebodys() {
    let night = opened();
    night.hub.human_pushes(REPO, "main", &[("README.md", "# More\n")]);
    night.hub.change(|world| {
        let (ours, main) = (world.tip(REPO, &branch("a")).unwrap().clone(), world.tip(REPO, "main").unwrap().clone());
        let tree = world.objects.commits[&main].tree.clone();
        let tree = world.objects.write(&tree, &[(&path("a"), Some(&manifest("a", 2))), WORKFLOW]);
        let merge = crate::hub::objects::Commit {
            tree,
            parents: vec![ours.clone(), main],
            ..world.objects.commits[&ours].clone()
        };
        let merge = world.objects.commit(merge);
        world.set_ref(REPO, &format!("refs/heads/{}", branch("a")), Some(&merge), MARIA);
    });
    is_theirs_and_told(&night, 1, 2);
}

fn with_policy(
    night: &Night,
    policy: &str,
    decisions: Vec<mcp_registry::pins::plan::Decision>,
    more: &[&str],
) -> Output {
    night.machine.write("mcp-registry.toml", policy);
    night.run_with(&plan(decisions), more)
}

#[test]
fn a_policy_that_switches_an_entry_off_counts_when_a_plan_is_applied() {
    let night = opened();
    let off = "[pins.entries.a]\noff = true\nreason = \"ask us\"\n";
    let output = with_policy(&night, off, vec![moves("a", 1, 3)], &[]);
    insta::assert_snapshot!(said(&output), @r"
    status 0
    --- stdout
    a  d1a472dc3572  off  the policy switches updates off: ask us; closed https://github.com/acme/registry/pull/1

    1 entry: 1 off
    --- stderr
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 a: closed by acme-pins[bot], day 2, 1 commits
    branches: 
    ");
}

#[test]
fn a_plan_moves_no_pin_on_a_host_that_the_policy_does_not_have() {
    let night = Night::of(&["a"]);
    let output = with_policy(&night, "[registry]\nhosts = [\"git.acme.io\"]\n", vec![moves("a", 1, 2)], &[]);
    insta::assert_snapshot!(said(&output), @r"
    status 3
    --- stdout
    a  d1a472dc3572  invalid-entry  `registry.hosts` of the policy does not have `github.com`

    1 entry: 1 invalid-entry
    --- stderr
    ");
    assert_eq!(night.hub.writes(), Vec::<String>::new());
}

#[test]
fn a_plan_that_calls_everything_urgent_opens_no_more_than_may_be_opened() {
    let names = ["a", "b", "c", "d", "e"];
    let night = Night::of(&names);
    let urgent = |name: &&str| mcp_registry::pins::plan::Decision { urgent: true, ..moves(name, 1, 2) };
    let decisions: Vec<_> = names.iter().map(urgent).collect();
    let output = with_policy(&night, "[pins]\nmax-new-prs = 2\n", decisions, &["--urgent", "e"]);
    insta::assert_snapshot!(said(&output), @r"
    status 0
    --- stdout
    a  d1a472dc3572 -> 19709c25938b  opened  1 commit, 1 file changed; opened https://github.com/acme/registry/pull/2
    b  782b45271c9d -> 1d21401de493  opened  1 commit, 1 file changed; opened https://github.com/acme/registry/pull/3
    e  63e4699fdade -> d3d91838229c  opened  urgent: 1 commit, 1 file changed; opened https://github.com/acme/registry/pull/1

    5 entries: 3 opened, 2 over-limit
    --- stderr
    the plan calls `a` urgent, and this run does not: `--urgent a` would
    the plan calls `b` urgent, and this run does not: `--urgent b` would
    the plan calls `c` urgent, and this run does not: `--urgent c` would
    the plan calls `d` urgent, and this run does not: `--urgent d` would
    ");
}

#[test]
fn a_plan_that_says_it_waited_is_believed_only_as_far_as_this_side_remembers() {
    let night = Night::of(&["a"]);
    let policy = "[pins]\ncooldown = \"24h\"\n";
    let ago = |hours| Some(super::noon() - chrono::TimeDelta::hours(hours));
    let forged = || mcp_registry::pins::plan::Decision { first_seen: ago(900), ..moves("a", 1, 2) };
    // Neither the plan nor a state that the plan's job could have written says so.
    let output = with_policy(&night, policy, vec![forged()], &["--state", "seen.json"]);
    assert!(output.stdout.contains("1 cooling-down"), "{}", said(&output));
    let output = with_policy(&night, policy, vec![forged()], &["--state", "seen.json"]);
    assert!(output.stdout.contains("1 cooling-down"), "{}", said(&output));
    assert_eq!(night.hub.writes(), Vec::<String>::new());
    // A day later it has waited.
    let later = (crate::runner::SOURCE_DATE_EPOCH + 86_400).to_string();
    let output = night.command(&plan(vec![forged()]), &["--state", "seen.json"]).env("SOURCE_DATE_EPOCH", &later).run();
    assert!(output.stdout.contains("opened"), "{}", said(&output));
}

#[test]
fn a_plan_whose_reason_hides_rewritten_history_is_refused() {
    let night = Night::of(&["a"]);
    let mut forged = moves("a", 1, 2);
    forged.change.as_mut().unwrap().ancestor = false;
    let output = night.run(&plan(vec![forged.clone()]));
    insta::assert_snapshot!(said(&output), @r"
    status 2
    --- stdout
    --- stderr
    error: `--apply plan.json` cannot be used: decision 1 (a): the pin moves, and `change` says that it must not, or why people have to look
      hint: apply the file that `--plan` of a run without `--open-prs` wrote, as it is
    ");
    assert_eq!(night.hub.calls(), []);
    forged.reason = Reason::NotAncestor;
    night.publishes(&plan(vec![forged]));
    let title = night.hub.look(|world| world.repo(REPO).threads[&1].title.clone());
    assert!(title.ends_with("(history rewritten)"), "{title}");
}

#[test]
fn what_upstream_writes_does_nothing_in_the_message_of_a_commit() {
    let night = Night::of(&["a"]);
    let mut decision = moves("a", 1, 2);
    let change = decision.change.as_mut().unwrap();
    let words = ["fixes #1", "[skip ci]", "@maria", "closes https://github.com/acme/registry/issues/1", "GH-1"];
    change.files.paths = words.iter().map(|word| (*word).to_owned()).collect();
    change.files.dockerfiles = change.files.paths.clone();
    for word in words {
        let mut line = change.commits[0].clone();
        (line.author, line.subject) = (format!("`{word}`"), format!("`{word}` {word}"));
        change.commits.push(line);
    }
    night.publishes(&plan(vec![decision]));
    let body = night.hub.look(|world| world.repo(REPO).threads[&1].body.clone()).unwrap();
    for word in words {
        assert!(!body.contains(word), "{word} in\n{body}");
    }
}

#[test]
fn a_dashboard_of_somebody_else_is_not_written_to() {
    let night = Night::of(&["a"]);
    let theirs = night.hub.change(|world| {
        let body = "<!-- mcp-registry:pin-dashboard -->\n\nMine.";
        let number = world.open_thread(REPO, MARIA, "Pins", Some(body), None);
        world.repo_mut(REPO).threads.get_mut(&number).unwrap().labels.push("pin-dashboard".to_owned());
        number
    });
    for _ in 0..2 {
        let output = night.run_with(&plan(vec![moves("a", 1, 2)]), &["--dashboard"]);
        assert_eq!(output.status, 0, "{}", said(&output));
    }
    night.hub.look(|world| {
        let threads = &world.repo(REPO).threads;
        assert_eq!(threads[&theirs].body.as_deref(), Some("<!-- mcp-registry:pin-dashboard -->\n\nMine."));
        let ours: Vec<_> = threads.values().filter(|thread| thread.pull.is_none() && thread.user == BOT).collect();
        assert_eq!(ours.len(), 1);
    });
}

#[test]
fn a_token_goes_over_http_to_this_machine_only_and_no_password_is_shown() {
    let night = Night::of(&["a"]);
    let plan = plan(vec![moves("a", 1, 2)]);
    let all = [
        "http://github.acme.io/api/v3",
        "https://octocat:hunter2@github.acme.io/api/v3",
        "https://hunter2@api.github.com",
        "ftp://127.0.0.1/",
        "http://127.0.0.1.acme.io/",
    ];
    let all = all.map(|url| said(&night.command(&plan, &[]).env("GITHUB_API_URL", url).run())).join("\n");
    assert!(!all.contains("hunter2"), "{all}");
    let loud = night.command(&plan, &["-vvv"]).env("GITHUB_API_URL", "https://octocat:hunter2@github.acme.io/").run();
    assert!(!said(&loud).contains("hunter2"), "{}", said(&loud));
    insta::assert_snapshot!(all, @r"
    status 2
    --- stdout
    --- stderr
    error: GITHUB_API_URL is not https: `http://github.acme.io/api/v3`
      hint: anybody on the way could read the token; http is for this machine only

    status 2
    --- stdout
    --- stderr
    error: GITHUB_API_URL has a user name or password in it
      hint: put the token in GITHUB_TOKEN

    status 2
    --- stdout
    --- stderr
    error: GITHUB_API_URL has a user name or password in it
      hint: put the token in GITHUB_TOKEN

    status 2
    --- stdout
    --- stderr
    error: GITHUB_API_URL is not https: `ftp://127.0.0.1/`
      hint: anybody on the way could read the token; http is for this machine only

    status 2
    --- stdout
    --- stderr
    error: GITHUB_API_URL is not https: `http://127.0.0.1.acme.io/`
      hint: anybody on the way could read the token; http is for this machine only
    ");
    assert_eq!(night.hub.calls(), []);
}
