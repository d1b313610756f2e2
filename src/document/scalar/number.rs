//! Numbers as yaml.v3 reads them, with Go's `strconv` underneath.

use super::Resolved;

/// Resolves a text that begins with a digit or a sign. Underscores are dropped wherever they stand.
pub(super) fn resolve(text: &str) -> Resolved {
    let plain = text.replace('_', "");
    if let Some(value) = integer(&plain) {
        return Resolved::Int(value);
    }
    if is_float(&plain)
        && let Some(value) = float(&plain)
    {
        return Resolved::Float(value);
    }
    prefixed(&plain, "0b", "-0b", 2).or_else(|| prefixed(&plain, "0o", "-0o", 8)).map_or(Resolved::Text, Resolved::Int)
}

/// A float; none when it is out of range, as in Go.
pub(super) fn float(text: &str) -> Option<f64> {
    // Rust also reads `inf`, `nan` and their kin, which Go's caller never passes on.
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `ParseInt(text, 0, 64)`, or `ParseUint` when only that succeeds.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => (1, text),
    };
    let prefix = digits.get(..2).unwrap_or("").to_ascii_lowercase();
    let (base, digits) = match prefix.as_str() {
        "0x" => (16, digits.get(2..)?),
        "0b" => (2, digits.get(2..)?),
        "0o" => (8, digits.get(2..)?),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // `ParseUint` knows no signs, so a signed number must fit the signed type.
    let signed = digits.len() < text.len() && text.starts_with(['+', '-']);
    in_range(sign * magnitude(digits, base)?, signed)
}

/// Digits of a base, without a sign, below 2^64.
fn magnitude(digits: &str, base: u32) -> Option<i128> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    u64::from_str_radix(digits, base).ok().map(i128::from)
}

fn in_range(value: i128, signed: bool) -> Option<i128> {
    let highest = if signed { i128::from(i64::MAX) } else { i128::from(u64::MAX) };
    (i128::from(i64::MIN)..=highest).contains(&value).then_some(value)
}

/// yaml.v3's second try at `0b` and `0o`, which differs from the first in taking a sign after the prefix: `0b-1` is -1.
fn prefixed(text: &str, prefix: &str, negative: &str, base: u32) -> Option<i128> {
    if let Some(rest) = text.strip_prefix(prefix) {
        let (sign, digits) = match rest.as_bytes().first()? {
            b'+' => (1, rest.get(1..)?),
            b'-' => (-1, rest.get(1..)?),
            _ => (1, rest),
        };
        return in_range(sign * magnitude(digits, base)?, digits.len() < rest.len());
    }
    in_range(-magnitude(text.strip_prefix(negative)?, base)?, true)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let some_digits = !whole.is_empty() || !fraction.is_empty();
    some_digits
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::{Resolved, resolve};

    #[test]
    fn signs_and_prefixes_are_read_as_go_reads_them() {
        let cases = [
            ("0b-1", Resolved::Int(-1)),
            ("-0b11", Resolved::Int(-3)),
            ("0B11", Resolved::Int(3)),
            ("-0o-7", Resolved::Text),
            ("+18446744073709551615", Resolved::Float(18_446_744_073_709_551_615.0)),
            ("-9223372036854775808", Resolved::Int(i128::from(i64::MIN))),
            ("+", Resolved::Text),
            ("-", Resolved::Text),
            ("0x_1", Resolved::Int(1)),
            ("1.5.5", Resolved::Text),
            ("-.5", Resolved::Float(-0.5)),
            ("1e", Resolved::Text),
            ("1inf", Resolved::Text),
            ("+.e1", Resolved::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }
}
