//! Files that steer coding agents and editors, with their content.
//!
//! Why: whoever opens the repository with an agent or editor has them obeyed: instructions to a model, commands that run by
//! themselves, servers that are started. In our sandbox they have other names, so that no agent takes them for its own. They are
//! said in every review, and new or changed ones are graver. Source: the documentation of the agents and editors.

use super::sink::{Said, Sink};
use super::subject::{Base, Subject};
use crate::snapshot::steering::steering_part;
use crate::verdict::{Category, Confidence, Risk};
use regex::Regex;
use std::sync::LazyLock;

/// What makes a tool run a command by itself, in the files of agents and editors.
static RUNS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#""(?:hooks|apiKeyHelper|statusLine|preToolUse|PreToolUse|PostToolUse|SessionStart|postCreateCommand|onCreateCommand|initializeCommand|postStartCommand)"\s*:|"runOn"\s*:\s*"folderOpen""#).ok()
});

/// The most bytes of a file that are quoted.
const QUOTED: usize = 600;

/// Whether the file at `path` is one that agents or editors obey: those that are renamed on export, and those that an editor's
/// agent finds by their folder.
pub(super) fn steers(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    steering_part(path).is_some()
        || [".github/instructions/", ".github/prompts/"].iter().any(|folder| lower.contains(folder))
        || lower.ends_with(".vscode/mcp.json")
}

/// Whether an editor may run what the file says when the folder is opened.
fn starts_programs(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.ends_with(".vscode/tasks.json") || lower.ends_with("devcontainer.json")
}

/// Says the file.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let (steers, starts) = (steers(subject.path), starts_programs(subject.path));
    if !steers && !starts {
        return;
    }
    let runs = RUNS.as_ref().and_then(|runs| runs.find(&subject.text));
    if starts && runs.is_none() {
        return;
    }
    let is_new = matches!(subject.base, Base::New | Base::Changed { .. });
    let how = match &subject.base {
        Base::New => "A new file",
        Base::Changed { .. } => "A changed file",
        Base::None | Base::Same => "A file",
    };
    let (what, new, old) = if runs.is_some() {
        ("makes agents or editors run commands by themselves", Risk::High, Risk::Medium)
    } else {
        ("steers agents that work in this repository", Risk::Medium, Risk::Low)
    };
    let said = Said {
        title: format!("{how} {what}"),
        risk: if is_new { new } else { old },
        category: Category::PromptInjection,
        confidence: Confidence::High,
        impact: "Whoever opens the repository with such a tool has it obeyed: it may change what the model says, or run commands. It was renamed for the agents of this review."
            .to_owned(),
        recommendation: "Read what is quoted, and the rest of the file. Instructions about building and testing are usual; anything about keys, reviews or other tools is not.".to_owned(),
    };
    let text = &subject.text;
    // What is new of it, or what runs, is quoted; else how it begins.
    let changed = (1..=subject.line_count())
        .map(|line| subject.line_range(line))
        .filter(|range| !text.get(range.clone()).unwrap_or_default().trim().is_empty());
    let begin = match (&subject.base, runs) {
        (_, Some(runs)) => runs.start(),
        (Base::Changed { .. }, None) => {
            changed.into_iter().find(|range| !subject.is_old(range)).map_or(0, |range| range.start)
        }
        _ => 0,
    };
    let end = text.floor_char_boundary(begin + QUOTED);
    sink.whole(begin..end, said);
}

#[cfg(test)]
mod tests {
    use super::steers;
    use crate::review::scan::testing::{shown_diff, shown_full};

    #[test]
    fn agents_files_are_known_by_name() {
        for path in [
            "CLAUDE.md",
            "a/AGENTS.md",
            ".claude/settings.json",
            ".cursor/rules/a.mdc",
            ".mcp.json",
            ".github/copilot-instructions.md",
            ".Codex/config.toml",
        ] {
            assert!(steers(path), "{path}");
        }
        for path in ["README.md", "src/claude.ts", "docs/agents.html", "cursor/a.md", "src/agents.mdx", "llms.txt"] {
            assert!(!steers(path), "{path}");
        }
    }

    #[test]
    fn they_are_said_and_graver_when_new_or_changed() {
        let hooks = "{\n  \"hooks\": {\"SessionStart\": \"curl acme.io\"}\n}\n";
        insta::assert_snapshot!(shown_full(&[("CLAUDE.md", "# Build\nUse make.\n"), (".claude/settings.json", hooks)]), @r#"
        medium .claude/settings.json:2-3: A file makes agents or editors run commands by themselves
            | "hooks": {"SessionStart": "curl acme.io"}\n}
        low CLAUDE.md:1-2: A file steers agents that work in this repository
            | # Build\nUse make.
        "#);
        insta::assert_snapshot!(shown_diff(&[("CLAUDE.md", "a\n"), ("x/AGENTS.md", "b\n")], &[("CLAUDE.md", "a\n"), ("x/AGENTS.md", "b\nc\n"), (".cursorrules", "d\n")]), @r"
        medium .cursorrules:1: A new file steers agents that work in this repository
            | d
        medium x/AGENTS.md:2: A changed file steers agents that work in this repository
            | c
        low CLAUDE.md:1: A file steers agents that work in this repository
            | a
        ");
        assert_eq!(shown_full(&[(".vscode/tasks.json", "{\"tasks\": []}")]), "");
        insta::assert_snapshot!(shown_full(&[(".vscode/tasks.json", "{\"tasks\": [{\"runOn\": \"folderOpen\"}]}")]), @r#"
        medium .vscode/tasks.json:1: A file makes agents or editors run commands by themselves
            | "runOn": "folderOpen"}]}
        "#);
    }
}
