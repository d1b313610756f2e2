//! Packet lines: each begins with its own length in four hexadecimal digits (gitprotocol-common(5)).

/// The most bytes of a packet, its length included.
const MAX: usize = 65_520;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    /// Bytes.
    Data(Vec<u8>),
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section.
    Delimiter,
}

/// Takes packets out of bytes that come in pieces.
#[derive(Debug, Default)]
pub(super) struct Packets {
    waiting: Vec<u8>,
    taken: usize,
}

impl Packets {
    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.waiting.drain(..self.taken);
        self.taken = 0;
        self.waiting.extend_from_slice(bytes);
    }

    /// The next packet, once it is whole.
    ///
    /// # Errors
    /// When there is no packet.
    pub(super) fn take(&mut self) -> Result<Option<Packet>, &'static str> {
        let rest = self.waiting.get(self.taken..).unwrap_or_default();
        let Some(digits) = rest.get(..4) else { return Ok(None) };
        let length = length(digits).ok_or("a packet without a length")?;
        let packet = match length {
            0 => Packet::Flush,
            1 => Packet::Delimiter,
            4..=MAX => match rest.get(4..length) {
                Some(data) => Packet::Data(data.to_owned()),
                None => return Ok(None),
            },
            _ => return Err("a packet of an impossible length"),
        };
        self.taken += length.max(4);
        Ok(Some(packet))
    }

    /// Whether nothing is left over.
    pub(super) fn is_empty(&self) -> bool {
        self.taken == self.waiting.len()
    }
}

/// Four hexadecimal digits; `from_str_radix` alone would take a sign.
fn length(digits: &[u8]) -> Option<usize> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A packet with this text.
pub(super) fn line(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Packet, Packets, line};

    #[test]
    fn packets_come_in_any_pieces() {
        let text = format!("{}0001{}0000", line("one\n"), line(""));
        for size in 1..text.len() {
            let (mut packets, mut found) = (Packets::default(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                packets.push(piece);
                while let Some(packet) = packets.take().unwrap() {
                    found.push(packet);
                }
            }
            let wanted = [Packet::Data(b"one\n".to_vec()), Packet::Delimiter, Packet::Data(Vec::new()), Packet::Flush];
            assert_eq!(found, wanted, "{size}");
            assert!(packets.is_empty());
        }
    }

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        for text in ["0002", "0003", "+004", "fff1", "ffff", "<htm", "00é"] {
            let mut packets = Packets::default();
            packets.push(text.as_bytes());
            assert!(packets.take().is_err(), "{text}");
        }
    }
}
