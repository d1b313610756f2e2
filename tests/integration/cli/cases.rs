//! Mistakes that people really make, each in an entry that is right but for it: all that the program says of it.

use super::said;
use crate::runner::Runner;

const ENTRY: &str = "\
name: acme-weather
image: mcp/acme-weather
type: server
meta:
  category: search
  tags:
    - weather
    - forecast
about:
  title: Acme Weather
  description: Look up current weather and forecasts for any place with the Acme API.
  icon: https://avatars.githubusercontent.com/u/1?v=4
source:
  project: https://github.com/acme/weather-mcp
  branch: main
  commit: 3f2a9c1d5b7e8f90123456789abcdef012345678
config:
  description: Configure the Acme connection
  secrets:
    - name: acme-weather.api_key
      env: ACME_API_KEY
      example: YOUR_KEY
      required: true
  env:
    - name: ACME_UNITS
      example: metric
      value: \"{{acme-weather.units}}\"
  parameters:
    type: object
    properties:
      units:
        type: string
        description: Units to answer in
        default: metric
    required:
      - units
";

fn registry(manifest: &str) -> Runner {
    let registry = Runner::new();
    registry.write("servers/acme-weather/server.yaml", manifest);
    registry.write("servers/acme-weather/readme.md", "# Acme\n\nWeather of Acme.\n");
    registry
}

/// What is said of the entry with one change.
fn changed(from: &str, to: &str) -> String {
    assert!(ENTRY.contains(from));
    said(&registry(&ENTRY.replacen(from, to, 1)).run(["validate"]))
}

#[test]
fn the_entry_itself_is_right() {
    assert_eq!(registry(ENTRY).run(["validate"]).stdout, "no problems in 1 entry\n");
}

