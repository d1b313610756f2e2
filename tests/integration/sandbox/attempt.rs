//! What a hostile agent does that busybox cannot. Compiled by the tests, runs in their containers: no crate, only the C
//! library that is linked into it. Prints one line for each attempt: `held: …` with the error, or `escaped: …`.

use std::ffi::{CString, c_char, c_int, c_long, c_ulong, c_void};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::time::Duration;

unsafe extern "C" {
    fn mount(
        source: *const c_char,
        target: *const c_char,
        kind: *const c_char,
        flags: c_ulong,
        data: *const c_void,
    ) -> c_int;
    fn unshare(flags: c_int) -> c_int;
    fn setns(fd: c_int, kind: c_int) -> c_int;
    fn ptrace(request: c_long, pid: c_int, address: *mut c_void, data: *mut c_void) -> c_long;
    fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    fn socketpair(domain: c_int, kind: c_int, protocol: c_int, pair: *mut c_int) -> c_int;
    fn sendto(fd: c_int, bytes: *const c_void, length: usize, flags: c_int, to: *const c_void, size: u32) -> isize;
    fn recv(fd: c_int, bytes: *mut c_void, length: usize, flags: c_int) -> isize;
    fn mknod(path: *const c_char, mode: u32, device: u64) -> c_int;
    fn setuid(user: u32) -> c_int;
    fn setgid(group: u32) -> c_int;
    fn geteuid() -> u32;
    fn fork() -> c_int;
    fn pause() -> c_int;
    fn chroot(path: *const c_char) -> c_int;
    fn syscall(number: c_long, ...) -> c_long;
}

fn said(what: &str, result: c_long) {
    match result {
        -1 => println!("held: {what}: {}", io::Error::last_os_error()),
        _ => println!("escaped: {what}"),
    }
}

fn tried<T>(what: &str, result: io::Result<T>) {
    match result {
        Ok(_) => println!("escaped: {what}"),
        Err(error) => println!("held: {what}: {error}"),
    }
}

fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["mount"] => mounting(),
        ["unshare"] => unsharing(),
        ["ptrace"] => tracing(),
        ["raw-sockets"] => raw_sockets(),
        ["pairs"] => pairs_of_sockets(),
        ["memfd"] => running_memory(),
        ["mknod"] => making_devices(),
        ["setuid"] => becoming_root(),
        ["euid"] => println!("{}", unsafe { geteuid() }),
        ["unix", path] => tried(path, UnixStream::connect(path)),
        ["abstract", name] => {
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name).unwrap();
            tried("an abstract socket", UnixStream::connect_addr(&address));
        }
        ["forks", after] => forks(after == "stay"),
        ["memory"] => memory(),
        ["pages", bytes] => print_repeatedly(bytes.parse().unwrap()),
        ["tcp", target, word] => tcp(target.parse().unwrap(), word),
        ["udp", target, word] => udp(target.parse().unwrap(), word),
        ["dns", target, word] => dns(target.parse().unwrap(), word),
        ["icmp", target, word] => icmp(target.parse().unwrap(), word),
        ["listen", v4, v6] => listen(v4, v6),
        _ => panic!("{arguments:?}"),
    }
}

fn mounting() {
    let none = std::ptr::null();
    for (kind, source, target) in
        [("tmpfs", "none", "/tmp"), ("proc", "proc", "/tmp"), ("sysfs", "sysfs", "/tmp"), ("cgroup", "cgroup", "/tmp")]
    {
        let (source, target, name) = (c(source), c(target), c(kind));
        said(kind, unsafe { mount(source.as_ptr(), target.as_ptr(), name.as_ptr(), 0, none) }.into());
    }
    const REMOUNT: c_ulong = 32;
    const BIND: c_ulong = 4096;
    for place in ["/", "/input", "/proc/sys"] {
        let (target, empty) = (c(place), c(""));
        let flags = REMOUNT | BIND;
        said(
            &format!("make {place} writable"),
            unsafe { mount(empty.as_ptr(), target.as_ptr(), empty.as_ptr(), flags, none) }.into(),
        );
    }
    // fsopen(2), open_tree(2), and open_by_handle_at(2), by which a container once read its host.
    let name = c("tmpfs");
    said("fsopen", unsafe { syscall(430, name.as_ptr(), 0) });
    let root = c("/");
    said("open_tree", unsafe { syscall(428, -100_i64, root.as_ptr(), 1_i64) });
    let mut handle = [0_u8; 16];
    handle[0] = 8;
    said("open_by_handle_at", unsafe { syscall(304, -100_i64, handle.as_mut_ptr(), 0_i64) });
    said("chroot", unsafe { chroot(root.as_ptr()) }.into());
    said("pivot_root", unsafe { syscall(155, root.as_ptr(), root.as_ptr()) });
}

