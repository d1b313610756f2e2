//! One request: counted, judged, allowed, answered, and the answer judged.

use super::TOKEN;
use super::checked::{APPS, PERSON};
use super::description::Description;
use super::faults::{Count, Fault, Kill, Kind};
use super::limits::{Limits, Written};
use super::routes::{self, Asked, Reply};
use super::settings::permission;
use super::world::World;
use axum::http::HeaderMap;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// More bytes than any answer of GitHub's has.
const HUGE: usize = 26 * 1024 * 1024;

/// One request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) with_token: bool,
    /// None when there was no answer.
    pub(crate) status: Option<u16>,
}

impl Call {
    pub(crate) fn is_write(&self) -> bool {
        is_write(&self.method, &self.path)
    }
}

/// Puts the token behind what an answer says that people see.
fn echo(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(echo),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text)
                        if ["html_url", "full_name", "default_branch", "login", "title", "body"]
                            .contains(&name.as_str()) =>
                    {
                        text.push_str(TOKEN);
                    }
                    value => echo(value),
                }
            }
        }
        _ => {}
    }
}

/// Queries of the other API are posted and change nothing.
fn is_write(method: &str, path: &str) -> bool {
    method != "GET" && path != "/graphql"
}

/// A request as it came.
pub(crate) struct Arrived {
    pub(crate) method: String,
    /// As it was sent: encoded, with the query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What goes back.
#[derive(Debug)]
pub(crate) enum Sent {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        cut: bool,
    },
    /// The connection ends.
    Nothing,
    /// And it stays open.
    Silence,
}

/// What somebody does a moment before a write arrives.
pub(crate) struct Meddling {
    /// Counted from 1.
    pub(crate) write: usize,
    pub(crate) act: Box<dyn FnOnce(&mut World) + Send>,
}

/// Everything behind the wire.
pub(crate) struct Service {
    pub(crate) world: World,
    pub(crate) faults: Vec<Fault>,
    pub(crate) count: Count,
    pub(crate) kill: Option<Kill>,
    pub(crate) meddling: Option<Meddling>,
    pub(crate) limits: Limits,
    pub(crate) forbidden: BTreeSet<&'static str>,
    /// What may not be read.
    pub(crate) hidden: BTreeSet<&'static str>,
    pub(crate) calls: Vec<Call>,
    pub(crate) offences: Vec<String>,
    pub(crate) written: Written,
    used: u64,
    /// When the primary limit ends, in seconds since 1970.
    reset: u64,
    url: String,
    description: Option<&'static Description>,
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

impl Service {
    pub(crate) fn new(world: World, url: &str) -> Self {
        Self {
            world,
            faults: Vec::new(),
            count: Count::default(),
            kill: None,
            meddling: None,
            limits: Limits::default(),
            forbidden: BTreeSet::new(),
            hidden: BTreeSet::new(),
            calls: Vec::new(),
            offences: Vec::new(),
            written: Written::default(),
            used: 0,
            reset: seconds_now() + 3600,
            url: url.to_owned(),
            description: Description::get(),
        }
    }

