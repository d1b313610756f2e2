//! What a Dockerfile takes out of the build context.

use super::pattern::Patterns;
use crate::dockerfile::{Dockerfile, Instruction, own_frontend};

/// The sources of `COPY` and `ADD`, and of mounts, with the lines that name them.
#[derive(Debug)]
pub(super) struct Taken {
    patterns: Patterns,
    lines: Vec<u32>,
}

impl Taken {
    /// By a Dockerfile; none when another frontend reads it, or it names more than anybody writes.
    pub(super) fn by(text: &str) -> Option<Self> {
        let dockerfile = Dockerfile::parse(text.as_bytes());
        if dockerfile.syntaxes().any(|(frontend, _)| own_frontend(frontend).is_none()) {
            return None;
        }
        let (mut patterns, mut lines) = (Vec::new(), Vec::new());
        for instruction in dockerfile.instructions.iter().filter(|instruction| !instruction.held_back) {
            for source in sources(instruction) {
                patterns.push(source);
                lines.push(u32::try_from(instruction.line).unwrap_or(u32::MAX));
            }
        }
        Some(Self { patterns: Patterns::new(&patterns)?, lines })
    }

    /// The line of the first instruction that takes this path of the context.
    pub(super) fn line(&self, path: &str) -> Option<u32> {
        self.lines.get(self.patterns.first(path)?).copied()
    }
}

/// The paths of the context that an instruction takes.
fn sources(instruction: &Instruction) -> Vec<String> {
    match instruction.name.as_str() {
        // With `--from` it is another stage, image or context.
        "COPY" | "ADD" if instruction.flag("from").is_none() => {
            let mut words = instruction.words();
            // The last one is where they go.
            words.pop();
            let elsewhere = ["http://", "https://", "git@", "git://", "ssh://", "<<"];
            words.retain(|word| !elsewhere.iter().any(|start| word.starts_with(start)));
            words
        }
        "RUN" => instruction.flags.iter().filter_map(|flag| mounted(flag)).collect(),
        _ => Vec::new(),
    }
}

/// `--mount=type=bind,source=PATH`: without a type it is one, without a source it is the whole context.
fn mounted(flag: &str) -> Option<String> {
    let options = flag.strip_prefix("--mount=")?;
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
