//! Secrets and variables, by their names alone: no value of one is ever asked for.

use crate::doctor::Judged;
use crate::doctor::facts::{Facts, Unseen, known};
use crate::doctor::judge::listed;
use crate::doctor::needs::{APP, Names, OPTIONAL, PUBLISH, REVIEW, needs};
use crate::init::Tool;

/// What switches publishing on.
const SWITCH: &str = "COSIGN_PUBLIC_KEY";
/// Keys of model providers: one is enough.
pub(in crate::doctor) const PROVIDERS: [&str; 2] = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"];

/// Whether the registry publishes images.
pub(super) fn publishes(facts: &Facts) -> Result<bool, Unseen> {
    Ok(known(&facts.variables)?.contains(SWITCH))
}

pub(in crate::doctor) fn app(facts: &Facts) -> Result<Judged, Unseen> {
    all(facts, APP, "the App's client id and private key")
}

pub(in crate::doctor) fn review(facts: &Facts) -> Result<Judged, Unseen> {
    let names = of(REVIEW);
    if let Some(judged) = exposed(facts, REVIEW, &names)? {
        return Ok(judged);
    }
    let Some(environment) = known(&facts.environments)?.get(REVIEW) else {
        return Ok(Judged::missing(
            format!("there is no environment `{REVIEW}` to hold a key"),
            in_environment(REVIEW),
        ));
    };
    let secrets = known(&environment.secrets)?;
    if let Some(found) = PROVIDERS.iter().find(|name| secrets.contains(**name)) {
        return Ok(Judged::ok(format!("the environment `{REVIEW}` holds `{found}`")));
    }
    let model = facts.files.settings()?.ok().and_then(|policy| policy.settings.review.model);
    Ok(match model {
        None => Judged::ok("there is no key of a model provider: the static checks review alone"),
        Some(model) => Judged::missing(
            format!("the policy names the model `{model}`, and the environment `{REVIEW}` has no key of a provider"),
            in_environment(REVIEW) + ": " + &PROVIDERS.join(" or "),
        ),
    })
}

pub(in crate::doctor) fn publish(facts: &Facts) -> Result<Judged, Unseen> {
    if !publishes(facts)? {
        return Ok(Judged::ok(format!("not needed: nothing is published without the variable `{SWITCH}`")));
    }
    all(facts, PUBLISH, "what signs and pushes images")
}

fn of(environment: &str) -> Names {
    needs(&Tool::example()).environments.remove(environment).unwrap_or_default()
}

fn in_environment(environment: &str) -> String {
    format!("Settings → Environments → {environment} → Environment secrets, Environment variables")
}

/// Secrets of an environment that the repository has, too: then every workflow of every branch can read them.
fn exposed(facts: &Facts, environment: &str, names: &Names) -> Result<Option<Judged>, Unseen> {
    let all = known(&facts.secrets)?;
    let open: Vec<&str> = names.secrets.iter().filter(|name| all.contains(*name)).map(String::as_str).collect();
    Ok((!open.is_empty()).then(|| {
        Judged::wrong(
            format!("the repository itself has the secret {}: a workflow of any branch can read it", listed(open)),
            format!("Settings → Secrets and variables → Actions → Repository secrets: remove it; keep it in the environment `{environment}`"),
        )
    }))
}

/// Whether everything of an environment is there.
fn all(facts: &Facts, name: &str, what: &str) -> Result<Judged, Unseen> {
    let names = of(name);
    let Some(environment) = known(&facts.environments)?.get(name) else {
        return Ok(Judged::missing(format!("there is no environment `{name}` to hold {what}"), in_environment(name)));
    };
    let needed = |names: &mut dyn Iterator<Item = &String>, has: &dyn Fn(&String) -> bool| -> Vec<String> {
        names.filter(|name| !OPTIONAL.contains(&name.as_str()) && !has(name)).cloned().collect()
    };
    let (secrets, variables) = (known(&environment.secrets)?, known(&environment.variables)?);
    let mut lacks = needed(&mut names.secrets.iter(), &|name| secrets.contains(name));
    let here = needed(&mut names.variables.iter(), &|name| variables.contains(name));
    if !here.is_empty() {
        let repository = known(&facts.variables)?;
        lacks.extend(here.into_iter().filter(|name| !repository.contains(name)));
    }
    if !lacks.is_empty() {
        let says = format!("the environment `{name}` lacks {}", listed(lacks.iter().map(String::as_str)));
        return Ok(Judged::missing(says, in_environment(name)));
    }
    Ok(exposed(facts, name, &names)?.unwrap_or_else(|| Judged::ok(format!("the environment `{name}` holds {what}"))))
}
