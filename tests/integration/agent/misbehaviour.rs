//! Providers and models that do not do what they should: there is a document, it says why, and what was found is in it.

use super::transcript::transcript;
use super::{Api, Run, Sandbox};
use crate::provider::{Script, Step};
use serde_json::json;

const WAYS: [&[&str]; 2] = [&[], &["--no-stream"]];

/// Plays the steps to every API in both ways; what comes out must be one reason.
fn reason_everywhere(steps: &[Step]) -> String {
    let sandbox = Sandbox::weather();
    let mut reasons = Vec::new();
    for api in Api::ALL {
        for way in WAYS {
            let run = sandbox.run_with(api, Script::new(steps.to_vec()), way);
            assert_eq!(run.document()["findings"], json!([]));
            reasons.push(run.reason());
        }
    }
    reasons.dedup();
    reasons.join("\n")
}

fn ending(steps: impl IntoIterator<Item = Step>, arguments: &[&str]) -> Run {
    Sandbox::weather().run_with(Api::Anthropic, Script::new(steps), arguments)
}

/// The events of one kind on standard error.
fn events(run: &Run, kind: &str) -> Vec<String> {
    let start = format!("{{\"event\":\"{kind}\"");
    run.output.stderr.lines().filter(|line| line.starts_with(&start)).map(str::to_owned).collect()
}

#[test]
fn a_refusal_is_incomplete() {
    insta::assert_snapshot!(reason_everywhere(&[Step::calls([("list_files", json!({}))]), Step::Refuse]), @"the model refused to go on");
}

#[test]
fn an_answer_that_is_cut_is_incomplete() {
    insta::assert_snapshot!(reason_everywhere(&[Step::RunOut]), @"the model's answer was cut at its limit of 16384 tokens");
}

#[test]
fn an_unknown_end_is_incomplete() {
    insta::assert_snapshot!(reason_everywhere(&[Step::StopFor("bored\u{1b}[31m".to_owned())]), @"the model stopped for an unknown reason: bored<U+001B>[31m");
}

#[test]
fn a_budget_that_is_spent_is_incomplete_at_once() {
    let steps = [Step::fail(403, "permission_error", "the run's budget of 3 requests is spent")];
    insta::assert_snapshot!(reason_everywhere(&steps), @"the proxy refused the call (403): the run's budget of 3 requests is spent");
    assert_eq!(ending(steps, &[]).seen.len(), 1);
}

#[test]
fn a_request_that_the_provider_does_not_take_is_not_repeated() {
    let run = ending([Step::fail(400, "invalid_request_error", "max_tokens: too many")], &[]);
    insta::assert_snapshot!(run.reason(), @"the provider answered 400: max_tokens: too many");
    assert_eq!(run.seen.len(), 1);
    let output = Sandbox::weather();
    let run = {
        let socket = output.runner.home().join("proxy.sock");
        let provider = crate::provider::Provider::on_socket(&socket, Script::finds_one());
        let output = output.start(Api::OpenAi, "sk-wrong", &[]);
        Run { output, seen: provider.seen() }
    };
    insta::assert_snapshot!(run.reason(), @"the provider answered 401: Incorrect API key provided");
}

