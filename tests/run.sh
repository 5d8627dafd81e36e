#!/usr/bin/env bash
# Every test that the project has: installs what they need on a fresh Debian, runs all gates even
# when one fails, and ends with a summary. tests/README.md says what each gate is for.
#
# usage: tests/run.sh [--all] [--list] [--no-install] [GATE...]
#   --all         the slow gates too: those that --list names after browser
#   --list        names of the gates
#   --no-install  take the machine as it is
#   GATE...       only these
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 2

build=$root/build-test
python=/usr/bin/python3 # Debian's, which has Debian's modules; another may come first in PATH
jobs=${WSLUICE_JOBS:-$(nproc)}
fuzz_seconds=2

fast_gates=(checks format gcc cost box unit-asan unit-tsan e2e cppcheck fuzz e2e-asan e2e-tsan ssh browser)
# These wait more than they work, so that one or two of them run beside another gate.
waiting_gates=" box e2e e2e-asan e2e-tsan ssh browser "
machines=(arm64 armhf i386 s390x)
slow_gates=(clang-tidy cppcheck-deep valgrind fuzz-long proof recipes debian "${machines[@]}" musl)

packages=(build-essential cmake ninja-build pkg-config libuv1-dev libssl-dev libyaml-dev libjansson-dev libhiredis-dev libseccomp-dev libcmocka-dev
    clang libclang-rt-dev lld clang-format cppcheck file git libc6-dbg valgrind
    php-cli python3 python3-jsonschema python3-jwcrypto python3-jwt python3-pytest python3-pytest-xdist python3-redis python3-setuptools python3-simplejson python3-websockets python3-yaml openssh-client openssh-server openssl prometheus redis-server haproxy nginx websockify
    buildah caddy debootstrap docker-compose fish logrotate mandoc strace systemd zsh
    chromium dante-server microsocks mosquitto novnc socat squid tigervnc-standalone-server tinyproxy-bin x11-utils x11-xserver-utils)
slow_packages=(clang-tidy firefox-esr lintian
    gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-i686-linux-gnu gcc-s390x-linux-gnu qemu-user
    dpkg-dev musl-tools xz-utils)
# Programs of the recipes. Since Debian 13 QEMU's SPICE server is a package of its own.
packages+=(postgresql procps qemu-system-x86 spice-html5)
[ "$(. /etc/os-release && echo "${VERSION_ID:-13}")" = 12 ] || packages+=(qemu-system-modules-spice)

# ---- what the machine needs ----

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

missing() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

# Installing a server must not start it: a policy file says so for as long as apt runs.
apt_install() {
    local policy=/usr/sbin/policy-rc.d status=0 ours=
    if [ ! -e "$policy" ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod +x "$policy"
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
            install --no-install-recommends "$@" </dev/null || status=$?
    [ -z "$ours" ] || as_root rm -f "$policy"
    return $status
}

install_packages() {
    local wanted=("${packages[@]}") needed
    [ -z "$all" ] || wanted+=("${slow_packages[@]}")
    mapfile -t needed < <(missing "${wanted[@]}")
    # node may well have come from elsewhere than Debian
    command -v node >/dev/null || needed+=(nodejs)
    command -v npm >/dev/null || needed+=(npm)
    [ "${#needed[@]}" -eq 0 ] || apt_install "${needed[@]}" || return 1
    for folder in tests/e2e tests/box tests/browser contrib/ssh; do
        [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] ||
            (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts) || return 1
    done
}

# gcc 12's and clang 14's sanitizers cannot place their shadow when the kernel randomises more bits.
sane_layout=()
if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)" -gt 28 ] && setarch -R true 2>/dev/null; then
    sane_layout=(setarch -R)
fi
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# ---- the gates: each is a function, gate_<name with _>, and runs in a shell of its own ----

# cmake_build DIRECTORY OPTION...
cmake_build() {
    local directory=$build/$1
    shift
    (
        flock 9 # gates that run side by side share builds
        cmake -S "$root" -B "$directory" -G Ninja -DCMAKE_C_FLAGS=-Werror "$@" >"$directory.log" 2>&1 ||
            { cat "$directory.log"; exit 1; }
        cmake --build "$directory" -j "$jobs" 9>&-
    ) 9>"$directory.lock"
}

build_gcc() {
    cmake_build gcc -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release -DWSLUICE_TESTS=ON -DWSLUICE_BENCH=ON \
        -DWSLUICE_WEBSOCKIFY_NAME=ON
}

