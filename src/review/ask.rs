//! Asks agents about one [`Brief`]: the static checks here, everything else in a sandbox.

mod budget;
mod progress;
mod words;

use super::brief::{Brief, InputFile};
use super::cache::{Cache, Key, Said};
use super::sandbox::{self, Agent, Cancel, Ended, Limits, Outcome, Prepared, Proxy};
use super::{AgentChoice, Phase, scan};
use crate::agent::{PROMPT_VERSION, coding};
use crate::engine::Engine;
use crate::error::CommandError;
use crate::ids::hex;
use crate::provider::{Api, Provider, models};
use crate::proxy;
use crate::proxy::{Micros, Price};
use crate::text::cut;
use crate::verdict::document::{MAX_REASON, Status};
use crate::verdict::judge::{AgentRun, BUILTIN, STATIC, heard};
use crate::verdict::report::Usage;
use crate::verdict::{Findings, ReviewFinding};
use budget::Budget;
use futures_util::future::{join, join_all};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::sync::Arc;

/// Tells one version of what agents are given from another.
const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// How often a sandbox is made again whose image was removed in between.
const AGAIN: usize = 3;

/// The most seconds of a deadline that are left for an agent's last turn; of a short one, half.
const LAST_TURN: u64 = 120;
/// The same where the model has no last turn: to say that time is up.
const LAST_WORDS: u64 = 10;

/// The audit's word for a provider that the proxy could not connect to.
const UNREACHABLE: &str = "upstream-unreachable";
/// What to do about it.
const WAY: &str = "a provider on this machine or on a private network is reached with `--provider-network`";

/// Where and within which bounds agents run.
#[derive(Debug)]
pub(crate) struct SandboxOptions {
    /// Where the engine listens; the usual place without.
    pub(crate) docker_host: Option<String>,
    /// This program: the sandbox's image is made of it.
    pub(crate) executable: PathBuf,
    /// When the run counts as started, in seconds since 1970.
    pub(crate) started: i64,
    /// What an agent may use.
    pub(crate) limits: Limits,
    pub(crate) runtime: Option<String>,
    /// A network that exists, for the proxy: see [`Proxy::network`].
    pub(crate) provider_network: Option<String>,
    /// What the proxy lets through. The model is added.
    pub(crate) proxy: proxy::Options,
    /// What one agent may spend on one target.
    pub(crate) agent_cost: Option<Micros>,
    /// What all agents may spend together, over all targets.
    pub(crate) run_cost: Option<Micros>,
    pub(crate) anthropic_key: Option<SecretString>,
    pub(crate) openai_key: Option<SecretString>,
}

impl SandboxOptions {
    /// Whom an agent can ask, and where.
    fn providers(&self, choice: &AgentChoice) -> Vec<String> {
        let may_ask = |api: &Api| match choice {
            AgentChoice::BuiltIn { api: own, .. } => api == own,
            AgentChoice::Coder { coder, .. } => *api == coder.api(),
            AgentChoice::Image { .. } => true,
        };
        let with_key = Api::ALL.into_iter().filter(|api| may_ask(api) && self.key(api.provider()).is_some());
        with_key.map(|api| format!("{} {}", api.as_str(), self.proxy.upstreams.url(api))).collect()
    }

    /// What a million tokens of an agent's model cost, if that is known.
    pub(crate) fn price(&self, choice: &AgentChoice) -> Option<Price> {
        self.proxy.price.or_else(|| {
            let (input, output) = models::price(model_of(choice, Some(self))?.as_str())?;
            Some(Price { input: Micros(input), output: Micros(output) })
        })
    }

    fn key(&self, provider: Provider) -> Option<&SecretString> {
        match provider {
            Provider::Anthropic => self.anthropic_key.as_ref(),
            Provider::OpenAi => self.openai_key.as_ref(),
        }
    }
}

/// Whom to ask, and what is needed to.
pub(super) struct Agents<'a> {
    choices: &'a [AgentChoice],
    sandbox: Option<(&'a SandboxOptions, Prepared)>,
    cache: Option<Cache>,
    force: bool,
    budget: Budget,
}

/// Is told what an agent does.
pub(super) type Asking = Arc<dyn Fn(Phase) + Send + Sync>;

