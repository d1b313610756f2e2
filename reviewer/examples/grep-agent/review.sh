#!/bin/sh
# A reviewer without a model: says where JavaScript or Python runs a text as code. Needs a POSIX shell, find, awk and sed.
set -eu
export LC_ALL=C

# Files are data: nothing in them is run, and their names are never part of a command's text. "./" before each keeps a name
# from being an option or an assignment.
cd "${MCP_REVIEW_TASK%/*}/head"
find . -type f \( -name '*.js' -o -name '*.ts' -o -name '*.py' \) -exec awk '
    # A JSON string. Nothing but printable ASCII goes in as it is, because a file may hold anything.
    function json(text,    at, character, out) {
        for (at = 1; at <= length(text); at++) {
            character = substr(text, at, 1)
            if (character == "\\" || character == "\"") out = out "\\" character
            else if (character < " " || character == "\177") return "null"
            else out = out character
        }
        return "\"" out "\""
    }
    /(^|[^A-Za-z0-9_.])eval *\(/ {
        path = json(substr(FILENAME, 3))
        # The begin of a line is as good a quote as all of it. Bytes that may not be UTF-8 are not quoted.
        quote = $0 ~ /[^ -~]/ ? "null" : json(substr($0, 1, 300))
        printf "{\"title\": \"A text is run as code\", \"risk\": \"medium\", \"category\": \"injection\", "
        printf "\"path\": %s, \"start_line\": %d, \"end_line\": %d, \"quote\": %s, ", path, FNR, FNR, quote
        printf "\"impact\": \"Whoever can choose the text can do what the server can.\", "
        printf "\"recommendation\": \"Parse the text in place of running it.\", \"confidence\": \"low\"}\n"
    }
' {} + > /tmp/findings

# The document holds 200 findings at the most. Leaving some out without a word would be a lie, so the document says it.
count="$(awk 'END { print NR }' /tmp/findings)"
status='"complete"'
if [ "$count" -gt 200 ]; then
    status='"incomplete", "reason": "there are more findings than a document holds"'
fi
printf '{"version": 1, "status": %s, "summary": "Looked for eval: %d places.", "findings": [\n' "$status" "$count"
sed -n '1,200p' /tmp/findings | sed '$!s/$/,/'
printf ']}\n'
