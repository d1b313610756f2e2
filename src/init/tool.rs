//! The program that a registry's workflows run: this one, by the full id of the commit that it was built from.

use crate::ids::CommitSha;

/// What a workflow names as `uses:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tool {
    /// `OWNER/NAME`.
    repository: String,
    commit: CommitSha,
}

/// Where the action is, in this repository.
const ACTION: &str = "/.github/actions/mcp-registry";
/// The version that a new pin says that it is.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Tool {
    /// The release that this program is; none where whoever built it did not say.
    #[must_use]
    pub(crate) fn of_this_program() -> Option<Self> {
        let (repository, commit) = (option_env!("MCP_REGISTRY_REPOSITORY")?, option_env!("MCP_REGISTRY_COMMIT")?);
        Self::parse(&format!("{repository}@{commit}")).ok()
    }

    /// `OWNER/NAME@COMMIT`.
    ///
    /// # Errors
    /// When it is something else, or the commit is abbreviated: a name could come to mean another program.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not OWNER/NAME@COMMIT, with all 40 digits of the commit");
        let (repository, commit) = text.split_once('@').ok_or_else(wrong)?;
        let (owner, name) = repository.split_once('/').ok_or_else(wrong)?;
        let plain = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (1..=100).contains(&part.len()) && !part.starts_with('.') && part.bytes().all(known)
        };
        if !plain(owner) || !plain(name) {
            return Err(wrong());
        }
        let commit = CommitSha::parse(commit).map_err(|_| wrong())?;
        Ok(Self { repository: repository.to_owned(), commit })
    }

    /// The program that a workflow runs first; none where it runs none by a whole commit.
    #[must_use]
    pub(crate) fn of_workflow(text: &str) -> Option<Self> {
        let (before, after) = text.split_once(&format!("{ACTION}@"))?;
        let repository = before.rsplit(char::is_whitespace).next()?;
        Self::parse(&format!("{repository}@{}", after.get(..40)?)).ok()
    }

    /// `OWNER/NAME@COMMIT`, with the first twelve digits.
    #[must_use]
    pub(crate) fn short(&self) -> String {
        format!("{}@{}", self.repository, self.commit.short())
    }

    /// A pin of nothing, for texts in which it does not matter.
    #[must_use]
    pub(crate) fn example() -> Self {
        Self { repository: "OWNER/mcp-registry".to_owned(), commit: CommitSha::from_bytes([0; 20]) }
    }

    /// The line after `uses:`.
    #[must_use]
    pub(crate) fn uses(&self) -> String {
        format!("{}{ACTION}@{} # v{VERSION}", self.repository, self.commit)
    }

    /// The page of this repository, at this very commit, that says how a registry is set up.
    #[must_use]
    pub(crate) fn guide(&self) -> String {
        format!("https://github.com/{}/blob/{}/docs/github.md", self.repository, self.commit)
    }
}

/// What this repository's own workflows have after `uses:`: the action of the commit that the workflow itself is of.
pub(crate) const OWN: &str = "$/.github/actions/mcp-registry";

/// Whether a later version of this program wrote a file.
#[must_use]
pub(crate) fn is_newer(text: &str) -> bool {
    let pinned = text.split_once(&format!("{ACTION}@")).and_then(|(_, rest)| rest.lines().next());
    let version = pinned.and_then(|line| line.split_once(" # v")).map(|(_, version)| version.trim());
    matches!(version.and_then(numbers).zip(numbers(VERSION)), Some((theirs, ours)) if theirs > ours)
}

fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut parts = version.split(['-', '+']).next()?.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::{Tool, VERSION, is_newer};

    const COMMIT: &str = "0123456789012345678901234567890123456789";

    #[test]
    fn only_a_whole_commit_is_a_pin() {
        let tool = Tool::parse(&format!("acme/mcp-registry@{COMMIT}")).map(|tool| tool.uses());
        assert_eq!(tool, Ok(format!("acme/mcp-registry/.github/actions/mcp-registry@{COMMIT} # v{VERSION}")));
        let text = ["acme/x@main", "acme/x@0123456", "acme@x", "", "acme/x/y@", "a b/x@", "../x@", "acme/x"];
        for text in text.map(|text| if text.ends_with('@') { format!("{text}{COMMIT}") } else { text.to_owned() }) {
            assert!(Tool::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_pin_of_a_workflow_is_read_back() {
        let uses = |what: &str| Tool::of_workflow(&format!("steps:\n  - uses: {what} # v1.0.0\n")).map(|it| it.short());
        let ours = format!("acme/mcp-registry/.github/actions/mcp-registry@{COMMIT}");
        assert_eq!(uses(&ours).as_deref(), Some("acme/mcp-registry@012345678901"));
        for other in ["actions/checkout@v7", "$/.github/actions/mcp-registry", &ours.replace(COMMIT, "main")] {
            assert_eq!(uses(other), None, "{other}");
        }
    }

    #[test]
    fn a_file_of_a_later_version_is_known() {
        let with = |version: &str| format!("x\n  uses: a/b/.github/actions/mcp-registry@{COMMIT} # v{version}\ny\n");
        assert!(is_newer(&with("99.0.0")) && is_newer(&with("0.1000.0-rc.1")));
        for not in [with(VERSION), with("0.0.1"), with("x"), String::new(), "uses: a@b # v9.9.9".to_owned()] {
            assert!(!is_newer(&not), "{not}");
        }
    }
}
