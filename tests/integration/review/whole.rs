//! The whole path: the sandbox, the proxy, our own agent, and a provider in a container of its own.

use super::lab::Lab;
use crate::container::engine_answers;
use crate::provider::Script;
use crate::runner::Runner;
use serde_json::Value;

/// A server whose last change sends the environment away. Returns the commit before and after.
fn upstream(registry: &Runner) -> (String, String) {
    registry.write("upstream/src/index.js", "const port = 8080;\nconsole.log(port);\n");
    registry.write("upstream/package.json", "{\"name\": \"weather\"}\n");
    registry.git_in("upstream", ["init", "--quiet"]);
    registry.git_in("upstream", ["add", "--all"]);
    registry.git_in("upstream", ["commit", "--quiet", "--message", "start"]);
    let base = registry.git_in("upstream", ["rev-parse", "HEAD"]);
    registry.write("upstream/src/index.js", format!("const port = 8080;\nconsole.log(port);\n{}\n", Script::BAD_LINE));
    registry.git_in("upstream", ["commit", "--quiet", "--all", "--message", "faster"]);
    (base, registry.git_in("upstream", ["rev-parse", "HEAD"]))
}

fn finds_what_was_hidden(name: &str, provider: &str, more: &[&str]) {
    if !engine_answers() {
        return;
    }
    let key = format!("sk-{name}-0123456789abcdef-only-upstream");
    let lab = Lab::new(name, Script { key: key.clone(), ..Script::finds_one() });
    let registry = Runner::new();
    let (base, head) = upstream(&registry);
    let mut arguments = vec!["--repo", "./upstream", "--base", &base, "--head", &head, "--report-dir", "reports"];
    arguments.extend(more);
    let output = lab.review(&registry, provider, &arguments).run();
    assert_eq!(output.status, 1, "{}{}", output.stdout, output.stderr);
    assert_eq!(registry.read("reports/labels.txt"), "security-blocked\nsecurity-risk:critical\n");

    let json: Value = serde_json::from_str(&registry.read("reports/report.json")).unwrap();
    let finding = json["findings"].as_array().unwrap().iter().find(|finding| finding["risk"] == "critical").unwrap();
    assert_eq!(finding["path"], "src/index.js");
    assert_eq!(finding["quote_is"], "verified");
    assert!(finding["agents"].as_array().unwrap().contains(&"builtin".into()), "{finding}");
    assert_eq!(json["verdict"]["incomplete"], Value::Array(Vec::new()));

    // One audit line for each call that the provider saw, and what it counted.
    let seen = lab.seen();
    let agent = json["agents"].as_array().unwrap().iter().find(|agent| agent["name"] == "builtin").unwrap();
    assert_eq!(agent["model"], "test-model");
    assert_eq!(agent["usage"]["requests"], seen.len());
    assert_eq!(agent["usage"]["input_tokens"], 1_000 * seen.len());
    let audit = agent["audit"].as_array().unwrap();
    assert_eq!(audit.len(), seen.len());
    for line in audit {
        assert_eq!((&line["outcome"], &line["status"]), (&Value::from("answered"), &Value::from(200)), "{line}");
        assert_eq!(line["streamed"], !more.contains(&"--no-stream"));
    }

    // The key is upstream and nowhere else.
    let header =
        |name: &str| seen[0].headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str());
    let shown = header("x-api-key").or(header("authorization")).unwrap();
    assert!(shown.ends_with(&key), "{shown}");
    let everything =
        [output.stdout, output.stderr, registry.read("reports/report.json"), registry.read("reports/report.md")];
    assert!(everything.iter().all(|text| !text.contains(&key)));

    // Nothing is left of the run.
    assert_eq!(std::fs::read_dir(registry.home()).unwrap().count(), 0);
}

#[test]
fn a_finding_is_found_with_anthropic_and_events() {
    finds_what_was_hidden("events", "anthropic", &[]);
}

#[test]
fn a_finding_is_found_with_anthropic_and_whole_answers() {
    finds_what_was_hidden("whole", "anthropic", &["--no-stream"]);
}

#[test]
fn a_finding_is_found_with_chat_completions() {
    finds_what_was_hidden("chat", "openai-chat", &[]);
}

