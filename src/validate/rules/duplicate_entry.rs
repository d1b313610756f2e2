//! `duplicate-entry`

use super::{Check, RegistrySink, Rule, excerpt};
use crate::document::Route;
use crate::entry::{Entry, EntryType};
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::index::Index;
use std::collections::BTreeMap;

pub(super) static RULE: Rule = Rule {
    id: "duplicate-entry",
    summary: "an entry repeats another one's name, image, title, source or address",
    explanation: "\
## What
Two entries have the same name but for letter case, the same image, the same title but for letter case, the same source
(repository, directory, Dockerfile and build target), or the same remote address. Of two entries that are both
judged, the one later in the alphabet is reported.

## Why
Users see the same server twice and cannot tell which to take; its pin moves in one and stays behind in the other. Names
that differ in case are one folder on macOS and Windows.

## How to fix
Remove one of the two. If they are different, say so in the title; if they are built from one repository in different
ways, say how in `source.directory`, `source.dockerfile` or `source.buildTarget`.

## Source
The reference checks each entry by itself.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Registry(check),
    fix: None,
};

/// One thing that two entries must not share.
struct Trait {
    what: &'static str,
    anchor: Anchor,
    value: String,
}

fn check(index: &Index<'_>, sink: &mut RegistrySink<'_>) {
    let traits: Vec<Vec<Trait>> = index.entries.iter().map(traits).collect();
    // Who has what, in the order of names.
    let mut owners: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (entry, traits) in traits.iter().enumerate() {
        for one in traits {
            owners.entry((one.what, &one.value)).or_default().push(entry);
        }
    }
    for (position, (entry, own)) in index.entries.iter().zip(&traits).enumerate() {
        if !index.judged.contains(&entry.name) {
            continue;
        }
        // All that is shared with one other entry is one finding.
        let mut shared: BTreeMap<usize, Vec<&Trait>> = BTreeMap::new();
        for one in own {
            let owners = owners.get(&(one.what, one.value.as_str())).map(Vec::as_slice).unwrap_or_default();
            if let Some(other) = other_owner(index, owners, position) {
                shared.entry(other).or_default().push(one);
            }
        }
        for (other, own) in shared {
            let theirs = traits.get(other).map(Vec::as_slice).unwrap_or_default();
            if let Some(other) = index.entries.get(other) {
                report(entry, &own, other, theirs, sink);
            }
        }
    }
}

/// The first other owner, if it is this entry that should be reported: the first owner is, only when no other is judged.
fn other_owner(index: &Index<'_>, owners: &[usize], position: usize) -> Option<usize> {
    let other = owners.iter().copied().find(|owner| *owner != position)?;
    let is_judged = |owner: usize| index.entries.get(owner).is_some_and(|entry| index.judged.contains(&entry.name));
    let is_first = owners.first() == Some(&position);
    let reported_there = is_first && owners.iter().skip(1).any(|owner| is_judged(*owner));
    (!reported_there).then_some(other)
}

fn report(entry: &Entry, own: &[&Trait], other: &Entry, theirs: &[Trait], sink: &mut RegistrySink<'_>) {
    let Some(first) = own.first() else { return };
    let listed = match own {
        [one] => one.what.to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(|one| one.what).collect();
            format!("{} and {}", rest.join(", "), last.what)
        }
        [] => return,
    };
    let case = if first.what == "name" { ", but for letter case" } else { "" };
    let message = format!("this entry has the same {listed} as `{}`{case}", excerpt(&other.name));
    let mut said = sink
        .at(entry, &entry.manifest_file.path, first.anchor.clone(), message)
        .help("remove one of the two, or make clear how they differ");
    for one in own.iter().skip(1) {
        said = said.also(one.anchor.clone(), format!("the same {} too", one.what));
    }
    if let Some(same) = theirs.iter().find(|one| one.what == first.what) {
        said.also_in(&other.manifest_file.path, same.anchor.clone(), format!("`{}` has it here", excerpt(&other.name)));
    }
}

