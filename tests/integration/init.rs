//! `init`: what a user gets in an empty folder, in one with files, and after an upgrade.

use crate::cli::help::own_help;
use crate::runner::{Output, Runner};
use serde_json::Value;

/// A commit of the tool, all of one digit.
fn tool(digit: char) -> String {
    format!("--tool=acme/mcp-registry@{}", digit.to_string().repeat(40))
}

fn init(registry: &Runner, more: &[&str]) -> Output {
    let tool = tool('a');
    registry.run(["init", &tool, "--owners", "@acme/maintainers"].into_iter().chain(more.iter().copied()))
}

fn empty() -> Runner {
    let registry = Runner::new();
    registry.git(["init", "--quiet"]);
    registry
}

#[test]
fn an_empty_repository_becomes_a_registry_that_is_clean() {
    let registry = empty();
    let output = init(&registry, &[]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    insta::assert_snapshot!(output.stdout, @r"
    created       mcp-registry.toml
    created       servers/git/server.yaml
    created       servers/git/readme.md
    created       .github/CODEOWNERS
    created       .github/pull_request_template.md
    created       .github/workflows/auto-merge.yml
    created       .github/workflows/build.yml
    created       .github/workflows/gate.yml
    created       .github/workflows/publish.yml
    created       .github/workflows/reviewed.yml
    created       .github/workflows/security-review.yml
    created       .github/workflows/update-pins.yml
    created       .github/workflows/validate.yml
    ");
    insta::assert_snapshot!(output.stderr, @r"next: https://github.com/acme/mcp-registry/blob/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/docs/github.md, and `mcp-registry doctor` says what is missing");
    insta::assert_snapshot!(registry.read("mcp-registry.toml"), @r#"
    # The policy of this registry. Entries cannot change it: only maintainers edit this file.

    [registry]
    # Images that the registry itself builds, from the pinned commit. They carry no tag in an entry.
    namespace = "mcp/"
    # Git hosts that source.project may name.
    hosts = ["github.com"]
    # What meta.category may be. Without a list, anything.
    # categories = ["database", "search"]

    [pins]
    # A pin moves only to commits that were first seen this long ago: whoever takes over an upstream is often found out by then.
    cooldown = "24h"
    # New pull requests of one night. The others are opened the next one.
    max-new-prs = 30

    # The registry's own GitHub App, when there is one. Only its checks count.
    # [github]
    # app-id = 123456
    "#);
    insta::assert_snapshot!(registry.read(".github/CODEOWNERS"), @r"
    # Who must approve a change of what judges other changes. Entries need no owner here.
    /mcp-registry.toml @acme/maintainers
    /.github/ @acme/maintainers
    ");
    let output = registry.run(["validate", "--fail-on", "note"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    // Again, there is nothing to do.
    let again = init(&registry, &[]);
    assert_eq!((again.status, again.stderr.as_str()), (0, ""), "{}", again.stdout);
    assert!(again.stdout.lines().all(|line| line.starts_with("current ")), "{}", again.stdout);
}

#[test]
fn a_dry_run_is_a_patch_that_does_what_the_run_does() {
    let (dry, real) = (empty(), empty());
    let output = init(&dry, &["--dry-run", "--preset", "docker", "--app-id", "7"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(dry.git(["status", "--porcelain"]), "");
    dry.write("../home/patch", &output.stdout);
    dry.git(["apply", "--whitespace=error-all", dry.home().join("patch").to_str().unwrap()]);
    assert_eq!(init(&real, &["--preset", "docker", "--app-id", "7"]).status, 0);
    let tree = |registry: &Runner| {
        registry.git(["add", "--all"]);
        registry.git(["write-tree"])
    };
    assert_eq!(tree(&dry), tree(&real));
    assert!(real.read("mcp-registry.toml").contains("  \"web-scraping\",\n]\n"));
    assert!(
        real.read("mcp-registry.toml")
            .ends_with("[github]\n# The registry's own GitHub App. Only its checks count.\napp-id = 7\n")
    );
}

#[test]
fn after_an_upgrade_it_says_what_moved_and_shows_what_did_not() {
    let registry = empty();
    init(&registry, &[]);
    let mine = registry.read(".github/workflows/reviewed.yml").replace("timeout-minutes: 5", "timeout-minutes: 50");
    registry.write(".github/workflows/reviewed.yml", mine);
    registry.write(".github/workflows/auto-merge.yml", "name: mine\n");
    let output = registry.run(["init", &tool('b'), "--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../schemas/init.json")).unwrap();
    assert!(jsonschema::is_valid(&schema, &json), "{json}");
    let files = json["files"].as_array().unwrap().iter();
    let fates: Vec<String> = files.map(|file| format!("{} {}", file["fate"], file["path"])).collect();
    insta::assert_snapshot!(fates.join("\n").replace('"', ""), @r"
    current mcp-registry.toml
    current servers/git/server.yaml
    current servers/git/readme.md
    current .github/pull_request_template.md
    yours .github/workflows/auto-merge.yml
    updated .github/workflows/build.yml
    updated .github/workflows/gate.yml
    updated .github/workflows/publish.yml
    edited .github/workflows/reviewed.yml
    updated .github/workflows/security-review.yml
    updated .github/workflows/update-pins.yml
    updated .github/workflows/validate.yml
    ");
    let output = registry.run(["init", &tool('b')]);
    insta::assert_snapshot!(output.stdout, @r"
    current       mcp-registry.toml
    current       servers/git/server.yaml
    current       servers/git/readme.md
    current       .github/pull_request_template.md
    yours         .github/workflows/auto-merge.yml
    current       .github/workflows/build.yml
    current       .github/workflows/gate.yml
    current       .github/workflows/publish.yml
    edited        .github/workflows/reviewed.yml
    current       .github/workflows/security-review.yml
    current       .github/workflows/update-pins.yml
    current       .github/workflows/validate.yml

    .github/workflows/reviewed.yml was left alone; this would be the new one:
    --- a/.github/workflows/reviewed.yml
    +++ b/.github/workflows/reviewed.yml
    @@ -17,7 +17,7 @@
       reviewed:
         name: Note the review
         runs-on: ubuntu-24.04
    -    timeout-minutes: 50
    +    timeout-minutes: 5
         permissions: {}
         steps:
           - name: Say so
    ");
    assert_eq!(output.status, 0);
}

#[test]
fn what_it_cannot_do_it_says() {
    let said = |arguments: &[&str]| {
        let registry = empty();
        let output = registry.run(["init"].iter().chain(arguments));
        assert_eq!(output.stdout, "");
        format!("{} {}", output.status, output.stderr)
    };
    let pinned = tool('a');
    let all = [
        said(&[]),
        said(&["--tool", "acme/mcp-registry@main"]),
        said(&[&pinned, "--namespace", "MCP"]),
        said(&[&pinned, "--owners", "maria"]),
        said(&[&pinned, "--root", "nowhere"]),
        said(&[&pinned, "--format", "sarif"]),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    2 error: this program was not built by a release: it does not know the commit that workflows should run
      hint: name it: `--tool OWNER/mcp-registry@COMMIT`

    2 error: invalid value 'acme/mcp-registry@main' for '--tool <OWNER/NAME@COMMIT>': `acme/mcp-registry@main` is not OWNER/NAME@COMMIT, with all 40 digits of the commit

    For more information, try '--help'.

    2 error: invalid value 'MCP' for '--namespace <PREFIX>': an image namespace is lowercase and ends with `/`: `mcp/`

    For more information, try '--help'.

    2 error: invalid value 'maria' for '--owners <OWNER>': an owner is `@user` or `@organization/team`

    For more information, try '--help'.

    2 error: there is no folder `nowhere`
      hint: make it, and `git init` it, first

    2 error: `init` is written as human or json
      hint: use `--format json`
    ");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_way_is_refused_and_the_rest_is_done() {
    let registry = empty();
    std::os::unix::fs::symlink("/etc/hostname", registry.root().join("mcp-registry.toml")).unwrap();
    let output = init(&registry, &[]);
    assert_eq!(output.status, 3);
    insta::assert_snapshot!(output.stderr, @"error: `mcp-registry.toml` was left alone: `mcp-registry.toml` is a symbolic link, which may lead out of the registry");
    assert!(registry.root().join(".github/workflows/validate.yml").is_file());
    assert!(registry.root().join("mcp-registry.toml").is_symlink());
}

#[test]
fn a_repository_with_a_policy_and_entries_keeps_them() {
    let registry = empty();
    registry.write("mcp-registry.toml", "[registry]\nnamespace = \"acme/\"\n");
    registry.write("servers/weather/server.yaml", "name: weather\n");
    let output = init(&registry, &["--namespace", "other/", "--dry-run"]);
    assert!(
        !output.stdout.contains("b/servers/") && !output.stdout.contains("b/mcp-registry.toml"),
        "{}",
        output.stdout
    );
    insta::assert_snapshot!(output.stderr, @r"
    mcp-registry.toml is yours already: options do not change it
    yours         mcp-registry.toml
    would create  .github/CODEOWNERS
    would create  .github/pull_request_template.md
    would create  .github/workflows/auto-merge.yml
    would create  .github/workflows/build.yml
    would create  .github/workflows/gate.yml
    would create  .github/workflows/publish.yml
    would create  .github/workflows/reviewed.yml
    would create  .github/workflows/security-review.yml
    would create  .github/workflows/update-pins.yml
    would create  .github/workflows/validate.yml
    ");
}

#[test]
fn on_a_terminal_it_asks_what_it_cannot_know() {
    let registry = empty();
    let typed = "MCP\nacme/\n\nmaria\n@maria @acme/maintainers\n";
    let output = registry.command(["init", &tool('a')]).run_typing(typed);
    assert_eq!(output.status, 0, "{}", output.stderr);
    // The terminal repeats what is typed before anything is asked.
    let asked = output.stderr.replace('\r', "").replacen(typed, "", 1);
    insta::assert_snapshot!(asked, @r"
    What do the names of images begin with that this registry builds? [mcp/]   an image namespace is lowercase and ends with `/`: `mcp/`
    What do the names of images begin with that this registry builds? [mcp/] On which Git hosts may the code of entries be? [github.com] Who approves changes of policy and workflows (@user, @organization/team)? [none]   an owner is `@user` or `@organization/team`
    Who approves changes of policy and workflows (@user, @organization/team)? [none] next: https://github.com/acme/mcp-registry/blob/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/docs/github.md, and `mcp-registry doctor` says what is missing
    ");
    assert!(registry.read("mcp-registry.toml").contains("namespace = \"acme/\"\n"));
    assert!(registry.read("servers/git/server.yaml").contains("image: acme/git\n"));
    assert!(registry.read(".github/CODEOWNERS").ends_with("/.github/ @maria @acme/maintainers\n"));
    assert_eq!(registry.run(["validate", "--fail-on", "note"]).status, 0);
}

#[test]
fn help() {
    insta::assert_snapshot!(own_help("init", "-h"), @r"
    Write the skeleton of a registry: policy, an example, and the workflows that run it on GitHub

    Usage: mcp-registry init [OPTIONS]

    Options:
          --preset <PRESET>           Choices that another registry made [possible values: docker]
          --namespace <PREFIX>        What the names of images begin with that the registry builds, such
                                      as `mcp/`. Without this: asked for, or `mcp/`
          --host <HOST>               A Git host that entries may name; may be repeated. Without this:
                                      asked for, or github.com
          --category <NAME>           A category that entries may have; may be repeated. Without this:
                                      any
          --owners <OWNER>            Who must approve changes of policy and workflows: @USER or
                                      @ORGANIZATION/TEAM; may be repeated. Without any, there is no
                                      CODEOWNERS
          --app-id <N>                The id of the registry's own GitHub App, whose checks count
          --tool <OWNER/NAME@COMMIT>  The commit of this tool that workflows run. Without this: the one
                                      that this program was built from
          --dry-run                   Show what would be written, and write nothing
      -h, --help                      Print help (see more with '--help')
      -V, --version                   Print version

    [global options]

    Examples:
      mcp-registry init                                  asks what it cannot know, on a terminal
      mcp-registry init --preset docker --owners @acme/maintainers
      mcp-registry init --dry-run                        what would be written, as a patch for `git
      apply`
      mcp-registry init --tool acme/mcp-registry@COMMIT  pin workflows to this commit of the tool

    docs/github.md goes from an empty repository to the first merged pin.
    ");
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let registry = Runner::new();
    let help = registry.run(["--help"]).stdout;
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names =
        commands.lines().filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 15 && names.contains(&"init"), "{names:?}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = registry.run(["completions", shell]).stdout;
        for name in &names {
            assert!(script.contains(name), "{shell}: {name}");
        }
    }
    let page = registry.run(["man"]).stdout;
    std::fs::create_dir(registry.root().join("man")).unwrap();
    let output = registry.run(["man", "--out", "man"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, ""), "{}", output.stderr);
    for name in names.iter().filter(|name| **name != "help") {
        assert!(page.contains(&name.replace('-', "\\-")), "{name}");
        let own = registry.read(format!("man/mcp-registry-{name}.1"));
        assert!(own.contains(".SH OPTIONS") && own.contains("\\-\\-root"), "{name}: {own}");
    }
    assert_eq!(registry.read("man/mcp-registry.1"), page);
    let output = registry.run(["man", "--out", "nowhere"]);
    assert_eq!((output.status, output.stderr.contains("there is no folder `nowhere`")), (2, true), "{}", output.stderr);
}
