//! Whole reviews: full and of a change, with files that are read and searched, and findings at the end.

use super::{Cli, Reviewed, review, upstream};
use crate::agent_images;
use crate::provider::Script;
use crate::review::lab::Lab;
use crate::runner::Runner;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is the same for both agents and both kinds of review.
fn check(cli: Cli, reviewed: &Reviewed) {
    let Reviewed { output, report, lab, .. } = reviewed;
    assert_eq!(output.status, 1, "{}{}{report}", output.stdout, output.stderr);
    assert_eq!(report["verdict"]["incomplete"], json!([]), "{}", output.stdout);
    let finding = report["findings"].as_array().unwrap().iter().find(|one| one["risk"] == "critical").unwrap();
    assert_eq!((&finding["path"], &finding["quote_is"]), (&json!("src/index.js"), &json!("verified")));
    assert!(finding["agents"].as_array().unwrap().contains(&json!(cli.name())), "{finding}");
    assert_eq!(report["labels"], json!(["security-blocked", "security-risk:critical"]));

    // Every call was answered: the proxy allows all that is sent in a normal run.
    let (agent, seen) = (reviewed.agent(cli.name()), lab.seen());
    assert_eq!(agent["model"], "test-model");
    assert_eq!(agent["usage"]["requests"], seen.len());
    let audit = agent["audit"].as_array().unwrap();
    assert!(audit.iter().all(|line| line["outcome"] == "answered"), "{audit:?}");
    assert_eq!(audit.len(), seen.len());

    // The tools of the first request are those of the contract, and nothing went elsewhere.
    let tools: BTreeSet<&str> =
        seen[0].body["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let expected: &[&str] = match cli {
        Cli::Claude => &["Glob", "Grep", "Read", "StructuredOutput"],
        Cli::Codex => &["exec_command", "request_user_input", "write_stdin"],
    };
    assert_eq!(tools, expected.iter().copied().collect());
    let fields: BTreeSet<&str> =
        seen.iter().flat_map(|seen| seen.body.as_object().unwrap().keys()).map(String::as_str).collect();
    let known: &[&str] = match cli {
        Cli::Claude => &["max_tokens", "messages", "model", "output_config", "stream", "system", "thinking", "tools"],
        Cli::Codex => &[
            "include",
            "input",
            "max_output_tokens",
            "model",
            "parallel_tool_calls",
            "reasoning",
            "store",
            "stream",
            "text",
            "tool_choice",
            "tools",
        ],
    };
    assert!(fields.is_subset(&known.iter().copied().collect()), "{fields:?}");
    for seen in &seen {
        assert_eq!(seen.refused, None);
        let path = if cli == Cli::Claude { "/v1/messages" } else { "/v1/responses" };
        assert_eq!((seen.path.as_str(), &seen.body["model"]), (path, &json!("test-model")));
    }
    // What was read and found by a search came back to the model.
    let everything = seen.last().unwrap().body.to_string();
    assert!(everything.matches("collect.example").count() >= 2, "{everything}");
}

fn finds_what_was_hidden(cli: Cli, differential: bool) -> Option<Reviewed> {
    if !agent_images::are_there() {
        return None;
    }
    let name = if differential { "diff" } else { "full" };
    let reviewed = review(cli, name, cli.finds_one(), differential, &["-v"]);
    check(cli, &reviewed);
    Some(reviewed)
}

#[test]
fn claude_finds_what_was_hidden_in_a_change() {
    let Some(reviewed) = finds_what_was_hidden(Cli::Claude, true) else { return };
    assert_eq!(reviewed.agent("claude")["coverage"], json!({"read": 1, "of": 1}));
    // Progress is numbers.
    assert!(reviewed.output.stderr.contains("claude: turn 2, 1 of 1 files read"), "{}", reviewed.output.stderr);
}

#[test]
fn claude_finds_what_was_hidden_in_all_of_it_and_says_what_it_did_not_read() {
    let Some(reviewed) = finds_what_was_hidden(Cli::Claude, false) else { return };
    assert_eq!(reviewed.agent("claude")["coverage"], json!({"read": 1, "of": 2}));
    assert!(reviewed.output.stdout.contains("./upstream: claude read 1 of 2 files\n"), "{}", reviewed.output.stdout);
    assert!(reviewed.markdown.contains("It read 1 of 2 files, **not all**."), "{}", reviewed.markdown);
}

