//! Measures a pack while it comes in, before libgit2 gets to unpack it.
//!
//! libgit2 believes the lengths that a pack states: a difference of a hundred bytes may state a result of gigabytes, and
//! libgit2 would hold it in memory. So every length is read here first, and every object is inflated once, into nothing,
//! to find where the next begins and whether it keeps to its length. That costs time in the order of what libgit2 needs
//! anyway, and no memory but 16 bytes an object.

use super::Limits;
use flate2::{Decompress, FlushDecompress, Status};

/// Why a pack is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bad {
    /// There is more than may come.
    TooLarge(&'static str, u64),
    /// It is no pack.
    Damaged(&'static str),
}

/// Reads a pack that comes in pieces.
pub(super) struct Measure {
    limits: Limits,
    state: State,
    /// Bytes so far.
    at: u64,
    left: u32,
    /// Bytes of the objects so far, unpacked.
    unpacked: u64,
    /// Where each object begins, and its length unpacked; in this order.
    lengths: Vec<(u64, u64)>,
    longest: u64,
    /// Whether some object is a difference to one that is named by its id. Which one that is cannot be known here.
    by_id: bool,
    inflate: Decompress,
    nowhere: Vec<u8>,
}

enum State {
    /// `PACK`, the version, the number of objects.
    Header(Vec<u8>),
    /// Type, length, and what it is a difference to.
    Head(Vec<u8>),
    Body(Body),
    /// The checksum: libgit2 compares it.
    Trailer(usize),
}

struct Body {
    start: u64,
    head: Head,
    /// Bytes inflated so far.
    out: u64,
    /// The first of them, of a difference: they state its lengths.
    first: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    kind: Kind,
    length: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blob,
    /// Commit, tree or tag.
    Other,
    /// A difference to the object that begins this many bytes before.
    Offset(u64),
    /// A difference to the object of an id.
    Id,
}

/// Bytes of the two lengths that a difference begins with: ten each at most.
const DELTA_LENGTHS: usize = 20;

impl Measure {
    /// For a pack within these limits.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            state: State::Header(Vec::new()),
            at: 0,
            left: 0,
            unpacked: 0,
            lengths: Vec::new(),
            longest: 0,
            by_id: false,
            inflate: Decompress::new(true),
            nowhere: vec![0; 64 * 1024],
        }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Bad> {
        while !bytes.is_empty() {
            let taken = self.step(bytes)?;
            self.at += taken as u64;
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// Whether the pack is whole.
    pub(super) fn ended(&self) -> bool {
        matches!(self.state, State::Trailer(0))
    }

    fn step(&mut self, bytes: &[u8]) -> Result<usize, Bad> {
        match &mut self.state {
            State::Header(header) => {
                let taken = (12 - header.len()).min(bytes.len());
                header.extend_from_slice(&bytes[..taken]);
                if header.len() == 12 {
                    let number = [header[8], header[9], header[10], header[11]];
                    if !matches!(&header[..8], b"PACK\0\0\0\x02" | b"PACK\0\0\0\x03") {
                        return Err(Bad::Damaged("it is no pack of version 2"));
                    }
                    self.left = u32::from_be_bytes(number);
                    if self.left > self.limits.objects {
                        return Err(Bad::TooLarge("objects", u64::from(self.limits.objects)));
                    }
                    self.next();
                }
                Ok(taken)
            }
            State::Head(head) => {
                head.extend(bytes.first());
                if let Some(parsed) = parse_head(head)? {
                    let start = self.at + 1 - head.len() as u64;
                    self.begin(start, parsed)?;
                }
                Ok(1)
            }
            State::Body(_) => self.inflate(bytes),
            State::Trailer(left) => {
                let taken = (*left).min(bytes.len());
                *left -= taken;
                if taken == 0 { Err(Bad::Damaged("something follows the pack")) } else { Ok(taken) }
            }
        }
    }

    fn next(&mut self) {
        self.state = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                State::Head(Vec::with_capacity(32))
            }
            None => State::Trailer(20),
        };
    }

    fn begin(&mut self, start: u64, head: Head) -> Result<(), Bad> {
        let held = self.limits.in_memory;
        if head.kind != Kind::Blob && head.length > held {
            return Err(Bad::TooLarge("bytes of an object", held));
        }
        if let Kind::Offset(back) = head.kind {
            let base = start.checked_sub(back).and_then(|base| self.length_at(base));
            if base.ok_or(Bad::Damaged("a difference to nothing"))? > held {
                return Err(Bad::TooLarge("bytes of an object", held));
            }
        }
        self.by_id |= head.kind == Kind::Id;
        self.count(head.length)?;
        self.inflate.reset(true);
        self.state = State::Body(Body { start, head, out: 0, first: Vec::new() });
        Ok(())
    }

    fn length_at(&self, start: u64) -> Option<u64> {
        let found = self.lengths.binary_search_by_key(&start, |(start, _)| *start).ok()?;
        self.lengths.get(found).map(|(_, length)| *length)
    }

    fn count(&mut self, bytes: u64) -> Result<(), Bad> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        if self.unpacked > self.limits.unpacked {
            return Err(Bad::TooLarge("bytes, unpacked", self.limits.unpacked));
        }
        Ok(())
    }

    fn inflate(&mut self, bytes: &[u8]) -> Result<usize, Bad> {
        let State::Body(body) = &mut self.state else { return Ok(0) };
        let mut taken = 0;
        loop {
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let input = bytes.get(taken..).unwrap_or_default();
            let status = self.inflate.decompress(input, &mut self.nowhere, FlushDecompress::None);
            let status = status.map_err(|_| Bad::Damaged("an object is not compressed as it should be"))?;
            let used = usize::try_from(self.inflate.total_in() - before_in).unwrap_or(usize::MAX);
            let made = usize::try_from(self.inflate.total_out() - before_out).unwrap_or(usize::MAX);
            taken += used;
            body.out += made as u64;
            if body.out > body.head.length {
                return Err(Bad::Damaged("an object is longer than it says"));
            }
            if matches!(body.head.kind, Kind::Offset(_) | Kind::Id) && body.first.len() < DELTA_LENGTHS {
                let wanted = (DELTA_LENGTHS - body.first.len()).min(made);
                body.first.extend_from_slice(self.nowhere.get(..wanted).unwrap_or_default());
            }
            if status == Status::StreamEnd {
                self.finish()?;
                return Ok(taken);
            }
            if used == 0 && made == 0 {
                // More input is needed. That none was taken of some would loop for ever in the caller.
                return if taken == bytes.len() { Ok(taken) } else { Err(Bad::Damaged("an object does not inflate")) };
            }
        }
    }

    fn finish(&mut self) -> Result<(), Bad> {
        let State::Body(body) = &self.state else { return Ok(()) };
        if body.out != body.head.length {
            return Err(Bad::Damaged("an object is shorter than it says"));
        }
        let (start, held) = (body.start, self.limits.in_memory);
        let length = match body.head.kind {
            Kind::Blob | Kind::Other => body.head.length,
            Kind::Offset(_) | Kind::Id => {
                let (base, result) = delta_lengths(&body.first).ok_or(Bad::Damaged("a difference without lengths"))?;
                if base.max(result) > held {
                    return Err(Bad::TooLarge("bytes of an object", held));
                }
                self.count(result)?;
                result
            }
        };
        self.longest = self.longest.max(length);
        if self.by_id && self.longest > held {
            return Err(Bad::TooLarge("bytes of an object", held));
        }
        self.lengths.push((start, length));
        self.next();
        Ok(())
    }
}

