//! What a file of agents or editors does to who opens the repository: commands that start by themselves, where they send, which
//! guards they take away, and what they tell a model to do behind its user's back.
//!
//! What it cannot see: what a script does that a command names (it is a file of the repository, and read as such), and orders in
//! words that [`crate::text::instructions`] does not know.

use crate::review::scan::downloads::{self, Files};
use crate::review::scan::subject::Subject;
use crate::shell::names;
use crate::text::instructions::{Strength, Topic};
use crate::verdict::Risk;
use regex::Regex;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// One thing that a file does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Act {
    pub(super) range: Range<usize>,
    /// To follow «it».
    pub(super) does: &'static str,
    pub(super) risk: Risk,
}

/// The most of one file that are looked at.
const MOST: usize = 200;

/// Texts of configuration that hold a command: by their keys in the files of agents, editors and development containers.
const COMMANDS: &str = r#"(?x) "(?:command|cmd|run|script|exec|apiKeyHelper|awsAuthRefresh|otelHeadersHelper|SessionStart|PreToolUse|PostToolUse
    |onCreateCommand|updateContentCommand|postCreateCommand|postStartCommand|postAttachCommand|initializeCommand)"\s*:\s*
    (?: "(?P<text>(?:[^"\\]|\\.)*)" | \[(?P<list>[^\]]*)\] )
    (?: \s*,\s*"args"\s*:\s*\[(?P<args>[^\]]*)\] )?"#;
/// The same of TOML and YAML, one a line.
const LINES: &str = r#"(?m)^\s*(?:-\s*)?(?:command|cmd|run|script|notify)\s*[:=]\s*(?P<line>\S.*)$"#;

/// How a command reads secrets, besides the files of [`names::names_keys`].
const SECRETS: &str = r"(?i)\bprintenv\b|\benv\s*\||security\s+find-\w+-password|\bsecret-tool\b";
/// How a command decodes what it runs.
const DECODES: &str = r"(?i)base64\s+(?:-d|-D|--decode)\b|frombase64string|\batob\(|b64decode|-enc(?:odedcommand)?\s+[a-z0-9+/=]{16}|\bxxd\s+-r\b";
/// How a command contacts the network, besides the programs of [`names`].
const NETWORK: &str = r"(?i)\b(?:socat|netcat|iwr|irm|invoke-webrequest|invoke-restmethod|start-bitstransfer)\b|/dev/tcp/|\b(?:requests|urllib|http\.client|fetch)\b.{0,40}https?:";

/// What configuration sets, wherever it stands in it.
const SETS: &[(&str, Risk, &str)] = &[
    (
        "sends what agents say and are told to another address",
        Risk::High,
        r#"(?x)["']?\b(?:ANTHROPIC|OPENAI|GEMINI|GOOGLE_GENAI|AZURE_OPENAI|OPENROUTER|CODEX)_(?:BASE_URL|API_BASE|API_URL|ENDPOINT)\b["']?\s*[:=]\s*["']?https?://
            |["'](?:base_?url|apiBase|openai_base_url)["']?\s*[:=]\s*["']https?://"#,
    ),
    (
        "loads code into every program that is started",
        Risk::High,
        r#"["']?\b(?:LD_PRELOAD|DYLD_INSERT_LIBRARIES|PYTHONSTARTUP|BASH_ENV)\b["']?\s*[:=]|["']?\bNODE_OPTIONS\b["']?\s*[:=]\s*["'][^"'\n]*(?:--require|-r\s|--import|--loader)"#,
    ),
    (
        "lets agents act without asking",
        Risk::Medium,
        r#"(?i)\bbypassPermissions\b|dangerously-(?:skip|bypass)|"(?:chat\.tools\.(?:\w+\.)?autoApprove|autoApproveAll|yolo|skipDangerousModePermissionPrompt)"\s*:\s*(?:true|\{)|\bdanger-full-access\b|approval_policy["']?\s*[:=]\s*["']never"#,
    ),
];

/// Addresses of this very machine: nothing leaves it.
const HERE: &str = r"https?://(?:localhost|127\.0\.0\.1|\[::1\])\b";

static COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(COMMANDS).ok());
static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(LINES).ok());
static IS_HERE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(HERE).ok());
static READS_SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SECRETS).ok());
static IS_DECODED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(DECODES).ok());
static USES_NETWORK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NETWORK).ok());
static SETTINGS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| SETS.iter().map(|(.., pattern)| Regex::new(pattern).ok()).collect());

