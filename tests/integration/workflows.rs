//! What must hold of every workflow and action in this repository: they are the first thing that a hostile pull request reads.

use serde_json::Value;
use std::path::Path;

/// Every workflow and action: its path and what it says.
fn all() -> Vec<(String, Value)> {
    let github = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github");
    let mut found = Vec::new();
    let mut open = vec![github.join("workflows"), github.join("actions")];
    while let Some(folder) = open.pop() {
        for item in std::fs::read_dir(&folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "yml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push((path.strip_prefix(&github).unwrap().display().to_string(), value));
        }
    }
    assert!(found.len() >= 3, "{found:?}");
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// The steps of all jobs, or of an action.
fn steps(file: &Value) -> Vec<&Value> {
    let jobs = file["jobs"].as_object().into_iter().flat_map(|jobs| jobs.values()).map(|job| &job["steps"]);
    jobs.chain([&file["runs"]["steps"]]).filter_map(Value::as_array).flatten().collect()
}

/// The text of a file that [`all`] names.
fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".github").join(path)).unwrap()
}

/// Jobs of all workflows, each with its file and name.
fn jobs(files: &[(String, Value)]) -> Vec<(String, &Value)> {
    let of = |(path, file): &'_ (String, Value)| -> Vec<String> {
        file["jobs"].as_object().into_iter().flat_map(|jobs| jobs.keys()).map(|job| format!("{path}: {job}")).collect()
    };
    let values = files.iter().flat_map(|(_, file)| file["jobs"].as_object().into_iter().flat_map(|jobs| jobs.values()));
    files.iter().flat_map(of).zip(values).collect()
}

/// Whether a step uses this repository's own action, of the very commit that the workflow is of.
const OWN: &str = "$/.github/actions/mcp-registry";

#[test]
fn actions_of_others_are_pinned_by_commit_and_say_their_version() {
    let mut pinned = 0;
    for (path, file) in all() {
        let lines = text(&path);
        for step in steps(&file) {
            let Some(uses) = step["uses"].as_str().filter(|uses| *uses != OWN) else { continue };
            let (_, commit) = uses.split_once('@').unwrap_or((uses, ""));
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit, "{path}: {uses}");
            assert!(lines.contains(&format!("{uses} # v")), "{path}: {uses} does not say its version");
            // From version 7 on, it refuses to check out what a fork wrote where there are secrets.
            let is_old = |version: u32| lines.contains(&format!("actions/checkout@{commit} # v{version}."));
            assert!(!(1..7).any(is_old), "{path}: {uses}");
            pinned += 1;
        }
    }
    assert!(pinned > 20, "{pinned}");
}

/// An expression in a script is pasted into it before a shell reads it, whatever it holds.
#[test]
fn no_expression_is_pasted_into_a_script() {
    let mut scripts = 0;
    for (path, file) in all() {
        for step in steps(&file) {
            let Some(run) = step["run"].as_str() else { continue };
            assert!(!run.contains("${{"), "{path}: {run}");
            scripts += 1;
        }
    }
    assert!(scripts > 3, "{scripts}");
}

#[test]
fn workflows_ask_for_little_and_keep_no_credentials() {
    let files = all();
    for (path, file) in files.iter().filter(|(path, _)| path.starts_with("workflows/")) {
        assert_eq!(file["permissions"], serde_json::json!({}), "{path}: jobs that say nothing have permissions");
        let has_group = |it: &Value| it["concurrency"]["group"].is_string();
        let jobs = file["jobs"].as_object().unwrap();
        assert!(has_group(file) || jobs.values().all(has_group), "{path}: no concurrency group");
        assert!(file["name"].is_string(), "{path}: no name");
        for step in steps(file) {
            assert!(step["name"].is_string(), "{path}: a step without a name: {step}");
            let uses = step["uses"].as_str().unwrap_or_default();
            if uses.starts_with("actions/checkout@") {
                assert_eq!(step["with"]["persist-credentials"], false, "{path}: {step}");
            }
            if uses.starts_with("actions/create-github-app-token@") {
                let with = step["with"].as_object().unwrap();
                assert!(
                    with.keys().any(|key| key.starts_with("permission-")),
                    "{path}: the App's token may do everything"
                );
            }
        }
    }
    for (place, job) in jobs(&files) {
        let given = job["permissions"].as_object().unwrap_or_else(|| panic!("{place}: no permissions"));
        let allowed = |(what, level): (&String, &Value)| {
            // A release is made with the workflow's own token: nothing has to start after it.
            level == "read"
                || (place == "workflows/release.yml: publish" && matches!(what.as_str(), "contents" | "packages"))
        };
        assert!(given.iter().all(allowed), "{place}: {given:?}");
        assert!(job["timeout-minutes"].is_u64(), "{place} may run for ever");
        assert!(job["name"].is_string(), "{place} has no name");
    }
}

