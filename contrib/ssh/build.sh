#!/bin/sh
# Builds the page "SSH in a tab" from npm packages of exactly the versions of package-lock.json.
#
# usage: contrib/ssh/build.sh [FOLDER]
#   FOLDER  receives the page, build/ssh by default; a route's files: serves it
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../../build/ssh}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$here"
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund
node build.mjs "$folder"
