#!/usr/bin/env bash
# Builds wsluice as one static binary with musl. Its libraries are built from Debian's source packages, once.
#
# usage: musl.sh FOLDER     FOLDER/root is where the libraries lie, FOLDER/build the build
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(realpath -m "$1") jobs=${WSLUICE_JOBS:-$(nproc)}
prefix=$folder/root
. "$here/sources.sh"

sources=(libuv1 openssl libyaml)

# Debian's specs of musl-gcc lack -static-pie: a program that relocates itself, without a loader.
make_compiler() {
    local specs
    specs=$(sed -n 's/.*-specs "\(.*\)".*/\1/p' /usr/bin/musl-gcc)
    mkdir -p "$prefix/kernel" "$prefix/bin"
    sed -e 's/^%{!shared: \(.*\)Scrt1.o}/%{static-pie:\1rcrt1.o;shared:;:\1Scrt1.o}/' \
        -e 's/%{static:-static}/%{static:-static} %{static-pie:-static -pie --no-dynamic-linker -z text}/' \
        "$specs" >"$prefix/musl-gcc.specs"
    # The kernel's headers do not depend on the C library.
    ln -sfn /usr/include/linux /usr/include/asm-generic "/usr/include/$(gcc -print-multiarch)/asm" "$prefix/kernel"
    printf '#!/bin/sh\nexec gcc "$@" -idirafter %s -specs %s\n' "$prefix/kernel" "$prefix/musl-gcc.specs" \
        >"$prefix/bin/musl-gcc"
    chmod +x "$prefix/bin/musl-gcc"
}

fetch_sources() {
    local apt=$folder/apt options
    mkdir -p "$apt"
    debian_sources deb-src >"$apt/sources.list"
    mapfile -t options < <(apt_options "$apt")
    apt-get "${options[@]}" update -eany
    (cd "$folder" && apt-get "${options[@]}" -o APT::Get::Only-Source=1 source "${sources[@]}")
    rm -rf "$apt"
}

# cmake_install NAME OPTION...: builds that source package's static library
cmake_install() {
    local name=$1 build=$folder/$1-build
    shift
    cmake -S "$(echo "$folder/$name"-[0-9]*)" -B "$build" -G Ninja -DCMAKE_C_COMPILER="$prefix/bin/musl-gcc" \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS="$flags" -DBUILD_TESTING=OFF -DBUILD_SHARED_LIBS=OFF "$@"
    cmake --build "$build" -j "$jobs" --target install
}

build_libraries() {
    local flags='-O2 -fPIE -fstack-protector-strong'
    cmake_install libuv1 -DLIBUV_BUILD_TESTS=OFF
    cmake_install libyaml
    # Its CMake files write no such file, and its configure needs automake.
    printf 'Name: yaml\nDescription: YAML 1.1\nVersion: %s\nCflags: -I%s/include\nLibs: -L%s/lib -lyaml\n' \
        "$(basename "$folder"/libyaml-[0-9]* | cut -d- -f2)" "$prefix" "$prefix" >"$prefix/lib/pkgconfig/yaml-0.1.pc"
    cd "$folder"/openssl-[0-9]*
    ./Configure "linux-$(uname -m)" --prefix="$prefix" --libdir=lib --openssldir=/etc/ssl CC="$prefix/bin/musl-gcc" \
        CFLAGS="$flags" no-shared no-tests no-dso no-engine no-module
    make -j "$jobs" build_generated libcrypto.a libssl.a
    make install_dev
}

wanted="$(debian_sources deb-src) ${sources[*]} $(cksum <"$0")"
if [ ! -e "$folder/made" ] || [ "$(cat "$folder/made")" != "$wanted" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    (set -e; make_compiler; fetch_sources; build_libraries) >"$folder/log" 2>&1 &
    wait $! || { tail -n 60 "$folder/log"; exit 1; }
    echo "$wanted" >"$folder/made"
fi
export PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig
cmake -S "$here/../.." -B "$folder/build" -G Ninja -DCMAKE_C_COMPILER="$prefix/bin/musl-gcc" -DCMAKE_C_FLAGS=-Werror \
    -DCMAKE_BUILD_TYPE=Release -DWSLUICE_STATIC=ON >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cmake --build "$folder/build" -j "$jobs"
