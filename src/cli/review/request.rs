//! From arguments to a request: which targets, which agents, within which bounds.

use super::options::{AgentName, ProviderName, ReviewArgs};
use super::reach;
use crate::agent::coding::Coder;
use crate::cli::{Global, entries, policy, range, refuse, roots};
use crate::context::Context;
use crate::entry::load;
use crate::entry::source::relative;
use crate::error::CommandError;
use crate::ids::{CommitSha, ImageReference};
use crate::policy::{POLICY, Policy};
use crate::proxy::upstreams::Upstreams;
use crate::proxy::{self, Api, Provider, models};
use crate::review::prepare::{PrepareLimits, Reach};
use crate::review::sandbox::{Limits, SOCKET};
use crate::review::target::{self, Changed, Target, Why, Work};
use crate::review::{AgentChoice, Request, SandboxOptions, images};
use crate::verdict::judge::{BUILTIN, CLAUDE, CODEX, STATIC};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// What takes the place of a model's name where no key is given on, so that no call can be made.
const NO_MODEL: &str = "none";

pub(super) fn of(
    args: &ReviewArgs,
    global: &Global,
    context: &Context,
    Asked { targets, model, networks }: Asked,
) -> Result<Request, CommandError> {
    let model = args.model.clone().or(model);
    let agents = agents(args, context, model.as_deref())?;
    let upstreams = args.providers.upstreams(context)?;
    check_keys(&agents, context, &upstreams)?;
    reach::check(args.provider_network.as_deref(), &used(&agents, context, model.as_deref()), &upstreams)?;
    let sandbox = if agents.is_empty() { None } else { Some(sandbox(args, context, model, upstreams)?) };
    if let Some(sandbox) = &sandbox {
        check_prices(args, &agents, sandbox)?;
    }
    if global.offline {
        refuse_network(&targets, &agents)?;
    }
    Ok(Request {
        targets,
        agents,
        reach: Reach { roots_pem: roots::read(context)?, allow: [args.allow_network.clone(), networks].concat() },
        limits: PrepareLimits::default(),
        sandbox,
        cache: args.cache.clone(),
        force: args.force,
        jobs: args.jobs.into(),
        temp_dir: context.temp_dir.clone(),
    })
}

/// A request that only measures.
pub(super) fn to_measure(
    args: &ReviewArgs,
    global: &Global,
    context: &Context,
    asked: &Asked,
) -> Result<Request, CommandError> {
    if global.offline {
        refuse_network(&asked.targets, &[])?;
    }
    Ok(Request {
        targets: asked.targets.clone(),
        agents: Vec::new(),
        reach: Reach {
            roots_pem: roots::read(context)?,
            allow: [args.allow_network.as_slice(), &asked.networks].concat(),
        },
        limits: PrepareLimits::default(),
        sandbox: None,
        cache: None,
        force: false,
        jobs: 1,
        temp_dir: context.temp_dir.clone(),
    })
}

/// What fetching, exporting and judging one target may take beside its agents, and what a sandbox may take beside its agent.
const ONE_TARGET: Duration = Duration::from_mins(40);
const ONE_SANDBOX: Duration = Duration::from_mins(5);

/// The time for a whole run if nobody says one: enough for every target to take as long as it may.
pub(super) fn time(request: &Request) -> Duration {
    let agent = request.sandbox.as_ref().map_or(Duration::ZERO, |sandbox| sandbox.limits.deadline + ONE_SANDBOX);
    let one = ONE_TARGET + agent.saturating_mul(u32::try_from(request.agents.len()).unwrap_or(u32::MAX));
    let rounds = request.targets.len().div_ceil(request.jobs.max(1));
    one.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX))
}

/// What people call the targets.
pub(super) fn names(targets: &[Target]) -> Vec<String> {
    let name = |target: &Target| match (&target.entry, &target.work) {
        (Some(entry), _) => entry.to_string(),
        (None, Ok(work)) => work.shown(),
        (None, Err(_)) => String::new(),
    };
    targets.iter().map(name).collect()
}

/// What to review, and what the registry says about it.
pub(super) struct Asked {
    pub(super) targets: Vec<Target>,
    /// The model that the policy names.
    pub(super) model: Option<String>,
    /// Private networks that the policy allows.
    networks: Vec<IpNet>,
}

impl Asked {
    fn by(policy: Option<Policy>, targets: Vec<Target>) -> Self {
        let settings = policy.unwrap_or_default().settings;
        Self { targets, model: settings.review.model, networks: settings.network.allow }
    }
}

