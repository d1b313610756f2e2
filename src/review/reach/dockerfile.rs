//! What a Dockerfile takes out of the build context.

use super::pattern::Patterns;

/// Frontends that read what is described here.
const FRONTENDS: &[&str] = &["docker/dockerfile", "docker.io/docker/dockerfile"];

/// The sources of `COPY` and `ADD`, and of mounts, with the lines that name them.
#[derive(Debug)]
pub(super) struct Taken {
    patterns: Patterns,
    lines: Vec<u32>,
}

impl Taken {
    /// By a Dockerfile; none when another frontend reads it, or it names more than anybody writes.
    pub(super) fn by(text: &str) -> Option<Self> {
        let directives = Directives::of(text);
        if directives.frontend.is_some_and(|frontend| !FRONTENDS.iter().any(|known| frontend.starts_with(known))) {
            return None;
        }
        let (mut patterns, mut lines) = (Vec::new(), Vec::new());
        for (line, instruction) in instructions(text, directives.escape) {
            for source in sources(&instruction) {
                patterns.push((false, source));
                lines.push(line);
            }
        }
        Some(Self { patterns: Patterns::new(patterns)?, lines })
    }

    /// The line of the first instruction that takes this path of the context.
    pub(super) fn line(&self, path: &str) -> Option<u32> {
        self.lines.get(self.patterns.first(path)?).copied()
    }
}

/// Comments on top that say how the rest is read.
struct Directives<'t> {
    escape: char,
    frontend: Option<&'t str>,
}

impl<'t> Directives<'t> {
    fn of(text: &'t str) -> Self {
        let mut found = Self { escape: '\\', frontend: None };
        for line in text.lines() {
            let Some((key, value)) = line.trim().strip_prefix('#').and_then(|comment| comment.split_once('=')) else {
                break;
            };
            match (key.trim().to_ascii_lowercase().as_str(), value.trim()) {
                ("escape", "`") => found.escape = '`',
                ("syntax", frontend) => found.frontend = Some(frontend),
                _ => {}
            }
        }
        found
    }
}

/// The instructions with the lines they begin on: continued lines are joined, comments and here-documents left out.
fn instructions(text: &str, escape: char) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let mut open: Option<(u32, String)> = None;
    let mut lines = (1_u32..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let full = line.trim_end();
        let part = full.strip_suffix(escape);
        let (start, mut instruction) = open.take().unwrap_or((number, String::new()));
        instruction.push_str(part.unwrap_or(full));
        if part.is_some() {
            open = Some((start, instruction));
            continue;
        }
        for end in documents(&instruction) {
            // One without an end is an error to the builder.
            let is_end = |line: &str| line.trim_start_matches('\t').trim_end_matches('\r') == end;
            let _ = lines.by_ref().find(|(_, line)| is_end(line));
        }
        found.push((start, instruction));
    }
    found.extend(open);
    found
}

/// The words that end the here-documents of an instruction.
fn documents(instruction: &str) -> Vec<String> {
    let name = instruction.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(name.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let words = instruction.split_whitespace().filter_map(|word| word.strip_prefix("<<"));
    let ends = words.map(|word| word.trim_start_matches('-').trim_matches(['"', '\'']).to_owned());
    ends.filter(|end| !end.is_empty() && !end.starts_with('<')).collect()
}

/// The paths of the context that an instruction takes.
fn sources(instruction: &str) -> Vec<String> {
    let trimmed = instruction.trim();
    let (name, arguments) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
    match name.to_ascii_uppercase().as_str() {
        "COPY" | "ADD" => copied(arguments.trim()),
        "RUN" => arguments.split_whitespace().take_while(|word| word.starts_with("--")).filter_map(mounted).collect(),
        _ => Vec::new(),
    }
}

fn copied(mut arguments: &str) -> Vec<String> {
    while arguments.starts_with("--") {
        let (flag, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        // Another stage, image or context.
        if flag.starts_with("--from=") {
            return Vec::new();
        }
        arguments = rest.trim_start();
    }
    let mut words: Vec<String> = match serde_json::from_str(arguments) {
        Ok(words) if arguments.starts_with('[') => words,
        _ => split(arguments),
    };
    // The last one is where they go.
    words.pop();
    let elsewhere = ["http://", "https://", "git@", "git://", "ssh://", "<<"];
    words.retain(|word| !elsewhere.iter().any(|start| word.starts_with(start)));
    words
}

/// `--mount=type=bind,source=PATH`: without a type it is one, without a source it is the whole context.
fn mounted(flag: &str) -> Option<String> {
    let options = flag.strip_prefix("--mount=")?.trim_matches('"');
    let option = |names: &[&str]| {
        options
            .split(',')
            .filter_map(|option| option.split_once('='))
            .find(|(key, _)| names.contains(key))
            .map(|(_, value)| value)
    };
    let is_bind = option(&["type"]).is_none_or(|kind| kind == "bind");
    (is_bind && option(&["from"]).is_none()).then(|| option(&["source", "src"]).unwrap_or(".").to_owned())
}

/// Words, which quotes hold together.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in text.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
