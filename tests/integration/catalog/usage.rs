//! What users of `catalog` see.

use super::lab::{good, small, yaml};

#[test]
fn the_gateways_file_has_everything() {
    let runner = small();
    let output =
        runner.run(["catalog", "--digests", "digests.json", "--title", "Acme's servers", "--out", "catalog.yaml"]);
    good(&output);
    insta::assert_snapshot!(output.stdout, @"");
    insta::assert_snapshot!(output.stderr, @"");
    let text = runner.read("catalog.yaml");
    insta::assert_snapshot!(text, @"");
    assert_eq!(yaml(&text)["registry"].as_object().unwrap().len(), 4);
}

#[test]
fn an_entry_without_a_digest_is_a_finding_and_left_out() {
    let runner = small();
    runner.write("digests.json", format!("{{\"plain\": \"{}\"}}", super::lab::digest_of("mcp/everything")));
    let output = runner.run(["catalog", "--digests", "digests.json", "--out", "catalog.yaml"]);
    assert_eq!(output.status, 1);
    insta::assert_snapshot!(output.stdout, @r"
        error[unpinned-image]: nobody knows the digest of mcp/everything
         --> servers/everything/server.yaml:2:8
          |
        2 | image: mcp/everything
          |        ^^^^^^^^^^^^^^
          |
          = help: give the file that `build --push --digests` wrote, or ask with `--online`; `--allow-unpinned` keeps the entry

        warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
         --> servers/everything/server.yaml:8:5
          |
        8 | /     - community
        9 | |     - database
          | |______________^
          |
          = help: the tag is left out; remove it from `meta.tags`

        error[other-image]: what was published for it is mcp/everything@sha256:472e3c603a08e1dbc0adc02bc235ada8fcc09effaf1d61d1d2380b6978ac3f08, which is another image
         --> servers/plain/server.yaml:2:8
          |
        2 | image: mcp/plain
          |        ^^^^^^^^^
          |
          = help: `mcp-registry build NAME --push --digests FILE` notes the right one

        2 errors and 1 warning in 4 entries
        ");
    let names =
        |file: &str| yaml(&runner.read(file))["registry"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names("catalog.yaml"), ["remote", "tools"]);
    let output = runner.run(["catalog", "--allow-unpinned", "--out", "all.yaml"]);
    assert_eq!(names("all.yaml"), ["everything", "plain", "remote", "tools"]);
    good(&output);
}

#[test]
fn what_cannot_be_is_said_before_anything_is_done() {
    let runner = small();
    let said: Vec<String> = [
        &["catalog"][..],
        &["catalog", "--out", "nowhere/catalog.yaml"],
        &["catalog", "--out", "x.yaml", "everythin"],
        &["catalog", "--out", "x.yaml", "--digests", "none.json"],
        &["catalog", "--out", "x.yaml", "--online", "--offline"],
    ]
    .iter()
    .map(|arguments| {
        let output = runner.run(*arguments);
        format!("{}: {}", output.status, output.stderr)
    })
    .collect();
    insta::assert_snapshot!(said.join(""), @r"
        2: error: the following required arguments were not provided:
          <--out <PATH>|--push <REFERENCE>|--explain <NAME>>

        Usage: mcp-registry catalog <--out <PATH>|--push <REFERENCE>|--explain <NAME>> [NAME]...

        For more information, try '--help'.
        2: error: `--out nowhere/catalog.yaml` cannot be written: there is no folder `nowhere`
        2: error: there is no entry `everythin`
          hint: did you mean `everything`?
        2: error: cannot read `--digests none.json`
          because: No such file or directory (os error 2)
        2: error: `--online` asks image registries, which `--offline` forbids
        ");
}

#[test]
fn dates_are_those_of_git() {
    let runner = small();
    runner.write("servers/late/server.yaml", runner.read("servers/plain/server.yaml").replace("plain", "late"));
    runner.commit("late");
    runner.write("servers/late/readme.md", "# Late\n");
    runner.commit("later");
    runner.write(
        "servers/uncommitted/server.yaml",
        runner.read("servers/plain/server.yaml").replace("plain", "uncommitted"),
    );
    good(&runner.run(["catalog", "--allow-unpinned", "--out", "catalog.yaml"]));
    let catalog = yaml(&runner.read("catalog.yaml"));
    let date = |name: &str| catalog["registry"][name]["dateAdded"].clone();
    let dates = ["plain", "late", "uncommitted"].map(|name| format!("{name}: {}", date(name)));
    insta::assert_snapshot!(dates.join("\n"), @r#"
        plain: "2026-01-01T00:03:00Z"
        late: "2026-01-01T00:06:00Z"
        uncommitted: null
        "#);
}
