//! The rules that `catalog` judges by: why an entry cannot be published, or not as it is.

use crate::finding::{RuleDescriptor, Severity};

/// An entry whose image has no digest.
pub(crate) const UNPINNED: &str = "unpinned-image";
/// Something else was published for the entry.
pub(crate) const OTHER_IMAGE: &str = "other-image";
/// A tool of a `poci` whose image has no digest.
pub(crate) const UNPINNED_TOOL: &str = "unpinned-tool";
/// The entry is broken.
pub(crate) const UNPUBLISHABLE: &str = "unpublishable-entry";
/// A tag that means something to the Gateway.
pub(crate) const RESERVED: &str = "reserved-tag";

/// An entry that the community registry's schema cannot say.
pub(crate) const NO_SERVER_JSON: &str = "no-server-json";
/// An image that says it is another server of the community registry.
pub(crate) const OTHER_SERVER_NAME: &str = "other-server-name";

/// Descriptions of the rules, for outputs that carry them.
#[must_use]
pub(crate) fn descriptors() -> Vec<RuleDescriptor> {
    let rule =
        |id, severity, summary, explanation| RuleDescriptor { id, summary, explanation, severity, help_uri: None };
    vec![
        rule(
            NO_SERVER_JSON,
            Severity::Error,
            "the entry has no server.json, and is left out",
            "**What**: the schema of the community registry cannot say what the entry is: a `poci`, an address with variables, a name \
             with other characters.\n\n**Why**: Clients would refuse the file, or ask a wrong address.\n\n**How to fix**: put variables \
             into headers; for the Gateway, `catalog --out` and `--push` have the entry all the same.",
        ),
        rule(
            OTHER_IMAGE,
            Severity::Error,
            "what was published is not the entry's image, and the entry is left out",
            "**What**: the file of `--digests` has an image for the entry that the entry does not name.\n\n\
             **Why**: A catalog would run another server under the entry's name.\n\n\
             **How to fix**: `mcp-registry build NAME --push --digests FILE` notes the right one.",
        ),
        rule(
            OTHER_SERVER_NAME,
            Severity::Error,
            "the image does not say that it is this server of the community registry",
            "**What**: the label `io.modelcontextprotocol.server.name` of the image is missing, or not the name in `server.json`, byte \
             for byte.\n\n**Why**: The community registry takes an image only from whoever can label it.\n\n\
             **How to fix**: `mcp-registry build NAME --push --server-name io.github.OWNER/NAME`.",
        ),
        rule(
            RESERVED,
            Severity::Warning,
            "the tag `community` is left out: the Gateway gives it a meaning",
            "**What**: an entry has the tag `community`.\n\n**Why**: The MCP Gateway takes what has this tag for an entry of the \
             community registry, and runs it in another way.\n\n**How to fix**: remove the tag from `meta.tags`.",
        ),
        rule(
            UNPINNED,
            Severity::Error,
            "the image has no digest, and the entry is left out",
            "**What**: nobody knows which image the entry is published with.\n\n**Why**: A tag leads to another image the next moment, \
             and a current MCP Gateway refuses images under `mcp/` without a digest.\n\n**How to fix**: give the file that \
             `build --push --digests` wrote, or ask the image registry with `--online`. `--allow-unpinned` keeps such entries.",
        ),
        rule(
            UNPINNED_TOOL,
            Severity::Warning,
            "the image of a tool has no digest",
            "**What**: a tool of a `poci` names its image by a tag, or not even by that.\n\n**Why**: Nothing builds or signs these images: \
             what users run is whatever the tag leads to that day.\n\n**How to fix**: write the digest behind the name in `server.yaml`, \
             as `image: alpine/curl:8.11.1@sha256:…`.",
        ),
        rule(
            UNPUBLISHABLE,
            Severity::Error,
            "the entry cannot be published, and is left out",
            "**What**: the entry cannot be read, has no type, or has nothing to run.\n\n**Why**: A catalog with it would be refused as \
             a whole, or show a server that does not start.\n\n**How to fix**: `mcp-registry validate NAME` says what is wrong.",
        ),
    ]
}
