//! Which internet addresses may be fetched from: public unicast ones, and what the operator allows besides.

use crate::net;
use ipnet::IpNet;
use std::net::IpAddr;

/// Decides about addresses. Names are decided about after they were resolved.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    /// A guard that allows public addresses and those in `allow`.
    #[must_use]
    pub(crate) fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Whether `address` may be connected to.
    ///
    /// # Errors
    /// When it is not public and not allowed: what kind of address it is, to stand before the word "address".
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        // Allowed as it is written, or as the address that it leads to.
        let is_allowed = |address: IpAddr| self.allow.iter().any(|net| net.contains(&address));
        match net::special(address) {
            Some(what) if !is_allowed(address) && !is_allowed(net::effective(address)) => Err(what.as_str()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Guard;

    fn check(allow: &[&str], address: &str) -> Result<(), &'static str> {
        Guard::new(allow.iter().map(|net| net.parse().unwrap()).collect()).check(address.parse().unwrap())
    }

    #[test]
    fn only_public_addresses_pass() {
        assert_eq!(check(&[], "140.82.121.4"), Ok(()));
        assert_eq!(check(&[], "169.254.169.254"), Err("link-local"));
        assert_eq!(check(&[], "2002:7f00:1::"), Err("loopback"));
    }

    #[test]
    fn an_operator_may_allow_a_network_and_only_that() {
        assert_eq!(check(&["127.0.0.0/8"], "127.0.0.1"), Ok(()));
        assert_eq!(check(&["127.0.0.0/8"], "::ffff:127.0.0.1"), Ok(()));
        assert_eq!(check(&["127.0.0.0/8"], "10.0.0.1"), Err("private"));
        assert_eq!(check(&["127.0.0.0/8"], "64:ff9b::127.0.0.1"), Ok(()));
        assert_eq!(check(&["64:ff9b::/96"], "64:ff9b::10.0.0.1"), Ok(()));
        assert_eq!(check(&["::1/128"], "::1"), Ok(()));
    }
}