    /// Answers a request.
    pub(crate) fn handle(&mut self, mut arrived: Arrived) -> Sent {
        self.rewrite(&mut arrived);
        let arrived = &arrived;
        let is_write = is_write(&arrived.method, &arrived.target);
        self.count.all += 1;
        *(if is_write { &mut self.count.writes } else { &mut self.count.reads }) += 1;
        let call = Call {
            method: arrived.method.clone(),
            path: arrived.target.clone(),
            with_token: arrived.headers.contains_key("authorization"),
            status: None,
        };
        self.calls.push(call);
        let place = self.calls.len() - 1;
        let count = self.count;
        let mine = |kill: &Kill, after| is_write && kill.write == count.writes && kill.after == after;
        if let Some(kill) = self.kill.take_if(|kill| mine(kill, false)) {
            kill.victim.kill();
            return Sent::Silence;
        }
        if let Some(meddling) = self.meddling.take_if(|meddling| is_write && meddling.write == count.writes) {
            (meddling.act)(&mut self.world);
        }
        let fault = self.faults.iter().find(|fault| fault.strikes(count, is_write)).map(|fault| fault.kind);
        let reply = match fault.filter(|kind| !kind.after()) {
            // What a client sends is judged also when nobody listens.
            Some(kind) => (self.judge(arrived), self.instead(kind)).1,
            None => {
                if fault == Some(Kind::Race) && is_write {
                    self.overtake(arrived);
                }
                self.answer(arrived)
            }
        };
        if let Some(kill) = self.kill.take_if(|kill| mine(kill, true)) {
            kill.victim.kill();
            return Sent::Silence;
        }
        let sent = match (fault, reply) {
            (Some(Kind::SilenceAfter), _) => Sent::Silence,
            (Some(Kind::CloseAfter), _) => Sent::Nothing,
            (Some(Kind::GatewayAfter), _) => self.instead(Kind::Gateway),
            (Some(Kind::HalfJson), Sent::Answer { status, headers, body, .. }) if !body.is_empty() => {
                Sent::Answer { status, headers, body: body[..body.len() / 2].to_vec(), cut: false }
            }
            (Some(Kind::CutBody), Sent::Answer { status, headers, body, .. }) if !body.is_empty() => {
                Sent::Answer { status, headers, body, cut: true }
            }
            (Some(Kind::Huge), Sent::Answer { status, headers, mut body, .. }) if !body.is_empty() => {
                // Blanks after JSON are JSON.
                body.resize(HUGE, b' ');
                Sent::Answer { status, headers, body, cut: false }
            }
            (Some(Kind::Nested), Sent::Answer { status, headers, .. }) => {
                let body = format!("[{}[]]", "[],".repeat(HUGE / 4)).into_bytes();
                Sent::Answer { status, headers, body, cut: false }
            }
            (Some(Kind::Echoed), Sent::Answer { status, headers, body, cut }) if !body.is_empty() => {
                let mut value = serde_json::from_slice(&body).unwrap();
                echo(&mut value);
                Sent::Answer { status, headers, body: value.to_string().into_bytes(), cut }
            }
            (_, reply) => reply,
        };
        if let (Sent::Answer { status, .. }, Some(call)) = (&sent, self.calls.get_mut(place)) {
            call.status = Some(*status);
        }
        sent
    }

