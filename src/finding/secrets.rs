//! What must not be shown: credentials that somebody wrote into a file. Every character of one becomes a [`MASK`], whichever
//! finding would show it, because logs are read by more people than the file.

use super::{Finding, SourceText, Sources};
use crate::document::{Node, Span, Value};
use crate::text::first;

/// Stands for a character of a secret.
pub(crate) const MASK: char = '•';

/// So much of a secret tells which one it is, in characters; what repeats more of it is masked. Longer than any prefix
/// that an issuer gives all of its credentials.
const TELLING: usize = 12;

/// The secrets of one text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Secrets {
    /// Sorted, and none touches another.
    spans: Vec<Span>,
}

impl FromIterator<Span> for Secrets {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut sorted: Vec<Span> = spans.into_iter().collect();
        sorted.sort();
        let mut spans: Vec<Span> = Vec::with_capacity(sorted.len());
        for span in sorted {
            match spans.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => spans.push(span),
            }
        }
        Self { spans }
    }
}

impl Secrets {
    /// Whether a character over the bytes `start..end` is part of one.
    #[must_use]
    pub(crate) fn touch(&self, start: usize, end: usize) -> bool {
        let next = self.spans.partition_point(|span| span.end <= start);
        self.spans.get(next).is_some_and(|span| span.start < end)
    }
}

/// Masks in the words of all findings what sensitive ones point at: a rule that knows nothing of secrets quotes the value
/// that it is about.
pub(super) fn mask_words(findings: &mut [Finding], sources: &Sources) {
    let mut values: Vec<String> = findings
        .iter()
        .filter(|finding| finding.sensitive)
        .filter_map(|finding| {
            let source = sources.get(&finding.path)?;
            let span = source.span(&finding.anchor)?;
            let written = fold(source.text().get(span.range())?);
            // A rule quotes a value as it reads, whatever escapes it is written with.
            let read = match source {
                SourceText::Document(document) => text_at(document.root(), span).map(fold),
                SourceText::Text(..) => None,
            };
            Some([Some(written), read])
        })
        .flatten()
        .flatten()
        .filter(|value| value.chars().nth(TELLING).is_some())
        .collect();
    values.sort();
    values.dedup();
    for finding in &mut *findings {
        let labels = finding.labels.iter_mut().map(|label| &mut label.text);
        for words in [&mut finding.message, &mut finding.label].into_iter().chain(&mut finding.help).chain(labels) {
            let mut folded = fold(words);
            for value in &values {
                mask(words, &mut folded, value);
            }
        }
    }
}

/// The decoded text of the key or scalar that is written in just these bytes. Depth is bounded by the document's own limit.
fn text_at(node: &Node, span: Span) -> Option<&str> {
    let is_inside = node.span.start <= span.start && span.end <= node.span.end;
    match &node.value {
        Value::Scalar(scalar) => (node.span == span).then_some(&*scalar.text),
        _ if !is_inside => None,
        Value::Sequence(items) => items.iter().find_map(|item| text_at(item, span)),
        Value::Mapping(pairs) => pairs.iter().find_map(|pair| {
            let key = (pair.key.span == span).then_some(&*pair.key.text);
            key.or_else(|| text_at(&pair.value, span))
        }),
    }
}

/// A text as remedies rewrite it, in as many bytes: letter case and separators do not hide which secret it is.
fn fold(text: &str) -> String {
    let folded = |c: char| if matches!(c, '-' | '.' | ' ') { '_' } else { c.to_ascii_lowercase() };
    text.chars().map(folded).collect()
}

/// Masks every place that begins as `value` does, as far as it goes on like it. `folded` is what [`fold`] makes of `words`, and
/// `value` is folded too.
fn mask(words: &mut String, folded: &mut String, value: &str) {
    let telling = first(value, TELLING);
    let mut at = 0;
    while let Some(start) = folded.get(at..).and_then(|rest| rest.find(telling)).map(|found| at + found) {
        let rest = folded.get(start..).unwrap_or_default();
        let same = rest.chars().zip(value.chars()).take_while(|(one, other)| one == other);
        let (length, count) = same.fold((0, 0), |(length, count), (one, _)| (length + one.len_utf8(), count + 1));
        let dots = MASK.to_string().repeat(count);
        words.replace_range(start..start + length, &dots);
        folded.replace_range(start..start + length, &dots);
        at = start + dots.len();
    }
}

#[cfg(test)]
mod tests {
    use super::{fold, mask};

    #[test]
    fn what_repeats_a_secret_is_masked_as_far_as_it_does() {
        for (words, masked) in [
            ("write `key: pässword-1234567`", "write `key: ••••••••••••••••`"),
            ("pässword-1234567pässword-1234567", "••••••••••••••••••••••••••••••••"),
            ("`pässword-1234…`", "`•••••••••••••…`"),
            ("name it `x.PäSSWORD_1234567`", "name it `x.••••••••••••••••`"),
            ("`pässword-123x`", "`••••••••••••x`"),
            ("this is a password, `pässword…`", "this is a password, `pässword…`"),
            ("nothing", "nothing"),
        ] {
            let mut text = words.to_owned();
            let mut folded = fold(&text);
            mask(&mut text, &mut folded, &fold("pässword-1234567"));
            assert_eq!(text, masked);
        }
    }
}
