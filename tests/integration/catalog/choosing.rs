//! Catalogs of one's own, trust, what other commands found out, and what users notice.

use super::lab::{digest_of, good, small, yaml};
use crate::runner::Runner;
use serde_json::{Value, json};

fn list(runner: &Runner, more: &[&str]) -> String {
    let output = runner.run([&["list"], more].concat());
    format!(
        "{}{}{}",
        if output.status == 0 { String::new() } else { format!("{}: ", output.status) },
        output.stdout,
        output.stderr
    )
}

/// A review's report, with nothing but what decides.
pub(super) fn review(entry: &str, commit: &str, risk: &str, incomplete: &[&str]) -> Value {
    json!({
        "version": 1,
        "reviewed": {
            "entry": entry, "repository": "https://github.com/acme/x", "base": null, "head": commit, "base_tree": null,
            "head_tree": null, "found": { "status": "nowhere" }, "history": null, "directory": "", "scope": "full",
            "files": 1, "changed_files": 1, "changes": []
        },
        "verdict": { "risk": risk, "incomplete": incomplete },
        "labels": [], "agents": [], "findings": [], "unreviewed": [], "renamed": []
    })
}

#[test]
fn entries_are_listed_and_chosen() {
    let runner = small();
    insta::assert_snapshot!(list(&runner, &[]), @r"
        everything  server  official   database      Everything & <more>
        plain       server  community  development   Plain
        remote      remote  official   productivity  Acme Remote
        tools       poci    verified   devops        Tools
        ");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    runner.write("reviews/everything/report.json", review("everything", commit, "medium", &[]).to_string());
    runner.write("reviews/plain/report.json", review("plain", commit, "info", &[]).to_string());
    let findings = json!({
        "version": 1, "tool": { "name": "x", "version": "1" }, "command": "verify", "entries": 2, "findings": [{
            "rule": "unsigned-image", "severity": "error", "entry": "plain", "path": "servers/plain/server.yaml", "line": 1,
            "column": 1, "end_line": 1, "end_column": 1, "message": "x", "help": null, "fixable": false, "waived": null
        }],
        "summary": { "error": 1, "warning": 0, "note": 0, "waived": 0 }
    });
    runner.write("verified.json", findings.to_string());
    let known = ["--reviews", "reviews", "--verify", "verified.json"];
    // The review of another commit than the pinned one says nothing of `plain`.
    insta::assert_snapshot!(list(&runner, &known), @r"
        everything  server  official   database      verified  medium  Everything & <more>
        plain       server  community  development   failed    -       Plain
        remote      remote  official   productivity  -         -       Acme Remote
        tools       poci    verified   devops        -         -       Tools
        ");
    let from = |filter: &str| format!("{filter}\n{}", list(&runner, &[&["--from", filter], &known[..]].concat()));
    let said =
        ["trust>=verified and max-risk<=medium", "type=remote,poci", "not trust=community", "publisher='tools & co'"]
            .map(from);
    insta::assert_snapshot!(said.join("\n"), @r"
        trust>=verified and max-risk<=medium
        everything  server  official  database  verified  medium  Everything & <more>

        type=remote,poci
        remote  remote  official  productivity  Acme Remote
        tools   poci    verified  devops        Tools

        not trust=community
        everything  server  official  database      verified  medium  Everything & <more>
        remote      remote  official  productivity  -         -       Acme Remote
        tools       poci    verified  devops        -         -       Tools

        publisher='tools & co'
        tools  poci  verified  devops  Tools
        ");
    runner.write("reviews/everything/report.json", review("everything", commit, "info", &["a timeout"]).to_string());
    let mistakes = [
        from("max-risk<=medium"),
        from("tust>=verified"),
        from("tag=nosuch"),
        from("trust>community and trust<verified"),
        list(&runner, &["--from", "max-risk<=low"]),
        list(&runner, &["--from", "x", "--reviews", "none"]),
    ];
    insta::assert_snapshot!(mistakes.join("\n"), @r"
        max-risk<=medium
        2: error: no entry is what `--from` asks for: max-risk<=medium
          hint: an entry without a complete review of its pinned commit has no risk, and is not chosen

        tust>=verified
        2: error: `--from`, column 1: nobody can ask for `tust`
          hint: did you mean `trust`?
          | tust>=verified
          | ^^^^

        tag=nosuch
        2: error: `--from`, column 5: no entry has the tag `nosuch`
          | tag=nosuch
          |     ^^^^^^

        trust>community and trust<verified
        2: error: no entry is what `--from` asks for: trust>community and trust<verified
          hint: `mcp-registry list` shows what entries are

        2: error: `max-risk` compares what reviews said, and there are none
          hint: name the folder with their report.json: `--reviews DIR`

        2: error: `--from`, column 1: nobody can ask for `x`
          hint: entries are asked for category, max-risk, name, publisher, tag, trust, type
          | x
          | ^
        ");
}

#[test]
fn trust_is_explained() {
    let runner = small();
    let explain = |name: &str| runner.run(["catalog", "--explain", name]).stdout;
    insta::assert_snapshot!(["everything", "plain", "remote", "tools"].map(explain).join("\n"), @r"
        everything is official
          the registry builds its image from https://github.com/acme/everything, which `Acme` publishes, who the policy says is official
          signature: not looked at: give --verify FILE
          review: not looked at: give --reviews DIR

        plain is community
          the registry builds its image from https://github.com/someone/plain, which no publisher of the policy has among its `sources`
          signature: not looked at: give --verify FILE
          review: not looked at: give --reviews DIR

        remote is official
          it is a service at https://mcp.acme.io/mcp, which `Acme` publishes, who the policy says is official
          signature: not looked at: give --verify FILE
          review: not looked at: give --reviews DIR

        tools is verified
          it runs the image tools/fetch:8.1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, which `Tools & Co` publishes, who the policy says is verified
          signature: not looked at: give --verify FILE
          review: not looked at: give --reviews DIR
        ");
    let output = runner.run(["catalog", "--explain", "everything", "--format", "json"]);
    insta::assert_snapshot!(output.stdout, @r#"
        {
          "version": 1,
          "name": "everything",
          "trust": "official",
          "publisher": "Acme",
          "because": [
            "the registry builds its image from https://github.com/acme/everything, which `Acme` publishes, who the policy says is official"
          ],
          "verification": null,
          "risk": null
        }
        "#);
}

#[test]
fn an_entry_is_shown_as_people_read_it() {
    let runner = small();
    let output = runner.run(["show", "everything", "--digests", "digests.json"]);
    good(&output);
    insta::assert_snapshot!(output.stdout, @r"
        everything  Everything & <more>
          Uses every key that an entry can have, in two lines, with an ümlaut and a line separator (\u{2028}) in it.

          type       server
          trust      official, by Acme
          category   database
          tags       database
          source     https://github.com/acme/everything/tree/0123456789abcdef0123456789abcdef01234567/src/everything
          image      mcp/everything@sha256:472e3c603a08e1dbc0adc02bc235ada8fcc09effaf1d61d1d2380b6978ac3f08
          added      2026-01-01
          changed    2026-01-01
          reaches    no network; your files: {{everything.folder}}:/data:ro
          logs in    acme

          secrets
            ACME_TOKEN (required): Made at https://acme.io/tokens
            SECOND

          settings
            url (required): The address
            folder
            lists
            inner

          tools
            query(sql, values?): Runs a query <carefully> & returns rows
            tables(like?, limit?, schemas)
            ping(): Answers
            version(): The version
        ");
    insta::assert_snapshot!(runner.run(["show", "remote"]).stdout, @r"
        remote  Acme Remote
          A service of others.

          type       remote
          trust      official, by Acme
          category   productivity
          tags       productivity, remote
          added      2026-01-01
          changed    2026-01-01
          reaches    what you send goes to https://mcp.acme.io/mcp
          logs in    acme

          secrets
            ACME_KEY

          settings
            team: Your team
          its tools are known only once somebody has logged in
        ");
    insta::assert_snapshot!(runner.run(["show", "tools"]).stdout, @r"
        tools  Tools
          Tools that are each a container.

          type       poci
          trust      verified, by Tools & Co
          category   devops
          tags       tools
          added      2026-01-01
          changed    2026-01-01
          reaches    the whole network; your files: {{folder|volume}}

          tools
            fetch(url, folder): Fetches a URL
        ");
    let json: Value = serde_json::from_str(&runner.run(["show", "everything", "--format", "json"]).stdout).unwrap();
    assert_eq!(
        json["tools"][1]["arguments"][1],
        json!({ "name": "limit", "type": "integer", "desc": "", "optional": true })
    );
    assert_eq!(json["secrets"][0]["required"], true);
    let none = runner.run(["show", "everythin"]);
    assert_eq!(none.status, 2);
    insta::assert_snapshot!(none.stderr, @r"
        error: there is no entry `everythin`
          hint: did you mean `everything`?
        ");
}

#[test]
fn what_an_entry_says_does_not_reach_the_terminal() {
    let runner = small();
    let manifest = "name: evil\ntype: remote\nabout:\n  title: \"\\e]0;x\\a\\u202e\"\n  description: \"a\\nb \\e[31m\"\nremote:\n  url: https://x.io/\n";
    runner.write("servers/evil/server.yaml", manifest);
    for command in
        [&["list"][..], &["show", "evil"], &["catalog", "--explain", "evil"], &["show", "evil", "--format", "json"]]
    {
        let output = runner.run(command);
        good(&output);
        let is_hostile = |sign: char| (sign.is_control() && sign != '\n') || sign == '\u{202e}';
        assert!(!output.stdout.contains(is_hostile), "{command:?}: {}", output.stdout);
    }
}

#[test]
fn what_users_notice_is_said() {
    let runner = small();
    good(&runner.run(["catalog", "--digests", "digests.json", "--out", "old.yaml"]));
    let manifest = runner.read("servers/everything/server.yaml");
    let changed = manifest
        .replace("  disableNetwork: true\n", "")
        .replace("env: SECOND", "env: THIRD")
        .replace("    required:\n      - url\n", "    required:\n      - url\n      - folder\n")
        .replace("- --mode=on", "- --mode=off")
        .replace("title: Everything", "title: All");
    runner.write("servers/everything/server.yaml", changed);
    runner.write(
        "servers/everything/tools.json",
        "[{\"name\": \"query\", \"description\": \"Another\"}, {\"name\": \"new\", \"description\": \"x\"}]",
    );
    runner.write("servers/new/server.yaml", runner.read("servers/plain/server.yaml").replace("plain", "new"));
    runner.write(
        "servers/remote/server.yaml",
        runner.read("servers/remote/server.yaml").replace("mcp.acme.io/mcp", "mcp.acme.io/v2"),
    );
    std::fs::remove_dir_all(runner.root().join("servers/tools")).unwrap();
    runner.write("digests.json", json!({ "everything": digest_of("mcp/everything"), "plain": digest_of("mcp/plain"), "new": digest_of("mcp/new") }).to_string());
    good(&runner.run(["catalog", "--digests", "digests.json", "--out", "new.yaml"]));
    let output = runner.run(["catalog", "diff", "old.yaml", "new.yaml"]);
    good(&output);
    insta::assert_snapshot!(output.stdout, @r"
        ~ everything
            new secrets: THIRD
            secrets that are gone: SECOND
            gets a network
            is started with other arguments
            new required settings: folder
            new tools: new
            tools that are gone: ping, tables, version
            tools that say something else: query
            title: Everything & <more> → All & <more>
        + new  Plain
        ~ remote
            is at another address: https://mcp.acme.io/mcp → https://mcp.acme.io/v2
        - tools  Tools
        1 added, 1 removed, 2 changed: 4 entries before, 4 after
        ");
    insta::assert_snapshot!(runner.run(["catalog", "diff", "new.yaml", "new.yaml"]).stdout, @"users notice nothing: 4 entries");
    let json: Value =
        serde_json::from_str(&runner.run(["catalog", "diff", "old.yaml", "new.yaml", "--format", "json"]).stdout)
            .unwrap();
    assert_eq!(json["changes"].as_array().unwrap().len(), 4);
    // One of four is more than a twentieth.
    let refused = runner.run(["catalog", "--digests", "digests.json", "--out", "old.yaml"]);
    assert_eq!(refused.status, 3);
    insta::assert_snapshot!(refused.stderr, @r"
        error: old.yaml would lose 1 of its 4 entries: tools
          hint: `--allow-shrink` replaces it all the same
        ");
    good(&runner.run(["catalog", "--digests", "digests.json", "--out", "old.yaml", "--allow-shrink"]));
    assert_eq!(yaml(&runner.read("old.yaml")), yaml(&runner.read("new.yaml")));
    runner.write("notes.yaml", "my: notes\n");
    let notes = runner.run(["catalog", "--digests", "digests.json", "--out", "notes.yaml"]);
    insta::assert_snapshot!(notes.stderr, @r"
        error: notes.yaml is there and is not a catalog: it has no `registry:`
          hint: name another file, or remove this one
        ");
    runner.write("digests.json", json!({ "gone": digest_of("mcp/gone") }).to_string());
    let strangers = runner.run(["catalog", "--digests", "digests.json", "--out", "x.yaml"]);
    insta::assert_snapshot!(strangers.stderr, @r"
        error: the file of `--digests` names `gone`, of which the registry has no entry
          hint: is it this registry's? `--allow-shrink` goes on without them
        ");
}
