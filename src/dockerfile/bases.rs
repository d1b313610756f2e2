//! The images that a build starts from, with the variables of their names replaced.

use super::{Dockerfile, PLATFORM_ARGUMENTS};
use std::collections::BTreeMap;

/// An image that a stage starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// The line of `FROM`, counted from 1.
    pub(crate) line: usize,
    /// As written.
    pub(crate) written: String,
    /// The image; none where nobody can say which one it is.
    pub(crate) image: Option<String>,
    /// The platform that `FROM --platform` names, if any.
    pub(crate) platform: Option<String>,
}

impl Dockerfile {
    /// The images that stages start from; `scratch` and stages of the file itself are left out. `given` are the arguments of the
    /// build, `platforms` the variables that BuildKit sets.
    #[must_use]
    pub(crate) fn bases(&self, given: &BTreeMap<String, String>, platforms: &BTreeMap<&str, String>) -> Vec<Base> {
        // None: somebody else sets it, or leaves it empty.
        let mut values: BTreeMap<String, Option<String>> =
            PLATFORM_ARGUMENTS.iter().map(|name| ((*name).to_owned(), platforms.get(name).cloned())).collect();
        let mut stages: Vec<String> = Vec::new();
        let mut bases = Vec::new();
        for instruction in &self.instructions {
            let words = instruction.words();
            if instruction.name == "ARG" && stages.is_empty() && !instruction.held_back {
                for word in words.iter().filter(|_| !is_unclear(&instruction.arguments)) {
                    let (name, value) =
                        word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
                    let value = match (given.get(name), value) {
                        // Which of the two counts differs between builders.
                        _ if PLATFORM_ARGUMENTS.contains(&name) && (value.is_some() || given.contains_key(name)) => {
                            None
                        }
                        _ if PLATFORM_ARGUMENTS.contains(&name) => continue,
                        (Some(given), _) => Some(given.clone()),
                        (None, Some(value)) => expanded(value, &values),
                        // Whether the value of before counts differs, too.
                        (None, None) if values.contains_key(name) => None,
                        (None, None) => continue,
                    };
                    values.insert(name.to_owned(), value);
                }
                if is_unclear(&instruction.arguments) {
                    let names = words.iter().map(|word| word.split('=').next().unwrap_or(word));
                    values.extend(names.map(|name| (name.to_owned(), None)));
                }
            }
            if instruction.name != "FROM" || instruction.held_back {
                continue;
            }
            let written = instruction.arguments.split_whitespace().next().unwrap_or_default().to_owned();
            let word = words.first().map(String::as_str).unwrap_or_default();
            let image = if is_unclear(&instruction.arguments) { None } else { expanded(word, &values) };
            let named = instruction.flag("platform");
            let platform = named.and_then(|platform| expanded(platform, &values));
            let is_known = image.as_deref().is_some_and(|image| {
                image == "scratch" || (!image.is_empty() && stages.contains(&image.to_ascii_lowercase()))
            });
            stages.push(match words.as_slice() {
                [_, word, name, ..] if word.eq_ignore_ascii_case("as") => name.to_ascii_lowercase(),
                _ => String::new(),
            });
            if !is_known {
                let image = image.filter(|_| named.is_some() == platform.is_some());
                bases.push(Base { line: instruction.line, written, image, platform });
            }
        }
        bases
    }
}

/// Whether a word may be another one to a builder: what follows an escape is not worked out.
fn is_unclear(text: &str) -> bool {
    text.contains(['\\', '`'])
}

/// A word with its variables replaced; none where nobody can say what it is.
fn expanded(word: &str, values: &BTreeMap<String, Option<String>>) -> Option<String> {
    let mut text = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        let in_braces = after.strip_prefix('{');
        let after = in_braces.unwrap_or(after);
        let end = after.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let value = match values.get(name) {
            Some(value) => Some(value.as_deref()?),
            None => None,
        };
        let (default, after) = match in_braces {
            None => (None, after),
            Some(_) => {
                let (inside, after) = after.split_once('}')?;
                match inside {
                    "" => (None, after),
                    inside => (Some(inside.strip_prefix(":-")?), after),
                }
            }
        };
        let value = value.filter(|value| !value.is_empty()).or(default)?;
        if value.contains('$') {
            return None;
        }
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::Dockerfile;
    use std::collections::BTreeMap;

    fn bases(text: &str) -> Vec<String> {
        let given: BTreeMap<String, String> = [("GIVEN".to_owned(), "given".to_owned())].into();
        let platforms = [("TARGETARCH", "amd64".to_owned())].into();
        let bases = Dockerfile::parse(text.as_bytes()).bases(&given, &platforms);
        let shown = |image: Option<String>| image.unwrap_or_else(|| "?".to_owned());
        bases.into_iter().map(|base| format!("{} {}", base.line, shown(base.image))).collect()
    }

    #[test]
    fn the_images_of_stages_are_known_with_their_variables() {
        assert_eq!(bases("FROM scratch\nFROM a AS One\nFROM one\nFROM --platform=x/y b"), ["2 a", "4 b"]);
        assert_eq!(bases("ARG A=x\nARG B=$A:1\nFROM ${B}\nFROM \"${A}-${TARGETARCH}\""), ["3 x:1", "4 x-amd64"]);
        assert_eq!(bases("ARG GIVEN=x\nARG N\nFROM $GIVEN/${N:-n}"), ["3 given/n"]);
        // A name that nobody else could say.
        let unclear = [
            "FROM $N",
            "FROM ${N:+x}",
            "FROM a\\b",
            "ARG A=a\\b\nFROM $A",
            "FROM a$TARGETOS",
            "ARG TARGETARCH=x\nFROM $TARGETARCH",
            "FROM --platform=$N x",
            "ARG A=x\nARG A\nFROM ${A:-y}",
        ];
        for text in unclear {
            assert!(bases(text).iter().all(|base| base.ends_with('?')), "{text}: {:?}", bases(text));
        }
    }
}
