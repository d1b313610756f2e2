#!/usr/bin/env bash
# Says where the release of this action's commit would be, and where its download is kept. Says nothing where there cannot be one:
# without a commit, without the public key that signs releases (release.pub, beside this file), or on another system.
set -euo pipefail
# shellcheck source=place.sh
. "$ACTION/place.sh"

version="${VERSION:-$(sed -n 's/^version = "\([0-9A-Za-z.+-]*\)"$/\1/p' "$source_folder/Cargo.toml" | head -n 1)}"
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    *) target='' ;;
esac
# An earlier step of this job may have it already.
if [ -z "$commit" ] || [ -z "$target" ] || ! [ -f "$ACTION/release.pub" ] || [ -x "$RUNNER_TEMP/mcp-registry-$commit/mcp-registry" ]; then
    exit 0
fi
case "$version" in
    '' | *[!0-9A-Za-z.+-]*)
        printf '::error::%s is not the version of a release, such as 0.1.0\n' "${version:-nothing}"
        exit 2
        ;;
esac
{
    printf 'folder=%s\n' "$RUNNER_TEMP/mcp-registry-$commit/download"
    printf 'key=mcp-registry-%s-%s-%s\n' "$version" "$target" "$commit"
    printf 'from=%s\n' "${GITHUB_SERVER_URL:-https://github.com}/$repository/releases/download/v$version/mcp-registry-$target"
} >> "$GITHUB_OUTPUT"
