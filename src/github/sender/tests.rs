//! What is sent, and how often, over real HTTP.

#![allow(clippy::unwrap_used)]

use crate::fetch::retry::Retry;
use crate::github::registry::{CreatedBranch, Registry};
use crate::github::{GithubError, GithubOptions, Pace};
use crate::ids::CommitSha;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Status, headers and body of one answer.
type Answer = (u16, Vec<(&'static str, String)>, String);
type World = Arc<Mutex<(Vec<Answer>, Vec<String>)>>;

const BRANCH: &str =
    r#"{"ref": "refs/heads/x", "object": {"type": "commit", "sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}"#;

fn plain(status: u16, body: &str) -> Answer {
    (status, Vec::new(), body.to_owned())
}

async fn handle(State(world): State<World>, request: Request) -> (StatusCode, HeaderMap, Bytes) {
    let mut world = world.lock().unwrap();
    world.1.push(format!("{} {}", request.method(), request.uri()));
    let (status, headers, body) = if world.0.is_empty() { plain(500, "no more answers") } else { world.0.remove(0) };
    let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    (StatusCode::from_u16(status).unwrap(), headers, body.into())
}

/// A registry whose requests get these answers, one after the other.
async fn registry(answers: Vec<Answer>, pace: Pace) -> (Registry, World) {
    let world: World = Arc::new(Mutex::new((answers, Vec::new())));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let app = Router::new().fallback(handle).with_state(world.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let retry = Retry { base: Duration::ZERO, ..Retry::default() };
    let github = GithubOptions { retry, pace, ..GithubOptions::new(api) };
    (Registry::new(&github, "a", "b").unwrap(), world)
}

fn fast() -> Pace {
    Pace { interval: Duration::ZERO, minute: Duration::ZERO, longest: Duration::from_secs(5), ..Pace::default() }
}

/// Makes the branch `x`: what came of it, and what was asked for.
async fn create(answers: Vec<Answer>, pace: Pace) -> (Result<CreatedBranch, GithubError>, String) {
    let (registry, world) = registry(answers, pace).await;
    let created = registry.create_branch("x", &CommitSha::parse(&"a".repeat(40)).unwrap()).await;
    let asked = world.lock().unwrap().1.join(", ");
    (created, asked.replace("/repos/a/b/git", ""))
}

#[tokio::test]
async fn a_write_without_an_answer_is_looked_for_before_it_is_tried_again() {
    let (created, asked) = create(vec![plain(502, ""), plain(404, "{}"), plain(201, BRANCH)], fast()).await;
    assert_eq!((created, asked.as_str()), (Ok(CreatedBranch::Done), "POST /refs, GET /ref/heads/x, POST /refs"));
    let (created, asked) = create(vec![plain(502, ""), plain(200, BRANCH)], fast()).await;
    assert_eq!((created, asked.as_str()), (Ok(CreatedBranch::Done), "POST /refs, GET /ref/heads/x"));
}

#[tokio::test]
async fn a_write_is_tried_three_times_and_no_more() {
    let answers = [502, 404, 502, 404, 502, 404].map(|status| plain(status, "{}"));
    let (created, asked) = create(answers.to_vec(), fast()).await;
    assert_eq!(created, Err(GithubError::Unreachable("status 502".to_owned())));
    assert_eq!(asked.matches("POST").count(), 3, "{asked}");
    assert!(asked.ends_with("GET /ref/heads/x"), "{asked}");
}

#[tokio::test]
async fn a_branch_that_is_there_already_is_compared() {
    let exists = || plain(422, r#"{"message": "Reference already exists"}"#);
    let other = BRANCH.replace("aaa", "bbb");
    assert_eq!(create(vec![exists(), plain(200, BRANCH)], fast()).await.0, Ok(CreatedBranch::Done));
    assert_eq!(create(vec![exists(), plain(200, &other)], fast()).await.0, Ok(CreatedBranch::Exists));
    let refused = create(vec![exists(), plain(404, "{}")], fast()).await.0;
    let message = "Reference already exists".to_owned();
    assert_eq!(refused, Err(GithubError::Refused { status: 422, message }));
}

#[tokio::test]
async fn a_refusal_is_not_taken_for_a_limit() {
    let body = r#"{"message": "Resource not accessible by integration"}"#;
    let (created, asked) = create(vec![plain(403, body)], fast()).await;
    let message = "Resource not accessible by integration".to_owned();
    assert_eq!(created, Err(GithubError::Denied { status: 403, message }));
    assert_eq!(asked, "POST /refs");
}

#[tokio::test]
async fn every_kind_of_limit_is_waited_for() {
    let used_up = vec![
        ("date", "Sat, 21 Nov 2026 10:00:00 GMT".to_owned()),
        ("x-ratelimit-remaining", "0".to_owned()),
        // A moment ago: one second is waited.
        ("x-ratelimit-reset", "1795255200".to_owned()),
    ];
    for limit in [
        (429, vec![("retry-after", "0".to_owned())], "{}".to_owned()),
        (403, vec![("retry-after", "0".to_owned())], "{}".to_owned()),
        plain(429, "{}"),
        plain(403, r#"{"message": "You have exceeded a secondary rate limit."}"#),
        (403, used_up.clone(), "{}".to_owned()),
    ] {
        let (created, asked) = create(vec![limit.clone(), plain(201, BRANCH)], fast()).await;
        assert_eq!((created, asked.as_str()), (Ok(CreatedBranch::Done), "POST /refs, POST /refs"), "{limit:?}");
    }
}

#[tokio::test]
async fn a_limit_that_ends_too_late_ends_everything() {
    let late = |status, name, seconds: &str| {
        let date = "Sat, 21 Nov 2026 10:00:00 GMT".to_owned();
        let rest = ("x-ratelimit-remaining", "0".to_owned());
        (status, vec![("date", date), rest, (name, seconds.to_owned())], "{}".to_owned())
    };
    for answer in [
        late(403, "retry-after", "3600"),
        late(403, "x-ratelimit-reset", "1795258799"),
        // The last one that was allowed is answered, and says so.
        late(404, "x-ratelimit-reset", "1795258799"),
    ] {
        let (registry, world) = registry(vec![answer], fast()).await;
        let first = registry.branch("x").await;
        let second = registry.branch("y").await;
        let limited = Err(GithubError::RateLimited { until: Some("11:00 UTC".to_owned()) });
        assert!(first == Ok(None) || first == limited, "{first:?}");
        assert_eq!(second, limited);
        assert_eq!(world.lock().unwrap().1.len(), 1, "nothing is asked any more");
    }
}

#[tokio::test]
async fn a_limit_that_never_ends_is_one_that_ends_too_late() {
    let limit = (429, vec![("retry-after", "0".to_owned())], "{}".to_owned());
    let (created, asked) = create(vec![limit; 20], fast()).await;
    assert_eq!(created, Err(GithubError::RateLimited { until: None }));
    assert_eq!(asked.matches("POST").count(), 5);
}

#[tokio::test]
async fn a_budget_that_is_used_up_for_too_long_ends_everything() {
    let pace = Pace { per_minute: 1, minute: Duration::from_secs(60), ..fast() };
    let (registry, world) = registry(vec![plain(204, ""), plain(204, "")], pace).await;
    registry.delete_branch("x").await.unwrap();
    let error = registry.delete_branch("x").await.unwrap_err();
    assert!(error.is_limit());
    insta::assert_snapshot!(error, @"this run used up what GitHub allows; the next request may be sent in 1 min");
    assert_eq!(registry.branch("x").await, Err(error));
    assert_eq!(world.lock().unwrap().1.len(), 1);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit() {
    let huge = format!("\"{}\"", "x".repeat(super::MAX_ANSWER_BYTES));
    let (registry, _) = registry(vec![plain(200, &huge); 3], fast()).await;
    assert!(matches!(registry.branch("x").await, Err(GithubError::Unreachable(_))));
}

#[tokio::test]
async fn names_that_git_refuses_are_never_asked_for() {
    let (registry, world) = registry(Vec::new(), fast()).await;
    for name in ["../x", "a b", "a..b", ""] {
        assert!(registry.delete_branch(name).await.is_err());
        assert!(registry.branch(name).await.is_err());
    }
    assert!(world.lock().unwrap().1.is_empty());
}

#[tokio::test]
async fn what_another_host_says_after_a_redirect_is_not_believed() {
    for status in [301, 302, 303, 307, 308] {
        let (_, elsewhere) = registry(Vec::new(), fast()).await;
        let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let location = format!("http://{}/x", other.local_addr().unwrap());
        let app = Router::new().fallback(handle).with_state(elsewhere.clone());
        tokio::spawn(async move { axum::serve(other, app).await.unwrap() });
        elsewhere.lock().unwrap().0 = vec![plain(200, BRANCH), plain(200, BRANCH)];
        let redirect = || (status, vec![("location", location.clone())], String::new());
        let (registry, _) = registry(vec![redirect(), redirect()], fast()).await;
        let commit = CommitSha::parse(&"a".repeat(40)).unwrap();
        let refused = GithubError::Refused { status, message: "a redirect that is not followed".to_owned() };
        assert_eq!(registry.branch("x").await.unwrap_err(), refused);
        assert_eq!(registry.create_branch("x", &commit).await.unwrap_err(), refused);
        assert_eq!(elsewhere.lock().unwrap().1, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_redirect_within_the_api_is_followed() {
    let moved = (301, vec![("location", "/repositories/1/git/ref/heads/x".to_owned())], String::new());
    let (registry, world) = registry(vec![moved, plain(200, BRANCH)], fast()).await;
    assert!(registry.branch("x").await.unwrap().is_some());
    assert_eq!(world.lock().unwrap().1.len(), 2);
}

#[tokio::test]
async fn every_method_is_sent_as_itself_and_an_unknown_one_is_refused() {
    use super::Sender;
    use axum::http::Method;
    let (_, world) = registry(Vec::new(), fast()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let app = Router::new().fallback(handle).with_state(world.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    world.lock().unwrap().0 = vec![plain(200, "{}"); 4];
    let sender = Sender::new(&GithubOptions { pace: fast(), ..GithubOptions::new(api) }).unwrap();
    for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
        let status = sender.write(method, "/x", None, |answer| Ok(answer.status), async || Ok(None)).await;
        assert_eq!(status, Ok(200));
    }
    for method in [Method::TRACE, Method::HEAD, Method::from_bytes(b"MERGE").unwrap()] {
        let refused = sender.write(method, "/x", None, |answer| Ok(answer.status), async || Ok(None)).await;
        assert_eq!(refused, Err(GithubError::Unexpected("a method that nothing is asked or written with")));
    }
    assert_eq!(world.lock().unwrap().1, ["POST /x", "PATCH /x", "PUT /x", "DELETE /x"]);
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_an_error() {
    let api = "http://127.0.0.1:1".parse().unwrap();
    let options = GithubOptions { token: Some("ghs_x\n".into()), ..GithubOptions::new(api) };
    assert!(Registry::new(&options, "a", "b").is_err());
}
