//! The model of `tools.json`: the tools that a server offers, read leniently like the manifest.
//!
//! Two shapes are in use: `arguments` (a list, the registry's own) and `inputSchema` (a JSON Schema, as the
//! Model Context Protocol itself has it). Both are read; a tool may have either.

use crate::document::{Node, Route};
use crate::route;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tool {
    /// `name`
    pub(crate) name: Option<String>,
    /// `description`
    pub(crate) description: Option<String>,
    /// The arguments, of either shape.
    pub(crate) arguments: Vec<ToolArgument>,
}

/// One argument of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ToolArgument {
    pub(crate) name: Option<String>,
    /// `desc` (or `description`, in an input schema). Unlike other texts, an empty one is kept: the
    /// reference asks only that it is there.
    pub(crate) description: Option<String>,
    /// Where the argument stands in `tools.json`.
    pub(crate) route: Route,
    /// Whether it comes from `arguments`, the shape that the reference checks.
    pub(crate) listed: bool,
}

fn text(node: &Node, key: &str) -> Option<String> {
    use crate::document::ScalarStyle;
    let scalar = node.get(key)?.scalar()?;
    (scalar.style == ScalarStyle::DoubleQuoted).then(|| scalar.text.to_string())
}

impl Tool {
    /// Reads the tools from the root of `tools.json`; anything but a list has none.
    #[must_use]
    pub(crate) fn read_all(root: &Node) -> Vec<Self> {
        root.items().iter().enumerate().map(|(index, tool)| Self::read(index, tool)).collect()
    }

    fn read(index: usize, node: &Node) -> Self {
        let mut arguments = Vec::new();
        if let Some(list) = node.get("arguments") {
            for (position, argument) in list.items().iter().enumerate() {
                arguments.push(ToolArgument {
                    name: text(argument, "name"),
                    description: text(argument, "desc"),
                    route: route![index, "arguments", position],
                    listed: true,
                });
            }
        }
        if let Some(properties) = node.get("inputSchema").and_then(|schema| schema.get("properties")) {
            for pair in properties.pairs() {
                arguments.push(ToolArgument {
                    name: Some(pair.key.text.to_string()),
                    description: text(&pair.value, "description"),
                    route: route![index, "inputSchema", "properties", pair.key.text.to_string()],
                    listed: false,
                });
            }
        }
        Self { name: text(node, "name"), description: text(node, "description"), arguments }
    }
}
