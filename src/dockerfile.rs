//! A Dockerfile as the builder reads it: parser directives, and instructions with their flags, words and lines.
//!
//! Follows BuildKit's parser (`frontend/dockerfile/parser`). It finds out what a file would make a builder do; it does not
//! check whether the file is valid, which the builder does with better words. Any bytes can be read.

mod assignments;
mod bases;
pub(crate) mod ignore;
mod words;

pub(crate) use assignments::Assignments;

use crate::ids::ImageReference;
use std::collections::HashMap;
use words::{Heredoc, flags_of, heredocs, plain};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dockerfile {
    /// The parser directives, in order.
    pub(crate) directives: Vec<Directive>,
    /// The instructions, in order; what `ONBUILD` holds back follows it as an instruction of its own.
    pub(crate) instructions: Vec<Instruction>,
}

/// `# name=value` on top of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive {
    /// In lowercase: `syntax`, `escape`, `check`.
    pub(crate) name: String,
    /// As written, trimmed.
    pub(crate) value: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// In uppercase: `RUN`.
    pub(crate) name: String,
    /// The flags in front of the arguments, without quotes: `--mount=type=cache,target=/x`.
    pub(crate) flags: Vec<String>,
    /// What follows the flags, with continuation lines joined and without here-documents.
    pub(crate) arguments: String,
    /// The line it begins in, counted from 1.
    pub(crate) line: usize,
    /// Whether here-documents belong to it.
    pub(crate) heredoc: bool,
    /// Whether `ONBUILD` holds it back: it is done in builds upon the image.
    pub(crate) held_back: bool,
    /// Everything that follows the name: flags, continuation lines joined, and the lines of here-documents, each after a line end.
    pub(crate) text: String,
    /// Where the pieces of `text` are: first byte in it, first byte in the file.
    pub(crate) pieces: Vec<(usize, usize)>,
}

/// The frontend of a file that begins as a JSON object and cannot be read as one, so that nobody knows which one a builder takes.
pub(crate) const UNREADABLE: &str = "{";

/// Names of variables that BuildKit sets and the classic builder leaves empty, without an error.
pub(crate) const PLATFORM_ARGUMENTS: [&str; 8] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
];

impl Instruction {
    /// The words of the arguments without quotes: those of a list (`["a", "b"]`), or those between spaces.
    #[must_use]
    pub(crate) fn words(&self) -> Vec<String> {
        match self.list() {
            Some(words) => words,
            None => words::split(&self.arguments).into_iter().map(plain).collect(),
        }
    }

    /// The words, if the arguments are written as a list.
    #[must_use]
    pub(crate) fn list(&self) -> Option<Vec<String>> {
        let text = self.arguments.trim();
        if text.starts_with('[') { serde_json::from_str(text).ok() } else { None }
    }

    /// The value of a flag: `cache` of `--from=cache`.
    #[must_use]
    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find_map(|flag| flag.strip_prefix("--")?.strip_prefix(name)?.strip_prefix('='))
    }

    /// The name of a flag without its value: `mount` of `--mount=type=cache`.
    pub(crate) fn flag_names(&self) -> impl Iterator<Item = &str> {
        self.flags.iter().map(|flag| flag.trim_start_matches('-').split('=').next().unwrap_or_default())
    }

    /// The platform variable that it uses or declares, if any.
    #[must_use]
    pub(crate) fn platform_argument(&self) -> Option<&'static str> {
        let declared = |name: &str| {
            self.name == "ARG" && self.words().iter().any(|word| word.split('=').next().is_some_and(|own| own == name))
        };
        let texts = || self.flags.iter().chain(std::iter::once(&self.arguments));
        PLATFORM_ARGUMENTS.into_iter().find(|name| declared(name) || texts().any(|text| words::uses(text, name)))
    }
}

