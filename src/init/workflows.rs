//! The workflows of a registry. They are this repository's own: there is one set of them, and what `init` writes differs in nothing
//! but the program that it pins.

use super::stamp::{self, Comment};
use super::tool::{OWN, Tool};
use super::{File, Owner};

/// The folder of workflows.
pub(crate) const FOLDER: &str = ".github/workflows";

macro_rules! workflows {
    ($($name:literal),+ $(,)?) => {
        /// Each workflow: its file's name, and its text in this repository.
        pub(crate) const WORKFLOWS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../.github/workflows/", $name)))),+];
    };
}

workflows!(
    "auto-merge.yml",
    "build.yml",
    "gate.yml",
    "publish.yml",
    "reviewed.yml",
    "security-review.yml",
    "update-pins.yml",
    "validate.yml",
);

/// A workflow as a registry gets it; or as this repository has it, without a tool.
#[must_use]
pub(crate) fn render(own: &str, tool: Option<&Tool>) -> String {
    let body = stamp::body(own);
    let text = tool.map_or_else(|| body.to_owned(), |tool| body.replace(OWN, &tool.uses()));
    stamp::stamped(&text, Comment::Hash)
}

/// The files of all workflows.
pub(crate) fn files(tool: &Tool) -> impl Iterator<Item = File> {
    WORKFLOWS.iter().map(|(name, own)| File {
        path: format!("{FOLDER}/{name}"),
        text: render(own, Some(tool)),
        owner: Owner::Ours,
        also: &[],
    })
}

#[cfg(test)]
mod tests {
    use super::{FOLDER, OWN, Tool, WORKFLOWS, files, render};
    use std::path::Path;

    /// `MCP_REGISTRY_STAMP=1` writes the first lines anew: run it after an edit of a workflow.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test that helps whoever edits a workflow")]
    fn this_repositorys_workflows_are_the_rendering_for_itself() {
        let stamp = std::env::var_os("MCP_REGISTRY_STAMP").is_some();
        for (name, own) in WORKFLOWS {
            let rendered = render(own, None);
            if stamp {
                // As it is now: it may have been edited since this test was compiled.
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(name);
                let done = std::fs::read_to_string(&path).and_then(|text| std::fs::write(&path, render(&text, None)));
                done.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                continue;
            }
            let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
            assert!(
                *own == rendered,
                "{FOLDER}/{name} has been edited; `MCP_REGISTRY_STAMP=1 cargo test --lib init::workflows` writes its first line\n{}\n{}",
                first(own),
                first(&rendered)
            );
        }
    }

    #[test]
    fn a_registrys_workflows_run_the_pinned_program_and_no_other() {
        let tool = "acme/mcp-registry@0123456789012345678901234567890123456789";
        let Ok(tool) = Tool::parse(tool) else { panic!("{tool}") };
        let mut pins = 0;
        for file in files(&tool) {
            assert!(!file.text.contains(OWN) && !file.text.contains("uses: ./"), "{}", file.path);
            pins += file.text.matches(&format!("uses: {}\n", tool.uses())).count();
        }
        let own: usize = WORKFLOWS.iter().map(|(_, own)| own.matches(OWN).count()).sum();
        assert_eq!((pins, own > 15), (own, true));
    }
}