impl<'a> Agents<'a> {
    /// Makes the sandbox's image, if anybody is to be asked who needs one.
    ///
    /// # Errors
    /// When no engine answers.
    pub(super) async fn new(
        choices: &'a [AgentChoice],
        options: Option<&'a SandboxOptions>,
        cache: Option<Cache>,
        force: bool,
        targets: usize,
    ) -> Result<Self, CommandError> {
        let sandbox = match options {
            Some(options) if !choices.is_empty() => Some((options, prepare(options).await?)),
            _ => None,
        };
        let budget = Budget::new(options.and_then(|options| options.run_cost), targets * choices.len());
        Ok(Self { choices, sandbox, cache, force, budget })
    }

    /// What everybody says, side by side: the static checks first, then the others in the order of the request.
    pub(super) async fn ask(&self, brief: &Arc<Brief>, cancel: &Cancel, asking: &Asking) -> Vec<AgentRun> {
        asking(Phase::Asking(STATIC.to_owned()));
        let looking = {
            let brief = brief.clone();
            tokio::task::spawn_blocking(move || floor(&brief))
        };
        // Nobody waits for a thread that cannot be ended: it ends with the process.
        let floor = tokio::select! {
            floor = looking => floor.unwrap_or_else(|error| failed(STATIC, None, format!("it broke off: {error}"))),
            why = cancel.cancelled() => failed(STATIC, None, why.as_str().to_owned()),
        };
        let others = self.choices.iter().map(|choice| async {
            asking(Phase::Asking(name_of(choice).to_owned()));
            self.ask_one(choice, brief, cancel, asking).await
        });
        let others = join_all(others).await;
        std::iter::once(floor).chain(others).collect()
    }

    async fn ask_one(&self, choice: &AgentChoice, brief: &Brief, cancel: &Cancel, asking: &Asking) -> AgentRun {
        let model = model_of(choice, self.sandbox.as_ref().map(|(options, _)| *options));
        let failed = |reason: String| failed(name_of(choice), model.clone(), reason);
        let Some((options, prepared)) = &self.sandbox else { return failed("there is no sandbox".to_owned()) };
        let identity = match choice {
            AgentChoice::BuiltIn { .. } => BUILTIN.to_owned(),
            // The name of an image says nothing about what is in it; the id does.
            AgentChoice::Coder { image: reference, .. } | AgentChoice::Image { reference } => {
                match prepared.engine().inspect_image(reference).await {
                    Ok(Some(image)) => image.id,
                    _ => String::new(),
                }
            }
        };
        let head_tree = brief.head.tree.clone();
        let providers = options.providers(choice);
        let key = Key {
            repository: &brief.repository,
            base_tree: brief.base.as_ref().map(|base| base.tree.as_str()),
            head_tree: &head_tree,
            directory: &brief.directory,
            dockerfile: brief.dockerfile.as_deref(),
            agent: &identity,
            model: model.as_deref(),
            providers: &providers,
            prompt_version: match choice {
                AgentChoice::Coder { .. } => coding::PROMPT_VERSION,
                AgentChoice::BuiltIn { .. } | AgentChoice::Image { .. } => PROMPT_VERSION,
            },
            tool_version: TOOL_VERSION,
        };
        let cache = self.cache.as_ref().filter(|_| !identity.is_empty());
        if !self.force
            && let Some(said) = cache.and_then(|cache| cache.get(&key))
        {
            let Said { findings, coverage, usage, audit } = said;
            return AgentRun { name: name_of(choice).to_owned(), model, said: Ok(findings), coverage, usage, audit };
        }
        let share = match self.budget.begin() {
            Ok(share) => share,
            Err(reason) => return failed(reason),
        };
        let request = |options: &SandboxOptions| -> Result<sandbox::Request, String> {
            let mut request = request(choice, brief, options, share.cost())?;
            request.extras.watch = progress::watch(choice, asking.clone());
            Ok(request)
        };
        let asked = request(options);
        let asked = match asked {
            Ok(request) => request,
            Err(reason) => return failed(reason),
        };
        let mut outcome = sandbox::run(prepared, asked, cancel).await;
        for _ in 0..AGAIN {
            if !matches!(&outcome, Err(error) if error.is_gone()) {
                break;
            }
            // Somebody cleaned up since the sandbox's image was made: fetching takes a while.
            let again = Prepared::new(prepared.engine(), &options.executable, options.started).await;
            outcome = match (again, request(options)) {
                (Ok(prepared), Ok(request)) => sandbox::run(&prepared, request, cancel).await,
                (Err(error), _) => Err(error),
                (_, Err(reason)) => return failed(reason),
            };
        }
        let run = match outcome {
            Ok(outcome) => answer(choice, model.clone(), outcome),
            Err(error) => failed(words::of_error(&error)),
        };
        share.end(run.usage.map_or(0, |usage| usage.cost_micros));
        if let (Some(cache), Ok(findings)) = (cache, &run.said) {
            let (coverage, usage, audit) = (run.coverage, run.usage, run.audit.clone());
            let said = Said { findings: findings.clone(), coverage, usage, audit };
            if let Err(error) = cache.put(&key, &said) {
                tracing::warn!(%error, "a verdict cannot be kept");
            }
        }
        run
    }
}

