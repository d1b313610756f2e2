//! `description-quality`

use super::{Check, Rule, Sink, Subject};
use crate::document::{Document, Node, ScalarStyle};
use crate::finding::{Anchor, Severity};
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "description-quality",
    summary: "the description is missing, or does not describe the server",
    explanation: "\
## What
`about.description` is missing, shorter or longer than the policy wants (`description.min` and `description.max`, in
characters), only repeats the title, still is a placeholder, begins or ends with spaces, or opens with words that are
true of every entry (\"An MCP server for …\").

## Why
It is the one sentence by which people choose, and by which assistants find the server.

## How to fix
Say in one or two sentences what a user can do with the server. The rest belongs into the readme.

## Source
34 of the reference's 172 entries describe nothing, and the longest description has 701 characters. The limits are a
decision of this tool; a policy can make another.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let about = &subject.manifest().about;
    let route = route!["about", "description"];
    let node = document.at(&route);
    let Some(description) = &about.description else {
        // A value that is no text is what `wrong-type` reports.
        if node.is_none_or(|node| node.scalar().is_some()) && document.root().get("about").is_some() {
            let state = if node.is_some() { "empty" } else { "missing" };
            sink.value(route, format!("`about.description` is {state}"))
                .help("add one or two sentences on what a user can do with the server");
        }
        return;
    };
    let trimmed = description.trim();
    let mut report = |message: String, help: &str| {
        sink.value(route.clone(), message).help(help);
    };
    if is_placeholder(trimmed) {
        report("the description is a placeholder".to_owned(), "write what a user can do with the server");
        return;
    }
    let limits = &subject.policy.settings.description;
    let length = trimmed.chars().count();
    if length < limits.min {
        let message = format!("the description has {length} characters, and should have at least {}", limits.min);
        report(message, "say what a user can do with the server");
    } else if length > limits.max {
        let message = format!("the description has {length} characters, and should have at most {}", limits.max);
        report(message, "keep the first sentence or two, and move the rest to the readme");
    }
    if has_outer_space(node, description) {
        report("the description begins or ends with spaces".to_owned(), "remove them");
    }
    if about.title.as_deref().is_some_and(|title| words(title) == words(trimmed)) {
        sink.value(route, "the description only repeats the title")
            .also(Anchor::Value(route!["about", "title"]), "the title")
            .help("say what a user can do with the server");
    } else if let Some(opening) = generic_opening(trimmed) {
        sink.value(route, format!("the description opens with `{opening}`, which is true of every entry"))
            .at_most(Severity::Note)
            .help("begin with what a user can do");
    }
}

/// What is left of a template: nothing but a marker, or a marker with a colon. A server for `TODO` lists is none.
fn is_placeholder(text: &str) -> bool {
    const MARKERS: [&str; 4] = ["TODO", "FIXME", "TBD", "XXX"];
    let bare = text.trim_end_matches(['.', '!', ':', '…', ' ']);
    MARKERS.contains(&bare)
        || MARKERS.iter().any(|marker| text.strip_prefix(marker).is_some_and(|rest| rest.starts_with(':')))
        || text.to_lowercase().starts_with("lorem ipsum")
}

/// Line ends around a block are how YAML writes blocks.
fn has_outer_space(node: Option<&Node>, text: &str) -> bool {
    let is_block = node
        .and_then(Node::scalar)
        .is_some_and(|scalar| matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded));
    let text = if is_block { text.trim_matches('\n') } else { text };
    text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace)
}

/// The words of a text: what two texts that say the same have in common.
fn words(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Words that say no more than that this is an MCP server.
fn generic_opening(text: &str) -> Option<&str> {
    const ARTICLES: [&str; 4] = ["a ", "an ", "the ", ""];
    const NAMES: [&str; 4] =
        ["mcp server", "model context protocol server", "model context protocol (mcp) server", "mcp"];
    const LINKS: [&str; 5] = [" for ", " that ", " to ", " which ", " providing "];
    let lower = text.to_ascii_lowercase();
    for article in ARTICLES {
        for (name, link) in NAMES.iter().flat_map(|name| LINKS.iter().map(move |link| (name, link))) {
            let length = article.len() + name.len() + link.len();
            let opens = lower
                .strip_prefix(article)
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with(link));
            if opens {
                return text.get(..length).map(str::trim_end);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    fn about(description: &str) -> String {
        format!("name: x\nabout:\n  title: Task Lists\n  description: {description}\n")
    }

    fn count(description: &str) -> usize {
        findings("description-quality", "x", &about(description))
    }

    #[test]
    fn a_missing_description_is_reported_at_its_section() {
        insta::assert_snapshot!(rendered("description-quality", "x", "name: x\nabout:\n  title: X\n"), @"
        warning[description-quality]: `about.description` is missing
         --> servers/x/server.yaml:2:1
          |
        2 | about:
          | ^^^^^
          |
          = help: add one or two sentences on what a user can do with the server
        ");
        assert_eq!(count("''"), 1);
    }

    #[test]
    fn what_does_not_describe_is_reported() {
        insta::assert_snapshot!(rendered("description-quality", "x", &about("task lists.")), @"
        warning[description-quality]: the description has 11 characters, and should have at least 20
         --> servers/x/server.yaml:4:16
          |
        4 |   description: task lists.
          |                ^^^^^^^^^^^
          |
          = help: say what a user can do with the server

        warning[description-quality]: the description only repeats the title
         --> servers/x/server.yaml:4:16
          |
        3 |   title: Task Lists
          |          ---------- the title
        4 |   description: task lists.
          |                ^^^^^^^^^^^
          |
          = help: say what a user can do with the server
        ");
        insta::assert_snapshot!(rendered("description-quality", "x", &about("'TODO: describe this server '")), @"
        warning[description-quality]: the description is a placeholder
         --> servers/x/server.yaml:4:16
          |
        4 |   description: 'TODO: describe this server '
          |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write what a user can do with the server
        ");
        insta::assert_snapshot!(rendered("description-quality", "x", &about("A MCP server for lists of tasks ")), @"
        note[description-quality]: the description opens with `A MCP server for`, which is true of every entry
         --> servers/x/server.yaml:4:16
          |
        4 |   description: A MCP server for lists of tasks 
          |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: begin with what a user can do
        ");
        insta::assert_snapshot!(rendered("description-quality", "x", &about("' Keeps lists of tasks for you. '")), @"
        warning[description-quality]: the description begins or ends with spaces
         --> servers/x/server.yaml:4:16
          |
        4 |   description: ' Keeps lists of tasks for you. '
          |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: remove them
        ");
    }

    #[test]
    fn lengths_are_the_policys_and_count_characters() {
        let strict = "[description]\nmin = 5\nmax = 10\n";
        let judge = |text: &str| case("description-quality", "x", &about(text)).policy(strict).count();
        assert_eq!((judge("äöüß"), judge("äöüßä"), judge("äöüßäöüßäö"), judge("äöüßäöüßäöü")), (1, 0, 0, 1));
    }

    #[test]
    fn a_sentence_is_fine() {
        assert_eq!(count("Keeps lists of tasks, and reminds you of them."), 0);
        assert_eq!(count("|\n    Keeps lists of tasks,\n    and reminds you of them."), 0);
    }

    #[test]
    fn near_misses_are_fine() {
        assert_eq!(count("TODO lists, kept in one place for everyone"), 0);
        assert_eq!(count("The official MCP server of the Task Lists service"), 0);
        assert_eq!(count("MCP servers for tasks are what it finds"), 0);
        assert_eq!(findings("description-quality", "x", "about: {description: [a]}\n"), 0);
    }
}
