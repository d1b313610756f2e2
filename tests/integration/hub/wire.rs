//! The HTTP of it: a thread with its own runtime, so that tests can wait for programs.

use super::service::{Arrived, Sent, Service};
use axum::body::{Body, Bytes};
use futures_util::stream;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// Ends the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here")]
struct End;

/// Serves until it is told to stop, and then drops what is open.
pub(super) fn serve(listener: TcpListener, service: Arc<Mutex<Service>>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let accepting = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Answers are small, and a client waits for each.
                stream.set_nodelay(true).unwrap();
                let service = service.clone();
                tokio::spawn(async move {
                    let answer = service_fn(|request| respond(request, service.clone()));
                    // Its errors are those that were asked for, and clients that were killed.
                    drop(
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await,
                    );
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            _ = stopped => {}
        }
    });
}

async fn respond(request: Request<Incoming>, service: Arc<Mutex<Service>>) -> Result<Response<Body>, End> {
    let (parts, body) = request.into_parts();
    let arrived = Arrived {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        headers: parts.headers,
        // A client that was killed in the middle of it asked for nothing.
        body: body.collect().await.map_err(|_| End)?.to_bytes().to_vec(),
    };
    let sent = service.lock().unwrap().handle(arrived);
    match sent {
        Sent::Nothing => Err(End),
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
                    Body::from_stream(stream::iter([Ok(half), Err(End)]))
                }
            };
            Ok(response.body(body).unwrap())
        }
    }
}
