//! Makes a call and hands its answer on. Of the provider's headers only `retry-after` gets through, of its answers only JSON and
//! events, and nothing with the key in it.

use super::Shared;
use super::admit::Admitted;
use super::audit::Call;
use super::budget::{Charge, Reservation};
use super::client::Client;
use super::leak::{Filter, contains, holds};
use super::meter::{self, Meter, Progress};
use super::refusal::Refusal;
use crate::fetch;
use crate::provider::{Api, Provider, Usage, anthropic};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::Response;
use tokio::io::AsyncWrite;
use tokio::time::{Instant, timeout_at};

/// The most bytes of a whole answer: some ten times what a model writes in one.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// The most bytes of an error.
const MAX_ERROR: usize = 64 * 1024;
/// The most bytes of a stream: each few letters come with a hundred bytes around them.
const MAX_STREAM: u64 = 64 * 1024 * 1024;
/// The most characters of `retry-after`: a number or a date.
const MAX_RETRY_AFTER: usize = 40;

pub(super) enum Ended {
    /// An answer; the connection can go on.
    Whole,
    /// A part of one, or nothing; the connection has to end.
    Cut,
    /// Nothing so far: it is to be told this.
    Unanswered(Refusal),
}

pub(super) async fn relay<S: AsyncWrite + Unpin>(
    shared: &Shared,
    api: Api,
    admitted: Admitted,
    reservation: Reservation,
    call: &mut Call,
    client: &mut Client<'_, S>,
) -> Ended {
    let deadline = Instant::now() + shared.options.timeout;
    let provider = api.provider();
    let Some(key) = shared.keys.of(provider) else { return Ended::Unanswered(Refusal::NoProviderKey) };
    let mut account = Account::open(call, reservation);
    let accept = if admitted.stream { "text/event-stream" } else { "application/json" };
    let mut request = shared
        .client
        .post(shared.upstream(api).clone())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, accept)
        .header(ACCEPT_ENCODING, "identity");
    let (name, value) = key.header();
    request = request.header(name, value);
    if api == Api::Messages {
        request = request.header("anthropic-version", anthropic::VERSION);
        if !admitted.betas.is_empty() {
            request = request.header("anthropic-beta", admitted.betas.join(","));
        }
    }
    let response = match timeout_at(deadline, request.body(admitted.body).send()).await {
        Err(_) => return Ended::Unanswered(Refusal::UpstreamTimeout),
        Ok(Err(error)) if error.is_connect() => {
            // The client is told nothing of where the provider is.
            let host = fetch::host_of(shared.upstream(api));
            tracing::warn!(%provider, host, cause = cause(&error), "the provider cannot be reached");
            account.release(call);
            return Ended::Unanswered(Refusal::UpstreamUnreachable);
        }
        Ok(Err(_)) => return Ended::Unanswered(Refusal::UpstreamMalformed),
        Ok(Ok(response)) => response,
    };
    let answer = Answer { response, deadline, key: key.secret() };
    let status = answer.response.status();
    let kind = answer.kind();
    if status.is_redirection() {
        account.release(call);
        return Ended::Unanswered(Refusal::UpstreamRedirect);
    }
    if answer.is_encoded() {
        return Ended::Unanswered(Refusal::UpstreamEncoded);
    }
    match (status.is_success(), kind) {
        (false, kind) if status.is_client_error() || status.is_server_error() => {
            account.release(call);
            answer.error(provider, kind, call, client).await
        }
        (true, Some(Kind::Json)) => answer.whole(api, account, call, client).await,
        (true, Some(Kind::Events)) if admitted.stream => answer.events(api, account, call, client).await,
        _ => Ended::Unanswered(Refusal::UpstreamMalformed),
    }
}

/// What is at the bottom of an error.
fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// The call's charge. From the first it is the worst case, which stays wherever nothing better is known.
struct Account {
    reservation: Option<Reservation>,
    worst: Usage,
}