# Clang's warnings in all files, its AddressSanitizer for tests and end-to-end tests, and the fuzzers: one build.
build_asan() {
    cmake_build asan -DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS='-Werror -O1' -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld \
        -DCMAKE_BUILD_TYPE=Debug -DWSLUICE_TESTS=ON -DWSLUICE_BENCH=ON -DWSLUICE_FUZZ=ON \
        -DWSLUICE_SANITIZE=address,undefined,fuzzer-no-link
}

build_tsan() {
    cmake_build tsan -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DWSLUICE_TESTS=ON -DWSLUICE_SANITIZE=thread
}

unit_tests() {
    "${sane_layout[@]}" ctest --test-dir "$build/$1" --output-on-failure --no-tests=error --timeout 120 -j "$jobs"
}

c_files() {
    find config proxy tests -name node_modules -prune -o -name '*.[ch]' -print | sort
}

gate_checks() {
    local status=0
    "$python" -m pytest -p no:cacheprovider --no-header -q tests/check/selftest.py || status=1
    for check in layers linux_only budgets mirror text riddles assertions log_fields descriptors; do
        "$python" "tests/check/$check.py" || status=1
    done
    tests/check/headers.sh || status=1
    return $status
}

gate_format() {
    c_files | xargs clang-format --dry-run -Werror && echo "format: $(c_files | wc -l) files"
}

gate_gcc() {
    build_gcc && "$python" tests/check/symbols.py "$build/gcc" && tests/check/reference.sh "$build/gcc/wsluice" &&
        unit_tests gcc
}

# Instructions per unit of work: a clock would tell of the machine's other work.
gate_cost() {
    build_gcc && "$python" tests/bench/run.py --smoke --wsluice "$build/gcc/wsluice" --tools "$build/gcc/tests/bench"
}

gate_unit_asan() {
    build_asan && unit_tests asan
}

gate_unit_tsan() {
    build_tsan && unit_tests tsan
}

# Not in parallel: its exit status would then overlook some findings.
run_cppcheck() {
    cppcheck --quiet --std=c11 --language=c --library=posix --enable=warning,style,performance,portability \
        --inline-suppr --suppressions-list=tests/check/cppcheck.txt --error-exitcode=1 \
        -D_GNU_SOURCE -DWSLUICE_VERSION='""' -DWSLUICE_WITH='""' -DWSLUICE_WITHOUT='""' -DWSLUICE_JANSSON=1 -DWSLUICE_HIREDIS=1 -DWSLUICE_SECCOMP=1 \
        -I . -I proxy "$@" config proxy &&
        echo "cppcheck: no findings"
}

gate_cppcheck() {
    run_cppcheck
}

# Seeds first, each once; then new inputs for a while. What breaks it stays in build-test/fuzz.
run_fuzzer() {
    local fuzzer=$1 seconds=$2 name corpus seeds
    name=$(basename "$fuzzer" _fuzz)
    corpus=$build/fuzz/corpus/$name seeds=tests/fuzz/corpus/$name
    mkdir -p "$corpus"
    if "${sane_layout[@]}" "$fuzzer" -runs=0 -verbosity=0 "$seeds" &&
        "${sane_layout[@]}" "$fuzzer" -max_total_time="$seconds" -print_final_stats=1 -verbosity=0 -timeout=10 \
            -artifact_prefix="$build/fuzz/$name-" "$corpus" "$seeds"; then
        echo "fuzz: $name held for $seconds s"
    else
        echo "fuzz: $name FAILED"
        return 1
    fi
}

