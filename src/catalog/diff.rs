//! What users will notice when one catalog takes the place of another.

use super::read::Entries;
use crate::text::cut;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) change: Kind,
    /// What users will notice, in sentences without a full stop.
    pub(crate) notices: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Added,
    Removed,
    Changed,
}

/// What differs between two catalogs, by name. Entries that only look different to a program are not in it.
#[must_use]
pub(crate) fn compare(before: &Entries, after: &Entries) -> Vec<Change> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let one = |name: &String| {
        let (change, notices) = match (before.get(name), after.get(name)) {
            (None, Some(after)) => (Kind::Added, vec![text(after, "title").to_owned()]),
            (Some(before), None) => (Kind::Removed, vec![text(before, "title").to_owned()]),
            (Some(before), Some(after)) => (Kind::Changed, notices(before, after)),
            (None, None) => return None,
        };
        let notices: Vec<String> = notices.into_iter().filter(|notice| !notice.is_empty()).collect();
        (change != Kind::Changed || !notices.is_empty()).then(|| Change { name: name.clone(), change, notices })
    };
    names.into_iter().filter_map(one).collect()
}

type Fields = Map<String, Value>;

/// What users of one entry will notice, the weightiest first.
fn notices(before: &Fields, after: &Fields) -> Vec<String> {
    let mut all = Vec::new();
    for (key, what) in
        [("type", "is another kind of server"), ("image", "runs another image"), ("user", "runs as another user")]
    {
        if text(before, key) != text(after, key) {
            all.push(format!("{what}: {} → {}", short(text(before, key)), short(text(after, key))));
        }
    }
    let address = |fields: &Fields| string(fields.get("remote").and_then(|remote| remote.get("url"))).to_owned();
    if address(before) != address(after) {
        all.push(format!("is at another address: {} → {}", short(&address(before)), short(&address(after))));
    }
    for (key, item, what) in [
        ("secrets", "env", "secrets"),
        ("env", "name", "variables"),
        ("volumes", "", "volumes"),
        ("allowHosts", "", "allowed hosts"),
    ] {
        all.extend(sets(&names(before, key, item), &names(after, key, item), what));
    }
    match (flag(before, "disableNetwork"), flag(after, "disableNetwork")) {
        (true, false) => all.push("gets a network".to_owned()),
        (false, true) => all.push("has no network any more".to_owned()),
        _ => {}
    }
    if list(before, "command") != list(after, "command") {
        all.push("is started with other arguments".to_owned());
    }
    let (old, new) = (settings(before), settings(after));
    all.extend(sets(&old.0, &new.0, "settings"));
    all.extend(sets(&old.1, &new.1, "required settings"));
    if before.get("oauth") != after.get("oauth") {
        all.push("is logged in to in another way".to_owned());
    }
    let (old, new) = (tools(before), tools(after));
    let keys = |tools: &BTreeMap<&str, &Value>| tools.keys().map(|name| (*name).to_owned()).collect();
    all.extend(sets(&keys(&old), &keys(&new), "tools"));
    let changed: Vec<&str> = old
        .iter()
        .filter(|(name, tool)| new.get(*name).is_some_and(|now| now != *tool))
        .map(|(name, _)| *name)
        .collect();
    if !changed.is_empty() {
        all.push(format!("tools that say something else: {}", some(&changed)));
    }
    for (key, what) in [("title", "title"), ("description", "description")] {
        if text(before, key) != text(after, key) {
            all.push(format!("{what}: {} → {}", short(text(before, key)), short(text(after, key))));
        }
    }
    let about = |fields: &Fields, key: &str| string(fields.get("metadata").and_then(|it| it.get(key))).to_owned();
    for key in ["trust", "publisher", "category", "verification", "risk"] {
        let (old, new) = (about(before, key), about(after, key));
        // A catalog of the other form does not say it at all.
        if old != new && !old.is_empty() && !new.is_empty() {
            all.push(format!("{key}: {} → {}", short(&old), short(&new)));
        }
    }
    all
}

fn string(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn text<'f>(fields: &'f Fields, key: &str) -> &'f str {
    string(fields.get(key))
}

fn flag(fields: &Fields, key: &str) -> bool {
    fields.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn list<'f>(fields: &'f Fields, key: &str) -> &'f [Value] {
    fields.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The items of a list, or their `key`.
fn names(fields: &Fields, list_key: &str, key: &str) -> BTreeSet<String> {
    let name =
        |item: &Value| if key.is_empty() { string(Some(item)).to_owned() } else { string(item.get(key)).to_owned() };
    list(fields, list_key).iter().map(name).collect()
}

/// The names of what users set, and of what they must set.
fn settings(fields: &Fields) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut all = (BTreeSet::new(), BTreeSet::new());
    for config in list(fields, "config") {
        all.0.extend(config["properties"].as_object().into_iter().flat_map(Map::keys).cloned());
        let required = config["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        all.1.extend(required.map(ToOwned::to_owned));
    }
    all
}

fn tools(fields: &Fields) -> BTreeMap<&str, &Value> {
    list(fields, "tools").iter().map(|tool| (string(tool.get("name")), tool)).collect()
}

/// `new secrets: A, B`, `secrets that are gone: C`.
fn sets(before: &BTreeSet<String>, after: &BTreeSet<String>, what: &str) -> Vec<String> {
    let new: Vec<&str> = after.difference(before).map(String::as_str).collect();
    let gone: Vec<&str> = before.difference(after).map(String::as_str).collect();
    let mut said = Vec::new();
    if !new.is_empty() {
        said.push(format!("new {what}: {}", some(&new)));
    }
    if !gone.is_empty() {
        said.push(format!("{what} that are gone: {}", some(&gone)));
    }
    said
}

/// The first few of many.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| short(name)).collect();
    match names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", shown.join(", ")),
        None => shown.join(", "),
    }
}

fn short(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { cut(text, 120).into_owned() }
}

/// Why a catalog must not take the place of another: it loses more than a twentieth of its entries.
#[must_use]
pub(crate) fn shrinks(before: &Entries, after: &BTreeSet<String>) -> Option<Vec<String>> {
    const ONE_IN: usize = 20;
    let gone: Vec<String> = before.keys().filter(|name| !after.contains(*name)).cloned().collect();
    (gone.len() * ONE_IN > before.len()).then_some(gone)
}

#[cfg(test)]
mod tests {
    use super::shrinks;
    use crate::catalog::read::Entries;
    use serde_json::Map;

    #[test]
    fn one_in_twenty_may_go() {
        let before: Entries = (0..40).map(|number| (format!("{number:02}"), Map::new())).collect();
        let without = |gone: usize| before.keys().skip(gone).cloned().collect();
        assert_eq!(shrinks(&before, &without(2)), None);
        assert_eq!(shrinks(&before, &without(3)), Some(vec!["00".to_owned(), "01".to_owned(), "02".to_owned()]));
        assert_eq!(shrinks(&Entries::new(), &without(40)), None);
    }
}
