//! The review loop that runs inside the sandbox: a model looks at the files of a task with tools of ours, and what it says at
//! the end becomes a findings document.
//!
//! There always is a document. Whatever goes wrong (a refusal, an answer that is cut, a budget, a provider that does not
//! answer, an end that cannot be read) makes it `incomplete` with a reason; what was found until then is in it.
//!
//! Nothing that the model reads can steer what this does: tools read files that the task lists and nothing else
//! (`input`), everything from outside is fenced by a word that it cannot know (`fence`), hidden characters are
//! shown (`show`), and everything is bounded ([`Bounds`]).

mod closing;
pub(crate) mod coding;
mod conversation;
mod event;
mod fence;
mod glob;
mod input;
mod prompt;
mod show;
mod tools;
mod transport;
mod wire;

pub(crate) use crate::provider::Api;
pub(crate) use event::Event;
pub(crate) use prompt::PROMPT_VERSION;
pub(crate) use transport::Patience;

use crate::provider::Usage;
use crate::verdict::Findings;
use crate::verdict::task::FileStatus;
use closing::Ending;
use conversation::{Call, CallResult, Conversation, Part, Turn};
use fence::Fence;
use input::Input;
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;
use tools::finish::Finish;
use tools::{Answer, Done};
use transport::{Client, Failure};
use wire::{Ask, Stop};

/// What is asked of the agent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Which API the model has.
    pub(crate) api: Api,
    pub(crate) model: String,
    /// Whether answers come as events.
    pub(crate) stream: bool,
    /// The folder with the task and its files.
    pub input: PathBuf,
    pub(crate) socket: PathBuf,
    /// What the agent shows the proxy; none if nobody gave it one.
    pub(crate) token: Option<SecretString>,
    pub(crate) bounds: Bounds,
    /// How to wait for the provider.
    pub(crate) patience: Patience,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// How often the model may answer.
    pub(crate) turns: u32,
    /// The most tokens of one answer.
    pub(crate) answer_tokens: u32,
    /// The most bytes that a request may grow to before old results are let go. Four bytes are about a token.
    pub(crate) conversation: usize,
    /// The most bytes of results in the whole review.
    pub(crate) results: usize,
    /// After this time the model has one more turn, and must end in it: whoever waits outside has a deadline too, and what is
    /// killed says nothing.
    pub(crate) time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            turns: 60,
            answer_tokens: 16_384,
            // With the proxy's usual budget of five million tokens, sixty turns of this length can be paid.
            conversation: 320 * 1024,
            results: 8 * 1024 * 1024,
            // Of the half hour that `review` gives a sandbox.
            time: Duration::from_secs(25 * 60),
        }
    }
}

/// Calls in one answer that are carried out.
const MAX_CALLS: usize = 32;
/// The most bytes of results in one turn: a turn's results are never let go while the model works on them.
const MAX_TURN_BYTES: usize = 128 * 1024;
/// How often the model is told to call a tool, when it did not.
const MAX_REMINDERS: u32 = 2;
/// How often the model may correct its end.
const MAX_CORRECTIONS: u32 = 3;
/// From this many turns on, the model is told how many are left.
const FEW_TURNS: u32 = 3;
/// The part of [`Bounds::conversation`] that is left after making room, in percent. Each time costs what the provider had cached,
/// so there should be few.
const ROOM_PERCENT: usize = 50;
/// How often a conversation that the model finds too long is made shorter.
const MAX_SHORTENED: u32 = 3;

/// How long a provider that is busy or fails is asked again in the turn after [`Bounds::time`].
const LATE_RETRIES: Duration = Duration::from_secs(30);

const REMINDER: &str = "That was no call of a tool. Go on with the review by calling tools; when you are done, call `finish`. \
                        Only a call of `finish` counts as a result.";
const NO_TIME: &str = "There is no time left: call `finish` now with what you have.";
const SPENT: &str = "All that can be read in one review has been read. Call `finish` with what you have.";
const TOO_MUCH: &str = "This is too much for one turn. Ask for it again in the next one, with fewer calls.";

/// Reviews. Says what happens on the way, and gives the document at the end.
pub(crate) async fn review(request: &Request, tell: &mut dyn FnMut(&Event)) -> Findings {
    let (ending, usage) = match Review::begin(request) {
        Ok(mut review) => {
            let incomplete = review.run(tell).await.err();
            tell(&Event::Coverage { read: review.opened.len(), of: review.input.under_review() });
            (Ending { finish: review.finish, incomplete }, review.usage)
        }
        Err(reason) => (Ending { finish: Finish::default(), incomplete: Some(reason) }, Usage::default()),
    };
    let document = closing::document(ending);
    tell(&Event::End {
        status: document.status,
        findings: document.findings.len(),
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
    });
    document
}

