//! YAML text to tree: granit-parser's events under our own composer.
//!
//! The composer refuses what no entry needs and what readers disagree about: duplicate keys, keys that are not
//! scalars, aliases, merge keys, a second document, explicit tags that the text contradicts. Two of these
//! are stricter than Go's yaml.v3, which the format's other readers use: it follows aliases and merge keys, and it silently
//! reads only the first document of a text, so that what stands after `---` is seen by people and not by programs.
//!
//! The tree is built with an explicit stack and every limit of [`super::limits`] is checked while events
//! arrive, so neither depth nor size of the input reaches the call stack.

mod events;
mod syntax;
mod tab;

use super::limits::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_WAY};
use super::scalar;
use super::{DocumentError, Key, Node, Pair, Scalar, ScalarStyle, Span, Value};
use crate::text::cut;
use granit_parser::{Event, StructureStyle, Tag};
use std::collections::HashMap;

/// From this many keys on, a mapping looks for duplicates in an index instead of one by one.
const INDEX_FROM: usize = 16;

/// Composes YAML to a tree. A text without a document (empty, or comments only) is a null scalar at `0..0`.
///
/// Keys are compared as yaml.v3 compares them, by decoded text: `a` and `"a"` are the same key, and so are
/// `1` and `"1"`. A byte order mark at the start is skipped; spans count its bytes.
///
/// # Errors
/// When the text is not YAML, is more than the [`super::limits`] allow, or uses what entries must not use; the
/// first such place is reported.
pub fn compose(text: &str) -> Result<Node, DocumentError> {
    if text.len() > MAX_BYTES {
        return Err(error(format!("the text has {} bytes; at most {MAX_BYTES} are read", text.len()), Span::new(0, 0)));
    }
    refuse_control_characters(text)?;
    let mut composer = Composer::new(text);
    for event in events::of(text) {
        match event {
            Ok((event, place)) => {
                let range = place.byte_range().unwrap_or(0..0);
                composer.take(event, Span::new(range.start, range.end))?;
            }
            Err(scan) => return Err(syntax::explain(text, &scan, composer.seen_to)),
        }
    }
    Ok(composer.root.unwrap_or_else(|| Node { span: Span::new(0, 0), value: Value::Scalar(null()) }))
}

/// The characters that yaml.v3's reader takes are tab, line ends and everything printable. The three line
/// ends of Unicode are refused as well: YAML 1.1 readers (yaml.v3 is one) end a line, and with it a comment, where
/// YAML 1.2 readers see a character like any other.
fn refuse_control_characters(text: &str) -> Result<(), DocumentError> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let next = |offset: usize| bytes.get(at + offset).copied().unwrap_or(0);
        let refused = match byte {
            b'\t' | b'\n' | b'\r' => false,
            0..0x20 | 0x7f => true,
            0xc2 => (0x80..0xa0).contains(&next(1)),
            0xe2 => next(1) == 0x80 && matches!(next(2), 0xa8 | 0xa9),
            0xef => next(1) == 0xbf && next(2) >= 0xbe,
            _ => false,
        };
        if refused {
            let character = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or('\0');
            let code = u32::from(character);
            let message = if matches!(code, 0x85 | 0x2028 | 0x2029) {
                format!("character U+{code:04X} ends a line for some YAML readers and not for others; remove it")
            } else {
                format!("control character U+{code:04X} is not allowed in YAML")
            };
            return Err(error(message, Span::new(at, at + character.len_utf8())));
        }
    }
    Ok(())
}

fn error(message: impl Into<String>, span: Span) -> DocumentError {
    DocumentError { message: message.into(), span, related: None }
}

fn null() -> Scalar {
    Scalar { text: "".into(), style: ScalarStyle::Plain, tag: None }
}

/// A collection that is not closed yet.
struct Frame {
    start: usize,
    /// One past the last byte of the last child.
    end: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { pairs: Vec<Pair>, key: Option<Key>, index: HashMap<Box<str>, Span> },
}

