//! The rules that findings of reviews carry: one for each category, and one for a review that is not complete.

use crate::finding::{RuleDescriptor, Severity};
use crate::verdict::Category;

/// The rule of a review that is not complete.
pub(super) const INCOMPLETE: &str = "incomplete-review";

/// An explanation in the four sections that every rule's has.
macro_rules! explanation {
    ($what:literal, $why:literal, $fix:literal) => {
        concat!(
            "## What\nA reviewer found that ",
            $what,
            ".\n\n## Why\n",
            $why,
            "\n\n## How to fix\n",
            $fix,
            "\n\n## Source\n`report.md` of the review holds the reviewer's words, the quoted lines, and whether they are really there.\n"
        )
    };
}

/// Id, summary and explanation of a category's rule.
fn rule(category: Category) -> (&'static str, &'static str, &'static str) {
    match category {
        Category::MaliciousCode => (
            "review-malicious-code",
            "code is made to do harm",
            explanation!(
                "code is made to do harm",
                "Everybody who installs the server runs it.",
                "Do not take the entry. Report the repository to its host."
            ),
        ),
        Category::CredentialTheft => (
            "review-credential-theft",
            "credentials are read or sent where they do not belong",
            explanation!(
                "credentials are read or sent where they do not belong",
                "Servers are given tokens; whoever gets them acts as the user.",
                "Read only the credentials that the server is for, and send them to their own service alone."
            ),
        ),
        Category::DataExfiltration => (
            "review-data-exfiltration",
            "data leaves for a place that its user does not expect",
            explanation!(
                "data leaves for a place that its user does not expect",
                "What a tool is given is often confidential.",
                "Send data only to the service that the entry describes, or say plainly where else it goes."
            ),
        ),
        Category::Injection => (
            "review-injection",
            "input becomes a command, a query or code",
            explanation!(
                "input becomes a command, a query or code",
                "Arguments of tools are written by models, and models read what strangers write.",
                "Pass arguments as lists, queries with parameters, and evaluate nothing."
            ),
        ),
        Category::PromptInjection => (
            "review-prompt-injection",
            "a text steers a model or a reviewer",
            explanation!(
                "a text steers a model or a reviewer",
                "Code has no reason to speak to whoever reviews it, but to hide something.",
                "Remove the text. If it has a purpose, a maintainer decides after reading it."
            ),
        ),
        Category::ToolPoisoning => (
            "review-tool-poisoning",
            "a tool's description or result misleads the model",
            explanation!(
                "a tool's description or result misleads the model that uses it",
                "Descriptions of tools are instructions to every model that is connected.",
                "Describe what the tool does and nothing else."
            ),
        ),
        Category::Traversal => (
            "review-traversal",
            "files or addresses outside the intended ones can be reached",
            explanation!(
                "files outside the intended folder, or addresses outside the intended network, can be reached",
                "A model can be talked into asking for any path and any address.",
                "Resolve paths and addresses first, and compare the result with what is allowed."
            ),
        ),
        Category::AccessControl => (
            "review-access-control",
            "who may do what is not checked, or checked wrongly",
            explanation!(
                "who may do what is not checked, or checked wrongly",
                "A server that listens is reached by more than its user.",
                "Check the caller on every call, and listen on loopback unless told otherwise."
            ),
        ),
        Category::InstallHook => (
            "review-install-hook",
            "code runs when something is installed or built",
            explanation!(
                "code runs when something is installed or built",
                "Such code runs before anybody uses the server, often with more rights.",
                "Install without scripts, and fetch nothing from the network but pinned dependencies."
            ),
        ),
        Category::Dependency => (
            "review-dependency",
            "a dependency is new, unpinned, misspelt or from an unusual source",
            explanation!(
                "a dependency is new, unpinned, misspelt or from an unusual source",
                "A dependency's author can change what the server does.",
                "Pin it by version and digest, and take it from where its project publishes it."
            ),
        ),
        Category::Obfuscation => (
            "review-obfuscation",
            "code hides what it does",
            explanation!(
                "code hides what it does: it is encoded, minified, or has invisible characters",
                "What nobody can read, nobody has reviewed.",
                "Keep the source of what is generated in the repository, and build it from there."
            ),
        ),
        Category::Behaviour => (
            "review-behaviour",
            "code contacts a host, reads a secret or starts a program",
            explanation!(
                "code contacts a host, reads a secret or starts a program",
                "Often it is what the server is for; it is where to look first when it is not.",
                "Nothing, if the entry says so. Otherwise explain it in the entry or remove it."
            ),
        ),
        Category::Unreviewed => (
            "review-unreviewed",
            "there is content that no reviewer could look at",
            explanation!(
                "there is content that no reviewer could look at",
                "It could be anything.",
                "Keep binaries, submodules and large files out of what the image is built from, or look at them yourself."
            ),
        ),
        Category::Other => (
            "review-other",
            "a reviewer found something else",
            explanation!(
                "something is wrong that no other rule names",
                "The reviewer's words say why.",
                "Read the finding and decide."
            ),
        ),
    }
}

/// The id of a category's rule.
pub(super) fn id(category: Category) -> &'static str {
    rule(category).0
}

/// All of them, by id. The severity is that of a finding of medium risk: see [`super::severity`].
#[must_use]
pub(crate) fn rules() -> Vec<RuleDescriptor> {
    let describe =
        |(id, summary, explanation), severity| RuleDescriptor { id, summary, explanation, severity, help_uri: None };
    let mut rules: Vec<RuleDescriptor> =
        Category::ALL.into_iter().map(|category| describe(rule(category), Severity::Warning)).collect();
    let incomplete = (
        INCOMPLETE,
        "a review could not be finished",
        "\
## What
Somebody who was to review the code did not finish, or not all of the code could be read.

## Why
No verdict is never a pass: what was not looked at may be all that matters.

## How to fix
The message says what stopped it: time, a budget, a provider, a limit. Run the review again, with more of it if need be.

## Source
`report.md` of the review lists every reason.
",
    );
    rules.push(describe(incomplete, Severity::Error));
    rules.sort_by_key(|rule| rule.id);
    rules
}
