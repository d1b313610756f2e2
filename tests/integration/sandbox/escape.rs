//! Getting out, and getting at what is not for an agent. Every attempt prints what came of it, and all of it is compared.

use super::lab::{lab, run_id};
use insta::assert_snapshot;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

#[test]
fn agent_finds_no_socket_of_the_engine() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("
        attempt unix /var/run/docker.sock; attempt unix /run/docker.sock
        attempt unix /run/containerd/containerd.sock; attempt unix /run/podman/podman.sock
        find / -type s 2>/dev/null; echo end"), @r"
    held: /var/run/docker.sock: No such file or directory (os error 2)
    held: /run/docker.sock: No such file or directory (os error 2)
    held: /run/containerd/containerd.sock: No such file or directory (os error 2)
    held: /run/podman/podman.sock: No such file or directory (os error 2)
    end
    ");
}

/// An abstract socket has no file: only the network's namespace keeps it from whoever knows its name.
#[test]
fn agent_reaches_no_socket_of_the_host() {
    let Some(lab) = lab() else { return };
    let name = format!("mcp-registry-{}", run_id());
    let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    listener.set_nonblocking(true).unwrap();
    assert_snapshot!(lab.said(&format!("attempt abstract {name}")), @"held: an abstract socket: Connection refused (os error 111)");
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    // The listener does hear who is in its own network.
    let heard = std::os::unix::net::UnixStream::connect_addr(&SocketAddr::from_abstract_name(&name).unwrap());
    assert!(heard.is_ok() && listener.accept().is_ok());
}

#[test]
fn agent_cannot_write_the_root_file_system() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("
        for place in /. /bin /etc /dev /proc /sys /run /var; do echo x > $place/x; done
        echo x > /bin/busybox; echo x > /etc/hosts; echo x > /etc/resolv.conf
        ln -s /tmp /bin/another; mv /bin/sh /bin/other; rm /bin/sh; chmod 777 /
        find / -xdev -type d -writable 2>/dev/null; find / -xdev -type f -writable 2>/dev/null; echo end"), @r"
    /input/agent.sh: line 3: can't create /./x: Read-only file system
    /input/agent.sh: line 3: can't create /bin/x: Read-only file system
    /input/agent.sh: line 3: can't create /etc/x: Read-only file system
    /input/agent.sh: line 3: can't create /dev/x: Permission denied
    /input/agent.sh: line 3: can't create /proc/x: nonexistent directory
    /input/agent.sh: line 3: can't create /sys/x: Read-only file system
    /input/agent.sh: line 3: can't create /run/x: nonexistent directory
    /input/agent.sh: line 3: can't create /var/x: nonexistent directory
    /input/agent.sh: line 4: can't create /bin/busybox: Read-only file system
    /input/agent.sh: line 4: can't create /etc/hosts: Read-only file system
    /input/agent.sh: line 4: can't create /etc/resolv.conf: Read-only file system
    ln: /bin/another: Read-only file system
    mv: can't rename '/bin/sh': Read-only file system
    rm: can't remove '/bin/sh': Read-only file system
    chmod: /: Read-only file system
    end
    ");
}

#[test]
fn agent_cannot_write_the_input() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("
        echo x > /input/x; echo x >> /input/agent.sh; rm -r /input/agent.sh /input/.sandbox; mkdir /input/x
        echo x > /input/.sandbox/mcp-registry; ln -s / /input/link; chmod 777 /input /input/agent.sh; touch /input/agent.sh; true"), @r"
    /input/agent.sh: line 3: can't create /input/x: Read-only file system
    /input/agent.sh: line 3: can't create /input/agent.sh: Permission denied
    rm: can't remove '/input/agent.sh': Read-only file system
    rm: can't remove '/input/.sandbox/mcp-registry': Read-only file system
    mkdir: can't create directory '/input/x': Read-only file system
    /input/agent.sh: line 4: can't create /input/.sandbox/mcp-registry: Read-only file system
    ln: /input/link: Read-only file system
    chmod: /input: Read-only file system
    chmod: /input/agent.sh: Read-only file system
    touch: /input/agent.sh: Read-only file system
    ");
}

