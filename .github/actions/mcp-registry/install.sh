#!/usr/bin/env bash
# Puts the program where the next step finds it: out of the signed release of exactly this commit, or built from this action's own
# source. A download that is not what the release's key signed is not used, wherever it comes from: network or cache.
set -euo pipefail
# shellcheck source=place.sh
. "$ACTION/place.sh"

place="$RUNNER_TEMP/mcp-registry-${commit:-source}"
program="$place/mcp-registry"
said() { printf 'program=%s\n' "$program" >> "$GITHUB_OUTPUT"; }
if [ -x "$program" ]; then
    said
    exit 0
fi
mkdir -p "$place"

download() {
    mkdir -p "$DOWNLOAD"
    local name
    for name in "$1" "${1%/*}/SHA256SUMS" "${1%/*}/SHA256SUMS.sig"; do
        [ -f "$DOWNLOAD/${name##*/}" ] && continue
        curl --proto '=https' --fail --silent --show-error --location --retry 3 --max-time 300 --max-filesize 134217728 \
            --output "$DOWNLOAD/${name##*/}" "$name" || return 1
    done
}

# Whether the list is signed, is of this commit, and has this file.
verified() {
    local file="$DOWNLOAD/${FROM##*/}" sums="$DOWNLOAD/SHA256SUMS"
    openssl dgst -sha256 -verify "$ACTION/release.pub" -signature "$sums.sig" "$sums" >/dev/null 2>&1 || return 1
    grep -qxF "$(printf '%s\n' "$commit" | sha256_of)  COMMIT" "$sums" || return 1
    grep -qxF "$(sha256_of < "$file")  ${FROM##*/}" "$sums"
}

if [ -n "$FROM" ]; then
    if download "$FROM" && verified; then
        install -m 755 "$DOWNLOAD/${FROM##*/}" "$program"
        said
        exit 0
    fi
    rm -rf "$DOWNLOAD"
    printf '::warning::no release at %s is signed and of commit %s; the program is built from source, which takes minutes\n' \
        "$FROM" "$commit"
fi

# The registry that is checked out is data: nothing of it is built.
cd "$source_folder"
# These would replace the flags in .cargo/config.toml, which make the binary static.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR
if [ -n "$commit" ]; then
    # `init` pins workflows to the commit that the program was built from.
    export MCP_REGISTRY_COMMIT="$commit" MCP_REGISTRY_REPOSITORY="$repository"
fi
rustc --version >/dev/null 2>&1 || rustup toolchain install stable --profile minimal
cargo build --release --locked --bin mcp-registry
install -m 755 "target/$(rustc --print host-tuple)/release/mcp-registry" "$program"
said
