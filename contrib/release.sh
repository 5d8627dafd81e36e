#!/bin/bash
# Makes the files of a release in a folder: the tarball, the Debian packages, the static binary, what is linked into them
# (SPDX 2.3), and SHA256SUMS. The same commit gives the same bytes, in any folder and at any time, with the same
# compiler and libraries.
#
# usage: contrib/release.sh [--snapshot] FOLDER
#   --snapshot   of the tree as it is: changes that are not committed, a version that is not released
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022
cd "$(dirname "$0")/.."

die() {
    echo "release: $*" >&2
    exit 1
}

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '/^set/d'
}

snapshot='' out=''
for argument in "$@"; do
    case $argument in
    --snapshot) snapshot=yes ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) [ -z "$out" ] || { usage >&2; exit 2; }; out=$argument ;;
    esac
done
[ -n "$out" ] || { usage >&2; exit 2; }

for tool in cmake cpack dpkg-deb dpkg-query file git gzip ninja python3 tar; do
    command -v "$tool" >/dev/null || die "no $tool here; on Debian:" \
        "apt install cmake dpkg-dev file git libhiredis-dev libjansson-dev libseccomp-dev libssl-dev libuv1-dev libyaml-dev ninja-build pkg-config python3"
done

version=$(sed -n 's/^project(wsluice VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ -n "$version" ] || die "CMakeLists.txt names no version"
heading=$(sed -n 's/^## \([0-9]\)/\1/p' CHANGELOG.md | head -n 1)
grep -q "image.version=\"$version\"" Dockerfile || die "the label in Dockerfile is not $version"
[ "${heading%% *}" = "$version" ] || die "the first section of CHANGELOG.md is $heading, the version in CMakeLists.txt $version"

commit=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH
tree=$commit
if [ -n "$snapshot" ]; then
    tree=$(git stash create)
    tree=${tree:-$commit}
    version=$version~$(date -d "@$SOURCE_DATE_EPOCH" +%Y%m%d).${commit:0:7}
else
    [[ $heading =~ ^[0-9.]+\ \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$ ]] ||
        die "CHANGELOG.md has no date for it: write '## $version (YYYY-MM-DD)', or use --snapshot"
    [ -z "$(git status --porcelain)" ] || die "the tree has changes that are not committed; commit them, or use --snapshot"
fi

mkdir -p "$out"
out=$(cd "$out" && pwd)
[ -z "$(ls -A "$out")" ] || die "$out is not empty"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=wsluice-$version
source=$work/$name

build() { # FOLDER OPTION...
    local folder=$work/$1
    shift
    cmake -S "$source" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DWSLUICE_PACKAGE_VERSION="$version" \
        -DCMAKE_EXE_LINKER_FLAGS="-Wl,-Map=$folder/link.map" "$@" >"$folder.log" 2>&1 &&
        cmake --build "$folder" >>"$folder.log" 2>&1 || { cat "$folder.log" >&2; die "the build failed, see above"; }
    "$folder/wsluice" --version | grep -qx "wsluice ${version%%~*}" || die "wsluice --version does not say ${version%%~*}"
}

echo "release: $name, from commit $commit"
git archive --prefix="$name/" "$tree" | tar -xC "$work"
build shared -DWSLUICE_WEBSOCKIFY_NAME=ON
build static -DWSLUICE_STATIC=ON

# The pages that the program prints, for builds that cannot run it.
mkdir "$source/contrib/pages"
for page in wsluice.1 wsluice.bash wsluice.fish _wsluice schema.json; do
    cp "$work/shared/contrib/$page" "$source/contrib/pages/"
done
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
    --format=ustar -c "$name" | gzip -9n >"$out/$name.tar.gz"

(cd "$work/shared" && cpack -G DEB -B "$work/packages" >"$work/cpack.log" 2>&1) || { cat "$work/cpack.log" >&2; die "cpack failed"; }
cp "$work"/packages/*.deb "$out"
static=$name-linux-$(dpkg --print-architecture)
strip -o "$out/$static" "$work/static/wsluice"
chmod 755 "$out/$static"

dpkg-deb --fsys-tarfile "$work/packages/wsluice_"*.deb | tar -xC "$work" ./usr/bin/wsluice
python3 contrib/sbom.py "$version" "$work/shared/link.map" "$work/usr/bin/wsluice" >"$out/$name.spdx.json"
python3 contrib/sbom.py "$version" "$work/static/link.map" "$out/$static" >"$out/$static.spdx.json"

chmod 644 "$out"/*.deb "$out"/*.json "$out"/*.gz
(cd "$out" && sha256sum -- * >SHA256SUMS && cat SHA256SUMS)