fn unsharing() {
    for (name, flag) in [
        ("user", 0x1000_0000),
        ("mount", 0x2_0000),
        ("network", 0x4000_0000),
        ("pid", 0x2000_0000),
        ("ipc", 0x800_0000),
        ("cgroup", 0x200_0000),
    ] {
        said(&format!("a new {name} namespace"), unsafe { unshare(flag) }.into());
        // clone(2) of a process into it.
        let child = unsafe { syscall(56, c_long::from(flag) | 17, 0_i64, 0_i64, 0_i64, 0_i64) };
        if child == 0 {
            std::process::exit(0);
        }
        said(&format!("a process in a new {name} namespace"), child);
    }
    let own = std::fs::File::open("/proc/self/ns/net").unwrap();
    said("setns", unsafe { setns(std::os::fd::AsRawFd::as_raw_fd(&own), 0) }.into());
}

fn tracing() {
    const ATTACH: c_long = 16;
    const SEIZE: c_long = 0x4206;
    let null = std::ptr::null_mut();
    said("attach to process 1", unsafe { ptrace(ATTACH, 1, null, null) });
    said("seize process 1", unsafe { ptrace(SEIZE, 1, null, null) });
    tried("open the memory of process 1", std::fs::File::open("/proc/1/mem"));
    tried("read the environment of process 1", std::fs::read("/proc/1/environ"));
    tried("list the files of process 1", std::fs::read_dir("/proc/1/fd"));
    tried("look through the root of process 1", std::fs::read_dir("/proc/1/root/"));
    // pidfd_open(2) is allowed; to take a file from another process (pidfd_getfd(2)) is not.
    let process = unsafe { syscall(434, 1_i64, 0_i64) };
    said("take a file of process 1", unsafe { syscall(438, process, 0_i64, 0_i64) });
}

fn raw_sockets() {
    const RAW: c_int = 3;
    for (name, domain, protocol) in
        [("ICMP", 2, 1), ("TCP", 2, 6), ("any", 2, 255), ("ICMP of version 6", 10, 58), ("packets", 17, 0x300)]
    {
        said(name, unsafe { socket(domain, RAW, protocol) }.into());
    }
    // Families that no network namespace holds back: AF_VSOCK leads to the machine below a virtual one, AF_ALG into the
    // kernel. That there is a socket at all is the escape: nothing is sent.
    for (name, domain, kind) in
        [("vsock", 40, 1), ("kernel cryptography", 38, 5), ("TIPC", 30, 4), ("RDS", 21, 5), ("CAN", 29, 3)]
    {
        said(name, unsafe { socket(domain, kind, 0) }.into());
    }
    // io_uring makes sockets without socket(2), and 32-bit calls make them by another number.
    let mut parameters = [0_u8; 120];
    said("io_uring", unsafe { syscall(425, 1_i64, parameters.as_mut_ptr()) });
    said("socket by the x32 number", unsafe { syscall(0x4000_0000 + 41, 40_i64, 1_i64, 0_i64) });
}

