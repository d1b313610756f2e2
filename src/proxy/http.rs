//! The head of a request, read as strictly as the standard allows (RFC 9112), and more: one shape of request is taken here, so
//! whatever two programs might read differently is refused. A line ends with CR LF and nothing else; a body has one
//! length, in digits; nothing is chunked, upgraded, folded or forwarded.

use super::refusal::Refusal;
use crate::provider::anthropic;
use sha2::{Digest, Sha256};

/// The most bytes of a request line with its headers. Clients of both providers send about two thousand.
pub(super) const MAX_HEAD: usize = 16 * 1024;
/// The most headers.
const MAX_HEADERS: usize = 64;

/// What is known of a head that is not whole yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    Partial,
    /// The head ends here: its length, the empty line included.
    Whole(usize),
}

/// Looks for the end of a head, and at every byte on the way, so that a request that is wrong is refused at once and not when
/// its end does not come.
pub(super) fn scan(bytes: &[u8]) -> Result<Scan, Refusal> {
    let mut line = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if at >= MAX_HEAD {
            return Err(Refusal::HeadTooLarge);
        }
        let after_return = at > 0 && bytes[at - 1] == b'\r';
        match byte {
            b'\n' if !after_return => return Err(Refusal::MalformedHttp),
            // An empty line before the first.
            b'\n' if at == 1 => return Err(Refusal::MalformedHttp),
            b'\n' if at - line == 1 => return Ok(Scan::Whole(at + 1)),
            b'\n' => line = at + 1,
            _ if after_return => return Err(Refusal::MalformedHttp),
            b'\r' | b'\t' | b' '..=b'~' => {}
            _ => return Err(Refusal::MalformedHttp),
        }
    }
    Ok(Scan::Partial)
}

/// What a request asks for, and what of its headers matters. The others are dropped: none is ever sent on as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    /// The target as it was sent.
    pub(super) target: String,
    /// The length of the body.
    pub(super) content_length: Option<u64>,
    /// The media type of the body, in small letters, without parameters.
    pub(super) content_type: Option<String>,
    /// The digest of the client token.
    pub(super) token: Option<[u8; 32]>,
    /// Whether the client wants to hear that it may send the body.
    pub(super) expects_continue: bool,
    /// Whether the connection ends after this request.
    pub(super) close: bool,
    /// The trial features of Anthropic's that it asks for, as far as they are allowed.
    pub(super) betas: Vec<&'static str>,
}

/// Headers that change how a message or a connection is read. Nobody needs them here.
const FORBIDDEN: &[&str] = &[
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "content-encoding",
    "content-range",
    "http2-settings",
    "proxy-authorization",
    "proxy-connection",
];

/// Parses a whole head, as [`scan`] found it.
pub(super) fn parse(bytes: &[u8]) -> Result<Head, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::MalformedHttp)?;
    let text = text.strip_suffix("\r\n\r\n").ok_or(Refusal::MalformedHttp)?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1"), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Refusal::MalformedHttp);
    };
    if !is_token(method) || target.is_empty() || target.contains('\t') {
        return Err(Refusal::MalformedHttp);
    }
    let mut headers = Headers::default();
    for (number, line) in lines.enumerate() {
        if number >= MAX_HEADERS {
            return Err(Refusal::HeadTooLarge);
        }
        // A folded line begins with a space, which no name has.
        let (name, value) = line.split_once(':').ok_or(Refusal::MalformedHttp)?;
        if !is_token(name) {
            return Err(Refusal::MalformedHttp);
        }
        headers.take(&name.to_ascii_lowercase(), value.trim_matches([' ', '\t']))?;
    }
    headers.finish(method, target)
}

#[derive(Default)]
struct Headers<'a> {
    host: Option<&'a str>,
    content_length: Option<&'a str>,
    content_type: Option<&'a str>,
    connection: Option<&'a str>,
    expect: Option<&'a str>,
    token: Option<&'a str>,
    betas: Option<&'a str>,
}

