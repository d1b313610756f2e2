//! Which internet addresses may be fetched from: public unicast ones, and what the operator allows besides.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// IPv4 addresses that are not public, after IANA's special-purpose registry (RFC 6890 and its updates).
const SPECIAL_V4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "unspecified"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "shared by a carrier"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    // The virtual public address at which Azure's host agent answers a machine, with secrets of that machine.
    (v4(168, 63, 129, 16, 32), "a cloud's own"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "reserved"),
    (v4(192, 0, 2, 0, 24), "for documentation"),
    (v4(192, 88, 99, 0, 24), "reserved"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "for benchmarks"),
    (v4(198, 51, 100, 0, 24), "for documentation"),
    (v4(203, 0, 113, 0, 24), "for documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// All of global unicast IPv6; whatever is outside of it is special.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

/// Blocks inside global unicast that are special all the same. `2001::/23` holds Teredo, whose addresses hide an IPv4 one.
const SPECIAL_V6: &[(Ipv6Net, &str)] = &[
    (v6(0x2001, 0, 23), "reserved"),
    (v6(0x2001, 0xdb8, 32), "for documentation"),
    (v6(0x3fff, 0, 20), "for documentation"),
];

/// Decides about addresses. Names are decided about after they were resolved.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    /// A guard that allows public addresses and those in `allow`.
    #[must_use]
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Whether `address` may be connected to.
    ///
    /// # Errors
    /// When it is not public and not allowed: what kind of address it is, to stand before the word "address".
    pub fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        // An IPv4 address that is only written as IPv6 is judged as what it is.
        let address = address.to_canonical();
        if self.allow.iter().any(|net| net.contains(&address)) {
            return Ok(());
        }
        match address {
            IpAddr::V4(address) => check_v4(address),
            // An address that leads to an IPv4 one is as good as that, and an allowed one may be reached so too.
            IpAddr::V6(address) => match embedded(address) {
                Some(inner) => self.check(IpAddr::V4(inner)),
                None => check_v6(address),
            },
        }
    }
}

fn check_v4(address: Ipv4Addr) -> Result<(), &'static str> {
    match SPECIAL_V4.iter().find(|(net, _)| net.contains(&address)) {
        Some((_, kind)) => Err(kind),
        None => Ok(()),
    }
}

fn check_v6(address: Ipv6Addr) -> Result<(), &'static str> {
    if let Some((_, kind)) = SPECIAL_V6.iter().find(|(net, _)| net.contains(&address)) {
        return Err(kind);
    }
    if GLOBAL_V6.contains(&address) {
        return Ok(());
    }
    Err(if address.is_loopback() {
        "loopback"
    } else if address.is_unspecified() {
        "unspecified"
    } else if address.is_multicast() {
        "multicast"
    } else if address.is_unicast_link_local() {
        "link-local"
    } else if address.is_unique_local() {
        "private"
    } else {
        "reserved"
    })
}

/// The IPv4 address that a translator or tunnel would send this one's packets to: NAT64's well-known prefix (RFC 6052)
/// and 6to4 (RFC 3056). Mapped addresses are taken apart before.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => Some(join(g, h)),
        (0x2002, _) => Some(join(b, c)),
        _ => None,
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
    fn public_addresses_pass() {
        for address in ["1.1.1.1", "140.82.121.4", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert_eq!(check(&[], address), Ok(()), "{address}");
        }
    }

    #[test]
    fn special_addresses_are_named_and_refused() {
        for (address, kind) in [
            ("0.0.0.0", "unspecified"),
            ("10.1.2.3", "private"),
            ("100.64.0.1", "shared by a carrier"),
            ("100.100.100.200", "shared by a carrier"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.254", "loopback"),
            ("168.63.129.16", "a cloud's own"),
            ("169.254.169.254", "link-local"),
            ("172.31.255.255", "private"),
            ("192.0.0.192", "reserved"),
            ("192.0.2.1", "for documentation"),
            ("192.168.0.1", "private"),
            ("198.19.0.1", "for benchmarks"),
            ("203.0.113.9", "for documentation"),
            ("224.0.0.1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::7f00:1", "reserved"),
            ("fe80::1", "link-local"),
            ("fec0::1", "reserved"),
            ("fd00:ec2::254", "private"),
            ("ff02::1", "multicast"),
            ("2001::1", "reserved"),
            ("2001:db8::1", "for documentation"),
            ("3fff::1", "for documentation"),
            ("64:ff9b:1::1", "reserved"),
        ] {
            assert_eq!(check(&[], address), Err(kind), "{address}");
        }
    }

    #[test]
    fn addresses_inside_addresses_are_judged_as_what_they_lead_to() {
        for address in ["::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "::ffff:169.254.169.254"] {
            assert!(check(&[], address).is_err(), "{address}");
        }
        for address in ["::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::"] {
            assert_eq!(check(&[], address), Ok(()), "{address}");
        }
    }

    #[test]
    fn an_operator_may_allow_a_network_and_only_that() {
        assert_eq!(check(&["127.0.0.0/8"], "127.0.0.1"), Ok(()));
        assert_eq!(check(&["127.0.0.0/8"], "::ffff:127.0.0.1"), Ok(()));
        assert_eq!(check(&["127.0.0.0/8"], "10.0.0.1"), Err("private"));
        assert_eq!(check(&["::1/128"], "::1"), Ok(()));
    }
}
