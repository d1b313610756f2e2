//! A findings document out of bytes. Written by hand, because every refusal has to name its place without quoting the document.

use super::{
    Findings, MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, MAX_LINE, MAX_PATH, MAX_REASON, MAX_SUMMARY, MAX_TEXT, MAX_TITLE,
    Status,
};
use crate::document::{Lines, Node, Scalar, ScalarStyle, Value, json};
use crate::text::cut;
use crate::verdict::{Category, Confidence, ReviewFinding, Risk};
use std::ops::RangeInclusive;

/// The most characters of the document that an error repeats.
const REPEATED: usize = 16;

pub(super) fn findings(bytes: &[u8]) -> Result<Findings, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("the document has {} bytes; {MAX_BYTES} are the most", bytes.len()));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("there is no document: nothing was printed".to_owned());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("the document is not UTF-8 after byte {}", error.valid_up_to()))?;
    let too_deep = || format!("the document is nested more than {MAX_DEPTH} deep");
    let root = json::compose(text).map_err(|error| {
        // The parser has a bound of its own, which is higher; there is one to know about.
        if error.message.starts_with("collections are nested") {
            return too_deep();
        }
        let position = Lines::new(text).position(text, error.span.start);
        // The parser's words may repeat what it read.
        let words: String = cut(&error.message, 100).chars().flat_map(visible).collect();
        format!("the document is not JSON: {words} (line {}, column {})", position.line, position.column)
    })?;
    if deeper_than(&root, MAX_DEPTH) {
        return Err(too_deep());
    }
    document(&root)
}

/// Characters of the document in an error: those that are seen as they are, others as codes.
fn visible(character: char) -> impl Iterator<Item = char> {
    let plain = matches!(character, ' '..='~' | '…');
    plain.then_some(character).into_iter().chain((!plain).then(|| character.escape_unicode()).into_iter().flatten())
}

fn deeper_than(node: &Node, most: usize) -> bool {
    let Some(left) = most.checked_sub(usize::from(!matches!(node.value, Value::Scalar(_)))) else { return true };
    node.items().iter().chain(node.pairs().iter().map(|pair| &pair.value)).any(|child| deeper_than(child, left))
}

fn document(root: &Node) -> Result<Findings, String> {
    let object = Object::new(root, "the document", &["version", "status", "reason", "summary", "findings"])?;
    object.whole("version", 1..=1)?.ok_or_else(|| object.missing("version"))?;
    let status = object.word("status", &[("complete", Status::Complete), ("incomplete", Status::Incomplete)])?;
    let reason = object.optional_text("reason", 1..=MAX_REASON)?;
    match (status, &reason) {
        (Status::Incomplete, None) => return Err("reason: a document that is incomplete says why".to_owned()),
        (Status::Complete, Some(_)) => return Err("reason: a document that is complete has none".to_owned()),
        _ => {}
    }
    let summary = object.text("summary", 0..=MAX_SUMMARY)?;
    let list = object.get("findings").ok_or_else(|| object.missing("findings"))?;
    let Value::Sequence(items) = &list.value else { return Err("findings: not a list".to_owned()) };
    if items.len() > MAX_FINDINGS {
        return Err(format!("findings: {} of them; {MAX_FINDINGS} are the most", items.len()));
    }
    let findings = items.iter().enumerate().map(|(at, item)| finding(item, at)).collect::<Result<_, _>>()?;
    Ok(Findings { version: 1, status, reason, summary, findings })
}

fn finding(node: &Node, at: usize) -> Result<ReviewFinding, String> {
    let object = Object::new(node, &format!("findings[{at}]"), ReviewFinding::KEYS)?;
    let lines = 1..=MAX_LINE;
    let finding = ReviewFinding {
        title: object.text("title", 1..=MAX_TITLE)?,
        risk: object.word("risk", &Risk::ALL.map(|risk| (risk.as_str(), risk)))?,
        category: object.word("category", &Category::ALL.map(|category| (category.as_str(), category)))?,
        path: object.path("path")?,
        start_line: object.whole("start_line", lines.clone())?,
        end_line: object.whole("end_line", lines)?,
        quote: object.optional_text("quote", 0..=MAX_TEXT)?,
        impact: object.text("impact", 0..=MAX_TEXT)?,
        recommendation: object.text("recommendation", 0..=MAX_TEXT)?,
        confidence: object.word("confidence", &Confidence::ALL.map(|confidence| (confidence.as_str(), confidence)))?,
    };
    match (&finding.path, finding.start_line, finding.end_line) {
        (None, Some(_), _) => Err(object.refusal("start_line", "a line of no file: `path` is not set")),
        (_, None, Some(_)) => Err(object.refusal("end_line", "`start_line` is not set")),
        (_, Some(start), Some(end)) if end < start => {
            Err(object.refusal("end_line", &format!("{end} is before start_line, {start}")))
        }
        _ => Ok(finding),
    }
}

