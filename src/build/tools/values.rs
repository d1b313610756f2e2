//! Values for what a server's user would set: the entry's own examples and defaults, else something that is none.

use crate::build::plan::Subject;
use crate::document::{Node, Route, Value, scalar};
use crate::entry::template;

/// What stands where nobody gave an example.
pub(super) const PLACEHOLDER: &str = "placeholder";
/// A folder that every image has, for folders that a user would mount.
const FOLDER: &str = ".";

/// The values of an entry.
pub(super) struct Values<'s> {
    subject: &'s Subject,
    parameters: Option<&'s Node>,
}

impl<'s> Values<'s> {
    pub(super) fn of(subject: &'s Subject) -> Self {
        let config = subject.document.root().get("config");
        Self { subject, parameters: config.and_then(|config| config.get("parameters")) }
    }

    /// The variables of the container: `NAME=value`.
    pub(super) fn environment(&self) -> Vec<String> {
        let config = &self.subject.manifest.config;
        let mut variables: Vec<String> = Vec::new();
        let mut set = |name: &str, value: String| {
            if !name.is_empty() && !name.contains('=') && !value.contains('\0') {
                variables.push(format!("{name}={value}"));
            }
        };
        for secret in &config.secrets {
            let value = secret.example.clone().unwrap_or_else(|| PLACEHOLDER.to_owned());
            set(secret.env.as_deref().unwrap_or_default(), value);
        }
        for variable in &config.env {
            let value = variable.example.clone().or_else(|| variable.value.as_deref().map(|value| self.fill(value)));
            set(variable.name.as_deref().unwrap_or_default(), value.unwrap_or_else(|| PLACEHOLDER.to_owned()));
        }
        for (name, value) in &self.subject.manifest.run.env {
            set(name, value.as_deref().map(|value| self.fill(value)).unwrap_or_default());
        }
        variables
    }

    /// The arguments that the entry gives the image.
    pub(super) fn command(&self) -> Vec<String> {
        let config = &self.subject.manifest.config;
        let argument = |argument: &String| {
            let variable = argument.strip_prefix('$');
            let secret =
                variable.and_then(|name| config.secrets.iter().find(|secret| secret.env.as_deref() == Some(name)));
            let plain =
                variable.and_then(|name| config.env.iter().find(|variable| variable.name.as_deref() == Some(name)));
            match (secret, plain) {
                (Some(secret), _) => secret.example.clone().unwrap_or_else(|| PLACEHOLDER.to_owned()),
                (None, Some(variable)) => variable.example.clone().unwrap_or_else(|| PLACEHOLDER.to_owned()),
                (None, None) => self.fill(argument),
            }
        };
        self.subject.manifest.run.command.iter().flatten().map(argument).collect()
    }

    /// A text with its templates replaced.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for found in template::in_text(&Route::default(), text) {
            // `{{x.paths|volume-target|into}}` is a folder that is mounted.
            let value = if found.written.contains("|volume") {
                FOLDER.to_owned()
            } else {
                found.parameter.as_deref().map_or_else(|| PLACEHOLDER.to_owned(), |parameter| self.parameter(parameter))
            };
            filled = filled.replace(&found.written, &value);
        }
        filled
    }

    /// What an entry gives for a parameter as its default or an example, else something of its type.
    fn parameter(&self, path: &str) -> String {
        let mut node = self.parameters;
        for part in path.split('.') {
            node = node.and_then(|node| node.get("properties")).and_then(|properties| properties.get(part));
        }
        let Some(node) = node else { return PLACEHOLDER.to_owned() };
        let own = |node: &Node| node.scalar().and_then(scalar::go_string).map(|text| text.into_owned());
        let first = |node: &Node| match &node.value {
            Value::Sequence(items) => items.first().and_then(own),
            _ => own(node),
        };
        let given =
            ["default", "example", "examples", "enum"].into_iter().find_map(|key| node.get(key).and_then(first));
        given.unwrap_or_else(|| match node.get("type").and_then(own).as_deref() {
            Some("boolean") => "true".to_owned(),
            Some("integer" | "number") => "1".to_owned(),
            _ => PLACEHOLDER.to_owned(),
        })
    }
}