fn traits(entry: &Entry) -> Vec<Trait> {
    let manifest = &entry.manifest;
    let at =
        |what, route: Route, value: Option<String>| Some(Trait { what, anchor: Anchor::Value(route), value: value? });
    let local = manifest.kind == EntryType::Server;
    [
        at("name", route!["name"], Some(entry.name.to_lowercase())),
        at("image", route!["image"], manifest.image.clone()),
        at("title", route!["about", "title"], manifest.about.title.as_ref().map(|title| title.trim().to_lowercase())),
        at("source", route!["source", "project"], if local { source(entry) } else { None }),
        at("address", route!["remote", "url"], manifest.remote.url.as_deref().map(address)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is built, however it is spelled. Hosts of Git repositories do not distinguish case in their paths.
fn source(entry: &Entry) -> Option<String> {
    let source = &entry.manifest.source;
    let project = address(source.project.as_deref()?).to_lowercase();
    let project = project.strip_suffix(".git").unwrap_or(&project);
    let directory = source.directory.as_deref().unwrap_or_default();
    let directory = directory.trim_start_matches("./").trim_matches('/');
    let directory = if directory == "." { "" } else { directory };
    let dockerfile = source.dockerfile.as_deref().unwrap_or("Dockerfile").trim_start_matches("./");
    let target = source.build_target.as_deref().unwrap_or_default();
    Some([project, directory, dockerfile, target].join("\n"))
}

/// An address without what does not change where it leads: the scheme, `www.`, the final dot of a host, the scheme's
/// own port.
fn address(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_lowercase();
    let own_port = if scheme.eq_ignore_ascii_case("http") { ":80" } else { ":443" };
    let host = host.strip_suffix(own_port).unwrap_or(&host);
    let host = host.trim_end_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    format!("{host}/{path}")
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{Case, case};

    const ENTRY: &str = "name: b
image: mcp/one
type: server
about:
  title: One
source:
  project: https://github.com/A/one.git
";

    fn beside(other: &str) -> Case {
        case("duplicate-entry", "b", ENTRY).beside("a", other, None)
    }

    #[test]
    fn one_finding_says_all_that_two_entries_share() {
        let other = "name: a\nimage: mcp/one\ntype: server\nabout: {title: ONE}\nsource: {project: https://github.com/a/one/}\n";
        insta::assert_snapshot!(beside(other).rendered(), @"
        warning[duplicate-entry]: this entry has the same image, title and source as `a`
         --> servers/b/server.yaml:2:8
          |
        2 | image: mcp/one
          |        ^^^^^^^
        ...
        5 |   title: One
          |          --- the same title too
        6 | source:
        7 |   project: https://github.com/A/one.git
          |            ---------------------------- the same source too
          |
         ::: servers/a/server.yaml:2:8
          |
        2 | image: mcp/one
          |        ------- `a` has it here
          |
          = help: remove one of the two, or make clear how they differ
        ");
    }

    #[test]
    fn names_that_differ_in_case_collide() {
        let other = case("duplicate-entry", "b", "name: b\n").beside("B", "name: B\n", None);
        insta::assert_snapshot!(other.rendered(), @"
        warning[duplicate-entry]: this entry has the same name as `B`, but for letter case
         --> servers/b/server.yaml:1:7
          |
        1 | name: b
          |       ^
          |
         ::: servers/B/server.yaml:1:7
          |
        1 | name: B
          |       - `B` has it here
          |
          = help: remove one of the two, or make clear how they differ
        ");
    }

    #[test]
    fn another_directory_or_dockerfile_is_another_source() {
        for difference in ["directory: src/two", "dockerfile: docker/Dockerfile", "buildTarget: two"] {
            let other = format!("type: server\nsource: {{project: https://github.com/a/one, {difference}}}\n");
            assert_eq!(beside(&other).count(), 0, "{difference}");
        }
        for same in ["directory: ./", "dockerfile: ./Dockerfile", "directory: ."] {
            let other = format!("type: server\nsource: {{project: HTTPS://GitHub.com/a/one, {same}}}\n");
            assert_eq!(beside(&other).count(), 1, "{same}");
        }
    }

    #[test]
    fn a_remote_of_the_same_project_is_another_server() {
        let other = "type: remote\nabout: {title: One Remote}\nremote: {url: https://a.example}\n\
                     source: {project: https://github.com/a/one}\n";
        assert_eq!(beside(other).count(), 0);
    }

    #[test]
    fn two_remotes_of_one_address_are_the_same() {
        let remote =
            |title: &str, url: &str| format!("type: remote\nabout: {{title: {title}}}\nremote: {{url: {url}}}\n");
        let here = case("duplicate-entry", "b", &remote("B", "https://a.example/mcp/"));
        assert_eq!(here.beside("a", &remote("A", "https://A.example/mcp"), None).count(), 1);
        let here = case("duplicate-entry", "b", &remote("B", "https://a.example/mcp"));
        assert_eq!(here.beside("a", &remote("A", "https://a.example/MCP"), None).count(), 0);
    }

    #[test]
    fn other_spellings_of_a_host_are_the_same_source() {
        for host in ["http://github.com", "https://www.github.com", "https://github.com.", "https://GitHub.com:443"] {
            let other = format!("type: server\nsource: {{project: '{host}/a/one'}}\n");
            assert_eq!(beside(&other).count(), 1, "{host}");
        }
        for host in ["https://github.com:8443", "https://github.dev"] {
            let other = format!("type: server\nsource: {{project: '{host}/a/one'}}\n");
            assert_eq!(beside(&other).count(), 0, "{host}");
        }
    }

    #[test]
    fn absent_values_are_not_shared() {
        assert_eq!(case("duplicate-entry", "b", "name: b\n").beside("a", "name: a\nimage: ''\n", None).count(), 0);
    }
}
