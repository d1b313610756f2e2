//! `title-style`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::edit::write_scalar;
use crate::document::{Document, ScalarStyle};
use crate::finding::Severity;
use crate::policy::Title;
use crate::route;
use crate::text::hidden::is_hidden;
use std::ops::Range;

pub(super) static RULE: Rule = Rule {
    id: "title-style",
    summary: "a title says MCP or Server, or has words that are not capitalised",
    explanation: "\
## What
A word of `about.title` is `MCP` or `Server`, in any letter case, or begins with a small letter. Parts of a word count
(`FastMCP`, `MCPServer`); longer words do not (`AWS Serverless`). A title that shows nothing, or has several lines, is
none either.

## Why
Everything in the catalog is an MCP server: the words say nothing, and take the place of the product's name. Titles
that are written alike can be read as a list.

## How to fix
Name the product, and capitalise each word: `Knowledge graph MCP server` becomes `Knowledge Graph`.

Small words that the registry's policy lists in `title.lowercase-words` (by default `and` and `for`) may stay small. A
product that is really spelled so (`monday.com`, `SQL Server`) belongs into `title.names` of the policy, which
maintainers decide.

## Source
The reference validator's `isTitleValid`. It searches for `MCP` and `Server` inside of other words too, and so refuses
`AWS Serverless`.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    // What remains without the words is not always a title.
    fix: None,
};

/// Words that say nothing in a catalog of MCP servers, in lower case.
const EMPTY_WORDS: [&str; 4] = ["mcp", "mcps", "server", "servers"];

/// A title made of a thousand words is shown by its first.
const MAX_LISTED: usize = 8;

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let Some(title) = subject.manifest().about.title.as_deref() else { return };
    // One that is empty is missing, which another rule says.
    if !title.is_empty() && title.chars().all(|character| character.is_whitespace() || is_hidden(character)) {
        sink.value(route!["about", "title"], "the title shows nothing").help("name the product or what it does");
        return;
    }
    if title.trim_end().contains(['\n', '\r']) {
        sink.value(route!["about", "title"], "the title has several lines").help("write it on one line");
        return;
    }
    let policy = &subject.policy.settings.title;
    let words = words(title, policy);
    let of = |fault: Fault| words.iter().filter(move |word| word.fault == Some(fault));
    let empty = list(of(Fault::Empty).flat_map(|word| word.parts.iter().copied()));
    let small = list(of(Fault::Small).map(|word| word.text));
    let message = match (empty, small) {
        (None, None) => return,
        (Some(empty), None) => format!("the title has {empty}: everything in this registry is an MCP server"),
        (None, Some(small)) => format!("the title does not capitalise {small}"),
        (Some(empty), Some(small)) => format!("the title has {empty}, and does not capitalise {small}"),
    };
    let help = match corrected(&words) {
        Some(title) => format!("write `title: {}`", excerpt(&write_scalar(&title, ScalarStyle::Plain, false))),
        None if of(Fault::Empty).next().is_some() => "name the product or what it does instead".to_owned(),
        None => "capitalise every word".to_owned(),
    };
    let help = if words.iter().any(|word| may_be_official(word, &words)) {
        format!("{help}; if the product spells itself so, maintainers can list it in `title.names` of the policy")
    } else {
        help
    };
    sink.value(route!["about", "title"], message).help(help);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Has a word of [`EMPTY_WORDS`].
    Empty,
    /// Begins with a small letter.
    Small,
}

/// What stands between two blanks.
#[derive(Debug)]
struct Word<'t> {
    text: &'t str,
    fault: Option<Fault>,
    /// The empty words in it, as written.
    parts: Vec<&'t str>,
}

