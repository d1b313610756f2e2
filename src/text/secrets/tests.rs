#![allow(clippy::unwrap_used)]

//! No credential stands whole in this file: hosts refuse to take a push that has one, whatever it is for. They are put
//! together here, from parts that mean nothing.

use super::check::checksum;
use super::{Secret, find};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Random characters, the same in every run.
fn random(digits: &str, length: usize) -> String {
    let digits = digits.as_bytes();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..length).map(|_| char::from(digits[usize::try_from(next() % digits.len() as u64).unwrap()])).collect()
}

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &str = "0123456789abcdef";

fn base62(length: usize) -> String {
    random(BASE62, length)
}

fn with_checksum(prefix: &str) -> String {
    let body = base62(30);
    format!("{prefix}{body}{}", checksum(&body))
}

fn web_token(header: &str, claims: &str) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    format!("{}.{}.{}", part(header), part(claims), base62(43))
}

fn key(label: &str, line_end: &str) -> String {
    let body = format!("MIIEvQIBADANBgkqhkiG9w0BAQEF{line_end}{}{line_end}{}", base62(64), base62(64));
    format!("-----BEGIN {label}-----{line_end}{body}{line_end}-----END {label}-----")
}

fn only(text: &str) -> Secret {
    let mut found = find(text);
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

#[test]
fn checksums_are_githubs() {
    // A revoked token that its owner published to document the format.
    assert_eq!(checksum("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"), "0mLq17");
}

#[test]
fn every_kind_is_found_with_its_whole_span() {
    let cases = [
        (with_checksum("ghp_"), "a GitHub personal access token"),
        (with_checksum("npm_"), "an npm token"),
        (format!("github_pat_{}_{}", base62(22), random(BASE62, 59)), "a GitHub fine-grained token"),
        (format!("glpat-{}", base62(20)), "a GitLab personal access token"),
        (format!("AKIA{}", random(BASE32, 16)), "an AWS access key"),
        (format!("AccountKey={}==", base62(86)), "an Azure storage key"),
        (format!("AIza{}", base62(35)), "a Google API key"),
        (format!("sk-proj-{}T3BlbkFJ{}", base62(40), random(BASE62, 44)), "an OpenAI key"),
        (format!("sk-ant-api03-{}AA", base62(93)), "an Anthropic API key"),
        (format!("hf_{}", random(&BASE62[10..], 34)), "a Hugging Face token"),
        (
            format!("xoxb-{}-{}-{}", random(&BASE62[..10], 12), random(&BASE62[..10], 12), base62(24)),
            "a Slack bot token",
        ),
        (format!("hooks.slack.com/services/T{0}/B{0}/{1}", random(&BASE62[..36], 10), base62(24)), "a Slack webhook"),
        (format!("{}:AA{}", random(&BASE62[1..10], 10), base62(33)), "a Telegram bot token"),
        (format!("sk_live_{}", base62(24)), "a Stripe secret key"),
        (format!("SG.{}.{}", base62(22), base62(43)), "a SendGrid key"),
        (format!("SK{}", random(HEX, 32)), "a Twilio API key"),
        (web_token(r#"{"alg":"HS256"}"#, r#"{"sub":"42","iss":"acme"}"#), "a signed web token (JWT)"),
    ];
    for (token, kind) in cases {
        let text = format!("# set KEY=\"{token}\" to use it");
        let found = only(&text);
        assert_eq!((found.kind, &text[found.span.range()]), (kind, token.as_str()));
        assert!(token.starts_with(&found.beginning) && found.beginning.len() < token.len() - 8, "{found:?}");
    }
}

#[test]
fn what_names_a_secret_is_not_part_of_it() {
    let secret = base62(40);
    let text = format!("export AWS_SECRET_ACCESS_KEY=\"{secret}\"");
    assert_eq!(&text[only(&text).span.range()], secret);
    let text = format!("postgres://app:{}@db.acme.io:5432/x", base62(20));
    assert_eq!(&text[only(&text).span.range()], base62(20));
}

#[test]
fn private_keys_are_found_however_their_lines_end() {
    for line_end in ["\n", "\r\n", "\\n", "\n    # "] {
        for label in ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
            let text = format!("key: \"{}\"", key(label, line_end));
            let found = only(&text);
            assert_eq!((found.kind, found.beginning.as_str()), ("a private key", ""), "{label} {line_end:?}");
            assert!(text[found.span.range()].contains(&base62(64)));
        }
    }
    assert_eq!(find(&key("PUBLIC KEY", "\n")), []);
    assert_eq!(find(&key("CERTIFICATE", "\n")), []);
}

#[test]
fn placeholders_and_documented_examples_are_no_secrets() {
    let example = web_token(r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"sub":"1234567890","name":"John Doe"}"#);
    let unsigned = web_token(r#"{"alg":"none"}"#, r#"{"sub":"42"}"#);
    for text in [
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_your_personal_access_token_goes_here",
        "ghp_1234567890abcdefghijklmnopqrstuvwxyz",
        "github_pat_…",
        "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "sk-ant-api03-...",
        "sk-proj-YOUR_API_KEY",
        "xoxb-your-bot-token",
        "xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "sk_live_your_stripe_secret_key_goes_in_here",
        "AIzaSyYOUR_GOOGLE_MAPS_API_KEY_GOES_HERE",
        "SG.YOUR_SENDGRID_KEY",
        "hf_abcdefghijklmnopqrstuvwxyzabcdefgh",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj...",
        "postgresql+asyncpg://user:password@localhost:5432/mydb",
        "postgres://user:${DB_PASSWORD}@db.acme.io/x",
        "mongodb+srv://admin:your_password_123@cluster0.acme.net",
        &example,
        &unsigned,
        "eyJ",
        "AKIA",
        "",
    ] {
        assert_eq!(find(text), [], "{text}");
    }
}

#[test]
fn near_misses_are_none() {
    let good = with_checksum("ghp_");
    let mut wrong = good.clone();
    let last = if wrong.ends_with('0') { '1' } else { '0' };
    wrong.pop();
    wrong.push(last);
    assert_eq!(find(&wrong), [], "a wrong checksum");
    assert_eq!(find(&format!("x{good}")), [], "the end of a longer word");
    assert_eq!(find(&format!("{good}x")), [], "the begin of a longer word");
    assert_eq!(find(&format!("AKIA{}", random(BASE32, 15))), [], "too short");
    assert_eq!(find(&format!("AKIA{}1", random(BASE32, 15))), [], "a digit that base 32 does not have");
    assert_eq!(find(&format!("sk_test_{}", base62(24))), [], "a key for tests");
    assert_eq!(find(&format!("fc-{}", base62(32))), [], "not hexadecimal");
}

#[test]
fn several_are_several_and_line_ends_of_json_are_borders() {
    let text =
        format!("{} {}\\n{}", with_checksum("ghp_"), format_args!("AKIA{}", random(BASE32, 16)), with_checksum("npm_"));
    assert_eq!(find(&text).len(), 3);
}

proptest::proptest! {
    #[test]
    fn any_text_can_be_searched(text in "(\\PC|eyJ|\\.|-----BEGIN |PRIVATE KEY-----|://|:|@|T3BlbkFJ|sk-|AKIA|\\\\n|\n){0,60}") {
        for secret in find(&text) {
            proptest::prop_assert!(text.get(secret.span.range()).is_some());
        }
    }
}
