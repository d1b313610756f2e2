//! Lines that Git leaves in a text when a merge needs a person.

use super::{DocumentError, Span};

/// What such a line begins with, at its very start: seven of one character, then a space or the end of the line.
const MARKS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// The unresolved merge conflict in a text. Ask only about texts that were refused: in prose, a line of seven equals signs
/// underlines a heading.
pub(crate) fn find(text: &str) -> Option<DocumentError> {
    let mut marks = marked_lines(text);
    let first = marks.next()?;
    let end = marks.take_while(|span| !starts(text, *span, "<<<<<<<")).find(|span| starts(text, *span, ">>>>>>>"));
    let message = "unresolved merge conflict: keep one of the two versions, and delete the lines that begin with \
                   `<<<<<<<`, `=======` and `>>>>>>>`";
    let related = end.map(|end| (end, "it ends here".to_owned()));
    Some(DocumentError { message: message.to_owned(), span: first, related })
}

fn starts(text: &str, span: Span, mark: &str) -> bool {
    text.get(span.range()).is_some_and(|line| line.starts_with(mark))
}

fn marked_lines(text: &str) -> impl Iterator<Item = Span> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let rest = MARKS.iter().find_map(|mark| line.strip_prefix(mark))?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| Span::new(start, start + line.len()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::document::{Document, DocumentError};
    use crate::policy::Policy;

    const YAML: &str = "name: x\nabout:\n<<<<<<< HEAD\n  title: A\n||||||| base\n  title: O\n=======\n  title: B\n\
                        >>>>>>> main\ntype: server\n";

    /// The marked lines of a refusal.
    fn lines(text: &str, refusal: &DocumentError) -> (usize, Option<usize>) {
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        assert!(refusal.message.starts_with("unresolved merge conflict"), "{refusal:?}\n{text}");
        (line(refusal.span.start), refusal.related.as_ref().map(|(span, _)| line(span.start)))
    }

    #[test]
    fn a_conflict_is_named_with_its_first_and_last_line() {
        for text in [YAML.to_owned(), YAML.replace('\n', "\r\n")] {
            assert_eq!(lines(&text, &Document::from_yaml(text.as_str()).unwrap_err()), (3, Some(9)));
        }
        let json = "[\n<<<<<<< HEAD\n  {\"name\": \"a\"}\n=======\n  {\"name\": \"b\"}\n>>>>>>> main\n]\n";
        assert_eq!(lines(json, &Document::from_json(json).unwrap_err()), (2, Some(6)));
        let toml = "[style]\n<<<<<<< HEAD\nsort-tags = true\n=======\nsort-tags = false\n>>>>>>> main\n";
        let refusal = Policy::parse(toml).unwrap_err();
        assert!(refusal.message.starts_with("unresolved merge conflict"), "{refusal:?}");
        assert_eq!(refusal.span.map(|span| span.start), Some(8));
    }

    #[test]
    fn every_line_that_was_forgotten_is_named() {
        let clean = "name: x\nabout:\n  title: A\n  description: |\n    B\n\n    C\nmeta:\n  tags:\n    - a\n    - b\ntype: server\n";
        assert!(Document::from_yaml(clean).is_ok());
        for mark in ["<<<<<<< HEAD", "||||||| 0123abc", "=======", ">>>>>>> feature/x"] {
            for place in 0..=clean.lines().count() {
                let mut all: Vec<&str> = clean.lines().collect();
                all.insert(place, mark);
                let text = all.join("\n");
                let refusal = Document::from_yaml(text.as_str()).expect_err(&text);
                assert_eq!(lines(&text, &refusal).0, place + 1, "{text}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_mark_is_none() {
        // A text that reads well is not searched, nor is what is indented or longer.
        assert!(Document::from_yaml("a: |\n  <<<<<<< HEAD\n  =======\n").is_ok());
        for text in ["a: [\n  =======\n", "========\nb: c: d\n", "a: <<<<<<<\nb: c: d\n", "<<<<<<<HEAD: b: c\n"] {
            let refusal = Document::from_yaml(text).unwrap_err();
            assert!(!refusal.message.contains("conflict"), "{text}: {refusal}");
        }
    }
}
