//! What has one place in the program: a second one would disagree with it some day.

use super::source::Source;
use regex::Regex;
use std::sync::LazyLock;

/// Something that is done in one place only.
pub(super) struct Place {
    /// What it is, to follow "there is one".
    pub(super) what: &'static str,
    /// Where it is: a file, or a folder and everything under it.
    pub(super) homes: &'static [&'static str],
    /// Code that does it, without any whitespace, comments, strings and tests.
    code: &'static [&'static str],
    /// The same, as it is written, for what shows in strings and characters only.
    text: &'static [&'static str],
    /// Files with such code that does something else, and what.
    others: &'static [(&'static str, &'static str)],
}

pub(super) const PLACES: &[Place] = &[
    Place {
        what: "cutter of text",
        homes: &["text/cut.rs"],
        code: &[
            r"\.chars\(\)\.take\((?:[^()]|\([^()]*\))*\)\.(?:(?:flat_)?map\((?:[^()]|\([^()]*\))*\)\.)?collect",
            r"\.char_indices\(\)(?:\.rev\(\))?\.nth\(",
            r"\.floor_char_boundary\(",
        ],
        text: &[r"(?:push|once)\('…'\)", r#"push_str\("…"#, r#"\{\w+\}…""#],
        others: &[
            ("output/sarif/fingerprint.rs", "hashes the place of a mark, and shows nothing"),
            ("review/scan/behaviour.rs", "chooses how far after a match it looks for another one"),
            ("review/scan/sink.rs", "widens or narrows the range of a quote, which has two ends"),
            ("output/excerpt.rs", "shows the part of a line around a mark"),
            ("agent/tools/grep.rs", "shows the part of a line around a match, and lines that are not UTF-8"),
            ("escape/template.rs", "cuts what is already escaped, by bytes, and lines"),
        ],
    },
    Place {
        what: "table of special-purpose addresses",
        homes: &["net/"],
        code: &[
            r"\.is_(?:private|link_local|unique_local|unicast_link_local|unspecified|multicast|documentation|broadcast)\(",
            r"Ipv[46]Net::new",
        ],
        text: &[],
        others: &[],
    },
    Place {
        what: "sender of requests to GitHub",
        homes: &["github/sender.rs"],
        code: &[r"octocrab::", r"Octocrab\b"],
        text: &[],
        others: &[],
    },
    Place {
        what: "parser of image references",
        homes: &["ids/image.rs"],
        code: &[r"oci_client::(?:\{[^}]*)?Reference", r"oci_spec::distribution", r"ImageReference\{host"],
        // What is before or after the mark of a digest, the tag, the host; and Docker's frontend, by its name.
        text: &[
            r"(?:image|reference|digest|word|name)\w*\.r?split_once\('[@:]'\)",
            r#""@sha(?:256|512):""#,
            r#""(?:docker\.io/)?docker/dockerfile:?""#,
        ],
        others: &[("dockerfile.rs", "compares what the parser made of an image with the name of Docker's frontend")],
    },
    Place {
        what: "reader of rate limits in answers",
        homes: &["fetch/retry.rs"],
        code: &[r"header::(?:\{[^}]*\b)?RETRY_AFTER", r"fnretry_after"],
        text: &[r#"(?i)"(?:retry-after|x-ratelimit-remaining)""#],
        others: &[("proxy/relay.rs", "hands it on as it is, whatever it means")],
    },
    Place {
        what: "list of files with keys",
        homes: &["shell/names.rs"],
        code: &[],
        text: &[r#""(?:\.(?:ssh|aws|gnupg|kube|netrc|git-credentials|pypirc)|id_(?:rsa|ed25519))""#],
        others: &[("text/instructions/kinds.rs", "words as a model is told them, without punctuation")],
    },
    Place {
        what: "reader of Dockerfiles",
        homes: &["dockerfile.rs", "dockerfile/"],
        code: &[],
        // Names that only such a reader matches, in a file that joins lines or ends here-documents by itself.
        text: &[r#"strip_suffix\((?:self\.)?escape\)"#, r#"\("escape", "`"\)"#],
        others: &[],
    },
    Place {
        what: "reader of `.dockerignore`",
        homes: &["dockerfile/ignore.rs"],
        code: &[],
        // What brings a file back, which only such a reader looks for.
        text: &[r"strip_prefix\('!'\)"],
        others: &[],
    },
    Place {
        what: "list of shells",
        homes: &["shell/names.rs"],
        code: &[],
        text: &[r#""(?:bash|zsh|dash|ksh)""#, r"\b(?:sh\|bash|bash\|sh|ba\|z)\b"],
        others: &[
            ("review/scan/behaviour/patterns.rs", "the end of a pipe in any code, by its last letters"),
            ("review/scan/install/npm.rs", "`sh -c` within a script of npm, by its last letters"),
            ("pins/resolve/kind.rs", "endings of files that are run"),
            ("review/scan/comments.rs", "endings of files that a shell reads"),
            ("snapshot/language.rs", "endings of files that a shell reads"),
        ],
    },
    Place {
        what: "list of programs that download",
        homes: &["shell/names.rs"],
        code: &[],
        text: &[r#""(?:wget|aria2c)""#, r"\b(?:curl\|wget|wget\|curl)\b"],
        others: &[("review/scan/downloads/files/fetch.rs", "what the options of each of them mean")],
    },
];

/// The patterns of each place, for the code and for the text.
static PATTERNS: LazyLock<Vec<[Vec<Regex>; 2]>> = LazyLock::new(|| {
    let all = |patterns: &[&str]| patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
    PLACES.iter().map(|place| [all(place.code), all(place.text)]).collect()
});

/// The places whose work a file does.
fn done_in(source: &Source) -> Vec<&'static Place> {
    let (code, text) = (source.squeezed(), source.written());
    let has = |patterns: &[Regex], text: &str| patterns.iter().any(|pattern| pattern.is_match(text));
    let done =
        PLACES.iter().zip(&*PATTERNS).filter(|(_, [in_code, in_text])| has(in_code, &code) || has(in_text, &text));
    done.map(|(place, _)| place).collect()
}

/// Everything in a file that has its place elsewhere, one sentence each.
pub(super) fn misplaced(source: &Source) -> Vec<String> {
    let is_beside = |place: &&Place| {
        !super::under(&source.path, place.homes) && !place.others.iter().any(|(path, _)| *path == source.path)
    };
    let sentence = |place: &Place| {
        format!("src/{}: there is one {}, in src/{}: use it", source.path, place.what, place.homes.join(" and src/"))
    };
    done_in(source).into_iter().filter(is_beside).map(sentence).collect()
}

/// Exceptions that are not needed anymore, and places that are gone.
pub(super) fn out_of_date(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for place in PLACES {
        for home in place.homes.iter().filter(|home| !sources.iter().any(|source| super::under(&source.path, &[home])))
        {
            found.push(format!("there is no src/{home} for the {}", place.what));
        }
        for (path, why) in place.others {
            let source = sources.iter().find(|source| source.path == *path);
            if !source.is_some_and(|source| done_in(source).iter().any(|done| done.what == place.what)) {
                found.push(format!("src/{path} is no exception anymore from the {}: {why}", place.what));
            }
        }
    }
    found
}
