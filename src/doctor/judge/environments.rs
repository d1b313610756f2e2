//! Environments: they exist, and only the default branch may use them.

use crate::doctor::Judged;
use crate::doctor::facts::{Facts, Unseen, known};
use crate::doctor::judge::listed;
use crate::doctor::judge::names::publishes;
use crate::doctor::needs::{APP, PUBLISH, REVIEW};
use crate::github::registry::Branches;

pub(in crate::doctor) fn app(facts: &Facts) -> Result<Judged, Unseen> {
    environment(facts, APP)
}

pub(in crate::doctor) fn review(facts: &Facts) -> Result<Judged, Unseen> {
    environment(facts, REVIEW)
}

pub(in crate::doctor) fn publish(facts: &Facts) -> Result<Judged, Unseen> {
    let environments = known(&facts.environments)?;
    if !environments.contains_key(PUBLISH) && !publishes(facts)? {
        return Ok(Judged::ok("not needed: nothing is published without the variable `COSIGN_PUBLIC_KEY`"));
    }
    environment(facts, PUBLISH)
}

fn environment(facts: &Facts, name: &str) -> Result<Judged, Unseen> {
    let branch = &facts.branch;
    let limit = format!("Deployment branches and tags: Selected branches and tags → `{branch}`, and no other");
    let Some(environment) = known(&facts.environments)?.get(name) else {
        return Ok(Judged::missing(
            format!("there is no environment `{name}`"),
            format!("Settings → Environments → New environment `{name}`; {limit}"),
        ));
    };
    let fix = format!("Settings → Environments → {name} → {limit}");
    let patterns = match environment.branches {
        Branches::Any => {
            let says =
                format!("every branch may use the environment `{name}`: whoever may push one can read its secrets");
            return Ok(Judged::wrong(says, fix));
        }
        Branches::Protected => {
            let says =
                format!("every branch with classic protection may use the environment `{name}`, not `{branch}` alone");
            return Ok(Judged::wrong(says, fix));
        }
        Branches::Chosen => known(&environment.patterns)?,
    };
    let is_it = |kind: Option<&str>, name: &str| kind.unwrap_or("branch") == "branch" && name == branch;
    let others: Vec<&str> = patterns
        .iter()
        .filter(|pattern| !is_it(pattern.kind.as_deref(), &pattern.name))
        .map(|pattern| pattern.name.as_str())
        .collect();
    Ok(match others.is_empty() {
        true if patterns.is_empty() => Judged::wrong(format!("no branch may use the environment `{name}`"), fix),
        true => Judged::ok(format!("only `{branch}` may use the environment `{name}`")),
        false => Judged::wrong(format!("the environment `{name}` is open to {} as well", listed(others)), fix),
    })
}
