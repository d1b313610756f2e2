//! `proxy`: the key-injecting proxy, alone. `review` runs the same command in a container.

use super::providers::ProviderArgs;
use super::{Global, refuse, roots};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::proxy::{
    self, Alias, Keys, Limits, Listen, Listener, Micros, Options, Price, Provider, ProxyError, models, options,
};
use crate::ui::Ui;
use clap::{ArgGroup, Args};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Run the proxy that holds a provider's key, so that an agent needs none.
///
/// Clients send `POST /anthropic/v1/messages`, `POST /openai/v1/responses` and `POST /openai/v1/chat/completions` with the run's
/// client token in place of the key.
/// Requests are parsed and made anew from the fields that are allowed: named models, function tools, inline text.
/// Everything else is 403 with a reason.
///
/// Standard input gives the keys, as one JSON object: {"anthropic_key": "…", "openai_key": "…", "client_token": "…"}. One
/// key is enough; without `client_token` one is made. The first line on standard output says that the proxy is ready, with the
/// token if it was made; then comes one JSON line a call. SIGTERM and Ctrl-C end it, and so do 1000 refused calls that show the
/// token. Calls that do not show it end nothing: the first 1000 have lines, and one line stands for all others.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("where").required(true).args(["socket", "listen"])),
    after_help = "Examples:
  mcp-registry proxy --socket /run/proxy/proxy.sock --model <MODEL> < keys.json
  mcp-registry proxy --listen 127.0.0.1:8080 --model <MODEL> --max-requests 50 < keys.json
  mcp-registry proxy --listen 127.0.0.1:8080 --model <MODEL> --audit calls.jsonl \\
      --input-price 5 --output-price 25 --max-cost 3 < keys.json"
)]
pub(super) struct ProxyArgs {
    /// Listen on this Unix socket. Any user may connect; its folder decides who can reach it.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Listen on this loopback address; port 0 is any free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// A model that may be asked for; may be repeated.
    #[arg(long = "model", value_name = "NAME", required = true)]
    models: Vec<String>,
    /// A name that requests may call a model by, for clients that treat a name they know in another way; may be repeated.
    #[arg(long = "model-alias", value_name = "NAME=MODEL", value_parser = Alias::parse)]
    aliases: Vec<Alias>,
    /// Append the line of each call to this file and not to standard output.
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Calls to providers in all.
    #[arg(long, value_name = "N", default_value_t = Limits::default().requests, help_heading = "Budget")]
    max_requests: u64,
    /// Tokens read in all.
    #[arg(long, value_name = "N", default_value_t = Limits::default().input_tokens, help_heading = "Budget")]
    max_input_tokens: u64,
    /// Tokens written in all.
    #[arg(long, value_name = "N", default_value_t = Limits::default().output_tokens, help_heading = "Budget")]
    max_output_tokens: u64,
    /// Tokens that one call may ask to be written.
    #[arg(long, value_name = "N", default_value_t = Limits::default().tokens_per_call, help_heading = "Budget")]
    max_tokens_per_call: u32,
    /// Money in all; needs both prices.
    #[arg(long, value_name = "USD", value_parser = Micros::parse, help_heading = "Budget")]
    max_cost: Option<Micros>,
    /// What a million tokens read cost.
    #[arg(long, value_name = "USD", value_parser = Micros::parse, requires = "output_price", help_heading = "Budget")]
    input_price: Option<Micros>,
    /// What a million tokens written cost.
    #[arg(long, value_name = "USD", value_parser = Micros::parse, requires = "input_price", help_heading = "Budget")]
    output_price: Option<Micros>,
    /// Calls at the same time.
    #[arg(long, value_name = "N", default_value_t = Limits::default().concurrent, help_heading = "Budget")]
    max_concurrent: usize,
    /// Bytes of one request.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body, help_heading = "Budget")]
    max_body: u64,
    /// Time that one call may take.
    #[arg(long, value_name = "SECONDS", default_value_t = options::DEFAULT_TIMEOUT.as_secs(), help_heading = "Budget")]
    timeout: u64,
    /// Time after which every call is refused.
    #[arg(long, value_name = "SECONDS", default_value_t = options::DEFAULT_LIFETIME.as_secs(), help_heading = "Budget")]
    lifetime: u64,
    /// Time that a request's headers may take to arrive, and then its body.
    #[arg(long, value_name = "SECONDS", default_value_t = options::DEFAULT_READ_TIMEOUT.as_secs(), help_heading = "Budget")]
    read_timeout: u64,
    #[command(flatten)]
    providers: ProviderArgs,
}

