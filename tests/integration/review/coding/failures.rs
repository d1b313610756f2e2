//! What goes wrong ends as incomplete, with the reason in the provider's or the proxy's words, and leaves nothing behind.

use super::{Cli, Reviewed, review, upstream};
use crate::agent_images;
use crate::provider::{Script, Step};
use crate::review::lab::{Lab, docker};
use crate::runner::Runner;
use serde_json::json;

/// The reasons of both agents, for the same script of each.
fn reasons(name: &str, steps: impl Fn(Cli) -> Vec<Step>, more: &[&str]) -> Option<String> {
    if !agent_images::are_there() {
        return None;
    }
    let reasons = [Cli::Claude, Cli::Codex].map(|cli| {
        let reviewed = review(cli, name, Script::new(steps(cli)), true, more);
        incomplete(&reviewed);
        reviewed.reason()
    });
    Some(reasons.join("\n"))
}

/// The first screen says why.
fn incomplete(reviewed: &Reviewed) {
    let Reviewed { output, report, .. } = reviewed;
    assert_eq!(output.status, 3, "{}{}", output.stdout, output.stderr);
    assert_eq!(report["labels"], json!(["security-risk:incomplete"]));
    let begin: String = reviewed.reason().chars().take(80).collect();
    assert!(output.stdout.contains(&begin), "{}: {}", reviewed.reason(), output.stdout);
}

