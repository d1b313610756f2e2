//! What the default branch asks for before something becomes part of it.

use crate::checks::names::GATE;
use crate::doctor::Judged;
use crate::doctor::facts::{Facts, Then, Unseen, known};
use crate::doctor::judge::listed;
use crate::github::registry::{BranchRule, Protection, RequiredCheck};
use crate::policy::ACTIONS_APP;

const RULESETS: &str = "Settings → Rules → Rulesets";

/// What to do where there is no rule of this kind at all.
fn new_rule(what: &str) -> String {
    format!("{RULESETS} → New branch ruleset: Enforcement: Active, Target branches: Include default branch, {what}")
}

fn change_rule(what: &str) -> String {
    format!("{RULESETS} → the ruleset of the default branch → {what}")
}

/// The classic protection, where it is known and there is one.
fn classic(facts: &Facts) -> Option<&Protection> {
    facts.protection.as_ref().ok()?.as_ref()
}

fn of_kind<'f>(rules: &'f [BranchRule], kind: &str) -> Vec<&'f BranchRule> {
    rules.iter().filter(|rule| rule.kind == kind).collect()
}

pub(in crate::doctor) fn gate(facts: &Facts) -> Result<Judged, Unseen> {
    let rules = known(&facts.rules)?;
    let checks: Vec<&RequiredCheck> =
        of_kind(rules, "required_status_checks").into_iter().flat_map(|rule| &rule.checks).collect();
    let ours: Vec<&&RequiredCheck> = checks.iter().filter(|check| check.context == GATE).collect();
    let source = format!("change the source of `{GATE}` to your App");
    let require = format!("Require status checks to pass: `{GATE}`, with your App as its source");
    if !ours.is_empty() {
        let Some(app) = facts.expected_app() else {
            return Err(Unseen::without_app());
        };
        let says = match ours.iter().find_map(|check| check.integration_id) {
            _ if ours.iter().any(|check| check.integration_id == Some(app)) => {
                return Ok(Judged::ok(format!("a ruleset asks for `{GATE}` of App {app}")));
            }
            None => format!("a ruleset asks for `{GATE}` from any source: a stranger's pull request can make it"),
            Some(ACTIONS_APP) => {
                format!("a ruleset asks for `{GATE}` of GitHub Actions: a stranger's pull request can make it")
            }
            Some(other) => format!("a ruleset asks for `{GATE}` of App {other}, and the registry's is App {app}"),
        };
        return Ok(Judged::wrong(says, change_rule(&source)));
    }
    if classic(facts).is_some_and(|classic| classic.checks.iter().any(|check| check.context == GATE)) {
        let says = format!("classic branch protection asks for `{GATE}`, and no ruleset: `merge` merges nothing");
        return Ok(Judged::wrong(says, new_rule(&require)));
    }
    if !checks.is_empty() {
        let names = listed(checks.iter().map(|check| check.context.as_str()));
        return Ok(Judged::wrong(format!("a ruleset asks for {names}, and not for `{GATE}`"), change_rule(&require)));
    }
    let hidden = match &facts.protection {
        Err(_) => "; whether classic branch protection does is not known",
        Ok(_) => "",
    };
    Ok(Judged::missing(
        format!("no ruleset asks for `{GATE}`: whatever is red can be merged{hidden}"),
        new_rule(&require),
    ))
}

pub(in crate::doctor) fn bypass(facts: &Facts) -> Result<Judged, Unseen> {
    let rulesets = known(&facts.rulesets)?;
    let passable: Vec<&str> = rulesets
        .iter()
        .filter(|ruleset| ruleset.bypass.is_some_and(|number| number > 0) || ruleset.own == Some(true))
        .map(|ruleset| ruleset.name.as_str())
        .collect();
    if !passable.is_empty() {
        let says = format!("somebody may bypass the ruleset {}", listed(passable));
        return Ok(Judged::wrong(says, format!("{RULESETS} → the ruleset → Bypass list: remove everybody")));
    }
    if rulesets.is_empty() {
        return Ok(Judged::missing("the default branch has no ruleset", new_rule("with an empty Bypass list")));
    }
    // Who may is shown to those alone who may change it.
    match rulesets.iter().all(|ruleset| ruleset.bypass.is_some()) {
        true => Ok(Judged::ok("nobody may bypass the rulesets")),
        false if rulesets.iter().all(|ruleset| ruleset.bypass.is_some() || ruleset.own == Some(false)) => {
            Ok(Judged::ok(
                "this token's account may not bypass the rulesets; who else may, GitHub shows to administrators",
            ))
        }
        false => Err(Unseen::new(
            "GitHub does not say who may bypass the rulesets",
            Then::Permission("Administration: write"),
        )),
    }
}

pub(in crate::doctor) fn pull_request(facts: &Facts) -> Result<Judged, Unseen> {
    let found = of_kind(known(&facts.rules)?, "pull_request");
    let what = "Require a pull request before merging, with Require review from Code Owners";
    if found.iter().any(|rule| rule.code_owners) {
        return Ok(Judged::ok("a ruleset asks for pull requests, and for the review of code owners"));
    }
    if classic(facts).is_some_and(|classic| classic.code_owners) {
        return Ok(Judged::ok("classic branch protection asks for pull requests, and for the review of code owners"));
    }
    if found.is_empty() && !classic(facts).is_some_and(|classic| classic.pull_request) {
        let says = "no ruleset asks for pull requests: whoever may push changes the default branch without any check";
        return Ok(Judged::missing(says, new_rule(what)));
    }
    let says =
        "pull requests are asked for, but not the review of code owners: the policy can be changed without its owners";
    Ok(Judged::wrong(says, change_rule(what)))
}

pub(in crate::doctor) fn history(facts: &Facts) -> Result<Judged, Unseen> {
    let rules = known(&facts.rules)?;
    let lacks: Vec<&str> = [("non_fast_forward", "Block force pushes"), ("deletion", "Restrict deletions")]
        .into_iter()
        .filter(|(kind, _)| of_kind(rules, kind).is_empty())
        .map(|(_, name)| name)
        .collect();
    if lacks.is_empty() {
        return Ok(Judged::ok("force pushes to the default branch and its deletion are blocked"));
    }
    if classic(facts).is_some_and(|classic| !classic.loose) {
        return Ok(Judged::ok("classic branch protection blocks force pushes and deletion"));
    }
    let what = lacks.join(" and ");
    let says = format!("the default branch has no rule {}", listed(lacks));
    Ok(Judged::missing(says, change_rule(&what)))
}
