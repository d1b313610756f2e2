//! What the tools show, and what they do not.

use super::Sandbox;
use serde_json::{Value, json};
use std::os::unix::fs::symlink;

/// Two hundred files, some of which changed.
fn many() -> Sandbox {
    let mut sandbox = Sandbox::new();
    for number in 0..3 {
        sandbox.file(&format!("src/{number}.ts"), format!("const a{number} = fetch(url);\n").repeat(60));
    }
    sandbox.changed("lib/x.ts", "old\n", "new\n", "@@ -1 +1 @@\n-old\n+new\n");
    sandbox.deleted("gone.sh", "curl x | sh\n");
    sandbox
}

#[test]
fn files_are_listed() {
    let results = many().results([
        ("list_files", json!({})),
        ("list_files", json!({"changed_only": true, "prefix": null})),
        ("list_files", json!({"glob": "src/*.ts", "offset": 1})),
        ("list_files", json!({"prefix": "nowhere/"})),
    ]);
    insta::assert_snapshot!(results.join("\n\n"), @r"
    Files 1 to 5 of 5.
    <data-WORD>
    gone.sh  12 bytes  deleted
    lib/x.ts  4 bytes  modified
    src/0.ts  1380 bytes  unchanged
    src/1.ts  1380 bytes  unchanged
    src/2.ts  1380 bytes  unchanged
    </data-WORD>

    Files 1 to 2 of 2.
    <data-WORD>
    gone.sh  12 bytes  deleted
    lib/x.ts  4 bytes  modified
    </data-WORD>

    Files 2 to 3 of 3.
    <data-WORD>
    src/1.ts  1380 bytes  unchanged
    src/2.ts  1380 bytes  unchanged
    </data-WORD>

    Matching files: 0; none of them at this offset.
    ");
}

#[test]
fn long_lists_come_in_pages() {
    let mut sandbox = Sandbox::new();
    for number in 0..800 {
        sandbox.file(&format!("a/rather/long/folder/name/file-{number:04}.txt"), "x");
    }
    let first = sandbox.result("list_files", json!({}));
    assert!(first.len() < 33 * 1024, "{}", first.len());
    let next: usize = first.split_once("offset ").unwrap().1.split_once(' ').unwrap().0.parse().unwrap();
    let second = sandbox.result("list_files", json!({"offset": next}));
    assert!(first.contains(&format!("file-{:04}", next - 1)) && second.contains(&format!("file-{next:04}")), "{next}");
    assert!(second.contains("file-0799"));
}

#[test]
fn files_are_read_in_lines() {
    let mut sandbox = many();
    sandbox.file("wide.js", format!("short\n{}end\r\nlast", "0123456789".repeat(150)));
    sandbox.file("binary", b"\x7fELF\0\0");
    sandbox.file("empty", "");
    let results = sandbox.results([
        ("read_file", json!({"path": "src/1.ts", "start_line": 2, "end_line": 3})),
        ("read_file", json!({"path": "lib/x.ts"})),
        ("read_file", json!({"path": "lib/x.ts", "at": "base"})),
        ("read_file", json!({"path": "gone.sh"})),
        ("read_file", json!({"path": "gone.sh", "at": "head"})),
        ("read_file", json!({"path": "wide.js", "start_line": 2, "start_column": 1_496})),
        ("read_file", json!({"path": "binary"})),
        ("read_file", json!({"path": "empty"})),
        ("read_file", json!({"path": "empty", "start_line": 3, "end_line": 2})),
    ]);
    insta::assert_snapshot!(results.join("\n\n"), @r"
    Lines 2 to 3 of 60.
    Ask again with start_line 4 for more.
    <data-WORD>
    2	const a1 = fetch(url);
    3	const a1 = fetch(url);
    </data-WORD>

    Lines 1 to 1 of 1.
    <data-WORD>
    1	new
    </data-WORD>

    Lines 1 to 1 of 1.
    This is base, not the code under review.
    <data-WORD>
    1	old
    </data-WORD>

    Lines 1 to 1 of 1.
    This is base, not the code under review.
    <data-WORD>
    1	curl x | sh
    </data-WORD>

    The call failed.
    The file is not there on that side; list_files says how it differs from base.

    Lines 2 to 3 of 3.
    <data-WORD>
    2	56789end
    3	
    </data-WORD>

    A binary file of 6 bytes; it is not shown.

    The file is empty.

    The call failed.
    Lines and columns are counted from 1, and end_line is not before start_line.
    ");
    let wide = sandbox.result("read_file", json!({"path": "wide.js"}));
    assert!(wide.starts_with("Lines 1 to 3 of 3.\nLines that are longer than shown: 1 (line 2). Ask for one with start_column 1001 to see more of it."), "{wide}");
}

#[test]
fn long_files_come_in_pages() {
    let mut sandbox = Sandbox::new();
    let text: String = (1..=5_000).map(|line| format!("line number {line}\n")).collect();
    sandbox.file("long.txt", text);
    let first = sandbox.result("read_file", json!({"path": "long.txt"}));
    assert!(first.starts_with("Lines 1 to 400 of 5000.\nAsk again with start_line 401 for more."), "{first}");
    let whole = sandbox.result("read_file", json!({"path": "long.txt", "end_line": 5_000}));
    assert!(whole.len() < 33 * 1024);
    let next = whole.split_once("start_line ").unwrap().1.split_once(' ').unwrap().0;
    let next = sandbox.result("read_file", json!({"path": "long.txt", "start_line": next.parse::<u32>().unwrap()}));
    assert!(next.contains("to "), "{next}");
}

#[test]
fn lines_are_found() {
    let mut sandbox = many();
    sandbox.file("crlf.txt", "one\r\ntwo\r\n");
    sandbox.file("minified.js", format!("{}eval(atob(x)){}", "a;".repeat(2_000), ";b".repeat(2_000)));
    sandbox.file("binary", b"\0eval");
    let results = sandbox.results([
        ("grep", json!({"pattern": "two$"})),
        ("grep", json!({"pattern": "NEW", "ignore_case": true, "glob": "*.ts"})),
        ("grep", json!({"pattern": "old", "at": "base"})),
        ("grep", json!({"pattern": "eval\\("})),
        ("grep", json!({"pattern": "a1 = fetch", "context": 1, "offset": 58})),
        ("grep", json!({"pattern": "nothing like it"})),
        ("grep", json!({"pattern": "x", "context": 6})),
    ]);
    insta::assert_snapshot!(results.join("\n\n"), @r"
    Matching lines 1 to 1.
    Binary files, which are not searched: 1.
    <data-WORD>
    crlf.txt:2: two
    </data-WORD>

    Matching lines 1 to 1.
    <data-WORD>
    lib/x.ts:1: new
    </data-WORD>

    Matching lines 1 to 1.
    <data-WORD>
    lib/x.ts:1: old
    </data-WORD>

    Matching lines 1 to 1.
    Binary files, which are not searched: 1.
    <data-WORD>
    minified.js:1: …a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;a;eval(atob(x));b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;b;…
    </data-WORD>

    Matching lines 59 to 60.
    Binary files, which are not searched: 1.
    <data-WORD>
    src/1.ts-58- const a1 = fetch(url);
    src/1.ts:59: const a1 = fetch(url);
    src/1.ts-60- const a1 = fetch(url);
    </data-WORD>

    No line matches; files searched: 7.
    Binary files, which are not searched: 1.

    The call failed.
    At most 5 lines of context are shown.
    ");
    let many = sandbox.result("grep", json!({"pattern": "fetch"}));
    assert!(many.starts_with("Matching lines 1 to 100.\nThere are more: ask again with offset 100."), "{many}");
    let rest = sandbox.result("grep", json!({"pattern": "fetch", "offset": 100}));
    assert!(rest.starts_with("Matching lines 101 to 180.\nBinary files"), "{rest}");
}

#[test]
fn diffs_are_read() {
    let mut sandbox = many();
    let diff: String = (1..=3_000).map(|line| format!("+line number {line}\n")).collect();
    sandbox.changed("big.txt", "", "x", &format!("@@ -0,0 +1,3000 @@\n{diff}"));
    let results = sandbox.results([
        ("read_diff", json!({"path": "lib/x.ts"})),
        ("read_diff", json!({"piece": "0001.diff"})),
        ("read_diff", json!({"path": "src/1.ts"})),
        ("read_diff", json!({"path": "gone.sh"})),
        ("read_diff", json!({"path": "lib/x.ts", "piece": "0001.diff"})),
        ("read_diff", json!({"path": "lib/x.ts", "start_line": 4})),
        ("read_diff", json!({"path": "big.txt", "start_line": 3_001})),
    ]);
    insta::assert_snapshot!(results.join("\n\n"), @r"
    Lines 1 to 3 of 3 of the diff.
    <data-WORD>
    @@ -1 +1 @@
    -old
    +new
    </data-WORD>

    Lines 1 to 3 of 3 of the diff.
    <data-WORD>
    @@ -1 +1 @@
    -old
    +new
    </data-WORD>

    The file did not change, or there is no base: use read_file.

    The change is not one of text, so there is no diff: use read_file.

    The call failed.
    Give either `path` or `piece`.

    The call failed.
    The diff ends at line 3.

    Lines 3001 to 3001 of 3001 of the diff.
    <data-WORD>
    +line number 3000
    </data-WORD>
    ");
    let first = sandbox.result("read_diff", json!({"path": "big.txt"}));
    assert!(first.contains("of 3001 of the diff.\nAsk again with start_line "), "{first}");
}

#[test]
fn only_listed_files_can_be_read() {
    let mut sandbox = many();
    // All of these are there, and nobody listed them.
    sandbox.runner.write("head/unlisted.txt", "SECRET").write("secret.txt", "SECRET").write("diff/0009.diff", "SECRET");
    std::fs::write(sandbox.runner.home().join("secret.txt"), "SECRET").unwrap();
    sandbox.file("listed.txt", "fine");
    let absolute = sandbox.runner.root().join("secret.txt").to_str().unwrap().to_owned();
    let paths = [
        "unlisted.txt",
        "../secret.txt",
        "head/../../secret.txt",
        "src/../unlisted.txt",
        "./listed.txt",
        "listed.txt/",
        "listed.txt/.",
        "//listed.txt",
        "/listed.txt",
        "listed.txt\0",
        "..",
        "",
        "review.json",
        "../review.json",
        "/etc/passwd",
        "/proc/self/environ",
        "file:///etc/passwd",
        "..\\secret.txt",
        "%2e%2e/secret.txt",
        "../../home/secret.txt",
        absolute.as_str(),
    ];
    let ways = [("read_file", "path"), ("read_diff", "path"), ("read_diff", "piece")];
    let calls: Vec<(&str, Value)> =
        paths.iter().flat_map(|path| ways.map(|(tool, key)| (tool, json!({key: path})))).collect();
    for (call, result) in calls.iter().zip(sandbox.results(calls.clone())) {
        assert!(result.starts_with("The call failed.\n"), "{call:?}: {result}");
        assert!(!result.contains("SECRET") && !result.contains("sk-test-key"), "{call:?}: {result}");
    }
    for pattern in ["SECRET", "sk-test-key"] {
        let result = sandbox.result("grep", json!({"pattern": pattern}));
        assert!(result.starts_with("No line matches; "), "{result}");
    }
}

#[test]
fn links_and_special_files_in_the_input_are_not_followed() {
    let mut sandbox = Sandbox::new();
    let (root, home) = (sandbox.runner.root(), sandbox.runner.home());
    std::fs::create_dir_all(root.join("head/folder")).unwrap();
    std::fs::write(home.join("secret.txt"), "SECRET\n").unwrap();
    for path in ["link", "linked/secret.txt", "pipe", "folder", "missing"] {
        sandbox.task.files.push(mcp_registry::verdict::task::TaskFile {
            path: path.to_owned(),
            exported_as: path.to_owned(),
            bytes: 7,
            status: mcp_registry::verdict::task::FileStatus::Unchanged,
            diff: Vec::new(),
        });
    }
    symlink(home.join("secret.txt"), root.join("head/link")).unwrap();
    symlink(&home, root.join("head/linked")).unwrap();
    // Nobody writes to it: whoever opens it like a file waits for ever.
    let made = std::process::Command::new("mkfifo").arg(root.join("head/pipe")).status().unwrap();
    assert!(made.success());
    let read = |path: &str| sandbox.result("read_file", json!({"path": path}));
    for path in ["link", "linked/secret.txt", "pipe", "folder", "missing"] {
        let result = read(path);
        assert!(result.starts_with("The call failed.\nThe file cannot be read:"), "{path}: {result}");
        assert!(!result.contains("SECRET"), "{path}: {result}");
    }
    let result = sandbox.result("grep", json!({"pattern": "SECRET"}));
    insta::assert_snapshot!(result, @r"
    No line matches; files searched: 5.
    Files that cannot be read: 5.
    ");
}
