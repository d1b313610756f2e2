//! The rules that `build --tools` judges by.

use crate::finding::{RuleDescriptor, Severity};

pub(super) const ADDED: &str = "tools-added";
pub(super) const REMOVED: &str = "tools-removed";
pub(super) const CHANGED: &str = "tools-changed";
pub(super) const MISSING: &str = "tools-not-listed";

const EXPLANATION: &str = "**What**: `tools.json` and the server in the image do not list the same tools.\n\n\
**Why**: A catalog shows `tools.json`, and models choose tools by it. A tool that is not there is never used, and one that is there \
only on paper fails.\n\n**How to fix**: `mcp-registry build NAME --tools --write-tools` writes what the server lists.";

/// Descriptions of the rules, for outputs that carry them.
#[must_use]
pub(crate) fn rules() -> Vec<RuleDescriptor> {
    let rule =
        |id, summary, severity| RuleDescriptor { id, summary, explanation: EXPLANATION, severity, help_uri: None };
    vec![
        rule(ADDED, "the server lists a tool that tools.json does not have", Severity::Warning),
        rule(CHANGED, "a tool is another one in tools.json and in the server", Severity::Warning),
        rule(MISSING, "there is no tools.json", Severity::Note),
        rule(REMOVED, "tools.json has a tool that the server does not list", Severity::Error),
    ]
}