/// What to review. The policy is that of the range's base, or the one at the root.
pub(super) fn targets(args: &ReviewArgs, global: &Global) -> Result<Asked, CommandError> {
    let at_root = || policy::load(&global.root, None).map(Some);
    if let Some(repository) = &args.repo {
        return Ok(Asked::by(at_root()?, vec![of_repository(repository, args)?]));
    }
    policy::check_root(&global.root)?;
    if let Some(range) = &args.diff {
        let range = range::parse(range)?;
        let Changed { targets, policy } = target::of_range(&global.root, &range)?;
        let policy = policy.map(|text| policy::parse(&text, &format!("{POLICY} at the base"))).transpose()?;
        return Ok(Asked::by(policy, targets));
    }
    let names = entries::list(&global.root)?;
    let mut targets = Vec::new();
    for wanted in &args.names {
        let name = entries::named(wanted, &names)?;
        match target::of_entry(&load::load(&global.root, name)) {
            Some(target) if !targets.contains(&target) => targets.push(target),
            Some(_) => {}
            None => {
                return Err(refuse(format!("`{wanted}` has no source to review: it names no repository"))
                    .hint("entries of remote servers and of images that others build have none"));
            }
        }
    }
    Ok(Asked::by(at_root()?, targets))
}

fn of_repository(repository: &str, args: &ReviewArgs) -> Result<Target, CommandError> {
    if let Err(wrong) = target::check_address(repository) {
        let error = refuse(format!("`--repo`: {wrong}"));
        return Err(if Path::new(repository).is_dir() {
            error.hint(format!("did you mean `./{repository}`?"))
        } else {
            error.hint("write an https address, or a path that begins with `/`, `./` or `../`")
        });
    }
    let commit = |option: &str, text: &Option<String>| {
        let parse = |text: &String| {
            CommitSha::parse(text).map_err(|error| {
                refuse(format!("`--{option} {text}`: {error}"))
                    .hint("`git rev-parse NAME` in a clone prints the id of a branch or tag")
            })
        };
        text.as_ref().map(parse).transpose()
    };
    let Some(head) = commit("head", &args.head)? else { return Err(refuse("`--repo` goes with `--head`")) };
    let path = |option: &str, text: &Option<String>| {
        let parse = |text: &String| relative(&format!("--{option}"), text).map_err(refuse);
        text.as_ref().map(parse).transpose()
    };
    let work = Work {
        repository: repository.to_owned(),
        head,
        base: commit("base", &args.base)?,
        directory: path("directory", &args.directory)?.unwrap_or_default(),
        dockerfile: path("dockerfile", &args.dockerfile)?.filter(|path| !path.is_empty()),
        branch: None,
    };
    Ok(Target { entry: None, manifest: None, why: Why::Asked, work: Ok(work) })
}

/// Whom to ask beside the static checks: who is named; else the built-in agent, if there is a key for it.
fn agents(args: &ReviewArgs, context: &Context, model: Option<&str>) -> Result<Vec<AgentChoice>, CommandError> {
    let has_key = context.anthropic_api_key.is_some() || context.openai_api_key.is_some();
    let nobody_named = args.agents.is_empty() && args.agent_images.is_empty();
    let mut agents = Vec::new();
    if args.agents.contains(&AgentName::Builtin) || (nobody_named && has_key) {
        let api = api(args, context, model)?;
        let Some(model) = model else {
            let wrong = refuse(format!(
                "the built-in agent needs a model: name one with `--model`, or as `model` in `[review]` of {POLICY}"
            ));
            return Err(wrong.hint(models::hint(api.provider())).hint("`--agent static` needs none"));
        };
        agents.push(AgentChoice::BuiltIn { api, model: model.to_owned(), stream: !args.no_stream });
    }
    for (name, coder) in [(AgentName::Claude, Coder::Claude), (AgentName::Codex, Coder::Codex)] {
        if args.agents.contains(&name) {
            agents.push(coding(args, context, coder, model)?);
        }
    }
    for reference in &args.agent_images {
        if [STATIC, BUILTIN, CLAUDE, CODEX].contains(&reference.as_str()) {
            return Err(refuse(format!("`--agent-image {reference}`: reports call the reviewer of this program so"))
                .hint(format!("`--agent {reference}` asks that one, `--agent-image {reference}:latest` the image")));
        }
        let choice = AgentChoice::Image { reference: reference.clone() };
        if !agents.contains(&choice) {
            agents.push(choice);
        }
    }
    Ok(agents)
}

