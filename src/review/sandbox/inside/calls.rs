//! System calls that an agent is refused, whatever the engine's own filter says: engines of some years allow them.
//!
//! A network namespace holds back the families of addresses that know namespaces. `AF_VSOCK` does not: by it a program in a
//! container without any network speaks to the machine that runs this virtual one. So there are sockets of four families
//! here and of no other, and no way around that: `io_uring` makes sockets without the call that is looked at.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};
use std::collections::BTreeMap;

/// Sockets in the file system, of IP in both versions, and to ask the kernel about one's own interfaces (netlink). The
/// numbers are the kernel's, see address_families(7).
const FAMILIES: [u64; 4] = [1, 2, 10, 16];
/// "Operation not permitted", as the engine's own filter says.
const EPERM: u32 = 1;

/// The numbers of socket(2) and of what is refused altogether: ptrace, process_vm_readv, process_vm_writev, userfaultfd,
/// io_uring_setup, io_uring_enter, io_uring_register, pidfd_getfd. From the kernel's `unistd.h` for each processor.
#[cfg(target_arch = "x86_64")]
const NUMBERS: (TargetArch, i64, &[i64]) =
    (TargetArch::x86_64, 41, &[101, 310, 311, 323, 425, 426, 427, 438, X32 + 521, X32 + 539, X32 + 540]);
#[cfg(target_arch = "aarch64")]
const NUMBERS: (TargetArch, i64, &[i64]) = (TargetArch::aarch64, 198, &[117, 270, 271, 282, 425, 426, 427, 438]);

/// Calls of the x32 kind have their numbers from here on, on kernels that know it. Calls of 32-bit programs are another
/// processor's to the filter: they end the program.
const X32: i64 = 0x4000_0000;

/// Refuses them to this thread and everything that it starts from now on.
pub(super) fn restrict() -> Result<(), String> {
    let (processor, socket, refused) = NUMBERS;
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let other_family = FAMILIES.iter().map(|family| SeccompCondition::new(0, Width::Dword, SeccompCmpOp::Ne, *family));
    let other_family: Vec<_> = other_family.collect::<Result<_, _>>().map_err(|error| said(&error))?;
    let other_family = SeccompRule::new(other_family).map_err(|error| said(&error))?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    rules.insert(socket, vec![other_family]);
    for number in refused {
        rules.insert(*number, Vec::new());
        rules.insert(number | X32, Vec::new());
    }
    rules.insert(socket | X32, Vec::new());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(EPERM), processor);
    let program: BpfProgram = filter.and_then(BpfProgram::try_from).map_err(|error| said(&error))?;
    apply_filter(&program).map_err(|error| said(&error))
}
