//! What a Dockerfile does that it should not: runs what the network says, takes what is not pinned, keeps secrets.
//!
//! Why: the image is built by the registry, with the network, and run by its users. Source: the Dockerfile reference, and the
//! usual advice for it.

mod instructions;
mod packages;

use super::downloads::{self, Does};
use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::dockerfile::own_frontend;
use crate::ids::ImageReference;
use crate::shell::Reader;
use crate::snapshot::language::Language;
use crate::verdict::{Category, Confidence, Risk};
pub(super) use instructions::{Instruction, instructions};
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// More stages than any image has; the names of others are not remembered.
const MOST_STAGES: usize = 1_000;

/// Names of variables that hold a secret.
static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|_)(?:token|secret|password|passwd|api_?key|access_?key|private_?key|credentials?)$").ok()
});

/// Says what each instruction does.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if subject.language != Language::Dockerfile {
        return;
    }
    syntax(subject, sink);
    let (mut stages, mut user): (Vec<String>, Option<(Range<usize>, String)>) = (Vec::new(), None);
    let mut last_from = None;
    let mut files = downloads::Files::of_build();
    for instruction in instructions(subject) {
        let arguments = instruction.arguments.as_str();
        match instruction.name.as_str() {
            "FROM" => {
                from(&instruction, &stages, sink);
                let words: Vec<&str> = arguments.split_whitespace().collect();
                if let [.., word, name] = words.as_slice()
                    && word.eq_ignore_ascii_case("as")
                    && stages.len() < MOST_STAGES
                {
                    stages.push(name.to_ascii_lowercase());
                }
                user = None;
                last_from = Some(instruction.range.clone());
            }
            "USER" => user = Some((instruction.range.clone(), arguments.to_owned())),
            "RUN" | "CMD" | "ENTRYPOINT" | "SHELL" | "HEALTHCHECK" | "ONBUILD" => {
                command(subject, &instruction, &mut files, sink);
                from_flag(&instruction, &stages, sink);
            }
            "COPY" => {
                from_flag(&instruction, &stages, sink);
                // A file that the recipe itself writes.
                if arguments.contains('\n') {
                    command(subject, &instruction, &mut files, sink);
                }
            }
            "ADD" => add(&instruction, &mut files, sink),
            "ENV" | "ARG" => {
                variables(&instruction, sink);
                files.set_variables(arguments);
            }
            _ => {}
        }
    }
    let is_root = |user: &str| matches!(user.split(':').next(), Some("root" | "0"));
    match (user, last_from) {
        (Some((range, name)), _) if is_root(&name) => {
            sink.at(range, said(Risk::Info, "the image runs as root", Category::AccessControl))
        }
        (None, Some(range)) => {
            sink.at(range, said(Risk::Info, "the image names no user, and so runs as root", Category::AccessControl))
        }
        _ => {}
    }
}

/// The comment that makes another program read the file.
fn syntax(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    for number in 1..=subject.line_count().min(10) {
        let range = subject.line_range(number);
        let line = subject.text.get(range.clone()).unwrap_or_default();
        let Some(comment) = line.trim().strip_prefix('#') else { return };
        let Some((key, frontend)) = comment.split_once('=') else { continue };
        let frontend = frontend.split_whitespace().next().unwrap_or_default();
        if key.trim().eq_ignore_ascii_case("syntax") && own_frontend(frontend).is_none() {
            sink.at(
                range,
                said(Risk::Medium, "the file is read by an image of somebody else (`syntax`)", Category::InstallHook),
            );
        }
    }
}

fn from(instruction: &Instruction, stages: &[String], sink: &mut Sink<'_, '_>) {
    let image = instruction.arguments.split_whitespace().find(|word| !word.starts_with("--")).unwrap_or_default();
    let is_known = image.eq_ignore_ascii_case("scratch") || stages.contains(&image.to_ascii_lowercase());
    if image.is_empty() || is_known || ImageReference::names_digest(image) {
        return;
    }
    let title = if image.contains('$') {
        "the base image is decided when the image is built"
    } else {
        "the base image is not pinned to a digest"
    };
    sink.at(instruction.range.clone(), said(Risk::Info, title, Category::Dependency));
}

