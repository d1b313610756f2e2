//! `[github]`: whose checks count, and which risk needs a person.

use crate::verdict::Risk;
use serde::Deserialize;

/// The App that every job of every workflow speaks as: github-actions. Anybody's pull request can have it say anything.
pub(crate) const ACTIONS_APP: u64 = 15_368;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct GitHub {
    /// The registry's own GitHub App, by its id. What other Apps say of a commit does not count.
    pub(crate) app_id: Option<u64>,
    /// The highest risk of a review that passes the gate without a maintainer's word.
    pub(crate) gate_risk: Risk,
    /// The highest risk with which a pin's pull request is merged by `merge`.
    pub(crate) merge_risk: Risk,
}

impl Default for GitHub {
    fn default() -> Self {
        Self { app_id: None, gate_risk: Risk::Medium, merge_risk: Risk::Low }
    }
}

impl GitHub {
    /// Refuses values that have the right type and can never mean anything.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.app_id == Some(0) {
            return Err("`github.app-id` is 0, which no App has: its settings page shows the id".into());
        }
        if self.app_id == Some(ACTIONS_APP) {
            return Err(format!(
                "`github.app-id` is {ACTIONS_APP}, the App of every workflow: a stranger's pull request can make its checks; \
                 name an App of the registry's own"
            ));
        }
        for (key, risk) in [("gate-risk", self.gate_risk), ("merge-risk", self.merge_risk)] {
            if risk == Risk::Critical {
                return Err(format!(
                    "`github.{key}` is `critical`: what is malicious never passes; write `high` at most"
                ));
            }
        }
        if self.merge_risk > self.gate_risk {
            return Err("`github.merge-risk` is above `github.gate-risk`: what the gate stops is not merged".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::GitHub;
    use crate::policy::Policy;
    use crate::verdict::Risk;

    #[test]
    fn whose_checks_count_is_read() {
        let text = "[github]\napp-id = 123456\ngate-risk = \"low\"\nmerge-risk = \"info\"\n";
        let github = Policy::parse(text).unwrap().settings.github;
        assert_eq!(github, GitHub { app_id: Some(123_456), gate_risk: Risk::Low, merge_risk: Risk::Info });
        let none = Policy::parse("").unwrap().settings.github;
        assert_eq!(none, GitHub { app_id: None, gate_risk: Risk::Medium, merge_risk: Risk::Low });
    }

    #[test]
    fn what_would_let_anybody_through_is_refused() {
        let said: Vec<String> = [
            "app-id = 0",
            "app-id = 15368",
            "app-id = \"x\"",
            "gate-risk = \"critical\"\nmerge-risk = \"low\"",
            "gate-risk = \"low\"\nmerge-risk = \"medium\"",
            "gate-risk = \"none\"",
            "app = 1",
        ]
        .iter()
        .map(|line| Policy::parse(&format!("[github]\n{line}\n")).unwrap_err().message)
        .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        `github.app-id` is 0, which no App has: its settings page shows the id
        `github.app-id` is 15368, the App of every workflow: a stranger's pull request can make its checks; name an App of the registry's own
        invalid type: string "x", expected u64
        `github.gate-risk` is `critical`: what is malicious never passes; write `high` at most
        `github.merge-risk` is above `github.gate-risk`: what the gate stops is not merged
        unknown variant `none`, expected one of `info`, `low`, `medium`, `high`, `critical`
        unknown field `app`, expected one of `app-id`, `gate-risk`, `merge-risk`
        "#);
    }
}
