//! What `--fix` shows, writes and leaves alone.

use super::{pinned, registry, said};

#[test]
fn fix_shows_and_then_writes() {
    let registry = registry();
    let messy = pinned()
        .replace("b4ee623039a6c60053ce67269701ad9e95073306", "B4EE623039A6C60053CE67269701AD9E95073306 # audited")
        .replace("  title: Weather", "  title:   Weather")
        .replace("image: mcp/weather\ntype: server\n", "type: server\nimage: mcp/weather\n");
    registry.write("servers/weather/server.yaml", &messy);
    insta::assert_snapshot!(said(&registry.run(["validate", "--fix", "--dry-run"])), @"
    status 1
    --- stdout
    --- a/servers/weather/server.yaml
    +++ b/servers/weather/server.yaml
    @@ -1,14 +1,14 @@
     name: weather
    +image: mcp/weather
     type: server
    -image: mcp/weather
     meta:
       category: devops
       tags:
         - weather
     about:
    -  title:   Weather
    +  title: Weather
       description: Tells how the weather is and will be at a place that you name.
       icon: https://example.com/icon.png
     source:
       project: https://github.com/example/weather
    -  commit: B4EE623039A6C60053CE67269701AD9E95073306 # audited
    +  commit: b4ee623039a6c60053ce67269701ad9e95073306 # audited
    --- stderr
    1 file would change; nothing was written
    note[key-order]: `image` belongs before `type`
     --> servers/weather/server.yaml:3:1
      |
    2 | type: server
      | ---- comes later in the format
    3 | image: mcp/weather
      | ^^^^^
      |
      = help: move it up; `--fix` does, with its comments

    error[formatting]: server.yaml is not formatted
     --> servers/weather/server.yaml:9:3
      |
    9 |   title:   Weather
      |   ^^^^^^^^^^^^^^^^ should be `title: Weather`
      |
      = help: run `mcp-registry validate --fix`

    error[malformed-commit]: the commit is written in capitals
      --> servers/weather/server.yaml:14:11
       |
    14 |   commit: B4EE623039A6C60053CE67269701AD9E95073306 # audited
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write `commit: b4ee623039a6c60053ce67269701ad9e95073306`

    2 errors and 1 note in 1 entry; `--fix` can mend 3
    ");
    assert_eq!(registry.read("servers/weather/server.yaml"), messy);
    insta::assert_snapshot!(said(&registry.run(["validate", "--fix"])), @"
    status 0
    --- stdout
    no problems in 1 entry
    --- stderr
    fixed servers/weather/server.yaml: key-order, malformed-commit, formatting
    ");
    insta::assert_snapshot!(registry.read("servers/weather/server.yaml"), @"
    name: weather
    image: mcp/weather
    type: server
    meta:
      category: devops
      tags:
        - weather
    about:
      title: Weather
      description: Tells how the weather is and will be at a place that you name.
      icon: https://example.com/icon.png
    source:
      project: https://github.com/example/weather
      commit: b4ee623039a6c60053ce67269701ad9e95073306 # audited
    ");
    let again = registry.run(["validate", "--fix"]);
    assert!(again.stderr.is_empty(), "{}", again.stderr);
}

#[test]
fn neither_a_diff_nor_another_finding_shows_a_secret() {
    let registry = registry();
    // Put together here, because hosts refuse a push with a whole one: random, and its checksum is right.
    let token = ["ghp", "_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"].concat();
    let leaking = pinned().replace("  title: Weather", "  title:   Weather")
        + &format!(
            "config:\n  # {token}\n  secrets:\n    - name: weather.token\n      env: TOKEN\n      example:   {token}\n"
        );
    registry.write("servers/weather/server.yaml", &leaking);
    let output = said(&registry.run(["validate", "--fix", "--dry-run"]));
    insta::assert_snapshot!(output, @"
    status 1
    --- stdout
    --- a/servers/weather/server.yaml
    +++ b/servers/weather/server.yaml
    @@ -6,7 +6,7 @@
       tags:
         - weather
     about:
    -  title:   Weather
    +  title: Weather
       description: Tells how the weather is and will be at a place that you name.
       icon: https://example.com/icon.png
     source:
    @@ -17,4 +17,4 @@
       secrets:
         - name: weather.token
           env: TOKEN
    -      example:   ••••••••••••••••••••••••••••••••••••••••
    +      example: ••••••••••••••••••••••••••••••••••••••••
    --- stderr
    the diff of servers/weather/server.yaml is not a patch: credentials in it are masked
    1 file would change; nothing was written
    error[formatting]: server.yaml is not formatted
     --> servers/weather/server.yaml:9:3
      |
    9 |   title:   Weather
      |   ^^^^^^^^^^^^^^^^ should be `title: Weather`
      |
      = help: run `mcp-registry validate --fix`

    error[leaked-secret]: this is a GitHub personal access token, `ghp_zQWB…`: its checksum is right
      --> servers/weather/server.yaml:16:5
       |
    16 |   # ••••••••••••••••••••••••••••••••••••••••
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: revoke it now: it is public with this file; then write a placeholder such as `<API_KEY>`

    error[leaked-secret]: this is a GitHub personal access token, `ghp_zQWB…`: its checksum is right
      --> servers/weather/server.yaml:20:18
       |
    20 |       example:   ••••••••••••••••••••••••••••••••••••••••
       |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: revoke it now: it is public with this file; then write a placeholder such as `<API_KEY>`

    3 errors in 1 entry; `--fix` can mend 1
    ");
    // Now the first line that is not formatted, which the finding quotes, is that of the secret.
    registry.write("servers/weather/server.yaml", leaking.replace("  title:   Weather", "  title: Weather"));
    for format in ["human", "json", "sarif", "github", "markdown"] {
        let shown = said(&registry.run(["validate", "--format", format]));
        assert!(!shown.contains("spHcVY5"), "{format}: {shown}");
    }
    registry.write("mcp-registry.toml", "[rules]\nleaked-secret = \"off\"\n");
    let diff = registry.run(["validate", "--fix", "--dry-run", "--quiet"]).stdout;
    assert!(diff.starts_with("--- a/") && !diff.contains("spHcVY5"), "{diff}");
}

#[test]
fn fix_leaves_what_it_does_not_understand() {
    let registry = registry();
    let broken = "name:   weather\nname: weather\n";
    registry.write("servers/weather/server.yaml", broken);
    assert_eq!(registry.run(["validate", "--fix"]).status, 1);
    assert_eq!(registry.read("servers/weather/server.yaml"), broken);
}
