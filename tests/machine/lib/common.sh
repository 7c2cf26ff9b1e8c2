# Shared by the scripts of the machine: where things are cached, how it speaks and how it fails.
# shellcheck shell=bash

machine_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache_dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vfio-machine

say() { printf 'machine: %s\n' "$*" >&2; }

# 125 is what a caller of `run` cannot mistake for the result of its command.
die() {
    printf 'machine: %s\n' "$1" >&2
    exit "${2:-125}"
}

# Run a function or command with the cache entry NAME locked, so that two machines started at once do not
# prepare the same thing twice, or use it half done.
with_lock() {
    local name=$1 lock
    shift
    mkdir -p "$cache_dir/locks"
    exec {lock}> "$cache_dir/locks/$name"
    flock "$lock"
    "$@"
    exec {lock}>&-
}
