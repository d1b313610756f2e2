//! The entry point of the images of coding agents: Claude Code and Codex, locked down, over the task of the sandbox.
//!
//! The program is started in an empty folder with an environment made from scratch. It gets the prompt on standard input, its
//! way to the model is the proxy's socket, and what it prints is read as what it is: events of a stranger. What it says at its
//! start about its tools is checked before anything else counts, and what it concludes must be a findings document.
//!
//! There always is a document. Whatever goes wrong makes it `incomplete`, with the first thing that went wrong as the reason.

pub(crate) mod capability;
mod child;
mod claude;
mod codex;
mod coverage;
mod forward;
mod prompt;
mod schema;
pub(crate) mod self_test;

pub(crate) use prompt::PROMPT_VERSION;

use super::Event;
use super::closing::{self, Ending};
use super::input::Input;
use super::tools::finish::Finish;
use crate::provider::{Api, Provider};
use crate::text::cut;
use crate::verdict::Findings;
use crate::verdict::document::Status;
use crate::verdict::judge::{CLAUDE, CODEX};
use coverage::Coverage;
use forward::{Forwarder, Watched};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A coding agent that can be a reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Coder {
    Claude,
    Codex,
}

impl Coder {
    pub(crate) const ALL: [Self; 2] = [Self::Claude, Self::Codex];

    /// The word for it: what reports call the reviewer.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Claude => CLAUDE,
            Self::Codex => CODEX,
        }
    }

    /// What its makers call it.
    #[must_use]
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
        }
    }

    /// Whose API it speaks.
    #[must_use]
    pub(crate) fn provider(self) -> Provider {
        match self {
            Self::Claude => Provider::Anthropic,
            Self::Codex => Provider::OpenAi,
        }
    }

    /// Which API it speaks.
    #[must_use]
    pub(crate) fn api(self) -> Api {
        match self {
            Self::Claude => Api::Messages,
            Self::Codex => Api::Responses,
        }
    }

    /// The name of the model in its settings, where that must not be the model's own: Codex offers more tools with a model that it
    /// knows. The proxy puts the model's name in its place.
    #[must_use]
    pub(crate) fn alias(self) -> Option<&'static str> {
        match self {
            Self::Claude => None,
            Self::Codex => Some("mcp-review"),
        }
    }
}

/// Its own folder: the home of the program, in the one place that can be written.
const HOME: &str = "agent-home";
/// The socket that leads to the proxy's.
const SOCKET: &str = "agent.sock";
/// The folder that it is started in, which stays empty.
const EMPTY: &str = "agent-empty";

/// What is asked of the entry point.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) coder: Coder,
    pub(crate) model: String,
    /// The folder with the task and its files.
    pub(crate) input: PathBuf,
    /// The proxy's socket.
    pub(crate) socket: PathBuf,
    /// What the agent shows the proxy; none if nobody gave it one.
    pub(crate) token: Option<SecretString>,
    /// Where files can be written.
    pub(crate) temporary: PathBuf,
    /// Where programs are, as `PATH` has it.
    pub(crate) programs: String,
    /// After this time the program is ended.
    pub(crate) time: Duration,
}

/// How to start a coding agent, and how to reach the model.
struct Start<'a> {
    request: &'a Request,
    token: &'a str,
    home: &'a Path,
}

/// What was heard of a run so far.
struct Heard<'a> {
    /// Whether it said at its start what it must, and nothing that it must not.
    started: bool,
    coverage: Coverage<'a>,
    turns: u32,
    input_tokens: u64,
    output_tokens: u64,
    /// The document that it concluded with.
    said: Option<Value>,
    /// The first trouble that it reported, in its own words.
    trouble: Option<String>,
    /// The last answer that was counted.
    answer: String,
    /// Files that are being opened, by the ids of the calls.
    opening: BTreeMap<String, String>,
}

/// Calls that may be under way at a time.
const MAX_OPENING: usize = 1_000;

impl<'a> Heard<'a> {
    fn new(input: &'a Input, root: &'a Path) -> Self {
        Self {
            started: false,
            coverage: Coverage::new(input, root),
            turns: 0,
            input_tokens: 0,
            output_tokens: 0,
            said: None,
            trouble: None,
            answer: String::new(),
            opening: BTreeMap::new(),
        }
    }

    /// Whether this answer is another one than the last.
    fn is_new(&mut self, answer: &str) -> bool {
        let new = self.answer != answer;
        if new {
            answer.clone_into(&mut self.answer);
        }
        new
    }

    /// A call that opens a file begins.
    fn opening(&mut self, call: &str, path: &str) {
        if self.opening.len() < MAX_OPENING {
            self.opening.insert(call.to_owned(), path.to_owned());
        }
    }

    /// A call has ended.
    fn opened(&mut self, call: &str, well: bool) {
        if let Some(path) = self.opening.remove(call)
            && well
        {
            self.coverage.saw(&path);
        }
    }

