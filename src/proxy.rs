//! The proxy between an agent and a model's provider: it has the key, and the agent does not.
//!
//! It takes three requests, `POST /anthropic/v1/messages`, `POST /openai/v1/responses` and `POST /openai/v1/chat/completions`, from
//! whoever shows the run's token; parses them; and makes new ones of the fields that are allowed. What it sends, it has written itself; what it sends back,
//! it has looked through for the key. Every call leaves one line ([`audit::AuditLine`]) and is charged to a budget, by the
//! provider's own count where there is one and by the worst case where there is none. `refusal` has the words for all that
//! can go wrong.
//!
//! Requests are read by a parser of our own (`http`), because the usual ones take more than is wanted here: bare line
//! feeds, several encodings of a body, upgrades.

mod admit;
pub(crate) mod audit;
mod budget;
mod client;
mod connection;
mod http;
pub(crate) mod keys;
mod leak;
mod listener;
mod meter;
pub(crate) mod options;
mod process;
pub(crate) mod refusal;
mod relay;
mod room;
pub(crate) mod upstreams;

pub(crate) use keys::Keys;
pub(crate) use listener::Listener;
pub(crate) use options::{Alias, Limits, Listen, Micros, Options, OptionsError, Price};
pub(crate) use process::protect;

pub(crate) use crate::provider::{Api, Provider, models};

use crate::fetch::{self, SetupError};
use audit::{Audit, Ending};
use budget::Budget;
use room::Room;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

/// Connections of clients that have shown the token, at the same time.
const MAX_CONNECTIONS: usize = options::MAX_CONCURRENT as usize;
/// The time that a connection to a provider may take, names and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that an unused connection to a provider is kept: from one turn of an agent to the next. A call that is sent on a
/// connection that its provider is just closing fails, and is charged as the worst.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// Why there is no proxy, or no longer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up")]
    Client(#[from] SetupError),
    #[error("the proxy cannot listen at {0}")]
    Listen(String, #[source] std::io::Error),
    /// The audit lines cannot be written: there is no call without its line.
    #[error("the audit lines cannot be written")]
    Audit,
    /// The client is not one that means well.
    #[error("{} calls with the client token were refused", audit::MAX_REFUSED)]
    Refused,
}

/// What all connections have in common.
struct Shared {
    options: Options,
    keys: Keys,
    messages: Url,
    responses: Url,
    chat: Url,
    client: reqwest::Client,
    budget: Arc<Budget>,
    slots: Semaphore,
    audit: Audit,
    started: Instant,
}

impl Shared {
    fn upstream(&self, api: Api) -> &Url {
        match api {
            Api::Messages => &self.messages,
            Api::Responses => &self.responses,
            Api::Chat => &self.chat,
        }
    }
}

/// Serves until `shutdown` is ready, or until it may not go on. Then calls that are being made are cut, and charged as the worst.
/// `sink` gets one JSON line a call. `roots_pem` are certificates to trust beside the built-in ones.
///
/// # Errors
/// When the options cannot be, or the proxy ended by itself.
pub(crate) async fn serve(
    options: Options,
    keys: Keys,
    roots_pem: Option<&[u8]>,
    listener: Listener,
    sink: Box<dyn Write + Send>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ProxyError> {
    options.check()?;
    let client = fetch::client_builder(roots_pem)?
        .https_only(!options.upstreams.allow_http)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE)
        // One protocol, and the one that the tests speak: a handful of calls at once gains nothing from the other.
        .http1_only()
        .build()
        .map_err(SetupError::Client)?;
    let (audit, writer) = Audit::start(sink);
    let shared = Arc::new(Shared {
        messages: options.upstreams.url(Api::Messages),
        responses: options.upstreams.url(Api::Responses),
        chat: options.upstreams.url(Api::Chat),
        client,
        budget: Budget::new(options.limits, options.price),
        slots: Semaphore::new(options.limits.concurrent),
        audit: audit.clone(),
        started: Instant::now(),
        keys,
        options,
    });
    let (stop, stopped) = watch::channel(());
    let room = Room::new(MAX_CONNECTIONS);
    let mut connections = JoinSet::new();
    let accept = async {
        loop {
            let stream = listener.accept().await;
            let (shared, mut stopped) = (shared.clone(), stopped.clone());
            let (place, put_out) = room.enter();
            connections.spawn(async move {
                let put_out = async {
                    if put_out.await.is_err() {
                        // The token was shown: nobody puts this one out.
                        std::future::pending::<()>().await;
                    }
                };
                tokio::select! {
                    // The sender is dropped: the proxy ends.
                    _ = stopped.changed() => {}
                    () = put_out => {}
                    () = connection::run(stream, &shared, &place) => {}
                }
            });
            while connections.try_join_next().is_some() {}
        }
    };
    let ending = tokio::select! {
        () = shutdown => None,
        ending = audit.ended() => Some(ending),
        () = accept => None,
    };
    drop(stop);
    while connections.join_next().await.is_some() {}
    drop((listener, audit, shared));
    // The lines of the last calls.
    let written = writer.await.is_ok();
    match ending {
        Some(Ending::Broken) => Err(ProxyError::Audit),
        Some(Ending::Refused) => Err(ProxyError::Refused),
        None if !written => Err(ProxyError::Audit),
        None => Ok(()),
    }
}
