# For scripts that take packages from Debian beside this machine's own; to be sourced.

# debian_sources KIND: lines of sources.list, KIND deb or deb-src: the release that this machine takes from Debian.
# Its updates, which change daily, are left out.
debian_sources() {
    local found
    found=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sed -n '/-\(security\|updates\|backports\) /d; s/^Debian //p' | sort -u)
    [ -n "$found" ] || { echo 'apt has no lists of Debian: run apt-get update' >&2; return 1; }
    sed "s/^/$1 [signed-by=\/usr\/share\/keyrings\/debian-archive-keyring.gpg] /" <<<"$found"
}

# apt_options FOLDER: apt's options, one a line, for lists and packages in a folder of their own, where nothing is
# installed. FOLDER/sources.list says from where.
apt_options() {
    local folder=$1
    mkdir -p "$folder/lists/partial" "$folder/archives/partial"
    : >"$folder/status"
    printf '%s\n' -q -y -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$folder" -o Dir::State::status="$folder/status" \
        -o Dir::Cache="$folder" -o APT::Sandbox::User= -o Acquire::Retries=3 -o Acquire::Languages=none
}
