//! Which files tell coding agents what to do, when they only lie in a folder that an agent works in.

/// Names of files, in lower case, that agents read by themselves.
const FILES: &[&str] = &[
    ".aider.conf.yml",
    ".clinerules",
    ".cursorindexingignore",
    ".cursorrules",
    ".goosehints",
    ".mcp.json",
    ".roomodes",
    ".roorules",
    ".rules",
    ".windsurfrules",
    "agent.md",
    "agents.md",
    "agents.override.md",
    "claude.local.md",
    "claude.md",
    "copilot-instructions.md",
    "crush.md",
    "gemini.md",
    "opencode.json",
    "opencode.jsonc",
    "qwen.md",
    "warp.md",
];

/// Names of folders, in lower case, that agents read by themselves.
const FOLDERS: &[&str] = &[
    ".agent",
    ".agents",
    ".aider",
    ".amazonq",
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
    ".junie",
    ".kiro",
    ".opencode",
    ".openhands",
    ".qwen",
    ".roo",
    ".trae",
    ".windsurf",
];

/// Beginnings of names, in lower case: agents' own settings and notes.
const STARTS: &[&str] = &[".aider", ".roorules-", ".clinerules-"];
/// Ends of names, in lower case: instructions that editors pick up wherever they lie.
const ENDS: &[&str] = &[".instructions.md", ".prompt.md", ".chatmode.md", ".agent.md"];

/// Whether a file or folder of this name steers agents. Letter case does not count: file systems exist where it does not.
#[must_use]
pub fn steers(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.as_str();
    FILES.contains(&name)
        || FOLDERS.contains(&name)
        || STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// The first part of a path that steers agents.
#[must_use]
pub fn steering_part(path: &str) -> Option<&str> {
    path.split('/').find(|name| steers(name))
}

#[cfg(test)]
mod tests {
    use super::{steering_part, steers};

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
}
