//! What reviewers say about code, and what is concluded from it.
//!
//! An agent says [`ReviewFinding`]s in a [`Findings`] document; its author is hostile until proven otherwise, so the document is
//! of a known shape and bounded ([`document`]). The [`Verdict`] is concluded here and not by any agent: the highest risk
//! among all findings, and `incomplete` whenever anybody could not finish. [`report::ReviewReport`] holds all of it.
//!
//! Risk is the reviewer's scale. It is never mixed with the severity of a finding about an entry.

pub(crate) mod annotate;
pub mod document;
pub mod judge;
pub mod report;
pub mod task;

pub use document::Findings;
pub use judge::{AgentRun, heard, judge};
pub(crate) use report::ReviewReport;

use serde::{Deserialize, Serialize};
use std::fmt;

/// How dangerous something in reviewed code is. The order is the order of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Worth knowing; no harm can come of it.
    Info,
    /// Harm needs unlikely conditions or is small.
    Low,
    /// Harm is possible under conditions that an attacker does not control alone.
    Medium,
    /// Harm is likely when somebody tries.
    High,
    /// Harm is done, or anybody can do it: malicious code, stolen credentials.
    Critical,
}

impl Risk {
    /// All of them, from the least to the greatest.
    pub(crate) const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How sure a reviewer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Confidence {
    Low,
    Medium,
    /// Certain, or as good as.
    High,
}

impl Confidence {
    /// All of them, from the least to the greatest.
    pub(crate) const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What kind of danger a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Category {
    /// Code that is made to do harm.
    MaliciousCode,
    /// Credentials are read or sent where they do not belong.
    CredentialTheft,
    /// Data leaves for a place that its user does not expect.
    DataExfiltration,
    /// Input becomes a command, a query or code.
    Injection,
    /// Text that steers a model or a reviewer.
    PromptInjection,
    /// A tool's description or result misleads the model that uses it.
    ToolPoisoning,
    /// Files outside the intended folder, or addresses outside the intended network, can be reached.
    Traversal,
    /// Who may do what is not checked, or checked wrongly.
    AccessControl,
    /// Code that runs when something is installed or built.
    InstallHook,
    /// A dependency that is new, unpinned, misspelt or from an unusual source.
    Dependency,
    /// Code that hides what it does: encoded, minified, invisible characters.
    Obfuscation,
    /// Contacts a host, reads a secret or starts a program.
    Behaviour,
    /// Content that no reviewer could look at.
    Unreviewed,
    Other,
}

impl Category {
    pub(crate) const ALL: [Self; 14] = [
        Self::MaliciousCode,
        Self::CredentialTheft,
        Self::DataExfiltration,
        Self::Injection,
        Self::PromptInjection,
        Self::ToolPoisoning,
        Self::Traversal,
        Self::AccessControl,
        Self::InstallHook,
        Self::Dependency,
        Self::Obfuscation,
        Self::Behaviour,
        Self::Unreviewed,
        Self::Other,
    ];

    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::MaliciousCode => "malicious-code",
            Self::CredentialTheft => "credential-theft",
            Self::DataExfiltration => "data-exfiltration",
            Self::Injection => "injection",
            Self::PromptInjection => "prompt-injection",
            Self::ToolPoisoning => "tool-poisoning",
            Self::Traversal => "traversal",
            Self::AccessControl => "access-control",
            Self::InstallHook => "install-hook",
            Self::Dependency => "dependency",
            Self::Obfuscation => "obfuscation",
            Self::Behaviour => "behaviour",
            Self::Unreviewed => "unreviewed",
            Self::Other => "other",
        }
    }
}

/// One finding of a reviewer, as it said it. Every text may hold anything: outputs escape what they show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewFinding {
    /// What is wrong, in one line. At most [`document::MAX_TITLE`] characters.
    pub(crate) title: String,
    pub(crate) risk: Risk,
    pub(crate) category: Category,
    /// The file in the reviewed repository, from its top, with `/`; none when it is about the repository.
    pub path: Option<String>,
    /// The first line, from 1.
    pub start_line: Option<u32>,
    pub(crate) end_line: Option<u32>,
    /// The very text that the finding is about. It is looked for in the file; see [`report::Quote`].
    pub(crate) quote: Option<String>,
    /// What can come of it.
    pub(crate) impact: String,
    /// What to do about it.
    pub(crate) recommendation: String,
    /// How sure the reviewer is.
    pub(crate) confidence: Confidence,
}

impl ReviewFinding {
    /// The keys of a finding in a document, in their usual order.
    pub(crate) const KEYS: &[&str] = &[
        "title",
        "risk",
        "category",
        "path",
        "start_line",
        "end_line",
        "quote",
        "impact",
        "recommendation",
        "confidence",
    ];
}

/// What is concluded from a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The highest risk among the findings; `info` when there are none. Says nothing good while `incomplete` is not empty.
    pub risk: Risk,
    /// Why the review is not complete, one reason a line; empty when it is. No verdict is never a pass.
    pub(crate) incomplete: Vec<String>,
}

/// What a verdict is called in a check run on GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Conclusion {
    Failure,
    Neutral,
    Success,
    ActionRequired,
}

impl Conclusion {
    /// Incomplete before any risk but critical, which stays a failure whoever did not finish.
    pub(crate) fn of(risk: Risk, complete: bool) -> Self {
        match (risk, complete) {
            (Risk::Critical, _) => Self::Failure,
            (_, false) => Self::ActionRequired,
            (Risk::High | Risk::Medium, true) => Self::Neutral,
            (Risk::Low | Risk::Info, true) => Self::Success,
        }
    }

    /// GitHub's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Neutral => "neutral",
            Self::Success => "success",
            Self::ActionRequired => "action_required",
        }
    }
}

/// What every label about risk begins with.
pub(crate) const RISK_LABEL: &str = "security-risk:";
/// The label of what is malicious.
pub(crate) const BLOCKED_LABEL: &str = "security-blocked";

/// The labels of a risk, sorted: exactly one `security-risk:<risk>` (`security-risk:incomplete` when nothing may be concluded),
/// and `security-blocked` when critical.
pub(crate) fn labels(risk: Risk, complete: bool) -> Vec<String> {
    match (risk, complete) {
        (Risk::Critical, _) => vec![BLOCKED_LABEL.to_owned(), format!("{RISK_LABEL}{risk}")],
        (_, false) => vec![format!("{RISK_LABEL}incomplete")],
        (risk, true) => vec![format!("{RISK_LABEL}{risk}")],
    }
}

impl Verdict {
    #[must_use]
    pub(crate) fn is_complete(&self) -> bool {
        self.incomplete.is_empty()
    }

    #[must_use]
    pub(crate) fn conclusion(&self) -> Conclusion {
        Conclusion::of(self.risk, self.is_complete())
    }

    /// See [`labels`].
    #[must_use]
    pub(crate) fn labels(&self) -> Vec<String> {
        labels(self.risk, self.is_complete())
    }
}