fn words<'t>(title: &'t str, policy: &Title) -> Vec<Word<'t>> {
    let names = names(title, policy);
    let mut words = Vec::new();
    let mut from = 0;
    for text in title.split(char::is_whitespace) {
        let place = from..from + text.len();
        // Only this separator was consumed; it may have several bytes.
        from = place.end + title.get(place.end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        if text.is_empty() {
            continue;
        }
        let is_name = names.iter().any(|name| name.start < place.end && place.start < name.end);
        let parts: Vec<&str> =
            if is_name { Vec::new() } else { parts(text).filter(|part| is_empty_word(part)).collect() };
        let fault = if !parts.is_empty() {
            Some(Fault::Empty)
        } else if !is_name && begins_small(text) && !policy.lowercase_words.iter().any(|word| word == text) {
            Some(Fault::Small)
        } else {
            None
        };
        words.push(Word { text, fault, parts });
    }
    words
}

/// Whether a faulty word looks like the name of a product (`n8n`, `ast-grep`, `monday.com`, `eBay`, `GitMCP`), or is all of
/// the title.
fn may_be_official(word: &Word<'_>, words: &[Word<'_>]) -> bool {
    match word.fault {
        None => false,
        Some(Fault::Empty) => word.parts.concat().len() < alphanumerics(word.text),
        Some(Fault::Small) => {
            let bare = word.text.trim_matches(|c: char| !c.is_alphanumeric());
            words.len() == 1 || bare.chars().any(|c| !c.is_alphabetic() || c.is_uppercase())
        }
    }
}

