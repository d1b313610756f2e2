//! What Actions may do.

use crate::doctor::Judged;
use crate::doctor::facts::{Facts, Then, Unseen, known};
use crate::doctor::judge::listed;
use crate::doctor::needs::needs;
use crate::doctor::owners::is_like;

const GENERAL: &str = "Settings → Actions → General";

pub(in crate::doctor) fn enabled(facts: &Facts) -> Result<Judged, Unseen> {
    Ok(match known(&facts.actions)?.enabled {
        true => Judged::ok("Actions are enabled"),
        false => Judged::wrong("Actions are disabled: no workflow runs", format!("{GENERAL} → Actions permissions")),
    })
}

pub(in crate::doctor) fn allowed(facts: &Facts) -> Result<Judged, Unseen> {
    let fix = format!("{GENERAL} → Actions permissions: select `actions/*` and `OWNER/mcp-registry@*`");
    let Some(allowed) = known(&facts.actions)?.allowed_actions.as_deref() else {
        // GitHub leaves it out where Actions are disabled.
        let why = "GitHub does not say which actions are allowed";
        return Err(Unseen::new(why, Then::Do("do what `actions-enabled` says first")));
    };
    let Some(tool) = facts.pinned() else {
        let why = "nothing says which commit of this program the workflows run";
        return match allowed {
            "all" => Ok(Judged::ok("all actions are allowed")),
            _ => Err(Unseen::new(why, Then::Do("do what `workflows` says first, or name the commit with `--tool`"))),
        };
    };
    let selected = match allowed {
        "all" => return Ok(Judged::ok("all actions are allowed")),
        "local_only" => None,
        _ => Some(known(&facts.selected)?),
    };
    let admits = |action: &&String| {
        let (path, reference) = action.split_once('@').unwrap_or((action, ""));
        let reference = reference.split_whitespace().next().unwrap_or_default();
        let mut parts = path.splitn(3, '/');
        let (owner, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if owner.eq_ignore_ascii_case(&facts.owner) {
            return true;
        }
        let Some(selected) = selected else { return false };
        let is_github = matches!(owner, "actions" | "github");
        let forms = [format!("{path}@{reference}"), format!("{owner}/{name}@{reference}")];
        let fits = |pattern: &String| {
            let pattern = pattern.trim().to_ascii_lowercase();
            forms.iter().any(|form| is_like(pattern.as_bytes(), form.to_ascii_lowercase().as_bytes()))
        };
        // A pattern with `!` forbids.
        let (forbidding, allowing): (Vec<&String>, Vec<&String>) =
            selected.patterns_allowed.iter().take(1_000).partition(|pattern| pattern.starts_with('!'));
        let is_forbidden = forbidding.iter().any(|pattern| fits(&pattern.trim_start_matches('!').to_owned()));
        !is_forbidden && ((is_github && selected.github_owned_allowed) || allowing.into_iter().any(fits))
    };
    let needed = needs(&tool).actions;
    let refused: Vec<&str> = needed.iter().filter(|action| !admits(action)).map(String::as_str).collect();
    Ok(match refused.is_empty() {
        true => Judged::ok("the actions of the workflows are allowed"),
        false => Judged::wrong(format!("actions of the workflows are not allowed: {}", listed(refused)), fix),
    })
}

pub(in crate::doctor) fn pinned(facts: &Facts) -> Result<Judged, Unseen> {
    let fix = format!("{GENERAL} → Actions permissions → Require actions to be pinned to a full-length commit SHA");
    match known(&facts.actions)?.sha_pinning_required {
        Some(true) => Ok(Judged::ok("actions have to be pinned to a whole commit id")),
        Some(false) => {
            Ok(Judged::missing("actions can be named by a tag, which can come to mean another program", fix))
        }
        None => Err(Unseen::new(
            "GitHub does not say whether actions have to be pinned",
            Then::Do("look there yourself: Settings → Actions → General"),
        )),
    }
}

pub(in crate::doctor) fn token(facts: &Facts) -> Result<Judged, Unseen> {
    let token = known(&facts.workflow_token)?;
    let mut wrong = Vec::new();
    if token.default_workflow_permissions != "read" {
        wrong.push("the token of a workflow that asks for nothing can write");
    }
    if token.can_approve_pull_request_reviews {
        wrong.push("workflows can approve pull requests, in place of a person");
    }
    Ok(match wrong.is_empty() {
        true => Judged::ok("the token of a workflow reads, and approves nothing, unless it asks for more"),
        false => Judged::wrong(
            wrong.join("; "),
            format!(
                "{GENERAL} → Workflow permissions: Read repository contents, and no Allow GitHub Actions to create and approve pull requests"
            ),
        ),
    })
}

pub(in crate::doctor) fn squash(facts: &Facts) -> Result<Judged, Unseen> {
    let fix = "Settings → General → Pull Requests → Allow squash merging";
    match facts.squash {
        Some(true) => Ok(Judged::ok("pull requests can be squashed")),
        Some(false) => Ok(Judged::wrong("pull requests cannot be squashed: `merge` merges nothing", fix)),
        None => {
            Err(Unseen::new("GitHub does not say how pull requests can be merged", Then::Permission("Contents: write")))
        }
    }
}
