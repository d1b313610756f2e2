//! Markdown that may become the message of a commit.
//!
//! Where a repository uses a pull request's text for the commit that merges it, nobody renders it: what is in a code span
//! acts there. `fixes #1` closes an issue, `[skip ci]` keeps checks from running, `@name` calls somebody.

/// Nothing, to readers; and no part of a word, to programs.
const BREAK: char = '\u{200b}';

/// `rendered` with everything in its code spans broken up that acts in a message of a commit. What is outside of them is
/// escaped already.
pub(crate) fn inert_code(rendered: &str) -> String {
    let mut out = String::with_capacity(rendered.len());
    let mut rest = rendered;
    while let Some(at) = rest.find('`') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let ticks = after.len() - after.trim_start_matches('`').len();
        let (fence, inside) = after.split_at(ticks);
        out.push_str(fence);
        match end_of(inside, ticks) {
            Some(end) => {
                let (code, beyond) = inside.split_at(end);
                break_up(code, &mut out);
                out.push_str(fence);
                rest = beyond.get(ticks..).unwrap_or_default();
            }
            None => rest = inside,
        }
    }
    out + rest
}

/// Where the run of exactly so many backticks begins that ends a code span.
fn end_of(inside: &str, ticks: usize) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + inside.get(from..)?.find('`')?;
        let run = inside.get(at..)?.bytes().take_while(|byte| *byte == b'`').count();
        if run == ticks {
            return Some(at);
        }
        from = at + run;
    }
}

fn break_up(code: &str, out: &mut String) {
    // Whether anything is before the scheme of an address: `fixes https://…`, `fixes:https://…`.
    let mut word_before = false;
    for (at, character) in code.char_indices() {
        out.push(character);
        let rest = code.get(at + character.len_utf8()..).unwrap_or_default();
        let acts = match character {
            '@' | '#' | '[' => true,
            ':' => word_before && rest.starts_with("//"),
            // `fixes GH-1`
            'G' | 'g' => rest.get(..2).is_some_and(|rest| rest.eq_ignore_ascii_case("h-")),
            _ => false,
        };
        if acts {
            out.push(BREAK);
        }
        word_before |= !character.is_ascii_alphanumeric();
    }
}

#[cfg(test)]
mod tests {
    use super::inert_code;

    #[test]
    fn what_acts_in_a_commit_message_is_broken_up_in_code_and_nothing_else() {
        let shown = |text: &str| inert_code(text).replace('\u{200b}', "|");
        assert_eq!(shown("a `fixes #1` b #2"), "a `fixes #|1` b #2");
        assert_eq!(shown("``[skip ci] ` @octocat`` @"), "``[|skip ci] ` @|octocat`` @");
        assert_eq!(shown("`closes a/b#3, GH-4 and gh-5`"), "`closes a/b#|3, G|H-4 and g|h-5`");
        assert_eq!(shown("`x fixes https://github.com/a/b/issues/1`"), "`x fixes https:|//github.com/a/b/issues/1`");
        assert_eq!(shown("`fixes:\u{feff}http://a `"), "`fixes:\u{feff}http:|//a `");
        assert_eq!(shown("`fixes:https://github.com/a/b/pull/1`"), "`fixes:https:|//github.com/a/b/pull/1`");
        assert_eq!(
            shown("[`https://github.com/a/b`](https://github.com/a/b)"),
            "[`https://github.com/a/b`](https://github.com/a/b)"
        );
        assert_eq!(shown("`` not closed ` [x]"), "`` not closed ` [x]");
    }
}
