#!/bin/sh
# Every header compiles alone, twice over (include guard), with each compiler that is here.
# usage: headers.sh [ROOT]
set -u
cd "${1:-.}" || exit 2
flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wno-unused-parameter -Werror -fsyntax-only -I. -Iproxy"
flags="$flags $(pkg-config --cflags libuv openssl yaml-0.1 2>/dev/null)"
failed=0 count=0
for header in $(find config proxy -name '*.h' | sort); do
    count=$((count + 1))
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        # The declaration keeps -Wpedantic from complaining about a header of macros only.
        # shellcheck disable=SC2086
        printf '#include "%s"\n#include "%s"\nextern int headers_alone;\n' "$header" "$header" |
            "$compiler" $flags -x c - || { echo "$header: does not compile alone ($compiler)"; failed=1; }
    done
done
[ "$count" -gt 0 ] || { echo "no header found"; failed=1; }
[ "$failed" -eq 0 ] && echo "headers: $count compile alone"
exit "$failed"