#[test]
fn a_busy_provider_is_asked_again_when_it_says() {
    let finish = || Step::finish("Fine.", json!([]));
    for api in Api::ALL {
        let run = Sandbox::weather().run(
            api,
            Script::new([
                Step::fail(429, "rate_limit_error", "slow down").header("retry-after", "0.9"),
                Step::fail(529, "overloaded_error", "Overloaded"),
                Step::fail(500, "api_error", "Internal server error").header("retry-after", "soon"),
                Step::Die,
                Step::Garbage("data: {\"type\": 1}\n\n".to_owned()),
                finish(),
            ]),
        );
        assert_eq!(run.document()["status"], "complete", "{}", run.output.stderr);
        assert_eq!(run.seen.len(), 6);
        let said = events(&run, "retry").join("\n");
        match api {
            Api::Anthropic => insta::assert_snapshot!(said, @r#"
            {"event":"retry","status":429,"why":"status","attempt":1,"wait_ms":900}
            {"event":"retry","status":529,"why":"status","attempt":2,"wait_ms":2}
            {"event":"retry","status":500,"why":"status","attempt":3,"wait_ms":4}
            {"event":"retry","why":"cut","attempt":4,"wait_ms":10}
            {"event":"retry","why":"malformed","attempt":5,"wait_ms":20}
            "#),
            Api::OpenAi => insta::assert_snapshot!(said, @r#"
            {"event":"retry","status":429,"why":"status","attempt":1,"wait_ms":900}
            {"event":"retry","status":529,"why":"status","attempt":2,"wait_ms":2}
            {"event":"retry","status":500,"why":"status","attempt":3,"wait_ms":4}
            {"event":"retry","why":"cut","attempt":4,"wait_ms":10}
            {"event":"retry","why":"malformed","attempt":5,"wait_ms":20}
            "#),
            Api::Chat => insta::assert_snapshot!(said, @r#"
                {"event":"retry","status":429,"why":"status","attempt":1,"wait_ms":900}
                {"event":"retry","status":529,"why":"status","attempt":2,"wait_ms":2}
                {"event":"retry","status":500,"why":"status","attempt":3,"wait_ms":4}
                {"event":"retry","why":"cut","attempt":4,"wait_ms":10}
                {"event":"retry","why":"cut","attempt":5,"wait_ms":20}
                "#),
        }
    }
}

#[test]
fn an_error_after_the_answer_began_is_tried_again() {
    for api in Api::ALL {
        let late = Step::FailLate { kind: "overloaded_error".to_owned(), message: "Overloaded".to_owned() };
        let run = Sandbox::weather().run(api, Script::new([late, Step::finish("Fine.", json!([]))]));
        assert_eq!(run.document()["status"], "complete", "{}", run.output.stderr);
        assert_eq!(events(&run, "retry").len(), 1);
    }
}

#[test]
fn a_provider_that_never_gets_better_is_given_up() {
    let run = ending([Step::fail(529, "overloaded_error", "Overloaded")], &["--retries", "2"]);
    insta::assert_snapshot!(run.reason(), @"the provider answered 529: Overloaded (asked 3 times)");
    assert_eq!(run.seen.len(), 3);
    let run = ending([Step::fail(429, "rate_limit_error", "wait").header("retry-after", "86400")], &[]);
    insta::assert_snapshot!(run.reason(), @"the provider answered 429: wait (it wants to be asked again in 86400 seconds, which is too long)");
    assert_eq!(run.seen.len(), 1, "a day is too long to wait");
}

#[test]
fn a_proxy_that_is_not_there_is_incomplete() {
    let output = Sandbox::weather().start(Api::Anthropic, "sk-test-key", &["--retries", "1"]);
    let run = Run { output, seen: Vec::new() };
    insta::assert_snapshot!(run.reason(), @"the proxy cannot be reached: No such file or directory (os error 2) (asked 2 times)");
}

#[test]
fn a_task_that_is_missing_or_broken_is_incomplete() {
    let sandbox = Sandbox::weather();
    let output = sandbox.start(Api::Anthropic, "sk-test-key", &["--input", "nowhere"]);
    insta::assert_snapshot!(Run { output, seen: Vec::new() }.reason(), @"the task cannot be used: the input folder cannot be opened: No such file or directory (os error 2)");
    let mut sandbox = Sandbox::weather();
    sandbox.task.files[0].exported_as = "../../etc/passwd".to_owned();
    let output = sandbox.start(Api::Anthropic, "sk-test-key", &[]);
    insta::assert_snapshot!(Run { output, seen: Vec::new() }.reason(), @"the task cannot be used: file 1 has a path that leaves the input folder");
    sandbox.task.version = 2;
    let output = sandbox.start(Api::Anthropic, "sk-test-key", &[]);
    insta::assert_snapshot!(Run { output, seen: Vec::new() }.reason(), @"the task cannot be used: its version is 2, and this agent knows version 1");
    let output = Sandbox::weather().start(Api::Anthropic, "", &[]);
    insta::assert_snapshot!(Run { output, seen: Vec::new() }.reason(), @"there is no client token for the proxy");
}

#[test]
fn text_is_no_end_and_the_model_is_told_so() {
    let run = ending([Step::text("All is well."), Step::Silence, Step::text("Really.")], &[]);
    insta::assert_snapshot!(run.reason(), @"the model answered in text and did not call finish");
    insta::assert_snapshot!(transcript(&run.seen).split_once("=== 2").unwrap().1, @r"
    : POST /anthropic/v1/messages
    --- assistant:
    All is well.
    --- user [cache]:
    That was no call of a tool. Go on with the review by calling tools; when you are done, call `finish`. Only a call of `finish` counts as a result.
    === 3: POST /anthropic/v1/messages
    --- assistant:
    (no answer)
    --- user [cache]:
    That was no call of a tool. Go on with the review by calling tools; when you are done, call `finish`. Only a call of `finish` counts as a result.
    ");
    // A reminder that helps.
    let run = ending([Step::text("All is well."), Step::finish("All is well.", json!([]))], &[]);
    assert_eq!(run.document()["status"], "complete");
}

#[test]
fn an_end_that_is_never_right_is_incomplete_and_keeps_what_is_sound() {
    let mut wrong = Script::finding();
    wrong["path"] = json!("nowhere.js");
    let run = ending([Step::finish("Two.", json!([Script::finding(), wrong]))], &[]);
    insta::assert_snapshot!(run.reason(), @"what the model said at the end cannot be used, although it was told what is wrong");
    assert_eq!(run.seen.len(), 4);
    assert_eq!(run.document()["findings"], json!([Script::finding()]));
    assert_eq!(run.document()["summary"], "Two.");
}

#[test]
fn endless_calls_end_with_the_turns() {
    let run = ending([Step::calls([("list_files", json!({}))])], &["--max-turns", "5"]);
    insta::assert_snapshot!(run.reason(), @"all 5 turns were used up before the review was finished");
    assert_eq!(run.seen.len(), 5);
    let text = transcript(&run.seen);
    let notes: Vec<&str> =
        text.lines().filter(|line| line.contains("turn")).filter(|line| line.contains("finish")).collect();
    insta::assert_snapshot!(notes.join("\n"), @r"
    3 turns are left: come to an end and call `finish`.
    2 turns are left: come to an end and call `finish`.
    This is the last turn: call `finish` now with what you have.
    ");
    // At the end there is no choice.
    let choices: Vec<_> = run.seen.iter().map(|seen| seen.body["tool_choice"].to_string()).collect();
    insta::assert_snapshot!(choices.join(" "), @r#"null null null null {"type":"tool","name":"finish"}"#);
}

#[test]
fn when_the_time_is_up_there_is_one_more_turn() {
    let call = || Step::calls([("list_files", json!({}))]);
    let run = ending([call()], &["--max-seconds", "0"]);
    insta::assert_snapshot!(run.reason(), @"the time was used up before the review was finished");
    assert_eq!(run.seen.len(), 1);
    assert_eq!(run.seen[0].body["tool_choice"], json!({"type": "tool", "name": "finish"}));
    let run = ending([Step::finish("In haste.", json!([]))], &["--max-seconds", "0"]);
    assert_eq!(run.document()["status"], "complete");
}

#[test]
fn results_have_an_end() {
    let mut sandbox = Sandbox::weather();
    sandbox.file("long.txt", "0123456789abcdef\n".repeat(10_000));
    let read = Step::calls([("read_file", json!({"path": "long.txt", "end_line": 10_000}))]);
    let script = Script::new([read.clone(), read.clone(), read, Step::finish("Enough.", json!([]))]);
    let run = sandbox.run_with(Api::Anthropic, script, &["--max-results", "40000"]);
    assert_eq!(run.document()["status"], "complete");
    insta::assert_snapshot!(events(&run, "tool").join("\n"), @r#"
    {"event":"tool","name":"read_file","bytes":32898,"error":false}
    {"event":"tool","name":"read_file","bytes":32898,"error":false}
    {"event":"tool","name":"read_file","bytes":100,"error":true}
    "#);
    assert!(transcript(&run.seen).contains("All that can be read in one review has been read."));
}

#[test]
fn a_long_conversation_loses_its_oldest_results_and_stays_valid() {
    let mut sandbox = Sandbox::weather();
    sandbox.file("long.txt", "0123456789abcdef\n".repeat(10_000));
    let read = || Step::calls([("read_file", json!({"path": "long.txt", "end_line": 10_000}))]);
    let steps = || (0..8).map(|_| read()).chain([Step::finish("Read.", json!([Script::finding()]))]);
    for api in Api::ALL {
        let run = sandbox.run_with(api, Script::new(steps()), &["--max-conversation", "150000"]);
        assert_eq!(run.document()["status"], "complete", "{}", run.output.stderr);
        assert!(run.seen.iter().all(|seen| seen.refused.is_none()));
        assert!(run.seen.iter().all(|seen| seen.body.to_string().len() < 190_000));
        let last = run.seen.last().unwrap().body.to_string();
        assert!(last.contains("This result was removed to make room."));
        assert!(!events(&run, "room").is_empty());
    }
    // A model that can read less than we think says so.
    let too_long = Step::fail(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum");
    let mut list: Vec<Step> = (0..6).map(|_| read()).collect();
    list.extend([too_long.clone(), Step::finish("Read.", json!([]))]);
    let run = sandbox.run(Api::Anthropic, Script::new(list));
    assert_eq!(run.document()["status"], "complete", "{}", run.output.stderr);
    assert_eq!(events(&run, "room").len(), 1);
    // When nothing is left to let go, it is over.
    let run = sandbox.run(Api::Anthropic, Script::new([too_long]));
    insta::assert_snapshot!(run.reason(), @"the provider answered 400: prompt is too long: 210000 tokens > 200000 maximum");
}

#[test]
fn calls_that_make_no_sense_are_answered_with_errors() {
    let script = || {
        Script::new([
            Step::calls([
                ("execute", json!({"command": "id"})),
                ("read file\n", json!({})),
                ("read_file", json!({})),
                ("read_file", json!({"path": "Dockerfile", "mode": "w"})),
                ("read_file", json!({"path": "Dockerfile", "start_line": -1})),
                ("read_file", json!({"path": "Dockerfile", "start_line": 9})),
                ("grep", json!({"pattern": "(unclosed"})),
                ("grep", json!({"pattern": format!("{}", "(a{1000}){1000}")})),
                ("list_files", json!({"glob": "{a"})),
                ("read_diff", json!({})),
                ("read_diff", json!({"piece": "0009.diff"})),
                ("grep", json!({"pattern": "x".repeat(20_000)})),
            ]),
            Step::CallWith { name: "list_files".to_owned(), arguments: "[1, 2]".to_owned() },
            Step::finish("Fine.", json!([])),
        ])
    };
    for api in Api::ALL {
        for way in WAYS {
            let run = Sandbox::weather().run_with(api, script(), way);
            assert_eq!(run.document()["status"], "complete", "{}", run.output.stderr);
            assert!(run.seen.iter().all(|seen| seen.refused.is_none()), "{:?}", run.seen.last().unwrap().refused);
            if (api, way) == (Api::Anthropic, WAYS[0]) {
                let text = transcript(&run.seen);
                insta::assert_snapshot!(text.split_once("--- result of").unwrap().1, @r"
                 toolu_1_0 [error]:
                The call failed.
                There is no tool of that name: list_files, read_file, grep, read_diff and finish are all.
                --- result of toolu_1_1 [error]:
                The call failed.
                There is no tool of that name: list_files, read_file, grep, read_diff and finish are all.
                --- result of toolu_1_2 [error]:
                The call failed.
                The arguments are not what the tool takes:
                <data-WORD>
                missing field `path`
                </data-WORD>
                --- result of toolu_1_3 [error]:
                The call failed.
                The arguments are not what the tool takes:
                <data-WORD>
                unknown field `mode`, expected one of `path`, `at`, `start_line`, `end_line`, `start_column`
                </data-WORD>
                --- result of toolu_1_4 [error]:
                The call failed.
                The arguments are not what the tool takes:
                <data-WORD>
                invalid value: integer `-1`, expected usize
                </data-WORD>
                --- result of toolu_1_5 [error]:
                The call failed.
                The file ends at line 1.
                --- result of toolu_1_6 [error]:
                The call failed.
                The pattern cannot be used:
                <data-WORD>
                regex parse error:
                    (unclosed
                    ^
                error: unclosed group
                </data-WORD>
                --- result of toolu_1_7 [error]:
                The call failed.
                The pattern cannot be used:
                <data-WORD>
                Compiled regex exceeds size limit of 4194304 bytes.
                </data-WORD>
                --- result of toolu_1_8 [error]:
                The call failed.
                A `{` of the glob is not closed.
                --- result of toolu_1_9 [error]:
                The call failed.
                Give either `path` or `piece`.
                --- result of toolu_1_10 [error]:
                The call failed.
                There is no such piece of the diff.
                --- result of toolu_1_11 [error] [cache]:
                The call failed.
                The arguments have more than 16384 bytes.
                === 3: POST /anthropic/v1/messages
                --- assistant calls list_files toolu_2_0 {}
                --- result of toolu_2_0 [error] [cache]:
                The call failed.
                The arguments are not a JSON object.
                ");
            }
        }
    }
}

#[test]
fn arguments_that_are_no_json_are_answered_with_an_error() {
    let script = Script::new([
        Step::CallWith {
            name: "read_file".to_owned(),
            arguments: "{\"path\": \"Dockerfile\", \"path\": \"x\"}".to_owned(),
        },
        Step::CallWith { name: "read_file".to_owned(), arguments: "{\"path\"".to_owned() },
        Step::CallWith { name: "list_files".to_owned(), arguments: String::new() },
        Step::finish("Fine.", json!([])),
    ]);
    let run = Sandbox::weather().run(Api::OpenAi, script);
    assert_eq!(run.document()["status"], "complete", "{}", run.output.stderr);
    insta::assert_snapshot!(events(&run, "tool").join("\n"), @r#"
    {"event":"tool","name":"read_file","bytes":224,"error":true}
    {"event":"tool","name":"read_file","bytes":216,"error":true}
    {"event":"tool","name":"list_files","bytes":196,"error":false}
    "#);
}

#[test]
fn too_many_calls_at_once_are_not_all_carried_out() {
    let calls = (0..40).map(|_| ("list_files".to_owned(), json!({}))).collect();
    let run = ending([Step::Say { text: None, calls }, Step::finish("Fine.", json!([]))], &[]);
    assert_eq!(run.document()["status"], "complete");
    assert_eq!(transcript(&run.seen).matches("This is too much for one turn.").count(), 8);
}

#[test]
fn findings_beyond_what_a_document_holds_are_not_lost_silently() {
    let mut long = Script::finding();
    for field in ["impact", "recommendation"] {
        long[field] = json!("x".repeat(2_000));
    }
    let findings: Vec<_> = (0..100).map(|_| long.clone()).collect();
    let run = ending([Step::finish("Many.", json!(findings))], &[]);
    assert!(run.output.stdout.len() <= 256 * 1024);
    let document = run.document();
    assert_eq!(document["findings"].as_array().unwrap().len(), 100, "texts are cut before findings are");
    assert_eq!(document["status"], "complete");
}

#[test]
fn an_end_that_is_too_large_is_not_asked_for_for_ever() {
    let run = ending([Step::finish(&"x".repeat(600_000), json!([]))], &[]);
    insta::assert_snapshot!(run.reason(), @"what the model said at the end cannot be used, although it was told what is wrong");
    assert_eq!(run.seen.len(), 4);
    assert!(run.seen.iter().all(|seen| seen.body.to_string().len() < 100_000), "it is not carried along");
}

#[test]
fn a_provider_that_is_busy_is_not_waited_for_past_the_time() {
    let busy = Step::fail(529, "overloaded_error", "Overloaded").header("retry-after", "100");
    let run = ending([busy], &["--max-seconds", "50"]);
    insta::assert_snapshot!(run.reason(), @"the provider answered 529: Overloaded (asked once; there is no time to ask again)");
}
