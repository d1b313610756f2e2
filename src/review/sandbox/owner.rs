//! Whose a container, network or volume is: told by its labels, judged by the next run.

use crate::engine::{Labels, Owned};
use std::fs;
use std::time::Duration;

/// Carries the run's id. Everything that a run makes has it.
pub(super) const RUN: &str = "org.mcp-registry.run";
const STARTED: &str = "org.mcp-registry.started";
const PID: &str = "org.mcp-registry.pid";
const PID_NAMESPACE: &str = "org.mcp-registry.pid-namespace";
const PROCESS_START: &str = "org.mcp-registry.process-start";
const BOOT: &str = "org.mcp-registry.boot";
const DEADLINE: &str = "org.mcp-registry.deadline";

/// How long after its deadline a run is over for sure that nobody here can look at: its process is on another machine.
const GRACE: i64 = 3600;
/// The deadline of a run that does not say it, in seconds: a day.
const UNKNOWN_DEADLINE: i64 = 86_400;

/// A process, told apart from all others of this and other machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The id that the kernel gave itself when it started; empty where there is none.
    boot: String,
    /// Which numbers its process ids are: two containers have two processes 1.
    namespace: String,
    pid: String,
    /// When the process started, in ticks of that kernel: process ids are used again.
    start: String,
}

impl Owner {
    pub(crate) fn this_process() -> Self {
        let pid = std::process::id().to_string();
        Self { boot: boot_id(), namespace: namespace(), start: process_start(&pid).unwrap_or_default(), pid }
    }

    /// The labels of what it makes for a run. `started` is in seconds since 1970.
    pub(crate) fn labels(&self, run: &str, started: i64, deadline: Duration) -> Labels {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        [
            label(RUN, run),
            label(STARTED, &started.to_string()),
            label(DEADLINE, &deadline.as_secs().to_string()),
            label(BOOT, &self.boot),
            label(PID_NAMESPACE, &self.namespace),
            label(PID, &self.pid),
            label(PROCESS_START, &self.start),
        ]
        .into()
    }

    /// Whether this process can see the processes that the labels speak of.
    fn sees(&self, labels: &Labels) -> bool {
        let is = |name: &str, value: &str| !value.is_empty() && labels.get(name).is_some_and(|label| label == value);
        is(BOOT, &self.boot) && is(PID_NAMESPACE, &self.namespace)
    }

    /// Whether nobody is left who would remove it: its process is gone, or, where that cannot be seen, its time is long over.
    /// `now` is by the engine's clock, as are the times of what it made.
    pub(super) fn is_abandoned(&self, thing: &Owned, now: Option<i64>) -> bool {
        let labels = &thing.labels;
        if self.sees(labels) {
            let pid = labels.get(PID).map_or("", String::as_str);
            let same = pid.bytes().all(|byte| byte.is_ascii_digit())
                && process_start(pid).as_ref() == labels.get(PROCESS_START);
            return !same;
        }
        let deadline = labels.get(DEADLINE).and_then(|text| text.parse::<i64>().ok()).unwrap_or(UNKNOWN_DEADLINE);
        now.is_some_and(|now| thing.created > 0 && now > thing.created.saturating_add(deadline).saturating_add(GRACE))
    }
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn namespace() -> String {
    fs::read_link("/proc/self/ns/pid").map(|link| link.to_string_lossy().into_owned()).unwrap_or_default()
}

/// When a process started: the 22nd field of its `stat`, see proc_pid_stat(5). None when there is no such process.
fn process_start(pid: &str) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in parentheses that may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    // One that has ended and waits to be asked for its status is gone.
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}
