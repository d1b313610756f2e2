#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Findings, MAX_BYTES, MAX_FINDINGS, MAX_LINE, MAX_PATH, MAX_REASON, MAX_SUMMARY, MAX_TEXT, MAX_TITLE};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::LazyLock;

const SCHEMA: &str = include_str!("../../../schemas/review-findings.json");

fn validator() -> &'static jsonschema::Validator {
    static VALIDATOR: LazyLock<jsonschema::Validator> =
        LazyLock::new(|| jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap());
    &VALIDATOR
}

fn example(number: usize) -> Value {
    serde_json::from_str::<Value>(SCHEMA).unwrap()["examples"][number].clone()
}

/// The first example with the value at `pointer` replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = example(0);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    document
}

fn without(pointer: &str) -> Value {
    let mut document = example(0);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    document
}

fn finding(key: &str, value: Value) -> Value {
    with(&format!("/findings/0/{key}"), value)
}

fn parse(document: &Value) -> Result<Findings, String> {
    Findings::parse(document.to_string().as_bytes()).map_err(|error| error.0)
}

#[test]
fn the_schemas_examples_parse() {
    let first = parse(&example(0)).unwrap();
    assert_eq!(first.findings[0].path.as_deref(), Some("src/tools/run.ts"));
    assert_eq!(parse(&example(1)).unwrap().reason.as_deref(), example(1)["reason"].as_str());
    assert_eq!(Findings::parse(format!("\n {}\n\n", example(0)).as_bytes()).unwrap(), first);
}

/// Every key of the document and of a finding with values at, below and beyond its limits, and of other types.
fn variants() -> Vec<Value> {
    let long = |characters: usize| Value::from("ä".repeat(characters));
    let mut all = vec![example(0), example(1), json!([]), json!(null), json!("x"), json!({})];
    let values = [
        json!(null),
        json!(""),
        json!("x"),
        json!(0),
        json!(1),
        json!(2),
        json!(-1),
        json!(41.0),
        json!(41.5),
        json!(42),
        json!(MAX_LINE),
        json!(u64::from(MAX_LINE) + 1),
        json!(u64::MAX),
        json!(true),
        json!([]),
        json!({}),
        json!(["x"]),
        json!("null"),
        json!("41"),
        json!("complete"),
        json!("incomplete"),
        json!("critical"),
        json!("Critical"),
        json!("medium"),
        json!("behaviour"),
        json!("\u{202e}@octocat\n::error::\u{0}"),
        long(MAX_TITLE),
        long(MAX_TITLE + 1),
        long(MAX_REASON),
        long(MAX_REASON + 1),
        long(MAX_TEXT),
        long(MAX_TEXT + 1),
        long(MAX_SUMMARY),
        long(MAX_SUMMARY + 1),
    ];
    let paths =
        ["a", "a/b", ".a", "..a/.b.", "a/./b", "./a", "..", "a/..", "/a", "a/", "a//b", "a\u{7}", "a\u{85}", "ü/日"];
    let mut pointers: Vec<String> =
        ["version", "status", "reason", "summary", "findings", "more"].iter().map(|key| format!("/{key}")).collect();
    pointers.extend(example(0)["findings"][0].as_object().unwrap().keys().map(|key| format!("/findings/0/{key}")));
    pointers.push("/findings/0/more".to_owned());
    for pointer in &pointers {
        all.extend(values.iter().map(|value| with(pointer, value.clone())));
        all.push(without(pointer));
    }
    all.extend(paths.iter().map(|path| finding("path", json!(path))));
    for path in [json!(null), json!("a")] {
        for start in [json!(null), json!(1)] {
            for end in [json!(null), json!(1)] {
                let mut document = finding("path", path.clone());
                document["findings"][0]["start_line"] = start.clone();
                document["findings"][0]["end_line"] = end;
                all.push(document);
            }
        }
    }
    for number in [MAX_FINDINGS, MAX_FINDINGS + 1] {
        let mut document = example(0);
        document["findings"] = Value::Array(vec![document["findings"][0].clone(); number]);
        all.push(document);
    }
    let mut reasoned = example(1);
    for reason in [json!(null), json!(""), json!("x"), json!("ä".repeat(MAX_REASON + 1))] {
        reasoned["reason"] = reason;
        all.push(reasoned.clone());
    }
    all
}

