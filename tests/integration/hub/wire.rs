//! The HTTP of it: a thread with its own runtime, so that tests can wait for programs.

use super::service::{Arrived, Sent, Service};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use futures_util::stream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// The most bytes of a request: GitHub takes a body of a megabyte.
const MAX_REQUEST: usize = 1 << 20;

/// Serves until it is told to stop, and then drops what is open.
pub(super) fn serve(listener: std::net::TcpListener, service: Arc<Mutex<Service>>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        listener.set_nonblocking(true).unwrap();
        let listener = Door(tokio::net::TcpListener::from_std(listener).unwrap());
        let app = Router::new().fallback(respond).with_state(service);
        tokio::select! {
            ended = axum::serve(listener, app.into_make_service_with_connect_info::<Scissors>()) => ended.unwrap(),
            _ = stopped => {}
        }
    });
}

async fn respond(
    State(service): State<Arc<Mutex<Service>>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    // A client that was killed in the middle of it asked for nothing.
    let Ok(body) = to_bytes(body, MAX_REQUEST).await else { return scissors.cut() };
    let arrived = Arrived {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
    };
    let sent = service.lock().unwrap().handle(arrived);
    match sent {
        Sent::Nothing => scissors.cut(),
        Sent::Silence => std::future::pending().await,
        Sent::Answer { status, headers, body, cut } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            let body = match cut {
                false => Body::from(body),
                true => {
                    response = response.header("content-length", body.len());
                    let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
                    Body::from_stream(stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::BrokenPipe))]))
                }
            };
            response.body(body).unwrap()
        }
    }
}

/// Ends a connection before anything more is said on it.
#[derive(Debug, Clone)]
struct Scissors(Arc<AtomicBool>);

impl Scissors {
    /// What is returned here is never sent.
    fn cut(&self) -> Response {
        self.0.store(true, Ordering::SeqCst);
        Response::new(Body::empty())
    }
}

impl Connected<IncomingStream<'_, Door>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().scissors.clone()
    }
}

struct Door(tokio::net::TcpListener);

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = self.0.accept().await.unwrap();
        // Answers are small, and a client waits for each.
        stream.set_nodelay(true).unwrap();
        (Wire { stream, scissors: Scissors(Arc::default()) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that can be ended from inside an answer.
struct Wire {
    stream: TcpStream,
    scissors: Scissors,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.scissors.0.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
