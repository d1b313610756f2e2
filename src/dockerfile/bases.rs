//! The images that a build starts from, with the variables of their names replaced.

use super::{Dockerfile, Instruction, PLATFORM_ARGUMENTS};
use std::collections::BTreeMap;

/// An image that a stage starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// The line of `FROM`, counted from 1.
    pub(crate) line: usize,
    /// As written.
    pub(crate) written: String,
    /// The image; or why nobody can say before the build which one it is.
    pub(crate) image: Result<String, String>,
    /// The platform that `FROM --platform` names, if any.
    pub(crate) platform: Option<String>,
}

/// What a variable holds where `FROM` uses it; or why nobody can say.
type Values = BTreeMap<String, Result<String, String>>;

impl Dockerfile {
    /// The images that stages start from; `scratch` and stages of the file itself are left out. `given` are the arguments of the
    /// build, `platforms` the variables that BuildKit sets.
    #[must_use]
    pub(crate) fn bases(&self, given: &BTreeMap<String, String>, platforms: &BTreeMap<&str, String>) -> Vec<Base> {
        let platform = |name: &&'static str| {
            let why = || format!("`{name}` is set by the builder, and not every builder sets it");
            ((*name).to_owned(), platforms.get(name).cloned().ok_or_else(why))
        };
        let mut values: Values = PLATFORM_ARGUMENTS.iter().map(platform).collect();
        let mut stages: Vec<String> = Vec::new();
        let mut bases = Vec::new();
        for instruction in &self.instructions {
            if instruction.name == "ARG" && stages.is_empty() && !instruction.held_back {
                declare(instruction, given, &mut values);
            }
            if instruction.name != "FROM" || instruction.held_back {
                continue;
            }
            let words = instruction.words();
            let written = instruction.arguments.split_whitespace().next().unwrap_or_default().to_owned();
            let word = words.first().map(String::as_str).unwrap_or_default();
            let image = unclear(&instruction.arguments).map_or_else(|| expanded(word, &values), Err);
            let platform = instruction.flag("platform").map(|platform| expanded(platform, &values)).transpose();
            let is_known = image.as_deref().is_ok_and(|image| {
                image == "scratch" || (!image.is_empty() && stages.contains(&image.to_ascii_lowercase()))
            });
            stages.push(match words.as_slice() {
                [_, word, name, ..] if word.eq_ignore_ascii_case("as") => name.to_ascii_lowercase(),
                _ => String::new(),
            });
            if !is_known {
                let (image, platform) = match (image, platform) {
                    (image, Ok(platform)) => (image, platform),
                    (Ok(_), Err(why)) => (Err(format!("of its platform, {why}")), None),
                    (Err(why), Err(_)) => (Err(why), None),
                };
                let image = match image {
                    Ok(image) if image.is_empty() => Err(empty(word)),
                    image => image,
                };
                bases.push(Base { line: instruction.line, written, image, platform });
            }
        }
        bases
    }
}

/// Notes what an `ARG` in front of the first `FROM` declares.
fn declare(instruction: &Instruction, given: &BTreeMap<String, String>, values: &mut Values) {
    let unclear = unclear(&instruction.arguments);
    for word in instruction.words() {
        let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        let value = match (given.get(name), value) {
            _ if unclear.is_some() => Err(unclear.clone().unwrap_or_default()),
            _ if PLATFORM_ARGUMENTS.contains(&name) && (value.is_some() || given.contains_key(name)) => Err(format!(
                "`{name}` is set by the builder and given a value, too: which counts differs between builders"
            )),
            _ if PLATFORM_ARGUMENTS.contains(&name) => continue,
            (Some(given), _) => Ok(given.clone()),
            (None, Some(value)) => expanded(value, values),
            (None, None) if values.contains_key(name) => {
                Err(format!("`{name}` is declared again without a value: which counts differs between builders"))
            }
            (None, None) => continue,
        };
        values.insert(name.to_owned(), value);
    }
}

/// Why a text may be another one to a builder.
fn unclear(text: &str) -> Option<String> {
    let why = match text {
        text if text.contains(['\\', '`']) => "what an escape character does to it is not worked out",
        text if text.contains('\'') && text.contains('$') => "a variable between single quotes is not worked out",
        _ => return None,
    };
    Some(why.to_owned())
}

fn empty(word: &str) -> String {
    format!("`{word}` is empty: no `ARG` before the first `FROM` gives it a value, and no `--build-arg` does")
}

/// How deep variables may stand in defaults of variables.
const MAX_DEPTH: usize = 8;

/// A word with its variables replaced; or why nobody can say what it is.
fn expanded(word: &str, values: &Values) -> Result<String, String> {
    let (text, rest) = expand(word, values, MAX_DEPTH)?;
    // A brace that closes nothing.
    Ok(text + rest)
}

/// Replaces variables up to the end, or within braces up to the one that closes them. What follows that.
fn expand<'w>(word: &'w str, values: &Values, depth: usize) -> Result<(String, &'w str), String> {
    let within = depth < MAX_DEPTH;
    let mut text = String::new();
    let mut rest = word;
    loop {
        let at = rest.find(|c: char| c == '$' || (within && c == '}')).unwrap_or(rest.len());
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        let Some(after) = after.strip_prefix('$') else { return Ok((text, after)) };
        let in_braces = after.strip_prefix('{');
        let after = in_braces.unwrap_or(after);
        let end = after.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err("a `$` without the name of a variable is not worked out".to_owned());
        }
        // What nobody declares is empty to every builder.
        let value = values.get(name).cloned().transpose()?;
        if value.as_ref().is_some_and(|value| value.contains('$')) {
            return Err(format!("the value of `{name}` has a `$` in it"));
        }
        rest = match in_braces {
            None => {
                text.push_str(&value.unwrap_or_default());
                after
            }
            Some(_) => {
                let (value, after) = modified((name, value), after, values, depth)?;
                text.push_str(&value);
                after
            }
        };
    }
}

