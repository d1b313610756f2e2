//! What a branch asks for before something becomes part of it: rules of rulesets, and classic branch protection.

use super::Registry;
use crate::github::GithubError;
use crate::github::names::encode_path;
use crate::github::sender::List;
use serde::Deserialize;

/// A check that a branch asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RequiredCheck {
    pub(crate) context: String,
    /// The App that it must come from; from any where there is none.
    #[serde(alias = "app_id")]
    pub(crate) integration_id: Option<u64>,
}

/// A rule of a ruleset that is active for a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BranchRule {
    /// `required_status_checks`, `pull_request`, `merge_queue`, `non_fast_forward`, `deletion` and others.
    pub(crate) kind: String,
    pub(crate) ruleset: Option<u64>,
    /// Of `required_status_checks`.
    pub(crate) checks: Vec<RequiredCheck>,
    /// Of `pull_request`: whether owners of the changed files have to approve.
    pub(crate) code_owners: bool,
}

/// A ruleset, as far as it says who is above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ruleset {
    pub(crate) name: String,
    /// How many may bypass it; none where the token is not shown them.
    pub(crate) bypass: Option<usize>,
    /// Whether the account of the token may; none where GitHub does not say.
    pub(crate) own: Option<bool>,
}

/// Classic branch protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Protection {
    pub(crate) checks: Vec<RequiredCheck>,
    pub(crate) pull_request: bool,
    pub(crate) code_owners: bool,
    /// Whether history can be rewritten, or the branch deleted.
    pub(crate) loose: bool,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    ruleset_id: Option<u64>,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    required_status_checks: Vec<RequiredCheck>,
    #[serde(default)]
    require_code_owner_review: bool,
}

impl Registry {
    /// The rules that rulesets have for a branch.
    ///
    /// # Errors
    /// When GitHub does not say, or has more of them than are read.
    pub(crate) async fn rules(&self, branch: &str) -> Result<Vec<BranchRule>, GithubError> {
        let path = self.at(&format!("rules/branches/{}", encode_path(branch)));
        let list = List { path: &path, query: Some(""), page: 100, most: 10 };
        let (rules, is_all) = self.sender.list::<Rule>(list, "a rule of a branch").await?;
        if !is_all {
            return Err(GithubError::Unexpected("more rules of one branch than are read"));
        }
        let rules = rules.into_iter().map(|rule| {
            let parameters = rule.parameters;
            let code_owners = parameters.as_ref().is_some_and(|it| it.require_code_owner_review);
            let checks = parameters.map(|it| it.required_status_checks).unwrap_or_default();
            BranchRule { kind: rule.kind, ruleset: rule.ruleset_id, checks, code_owners }
        });
        Ok(rules.collect())
    }

    /// The checks that rulesets ask for before something is merged into a branch.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn required_checks(&self, branch: &str) -> Result<Vec<RequiredCheck>, GithubError> {
        let rules = self.rules(branch).await?.into_iter().filter(|rule| rule.kind == "required_status_checks");
        Ok(rules.flat_map(|rule| rule.checks).collect())
    }

    /// A ruleset.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn ruleset(&self, id: u64) -> Result<Ruleset, GithubError> {
        #[derive(Deserialize)]
        struct Found {
            name: String,
            bypass_actors: Option<Vec<serde::de::IgnoredAny>>,
            current_user_can_bypass: Option<String>,
        }
        let answer = self.sender.get(&self.at(&format!("rulesets/{id}"))).await?.expect(200)?;
        let Found { name, bypass_actors, current_user_can_bypass: own } = answer.read("a ruleset")?;
        Ok(Ruleset { name, bypass: bypass_actors.map(|all| all.len()), own: own.map(|word| word != "never") })
    }

    /// The classic protection of a branch; none where it has none.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn protection(&self, branch: &str) -> Result<Option<Protection>, GithubError> {
        #[derive(Deserialize)]
        struct Found {
            required_status_checks: Option<Checks>,
            required_pull_request_reviews: Option<Reviews>,
            allow_force_pushes: Option<Switch>,
            allow_deletions: Option<Switch>,
        }
        #[derive(Deserialize)]
        struct Checks {
            checks: Vec<RequiredCheck>,
        }
        #[derive(Deserialize)]
        struct Reviews {
            require_code_owner_reviews: bool,
        }
        #[derive(Deserialize)]
        struct Switch {
            enabled: bool,
        }
        let answer = self.sender.get(&self.at(&format!("branches/{}/protection", encode_path(branch)))).await?;
        // Any other 404 is that of a token that may not ask.
        if answer.status == 404 && answer.says("branch not protected") {
            return Ok(None);
        }
        let found: Found = answer.expect(200)?.read("the protection of a branch")?;
        let is_on = |switch: &Option<Switch>| switch.as_ref().is_none_or(|switch| switch.enabled);
        Ok(Some(Protection {
            checks: found.required_status_checks.map(|it| it.checks).unwrap_or_default(),
            code_owners: found.required_pull_request_reviews.as_ref().is_some_and(|it| it.require_code_owner_reviews),
            pull_request: found.required_pull_request_reviews.is_some(),
            loose: is_on(&found.allow_force_pushes) || is_on(&found.allow_deletions),
        }))
    }
}
