//! A TCP port on the container's own loopback that leads to the proxy's socket, for programs that speak nothing but TCP.

use rustix::process::Pid;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

/// Where agents find the proxy. Nobody else is on this loopback.
pub(super) const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Connections that are passed on at a time; more wait. The proxy has its own limit of calls, far below.
const CONNECTIONS: usize = 64;

/// The forwarder, in a thread of its own.
pub(super) struct Forward {
    agent: watch::Sender<Option<Pid>>,
}

impl Forward {
    /// Says which process is the agent: SIGTERM is passed on to it.
    pub(super) fn tell(&self, agent: Option<Pid>) {
        self.agent.send_replace(agent);
    }
}

/// Starts forwarding to a socket, if there is one, and passing on SIGTERM. The port is open when this returns.
pub(super) fn start(socket: Option<&'static str>) -> io::Result<Forward> {
    let (agent, told) = watch::channel(None);
    let listener = match socket {
        Some(socket) => {
            let listener = std::net::TcpListener::bind(ADDRESS)?;
            listener.set_nonblocking(true)?;
            Some((listener, socket))
        }
        None => None,
    };
    // One thread for all of it: threads count as processes, of which the agent may have few.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("forward".to_owned()).spawn(move || {
        runtime.block_on(async {
            tokio::join!(forward(listener), pass_on_signals(told));
        });
    })?;
    Ok(Forward { agent })
}

async fn forward(listener: Option<(std::net::TcpListener, &'static str)>) {
    let Some((listener, socket)) = listener else { return };
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        // An error is that of one connection, or of too many files: the next may do better, and a loop must let others on.
        let Ok((mut client, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(async move {
            if let Ok(mut proxy) = UnixStream::connect(socket).await {
                let _ = copy_bidirectional(&mut client, &mut proxy).await;
            }
            drop(slot);
        });
    }
}

async fn pass_on_signals(agent: watch::Receiver<Option<Pid>>) {
    let Ok(mut asked) = signal(SignalKind::terminate()) else { return };
    while asked.recv().await.is_some() {
        super::end(*agent.borrow());
    }
}