async fn prepare(options: &SandboxOptions) -> Result<Prepared, CommandError> {
    let failed = |error: &dyn std::error::Error| {
        CommandError::unfinished("agents cannot be asked without a container engine")
            .because(error)
            .hint("start the engine or set DOCKER_HOST; `--agent static` needs none")
    };
    let engine = Engine::connect(options.docker_host.as_deref()).await.map_err(|error| failed(&error))?;
    let clean = sandbox::clean(&engine, sandbox::Mode::Leftovers);
    let (cleaned, prepared) = join(clean, Prepared::new(&engine, &options.executable, options.started)).await;
    if let Err(error) = cleaned {
        tracing::warn!(%error, "what killed runs left cannot be removed");
    }
    prepared.map_err(|error| failed(&error))
}

/// The static checks: the floor under every verdict. Takes as long as the files are many.
fn floor(brief: &Brief) -> AgentRun {
    let findings: Vec<ReviewFinding> = scan::scan(&brief.material());
    let summary = format!("Looked at {} files with deterministic checks.", brief.head.files.len());
    let said = Findings { version: 1, status: Status::Complete, reason: None, summary, findings };
    AgentRun { name: STATIC.to_owned(), model: None, said: Ok(said), coverage: None, usage: None, audit: Vec::new() }
}

fn name_of(choice: &AgentChoice) -> &str {
    match choice {
        AgentChoice::BuiltIn { .. } => BUILTIN,
        AgentChoice::Coder { coder, .. } => coder.as_str(),
        AgentChoice::Image { reference } => reference,
    }
}

/// The model that an agent can use: the proxy lets no other one through.
fn model_of(choice: &AgentChoice, options: Option<&SandboxOptions>) -> Option<String> {
    match choice {
        AgentChoice::BuiltIn { model, .. } | AgentChoice::Coder { model, .. } => Some(model.clone()),
        // Without a key there is no proxy, and no model.
        AgentChoice::Image { .. } => options
            .filter(|options| !options.providers(choice).is_empty())
            .and_then(|options| options.proxy.models.first().cloned()),
    }
}

fn failed(name: &str, model: Option<String>, reason: String) -> AgentRun {
    AgentRun { name: name.to_owned(), model, said: Err(reason), coverage: None, usage: None, audit: Vec::new() }
}

/// The sandbox's part of the work.
fn request(
    choice: &AgentChoice,
    brief: &Brief,
    options: &SandboxOptions,
    cost: Option<Micros>,
) -> Result<sandbox::Request, String> {
    let input = brief.input().map_err(|error| format!("its task cannot be written: {error}"))?;
    let input = input.into_iter().map(|InputFile { path, content }| sandbox::InputFile {
        path: path.into(),
        content,
        executable: false,
    });
    let proxy = match choice {
        AgentChoice::BuiltIn { api, .. } => {
            let provider = api.provider();
            options.key(provider).ok_or_else(|| format!("there is no key for {provider}"))?;
            Some(proxy_for(choice, options, cost)?)
        }
        AgentChoice::Coder { coder, .. } => {
            let provider = coder.provider();
            options.key(provider).ok_or_else(|| format!("there is no key for {provider}"))?;
            Some(proxy_for(choice, options, cost)?)
        }
        // An image without a key to use is one that needs none.
        AgentChoice::Image { .. } if options.providers(choice).is_empty() => None,
        AgentChoice::Image { .. } => Some(proxy_for(choice, options, cost)?),
    };
    // Its own clock ends it before ours does, so that what it has found so far is not lost.
    let deadline = options.limits.deadline.as_secs();
    let seconds = (deadline - LAST_TURN.min(deadline / 2)).max(1).to_string();
    let mut extras = sandbox::Extras::default();
    let agent = match choice {
        AgentChoice::BuiltIn { api, model, stream } => {
            let args = ["agent", "--provider", api.as_str(), "--model", model, "--max-seconds", &seconds];
            let whole = (!stream).then_some("--no-stream");
            Agent::BuiltIn { args: args.into_iter().chain(whole).map(str::to_owned).collect() }
        }
        AgentChoice::Coder { coder, model, image } => {
            let model = coder.alias().unwrap_or(model);
            let seconds = (deadline - LAST_WORDS.min(deadline / 2)).max(1).to_string();
            // What comes after the image's entry point.
            let args = ["--model", model, "--max-seconds", &seconds];
            extras.arguments = args.map(str::to_owned).into();
            Agent::Image { reference: image.clone() }
        }
        AgentChoice::Image { reference } => Agent::Image { reference: reference.clone() },
    };
    Ok(sandbox::Request {
        run_id: run_id()?,
        input: input.collect(),
        agent,
        proxy,
        limits: options.limits,
        runtime: options.runtime.clone(),
        extras,
    })
}

