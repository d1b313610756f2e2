//! Words of an instruction, as the builder splits them.

/// A here-document that a line announces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heredoc {
    /// The line that ends it.
    pub(super) name: String,
    /// Whether tabs in front of its lines are dropped: `<<-`.
    pub(super) tabs: bool,
}

/// The words between whitespace, as written: whitespace in quotes or after a backslash does not end a word.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = first(rest);
        words.push(word);
        rest = after.trim_start();
    }
    words
}

fn first(text: &str) -> (&str, &str) {
    let (mut quote, mut escaped) = (None, false);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some('"') | None, '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, _) if character.is_whitespace() => return text.split_at(at),
            _ => {}
        }
    }
    (text, "")
}

/// A word without its quotes and backslashes.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(|character| !matches!(character, '"' | '\'' | '\\')).collect()
}

/// The flags in front, without quotes, and what follows them.
pub(super) fn flags_of(arguments: &str) -> (Vec<String>, &str) {
    let mut flags = Vec::new();
    let mut rest = arguments.trim_start();
    while rest.starts_with("--") {
        let (word, after) = first(rest);
        rest = after.trim_start();
        if word == "--" {
            break;
        }
        flags.push(plain(word));
    }
    (flags, rest)
}

/// The here-documents that a line announces: words of the form `<<NAME`, `<<-NAME`, `3<<"NAME"`.
pub(super) fn heredocs(arguments: &str) -> Vec<Heredoc> {
    let heredoc = |word: &str| {
        let rest = word.trim_start_matches(|digit: char| digit.is_ascii_digit()).strip_prefix("<<")?;
        let (rest, tabs) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
        let name = plain(rest);
        (!name.is_empty() && !rest.contains('<')).then_some(Heredoc { name, tabs })
    };
    split(arguments).into_iter().filter_map(heredoc).collect()
}

/// Whether a text uses a variable: `$NAME`, `${NAME}`, `${NAME:-x}`.
pub(super) fn uses(text: &str, name: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let after = rest.strip_prefix(name).map(|after| after.chars().next());
        after.is_some_and(|next| !next.is_some_and(|next| next.is_ascii_alphanumeric() || next == '_'))
    })
}
