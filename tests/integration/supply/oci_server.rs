//! An image registry of the tests: stateful, with the referrers API and without, with logins, slowness, lies, and a hook at each
//! write. It follows the OCI distribution specification 1.1 where it is not told to break it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use mcp_registry::ids::Digest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// When a hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The write has arrived and nothing was changed.
    Before,
    /// It was done, and not answered.
    After,
}

type Hook = Arc<dyn Fn(usize, Phase) + Send + Sync>;
type Twist = Arc<dyn Fn(&Method, &str) -> Option<Response<Body>> + Send + Sync>;

/// How the registry behaves.
#[derive(Clone, Default)]
pub(crate) struct Manners {
    /// It has the referrers API.
    pub(crate) referrers: bool,
    /// It has it, and does not say `OCI-Subject`.
    pub(crate) silent: bool,
    /// It has it, and lists nothing.
    pub(crate) forgetful: bool,
    /// It wants this user name and password, in base64.
    pub(crate) basic: Option<String>,
    /// It wants a token, which it gives for this user name and password, in base64.
    pub(crate) token: Option<String>,
    /// How long each answer takes.
    pub(crate) latency: Duration,
    /// Called at each write, with its number from 0.
    pub(crate) hook: Option<Hook>,
    /// Answers in place of the registry.
    pub(crate) twist: Option<Twist>,
    /// The first so many parts of uploads are taken and not answered.
    pub(crate) broken_parts: usize,
}

/// What the registry holds: everything that readers can see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Holdings {
    /// By repository and digest.
    pub(crate) blobs: BTreeMap<(String, String), Vec<u8>>,
    /// By repository and digest: type and bytes.
    pub(crate) manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    /// By repository and tag: digests.
    pub(crate) tags: BTreeMap<(String, String), String>,
}

struct Inner {
    manners: Manners,
    holdings: Holdings,
    uploads: BTreeMap<String, Vec<u8>>,
    writes: usize,
    seen: Vec<Seen>,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
}

/// A running registry. It ends with the test's process.
#[derive(Clone)]
pub(crate) struct OciServer {
    /// `127.0.0.1:PORT`
    pub(crate) host: String,
    inner: Arc<Mutex<Inner>>,
}

impl OciServer {
    pub(crate) fn start(manners: Manners) -> Self {
        let (holdings, uploads, seen) = (Holdings::default(), BTreeMap::new(), Vec::new());
        let inner = Arc::new(Mutex::new(Inner { manners, holdings, uploads, writes: 0, seen }));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let app = Router::new().fallback(serve).with_state(inner.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
            runtime.block_on(async {
                axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
            });
        });
        Self { host, inner }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.lock().manners);
    }

    /// Writes from now on are counted from 0.
    pub(crate) fn hook(&self, hook: impl Fn(usize, Phase) + Send + Sync + 'static) {
        let mut inner = self.lock();
        inner.writes = 0;
        inner.manners.hook = Some(Arc::new(hook));
    }

    /// Kills a process, which the caller names once it runs, before or after its write with this number.
    pub(crate) fn kill_at(&self, number: usize, phase: Phase) -> Arc<Mutex<Option<Pid>>> {
        let pid: Arc<Mutex<Option<Pid>>> = Arc::default();
        let known = pid.clone();
        self.hook(move |at, when| {
            if (at, when) != (number, phase) {
                return;
            }
            let pid = loop {
                if let Some(pid) = *known.lock().unwrap() {
                    break pid;
                }
                std::thread::sleep(Duration::from_millis(1));
            };
            kill_process(pid, Signal::KILL).unwrap();
            // What is killed must be dead before the registry goes on.
            std::thread::sleep(Duration::from_millis(20));
        });
        pid
    }

    pub(crate) fn unhook(&self) -> usize {
        let mut inner = self.lock();
        inner.manners.hook = None;
        inner.writes
    }

    pub(crate) fn holdings(&self) -> Holdings {
        self.lock().holdings.clone()
    }

    pub(crate) fn restore(&self, holdings: Holdings) {
        self.lock().holdings = holdings;
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

/// An answer with a body, for tests that answer in the registry's place.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: Vec<u8>) -> Response<Body> {
    answer(status, headers, body)
}

fn error(status: u16, code: &str) -> Response<Body> {
    answer(status, &[("content-type", "application/json")], json!({"errors": [{"code": code}]}).to_string())
}