struct Composer<'t> {
    text: &'t str,
    frames: Vec<Frame>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
    anchors: HashMap<usize, Span>,
    /// One past the last byte that an event covered.
    seen_to: usize,
}

impl<'t> Composer<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, frames: Vec::new(), root: None, nodes: 0, documents: 0, anchors: HashMap::new(), seen_to: 0 }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), DocumentError> {
        match event {
            Event::DocumentStart(_, version) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(error("a second document begins here; only one is read", self.visible(span)));
                }
                if let Some(version) = version
                    && (version.major, version.minor) != (1, 1)
                {
                    let message = format!(
                        "`%YAML {}.{}` is refused by other readers; leave it out",
                        version.major, version.minor
                    );
                    let start = self.text.find("%YAML").unwrap_or(span.start);
                    let line = self.text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
                    return Err(error(message, Span::new(start, start + line)));
                }
            }
            Event::Scalar(text, style, _, tag) => self.scalar(&text, style, tag.as_deref(), span)?,
            Event::SequenceStart(style, ..) => self.open(span, style, Content::Sequence(Vec::new()))?,
            Event::MappingStart(style, ..) => {
                self.open(span, style, Content::Mapping { pairs: Vec::new(), key: None, index: HashMap::new() })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Anchor(id, _) => {
                self.anchors.insert(id, span);
            }
            Event::Alias(id) => {
                let mut refusal = error("aliases are not read; write the value itself", span);
                refusal.related = self.anchors.get(&id).map(|anchor| (*anchor, "the value is here".to_owned()));
                return Err(refusal);
            }
            Event::UnresolvedAlias(_) => {
                return Err(error("this is an alias to nothing; quote a text that begins with `*`", span));
            }
            _ => {}
        }
        self.seen_to = self.seen_to.max(span.end);
        Ok(())
    }

    /// A span that shows something: an implicit document's start is empty, so its first character is marked.
    fn visible(&self, span: Span) -> Span {
        if span.end > span.start {
            return span;
        }
        let first = self.text.get(span.start..).and_then(|rest| rest.chars().next());
        Span::new(span.start, span.start + first.map_or(0, char::len_utf8))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: granit_parser::ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), DocumentError> {
        let style = match style {
            granit_parser::ScalarStyle::SingleQuoted => ScalarStyle::SingleQuoted,
            granit_parser::ScalarStyle::DoubleQuoted => ScalarStyle::DoubleQuoted,
            granit_parser::ScalarStyle::Literal => ScalarStyle::Literal,
            granit_parser::ScalarStyle::Folded => ScalarStyle::Folded,
            _ => ScalarStyle::Plain,
        };
        let way = |frame: &Frame| match &frame.content {
            Content::Mapping { key: Some(key), .. } => key.text.len(),
            Content::Mapping { .. } | Content::Sequence(_) => 0,
        };
        let is_key = matches!(self.frames.last(), Some(Frame { content: Content::Mapping { key: None, .. }, .. }));
        let (text, span) = match style {
            // An absent key or value comes as `~` without bytes.
            ScalarStyle::Plain if span.start == span.end && is_key => ("", span),
            ScalarStyle::Plain if span.start == span.end => ("", self.absent(span)),
            ScalarStyle::Literal | ScalarStyle::Folded => (text, self.block_scalar(span)),
            _ => (text, span),
        };
        let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()).into_boxed_str());
        let scalar = Scalar { text: text.into(), style, tag };
        if let Err(message) = scalar::check_tag(&scalar) {
            return Err(error(message, span));
        }
        let above: usize = if is_key { self.frames.iter().map(way).sum() } else { 0 };
        if let Some(Frame { content: Content::Mapping { key: key @ None, pairs, index }, .. }) = self.frames.last_mut()
        {
            if style == ScalarStyle::Plain && scalar.tag.is_none() && &*scalar.text == "<<" {
                return Err(error("merge keys are not read; write the keys themselves", span));
            }
            if above + scalar.text.len() > MAX_WAY {
                return Err(error(format!("this key and those above it are more than {MAX_WAY} bytes"), span));
            }
            if let Some(first) = earlier(pairs, index, &scalar.text) {
                let mut refusal = error(format!("duplicate key `{}`", shown(&scalar.text)), span);
                refusal.related = Some((first, "first set here".to_owned()));
                return Err(refusal);
            }
            *key = Some(Key { text: scalar.text, span });
            return Ok(());
        }
        self.place(Node { span, value: Value::Scalar(scalar) })
    }

    fn open(&mut self, span: Span, style: StructureStyle, content: Content) -> Result<(), DocumentError> {
        if let Some(Frame { content: Content::Mapping { key: None, .. }, .. }) = self.frames.last() {
            let what = if matches!(content, Content::Mapping { .. }) { "mapping" } else { "sequence" };
            let hint = match style {
                StructureStyle::Block => "",
                StructureStyle::Flow if self.text.get(..span.end).is_some_and(|seen| seen.ends_with("{{")) => {
                    "; put a `{{template}}` in quotes"
                }
                StructureStyle::Flow => "; quote a text that begins with a bracket",
            };
            return Err(error(format!("a key must be a scalar, not a {what}{hint}"), self.visible(span)));
        }
        if self.frames.len() >= MAX_DEPTH {
            return Err(error(format!("collections are nested more than {MAX_DEPTH} deep"), self.visible(span)));
        }
        self.frames.push(Frame { start: span.start, end: span.end, content });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), DocumentError> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        // The end of a block collection comes with the next token; only a closing bracket has bytes.
        let end = if span.end > span.start { span.end } else { frame.end };
        let value = match frame.content {
            Content::Sequence(items) => Value::Sequence(items),
            Content::Mapping { pairs, .. } => Value::Mapping(pairs),
        };
        self.place(Node { span: Span::new(frame.start, end), value })
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node) -> Result<(), DocumentError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(error(format!("the text has more than {MAX_NODES} values"), self.visible(node.span)));
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.end = frame.end.max(node.span.end);
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { pairs, key, index } => {
                if let Some(key) = key.take() {
                    if pairs.len() >= INDEX_FROM {
                        index.insert(key.text.clone(), key.span);
                    }
                    pairs.push(Pair { key, value: node });
                }
            }
        }
        Ok(())
    }

    /// Where an absent value is: right after its colon, if it has one.
    fn absent(&self, span: Span) -> Span {
        let rest = self.text.get(span.start..).unwrap_or("");
        let colon = rest.trim_start_matches([' ', '\t']);
        let at = if colon.starts_with(':') { span.start + (rest.len() - colon.len()) + 1 } else { span.start };
        Span::new(at, at)
    }

    /// A block scalar from its `|` or `>` to the end of its last line that is not blank: the parser gives its lines
    /// without the header and with the line ends.
    fn block_scalar(&self, span: Span) -> Span {
        let mut at = self.seen_to.min(span.start);
        while let Some(next) = self.text.get(at..span.start).and_then(|rest| rest.chars().next()) {
            let rest = self.text.get(at..span.start).unwrap_or("");
            match next {
                '|' | '>' => break,
                '#' => at += rest.find('\n').unwrap_or(rest.len()),
                '!' | '&' => at += rest.find(char::is_whitespace).unwrap_or(rest.len()),
                other => at += other.len_utf8(),
            }
        }
        let content = self.text.get(at..span.end).unwrap_or("");
        Span::new(at, at + content.trim_end_matches([' ', '\t', '\r', '\n']).len())
    }
}

/// Where `key` was set before in this mapping.
fn earlier(pairs: &[Pair], index: &HashMap<Box<str>, Span>, key: &str) -> Option<Span> {
    let first = pairs.iter().take(INDEX_FROM).find(|pair| &*pair.key.text == key).map(|pair| pair.key.span);
    first.or_else(|| index.get(key).copied())
}

/// A key as an error message shows it: short, and on one line.
fn shown(key: &str) -> String {
    cut(key, 40).chars().flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