/// Images that files are taken from, with `--from=` or `--mount=…,from=`.
fn from_flag(instruction: &Instruction, stages: &[String], sink: &mut Sink<'_, '_>) {
    for flag in instruction.arguments.split_whitespace().take_while(|word| word.starts_with("--")) {
        let named = flag.strip_prefix("--from=").or_else(|| {
            flag.strip_prefix("--mount=").and_then(|mount| mount.split(',').find_map(|part| part.strip_prefix("from=")))
        });
        let Some(image) = named.map(|image| image.trim_matches(['"', '\''])) else { continue };
        let is_stage = image.bytes().all(|byte| byte.is_ascii_digit()) || stages.contains(&image.to_ascii_lowercase());
        if !is_stage && !ImageReference::names_digest(image) && !image.contains('$') {
            let title = "files are taken from an image that is not pinned to a digest";
            sink.at(instruction.range.clone(), said(Risk::Low, title, Category::Dependency));
        }
    }
}

fn command(subject: &Subject<'_>, instruction: &Instruction, files: &mut downloads::Files, sink: &mut Sink<'_, '_>) {
    let text = &instruction.arguments;
    let list = instruction.list().map(|words| quoted(&words));
    let asked = list.as_ref().unwrap_or(text);
    let place = |range: &Range<usize>| match &list {
        Some(_) => instruction.range.clone(),
        None => instruction.place(subject, range),
    };
    if matches!(instruction.name.as_str(), "RUN" | "CMD" | "ENTRYPOINT" | "ONBUILD") {
        for (range, said) in packages::unpinned(asked) {
            sink.at(place(&range), said);
        }
    }
    let mut told = HashSet::new();
    for (does, range) in scripts(instruction, asked, files) {
        // One of each kind is enough to make somebody read the instruction.
        if !told.insert(does) {
            continue;
        }
        let is_plain = asked.get(range.clone()).is_some_and(|found| found.contains("http://"));
        let place = place(&range);
        let (title, risk, category) = match does {
            Does::SendsSecrets => (
                "a command sends the environment or a store of secrets to an address",
                Risk::High,
                Category::DataExfiltration,
            ),
            Does::Beyond => {
                ("shell text within shell text exceeds what the scanner reads", Risk::Medium, Category::InstallHook)
            }
            Does::RunsDownload if is_plain => {
                ("what an unprotected address answers is run", Risk::High, Category::InstallHook)
            }
            Does::RunsDownload => {
                let is_step = matches!(instruction.name.as_str(), "RUN" | "COPY");
                let risk = if is_step { Risk::Medium } else { Risk::High };
                ("what an address answers is run", risk, Category::InstallHook)
            }
        };
        sink.at(place, said(risk, title, category));
    }
    for (sign, risk, title) in [
        ("--security=insecure", Risk::Medium, "a step of the build runs without its walls"),
        ("--network=host", Risk::Low, "a step of the build runs in the network of the host"),
        ("--privileged", Risk::Medium, "a command asks for a container without walls"),
        ("/var/run/docker.sock", Risk::Medium, "a command uses the engine's socket"),
    ] {
        if let Some(at) = text.find(sign) {
            sink.at(instruction.place(subject, &(at..at + sign.len())), said(risk, title, Category::AccessControl));
        }
    }
}

/// What the commands of an instruction do. The files that `COPY` writes are read as programs, for that is what images are made for.
fn scripts(instruction: &Instruction, text: &str, files: &mut downloads::Files) -> Vec<(Does, Range<usize>)> {
    if instruction.name != "COPY" {
        return downloads::find(text, files);
    }
    let redirects = Reader::new(text).flat_map(|command| command.redirects);
    let bodies: Vec<Range<usize>> = redirects.filter_map(|redirect| redirect.body).collect();
    let found = bodies.into_iter().flat_map(|body| {
        let found = downloads::find(text.get(body.clone()).unwrap_or_default(), files);
        found.into_iter().map(move |(does, range)| (does, body.start + range.start..body.start + range.end))
    });
    found.collect()
}

/// Words as a shell reads them one by one.
fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect::<Vec<_>>().join(" ")
}

