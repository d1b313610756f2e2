#!/usr/bin/env bash
# Runs one command of the program. Every value comes by a variable, and none of them is ever read as a script.
set -euo pipefail
# shellcheck source=place.sh
. "$ACTION/place.sh"

# Objects only: the files of a pull request are never on this disk.
for wanted in $COMMITS; do
    case "$wanted" in *[!0-9a-f]*) wanted='' ;; esac
    if [ "${#wanted}" != 40 ]; then
        printf '::error::commits: every commit has 40 digits\n'
        exit 2
    fi
    basic="$(printf 'x-access-token:%s' "$FETCH_TOKEN" | base64 | tr -d '\n')"
    printf '::add-mask::%s\n' "$basic"
    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader" \
        GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic" \
        git fetch --quiet --no-tags --no-recurse-submodules --no-write-fetch-head origin "$wanted"
done
[ -n "$COMMAND" ] || exit 0

arguments=()
while IFS= read -r line; do
    [ -z "$line" ] || arguments+=("$line")
done <<< "$ARGS"
if [ -n "$OUTPUT" ]; then
    mkdir -p "$(dirname "$OUTPUT")"
    arguments+=("--output=$OUTPUT")
fi
if [ -n "$REPORT" ] && [ -z "$REPORT_SHA256" ]; then
    printf 'the job before made no report\n'
elif [ -n "$REPORT" ]; then
    if [ -f "$REPORT" ] && [ ! -L "$REPORT" ] && [ "$(wc -c < "$REPORT")" -le 33554432 ] &&
        [ "$(sha256_of < "$REPORT")" = "$REPORT_SHA256" ]; then
        arguments+=("$REPORT")
    else
        printf '::error::this is not the report that the job before made; what it was about has no result\n'
    fi
fi

unset GITHUB_TOKEN FETCH_TOKEN
if [ -n "$TOKEN" ]; then export GITHUB_TOKEN="$TOKEN"; fi
unset TOKEN
status=0
"$PROGRAM" "$COMMAND" ${arguments[@]+"${arguments[@]}"} || status=$?
{
    printf 'status=%s\n' "$status"
    if [ -n "$OUTPUT" ] && [ -f "$OUTPUT" ]; then
        printf 'sha256=%s\n' "$(sha256_of < "$OUTPUT")"
        if [ "$(wc -c < "$OUTPUT")" -le 4096 ]; then printf 'result=%s\n' "$(tr -d '\r\n' < "$OUTPUT")"; fi
    fi
} >> "$GITHUB_OUTPUT"
case " $ACCEPT " in
    *" $status "*) ;;
    *) exit "$status" ;;
esac
