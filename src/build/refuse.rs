//! What a Dockerfile asks for that it does not get: said with its line, before anything is sent to the engine.

use super::context::Context;
use super::{Builder, Options};
use crate::dockerfile::{Assignments, Dockerfile, Instruction, UNREADABLE, own_frontend};
use crate::error::CommandError;

/// The first engine whose built-in frontend knows here-documents and `--link`.
const HEREDOCS_SINCE: u32 = 23;
/// Flags that the classic builder knows.
const CLASSIC_FLAGS: [&str; 8] =
    ["platform", "from", "chown", "interval", "timeout", "start-period", "start-interval", "retries"];

/// Something that is refused, in a line of the Dockerfile.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    line: usize,
    text: String,
}

/// Checks a Dockerfile against what the build may do.
///
/// # Errors
/// With everything that is refused, each with its line.
pub(super) fn check(
    entry: &str,
    context: &Context,
    options: &Options,
    target: Option<&str>,
    engine: u32,
) -> Result<(), CommandError> {
    let dockerfile = Dockerfile::parse(&context.dockerfile_text);
    let mut problems = syntax(&dockerfile, options);
    let has_syntax = dockerfile.syntaxes().next().is_some();
    match options.builder {
        Builder::Classic => problems.extend(classic(&dockerfile)),
        Builder::BuildKit if engine < HEREDOCS_SINCE && !has_syntax => problems.extend(newer(&dockerfile, engine)),
        Builder::BuildKit => {}
    }
    let given = options.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let assignments = Assignments::of(&dockerfile, given);
    for instruction in &dockerfile.instructions {
        problems.extend(network(instruction, options));
        problems.extend(add(instruction, &assignments, options));
    }
    problems.sort_by_key(|problem| problem.line);
    if let Some(target) = target.filter(|target| is_missing(&dockerfile, target)) {
        let stages = dockerfile.stages();
        let text = format!("there is no stage `{target}`, which `source.buildTarget` names");
        problems.push(Problem { line: 0, text });
        tracing::debug!(?stages, "the stages of the Dockerfile");
    }
    if problems.is_empty() {
        return Ok(());
    }
    let mut error = CommandError::usage(format!("`{entry}` was not built: its Dockerfile is refused"));
    error.causes = problems.into_iter().map(|problem| problem.shown(&context.dockerfile)).collect();
    Err(error)
}

impl Problem {
    fn shown(self, path: &str) -> String {
        if self.line == 0 { format!("{path}: {}", self.text) } else { format!("{path}:{}: {}", self.line, self.text) }
    }
}

fn problem(instruction: &Instruction, text: impl Into<String>) -> Problem {
    Problem { line: instruction.line, text: text.into() }
}

fn is_missing(dockerfile: &Dockerfile, target: &str) -> bool {
    let bases = dockerfile.instructions.iter().filter(|instruction| instruction.name == "FROM").count();
    let is_number = target.parse::<usize>().is_ok_and(|number| number < bases);
    !is_number && !dockerfile.stages().contains(&target.to_ascii_lowercase())
}

fn syntax(dockerfile: &Dockerfile, options: &Options) -> Vec<Problem> {
    // Version 1 of it, as `1.7` and `1-labs` are: what another one will be is not known.
    let is_first = |tag: &str| tag.split(['.', '-']).next() == Some("1");
    let is_known =
        |syntax: &str| own_frontend(syntax).and_then(|image| image.tag).is_some_and(|tag: String| is_first(&tag));
    let refused = dockerfile.syntaxes().filter(|(syntax, _)| !options.allow_syntax && !is_known(syntax));
    let text = |syntax| match syntax {
        UNREADABLE => {
            "this begins as a JSON object and cannot be read as one: what a builder makes of it, a frontend in place \
                       of Docker's own say, is not known; `--allow-syntax` allows that"
                .to_owned()
        }
        _ => format!("`{syntax}` would read this file in place of Docker's own frontend; `--allow-syntax` allows that"),
    };
    refused.map(|(syntax, line)| Problem { line, text: text(syntax) }).collect()
}