impl Dockerfile {
    /// Reads a file. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let whole = String::from_utf8_lossy(bytes);
        let text = whole.strip_prefix('\u{feff}').unwrap_or(&whole);
        let directives = directives(text);
        let escape = directives.iter().rev().find(|directive| directive.name == "escape");
        let escape = if escape.is_some_and(|directive| directive.value == "`") { '`' } else { '\\' };
        Self { instructions: Reader::new(text, whole.len() - text.len(), escape).instructions(), directives }
    }

    /// What reads the file in place of the built-in frontend, in every way in which a builder looks for it: the first word
    /// of each `syntax` directive.
    pub(crate) fn syntaxes(&self) -> impl Iterator<Item = (&str, usize)> {
        let named = self.directives.iter().filter(|directive| directive.name == "syntax");
        named.map(|directive| (directive.value.split_whitespace().next().unwrap_or_default(), directive.line))
    }

    /// The images that the build starts from or takes files from, as written; stages of the file itself are left out.
    #[must_use]
    pub(crate) fn images(&self) -> Vec<(&Instruction, String)> {
        let mut stages: Vec<String> = Vec::new();
        let mut images = Vec::new();
        for instruction in &self.instructions {
            let named: Vec<String> = if instruction.name == "FROM" {
                let words = instruction.words();
                let image = words.first().cloned().unwrap_or_default();
                let known = image.eq_ignore_ascii_case("scratch") || stages.contains(&image.to_ascii_lowercase());
                let stage = words.get(2).filter(|_| words.get(1).is_some_and(|word| word.eq_ignore_ascii_case("as")));
                // Every stage can be named by its number.
                stages.push(stage.map(|stage| stage.to_ascii_lowercase()).unwrap_or_default());
                if known { Vec::new() } else { vec![image] }
            } else {
                let mounts = instruction.flags.iter().filter_map(|flag| flag.strip_prefix("--mount="));
                let mounted = mounts.flat_map(|mount| mount.split(',').filter_map(|part| part.strip_prefix("from=")));
                let copied = instruction.flag("from").filter(|_| instruction.name == "COPY");
                let is_stage =
                    |name: &str| name.parse::<usize>().is_ok() || stages.contains(&name.to_ascii_lowercase());
                copied.into_iter().chain(mounted).filter(|name| !is_stage(name)).map(str::to_owned).collect()
            };
            images.extend(named.into_iter().filter(|image| !image.is_empty()).map(|image| (instruction, image)));
        }
        images
    }

    /// The names of the stages, in lowercase.
    #[must_use]
    pub(crate) fn stages(&self) -> Vec<String> {
        let bases = self.instructions.iter().filter(|instruction| instruction.name == "FROM");
        let name = |from: &Instruction| match from.words().as_slice() {
            [_, word, name, ..] if word.eq_ignore_ascii_case("as") => Some(name.to_ascii_lowercase()),
            _ => None,
        };
        bases.filter_map(name).collect()
    }
}

/// Docker's own frontend, if this `# syntax` names it: the one that reads Dockerfiles as described here. Its tags are versions.
pub(crate) fn own_frontend(syntax: &str) -> Option<ImageReference> {
    let image = ImageReference::parse(syntax).ok().filter(|image| image.short_name() == "docker/dockerfile")?;
    let is_own = image.tag.as_deref().is_none_or(|tag| matches!(tag, "latest" | "labs") || is_version(tag));
    is_own.then_some(image)
}

/// Whether a tag is a version of Docker's frontend: `1`, `1.7`, `1.7.0-rc1-labs`.
fn is_version(tag: &str) -> bool {
    let (numbers, rest) = tag.split_once('-').map_or((tag, None), |(numbers, rest)| (numbers, Some(rest)));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_channel = |text: &str| matches!(text, "labs" | "experimental");
    let is_candidate = |text: &str| text.strip_prefix("rc").is_some_and(is_number);
    let parts = numbers.split('.').count();
    let is_rest = |rest: &str| match rest.split_once('-') {
        Some((candidate, channel)) => is_candidate(candidate) && is_channel(channel),
        None => is_candidate(rest) || is_channel(rest),
    };
    parts <= 3 && numbers.split('.').all(is_number) && rest.is_none_or(is_rest)
}

/// The directives on top, in every form in which BuildKit looks for one: after `#`, after `//`, and as a JSON object; a first
/// line that begins with `#!` is skipped.
fn directives(text: &str) -> Vec<Directive> {
    let shebang = usize::from(text.starts_with("#!"));
    let mut found = Vec::new();
    for mark in ["#", "//"] {
        for (number, line) in text.lines().enumerate().skip(shebang) {
            let Some((name, value)) = line.trim().strip_prefix(mark).and_then(|comment| comment.split_once('=')) else {
                break;
            };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            let mut characters = name.chars();
            let is_name = characters.next().is_some_and(|first| first.is_ascii_alphabetic())
                && characters.all(|character| character.is_ascii_alphanumeric());
            if !is_name || value.is_empty() {
                break;
            }
            found.push(Directive { name, value: value.to_owned(), line: number + 1 });
        }
    }
    let after = if shebang == 1 { text.split_once('\n').map_or("", |(_, after)| after) } else { text };
    if after.trim_start().starts_with('{') {
        let blank = after.find('{').and_then(|at| after.get(..at)).unwrap_or_default();
        let line = shebang + blank.matches('\n').count() + 1;
        let value = match serde_json::from_str::<serde_json::Value>(after) {
            Ok(object) => object.get("syntax").and_then(serde_json::Value::as_str).map(str::to_owned),
            // BuildKit's reader takes more than ours: half a surrogate, say.
            Err(_) => Some(UNREADABLE.to_owned()),
        };
        found.extend(value.map(|value| Directive { name: "syntax".to_owned(), value, line }));
    }
    found
}

