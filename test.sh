#!/bin/bash
# Runs the tests, as jobs side by side: as many at a time as there are processors. Prints each skip with its reason at the end.
#
#   ./test.sh                   everything, in 25 minutes on two idle processors
#   ./test.sh --quick           for work in between: the build, the unit tests, and the contract on devices in software
#   ./test.sh --soak [PART...]  what takes longer: all of it, in some hours, or the parts named; says which are left
#   ./test.sh --only JOB...     some jobs, and those that they come after
#   ./test.sh --list            the jobs and the parts of the soak, from CONTRIBUTING.md
#
# VFIO_JOBS         how many jobs at a time; as many as there are processors unless set
# VFIO_MACHINE_DIR  a directory with a kernel for the machine (docs/machine.md); else the project builds one
# VFIO_UAPI_DIR     a directory with linux/vfio.h, to judge the ABI against; else the system's headers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. eng/queue.sh

wrong() { echo "test: $1; see ./test.sh --help" >&2; exit 2; }
mode=${1:-} names=("${@:2}")
case $mode in
    '' | --quick | --list) [ ${#names[@]} = 0 ] || wrong "$mode takes no '${names[0]}'" ;;
    --soak) ;;
    --only) [ ${#names[@]} -gt 0 ] || wrong "--only wants the name of a job" ;;
    -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit ;;
    *) wrong "'$mode' is no option" ;;
esac
slots=${VFIO_JOBS:-$(nproc)}
[[ $slots =~ ^[1-9][0-9]*$ ]] || wrong "VFIO_JOBS wants a number, not '$slots'"

read_jobs '### Jobs'
regular=("${jobs[@]}")
read_jobs '### Parts of the soak'
parts=("${jobs[@]:${#regular[@]}}")
if [ "$mode" = --list ]; then
    printf '%-28s %6s %6s  %s\n' JOB 'CPU s' MiB AFTER
    for name in "${jobs[@]}"; do printf '%-28s %6s %6s  %s\n' "$name" "${budgets[$name]:--}" "${memories[$name]}" "${needs[$name]}"; done
    exit
fi
for name in ${names[@]+"${names[@]}"}; do
    [[ " ${jobs[*]} " == *" $name "* ]] || wrong "there is no job '$name'; ./test.sh --list has them all"
done
case $mode in
    '') select_jobs "${regular[@]}" ;;
    --quick) select_jobs unit-library unit-tool unit-rest unit-contract ;;
    --only) select_jobs "${names[@]}" ;;
    --soak) [ ${#names[@]} -gt 0 ] || names=("${parts[@]}"); select_jobs "${names[@]}" ;;
esac

# room FOLDER MIB: jobs that find a disk full fail in ways that say little.
room() {
    local free
    free=$(($(stat -f -c '%a * %S' "$1") / 1048576)) || exit 1
    [ "$free" -ge "$2" ] || { echo "test: $1 has $free MiB free, and the tests need $2: ${3}" >&2; exit 1; }
}
room "${TMPDIR:-/tmp}" 2048 "make room, or set TMPDIR"
room . 6144 "make room"

mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.usage
# Servers of the compiler would outlive their job, with the processor time that they used for it.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# Only noted, and acted upon between two steps: a read that times out leaves the handler of a signal in the middle.
stop=
trap 'stop=INT' INT
trap 'stop=TERM' TERM
trap 'stop=HUP' HUP
end_if_interrupted() {
    [ -n "$stop" ] || return 0
    stop_jobs
    failed=$((failed + 1)) failures+=("interrupted by SIG$stop")
    summary
    exit $((128 + $(kill -l "$stop")))
}

part "set-up"
eng/setup || { fail "set-up: the lines above say what is missing"; summary; exit 1; }
gcc -O2 -Wall -Wextra -o "$job_program" eng/job.c
if [[ " ${jobs[*]} " == *' kernel '* ]] && ! tests/machine/setup; then
    # The rest is worth running; but a machine that cannot be had is not a test that passed.
    fail "kernel: the machine's packages are missing; the line above installs them, and --quick does without"
    state[kernel]=failed
fi
host_speed
end_if_interrupted
part "${#jobs[@]} jobs, $slots at a time; this host at $((reference_ms * 100 / speed_ms)) % of the speed that the budgets are for"
run_queue "$slots"
summary
if [ "$mode" = --soak ]; then
    for name in "${parts[@]}"; do
        [ "${state[$name]:-}" = ok ] || echo "left of the soak: $name"
    done
fi
[ "$failed" = 0 ]
