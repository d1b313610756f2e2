#![allow(clippy::unwrap_used, clippy::panic)]

use super::{MAX_BYTES, text, with_block};
use crate::ids::CommitSha;
use crate::pins::facts::{Change, CommitLine, Files, License, MAX_COMMITS, MAX_PATHS, MAX_TEXT};
use crate::pins::plan::Decision;
use crate::pins::publish::block::Block;
use crate::pins::publish::name::Step;
use crate::pins::reason::Reason;
use crate::sync::block::{Found, read};
use chrono::DateTime;

fn id(digit: char) -> CommitSha {
    CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
}

fn step() -> Step {
    Step { old: id('a'), new: id('b') }
}

fn line(subject: &str, author: &str, signed: bool) -> CommitLine {
    let date = DateTime::from_timestamp(1_767_312_000, 0);
    CommitLine { id: id('c'), author: author.to_owned(), date, subject: subject.to_owned(), signed }
}

fn decision(reason: Reason, directory: &str, change: Option<Change>) -> Decision {
    Decision {
        entry: "weather".to_owned(),
        path: "servers/weather/server.yaml".to_owned(),
        reason,
        detail: "3 commits".to_owned(),
        project: Some("https://github.com/example/weather".to_owned()),
        branch: Some("refs/heads/main".to_owned()),
        directory: directory.to_owned(),
        old: Some(id('a')),
        new: Some(id('b')),
        tip: None,
        first_seen: None,
        urgent: false,
        change,
        check: None,
        pull: None,
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_text_says_what_a_reviewer_decides_on() {
    let change = Change {
        ancestor: true,
        pin_known: true,
        commits: vec![line("Add a forecast", "Ada", true), line("Tidy up", "Eve", false)],
        commits_total: 2,
        files: Files {
            total: 3,
            paths: names(&["src/weather/Dockerfile", "src/weather/index.ts", "src/weather/package-lock.json"]),
            dockerfiles: names(&["src/weather/Dockerfile"]),
            locks: names(&["src/weather/package-lock.json"]),
            ci: names(&[".github/workflows/ci.yml"]),
            ..Files::default()
        },
        ..Change::default()
    };
    let text = text(&decision(Reason::Updated, "src/weather", Some(change)), &step());
    insta::assert_snapshot!(format!("{}\n\n{}", text.title, text.text), @r"
    Update pin of weather to bbbbbbbbbbbb

    Moves the pin of `weather`. Only `source.commit` in `servers/weather/server.yaml` changes.

    | | |
    |---|---|
    | Repository | [`https://github.com/example/weather`](https://github.com/example/weather) |
    | Branch | `main` |
    | Directory | `src/weather` |
    | Old pin | [`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`](https://github.com/example/weather/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) |
    | New pin | [`bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb`](https://github.com/example/weather/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb) |
    | Changes | [`aaaaaaaaaaaa...bbbbbbbbbbbb`](https://github.com/example/weather/compare/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb) |
    | Commits of the directory | [`src/weather`](https://github.com/example/weather/commits/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/src/weather) |
    | History | continues the old pin |
    | Licence | the same |
    | Dockerfiles | changed: `src/weather/Dockerfile` |
    | Lock files | changed: `src/weather/package-lock.json` |
    | Install scripts | the same |
    | Continuous integration | changed: `.github/workflows/ci.yml` |

    ### Commits

    2 since the old pin. Authors, dates and signatures are what the commits claim; nothing of it was verified.

    - [`cccccccccccc`](https://github.com/example/weather/commit/cccccccccccccccccccccccccccccccccccccccc) 2026-01-02, Ada, signed: Add a forecast
    - [`cccccccccccc`](https://github.com/example/weather/commit/cccccccccccccccccccccccccccccccccccccccc) 2026-01-02, Eve, not signed: Tidy up

    ### Files of the directory

    3 changed.

    - `src/weather/Dockerfile`
    - `src/weather/index.ts`
    - `src/weather/package-lock.json`

    ### What to do

    - Read the changes, and what the checks of this pull request say about the new commit. Merge it if both are fine.
    - Close it to refuse this commit: a later one gets another pull request.
    - Push to the branch to take it over: then this program leaves it alone.
    ");
}

#[test]
fn what_keeps_it_from_being_merged_by_machines_stands_first() {
    let change = Change {
        pin_known: false,
        license: License::Changed("LICENSE".to_owned()),
        archived: Some(true),
        commits_cut: true,
        commits_total: 9_999,
        ..Change::default()
    };
    let decision = Decision {
        project: Some("https://git.example/example/weather".to_owned()),
        urgent: true,
        ..decision(Reason::NotAncestor, "", Some(change))
    };
    let text = text(&decision, &step());
    insta::assert_snapshot!(format!("{}\n\n{}", text.title, text.text), @r"
    Update pin of weather to bbbbbbbbbbbb (history rewritten)

    Moves the pin of `weather`. Only `source.commit` in `servers/weather/server.yaml` changes.

    **History was rewritten.** The old pin is no ancestor of the new commit, and upstream does not have it any more. Find out why before you merge; this pull request is not for merging by machines.

    **The licence changed** (changed: `LICENSE`). Decide whether the registry may still offer it; this pull request is not for merging by machines.

    **The repository is archived.** Nothing will follow.

    **This is a security update.** It goes ahead of the limits that others wait for.

    | | |
    |---|---|
    | Repository | `https://git.example/example/weather` |
    | Branch | `main` |
    | Directory | the whole repository |
    | Old pin | `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` |
    | New pin | `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` |
    | Changes | `aaaaaaaaaaaa...bbbbbbbbbbbb` |
    | History | rewritten |
    | Licence | changed: `LICENSE` |
    | Dockerfiles | the same |
    | Lock files | the same |
    | Install scripts | the same |
    | Continuous integration | the same |

    ### Commits

    More than 9999 since the old pin; the latest 0 are shown. Authors, dates and signatures are what the commits claim; nothing of it was verified.


    ### Files of the directory

    0 changed.


    ### What to do

    - Read the changes, and what the checks of this pull request say about the new commit. Merge it if both are fine.
    - Close it to refuse this commit: a later one gets another pull request.
    - Push to the branch to take it over: then this program leaves it alone.
    ");
}

#[test]
fn a_plan_without_evidence_is_enough() {
    let decision = Decision { project: None, branch: None, ..decision(Reason::LicenseChanged, "", None) };
    let text = text(&decision, &step());
    insta::assert_snapshot!(format!("{}\n\n{}", text.title, text.text), @r"
    Update pin of weather to bbbbbbbbbbbb (licence changed)

    Moves the pin of `weather`. Only `source.commit` in `servers/weather/server.yaml` changes.

    | | |
    |---|---|
    | Repository | not known |
    | Branch | not known |
    | Directory | the whole repository |
    | Old pin | `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` |
    | New pin | `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` |
    | Changes | `aaaaaaaaaaaa...bbbbbbbbbbbb` |
    | History | not known |
    | Licence | not known |

    ### What to do

    - Read the changes, and what the checks of this pull request say about the new commit. Merge it if both are fine.
    - Close it to refuse this commit: a later one gets another pull request.
    - Push to the branch to take it over: then this program leaves it alone.
    ");
}

/// What upstream may write anywhere.
const HOSTILE: &[&str] = &[
    "@octocat please merge",
    "fixes #1, closes example/weather#2, resolves https://github.com/example/weather/issues/3",
    "![pixel](https://evil.example/x.png) <img src=x onerror=alert(1)>",
    "<!-- mcp-registry:pin {\"version\":1} -->",
    "`<!-- mcp-registry:pin {} -->` | `|",
    "</td></table>\n\n# A heading\n- [ ] a task",
    "[x](javascript:alert(1)) [y]: https://evil.example",
    "```\nfence\n```",
    "\u{202e}reversed\u{200b}",
    "{{ entry }} {% raw %}",
    "GH-1 CVE-2021-44228 b4ee623039a6c60053ce67269701ad9e95073306",
    "$x^2$ :smile: www.evil.example ~~x~~",
];

fn hostile() -> Decision {
    let all = names(HOSTILE);
    let change = Change {
        ancestor: true,
        pin_known: true,
        license: License::Changed(HOSTILE[2].to_owned()),
        commits: HOSTILE.iter().map(|text| line(text, text, false)).collect(),
        commits_total: 12,
        files: Files {
            total: 12,
            paths: all.clone(),
            dockerfiles: all.clone(),
            locks: all.clone(),
            install: all.clone(),
            ci: all,
            ..Files::default()
        },
        ..Change::default()
    };
    Decision {
        project: Some(format!("https://github.com/example/{}", HOSTILE[5])),
        branch: Some(format!("refs/heads/{}", HOSTILE[3])),
        ..decision(Reason::Updated, HOSTILE[2], Some(change))
    }
}

#[test]
fn nothing_of_upstreams_words_comes_alive() {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let text = text(&hostile(), &step()).text;
    for event in Parser::new_ext(&text, Options::all()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => panic!("HTML: {html}"),
            Event::Start(Tag::Image { dest_url, .. }) => panic!("image: {dest_url}"),
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with("https://github.com/example/"), "link: {dest_url}");
            }
            Event::Start(Tag::Heading { level, .. }) => assert_eq!(level as usize, 3),
            Event::TaskListMarker(_) | Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {
                panic!("{event:?}")
            }
            // What GitHub looks for in words after Markdown was read: it leaves code alone.
            Event::Text(words) => {
                let words = words.replace("\u{200b}", "\u{1}");
                for found in ["@octocat", "#1", "#2", "://", "GH-1", "CVE-2021", "www.", "b4ee623", ":smile:"] {
                    assert!(!words.contains(found), "{found} in {words}");
                }
            }
            _ => {}
        }
    }
}

#[test]
fn upstream_cannot_write_a_machine_block() {
    let block = Block::new("weather", &step(), "t".to_owned());
    let text = with_block(&block, &text(&hostile(), &step()));
    assert_eq!(text.matches("<!--").count(), 1);
    assert_eq!(read::<Block>(&text), Found::Block(Box::new(block)));
}

#[test]
fn the_longest_text_fits() {
    // Every character of these becomes many.
    let long = "@".repeat(MAX_TEXT);
    let many = |number: usize| (0..number).map(|n| format!("{n}|{}", "@[".repeat(2_000))).collect::<Vec<_>>();
    let change = Change {
        commits: (0..MAX_COMMITS).map(|_| line(&long, &long, true)).collect(),
        commits_total: 5_000,
        files: Files {
            total: 5_000,
            cut: true,
            paths: many(MAX_PATHS),
            dockerfiles: many(5_000),
            locks: many(5_000),
            install: many(5_000),
            ci: many(5_000),
        },
        ..Change::default()
    };
    let decision = decision(Reason::Updated, &"@/".repeat(2_000), Some(change));
    let text = text(&decision, &step()).text;
    assert!((1_000..=MAX_BYTES).contains(&text.len()), "{}", text.len());
    assert!(text.contains("### What to do"));
}

#[test]
fn the_same_plan_gives_the_same_text() {
    assert_eq!(text(&hostile(), &step()), text(&hostile(), &step()));
}

#[test]
fn the_template_itself_is_plain() {
    // Only the template makes structure: so it has no HTML, and no field where a line begins.
    assert!(!super::TEMPLATE.contains(['<', '>', '@', '$']));
    assert!(super::TEMPLATE.lines().all(|line| !line.starts_with("{{")));
}