fn add(instruction: &Instruction, files: &mut downloads::Files, sink: &mut Sink<'_, '_>) {
    let is_remote =
        |word: &str| word.starts_with("http://") || word.starts_with("https://") || word.starts_with("git@");
    let words = instruction.arguments.split([' ', '\t', '"', '[', ',']);
    if let Some(address) = words.clone().find(|word| is_remote(word)) {
        let checked = instruction.flags().any(|flag| flag.starts_with("--checksum="));
        if !checked {
            downloaded(instruction, files);
        }
        let risk = match (checked, address.starts_with("http://")) {
            (true, _) => Risk::Info,
            (false, true) => Risk::Medium,
            (false, false) => Risk::Low,
        };
        sink.at(instruction.range.clone(), said(risk, "ADD downloads something into the image", Category::Dependency));
    }
}

/// Remembers what an instruction downloads, by the places where it then is.
fn downloaded(instruction: &Instruction, files: &mut downloads::Files) {
    let words = instruction.list().unwrap_or_else(|| {
        let words = instruction.arguments.split_whitespace().skip_while(|word| word.starts_with("--"));
        words.map(str::to_owned).collect()
    });
    let Some((target, sources)) = words.split_last() else { return };
    for source in sources.iter().filter(|source| source.contains("://")) {
        let name = source.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let is_folder = target.ends_with('/') || matches!(target.as_str(), "." | "..") || sources.len() > 1;
        let path = if is_folder { format!("{}/{name}", target.trim_end_matches('/')) } else { target.clone() };
        // By its name alone, too: the folder that commands work in may be the one.
        files.add(path.rsplit('/').next().unwrap_or(&path));
        files.add(&path);
    }
}

fn variables(instruction: &Instruction, sink: &mut Sink<'_, '_>) {
    let pairs = instruction.arguments.split_whitespace().filter_map(|word| word.split_once('='));
    let old_form = instruction.arguments.split_once(' ').filter(|(name, _)| !name.contains('='));
    for (name, value) in pairs.chain(old_form) {
        let value = value.trim().trim_matches(['"', '\'']);
        let is_real = value.len() >= 8
            && !value.contains(['$', '<', '{', '/'])
            && !value.to_ascii_lowercase().contains("your")
            && !value.to_ascii_lowercase().contains("change");
        if SECRET.as_ref().is_some_and(|secret| secret.is_match(name)) && is_real {
            let said = said(Risk::Medium, "a secret is written into the image", Category::CredentialTheft);
            sink.at(instruction.range.clone(), said);
        }
    }
    let arg = instruction.arguments.split(['=', ' ']).next().unwrap_or_default();
    if instruction.name == "ARG" && SECRET.as_ref().is_some_and(|secret| secret.is_match(arg)) {
        sink.at(
            instruction.range.clone(),
            said(
                Risk::Low,
                "a secret is given to the build as an argument, which the image's history shows",
                Category::CredentialTheft,
            ),
        );
    }
}

fn said(risk: Risk, title: &str, category: Category) -> Said {
    let (impact, recommendation) = match category {
        Category::InstallHook => (
            "Whoever answers at that address decides what is in the image, today and at every build; nothing of it was reviewed.",
            "Take a package or a file with a checksum in place of it.",
        ),
        Category::Dependency => (
            "The next build may take something else than what was reviewed.",
            "Name the digest or checksum of what is meant.",
        ),
        Category::DataExfiltration => (
            "Every secret in it is known to whoever has the address.",
            "Reject it unless its author can say what it is for.",
        ),
        Category::CredentialTheft => (
            "Everybody who has the image can read it.",
            "Use a secret mount of the build, or give it to the container when it runs.",
        ),
        _ => (
            "Code that breaks out of the program finds fewer walls.",
            "Name a user without rights, and leave walls where they are; the registry's runtime adds its own.",
        ),
    };
    Said {
        title: format!("Dockerfile: {title}"),
        risk,
        category,
        confidence: Confidence::High,
        impact: impact.to_owned(),
        recommendation: recommendation.to_owned(),
    }
}

#[cfg(test)]
mod tests;
