//! Remedies that can be followed to the letter lead somewhere: the rule is content, nothing else asks for what was there
//! before, and whoever follows them all is done after a few steps.

use crate::properties::config;
use chrono::NaiveDate;
use mcp_registry::document::{Document, Route, Span, Step};
use mcp_registry::entry::Entry;
use mcp_registry::finding::{Anchor, Finding};
use mcp_registry::policy::Policy;
use mcp_registry::validate::{Request, judge};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::HashSet;

/// One entry as its author has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Draft {
    folder: String,
    manifest: String,
}

/// The findings of a draft beside another entry, without waived ones.
fn findings(draft: &Draft) -> Vec<Finding> {
    let taken = "name: taken\ntype: server\nconfig:\n  secrets:\n    - name: taken.key\n      env: TAKEN\n";
    let mut entries = vec![
        Entry::from_texts(&draft.folder, Some(&draft.manifest), None, None),
        Entry::from_texts("taken", Some(taken), None, None),
    ];
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let policy = Policy::default();
    let today = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap();
    let report = judge(&Request { entries: &entries, facts: &[], only: None, policy: &policy, today, strict: false });
    report.findings.into_iter().filter(|finding| finding.entry.as_deref() == Some(&draft.folder)).collect()
}

/// What stands between a phrase and the backtick behind it.
fn quoted<'h>(help: &'h str, phrase: &str) -> Option<&'h str> {
    help.split_once(phrase)?.1.split_once('`').map(|(quoted, _)| quoted).filter(|quoted| !quoted.contains('…'))
}

/// The draft after following a remedy, if that can be done to the letter.
fn followed(draft: &Draft, finding: &Finding) -> Option<Draft> {
    let help = finding.help.as_deref()?;
    let document = Document::from_yaml(draft.manifest.as_str()).ok()?;
    let replace = |span: Span, with: &str| {
        let mut manifest = draft.manifest.clone();
        manifest.replace_range(span.range(), with);
        Draft { folder: draft.folder.clone(), manifest }
    };
    let rename = |to: &str| Draft { folder: to.to_owned(), manifest: draft.manifest.clone() };
    let (route, is_value) = match &finding.anchor {
        Anchor::Value(route) => (route.clone(), true),
        Anchor::Key(route) => (route.clone(), false),
        Anchor::File | Anchor::Bytes(_) => (Route::default(), false),
    };
    let last = match route.steps().last() {
        Some(Step::Key(key)) => key.to_string(),
        _ => String::new(),
    };
    let write = quoted(help, &format!("write `{last}: ")).filter(|_| !last.is_empty());
    if let Some(folder) = quoted(help, "rename the folder to `") {
        let draft = rename(folder);
        let both = help.contains("and `name` in server.yaml with it") || help.contains("and write `name: ");
        let Some(span) = document.at(&Route::new(vec!["name".into()])).map(|node| node.span).filter(|_| both) else {
            // Of two ways, the other one is to change the manifest.
            return Some(write.filter(|_| is_value).map_or(draft, |value| replace(document.locate(&route), value)));
        };
        let mut manifest = draft.manifest.clone();
        manifest.replace_range(span.range(), folder);
        return Some(Draft { manifest, ..draft });
    }
    if let Some(value) = write.filter(|_| is_value) {
        return Some(replace(document.locate(&route), value));
    }
    if let Some(key) = quoted(help, "did you mean `").filter(|_| !is_value && finding.rule == "unknown-key") {
        return Some(replace(document.locate_key(&route), key));
    }
    if let Some(name) = quoted(help, "name it `").filter(|_| is_value) {
        return Some(replace(document.locate(&route), name));
    }
    if let Some(template) = quoted(help, "begin it with the entry's name: `").filter(|_| is_value) {
        let written = finding.message.split('`').nth(1)?;
        let span = document.locate(&route);
        return Some(replace(span, &draft.manifest[span.range()].replace(written, template)));
    }
    if help.starts_with("remove it") && !is_value {
        let edit = mcp_registry::document::edit::remove_pair(&document, &route).ok()?;
        return Some(replace(edit.span, &edit.replacement));
    }
    help.starts_with("put quotes around it").then(|| {
        let span = document.locate(&route);
        replace(span, &format!("\"{}\"", &draft.manifest[span.range()]))
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let names =
        ["acme-weather", "acme_weather", "Acme_Weather", "taken", "Taken", "weather", "no", "012", "a.b", "日本"];
    let name = move || select(names.to_vec());
    let titles = [
        "Weather",
        "weather: now",
        "n8n",
        "Weather MCP Server",
        "#1 MCP",
        "yes",
        "- a list MCP",
        "GitMCP",
        "ast-grep x",
    ];
    let prefixes = ["acme-weather", "acme_weather", "Acme_Weather", "taken", "weather", "", "a.b"];
    let commits = ["3F2A9C1E5B7D9F1A3C5E7B9D1F3A5C7E9B1D3F5A", "1234567890123456789012345678901234567890", "main"];
    let keys =
        ["icon: a", "comit: a", "url: b", "commit: c", "ref: d", "$schema: e", "title: T", "branch: f", "desc: g"];
    (
        (name().prop_filter("two entries in one folder", |name| *name != "taken"), name(), select(titles.to_vec())),
        (select(prefixes.to_vec()), select(prefixes.to_vec()), select(commits.to_vec())),
        (select(keys.to_vec()), select(keys.to_vec())),
    )
        .prop_map(|((folder, name, title), (template, secret, commit), (above, inside))| {
            let title = title.replace('\'', "''");
            let dot = if template.is_empty() { "" } else { "." };
            let manifest = format!(
                "name: {name}\ntype: server\nimage: mcp/x\n{above}\nabout:\n  title: '{title}'\n  description: Looks up the \
                 weather.\nsource:\n  project: https://github.com/acme/x\n  {inside}\n  commit: {commit}\nconfig:\n  \
                 secrets:\n    - name: '{secret}.key'\n      env: KEY\n  env:\n    - name: UNITS\n      value: \
                 '{{{{{template}{dot}units}}}}'\n  parameters:\n    type: object\n    properties:\n      units: {{type: \
                 string}}\n"
            );
            Draft { folder: folder.to_owned(), manifest }
        })
}

proptest! {
    // Each case is judged a dozen times.
    #![proptest_config(ProptestConfig { cases: config().cases / 10, ..config() })]

    #[test]
    fn remedies_lead_somewhere_and_never_in_a_circle(draft in draft()) {
        let mut draft = draft;
        let mut known = HashSet::from([draft.clone()]);
        // A few mistakes, each with its remedy; one may uncover another.
        for _ in 0..20 {
            let said = findings(&draft);
            let Some((finding, next)) = said.iter().find_map(|finding| Some((finding, followed(&draft, finding)?))) else {
                return Ok(());
            };
            prop_assert!(Document::from_yaml(next.manifest.as_str()).is_ok(), "{finding:?}\n{draft:?}\n{next:?}");
            let again = findings(&next);
            let same = |other: &&Finding| {
                (other.rule, &other.message, &other.anchor) == (finding.rule, &finding.message, &finding.anchor)
            };
            prop_assert!(!again.iter().any(|other| same(&other)), "{finding:?}\n{draft:?}\n{next:?}");
            prop_assert!(known.insert(next.clone()), "in a circle: {finding:?}\n{draft:?}\n{next:?}");
            draft = next;
        }
        prop_assert!(false, "no end: {draft:?}");
    }
}