/// Every kernel refuses most of these by itself, with another error: that it is our filter that says no is the point.
fn pairs_of_sockets() {
    for (name, domain, kind) in [
        ("IP", 2, 1),
        ("IP of version 6", 10, 1),
        ("netlink", 16, 3),
        ("vsock", 40, 1),
        ("TIPC", 30, 1),
        ("CAN", 29, 3),
    ] {
        let mut pair = [0; 2];
        said(&format!("a pair, {name}"), unsafe { socketpair(domain, kind, 0, pair.as_mut_ptr()) }.into());
    }
    let mut pair = [0_i32; 2];
    said("a pair by the x32 number", unsafe { syscall(0x4000_0000 + 53, 30_i64, 1_i64, 0_i64, pair.as_mut_ptr()) });
    // The kind that programs use among themselves.
    let made = unsafe { socketpair(1, 1, 0, pair.as_mut_ptr()) };
    println!("{}", if made == 0 { "works: a pair in the file system" } else { "broken: a pair in the file system" });
}

/// A file that is in memory alone (memfd_create(2)) is on no file system that `noexec` holds for. Nothing is gained by it: an agent
/// runs what it likes anyway.
fn running_memory() {
    let name = c("program");
    let file = unsafe { syscall(319, name.as_ptr(), 0_i64) };
    assert!(file >= 0, "{}", io::Error::last_os_error());
    let path = format!("/proc/self/fd/{file}");
    std::fs::copy("/bin/busybox", &path).unwrap();
    let output = std::process::Command::new(&path).arg0("echo").arg("code in memory runs").output();
    match output {
        Ok(output) => print!("{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => println!("code in memory does not run: {error}"),
    }
}

fn making_devices() {
    const CHARACTER: u32 = 0o020_000;
    const BLOCK: u32 = 0o060_000;
    for (name, mode, device) in [("memory", CHARACTER, 0x101), ("kmsg", CHARACTER, 0x10b), ("disk", BLOCK, 0xfe00)] {
        for folder in ["/tmp", "/dev"] {
            let path = c(&format!("{folder}/{name}"));
            said(&format!("{folder}/{name}"), unsafe { mknod(path.as_ptr(), mode | 0o666, device) }.into());
        }
    }
}

fn becoming_root() {
    said("setuid 0", unsafe { setuid(0) }.into());
    said("setgid 0", unsafe { setgid(0) }.into());
    said("setuid of the proxy's user", unsafe { setuid(65532) }.into());
    let output = std::process::Command::new("/bin/attempt-setuid").arg("euid").output().unwrap();
    match String::from_utf8(output.stdout).unwrap().trim() {
        "65533" => println!("held: a program with the setuid bit runs as 65533"),
        user => println!("escaped: a program with the setuid bit runs as {user}"),
    }
}

fn forks(stay: bool) {
    let mut count = 0;
    loop {
        match unsafe { fork() } {
            -1 => break,
            0 => loop {
                unsafe { pause() };
            },
            _ => count += 1,
        }
        if count > 100_000 {
            println!("escaped: {count} processes");
            break;
        }
    }
    println!("held: no further process: {}", io::Error::last_os_error());
    while stay {
        unsafe { pause() };
    }
    std::process::exit(1);
}

fn memory() {
    let mut kept = Vec::new();
    // 64 GB: more than any test machine would give without noticing.
    for _ in 0..64 << 10 {
        kept.push(vec![1_u8; 1 << 20]);
    }
    println!("escaped: {} MB", kept.len());
}

fn print_repeatedly(bytes: usize) {
    let piece = [b'x'; 1 << 16];
    let mut out = io::stdout().lock();
    for _ in 0..bytes.div_ceil(piece.len()) {
        if out.write_all(&piece).is_err() {
            return;
        }
    }
    eprintln!("escaped: {bytes} bytes");
}

const PATIENCE: Duration = Duration::from_secs(2);

fn tcp(target: SocketAddr, word: &str) {
    tried(
        "tcp",
        TcpStream::connect_timeout(&target, PATIENCE).and_then(|mut stream| stream.write_all(word.as_bytes())),
    );
}

fn send(target: SocketAddr, bytes: &[u8]) -> io::Result<usize> {
    let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    UdpSocket::bind(any)?.send_to(bytes, target)
}

fn udp(target: SocketAddr, word: &str) {
    tried("udp", send(target, word.as_bytes()));
}

/// A question for the address of a name, RFC 1035: what leaks data past most walls.
fn dns(target: SocketAddr, word: &str) {
    let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, word.len() as u8];
    query.extend_from_slice(word.as_bytes());
    query.extend_from_slice(b"\x07example\0\0\x01\0\x01");
    tried("dns", send(target, &query));
}

