//! Sizes and times as people write them.

use crate::policy::{Pins, duration};
use std::time::Duration;

/// `30m`, `90s`, `2h`, `1d`; a number alone is seconds.
///
/// # Errors
/// When it is anything else, or nothing at all.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    duration::parse(text)
}

/// A pause: `0`, `250ms`, or as [`duration`].
///
/// # Errors
/// When it is anything else, or longer than an hour.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    let wrong = || "write it as 0, 250ms, 1s or 2m: at most an hour".to_owned();
    let pause = match text.trim().strip_suffix("ms") {
        Some(number) => Duration::from_millis(number.trim().parse().map_err(|_| wrong())?),
        None if is_nothing(text) => Duration::ZERO,
        None => duration::parse(text).map_err(|_| wrong())?,
    };
    if pause <= Duration::from_secs(3600) { Ok(pause) } else { Err(wrong()) }
}

/// A cooldown: `0` for none, or as [`duration`].
///
/// # Errors
/// When it is anything else, or longer than what was seen is remembered.
pub(super) fn cooldown(text: &str) -> Result<Duration, String> {
    if is_nothing(text) {
        return Ok(Duration::ZERO);
    }
    let cooldown = duration::with_unit(text)?;
    if cooldown <= Pins::MAX_COOLDOWN { Ok(cooldown) } else { Err("the maximum is 30d".to_owned()) }
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

/// The memory of a container, as [`bytes`].
///
/// # Errors
/// When it is less than engines give: 6 MiB, as Docker's does.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    match bytes(text)? {
        bytes if bytes >= 6 << 20 => Ok(bytes),
        _ => Err("container engines require at least 6m".to_owned()),
    }
}

/// `0`, of whatever unit.
fn is_nothing(text: &str) -> bool {
    matches!(split(text), ("0", "" | "s" | "m" | "h" | "d"))
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

#[cfg(test)]
mod tests {
    use super::{bytes, cooldown, duration, memory, pause};
    use std::time::Duration;

    #[test]
    fn units_are_what_people_write() {
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2 h"), Ok(Duration::from_secs(7200)));
        assert_eq!(pause("0"), Ok(Duration::ZERO));
        assert_eq!(pause("0s"), Ok(Duration::ZERO));
        assert_eq!(pause("0ms"), Ok(Duration::ZERO));
        assert_eq!(pause("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(pause("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(cooldown("0"), Ok(Duration::ZERO));
        assert_eq!(cooldown("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert!(cooldown("24").is_err() && cooldown("").is_err());
        assert!(cooldown("31d").is_err() && pause("2h").is_err() && pause("ms").is_err());
        assert_eq!(bytes("2g"), Ok(2 << 30));
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        assert_eq!(memory("6m"), Ok(6 << 20));
        for little in ["1k", "6143k", "6291455"] {
            assert_eq!(memory(little), Err("container engines require at least 6m".to_owned()));
        }
        for wrong in ["", "0", "m", "-1", "1x", "99999999999999999999d", "1.5h", "é"] {
            assert!(duration(wrong).is_err() && bytes(wrong).is_err(), "{wrong}");
        }
    }
}
