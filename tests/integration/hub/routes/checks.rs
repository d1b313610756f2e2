//! Check runs.

use super::{Asked, Reply};
use crate::hub::checked::{CheckRun, app_of};
use crate::hub::render::checked as render;
use crate::hub::world::World;
use serde_json::{Value, json};

/// The most characters of a summary and of a text.
const MOST: usize = 65_535;
/// The most annotations of one request.
const MOST_ANNOTATIONS: usize = 50;

fn too_much(asked: &Asked) -> Option<Reply> {
    let output = asked.body.get("output")?;
    for field in ["summary", "text"] {
        if output[field].as_str().is_some_and(|text| text.chars().count() > MOST) {
            let message = format!("Only {MOST} characters are allowed; {field} is too long.");
            return Some(Reply::invalid("CheckRun", Some(field), "custom", Some(&message)));
        }
    }
    let annotations = output["annotations"].as_array().map_or(0, Vec::len);
    (annotations > MOST_ANNOTATIONS).then(|| {
        let message = format!("No more than {MOST_ANNOTATIONS} annotations are allowed.");
        Reply::invalid("CheckRun", Some("annotations"), "custom", Some(&message))
    })
}

/// Takes what a body says into a check run.
fn take(check: &mut CheckRun, asked: &Asked, now: i64) -> Option<Reply> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let body = &asked.body;
    check.external_id = text(body, "external_id").or(check.external_id.take());
    check.started = text(body, "started_at").or(check.started.take());
    if let Some(conclusion) = text(body, "conclusion") {
        (check.conclusion, check.status) = (Some(conclusion), "completed".to_owned());
        check.completed = text(body, "completed_at").or_else(|| Some(crate::hub::render::date(now)));
    } else if let Some(status) = text(body, "status") {
        if status == "completed" {
            return Some(Reply::invalid("CheckRun", Some("conclusion"), "missing_field", None));
        }
        (check.status, check.conclusion, check.completed) = (status, None, None);
    }
    if let Some(output) = body.get("output") {
        check.title = text(output, "title").or(check.title.take());
        check.summary = text(output, "summary").or(check.summary.take());
        check.text = text(output, "text").or(check.text.take());
        check.annotations.extend(output["annotations"].as_array().cloned().unwrap_or_default());
    }
    None
}

pub(super) fn create(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let Some(app) = app_of(asked.who) else {
        return Reply::error(403, "You must authenticate via a GitHub App.");
    };
    if let Some(reply) = too_much(asked) {
        return reply;
    }
    let (name, sha) = (asked.text("name").unwrap_or_default(), asked.text("head_sha").unwrap_or_default());
    if !world.objects.commits.contains_key(sha) {
        return Reply::refused(&format!("No commit found for SHA: {sha}"));
    }
    let mut check = CheckRun {
        id: 0,
        app: app.id,
        name: name.to_owned(),
        head_sha: sha.to_owned(),
        external_id: None,
        status: "queued".to_owned(),
        conclusion: None,
        started: None,
        completed: None,
        title: None,
        summary: None,
        text: None,
        annotations: Vec::new(),
    };
    let now = world.tick();
    if let Some(reply) = take(&mut check, asked, now) {
        return reply;
    }
    let id = world.add_check(&repo, check);
    let made = world.repo(&repo).checks.iter().find(|check| check.id == id).unwrap();
    Reply::new(201, render::check(&repo, made))
}

pub(super) fn update(world: &mut World, asked: &Asked) -> Reply {
    let (repo, id, now) = (asked.repo(), asked.number("check_run_id"), world.tick());
    let Some(check) = world.repo_mut(&repo).checks.iter_mut().find(|check| check.id == id) else {
        return Reply::not_found();
    };
    if app_of(asked.who).is_none_or(|app| app.id != check.app) {
        return Reply::error(403, "Invalid app_id - check run can only be modified by the GitHub App that created it.");
    }
    if let Some(reply) = too_much(asked) {
        return reply;
    }
    let mut after = check.clone();
    if let Some(reply) = take(&mut after, asked, now) {
        return reply;
    }
    *check = after;
    Reply::new(200, render::check(&repo, check))
}

pub(super) fn get(world: &mut World, asked: &Asked) -> Reply {
    let (repo, id) = (asked.repo(), asked.number("check_run_id"));
    match world.repo(&repo).checks.iter().find(|check| check.id == id) {
        Some(check) => Reply::new(200, render::check(&repo, check)),
        None => Reply::not_found(),
    }
}

pub(super) fn annotations(world: &mut World, asked: &Asked) -> Reply {
    let (repo, id) = (asked.repo(), asked.number("check_run_id"));
    let Some(check) = world.repo(&repo).checks.iter().find(|check| check.id == id) else { return Reply::not_found() };
    let all = check.annotations.iter().collect();
    asked.page(all, |annotation| render::annotation(&repo, &check.head_sha, annotation))
}

pub(super) fn list(world: &mut World, asked: &Asked) -> Reply {
    let repo = asked.repo();
    let name = &asked.params["ref"];
    let sha = world.tip(&repo, name).cloned().unwrap_or_else(|| name.clone());
    if !world.objects.commits.contains_key(&sha) {
        return Reply::refused(&format!("No commit found for SHA: {sha}"));
    }
    let app: Option<u64> = asked.query("app_id").and_then(|id| id.parse().ok());
    let mut found = world.checks_of(&repo, &sha);
    found.retain(|check| {
        asked.query("check_name").is_none_or(|name| check.name == name)
            && asked.query("status").is_none_or(|status| check.status == status)
            && app.is_none_or(|app| check.app == app)
    });
    if asked.query("filter").unwrap_or("latest") == "latest" {
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|check| seen.insert((check.app, check.name.clone())));
    }
    let total = found.len();
    let mut reply = asked.page(found, |check| render::check(&repo, check));
    reply.body = reply.body.map(|runs| json!({ "total_count": total, "check_runs": runs }));
    reply
}
