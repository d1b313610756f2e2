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
      build              Build the images of entries, each from exactly the commit that it pins
      catalog            Write a catalog of the registry: for the MCP Gateway a file, or an OCI artifact
                         that it pulls; for other clients a folder
      completions        Print completions for a shell
      init               Write the skeleton of a registry: policy, an example, and the workflows that
                         run it on GitHub
      list               List entries: name, type, trust, category and title of each
      man                Print the manual page, or write one for each command
      checks             Say on GitHub what was found about a pull request, and whether it may be merged
      doctor             Say what is missing before a registry on GitHub runs itself, and where to click
      merge              Merge the pull request of a pin, if everything that asks for a person is out of
                         the way
      validate           Check entries: every problem of every entry at once
      report             Work with saved reports
      review             Review the code that entries pin, in a sandbox: report, labels and verdict
      plan               Say what a change, or an audit of the registry, needs done, and divide it among
                         jobs
      proxy              Run the proxy that holds a provider's key, so that an agent needs none
      rules              List the rules of all commands, or of one
      schema             Print the JSON Schema of a file or output
      show               Show an entry: what it is, whose, what it can reach, what it needs, and its
                         tools
      update-pins        Move pins to what upstreams have now, where that changes what is built
      generate-key-pair  Make a key pair for signing images, in the files and form of cosign
      scan               Find known vulnerabilities of images, with the scanner of your choice
      sign               Sign images, for `cosign verify` (2 and 3), skopeo and `mcp-registry verify`
      attest             Attach a signed claim to an image: its provenance, a bill of materials, a
                         review, or your own
      verify             Verify signatures and attestations of images: by digest, or of all entries that
                         the registry builds
      help               Print this message or the help of the given subcommand(s)

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
    insta::assert_snapshot!(own_help("rules", "-h"), @r"
    List the rules of all commands, or of one

    Usage: mcp-registry rules [OPTIONS] [COMMAND]

    Arguments:
      [COMMAND]  The command that judges by them [possible values: validate, build, verify, scan,
                 catalog]

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    [global options]

    Examples:
      mcp-registry rules
      mcp-registry rules scan
      mcp-registry rules validate --format markdown
      mcp-registry rules --format json | jq '.rules[].id'
    ");
    insta::assert_snapshot!(own_help("schema", "-h"), @r"
    Print the JSON Schema of a file or output

    Usage: mcp-registry schema [OPTIONS] <NAME>

    Arguments:
      <NAME>  Which one [possible values: server, tools, policy, report, review-findings, review-report,
              pin-plan, pin-state, build-record, signatures, build, digests, jobs, init, checks, doctor]

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
    // A description that goes on below is indented further.
    let commands = commands.filter(|line| !line.starts_with("   "));
    let names: Vec<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|n| *n != "help").collect();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let help = Runner::new().run([name, "--help"]).stdout;
        assert!(help.contains("Examples:\n  mcp-registry "), "{name} has no examples");
    }
}

