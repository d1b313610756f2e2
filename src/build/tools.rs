//! Asks the server in an image for its tools: started as the MCP Gateway starts it, spoken to over its standard streams, and
//! removed, however that ends.

mod compare;
mod pump;
mod rules;
mod shape;
mod values;

pub(crate) use compare::{compare, write};
pub(crate) use rules::rules;
pub(crate) use shape::RegistryTool;

use super::Session;
use super::plan::Subject;
use crate::engine::server::ServerContainer;
use crate::engine::{Engine, Kind};
use crate::error::CommandError;
use crate::ids::hex;
use crate::mcp::stdio;
use crate::review::sandbox::owner::Owner;
use crate::review::sandbox::{Mode, clean};
use pump::{Pump, Trouble};
use std::time::Duration;

/// How long the engine may take to end a container that has closed its output.
const END_WITHIN: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct ToolsOptions {
    /// Time from the start of the container to the last tool.
    pub(crate) time: Duration,
    /// Whether the server has a network although its entry does not say that it needs one.
    pub(crate) network: bool,
    /// The time of the run, in seconds since 1970.
    pub(crate) started: i64,
}

impl Session {
    /// The tools of the server in an image, in the registry's form, sorted by name.
    ///
    /// # Errors
    /// When the server does not say them: with the last lines that it wrote.
    pub(crate) async fn tools(
        &self,
        subject: &Subject,
        image: &str,
        options: &ToolsOptions,
    ) -> Result<Vec<RegistryTool>, CommandError> {
        let entry = &subject.entry;
        if let Some(requirement) = &subject.manifest.requirement {
            return Err(CommandError::usage(format!(
                "`{entry}` needs `{requirement}` beside it, which is not started here"
            ))
            .hint("write its tools.json by hand"));
        }
        let failed = |error: &dyn std::error::Error| {
            CommandError::unfinished(format!("the server `{entry}` was not asked for its tools")).because(error)
        };
        // What killed runs have left, before this one adds to it.
        clean(&self.engine, Mode::Leftovers).await.map_err(|error| failed(&error))?;
        let network = options.network || needs_network(subject);
        let container = container(subject, image, options, network)?;
        self.containers.lock().await.push(container.name.clone());
        let made = self.engine.create_server(&container).await;
        let asked = match made {
            Ok(()) => ask(&self.engine, &container.name, options.time).await,
            Err(error) => Err(Trouble::Engine(error)),
        };
        self.end(&container.name).await;
        let listed = asked.map_err(|trouble| {
            let mut error = CommandError::unfinished(format!("the server `{entry}` did not list its tools: {trouble}"));
            let may_want_network = matches!(trouble, Trouble::Ended { .. } | Trouble::Time { .. });
            error.excerpt = trouble.lines();
            if may_want_network && !network {
                error.hint("it had no network: `--tools-network` gives it one")
            } else {
                error
            }
        })?;
        let mut tools: Vec<RegistryTool> = listed.iter().map(RegistryTool::of).collect();
        tools.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(tools)
    }

    /// Ends the build and removes the containers of this run, for one that is ended in the middle.
    pub(crate) async fn close(&self) {
        self.engine.canceled().await;
        let names = std::mem::take(&mut *self.containers.lock().await);
        for name in names {
            self.end(&name).await;
        }
    }

    async fn end(&self, name: &str) {
        if let Err(error) = self.engine.remove(Kind::Container, name).await {
            tracing::warn!(%error, "the container of a server stays behind; the next run removes it");
        }
    }
}

/// Whether an entry says that its server needs a network.
fn needs_network(subject: &Subject) -> bool {
    !subject.manifest.run.disable_network && !subject.manifest.run.allow_hosts.is_empty()
}

fn container(
    subject: &Subject,
    image: &str,
    options: &ToolsOptions,
    network: bool,
) -> Result<ServerContainer, CommandError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|error| CommandError::unfinished("the system has no random numbers").because(&error))?;
    let id = hex(&random);
    let values = values::Values::of(subject);
    Ok(ServerContainer {
        name: format!("mcp-registry-{id}-server"),
        image: image.to_owned(),
        command: values.command(),
        user: subject
            .manifest
            .run
            .user
            .as_deref()
            .map(|user| values.fill(user))
            .filter(|user| user != values::PLACEHOLDER),
        environment: values.environment(),
        network,
        labels: Owner::this_process().labels(&id, options.started, options.time),
    })
}

async fn ask(engine: &Engine, name: &str, time: Duration) -> Result<Vec<stdio::ListedTool>, Trouble> {
    let attached = engine.attach(name).await.map_err(Trouble::Engine)?;
    engine.start(name).await.map_err(Trouble::Engine)?;
    let (pump, output) = Pump::start(attached.output);
    let asked = tokio::time::timeout(time, stdio::list_tools(output, attached.input)).await;
    let trouble = match asked {
        Ok(Ok(tools)) => return Ok(tools),
        Ok(Err(error)) => Some(error),
        Err(_) => None,
    };
    let heard = pump.stop().await;
    let Some(error) = trouble else { return Err(Trouble::Time { time, heard }) };
    if let Some(flood) = heard.flood {
        return Err(Trouble::Flood { what: flood, heard });
    }
    if error == stdio::StdioError::Closed
        && let Ok(Ok(end)) = tokio::time::timeout(END_WITHIN, engine.wait(name)).await
    {
        return Err(Trouble::Ended { end, heard });
    }
    Err(Trouble::Protocol { error, heard })
}