struct Reader<'t> {
    /// Each with its first byte in the file.
    lines: Vec<(usize, &'t str)>,
    next: usize,
    /// Of each line that may end a here-document, the last one like it.
    ends: HashMap<&'t str, usize>,
    escape: char,
}

/// A line with those that continue it.
struct Joined {
    text: String,
    pieces: Vec<(usize, usize)>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, mut at: usize, escape: char) -> Self {
        let mut lines = Vec::new();
        for line in text.split_inclusive('\n') {
            let bare = line.strip_suffix('\n').unwrap_or(line);
            lines.push((at, bare.strip_suffix('\r').unwrap_or(bare)));
            at += line.len();
        }
        let mut ends = HashMap::new();
        if text.contains("<<") {
            ends.extend(lines.iter().enumerate().map(|(number, (_, line))| (line.trim_start_matches('\t'), number)));
        }
        Self { lines, next: 0, ends, escape }
    }

    fn take(&mut self) -> Option<(usize, &'t str)> {
        let line = self.lines.get(self.next).copied();
        self.next += usize::from(line.is_some());
        line
    }

    fn instructions(mut self) -> Vec<Instruction> {
        let mut found = Vec::new();
        while let Some((at, line)) = self.take() {
            if is_comment(line) || line.trim().is_empty() {
                continue;
            }
            let number = self.next;
            let joined = self.joined(at, line);
            let mut outer = instruction(&joined, 0, number);
            // The builder knows no ONBUILD of an ONBUILD.
            let arguments = joined.text.len() - outer.text.len();
            let mut inner = (outer.name == "ONBUILD" && !outer.text.is_empty())
                .then(|| Instruction { held_back: true, ..instruction(&joined, arguments, number) });
            let last = inner.as_mut().unwrap_or(&mut outer);
            let body = self.heredocs(last);
            for one in [Some(&mut outer), inner.as_mut()].into_iter().flatten() {
                for (at, line) in &body {
                    one.text.push('\n');
                    one.pieces.push((one.text.len(), *at));
                    one.text.push_str(line);
                }
            }
            found.push(outer);
            found.extend(inner);
        }
        found
    }

    /// A line with those that continue it. Comments and empty lines between them are left out.
    fn joined(&mut self, at: usize, first: &str) -> Joined {
        let mut joined = Joined { text: String::new(), pieces: Vec::new() };
        let bare = first.trim_start();
        let (mut at, mut line) = (at + first.len() - bare.len(), bare);
        loop {
            let continued = line.trim_end_matches([' ', '\t']).strip_suffix(self.escape);
            joined.pieces.push((joined.text.len(), at));
            joined.text.push_str(continued.unwrap_or(line));
            if continued.is_none() {
                break;
            }
            let next = loop {
                match self.take() {
                    Some((_, line)) if is_comment(line) || line.trim().is_empty() => {}
                    next => break next,
                }
            };
            let Some(next) = next else { break };
            (at, line) = next;
        }
        joined.text.truncate(joined.text.trim_end().len());
        joined
    }

    /// The lines of the here-documents that an instruction begins. One without an end is not one: the builder refuses it.
    fn heredocs(&mut self, instruction: &mut Instruction) -> Vec<(usize, &'t str)> {
        let mut body = Vec::new();
        if !matches!(instruction.name.as_str(), "RUN" | "COPY" | "ADD") || instruction.list().is_some() {
            return body;
        }
        for Heredoc { name, tabs } in heredocs(&instruction.arguments) {
            instruction.heredoc = true;
            if self.ends.get(name.as_str()).is_none_or(|last| *last < self.next) {
                continue;
            }
            while let Some((at, line)) = self.take() {
                body.push((at, line));
                if (if tabs { line.trim_start_matches('\t') } else { line }) == name {
                    break;
                }
            }
        }
        body
    }
}

/// The instruction that begins at this byte of a line.
fn instruction(joined: &Joined, start: usize, line: usize) -> Instruction {
    let rest = joined.text.get(start..).unwrap_or_default();
    let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let text = arguments.trim_start();
    let from = joined.text.len() - text.len();
    let (flags, arguments) = flags_of(text);
    let place = |(first, at): &(usize, usize)| (first.saturating_sub(from), at + from.saturating_sub(*first));
    let first = joined.pieces.partition_point(|(first, _)| *first <= from).saturating_sub(1);
    Instruction {
        name: name.to_ascii_uppercase(),
        flags,
        arguments: arguments.to_owned(),
        line,
        heredoc: false,
        held_back: false,
        text: text.to_owned(),
        pieces: joined.pieces.iter().skip(first).map(place).collect(),
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

#[cfg(test)]
mod tests;