/// A coding agent, with its model, and its image by its digest.
fn coding(
    args: &ReviewArgs,
    context: &Context,
    coder: Coder,
    model: Option<&str>,
) -> Result<AgentChoice, CommandError> {
    let name = coder.as_str();
    let (own, image, key, variable) = match coder {
        Coder::Claude => (&args.claude_model, &args.claude_image, &context.anthropic_api_key, "ANTHROPIC_API_KEY"),
        Coder::Codex => (&args.codex_model, &args.codex_image, &context.openai_api_key, "OPENAI_API_KEY"),
    };
    // A model that is known to be another provider's is none for it.
    let common = model.filter(|model| models::provider(model).is_none_or(|whose| whose == coder.provider()));
    let Some(model) = own.as_deref().or(common) else {
        let wrong = refuse(format!("`{name}` needs a model: name one with `--{name}-model` or `--model`"));
        return Err(wrong.hint(models::hint(coder.provider())));
    };
    if key.is_none() {
        return Err(refuse(format!("`{name}` needs a provider key: set {variable}")));
    }
    let image = match image {
        None => images::name(coder)?,
        Some(image) if image.starts_with("sha256:") => image.clone(),
        Some(image) if ImageReference::parse(image).is_ok_and(|image| image.digest.is_some()) => image.clone(),
        Some(image) => {
            return Err(refuse(format!("`--{name}-image {image}`: name the image by its digest, or by its id"))
                .hint("a name without a digest may be another image tomorrow"));
        }
    };
    Ok(AgentChoice::Coder { coder, model: model.to_owned(), image })
}

/// Which API: what is asked for, else that of whose the model is if that is known, else that of whose key is there.
fn api(args: &ReviewArgs, context: &Context, model: Option<&str>) -> Result<Api, CommandError> {
    let named = args.provider.map(|name| match name {
        ProviderName::Anthropic => Api::Messages,
        ProviderName::Openai => Api::Responses,
        ProviderName::OpenaiChat => Api::Chat,
    });
    let wanted = named.map(Api::provider).or_else(|| model.and_then(models::provider));
    match (wanted, &context.anthropic_api_key, &context.openai_api_key) {
        (Some(Provider::Anthropic) | None, Some(_), _) => Ok(Api::Messages),
        (Some(Provider::OpenAi) | None, _, Some(_)) => Ok(named.unwrap_or(Api::Responses)),
        (wanted, ..) => {
            let variable = match wanted {
                Some(Provider::Anthropic) => "ANTHROPIC_API_KEY",
                Some(Provider::OpenAi) => "OPENAI_API_KEY",
                None => "ANTHROPIC_API_KEY or OPENAI_API_KEY",
            };
            Err(refuse(format!("the built-in agent needs a provider key: set {variable}"))
                .hint("`--agent static` needs none"))
        }
    }
}

/// The providers whose keys are used.
fn used(agents: &[AgentChoice], context: &Context, model: Option<&str>) -> Vec<Provider> {
    let has_key = |provider: Provider| match provider {
        Provider::Anthropic => context.anthropic_api_key.is_some(),
        Provider::OpenAi => context.openai_api_key.is_some(),
    };
    let uses = |agent: &AgentChoice, provider: Provider| match agent {
        AgentChoice::BuiltIn { api, .. } => api.provider() == provider,
        AgentChoice::Coder { coder, .. } => coder.provider() == provider,
        // Without a model there is no way to one.
        AgentChoice::Image { .. } => model.is_some() && has_key(provider),
    };
    Provider::ALL.into_iter().filter(|provider| agents.iter().any(|agent| uses(agent, *provider))).collect()
}

/// Refuses a bound on money where nobody knows what a model costs.
fn check_prices(args: &ReviewArgs, agents: &[AgentChoice], sandbox: &SandboxOptions) -> Result<(), CommandError> {
    let option = match (args.budget.max_cost, args.budget.max_agent_cost) {
        (Some(_), _) => "--max-cost",
        (None, Some(_)) => "--max-agent-cost",
        (None, None) => return Ok(()),
    };
    if agents.iter().all(|agent| sandbox.price(agent).is_some()) {
        return Ok(());
    }
    Err(refuse(format!("`{option}`: the price of a model is not known"))
        .hint("say it with `--input-price` and `--output-price`, in US dollars for a million tokens"))
}

