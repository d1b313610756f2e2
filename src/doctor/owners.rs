//! CODEOWNERS, as GitHub reads it: the last line that fits a file says who owns it.

/// Whether somebody owns the file at `path`.
pub(super) fn owned(text: &str, path: &str) -> bool {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        Some((words.next()?, words.any(|owner| owner.contains('@'))))
    });
    lines.rev().find(|(pattern, _)| fits(pattern, path)).is_some_and(|(_, has_owner)| has_owner)
}

/// Whether a pattern is of this file, or of a folder that it is in.
fn fits(pattern: &str, path: &str) -> bool {
    let is_folder = pattern.ends_with('/');
    let plain = pattern.trim_matches('/');
    if plain.is_empty() {
        return false;
    }
    let mut parts: Vec<&str> = plain.split('/').collect();
    if !pattern.starts_with('/') && parts.len() == 1 {
        parts.insert(0, "**");
    }
    // Two in a row are one, and would be tried in many ways.
    parts.dedup_by(|one, other| *one == "**" && *other == "**");
    let names: Vec<&str> = path.split('/').collect();
    // `docs/*` is the files of that folder and not of those in it.
    let is_shallow = parts.len() > 1 && parts.last() == Some(&"*") && parts.first() != Some(&"**");
    let least = if is_shallow { names.len() } else { 1 };
    let most = if is_folder { names.len().saturating_sub(1) } else { names.len() };
    (least..=most).any(|length| matches(&parts, names.get(..length).unwrap_or_default()))
}

fn matches(parts: &[&str], names: &[&str]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) if matches(rest, names) => true,
        (Some((&"**", _)), Some((_, rest))) => matches(parts, rest),
        (Some((part, parts)), Some((name, names))) => {
            is_like(part.as_bytes(), name.as_bytes()) && matches(parts, names)
        }
        _ => false,
    }
}

/// Whether `*` (any characters) and `?` (one) make a name of this pattern.
pub(super) fn is_like(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut star) = ((0, 0), None);
    while at.1 < name.len() {
        match pattern.get(at.0) {
            Some(b'*') => {
                star = Some(at);
                at.0 += 1;
            }
            Some(one) if *one == b'?' || name.get(at.1) == Some(one) => at = (at.0 + 1, at.1 + 1),
            _ => match star {
                Some((from, to)) => {
                    star = Some((from, to + 1));
                    at = (from + 1, to + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(at.0..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::owned;

    #[test]
    fn the_last_line_that_fits_decides() {
        let path = ".github/workflows/gate.yml";
        for (text, expected) in [
            ("/.github/ @acme/m", true),
            (".github/ @acme/m", true),
            ("/.github @acme/m", true),
            ("/.github/** @acme/m", true),
            ("* @maria", true),
            ("*.yml maria@example.com", true),
            ("**/gate.yml @maria", true),
            ("workflows/ @maria", true),
            ("/.github/workflows/g*.y?l @maria", true),
            ("* @maria\n/.github/workflows/\n", false),
            ("* @maria\n# /.github/\n", true),
            ("/.github/ # @maria", false),
            ("/.github/ maria", false),
            ("/.github/* @maria", false),
            ("/workflows/ @maria", false),
            ("gate.yml/ @maria", false),
            ("/.github/workflow @maria", false),
            ("/ @maria", false),
            ("", false),
        ] {
            assert_eq!(owned(text, path), expected, "{text}");
        }
        assert!(
            owned("/mcp-registry.toml @a", "mcp-registry.toml")
                && !owned("/x/mcp-registry.toml @a", "mcp-registry.toml")
        );
        // A pattern that would take for ever by trying.
        assert!(!owned(&format!("{}b @a", "*a".repeat(2_000)), &"a".repeat(4_000)));
    }
}
