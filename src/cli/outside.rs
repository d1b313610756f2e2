//! What waits for the outside, and ends on Ctrl-C; and how the outside is reached.

use super::{refuse, roots};
use crate::context::Context;
use crate::error::CommandError;
use crate::net::is_loopback;
use crate::validate::gather::Reach;
use crate::validate::gather::is_token;
use ipnet::IpNet;
use secrecy::ExposeSecret as _;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;
use url::Url;

/// What the process was started with, and these networks that may be reached although they are not public.
///
/// # Errors
/// When GITHUB_API_URL is no address, or the certificates cannot be read.
pub(super) fn reach(context: &Context, allow: Vec<IpNet>) -> Result<Reach, CommandError> {
    let github_api =
        Url::parse(&context.github_api_url).map_err(|error| refuse("GITHUB_API_URL is not a URL").because(&error))?;
    check(&github_api)?;
    if context.github_token.as_ref().is_some_and(|token| !is_token(token.expose_secret())) {
        return Err(refuse("GITHUB_TOKEN has a line end, a space or another character that no token has")
            .hint("set it to the token alone; `$(cat FILE)` leaves out the line end of a file"));
    }
    Ok(Reach { github_api, github_token: context.github_token.clone(), roots_pem: roots::read(context)?, allow })
}

/// Refuses an address over which a token would be read by others, and one that holds a secret: addresses are logged.
fn check(api: &Url) -> Result<(), CommandError> {
    if !api.username().is_empty() || api.password().is_some() {
        return Err(refuse("GITHUB_API_URL has a user name or password in it").hint("put the token in GITHUB_TOKEN"));
    }
    let is_here = api.host_str().is_some_and(is_loopback);
    if api.scheme() == "https" || (api.scheme() == "http" && is_here) {
        return Ok(());
    }
    Err(refuse(format!("GITHUB_API_URL is not https: `{api}`"))
        .hint("anybody on the way could read the token; http is for this machine only"))
}

/// Runs what waits for the outside. From the moment this is made, Ctrl-C and a request to end no longer end the process:
/// whoever waits looks here.
#[derive(Debug)]
pub(super) struct Outside {
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
    stopped: watch::Receiver<bool>,
}

impl Outside {
    pub(super) fn start() -> Result<Self, CommandError> {
        let cannot = |error: &std::io::Error| CommandError::unfinished("cannot start the network").because(error);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| cannot(&error))?;
        let (tell, stopped) = watch::channel(false);
        runtime.spawn(async move {
            if stop().await {
                tell.send_replace(true);
            }
            // Receivers must not take the end of this task for a signal.
            tell.closed().await;
        });
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime), stopped })
    }

    pub(super) fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.handle.block_on(what)
    }

    /// Whether somebody asked for the end.
    pub(super) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Calls this when somebody asks for the end.
    pub(super) fn on_stop(&self, act: impl FnOnce() + Send + 'static) {
        let stopped = self.stopped();
        self.handle.spawn(async move {
            stopped.await;
            act();
        });
    }

    /// Ends when somebody asks for the end.
    pub(super) fn stopped(&self) -> impl Future<Output = ()> + 'static {
        let mut stopped = self.stopped.clone();
        async move {
            if stopped.wait_for(|is| *is).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Waits for a signal. Where none can be heard it ends the process by itself.
async fn stop() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut asked), Ok(mut interrupted)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return false;
    };
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = asked.recv() => {}
    }
    true
}

impl Drop for Outside {
    fn drop(&mut self) {
        // Questions that nobody waits for any more must not hold up the end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
