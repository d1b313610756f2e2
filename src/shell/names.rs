//! Names of programs and files that checks of shell text look for: each stands here and nowhere else.

pub(crate) const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ash", "ksh", "fish"];
/// Those to which `[[ … ]]` is one command.
const WITH_TESTS: &[&str] = &["bash", "zsh", "ksh"];
pub(crate) const INTERPRETERS: &[&str] =
    &["python", "python2", "python3", "node", "bun", "deno", "perl", "ruby", "php", "pwsh", "powershell", "lua"];
/// Programs that download what an address names.
pub(crate) const DOWNLOADERS: &[&str] = &["curl", "wget", "aria2c"];
/// Programs that send what they are given to an address.
pub(crate) const SENDERS: &[&str] = &["curl", "wget", "nc", "ncat"];
/// Programs that start the program that their arguments name.
pub(crate) const WRAPPERS: &[&str] = &[
    "sudo", "exec", "nohup", "env", "command", "time", "busybox", "gosu", "doas", "nice", "timeout", "xargs", "setsid",
    "stdbuf", "ionice", "su-exec", "builtin",
];
/// Programs that print their arguments, and functions that people name so.
const TELLERS: &[&str] =
    &["echo", "printf", "log", "info", "warn", "error", "msg", "die", "fail", "print", "say", "cat"];
/// Files and folders in which programs keep credentials, for every check that looks for them.
pub(crate) mod keys {
    pub(crate) const SSH: &str = ".ssh";
    pub(crate) const AWS: &str = ".aws";
    pub(crate) const GNUPG: &str = ".gnupg";
    pub(crate) const KUBE: &str = ".kube";
    pub(crate) const NETRC: &str = ".netrc";
    pub(crate) const GIT_CREDENTIALS: &str = ".git-credentials";
    pub(crate) const PYPIRC: &str = ".pypirc";
    pub(crate) const ID_RSA: &str = "id_rsa";
    pub(crate) const ID_ED25519: &str = "id_ed25519";
}
/// What a command that reads credentials names.
const KEY_FILES: &[&str] = &[
    keys::SSH,
    keys::AWS,
    keys::GNUPG,
    keys::KUBE,
    keys::NETRC,
    keys::GIT_CREDENTIALS,
    ".docker/config.json",
    "/proc/self/environ",
    "/proc/1/environ",
    keys::ID_RSA,
    keys::ID_ED25519,
];

/// The name of a program without its folder: `bash` for `/bin/bash`.
pub(crate) fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Whether a word names a shell, by its path or by a variable that holds one.
pub(crate) fn is_shell(word: &str) -> bool {
    SHELLS.contains(&base(word)) || matches!(word, "$SHELL" | "$BASH" | "$0")
}

/// Whether `[[ … ]]` is one command for a shell of this name.
pub(crate) fn has_tests(shell: &str) -> bool {
    WITH_TESTS.contains(&shell)
}

/// Whether a word names an interpreter: `python3.12`, too.
pub(crate) fn is_interpreter(word: &str) -> bool {
    let name = base(word);
    INTERPRETERS.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
        || INTERPRETERS.contains(&name)
}

pub(crate) fn is_downloader(word: &str) -> bool {
    DOWNLOADERS.contains(&base(word))
}

/// Whether a program prints what it is given.
pub(crate) fn is_teller(program: &str) -> bool {
    let name = base(program);
    TELLERS.iter().any(|teller| name.starts_with(teller))
}

/// Whether a text names a file of credentials.
pub(crate) fn names_keys(text: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    KEY_FILES.iter().any(|file| text.match_indices(file).any(|(at, _)| text.get(at + file.len()..).is_some_and(ends)))
}