#[test]
fn parser_and_schema_agree() {
    let validator = validator();
    let (mut accepted, mut refused) = (0, 0);
    for document in variants() {
        let parsed = parse(&document);
        // What a schema cannot say of these documents: order, and bytes in place of characters.
        let unsaid = ["is before start_line", " bytes; 4096 are the most"];
        let unsaid = matches!(&parsed, Err(error) if unsaid.iter().any(|words| error.contains(words)));
        assert_eq!(
            parsed.is_ok() || unsaid,
            validator.is_valid(&document),
            "{parsed:?}: {}",
            document.to_string().chars().take(900).collect::<String>()
        );
        if parsed.is_ok() { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted > 60 && refused > 300, "{accepted} {refused}");
}

#[test]
fn refusals_say_what_and_where() {
    let key = "k\u{1b}]8;;https://evil.example\u{7}".repeat(50);
    let mut twice = example(0).to_string();
    twice.insert_str(1, "\"status\": \"incomplete\", ");
    let mut second = example(0).to_string();
    second.push_str(&example(0).to_string());
    let deep = format!("{{\"version\": {}1{}}}", "[".repeat(16), "]".repeat(16));
    let shallow = format!("{{\"version\": {}1{}}}", "[".repeat(15), "]".repeat(15));
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b" \n".to_vec()),
        ("a word", b"done".to_vec()),
        ("prose before", format!("Here it is: {}", example(0)).into_bytes()),
        ("a fence", format!("```json\n{}\n```", example(0)).into_bytes()),
        ("a second document", second.into_bytes()),
        ("a key twice", twice.into_bytes()),
        ("a key twice, escaped", br#"{"version": 1, "ver\u0073ion": 1}"#.to_vec()),
        ("a lone surrogate", br#"{"version": "\ud800"}"#.to_vec()),
        ("not UTF-8", b"{\"version\": \"\xff\"}".to_vec()),
        ("a byte order mark", "\u{feff}{}".as_bytes().to_vec()),
        ("not a number", b"{\"version\": NaN}".to_vec()),
        ("a huge number", b"{\"version\": 1e999}".to_vec()),
        ("100,000 deep", "[".repeat(100_000).into_bytes()),
        ("17 deep", deep.into_bytes()),
        ("16 deep", shallow.into_bytes()),
        ("too long", vec![b' '; MAX_BYTES + 1]),
        ("a hostile key", json!({ key.clone(): 1 }).to_string().into_bytes()),
        ("a workflow command", b"::stop-commands::x\n{}".to_vec()),
        ("a missing key", without("/findings/0/impact").to_string().into_bytes()),
        ("another version", with("/version", json!(2)).to_string().into_bytes()),
        ("another word", finding("risk", json!(key)).to_string().into_bytes()),
        ("lines in disorder", finding("end_line", json!(40)).to_string().into_bytes()),
        ("a path out", finding("path", json!("a/../../etc/passwd")).to_string().into_bytes()),
        ("a path of many bytes", finding("path", json!("ü".repeat(MAX_PATH))).to_string().into_bytes()),
        ("a list that is none", with("/findings", json!({})).to_string().into_bytes()),
        ("a finding that is none", with("/findings", json!([1])).to_string().into_bytes()),
    ];
    let mut shown = String::new();
    for (what, text) in texts {
        let error = Findings::parse(&text).expect_err(what).0;
        assert!(error.len() < 350 && !error.chars().any(char::is_control), "{what}: {error:?}");
        writeln!(shown, "{what}: {error}").unwrap();
    }
    insta::assert_snapshot!(shown, @r"
    nothing: there is no document: nothing was printed
    a word: the document is not JSON: unexpected word (line 1, column 1)
    prose before: the document is not JSON: unexpected word (line 1, column 1)
    a fence: the document is not JSON: unexpected token (line 1, column 1)
    a second document: the document is not JSON: text cannot contain more than one JSON value (line 1, column 517)
    a key twice: the document is not JSON: duplicate key `status` (line 1, column 38)
    a key twice, escaped: the document is not JSON: duplicate key `version` (line 1, column 16)
    a lone surrogate: the document is not JSON: invalid unicode escape sequence. 'd800 (unpaired high surrogate)' is not a valid UTF8 character (line 1, column 14)
    not UTF-8: the document is not UTF-8 after byte 13
    a byte order mark: the document is not JSON: the text begins with a byte order mark, which JSON has none of (line 1, column 1)
    not a number: the document is not JSON: unexpected token (line 1, column 13)
    a huge number: the document is not JSON: the number is too large (line 1, column 13)
    100,000 deep: the document is nested more than 16 deep
    17 deep: the document is nested more than 16 deep
    16 deep: version: not a whole number
    too long: the document has 262145 bytes; 262144 are the most
    a hostile key: the document: the key `k\u{1b}]8;;https://e…` is unknown; known are version, status, reason, summary, findings
    a workflow command: the document is not JSON: unexpected colon (line 1, column 1)
    a missing key: findings[0].impact: missing
    another version: version: not 1
    another word: findings[0].risk: not one of info, low, medium, high, critical
    lines in disorder: findings[0].end_line: 40 is before start_line, 41
    a path out: findings[0].path: a path is relative and has no part that is empty, `.` or `..`
    a path of many bytes: findings[0].path: 8192 bytes; 4096 are the most
    a list that is none: findings: not a list
    a finding that is none: findings[0]: not an object
    ");
}

fn json_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "d800",
        "\\ud83d\\udc4d",
        "null",
        "1",
        "-",
        "e9",
        "0.5",
        " ",
        "\n",
        "\u{feff}",
        "\u{0}",
        "\"version\":1",
        "\"status\":\"complete\"",
        "\"findings\":[]",
        "\"summary\":\"\"",
        "ä",
        "x",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Findings::parse(&bytes);
    }

    #[test]
    fn any_text_is_read_or_refused(text in json_like()) {
        if let Err(error) = Findings::parse(text.as_bytes()) {
            prop_assert!(error.0.len() < 350, "{}", error.0);
        }
    }

    #[test]
    fn what_parses_is_written_as_what_parses_to_the_same(
        title in ".{1,50}", path in prop::option::of("[a-z.ü ]{1,5}(/[a-z]{1,5}){0,3}"), lines in prop::option::of((1..50_u32, 0..9_u32)),
        quote in prop::option::of(any::<String>()), impact in any::<String>(), reason in prop::option::of(".{1,20}"),
        risk in 0..5_usize, category in 0..14_usize,
    ) {
        let mut document = example(0);
        document["summary"] = json!(impact);
        document["status"] = json!(if reason.is_some() { "incomplete" } else { "complete" });
        document["reason"] = json!(reason);
        let lines = lines.filter(|_| path.is_some());
        document["findings"][0] = json!({
            "title": title, "risk": super::super::Risk::ALL[risk], "category": super::super::Category::ALL[category], "path": path,
            "start_line": lines.map(|(start, _)| start), "end_line": lines.map(|(start, more)| start + more), "quote": quote,
            "impact": impact, "recommendation": "", "confidence": "low",
        });
        if let Ok(parsed) = parse(&document) {
            let written = serde_json::to_vec(&parsed).unwrap();
            prop_assert!(validator().is_valid(&serde_json::from_slice(&written).unwrap()));
            prop_assert_eq!(Findings::parse(&written), Ok(parsed));
        } else {
            prop_assert!(path.is_some_and(|path| path.split('/').any(|part| part == "." || part == "..")));
        }
    }
}
