//! What `--help` says: whole texts, so that a change of a flag is seen.

use crate::runner::Runner;

/// The options that all commands share.
fn global_options(help: &str) -> &str {
    let start = help.find("Global options:\n").unwrap();
    let rest = &help[start..];
    let end = rest.match_indices("\n\n").find(|(at, _)| !rest[at + 2..].starts_with(' ')).unwrap().0;
    &rest[..end]
}

/// The help of a command; what it shares with the program's, which is checked, is left out.
pub(crate) fn own_help(command: &str, flag: &str) -> String {
    let help = |arguments: &[&str]| Runner::new().run(arguments).stdout;
    let (whole, own) = (help(&[flag]), help(&[command, flag]));
    let shared = global_options(&whole);
    assert_eq!(global_options(&own), shared, "{command}");
    own.replace(shared, "[global options]")
}

#[test]
fn help_of_the_program() {
    insta::assert_snapshot!(Runner::new().run(["--help"]).stdout, @r"
    Keeps a registry of MCP servers honest

    Usage: mcp-registry [OPTIONS] <COMMAND>

    Commands:
      build        Build the images of entries, each from exactly the commit that it pins
      validate     Check entries: every problem of every entry at once
      review       Review the code that entries pin, in a sandbox: report, labels and verdict
      proxy        Run the proxy that holds a provider's key, so that an agent needs none
      rules        List the rules that `validate` checks
      schema       Print the JSON Schema of a file or output
      update-pins  Move pins to what upstreams have now, where that changes what is built
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Global options:
          --root <DIR>
              The registry: the folder that holds `servers/`
              
              [default: .]

          --format <FORMAT>
              How the result is written

              Possible values:
              - human:    For people at a terminal
              - json:     One JSON document: `schemas/report.json`
              - sarif:    SARIF 2.1.0, for code scanning
              - github:   Workflow commands: annotations in GitHub Actions
              - markdown: A table for a step summary or comment
              
              [default: human]

      -o, --output <FILE>
              Write the result to this file and not to standard output

          --offline
              Refuse everything that needs a network

          --color <COLOR>
              Colour in human output

              Possible values:
              - auto:   On a terminal, unless `NO_COLOR` is set
              - always: Always
              - never:  Never
              
              [default: auto]

      -q, --quiet
              Say nothing but the result

      -v, --verbose...
              Log what is done to standard error; twice for more

          --log-format <LOG_FORMAT>
              How log lines are written

              Possible values:
              - text: For people
              - json: One JSON object a line
              
              [default: text]

    Exit status: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage or policy, 3 could not
    finish.
    ");
}

#[test]
fn help_of_validate() {
    insta::assert_snapshot!(own_help("validate", "--help"), @"
    Check entries: every problem of every entry at once

    Usage: mcp-registry validate [OPTIONS] [NAME]...

    Arguments:
      [NAME]...
              Only these entries, by folder name

    Options:
          --diff <BASE..HEAD>
              Only the entries that `head` changed since it left `base`, as they are at `head`. The
              policy is taken from `base`, so that a change cannot excuse itself

          --online
              Also ask the outside: repositories, icons, images, remote servers

          --cache <DIR>
              Keep answers of --online here, and ask next time only what changed

          --strict
              A fact that cannot be had is an error, not a note

          --allow-network <CIDR>
              A private network that --online may reach all the same, beside those of the policy

          --fix
              Fix what has only one right answer; comments stay

          --dry-run
              With --fix or --write-waivers: print the changes as a patch, and change nothing. Findings
              go to standard error

          --watch
              Check again whenever a file of the registry is saved. Ctrl-C ends it

          --explain <RULE>
              Explain a rule: what it finds, why that matters, how to fix it

          --write-waivers
              Append a waiver to the policy for everything that fails now, so that only new problems do

          --reason <TEXT>
              The reason of the waivers that --write-waivers makes. Without it, you are asked to fill in
              each

          --policy <FILE>
              The policy to use in place of the registry's own

          --fail-on <FAIL_ON>
              The least severity that fails the run

              Possible values:
              - note:    Any finding
              - warning: Warnings and errors
              - error:   Errors only
              - never:   Nothing
              
              [default: error]

          --show-waived
              Also show findings that a waiver excuses

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    [global options]

    Examples:
      mcp-registry validate                          check every entry, offline
      mcp-registry validate github-official          check one entry
      mcp-registry validate --fix --dry-run          show what --fix would change, as a patch
      mcp-registry validate --diff origin/main..HEAD check only what a branch changed
      mcp-registry validate --online --cache .cache  also check upstreams, icons, images and remotes
      mcp-registry validate --format github          annotate a pull request in GitHub Actions
      mcp-registry validate --explain unpinned-source
    ");
}

#[test]
fn help_of_rules_and_schema() {
    insta::assert_snapshot!(own_help("rules", "-h"), @"
    List the rules that `validate` checks

    Usage: mcp-registry rules [OPTIONS]

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    [global options]

    Examples:
      mcp-registry rules
      mcp-registry rules --format markdown
      mcp-registry rules --format json | jq '.rules[].id'
    ");
    insta::assert_snapshot!(own_help("schema", "-h"), @r"
    Print the JSON Schema of a file or output

    Usage: mcp-registry schema [OPTIONS] <NAME>

    Arguments:
      <NAME>  Which one [possible values: server, tools, policy, report, review-findings, review-report,
              pin-plan, pin-state, build, digests]

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    [global options]

    Examples:
      mcp-registry schema server > server.schema.json
      mcp-registry schema report
    ");
}

#[test]
fn every_command_has_examples() {
    let help = Runner::new().run(["--help"]).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|n| *n != "help").collect();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let help = Runner::new().run([name, "--help"]).stdout;
        assert!(help.contains("Examples:\n  mcp-registry "), "{name} has no examples");
    }
}