/// Whether it is written for programs: a text for people only speaks of commands.
fn is_configuration(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    [".json", ".jsonc", ".json5", ".toml", ".yml", ".yaml"].iter().any(|end| name.ends_with(end))
        || name.ends_with(".sh")
        || !name.contains('.')
}

/// Everything that the file does, in the order of its text.
pub(super) fn acts(subject: &Subject<'_>) -> Vec<Act> {
    let mut acts = Vec::new();
    if is_configuration(subject.path) {
        commands(&subject.text, &mut acts);
        settings(&subject.text, &mut acts);
    }
    for found in subject.instructions() {
        let (does, risk) = match (found.strength, found.topic) {
            (Strength::PlainInTools | Strength::Soft, _) => continue,
            (_, Topic::Secrecy) => ("tells agents to hide what they do", Risk::High),
            (_, Topic::Keys) => ("tells agents to read or pass on keys", Risk::High),
            (_, Topic::DropInstructions | Topic::HiddenComment) => ("speaks to agents as an attack does", Risk::Medium),
            _ => continue,
        };
        acts.push(Act { range: found.range.clone(), does, risk });
    }
    acts.sort_by_key(|act| (act.range.start, std::cmp::Reverse(act.risk)));
    acts.truncate(MOST);
    acts
}

fn commands(text: &str, acts: &mut Vec<Act>) {
    for found in COMMAND.iter().flat_map(|pattern| pattern.captures_iter(text)).take(MOST) {
        let parts = ["text", "list", "args"].into_iter().filter_map(|name| found.name(name));
        let command: Vec<Cow<'_, str>> = parts.map(|part| unescaped(part.as_str())).collect();
        let range = found.get(0).map_or(0..0, |whole| whole.range());
        judge(&command.join(" "), range, acts);
    }
    for found in LINE.iter().flat_map(|pattern| pattern.captures_iter(text)).take(MOST) {
        let Some(line) = found.name("line") else { continue };
        judge(line.as_str(), line.range(), acts);
    }
}

/// The text of a JSON string or of a list of them, as a shell would read it.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '"', ',']) {
        return Cow::Borrowed(text);
    }
    let whole = serde_json::from_str::<String>(&format!("\"{text}\""));
    let list = || serde_json::from_str::<Vec<String>>(&format!("[{text}]")).map(|words| words.join(" "));
    whole.or_else(|_| list()).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// What a command does, the gravest alone.
fn judge(command: &str, range: Range<usize>, acts: &mut Vec<Act>) {
    let has = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(command));
    let sends = |word| names::is_downloader(word) || names::SENDERS.contains(&names::base(word));
    let (does, risk) = if names::names_keys(command) || has(&READS_SECRETS) {
        ("runs a command that reads secrets", Risk::High)
    } else if has(&IS_DECODED) {
        ("runs a command that is decoded first", Risk::High)
    } else if !downloads::find(command, &mut Files::default()).is_empty() {
        ("runs what an address answers", Risk::High)
    } else if words(command).any(sends) || has(&USES_NETWORK) {
        ("runs a command that contacts the network", Risk::High)
    } else {
        ("runs a command by itself", Risk::Low)
    };
    acts.push(Act { range, does, risk });
}

/// The words of a command, roughly: quotes and signs of a shell end them.
fn words(command: &str) -> impl Iterator<Item = &str> {
    command.split(|c: char| c.is_whitespace() || "\"'`()|&;<>$".contains(c)).filter(|word| !word.is_empty())
}

fn settings(text: &str, acts: &mut Vec<Act>) {
    for ((does, risk, _), pattern) in SETS.iter().zip(SETTINGS.iter()) {
        for found in pattern.iter().flat_map(|pattern| pattern.find_iter(text)).take(MOST) {
            let rest = text.get(found.start()..).and_then(|rest| rest.lines().next()).unwrap_or_default();
            let stays = IS_HERE.as_ref().is_some_and(|here| here.is_match(rest));
            if !(stays && found.as_str().contains("http")) {
                acts.push(Act { range: found.range(), does, risk: *risk });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMAND, IS_DECODED, IS_HERE, LINE, READS_SECRETS, SETS, SETTINGS, USES_NETWORK};

    #[test]
    fn every_pattern_compiles() {
        assert!(COMMAND.is_some() && LINE.is_some() && IS_HERE.is_some());
        assert!(READS_SECRETS.is_some() && IS_DECODED.is_some() && USES_NETWORK.is_some());
        assert_eq!(SETTINGS.iter().flatten().count(), SETS.len());
    }
}
