# apt with a state of its own: a suite that this host does not use can be read and fetched from without touching
# the host's list of sources. The mirror is the one that the host itself uses.
# shellcheck shell=bash

debian_codename() {
    # shellcheck disable=SC1091
    (. /etc/os-release && [ "${ID:-}" = debian ] && printf '%s' "${VERSION_CODENAME:-}") || true
}

# The mirror that serves this host's main suite.
debian_mirror() {
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
        awk -v suite="$(debian_codename)" '$1 == suite { print $2; exit }'
}

# A fresh container has no package lists: without them apt knows neither mirrors nor packages.
ensure_lists() {
    [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -print -quit 2> /dev/null)" ] || return 0
    [ "$(id -u)" -eq 0 ] || { say "this host's package lists are empty; run: sudo apt-get update"; exit 1; }
    say "fetching this host's package lists"
    apt-get -qq -o DPkg::Lock::Timeout=300 update >&2 || die "apt-get update failed" 1
}

# apt_state NAME SUITE...: makes the private state NAME and sets apt_options for apt-get and apt-cache.
apt_state() {
    local name=$1 state=$cache_dir/apt/$1 keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror suite option=
    shift
    ensure_lists
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || die "apt names no Debian mirror; run 'apt-get update' as root first" 1
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    [ -r "$keys" ] && option="[signed-by=$keys] "
    for suite in "$@"; do
        printf 'deb %s%s %s main\n' "$option" "$mirror" "$suite"
    done > "$state/sources.list"
    # Without the sandbox user: the cache may lie below a home directory that only its owner can enter.
    apt_options=(
        -o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state/cache"
        -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=300 -o Acquire::Languages=none -o Acquire::Retries=3
    )
    # Fetched lists are good for a day; a mirror keeps the files they name at least that long.
    if [ -z "$(find "$state/lists" -maxdepth 1 -name '*Packages*' -mmin -1440 -print -quit)" ]; then
        apt-get "${apt_options[@]}" -qq update >&2 || die "apt-get update failed for: $*" 1
    fi
}

# apt_unpack DIR PACKAGE...: fetches packages with apt_options and unpacks them into DIR without installing them.
apt_unpack() {
    local dir=$1 fetched archive
    shift
    ensure_lists
    fetched=$(mktemp -d "$cache_dir/fetch.XXXXXX")
    (cd "$fetched" && apt-get "${apt_options[@]}" -qq download "$@" >&2) || die "cannot fetch: $*" 1
    for archive in "$fetched"/*.deb; do
        dpkg-deb -x "$archive" "$dir"
    done
    rm -rf "$fetched"
}
