//! What things are called on GitHub: branches, titles, commits.

use crate::ids::CommitSha;
use crate::pins::plan::Decision;
use crate::pins::reason::Reason;

/// What every branch of ours begins with; the entry's name follows.
pub(super) const PREFIX: &str = "automation/update-pin-";

/// The key of the last line of a commit of ours.
const TRAILER: &str = "Pin-Update";

/// Whether an entry's name may become part of a branch's name, an address and a title: letters, digits, `-`, `_` and `.`, and
/// what Git asks of a name besides.
pub(super) fn is_safe(entry: &str) -> bool {
    let characters = entry.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (1..=100).contains(&entry.len())
        && characters
        && !entry.starts_with(['.', '-'])
        && !entry.ends_with('.')
        && !entry.contains("..")
        && !entry.to_ascii_lowercase().ends_with(".lock")
}

/// The file of an entry.
pub(super) fn path(entry: &str) -> String {
    format!("servers/{entry}/server.yaml")
}

/// Whether a path of a plan can be that of an entry's file: then every part of it can become part of an address.
pub(super) fn is_path(path: &str, entry: &str) -> bool {
    path.strip_prefix("servers/").and_then(|rest| rest.strip_suffix("/server.yaml")) == Some(entry)
}

/// The branch of an entry.
pub(super) fn branch(entry: &str) -> String {
    format!("{PREFIX}{entry}")
}

/// The entry of a branch, if it is one of ours.
pub(super) fn entry(branch: &str) -> Option<&str> {
    branch.strip_prefix(PREFIX).filter(|entry| is_safe(entry))
}

/// The title of a pull request.
pub(super) fn title(decision: &Decision, new: &CommitSha) -> String {
    format!("Update pin of {} to {}{}", decision.entry, new.short(), flag(decision))
}

/// What titles say where people have to look.
pub(super) const FLAGS: [&str; 2] = [" (history rewritten)", " (licence changed)"];

/// What a title says where people have to look; empty where they need not.
pub(super) fn flag(decision: &Decision) -> &'static str {
    let [rewritten, license] = FLAGS;
    match decision.reason {
        Reason::NotAncestor => rewritten,
        Reason::LicenseChanged => license,
        _ => "",
    }
}

/// One step of a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) old: CommitSha,
    pub(super) new: CommitSha,
}

/// The message of a commit of ours. It depends on nothing but the entry and the step.
pub(super) fn message(entry: &str, step: &Step) -> String {
    let Step { old, new } = step;
    format!("Update pin of {entry} to {}\n\n{TRAILER}: {entry} {old}..{new}\n", new.short())
}

/// The step of a commit, if its message is, to the letter, one that we write for this entry.
pub(super) fn step(entry: &str, message: &str) -> Option<Step> {
    let (_, last) = message.trim_end().rsplit_once('\n')?;
    let rest = last.strip_prefix(TRAILER)?.strip_prefix(": ")?.strip_prefix(entry)?.strip_prefix(' ')?;
    let (old, new) = rest.split_once("..")?;
    let step = Step { old: CommitSha::parse(old).ok()?, new: CommitSha::parse(new).ok()? };
    (self::message(entry, &step).trim_end() == message.trim_end()).then_some(step)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Step, branch, entry, is_path, is_safe, message, step};
    use crate::ids::CommitSha;

    #[test]
    fn names_that_are_no_safe_part_of_a_ref_are_refused() {
        for name in ["weather", "a", "aws-cdk-mcp-server", "x.y_z", "A1"] {
            assert!(is_safe(name), "{name}");
            assert_eq!(entry(&branch(name)), Some(name));
        }
        for name in [
            "", ".", "..", "a..b", ".a", "a.", "-a", "a/b", "a b", "a\n", "a.lock", "a.LOCK", "@{0}", "a~1", "a^",
            "a:b", "a?", "a*", "a[", "a\\", "ü", "a%2fb", "<!--",
        ] {
            assert!(!is_safe(name), "{name:?}");
            assert_eq!(entry(&branch(name)), None);
        }
        assert!(!is_safe(&"a".repeat(101)));
        assert_eq!(entry("automation/update-pins"), None);
    }

    #[test]
    fn only_the_file_of_the_entry_itself_is_written() {
        assert!(is_path("servers/weather/server.yaml", "weather"));
        for path in [
            "servers/other/server.yaml",
            "servers/../weather/server.yaml",
            "/servers/weather/server.yaml",
            ".github/workflows/x.yml",
            "servers/weather/tools.json",
        ] {
            assert!(!is_path(path, "weather"), "{path}");
        }
    }

    #[test]
    fn a_commit_is_ours_to_the_letter() {
        let wanted =
            Step { old: CommitSha::parse(&"a".repeat(40)).unwrap(), new: CommitSha::parse(&"b".repeat(40)).unwrap() };
        let text = message("weather", &wanted);
        insta::assert_snapshot!(text, @r"
        Update pin of weather to bbbbbbbbbbbb

        Pin-Update: weather aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        ");
        assert_eq!(step("weather", &text), Some(wanted.clone()));
        assert_eq!(step("weather", text.trim_end()), Some(wanted));
        for other in [
            text.replace("to bbb", "to bbc"),
            format!("{text}\nSigned-off-by: x"),
            format!("x{text}"),
            text.replace("..b", "..c"),
            text.replace("weather", "other"),
            String::new(),
            "Pin-Update".to_owned(),
        ] {
            assert_eq!(step("weather", &other), None, "{other}");
        }
        assert_eq!(step("weath", &text), None);
    }
}
