//! `shadowed-tool`

use super::{Check, RegistrySink, Rule};
use crate::entry::Entry;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::index::Index;
use std::collections::HashMap;
use unicode_security::confusable_detection::skeleton;
use url::Url;

pub(super) static RULE: Rule = Rule {
    id: "shadowed-tool",
    summary: "an entry that looks like another one offers a tool of the same name",
    explanation: "\
## What
Two entries have a tool of the same name, their names or titles can be taken for one another, and their code
has different owners. Names can be taken for one another when they look alike (`githüb`, `gιthub`), differ in one
character, or one is the other with more words (`github` and `github-official`). The owner is the first part of the path of
`source.project`, or the host of `remote.url`.

## Why
A model chooses a tool by its name and description. An entry that poses as another and answers to the same tool gets the
calls, and the data in them, that were meant for the other: tool shadowing.

## How to fix
Maintainers decide which entry is the one that its users mean. The other gets a name, a title and tool names that say what it
is; a fork says so in its description. If both are meant to be there, a waiver says why.

## Source
Tool shadowing as described in research on attacks on the Model Context Protocol. The reference sees one entry at a time and
cannot check it.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Registry(check),
    fix: None,
};

/// A tool name without what people do not see as a difference.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Looking at every pair of entries that share a tool is quadratic in the entries of one tool: past this many the name is so
/// common (`search`) that sharing it says nothing.
const MAX_SHARERS: usize = 12;

fn check(index: &Index<'_>, sink: &mut RegistrySink<'_>) {
    // For each tool, the entries that have it, each once.
    let mut sharers: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    for (position, entry) in index.entries.iter().enumerate() {
        for (tool, name) in entry.tools.iter().enumerate().filter_map(|(at, tool)| Some((at, tool.name.as_deref()?))) {
            let entries = sharers.entry(folded(name)).or_default();
            if entries.last().is_none_or(|(last, _)| *last != position) {
                entries.push((position, tool));
            }
        }
    }
    let mut pairs: Vec<(usize, usize, usize, usize)> = sharers
        .into_values()
        .filter(|entries| (2..=MAX_SHARERS).contains(&entries.len()))
        .flat_map(|entries| {
            let pair = |(at, one): (usize, &(usize, usize))| {
                let (entry, tool) = *one;
                entries[at + 1..].iter().map(move |(other, its)| (entry, *other, tool, *its)).collect::<Vec<_>>()
            };
            entries.iter().enumerate().flat_map(pair).collect::<Vec<_>>()
        })
        .collect();
    pairs.sort_unstable();
    // One finding a pair of entries, at the first tool that they share: the entries are the problem, not each tool.
    pairs.dedup_by_key(|(one, other, ..)| (*one, *other));
    for (one, other, tool, its) in pairs {
        let (Some(one), Some(other)) = (index.entries.get(one), index.entries.get(other)) else { continue };
        if !can_be_confused(one, other) || owner(one) == owner(other) {
            continue;
        }
        // Said of the entry that is judged; of the later one when both are.
        let (about, at, beside, there) =
            if index.judged.contains(&other.name) { (other, its, one, tool) } else { (one, tool, other, its) };
        let Some(name) = about.tools.get(at).and_then(|tool| tool.name.as_deref()) else { continue };
        let message = format!(
            "the tool `{name}` is also one of `{}`, which this entry can be taken for, and their code has different owners",
            beside.name
        );
        sink.at(about, &about.tools_file.path, Anchor::Value(route![at, "name"]), message)
            .also_in(&beside.tools_file.path, Anchor::Value(route![there, "name"]), "the same tool")
            .help("decide which entry users mean; the other needs a name and tool names of its own, or a waiver");
    }
}

fn can_be_confused(one: &Entry, other: &Entry) -> bool {
    let titles = (one.manifest.about.title.as_deref(), other.manifest.about.title.as_deref());
    alike(&one.name, &other.name) || matches!(titles, (Some(one), Some(other)) if alike(one, other))
}

