//! The protocol over a pair of streams, as local servers speak it. The only user of `rmcp`.

use crate::text::cut;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ErrorCode, Implementation, PaginatedRequestParams, ProtocolVersion,
};
use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use tokio::io::{AsyncRead, AsyncWrite};

/// The maximum size of one message, in bytes: the largest real list of tools is 300 kB.
pub(crate) const MAX_MESSAGE_BYTES: usize = 4 << 20;
/// Pages of tools; a server that has more goes on for ever.
const MAX_PAGES: usize = 100;
const MAX_TOOLS: usize = 5_000;
/// Bytes of a tool's name.
const MAX_NAME_BYTES: usize = 1024;

/// A tool as a server lists it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ListedTool {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Its arguments, as a JSON Schema.
    pub(crate) input_schema: Map<String, Value>,
    /// Hints about its effects: `title`, `readOnlyHint`, …
    pub(crate) annotations: Option<Map<String, Value>>,
}

/// Why a server did not list its tools. Texts may hold anything that it said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StdioError {
    /// It ended, or closed its output.
    #[error("it closed the connection")]
    Closed,
    #[error("the handshake failed: {0}")]
    Handshake(String),
    /// It said no.
    #[error("it answered `tools/list` with error {code}: {message}")]
    Refused {
        /// The code of JSON-RPC.
        code: i32,
        message: String,
    },
    /// It answered something else than was asked for.
    #[error("its answer to `tools/list` is wrong: {0}")]
    Wrong(String),
}

/// Greets a server and lists its tools, all pages of them. Takes as long as the server does: bound it from outside.
///
/// # Errors
/// When it cannot list them, or lists too many.
pub(crate) async fn list_tools<R, W>(read: R, write: W) -> Result<Vec<ListedTool>, StdioError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let us = Implementation::new("mcp-registry", env!("CARGO_PKG_VERSION"));
    let mut config = ClientConfig::new(ClientCapabilities::default(), us);
    // The newest revision that begins with a greeting, which every server knows.
    config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
    let transport = AsyncRwTransport::new_client(read, write).with_max_line_length(MAX_MESSAGE_BYTES);
    let client = rmcp::serve_client(config, transport).await.map_err(of_handshake)?;
    let has_tools = client.peer().peer_info().is_none_or(|info| info.capabilities.tools.is_some());
    let mut tools = Vec::new();
    let (mut cursors, mut names) = (BTreeSet::new(), BTreeSet::new());
    let mut cursor: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let parameters = cursor.clone().map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
        let page = match client.peer().list_tools(parameters).await {
            Ok(page) => page,
            // It has none, and said so in the handshake.
            Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND && !has_tools => break,
            Err(error) => return Err(of_service(error)),
        };
        for tool in page.tools {
            let name = tool.name.into_owned();
            if name.is_empty() || name.len() > MAX_NAME_BYTES {
                return Err(StdioError::Wrong(format!("a tool's name has {} bytes", name.len())));
            }
            if !names.insert(name.clone()) {
                return Err(StdioError::Wrong(format!("two tools are called `{name}`")));
            }
            let annotations = tool.annotations.and_then(|annotations| serde_json::to_value(annotations).ok());
            tools.push(ListedTool {
                name,
                description: tool.description.map(Into::into),
                input_schema: tool.input_schema.as_ref().clone(),
                annotations: annotations.and_then(|value| value.as_object().cloned()),
            });
        }
        if tools.len() > MAX_TOOLS {
            return Err(StdioError::Wrong(format!("it lists more than {MAX_TOOLS} tools")));
        }
        match page.next_cursor.filter(|next| !next.is_empty()) {
            None => {
                cursor = None;
                break;
            }
            Some(next) if !cursors.insert(next.clone()) => {
                return Err(StdioError::Wrong("the same page follows again and again".to_owned()));
            }
            next => cursor = next,
        }
    }
    if cursor.is_some() {
        return Err(StdioError::Wrong(format!("it has more than {MAX_PAGES} pages")));
    }
    // That it is ended here and not by its own end is no news.
    let _ = client.cancel().await;
    Ok(tools)
}

fn of_handshake(error: ClientInitializeError) -> StdioError {
    match error {
        ClientInitializeError::ConnectionClosed(_) => StdioError::Closed,
        ClientInitializeError::JsonRpcError(error) => {
            StdioError::Handshake(format!("error {}: {}", error.code.0, error.message))
        }
        ClientInitializeError::TransportError { .. } => StdioError::Closed,
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => {
            StdioError::Handshake("it speaks no revision of the protocol that is known here".to_owned())
        }
        // Its other errors show whole messages.
        _ => StdioError::Handshake("it answered something else than the greeting".to_owned()),
    }
}

fn of_service(error: ServiceError) -> StdioError {
    match error {
        ServiceError::McpError(error) => {
            StdioError::Refused { code: error.code.0, message: cut(&error.message, 200).into_owned() }
        }
        ServiceError::TransportSend(_) | ServiceError::TransportClosed | ServiceError::Cancelled { .. } => {
            StdioError::Closed
        }
        ServiceError::UnexpectedResponse => StdioError::Wrong("it is not a list of tools".to_owned()),
        other => StdioError::Wrong(other.to_string()),
    }
}
