//! Addresses taken apart as they are written.
//!
//! A URL parser mends what it reads: it lower-cases hosts, resolves `..`, turns backslashes and decodes punycode. Rules
//! that ask whether an address is what it seems must see it before that.

/// The parts of `scheme://[userinfo@]host[:port][path][?query][#fragment]`, none of them decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// Before `://`.
    pub(crate) scheme: &'a str,
    /// Before the last `@` of the authority.
    pub(crate) userinfo: Option<&'a str>,
    /// With the brackets of an IPv6 address.
    pub(crate) host: &'a str,
    pub(crate) port: Option<&'a str>,
    /// From the first slash after the host; may be empty.
    pub(crate) path: &'a str,
    /// After `?`.
    pub(crate) query: Option<&'a str>,
    /// After `#`.
    pub(crate) fragment: Option<&'a str>,
}

impl<'a> Address<'a> {
    /// Takes an address apart; none when it has no `scheme://`.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if scheme.is_empty() || !scheme.chars().all(is_scheme) {
            return None;
        }
        let (rest, fragment) = split_off(rest, '#');
        let (rest, query) = split_off(rest, '?');
        // Browsers and Git's HTTP library take a backslash for a slash.
        let border = rest.find(['/', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(border);
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        let bracket = host.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match host.get(bracket..).and_then(|rest| rest.rfind(':')) {
            Some(colon) => (host.get(..bracket + colon).unwrap_or(host), host.get(bracket + colon + 1..)),
            None => (host, None),
        };
        Some(Self { scheme, userinfo, host, port, path, query, fragment })
    }
}

fn split_off(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Whether a host is an IP address, in any of the spellings that URL parsers accept: dotted, hexadecimal, one number.
pub(crate) fn is_ip_literal(host: &str) -> bool {
    use url::Host;
    matches!(Host::parse(host), Ok(Host::Ipv4(_) | Host::Ipv6(_)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Address, is_ip_literal};

    #[test]
    fn parts_are_found_as_written() {
        let address = Address::parse("https://u:p@ss@GitHub.com:443/a/../b?x=1#y?z").unwrap();
        assert_eq!((address.scheme, address.userinfo, address.host), ("https", Some("u:p@ss"), "GitHub.com"));
        assert_eq!((address.port, address.path), (Some("443"), "/a/../b"));
        assert_eq!((address.query, address.fragment), (Some("x=1"), Some("y?z")));
        let address = Address::parse("http://[::1]").unwrap();
        assert_eq!((address.host, address.port, address.path), ("[::1]", None, ""));
        assert_eq!(Address::parse("https://github.com\\@evil.example/").unwrap().host, "github.com");
        for none in ["", "github.com/a/b", "git@github.com:a/b.git", "://x", "a b://x", "mailto:x"] {
            assert_eq!(Address::parse(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_are_addresses_however_written() {
        for ip in ["127.0.0.1", "[::1]", "0x7f.1", "2130706433"] {
            assert!(is_ip_literal(ip), "{ip}");
        }
        assert!(!is_ip_literal("1.2.3.4.example"));
    }
}
