//! The one table of special-purpose IP addresses: those at which no public service can be.
//!
//! Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates, as of October 2025), the
//! multicast blocks (RFC 5771, RFC 4291), and the addresses of cloud providers that the table names.
//!
//! A few blocks that the registries call globally reachable are special here all the same: anycast for protocols that no
//! entry speaks (192.0.0.9, 192.0.0.10, 2001:1::/32 and others), and translators, whose addresses are judged by the one that
//! they lead to.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a special address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Special {
    /// 0.0.0.0/8 and `::`: this host on this network.
    Unspecified,
    Loopback,
    /// Private networks, and unique local addresses.
    Private,
    /// 100.64.0.0/10, which carriers and overlay networks use.
    Shared,
    /// One link; clouds answer there with a machine's credentials.
    LinkLocal,
    /// A public address that a cloud keeps for its own service inside a machine's network.
    Cloud,
    Documentation,
    Benchmarking,
    Multicast,
    /// Anything else that is set aside.
    Reserved,
}

impl Special {
    /// One or more words to stand before "address": `a link-local address`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::Shared => "carrier-shared",
            Self::LinkLocal => "link-local",
            Self::Cloud => "cloud-internal",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// No block is inside another one.
const SPECIAL_V4: &[(Ipv4Net, Special)] = &[
    (v4(0, 0, 0, 0, 8), Special::Unspecified),
    (v4(10, 0, 0, 0, 8), Special::Private),
    (v4(100, 64, 0, 0, 10), Special::Shared),
    (v4(127, 0, 0, 0, 8), Special::Loopback),
    // At this public address Azure's host agent serves a machine its own configuration, secrets included.
    (v4(168, 63, 129, 16, 32), Special::Cloud),
    (v4(169, 254, 0, 0, 16), Special::LinkLocal),
    (v4(172, 16, 0, 0, 12), Special::Private),
    (v4(192, 0, 0, 0, 24), Special::Reserved),
    (v4(192, 0, 2, 0, 24), Special::Documentation),
    // AS112, which answers reverse look-ups of private addresses.
    (v4(192, 31, 196, 0, 24), Special::Reserved),
    // Automatic multicast tunneling.
    (v4(192, 52, 193, 0, 24), Special::Reserved),
    // Relays of 6to4, deprecated.
    (v4(192, 88, 99, 0, 24), Special::Reserved),
    (v4(192, 168, 0, 0, 16), Special::Private),
    (v4(192, 175, 48, 0, 24), Special::Reserved),
    (v4(198, 18, 0, 0, 15), Special::Benchmarking),
    (v4(198, 51, 100, 0, 24), Special::Documentation),
    (v4(203, 0, 113, 0, 24), Special::Documentation),
    (v4(224, 0, 0, 0, 4), Special::Multicast),
    (v4(240, 0, 0, 0, 4), Special::Reserved),
];

/// Global unicast (RFC 4291). IANA has given out nothing else, so everything outside of it is special.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Blocks inside global unicast that are special. `2001::/23` holds Teredo, whose addresses hide an IPv4 address.
const SPECIAL_V6: &[(Ipv6Net, Special)] = &[
    (v6(0x2001, 0, 0, 23), Special::Reserved),
    (v6(0x2001, 0xdb8, 0, 32), Special::Documentation),
    // AS112.
    (v6(0x2620, 0x4f, 0x8000, 48), Special::Reserved),
    (v6(0x3fff, 0, 0, 20), Special::Documentation),
];

/// What `address` is for, if no public service can be there. An address that leads to another one is as special as that.
pub(crate) fn special(address: IpAddr) -> Option<Special> {
    match effective(address) {
        IpAddr::V4(address) => SPECIAL_V4.iter().find(|(block, _)| block.contains(&address)).map(|(_, what)| *what),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v6(address: Ipv6Addr) -> Option<Special> {
    if let Some((_, what)) = SPECIAL_V6.iter().find(|(block, _)| block.contains(&address)) {
        return Some(*what);
    }
    if GLOBAL_V6.contains(&address) {
        return None;
    }
    Some(if address.is_loopback() {
        Special::Loopback
    } else if address.is_unspecified() {
        Special::Unspecified
    } else if address.is_multicast() {
        Special::Multicast
    } else if address.is_unicast_link_local() {
        Special::LinkLocal
    } else if address.is_unique_local() {
        Special::Private
    } else {
        Special::Reserved
    })
}

/// The address at which packets to `address` arrive: the IPv4 address inside an IPv6 one that only writes it (mapped), or that
/// a translator or tunnel takes it from: NAT64's well-known prefix (RFC 6052) and 6to4 (RFC 3056). Else the same.
pub(crate) fn effective(address: IpAddr) -> IpAddr {
    let IpAddr::V6(written) = address.to_canonical() else { return address.to_canonical() };
    let [a, b, c, d, e, f, g, h] = written.segments();
    let join = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b) {
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => join(g, h),
        (0x2002, _) => join(b, c),
        _ => IpAddr::V6(written),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{SPECIAL_V4, SPECIAL_V6, Special, special};
    use std::net::IpAddr;

    fn of(address: &str) -> Option<Special> {
        special(address.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_not_special() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "140.82.121.4",
            "168.63.129.17",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn special_addresses_are_named() {
        use Special as S;
        for (address, what) in [
            ("0.0.0.0", S::Unspecified),
            ("0.1.2.3", S::Unspecified),
            ("10.1.2.3", S::Private),
            ("100.64.0.1", S::Shared),
            ("100.100.100.200", S::Shared),
            ("127.0.0.1", S::Loopback),
            ("127.255.255.254", S::Loopback),
            ("168.63.129.16", S::Cloud),
            ("169.254.169.254", S::LinkLocal),
            ("172.31.255.255", S::Private),
            ("192.0.0.8", S::Reserved),
            ("192.0.0.192", S::Reserved),
            ("192.0.2.1", S::Documentation),
            ("192.168.0.1", S::Private),
            ("192.175.48.6", S::Reserved),
            ("198.19.0.1", S::Benchmarking),
            ("203.0.113.9", S::Documentation),
            ("224.0.0.1", S::Multicast),
            ("240.0.0.1", S::Reserved),
            ("255.255.255.255", S::Reserved),
            ("::", S::Unspecified),
            ("::1", S::Loopback),
            ("::7f00:1", S::Reserved),
            ("100::1", S::Reserved),
            ("5f00::1", S::Reserved),
            ("fe80::1", S::LinkLocal),
            ("fec0::1", S::Reserved),
            ("fd00:ec2::254", S::Private),
            ("ff02::1", S::Multicast),
            ("2001::1", S::Reserved),
            ("2001:20::1", S::Reserved),
            ("2001:db8::1", S::Documentation),
            ("2620:4f:8000::1", S::Reserved),
            ("3fff::1", S::Documentation),
            ("64:ff9b:1::1", S::Reserved),
        ] {
            assert_eq!(of(address), Some(what), "{address}");
        }
    }

    #[test]
    fn addresses_inside_addresses_are_judged_as_what_they_lead_to() {
        for (address, what) in [
            ("::ffff:127.0.0.1", Special::Loopback),
            ("64:ff9b::127.0.0.1", Special::Loopback),
            ("64:ff9b::a00:1", Special::Private),
            ("2002:7f00:1::", Special::Loopback),
            ("2002:a00:1::", Special::Private),
            ("::ffff:169.254.169.254", Special::LinkLocal),
        ] {
            assert_eq!(of(address), Some(what), "{address}");
        }
        for address in ["::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::"] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn no_block_hides_another() {
        let overlaps = |index: usize| {
            let (block, _) = SPECIAL_V4[index];
            SPECIAL_V4[index + 1..].iter().any(|(other, _)| block.contains(other) || other.contains(&block))
        };
        assert!(!(0..SPECIAL_V4.len()).any(overlaps));
        assert!(SPECIAL_V4.is_sorted_by_key(|(block, _)| block.network()));
        assert!(SPECIAL_V6.is_sorted_by_key(|(block, _)| block.network()));
    }

    /// The standard library knows some of the blocks: whatever it calls special is special here, and by the same name.
    #[test]
    fn nothing_that_the_standard_library_knows_is_missing() {
        let last = [(0, 0), (0, 1), (2, 7), (100, 7), (113, 7), (255, 255)];
        for (high, (third, fourth)) in (0..=u16::MAX).flat_map(|high| last.map(|last| (high, last))) {
            let [first, second] = high.to_be_bytes();
            let address = std::net::Ipv4Addr::new(first, second, third, fourth);
            let known = [
                (address.is_private(), Special::Private),
                (address.is_loopback(), Special::Loopback),
                (address.is_link_local(), Special::LinkLocal),
                (address.is_multicast(), Special::Multicast),
                (address.is_documentation(), Special::Documentation),
                (address.is_broadcast(), Special::Reserved),
                (address.is_unspecified(), Special::Unspecified),
            ];
            for (_, what) in known.into_iter().filter(|(is, _)| *is) {
                assert_eq!(special(IpAddr::V4(address)), Some(what), "{address}");
                assert_eq!(special(IpAddr::V6(address.to_ipv6_mapped())), Some(what), "{address}");
            }
        }
    }
}
