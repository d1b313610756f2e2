//! The machine block: a hidden comment in a text on GitHub that makes a second run exact.
//!
//! It is the first line of the text. Nothing that upstream chooses may get into it but what its own check of the fields
//! lets through, and nothing may put `<!--` anywhere else in the text, so that upstream cannot write one. Whoever may edit
//! the text can write anything there: it says what a text is about, and never proves what a branch is.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a kind of block keeps.
pub(crate) trait Kept: Serialize + DeserializeOwned {
    /// The word that begins it: lowercase letters and `-`.
    const KIND: &'static str;

    /// Whether its fields are such as this program writes.
    fn is_valid(&self) -> bool;
}

/// Maximum number of bytes between begin and end.
const MAX_BYTES: usize = 2_000;
const END: &str = " -->";

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found<T> {
    /// No block.
    None,
    /// One that is not understood: changed by hand, or of a later version of this program.
    Refused,
    Block(Box<T>),
}

fn begin<T: Kept>() -> String {
    format!("<!-- mcp-registry:{} ", T::KIND)
}

/// The comment, without a line end.
pub(crate) fn write<T: Kept>(block: &T) -> String {
    // Texts and ids always have a JSON form. Inside strings, which is the only place where they can be, the two characters of
    // a comment's ends are written as escapes.
    let json = serde_json::to_string(block).unwrap_or_default();
    format!("{}{}{END}", begin::<T>(), json.replace('<', "\\u003c").replace('>', "\\u003e"))
}

/// The first block of a text.
pub(crate) fn read<T: Kept>(text: &str) -> Found<T> {
    let Some((_, rest)) = text.split_once(&begin::<T>()) else { return Found::None };
    let end = rest.as_bytes().get(..rest.len().min(MAX_BYTES + END.len())).unwrap_or_default();
    let end = end.windows(END.len()).position(|window| window == END.as_bytes());
    let json = end.and_then(|end| rest.get(..end)).unwrap_or_default();
    match serde_json::from_str::<T>(json) {
        Ok(block) if block.is_valid() => Found::Block(Box::new(block)),
        _ => Found::Refused,
    }
}

/// `text` with this block in place of its first one, and `note` as a paragraph after it; without the first one where there is
/// none.
pub(crate) fn replace_in<T: Kept>(block: &T, text: &str, note: &str) -> String {
    let rest = match text.split_once(&begin::<T>()) {
        Some((_, rest)) => rest.split_once(END).map_or("", |(_, rest)| rest),
        None => text,
    };
    format!("{}\n\n{note}\n\n{}\n", write(block), rest.trim())
}

/// A digest of a title and a text: 32 hexadecimal digits of their SHA-256. A block that keeps it tells whether there is
/// anything to write, whatever people added to the text.
#[must_use]
pub(crate) fn digest(title: &str, text: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(format!("{title}\n{text}"));
    crate::ids::hex(hash.get(..16).unwrap_or_default())
}
