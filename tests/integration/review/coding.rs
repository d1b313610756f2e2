//! Claude Code and Codex as reviewers: the real programs in real containers without a network, our proxy, and a provider that plays a
//! script in a container of its own.

mod failures;
mod hostile;
mod images;
mod whole;

use super::lab::Lab;
use crate::provider::{Script, Step};
use crate::runner::{Output, Runner};
use serde_json::{Value, json};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cli {
    Claude,
    Codex,
}

impl Cli {
    fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
        }
    }

    fn provider(self) -> &'static str {
        match self {
            Self::Claude => "anthropic",
            Self::Codex => "openai",
        }
    }

    /// A step that reads files, by their paths below `/input`.
    fn read(self, paths: &[&str]) -> Step {
        match self {
            Self::Claude => {
                let calls =
                    paths.iter().map(|path| ("Read".to_owned(), json!({"file_path": format!("/input/{path}")})));
                Step::Say { text: Some("I look.".to_owned()), calls: calls.collect() }
            }
            Self::Codex => {
                let paths: Vec<String> = paths.iter().map(|path| format!("/input/{path}")).collect();
                Step::calls([("exec_command", json!({"cmd": format!("cat {}", paths.join(" "))}))])
            }
        }
    }

    /// A step that searches all files of head.
    fn grep(self, pattern: &str) -> Step {
        match self {
            Self::Claude => {
                Step::calls([("Grep", json!({"pattern": pattern, "path": "/input/head", "output_mode": "content"}))])
            }
            Self::Codex => Step::calls([("exec_command", json!({"cmd": format!("rg -n {pattern} /input/head")}))]),
        }
    }

    /// A step that concludes.
    fn conclude(self, summary: &str, findings: Value) -> Step {
        let document =
            json!({"version": 1, "status": "complete", "reason": null, "summary": summary, "findings": findings});
        match self {
            Self::Claude => Step::calls([("StructuredOutput", document)]),
            Self::Codex => Step::text(&document.to_string()),
        }
    }

    /// A whole review of [`upstream`] that finds one thing.
    fn finds_one(self) -> Script {
        Script::new([
            self.read(&["head/src/index.js"]),
            self.grep("process"),
            self.conclude("A weather server. One line sends the environment away.", json!([Script::finding()])),
        ])
    }
}

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

/// A review of [`upstream`].
struct Reviewed {
    output: Output,
    report: Value,
    markdown: String,
    lab: Lab,
}

impl Reviewed {
    /// The part of a reviewer.
    fn agent(&self, name: &str) -> &Value {
        self.report["agents"].as_array().unwrap().iter().find(|agent| agent["name"] == name).unwrap()
    }

    /// Why it is incomplete, for the first reviewer that is.
    fn reason(&self) -> String {
        self.report["verdict"]["incomplete"][0].as_str().unwrap_or_default().to_owned()
    }
}

/// Reviews with one agent, in full, or what changed.
fn review(cli: Cli, name: &str, script: Script, differential: bool, more: &[&str]) -> Reviewed {
    let registry = Runner::new();
    let (base, head) = upstream(&registry);
    let lab = Lab::new(&format!("{}-{name}", cli.name()), script);
    let mut arguments = vec!["--agent", cli.name(), "--repo", "./upstream", "--head", &head];
    if differential {
        arguments.extend(["--base", &base]);
    }
    arguments.extend(more);
    let output = lab.asked(&registry, cli.provider(), &arguments).run();
    let report = serde_json::from_str(&registry.read("reviews/report.json")).unwrap_or_else(|error| {
        panic!("{error}: {}{}", output.stdout, output.stderr);
    });
    let markdown = registry.read("reviews/report.md");
    // Nothing is left of the run.
    assert_eq!(std::fs::read_dir(registry.home()).unwrap().count(), 0);
    Reviewed { output, report, markdown, lab }
}