impl Account {
    fn open(call: &mut Call, reservation: Reservation) -> Self {
        call.made = true;
        call.estimated = true;
        call.charge = Some(reservation.worst());
        Self { worst: reservation.worst().usage, reservation: Some(reservation) }
    }

    fn settle(&mut self, call: &mut Call, usage: Usage) {
        self.charge(call, false, |reservation| reservation.settle(usage));
    }

    /// The provider did no work: it does not charge for errors, and neither is it charged here.
    fn release(&mut self, call: &mut Call) {
        self.charge(call, false, Reservation::release);
    }

    /// What is known of the input; the worst case of the output.
    fn suspect(&mut self, call: &mut Call, seen: Usage) {
        let known = if seen.input_tokens > 0 { seen } else { self.worst };
        let usage = Usage { output_tokens: self.worst.output_tokens.max(seen.output_tokens), ..known };
        self.charge(call, true, |reservation| reservation.settle(usage));
    }

    fn charge(&mut self, call: &mut Call, estimated: bool, charge: impl FnOnce(Reservation) -> Charge) {
        if let Some(reservation) = self.reservation.take() {
            call.charge = Some(charge(reservation));
            call.estimated = estimated;
        }
    }
}

/// What an answer says it is.
#[derive(Clone, Copy)]
enum Kind {
    Json,
    Events,
}

/// A provider's answer, not yet read.
struct Answer<'a> {
    response: Response,
    deadline: Instant,
    /// What must not be in it.
    key: Option<&'a [u8]>,
}