async fn serve(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default().to_vec();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let authorization = parts.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let (manners, number) = {
        let mut inner = inner.lock().unwrap();
        let full = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
        inner.seen.push(Seen { method: parts.method.clone(), path: full, authorization: authorization.clone() });
        let is_write = !matches!(parts.method, Method::GET | Method::HEAD);
        let number = inner.writes;
        inner.writes += usize::from(is_write);
        (inner.manners.clone(), is_write.then_some(number))
    };
    tokio::time::sleep(manners.latency).await;
    if let Some(answer) = manners.twist.as_ref().and_then(|twist| twist(&parts.method, &path)) {
        return answer;
    }
    if let Some(refused) = refuse(&manners, &path, &parts.headers, authorization.as_deref()) {
        return refused;
    }
    let hook = manners.hook.clone().zip(number);
    if let Some((hook, number)) = hook.clone() {
        tokio::task::spawn_blocking(move || hook(number, Phase::Before)).await.unwrap();
    }
    let done = inner.lock().unwrap().handle(&parts.method, &path, &query, &parts.headers, body);
    if let Some((hook, number)) = hook {
        tokio::task::spawn_blocking(move || hook(number, Phase::After)).await.unwrap();
    }
    let Some(done) = done else {
        // Taken, and the connection is lost before the answer.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        unreachable!("nobody waits for so long")
    };
    done
}

