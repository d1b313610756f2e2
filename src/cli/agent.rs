//! `agent`: the review loop inside the sandbox. Hidden, because `review` starts it; reviewer/README.md says what it is told
//! and what it says.

use crate::agent::coding::{self, Coder, self_test};
use crate::agent::{self, Api, Bounds, Event, Patience, Request};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::proxy;
use crate::review::sandbox::inside::calls;
use crate::ui::Ui;
use crate::verdict::Findings;
use crate::verdict::document::Status;
use crate::verdict::task::TASK_PATH;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the proxy's socket is when nobody says so.
const SOCKET_PATH: &str = "/proxy/proxy.sock";

/// Review the task in the sandbox with a model; prints a findings document.
#[derive(Debug, Args)]
#[command(
    after_help = "Environment: MCP_REVIEW_SOCKET, MCP_REVIEW_TASK, and the client token in ANTHROPIC_API_KEY or OPENAI_API_KEY.
Exit status: 0 the document is complete, 3 it is incomplete; it is printed either way."
)]
pub(super) struct AgentArgs {
    /// Whose API the model has.
    #[arg(long, value_enum, required_unless_present = "coder")]
    provider: Option<ProviderName>,
    /// The coding agent of this image, in place of our own loop.
    #[arg(long = "cli", value_name = "AGENT", value_enum, conflicts_with = "provider")]
    coder: Option<CoderName>,
    /// Test the coding agent with a model that plays a script, and print what it did.
    #[arg(long, requires = "coder")]
    self_test: bool,
    /// The model.
    #[arg(long, required_unless_present = "self_test")]
    model: Option<String>,
    /// Wait for whole answers in place of events.
    #[arg(long)]
    no_stream: bool,
    /// How often the model may answer.
    #[arg(long, value_name = "N", default_value_t = Bounds::default().turns, value_parser = clap::value_parser!(u32).range(1..=1000))]
    max_turns: u32,
    /// The most tokens of one answer.
    #[arg(long, value_name = "N", default_value_t = Bounds::default().answer_tokens, value_parser = clap::value_parser!(u32).range(1..))]
    max_answer_tokens: u32,
    /// The most bytes of a conversation before old results are let go.
    #[arg(long, value_name = "BYTES", default_value_t = Bounds::default().conversation)]
    max_conversation: usize,
    /// The most bytes of tool results in the whole review.
    #[arg(long, value_name = "BYTES", default_value_t = Bounds::default().results)]
    max_results: usize,
    /// Seconds after which the model must come to an end.
    #[arg(long, value_name = "SECONDS", default_value_t = Bounds::default().time.as_secs(), value_parser = clap::value_parser!(u64).range(..=86_400))]
    max_seconds: u64,
    /// How often to ask again when the provider is busy or fails.
    #[arg(long, value_name = "N", default_value_t = Patience::default().retries)]
    retries: u32,
    /// Milliseconds to wait before asking again; doubles each time.
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(..=3_600_000))]
    retry_wait: u64,
    /// Seconds of silence after which an answer is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = Patience::default().silence.as_secs(), value_parser = clap::value_parser!(u64).range(1..=86_400))]
    silence: u64,
    /// The folder with the task [default: that of MCP_REVIEW_TASK, or /input].
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,
    /// The proxy's Unix socket [default: MCP_REVIEW_SOCKET, or /proxy/proxy.sock].
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProviderName {
    Anthropic,
    Openai,
    OpenaiChat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CoderName {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
}

impl From<CoderName> for Coder {
    fn from(name: CoderName) -> Self {
        match name {
            CoderName::Claude => Self::Claude,
            CoderName::Codex => Self::Codex,
        }
    }
}

/// The model of a self-test: one that the agent's makers have today, because what it sends depends on it.
const TESTED_MODEL: &str = "claude-opus-5-5";

/// The entry point of an image of a coding agent.
fn code(args: &AgentArgs, coder: Coder, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    // Its children have this process's user: what it holds open is not theirs to write to.
    calls::hide().map_err(|error| CommandError::unfinished(format!("the process cannot be hidden: {error}")))?;
    let task = context.review_task.as_deref().unwrap_or(Path::new(TASK_PATH));
    let programs: Vec<String> = context.search_path.iter().map(|folder| folder.display().to_string()).collect();
    let token = match coder.provider() {
        proxy::Provider::Anthropic => context.anthropic_api_key.clone(),
        proxy::Provider::OpenAi => context.openai_api_key.clone(),
    };
    let mut request = coding::Request {
        coder,
        model: args.model.clone().unwrap_or_default(),
        input: args.input.clone().unwrap_or_else(|| task.parent().unwrap_or(Path::new("/")).to_path_buf()),
        socket: args.socket.clone().or_else(|| context.review_socket.clone()).unwrap_or_else(|| SOCKET_PATH.into()),
        token,
        temporary: context.temp_dir.clone(),
        programs: programs.join(":"),
        time: Duration::from_secs(args.max_seconds),
    };
    if args.self_test {
        coder.alias().unwrap_or(TESTED_MODEL).clone_into(&mut request.model);
        let found = self_test::run(request).map_err(CommandError::unfinished)?;
        let text = serde_json::to_string(&found)
            .map_err(|error| CommandError::unfinished("the capabilities cannot be written").because(&error))?;
        ui.result(&format!("{text}\n"))?;
        return Ok(exit::CLEAN);
    }
    let document = coding::review(&request, &mut |event| tell(ui, event));
    let status = print(&document, ui)?;
    if let Some(reason) = &document.reason {
        ui.say(reason);
    }
    Ok(status)
}

fn tell(ui: &Ui, event: &Event) {
    ui.say(&serde_json::to_string(event).unwrap_or_default());
}

fn print(document: &Findings, ui: &Ui) -> Result<u8, CommandError> {
    let text = serde_json::to_string(document)
        .map_err(|error| CommandError::unfinished("the findings cannot be written").because(&error))?;
    ui.result(&format!("{text}\n"))?;
    Ok(if document.status == Status::Complete { exit::CLEAN } else { exit::UNFINISHED })
}

pub(super) fn run(args: &AgentArgs, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if let Some(coder) = args.coder {
        return code(args, coder.into(), context, ui);
    }
    let task = context.review_task.as_deref().unwrap_or(Path::new(TASK_PATH));
    let folder = || task.parent().unwrap_or(Path::new("/")).to_path_buf();
    let socket = || context.review_socket.clone().unwrap_or_else(|| SOCKET_PATH.into());
    let (api, token) = match args.provider {
        Some(ProviderName::Anthropic) | None => (Api::Messages, context.anthropic_api_key.clone()),
        Some(ProviderName::Openai) => (Api::Responses, context.openai_api_key.clone()),
        Some(ProviderName::OpenaiChat) => (Api::Chat, context.openai_api_key.clone()),
    };
    let request = Request {
        api,
        model: args.model.clone().unwrap_or_default(),
        stream: !args.no_stream,
        input: args.input.clone().unwrap_or_else(folder),
        socket: args.socket.clone().unwrap_or_else(socket),
        token,
        bounds: Bounds {
            turns: args.max_turns,
            answer_tokens: args.max_answer_tokens,
            conversation: args.max_conversation,
            results: args.max_results,
            time: Duration::from_secs(args.max_seconds),
        },
        patience: Patience {
            retries: args.retries,
            base: Duration::from_millis(args.retry_wait),
            silence: Duration::from_secs(args.silence),
            ..Patience::default()
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::unfinished("the async runtime cannot be started").because(&error))?;
    let document = runtime.block_on(agent::review(&request, &mut |event| tell(ui, event)));
    print(&document, ui)
}
