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

#[test]
fn actions_of_others_are_pinned_by_commit() {
    let mut pinned = 0;
    for (path, file) in all() {
        for step in steps(&file) {
            let Some(uses) = step["uses"].as_str().filter(|uses| !uses.starts_with("./")) else { continue };
            let (_, commit) = uses.split_once('@').unwrap_or((uses, ""));
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit, "{path}: {uses}");
            pinned += 1;
        }
    }
    assert!(pinned > 5, "{pinned}");
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
    for (path, file) in all() {
        if !path.starts_with("workflows/") {
            continue;
        }
        let permissions = file["permissions"].as_object().unwrap_or_else(|| panic!("{path}: no permissions"));
        assert!(permissions.values().all(|level| level == "read"), "{path}: {permissions:?}");
        assert!(file["concurrency"]["group"].is_string(), "{path}: no concurrency group");
        assert!(file["on"].get("pull_request_target").is_none(), "{path}: runs a stranger's change with our rights");
        for (name, job) in file["jobs"].as_object().unwrap() {
            let given = job["permissions"].as_object().into_iter().flat_map(|given| given.values());
            assert!(given.into_iter().all(|level| level == "read"), "{path}: {name}");
            assert!(job["timeout-minutes"].is_u64(), "{path}: {name} may run for ever");
        }
        for step in steps(&file) {
            let uses = step["uses"].as_str().unwrap_or_default();
            if uses.starts_with("actions/checkout@") {
                assert_eq!(step["with"]["persist-credentials"], false, "{path}: {step}");
            }
        }
    }
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
    let words = regex::Regex::new(r"mcp-registry ([a-z]+)|(docker login)").unwrap();
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
