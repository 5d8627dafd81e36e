#!/usr/bin/env bash
# Makes a folder with the libraries and headers of another machine, from Debian's packages. apt works in folders of
# its own, so that this machine's list of architectures and packages stays as it is.
#
# usage: sysroot.sh MACHINE FOLDER     FOLDER/root is the result; it is made anew when FOLDER/made says otherwise
set -euo pipefail
machine=$1 folder=$(realpath -m "$2")
. "$(dirname "$0")/machine.sh"
. "$(dirname "$0")/sources.sh"

packages=(libcmocka-dev libcrypt-dev libhiredis-dev libjansson-dev libseccomp-dev libssl-dev libuv1-dev libyaml-dev)

wanted="$(debian_sources deb) ${packages[*]}"
if [ -e "$folder/made" ] && [ "$(cat "$folder/made")" = "$wanted" ]; then
    exit 0
fi

rm -rf "$folder"
mkdir -p "$folder/apt" "$folder/root/usr/lib"
debian_sources deb >"$folder/apt/sources.list"
mapfile -t options < <(apt_options "$folder/apt")
options+=(-o APT::Architecture="$machine" -o APT::Architectures="$machine")
apt-get "${options[@]}" update -eany
apt-get "${options[@]}" --no-install-recommends --download-only install "${packages[@]}"
ln -s usr/lib "$folder/root/lib"
for package in "$folder"/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$folder/root"
done
rm -rf "$folder/apt"
echo "$wanted" >"$folder/made"
