//! Whether what stands around a prefix is a credential, and not a text about one.

use super::shape::{Alphabet, Found, Shape, Start};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

const CHECKSUM: &str = "its checksum is right";
const RANDOM: &str = "it has the form of one and is random";
const STRUCTURE: &str = "it has the form of one";

/// Words that only placeholders have. Four random letters in either case are one of these once in millions of tokens.
const PLACEHOLDERS: [&str; 25] = [
    "1234",
    "abcd",
    "change",
    "demo",
    "dummy",
    "example",
    "fake",
    "foobar",
    "here",
    "insert",
    "mysecret",
    "passw",
    "placeholder",
    "redacted",
    "replace",
    "sample",
    "secret",
    "sequence",
    "some",
    "string",
    "test",
    "token",
    "xxxx",
    "your",
    "0000",
];

/// Whether a text is random enough to be a key: many different characters, no long run of one, no alphabet, no word of
/// placeholders.
pub(super) fn is_random(text: &str, alphabet: Alphabet) -> bool {
    let symbols: f64 = match alphabet {
        Alphabet::Hex => 16.0,
        Alphabet::Base32 => 32.0,
        Alphabet::Base62 | Alphabet::Base64Url | Alphabet::Base64 => 62.0,
    };
    #[allow(clippy::cast_precision_loss, reason = "lengths of tokens are small")]
    let length = text.len() as f64;
    // Random texts reach 0.9 of what is possible for their length and alphabet; English words 0.7 and less.
    if entropy(text) < 0.76 * symbols.min(length).log2() {
        return false;
    }
    let bytes = text.as_bytes();
    let has_run = |same: fn(u8, u8) -> bool, most: usize| {
        let mut run = 1;
        bytes.windows(2).any(|pair| {
            run = if matches!(pair, [a, b] if same(*a, *b)) { run + 1 } else { 1 };
            run > most
        })
    };
    if has_run(|a, b| a == b, 4) || has_run(|a, b| a.wrapping_add(1) == b, 4) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    !PLACEHOLDERS.into_iter().any(|word| lower.contains(word))
}

/// Shannon's entropy of the bytes, in bits for each.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "lengths of tokens are small")]
    let length = text.len() as f64;
    counts
        .into_iter()
        .filter(|count| *count > 0)
        .map(|count| {
            let share = f64::from(count) / length;
            -share * share.log2()
        })
        .sum()
}

/// Whether a credential may begin here: no letter, digit, `_` or `-` runs into it.
fn is_border(before: &str) -> bool {
    // In JSON and in quoted YAML a line end is written `\n`: its letter is not part of a word.
    if before.ends_with("\\n") || before.ends_with("\\t") {
        return true;
    }
    !before.bytes().next_back().is_some_and(|byte| Alphabet::Base64Url.has(byte))
}