#[cfg(test)]
impl ProxyArgs {
    pub(super) fn providers(&self) -> &ProviderArgs {
        &self.providers
    }
}

/// The first line on standard output.
#[derive(Debug, Serialize)]
struct Ready<'a> {
    event: &'static str,
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    socket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    providers: Vec<Provider>,
    models: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    client_token: Option<&'a str>,
}

pub(super) fn run(args: &ProxyArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if global.offline {
        return Err(refuse("`proxy` is for reaching providers: it cannot be `--offline`"));
    }
    if global.output.is_some() {
        return Err(
            refuse("`proxy` has no result to write to `--output`").hint("`--audit FILE` takes the calls' lines")
        );
    }
    let options = options(args, context)?;
    options.check().map_err(usage)?;
    for warning in options.models.iter().filter_map(|model| models::warning(model, context.today())) {
        ui.say(&format!("warning: {warning}"));
    }
    let roots = roots::read(context)?;
    proxy::protect()
        .map_err(|error| CommandError::unfinished("cannot keep other processes from the keys").because(&error))?;
    let keys = Keys::read(io::stdin().lock(), &options.upstreams).map_err(|error| {
        refuse("there are no keys").because(&error).hint(
            "give them on standard input: `mcp-registry proxy … < keys.json`, with {\"anthropic_key\": \"…\"} in the file",
        )
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::unfinished("cannot start the network").because(&error))?;
    let served = runtime.block_on(serve(options, keys, roots.as_deref()));
    // A line that nobody reads must not hold up the end.
    runtime.shutdown_background();
    served.map(|()| exit::CLEAN)
}

async fn serve(options: Options, mut keys: Keys, roots: Option<&[u8]>) -> Result<(), CommandError> {
    // Listened for before anybody can know that the proxy is there.
    let shutdown = shutdown()?;
    let sink: Box<dyn Write + Send> =
        match &options.audit {
            None => Box::new(io::stdout()),
            Some(path) => Box::new(OpenOptions::new().append(true).create(true).open(path).map_err(|error| {
                CommandError::unfinished(format!("cannot write {}", path.display())).because(&error)
            })?),
        };
    let listener = Listener::bind(&options.listen).await.map_err(unfinished)?;
    let token = keys.take_generated_token();
    let ready = Ready {
        event: "ready",
        version: 1,
        socket: match &options.listen {
            Listen::Socket(path) => Some(path.to_string_lossy().into_owned()),
            Listen::Loopback(_) => None,
        },
        listen: listener.address(),
        providers: keys.providers(),
        models: &options.models,
        client_token: token.as_ref().map(ExposeSecret::expose_secret),
    };
    say(&ready).map_err(|error| CommandError::unfinished("cannot write to standard output").because(&error))?;
    drop(token);
    proxy::serve(options, keys, roots, listener, sink, shutdown).await.map_err(unfinished)
}

fn say(ready: &Ready<'_>) -> io::Result<()> {
    let mut line = zeroize::Zeroizing::new(serde_json::to_string(ready)?);
    line.push('\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}

/// SIGTERM, or Ctrl-C.
fn shutdown() -> Result<impl Future<Output = ()>, CommandError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen =
        |kind| signal(kind).map_err(|error| CommandError::unfinished("cannot wait for signals").because(&error));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn options(args: &ProxyArgs, context: &Context) -> Result<Options, CommandError> {
    let listen = match (&args.socket, args.listen) {
        (Some(path), _) => Listen::Socket(path.clone()),
        (None, Some(address)) => Listen::Loopback(address),
        (None, None) => return Err(refuse("say where to listen: `--socket PATH` or `--listen ADDRESS:PORT`")),
    };
    Ok(Options {
        listen,
        audit: args.audit.clone(),
        models: args.models.clone(),
        aliases: args.aliases.clone(),
        upstreams: args.providers.upstreams(context)?,
        limits: Limits {
            requests: args.max_requests,
            input_tokens: args.max_input_tokens,
            output_tokens: args.max_output_tokens,
            cost: args.max_cost,
            concurrent: args.max_concurrent,
            body: args.max_body,
            tokens_per_call: args.max_tokens_per_call,
        },
        price: args.input_price.zip(args.output_price).map(|(input, output)| Price { input, output }),
        timeout: Duration::from_secs(args.timeout),
        lifetime: Duration::from_secs(args.lifetime),
        read_timeout: Duration::from_secs(args.read_timeout),
    })
}

fn usage(error: proxy::OptionsError) -> CommandError {
    refuse(error.to_string())
}

fn unfinished(error: ProxyError) -> CommandError {
    match error {
        ProxyError::Options(error) => usage(error),
        error => CommandError::unfinished("the proxy ended").because(&error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::super::{Cli, Command};
    use super::{Alias, Context, Limits, Listen, Micros, Options, Price, options};
    use crate::proxy::upstreams::{Auth, Upstreams};
    use clap::Parser;
    use std::time::Duration;

    #[test]
    fn the_help_names_the_numbers_that_hold() {
        use crate::proxy::audit::{MAX_REFUSED, MAX_STRANGE};
        use clap::CommandFactory;
        let mut command = Cli::command();
        let help = command.find_subcommand_mut("proxy").unwrap().render_long_help().to_string().replace('\n', " ");
        assert!(help.contains(&format!("so do {MAX_REFUSED} refused calls that show the token")), "{help}");
        assert!(help.contains(&format!("the first {MAX_STRANGE} have lines")), "{help}");
    }

    #[test]
    fn the_arguments_that_options_are_turned_into_mean_the_same_options() {
        let all = Options {
            listen: Listen::Socket("/run/mcp-registry/proxy.sock".into()),
            audit: Some("--audit.jsonl".into()),
            models: vec!["--model".into(), "model-1".into()],
            aliases: vec![Alias { name: "--alias".into(), model: "model-1".into() }],
            upstreams: Upstreams {
                anthropic_base_url: "http://gateway:8080/a/b".parse().unwrap(),
                anthropic_auth: Auth::Bearer,
                openai_base_url: "https://gateway/v1".parse().unwrap(),
                openai_auth: Auth::ApiKey,
                api_version: Some("2025-04-01-preview".to_owned()),
                allow_http: true,
            },
            limits: Limits {
                requests: 1,
                input_tokens: 2,
                output_tokens: 3,
                cost: Some(Micros(4)),
                concurrent: 5,
                body: 6,
                tokens_per_call: 7,
            },
            price: Some(Price { input: Micros(1_250_000), output: Micros(10_000_001) }),
            timeout: Duration::from_secs(8),
            lifetime: Duration::from_secs(9),
            read_timeout: Duration::from_secs(10),
        };
        let few = Options {
            listen: Listen::Loopback("127.0.0.1:0".parse().unwrap()),
            audit: None,
            upstreams: Upstreams {
                anthropic_auth: Auth::XApiKey,
                openai_auth: Auth::Bearer,
                api_version: None,
                allow_http: false,
                ..all.upstreams.clone()
            },
            limits: Limits::default(),
            price: None,
            ..all.clone()
        };
        let context = Context::from_process();
        for given in [all, few] {
            let words = ["mcp-registry".to_owned()].into_iter().chain(given.to_args());
            let Command::Proxy(args) = Cli::try_parse_from(words).unwrap().command else { panic!("another command") };
            assert_eq!(options(&args, &context).unwrap(), given);
        }
    }
}
