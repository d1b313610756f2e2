# shellcheck shell=bash disable=SC2034 # sourced by the other scripts of this folder, which use what it sets
# Where this action is, and what it was made from.
# A runner unpacks an action into OWNER/NAME/COMMIT; what is anywhere else has no commit, and is built.

source_folder="$(cd "$ACTION/../../.." && pwd)"
commit="${source_folder##*/}"
parent="${source_folder%/*}"
owner="${parent%/*}"
repository="${owner##*/}/${parent##*/}"
case "$commit" in
    *[!0-9a-f]*) commit='' ;;
    *) [ "${#commit}" = 40 ] || commit='' ;;
esac

sha256_of() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}