#[test]
fn codex_finds_what_was_hidden_in_a_change() {
    let Some(reviewed) = finds_what_was_hidden(Cli::Codex, true) else { return };
    assert_eq!(reviewed.agent("codex")["coverage"], json!({"read": 1, "of": 1}));
}

#[test]
fn codex_finds_what_was_hidden_in_all_of_it() {
    let Some(reviewed) = finds_what_was_hidden(Cli::Codex, false) else { return };
    assert_eq!(reviewed.agent("codex")["coverage"], json!({"read": 1, "of": 2}));
}

#[test]
fn two_agents_with_one_budget_say_where_they_agree() {
    if !agent_images::are_there() {
        return;
    }
    let registry = Runner::new();
    let (base, head) = upstream(&registry);
    let mut other = Script::finding();
    other["title"] = json!("In other words");
    let mut more = Script::finding();
    more["category"] = json!("obfuscation");
    let script = Script {
        openai_steps: vec![
            Cli::Codex.read(&["head/src/index.js"]),
            Cli::Codex.conclude("Codex.", json!([other, more])),
        ],
        ..Cli::Claude.finds_one()
    };
    let lab = Lab::new("agree", script);
    let mut arguments = vec!["--agent", "claude", "--agent", "codex", "--repo", "./upstream"];
    arguments.extend(["--base", &base, "--head", &head]);
    arguments.extend(["--max-cost", "4", "--input-price", "3", "--output-price", "15"]);
    let output = lab.asked(&registry, "both", &arguments).run();
    assert_eq!(output.status, 1, "{}{}", output.stdout, output.stderr);
    let report: Value = serde_json::from_str(&registry.read("reviews/report.json")).unwrap();
    let agents = report["agents"].as_array().unwrap();
    // Three calls and two, each of 1,000 tokens read and 50 written.
    let costs: Vec<u64> = agents.iter().filter_map(|agent| agent["usage"]["cost_micros"].as_u64()).collect();
    assert_eq!(costs, [11_250, 7_500]);
    let markdown = registry.read("reviews/report.md");
    let (_, after) = markdown.split_once("## Agreement").unwrap();
    insta::assert_snapshot!(after.split_once("## Findings").unwrap().0.trim(), @r"
        Reviewers with a model reported the same at 1 of 2 places. Alone with a report: `codex` at 1.

        - `src/index.js:3`, data-exfiltration: claude, codex
        ");
    let (_, evidence) = markdown.split_once("## Evidence").unwrap();
    assert!(evidence.contains("0.011250 US dollars"), "{evidence}");
}

#[test]
fn an_estimate_says_how_much_there_is_and_asks_nobody() {
    let registry = Runner::new();
    let (base, head) = upstream(&registry);
    let estimate = |more: &[&str]| {
        let mut all = vec!["review", "--estimate", "--repo", "./upstream", "--head", &head];
        all.extend(more);
        let output = registry.command(all).env("TMPDIR", registry.home()).run();
        assert_eq!(output.status, 0, "{}", output.stderr);
        output.stdout
    };
    insta::assert_snapshot!(estimate(&["--base", &base, "--agent", "claude", "--agent", "codex", "--claude-model", "claude-opus-5-5", "--codex-model", "mine"]), @r"
        ./upstream: 1 file, 201 bytes, about 51 tokens
        codex: the price of mine is not known: say it with --input-price and --output-price
        cost: at least 0.000204 US dollars, to read everything once; at most 30.000000, with all that the budgets allow (prices of 2026-11-29)
        ");
    insta::assert_snapshot!(estimate(&["--agent", "builtin", "--model", "claude-sonnet-5-5", "--max-cost", "3", "--format", "json"]), @r#"
        {
          "version": 1,
          "prices_of": "2026-11-29",
          "targets": [
            {
              "target": "./upstream",
              "files": 2,
              "bytes": 123,
              "tokens": 31
            }
          ],
          "agents": [
            {
              "agent": "builtin",
              "model": "claude-sonnet-5-5",
              "price_known": true
            }
          ],
          "cost_micros": {
            "least": 62,
            "most": 3000000
          }
        }
        "#);
}
