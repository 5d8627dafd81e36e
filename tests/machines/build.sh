#!/usr/bin/env bash
# Builds for another machine, with its unit tests.
#
# usage: build.sh MACHINE FOLDER [CMAKE-OPTION...]     FOLDER/root is the sysroot, FOLDER/build the build
set -euo pipefail
machine=$1 folder=$(realpath -m "$2")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/machine.sh"
mkdir -p "$folder"

"$here/sysroot.sh" "$machine" "$folder" >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
cmake -S "$here/../.." -B "$folder/build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$here/toolchain.cmake" \
    -DWSLUICE_TRIPLET="$triplet" -DWSLUICE_COMPILER="$compiler" -DWSLUICE_PROCESSOR="$processor" \
    -DWSLUICE_LOADER="$loader" -DWSLUICE_SYSROOT="$folder/root" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS=-Werror -DWSLUICE_TESTS=ON "$@" >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
cmake --build "$folder/build" -j "${WSLUICE_JOBS:-$(nproc)}"