/// One review under way. Errors are reasons why it is incomplete.
struct Review<'a> {
    request: &'a Request,
    input: Input,
    fence: Fence,
    client: Client,
    conversation: Conversation,
    tools: Vec<tools::Tool>,
    /// What is known to be acceptable: the end, or what there is of it.
    finish: Finish,
    usage: Usage,
    /// Bytes of results so far.
    results: usize,
    reminders: u32,
    corrections: u32,
    thoughts: bool,
    completion_tokens: bool,
    /// The files under review that were opened, by their paths.
    opened: BTreeSet<String>,
}

/// Whether the review goes on.
enum Next {
    Go,
    Stop,
}

impl<'a> Review<'a> {
    fn begin(request: &'a Request) -> Result<Self, String> {
        let token = request.token.clone().ok_or("there is no client token for the proxy")?;
        let input = Input::open(&request.input).map_err(|error| error.to_string())?;
        let fence = Fence::random().map_err(|error| format!("the system gives no random bytes: {error}"))?;
        let client = Client::new(request.api, &request.socket, token, request.patience)
            .map_err(|error| format!("the HTTP client cannot be set up: {error}"))?;
        let system = prompt::system(&input.task, &fence, request.bounds.turns).map_err(|error| error.to_string())?;
        let task = prompt::task(&input, &fence).map_err(|error| error.to_string())?;
        Ok(Self {
            request,
            input,
            fence,
            client,
            conversation: Conversation::new(system, task),
            tools: tools::all(),
            finish: Finish::default(),
            usage: Usage::default(),
            results: 0,
            reminders: 0,
            corrections: 0,
            thoughts: request.api == Api::Responses,
            completion_tokens: false,
            opened: BTreeSet::new(),
        })
    }

    async fn run(&mut self, tell: &mut dyn FnMut(&Event)) -> Result<(), String> {
        let files = &self.input.task.files;
        let changed = files.iter().filter(|file| file.status != FileStatus::Unchanged).count();
        tell(&Event::Start { files: files.len(), changed, prompt: PROMPT_VERSION });
        let turns = self.request.bounds.turns;
        let end = Instant::now() + self.request.bounds.time;
        for turn in 1..=turns {
            // An answer is worth waiting for once; what comes after is not.
            let late = Instant::now() >= end;
            if late && turn > 1 {
                self.conversation.say(NO_TIME);
            }
            self.make_room(self.request.bounds.conversation, tell);
            tell(&Event::Turn { turn, bytes: self.conversation.bytes() });
            let until = if late { Instant::now() + self.request.bounds.time.min(LATE_RETRIES) } else { end };
            let reply = self.ask(late || turn == turns, until, tell).await?;
            self.usage.input_tokens = self.usage.input_tokens.saturating_add(reply.usage.input_tokens);
            self.usage.output_tokens = self.usage.output_tokens.saturating_add(reply.usage.output_tokens);
            let calls = reply.parts.iter().filter(|part| matches!(part, Part::Call(_))).count();
            tell(&Event::answered(turn, calls, reply.usage));
            match reply.stop {
                Stop::Done => {}
                Stop::Refused => return Err("the model refused to go on".to_owned()),
                Stop::MaxTokens => {
                    let limit = self.request.bounds.answer_tokens;
                    return Err(format!("the model's answer was cut at its limit of {limit} tokens"));
                }
                Stop::Other(word) => {
                    return Err(format!("the model stopped for an unknown reason: {}", show::visible(&word, 60)));
                }
            }
            if let Next::Stop = self.answer(reply.parts, turns - turn, tell)? {
                return Ok(());
            }
            if late {
                return Err("the time was used up before the review was finished".to_owned());
            }
        }
        Err(format!("all {turns} turns were used up before the review was finished"))
    }

    /// Asks the model; makes the conversation shorter when it says that it must be.
    async fn ask(&mut self, last: bool, until: Instant, tell: &mut dyn FnMut(&Event)) -> Result<wire::Reply, String> {
        let mut shortened = 0_u32;
        loop {
            let ask = Ask {
                model: &self.request.model,
                max_tokens: self.request.bounds.answer_tokens,
                stream: self.request.stream,
                conversation: &self.conversation,
                tools: &self.tools,
                must_call: last.then_some(tools::FINISH),
                thoughts: self.thoughts,
                completion_tokens: self.completion_tokens,
            };
            match self.client.ask(&ask, until, tell).await {
                Ok(reply) => return Ok(reply),
                Err(Failure::Final(reason)) => return Err(reason),
                Err(Failure::NoThoughts) => self.thoughts = false,
                Err(Failure::OtherLimit) => self.completion_tokens = true,
                Err(Failure::TooLong(reason)) => {
                    shortened += 1;
                    let bound = self.conversation.bytes() / 2;
                    if shortened > MAX_SHORTENED || self.make_room(bound, tell) == 0 {
                        return Err(reason);
                    }
                }
            }
        }
    }