/// An echo request by a raw socket, and by the kind that needs no privilege.
fn icmp(target: SocketAddr, word: &str) {
    for (name, kind) in [("raw", 3), ("unprivileged", 2)] {
        let (domain, protocol, request) = if target.is_ipv4() { (2, 1, 8) } else { (10, 58, 128) };
        let fd = unsafe { socket(domain, kind, protocol) };
        let mut packet = vec![request, 0, 0, 0, 0, 1, 0, 1];
        packet.extend_from_slice(word.as_bytes());
        let sum = packet
            .chunks(2)
            .fold(0_u32, |sum, pair| sum + (u32::from(pair[0]) << 8) + u32::from(*pair.get(1).unwrap_or(&0)));
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
        let address = address_of(target);
        let sent = if fd < 0 {
            -1
        } else {
            unsafe {
                sendto(fd, packet.as_ptr().cast(), packet.len(), 0, address.as_ptr().cast(), address.len() as u32)
            }
        };
        said(&format!("icmp, {name}"), sent as c_long);
    }
}

fn address_of(target: SocketAddr) -> Vec<u8> {
    match target {
        SocketAddr::V4(target) => [&2_u16.to_ne_bytes()[..], &[0, 0], &target.ip().octets(), &[0; 8]].concat(),
        SocketAddr::V6(target) => [&10_u16.to_ne_bytes()[..], &[0; 6], &target.ip().octets(), &[0; 4]].concat(),
    }
}

/// A new address of version 6 is not there before the kernel has asked around whether somebody has it.
fn patiently<T>(make: impl Fn() -> io::Result<T>) -> T {
    for _ in 0..300 {
        if let Ok(made) = make() {
            return made;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    make().unwrap()
}

/// Listens for all that the other commands send, and prints what comes.
fn listen(v4: &str, v6: &str) {
    let note = |what: &'static str, bytes: &[u8]| {
        let text: String =
            bytes.iter().map(|byte| *byte as char).filter(|character| character.is_ascii_graphic()).collect();
        println!("got {what}: {text}");
    };
    let mut threads = Vec::new();
    for (what, address) in [("tcp", format!("{v4}:7000")), ("tcp6", format!("[{v6}]:7000"))] {
        let listener = patiently(|| TcpListener::bind(&address));
        threads.push(std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = stream;
                let mut bytes = Vec::new();
                let _ = stream.set_read_timeout(Some(PATIENCE));
                let _ = stream.read_to_end(&mut bytes);
                note(what, &bytes);
            }
        }));
    }
    for (what, address) in [
        ("udp", format!("{v4}:7000")),
        ("udp6", format!("[{v6}]:7000")),
        ("dns", format!("{v4}:53")),
        ("dns6", format!("[{v6}]:53")),
    ] {
        let listener = patiently(|| UdpSocket::bind(&address));
        threads.push(std::thread::spawn(move || {
            let mut bytes = [0; 2048];
            while let Ok(length) = listener.recv(&mut bytes) {
                note(what, &bytes[..length]);
            }
        }));
    }
    for (what, domain, protocol) in [("icmp", 2, 1), ("icmp6", 10, 58)] {
        let fd = unsafe { socket(domain, 3, protocol) };
        assert!(fd >= 0, "{}", io::Error::last_os_error());
        let socket = unsafe { OwnedFd::from_raw_fd(fd) };
        threads.push(std::thread::spawn(move || {
            let mut bytes = [0_u8; 2048];
            loop {
                let length = unsafe {
                    recv(std::os::fd::AsRawFd::as_raw_fd(&socket), bytes.as_mut_ptr().cast(), bytes.len(), 0)
                };
                let packet = &bytes[..length.max(0) as usize];
                // Version 4 comes with its header. Only requests: the answers are our own.
                let start = if domain == 2 { 20 } else { 0 };
                if packet.get(start).is_some_and(|kind| matches!(kind, 8 | 128)) {
                    note(what, &packet[start + 8..]);
                }
            }
        }));
    }
    println!("listening");
    for thread in threads {
        thread.join().unwrap();
    }
}