impl<'a> Headers<'a> {
    fn take(&mut self, name: &str, value: &'a str) -> Result<(), Refusal> {
        let slot = match name {
            "host" => &mut self.host,
            "content-length" => &mut self.content_length,
            "content-type" => &mut self.content_type,
            "connection" => &mut self.connection,
            "expect" => &mut self.expect,
            "anthropic-beta" => &mut self.betas,
            // One or the other; both, or one twice, could be read differently by two programs.
            "x-api-key" => &mut self.token,
            "authorization" => {
                let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
                let token = if scheme.eq_ignore_ascii_case("bearer") { token.trim_matches(' ') } else { "" };
                return fill(&mut self.token, token);
            }
            name if FORBIDDEN.contains(&name) || name.starts_with("sec-websocket-") => {
                return Err(Refusal::HeaderNotAllowed);
            }
            _ => return Ok(()),
        };
        fill(slot, value)
    }

    fn finish(self, method: &str, target: &str) -> Result<Head, Refusal> {
        if self.host.is_none() {
            return Err(Refusal::MalformedHttp);
        }
        let content_length = match self.content_length {
            // No sign, no list, no more digits than a length can have.
            Some(digits) if (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| Refusal::MalformedHttp)?)
            }
            Some(_) => return Err(Refusal::MalformedHttp),
            None => None,
        };
        // `Connection` can name headers for the next program to remove, the key among them.
        let close = match self.connection {
            None => false,
            Some(value) if value.eq_ignore_ascii_case("keep-alive") => false,
            Some(value) if value.eq_ignore_ascii_case("close") => true,
            Some(_) => return Err(Refusal::HeaderNotAllowed),
        };
        let expects_continue = match self.expect {
            None => false,
            Some(value) if value.eq_ignore_ascii_case("100-continue") => true,
            Some(_) => return Err(Refusal::HeaderNotAllowed),
        };
        let media_type =
            |value: &str| value.split(';').next().unwrap_or_default().trim_matches([' ', '\t']).to_ascii_lowercase();
        Ok(Head {
            method: method.to_owned(),
            target: target.to_owned(),
            content_length,
            content_type: self.content_type.map(media_type),
            token: self.token.map(|token| Sha256::digest(token.as_bytes()).into()),
            expects_continue,
            close,
            betas: self.betas.map(anthropic::betas).unwrap_or_default(),
        })
    }
}

