//! What the tests of the sandbox share: the engine, a prepared sandbox, and the hostile image.

use mcp_registry::engine::Engine;
use mcp_registry::review::sandbox::{
    Agent, Cancel, Extras, InputFile, Limits, Outcome, Prepared, Request, SandboxError, run,
};
use std::future::Future;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Everything that these tests make with the `docker` command carries this label.
pub(super) const LABEL: &str = "mcp-registry-test=sandbox";
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_mcp-registry");
const BUSYBOX: &str = "/bin/busybox";

/// One for all tests: the connections to the engine live in it.
pub(super) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap())
}

/// Kept by every test that runs; what is in it is removed with the last of them.
pub(super) struct Lab {
    pub(super) prepared: Prepared,
    image: String,
}

static LAB: Mutex<Weak<Lab>> = Mutex::new(Weak::new());

/// The lab, or nothing where no engine answers and none must.
pub(super) fn lab() -> Option<Arc<Lab>> {
    if !crate::container::engine_answers() {
        return None;
    }
    let mut lab = LAB.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(lab) = lab.upgrade() {
        return Some(lab);
    }
    // The one of Debian's `busybox` needs a dynamic linker, which the image does not have.
    let is_there = std::fs::read(BUSYBOX).is_ok_and(|program| !program.windows(4).any(|bytes| bytes == b"/ld-"));
    if !is_there {
        let required = std::env::var_os("MCP_REGISTRY_REQUIRE_DOCKER").is_some_and(|value| value == "1");
        assert!(!required, "a static {BUSYBOX} is missing (Debian: busybox-static), and MCP_REGISTRY_REQUIRE_DOCKER=1");
        println!("skipped: a static {BUSYBOX} is missing (Debian: busybox-static)");
        return None;
    }
    let prepared = runtime().block_on(prepare());
    let new = Arc::new(Lab { prepared, image: image_that_runs(&["/input/agent.sh"]) });
    *lab = Arc::downgrade(&new);
    Some(new)
}

pub(super) async fn prepare() -> Prepared {
    let host = std::env::var("DOCKER_HOST").ok();
    let engine = Engine::connect(host.as_deref()).await.unwrap();
    Prepared::new(&engine, Path::new(PROGRAM), 1_700_000_000).await.unwrap()
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = docker(["rmi", "--force", &self.image]);
        // Another test may be making the next one, and have found the image that this one is about to remove.
        let lab = LAB.lock().unwrap_or_else(PoisonError::into_inner);
        if lab.strong_count() > 0 {
            return;
        }
        let (engine, image) = (self.prepared.engine().clone(), self.prepared.image().to_owned());
        let _ = runtime().block_on(async { engine.remove_unused_image(&image).await });
    }
}

pub(super) fn docker<'a>(arguments: impl IntoIterator<Item = &'a str>) -> std::io::Result<std::process::Output> {
    Command::new("docker").args(arguments).stdin(Stdio::null()).output()
}

/// The same, and its output, for what has to succeed.
pub(super) fn docker_says<'a>(arguments: impl IntoIterator<Item = &'a str>) -> String {
    let output = docker(arguments).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The program of the attempts, compiled once.
fn attempts() -> &'static [u8] {
    static PROGRAM: OnceLock<Vec<u8>> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/sandbox/attempt.rs");
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("attempt");
        let output = Command::new("rustc")
            .args(["--edition=2024", "-Copt-level=1", "-Ctarget-feature=+crt-static", "-Cstrip=symbols", "-o"])
            .args([&program, &source])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(program).unwrap()
    })
}

/// Busybox with all its names, the attempts, one of them with the setuid bit. It runs its shell with these arguments.
pub(super) fn image_that_runs(arguments: &[&str]) -> String {
    let command = format!("CMD {}", serde_json::to_string(arguments).unwrap());
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |path: &str, mode: u32, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, content).unwrap();
    };
    add("bin/busybox", 0o755, &std::fs::read(BUSYBOX).unwrap());
    add("bin/attempt", 0o755, attempts());
    add("bin/attempt-setuid", 0o4755, attempts());
    let names = Command::new(BUSYBOX).arg("--list").output().unwrap().stdout;
    for name in String::from_utf8(names).unwrap().lines().filter(|name| *name != "busybox") {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, format!("bin/{name}"), "busybox").unwrap();
    }
    let mut import = Command::new("docker")
        .args(["import", "--change", &format!("LABEL {LABEL}")])
        .args(["--change", r#"ENTRYPOINT ["/bin/sh"]"#, "--change", &command])
        .args(["--change", "ENV PATH=/bin LD_PRELOAD=/input/evil.so SECRET_OF_THE_IMAGE=1", "--change", "USER 0:0"])
        .args(["--change", "WORKDIR /tmp", "--change", "HEALTHCHECK CMD [\"/bin/sh\"]", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut import.stdin.take().unwrap(), &archive.into_inner().unwrap()).unwrap();
    let output = import.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A name for a run that no other has.
pub(super) fn run_id() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test{:07}x{:04}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

pub(super) fn file(path: &str, content: impl AsRef<[u8]>) -> InputFile {
    InputFile { path: path.into(), content: content.as_ref().into(), executable: false }
}

impl Lab {
    pub(super) fn image(&self) -> &str {
        &self.image
    }

    /// A run of the hostile image, whose agent is this shell script.
    pub(super) fn script(&self, script: &str) -> Request {
        Request {
            run_id: run_id(),
            input: vec![file("agent.sh", script)],
            agent: Agent::Image { reference: self.image.clone() },
            proxy: None,
            limits: Limits { deadline: Duration::from_mins(3), memory: 256 << 20, pids: 64, ..Limits::default() },
            runtime: None,
            extras: Extras::default(),
        }
    }

    pub(super) fn run(&self, request: Request) -> Result<Outcome, SandboxError> {
        let id = request.run_id.clone();
        let outcome = runtime().block_on(run(&self.prepared, request, &Cancel::new()));
        assert_eq!(self.left_of(&id), Vec::<String>::new(), "a run leaves nothing behind");
        outcome
    }

    /// Runs a script that is to end well, and returns what it said on both streams.
    pub(super) fn said(&self, script: &str) -> String {
        let outcome = self.run(self.script(&format!("exec 2>&1\n{script}"))).unwrap();
        let said = String::from_utf8(outcome.stdout).unwrap();
        assert_eq!(outcome.ended, mcp_registry::review::sandbox::Ended::Exited(0), "{said}");
        said
    }

    /// What is in the engine of runs whose id begins with this.
    pub(super) fn left_of(&self, run: &str) -> Vec<String> {
        let engine = self.prepared.engine();
        let things = runtime().block_on(async { engine.owned("org.mcp-registry.run").await }).unwrap();
        let of_run = things.into_iter().filter(|thing| thing.labels["org.mcp-registry.run"].starts_with(run));
        of_run.map(|thing| format!("{} {}", thing.kind.as_str(), thing.name)).collect()
    }

    /// Waits until nothing is left of a run whose removal goes on in the background.
    pub(super) fn wait_until_nothing_is_left_of(&self, run: &str) {
        let mut left = Vec::new();
        for _ in 0..300 {
            left = self.left_of(run);
            if left.is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("still there: {left:?}");
    }
}

/// Waits for a future on the shared runtime.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    runtime().block_on(future)
}
