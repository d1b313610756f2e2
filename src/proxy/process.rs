//! What a process does that holds keys.

/// Keeps other processes of the same user, and core files, from this one's memory: the process cannot be traced, and its
/// files under `/proc` belong to root. To be called before a key is read.
///
/// # Errors
/// When the system refuses.
pub(crate) fn protect() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    }
    Ok(())
}