fn refuse(manners: &Manners, path: &str, headers: &HeaderMap, shown: Option<&str>) -> Option<Response<Body>> {
    let host = headers.get("host").unwrap().to_str().unwrap();
    if let Some(wanted) = &manners.token {
        if path == "/token" {
            let right = shown == Some(&format!("Basic {wanted}"));
            return Some(if right {
                answer(200, &[("content-type", "application/json")], r#"{"token":"t0k3n"}"#)
            } else {
                error(401, "UNAUTHORIZED")
            });
        }
        if shown != Some("Bearer t0k3n") {
            let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"tests\"");
            return Some(answer(401, &[("www-authenticate", &challenge)], ""));
        }
    }
    let wanted = manners.basic.as_ref()?;
    (shown != Some(&format!("Basic {wanted}"))).then(|| {
        answer(401, &[("www-authenticate", "Basic realm=\"tests\"")], r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#)
    })
}

impl Inner {
    /// None when the answer is lost.
    fn handle(
        &mut self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Option<Response<Body>> {
        let Some(rest) = path.strip_prefix("/v2/") else { return Some(error(404, "NOT_FOUND")) };
        if rest.is_empty() {
            return Some(answer(200, &[], "{}"));
        }
        if let Some((repository, upload)) = rest.split_once("/blobs/uploads/") {
            return self.upload(method, repository, upload, query, headers, body);
        }
        Some(if let Some((repository, digest)) = rest.split_once("/blobs/") {
            match self.holdings.blobs.get(&(repository.to_owned(), digest.to_owned())) {
                Some(bytes) => answer(200, &[("docker-content-digest", digest)], bytes.clone()),
                None => error(404, "BLOB_UNKNOWN"),
            }
        } else if let Some((repository, reference)) = rest.split_once("/manifests/") {
            self.manifest(method, repository, reference, headers, body)
        } else if let Some((repository, digest)) = rest.split_once("/referrers/") {
            if self.manners.referrers { self.referrers(repository, digest) } else { error(404, "NOT_FOUND") }
        } else {
            error(404, "NOT_FOUND")
        })
    }

    fn upload(
        &mut self,
        method: &Method,
        repository: &str,
        upload: &str,
        query: &str,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Option<Response<Body>> {
        let location = |id: &str| format!("/v2/{repository}/blobs/uploads/{id}?state=x");
        if *method == Method::POST {
            let id = format!("u{}", self.uploads.len());
            self.uploads.insert(id.clone(), Vec::new());
            return Some(answer(202, &[("location", &location(&id))], ""));
        }
        let Some(sent) = self.uploads.get_mut(upload) else { return Some(error(404, "BLOB_UPLOAD_UNKNOWN")) };
        if *method == Method::PATCH {
            // A stream, as container engines send it, says nothing.
            let range = headers.get("content-range").map(|range| range.to_str().unwrap());
            let start = range.map_or(sent.len(), |range| range.split('-').next().unwrap().parse().unwrap());
            if start != sent.len() {
                return Some(error(416, "RANGE_INVALID"));
            }
            if self.manners.broken_parts > 0 {
                self.manners.broken_parts -= 1;
                // Half of the part arrived.
                sent.extend(&body[..body.len() / 2]);
                return None;
            }
            sent.extend(&body);
        }
        let range = format!("0-{}", sent.len().saturating_sub(1));
        if *method != Method::PUT {
            let status = if *method == Method::GET { 204 } else { 202 };
            return Some(answer(status, &[("location", &location(upload)), ("range", &range)], ""));
        }
        sent.extend(body);
        let bytes = std::mem::take(sent);
        let digest = Digest::of(&bytes).to_string();
        let mut named = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == "digest");
        if named.next().is_none_or(|(_, named)| named != digest) {
            return Some(error(400, "DIGEST_INVALID"));
        }
        self.holdings.blobs.insert((repository.to_owned(), digest.clone()), bytes);
        Some(answer(201, &[("docker-content-digest", &digest)], ""))
    }

    fn manifest(
        &mut self,
        method: &Method,
        repository: &str,
        reference: &str,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Response<Body> {
        let key = |name: &str| (repository.to_owned(), name.to_owned());
        if *method == Method::PUT {
            let digest = Digest::of(&body).to_string();
            let parsed: Value = serde_json::from_slice(&body).unwrap();
            if let Some(missing) = self.missing(repository, &parsed) {
                return error(400, &missing);
            }
            let media_type = headers.get("content-type").unwrap().to_str().unwrap().to_owned();
            if reference.starts_with("sha256:") {
                assert_eq!(reference, digest);
            } else {
                self.holdings.tags.insert(key(reference), digest.clone());
            }
            self.holdings.manifests.insert(key(&digest), (media_type, body));
            let subject = parsed.pointer("/subject/digest").and_then(Value::as_str);
            let mut headers = vec![("docker-content-digest", digest.as_str())];
            if let Some(subject) = subject.filter(|_| self.manners.referrers && !self.manners.silent) {
                headers.push(("oci-subject", subject));
            }
            return answer(201, &headers, "");
        }
        let digest = if reference.starts_with("sha256:") {
            reference.to_owned()
        } else {
            self.holdings.tags.get(&key(reference)).cloned().unwrap_or_default()
        };
        if *method == Method::DELETE {
            return match self.holdings.manifests.remove(&key(&digest)) {
                Some(_) => answer(202, &[], ""),
                None => error(404, "MANIFEST_UNKNOWN"),
            };
        }
        match self.holdings.manifests.get(&key(&digest)) {
            Some((media_type, bytes)) => {
                answer(200, &[("content-type", media_type), ("docker-content-digest", &digest)], bytes.clone())
            }
            None => error(404, "MANIFEST_UNKNOWN"),
        }
    }

    /// As real registries do: a manifest is refused before its blobs are there.
    fn missing(&self, repository: &str, manifest: &Value) -> Option<String> {
        let layers = manifest.get("layers").and_then(Value::as_array).into_iter().flatten();
        let named = layers.chain(manifest.get("config")).filter_map(|blob| blob["digest"].as_str());
        let known = |digest: &str| self.holdings.blobs.contains_key(&(repository.to_owned(), digest.to_owned()));
        named.into_iter().find(|digest| !known(digest)).map(|_| "MANIFEST_BLOB_UNKNOWN".to_owned())
    }

    fn referrers(&self, repository: &str, digest: &str) -> Response<Body> {
        let mut found = Vec::new();
        for ((of, name), (media_type, bytes)) in &self.holdings.manifests {
            let manifest: Value = serde_json::from_slice(bytes).unwrap();
            let is_about = manifest.pointer("/subject/digest").and_then(Value::as_str) == Some(digest);
            if of == repository && is_about && !self.manners.forgetful {
                found.push(json!({
                    "mediaType": media_type, "digest": name, "size": bytes.len(),
                    "artifactType": manifest["artifactType"], "annotations": manifest["annotations"],
                }));
            }
        }
        let media_type = "application/vnd.oci.image.index.v1+json";
        let index = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": found });
        answer(200, &[("content-type", media_type)], index.to_string())
    }
}
