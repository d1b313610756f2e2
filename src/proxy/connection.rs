//! One client's connection: reads a request, has it made, writes the answer, and again.
//!
//! The order is: what costs nothing to check comes first, nothing of the body is read before the client has shown its token,
//! and memory for bodies is only given to as many calls as may be made at once.

use super::audit::Call;
use super::client::Client;
use super::http::{self, Head, MAX_HEAD, Scan};
use super::refusal::Refusal;
use super::relay::{self, Ended};
use super::room::Place;
use super::{Shared, admit};
use crate::provider::Api;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

/// How long a new connection may wait for its first byte: a client connects when it has something to send.
const FIRST_BYTE: Duration = Duration::from_secs(5);
/// How long a connection whose client has shown the token may wait for its next request.
const IDLE: Duration = Duration::from_secs(60);
/// How long, and how much, is read from a client that was refused, so that it gets to read why: a connection that is closed with
/// bytes unread is reset, and the answer may be lost.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;

enum Next {
    Keep,
    /// The connection ends; the client may still be sending.
    Close,
}

/// A call that was not made.
struct Refused {
    why: Refusal,
    detail: Option<String>,
}

impl From<Refusal> for Refused {
    fn from(why: Refusal) -> Self {
        Self { why, detail: None }
    }
}

/// A connection, with what was read and not yet used.
pub(super) struct Connection<S> {
    stream: S,
    buffer: Vec<u8>,
}

