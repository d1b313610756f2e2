//! Sizes and times as people write them.

use std::time::Duration;

/// `30m`, `90s`, `2h`, `1d`; a number alone is seconds.
///
/// # Errors
/// When it is anything else, or nothing at all.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let factor = match unit {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("write it as 90s, 30m, 2h or 1d".to_owned()),
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)) {
        Some(seconds @ 1..=31_536_000) => Ok(Duration::from_secs(seconds)),
        _ => Err("write it as 90s, 30m, 2h or 1d: at least a second, at most a year".to_owned()),
    }
}

/// `512m`, `2g`, `64k` in powers of 1024; a number alone is bytes.
///
/// # Errors
/// When it is anything else, or nothing at all.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err("write it as 512m or 2g".to_owned()),
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)) {
        Some(bytes @ 1..=0x100_0000_0000) => Ok(bytes),
        _ => Err("write it as 512m or 2g: at least a byte, at most 1024g".to_owned()),
    }
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

#[cfg(test)]
mod tests {
    use super::{bytes, duration};
    use std::time::Duration;

    #[test]
    fn units_are_what_people_write() {
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2 h"), Ok(Duration::from_secs(7200)));
        assert_eq!(bytes("2g"), Ok(2 << 30));
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        for wrong in ["", "0", "m", "-1", "1x", "99999999999999999999d", "1.5h", "é"] {
            assert!(duration(wrong).is_err() && bytes(wrong).is_err(), "{wrong}");
        }
    }
}