/// What stands in braces, from behind the name: `}`, `:-default}`, `+other}`. What follows it.
fn modified<'w>(
    (name, value): (&str, Option<String>),
    inside: &'w str,
    values: &Values,
    depth: usize,
) -> Result<(String, &'w str), String> {
    if let Some(after) = inside.strip_prefix('}') {
        return Ok((value.unwrap_or_default(), after));
    }
    let (is_set, inside) = match inside.strip_prefix(':') {
        Some(inside) => (value.as_deref().is_some_and(|value| !value.is_empty()), inside),
        None => (value.is_some(), inside),
    };
    let Some(modifier @ ('-' | '+' | '?')) = inside.chars().next() else {
        return Err(format!("what `${{{name}…}}` makes of `{name}` is not worked out"));
    };
    let deeper = depth.checked_sub(1).filter(|depth| *depth > 0);
    let deeper = deeper.ok_or_else(|| format!("`{name}` has a default in too many others"))?;
    let other = inside.get(1..).unwrap_or_default();
    let (other, after) = expand(other, values, deeper)?;
    let after = after.strip_prefix('}').ok_or_else(|| format!("a brace behind `{name}` is not closed"))?;
    match (modifier, is_set) {
        ('-', true) => Ok((value.unwrap_or_default(), after)),
        ('-', false) | ('+', true) => Ok((other, after)),
        ('+', false) => Ok((String::new(), after)),
        (_, true) => Ok((value.unwrap_or_default(), after)),
        (_, false) => Err(format!("`{name}` needs a value: give one with `--build-arg {name}=VALUE`")),
    }
}

#[cfg(test)]
mod tests {
    use super::Dockerfile;
    use std::collections::BTreeMap;

    fn bases(text: &str) -> Vec<String> {
        let given: BTreeMap<String, String> = [("GIVEN".to_owned(), "given".to_owned())].into();
        let platforms = [("TARGETARCH", "amd64".to_owned())].into();
        let bases = Dockerfile::parse(text.as_bytes()).bases(&given, &platforms);
        let shown = |image: Result<String, String>| image.unwrap_or_else(|why| format!("? {why}"));
        bases.into_iter().map(|base| format!("{} {}", base.line, shown(base.image))).collect()
    }

    #[test]
    fn the_images_of_stages_are_known_with_their_variables() {
        assert_eq!(bases("FROM scratch\nFROM a AS One\nFROM one\nFROM --platform=x/y b"), ["2 a", "4 b"]);
        assert_eq!(bases("ARG A=x\nARG B=$A:1\nFROM ${B}\nFROM \"${A}-${TARGETARCH}\""), ["3 x:1", "4 x-amd64"]);
        assert_eq!(bases("ARG GIVEN=x\nARG N\nFROM $GIVEN/${N:-n}"), ["3 given/n"]);
        assert_eq!(bases("ARG A=x\nARG E=\nFROM ${A-n}${E-n}${N-n}${A:-n}${E:-n}${N:-n}:y"), ["3 xnxnn:y"]);
        assert_eq!(bases("ARG A=x\nARG E=\nFROM ${A+s}${E+s}${N+s}${A:+s}${E:+s}${N:+s}:y"), ["3 sss:y"]);
        assert_eq!(bases("ARG A=x\nARG B=b\nFROM ${N:-${A:+${B}-c}}/d"), ["3 b-c/d"]);
        assert_eq!(bases("ARG A=x\nFROM ${A:?no}$N:1"), ["2 x:1"]);
        assert_eq!(bases("ARG B\nFROM scratch${B} AS one\nFROM one${B}"), Vec::<String>::new());
        // A name that nobody else could say.
        let unclear = [
            "FROM $N",
            "FROM ${N:+x}",
            "FROM ${N:?no}",
            "FROM a\\b",
            "ARG A=a\\b\nFROM $A",
            "ARG A='$B'\nFROM $A",
            "FROM a$TARGETOS",
            "ARG TARGETARCH=x\nFROM $TARGETARCH",
            "FROM --platform=$TARGETVARIANT x",
            "ARG A=x\nARG A\nFROM ${A:-y}",
            "ARG A=x\nFROM ${A#x}",
            "FROM a$",
            "FROM ${N:-x",
            "ARG A=x$$\nFROM $A",
        ];
        let said: Vec<String> = unclear.iter().map(|text| bases(text).join(", ")).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        1 ? `$N` is empty: no `ARG` before the first `FROM` gives it a value, and no `--build-arg` does
        1 ? `${N:+x}` is empty: no `ARG` before the first `FROM` gives it a value, and no `--build-arg` does
        1 ? `N` needs a value: give one with `--build-arg N=VALUE`
        1 ? what an escape character does to it is not worked out
        2 ? what an escape character does to it is not worked out
        2 ? a variable between single quotes is not worked out
        1 ? `TARGETOS` is set by the builder, and not every builder sets it
        2 ? `TARGETARCH` is set by the builder and given a value, too: which counts differs between builders
        1 ? of its platform, `TARGETVARIANT` is set by the builder, and not every builder sets it
        3 ? `A` is declared again without a value: which counts differs between builders
        2 ? what `${A…}` makes of `A` is not worked out
        1 ? a `$` without the name of a variable is not worked out
        1 ? a brace behind `N` is not closed
        2 ? a `$` without the name of a variable is not worked out
        ");
        let deep = format!("FROM {}x{}", "${N:-".repeat(20), "}".repeat(20));
        assert_eq!(bases(&deep), ["1 ? `N` has a default in too many others"]);
    }
}
