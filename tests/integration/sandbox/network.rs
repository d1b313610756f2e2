//! The network: an agent reaches nobody. The targets are listeners of these tests: one on the host's side of a bridge, one
//! in a container on it. That they hear somebody who may speak is checked before and after each attempt.

use super::lab::{LABEL, Lab, docker, docker_says, lab, run_id};
use insta::assert_snapshot;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A bridge and two listeners, for as long as a test is there that needs them.
struct Listeners {
    lab: Arc<Lab>,
    network: String,
    /// Container, address of version 4, address of version 6.
    listeners: [(String, String, String); 2],
}

fn listeners() -> Option<Arc<Listeners>> {
    static SHARED: Mutex<Weak<Listeners>> = Mutex::new(Weak::new());
    let lab = lab()?;
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(listeners) = shared.upgrade() {
        return Some(listeners);
    }
    // A unique local range, RFC 4193, that no other has; the one of version 4 is chosen by the engine.
    let id = run_id();
    let count = id.split('x').next_back().unwrap();
    let subnet = format!("fd6d:6370:{:x}:{count}::/64", std::process::id() & 0xffff);
    let name = format!("mcp-registry-test-{id}");
    let mut new = Listeners { lab, network: name.clone(), listeners: Default::default() };
    docker_says(["network", "create", "--label", LABEL, "--ipv6", "--subnet", &subnet, &name]);
    let gateway = |version: usize| {
        let format =
            format!("{{{{(index .IPAM.Config {version}).Gateway}}}} {{{{(index .IPAM.Config {version}).Subnet}}}}");
        docker_says(["network", "inspect", "--format", &format, &name])
    };
    let found = [gateway(0), gateway(1)];
    let v4 = found.iter().find(|text| text.contains('.')).unwrap().split([' ', '/']).next().unwrap().to_owned();
    let v6 = subnet.replace("/64", "1");
    new.listeners[0] = ("host".to_owned(), v4, v6);
    let container = {
        // It listens on its own addresses, whatever they are.
        let own =
            ["run", "--detach", "--label", LABEL, "--network", &name, "--entrypoint", "/bin/sh", new.lab.image(), "-c"];
        let script = "ip -o -4 addr show eth0 | sed 's/.*inet \\([^/]*\\).*/\\1/' > /v4; \
                      ip -o -6 addr show eth0 scope global | sed 's/.*inet6 \\([^/]*\\).*/\\1/' > /v6; \
                      echo $(cat /v4) $(cat /v6); exec attempt listen $(cat /v4) $(cat /v6)";
        docker_says(own.into_iter().chain([script]))
    };
    new.listeners[1].0 = container;
    // The host's side has no address of version 6 before something is on the bridge.
    let lines = new.wait_for(1, "listening");
    let start = |network: &str, v4: &str, v6: &str| {
        let own = ["run", "--detach", "--label", LABEL, "--network", network, "--entrypoint", "/bin/attempt"];
        docker_says(own.into_iter().chain([new.lab.image(), "listen", v4, v6]))
    };
    let host = start("host", &new.listeners[0].1, &new.listeners[0].2);
    new.listeners[0].0 = host;
    new.wait_for(0, "listening");
    let (v4, v6) = lines.lines().next().unwrap().split_once(' ').unwrap();
    (new.listeners[1].1, new.listeners[1].2) = (v4.to_owned(), v6.to_owned());
    let new = Arc::new(new);
    *shared = Arc::downgrade(&new);
    Some(new)
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (container, ..) in &self.listeners {
            let _ = docker(["rm", "--force", container]);
        }
        let _ = docker(["network", "rm", &self.network]);
    }
}

