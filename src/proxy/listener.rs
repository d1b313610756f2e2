//! Where clients connect.

use super::ProxyError;
use super::options::Listen;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Who may connect to the socket: everybody. Who can reach it is decided by the folder it is in; the agent runs as another
/// user than the proxy.
const SOCKET_MODE: u32 = 0o666;
/// How long to wait when no connection can be accepted: for want of file descriptors, say.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// An open door. A socket's file is removed with it.
#[derive(Debug)]
pub(crate) struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Unix(UnixListener, PathBuf),
    Tcp(TcpListener),
}

impl Listener {
    /// Opens it. Must be called within a runtime.
    ///
    /// # Errors
    /// When it cannot be.
    pub(crate) async fn bind(listen: &Listen) -> Result<Self, ProxyError> {
        let kind = match listen {
            Listen::Socket(path) => bind_unix(path).map(|listener| Kind::Unix(listener, path.clone())),
            Listen::Loopback(address) => TcpListener::bind(address).await.map(Kind::Tcp),
        };
        kind.map(Self).map_err(|error| {
            let place = match listen {
                Listen::Socket(path) => path.display().to_string(),
                Listen::Loopback(address) => address.to_string(),
            };
            ProxyError::Listen(place, error)
        })
    }

    /// The address, if it is a port: which one was free.
    #[must_use]
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Unix(..) => None,
            Kind::Tcp(listener) => listener.local_addr().ok(),
        }
    }

    pub(super) async fn accept(&self) -> Stream {
        loop {
            let accepted = match &self.0 {
                Kind::Unix(listener, _) => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
                Kind::Tcp(listener) => listener.accept().await.map(|(stream, _)| Stream::Tcp(stream)),
            };
            match accepted {
                Ok(Stream::Tcp(stream)) => {
                    // Events are small, and must not wait for each other.
                    let _ = stream.set_nodelay(true);
                    return Stream::Tcp(stream);
                }
                Ok(stream) => return stream,
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Kind::Unix(_, path) = &self.0 {
            // It may be gone, with its folder.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    // Of a proxy that was killed, a socket remains that nobody answers at.
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
        && std::os::unix::net::UnixStream::connect(path)
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(listener)
}

/// A connection of either kind.
#[derive(Debug)]
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

macro_rules! forward {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Unix($stream) => $call,
            Stream::Tcp($stream) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        forward!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
