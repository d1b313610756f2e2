//! Keeps a provider's key out of what the client is sent: an answer that repeats it, by mistake or by design, ends there.
//!
//! It is looked for as it is and as it can be written in JSON, where each character may be an escape. Escapes are read wherever they
//! are, inside a string or not: nothing has to be a whole document, and a key that stands twice hides nothing. Another encoding,
//! or the key in pieces between which there is something else, passes: whoever knows the key can always say it in a way that nobody
//! expects. A key that is a placeholder ([`super::keys::MIN_SECRET`]) is no secret, and is not looked for.

/// The answer holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leak;

/// Looks for a key in bytes that come in pieces. What might be the beginning of the key waits for the next piece; that is
/// nothing, unless a piece ends with the key's first bytes or within an escape.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    key: Option<&'a [u8]>,
    held: Vec<u8>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(key: Option<&'a [u8]>) -> Self {
        Self { key, held: Vec::new() }
    }

    /// Appends to `out` what of the piece, and of what was held back, cannot be part of the key.
    ///
    /// # Errors
    /// When the key is in it. Then nothing is appended.
    pub(super) fn pass(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Leak> {
        let Some(key) = self.key else {
            out.extend_from_slice(piece);
            return Ok(());
        };
        self.held.extend_from_slice(piece);
        let read = Read::of(&self.held);
        if contains(&self.held, key) || contains(&read.bytes, key) {
            return Err(Leak);
        }
        let plain = self.held.len() - begun(key, &self.held);
        let free = read.bound(plain).min(read.start(read.bytes.len() - begun(key, &read.bytes)));
        out.extend_from_slice(&self.held[..free]);
        self.held.drain(..free);
        Ok(())
    }

    /// What was held back, when nothing more comes: it is not the key.
    pub(super) fn end(self) -> Vec<u8> {
        self.held
    }
}

/// How many bytes at the end of a text can be the first ones of the key.
fn begun(key: &[u8], text: &[u8]) -> usize {
    let most = text.len().min(key.len().saturating_sub(1));
    (1..=most).rev().find(|&length| text.ends_with(&key[..length])).unwrap_or(0)
}

/// Whether an answer that is all there holds the key.
pub(super) fn holds(text: &[u8], key: &[u8]) -> bool {
    contains(text, key) || contains(&Read::of(text).bytes, key)
}

/// In place of every character that is none of ASCII: no key has it.
const OTHER: u8 = 0xff;

/// A text with its JSON escapes read.
struct Read {
    bytes: Vec<u8>,
    /// Where each of them begins in the text.
    starts: Vec<usize>,
    /// Where the text ends, or the escape that it ends in.
    end: usize,
}

impl Read {
    fn of(text: &[u8]) -> Self {
        let mut read = Self { bytes: Vec::with_capacity(text.len()), starts: Vec::with_capacity(text.len()), end: 0 };
        while let Some(&byte) = text.get(read.end) {
            let (byte, length) = match byte {
                b'\\' => match escape(&text[read.end + 1..]) {
                    Some(escape) => escape,
                    None => break,
                },
                byte => (byte, 1),
            };
            read.bytes.push(byte);
            read.starts.push(read.end);
            read.end += length;
        }
        read
    }

    /// Where byte number `index` begins in the text; the end for the one after the last.
    fn start(&self, index: usize) -> usize {
        self.starts.get(index).copied().unwrap_or(self.end)
    }

    /// The last place up to `at` that is not within an escape.
    fn bound(&self, at: usize) -> usize {
        if at >= self.end {
            return self.end;
        }
        let after = self.starts.partition_point(|start| *start <= at);
        self.start(after.saturating_sub(1))
    }
}

