//! System calls that an agent is refused, whatever the engine's own filter says: engines of some years allow them.
//!
//! A network namespace holds back the families of addresses that know namespaces. `AF_VSOCK` does not: by it a program in a
//! container without any network speaks to the machine that runs this virtual one. So there are sockets of four families
//! here, pairs of one, and of no other, and no way around that: `io_uring` makes sockets without the call that is looked at.
//! A scanner that is a program of this machine has fewer families, or none.

use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal};
use rustix::thread::{
    CapabilitiesSecureBits, capabilities, clear_ambient_capability_set, set_capabilities_secure_bits,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};
use std::collections::BTreeMap;

/// Sockets in the file system, of IP in both versions, and to ask the kernel about one's own interfaces (netlink). The
/// numbers are the kernel's, see address_families(7).
pub(super) const FAMILIES: &[u64] = &[1, 2, 10, 16];
/// The same without those in the file system: engines and agents of keys listen there.
pub(crate) const NETWORK: &[u64] = &[2, 10, 16];
/// The one family of pairs of sockets that programs make: in the file system. No pair of another one is refused by every kernel.
const PAIRS: u64 = 1;
/// "Operation not permitted", as the engine's own filter says.
const EPERM: u32 = 1;

/// The numbers of socket(2), of socketpair(2) and of what is refused altogether: ptrace, process_vm_readv, process_vm_writev, userfaultfd,
/// io_uring_setup, io_uring_enter, io_uring_register, pidfd_getfd. From the kernel's `unistd.h` for each processor.
#[cfg(target_arch = "x86_64")]
const NUMBERS: (TargetArch, [i64; 2], &[i64]) =
    (TargetArch::x86_64, [41, 53], &[101, 310, 311, 323, 425, 426, 427, 438, X32 + 521, X32 + 539, X32 + 540]);
#[cfg(target_arch = "aarch64")]
const NUMBERS: (TargetArch, [i64; 2], &[i64]) =
    (TargetArch::aarch64, [198, 199], &[117, 270, 271, 282, 425, 426, 427, 438]);

/// Calls of the x32 kind have their numbers from here on, on kernels that know it. Calls of 32-bit programs are another
/// processor's to the filter: they end the program.
const X32: i64 = 0x4000_0000;

/// Refuses them to this thread and everything that it starts from now on, and sockets but of these families.
pub(crate) fn restrict(families: &[u64]) -> Result<(), String> {
    let (processor, [socket, pair], refused) = NUMBERS;
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let other_than = |families: &[u64]| {
        let other = families.iter().map(|family| SeccompCondition::new(0, Width::Dword, SeccompCmpOp::Ne, *family));
        other.collect::<Result<Vec<_>, _>>().and_then(SeccompRule::new).map_err(|error| said(&error))
    };
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    // Without a condition, all of them.
    rules.insert(socket, if families.is_empty() { Vec::new() } else { vec![other_than(families)?] });
    rules.insert(pair, vec![other_than(&[PAIRS])?]);
    for number in refused {
        rules.insert(*number, Vec::new());
        rules.insert(number | X32, Vec::new());
    }
    for number in [socket, pair] {
        rules.insert(number | X32, Vec::new());
    }
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(EPERM), processor);
    let program: BpfProgram = filter.and_then(BpfProgram::try_from).map_err(|error| said(&error))?;
    apply_filter(&program).map_err(|error| said(&error))
}

/// Keeps others of the same user out of this process: what it has in memory, and in its environment.
pub(crate) fn hide() -> Result<(), String> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| error.to_string())
}

/// This process ends when its parent does.
pub(crate) fn end_with_parent() -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())
}

/// The superuser without capabilities can look into no process that does not want it: not into the one that has the key.
pub(crate) fn drop_capabilities() -> Result<(), String> {
    let drop = || {
        let held = capabilities(None)?;
        if held.permitted.is_empty() {
            return Ok(());
        }
        clear_ambient_capability_set()?;
        // From now on a program gets none for being started by the superuser (capabilities(7)).
        set_capabilities_secure_bits(CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED)
    };
    drop().map_err(|error: rustix::io::Errno| error.to_string())
}
