#!/bin/bash
# Builds the page "SSH in a tab" from npm packages of exactly the versions of package-lock.json.
#
# usage: contrib/ssh/build.sh [--connect=wss://HOST[:PORT]]... [FOLDER]
#   FOLDER     receives the page, build/ssh by default; a route's files: serves it
#   --connect  another server than the page's own that it may connect to
#
# A hosts.json in FOLDER stays as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder='' connects=()
for word in "$@"; do
    case $word in
    --connect=*) connects+=("$word") ;;
    -*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '/^set/d' >&2; exit 2 ;;
    *) folder=$word ;;
    esac
done
for program in node npm; do
    command -v "$program" >/dev/null || { echo "build.sh: needs node (18 or newer) and npm" >&2; exit 1; }
done
[ -n "$folder" ] || folder=$here/../../build/ssh
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$here"
{   # one at a time: npm begins with removing what is there
    ! command -v flock >/dev/null || flock 9
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund
} 9<build.sh
node build.mjs "$folder" "${connects[@]}"
echo "build.sh: the page is in $folder"
