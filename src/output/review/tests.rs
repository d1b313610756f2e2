//! The rendering suite: whatever an attacker makes a report hold, what is shown is the template with other words in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod others;

use super::{MAX_REPORT_BYTES, report_md};
use crate::ids::CommitSha;
use crate::output::samples::assert_visible;
use crate::verdict::document::Status;
use crate::verdict::report::{
    AgentReport, ChangedFile, Coverage, FileChange, Found, History, JudgedFinding, NewCommit, NewCommits, Quote, Reach,
    Renamed, ReviewReport, Reviewed, Scope, Unreviewed, Usage,
};
use crate::verdict::{Category, Confidence, ReviewFinding, Risk, Verdict};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;
use serde_json::json;
use std::cell::Cell;
use std::sync::LazyLock;

const HEAD: &str = "b4ee623039a6c60053ce67269701ad9e95073306";

/// A report whose every text is made by `text`, which is told which one it is.
fn report(text: &dyn Fn(&str) -> String, findings: usize) -> ReviewReport {
    let finding = |risk, path: Option<String>, quote: Option<String>, quote_is| JudgedFinding {
        finding: ReviewFinding {
            title: text("title"),
            risk,
            category: Category::Injection,
            path,
            start_line: Some(41),
            end_line: Some(43),
            quote,
            impact: text("impact"),
            recommendation: text("recommendation"),
            confidence: Confidence::High,
        },
        quote_is,
        agents: vec![text("name of an agent"), "static".to_owned()],
    };
    let mut all = vec![
        finding(Risk::High, Some(text("path")), Some(text("quote")), Quote::Verified),
        finding(Risk::Medium, Some("src/ü b.js".to_owned()), Some(text("quote")), Quote::Unverified),
        finding(Risk::Low, None, None, Quote::None),
    ];
    let last = all[0].clone();
    all.resize(findings, last);
    let verdict = Verdict { risk: Risk::High, incomplete: vec![text("reason")] };
    ReviewReport {
        version: 1,
        reviewed: Reviewed {
            entry: Some(text("entry")),
            repository: "https://github.com/example/weather".to_owned(),
            base: Some(CommitSha::parse(&"a".repeat(40)).unwrap()),
            head: Some(CommitSha::parse(HEAD).unwrap()),
            base_tree: Some("c".repeat(40)),
            head_tree: Some("d".repeat(40)),
            found: Found::On("refs/heads/main".to_owned()),
            history: Some(History::Known(NewCommits {
                ancestor: true,
                total: 31,
                more: false,
                commits: vec![
                    NewCommit {
                        commit: CommitSha::parse(HEAD).unwrap(),
                        author: text("author"),
                        date: Some("2026-01-02T03:04:05Z".to_owned()),
                        subject: text("subject"),
                        signed: true,
                    },
                    NewCommit {
                        commit: CommitSha::parse(&"e".repeat(40)).unwrap(),
                        author: "B".to_owned(),
                        date: None,
                        subject: text("subject"),
                        signed: false,
                    },
                ],
            })),
            directory: text("directory"),
            scope: Scope::Differential,
            files: 30,
            changed_files: 3,
            changes: vec![
                ChangedFile {
                    path: text("path"),
                    change: FileChange::Modified,
                    reach: Reach::Copied,
                    dockerfile_line: Some(12),
                },
                ChangedFile {
                    path: text("other path"),
                    change: FileChange::Added,
                    reach: Reach::Ignored,
                    dockerfile_line: None,
                },
            ],
        },
        labels: verdict.labels(),
        verdict,
        agents: vec![
            AgentReport {
                name: "static".to_owned(),
                model: None,
                status: Status::Complete,
                reason: None,
                summary: text("summary"),
                findings: 3,
                coverage: None,
                usage: None,
                audit: Vec::new(),
            },
            AgentReport {
                name: text("name of an agent"),
                model: Some(text("model")),
                status: Status::Incomplete,
                reason: Some(text("reason")),
                summary: text("summary"),
                findings: 1,
                coverage: Some(Coverage { read: 1, of: 3 }),
                usage: Some(Usage { requests: 14, input_tokens: 120_000, output_tokens: 1, cost_micros: 1_230_045 }),
                audit: vec![
                    json!({ "event": "call", "outcome": "refused", "reason": text("refusal") }),
                    json!({ "event": "call", "outcome": "answered", "reason": null }),
                ],
            },
        ],
        findings: all,
        unreviewed: vec![Unreviewed { path: text("path"), reason: "submodule".to_owned(), detail: text("detail") }],
        renamed: vec![Renamed { path: text("path"), exported_as: text("other path") }],
    }
}

