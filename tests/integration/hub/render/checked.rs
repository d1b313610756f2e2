//! Check runs, comments, events and reviews as GitHub's JSON.

use super::{API, WEB, date, label, node, user};
use crate::hub::checked::{APPS, App, CheckRun, Comment, Event, Required, Review};
use serde_json::{Value, json};

pub(crate) fn app(app: &App) -> Value {
    let then = date(i64::try_from(crate::runner::SOURCE_DATE_EPOCH).unwrap());
    json!({ "id": app.id, "slug": app.slug, "node_id": node("A", app.id), "owner": user("acme"), "name": app.slug,
        "description": "", "external_url": "https://example.org", "html_url": format!("{WEB}/apps/{}", app.slug),
        "created_at": then, "updated_at": then, "permissions": crate::hub::settings::Settings::default().app, "events": [] })
}

pub(crate) fn check(full_name: &str, check: &CheckRun) -> Value {
    let api = format!("{API}/repos/{full_name}/check-runs/{}", check.id);
    let of = APPS.iter().find(|app| app.id == check.app).unwrap();
    let html = format!("{WEB}/{full_name}/runs/{}", check.id);
    let output = json!({ "title": check.title, "summary": check.summary, "text": check.text,
        "annotations_count": check.annotations.len(), "annotations_url": format!("{api}/annotations") });
    json!({ "id": check.id, "head_sha": check.head_sha, "node_id": node("CR", check.id),
        "external_id": check.external_id, "url": api, "html_url": html, "details_url": html, "status": check.status,
        "conclusion": check.conclusion, "started_at": check.started, "completed_at": check.completed,
        "output": output, "name": check.name, "check_suite": { "id": check.app }, "app": app(of),
        "pull_requests": [] })
}

pub(crate) fn annotation(full_name: &str, sha: &str, annotation: &Value) -> Value {
    let path = annotation["path"].as_str().unwrap_or_default();
    let mut rendered = annotation.clone();
    for field in ["start_column", "end_column", "title", "raw_details"] {
        if rendered.get(field).is_none() {
            rendered[field] = Value::Null;
        }
    }
    rendered["blob_href"] = json!(format!("{WEB}/{full_name}/blob/{sha}/{path}"));
    rendered
}

pub(crate) fn comment(full_name: &str, number: u64, comment: &Comment) -> Value {
    let api = format!("{API}/repos/{full_name}/issues");
    json!({ "id": comment.id, "node_id": node("IC", comment.id), "url": format!("{api}/comments/{}", comment.id),
        "html_url": format!("{WEB}/{full_name}/issues/{number}#issuecomment-{}", comment.id),
        "body": comment.body, "user": user(&comment.user), "created_at": date(comment.created),
        "updated_at": date(comment.updated), "issue_url": format!("{api}/{number}"),
        "author_association": "CONTRIBUTOR" })
}

pub(crate) fn event(full_name: &str, event: &Event) -> Value {
    let rendered = label(full_name, &event.label);
    json!({ "id": event.id, "node_id": node("E", event.id),
        "url": format!("{API}/repos/{full_name}/issues/events/{}", event.id), "actor": user(&event.actor),
        "event": event.kind, "commit_id": null, "commit_url": null, "created_at": date(event.time),
        "performed_via_github_app": null, "label": { "name": rendered["name"], "color": rendered["color"] } })
}

pub(crate) fn review(full_name: &str, number: u64, review: &Review) -> Value {
    let html = format!("{WEB}/{full_name}/pull/{number}#pullrequestreview-{}", review.id);
    let api = format!("{API}/repos/{full_name}/pulls/{number}");
    json!({ "id": review.id, "node_id": node("R", review.id), "user": user(&review.user), "body": "",
        "state": review.state, "html_url": html, "pull_request_url": api,
        "_links": { "html": { "href": html }, "pull_request": { "href": api } },
        "submitted_at": date(review.time), "commit_id": review.commit, "author_association": "MEMBER" })
}

/// What somebody may do. `maintain` is told as `write`, and `triage` as `read`: only the role has the word.
pub(crate) fn permission(login: &str, role: &str) -> Value {
    let mut person = user(login);
    person["role_name"] = json!(role);
    let told = match role {
        "maintain" => "write",
        "triage" => "read",
        other => other,
    };
    json!({ "permission": told, "role_name": role, "user": person })
}

/// The rules of a branch: one of a ruleset that asks for checks.
pub(crate) fn rules(full_name: &str, required: &[Required]) -> Vec<Value> {
    if required.is_empty() {
        return Vec::new();
    }
    let checks: Vec<Value> = required
        .iter()
        .map(|required| match required.app {
            Some(app) => json!({ "context": required.context, "integration_id": app }),
            None => json!({ "context": required.context }),
        })
        .collect();
    vec![json!({ "type": "required_status_checks", "ruleset_source_type": "Repository", "ruleset_source": full_name,
        "ruleset_id": 42,
        "parameters": { "required_status_checks": checks, "strict_required_status_checks_policy": false } })]
}
