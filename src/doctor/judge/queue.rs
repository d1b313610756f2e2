//! Merge queues wait for the gate of the group, so that a workflow has to decide it.

use crate::checks::names::GATE;
use crate::doctor::Judged;
use crate::doctor::facts::{Facts, Live, Unseen, known};
use crate::document::{Document, Node};

pub(in crate::doctor) fn queue(facts: &Facts) -> Result<Judged, Unseen> {
    if !known(&facts.rules)?.iter().any(|rule| rule.kind == "merge_queue") {
        return Ok(Judged::ok("the default branch has no merge queue"));
    }
    let texts = known(&facts.files.workflows)?.values().filter_map(|live| match live {
        Live::Text(text) => Document::from_yaml(text.as_str()).ok(),
        Live::Other(_) => None,
    });
    let all: Vec<Document> = texts.collect();
    let grouped: Vec<&Document> = all.iter().filter(|workflow| trigger(workflow, "merge_group").is_some()).collect();
    // It decides itself, or another one does when it has ended.
    let decides = |workflow: &Document| {
        all.iter().filter(|other| decides_groups(other)).any(|other| {
            let is_same = std::ptr::eq(other, workflow);
            is_same || name(workflow).is_some_and(|name| follows(other, name))
        })
    };
    if grouped.iter().any(|workflow| decides(workflow)) {
        return Ok(Judged::ok("the default branch has a merge queue, and a workflow decides its gate"));
    }
    let fix = "restore `validate.yml` and `gate.yml` with `mcp-registry init`; or Settings → Rules → Rulesets → the ruleset: \
               switch Require merge queue off";
    Ok(match grouped.is_empty() {
        true => Judged::missing(
            "the default branch has a merge queue, and no workflow starts on `merge_group`: it waits forever",
            fix,
        ),
        false => Judged::wrong(
            format!("the default branch has a merge queue, and no workflow decides `{GATE}` for its groups"),
            fix,
        ),
    })
}

/// What a workflow says of an event that it starts on.
fn trigger<'d>(workflow: &'d Document, event: &str) -> Option<&'d Node> {
    let on = workflow.root().get("on")?;
    let is_event = |node: &&Node| node.scalar().is_some_and(|scalar| &*scalar.text == event);
    on.get(event).or_else(|| on.items().iter().find(is_event)).or_else(|| Some(on).filter(is_event))
}

fn name(workflow: &Document) -> Option<&str> {
    workflow.root().get("name").and_then(Node::scalar).map(|name| &*name.text)
}

/// Whether a workflow starts when one of this name has ended.
fn follows(workflow: &Document, name: &str) -> bool {
    let names = trigger(workflow, "workflow_run").and_then(|run| run.get("workflows"));
    let names = names.map(Node::items).unwrap_or_default();
    names.iter().filter_map(Node::scalar).any(|other| &*other.text == name)
}

/// Whether a workflow has a step that runs `checks gate --merge-group`.
fn decides_groups(workflow: &Document) -> bool {
    let jobs = workflow.root().get("jobs").map(Node::pairs).unwrap_or_default();
    let steps = jobs.iter().flat_map(|job| job.value.get("steps").map(Node::items).unwrap_or_default());
    steps.into_iter().any(|step| {
        let text =
            |node: Option<&Node>| node.and_then(Node::scalar).map(|scalar| scalar.text.to_string()).unwrap_or_default();
        let with = step.get("with");
        let said = format!(
            "{} {}",
            text(with.and_then(|with| with.get("command"))),
            text(with.and_then(|with| with.get("args")))
        );
        [said, text(step.get("run"))].iter().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.windows(2).any(|pair| pair == ["checks", "gate"])
                && words.iter().any(|word| word.starts_with("--merge-group"))
        })
    })
}
