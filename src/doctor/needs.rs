//! What the workflows that `init` writes need to be there: environments, secrets, variables, actions and permissions of the App.
//! Read out of the workflows themselves.

use crate::document::{Document, Node, Value};
use crate::init::{Tool, workflows};
use std::collections::{BTreeMap, BTreeSet};

/// The environments that workflows name.
pub(super) const APP: &str = "mcp-registry";
pub(super) const REVIEW: &str = "security-review";
pub(super) const PUBLISH: &str = "publish";

/// Names that work without, or that others take the place of.
pub(super) const OPTIONAL: &[&str] = &["REVIEW_AGENT", "REVIEW_MODEL", "SBOM_GENERATOR", "SCANNER", "IMAGE_REGISTRY"];

/// Secrets and variables of one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) secrets: BTreeSet<String>,
    pub(super) variables: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// By the names of environments. What is read before a job has its environment is under the empty name: it must be of the
    /// repository.
    pub(super) environments: BTreeMap<String, Names>,
    /// `OWNER/NAME/PATH@REF`.
    pub(super) actions: BTreeSet<String>,
    /// What the App's tokens are asked to be able to: `pull_requests`, `write`.
    pub(super) permissions: BTreeMap<String, String>,
}

/// What the workflows need that run this program.
pub(super) fn needs(tool: &Tool) -> Needs {
    let mut needs = Needs::default();
    for file in workflows::files(tool) {
        // They are ours, and a test reads them.
        if let Ok(document) = Document::from_yaml(file.text) {
            needs.take(document.root());
        }
    }
    needs
}

impl Needs {
    fn take(&mut self, root: &Node) {
        for pair in root.pairs().iter().filter(|pair| &*pair.key.text != "jobs") {
            self.take_names("", &pair.value);
        }
        for job in root.get("jobs").map(Node::pairs).unwrap_or_default() {
            let job = &job.value;
            let environment = job.get("environment").map(|named| named.get("name").unwrap_or(named));
            let environment = environment.and_then(Node::scalar).map_or("", |name| &name.text).to_owned();
            self.environments.entry(environment.clone()).or_default();
            for pair in job.pairs() {
                // GitHub decides whether a job runs before it has its environment.
                let before = matches!(&*pair.key.text, "if" | "concurrency" | "environment");
                self.take_names(if before { "" } else { &environment }, &pair.value);
            }
            for step in job.get("steps").map(Node::items).unwrap_or_default() {
                self.actions.extend(step.get("uses").and_then(Node::scalar).map(|uses| uses.text.to_string()));
                for pair in step.get("with").map(Node::pairs).unwrap_or_default() {
                    let permission = pair.key.text.strip_prefix("permission-").map(|name| name.replace('-', "_"));
                    if let Some((permission, level)) = permission.zip(pair.value.scalar()) {
                        let kept = self.permissions.entry(permission).or_default();
                        if &*level.text == "write" || kept.is_empty() {
                            *kept = level.text.to_string();
                        }
                    }
                }
            }
        }
    }

    fn take_names(&mut self, environment: &str, node: &Node) {
        match &node.value {
            Value::Scalar(scalar) => {
                let names = self.environments.entry(environment.to_owned()).or_default();
                names.secrets.extend(named(&scalar.text, "secrets."));
                names.variables.extend(named(&scalar.text, "vars."));
            }
            Value::Sequence(items) => items.iter().for_each(|item| self.take_names(environment, item)),
            Value::Mapping(pairs) => pairs.iter().for_each(|pair| self.take_names(environment, &pair.value)),
        }
    }
}

/// The names behind this word in the expressions of a text.
fn named(text: &str, word: &str) -> Vec<String> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let expressions = text.split("${{").skip(1).filter_map(|rest| rest.split("}}").next());
    let found = expressions.flat_map(|expression| {
        expression.match_indices(word).filter_map(move |(at, _)| {
            let before = expression.get(..at)?.chars().next_back();
            let after = expression.get(at + word.len()..)?;
            let name: String = after.chars().take_while(|character| is_part(*character)).collect();
            (!before.is_some_and(|before| is_part(before) || before == '.') && !name.is_empty()).then_some(name)
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::{named, needs};
    use crate::init::Tool;

    #[test]
    fn what_workflows_need_is_read_out_of_them() {
        let needs = needs(&Tool::example());
        let shown: Vec<String> = needs
            .environments
            .iter()
            .map(|(name, names)| format!("{name:?}: {:?} {:?}", names.secrets, names.variables))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "": {} {"COSIGN_PUBLIC_KEY", "SBOM_GENERATOR", "SCANNER"}
        "mcp-registry": {"MCP_REGISTRY_PRIVATE_KEY"} {"MCP_REGISTRY_CLIENT_ID"}
        "publish": {"COSIGN_PASSWORD", "COSIGN_PRIVATE_KEY", "IMAGE_REGISTRY_PASSWORD"} {"IMAGE_REGISTRY", "IMAGE_REGISTRY_USER", "SBOM_GENERATOR"}
        "security-review": {"ANTHROPIC_API_KEY", "OPENAI_API_KEY"} {"REVIEW_AGENT", "REVIEW_MODEL"}
        "#);
        insta::assert_snapshot!(format!("{:?}", needs.permissions), @r#"{"checks": "write", "contents": "write", "issues": "write", "pull_requests": "write"}"#);
        let actions: Vec<&str> = needs.actions.iter().filter_map(|action| action.split('@').next()).collect();
        insta::assert_snapshot!(actions.join("\n"), @"
        OWNER/mcp-registry/.github/actions/mcp-registry
        actions/cache/restore
        actions/cache/save
        actions/checkout
        actions/create-github-app-token
        actions/download-artifact
        actions/upload-artifact
        ");
    }

    #[test]
    fn names_are_those_of_expressions_alone() {
        let text = "${{ secrets.A && vars.B }} secrets.C ${{ env.secrets.D || mysecrets.E || secrets.F_1 }}";
        assert_eq!((named(text, "secrets."), named(text, "vars.")), (vec!["A".into(), "F_1".into()], vec!["B".into()]));
    }
}
