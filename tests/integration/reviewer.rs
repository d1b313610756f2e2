//! What `reviewer/README.md` promises to whoever writes an agent, kept by the example that it shows.

use mcp_registry::snapshot::{File, Material, Snapshot};
use mcp_registry::verdict::document::{self, Findings, Status};
use mcp_registry::verdict::report::{Found, Quote, Reviewed, Scope};
use mcp_registry::verdict::{AgentRun, Risk, heard, judge};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const EXAMPLE: &str = "reviewer/examples/grep-agent";

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of the fenced block between `<!-- name -->` and `<!-- /name -->`.
fn marked(readme: &str, name: &str) -> String {
    let (_, after) = readme.split_once(&format!("<!-- {name} -->\n```")).unwrap_or_else(|| panic!("no mark {name}"));
    let (block, _) = after.split_once(&format!("```\n<!-- /{name} -->")).unwrap_or_else(|| panic!("no end of {name}"));
    block.split_once('\n').unwrap().1.to_owned()
}

/// What the example prints about files, run as the sandbox would run it but for the walls.
fn printed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join("head").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    std::fs::create_dir_all(folder.path().join("head")).unwrap();
    // Its own place for what the script keeps in /tmp, because tests run side by side.
    let script = read(&format!("{EXAMPLE}/review.sh")).replace("/tmp/findings", "\"$TMPDIR\"/findings");
    let output = Command::new("/bin/sh")
        .args(["-c", &script])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("TMPDIR", folder.path())
        .env("MCP_REVIEW_TASK", folder.path().join("review.json"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn the_example_agent_prints_a_findings_document() {
    let hostile = "a=\"b\\c\" $(touch x);\u{202e}.js";
    let files: &[(&str, &[u8])] = &[
        ("src/run.js", b"const a = 1;\nreturn eval(\"a\\tb\" + input);\nmedieval(a); x.eval(b)\n"),
        ("-rf/--help.py", b"eval (input())\r\n"),
        (hostile, b"eval(\"\xff\x1b[2J\")\n\teval(x)\n"),
        ("notes.md", b"eval(x)\n"),
    ];
    let said = heard(&printed(files), None).unwrap();
    assert_eq!((said.status, said.findings.len()), (Status::Complete, 4));

    // And what it quotes is there.
    let file = |content: &[u8]| File {
        blob: "b".repeat(40).into(),
        content: content.into(),
        executable: false,
        link: false,
        exported_as: None,
    };
    let files = files.iter().map(|(path, content)| ((*path).into(), file(content))).collect();
    let head = Snapshot { files, unreviewed: Vec::new(), tree: "c".repeat(40) };
    let reviewed = Reviewed {
        entry: None,
        repository: "https://github.com/example/weather".to_owned(),
        base: None,
        head: None,
        base_tree: None,
        head_tree: None,
        found: Found::On("refs/heads/main".to_owned()),
        history: None,
        directory: String::new(),
        scope: Scope::Full,
        files: 4,
        changed_files: 4,
        changes: Vec::new(),
    };
    let material = Material { head: &head, base: None, changes: &[], directory: "", dockerfile: None };
    let run = AgentRun {
        name: "grep-agent".to_owned(),
        model: None,
        said: Ok(said),
        coverage: None,
        usage: None,
        audit: Vec::new(),
    };
    let report = judge(reviewed, &material, vec![run]);
    let found: Vec<(&str, Option<u32>, Quote)> = report
        .findings
        .iter()
        .map(|judged| (judged.finding.path.as_deref().unwrap(), judged.finding.start_line, judged.quote_is))
        .collect();
    assert_eq!(
        found,
        [
            ("-rf/--help.py", Some(1), Quote::None),
            (hostile, Some(1), Quote::None),
            (hostile, Some(2), Quote::None),
            ("src/run.js", Some(2), Quote::Verified),
        ]
    );
    assert_eq!(report.verdict.risk, Risk::Medium);
}

#[test]
fn the_example_agent_says_what_it_leaves_out() {
    let nothing = heard(&printed(&[]), None).unwrap();
    assert_eq!((nothing.status, nothing.findings.len()), (Status::Complete, 0));
    let many = "eval(x)\n".repeat(document::MAX_FINDINGS + 1);
    let said = heard(&printed(&[("a.js", many.as_bytes())]), None).unwrap();
    assert_eq!((said.status, said.findings.len()), (Status::Incomplete, document::MAX_FINDINGS));
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let readme = read("reviewer/README.md");
    assert_eq!(marked(&readme, "example-dockerfile"), read(&format!("{EXAMPLE}/Dockerfile")));
    assert_eq!(marked(&readme, "example-script"), read(&format!("{EXAMPLE}/review.sh")));
    let document = marked(&readme, "example-document");
    Findings::parse(document.as_bytes()).unwrap();
    let schema: Value = serde_json::from_str(&read("schemas/review-findings.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&document).unwrap(), schema["examples"][0]);
}

#[test]
fn the_readme_names_the_limits_that_count() {
    let readme = read("reviewer/README.md");
    let number = |number: usize| {
        let digits = number.to_string();
        let (thousands, rest) = digits.split_at(digits.len().saturating_sub(3));
        if thousands.is_empty() { rest.to_owned() } else { format!("{thousands},{rest}") }
    };
    for (before, limit, after) in [
        ("at most ", document::MAX_BYTES, " bytes"),
        ("at most ", document::MAX_DEPTH, " collections"),
        ("At most ", document::MAX_FINDINGS, " findings"),
        ("titles of ", document::MAX_TITLE, " characters"),
        ("recommendations of ", document::MAX_TEXT, ";"),
        ("summary of ", document::MAX_SUMMARY, ";"),
        ("reason of ", document::MAX_REASON, "."),
        ("a path of at most ", document::MAX_PATH, " bytes"),
    ] {
        let words = format!("{before}{}{after}", number(limit));
        assert!(readme.contains(&words), "the README does not say `{words}`");
    }
}