/// An object of the document, and what it is called in errors.
struct Object<'n> {
    node: &'n Node,
    name: String,
}

impl<'n> Object<'n> {
    fn new(node: &'n Node, name: &str, known: &[&str]) -> Result<Self, String> {
        let Value::Mapping(pairs) = &node.value else { return Err(format!("{name}: not an object")) };
        if let Some(pair) = pairs.iter().find(|pair| !known.contains(&&*pair.key.text)) {
            let shown: String = cut(&pair.key.text, REPEATED).chars().flat_map(visible).collect();
            return Err(format!("{name}: the key `{shown}` is unknown; known are {}", known.join(", ")));
        }
        Ok(Self { node, name: name.to_owned() })
    }

    fn refusal(&self, key: &str, what: &str) -> String {
        if self.name == "the document" { format!("{key}: {what}") } else { format!("{}.{key}: {what}", self.name) }
    }

    fn missing(&self, key: &str) -> String {
        self.refusal(key, "missing")
    }

    fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.get(key)
    }

    /// The value of `key`, `null` being none.
    fn scalar(&self, key: &str, expected: &str) -> Result<Option<&'n Scalar>, String> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match node.scalar() {
            Some(scalar) if scalar.style == ScalarStyle::Plain && &*scalar.text == "null" => Ok(None),
            Some(scalar) => Ok(Some(scalar)),
            None => Err(self.refusal(key, &format!("not {expected}"))),
        }
    }

    fn optional_text(&self, key: &str, characters: RangeInclusive<usize>) -> Result<Option<String>, String> {
        let Some(scalar) = self.scalar(key, "a text")? else { return Ok(None) };
        if scalar.style == ScalarStyle::Plain {
            return Err(self.refusal(key, "not a text"));
        }
        let count = scalar.text.chars().count();
        if count > *characters.end() {
            return Err(self.refusal(key, &format!("{count} characters; {} are the most", characters.end())));
        }
        if count < *characters.start() {
            return Err(self.refusal(key, "empty"));
        }
        Ok(Some(scalar.text.to_string()))
    }

    fn text(&self, key: &str, characters: RangeInclusive<usize>) -> Result<String, String> {
        match self.optional_text(key, characters)? {
            Some(text) => Ok(text),
            None if self.get(key).is_some() => Err(self.refusal(key, "not a text")),
            None => Err(self.missing(key)),
        }
    }

    fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<T, String> {
        let text = self.text(key, 0..=usize::MAX)?;
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refusal(key, &format!("not one of {}", words.join(", ")))
        })
    }

    /// A whole number. JSON knows no others than decimals: `2.0` and `2e0` are two, as a schema's `integer` has it.
    fn whole(&self, key: &str, within: RangeInclusive<u32>) -> Result<Option<u32>, String> {
        let Some(scalar) = self.scalar(key, "a whole number")? else { return Ok(None) };
        let number = (scalar.style == ScalarStyle::Plain).then(|| scalar.text.parse::<f64>().ok()).flatten();
        let Some(number) = number.filter(|number| number.is_finite() && number.fract() == 0.0) else {
            return Err(self.refusal(key, "not a whole number"));
        };
        if !(f64::from(*within.start())..=f64::from(*within.end())).contains(&number) {
            let (least, most) = within.into_inner();
            let range = if least == most { format!("not {least}") } else { format!("not from {least} to {most}") };
            return Err(self.refusal(key, &range));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // whole, and within u32 as was just seen
        Ok(Some(number as u32))
    }

    /// A path as a snapshot has it: from the top of the repository, without a part that is empty, `.` or `..`.
    fn path(&self, key: &str) -> Result<Option<String>, String> {
        let Some(path) = self.optional_text(key, 1..=MAX_PATH)? else { return Ok(None) };
        if path.len() > MAX_PATH {
            return Err(self.refusal(key, &format!("{} bytes; {MAX_PATH} are the most", path.len())));
        }
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(self.refusal(key, "a path is relative and has no part that is empty, `.` or `..`"));
        }
        if path.chars().any(char::is_control) {
            return Err(self.refusal(key, "a control character"));
        }
        Ok(Some(path))
    }
}