#[test]
fn agent_cannot_write_kernel_settings() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("
        for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger \
            /proc/sys/vm/drop_caches /proc/1/oom_score_adj /sys/kernel/uevent_helper; do echo 1 > $file; done
        hostname other; sysctl -w vm.overcommit_memory=1; dmesg | head -n 1; date -s 2000-01-01 2>&1 | head -n 1
        find /proc/sys /sys -type f -writable 2>/dev/null | head; cat /proc/kcore /proc/keys | wc -c"), @r"
    /input/agent.sh: line 3: can't create /proc/sys/kernel/core_pattern: Read-only file system
    /input/agent.sh: line 3: can't create /proc/sys/kernel/hostname: Read-only file system
    /input/agent.sh: line 3: can't create /proc/sys/net/ipv4/ip_forward: Read-only file system
    /input/agent.sh: line 3: can't create /proc/sysrq-trigger: nonexistent directory
    /input/agent.sh: line 3: can't create /proc/sys/vm/drop_caches: Read-only file system
    /input/agent.sh: line 3: can't create /proc/1/oom_score_adj: Permission denied
    /input/agent.sh: line 3: can't create /sys/kernel/uevent_helper: Read-only file system
    hostname: sethostname: Operation not permitted
    sysctl: error setting key 'vm.overcommit_memory': Read-only file system
    dmesg: klogctl: Operation not permitted
    date: can't set date: Operation not permitted
    cat: can't open '/proc/kcore': No such file or directory
    0
    ");
}

/// All that an agent gets to know of its surroundings. The image sets `LD_PRELOAD` and a secret, and the host has a lot.
#[test]
fn agent_sees_no_environment_but_ours() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("
        env | sort; echo; tr '\\0' '\\n' < /proc/self/environ | sort; cat /proc/1/environ
        echo; hostname; cat /etc/resolv.conf; grep -v ip6 /etc/hosts; ls /etc; id"), @r"
    HOME=/tmp
    LANG=C.UTF-8
    MCP_REVIEW_TASK=/input/review.json
    PATH=/bin
    PWD=/tmp
    SHLVL=1
    TMPDIR=/tmp

    cat: can't open '/proc/1/environ': Permission denied

    sandbox
    nameserver 127.0.0.1
    127.0.0.1	localhost
    hostname
    hosts
    mtab
    resolv.conf
    uid=65533 gid=65533 groups=65533
    ");
}

#[test]
fn agent_sees_no_process_but_its_own() {
    let Some(lab) = lab() else { return };
    // Not in a pipe: beside `ps` there would be a shell that is about to be `grep`.
    assert_snapshot!(lab.said("
        ps -o user,args > /tmp/all; grep -v ps /tmp/all; kill -9 1; kill -TERM -1 2>/dev/null; echo still here"), @r"
    USER     COMMAND
    65533    /input/.sandbox/mcp-registry sandbox-init --directory=/tmp -- /bin/sh /input/agent.sh
    65533    /bin/sh /input/agent.sh
    still here
    ");
}

#[test]
fn agent_cannot_mount() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("attempt mount; mount -t tmpfs none /tmp; umount /input; umount /proc/sys; true"), @r"
    held: tmpfs: Operation not permitted (os error 1)
    held: proc: Operation not permitted (os error 1)
    held: sysfs: Operation not permitted (os error 1)
    held: cgroup: Operation not permitted (os error 1)
    held: make / writable: Operation not permitted (os error 1)
    held: make /input writable: Operation not permitted (os error 1)
    held: make /proc/sys writable: Operation not permitted (os error 1)
    held: fsopen: Operation not permitted (os error 1)
    held: open_tree: Operation not permitted (os error 1)
    held: open_by_handle_at: Operation not permitted (os error 1)
    held: chroot: Operation not permitted (os error 1)
    held: pivot_root: Operation not permitted (os error 1)
    mount: permission denied (are you root?)
    umount: can't unmount /input: Operation not permitted
    umount: can't unmount /proc/sys: Operation not permitted
    ");
}

#[test]
fn agent_cannot_make_namespaces() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("attempt unshare; nsenter -t 1 -n true; true"), @r"
    held: a new user namespace: Operation not permitted (os error 1)
    held: a process in a new user namespace: Operation not permitted (os error 1)
    held: a new mount namespace: Operation not permitted (os error 1)
    held: a process in a new mount namespace: Operation not permitted (os error 1)
    held: a new network namespace: Operation not permitted (os error 1)
    held: a process in a new network namespace: Operation not permitted (os error 1)
    held: a new pid namespace: Operation not permitted (os error 1)
    held: a process in a new pid namespace: Operation not permitted (os error 1)
    held: a new ipc namespace: Operation not permitted (os error 1)
    held: a process in a new ipc namespace: Operation not permitted (os error 1)
    held: a new cgroup namespace: Operation not permitted (os error 1)
    held: a process in a new cgroup namespace: Operation not permitted (os error 1)
    held: setns: Operation not permitted (os error 1)
    nsenter: can't open '/proc/1/ns/net': Permission denied
    ");
}

#[test]
fn agent_cannot_trace_or_read_the_first_process() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("attempt ptrace"), @r"
    held: attach to process 1: Operation not permitted (os error 1)
    held: seize process 1: Operation not permitted (os error 1)
    held: open the memory of process 1: Permission denied (os error 13)
    held: read the environment of process 1: Permission denied (os error 13)
    held: list the files of process 1: Permission denied (os error 13)
    held: look through the root of process 1: Permission denied (os error 13)
    held: take a file of process 1: Operation not permitted (os error 1)
    ");
}