impl Answer<'_> {
    fn kind(&self) -> Option<Kind> {
        let value = self.response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        match value.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/json" => Some(Kind::Json),
            "text/event-stream" => Some(Kind::Events),
            _ => None,
        }
    }

    fn is_encoded(&self) -> bool {
        let mut encodings = self.response.headers().get_all(CONTENT_ENCODING).iter();
        encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
    }

    /// Only what a number or a date can have, and not the key.
    fn retry_after(&self) -> Option<String> {
        let value = self.response.headers().get(RETRY_AFTER)?.to_str().ok()?;
        let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" ,:.".contains(&byte));
        let short = (1..=MAX_RETRY_AFTER).contains(&value.len());
        let is_key = self.key.is_some_and(|key| contains(value.as_bytes(), key));
        (plain && short && !is_key).then(|| value.to_owned())
    }

    async fn chunk(&mut self) -> Result<Option<bytes::Bytes>, Refusal> {
        let read = timeout_at(self.deadline, self.response.chunk()).await;
        read.map_err(|_| Refusal::UpstreamTimeout)?.map_err(|_| Refusal::UpstreamCut)
    }

    async fn read(&mut self, most: usize) -> Result<Vec<u8>, Refusal> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > most {
                return Err(Refusal::UpstreamTooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        if self.key.is_some_and(|key| holds(&body, key)) {
            return Err(Refusal::KeyEchoed);
        }
        Ok(body)
    }

    /// Hands on an error, with the time to wait if the provider said one.
    async fn error<S: AsyncWrite + Unpin>(
        mut self,
        provider: Provider,
        kind: Option<Kind>,
        call: &mut Call,
        client: &mut Client<'_, S>,
    ) -> Ended {
        let (status, retry_after) = (self.response.status().as_u16(), self.retry_after());
        call.failure = Some(Refusal::UpstreamError);
        let body = match (kind, self.read(MAX_ERROR).await) {
            (_, Err(why @ Refusal::KeyEchoed)) => return Ended::Unanswered(why),
            (Some(Kind::Json), Ok(body)) if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok() => body,
            // A gateway's page, say. What matters is the status.
            _ => Refusal::UpstreamError.body(provider, None),
        };
        told(client.whole(status, retry_after.as_deref(), &body, call).await, call)
    }

    /// Hands on a whole answer.
    async fn whole<S: AsyncWrite + Unpin>(
        mut self,
        api: Api,
        mut account: Account,
        call: &mut Call,
        client: &mut Client<'_, S>,
    ) -> Ended {
        let body = match self.read(MAX_ANSWER).await {
            Ok(body) => body,
            Err(why) => return Ended::Unanswered(why),
        };
        match meter::of_answer(api, &body) {
            Ok(Some(usage)) => account.settle(call, usage),
            Ok(None) => {}
            Err(_) => return Ended::Unanswered(Refusal::UpstreamMalformed),
        }
        call.failure = None;
        let status = self.response.status().as_u16();
        let sent = timeout_at(self.deadline, client.whole(status, None, &body, call)).await;
        told(sent.unwrap_or(Err(std::io::ErrorKind::TimedOut.into())), call)
    }

    /// Hands on events as they come.
    async fn events<S: AsyncWrite + Unpin>(
        mut self,
        api: Api,
        mut account: Account,
        call: &mut Call,
        client: &mut Client<'_, S>,
    ) -> Ended {
        let mut meter = Meter::new(api);
        let deadline = self.deadline;
        let passed = timeout_at(deadline, self.pass(&mut meter, call, client)).await;
        let passed = passed.unwrap_or(Err(Refusal::UpstreamTimeout));
        let ended = match (passed, meter.progress()) {
            // A stream that breaks after the answer was whole is no loss.
            (Ok(()) | Err(Refusal::UpstreamCut | Refusal::UpstreamTimeout), Progress::Whole(usage)) => {
                match usage {
                    Some(usage) => account.settle(call, usage),
                    None => account.suspect(call, meter.seen()),
                }
                call.failure = None;
                Ok(())
            }
            (Err(why), progress) => {
                match progress {
                    Progress::Whole(Some(usage)) => account.settle(call, usage),
                    _ => account.suspect(call, meter.seen()),
                }
                Err(why)
            }
            (Ok(()), Progress::Failed) => {
                account.suspect(call, meter.seen());
                call.failure = Some(Refusal::UpstreamFailed);
                Ok(())
            }
            (Ok(()), Progress::Open) => {
                account.suspect(call, meter.seen());
                Err(Refusal::UpstreamCut)
            }
        };
        match ended {
            Ok(()) => {
                let sent = timeout_at(deadline + std::time::Duration::from_secs(1), client.end()).await;
                told(sent.unwrap_or(Err(std::io::ErrorKind::TimedOut.into())), call)
            }
            Err(why) => {
                call.failure = Some(why);
                Ended::Cut
            }
        }
    }

    async fn pass<S: AsyncWrite + Unpin>(
        &mut self,
        meter: &mut Meter,
        call: &mut Call,
        client: &mut Client<'_, S>,
    ) -> Result<(), Refusal> {
        let gone = |_| Refusal::ClientGone;
        let mut filter = Filter::new(self.key);
        client.begin(call).await.map_err(gone)?;
        let (mut free, mut read) = (Vec::new(), 0_u64);
        while let Some(chunk) = self.response.chunk().await.map_err(|_| Refusal::UpstreamCut)? {
            read += chunk.len() as u64;
            if read > MAX_STREAM {
                return Err(Refusal::UpstreamTooLarge);
            }
            meter.push(&chunk).map_err(|_| Refusal::UpstreamTooLarge)?;
            free.clear();
            filter.pass(&chunk, &mut free).map_err(|_| Refusal::KeyEchoed)?;
            client.piece(&free, call).await.map_err(gone)?;
        }
        client.piece(&filter.end(), call).await.map_err(gone)
    }
}

fn told(sent: std::io::Result<()>, call: &mut Call) -> Ended {
    match sent {
        Ok(()) => Ended::Whole,
        Err(_) => {
            call.failure = Some(Refusal::ClientGone);
            Ended::Cut
        }
    }
}