fn fill<'a>(slot: &mut Option<&'a str>, value: &'a str) -> Result<(), Refusal> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::DuplicateHeader),
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::{Head, MAX_HEAD, Scan, parse, scan};
    use crate::proxy::refusal::Refusal;
    use sha2::{Digest, Sha256};

    fn read(text: &str) -> Result<Head, Refusal> {
        match scan(text.as_bytes())? {
            Scan::Whole(length) => parse(&text.as_bytes()[..length]),
            Scan::Partial => panic!("not whole: {text:?}"),
        }
    }

    const GOOD: &str = "POST /anthropic/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\n\
                        Content-Length: 12\r\nX-Api-Key:  token \r\nanthropic-beta: x,\teffort-2025-11-24 ,effort\r\n\r\n{";

    #[test]
    fn a_request_is_read() {
        let expected = Head {
            method: "POST".into(),
            target: "/anthropic/v1/messages".into(),
            content_length: Some(12),
            content_type: Some("application/json".into()),
            token: Some(Sha256::digest(b"token").into()),
            expects_continue: false,
            close: false,
            betas: vec!["effort-2025-11-24"],
        };
        assert_eq!(read(GOOD), Ok(expected));
        let bearer = GOOD.replace("X-Api-Key:  token", "Authorization: bearer token");
        assert_eq!(read(&bearer).unwrap().token, Some(Sha256::digest(b"token").into()));
        for end in 0..GOOD.len() - 1 {
            assert_eq!(scan(&GOOD.as_bytes()[..end]), Ok(Scan::Partial), "{end}");
        }
    }

    #[test]
    fn what_two_programs_might_read_differently_is_refused() {
        use Refusal::{DuplicateHeader, HeadTooLarge, HeaderNotAllowed, MalformedHttp};
        let with = |header: &str| GOOD.replace("Host: x\r\n", &format!("Host: x\r\n{header}\r\n"));
        for (text, refusal) in [
            ("POST / HTTP/1.1\nHost: x\n\n".to_owned(), MalformedHttp),
            ("POST / HTTP/1.1\r\nHost: x\n\r\n".to_owned(), MalformedHttp),
            ("POST / HTTP/1.1\rHost: x\r\n\r\n".to_owned(), MalformedHttp),
            ("\r\nPOST / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), MalformedHttp),
            ("POST / HTTP/1.0\r\nHost: x\r\n\r\n".to_owned(), MalformedHttp),
            ("POST / HTTP/2.0\r\nHost: x\r\n\r\n".to_owned(), MalformedHttp),
            ("POST /\r\nHost: x\r\n\r\n".to_owned(), MalformedHttp),
            ("POST  / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), MalformedHttp),
            ("POST /a b HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), MalformedHttp),
            ("PO(ST / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), MalformedHttp),
            ("POST / HTTP/1.1\r\n\r\n".to_owned(), MalformedHttp),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), MalformedHttp),
            (with("a: b\r\n folded"), MalformedHttp),
            (with("a : b"), MalformedHttp),
            (with(": b"), MalformedHttp),
            (with("no colon"), MalformedHttp),
            (with("a: b\0c"), MalformedHttp),
            (with("a: \u{e9}"), MalformedHttp),
            (with("a: \u{7f}"), MalformedHttp),
            (with("Content-Length: 12"), DuplicateHeader),
            (with("Content-Type: application/json"), DuplicateHeader),
            (with("Host: y"), DuplicateHeader),
            (with("Anthropic-Beta: y"), DuplicateHeader),
            (with("x-api-key: token"), DuplicateHeader),
            (with("Authorization: Bearer token"), DuplicateHeader),
            (GOOD.replace(": 12", ": 12, 12"), MalformedHttp),
            (GOOD.replace(": 12", ": +12"), MalformedHttp),
            (GOOD.replace(": 12", ": -1"), MalformedHttp),
            (GOOD.replace(": 12", ": 0x0c"), MalformedHttp),
            (GOOD.replace(": 12", ": 1 2"), MalformedHttp),
            (GOOD.replace(": 12", ": "), MalformedHttp),
            (GOOD.replace(": 12", ": 99999999999999999999"), MalformedHttp),
            (with("Transfer-Encoding: chunked"), HeaderNotAllowed),
            (with("transfer-encoding: identity"), HeaderNotAllowed),
            (with("Connection: Upgrade, Authorization"), HeaderNotAllowed),
            (with("Connection: x-api-key"), HeaderNotAllowed),
            (with("Connection: "), HeaderNotAllowed),
            (with("Connection: close\r\nConnection: close"), DuplicateHeader),
            (with("Upgrade: websocket"), HeaderNotAllowed),
            (with("Sec-WebSocket-Key: x"), HeaderNotAllowed),
            (with("TE: trailers"), HeaderNotAllowed),
            (with("Trailer: x"), HeaderNotAllowed),
            (with("Expect: x"), HeaderNotAllowed),
            (with("Content-Encoding: gzip"), HeaderNotAllowed),
            (with(&vec!["a: b"; 64].join("\r\n")), HeadTooLarge),
            (with(&format!("a: {}", "b".repeat(MAX_HEAD))), HeadTooLarge),
        ] {
            assert_eq!(read(&text), Err(refusal), "{text:?}");
        }
    }

    #[test]
    fn no_byte_is_too_much() {
        let mut state = 1_u32;
        for _ in 0..20_000 {
            let mut text = GOOD.as_bytes().to_vec();
            for _ in 0..3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (state >> 8) as usize % text.len();
                text[at] = (state & 0xff) as u8;
            }
            if let Ok(Scan::Whole(length)) = scan(&text) {
                drop(parse(&text[..length]));
            }
        }
    }
}