/// The proxy of one run, with a client token of its own.
fn proxy_for(choice: &AgentChoice, options: &SandboxOptions, cost: Option<Micros>) -> Result<Proxy, String> {
    let token = proxy::keys::generate_token().map_err(|error| error.to_string())?;
    let mut allowed = options.proxy.clone();
    allowed.listen = proxy::Listen::Socket(sandbox::SOCKET.into());
    allowed.price = options.price(choice);
    allowed.limits.cost = options.agent_cost.into_iter().chain(cost).min();
    let mut keys = serde_json::Map::new();
    keys.insert("client_token".to_owned(), token.expose_secret().into());
    let providers = match choice {
        AgentChoice::BuiltIn { api, model, .. } => {
            allowed.models = vec![model.clone()];
            allowed.aliases = Vec::new();
            vec![api.provider()]
        }
        AgentChoice::Coder { coder, model, .. } => {
            allowed.models = vec![model.clone()];
            let alias = coder.alias().map(|name| proxy::Alias { name: name.to_owned(), model: model.clone() });
            allowed.aliases = alias.into_iter().collect();
            vec![coder.provider()]
        }
        AgentChoice::Image { .. } => Provider::ALL.to_vec(),
    };
    for provider in providers {
        if let Some(key) = options.key(provider) {
            keys.insert(format!("{}_key", provider.as_str()), key.expose_secret().into());
        }
    }
    Ok(Proxy {
        args: allowed.to_args(),
        stdin: serde_json::Value::Object(keys).to_string().into(),
        client_token: token,
        network: options.provider_network.clone(),
    })
}

/// What the audit says that the provider counted, all calls together. Calls that were refused never reached it.
fn usage(audit: &[serde_json::Value]) -> Usage {
    let mut usage = Usage::default();
    for line in audit.iter().filter(|line| line["outcome"] != "refused") {
        let number = |name: &str| line[name].as_u64().unwrap_or(0);
        usage.requests += 1;
        usage.input_tokens = usage.input_tokens.saturating_add(number("input_tokens"));
        usage.output_tokens = usage.output_tokens.saturating_add(number("output_tokens"));
        usage.cost_micros = usage.cost_micros.saturating_add(number("cost_micros"));
    }
    usage
}

/// A name that no other run has: 16 random digits.
pub(super) fn run_id() -> Result<String, String> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    Ok(hex(&bytes))
}

