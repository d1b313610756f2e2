//! Whatever happens in whatever order, some things hold: checked over chains of nights, people and faults that are drawn at
//! random. A chain that fails is named by its number, and is the same every time.

use super::{Night, REPO, branch, moves, on_all, path, plan, said, stays};
use crate::hub::BOT;
use crate::hub::faults::{At, Fault, Kind};
use crate::hub::limits::Limits;
use crate::hub::world::World;
use crate::runner::Output;
use mcp_registry::pins::plan::Plan;
use mcp_registry::pins::reason::Reason;
use std::collections::{BTreeMap, BTreeSet};

const CHAINS: u64 = 16;
const STEPS: usize = 8;
const NAMES: &[&str] = &["a", "b", "c"];

/// Numbers that look random: SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        if items.is_empty() { None } else { Some(items[self.roll(items.len())].clone()) }
    }
}

struct Chain {
    night: Night,
    dice: Dice,
    /// The day of each entry's pin in the registry, and upstream.
    days: BTreeMap<&'static str, (u32, u32)>,
    /// What humans refused: entry and pin.
    refused: BTreeSet<(String, String)>,
    story: Vec<String>,
}

/// What has to stay as it is while a run goes on.
struct Before {
    main: String,
    theirs: BTreeMap<String, String>,
    open: BTreeSet<u64>,
}

impl Chain {
    fn new(number: u64) -> Self {
        let night = Night::of(NAMES);
        // Waiting for limits is another test.
        night.hub.limit(Limits::unlimited());
        let days = NAMES.iter().map(|name| (*name, (1, 1))).collect();
        Self { night, dice: Dice(number), days, refused: BTreeSet::new(), story: vec![format!("chain {number}")] }
    }

    fn pulls(&self, open: bool) -> Vec<u64> {
        self.night.hub.look(|world| {
            let ours = world.repo(REPO).threads.values().filter(|thread| thread.user == BOT && thread.open == open);
            ours.filter(|thread| thread.pull.is_some()).map(|thread| thread.number).collect()
        })
    }

    /// The entry and the pin of a pull request.
    fn of(&self, number: u64) -> (String, String) {
        self.night.hub.look(|world| {
            let pull = world.repo(REPO).threads[&number].pull.as_ref().unwrap();
            let name = pull.head_branch.trim_start_matches("automation/update-pin-");
            (name.to_owned(), pin(world, &pull.head_sha, name))
        })
    }

    /// Somebody does something.
    fn life(&mut self) {
        let (open, closed) = (self.pulls(true), self.pulls(false));
        let hub = &self.night.hub;
        let name = self.dice.pick(NAMES).unwrap();
        let has_branch = hub.look(|world| world.tip(REPO, &branch(name)).is_some());
        let told = match self.dice.roll(9) {
            0 | 1 => {
                let days = self.days.get_mut(name).unwrap();
                days.1 += 1;
                format!("upstream of {name} moves to day {}", days.1)
            }
            2 => {
                let Some(number) = self.dice.pick(&open) else { return };
                hub.human_closes(REPO, number);
                let refused = self.of(number);
                self.refused.insert(refused);
                format!("#{number} is closed")
            }
            3 => {
                let fits = |number: &u64| hub.look(|world| world.reopening_refused(REPO, *number).is_none());
                let can: Vec<u64> = closed.into_iter().filter(fits).collect();
                let Some(number) = self.dice.pick(&can) else { return };
                hub.human_reopens(REPO, number);
                let allowed = self.of(number);
                self.refused.remove(&allowed);
                format!("#{number} is opened again")
            }
            4 if has_branch => {
                hub.human_pushes(REPO, &branch(name), &[(&format!("servers/{name}/readme.md"), "# Mine\n")]);
                format!("somebody pushes to the branch of {name}")
            }
            5 if has_branch => {
                let refused: Vec<_> = open.iter().map(|number| self.of(*number)).filter(|(of, _)| of == name).collect();
                self.refused.extend(refused);
                hub.human_deletes_branch(REPO, &branch(name));
                format!("the branch of {name} is deleted")
            }
            6 => {
                let Some(number) = self.dice.pick(&open) else { return };
                let (name, pin) = self.of(number);
                let Some((name, days)) = self.days.iter_mut().find(|(known, _)| **known == name) else { return };
                // A person looks before merging.
                if pin != super::commit(name, days.1).to_string() {
                    return;
                }
                hub.human_merges(REPO, number, self.dice.roll(2) == 0);
                days.0 = days.1;
                format!("#{number} is merged")
            }
            7 => {
                hub.human_pushes(REPO, "main", &[("README.md", &format!("# {}\n", self.story.len()))]);
                "the base moves".to_owned()
            }
            _ => {
                let Some(number) = self.dice.pick(&open) else { return };
                hub.change(|world| {
                    let thread = world.repo_mut(REPO).threads.get_mut(&number).unwrap();
                    thread.body = thread.body.take().map(|body| format!("{body}\nLooks good to me."));
                });
                format!("somebody writes into the text of #{number}")
            }
        };
        self.story.push(told);
    }