/// Reads what stands before an object's bytes; none while it is not whole.
fn parse_head(bytes: &[u8]) -> Result<Option<Head>, Bad> {
    let mut rest = bytes.iter().copied();
    let Some(first) = rest.next() else { return Ok(None) };
    let (mut length, mut shift, mut byte) = (u64::from(first & 15), 4_u32, first);
    while byte & 0x80 != 0 {
        let Some(next) = rest.next() else { return Ok(None) };
        if shift > 53 {
            return Err(Bad::Damaged("an impossible length"));
        }
        byte = next;
        length |= u64::from(byte & 0x7f) << shift;
        shift += 7;
    }
    let kind = match (first >> 4) & 7 {
        3 => Kind::Blob,
        1 | 2 | 4 => Kind::Other,
        6 => match offset(&mut rest)? {
            Some(back) => Kind::Offset(back),
            None => return Ok(None),
        },
        7 if rest.count() < 20 => return Ok(None),
        7 => Kind::Id,
        _ => return Err(Bad::Damaged("an object of an unknown kind")),
    };
    Ok(Some(Head { kind, length }))
}

/// How far back the base of a difference is: see "offset encoding" in gitformat-pack(5).
fn offset(bytes: &mut impl Iterator<Item = u8>) -> Result<Option<u64>, Bad> {
    let Some(mut byte) = bytes.next() else { return Ok(None) };
    let mut back = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        let Some(next) = bytes.next() else { return Ok(None) };
        byte = next;
        if back >= 1 << 50 {
            return Err(Bad::Damaged("an impossible offset"));
        }
        back = ((back + 1) << 7) | u64::from(byte & 0x7f);
    }
    Ok(Some(back))
}

/// The lengths that a difference begins with: of its base, and of its result.
fn delta_lengths(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut bytes = bytes.iter();
    let mut length = || {
        let (mut length, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = *bytes.next()?;
            if shift > 56 {
                return None;
            }
            length |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(length);
            }
        }
    };
    Some((length()?, length()?))
}

#[cfg(test)]
mod tests;
