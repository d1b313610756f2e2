//! Whatever goes wrong at whichever call: the run tells the truth about what it did, and one more run ends where an
//! undisturbed one ends.

use super::{Night, REPO, moves, on_all, plan, said, stays};
use crate::hub::Hub;
use crate::hub::faults::{At, Fault, Kind};
use crate::hub::world::World;
use crate::runner::Output;
use mcp_registry::pins::plan::Plan;
use mcp_registry::pins::reason::Reason;
use serde_json::Value;

/// A night that opens, updates, closes, leaves alone, and writes the dashboard.
fn night() -> (World, Plan) {
    let before = Night::of(&["a", "b", "c", "d"]);
    let others = [stays("c", 1, Reason::Current)];
    before.publishes(&plan([moves("a", 1, 2), moves("b", 1, 2), moves("d", 1, 2)].into_iter().chain(others).collect()));
    let decisions = vec![moves("a", 1, 3), stays("b", 1, Reason::OutsideDirectory), moves("c", 1, 2), moves("d", 1, 2)];
    (before.hub.world(), plan(decisions))
}

/// What is given to every run here: a wait for a limit is short, as is one for an answer.
const MORE: &[&str] = &["--dashboard", "--max-wait", "5s", "--format", "json"];

struct Undisturbed {
    world: World,
    plan: Plan,
    /// How many calls it makes.
    calls: usize,
    picture: String,
}

fn undisturbed() -> Undisturbed {
    let (world, plan) = night();
    let night = Night::on(Hub::with(world.clone()));
    let output = night.run_with(&plan, MORE);
    assert_eq!(output.status, 0, "{}", said(&output));
    let calls = night.hub.calls().len();
    Undisturbed { world, plan, calls, picture: night.hub.picture(REPO) }
}

impl Undisturbed {
    /// Whether everything that a run claims to have done to a pull request was done.
    fn holds(&self, night: &Night, output: &Output, said: &str) {
        let json: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{said}"));
        for decision in json["decisions"].as_array().unwrap() {
            let Some(number) = decision["pull"]["number"].as_u64() else { continue };
            let action = decision["pull"]["action"].as_str().unwrap();
            night.hub.look(|world| {
                let thread = &world.repo(REPO).threads[&number];
                let head = &thread.pull.as_ref().unwrap().head_sha;
                let text = world.objects.at(&world.objects.commits[head].tree, decision["path"].as_str().unwrap());
                let text = String::from_utf8(world.objects.blobs[&text.unwrap().id].clone()).unwrap();
                let has_pin = text.contains(decision["new"].as_str().unwrap());
                match action {
                    "open" | "update" => assert!(thread.open && has_pin, "#{number} is not as it says\n{said}"),
                    "close" => assert!(!thread.open, "#{number} is open\n{said}"),
                    _ => {}
                }
            });
        }
    }

    /// Runs with this fault, and once more without it.
    fn disturb(&self, fault: Fault) {
        let night = Night::on(Hub::with(self.world.clone()));
        night.hub.inject(fault);
        let output = night.run_with(&self.plan, MORE);
        let said = said(&output);
        self.holds(&night, &output, &said);
        match output.status {
            0 => assert_eq!(night.hub.picture(REPO), self.picture, "{fault:?}: it says that all is done\n{said}"),
            3 => assert!(!output.stderr.is_empty(), "{fault:?}: it does not say what is left\n{said}"),
            _ => panic!("{fault:?}\n{said}"),
        }
        night.hub.heal();
        let again = night.run_with(&self.plan, MORE);
        assert_eq!(again.status, 0, "{fault:?}\n{said}\nand then\n{}", super::said(&again));
        assert_eq!(night.hub.picture(REPO), self.picture, "{fault:?}\n{said}\nand then\n{}", super::said(&again));
    }
}

#[test]
fn every_fault_at_every_call_is_survived() {
    let undisturbed = undisturbed();
    let calls = 1..=undisturbed.calls;
    let faults = calls.flat_map(|call| Kind::QUICK.iter().map(move |kind| Fault::once(*kind, At::Call(call))));
    on_all(faults.collect(), |fault| undisturbed.disturb(fault));
}

#[test]
fn every_fault_that_stays_is_said_and_survived() {
    let undisturbed = undisturbed();
    let calls = (1..=undisturbed.calls).step_by(3);
    let faults = calls.flat_map(|call| Kind::QUICK.iter().map(move |kind| Fault::from(*kind, At::Call(call))));
    on_all(faults.collect(), |fault| undisturbed.disturb(fault));
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for_for_ever() {
    let undisturbed = undisturbed();
    let calls = 1..=undisturbed.calls;
    let faults = calls.flat_map(|call| Kind::SLOW.iter().map(move |kind| Fault::once(*kind, At::Call(call))));
    on_all(faults.collect(), |fault| undisturbed.disturb(fault));
}