    /// Where requests for repositories that were renamed are sent: an address by number, which the description leaves out.
    fn rewrite(&self, arrived: &mut Arrived) {
        let Some(rest) = arrived.target.strip_prefix("/repositories/") else { return };
        let (number, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if let Some(repo) = self.world.repos.values().find(|repo| repo.id.to_string() == number) {
            arrived.target = format!("/repos/{}{rest}", repo.full_name);
        }
    }

    fn limit(&self) -> (u64, u64, u64) {
        (self.limits.calls, self.limits.calls.saturating_sub(self.used), self.reset)
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let (limit, remaining, reset) = self.limit();
        vec![
            ("content-type", "application/json; charset=utf-8".to_owned()),
            ("x-github-request-id", format!("{:04X}:1", self.count.all)),
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-used", self.used.to_string()),
            ("x-ratelimit-reset", reset.to_string()),
            ("x-ratelimit-resource", "core".to_owned()),
        ]
    }

    fn send(&self, reply: &Reply, more: &[(&'static str, String)]) -> Sent {
        let mut headers = self.headers();
        for (name, value) in more {
            headers.retain(|(known, _)| known != name);
            headers.push((name, value.clone()));
        }
        let body = reply.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default();
        Sent::Answer { status: reply.status, headers, body, cut: false }
    }

    /// The answer of a GitHub that something is wrong with.
    fn instead(&self, kind: Kind) -> Sent {
        let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let error =
            |status, message: &str, more: &[(&'static str, String)]| self.send(&Reply::error(status, message), more);
        match kind {
            Kind::Gateway | Kind::GatewayAfter => error(502, "Server Error", &[]),
            Kind::Unauthorized => error(401, "Bad credentials", &[]),
            Kind::Repeated => error(401, &format!("Bad credentials: `Authorization: Bearer {TOKEN}`"), &[]),
            Kind::Invalid => error(422, "Tree is invalid", &[]),
            Kind::Forbidden => error(403, "Resource not accessible by integration", &[]),
            Kind::Secondary(status, wait) => error(status, secondary, &[("retry-after", wait.to_string())]),
            Kind::SecondaryMute => error(403, secondary, &[]),
            Kind::Primary(wait) => {
                let reset = (seconds_now() + wait).to_string();
                let gone = [("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset)];
                error(403, "API rate limit exceeded for installation ID 1.", &gone)
            }
            Kind::NotFound => self.send(&Reply::not_found(), &[]),
            Kind::Html => {
                let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
                let body = b"<!DOCTYPE html><title>Unicorn!</title>".to_vec();
                Sent::Answer { status: 200, headers, body, cut: false }
            }
            Kind::Silence => Sent::Silence,
            Kind::Close => Sent::Nothing,
            _ => error(500, "Server Error", &[]),
        }
    }

    fn offence(&mut self, arrived: &Arrived, what: &str) {
        self.offences.push(format!("{} {}: {what}", arrived.method, arrived.target));
    }

    /// Judges a request, and finds its route.
    fn judge(&mut self, arrived: &Arrived) -> Option<(&'static routes::Route, Vec<(String, String)>)> {
        let (path, query) = arrived.target.split_once('?').unwrap_or((&arrived.target, ""));
        let query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let shown = |text: &[u8]| text.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
        let other = arrived.headers.iter().filter(|(name, _)| *name != "authorization");
        if shown(arrived.target.as_bytes())
            || shown(&arrived.body)
            || other.into_iter().any(|(_, value)| shown(value.as_bytes()))
        {
            self.offence(arrived, "the token is where it does not belong");
        }
        if !arrived.headers.contains_key("user-agent") {
            self.offence(arrived, "no user-agent: GitHub refuses that");
        }
        let is_json =
            arrived.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !arrived.body.is_empty() && !is_json {
            self.offence(arrived, "a body that is not said to be JSON");
        }
        let Some((route, params)) = routes::route(&arrived.method, path) else {
            self.offence(arrived, "the hub has no such endpoint");
            return None;
        };
        // The description is of the one API only.
        if let Some(description) = self.description.filter(|_| route.1 != "/graphql") {
            let wrong = description.request(route.0, route.1, &params, &query, Some(&arrived.body));
            for wrong in wrong {
                self.offence(arrived, &wrong);
            }
        }
        Some((route, query))
    }

    /// The account of a request: empty for nobody. Or the refusal.
    fn who(&self, arrived: &Arrived) -> Result<&'static str, Reply> {
        let Some(authorization) = arrived.headers.get("authorization") else { return Ok("") };
        let token = authorization.to_str().ok().and_then(|text| text.split_once(' ')).map(|(_, token)| token);
        let known = APPS.iter().map(|app| (app.login, app.token)).chain([PERSON]);
        let login = known.into_iter().find(|(_, known)| token == Some(known)).map(|(login, _)| login);
        login.ok_or_else(|| Reply::error(401, "Bad credentials"))
    }

    /// Why somebody may not do this; none when they may.
    fn refusal(&self, route: &routes::Route, full_name: Option<&str>, who: &str) -> Option<Reply> {
        let is_write = is_write(route.0, route.1);
        let full_name = full_name?;
        let Some(repo) = self.world.repos.get(full_name).filter(|repo| !repo.private || !who.is_empty()) else {
            return Some(Reply::not_found());
        };
        if !is_write {
            let hidden = permission(route.1).is_some_and(|permission| self.hidden.contains(permission));
            return hidden.then(|| Reply::error(403, "Resource not accessible by integration"));
        }
        let needed = match route.1.split('/').nth(4) {
            Some("git") => "contents",
            Some("pulls") if route.1.ends_with("/merge") => "contents",
            Some("pulls") => "pull_requests",
            Some("check-runs") => "checks",
            _ => "issues",
        };
        if who.is_empty() {
            return Some(Reply::error(401, "Requires authentication"));
        }
        if self.forbidden.contains(needed) || repo.fork_of.is_some() {
            return Some(Reply::error(403, "Resource not accessible by integration"));
        }
        repo.archived.then(|| Reply::error(403, "Repository was archived so is read-only."))
    }

    /// The right answer.
    fn answer(&mut self, arrived: &Arrived) -> Sent {
        let is_write = is_write(&arrived.method, &arrived.target);
        let Some((route, query)) = self.judge(arrived) else { return self.send(&Reply::not_found(), &[]) };
        if self.used >= self.limits.calls {
            return self.instead(Kind::Primary(self.reset.saturating_sub(seconds_now())));
        }
        self.used += 1;
        if is_write && let Err(wait) = self.written.count(&self.limits) {
            // In whole seconds, and one more: what is left of a second counts.
            return self.instead(Kind::Secondary(403, wait.as_secs() + u64::from(wait > Duration::ZERO)));
        }
        let reply = self.perform(arrived, route, &query);
        if let Some(description) = self.description.filter(|_| route.1 != "/graphql") {
            let wrong = description.response(route.0, route.1, reply.status, reply.body.as_ref());
            for wrong in wrong {
                self.offence(arrived, &format!("answered with {}: {wrong}", reply.status));
            }
        }
        let mut more = Vec::new();
        if let Some(pages) = reply.pages {
            let (path, _) = arrived.target.split_once('?').unwrap_or((&arrived.target, ""));
            more.push(("link", routes::link(&format!("{}{path}", self.url), &query, pages)));
        }
        more.extend(reply.location.clone().map(|location| ("location", location)));
        if reply.status == 200 && !is_write {
            let text = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
            let etag = format!("W/\"{}\"", git2::Oid::hash_object(git2::ObjectType::Blob, text.as_bytes()).unwrap());
            if arrived.headers.get("if-none-match").is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
                self.used -= 1;
                return self.send(&Reply::nothing(304), &[("etag", etag)]);
            }
            more.push(("etag", etag));
        }
        self.send(&reply, &more)
    }

    fn perform(&mut self, arrived: &Arrived, route: &'static routes::Route, query: &[(String, String)]) -> Reply {
        let who = match self.who(arrived) {
            Ok(who) => who,
            Err(reply) => return reply,
        };
        let (path, _) = arrived.target.split_once('?').unwrap_or((&arrived.target, ""));
        let Some((_, params)) = routes::route(route.0, path) else { return Reply::not_found() };
        let full_name = params.get("owner").zip(params.get("repo")).map(|(owner, repo)| format!("{owner}/{repo}"));
        if let Some(new) = full_name.as_ref().and_then(|old| self.world.moved.get(old)) {
            let rest = arrived.target.splitn(5, '/').nth(4).map(|rest| format!("/{rest}")).unwrap_or_default();
            let status = if route.0 == "GET" { 301 } else { 307 };
            let location = Some(format!("{}/repositories/{}{rest}", self.url, self.world.repo(new).id));
            return Reply { location, ..Reply::error(status, "Moved Permanently") };
        }
        if let Some(reply) = self.refusal(route, full_name.as_deref(), who) {
            return reply;
        }
        let body = match arrived.body.as_slice() {
            [] => Value::Null,
            bytes => match serde_json::from_slice(bytes) {
                Ok(body) => body,
                Err(_) => return Reply::error(400, "Problems parsing JSON"),
            },
        };
        let asked = Asked { params, query, body, who, limit: self.limit() };
        (route.2)(&mut self.world, &asked)
    }

    /// Another run of the same program, with the same token, does what is asked for, a moment before it is.
    fn overtake(&mut self, arrived: &Arrived) {
        let (path, query) = arrived.target.split_once('?').unwrap_or((&arrived.target, ""));
        let query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if let Some((route, _)) = routes::route(&arrived.method, path) {
            drop(self.perform(arrived, route, &query));
        }
    }
}