/// Refuses a key that no provider can have given, before anything is fetched or started for it. Only of those that are used.
fn check_keys(agents: &[AgentChoice], context: &Context, upstreams: &Upstreams) -> Result<(), CommandError> {
    let keys = [
        (Provider::Anthropic, "ANTHROPIC_API_KEY", &context.anthropic_api_key, "ANTHROPIC_BASE_URL"),
        (Provider::OpenAi, "OPENAI_API_KEY", &context.openai_api_key, "OPENAI_BASE_URL"),
    ];
    for (whose, variable, key, base) in keys {
        let used = agents.iter().any(|agent| match agent {
            AgentChoice::BuiltIn { api, .. } => api.provider() == whose,
            AgentChoice::Coder { coder, .. } => coder.provider() == whose,
            AgentChoice::Image { .. } => true,
        });
        let Some(key) = key.as_ref().filter(|_| used) else { continue };
        if !proxy::keys::can_be_key(key) {
            let most = proxy::keys::MAX_SECRET;
            let wrong =
                format!("{variable} is not a key: a key has at most {most} visible ASCII characters and no spaces");
            return Err(refuse(wrong).hint("set it to the provider's key, or unset it; `--agent static` needs none"));
        }
        if proxy::keys::is_placeholder(key) && upstreams.is_original(whose) {
            let least = proxy::keys::MIN_SECRET;
            let wrong = format!("{variable} is not a key of this provider: its keys have {least} characters and more");
            return Err(refuse(wrong)
                .hint("set it to the provider's key, or unset it; `--agent static` needs none")
                .hint(format!("for a model of your own, set {base} to where it listens")));
        }
    }
    Ok(())
}

/// A warning for each model that is to be asked and is gone, or soon will be.
pub(super) fn warnings(request: &Request, context: &Context) -> Vec<String> {
    let asked: BTreeSet<&str> = request
        .agents
        .iter()
        .filter_map(|agent| match agent {
            AgentChoice::BuiltIn { model, .. } | AgentChoice::Coder { model, .. } => Some(model.as_str()),
            AgentChoice::Image { .. } => request.sandbox.as_ref()?.proxy.models.first().map(String::as_str),
        })
        .collect();
    asked.into_iter().filter_map(|model| models::warning(model, context.today())).collect()
}

fn sandbox(
    args: &ReviewArgs,
    context: &Context,
    model: Option<String>,
    upstreams: Upstreams,
) -> Result<SandboxOptions, CommandError> {
    let Some(executable) = context.executable.clone() else {
        return Err(CommandError::unfinished("the system does not say which file this program is"));
    };
    if !(0.1..=1024.0).contains(&args.cpus) {
        return Err(refuse(format!("`--cpus {}`: it is at least 0.1 and at most 1024", args.cpus)));
    }
    let budget = &args.budget;
    let options = proxy::Options {
        listen: proxy::Listen::Socket(SOCKET.into()),
        audit: None,
        models: vec![model.clone().unwrap_or_else(|| NO_MODEL.to_owned())],
        aliases: args.aliases.clone(),
        upstreams,
        limits: proxy::Limits {
            requests: budget.max_requests,
            input_tokens: budget.max_input_tokens,
            output_tokens: budget.max_output_tokens,
            ..proxy::Limits::default()
        },
        price: budget.input_price.zip(budget.output_price).map(|(input, output)| proxy::Price { input, output }),
        timeout: proxy::options::DEFAULT_TIMEOUT,
        // A minute more than any agent has: what ends a run is its deadline.
        lifetime: args.deadline.saturating_add(Duration::from_secs(60)),
        read_timeout: proxy::options::DEFAULT_READ_TIMEOUT,
    };
    options.check().map_err(|error| refuse(error.to_string()))?;
    Ok(SandboxOptions {
        docker_host: context.docker_host.clone(),
        executable,
        started: context.now.timestamp(),
        limits: Limits {
            memory: args.memory,
            cpus: args.cpus,
            pids: args.pids,
            deadline: args.deadline,
            ..Limits::default()
        },
        runtime: args.runtime.clone(),
        provider_network: args.provider_network.clone(),
        proxy: options,
        agent_cost: budget.max_agent_cost,
        run_cost: budget.max_cost,
        // Agents that no model is named for get no way to one.
        anthropic_key: context.anthropic_api_key.clone().filter(|_| model.is_some() || args.claude_model.is_some()),
        openai_key: context.openai_api_key.clone().filter(|_| model.is_some() || args.codex_model.is_some()),
    })
}

/// `--offline`: what would need a network is refused before anything is done.
fn refuse_network(targets: &[Target], agents: &[AgentChoice]) -> Result<(), CommandError> {
    let is_remote = |work: &Work| work.repository.starts_with("https:");
    if let Some(work) = targets.iter().filter_map(|target| target.work.as_ref().ok()).find(|work| is_remote(work)) {
        return Err(refuse(format!("`--offline`: `{}` needs to be fetched", work.shown())));
    }
    if agents.is_empty() {
        return Ok(());
    }
    Err(refuse("`--offline`: agents with a model need a network").hint("`--agent static` needs none"))
}
