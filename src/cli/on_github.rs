//! Options of the commands that speak to the registry's repository on GitHub.

use super::outside::{self, Outside};
use super::{Global, refuse, units};
use crate::checks::{ChecksError, Pace, Registry};
use crate::context::Context;
use crate::error::CommandError;
use crate::output::Format;
use crate::policy::{ACTIONS_APP, Policy};
use crate::sync::connect;
use clap::Args;
use std::time::Duration;

/// Which registry on GitHub, and whose word counts there.
#[derive(Debug, Clone, Args)]
pub(super) struct PlaceArgs {
    /// The registry on GitHub. Known in a workflow, by GITHUB_REPOSITORY.
    #[arg(long, value_name = "OWNER/NAME", help_heading = "GitHub")]
    repository: Option<String>,
    /// The registry's own GitHub App, by its id; `app-id` of `[github]` in the policy without it.
    #[arg(long, value_name = "ID", help_heading = "GitHub")]
    pub(super) app_id: Option<u64>,
}

#[derive(Debug, Clone, Args)]
pub(super) struct GithubArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Take a workflow's own token, although a stranger's pull request can make the same checks with one.
    #[arg(long, help_heading = "GitHub")]
    pub(super) allow_actions_app: bool,
    /// Only read, and say what would be written.
    #[arg(long, help_heading = "GitHub")]
    pub(super) dry_run: bool,
    /// Wait at most this long when GitHub asks to be left alone.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = units::pause, help_heading = "GitHub")]
    max_wait: Duration,
    /// The time between two writes: GitHub asks for a second.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::pause, help_heading = "GitHub")]
    pub(super) write_interval: Duration,
}

impl PlaceArgs {
    /// Refuses what makes no sense, before anything is read.
    pub(super) fn check(&self, command: &str, global: &Global, context: &Context) -> Result<(), CommandError> {
        if !matches!(global.format, Format::Human | Format::Json) {
            return Err(refuse(format!("`{command}` is written as human or json")).hint("use `--format json`"));
        }
        if global.offline {
            return Err(
                refuse(format!("`{command}` needs GitHub, and this run is offline")).hint("leave out `--offline`")
            );
        }
        if context.github_token.is_none() {
            return Err(refuse(format!("`{command}` needs a token in GITHUB_TOKEN"))
                .hint("one of the registry's own App: `actions/create-github-app-token` makes it in a workflow"));
        }
        Ok(())
    }

    /// Does something with the registry's repository, until it is done or somebody asks for the end.
    pub(super) fn with<T>(
        &self,
        doing: &str,
        policy: &Policy,
        context: &Context,
        pace: Pace,
        act: impl AsyncFnOnce(&Registry) -> Result<T, ChecksError>,
    ) -> Result<T, CommandError> {
        let (owner, name) = repository(self.repository.as_deref(), context)?;
        let reach = outside::reach(context, policy.settings.network.allow.clone())?;
        let outside = Outside::start()?;
        let cannot = |error: &dyn std::error::Error| CommandError::unfinished(format!("cannot {doing}")).because(error);
        outside.wait(async {
            let registry = connect(reach, &owner, &name, pace).map_err(|error| cannot(&error))?;
            tokio::select! {
                done = act(&registry) => done.map_err(|error| {
                    error.hints().into_iter().fold(cannot(&error), CommandError::hint)
                }),
                () = outside.stopped() => Err(CommandError::unfinished(format!("stopped: could not {doing}"))
                    .hint("run it again: it goes on where this run ended")),
            }
        })
    }
}

impl GithubArgs {
    /// Refuses what makes no sense, before anything is read.
    pub(super) fn check(&self, command: &str, global: &Global, context: &Context) -> Result<(), CommandError> {
        self.place.check(command, global, context)
    }

    /// The App whose checks count.
    pub(super) fn app(&self, policy: &Policy) -> Result<u64, CommandError> {
        let app = self.place.app_id.or(policy.settings.github.app_id);
        let app = app.or(self.allow_actions_app.then_some(ACTIONS_APP)).ok_or_else(|| {
            refuse("nothing says which GitHub App is the registry's own")
                .hint("set `app-id` in `[github]` of mcp-registry.toml, or name it with `--app-id`")
        })?;
        if app == ACTIONS_APP && !self.allow_actions_app {
            return Err(refuse(format!("{ACTIONS_APP} is the App of every workflow, a stranger's among them"))
                .hint("make an App of the registry's own; docs/github.md says how"));
        }
        Ok(app)
    }

    /// Does something with the registry's repository, until it is done or somebody asks for the end.
    pub(super) fn with<T>(
        &self,
        doing: &str,
        policy: &Policy,
        context: &Context,
        act: impl AsyncFnOnce(&Registry) -> Result<T, ChecksError>,
    ) -> Result<T, CommandError> {
        let pace = Pace { interval: self.write_interval, longest: self.max_wait, ..Pace::default() };
        self.place.with(doing, policy, context, pace, act)
    }
}

/// Owner and name of the registry on GitHub, as the command line or the environment says it.
///
/// # Errors
/// When neither does.
pub(super) fn repository(said: Option<&str>, context: &Context) -> Result<(String, String), CommandError> {
    let (said, text) = match (said, &context.github_repository) {
        (Some(text), _) => ("--repository", text),
        (None, Some(text)) => ("GITHUB_REPOSITORY", text.as_str()),
        (None, None) => {
            return Err(refuse("nothing says which repository on GitHub the registry is")
                .hint("name it: `--repository OWNER/NAME`"));
        }
    };
    match text.split_once('/') {
        Some((owner, name)) if is_name(owner) && is_name(name) => Ok((owner.to_owned(), name.to_owned())),
        _ => Err(refuse(format!("`{said}` is not OWNER/NAME: `{text}`")).hint("as in `acme/registry`")),
    }
}

/// Whether GitHub could have an owner or a repository of this name.
fn is_name(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= 100 && !matches!(text, "." | "..") && text.bytes().all(known)
}
