//! The one place that cuts text to a length. Lengths are in characters (Unicode scalar values) unless a function says
//! otherwise, and no cut splits one.
//!
//! Every maximum includes the ellipsis: a field that holds 200 characters never gets 201.

use std::borrow::Cow;

const ELLIPSIS: char = '…';

/// At most `most` characters of `text`, from its beginning. Longer text loses its end, and the last character that is
/// left is an ellipsis, so that readers see that something is missing. A maximum of 0 leaves nothing.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if first(text, most).len() == text.len() {
        return Cow::Borrowed(text);
    }
    if most == 0 {
        return Cow::Borrowed("");
    }
    let mut kept = first(text, most - 1).to_owned();
    kept.push(ELLIPSIS);
    Cow::Owned(kept)
}

/// [`cut`], in place.
pub(crate) fn shorten(text: &mut String, most: usize) {
    if let Cow::Owned(shorter) = cut(text, most) {
        *text = shorter;
    } else if most == 0 {
        text.clear();
    }
}

/// The first `most` characters of `text` exactly as they are, for what is compared, repeated or cut once more. Where
/// people read the result, use [`cut`].
pub(crate) fn first(text: &str, most: usize) -> &str {
    // Bytes are at least as many as characters: most text needs no counting.
    if text.len() <= most {
        return text;
    }
    text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The beginning of `text` exactly as it is, of at most so many bytes: what has a limit in bytes, or need not be counted.
pub(crate) fn first_bytes(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// Keeps the end of a path, which says what kind of file it is: at most `most` bytes, which is how the limits of paths
/// are given, with an ellipsis in front where the beginning is missing.
pub(crate) fn ending(path: &str, most: usize) -> Cow<'_, str> {
    if path.len() <= most {
        return Cow::Borrowed(path);
    }
    let Some(kept) = most.checked_sub(ELLIPSIS.len_utf8()) else { return Cow::Borrowed("") };
    let start = path.ceil_char_boundary(path.len() - kept);
    Cow::Owned(format!("{ELLIPSIS}{}", path.get(start..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::{cut, ending, first, first_bytes, shorten};
    use proptest::prelude::*;

    #[test]
    fn a_maximum_includes_the_ellipsis() {
        assert_eq!(cut("äöüß", 4), "äöüß");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(cut("äöüß", 1), "…");
        assert_eq!(cut("äöüß", 0), "");
        assert_eq!(cut("", 0), "");
        assert_eq!(ending("src/a/b.rs", 10), "src/a/b.rs");
        assert_eq!(ending("src/a/b.rs", 7), "…b.rs");
        assert_eq!(ending("src/a/é.rs", 7), "….rs");
        assert_eq!(ending("src/a/b.rs", 3), "…");
        assert_eq!(ending("src/a/b.rs", 2), "");
        assert_eq!(first("äöüß", 3), "äöü");
        assert_eq!([3, 4, 5].map(|most| first_bytes("äö", most)), ["ä", "äö", "äö"]);
    }

    proptest! {
        #[test]
        fn no_text_gets_longer_than_its_maximum(text in ".{0,40}", most in 0_usize..50) {
            let length = |text: &str| text.chars().count();
            prop_assert_eq!(length(&cut(&text, most)), length(&text).min(most));
            prop_assert_eq!(length(first(&text, most)), length(&text).min(most));
            prop_assert!(ending(&text, most).len() <= most);
            prop_assert!(text.starts_with(first(&text, most)));
            let bytes = first_bytes(&text, most);
            prop_assert!(bytes.len() <= most && bytes.len() + 4 > most.min(text.len()) && text.starts_with(bytes));
            prop_assert_eq!(cut(&text, most) == text, length(&text) <= most);
            let mut short = text.clone();
            shorten(&mut short, most);
            prop_assert_eq!(short, cut(&text, most));
        }
    }
}