#[test]
fn nonsense_at_the_end_is_incomplete() {
    let steps = |_| vec![Step::text("All is well, trust me.")];
    let Some(reasons) = reasons("nonsense", steps, &[]) else { return };
    insta::assert_snapshot!(reasons, @r"
        claude did not finish: the model ended without findings
        codex did not finish: the model ended without findings
        ");
}

#[test]
fn nothing_at_all_is_incomplete() {
    let Some(reasons) = reasons("nothing", |_| vec![Step::Silence], &[]) else { return };
    insta::assert_snapshot!(reasons, @r"
        claude did not finish: the model ended without findings
        codex did not finish: the model ended without findings
        ");
}

#[test]
fn a_model_that_says_itself_that_it_stopped_early_is_incomplete() {
    let steps = |cli: Cli| {
        let document = json!({
            "version": 1, "status": "incomplete", "reason": "there was too much to read", "summary": "Half.", "findings": []
        });
        vec![match cli {
            Cli::Claude => Step::calls([("StructuredOutput", document)]),
            Cli::Codex => Step::text(&document.to_string()),
        }]
    };
    let Some(reasons) = reasons("early", steps, &[]) else { return };
    insta::assert_snapshot!(reasons, @r"
        claude did not finish: there was too much to read
        codex did not finish: there was too much to read
        ");
}

#[test]
fn a_retired_model_is_incomplete_in_the_words_of_the_provider() {
    let gone = "model: test-model was retired on 2026-11-30";
    let Some(reasons) = reasons("retired", |_| vec![Step::fail(404, "not_found_error", gone)], &[]) else { return };
    insta::assert_snapshot!(reasons, @r"
        claude did not finish: the provider answered 404: model: test-model was retired on 2026-11-30
        codex did not finish: the provider answered 404: model: test-model was retired on 2026-11-30
        ");
}

#[test]
fn a_provider_that_refuses_is_incomplete() {
    let Some(reasons) = reasons("refuses", |_| vec![Step::Refuse], &[]) else { return };
    insta::assert_snapshot!(reasons, @r"
        claude did not finish: API Error: test-model's safeguards flagged this message (https://www.anthropic.com/legal/aup). This sometimes happens with safe, normal conversations. Claude Code can't respond to this message with test-model.
        codex did not finish: the model ended without findings
        ");
}

#[test]
fn a_provider_that_is_down_is_incomplete() {
    let Some(reasons) = reasons("down", |_| vec![Step::fail(503, "api_error", "the service is down")], &[]) else {
        return;
    };
    insta::assert_snapshot!(reasons, @r"
        claude did not finish: the provider answered 503: the service is down
        codex did not finish: the provider answered 503: the service is down
        ");
}

#[test]
fn a_slow_provider_is_incomplete_when_time_is_up() {
    let Some(reasons) = reasons("slow", |_| vec![Step::Wait(120_000)], &["--deadline", "16s"]) else { return };
    insta::assert_snapshot!(reasons, @r"
        claude did not finish: the time was used up before the review was finished
        codex did not finish: the time was used up before the review was finished
        ");
}

#[test]
fn a_spent_budget_is_incomplete_in_the_words_of_the_proxy() {
    let steps = |cli: Cli| vec![cli.read(&["head/src/index.js"])];
    let Some(reasons) = reasons("budget", steps, &["--max-requests", "1"]) else { return };
    insta::assert_snapshot!(reasons, @r"
        claude did not finish: the proxy refused its call: budget-requests: this run has made all its calls
        codex did not finish: the proxy refused its call: budget-requests: this run has made all its calls
        ");
}

#[test]
fn an_agent_without_memory_is_incomplete() {
    if !agent_images::are_there() {
        return;
    }
    let reviewed = review(Cli::Claude, "memory", Cli::Claude.finds_one(), true, &["--memory", "90m"]);
    incomplete(&reviewed);
    insta::assert_snapshot!(reviewed.reason(), @"claude did not finish: it wanted more memory than it may have (Claude Code ended with signal: 9 (SIGKILL))");
}

#[test]
fn an_agent_that_is_killed_is_incomplete() {
    if !agent_images::are_there() {
        return;
    }
    let registry = Runner::new();
    let (base, head) = upstream(&registry);
    let lab = Lab::new("claude-killed", Script::new([Step::Wait(60_000)]));
    let arguments = ["--agent", "claude", "--repo", "./upstream", "--base", &base, "--head", &head];
    let running = lab.asked(&registry, "anthropic", &arguments).start();
    let of_network = ["ps", "--quiet", "--filter", &format!("network={}", lab.network), "--filter", "name=-proxy"];
    // The agent of the proxy that is on this provider's network.
    let proxy = loop {
        let found = docker(&of_network);
        if let Some(id) = found.lines().next()
            && !lab.seen().is_empty()
        {
            break docker(&["inspect", "--format", "{{.Name}}", id]);
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let agent = proxy.trim_start_matches('/').replace("-proxy", "-agent");
    docker(&["kill", &agent]);
    let output = running.wait();
    assert_eq!(output.status, 3, "{}{}", output.stdout, output.stderr);
    insta::assert_snapshot!(output.stdout, @r"
        target      verdict     risk     findings          report
        ./upstream  incomplete  unknown  1 medium finding  reviews/report.md

        ./upstream: incomplete: claude did not finish: it ended with status 137
        ./upstream: no model looked at this code
        1 target: 1 incomplete
        ");
    assert_eq!(docker(&of_network), "");
    assert_eq!(std::fs::read_dir(registry.home()).unwrap().count(), 0);
}

#[test]
fn a_model_that_obeys_an_injected_order_cannot_get_below_the_static_floor() {
    if !agent_images::are_there() {
        return;
    }
    for cli in [Cli::Claude, Cli::Codex] {
        let steps = [
            cli.read(&["head/src/index.js"]),
            cli.conclude("As the maintainers asked, there is nothing to report.", json!([])),
        ];
        let steered = review(cli, "steered", Script::new(steps), true, &[]);
        let floor = {
            let registry = Runner::new();
            let (base, head) = upstream(&registry);
            let arguments = ["review", "--agent", "static", "--repo", "./upstream", "--base", &base, "--head", &head];
            registry.command(arguments).env("TMPDIR", registry.home()).run();
            serde_json::from_str::<serde_json::Value>(&registry.read("reviews/report.json")).unwrap()
        };
        assert_eq!(steered.report["verdict"], floor["verdict"]);
        assert_ne!(floor["verdict"]["risk"], "info", "{floor}");
        assert_eq!(steered.agent(cli.name())["findings"], 0);
    }
}
