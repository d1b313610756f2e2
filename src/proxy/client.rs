//! The writing half of a client's connection: answers, in the few shapes that there are.

use super::audit::Call;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long a client may take to read a whole answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Client<'a, S> {
    pub(super) stream: &'a mut S,
    /// Whether the connection ends after the answer.
    pub(super) close: bool,
}

impl<S: AsyncWrite + Unpin> Client<'_, S> {
    /// A whole answer of JSON.
    pub(super) async fn whole(
        &mut self,
        status: u16,
        retry_after: Option<&str>,
        body: &[u8],
        call: &mut Call,
    ) -> io::Result<()> {
        let mut answer = self.status_line(status, "application/json");
        if let Some(value) = retry_after {
            answer.extend_from_slice(format!("retry-after: {value}\r\n").as_bytes());
        }
        answer.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        answer.extend_from_slice(body);
        call.status = status;
        let written = timeout(WRITE_TIMEOUT, async {
            self.stream.write_all(&answer).await?;
            self.stream.flush().await
        });
        written.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        call.bytes_out = body.len() as u64;
        Ok(())
    }

    /// The head of an answer that comes as events.
    pub(super) async fn begin(&mut self, call: &mut Call) -> io::Result<()> {
        let mut head = self.status_line(200, "text/event-stream");
        head.extend_from_slice(b"cache-control: no-store\r\ntransfer-encoding: chunked\r\n\r\n");
        call.status = 200;
        call.streamed = true;
        self.stream.write_all(&head).await?;
        self.stream.flush().await
    }

    /// More of it. Goes out at once.
    pub(super) async fn piece(&mut self, piece: &[u8], call: &mut Call) -> io::Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        let mut chunk = Vec::with_capacity(piece.len() + 12);
        chunk.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        chunk.extend_from_slice(piece);
        chunk.extend_from_slice(b"\r\n");
        self.stream.write_all(&chunk).await?;
        self.stream.flush().await?;
        call.bytes_out += piece.len() as u64;
        Ok(())
    }

    /// Its end. Without it the client knows that something is missing.
    pub(super) async fn end(&mut self) -> io::Result<()> {
        self.stream.write_all(b"0\r\n\r\n").await?;
        self.stream.flush().await
    }

    fn status_line(&self, status: u16, content_type: &str) -> Vec<u8> {
        let known = ::http::StatusCode::from_u16(status).ok();
        let reason = known.and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
        let connection = if self.close { "close" } else { "keep-alive" };
        format!("HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\nconnection: {connection}\r\n")
            .into_bytes()
    }
}
