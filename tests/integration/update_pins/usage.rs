//! What is said of arguments that make no sense.

use super::said;
use crate::cli::help::own_help;
use crate::runner::Runner;

#[test]
fn help_of_update_pins() {
    insta::assert_snapshot!(own_help("update-pins", "--help"), @r#"
    Move pins to what upstreams have now, where that changes what is built

    Usage: mcp-registry update-pins [OPTIONS] [NAME]...

    Arguments:
      [NAME]...
              Only these entries, by folder name

    Options:
          --to <SHA>
              Set the pin of one entry to this commit, all 40 digits. No upstream is asked, not even
              whether the commit exists: `validate --online` does

          --dry-run
              Show what would be done, and do nothing to the registry or on GitHub. The files of --plan
              and --state are written all the same

          --plan <FILE>
              Also write the plan to this file, as JSON: `mcp-registry schema pin-plan`. With --open-prs
              it has what came of it

          --apply <FILE>
              Take the plan from this file, and ask no upstream

          --policy <FILE>
              The policy to use in place of the registry's own

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    What moves:
          --state <FILE>
              Remember here when each commit was first seen, and since when an entry has its pin: what
              cooldown and intervals are counted by. Made if it is not there; written under --dry-run,
              too. With --apply it is what this side knows, and counts more than the plan

          --cooldown <TIME>
              Move a pin only to commits that were first seen this long ago; 0 for no wait. Without
              this: what the policy says

          --urgent <NAME>
              A security update: this entry goes ahead of cooldown, interval and --max-new-prs. May be
              repeated. With --apply, only entries that are named here go ahead, whatever the plan says

          --shard <I/N>
              Only the upstreams of this part of the registry, 1/4 for the first of four. All entries of
              one upstream are in one part

    Pull requests:
          --open-prs
              Open, update and close pull requests, and leave the work tree alone. Needs GITHUB_TOKEN

          --repository <OWNER/NAME>
              The registry on GitHub; GITHUB_REPOSITORY without this

          --base <BRANCH>
              The branch that pull requests are for; the repository's default branch without this

          --max-new-prs <N>
              Open at most this many; the others wait for the next run. Without this: what the policy
              says

          --dashboard
              Keep one issue with the state of every entry

          --max-wait <TIME>
              Wait at most this long when GitHub asks to be left alone
              
              [default: 10m]

          --write-interval <TIME>
              The time between two writes: GitHub asks for a second
              
              [default: 1s]

    Upstreams:
          --concurrency <N>
              How many upstreams are asked at a time
              
              [default: 16]

          --allow-network <CIDR>
              A private network that upstreams may be in all the same, beside those of the policy

    [global options]

    Examples:
      mcp-registry update-pins --dry-run          show what would move, and why the rest stays
      mcp-registry update-pins                    move pins in the files of the work tree
      mcp-registry update-pins weather curl       only these entries
      mcp-registry update-pins weather --to "$(git -C ../weather rev-parse HEAD)"

    A night in two parts: the first asks upstreams and needs no token, the second has the token and
    asks no upstream.
      mcp-registry update-pins --dry-run --state pins.json --cooldown 24h --plan plan.json
      mcp-registry update-pins --apply plan.json --open-prs --repository acme/registry

    Every entry gets one reason; the README lists them. Exit status 3 when an upstream or GitHub did not
    answer, an entry could not be read, or something is left to do: run it again.
    "#);
}

#[test]
fn what_makes_no_sense_is_refused_before_anybody_is_asked() {
    let registry = Runner::new();
    registry.write("servers/weather/server.yaml", "name: weather\ntype: remote\n");
    let mut all = String::new();
    for arguments in [
        "--offline",
        "--offline --dry-run",
        "--offline --apply plan.json --open-prs",
        "--open-prs",
        "--open-prs --repository acme",
        "--open-prs --repository acme/registry/more",
        "--open-prs --repository acme/registry",
        "--cooldown 24h",
        "--cooldown 31d --state s",
        "--dashboard",
        "--max-new-prs 3",
        "--apply plan.json",
        "--apply plan.json weather",
        "--apply p.json --plan p.json",
        "--state p.json --plan p.json",
        "--to b4ee623039a6c60053ce67269701ad9e95073306",
        "weather --to b4ee623039a6c60053ce67269701ad9e95073306 --open-prs",
        "wether",
        "--urgent wether",
        "--urgent other weather",
        "--shard 0/2",
        "--write-interval soon --open-prs",
        "--write-interval 2s",
        "--max-wait 5m",
        "--concurrency 0",
        "--policy no.toml",
        "--format sarif",
    ] {
        registry.write("servers/other/server.yaml", "name: other\ntype: remote\n");
        let output = registry.run(["update-pins"].into_iter().chain(arguments.split(' ')));
        assert_ne!(output.status, 0, "{arguments}");
        let error = output.stderr.split("\n\n").next().unwrap().trim_end();
        all.push_str(&format!("{arguments}\n  {}: {}\n", output.status, error.replace('\n', "\n  ")));
    }
    insta::assert_snapshot!(all, @"
    --offline
      2: error: `update-pins` asks upstreams where they are, and this run is offline
        hint: `--apply FILE` takes a plan that was made before
        hint: `update-pins NAME --to SHA` sets a pin that you know
    --offline --dry-run
      2: error: `update-pins` asks upstreams where they are, and this run is offline
        hint: `--apply FILE` takes a plan that was made before
        hint: `update-pins NAME --to SHA` sets a pin that you know
    --offline --apply plan.json --open-prs
      2: error: `--open-prs` needs GitHub, and this run is offline
        hint: leave out `--offline`
    --open-prs
      2: error: nothing says which repository on GitHub the registry is
        hint: name it: `--repository OWNER/NAME`
    --open-prs --repository acme
      2: error: `--repository` is not OWNER/NAME: `acme`
        hint: as in `acme/registry`
    --open-prs --repository acme/registry/more
      2: error: `--repository` is not OWNER/NAME: `acme/registry/more`
        hint: as in `acme/registry`
    --open-prs --repository acme/registry
      2: error: `--open-prs` needs a token in GITHUB_TOKEN
        hint: one that may write contents and pull requests of the registry, and issues for `--dashboard`
    --cooldown 24h
      2: error: the following required arguments were not provided:
        --state <FILE>
    --cooldown 31d --state s
      2: error: invalid value '31d' for '--cooldown <TIME>': the maximum is 30d
    --dashboard
      2: error: the following required arguments were not provided:
        --open-prs
    --max-new-prs 3
      2: error: the following required arguments were not provided:
        --open-prs
    --apply plan.json
      2: error: there is no file `plan.json`
        hint: `--plan FILE` of an earlier run writes one
    --apply plan.json weather
      2: error: the argument '--apply <FILE>' cannot be used with '[NAME]...'
    --apply p.json --plan p.json
      2: error: `--plan` and `--apply` name the same file
        hint: the plan of `--plan` has results in it, and cannot be applied again
    --state p.json --plan p.json
      2: error: `--plan` and `--state` name the same file
    --to b4ee623039a6c60053ce67269701ad9e95073306
      2: error: `--to` sets the pin of one entry
        hint: name it: `mcp-registry update-pins NAME --to SHA`
    weather --to b4ee623039a6c60053ce67269701ad9e95073306 --open-prs
      2: error: the argument '--to <SHA>' cannot be used with '--open-prs'
    wether
      2: error: there is no entry `wether`
        hint: did you mean `weather`?
    --urgent wether
      2: error: there is no entry `wether`
        hint: did you mean `weather`?
    --urgent other weather
      2: error: `--urgent other` is not among the entries that this run is about
    --shard 0/2
      2: error: invalid value '0/2' for '--shard <I/N>': write it as 1/4: which part, of how many (1000 at most)
    --write-interval soon --open-prs
      2: error: invalid value 'soon' for '--write-interval <TIME>': write it as 0, 250ms, 1s or 2m: at most an hour
    --write-interval 2s
      2: error: the following required arguments were not provided:
        --open-prs
    --max-wait 5m
      2: error: the following required arguments were not provided:
        --open-prs
    --concurrency 0
      2: error: invalid value '0' for '--concurrency <N>': 0 is not in 1..=64
    --policy no.toml
      2: error: there is no file `no.toml`
    --format sarif
      2: error: `update-pins` is written as human or json
        hint: use `--format json`
    ");
}

#[test]
fn the_registry_is_known_to_a_workflow() {
    let registry = Runner::new();
    registry.write("servers/weather/server.yaml", "name: weather\ntype: remote\n");
    let run = |repository: &str| {
        said(&registry.command(["update-pins", "--open-prs"]).env("GITHUB_REPOSITORY", repository).run())
    };
    insta::assert_snapshot!(run("acme/registry"), @r"
    status 2
    --- stdout
    --- stderr
    error: `--open-prs` needs a token in GITHUB_TOKEN
      hint: one that may write contents and pull requests of the registry, and issues for `--dashboard`
    ");
    insta::assert_snapshot!(run("acme"), @r"
    status 2
    --- stdout
    --- stderr
    error: `GITHUB_REPOSITORY` is not OWNER/NAME: `acme`
      hint: as in `acme/registry`
    ");
}

#[test]
fn a_registry_without_pins_has_nothing_to_do() {
    let registry = Runner::new();
    registry.write("servers/weather/server.yaml", "name: weather\ntype: remote\n");
    insta::assert_snapshot!(said(&registry.run(["update-pins"])), @r"
    status 0
    --- stdout
    no entries with a pin
    --- stderr
    ");
}
