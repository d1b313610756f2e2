//! `reviewer/report.md.jinja`, and what it may write: see [`crate::escape::template`].

use super::view::View;
use crate::escape::markdown;
use crate::escape::template::environment;
use minijinja::Environment;
use minijinja::value::Serde;

const TEMPLATE: &str = include_str!("../../../reviewer/report.md.jinja");

/// The template with its filters.
pub(super) struct Renderer {
    environment: Environment<'static>,
}

impl Renderer {
    pub(super) fn new() -> Self {
        Self { environment: environment() }
    }

    /// The template filled with `view`.
    ///
    /// The template is part of the program and tests render it, so that it cannot fail. If it does all the same, what comes back says
    /// so, and nothing that could be taken for a verdict.
    pub(super) fn render(&self, view: &View<'_>) -> String {
        match self.environment.render_str(TEMPLATE, Serde(view)) {
            Ok(text) => text.trim_end().to_owned() + "\n",
            Err(error) => {
                format!("# Security review\n\nThe report could not be rendered: {}\n", markdown(&error.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TEMPLATE;

    #[test]
    fn the_template_itself_is_plain() {
        // Only the template makes structure: so it has no HTML, and no field where a line begins, where words could be markup.
        assert!(!TEMPLATE.contains(['<', '>', '@', '!', '$']));
        for line in TEMPLATE.lines().filter(|line| line.starts_with("{{")) {
            assert!(line.contains("|link(") || line.contains("|fence("), "{line}");
        }
    }
}
