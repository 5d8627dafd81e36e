#!/usr/bin/env bash
# Are the generated parts of the documentation what the program prints: config/README.md (the option
# table), the reasons in proxy/README.md, the Close codes in contrib/web.md? Where they are not,
# `reference.sh BINARY --write` makes them so.
#
# usage: reference.sh BINARY [--write]
set -euo pipefail
binary=$(realpath "$1")
write=${2:-}
cd "$(dirname "$0")/../.."
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT

# The file with its part between "<!-- NAME: ... -->" and "<!-- end -->" as the program prints it.
with_part() {
    "$binary" help-config "--$2" | awk -v begin="<!-- $2: " '
        FILENAME == "-" { part = part $0 "\n"; next }
        index($0, begin) == 1 { print; printf "%s", part; inside = found = 1 }
        $0 == "<!-- end -->" { inside = 0 }
        !inside
        END { exit !found }' - "$1"
}

# FILE: $fresh holds what it should be.
compare() {
    if [ "$write" = --write ]; then
        cat "$fresh" >"$1"
    elif ! diff -u "$1" "$fresh" >&2; then
        echo "reference: $1 is stale; run tests/check/reference.sh BINARY --write" >&2
        exit 1
    fi
}

"$binary" help-config --markdown >"$fresh"
compare config/README.md
with_part proxy/README.md reasons >"$fresh"
compare proxy/README.md
with_part contrib/web.md codes >"$fresh"
compare contrib/web.md
echo "reference: all generated parts are fresh"