/// Where official names stand in the title: whole words only.
fn names(title: &str, policy: &Title) -> Vec<Range<usize>> {
    let bounded = |place: &Range<usize>| {
        let before = title.get(..place.start).and_then(|text| text.chars().next_back());
        let after = title.get(place.end..).and_then(|text| text.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    };
    let found = policy
        .names
        .iter()
        .filter(|name| !name.is_empty())
        .flat_map(|name| title.match_indices(name.as_str()).map(|(start, found)| start..start + found.len()));
    found.filter(bounded).collect()
}

/// The parts of a word, divided at what is no letter or digit and where capitals end or begin: `MCPServer` is `MCP` and
/// `Server`, `Serverless` is one part.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let characters: Vec<(usize, char)> = word.char_indices().collect();
    let mut starts = vec![0];
    for (position, triple) in characters.windows(2).enumerate() {
        let [(_, this), (at, next)] = triple else { continue };
        // The plural of an acronym, `MCPs`, is one part.
        let after = characters.get(position + 2).map(|(_, character)| *character);
        let acronym_ends = this.is_uppercase()
            && next.is_uppercase()
            && after.is_some_and(|after| after.is_lowercase() && !ends_in_plural_s(&characters, position + 2));
        if (this.is_lowercase() && next.is_uppercase())
            || acronym_ends
            || !this.is_alphanumeric()
            || !next.is_alphanumeric()
        {
            starts.push(*at);
        }
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([word.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| word.get(start..end))
}

/// Whether the character at `position` is an `s` that ends its part.
fn ends_in_plural_s(characters: &[(usize, char)], position: usize) -> bool {
    characters.get(position).is_some_and(|(_, character)| *character == 's')
        && characters.get(position + 1).is_none_or(|(_, next)| !next.is_lowercase())
}

fn is_empty_word(part: &str) -> bool {
    EMPTY_WORDS.iter().any(|empty| part.eq_ignore_ascii_case(empty))
}

fn begins_small(word: &str) -> bool {
    word.chars().next().is_some_and(|first| !std::iter::once(first).eq(first.to_uppercase()))
}

/// `a`, `b` and `c`, each once, and no more than [`MAX_LISTED`]; none for nothing.
fn list<'t>(words: impl Iterator<Item = &'t str>) -> Option<String> {
    let mut quoted: Vec<String> = Vec::new();
    for word in words.map(|word| format!("`{}`", excerpt(word))) {
        if quoted.len() == MAX_LISTED {
            break;
        }
        if !quoted.contains(&word) {
            quoted.push(word);
        }
    }
    let last = quoted.pop()?;
    Some(if quoted.is_empty() { last } else { format!("{} and {last}", quoted.join(", ")) })
}

/// The title as it should be, if leaving words out at its ends leaves a title.
fn corrected(words: &[Word<'_>]) -> Option<String> {
    let is_empty = |word: &&Word<'_>| word.fault == Some(Fault::Empty);
    // What is only part of a word, `FastMCP`, cannot be left out without knowing the name.
    if words.iter().filter(is_empty).any(|word| word.parts.concat().len() < alphanumerics(word.text)) {
        return None;
    }
    let kept: Vec<&Word<'_>> = {
        let after_start = words.iter().skip_while(is_empty).collect::<Vec<_>>();
        let end = after_start.iter().rposition(|word| !is_empty(word)).map_or(0, |last| last + 1);
        after_start.into_iter().take(end).collect()
    };
    // In the middle of a title, the words around may lean on the word.
    if kept.is_empty() || kept.iter().any(is_empty) {
        return None;
    }
    let capitalised = kept.iter().map(|word| match word.fault {
        Some(Fault::Small) => {
            let mut characters = word.text.chars();
            characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
        }
        _ => word.text.to_owned(),
    });
    Some(capitalised.collect::<Vec<String>>().join(" "))
}

fn alphanumerics(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use super::{corrected, parts, words};
    use crate::policy::Title;
    use crate::validate::testing::{case, findings, rendered};

    fn titled(title: &str) -> String {
        format!("name: x\nabout:\n  title: {title}\n")
    }

    #[test]
    fn words_that_say_nothing_are_left_out() {
        insta::assert_snapshot!(rendered("title-style", "x", &titled("Knowledge graph MCP Server")), @"
        error[title-style]: the title has `MCP` and `Server`, and does not capitalise `graph`
         --> servers/x/server.yaml:3:10
          |
        3 |   title: Knowledge graph MCP Server
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `title: Knowledge Graph`
        ");
        for wrong in ["MCP", "mcp server", "Servers", "FastMCP", "MCPServer", "My-MCP", "(MCP)", "MCPs", "Mcp Tools"] {
            assert_eq!(findings("title-style", "x", &titled(wrong)), 1, "{wrong}");
        }
    }

    #[test]
    fn words_are_capitalised() {
        insta::assert_snapshot!(rendered("title-style", "x", &titled("Camunda BPM process engine")), @"
        error[title-style]: the title does not capitalise `process` and `engine`
         --> servers/x/server.yaml:3:10
          |
        3 |   title: Camunda BPM process engine
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `title: Camunda BPM Process Engine`
        ");
        insta::assert_snapshot!(rendered("title-style", "x", &titled("monday.com")), @"
        error[title-style]: the title does not capitalise `monday.com`
         --> servers/x/server.yaml:3:10
          |
        3 |   title: monday.com
          |          ^^^^^^^^^^
          |
          = help: write `title: Monday.com`; if the product spells itself so, maintainers can list it in `title.names` of the policy
        ");
        assert_eq!(findings("title-style", "x", &titled("Search the Web")), 1);
    }

    #[test]
    fn words_that_only_contain_them_are_words_of_their_own() {
        for right in
            ["AWS Serverless", "Observer", "GitHub", "Mcpherson", "Search and Rescue for Cats", "3D 中文 (Beta)"]
        {
            assert_eq!(findings("title-style", "x", &titled(right)), 0, "{right}");
        }
        assert_eq!(findings("title-style", "x", "name: x\n"), 0);
    }

    #[test]
    fn a_title_is_one_line_that_shows_something() {
        for (wrong, message) in [
            ("\"   \"", "the title shows nothing"),
            ("\"\\u2800\\u200B\"", "the title shows nothing"),
            ("\"Weather\\nForecast\"", "the title has several lines"),
            ("\"\\n\\rWeather\"", "the title has several lines"),
        ] {
            let said = rendered("title-style", "x", &titled(wrong));
            assert!(said.starts_with(&format!("error[title-style]: {message}\n")), "{said}");
        }
        // What a block of text ends with.
        assert_eq!(findings("title-style", "x", &titled("|\n    Weather")), 0);
    }

    #[test]
    fn maintainers_list_official_names_and_small_words() {
        let policy = "[title]\nlowercase-words = [\"the\"]\nnames = [\"SQL Server\", \"monday.com\"]\n";
        let count = |title: &str| case("title-style", "x", &titled(title)).policy(policy).count();
        for right in ["SQL Server", "Microsoft SQL Server", "monday.com", "monday.com (Beta)", "On the Map"] {
            assert_eq!(count(right), 0, "{right}");
        }
        // The policy's list stands for the default one.
        assert_eq!(count("Search and Rescue"), 1);
        // The name does not excuse what stands beside it, and counts as a whole only.
        for wrong in ["SQL Server MCP", "MySQL Server", "SQL Servers", "monday.company"] {
            assert_eq!(count(wrong), 1, "{wrong}");
        }
    }

    #[test]
    fn what_may_be_a_brand_is_pointed_to_the_policy() {
        let help =
            |title: &str| case("title-style", "x", &titled(title)).findings()[0].help.clone().unwrap_or_default();
        let hint = "; if the product spells itself so, maintainers can list it in `title.names` of the policy";
        for (title, remedy) in [
            ("n8n", "write `title: N8n`"),
            ("ast-grep", "write `title: Ast-grep`"),
            ("glif.app", "write `title: Glif.app`"),
            ("eBay Search", "write `title: EBay Search`"),
            ("duckduckgo", "write `title: Duckduckgo`"),
            ("GitMCP", "name the product or what it does instead"),
        ] {
            assert_eq!(help(title), format!("{remedy}{hint}"), "{title}");
        }
        for title in ["Camunda process engine", "Weather MCP Server", "MCP", "search (beta)"] {
            assert!(!help(title).contains(hint), "{title}");
        }
    }

    #[test]
    fn a_suggested_title_is_right_and_can_be_written() {
        for title in ["'weather: now MCP'", "'#1 weather'", "'- list of things'", "'yes'", "'éa b'", "'ßa ﬁ x'"] {
            for finding in case("title-style", "x", &titled(title)).findings() {
                let help = finding.help.unwrap_or_default();
                let Some((_, rest)) = help.split_once("write `title: ") else { continue };
                let suggested = rest.split('`').next().unwrap_or_default();
                assert_eq!(findings("title-style", "x", &titled(suggested)), 0, "{title}: {suggested}");
            }
        }
    }

    #[test]
    fn a_title_is_suggested_when_one_remains() {
        let suggested = |title: &str| corrected(&words(title, &Title::default())).unwrap_or_default();
        let titles = [
            "MCP Database Server",
            "Remote MCP",
            "MCP",
            "The official MCP Server for Cylera.",
            "FastMCP",
            "Securenote.link mcp server",
            "Kagi  search",
            "Root.io Remediation (MCP)",
        ];
        insta::assert_snapshot!(titles.map(suggested).join("\n"), @"
        Database
        Remote



        Securenote.link
        Kagi Search
        Root.io Remediation
        ");
    }

    #[test]
    fn words_are_divided_where_capitals_say_so() {
        let divided = |word: &str| parts(word).collect::<Vec<_>>().join("|");
        let words =
            ["MCPServer", "mcpServer", "AWSServerless", "MCPs", "FastMCP", "My-MCP.", "ÜberMCP", "GitHub", "a", ""];
        insta::assert_snapshot!(words.map(divided).join("\n"), @"
        MCP|Server
        mcp|Server
        AWS|Serverless
        MCPs
        Fast|MCP
        My|-|MCP|.
        Über|MCP
        Git|Hub
        a
        ");
    }
}