/// The characters of `alphabet` that `text` begins with.
fn run(text: &str, alphabet: Alphabet) -> &str {
    let end = text.bytes().position(|byte| !alphabet.has(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Like [`run`], when it is the whole word and of the right length.
fn word(text: &str, alphabet: Alphabet, (min, max): (usize, usize)) -> Option<&str> {
    let word = run(text, alphabet);
    let ends = !text.as_bytes().get(word.len()).is_some_and(|byte| Alphabet::Base64Url.has(*byte));
    (ends && (min..=max).contains(&word.len())).then_some(word)
}

/// The prefix and so many bytes after it.
fn found(end: usize, evidence: &'static str) -> Option<Found> {
    Some(Found { start: Start::Before(0), end, evidence, shown: true })
}

/// A word of the shape's alphabet and length that is random.
pub(super) fn between(shape: &Shape, before: &str, after: &str) -> Option<Found> {
    let body = word(after, shape.body, shape.length)?;
    (is_border(before) && is_random(body, shape.body)).then(|| found(body.len(), RANDOM))?
}

/// 30 characters and their CRC-32 in base 62: GitHub's and npm's tokens. A wrong checksum is no token.
pub(super) fn checksummed(shape: &Shape, before: &str, after: &str) -> Option<Found> {
    let body = word(after, shape.body, shape.length)?;
    let (random, sum) = body.split_at_checked(body.len().checked_sub(6)?)?;
    // The checksum tells: a hyphen or underscore before it may join it to another word.
    let begins = before.ends_with(['-', '_']) || is_border(before);
    (begins && checksum(random) == sum).then(|| found(body.len(), CHECKSUM))?
}

/// CRC-32 (IEEE) in base 62 with the digits `0-9A-Za-z`, padded to 6 of them.
pub(super) fn checksum(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = !text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    });
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

/// 16 characters of base 32. AWS' documentation uses one that ends with `EXAMPLE`.
pub(super) fn aws_key_id(_: &Shape, before: &str, after: &str) -> Option<Found> {
    let body = word(after, Alphabet::Base32, (16, 16))?;
    (is_border(before) && is_random(body, Alphabet::Base32)).then(|| found(body.len(), RANDOM))?
}

/// 40 characters of base 64 after the usual name of the setting.
pub(super) fn aws_secret(_: &Shape, _: &str, after: &str) -> Option<Found> {
    let skipped = after.bytes().position(|byte| !matches!(byte, b' ' | b'"' | b'\'' | b':' | b'=' | b'\\'))?;
    if !(1..=8).contains(&skipped) {
        return None;
    }
    let body = run(after.get(skipped..)?, Alphabet::Base64);
    let is_key = body.len() == 40 && is_random(body, Alphabet::Base64);
    is_key.then_some(Found { start: Start::After(skipped), end: skipped + body.len(), evidence: RANDOM, shown: false })
}

/// 64 bytes in base 64. The key of the storage emulator is public and the same everywhere.
pub(super) fn azure_key(_: &Shape, _: &str, after: &str) -> Option<Found> {
    let body = run(after, Alphabet::Base64);
    let is_key =
        body.len() == 88 && body.ends_with("==") && !body.starts_with("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50u");
    (is_key && is_random(body.trim_end_matches('='), Alphabet::Base64)).then(|| found(body.len(), RANDOM))?
}

/// `sk-…T3BlbkFJ…`: the middle is base 64 for "OpenAI".
pub(super) fn openai(_: &Shape, before: &str, after: &str) -> Option<Found> {
    let start = before.bytes().rposition(|byte| !Alphabet::Base64Url.has(byte)).map_or(0, |at| at + 1);
    let head = before.get(start..)?.strip_prefix("sk-")?;
    let tail = run(after, Alphabet::Base64Url);
    let is_key = head.len() >= 20 && tail.len() >= 20 && is_random(tail, Alphabet::Base64Url);
    is_key.then_some(Found {
        start: Start::Before(before.len() - start),
        end: tail.len(),
        evidence: STRUCTURE,
        shown: false,
    })
}

/// Numbers of the workspace and a random end, between hyphens.
pub(super) fn slack(_: &Shape, before: &str, after: &str) -> Option<Found> {
    let body = run(after, Alphabet::Base64Url);
    let last = body.rsplit('-').next()?;
    let has_number = body.split('-').any(|part| part.len() >= 10 && part.bytes().all(|byte| byte.is_ascii_digit()));
    let is_token = is_border(before) && has_number && last.len() >= 20 && is_random(last, Alphabet::Base62);
    is_token.then(|| found(body.len(), RANDOM))?
}

/// `T…/B…/` and 24 characters.
pub(super) fn slack_webhook(_: &Shape, _: &str, after: &str) -> Option<Found> {
    let mut parts = after.splitn(3, '/');
    let (team, bot, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let key = run(rest, Alphabet::Base62);
    let is_id =
        |id: &str, first| id.starts_with(first) && id.len() >= 9 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_hook = is_id(team, 'T') && is_id(bot, 'B') && key.len() == 24 && is_random(key, Alphabet::Base62);
    is_hook.then(|| found(team.len() + bot.len() + 2 + key.len(), RANDOM))?
}

/// The bot's number, a colon, and 35 characters of which the first two are `AA`.
pub(super) fn telegram(_: &Shape, before: &str, after: &str) -> Option<Found> {
    let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    let body = word(after, Alphabet::Base64Url, (33, 33))?;
    let is_token = (8..=10).contains(&digits) && is_random(body, Alphabet::Base64Url);
    is_token.then_some(Found { start: Start::Before(digits), end: body.len(), evidence: RANDOM, shown: false })
}

/// Two random parts with a dot between them.
pub(super) fn segments(shape: &Shape, before: &str, after: &str) -> Option<Found> {
    let first = run(after, shape.body);
    let second = word(after.get(first.len()..)?.strip_prefix('.')?, shape.body, (shape.length.1, shape.length.1))?;
    let is_key = is_border(before)
        && first.len() == shape.length.0
        && is_random(first, shape.body)
        && is_random(second, shape.body);
    is_key.then(|| found(first.len() + 1 + second.len(), RANDOM))?
}

/// `-----BEGIN … PRIVATE KEY-----` and at least one line of base 64. Real keys are longer; documentation ends with `...`.
pub(super) fn private_key(_: &Shape, _: &str, after: &str) -> Option<Found> {
    // Keys of 8,192 bits are below 7,000 characters.
    const LONGEST: usize = 16_384;
    let (label, rest) = after.split_once("-----").filter(|(label, _)| label.len() <= 40)?;
    if !label.contains("PRIVATE KEY") {
        return None;
    }
    let (mut key, mut end, mut at) = (String::new(), 0, 0);
    while let Some(byte) = rest.as_bytes().get(at).copied().filter(|_| at < LONGEST) {
        match byte {
            // A line end as JSON and quoted YAML write it.
            b'\\' => at += 1,
            b' ' | b'\t' | b'\r' | b'\n' | b'#' | b'"' | b'\'' => {}
            byte if Alphabet::Base64.has(byte) => {
                key.push(char::from(byte));
                end = at + 1;
            }
            _ => break,
        }
        at += 1;
    }
    // Cut short with an ellipsis: an example.
    let is_cut = rest.get(at..).is_some_and(|rest| rest.starts_with(['.', '…', '<', '[']));
    // The first characters are the same for all keys of a kind; some part of the rest is random in every one.
    let is_key = key.len() >= 64
        && (24..key.len())
            .step_by(20)
            .any(|at| key.get(at..at + 40).is_some_and(|part| is_random(part, Alphabet::Base64)));
    let evidence = "the key itself is there, not only its frame";
    (is_key && !is_cut).then_some(Found { start: Start::Before(0), end: label.len() + 5 + end, evidence, shown: false })
}

/// Three parts, of which the first two are JSON: `alg` in the header, and a signature long enough for one.
pub(super) fn jwt(_: &Shape, before: &str, after: &str) -> Option<Found> {
    // `eyJ` is `{"`; long tokens of real services stay below this.
    const LONGEST: usize = 8_192;
    if !is_border(before) {
        return None;
    }
    let end = after.bytes().take(LONGEST).position(|byte| !Alphabet::Base64Url.has(byte) && byte != b'.');
    let body = after.get(..end.unwrap_or_else(|| after.len().min(LONGEST)))?;
    let mut parts = body.split('.');
    let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let json = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let algorithm = json(&format!("eyJ{header}"))?.get("alg")?.as_str()?.to_owned();
    let claims = json(payload)?;
    // What everybody copies: the token of jwt.io, and those of Supabase's local development.
    let is_example = claims.get("sub").and_then(Value::as_str) == Some("1234567890")
        || claims
            .get("iss")
            .and_then(Value::as_str)
            .is_some_and(|issuer| issuer.contains("demo") || issuer.contains("example"));
    let is_signed = algorithm != "none" && signature.len() >= 20 && is_random(signature, Alphabet::Base64Url);
    let length = header.len() + payload.len() + signature.len() + 2;
    (claims.is_object() && is_signed && !is_example).then(|| found(length, "its header and claims can be read"))?
}

/// `user:password@host` where the password looks made by a machine and the host is somebody's.
pub(super) fn password_in_url(_: &Shape, _: &str, after: &str) -> Option<Found> {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | '`' | '\\' | '|' | ',');
    let authority = after.get(..after.find(ends).unwrap_or(after.len()))?;
    let (userinfo, host) = authority.rsplit_once('@')?;
    let (user, password) = userinfo.split_once(':')?;
    let host = host.split(':').next()?;
    let is_nobodys =
        matches!(host, "localhost" | "host" | "hostname" | "server" | "db" | "postgres" | "mysql" | "redis")
            || host.starts_with("127.")
            || host.contains("example")
            || host.contains("your");
    let is_template = password.contains(['{', '}', '$', '[', ']', '%', '*', '…']);
    let has = |is: fn(&u8) -> bool| password.as_bytes().iter().any(is);
    let is_made = (12..=200).contains(&password.len())
        && password.is_ascii()
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && is_random(password, Alphabet::Base62);
    if is_nobodys || is_template || !is_made || user.contains(['{', '$']) {
        return None;
    }
    // Host and user may be seen: they tell whose password it is.
    Some(Found { start: Start::After(user.len() + 1), end: userinfo.len(), evidence: "it is random", shown: false })
}