/// What the classic builder refuses in the middle of a build, or, worse, takes for something else.
fn classic(dockerfile: &Dockerfile) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(dockerfile.syntaxes().map(|(_, line)| Problem { line, text: needs_buildkit("a `# syntax` line") }));
    for instruction in &dockerfile.instructions {
        let flags = instruction.flag_names().filter(|flag| !CLASSIC_FLAGS.contains(flag));
        problems.extend(
            flags.map(|flag| problem(instruction, needs_buildkit(&format!("`{} --{flag}`", instruction.name)))),
        );
        if instruction.heredoc {
            problems.push(problem(instruction, needs_buildkit("a here-document")));
        }
        // There the environment of a base image goes before an `ARG`, so that nobody can say what the variable holds.
        if instruction.name == "ADD" && instruction.arguments.contains('$') {
            problems.push(problem(instruction, needs_buildkit("a variable in `ADD`")));
        }
        if let Some(name) = instruction.platform_argument() {
            let text =
                format!("`{name}` is empty with the classic builder, without an error: use `--builder buildkit`");
            problems.push(problem(instruction, text));
        }
    }
    problems
}

fn needs_buildkit(what: &str) -> String {
    format!("{what} needs BuildKit: use `--builder buildkit`")
}

/// What only newer engines, or a frontend that a `# syntax` line brings, can read.
fn newer(dockerfile: &Dockerfile, engine: u32) -> Vec<Problem> {
    let mut problems = Vec::new();
    for instruction in &dockerfile.instructions {
        let mut needs = |what: &str| {
            let text = format!(
                "{what} needs Engine {HEREDOCS_SINCE} or a syntax line (`# syntax=docker/dockerfile:1`); this is Engine {engine}"
            );
            problems.push(problem(instruction, text));
        };
        if instruction.heredoc {
            needs("a here-document");
        }
        if matches!(instruction.name.as_str(), "COPY" | "ADD") && instruction.flag_names().any(|flag| flag == "link") {
            needs(&format!("`{} --link`", instruction.name));
        }
    }
    problems
}

/// Networks and rights that no build gets.
fn network(instruction: &Instruction, options: &Options) -> Vec<Problem> {
    let mut problems = Vec::new();
    match instruction.flag("network").filter(|_| instruction.name == "RUN") {
        Some("none") | None => {}
        Some("default") if options.network => {}
        Some("default") => problems
            .push(problem(instruction, "`RUN --network=default` asks for a network, and `--network none` gives none")),
        Some(network) => {
            let text = format!("`RUN --network={network}`: a build never gets the host's network");
            problems.push(problem(instruction, text));
        }
    }
    if instruction.flag("security").is_some_and(|security| security != "sandbox") {
        problems.push(problem(instruction, "`RUN --security`: a build never gets more privileges"));
    }
    problems
}

/// `ADD` of an address: the engine fetches it in its own network, from which it reaches what the build cannot.
fn add(instruction: &Instruction, assignments: &Assignments, options: &Options) -> Option<Problem> {
    if instruction.name != "ADD" || (options.allow_remote_add && options.network) {
        return None;
    }
    let words = instruction.words();
    let (_, sources) = words.split_last()?;
    let is_remote = |source: &&String| match source.contains('$') {
        true => assignments.may_contain(source, ':'),
        false => source.contains("://") || source.split_once('@').is_some_and(|(_, rest)| rest.contains(':')),
    };
    let source = sources.iter().find(is_remote)?;
    let text = match (options.network, source.contains('$')) {
        (false, _) => format!("`ADD {source}` may download, which `--network none` does not allow"),
        (true, false) => format!(
            "`ADD {source}` is downloaded in the network of the engine's host, not in that of the build; `--allow-remote-add` allows that"
        ),
        (true, true) => format!(
            "`ADD {source}` may be a download, which happens in the network of the engine's host; `--allow-remote-add` allows that"
        ),
    };
    Some(problem(instruction, text))
}

#[cfg(test)]
mod tests;
