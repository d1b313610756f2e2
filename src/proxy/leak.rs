//! Keeps a provider's key out of what the client is sent: an answer that repeats it, by mistake or by design, ends there.

/// The answer holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leak;

/// Looks for a key in bytes that come in pieces. What might be the beginning of the key waits for the next piece; that is
/// nothing, unless a piece ends with the key's first bytes.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    key: &'a [u8],
    held: Vec<u8>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(key: &'a [u8]) -> Self {
        Self { key, held: Vec::new() }
    }

    /// Appends to `out` what of the piece, and of what was held back, cannot be part of the key.
    ///
    /// # Errors
    /// When the key is in it. Then nothing is appended.
    pub(super) fn pass(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Leak> {
        self.held.extend_from_slice(piece);
        if contains(&self.held, self.key) {
            return Err(Leak);
        }
        let most = self.held.len().min(self.key.len().saturating_sub(1));
        let kept = (1..=most).rev().find(|&length| self.held.ends_with(&self.key[..length])).unwrap_or(0);
        let free = self.held.len() - kept;
        out.extend_from_slice(&self.held[..free]);
        self.held.drain(..free);
        Ok(())
    }

    /// What was held back, when nothing more comes: it is not the key.
    pub(super) fn end(self) -> Vec<u8> {
        self.held
    }
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

    use super::{Filter, Leak};

    const KEY: &[u8] = b"sk-sk-secret";

    fn passed(text: &[u8], size: usize) -> Result<Vec<u8>, (Leak, Vec<u8>)> {
        let (mut filter, mut out) = (Filter::new(KEY), Vec::new());
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
    fn everything_else_passes_as_it_is() {
        let text = b"sk-sk-secre sk- s sk-sk-secreT sk-sk";
        for size in 1..=text.len() {
            assert_eq!(passed(text, size).as_deref(), Ok(&text[..]), "{size}");
        }
    }

    #[test]
    fn a_piece_that_cannot_begin_the_key_passes_at_once() {
        let (mut filter, mut out) = (Filter::new(KEY), Vec::new());
        assert_eq!(filter.pass(b"data: {}\n\n", &mut out), Ok(()));
        assert_eq!(out, b"data: {}\n\n");
    }
}
