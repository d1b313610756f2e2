//! Settings as GitHub's JSON.

use super::{API, WEB, date, node};
use crate::hub::settings::{Actions, Branches, Classic, Environment, Rules};
use serde_json::{Value, json};

/// The id of the one ruleset.
pub(crate) const RULESET: u64 = 42;

fn then() -> String {
    date(i64::try_from(crate::runner::SOURCE_DATE_EPOCH).unwrap())
}

pub(crate) fn actions(full_name: &str, actions: &Actions) -> Value {
    let mut body = json!({ "enabled": actions.enabled });
    if actions.enabled {
        body["allowed_actions"] = json!(actions.allowed);
    }
    if actions.allowed == "selected" {
        body["selected_actions_url"] = json!(format!("{API}/repos/{full_name}/actions/permissions/selected-actions"));
    }
    if let Some(pinned) = actions.pinned {
        body["sha_pinning_required"] = json!(pinned);
    }
    body
}

pub(crate) fn workflow(full_name: &str, name: &str, state: &str) -> Value {
    let path = format!(".github/workflows/{name}");
    json!({ "id": 1, "node_id": node("W", 1), "name": name, "path": path, "state": state, "created_at": then(),
        "updated_at": then(), "url": format!("{API}/repos/{full_name}/actions/workflows/1"),
        "html_url": format!("{WEB}/{full_name}/blob/main/{path}"),
        "badge_url": format!("{WEB}/{full_name}/workflows/{name}/badge.svg") })
}

pub(crate) fn environment(full_name: &str, name: &str, environment: &Environment) -> Value {
    let limit = match environment.branches {
        Branches::Any => Value::Null,
        Branches::Protected => json!({ "protected_branches": true, "custom_branch_policies": false }),
        Branches::Chosen(_) => json!({ "protected_branches": false, "custom_branch_policies": true }),
    };
    json!({ "id": 1, "node_id": node("E", 1), "name": name, "created_at": then(), "updated_at": then(),
        "url": format!("{API}/repos/{full_name}/environments/{name}"),
        "html_url": format!("{WEB}/{full_name}/deployments/activity_log?environments_filter={name}"),
        "protection_rules": [], "deployment_branch_policy": limit })
}

pub(crate) fn secret(name: &str) -> Value {
    json!({ "name": name, "created_at": then(), "updated_at": then() })
}

pub(crate) fn variable(name: &str) -> Value {
    json!({ "name": name, "value": "nobody's business", "created_at": then(), "updated_at": then() })
}

pub(crate) fn rules(full_name: &str, rules: &Rules) -> Vec<Value> {
    let rule = |kind: &str, parameters: Value| {
        let mut rule = json!({ "type": kind, "ruleset_source_type": "Repository", "ruleset_source": full_name,
            "ruleset_id": RULESET });
        if !parameters.is_null() {
            rule["parameters"] = parameters;
        }
        rule
    };
    let mut all = Vec::new();
    if let Some(owners) = rules.pull_request {
        all.push(rule(
            "pull_request",
            json!({ "dismiss_stale_reviews_on_push": false, "require_code_owner_review": owners,
                "require_last_push_approval": false, "required_approving_review_count": 0,
                "required_review_thread_resolution": false }),
        ));
    }
    if rules.queue {
        all.push(rule(
            "merge_queue",
            json!({ "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
                "max_entries_to_merge": 5, "merge_method": "SQUASH", "min_entries_to_merge": 1,
                "min_entries_to_merge_wait_minutes": 5 }),
        ));
    }
    for (is_on, kind) in [(rules.no_force_pushes, "non_fast_forward"), (rules.no_deletion, "deletion")] {
        if is_on {
            all.push(rule(kind, Value::Null));
        }
    }
    all
}

pub(crate) fn ruleset(full_name: &str, rules: &Rules) -> Value {
    let mut body = json!({ "id": RULESET, "name": "The default branch", "target": "branch", "source": full_name,
        "source_type": "Repository", "enforcement": "active", "node_id": node("RS", RULESET),
        "created_at": then(), "updated_at": then() });
    if let Some(number) = rules.bypass {
        let actor = json!({ "actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always" });
        body["bypass_actors"] = vec![actor; number].into();
    }
    if let Some(own) = rules.own_bypass {
        body["current_user_can_bypass"] = json!(own);
    }
    body
}

pub(crate) fn protection(full_name: &str, branch: &str, classic: &Classic) -> Value {
    let url = format!("{API}/repos/{full_name}/branches/{branch}/protection");
    let mut body = json!({ "url": url, "allow_force_pushes": { "enabled": classic.loose },
        "allow_deletions": { "enabled": classic.loose } });
    if let Some((context, app)) = &classic.check {
        let checks = format!("{url}/required_status_checks");
        body["required_status_checks"] = json!({ "url": checks, "strict": false, "contexts": [context],
            "contexts_url": format!("{checks}/contexts"), "checks": [{ "context": context, "app_id": app }] });
    }
    if let Some(owners) = classic.code_owners {
        body["required_pull_request_reviews"] = json!({ "url": format!("{url}/required_pull_request_reviews"),
            "dismiss_stale_reviews": false, "require_code_owner_reviews": owners });
    }
    body
}