/// What an agent said, read as what it is: bytes from a stranger.
fn answer(choice: &AgentChoice, model: Option<String>, outcome: Outcome) -> AgentRun {
    let audit: Vec<serde_json::Value> =
        outcome.audit.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let usage = match choice {
        AgentChoice::Image { .. } if audit.is_empty() => None,
        _ => Some(usage(&audit)),
    };
    let last = match choice {
        AgentChoice::BuiltIn { .. } | AgentChoice::Coder { .. } => words::last_trouble(&outcome.stderr_tail),
        AgentChoice::Image { .. } => words::last_words(&outcome.stderr_tail),
    };
    let trouble = match (&outcome.ended, &outcome.audit_incomplete) {
        (Ended::Exited(0), None) => None,
        (Ended::Exited(0), Some(why)) => Some(format!("the record of its calls is not complete: {why}")),
        (ended, _) => Some(format!("it {ended}{last}")),
    };
    let said = heard(&outcome.stdout, trouble.as_deref());
    let unreachable = audit.iter().any(|line| line["reason"] == UNREACHABLE);
    // How it ended says it already; what it printed is refused of an agent that thinks it did well.
    let said = said.map_err(|reason| if trouble.is_none() { format!("{reason}{last}") } else { reason });
    let said = if unreachable { with_way(said) } else { said };
    // The entry point of an image sees that its program was ended, and the sandbox why.
    let said = said.map(|mut findings| {
        let coder = matches!(choice, AgentChoice::Coder { .. }) && !matches!(outcome.ended, Ended::Exited(_));
        if let Some(reason) = findings.reason.as_mut().filter(|_| coder) {
            *reason = cut(&format!("it {} ({reason})", outcome.ended), MAX_REASON).into_owned();
        }
        findings
    });
    // Our own agent says so itself.
    let said = match choice {
        AgentChoice::BuiltIn { .. } => said,
        AgentChoice::Coder { .. } | AgentChoice::Image { .. } => words::with_refusal(said, &audit),
    };
    // Others are not asked: what they print is theirs.
    let coverage = match choice {
        AgentChoice::Image { .. } => None,
        AgentChoice::BuiltIn { .. } | AgentChoice::Coder { .. } => progress::coverage(&outcome.stderr_tail),
    };
    AgentRun { name: name_of(choice).to_owned(), model, said, coverage, usage, audit }
}

/// Adds how a provider is reached that is not on the internet, to what did not end well.
fn with_way(said: Result<Findings, String>) -> Result<Findings, String> {
    let add = |reason: String| format!("{reason}; {WAY}");
    let said = said.map_err(add)?;
    let reason = said.reason.clone().filter(|_| said.status != Status::Complete).map(add).or(said.reason);
    Ok(Findings { reason, ..said })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{AgentChoice, Ended, Outcome, answer};

    fn reason(ended: Ended, stdout: &str, stderr: &str) -> String {
        reason_with(ended, stdout, stderr, &[])
    }

    fn reason_with(ended: Ended, stdout: &str, stderr: &str, audit: &[&str]) -> String {
        let outcome = Outcome {
            ended,
            stdout: stdout.into(),
            stderr_tail: stderr.into(),
            audit: audit.iter().map(|line| (*line).to_owned()).collect(),
            audit_incomplete: None,
            image: String::new(),
            first_output: None,
        };
        let run = answer(&AgentChoice::Image { reference: "image".to_owned() }, None, outcome);
        run.said.map_or_else(|reason| reason, |said| said.reason.unwrap_or_default())
    }

    #[test]
    fn how_a_provider_of_ones_own_is_reached_is_said_when_none_was() {
        let audit = [r#"{"event": "call", "outcome": "failed", "reason": "upstream-unreachable"}"#];
        let document = r#"{"version": 1, "status": "incomplete", "reason": "r", "summary": "s", "findings": []}"#;
        let said = reason_with(Ended::Exited(3), document, "", &audit);
        insta::assert_snapshot!(said, @"r; a provider on this machine or on a private network is reached with `--provider-network`");
        insta::assert_snapshot!(reason_with(Ended::Exited(1), "", "", &audit), @"it ended with status 1; a provider on this machine or on a private network is reached with `--provider-network`");
        assert_eq!(
            reason_with(
                Ended::Exited(0),
                &document.replace("incomplete", "complete").replace("\"reason\": \"r\", ", ""),
                "",
                &audit
            ),
            ""
        );
    }

    #[test]
    fn what_an_agent_wrote_to_standard_error_is_said_when_it_fails_and_only_then() {
        let good = r#"{"version": 1, "status": "complete", "summary": "s", "findings": []}"#;
        insta::assert_snapshot!(
            reason(Ended::Exited(127), "", "cannot start /nowhere: No such file or directory\n"),
            @"it ended with status 127; the end of its standard error: cannot start /nowhere: No such file or directory"
        );
        insta::assert_snapshot!(reason(Ended::Exited(2), good, "a\nb"), @"it ended with status 2; the end of its standard error: b");
        insta::assert_snapshot!(
            reason(Ended::Exited(0), "", "no model\n"),
            @"what it printed is refused: there is no document: nothing was printed; the end of its standard error: no model"
        );
        assert_eq!(reason(Ended::Exited(0), good, "noise"), "");
    }
}