/// Serves a connection to its end.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(stream: S, shared: &Shared, place: &Place) {
    let mut connection = Connection { stream, buffer: Vec::new() };
    // Who was refused for want of the token gets no second request.
    let mut patience = FIRST_BYTE;
    while let Ok(Ok(1..)) = timeout(std::mem::replace(&mut patience, IDLE), connection.more(4096)).await {
        let mut call = shared.audit.call();
        let next = connection.serve(shared, &mut call, place).await;
        drop(call);
        if matches!(next, Next::Close) {
            connection.linger().await;
            return;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// One call, whatever becomes of it.
    async fn serve(&mut self, shared: &Shared, call: &mut Call, place: &Place) -> Next {
        let head = match self.head(shared, call, place).await {
            Ok(head) => head,
            Err(why) => return self.refuse(call, why.into(), true).await,
        };
        // Held until the call has ended.
        let Ok(slot) = shared.slots.try_acquire() else {
            return self.refuse(call, Refusal::TooManyAtOnce.into(), true).await;
        };
        let body = match self.body(shared, &head).await {
            Ok(body) => body,
            Err(why) => return self.refuse(call, why.into(), true).await,
        };
        call.bytes_in = body.len() as u64;
        // More than was announced: whatever it is, it is not read as another request.
        let close = head.close || !std::mem::take(&mut self.buffer).is_empty();
        let api = call.api.unwrap_or(Api::Messages);
        let admitted = match admit::admit(api, &shared.options, &body) {
            Ok(admitted) => admit::Admitted { betas: head.betas, ..admitted },
            Err(refused) => {
                call.model = refused.model;
                return self.refuse(call, Refused { why: refused.why, detail: refused.detail }, close).await;
            }
        };
        drop(body);
        call.model = Some(admitted.model.clone());
        let reservation = match shared.budget.reserve(admitted.worst) {
            Ok(reservation) => reservation,
            Err(why) => return self.refuse(call, why.into(), close).await,
        };
        let mut client = Client { stream: &mut self.stream, close };
        let ended = relay::relay(shared, api, admitted, reservation, call, &mut client).await;
        drop(slot);
        match ended {
            Ended::Whole if !close => Next::Keep,
            Ended::Whole | Ended::Cut => Next::Close,
            Ended::Unanswered(why) => self.refuse(call, why.into(), close).await,
        }
    }

    /// Reads the head, and decides all that can be decided by it.
    async fn head(&mut self, shared: &Shared, call: &mut Call, place: &Place) -> Result<Head, Refusal> {
        let deadline = Instant::now() + shared.options.read_timeout;
        let length = loop {
            if let Scan::Whole(length) = http::scan(&self.buffer)? {
                break length;
            }
            match timeout_at(deadline, self.more(MAX_HEAD)).await {
                Err(_) => return Err(Refusal::TooSlow),
                Ok(Ok(1..)) => {}
                Ok(_) => return Err(Refusal::BodyTruncated),
            }
        };
        let head = http::parse(&self.buffer[..length]);
        self.buffer.drain(..length);
        let head = head?;
        // Before anything is refused: what is refused to a client of the run's is another matter than what is to others.
        call.vouched = head.token.as_ref().is_some_and(|token| shared.keys.token().matches(token));
        if call.vouched && !place.vouch() {
            return Err(Refusal::TooManyAtOnce);
        }
        let (path, query) = head.target.split_once('?').map_or((head.target.as_str(), None), |(p, q)| (p, Some(q)));
        call.api = Api::ALL.into_iter().find(|api| api.proxy_path() == path);
        let api = call.api.ok_or(Refusal::PathNotAllowed)?;
        match (api, query) {
            // What Anthropic's own clients add to every call. It is not sent on.
            (_, None) | (Api::Messages, Some("beta=true")) => {}
            _ => return Err(Refusal::QueryNotAllowed),
        }
        if head.method != "POST" {
            return Err(Refusal::MethodNotAllowed);
        }
        match &head.token {
            None => return Err(Refusal::TokenMissing),
            Some(_) if !call.vouched => return Err(Refusal::TokenWrong),
            Some(_) => {}
        }
        if shared.started.elapsed() >= shared.options.lifetime {
            return Err(Refusal::Expired);
        }
        if shared.audit.ending().is_some() {
            return Err(Refusal::Stopped);
        }
        if shared.keys.of(api.provider()).is_none() {
            return Err(Refusal::NoProviderKey);
        }
        if head.content_type.as_deref() != Some("application/json") {
            return Err(Refusal::NotJson);
        }
        match head.content_length {
            None => Err(Refusal::LengthMissing),
            Some(length) if length > shared.options.limits.body => Err(Refusal::BodyTooLarge),
            Some(_) => Ok(head),
        }
    }

    async fn body(&mut self, shared: &Shared, head: &Head) -> Result<Vec<u8>, Refusal> {
        let length = usize::try_from(head.content_length.unwrap_or(0)).map_err(|_| Refusal::BodyTooLarge)?;
        if head.expects_continue && self.buffer.len() < length {
            let said = self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await;
            said.map_err(|_| Refusal::BodyTruncated)?;
        }
        let deadline = Instant::now() + shared.options.read_timeout;
        while self.buffer.len() < length {
            match timeout_at(deadline, self.more(64 * 1024)).await {
                Err(_) => return Err(Refusal::TooSlow),
                Ok(Ok(1..)) => {}
                Ok(_) => return Err(Refusal::BodyTruncated),
            }
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    /// Reads what there is, or waits for it. None at the end.
    async fn more(&mut self, room: usize) -> io::Result<usize> {
        self.buffer.reserve(room);
        self.stream.read_buf(&mut self.buffer).await
    }

    async fn refuse(&mut self, call: &mut Call, refused: Refused, close: bool) -> Next {
        let Refused { why, detail } = refused;
        call.failure = Some(why);
        // In the shape of the provider that the path names; who names none gets the first one's.
        let body = why.body(call.api.unwrap_or(Api::Messages).provider(), detail.as_deref());
        let mut client = Client { stream: &mut self.stream, close };
        let sent = client.whole(why.status(), None, &body, call).await;
        if sent.is_err() || close { Next::Close } else { Next::Keep }
    }

    async fn linger(&mut self) {
        let rest = async {
            self.stream.shutdown().await?;
            let (mut scratch, mut read) = (vec![0; 16 * 1024], 0);
            while read < LINGER_BYTES {
                match self.stream.read(&mut scratch).await? {
                    0 => break,
                    more => read += more,
                }
            }
            io::Result::Ok(())
        };
        // Whatever happens now, the connection is over.
        let _ = timeout(LINGER, rest).await;
    }
}
