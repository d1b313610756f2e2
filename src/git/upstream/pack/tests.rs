#![allow(clippy::unwrap_used)]
use super::{Bad, Measure};
use crate::git::upstream::Limits;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use std::io::Write;

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn head(kind: u8, mut length: u64) -> Vec<u8> {
    let mut bytes = vec![(kind << 4) | (length & 15) as u8];
    length >>= 4;
    while length > 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push((length & 0x7f) as u8);
        length >>= 7;
    }
    bytes
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let more = number > 0x7f;
        bytes.push((number & 0x7f) as u8 | if more { 0x80 } else { 0 });
        number >>= 7;
        if !more {
            return bytes;
        }
    }
}

fn object(kind: u8, before: &[u8], stated: u64, content: &[u8]) -> Vec<u8> {
    [head(kind, stated), before.to_vec(), zlib(content)].concat()
}

fn pack(objects: &[Vec<u8>]) -> Vec<u8> {
    let number = u32::try_from(objects.len()).unwrap();
    [b"PACK\0\0\0\x02".as_slice(), &number.to_be_bytes(), &objects.concat(), &[0; 20]].concat()
}

fn limits() -> Limits {
    Limits { unpacked: 10_000, in_memory: 1_000, objects: 10, ..Limits::default() }
}

/// What is said about a pack, whatever pieces it comes in.
fn measured(pack: &[u8]) -> Result<bool, Bad> {
    let results = [1, 7, pack.len().max(1)].map(|size| {
        let mut measure = Measure::new(&limits());
        pack.chunks(size).try_for_each(|piece| measure.push(piece)).map(|()| measure.ended())
    });
    // Which of several faults is seen first is up to the pieces.
    assert!(results.iter().all(|result| result.as_ref().ok() == results[0].as_ref().ok()), "{results:?}");
    results[0].clone()
}

fn delta(base: u64, result: u64) -> Vec<u8> {
    [varint(base), varint(result), vec![0x90, 1]].concat()
}

#[test]
fn an_ordinary_pack_is_whole() {
    let base = object(3, &[], 500, &[b'a'; 500]);
    let back = u8::try_from(base.len()).unwrap();
    let difference = delta(500, 1);
    let by_offset = object(6, &[back], difference.len() as u64, &difference);
    let by_id = object(7, &[1; 20], difference.len() as u64, &difference);
    let pack = pack(&[base, by_offset, by_id, object(2, &[], 0, b"")]);
    assert_eq!(measured(&pack), Ok(true));
    assert_eq!(measured(&pack[..pack.len() - 1]), Ok(false));
    assert_eq!(measured(&[pack, vec![0]].concat()), Err(Bad::Damaged("something follows the pack")));
}

#[test]
fn what_would_fill_memory_is_refused_before_it_is_unpacked() {
    let in_memory = Err(Bad::TooLarge("bytes of an object", 1_000));
    let small = object(3, &[], 5, b"hello");
    let back = u8::try_from(small.len()).unwrap();
    // A difference of a few bytes that states a result of a terabyte, or such a base.
    for difference in [delta(5, 1 << 40), delta(1 << 40, 5)] {
        let bomb = object(6, &[back], difference.len() as u64, &difference);
        assert_eq!(measured(&pack(&[small.clone(), bomb])), in_memory);
    }
    // A base that is a long file, whatever the difference says about it.
    let long = object(3, &[], 2_000, &[0; 2_000]);
    let back = u8::try_from(long.len()).unwrap();
    let difference = delta(5, 5);
    let bomb = object(6, &[back], difference.len() as u64, &difference);
    assert_eq!(measured(&pack(&[long.clone(), bomb])), in_memory);
    // The same, where which object is the base cannot be known.
    let bomb = object(7, &[1; 20], difference.len() as u64, &difference);
    assert_eq!(measured(&pack(&[long.clone(), bomb.clone()])), in_memory);
    assert_eq!(measured(&pack(&[bomb, long.clone()])), in_memory);
    // A folder that is long.
    assert_eq!(measured(&pack(&[object(2, &[], 2_000, &[0; 2_000])])), in_memory);
    // Files are not held; all together have a limit.
    assert_eq!(measured(&pack(&vec![long.clone(); 5])), Ok(true));
    assert_eq!(measured(&pack(&vec![long; 6])), Err(Bad::TooLarge("bytes, unpacked", 10_000)));
    assert_eq!(measured(&pack(&vec![small; 11])), Err(Bad::TooLarge("objects", 10)));
}

#[test]
fn an_object_keeps_to_the_length_it_states() {
    let longer = pack(&[object(3, &[], 5, &[0; 5_000])]);
    assert_eq!(measured(&longer), Err(Bad::Damaged("an object is longer than it says")));
    let shorter = pack(&[object(3, &[], 5, b"four")]);
    assert_eq!(measured(&shorter), Err(Bad::Damaged("an object is shorter than it says")));
}

#[test]
fn what_is_no_pack_is_refused() {
    for (bytes, words) in [
        (b"PACK\0\0\0\x04\0\0\0\0".to_vec(), "it is no pack of version 2"),
        (b"<html></html>".to_vec(), "it is no pack of version 2"),
        (pack(&[object(5, &[], 0, b"")]), "an object of an unknown kind"),
        (pack(&[object(6, &[99], 2, b"ab")]), "a difference to nothing"),
        (pack(&[object(7, &[1; 20], 1, b"\x80")]), "a difference without lengths"),
        (pack(&[vec![0xb0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]]), "an impossible length"),
        (pack(&[vec![0x30, b'n', b'o', b't', b' ', b'z']]), "an object is not compressed as it should be"),
    ] {
        assert_eq!(measured(&bytes), Err(Bad::Damaged(words)));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_pack_or_are_refused(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        more in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let base = object(3, &[], 500, &[b'a'; 500]);
        let back = u8::try_from(base.len()).unwrap();
        let difference = delta(500, 1);
        let by_offset = object(6, &[back], difference.len() as u64, &difference);
        let mut bytes = [pack(&[base, by_offset]), more].concat();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        // The same in any pieces, and no panic; that is asserted there.
        let _ = measured(&bytes);
    }
}