/// What `ollama serve` is: on this machine, by http, and with a key that is none.
#[test]
fn a_provider_on_this_machine_is_reached_by_its_network_and_by_no_other() {
    if !engine_answers() {
        return;
    }
    let provider = crate::provider::Provider::on_loopback(Script { key: "ollama".to_owned(), ..Script::finds_one() });
    let registry = Runner::new();
    let (base, head) = upstream(&registry);
    let url = format!("{}/v1", provider.url);
    let mut arguments =
        vec!["review", "--repo", "./upstream", "--base", &base, "--head", &head, "--report-dir", "reports"];
    arguments.extend(["--agent", "builtin", "--provider", "openai-chat", "--model", "test-model", "--memory", "512m"]);
    arguments.extend(["--openai-base-url", &url, "--allow-http-upstream"]);
    let review = |more: &[&str]| {
        let run = registry.command(arguments.iter().chain(more)).env("OPENAI_API_KEY", "ollama");
        run.env("TMPDIR", registry.home()).run()
    };
    let refused = [&[][..], &["--provider-network", "bridge"]].map(review);
    assert_eq!(refused.each_ref().map(|output| output.status), [2, 2], "{refused:?}");
    assert_eq!(refused[0].stderr, refused[1].stderr);
    insta::with_settings!({filters => vec![(r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]")]}, {
        insta::assert_snapshot!(refused[0].stderr, @r"
        error: --openai-base-url or OPENAI_BASE_URL is http://127.0.0.1:[PORT]/v1, on this machine: the proxy cannot reach it from its container
          hint: `--provider-network host` lets the proxy, and nothing else of the sandbox, use this machine's network
          hint: or name the engine's network that the provider is on, and the provider by its name there
        ");
    });
    assert!(provider.seen().is_empty());
    let output = review(&["--provider-network", "host"]);
    assert_eq!(output.status, 1, "{}{}", output.stdout, output.stderr);
    assert_eq!(registry.read("reports/labels.txt"), "security-blocked\nsecurity-risk:critical\n");
    assert_eq!(provider.seen().len(), 4);
    let json: Value = serde_json::from_str(&registry.read("reports/report.json")).unwrap();
    let agent = json["agents"].as_array().unwrap().iter().find(|agent| agent["name"] == "builtin").unwrap();
    assert_eq!(
        (&agent["usage"]["requests"], &agent["audit"][0]["provider"]),
        (&Value::from(4), &Value::from("openai"))
    );
}

#[test]
fn a_finding_is_found_with_openai() {
    finds_what_was_hidden("openai", "openai", &[]);
}

#[test]
fn what_a_budget_ends_is_incomplete() {
    if !engine_answers() {
        return;
    }
    let lab = Lab::new("budget", Script::finds_one());
    let registry = Runner::new();
    let (_, head) = upstream(&registry);
    let arguments = ["--repo", "./upstream", "--head", &head, "--report-dir", "reports", "--max-requests", "2"];
    let output = lab.review(&registry, "anthropic", &arguments).run();
    assert_eq!(output.status, 3, "{}{}", output.stdout, output.stderr);
    insta::assert_snapshot!(output.stdout, @r#"
    target      verdict     risk     findings       report
    ./upstream  incomplete  unknown  1 low finding  reports/report.md

    ./upstream: incomplete: builtin did not finish: the proxy refused the call (403): budget-requests: this run has made all its calls
    1 target: 1 incomplete
    "#);
    assert_eq!(registry.read("reports/labels.txt"), "security-risk:incomplete\n");
    assert_eq!(lab.seen().len(), 2);
}

#[test]
fn the_same_code_is_not_reviewed_twice() {
    if !engine_answers() {
        return;
    }
    let lab = Lab::new("cache", Script::finds_one());
    let registry = Runner::new();
    let (base, head) = upstream(&registry);
    let review = |more: &[&str]| {
        let mut arguments = vec!["--repo", "./upstream", "--base", &base, "--head", &head, "--cache", "cache"];
        arguments.extend(more);
        let output = lab.review(&registry, "anthropic", &arguments).run();
        (output.status, registry.read("reviews/report.json"), lab.seen().len())
    };
    let first = review(&[]);
    assert_eq!(first.0, 1, "{}", first.1);
    let second = review(&[]);
    assert_eq!(second, first, "the second run asked again");
}
