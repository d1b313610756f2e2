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
if [ -n "$REPORTS" ]; then
    mkdir -p "$REPORTS"
    arguments+=("--report-dir=$REPORTS")
fi

# The reports in a folder: of each entry, whose names have letters, digits and hyphens only, report.json. Links are none.
reports_in() {
    local folder
    for folder in "$1"/*/; do
        folder="${folder%/}"
        case "${folder##*/}" in *[!a-z0-9-]*) continue ;; esac
        if [ ! -L "$folder" ] && [ -f "$folder/report.json" ] && [ ! -L "$folder/report.json" ]; then
            printf '%s\n' "${folder##*/}"
        fi
    done | LC_ALL=C sort
}
digest_of() {
    if [ ! -d "$1" ]; then
        sha256_of < "$1"
        return
    fi
    local name
    reports_in "$1" | while IFS= read -r name; do
        printf '%s  %s\n' "$(sha256_of < "$1/$name/report.json")" "$name"
    done | sha256_of
}
# Only what is named in the list gets here, and only if the list is the one that the other job stated.
taken="$RUNNER_TEMP/mcp-registry-taken"
take() {
    [ ! -L "$REPORT" ] && [ -e "$REPORT" ] && [ "$(digest_of "$REPORT")" = "$REPORT_SHA256" ] || return 1
    local name
    if [ -d "$REPORT" ]; then
        reports_in "$REPORT" | while IFS= read -r name; do
            mkdir "$taken/$name" && cp "$REPORT/$name/report.json" "$taken/$name/report.json"
        done
    else
        cp "$REPORT" "$taken/report.json"
    fi
    [ "$(du -sk "$taken" | cut -f 1)" -le 32768 ]
}
if [ -n "$REPORT" ]; then
    rm -rf "$taken"
    mkdir "$taken"
    if [ -z "$REPORT_SHA256" ]; then
        printf 'the job before made no report\n'
    elif ! take; then
        rm -rf "$taken"
        mkdir "$taken"
        printf '::error::this is not the report that the job before made; what it was about has no result\n'
    fi
    arguments+=("$taken")
fi

unset GITHUB_TOKEN FETCH_TOKEN
if [ -n "$TOKEN" ]; then export GITHUB_TOKEN="$TOKEN"; fi
unset TOKEN
status=0
"$PROGRAM" "$COMMAND" ${arguments[@]+"${arguments[@]}"} || status=$?
{
    printf 'status=%s\n' "$status"
    if [ -n "$REPORTS" ] && [ -n "$(reports_in "$REPORTS")" ]; then
        printf 'sha256=%s\n' "$(digest_of "$REPORTS")"
    elif [ -n "$OUTPUT" ] && [ -f "$OUTPUT" ]; then
        printf 'sha256=%s\n' "$(sha256_of < "$OUTPUT")"
        if [ "$(wc -c < "$OUTPUT")" -le 4096 ]; then printf 'result=%s\n' "$(tr -d '\r\n' < "$OUTPUT")"; fi
    fi
} >> "$GITHUB_OUTPUT"
case " $ACCEPT " in
    *" $status "*) ;;
    *) exit "$status" ;;
esac
