//! What `--help` of these commands says.

use crate::cli::help::own_help;

#[test]
fn help_of_catalog() {
    insta::assert_snapshot!(own_help("catalog", "--help"), @r"
    Write a catalog of the registry: for the MCP Gateway a file, or an OCI artifact that it pulls; for
    other clients a folder.

    The same entries give the same bytes, whenever and wherever: dates come from Git, images are by
    digest, and nothing is asked unless `--online` is given. An entry without a digest is a finding and
    is left out.

    Usage: mcp-registry catalog [OPTIONS] <--out <PATH>|--push <REFERENCE>|--explain <NAME>> [NAME]...
           mcp-registry catalog <COMMAND>

    Commands:
      diff  Say what users will notice when one catalog takes the place of another
      help  Print this message or the help of the given subcommand(s)

    Arguments:
      [NAME]...
              Only these entries, by folder name

    Options:
          --out <PATH>
              Write the MCP Gateway's file; with --for, a folder

          --for <WHOM>
              Write what others read

              Possible values:
              - community:    The community registry: server.json of each entry
              - registry-api: MCP clients: the community registry's read API v0.1 as static files

          --namespace <NAMESPACE>
              What names begin with in the community registry: `io.github.OWNER`, or a host from its top
              on

          --page-size <N>
              With --for registry-api: entries in a page. Only a host that looks at `?cursor=` finds the
              others; by default all are in one

          --push <REFERENCE>
              Push an OCI artifact, which `docker mcp catalog pull` reads

          --explain <NAME>
              Say how far an entry is trusted, and why

          --title <TEXT>
              What people see as the catalog's name

          --name <NAME>
              What the Gateway calls the catalog of a file
              
              [default: mcp-registry]

          --assets <URL>
              Where readmes and lists of tools are published: entries then name `URL/readme/NAME.md` and
              `URL/tools/NAME.json`

          --allow-shrink
              Replace a catalog that has more entries: more than a twentieth of them may go, and the
              file of digests may name entries that the registry does not have

          --fail-on <FAIL_ON>
              The least severity that fails the run. A run that fails pushes nothing

              Possible values:
              - note:    Any finding
              - warning: Warnings and errors
              - error:   Errors only
              - never:   Nothing
              
              [default: error]

          --from <FILTER>
              Only entries that this holds of: `trust>=verified and max-risk<=medium`

          --online
              Ask image registries for the digests that nobody gave: of the tag in the entry, or
              `latest`

          --allow-unpinned
              Keep entries whose image has no digest. A current MCP Gateway refuses those under `mcp/`

          --digests <FILE>
              The images that `build --push --digests` published

          --verify <FILE>
              What `verify --all --format json` said: whether each image is signed is then shown

          --reviews <DIR>
              The folder with the report.json of reviews: the risk of each pinned commit is then shown

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

    Filters for --from:
      category, tag, publisher, type, name   with = and !=; several words with commas: category=ai,web
      trust                                  community < verified < official
      max-risk                               info < low < medium < high < critical; needs --reviews
      and, or, not, brackets; words with spaces in quotes

    Examples:
      mcp-registry catalog --digests digests.json --out catalog.yaml
      mcp-registry catalog --digests digests.json --push ghcr.io/acme/catalog --title 'Acme servers'
      mcp-registry catalog --online --out data.yaml --from 'category=database and trust>=verified'
      mcp-registry catalog --for registry-api --namespace io.github.acme --online --out site
      mcp-registry catalog --explain weather
      mcp-registry catalog diff old.yaml catalog.yaml
    ");
}

#[test]
fn help_of_list_and_show() {
    insta::assert_snapshot!(own_help("list", "-h"), @r"
    List entries: name, type, trust, category and title of each

    Usage: mcp-registry list [OPTIONS] [NAME]...

    Arguments:
      [NAME]...  Only these entries, by folder name

    Options:
          --from <FILTER>   Only entries that this holds of: `trust>=verified and max-risk<=medium`
          --digests <FILE>  The images that `build --push --digests` published
          --verify <FILE>   What `verify --all --format json` said: whether each image is signed is then
                            shown
          --reviews <DIR>   The folder with the report.json of reviews: the risk of each pinned commit
                            is then shown
      -h, --help            Print help (see more with '--help')
      -V, --version         Print version

    [global options]

    Examples:
      mcp-registry list
      mcp-registry list --from 'category=database and trust>=verified'
      mcp-registry list --from 'max-risk<=low' --reviews reviews
      mcp-registry list --format json | jq -r '.entries[].name'

    `mcp-registry catalog --help` lists what filters can ask for.
    ");
    insta::assert_snapshot!(own_help("show", "-h"), @r"
    Show an entry: what it is, whose, what it can reach, what it needs, and its tools

    Usage: mcp-registry show [OPTIONS] <NAME>

    Arguments:
      <NAME>  The entry, by folder name

    Options:
          --digests <FILE>  The images that `build --push --digests` published
          --verify <FILE>   What `verify --all --format json` said: whether each image is signed is then
                            shown
          --reviews <DIR>   The folder with the report.json of reviews: the risk of each pinned commit
                            is then shown
      -h, --help            Print help (see more with '--help')
      -V, --version         Print version

    [global options]

    Examples:
      mcp-registry show weather
      mcp-registry show weather --digests digests.json --verify verified.json --reviews reviews
      mcp-registry show weather --format json | jq .tools
    ");
}