fn harmless() -> ReviewReport {
    report(&|field| format!("the {field}"), 3)
}

#[test]
fn a_report_reads_well() {
    insta::assert_snapshot!(report_md(&harmless()), @r"
    # Security review of `the entry`

    **Incomplete: high risk so far, and no conclusion.** 1 high, 1 medium and 1 low findings.

    The review is incomplete, which is never a pass:

    - the reason

    Labels: `security-risk:incomplete`

    ## What was reviewed

    - Repository: `https://github.com/example/weather`
    - Directory: `the directory`
    - Commit: `b4ee623039a6c60053ce67269701ad9e95073306`, tree `dddddddddddddddddddddddddddddddddddddddd`
    - Found on: `refs/heads/main`
    - Reviewed before: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`, tree `cccccccccccccccccccccccccccccccccccccccc`
    - Extent: what changed, 3 of 30 files; the others were there to look things up in
    - New commits: 31 commits of 2026-01-02, by `B`, `the author`; 1 of 2 signed, by whom was not checked
    - All changes: [`compare the two commits`](https://github.com/example/weather/compare/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...b4ee623039a6c60053ce67269701ad9e95073306)
    ## New commits

    - [`b4ee623039a6`](https://github.com/example/weather/commit/b4ee623039a6c60053ce67269701ad9e95073306) 2026-01-02 `the author`: the subject (signed)
    - [`eeeeeeeeeeee`](https://github.com/example/weather/commit/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee) no date `B`: the subject

    ## Changed files

    Of the changed files, 1 can reach the image, 1 is left out by .dockerignore.

    - `the path`: modified; line 12 of the Dockerfile takes it
    - `the other path`: added; left out by .dockerignore

    ## Who looked

    - `static`, no model: finished; 3 findings. It says: the summary
    - `the name of an agent` with `the model`: did not finish (the reason); 1 finding. It read 1 of 3 changed files, **not all**. It says: the summary

    ## Findings

    ### 1. high: the title

    [`the path:41-43`](https://github.com/example/weather/blob/b4ee623039a6c60053ce67269701ad9e95073306/the%20path#L41-L43) · injection · confidence high · said by `the name of an agent`, `static` · quote verified

    ```
    the quote
    ```

    **Impact.** the impact

    **Recommendation.** the recommendation

    ### 2. medium: the title

    [`src/ü b.js:41-43`](https://github.com/example/weather/blob/b4ee623039a6c60053ce67269701ad9e95073306/src/%C3%BC%20b.js#L41-L43) · injection · confidence high · said by `the name of an agent`, `static` · quote NOT in the file: it may be invented

    ```
    the quote
    ```

    **Impact.** the impact

    **Recommendation.** the recommendation

    ### 3. low: the title

    `the repository` · injection · confidence high · said by `the name of an agent`, `static` · nothing quoted

    **Impact.** the impact

    **Recommendation.** the recommendation

    ## Not reviewed as it is

    - `the path`: submodule (the detail)

    ## Files that steer agents

    Agents saw them under other names, as data.

    - `the path`, seen as `the other path`

    ## Evidence

    - `the name of an agent`: 14 calls reached the provider, 120000 tokens read and 1 written, 1.230045 US dollars as far as prices are known; not answered: the refusal &#40;1&#41;

    Texts of findings and agents are shown as they were written, with what is hidden made visible; longer ones are cut at “…”. report.json has all of them.
    ");
}

/// What Markdown makes of a report, without the words: blocks, and where there are words at all. Fails on what no report may hold.
fn structure(markdown: &str) -> Vec<String> {
    // Everything that the parser knows and GitHub may, but for what only changes letters.
    let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION - Options::ENABLE_OLD_FOOTNOTES;
    let mut shape: Vec<String> = Vec::new();
    let (mut text, mut in_code) = (String::new(), false);
    for event in Parser::new_ext(markdown, options | Options::ENABLE_FOOTNOTES) {
        match event {
            Event::Text(words) => {
                if !in_code {
                    text.push_str(&words);
                }
                words_here(&mut shape);
                continue;
            }
            Event::Code(_) => words_here(&mut shape),
            Event::Start(Tag::Link { dest_url, title, .. }) => {
                let page = |rest: &str| format!("https://github.com/example/weather/{rest}");
                let is_blob = dest_url.starts_with(&page(&format!("blob/{HEAD}/")));
                let (base, other) = ("a".repeat(40), "e".repeat(40));
                let pages = [format!("compare/{base}...{HEAD}"), format!("commit/{HEAD}"), format!("commit/{other}")];
                let is_page = pages.iter().any(|rest| dest_url.to_string() == page(rest));
                assert!((is_blob || is_page) && title.is_empty(), "a link to {dest_url}");
            }
            Event::End(TagEnd::Link) => {}
            Event::Start(Tag::CodeBlock(kind)) => {
                in_code = true;
                shape.push(format!("{kind:?}"));
            }
            Event::Start(tag @ (Tag::Heading { .. } | Tag::Paragraph | Tag::List(_) | Tag::Item | Tag::Strong)) => {
                shape.push(format!("{tag:?}"));
            }
            Event::End(
                tag @ (TagEnd::CodeBlock
                | TagEnd::Heading(_)
                | TagEnd::Paragraph
                | TagEnd::List(_)
                | TagEnd::Item
                | TagEnd::Strong),
            ) => {
                in_code = false;
                shape.push(format!("end of {tag:?}"));
            }
            other => panic!("a report has no {other:?}:\n{markdown}"),
        }
        inert(&std::mem::take(&mut text));
    }
    shape
}

fn words_here(shape: &mut Vec<String>) {
    if shape.last().is_none_or(|last| last != "words") {
        shape.push("words".to_owned());
    }
}

/// What GitHub looks for in the text of a page after Markdown was made HTML: nothing of it may be there.
fn inert(text: &str) {
    static LINKED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?ix) [a-z][a-z0-9+.-]*:// | www\. | @[a-z0-9_] | \#\d | \bgh-\d | \b(ghsa|cve)-
            | :[a-z0-9_+-]+: | (?-u:\b)[0-9a-f]{7,40}(?-u:\b) | [\u{202a}-\u{202e}\u{2066}-\u{2069}\u{0}-\u{9}\u{b}-\u{1f}]",
        )
        .unwrap()
    });
    assert!(!LINKED.is_match(text), "GitHub would make something of {:?} in {text:?}", LINKED.find(text));
}

const HOSTILE: &[&str] = &[
    "@octocat",
    "@example/team",
    "a@b.example",
    "![i](https://evil.example/i.png)",
    "[x](https://evil.example)",
    "<img src=x onerror=alert(1)>",
    "<!-- -->",
    "<!--",
    "-->",
    "<details>",
    "</details>",
    "<b>",
    "&lt;b&gt;",
    "&#64;octocat",
    "<https://evil.example>",
    "https://evil.example",
    "http://",
    "www.evil.example",
    "ftp://evil.example",
    "mailto:a@b.example",
    "| a | b |",
    "\n|---|---|\n",
    "|",
    "```",
    "````\n",
    "~~~",
    "\n```\n",
    "`",
    "``",
    "`a`",
    "fixes #1",
    "#1",
    "GH-1",
    "example/weather#1",
    "example/weather@b4ee623039a6c60053ce67269701ad9e95073306",
    "b4ee623039a6c60053ce67269701ad9e95073306",
    "b4ee623",
    "GHSA-aaaa-bbbb-cccc",
    "CVE-2021-44228",
    ":smile:",
    ":+1:",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{0}",
    "\u{1b}[2J",
    "\u{e0041}",
    "# head",
    "\n# head\n",
    "\n===\n",
    "\n---\n",
    "***",
    "_a_",
    "**b**",
    "~~c~~",
    "- [ ] task",
    "\n- item",
    "1. item",
    "\n1. item",
    "> quote",
    "\n> [!NOTE]\n> x",
    "\n\n",
    "\r",
    "\r\n",
    "\t",
    "    code",
    "\\",
    "\\\\",
    "\\@octocat",
    "\\`",
    "$x$",
    "$`x`$",
    "$$\nx\n$$",
    "[^1]",
    "\n[^1]: note",
    "\n[x]: https://evil.example",
    "[x]",
    "[[x]]",
    "{#id}",
    "{{ 7*7 }}",
    "{% raw %}",
    "::error::x",
    "##[error]x",
    "/close",
    "\n/label ~bug",
    "\n: definition",
    "^a^",
    "<a href=x>y</a>",
    "]",
    "(",
    ")",
    "](",
    "!",
    "!!",
    "word",
    " ",
    "ü 日本",
    "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "…",
    "security-risk:info",
    "```suggestion\nx\n```",
    "a\u{a0}b",
    "\u{2028}",
    "&",
    "&#",
    ";",
    "0",
    "-",
];

/// The same report with other words, which are blank where those of the other are.
fn same_shape(hostile: &ReviewReport, plain: &ReviewReport) {
    let shown = report_md(hostile);
    assert_eq!(structure(&shown), structure(&report_md(plain)), "{shown}");
    assert!(shown.len() <= MAX_REPORT_BYTES);
    assert_visible(&shown);
}

fn plain_as(text: &str, field: &str) -> String {
    if text.trim().is_empty() { String::new() } else { format!("the {field}") }
}

#[test]
fn every_trick_in_every_field_is_only_words() {
    for trick in HOSTILE {
        for text in [(*trick).to_owned(), format!("x {trick} y"), format!("{trick}{trick}"), format!("\n{trick}\n")] {
            same_shape(&report(&|_| text.clone(), 3), &report(&|field| plain_as(&text, field), 3));
        }
    }
    // What some program takes for the end of a word, and others for a letter.
    for odd in ["\u{200b}", "\u{1e6ee}", "\u{301}", "\u{17f}", "é", "日"] {
        for trick in HOSTILE {
            let text = format!(" A-\r{trick}{odd}{HEAD}{odd}b4ee623{odd}{trick}\\");
            same_shape(&report(&|_| text.clone(), 3), &report(&|field| plain_as(&text, field), 3));
        }
    }
    let found = "A-\rexample/weather@\u{200b}b4ee623039a6c60053ce67269701ad9e95073306\u{1e6ee}\\";
    same_shape(&report(&|_| found.to_owned(), 3), &harmless());
    let all = HOSTILE.concat();
    same_shape(&report(&|_| all.clone(), 3), &harmless());
}

#[test]
fn a_megabyte_in_every_field_is_cut() {
    for trick in
        ["x", "@", "`", "`a", "\u{10ffff}", "\n", "\n```\n", "https://evil.example ", "|", "é\u{301}", "[[", "<!--"]
    {
        let text = format!("z{}", trick.repeat(1_000_000 / trick.len()));
        same_shape(&report(&|_| text.clone(), 3), &harmless());
    }
}

#[test]
fn findings_that_do_not_fit_are_counted() {
    let long = |_: &str| "\u{202e}`@".repeat(3_000);
    let counted = Regex::new(r"\*\*(\d+) (?:more )?findings?\*\* did not fit in here").unwrap();
    let mut counts = Vec::new();
    for findings in [3, 12, 40, 1_000] {
        let shown = report_md(&report(&long, findings));
        assert!(shown.len() <= MAX_REPORT_BYTES, "{}", shown.len());
        structure(&shown);
        let headings = shown.lines().filter(|line| line.starts_with("### ")).count();
        let omitted = counted.captures(&shown).map_or(0, |found| found[1].parse().unwrap());
        assert_eq!(headings + omitted, findings);
        counts.push((findings, headings));
    }
    insta::assert_debug_snapshot!(counts, @"
    [
        (
            3,
            3,
        ),
        (
            12,
            11,
        ),
        (
            40,
            11,
        ),
        (
            1000,
            11,
        ),
    ]
    ");
}

#[test]
fn no_reviewer_crowds_out_what_another_one_found() {
    let mut report = report(&|_| "x".repeat(3_000), 601);
    for (number, judged) in report.findings.iter_mut().enumerate() {
        let (risk, agent, title) = match number {
            598 => (Risk::Medium, "another image", "of another image"),
            599.. => (Risk::High, "static", "of the static reviewer"),
            _ => (Risk::Critical, "an image", "of an image"),
        };
        (judged.finding.risk, judged.agents) = (risk, vec![agent.to_owned()]);
        judged.finding.title = title.to_owned();
    }
    let shown = report_md(&report);
    let titles: Vec<_> = shown.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let some = |title: &str| titles.iter().filter(|heading| heading.contains(title)).count();
    assert_eq!((some("of another image"), some("of the static reviewer")), (1, 2), "{titles:?}");
    assert!(titles[0].contains("critical: of an image") && some("of an image") > 5, "{titles:?}");
}

#[test]
fn lists_at_their_longest_leave_room_for_findings() {
    for text in ["\u{10ffff}".repeat(5_000), "@".repeat(5_000), "ü".repeat(5_000), "x".repeat(5_000)] {
        let mut report = report(&|_| text.clone(), 3);
        report.verdict.incomplete = vec![text.clone(); 500];
        report.agents = vec![report.agents[1].clone(); 50];
        let refused = |number| json!({ "reason": format!("{number}{text}") });
        report.agents[0].audit = (0..1_000).map(refused).collect();
        report.unreviewed = vec![report.unreviewed[0].clone(); 50_000];
        report.renamed = vec![report.renamed[0].clone(); 50_000];
        report.findings.iter_mut().for_each(|judged| judged.agents = vec![text.clone(); 50]);
        report.reviewed.changes = vec![report.reviewed.changes[0].clone(); 50_000];
        if let Some(History::Known(new)) = &mut report.reviewed.history {
            new.commits = vec![new.commits[0].clone(); 200];
            new.commits.iter_mut().enumerate().for_each(|(at, commit)| commit.author = format!("{at}{text}"));
        }
        let shown = report_md(&report);
        assert!(shown.len() <= MAX_REPORT_BYTES, "{}", shown.len());
        assert!(shown.contains("### 1. high: ") && shown.contains("… and 49970 more, in report.json"));
        structure(&shown);
    }
}

fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(HOSTILE).prop_map(ToOwned::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{1,4}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_that_a_field_holds_makes_structure(texts in prop::collection::vec(hostile_text(), 40)) {
        let next = |at: &Cell<usize>| {
            at.set(at.get() + 1);
            texts[at.get() % texts.len()].clone()
        };
        let (at, plain_at) = (Cell::new(0), Cell::new(0));
        same_shape(&report(&|_| next(&at), 3), &report(&|field| plain_as(&next(&plain_at), field), 3));
    }
}
