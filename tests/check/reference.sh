#!/usr/bin/env bash
# Is config/README.md what the option table says? Where it is not, `reference.sh BINARY --write`
# makes it so.
#
# usage: reference.sh BINARY [--write]
set -euo pipefail
binary=$(realpath "$1")
cd "$(dirname "$0")/../.."

if [ "${2:-}" = --write ]; then
    "$binary" help-config --markdown >config/README.md
elif ! "$binary" help-config --markdown | diff -u config/README.md - >&2; then
    echo "reference: config/README.md is stale; run tests/check/reference.sh $1 --write" >&2
    exit 1
fi
echo "reference: config/README.md is fresh"
