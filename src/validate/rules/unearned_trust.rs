//! `unearned-trust`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Document, Route};
use crate::finding::Severity;
use crate::policy::Trust;
use crate::policy::trust::standing;
use crate::route;
use regex::Regex;
use std::sync::LazyLock;

pub(super) static RULE: Rule = Rule {
    id: "unearned-trust",
    summary: "the entry calls itself official or verified, and the policy does not",
    explanation: "\
## What
A name, title, description or tag says that a server is `official` or `verified`, and the policy does not trust whoever
publishes what it runs that far. The rule is silent in registries whose policy trusts no publisher more than `community`.

## Why
Users choose by these words. Who is trusted is decided by maintainers, in `[[publishers]]` of `mcp-registry.toml`, for
what an entry runs: its source, its image or its address. An entry cannot decide that for itself.

## How to fix
Remove the word. If it is true, a maintainer adds the publisher to the policy, with `trust` and with the prefix of the
source, image or address. `mcp-registry catalog --explain NAME` says what was compared.

## Source
The registry that the format comes from has no levels of trust: there, several entries call themselves official whose
image anybody could have made.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

/// A claim in a sentence is about the server: `the official Acme MCP server`, `Acme's official server`. Words between are few, for
/// `official documentation of a server` claims nothing. `unofficial` and `not official` say the opposite.
static CLAIM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\b(not|isn't)\s+(?:an?\s+|the\s+)?)?\b(official|verified)\s+(?:[\w.&'-]+\s+){0,3}?(?:mcp|server|integration)\b").ok()
});

/// A word of a name, title or tag is a claim by itself.
static WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:^|[\s(\[-])(official|verified)(?:$|[\s)\]-])").ok());

fn level(word: &str) -> Trust {
    if word.eq_ignore_ascii_case("official") { Trust::Official } else { Trust::Verified }
}

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let settings = &subject.policy.settings;
    if settings.publishers.iter().all(|publisher| publisher.trust == Trust::Community) {
        return;
    }
    let manifest = subject.manifest();
    let own = standing(manifest, settings);
    let words = |text: &str| WORD.as_ref().and_then(|word| Some(level(word.captures(text)?.get(1)?.as_str())));
    let claim = |text: &str| {
        let found = CLAIM.as_ref()?.captures(text)?;
        found.get(1).is_none().then(|| found.get(2).map(|word| level(word.as_str()))).flatten()
    };
    let mut places: Vec<(Route, &str, Option<Trust>)> = Vec::new();
    if let Some(name) = &manifest.name {
        places.push((route!["name"], name, words(name)));
    }
    if let Some(title) = &manifest.about.title {
        places.push((route!["about", "title"], title, words(title)));
    }
    if let Some(description) = &manifest.about.description {
        places.push((route!["about", "description"], description, claim(description)));
    }
    for (index, tag) in manifest.meta.tags.iter().enumerate() {
        let Some(tag) = tag else { continue };
        places.push((route!["meta", "tags", index], tag, words(tag)));
    }
    for (route, text, claimed) in places {
        let Some(claimed) = claimed.filter(|claimed| *claimed > own.level) else { continue };
        let message = format!(
            "`{}` says {}, and what the entry runs is trusted as {}",
            excerpt(text),
            claimed.as_str(),
            own.level.as_str()
        );
        sink.value(route, message).help(format!(
            "remove the word; or a maintainer adds the publisher to the policy: {}",
            own.because.first().map_or("", String::as_str)
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::case;

    const POLICY: &str = "[[publishers]]\nname = 'Acme'\ntrust = 'official'\nsources = ['https://github.com/acme/']\n\
        [[publishers]]\nname = 'Known'\ntrust = 'verified'\nsources = ['https://github.com/known/']\n";

    fn of(owner: &str, about: &str) -> String {
        format!("name: x\ntype: server\nimage: mcp/x\n{about}source:\n  project: https://github.com/{owner}/x\n")
    }

    #[test]
    fn a_claim_without_ground_is_said() {
        let manifest = of(
            "stranger",
            "meta:\n  tags:\n    - official\nabout:\n  title: Acme (Official)\n  description: The official Acme MCP server\n",
        );
        insta::assert_snapshot!(case("unearned-trust", "x", &manifest).policy(POLICY).rendered(), @r"
        warning[unearned-trust]: `official` says official, and what the entry runs is trusted as community
         --> servers/x/server.yaml:6:7
          |
        6 |     - official
          |       ^^^^^^^^
          |
          = help: remove the word; or a maintainer adds the publisher to the policy: the registry builds its image from https://github.com/stranger/x, which no publisher of the policy has among its `sources`

        warning[unearned-trust]: `Acme (Official)` says official, and what the entry runs is trusted as community
         --> servers/x/server.yaml:8:10
          |
        8 |   title: Acme (Official)
          |          ^^^^^^^^^^^^^^^
          |
          = help: remove the word; or a maintainer adds the publisher to the policy: the registry builds its image from https://github.com/stranger/x, which no publisher of the policy has among its `sources`

        warning[unearned-trust]: `The official Acme MCP server` says official, and what the entry runs is trusted as community
         --> servers/x/server.yaml:9:16
          |
        9 |   description: The official Acme MCP server
          |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: remove the word; or a maintainer adds the publisher to the policy: the registry builds its image from https://github.com/stranger/x, which no publisher of the policy has among its `sources`
        ");
    }

    #[test]
    fn who_is_trusted_that_far_may_say_so() {
        let judge = |owner: &str, about: &str| case("unearned-trust", "x", &of(owner, about)).policy(POLICY).count();
        assert_eq!(judge("acme", "about:\n  title: Acme Official\n"), 0);
        assert_eq!(judge("known", "about:\n  title: Verified Known\n"), 0);
        assert_eq!(judge("known", "about:\n  title: Official Known\n"), 1);
    }

    #[test]
    fn other_things_are_official_too() {
        for description in [
            "Reads the official documentation of Acme",
            "An unofficial MCP server",
            "This is not an official MCP server",
            "Checks verified signatures of packages on demand",
        ] {
            let about = format!("about:\n  description: {description}\n");
            assert_eq!(case("unearned-trust", "x", &of("stranger", &about)).policy(POLICY).count(), 0, "{description}");
        }
    }

    #[test]
    fn a_policy_that_trusts_nobody_more_is_silent() {
        let manifest = of("stranger", "about:\n  title: Official\n");
        let policy = "[[publishers]]\nname = 'A'\nimages = ['a/']\n";
        assert_eq!(case("unearned-trust", "x", &manifest).policy(policy).count(), 0);
        assert_eq!(case("unearned-trust", "x", &manifest).policy("").count(), 0);
    }
}