# As many at a time as there are jobs; what each says is shown when all are through.
run_fuzzers() {
    local seconds=$1 status=0 fuzzers=() said=$build/fuzz/said running=()
    build_asan || return 1
    fuzzers=("$build"/asan/tests/fuzz/*_fuzz)
    [ -x "${fuzzers[0]}" ] || { echo "fuzz: no fuzzer was built"; return 1; }
    rm -rf "$said" && mkdir -p "$said"
    for fuzzer in "${fuzzers[@]}"; do
        [ "$(jobs -rp | wc -l)" -lt "$jobs" ] || wait -n
        run_fuzzer "$fuzzer" "$seconds" >"$said/${fuzzer##*/}" 2>&1 &
        running+=($!)
    done
    for child in "${running[@]}"; do
        wait "$child" || status=1
    done
    cat "$said"/*
    return $status
}

gate_fuzz() {
    run_fuzzers "$fuzz_seconds"
}

# end_to_end BUILD PYTEST-ARGUMENT... More at a time than there are jobs, as most of them wait most of the time.
end_to_end() {
    local binary=$build/$1/wsluice
    shift
    WSLUICE=$binary "${sane_layout[@]}" "$python" -m pytest -p no:cacheprovider --no-header -ra --tb=short \
        --durations=5 -n $((3 * jobs + 1)) "$@"
}

gate_e2e() {
    build_gcc && end_to_end gcc tests/e2e
}

gate_e2e_asan() {
    build_asan && end_to_end asan -m 'not release_only' tests/e2e
}

gate_e2e_tsan() {
    build_tsan && end_to_end tsan -m threads tests/e2e
}

# The image, the static build, and what contrib/ has for the machines around them. In one process: there is one image.
gate_box() {
    build_gcc && cmake_build static -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release -DWSLUICE_STATIC=ON &&
        end_to_end gcc -n 0 -s -m 'not slow and not debian' tests/box
}

# Debian 12 and 13 from scratch, the packages in every order, the release.
gate_debian() {
    build_gcc && end_to_end gcc -n 0 -s -m debian tests/box
}

# The protocol layer of contrib/ssh in Node. Each test file is a process; as many at a time as node likes.
gate_ssh() {
    local results=$build/ssh.tap status=0
    build_gcc || return 1
    rm -f "$results"
    WSLUICE=$build/gcc/wsluice timeout 900 node --test --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=tap --test-reporter-destination="$results" tests/ssh/*.test.mjs || status=1
    awk '$1 == "#" && $2 ~ /^(pass|fail|cancelled|skipped)$/ { sum[$2] = $3 }
        END { print "ssh: " sum["pass"] + 0 " passed, " sum["fail"] + sum["cancelled"] " failed, " sum["skipped"] + 0 " skipped"
              exit sum["pass"] == 0 || sum["fail"] + sum["cancelled"] > 0 }' "$results" || status=1
    return $status
}

# Screenshots stay in build-test/browser.
gate_browser() {
    build_gcc && end_to_end gcc -n "$jobs" -m 'not slow' tests/browser # Chromium keeps a processor busy
}

# Those that take long: a virtual machine in Chromium, the pages in Firefox, a certificate that is renewed, a gibibyte by scp.
gate_recipes() {
    build_gcc && end_to_end gcc -n 0 -m slow tests/box && end_to_end gcc -n 0 -m slow tests/browser
}

gate_clang_tidy() {
    cmake_build clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DWSLUICE_TESTS=ON -DWSLUICE_BENCH=ON &&
        find config proxy -name '*.c' | sort | xargs -P "$jobs" -n 4 clang-tidy -quiet -p "$build/clang" \
            --warnings-as-errors='*' && echo "clang-tidy: no findings"
}

gate_cppcheck_deep() {
    if cppcheck --help | grep -q -- --check-level; then
        run_cppcheck --check-level=exhaustive
    else
        run_cppcheck --force
    fi
}

gate_valgrind() {
    build_gcc || return 1
    find "$build/gcc/tests/unit" -maxdepth 1 -type f -name '*_test' | sort |
        xargs -d '\n' -P "$jobs" -n 1 \
            env WSLUICE_EMULATED=valgrind valgrind --quiet --error-exitcode=99 --leak-check=full \
            --suppressions=tests/check/valgrind.supp &&
        echo "valgrind: no findings"
}

gate_fuzz_long() {
    run_fuzzers 60
}

# Reloads and upgrades under load, at their full length.
gate_proof() {
    build_gcc && WSLUICE_PROOF_SECONDS=30 end_to_end gcc -n 0 -s -k under_load tests/e2e/test_reload.py tests/e2e/test_upgrade.py
}

# What depends on the width of numbers, on their byte order, on the C library or on the kernel's interfaces.
portable_tests=(bridge files files_root frames large_files log record tls tokens upgrade)

# portable_end_to_end BINARY MARKS [COMMAND...]: the selection, run by that command
portable_end_to_end() {
    local binary=$1 marks=$2
    shift 2
    WSLUICE=$binary "$@" "${sane_layout[@]}" "$python" -m pytest -p no:cacheprovider --no-header -q -ra --tb=short \
        -n $((jobs + 1)) -m "$marks" $(printf 'tests/e2e/test_%s.py ' "${portable_tests[@]}")
}

# A build for another machine, and its tests on this one; without those that count memory, which is qemu's, and
# without test_wrap: the shim fits commands of the other machine only.
gate_machine() {
    local folder=$build/machines/$1 foreign
    WSLUICE_JOBS=$jobs tests/machines/build.sh "$1" "$folder" || return 1
    foreign=(tests/machines/foreign.py "$1" "$folder"/root/lib/ld*.so.[0-9])
    "${foreign[@]}" ctest --test-dir "$folder/build" --output-on-failure --no-tests=error --timeout 300 -j "$jobs" &&
        portable_end_to_end "$folder/build/wsluice" 'not release_only' "${foreign[@]}"
}

for machine in "${machines[@]}"; do
    eval "gate_$machine() { gate_machine $machine; }"
done

# The static binary with another C library.
gate_musl() {
    local binary=$build/musl/build/wsluice
    portable_tests+=(endings handshake http websockify wrap) # here they take seconds
    WSLUICE_JOBS=$jobs tests/machines/musl.sh "$build/musl" && portable_end_to_end "$binary" '' &&
        WSLUICE=$binary WSLUICE_STATIC=$binary "$python" -m pytest -p no:cacheprovider --no-header -q -ra \
            tests/box/test_static.py
}

# ---- running them ----

# Its result goes to a file, as it may run in the background.
run_gate() {
    local name=$1 result=ok took TIMEFORMAT='%0R s, processors %0U + %0S s'
    printf '\n======== %s ========\n' "$name"
    { time { ("gate_${name//-/_}") </dev/null 2>&3; } || result=FAILED; } 3>&2 2>"$build/said/$name.took"
    took=$(<"$build/said/$name.took")
    printf '%-7s %s\n' "$result" "$took" >"$build/said/$name.result"
    printf -- '-------- %s: %s\n' "$name" "$(<"$build/said/$name.result")"
}

# Beside what follows; two at a time. run_all shows what it says.
begin_gate() {
    local name=$1
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
        wait -n
    done
    printf '\n======== %s runs beside the next ones, into build-test/said/%s ========\n' "$name" "$name"
    run_gate "$name" >"$build/said/$name" 2>&1 &
}

run_all() {
    rm -rf "$build/said" && mkdir -p "$build/said"
    for name in "$@"; do
        if [ $# -gt 1 ] && [[ $waiting_gates = *" $name "* ]]; then
            begin_gate "$name"
        else
            run_gate "$name"
        fi
    done
    wait
    for name in "$@"; do
        [ ! -e "$build/said/$name" ] || cat "$build/said/$name"
    done
}

all='' install=yes wanted=()
for argument in "$@"; do
    case $argument in
    --all) all=yes ;;
    --list) printf '%s\n' "${fast_gates[@]}" "${slow_gates[@]}"; exit 0 ;;
    --no-install) install='' ;;
    -*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2 ;;
    *)
        if [[ " ${fast_gates[*]} ${slow_gates[*]} " != *" $argument "* ]]; then
            echo "run.sh: no gate is called $argument; --list names them" >&2
            exit 2
        fi
        wanted+=("$argument") ;;
    esac
done
if [ "${#wanted[@]}" -eq 0 ]; then
    wanted=("${fast_gates[@]}")
    [ -z "$all" ] || wanted+=("${slow_gates[@]}")
elif [[ " ${wanted[*]} " =~ " "(clang-tidy|valgrind|recipes|debian|arm64|armhf|i386|s390x|musl)" " ]]; then
    all=yes
fi

mkdir -p "$build"
if [ -n "$install" ]; then
    printf '======== install ========\n'
    install_packages || { echo "run.sh: could not install what the tests need" >&2; exit 1; }
fi
run_all "${wanted[@]}"

printf '\n======== summary ========\n'
failed=()
for name in "${wanted[@]}"; do
    result=$(cat "$build/said/$name.result" 2>/dev/null || echo FAILED)
    printf '%-14s %s\n' "$name" "$result"
    [[ $result = ok* ]] || failed+=("$name")
done
if [ "${#failed[@]}" -gt 0 ]; then
    printf 'run.sh: %d of %d gates failed in %d s: %s\n' "${#failed[@]}" "${#wanted[@]}" "$SECONDS" "${failed[*]}"
    exit 1
fi
printf 'run.sh: all %d gates passed in %d s\n' "${#wanted[@]}" "$SECONDS"