#[test]
fn agent_cannot_open_raw_sockets() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("attempt raw-sockets"), @r"
    held: ICMP: Operation not permitted (os error 1)
    held: TCP: Operation not permitted (os error 1)
    held: any: Operation not permitted (os error 1)
    held: ICMP of version 6: Operation not permitted (os error 1)
    held: packets: Operation not permitted (os error 1)
    held: vsock: Operation not permitted (os error 1)
    held: kernel cryptography: Operation not permitted (os error 1)
    held: TIPC: Operation not permitted (os error 1)
    held: RDS: Operation not permitted (os error 1)
    held: CAN: Operation not permitted (os error 1)
    held: io_uring: Operation not permitted (os error 1)
    held: socket by the x32 number: Operation not permitted (os error 1)
    ");
}

#[test]
fn agent_cannot_make_pairs_of_other_sockets() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("attempt pairs"), @r"
    held: a pair, IP: Operation not permitted (os error 1)
    held: a pair, IP of version 6: Operation not permitted (os error 1)
    held: a pair, netlink: Operation not permitted (os error 1)
    held: a pair, vsock: Operation not permitted (os error 1)
    held: a pair, TIPC: Operation not permitted (os error 1)
    held: a pair, CAN: Operation not permitted (os error 1)
    held: a pair by the x32 number: Operation not permitted (os error 1)
    works: a pair in the file system
    ");
}

#[test]
fn agent_cannot_make_devices() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("attempt mknod; mknod /tmp/x c 1 1; find /dev -type b; find /dev -type c | sort"), @r"
    held: /tmp/memory: Operation not permitted (os error 1)
    held: /dev/memory: Permission denied (os error 13)
    held: /tmp/kmsg: Operation not permitted (os error 1)
    held: /dev/kmsg: Permission denied (os error 13)
    held: /tmp/disk: Operation not permitted (os error 1)
    held: /dev/disk: Permission denied (os error 13)
    mknod: /tmp/x: Operation not permitted
    /dev/full
    /dev/null
    /dev/pts/ptmx
    /dev/random
    /dev/tty
    /dev/urandom
    /dev/zero
    ");
}

#[test]
fn agent_cannot_become_somebody_else() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("attempt setuid; su -c id; setpriv --dump | grep -i cap; grep -e ^Cap -e ^Groups /proc/self/status"), @r"
    held: setuid 0: Operation not permitted (os error 1)
    held: setgid 0: Operation not permitted (os error 1)
    held: setuid of the proxy's user: Operation not permitted (os error 1)
    held: a program with the setuid bit runs as 65533
    su: must be suid to work properly
    Inheritable capabilities: [none]
    Ambient capabilities: [none]
    Capability bounding set: [none]
    Groups:	65533 
    CapInh:	0000000000000000
    CapPrm:	0000000000000000
    CapEff:	0000000000000000
    CapBnd:	0000000000000000
    CapAmb:	0000000000000000
    ");
}

/// Not a wall, and the threat model says so: code of its own making runs from memory, with no more rights than the agent has.
#[test]
fn agent_runs_code_from_memory_with_its_own_rights() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("attempt memfd"), @"code in memory runs");
}

#[test]
fn agent_cannot_run_files_that_it_writes() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("
        cp /bin/busybox /tmp/program; chmod 755 /tmp/program; /tmp/program true; echo status $?
        find / -xdev -perm -1000 2>/dev/null; mount | grep 'on /dev/shm'; true"), @r"
    /input/agent.sh: line 3: /tmp/program: Permission denied
    status 126
    ");
}

/// What it leaves running ends with it, and so does its output.
#[test]
fn agent_leaves_no_process_behind() {
    let Some(lab) = lab() else { return };
    let seconds = format!("98{}", std::process::id());
    let said =
        lab.said(&format!("(setsid sleep {seconds} &) ; trap '' TERM HUP; setsid sleep {seconds} & echo started"));
    assert_eq!(said.lines().last(), Some("started"));
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let left = lines.filter(|line| line.windows(seconds.len()).any(|window| window == seconds.as_bytes()));
    assert_eq!(left.count(), 0);
}

/// Children that nobody asks for their status would use up the number of processes.
#[test]
fn first_process_reaps_what_others_leave() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(lab.said("
        for i in 1 2 3 4 5 6 7 8 9 10; do (true & true &) ; done
        while grep -q '^State:.Z' /proc/[0-9]*/status 2>/dev/null; do :; done; echo none left"), @"none left");
}
