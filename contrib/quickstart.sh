#!/bin/bash
# From a fresh Debian to a running bridge: installs the packages for the build, builds build/wsluice,
# and starts its demo: a page on port 6080, and a built-in echo service behind it. After
# contrib/ssh/build.sh the page links to SSH in a tab. Run it again at any time; finished steps are skipped.
#
# usage: contrib/quickstart.sh [--check] [PORT]
#   --check   build, test that the bridge carries bytes, stop (the same if CI=true)
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '/^set/d'
}

die() {
    echo "quickstart: $*" >&2
    exit 1
}

check='' port=6080
[ "${CI:-}" != true ] || check=yes
for argument in "$@"; do
    case $argument in
    --check) check=yes ;;
    -h | --help) usage; exit 0 ;;
    *[!0-9]* | '') usage >&2; exit 2 ;;
    *) port=$argument ;;
    esac
done
[ "${#port}" -le 5 ] && [ "$port" -ge 1 ] && [ "$port" -le 65535 ] || die "$port is no port; choose one from 1 to 65535"

is_open() { # PORT
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

install_packages() {
    local needed=() package as_root=()
    for package in gcc libc6-dev make cmake pkg-config libuv1-dev libssl-dev libyaml-dev libjansson-dev libhiredis-dev libseccomp-dev; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || needed+=("$package")
    done
    [ "${#needed[@]}" -gt 0 ] || return 0
    echo "quickstart: installing ${needed[*]}"
    command -v apt-get >/dev/null || die "no apt-get here; install ${needed[*]} (the names may differ on your system)"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "run this once as root, or install ${needed[*]} yourself"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get -q update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${needed[@]}" \
        </dev/null
}

build() {
    local log=build/quickstart.log
    mkdir -p build
    echo "quickstart: building build/wsluice"
    # Presets need CMake 3.21; for older versions the options are written out.
    if ! { cmake --preset release >"$log" 2>&1 || cmake -S . -B build -DCMAKE_BUILD_TYPE=Release >"$log" 2>&1; } ||
        ! cmake --build build -j "$(nproc)" >>"$log" 2>&1; then
        cat "$log" >&2
        die "the build failed, see above"
    fi
}

# Requests a page.
show() { # PORT PATH TITLE
    local line
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
    while IFS= read -r -t 5 line <&3; do
        case $line in *"<title>$3"*) return 0 ;; esac
    done
    return 1
}

# A WebSocket client in a few lines: the upgrade of RFC 6455 section 1.3, then "hello", masked with
# zeros, which must come back unmasked.
talk() { # PORT
    local line accept='' answer
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%s\r\n%s\r\n\r\n' \
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' 'Sec-WebSocket-Version: 13' >&3
    while IFS= read -r -t 5 line <&3 && [ "$line" != $'\r' ]; do
        case $line in *s3pPLMBiTxaQ9kYGzzhZRbK+xOo=*) accept=yes ;; esac
    done
    [ -n "$accept" ] || return 1
    printf '\202\205\0\0\0\0hello' >&3
    IFS= read -r -t 5 -N 7 answer <&3 || return 1
    exec 3>&-
    [ "$answer" = $'\202\005hello' ]
}

prove() {
    local log=build/quickstart-check.log bridge bound=''
    build/wsluice demo "${shell[@]}" 127.0.0.1:0 </dev/null >"$log" 2>&1 &
    bridge=$!
    # shellcheck disable=SC2064
    trap "kill $bridge 2>/dev/null || true" EXIT
    for _ in $(seq 100); do
        bound=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$log" | head -n 1)
        [ -z "$bound" ] || break
        kill -0 "$bridge" 2>/dev/null || break
        sleep 0.1
    done
    [ -n "$bound" ] || { cat "$log" >&2; die "the bridge did not start"; }
    LC_ALL=C show "$bound" / wsluice || { cat "$log" >&2; die "the demo page is missing"; }
    [ "${#shell[@]}" -eq 0 ] || LC_ALL=C show "$bound" /shell/ SSH || { cat "$log" >&2; die "SSH in a tab is missing"; }
    LC_ALL=C talk "$bound" || { cat "$log" >&2; die "the bridge did not echo"; }
    kill "$bridge"
    wait "$bridge" || die "the bridge did not exit cleanly"
    echo "quickstart: the demo page is served; hello went through the bridge and came back"
}

next_steps() {
    cat <<TEXT

Open this in a browser, and watch bytes go through:

    http://localhost:$port/

Then bridge to a service of your own:

    build/wsluice 6080 localhost:5900                             VNC, for noVNC on another server
    build/wsluice --web=/usr/share/novnc 6080 localhost:5900      with noVNC's pages (Debian's package novnc)
    build/wsluice --cert=chain.pem --key=key.pem 443 db:6379      over wss://
    build/wsluice --web=build/ssh 6080 localhost:22               SSH in a tab, after contrib/ssh/build.sh

More: build/wsluice --help, README.md, and the recipes in contrib/README.md.
Stop it with Ctrl-C.

TEXT
}

if [ -z "$check" ] && is_open "$port"; then
    die "port $port is in use; stop the program that listens there, or choose another: contrib/quickstart.sh $((port + 1))"
fi
install_packages
build
shell=()
[ ! -f build/ssh/app.js ] || shell=(--web=build/ssh)
if [ -n "$check" ]; then
    prove
else
    next_steps
    exec build/wsluice demo "${shell[@]}" "$port"
fi