impl Listeners {
    /// Waits until a listener has written something, and returns all that it has written.
    fn wait_for(&self, listener: usize, word: &str) -> String {
        let container = &self.listeners[listener].0;
        for _ in 0..300 {
            let said = docker_says(["logs", container]);
            if said.contains(word) {
                return said;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{word}: {:?}", docker(["logs", container]));
    }

    /// The commands that try one way to all targets.
    fn attempts(&self, way: &str, port: u16, word: &str) -> String {
        let targets = self.listeners.iter().flat_map(|(_, v4, v6)| [format!("{v4}:{port}"), format!("[{v6}]:{port}")]);
        targets.map(|target| format!("attempt {way} {target} {word}\n")).collect()
    }

    /// Tries one way from the bridge, where it goes, and from the sandbox, where it does not. Returns what the sandboxed
    /// agent was told.
    fn told(&self, way: &str, port: u16) -> String {
        let control = |when: &str| {
            let word = format!("{when}{way}allowed");
            // In reverse, so that the last to be sent to the one is the first to the other: all of it has to arrive.
            let script = self.attempts(way, port, &word);
            let run = ["run", "--rm", "--label", LABEL, "--network", &self.network, "--entrypoint", "/bin/sh"];
            docker_says(run.into_iter().chain([self.lab.image(), "-c", &script]));
            for listener in 0..2 {
                for version in ["", "6"] {
                    self.wait_for(listener, &format!("got {way}{version}: {}", heard(way, &word)));
                }
            }
        };
        control("before");
        let word = format!("{way}escaped");
        let said = self.lab.said(&self.attempts(way, port, &word));
        control("after");
        for listener in 0..2 {
            let log = docker_says(["logs", &self.listeners[listener].0]);
            assert!(!log.contains("escaped"), "{log}");
        }
        said
    }
}

/// How a listener shows a word that came that way: what is not a letter is left out.
fn heard(way: &str, word: &str) -> String {
    if way == "dns" { format!("4{word}example") } else { word.to_owned() }
}

#[test]
fn agent_reaches_nobody_by_tcp() {
    let Some(listeners) = listeners() else { return };
    assert_snapshot!(listeners.told("tcp", 7000), @r"
    held: tcp: Network is unreachable (os error 101)
    held: tcp: Cannot assign requested address (os error 99)
    held: tcp: Network is unreachable (os error 101)
    held: tcp: Cannot assign requested address (os error 99)
    ");
}

#[test]
fn agent_reaches_nobody_by_udp() {
    let Some(listeners) = listeners() else { return };
    assert_snapshot!(listeners.told("udp", 7000), @r"
    held: udp: Network is unreachable (os error 101)
    held: udp: Cannot assign requested address (os error 99)
    held: udp: Network is unreachable (os error 101)
    held: udp: Cannot assign requested address (os error 99)
    ");
}

#[test]
fn agent_reaches_nobody_by_icmp() {
    let Some(listeners) = listeners() else { return };
    assert_snapshot!(listeners.told("icmp", 0), @r"
    held: icmp, raw: Operation not permitted (os error 1)
    held: icmp, unprivileged: Network is unreachable (os error 101)
    held: icmp, raw: Operation not permitted (os error 1)
    held: icmp, unprivileged: Cannot assign requested address (os error 99)
    held: icmp, raw: Operation not permitted (os error 1)
    held: icmp, unprivileged: Network is unreachable (os error 101)
    held: icmp, raw: Operation not permitted (os error 1)
    held: icmp, unprivileged: Cannot assign requested address (os error 99)
    ");
}

#[test]
fn agent_asks_no_name_server() {
    let Some(listeners) = listeners() else { return };
    assert_snapshot!(listeners.told("dns", 53), @r"
    held: dns: Network is unreachable (os error 101)
    held: dns: Cannot assign requested address (os error 99)
    held: dns: Network is unreachable (os error 101)
    held: dns: Cannot assign requested address (os error 99)
    ");
    // By the resolver's own way, too: the one that it is told of is nobody.
    let target = &listeners.listeners[1].0[..12];
    assert_snapshot!(listeners.lab.said(&format!("nslookup {target} 2>&1 | grep -v -e ^$; true")), @r"
    nslookup: write to '127.0.0.1': Connection refused
    ;; connection timed out; no servers could be reached
    ");
}

/// No address of version 6 but its own loopback's, no neighbour, no way to one.
#[test]
fn agent_has_no_interface_route_or_neighbour() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("
        ip link; ip addr; ip route; ip -6 route; ip neigh; ip link add dummy0 type dummy; ip link set lo down
        ip route add default dev lo; arp -a; cat /proc/net/arp /proc/net/tcp | wc -l"), @r"
    1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000
        link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000
        link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
        inet 127.0.0.1/8 scope host lo
           valid_lft forever preferred_lft forever
    ip: RTNETLINK answers: Operation not permitted
    ip: SIOCSIFFLAGS: Operation not permitted
    ip: RTNETLINK answers: Operation not permitted
    2
    ");
}