    fn plan(&mut self) -> Plan {
        let mut decisions = Vec::new();
        for (name, (pinned, upstream)) in self.days.clone() {
            decisions.push(match self.dice.roll(8) {
                0 => stays(name, pinned, Reason::OutsideDirectory),
                1 => stays(name, pinned, Reason::CoolingDown),
                _ if pinned == upstream => stays(name, pinned, Reason::Current),
                _ => moves(name, pinned, upstream),
            });
        }
        let words: Vec<String> =
            decisions.iter().map(|decision| format!("{} {}", decision.entry, decision.reason)).collect();
        self.story.push(format!("night: {}", words.join(", ")));
        plan(decisions)
    }

    fn before(&self) -> Before {
        self.night.hub.look(|world| {
            let repo = world.repo(REPO);
            // All of a branch that was merged as it is now is in the base: removing it is no loss.
            let pulls = repo.threads.values().filter_map(|thread| thread.pull.as_ref());
            let merged: BTreeSet<_> = pulls.filter(|pull| pull.merged.is_some()).map(|pull| &pull.head_sha).collect();
            let theirs = repo.refs.iter().filter(|(_, tip)| world.objects.commits[*tip].author.name != BOT);
            let theirs = theirs.filter(|(_, tip)| !merged.contains(tip));
            Before {
                main: repo.refs["refs/heads/main"].clone(),
                theirs: theirs.map(|(name, tip)| (name.clone(), tip.clone())).collect(),
                open: repo.threads.values().filter(|thread| thread.open).map(|thread| thread.number).collect(),
            }
        })
    }

    /// What holds after every run.
    fn check(&self, before: &Before, output: &Output) {
        let story = || format!("{}\n{}", self.story.join("\n"), said(output));
        assert!([0, 3].contains(&output.status), "{}", story());
        self.night.hub.look(|world| {
            let repo = world.repo(REPO);
            assert_eq!(repo.refs["refs/heads/main"], before.main, "the base was written to\n{}", story());
            for (name, tip) in &before.theirs {
                assert_eq!(repo.refs.get(name), Some(tip), "{name} of a human was changed\n{}", story());
            }
            let mut open = BTreeSet::new();
            for thread in repo.threads.values().filter(|thread| thread.open && thread.user == BOT) {
                let pull = thread.pull.as_ref().unwrap();
                assert!(open.insert(&pull.head_branch), "{} twice\n{}", pull.head_branch, story());
                let name = pull.head_branch.trim_start_matches("automation/update-pin-");
                let tip = &world.objects.commits[&pull.head_sha];
                if tip.author.name != BOT {
                    continue;
                }
                let tree = |commit: &str| world.objects.commits[commit].tree.clone();
                let changed = world.objects.differences(&tree(&tip.parents[0]), &tip.tree);
                let changed: Vec<&str> = changed.iter().map(|(path, ..)| path.as_str()).collect();
                assert_eq!(changed, [path(name)], "#{}\n{}", thread.number, story());
                assert!(world.objects.history(&before.main).contains(&tip.parents[0]), "not on the base\n{}", story());
                let pin = (name.to_owned(), pin(world, &pull.head_sha, name));
                let again = before.open.contains(&thread.number) || !self.refused.contains(&pin);
                assert!(again, "#{} is for a commit that a human refused\n{}", thread.number, story());
            }
        });
    }

    fn nightfall(&mut self) {
        let plan = self.plan();
        let before = self.before();
        if self.dice.roll(3) == 0 {
            let kind = self.dice.pick(Kind::QUICK).unwrap();
            let at = At::Call(1 + self.dice.roll(14));
            self.story.push(format!("in which {kind:?} strikes at {at:?}"));
            self.night.hub.inject(Fault::once(kind, at));
            let output = self.night.run_with(&plan, &["--max-wait", "3s"]);
            self.check(&before, &output);
            self.night.hub.heal();
        }
        let output = self.night.run(&plan);
        self.check(&before, &output);
        assert_eq!(output.status, 0, "{}\n{}", self.story.join("\n"), said(&output));
        self.night.hub.calls();
        let again = self.night.run(&plan);
        let writes = self.night.hub.writes();
        assert!(
            writes.is_empty(),
            "the same night again writes\n{}\n{}\n{writes:#?}",
            self.story.join("\n"),
            said(&again)
        );
    }
}

fn pin(world: &World, commit: &str, name: &str) -> String {
    let item = world.objects.at(&world.objects.commits[commit].tree, &path(name)).unwrap();
    let text = String::from_utf8(world.objects.blobs[&item.id].clone()).unwrap();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("commit: ")).unwrap();
    line.split(' ').next().unwrap().to_owned()
}

#[test]
fn what_humans_do_is_never_undone_and_nothing_is_done_twice() {
    on_all((0..CHAINS).collect(), |number| {
        let mut chain = Chain::new(number);
        for _ in 0..STEPS {
            for _ in 0..=chain.dice.roll(2) {
                chain.life();
            }
            chain.nightfall();
        }
    });
}
