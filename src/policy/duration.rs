//! Spans of time as people write them.

use std::time::Duration;

/// As [`parse`], but no number alone: where hours and days are usual, 24 is meant as hours by many, and would be next to
/// nothing.
///
/// # Errors
/// As those of [`parse`], and for a number alone.
pub(crate) fn with_unit(text: &str) -> Result<Duration, String> {
    if text.trim().bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("write it with its unit: 30m, 24h or 7d".to_owned());
    }
    parse(text)
}

/// `30m`, `90s`, `2h`, `1d`; a number alone is seconds.
///
/// # Errors
/// When it is anything else, nothing at all, or more than a year.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim() {
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