#[test]
fn a_name_in_another_form_leads_to_one_remedy() {
    insta::assert_snapshot!(changed("name: acme-weather", "name: acme_weather"), @"
    status 1
    --- stdout
    error[name-mismatch]: the name is `acme_weather`, but the entry's folder is `acme-weather`
     --> servers/acme-weather/server.yaml:1:7
      |
    1 | name: acme_weather
      |       ^^^^^^^^^^^^
      |
      = help: write `name: acme-weather`

    1 error in 1 entry
    --- stderr
    ");
}

#[test]
fn a_comment_that_cuts_a_description_is_reported() {
    insta::assert_snapshot!(changed("forecasts for any place", "rated #1 for forecasts of any place"), @"
    status 0
    --- stdout
    warning[truncated-text]: `#1 for forecasts of any place with the Acme API.` is a comment: the description ends at `rated`
      --> servers/acme-weather/server.yaml:11:50
       |
    11 | ...and rated #1 for forecasts of any place with the Acme API.
       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not part of the text
       |
       = help: put the whole text in double quotes; or write the comment on a line of its own

    1 warning in 1 entry
    --- stderr
    ");
}

#[test]
fn a_merge_conflict_is_called_one() {
    let conflict = "<<<<<<< HEAD\n  title: Acme Weather\n=======\n  title: Acme Wx\n>>>>>>> main";
    insta::assert_snapshot!(changed("  title: Acme Weather", conflict), @"
    status 1
    --- stdout
    error[invalid-yaml]: unresolved merge conflict: keep one of the two versions, and delete the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`
      --> servers/acme-weather/server.yaml:10:1
       |
    10 | <<<<<<< HEAD
       | ^^^^^^^^^^^^
    ...
    14 | >>>>>>> main
       | ------------ it ends here
       |
       = help: fix this first; the rest of the file was not checked

    1 error in 1 entry
    --- stderr
    ");
    let registry = registry(ENTRY);
    registry.write("servers/acme-weather/tools.json", "[\n<<<<<<< HEAD\n=======\n>>>>>>> main\n]\n");
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 1
    --- stdout
    error[invalid-tools-json]: unresolved merge conflict: keep one of the two versions, and delete the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`
     --> servers/acme-weather/tools.json:2:1
      |
    2 | <<<<<<< HEAD
      | ^^^^^^^^^^^^
    3 | =======
    4 | >>>>>>> main
      | ------------ it ends here
      |
      = help: fix this first; the rest of the file was not checked

    1 error in 1 entry
    --- stderr
    ");
    registry.write("mcp-registry.toml", "[style]\n=======\nsort-tags = true\n>>>>>>> main\n");
    insta::assert_snapshot!(said(&registry.run(["validate"])), @"
    status 2
    --- stdout
    --- stderr
    error: mcp-registry.toml:2: unresolved merge conflict: keep one of the two versions, and delete the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`
    ");
}

#[test]
fn a_tab_is_shown_where_it_is() {
    insta::assert_snapshot!(changed("  tags:", "\ttags:"), @"
    status 1
    --- stdout
    error[invalid-yaml]: a tab cannot indent in YAML; use spaces
     --> servers/acme-weather/server.yaml:6:1
      |
    6 |     tags:
      | ^^^^
      |
      = help: fix this first; the rest of the file was not checked

    1 error in 1 entry
    --- stderr
    ");
}

#[test]
fn a_required_property_belongs_in_the_list() {
    insta::assert_snapshot!(changed("        default: metric", "        default: metric\n        required: true"), @"
    status 1
    --- stdout
    error[wrong-type]: `config.parameters.properties.units.required` must be a list, but is true or false
      --> servers/acme-weather/server.yaml:35:19
       |
    35 |         required: true
       |                   ^^^^ true or false, not a list
       |
       = help: remove it: `config.parameters.required` lists `units` already

    1 error in 1 entry
    --- stderr
    ");
}

#[test]
fn a_schema_for_editors_belongs_in_a_comment() {
    insta::assert_snapshot!(changed("name: acme-weather", "$schema: ../../schemas/server.json\nname: acme-weather"), @"
    status 0
    --- stdout
    warning[unknown-key]: `$schema` is not a key of an entry, and is silently dropped
     --> servers/acme-weather/server.yaml:1:1
      |
    1 | $schema: ../../schemas/server.json
      | ^^^^^^^
      |
      = help: remove it, and make this comment the first line, which editors read: `# yaml-language-server: $schema=../../schemas/server.json`

    1 warning in 1 entry
    --- stderr
    ");
    let comment = "# yaml-language-server: $schema=../../schemas/server.json\nname: acme-weather";
    assert!(changed("name: acme-weather", comment).contains("no problems"));
}

#[test]
fn a_title_that_is_a_brand_is_for_the_policy() {
    insta::assert_snapshot!(changed("title: Acme Weather", "title: n8n"), @"
    status 1
    --- stdout
    error[title-style]: the title does not capitalise `n8n`
      --> servers/acme-weather/server.yaml:10:10
       |
    10 |   title: n8n
       |          ^^^
       |
       = help: write `title: N8n`; if the product spells itself so, maintainers can list it in `title.names` of the policy

    1 error in 1 entry
    --- stderr
    ");
    let registry = registry(&ENTRY.replace("title: Acme Weather", "title: n8n"));
    registry.write("mcp-registry.toml", "[title]\nnames = [\"n8n\"]\n");
    assert_eq!(registry.run(["validate"]).status, 0);
}

#[test]
fn a_missing_indent_is_one_finding() {
    let outdented = ENTRY.split_once("    type: object\n").map(|(before, after)| {
        let after: String =
            after.lines().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect();
        format!("{before}  type: object\n{after}")
    });
    insta::assert_snapshot!(said(&registry(&outdented.unwrap()).run(["validate"])), @"
    status 0
    --- stdout
    warning[unknown-key]: `type`, `properties` and `required` are not keys of `config`, and are silently dropped
      --> servers/acme-weather/server.yaml:29:3
       |
    28 |   parameters:
       |   ---------- nothing is in it
    29 |   type: object
       |   ^^^^
       |
       = help: indent them by one level, with all that is below, so that `parameters:` has them

    1 warning in 1 entry
    --- stderr
    ");
}

#[test]
fn whether_tools_are_dynamic_is_not_decided_by_fix() {
    let oauth = format!("{ENTRY}oauth:\n  - provider: acme\n    secret: acme-weather.api_key\n    env: ACME_API_KEY\n");
    let registry = registry(&oauth);
    let fixed = registry.run(["validate", "--fix"]);
    assert_eq!(registry.read("servers/acme-weather/server.yaml"), oauth);
    insta::assert_snapshot!(said(&fixed), @"
    status 1
    --- stdout
    error[oauth-without-dynamic-tools]: the entry has OAuth, but its tools are not marked as dynamic
      --> servers/acme-weather/server.yaml:37:1
       |
    37 | oauth:
       | ^^^^^ its tools can be listed only after this login
       |
       = help: add `dynamic:` with `tools: true` below it; if the server lists its tools without a sign-in, a maintainer can waive this in `mcp-registry.toml` instead

    1 error in 1 entry
    --- stderr
    ");
}

#[test]
fn a_readme_may_link_to_headings_with_emoji() {
    let registry = registry(ENTRY);
    registry.write(
        "servers/acme-weather/readme.md",
        "# Acme\n\n- [🏗\u{fe0f} Core](#\u{fe0f}-core)\n\n## 🏗\u{fe0f} Core\n\nWeather of Acme.\n",
    );
    assert_eq!(registry.run(["validate"]).stdout, "no problems in 1 entry\n");
}

#[test]
fn a_comment_on_the_old_version_is_named_when_the_pin_moves() {
    let pin = "commit: 3f2a9c1d5b7e8f90123456789abcdef012345678";
    let registry = registry(&ENTRY.replace(pin, &format!("{pin} # v1.2.0")));
    let to = "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd";
    let json = registry.run(["update-pins", "acme-weather", "--to", to, "--dry-run", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["pins"][0]["comments"], serde_json::json!([{ "line": 16, "text": "# v1.2.0" }]));
    insta::assert_snapshot!(said(&registry.run(["update-pins", "acme-weather", "--to", to])), @"
    status 0
    --- stdout
    acme-weather: 3f2a9c1d5b7e -> aaaaaaaaaabb
    --- stderr
    servers/acme-weather/server.yaml: check the comment `# v1.2.0` in line 16: it stayed and may describe the old commit
    ");
}