    /// Lets old results go when there is more than `bound`. Returns how many bytes were freed.
    fn make_room(&mut self, bound: usize, tell: &mut dyn FnMut(&Event)) -> usize {
        if self.conversation.bytes() <= bound {
            return 0;
        }
        let freed = self.conversation.make_room(bound / 100 * ROOM_PERCENT);
        if freed > 0 {
            tell(&Event::Room { freed });
        }
        freed
    }

    /// Carries out what the model said. `left` is how many turns there still are.
    fn answer(&mut self, mut parts: Vec<Part>, left: u32, tell: &mut dyn FnMut(&Event)) -> Result<Next, String> {
        let calls: Vec<Call> = parts
            .iter()
            .filter_map(|part| if let Part::Call(call) = part { Some(call.clone()) } else { None })
            .collect();
        // Arguments that no tool takes need not be carried along.
        for part in &mut parts {
            if let Part::Call(call) = part
                && call.arguments.len() > tools::limit(&call.name)
            {
                call.arguments = "{}".to_owned();
            }
        }
        self.conversation.turns.push(Turn::Assistant(parts));
        let note = match left {
            0 => None,
            1 => Some("This is the last turn: call `finish` now with what you have.".to_owned()),
            left if left <= FEW_TURNS => Some(format!("{left} turns are left: come to an end and call `finish`.")),
            _ => None,
        };
        if calls.is_empty() {
            self.reminders += 1;
            if self.reminders > MAX_REMINDERS {
                return Err("the model answered in text and did not call finish".to_owned());
            }
            tell(&Event::Reminded { times: self.reminders });
            let note = note.map_or_else(String::new, |note| format!("\n{note}"));
            self.conversation.turns.push(Turn::User(format!("{REMINDER}{note}")));
            return Ok(Next::Go);
        }
        let mut results = Vec::with_capacity(calls.len());
        let mut bytes = 0_usize;
        for (index, call) in calls.into_iter().enumerate() {
            let answer = if index < MAX_CALLS && (bytes < MAX_TURN_BYTES || call.name == tools::FINISH) {
                match self.call(&call, tell)? {
                    Some(answer) => answer,
                    None => return Ok(Next::Stop),
                }
            } else {
                Answer::error(TOO_MUCH)
            };
            let text = answer.text(&self.fence);
            bytes += text.len();
            if !answer.error {
                self.open(&call, tell);
            }
            let name = self.tools.iter().find(|tool| tool.name == call.name).map_or("unknown", |tool| tool.name);
            tell(&Event::Tool { name, bytes: text.len(), error: answer.error });
            results.push(CallResult { id: call.id, text, error: answer.error });
        }
        self.results = self.results.saturating_add(bytes);
        self.conversation.turns.push(Turn::Results(results, note));
        Ok(Next::Go)
    }

    /// Counts a file that a call has shown.
    fn open(&mut self, call: &Call, tell: &mut dyn FnMut(&Event)) {
        if !tools::SHOWING.contains(&call.name.as_str()) {
            return;
        }
        let arguments: serde_json::Value = serde_json::from_str(&call.arguments).unwrap_or_default();
        let Some(file) = arguments["path"].as_str().and_then(|path| self.input.find(path)) else { return };
        if self.input.is_under_review(file) && self.opened.insert(file.path.clone()) {
            tell(&Event::Coverage { read: self.opened.len(), of: self.input.under_review() });
        }
    }

    /// Carries out one call. No answer means that the review has ended.
    fn call(&mut self, call: &Call, tell: &mut dyn FnMut(&Event)) -> Result<Option<Answer>, String> {
        if call.name != tools::FINISH && self.results >= self.request.bounds.results {
            return Ok(Some(Answer::error(SPENT)));
        }
        match tools::call(&self.input, &call.name, &call.arguments) {
            Done::Answer(answer) => Ok(Some(answer)),
            Done::Finished(finish) => {
                self.finish = finish;
                Ok(None)
            }
            Done::Rejected(rejected) => {
                self.corrections += 1;
                tell(&Event::Rejected { times: self.corrections });
                // A correction that is worse than what came before does not undo it.
                if rejected.acceptable.findings.len() >= self.finish.findings.len() {
                    self.finish = rejected.acceptable;
                }
                if rejected.only_quotes && self.corrections > 1 {
                    return Ok(None);
                }
                if self.corrections > MAX_CORRECTIONS {
                    return Err(
                        "what the model said at the end cannot be used, although it was told what is wrong".to_owned()
                    );
                }
                Ok(Some(rejected.answer))
            }
        }
    }
}
