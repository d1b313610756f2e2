//! `{{prefix.parameter}}` templates: where an entry takes a value that its user sets.

use crate::document::{Document, Node, Route, Value};

/// One `{{…}}` in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// The route of the value it stands in.
    pub(crate) route: Route,
    /// As written, with its braces.
    pub(crate) written: String,
    /// What stands before the first dot, trimmed: the entry's name, when it is right.
    pub(crate) prefix: String,
    /// What follows the first dot, up to a filter (`|volume`), trimmed: a parameter, or a way into one (`db.host`).
    /// None when there is no dot.
    pub(crate) parameter: Option<String>,
}

/// The templates in one text, in order. An unclosed `{{` is none.
#[must_use]
pub(crate) fn in_text(route: &Route, text: &str) -> Vec<Template> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(after) = rest.get(start + 2..) else { break };
        let Some(end) = after.find("}}") else { break };
        let (Some(inside), Some(next)) = (after.get(..end), after.get(end + 2..)) else { break };
        let name = inside.split('|').next().unwrap_or_default();
        let (prefix, parameter) = match name.split_once('.') {
            Some((prefix, parameter)) => (prefix, Some(parameter.trim().to_owned())),
            None => (name, None),
        };
        found.push(Template {
            route: route.clone(),
            written: format!("{{{{{inside}}}}}"),
            prefix: prefix.trim().to_owned(),
            parameter,
        });
        rest = next;
    }
    found
}

/// The parts of an entry in which templates are replaced. In a description or example they are only text.
const PLACES: [&[&str]; 4] = [&["run"], &["config", "env"], &["remote"], &["tools"]];

/// Every template in the places of an entry where templates count.
#[must_use]
pub(crate) fn in_document(document: &Document) -> Vec<Template> {
    let mut found = Vec::new();
    visit(document, &mut |route, text| found.extend(in_text(route, text)));
    found
}

/// What follows each `{{` that nothing closes, in the same places.
#[must_use]
pub(crate) fn unclosed_in_document(document: &Document) -> Vec<(Route, &str)> {
    let mut found = Vec::new();
    visit(document, &mut |route, text| {
        let rest = text.rfind("}}").and_then(|end| text.get(end + 2..)).unwrap_or(text);
        if let Some((_, start)) = rest.split_once("{{") {
            found.push((route.clone(), start));
        }
    });
    found
}

/// Calls `take` with every text that has a `{{`, where templates count.
fn visit<'d>(document: &'d Document, take: &mut impl FnMut(&Route, &'d str)) {
    for place in PLACES {
        let route = Route::new(place.iter().map(|key| (*key).into()).collect());
        if let Some(node) = document.at(&route) {
            walk(node, &route, take);
        }
    }
}

/// Depth is bounded by the document's own limit.
fn walk<'d>(node: &'d Node, route: &Route, take: &mut impl FnMut(&Route, &'d str)) {
    match &node.value {
        Value::Scalar(scalar) => {
            if scalar.text.contains("{{") {
                take(route, &scalar.text);
            }
        }
        Value::Mapping(pairs) => {
            for pair in pairs {
                let key = &*pair.key.text;
                if !matches!(key, "example" | "description") {
                    walk(&pair.value, &route.then(key.to_owned()), take);
                }
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &route.then(index), take);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_text;
    use crate::route;

    #[test]
    fn templates_are_taken_apart() {
        let found = in_text(&route![], "{{aks.dir|volume}}:/x {{ b }} {{c.d.e}} {{open");
        let parts: Vec<_> = found.iter().map(|t| (&*t.written, &*t.prefix, t.parameter.as_deref())).collect();
        assert_eq!(
            parts,
            [("{{aks.dir|volume}}", "aks", Some("dir")), ("{{ b }}", "b", None), ("{{c.d.e}}", "c", Some("d.e"))]
        );
    }
}