    fn trouble(&mut self, words: &str) {
        let words = words.trim();
        if self.trouble.is_none() && !words.is_empty() {
            self.trouble = Some(cut(words, MAX_TROUBLE).into_owned());
        }
    }
}

/// The most characters of a trouble in the agent's words.
const MAX_TROUBLE: usize = 400;

/// Reviews. Says what happens on the way, and gives the document at the end.
pub(crate) fn review(request: &Request, tell: &mut dyn FnMut(&Event)) -> Findings {
    let mut usage = (0, 0);
    let ending = match run(request, &mut usage, tell) {
        Ok(Findings { status, reason, summary, findings, .. }) => {
            let incomplete = (status == Status::Incomplete).then(|| reason.unwrap_or_default());
            Ending { finish: Finish { summary, findings }, incomplete }
        }
        Err(reason) => Ending { finish: Finish::default(), incomplete: Some(reason) },
    };
    let document = closing::document(ending);
    let (input_tokens, output_tokens) = usage;
    let (status, findings) = (document.status, document.findings.len());
    tell(&Event::End { status, findings, input_tokens, output_tokens });
    document
}

fn run(request: &Request, usage: &mut (u64, u64), tell: &mut dyn FnMut(&Event)) -> Result<Findings, String> {
    let input = Input::open(&request.input).map_err(|error| error.to_string())?;
    let tested = capability::of_image(request.coder)?;
    let heard = attempt(request, &input, &tested.version, tell)?;
    *usage = (heard.input_tokens, heard.output_tokens);
    let document = heard
        .said
        .ok_or_else(|| heard.trouble.unwrap_or_else(|| format!("{} ended without findings", request.coder.title())))?;
    Findings::parse(document.to_string().as_bytes())
        .map_err(|refusal| format!("what the model concluded is no findings document: {refusal}"))
}

/// One run of the program, whose version must be this one.
fn attempt<'a>(
    request: &'a Request,
    input: &'a Input,
    version: &str,
    tell: &mut dyn FnMut(&Event),
) -> Result<Heard<'a>, String> {
    let token = request.token.as_ref().ok_or("there is no client token for the proxy")?;
    let home = request.temporary.join(HOME);
    let directory = request.temporary.join(EMPTY);
    for folder in [&home, &directory] {
        std::fs::create_dir_all(folder).map_err(|error| format!("cannot make a folder for the agent: {error}"))?;
    }
    let start = Start { request, token: token.expose_secret(), home: &home };
    let forwarder = Forwarder::new(request.socket.clone(), capability::expected(request.coder)?.tools);
    let closed = |error: io::Error| format!("the way to the proxy cannot be opened: {error}");
    let command = match request.coder {
        Coder::Claude => {
            let socket = request.temporary.join(SOCKET);
            forwarder.on_socket(&socket).map_err(closed)?;
            claude::command(&start, &socket)
        }
        Coder::Codex => codex::command(&start, forwarder.on_port().map_err(closed)?)?,
    };
    let prompt = prompt::prompt(input, &request.input).map_err(|error| error.to_string())?;
    let mut heard = Heard::new(input, &request.input);
    let files = &input.task.files;
    tell(&Event::Start { files: files.len(), changed: heard.coverage.of(), prompt: PROMPT_VERSION });
    let deadline = Instant::now() + request.time;
    let ended = child::run(&command, &directory, &prompt, deadline, &mut |line| {
        let Ok(event) = serde_json::from_str::<Value>(line) else { return Ok(()) };
        let before = (heard.turns, heard.coverage.read());
        match request.coder {
            Coder::Claude => claude::hear(&event, version, &mut heard)?,
            Coder::Codex => codex::hear(&event, &mut heard)?,
        }
        if heard.coverage.read() != before.1 {
            tell(&Event::Coverage { read: heard.coverage.read(), of: heard.coverage.of() });
        }
        if heard.turns != before.0 {
            let (input_tokens, output_tokens) = (heard.input_tokens, heard.output_tokens);
            tell(&Event::Answered { turn: heard.turns, calls: 0, input_tokens, output_tokens });
        }
        Ok(())
    });
    tell(&Event::Coverage { read: heard.coverage.read(), of: heard.coverage.of() });
    let Watched { refused, failed } = forwarder.watched();
    if let Some(refused) = refused {
        return Err(refused);
    }
    let ended =
        ended.map_err(|reason| failed.as_ref().map_or(reason.clone(), |failed| format!("{reason}; {failed}")))?;
    if failed.is_some() {
        heard.trouble = failed;
    }
    if !heard.started && heard.trouble.is_none() {
        let last = if ended.last_line.is_empty() { String::new() } else { format!(": {}", ended.last_line) };
        return Err(format!("{} {}{last}", request.coder.title(), ended.how()));
    }
    if !ended.well {
        heard.said = None;
        heard.trouble(&format!("{} {}", request.coder.title(), ended.how()));
    }
    Ok(heard)
}
