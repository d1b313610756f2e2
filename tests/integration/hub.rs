//! A GitHub that can be written to: plain data behind real HTTP, on loopback.
//!
//! ```ignore
//! let hub = Hub::start();
//! hub.change(|world| world.create("acme/registry", &[("servers/a/server.yaml", "name: a\n")]));
//! let output = registry.command(["update-pins", …]).env("GITHUB_API_URL", &hub.url).env("GITHUB_TOKEN", TOKEN).run();
//! insta::assert_snapshot!(hub.picture("acme/registry"), @"");
//! ```
//!
//! [`world`] is what it knows and what it does by itself; [`routes`] is what it answers; [`people`] is what humans do in
//! between; [`faults`] is what goes wrong. Every request and every answer is judged by GitHub's own [`description`], and a
//! token that is anywhere but in `authorization` is an offence: what was found fails the test when the hub is dropped.

pub(crate) mod checked;
pub(crate) mod description;
pub(crate) mod faults;
pub(crate) mod limits;
pub(crate) mod objects;
pub(crate) mod people;
pub(crate) mod picture;
pub(crate) mod render;
pub(crate) mod routes;
pub(crate) mod service;
pub(crate) mod settings;
pub(crate) mod wire;
pub(crate) mod world;

mod tests;

use faults::{Fault, Kill, Victim};
use limits::Limits;
use rustix::process::Pid;
use service::{Call, Meddling, Service};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use world::World;

/// The token that the hub knows, of the account [`BOT`].
pub(crate) const TOKEN: &str = "ghs_thisIsTheTokenOfTheBotAndOfNobodyElse";
/// Who writes with it.
pub(crate) const BOT: &str = "acme-pins[bot]";

/// A running hub. It ends, and its verdict is read, when it is dropped.
pub(crate) struct Hub {
    /// What `GITHUB_API_URL` is set to.
    pub(crate) url: String,
    service: Arc<Mutex<Service>>,
    /// Beside the service, which waits for it.
    victim: Mutex<Victim>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Hub {
    /// A hub without repositories.
    pub(crate) fn start() -> Self {
        Self::with(World::new())
    }

    /// A hub of this world.
    pub(crate) fn with(world: World) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = Arc::new(Mutex::new(Service::new(world, &url)));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn({
            let service = service.clone();
            move || wire::serve(listener, service, stopped)
        });
        Self { url, service, victim: Mutex::default(), stop: Some(stop), thread: Some(thread) }
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world, as no request does.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.service().world)
    }

    /// Looks at the world.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.service().world)
    }

    /// A copy of the world, to begin another hub with.
    pub(crate) fn world(&self) -> World {
        self.look(World::clone)
    }

    /// Something goes wrong. The count of calls begins anew.
    pub(crate) fn inject(&self, fault: Fault) {
        let mut service = self.service();
        service.faults = vec![fault];
        service.count = faults::Count::default();
    }

    /// Nothing goes wrong any more.
    pub(crate) fn heal(&self) {
        self.service().faults.clear();
    }

    /// The process is killed when this write arrives. The count of calls begins anew.
    pub(crate) fn kill_at(&self, write: usize, after: bool) {
        let victim = Victim::default();
        *self.victim.lock().unwrap() = victim.clone();
        let mut service = self.service();
        service.kill = Some(Kill { write, after, victim });
        service.count = faults::Count::default();
    }

    /// Somebody changes the world a moment before this write arrives. The count of calls begins anew.
    pub(crate) fn before_write(&self, write: usize, act: impl FnOnce(&mut World) + Send + 'static) {
        let mut service = self.service();
        service.meddling = Some(Meddling { write, act: Box::new(act) });
        service.count = faults::Count::default();
    }

    /// This is the process to kill.
    pub(crate) fn victim(&self, child: &Child) {
        self.victim.lock().unwrap().set(Pid::from_child(child));
    }

    /// Other limits than GitHub's.
    pub(crate) fn limit(&self, limits: Limits) {
        self.service().limits = limits;
    }

    /// An hour passes: nothing was written in it.
    pub(crate) fn an_hour_passes(&self) {
        self.service().written.clear();
    }

    /// Takes a permission from the token: `contents`, `issues` or `pull_requests`.
    pub(crate) fn forbid(&self, permission: &'static str) {
        self.service().forbidden.insert(permission);
    }

    /// Takes a permission to read from every token: see [`settings::permission`].
    pub(crate) fn hide(&self, permission: &'static str) {
        self.service().hidden.insert(permission);
    }

    /// What was asked since the last call.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.service().calls)
    }

    /// What was written since the last call: method and path of each.
    pub(crate) fn writes(&self) -> Vec<String> {
        let calls = self.calls();
        calls.iter().filter(|call| call.is_write()).map(|call| format!("{} {}", call.method, call.path)).collect()
    }

    /// What was against GitHub's description, or shows a token, since the last call. What is not asked for here fails the
    /// test at the end.
    pub(crate) fn verdict(&self) -> Vec<String> {
        std::mem::take(&mut self.service().offences)
    }

    /// Fetches the repository into a folder: its branches as they are called, and the head of each pull request as `pull/7`. The
    /// files of its default branch are checked out.
    pub(crate) fn fetch(&self, full_name: &str, folder: &std::path::Path) {
        let repository = git2::Repository::open(folder).or_else(|_| git2::Repository::init(folder)).unwrap();
        self.look(|world| {
            world.objects.store(&repository);
            let repo = world.repo(full_name);
            let pulls = repo.threads.values().filter_map(|thread| {
                let head = thread.pull.as_ref()?.head_sha.clone();
                Some((format!("refs/heads/pull/{}", thread.number), head))
            });
            for (name, commit) in repo.refs.clone().into_iter().chain(pulls) {
                let commit = git2::Oid::from_str(&commit).unwrap();
                repository.reference(&name, commit, true, "fetched").unwrap();
            }
            repository.set_head(&world::heads(&repo.default_branch)).unwrap();
        });
        repository.checkout_head(Some(git2::build::CheckoutBuilder::new().force())).unwrap();
    }

    /// The state of a repository in words that do not depend on times, numbers and commit ids: equal states are equal texts.
    pub(crate) fn picture(&self, full_name: &str) -> String {
        self.look(|world| picture::picture(world, full_name))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(ended.is_some_and(|ended| ended.is_ok()), "the hub panicked");
            let offences = self.verdict();
            assert!(offences.is_empty(), "against GitHub's description:\n{}", offences.join("\n"));
        }
    }
}
