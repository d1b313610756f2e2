//! What users of `catalog` see.

use super::lab::{good, small, yaml};

#[test]
fn the_gateways_file_has_everything() {
    let runner = small();
    let output =
        runner.run(["catalog", "--digests", "digests.json", "--title", "Acme's servers", "--out", "catalog.yaml"]);
    good(&output);
    insta::assert_snapshot!(output.stdout, @r"
        warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
         --> servers/everything/server.yaml:8:5
          |
        8 | /     - community
        9 | |     - database
          | |______________^
          |
          = help: the tag is left out; remove it from `meta.tags`

        1 warning in 4 entries
        ");
    insta::assert_snapshot!(output.stderr, @"catalog.yaml: 4 entries");
    let text = runner.read("catalog.yaml");
    insta::assert_snapshot!(text, @r#"
        version: 2
        name: mcp-registry
        displayName: Acme's servers
        registry:
          everything:
            description: "Uses every key that an entry can have, in two lines, with an ümlaut and a line separator (\u2028) in it."
            title: Everything & <more>
            type: server
            dateAdded: "2026-01-01T00:03:00Z"
            image: mcp/everything@sha256:472e3c603a08e1dbc0adc02bc235ada8fcc09effaf1d61d1d2380b6978ac3f08
            ref: ""
            source: https://github.com/acme/everything/tree/0123456789abcdef0123456789abcdef01234567/src/everything
            upstream: https://github.com/acme/everything
            icon: https://example.com/icon.png
            tools:
              - name: query
                description: Runs a query <carefully> & returns rows
                arguments:
                  - name: sql
                    type: string
                    desc: The query
                  - name: values
                    type: array
                    items:
                      type: string
                    desc: Its values
                    optional: true
                annotations:
                  title: Query
                  readOnlyHint: true
                  destructiveHint: false
              - name: tables
                description: ""
                arguments:
                  - name: like
                    type: string
                    desc: A pattern
                    optional: true
                  - name: limit
                    type: integer
                    desc: ""
                    optional: true
                  - name: schemas
                    type: array
                    items:
                      type: string
                    desc: Which
              - name: ping
                description: Answers
                arguments: []
              - name: version
                description: The version
            secrets:
              - name: everything.token
                env: ACME_TOKEN
                example: <ACME_TOKEN>
                description: Made at https://acme.io/tokens
                required: true
              - name: everything.second
                env: SECOND
                example: ""
            env:
              - name: ACME_URL
                value: "{{everything.url}}"
              - name: MODE
                value: fast
            command:
              - --url={{everything.url}}
              - --mode=on
            volumes:
              - "{{everything.folder}}:/data:ro"
            user: "1000"
            disableNetwork: true
            allowHosts:
              - api.acme.io:443
            longLived: true
            prompts: 0
            resources: {}
            config:
              - name: everything
                description: Where it connects to & how
                type: object
                properties:
                  url:
                    type: string
                    description: The address
                  folder:
                    type: string
                  lists:
                    type: array
                    items:
                      type: string
                  inner:
                    type: object
                    properties:
                      depth:
                        type: integer
                        default: 3
                    required:
                      - depth
                anyOf:
                  - required:
                      - url
                  - required:
                      - folder
                required:
                  - url
            metadata:
              category: database
              tags:
                - database
              owner: acme
              trust: official
              publisher: Acme
            oauth:
              providers:
                - provider: acme
                  secret: everything.token
                  env: ACME_TOKEN
          plain:
            description: Has nothing but what every entry has.
            title: Plain
            type: server
            dateAdded: "2026-01-01T00:03:00Z"
            image: mcp/plain@sha256:5a0f800e2058b8d22564ba200834d22aa7f91794d48ae768ef33a0cce9b90719
            ref: ""
            source: https://github.com/someone/plain/tree/89abcdef0123456789abcdef0123456789abcdef
            upstream: https://github.com/upstream/plain
            icon: https://example.com/plain.png
            tools: []
            prompts: 0
            resources: {}
            metadata:
              category: development
              tags:
                - development
              owner: upstream
              trust: community
          remote:
            description: A service of others.
            title: Acme Remote
            type: remote
            dateAdded: "2026-01-01T00:03:00Z"
            ref: ""
            source: ""
            remote:
              transport_type: streamable-http
              url: https://mcp.acme.io/mcp
              headers:
                X-Team: "{{remote.team}}"
                Authorization: Bearer ${ACME_KEY}
            icon: https://example.com/remote.png
            tools: []
            secrets:
              - name: remote.key
                env: ACME_KEY
                example: abc
            prompts: 0
            resources: {}
            config:
              - name: remote
                description: Configure it
                type: object
                properties:
                  team:
                    type: string
                    description: Your team
            metadata:
              category: productivity
              tags:
                - productivity
                - remote
              trust: official
              publisher: Acme
            oauth:
              providers:
                - provider: acme
                  secret: remote.oauth
                  env: ACME_OAUTH
          tools:
            description: Tools that are each a container.
            title: Tools
            type: poci
            dateAdded: "2026-01-01T00:03:00Z"
            ref: ""
            source: ""
            icon: https://example.com/tools.png
            tools:
              - name: fetch
                description: Fetches a URL
                container:
                  image: tools/fetch:8.1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
                  command:
                    - "{{url}}"
                  volumes:
                    - "{{folder|volume}}"
                parameters:
                  type: object
                  properties:
                    url:
                      type: string
                      description: What to fetch
                    folder:
                      type: array
                      description: Where to put it
                      items:
                        type: string
                  required:
                    - url
            prompts: 0
            resources: {}
            metadata:
              category: devops
              tags:
                - tools
              trust: verified
              publisher: Tools & Co
        "#);
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

#[test]
fn a_shallow_clone_has_no_dates_that_are_wrong() {
    let runner = small();
    runner.write("servers/late/server.yaml", runner.read("servers/plain/server.yaml").replace("plain", "late"));
    runner.commit("late");
    let (from, to) = (format!("file://{}", runner.root().display()), runner.home().join("clone"));
    for (depth, expected) in [("1", [false, false]), ("2", [false, true]), ("9", [true, true])] {
        drop(std::fs::remove_dir_all(&to));
        runner.git(["clone", "--quiet", "--depth", depth, &from, to.to_str().unwrap()]);
        let output =
            runner.run(["catalog", "--root", to.to_str().unwrap(), "--allow-unpinned", "--out", "catalog.yaml"]);
        good(&output);
        let catalog = yaml(&runner.read("catalog.yaml"));
        let dated = ["plain", "late"].map(|name| catalog["registry"][name]["dateAdded"].is_string());
        assert_eq!(dated, expected, "{depth}: {}", output.stderr);
        assert_eq!(output.stderr.contains("this clone is shallow"), expected != [true, true], "{}", output.stderr);
        std::fs::remove_file(runner.root().join("catalog.yaml")).unwrap();
    }
}

#[test]
fn a_registry_without_history_has_no_dates() {
    let runner = small();
    std::fs::remove_dir_all(runner.root().join(".git")).unwrap();
    let output = runner.run(["catalog", "--allow-unpinned", "--out", "catalog.yaml"]);
    good(&output);
    insta::assert_snapshot!(output.stderr, @r"
    dates are left out: `[ROOT]` is not in a Git repository
    catalog.yaml: 4 entries
    ");
    assert!(!runner.read("catalog.yaml").contains("dateAdded"));
}