/// What a stranger proposes is Git objects to these jobs, and never files, whoever they run for.
#[test]
fn nothing_of_a_pull_request_is_checked_out_or_run() {
    let files = all();
    let mut privileged = 0;
    for (path, file) in &files {
        for step in steps(file) {
            let (uses, with) = (step["uses"].as_str().unwrap_or_default(), &step["with"]);
            let other = ["ref", "repository", "path"].iter().any(|input| !with[input].is_null());
            assert!(!uses.starts_with("actions/checkout@") || !other, "{path}: {step}");
            let script = step["run"].as_str().unwrap_or_default();
            assert!(
                !["git checkout", "git switch", "git worktree", "git reset"].iter().any(|no| script.contains(no)),
                "{path}: {script}"
            );
        }
        privileged += usize::from(file["on"].get("pull_request_target").is_some());
        // Where the workflow itself is the pull request's, there is nothing to take.
        if file["on"].get("pull_request").is_some() || file["on"].get("pull_request_review").is_some() {
            assert!(!file.to_string().contains("secrets."), "{path}");
            assert!(file["jobs"].as_object().unwrap().values().all(|job| job["environment"].is_null()), "{path}");
        }
    }
    assert_eq!(privileged, 4);
}

/// Secrets are those of environments, which are for the default branch alone; and of jobs that name one.
#[test]
fn a_job_with_a_secret_names_the_environment_that_keeps_it() {
    let files = all();
    let mut seen = 0;
    for (place, job) in jobs(&files) {
        let whole = job.to_string();
        for secret in
            ["MCP_REGISTRY_PRIVATE_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "COSIGN_", "IMAGE_REGISTRY_PASSWORD"]
        {
            let environment = match secret {
                "MCP_REGISTRY_PRIVATE_KEY" => "mcp-registry",
                "ANTHROPIC_API_KEY" | "OPENAI_API_KEY" => "security-review",
                _ if place.starts_with("workflows/release.yml") => "release",
                _ => "publish",
            };
            if whole.contains(&format!("secrets.{secret}")) {
                assert_eq!(job["environment"], environment, "{place}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 12, "{seen}");
}

/// The commands of a job that this repository's action runs.
fn ran(job: &Value) -> Vec<String> {
    let steps = job["steps"].as_array().unwrap().iter().filter(|step| step["uses"] == OWN);
    steps.filter_map(|step| step["with"]["command"].as_str()).map(str::to_owned).collect()
}

/// Principle 6 again: who judges has no token that can write, and who has it takes one file, whose digest the judging job said.
#[test]
fn the_jobs_that_write_checks_judge_nothing_and_those_that_judge_write_nothing() {
    let files = all();
    let (mut writing, mut judging) = (0, 0);
    for (place, job) in jobs(&files) {
        let commands = ran(job);
        let has_token = job.to_string().contains("create-github-app-token");
        if commands.iter().any(|command| matches!(command.as_str(), "validate" | "build" | "review")) {
            assert!(!has_token && !job.to_string().contains("steps.token"), "{place}");
            assert!(job["outputs"]["sha256"].is_string(), "{place}");
            judging += 1;
        }
        if has_token && !place.contains("update-pins") {
            assert!(
                commands.iter().all(|command| matches!(command.as_str(), "checks" | "merge")),
                "{place}: {commands:?}"
            );
            writing += 1;
        }
        for step in job["steps"].as_array().unwrap().iter().filter(|step| !step["with"]["report"].is_null()) {
            assert!(step["with"]["sha256"].as_str().unwrap().contains("outputs.sha256"), "{place}: {step}");
        }
    }
    assert_eq!((writing, judging), (12, 3));
}

/// Principle 6: the job that reads what upstreams say has no token that can write, and the one that has asks no upstream.
#[test]
fn the_token_that_writes_never_meets_an_upstream() {
    let (_, file) = all().into_iter().find(|(path, _)| path == "workflows/update-pins.yml").unwrap();
    let of = |job: &str| file["jobs"][job].to_string();
    let (plan, publish) = (of("plan"), of("publish"));
    assert!(!plan.contains("secrets.") && !plan.contains("create-github-app-token"), "{plan}");
    assert!(publish.contains("create-github-app-token") && publish.contains("--apply"), "{publish}");
    // Nor does what the one makes lie where the other keeps something, or become what is kept.
    assert!(publish.contains("temp }}/plan") && !plan.contains("cache/save"), "{plan}\n{publish}");
    assert!(publish.contains("cache/save") && publish.contains("--state"), "{publish}");
    for job in [&plan, &publish] {
        assert!(!job.contains("--open-prs") || job.contains("--apply"), "{job}");
    }
}

/// What a job does, in order: the program's commands, and whether it has a key.
fn commands(job: &Value) -> Vec<String> {
    let scripts = job["steps"].as_array().unwrap().iter().filter_map(|step| step["run"].as_str());
    let words = regex::Regex::new(r#""\$MCP_REGISTRY" ([a-z]+)|(docker login)"#).unwrap();
    let named = |found: regex::Captures<'_>| {
        found.get(1).or_else(|| found.get(2)).map(|word| word.as_str().to_owned()).unwrap_or_default()
    };
    scripts.flat_map(|script| words.captures_iter(script).map(named).collect::<Vec<_>>()).collect()
}

#[test]
fn what_is_published_is_built_signed_attested_and_verified_in_that_order() {
    let (_, file) = all().into_iter().find(|(path, _)| path == "workflows/publish.yml").unwrap();
    let jobs = &file["jobs"];
    assert_eq!(commands(&jobs["build"]), ["docker login", "build"]);
    assert_eq!(commands(&jobs["sign"]), ["docker login", "sign", "attest"]);
    assert_eq!(commands(&jobs["verify"]), ["verify"]);
    assert_eq!(jobs["sign"]["needs"], "build");
    assert_eq!(jobs["verify"]["needs"], serde_json::json!(["build", "sign"]));
    // What upstreams wrote never runs beside the key, and whoever verifies has no secret at all.
    let text = |job: &str| jobs[job].to_string();
    assert!(!text("build").contains("COSIGN_PRIVATE_KEY") && !text("build").contains("COSIGN_PASSWORD"));
    assert!(!text("verify").contains("secrets.") && jobs["verify"]["environment"].is_null());
    assert!(text("sign").contains("secrets.COSIGN_PRIVATE_KEY"));
}

#[test]
fn secrets_reach_programs_by_standard_input() {
    let mut seen = 0;
    for (path, file) in all() {
        for step in steps(&file) {
            let Some(run) = step["run"].as_str() else { continue };
            let env = step["env"].as_object();
            let secrets = env
                .into_iter()
                .flatten()
                .filter(|(_, value)| value.as_str().is_some_and(|value| value.contains("secrets.")));
            for (name, _) in secrets {
                // The password of a key is a variable that the program reads by itself.
                let uses: Vec<&str> = run.lines().filter(|line| line.contains(&format!("${name}"))).collect();
                let piped = |line: &&str| line.trim_start().starts_with("printf '%s' \"$") && line.contains("\" |");
                assert!(uses.iter().all(piped), "{path}: {name}: {uses:?}");
                seen += uses.len();
            }
        }
    }
    assert!(seen >= 4, "{seen}");
}

/// Whoever sets a registry up reads one page: it has everything that the workflows want to be set.
#[test]
fn the_page_names_every_environment_secret_and_variable() {
    let page = include_str!("../../docs/github.md");
    let named = regex::Regex::new(r"(?:secrets|vars)\.([A-Z_]+)|environment: ([a-z-]+)").unwrap();
    let mut missing = std::collections::BTreeSet::new();
    for (path, _) in all() {
        for found in named.captures_iter(&text(&path)) {
            let name = found.get(1).or_else(|| found.get(2)).unwrap().as_str();
            if !page.contains(&format!("`{name}`")) {
                missing.insert(format!("{name} ({path})"));
            }
        }
    }
    assert!(missing.is_empty(), "docs/github.md does not say: {missing:?}");
    for (path, _) in all() {
        if let Some(name) = path.strip_prefix("workflows/").filter(|name| *name != "ci.yml") {
            assert!(page.contains(&format!("`{name}`")), "docs/github.md does not say what {name} does");
        }
    }
}