/// The byte that an escape stands for, after its backslash, and the length of both; none when there may be more of it to come. What is
/// no escape is the backslash itself.
fn escape(rest: &[u8]) -> Option<(u8, usize)> {
    Some(match rest.first()? {
        b'u' => {
            let digits = &rest[1..rest.len().min(5)];
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return Some((b'\\', 1));
            }
            if digits.len() < 4 {
                return None;
            }
            let number =
                digits.iter().fold(0, |number, digit| number * 16 + char::from(*digit).to_digit(16).unwrap_or(0));
            (u8::try_from(number).ok().filter(u8::is_ascii).unwrap_or(OTHER), 6)
        }
        same @ (b'"' | b'\\' | b'/') => (*same, 2),
        b'b' | b'f' | b'n' | b'r' | b't' => (b' ', 2),
        _ => (b'\\', 1),
    })
}

/// Whether a text is in another.
pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    let Some(&first) = part.first() else { return true };
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(part) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::{Filter, Leak, holds};

    const KEY: &[u8] = b"sk-sk-secret";

    fn passed(text: &[u8], size: usize) -> Result<Vec<u8>, (Leak, Vec<u8>)> {
        let (mut filter, mut out) = (Filter::new(Some(KEY)), Vec::new());
        for piece in text.chunks(size) {
            if let Err(leak) = filter.pass(piece, &mut out) {
                return Err((leak, out));
            }
        }
        out.extend(filter.end());
        Ok(out)
    }

    #[test]
    fn the_key_does_not_pass_however_it_is_cut() {
        let text = b"before sk-sk-sk-secret after";
        for size in 1..=text.len() {
            let (_, out) = passed(text, size).expect_err("the key is in it");
            assert!(b"before sk-".starts_with(&out[..]), "{size}: {out:?}");
        }
    }

    #[test]
    fn the_key_does_not_pass_in_escapes_however_it_is_cut() {
        let escaped: String = KEY.iter().map(|byte| format!("\\u{byte:04X}")).collect();
        for key in [escaped.as_str(), r"sk-\u0073k-secret", r"\u0073k-sk-secre\u0074", r"s\u006b-sk-\u0073ecret"] {
            let text = format!("data: {{\"a\": \"\\\\ \\n {key}\"}}\n\n");
            assert!(holds(text.as_bytes(), KEY), "{text}");
            let before = text.find(key).unwrap_or_default();
            for size in 1..=text.len() {
                let (_, out) = passed(text.as_bytes(), size).expect_err("the key is in it");
                assert!(text.as_bytes()[..before].starts_with(&out), "{size}: {out:?}");
            }
        }
        let (mut filter, mut out) = (Filter::new(Some(b"with/and\\in")), Vec::new());
        assert_eq!(filter.pass(br#""with\/and\\in""#, &mut out), Err(Leak));
        assert_eq!(Filter::new(Some(b"with/and\\in")).pass(br"with/and\in", &mut out), Err(Leak));
    }

    #[test]
    fn escapes_of_anything_else_pass_as_they_are() {
        let text = br#"\\u0073k-sk-secret \u0073k-sk-secre \ud83d\ude00 \x \u12 \u00zz \"\/\n sk-\u0073 \u00"#;
        assert!(!holds(text, KEY));
        for size in 1..=text.len() {
            assert_eq!(passed(text, size).as_deref(), Ok(&text[..]), "{size}");
        }
    }

    #[test]
    fn everything_else_passes_as_it_is() {
        let text = b"sk-sk-secre sk- s sk-sk-secreT sk-sk";
        for size in 1..=text.len() {
            assert_eq!(passed(text, size).as_deref(), Ok(&text[..]), "{size}");
        }
    }

    #[test]
    fn what_is_no_secret_holds_nothing_up() {
        let (mut filter, mut out) = (Filter::new(None), Vec::new());
        assert_eq!(filter.pass(b"data: \\u00", &mut out), Ok(()));
        assert_eq!((out.as_slice(), filter.end()), (&b"data: \\u00"[..], Vec::new()));
    }

    #[test]
    fn a_piece_that_cannot_begin_the_key_passes_at_once() {
        let (mut filter, mut out) = (Filter::new(Some(KEY)), Vec::new());
        assert_eq!(filter.pass(b"data: {}\n\n", &mut out), Ok(()));
        assert_eq!(out, b"data: {}\n\n");
    }
}
