//! Which files tell coding agents what to do, when they only lie in a folder that an agent works in.

/// Names of files, in lower case, that agents read by themselves.
const FILES: &[&str] = &[
    ".aider.conf.yml",
    ".augment-guidelines",
    ".clinerules",
    ".coderabbit.yaml",
    ".coderabbit.yml",
    ".continuerules",
    ".crush.json",
    ".cursorignore",
    ".cursorindexingignore",
    ".cursorrules",
    ".goosehints",
    ".kilocodemodes",
    ".kilocoderules",
    ".mcp.json",
    ".openhands_instructions",
    ".pr_agent.toml",
    ".roomodes",
    ".roorules",
    ".rules",
    ".windsurfrules",
    "agent.md",
    "agents.md",
    "agents.override.md",
    "airules.md",
    "claude.local.md",
    "claude.md",
    "codex.md",
    "copilot-instructions.md",
    "crush.json",
    "crush.md",
    "gemini.md",
    "iflow.md",
    "opencode.json",
    "opencode.jsonc",
    "qwen.md",
    "replit.md",
    "warp.md",
];

/// Names of folders, in lower case, that agents read by themselves.
const FOLDERS: &[&str] = &[
    ".agent",
    ".agents",
    ".aider",
    ".amazonq",
    ".amp",
    ".augment",
    ".claude",
    ".claude-plugin",
    ".clinerules",
    ".codex",
    ".continue",
    ".crush",
    ".cursor",
    ".devin",
    ".factory",
    ".gemini",
    ".goose",
    ".idx",
    ".iflow",
    ".junie",
    ".kilocode",
    ".kiro",
    ".opencode",
    ".openhands",
    ".qoder",
    ".qwen",
    ".roo",
    ".rovodev",
    ".ruler",
    ".trae",
    ".windsurf",
    ".zencoder",
];

/// Beginnings of names, in lower case: agents' own settings and notes.
const STARTS: &[&str] = &[".aider", ".roorules-", ".clinerules-"];
/// Ends of names, in lower case: instructions that editors pick up wherever they lie.
const ENDS: &[&str] = &[".instructions.md", ".prompt.md", ".chatmode.md", ".agent.md"];

/// Paths, in lower case, that agents of editors and hosts read, though none of their names says so. Folders end with `/`.
const PATHS: &[&str] = &[
    ".github/agents/",
    ".github/hooks/",
    ".github/instructions/",
    ".github/prompts/",
    ".vscode/mcp.json",
    "conventions.md",
];

/// Whether a file or folder of this name steers agents. Letter case does not count: file systems exist where it does not.
#[must_use]
pub(crate) fn steers(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.as_str();
    FILES.contains(&name)
        || FOLDERS.contains(&name)
        || STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// The first part of a path that steers agents.
#[must_use]
pub(crate) fn steering_part(path: &str) -> Option<&str> {
    path.split('/').find(|name| steers(name))
}

/// Whether agents read the file at `path` by themselves: by a name in it, or because it is where they look.
#[must_use]
pub(crate) fn is_read_by_agents(path: &str) -> bool {
    let lower = format!("/{}", path.to_lowercase());
    let is_at = |place: &str| {
        let place = format!("/{place}");
        if place.ends_with('/') { lower.contains(&place) } else { lower.ends_with(&place) }
    };
    steering_part(path).is_some() || PATHS.iter().any(|place| is_at(place))
}

#[cfg(test)]
mod tests {
    use super::{is_read_by_agents, steering_part, steers};

    #[test]
    fn files_and_folders_that_agents_read_are_known_in_any_case() {
        for name in
            ["CLAUDE.md", "claude.MD", "AGENTS.md", ".Claude", ".mcp.json", ".aider.chat.history.md", "x.prompt.md"]
        {
            assert!(steers(name), "{name}");
        }
        for name in ["README.md", "claude.md.txt", "agents", "mcp.json", "claude", ".github", "gemini.ts"] {
            assert!(!steers(name), "{name}");
        }
        assert_eq!(steering_part("a/.cursor/rules/x.mdc"), Some(".cursor"));
        assert_eq!(steering_part(".github/copilot-instructions.md"), Some("copilot-instructions.md"));
        assert_eq!(steering_part("src/main.rs"), None);
    }

    #[test]
    fn what_agents_read_by_where_it_is_is_known() {
        for path in [
            "CLAUDE.md",
            "a/AGENTS.md",
            "GEMINI.md",
            ".cursorrules",
            ".cursor/rules/a.mdc",
            ".windsurfrules",
            ".windsurf/rules/a.md",
            ".github/copilot-instructions.md",
            ".github/instructions/a.md",
            ".github/agents/a.md",
            "x/.github/hooks/a.json",
            ".clinerules",
            ".clinerules/a.md",
            ".roo/rules/a.md",
            ".kilocode/rules/a.md",
            ".aider.conf.yml",
            ".mcp.json",
            ".vscode/MCP.json",
            ".continue/rules/a.md",
            "CONVENTIONS.md",
            ".idx/airules.md",
            ".coderabbit.yaml",
        ] {
            assert!(is_read_by_agents(path), "{path}");
        }
        for path in [
            "README.md",
            "docs/conventions.mdx",
            "naming-conventions.md",
            "src/agents/a.py",
            "src/hooks/a.ts",
            ".github/workflows/a.yml",
            "my.vscode/mcp.json",
            "src/mcp.json",
            "src/claude.ts",
            "docs/agents.html",
            "cursor/a.md",
            "src/agents.mdx",
            "llms.txt",
        ] {
            assert!(!is_read_by_agents(path), "{path}");
        }
    }
}