#[test]
fn help_of_generate_key_pair() {
    insta::assert_snapshot!(own_help("generate-key-pair", "--help"), @r#"
    Make a key pair for signing images, in the files and form of cosign.

    The private key is encrypted with a password: COSIGN_PASSWORD, or one that you type. Keep it away
    from the registry's repository; publish the other one.

    Usage: mcp-registry generate-key-pair [OPTIONS]

    Options:
          --output-key-prefix <PREFIX>
              What the names of the two files begin with: PREFIX.key and PREFIX.pub
              
              [default: cosign]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    [global options]

    Examples:
      mcp-registry generate-key-pair
      mcp-registry generate-key-pair --output-key-prefix keys/registry
      COSIGN_PASSWORD="$(openssl rand -base64 24)" mcp-registry generate-key-pair
    "#);
}

#[test]
fn help_of_sign() {
    insta::assert_snapshot!(own_help("sign", "--help"), @r#"
    Sign images, for `cosign verify` (2 and 3), skopeo and `mcp-registry verify`.

    What is there already is not written again, and a run that was interrupted is completed by the next
    one.

    Usage: mcp-registry sign [OPTIONS] --key <FILE> <IMAGE@DIGEST|--digests <FILE>>

    Arguments:
      [IMAGE@DIGEST]...
              Images, by digest

    Options:
          --digests <FILE>
              Also sign each image of this file, which `build --push --digests` wrote

          --key <FILE>
              The private key: as cosign keeps it, or PKCS#8; `-` is standard input. The password is
              COSIGN_PASSWORD, or asked for

          --layout <LAYOUT>
              Where to write: under the tags `.sig` and `.att`, in bundles among the referrers, or both,
              for all readers

              Possible values:
              - both:   Both layouts
              - sig:    The tags `.sig` and `.att`: cosign 2, skopeo, the MCP Gateway
              - bundle: Sigstore bundles: cosign 3
              
              [default: both]

          --rekor-url <URL>
              Log it in this transparency log (Rekor v1). Without it, nothing is logged

          --replace
              Replace what this key has written before (of an attestation, claims of this type), with
              its log entries, and take out what readers cannot read. What others signed stays

      -a, --annotation <KEY=VALUE>
              An annotation of the signature; may be repeated

          --recursive
              Of an index image, sign each platform, too

          --identity <REFERENCE>
              The name that the signature under the tag says, for readers that compare it exactly
              (default: HOST/REPOSITORY)

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Image registry:
          --insecure-registry <HOST[:PORT]>
              Speak plain http to this image registry. Those on loopback need no such permission

          --allow-network <CIDR>
              A private network that redirects and entries may lead to. Registries named on the command
              line may be anywhere

          --signature-repository <REPOSITORY>
              Keep the tags `.sig` and `.att` in this repository and not beside the image (default:
              COSIGN_REPOSITORY). Bundles always stay beside the image

    [global options]

    Examples:
      mcp-registry sign --key cosign.key IMAGE@DIGEST
      mcp-registry sign --key cosign.key -a commit=$(git rev-parse HEAD) IMAGE@DIGEST
      mcp-registry sign --key cosign.key --digests digests.json
      printf '%s' "$COSIGN_KEY" | mcp-registry sign --key - IMAGE@DIGEST
    "#);
}

#[test]
fn help_of_attest() {
    insta::assert_snapshot!(own_help("attest", "--help"), @r"
    Attach a signed claim to an image: its provenance, a bill of materials, a review, or your own.

    The same claim is not written twice. Where the key's signatures of the image are in a layout, its
    claims are written there, too, whatever --layout says: readers of one layout do not see the other.

    Usage: mcp-registry attest [OPTIONS] --key <FILE> <--predicate <FILE>|--sbom <FILE>|--sbom-generator <syft|IMAGE>|--review <FILE>|--record <FILE>|--records <DIR>> <IMAGE@DIGEST|--digests <FILE>>

    Arguments:
      [IMAGE@DIGEST]
              The image, by digest

    Options:
          --digests <FILE>
              The images of this file, which `build --push --digests` wrote

          --key <FILE>
              The private key: as cosign keeps it, or PKCS#8; `-` is standard input. The password is
              COSIGN_PASSWORD, or asked for

          --layout <LAYOUT>
              Where to write: under the tags `.sig` and `.att`, in bundles among the referrers, or both,
              for all readers

              Possible values:
              - both:   Both layouts
              - sig:    The tags `.sig` and `.att`: cosign 2, skopeo, the MCP Gateway
              - bundle: Sigstore bundles: cosign 3
              
              [default: both]

          --rekor-url <URL>
              Log it in this transparency log (Rekor v1). Without it, nothing is logged

          --replace
              Replace what this key has written before (of an attestation, claims of this type), with
              its log entries, and take out what readers cannot read. What others signed stays

          --type <TYPE>
              What kind of claim: slsaprovenance1, spdxjson, cyclonedx, review, or a URI. Needed with
              --predicate only; with --sbom-generator syft, it says which form of SBOM is made (default:
              spdxjson)

          --predicate <FILE>
              The claim, JSON

          --sbom <FILE>
              A bill of materials: SPDX 2 or CycloneDX, JSON

          --review <FILE>
              The report.json of a review. With --record, only its digest goes into the provenance

          --record <FILE>
              What `build --record` wrote: its provenance is made (SLSA v1)

          --records <DIR>
              The folder that `build --records` wrote to: the provenance of each entry of --digests is
              made

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Image registry:
          --insecure-registry <HOST[:PORT]>
              Speak plain http to this image registry. Those on loopback need no such permission

          --allow-network <CIDR>
              A private network that redirects and entries may lead to. Registries named on the command
              line may be anywhere

          --signature-repository <REPOSITORY>
              Keep the tags `.sig` and `.att` in this repository and not beside the image (default:
              COSIGN_REPOSITORY). Bundles always stay beside the image

    SBOM generator:
          --sbom-generator <syft|IMAGE>
              Who makes the bill of materials: `syft`, a program of the PATH, or an image that follows
              BuildKit's protocol for SBOM scanners. The one that is there already is kept, unless
              --replace

          --platform <PLATFORM>
              Of an index, the image that it looks at: linux/amd64

          --generator-timeout <TIME>
              The time that it may take: 90s, 30m
              
              [default: 10m]

          --generator-memory <SIZE>
              The memory that it may have. A program's is its address space
              
              [default: 4g]

          --max-image <SIZE>
              The maximum size of the image's layers, as the image registry has them
              
              [default: 8g]

    [global options]

    Examples:
      mcp-registry attest --key cosign.key --record build-record.json IMAGE@DIGEST
      mcp-registry attest --key cosign.key --sbom sbom.spdx.json IMAGE@DIGEST
      mcp-registry attest --key cosign.key --sbom-generator syft --type cyclonedx IMAGE@DIGEST
      mcp-registry attest --key cosign.key --sbom-generator
      docker.io/docker/buildkit-syft-scanner:stable-1 IMAGE@DIGEST
      mcp-registry attest --key cosign.key --review reviews/weather/report.json IMAGE@DIGEST
      mcp-registry attest --key cosign.key --type https://example.com/audit/v1 --predicate audit.json
      IMAGE@DIGEST
      mcp-registry attest --key cosign.key --digests digests.json --records records
    ");
}

#[test]
fn help_of_verify() {
    insta::assert_snapshot!(own_help("verify", "--help"), @r"
    Verify signatures and attestations of images: by digest, or of all entries that the registry builds.

    Both layouts are read: what is signed by the key must fit the image, and the layouts must agree.
    What others attached is a note. Exit status 3 when something could not be reached: that is never a
    pass.

    Usage: mcp-registry verify [OPTIONS] --key <FILE> <IMAGE|--all|--digests <FILE>>

    Arguments:
      [IMAGE]...
              Images, by digest. A tag is resolved once, and what it led to is shown

    Options:
          --all
              The images of all entries in the namespace of the registry: by digest where the entry has
              one, else by the tag `latest`

          --digests <FILE>
              The images that `build --push --digests` published. With --all, an entry that the file
              does not have is an error

          --key <FILE>
              A public key whose signatures count; may be repeated while keys are changed. `-` is
              standard input

      -a, --annotation <KEY=VALUE>
              An annotation that a signature must carry; may be repeated

          --identity <REFERENCE>
              A name that signatures may say beside that of the entry's image: what `sign --identity`
              signed

          --layout <LAYOUT>
              In which layouts a signature must be

              Possible values:
              - any:    In one of them; a warning names the readers that do not see it
              - both:   In both
              - sig:    Under the tag `.sig`
              - bundle: In a bundle
              
              [default: any]

          --type <TYPE>
              A type of attestation that must be there; may be repeated: slsaprovenance1, spdxjson,
              cyclonedx, review, or a URI

          --rekor-key <FILE>
              The public key of a transparency log (Rekor v1) that must have an entry of each signature;
              checked offline

          --fail-on <FAIL_ON>
              The least severity that fails the run

              Possible values:
              - note:    Any finding
              - warning: Warnings and errors
              - error:   Errors only
              - never:   Nothing
              
              [default: error]

          --scan
              Also have a scanner look for known vulnerabilities, or judge its reports

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Scanner:
          --scanner <SCANNER>
              Who scans: trivy or grype of the PATH; trivy=IMAGE or grype=IMAGE; another IMAGE, which
              follows the protocol of docs/scan.md; or a report that was made elsewhere (SARIF, or
              CycloneDX with vulnerabilities), or a folder of them

          --database <DIR>
              The folder of its database. An image cannot write it

          --scanner-network
              Give it a network, to fetch its database with

          --scanner-timeout <TIME>
              The time that it may take for an image: 90s, 30m
              
              [default: 10m]

          --scanner-memory <SIZE>
              The memory that it may have. A program's is its address space
              
              [default: 8g]

          --max-image <SIZE>
              The maximum size of an image's layers
              
              [default: 8g]

          --platform <PLATFORM>
              Of an index, the image that it looks at: linux/amd64

          --only-fixable
              Count vulnerabilities without a fixed version as warnings at most

    Image registry:
          --insecure-registry <HOST[:PORT]>
              Speak plain http to this image registry. Those on loopback need no such permission

          --allow-network <CIDR>
              A private network that redirects and entries may lead to. Registries named on the command
              line may be anywhere

          --signature-repository <REPOSITORY>
              Keep the tags `.sig` and `.att` in this repository and not beside the image (default:
              COSIGN_REPOSITORY). Bundles always stay beside the image

    [global options]

    Examples:
      mcp-registry verify --key cosign.pub IMAGE@DIGEST
      mcp-registry verify --key cosign.pub --layout both --type slsaprovenance1 --type review
      IMAGE@DIGEST
      mcp-registry verify --key cosign.pub --all --format github
      mcp-registry verify --key cosign.pub --all --digests digests.json --scan --scanner reports
    ");
}

#[test]
fn help_of_scan() {
    insta::assert_snapshot!(own_help("scan", "--help"), @r"
    Find known vulnerabilities of images, with the scanner of your choice.

    An image is one of an image registry, by digest, or the one that the engine has of an entry. The
    scanner gets its content and nothing else: no socket, no login, and no network unless
    --scanner-network. What can be fixed comes first.

    Usage: mcp-registry scan [OPTIONS] <NAME|IMAGE@DIGEST|--all|--digests <FILE>>

    Arguments:
      [NAME|IMAGE@DIGEST]...
              Entries by folder name, whose images the engine has, and images by digest

    Options:
          --all
              The images of all entries in the namespace of the registry

          --digests <FILE>
              The images that `build --push --digests` published, in place of those that the engine has.
              Alone: all of them

          --fail-on <FAIL_ON>
              The least severity that fails the run (default: `fail-on` of `[scan]` in the policy, else
              error)

              Possible values:
              - note:    Any finding
              - warning: Warnings and errors
              - error:   Errors only
              - never:   Nothing

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Scanner:
          --scanner <SCANNER>
              Who scans: trivy or grype of the PATH; trivy=IMAGE or grype=IMAGE; another IMAGE, which
              follows the protocol of docs/scan.md; or a report that was made elsewhere (SARIF, or
              CycloneDX with vulnerabilities), or a folder of them

          --database <DIR>
              The folder of its database. An image cannot write it

          --scanner-network
              Give it a network, to fetch its database with

          --scanner-timeout <TIME>
              The time that it may take for an image: 90s, 30m
              
              [default: 10m]

          --scanner-memory <SIZE>
              The memory that it may have. A program's is its address space
              
              [default: 8g]

          --max-image <SIZE>
              The maximum size of an image's layers
              
              [default: 8g]

          --platform <PLATFORM>
              Of an index, the image that it looks at: linux/amd64

          --only-fixable
              Count vulnerabilities without a fixed version as warnings at most

    Image registry:
          --insecure-registry <HOST[:PORT]>
              Speak plain http to this image registry. Those on loopback need no such permission

          --allow-network <CIDR>
              A private network that redirects and entries may lead to. Registries named on the command
              line may be anywhere

          --signature-repository <REPOSITORY>
              Keep the tags `.sig` and `.att` in this repository and not beside the image (default:
              COSIGN_REPOSITORY). Bundles always stay beside the image

    [global options]

    Examples:
      mcp-registry scan --scanner trivy --database ~/.cache/trivy weather
      mcp-registry scan --scanner grype=docker.io/anchore/grype:v0.120.0 --database ~/.cache/grype/db
      IMAGE@DIGEST
      mcp-registry scan --scanner report.sarif IMAGE@DIGEST
      mcp-registry scan --scanner reports --all --digests digests.json --format github
    ");
}
