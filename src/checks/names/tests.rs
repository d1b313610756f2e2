//! `docs/github.md` says what is in this file and in `verdict`, and nothing else.

use super::{
    ACKNOWLEDGED, Analysis, GATE, MAX_COMMENT, MAX_TEXT, MOST_ANNOTATIONS, SAFE_TO_REVIEW, SKIP_MERGE, is_ours,
};
use crate::policy::GitHub;
use crate::verdict::{BLOCKED_LABEL, Conclusion, RISK_LABEL, Risk, labels};
use std::fmt::Write as _;

/// The tables of the page.
fn tables() -> String {
    let GitHub { gate_risk, merge_risk, .. } = GitHub::default();
    let mut text = String::from("| check | says |\n|---|---|\n");
    for analysis in Analysis::ALL {
        let says = match analysis {
            Analysis::Validate => "whether the entry keeps the rules",
            Analysis::Build => "whether its image can be built",
            Analysis::Review => "what a review of its code found",
        };
        let _ = writeln!(text, "| `{}` | {says} |", analysis.check("NAME"));
    }
    let _ = writeln!(text, "| `{GATE}` | whether the commit may be merged: the one that the ruleset names |");

    text.push_str("\n| risk that a review found | conclusion of its check | labels | the gate | `merge` |\n|---|---|---|---|---|\n");
    let names = |risk, complete| {
        let all = labels(risk, complete);
        assert!(all.iter().all(|label| is_ours(label)), "{all:?}");
        all.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
    };
    let within = |risk: Risk, most: Risk, otherwise: &'static str| match risk {
        Risk::Critical => "never",
        _ if risk <= most => "passes",
        _ => otherwise,
    };
    for risk in Risk::ALL {
        let conclusion = Conclusion::of(risk, true).as_str();
        let (gate, merge) =
            (within(risk, gate_risk, "asks a maintainer"), within(risk, merge_risk, "leaves it to people"));
        let _ = writeln!(text, "| {risk} | `{conclusion}` | {} | {gate} | {merge} |", names(risk, true));
    }
    let conclusion = Conclusion::of(Risk::Info, false).as_str();
    let _ = writeln!(
        text,
        "| nobody knows: a reviewer did not finish | `{conclusion}` | {} | fails | never |",
        names(Risk::Info, false)
    );
    let _ = writeln!(
        text,
        "\nThe last two columns are those of `gate-risk = \"{gate_risk}\"` and `merge-risk = \"{merge_risk}\"` in `[github]` of the policy, which are the defaults."
    );

    text.push_str("\n| label | set by | means |\n|---|---|---|\n");
    for (label, by, means) in [
        (format!("{RISK_LABEL}…"), "the App", "the gravest of all reviews, as above"),
        (BLOCKED_LABEL.to_owned(), "the App", "something malicious was found: never merged"),
        (ACKNOWLEDGED.to_owned(), "a maintainer", "the risk is accepted, for the commit that was reviewed before"),
        (SKIP_MERGE.to_owned(), "a maintainer", "`merge` leaves the pull request to people"),
        (SAFE_TO_REVIEW.to_owned(), "a maintainer", "a fork's commit may be built and reviewed"),
    ] {
        let _ = writeln!(text, "| `{label}` | {by} | {means} |");
    }
    text.push_str("\nCase does not count in labels. The App takes away only its own.\n");

    text.push_str("\n| limit | |\n|---|---|\n");
    for (what, most) in [
        ("characters of a check's summary, and of its text", MAX_TEXT),
        ("characters of a comment", MAX_COMMENT),
        ("annotations of one check", MOST_ANNOTATIONS),
    ] {
        let _ = writeln!(text, "| {what} | {most} |");
    }
    text
}

#[test]
fn the_page_has_the_names_conclusions_labels_and_limits_of_the_program() {
    let page = include_str!("../../../docs/github.md");
    let between = page.split_once("<!-- names -->\n").and_then(|(_, rest)| rest.split_once("<!-- /names -->"));
    let tables = tables();
    assert!(
        between.is_some_and(|(between, _)| between == tables),
        "put this between the marks in docs/github.md:\n{tables}"
    );
}