/// The shortest name that counts as part of another: `db` is part of too many.
const MIN_PART: usize = 4;

/// Whether one name can be taken for the other: see the explanation.
fn alike(one: &str, other: &str) -> bool {
    let plain = |name: &str| folded(&skeleton(&name.to_lowercase()).collect::<String>());
    let (a, b) = (plain(one), plain(other));
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if short.chars().count() < MIN_PART {
        return short == long;
    }
    if strsim::levenshtein(short, long) <= 1 {
        return true;
    }
    // Whole words at the beginning or end only: `github` in `github-official`, not `graph` in `paragraph`.
    let words = |name: &str| -> Vec<String> {
        // Letter case first: `M` has another skeleton than `m`.
        let lower = skeleton(&name.to_lowercase()).collect::<String>();
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
    };
    let (a, b) = (words(one), words(other));
    let (few, many) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    !few.is_empty() && (many.starts_with(few) || many.ends_with(few))
}

/// Whose code it is: host and first part of the path of `source.project`, or the host of `remote.url`.
fn owner(entry: &Entry) -> Option<String> {
    if let Some(project) = entry.manifest.source.project.as_deref() {
        let url = Url::parse(project).ok()?;
        let first = url.path_segments()?.next()?.to_lowercase();
        return Some(format!("{}/{first}", url.host_str()?));
    }
    let url = Url::parse(entry.manifest.remote.url.as_deref()?).ok()?;
    Some(url.host_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::alike;
    use crate::validate::testing::case;

    const TOOLS: &str = "[\n  {\"name\": \"create_issue\"}\n]\n";
    const OFFICIAL: &str = "name: github-official\nsource:\n  project: https://github.com/github/github-mcp-server\n";

    fn beside_the_official(name: &str, project: &str, tools: &str) -> crate::validate::testing::Case {
        let manifest = format!("name: {name}\nsource:\n  project: https://github.com/{project}\n");
        case("shadowed-tool", name, &manifest).tools(tools).beside("github-official", OFFICIAL, Some(TOOLS))
    }

    #[test]
    fn an_entry_that_poses_as_another_is_reported() {
        insta::assert_snapshot!(beside_the_official("github", "somebody/tools", TOOLS).rendered(), @r#"
        warning[shadowed-tool]: the tool `create_issue` is also one of `github`, which this entry can be taken for, and their code has different owners
         --> servers/github-official/tools.json:2:12
          |
        2 |   {"name": "create_issue"}
          |            ^^^^^^^^^^^^^^
          |
         ::: servers/github/tools.json:2:12
          |
        2 |   {"name": "create_issue"}
          |            -------------- the same tool
          |
          = help: decide which entry users mean; the other needs a name and tool names of its own, or a waiver
        "#);
        assert_eq!(beside_the_official("github-officiai", "somebody/tools", TOOLS).count(), 1);
        assert_eq!(beside_the_official("gιthub-official", "somebody/tools", TOOLS).count(), 1);
    }

    #[test]
    fn the_same_owner_may() {
        assert_eq!(beside_the_official("github", "GitHub/tools", TOOLS).count(), 0);
    }

    #[test]
    fn another_name_or_another_tool_is_no_pose() {
        assert_eq!(beside_the_official("gitlab", "somebody/tools", TOOLS).count(), 0);
        assert_eq!(beside_the_official("github", "somebody/tools", "[{\"name\": \"other\"}]").count(), 0);
    }

    #[test]
    fn names_are_alike_by_look_by_a_letter_or_by_words() {
        for (one, other) in
            [("github", "github-official"), ("github", "githud"), ("paypal", "pаypal"), ("my-sql", "MySQL")]
        {
            assert!(alike(one, other), "{one} {other}");
        }
        for (one, other) in [("graph", "paragraph"), ("git", "gitlab"), ("aws-s3", "aws-ec2"), ("db", "db2")] {
            assert!(!alike(one, other), "{one} {other}");
        }
    }
}
