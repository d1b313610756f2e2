//! What goes wrong, and at which call.

use rustix::process::Pid;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How many calls there were.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) all: usize,
    pub(crate) reads: usize,
    pub(crate) writes: usize,
}

/// A call, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Call(usize),
    Read(usize),
    Write(usize),
}

/// What is wrong with an answer, or in place of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 500; nothing was done.
    Error,
    /// 502; nothing was done.
    Gateway,
    /// 502, and yet it was done.
    GatewayAfter,
    /// No answer ever; nothing was done.
    Silence,
    /// No answer ever, and yet it was done.
    SilenceAfter,
    /// The connection ends without an answer; nothing was done.
    Close,
    /// The connection ends without an answer, and yet it was done.
    CloseAfter,
    /// 401.
    Unauthorized,
    /// 401, in whose words the credentials are repeated.
    Repeated,
    /// 422.
    Invalid,
    /// 403, without a word on limits.
    Forbidden,
    /// A secondary limit: this status, and so many seconds to wait.
    Secondary(u16, u64),
    /// A secondary limit without a word on how long.
    SecondaryMute,
    /// The primary limit is used up, for so many seconds.
    Primary(u64),
    /// 404.
    NotFound,
    /// Somebody else did the same a moment ago.
    Race,
    /// It was done, and the answer is half of its JSON.
    HalfJson,
    /// It was done, and the connection ends in the middle of the answer.
    CutBody,
    /// A page for people, with status 200; nothing was done.
    Html,
    /// It was done, and the answer has more bytes than anybody wants.
    Huge,
    /// It was done, and the answer is a list of millions of empty lists, in as many bytes as an answer may have.
    Nested,
    /// It was done, and names, titles and addresses in the answer end with the token.
    Echoed,
}

impl Kind {
    /// Every kind that needs no wait for a time-out.
    pub(crate) const QUICK: &[Self] = &[
        Self::Error,
        Self::Gateway,
        Self::GatewayAfter,
        Self::Close,
        Self::CloseAfter,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Secondary(403, 1),
        Self::Secondary(429, 1),
        Self::SecondaryMute,
        Self::Primary(1),
        Self::NotFound,
        Self::Race,
        Self::HalfJson,
        Self::CutBody,
        Self::Html,
        Self::Huge,
    ];

    /// Those that do.
    pub(crate) const SLOW: &[Self] = &[Self::Silence, Self::SilenceAfter];

    /// Whether the call has its effect.
    pub(crate) fn after(self) -> bool {
        use Kind::{CloseAfter, CutBody, Echoed, GatewayAfter, HalfJson, Huge, Nested, Race, SilenceAfter};
        matches!(self, GatewayAfter | SilenceAfter | CloseAfter | Race | HalfJson | CutBody | Huge | Nested | Echoed)
    }
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) at: At,
    /// How many calls of that sort, this one and those that follow.
    pub(crate) times: usize,
}

impl Fault {
    /// At one call.
    pub(crate) fn once(kind: Kind, at: At) -> Self {
        Self { kind, at, times: 1 }
    }

    /// From one call on.
    pub(crate) fn from(kind: Kind, at: At) -> Self {
        Self { kind, at, times: usize::MAX }
    }

    /// Whether this call is concerned. The count has it already.
    pub(crate) fn strikes(&self, count: Count, is_write: bool) -> bool {
        let (first, number) = match self.at {
            At::Call(first) => (first, count.all),
            At::Read(first) if !is_write => (first, count.reads),
            At::Write(first) if is_write => (first, count.writes),
            _ => return false,
        };
        number >= first && number - first < self.times
    }
}

/// A process that does not survive a write.
#[derive(Debug)]
pub(crate) struct Kill {
    /// Counted from 1.
    pub(crate) write: usize,
    /// Whether it has its effect before.
    pub(crate) after: bool,
    pub(crate) victim: Victim,
}

/// A process that may not have been started yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Victim(Arc<(Mutex<Option<Pid>>, Condvar)>);

impl Victim {
    pub(crate) fn set(&self, pid: Pid) {
        *self.0.0.lock().unwrap() = Some(pid);
        self.0.1.notify_all();
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&self) {
        let pid = self.0.0.lock().unwrap();
        let most = Duration::from_secs(30);
        let (pid, _) = self.0.1.wait_timeout_while(pid, most, |pid| pid.is_none()).unwrap();
        rustix::process::kill_process(pid.expect("a process to kill"), rustix::process::Signal::KILL).unwrap();
    }
}
