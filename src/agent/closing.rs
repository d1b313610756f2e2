//! The document at the end: whatever happened, it is one, and it fits.

use super::tools::finish::Finish;
use crate::text::{cut, first, shorten};
use crate::verdict::document::{self, Findings, Status};
use crate::verdict::{ReviewFinding, document::MAX_BYTES};
use std::cmp::Reverse;

/// Characters that texts are cut to, one after another, until the document fits.
const CUTS: [usize; 6] = [document::MAX_TEXT, 2_000, 1_000, 500, 200, 80];
/// The most characters of a reason.
const MAX_REASON: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    /// What was found, all of it or what there was when it broke off.
    pub(super) finish: Finish,
    /// Why it is not complete; none when it is.
    pub(super) incomplete: Option<String>,
}

/// The document that says so, of at most [`MAX_BYTES`] with its line end.
pub(super) fn document(ending: Ending) -> Findings {
    let Ending { finish: Finish { summary, mut findings }, incomplete } = ending;
    // Greatest risk first, so that what does not fit is the least of it. The sort keeps the order of equals.
    findings.sort_by_key(|finding| Reverse(finding.risk));
    let mut document = Findings {
        version: 1,
        status: if incomplete.is_some() { Status::Incomplete } else { Status::Complete },
        reason: incomplete.map(|reason| cut(&reason, MAX_REASON).into_owned()),
        summary: cut(&summary, document::MAX_SUMMARY).into_owned(),
        findings,
    };
    drop_beyond(&mut document, document::MAX_FINDINGS);
    for limit in CUTS {
        document.findings.iter_mut().for_each(|finding| shorten_finding(finding, limit));
        if size(&document) <= MAX_BYTES {
            return document;
        }
    }
    while size(&document) > MAX_BYTES && !document.findings.is_empty() {
        let keep = document.findings.len() - 1;
        drop_beyond(&mut document, keep);
    }
    document
}

/// Keeps the first findings. What is lost is said: a document that hides findings is not complete.
fn drop_beyond(document: &mut Findings, keep: usize) {
    if document.findings.len() > keep {
        document.findings.truncate(keep);
        document.status = Status::Incomplete;
        document.reason.get_or_insert_with(|| "there are more findings than a document holds".to_owned());
    }
}

fn size(document: &Findings) -> usize {
    serde_json::to_string(document).map_or(usize::MAX, |text| text.len() + 1)
}

fn shorten_finding(finding: &mut ReviewFinding, limit: usize) {
    shorten(&mut finding.title, document::MAX_TITLE);
    shorten(&mut finding.impact, limit);
    shorten(&mut finding.recommendation, limit);
    // A quote stays verbatim: its beginning is in the file as well, an ellipsis is not.
    finding.quote = finding.quote.take().map(|quote| first(&quote, limit).to_owned());
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Ending, document, size};
    use crate::agent::tools::finish::Finish;
    use crate::verdict::document::{MAX_BYTES, Status};
    use crate::verdict::{Category, Confidence, ReviewFinding, Risk};

    fn finding(risk: Risk, text: &str) -> ReviewFinding {
        ReviewFinding {
            title: text.to_owned(),
            risk,
            category: Category::Other,
            path: Some("a".to_owned()),
            start_line: Some(1),
            end_line: Some(1),
            quote: Some(text.to_owned()),
            impact: text.to_owned(),
            recommendation: text.to_owned(),
            confidence: Confidence::Low,
        }
    }

    #[test]
    fn texts_are_cut_until_the_document_fits_and_the_gravest_come_first() {
        // Control characters take six bytes each in JSON: the worst there is.
        let text = "\u{1}".repeat(4_000);
        let mut findings = vec![finding(Risk::Low, &text); 150];
        findings.push(finding(Risk::Critical, &text));
        let document =
            document(Ending { finish: Finish { summary: text.clone(), findings }, incomplete: Some(text.clone()) });
        assert!(size(&document) <= MAX_BYTES, "{}", size(&document));
        assert_eq!(document.findings.first().unwrap().risk, Risk::Critical);
        assert!(size(&document) > MAX_BYTES - 4_000, "no more than had to go: {}", size(&document));
        assert!(text.starts_with(document.findings[0].quote.as_deref().unwrap()));
    }

    #[test]
    fn lost_findings_make_it_incomplete() {
        let mut long = finding(Risk::Low, "x");
        long.path = Some("p".repeat(4_000));
        let document =
            document(Ending { finish: Finish { summary: "s".into(), findings: vec![long; 200] }, incomplete: None });
        assert_eq!(document.status, Status::Incomplete);
        assert_eq!(document.reason.as_deref(), Some("there are more findings than a document holds"));
        assert!(size(&document) <= MAX_BYTES);
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        let finish = Finish { summary: "fine".into(), findings: vec![finding(Risk::Info, "é\n\u{200b}")] };
        let document = document(Ending { finish: finish.clone(), incomplete: None });
        assert_eq!((document.status, document.reason), (Status::Complete, None));
        assert_eq!((document.summary, document.findings), (finish.summary, finish.findings));
    }
}
