//! An HTTPS server on loopback that says exactly what a test wrote, byte for byte: also what no HTTP library would say.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What the server does then.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Writes this and closes the connection as TLS wants it.
    Whole(Vec<u8>),
    /// Writes this and cuts the connection without TLS's goodbye.
    Cut(Vec<u8>),
    /// Writes this and then nothing, without closing.
    Stall(Vec<u8>),
    /// Writes this, and then the second part again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// Writes this, and then the second part with pauses.
    Drip(Vec<u8>, Vec<u8>),
}

/// An answer with a status, headers and a body of the right length.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status} Test\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    Reply::Whole([head.as_bytes(), body].concat())
}

/// The server. It ends with the runtime of its test.
#[derive(Debug)]
pub(crate) struct TlsServer {
    pub(crate) port: u16,
    /// The certificate to trust, PEM.
    pub(crate) ca: Vec<u8>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl TlsServer {
    /// Starts a server whose certificate is good for `127.0.0.1` and `localhost`.
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        mcp_registry::fetch::install_crypto();
        let (ca, config) = certificates();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (seen.clone(), Arc::new(answer));
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, log, answer) = (acceptor.clone(), log.clone(), answer.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(socket).await else { return };
                    let Some(request) = read(&mut stream).await else { return };
                    log.lock().unwrap().push(request.clone());
                    // The client may be gone at any point.
                    let _ = write(stream, answer(&request)).await;
                });
            }
        });
        Self { port, ca, seen }
    }

    /// An address on this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// An authority, PEM, and a server that it vouches for, named `127.0.0.1` and `localhost`.
pub(crate) fn certificates() -> (Vec<u8>, ServerConfig) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let ca = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    (ca.into_bytes(), config.with_single_cert(vec![certificate.der().clone()], key).unwrap())
}

async fn read(stream: &mut TlsStream<TcpStream>) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[end..]).into_owned();
    Some(Seen { method, path, headers, body })
}

async fn write(mut stream: TlsStream<TcpStream>, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Whole(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Reply::Cut(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            stream.get_mut().0.shutdown().await
        }
        Reply::Stall(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            std::future::pending().await
        }
        Reply::Endless(head, part) => {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(&part).await?;
            }
        }
        Reply::Drip(head, part) => {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(&part).await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}
