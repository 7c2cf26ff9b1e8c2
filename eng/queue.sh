# The queue of test.sh: jobs, longest chain first, as many at a time as there are processors and memory for. CONTRIBUTING.md has
# the tables of jobs; eng/jobs runs one; eng/job.c ends it, cleans up after it and says what it cost.
# shellcheck shell=bash

logs=artifacts/logs
job_program=artifacts/job
# What `job --calibrate` says on the host that the budgets were measured on. A slower host gets as much more.
reference_ms=450

declare -A needs=() locks=() budgets=() memories=() state=() name_of=() chains=() cpu_ms=() wall_ms=()
jobs=() failures=() skips=() unrun=()
passed=0 failed=0 skipped=0 total_cpu_ms=0
running=0 used_memory=0 locked=''

# read_jobs HEADING: the table below a heading of CONTRIBUTING.md: job, after, lock, CPU s, MiB, what it runs.
read_jobs() {
    local name after lock cpu memory
    while IFS='|' read -r _ name after lock cpu memory _; do
        read -r name <<< "$name"
        jobs+=("$name")
        needs[$name]=$(xargs <<< "$after") locks[$name]=$(xargs <<< "$lock")
        budgets[$name]=$(xargs <<< "$cpu") memories[$name]=$(xargs <<< "$memory")
    done < <(awk -v heading="$1" '
        /^#/ { inside = $0 == heading }
        inside && /^\|/ && ++line > 2' CONTRIBUTING.md | tr -d '`')
    [ ${#jobs[@]} -gt 0 ] || { echo "test: CONTRIBUTING.md has no table below '$1'" >&2; exit 1; }
}

# select_jobs NAME...: leaves only these, and what they come after, in `jobs`.
select_jobs() {
    local -A wanted=()
    local todo=("$@") name
    while [ ${#todo[@]} -gt 0 ]; do
        name=${todo[0]} todo=("${todo[@]:1}")
        [ -z "${wanted[$name]:-}" ] || continue
        wanted[$name]=yes
        # shellcheck disable=SC2206
        todo+=(${needs[$name]})
    done
    todo=("${jobs[@]}") jobs=()
    for name in "${todo[@]}"; do [ -z "${wanted[$name]:-}" ] || jobs+=("$name"); done
}

# chain NAME: sets `chain` to the budget of the longest chain of jobs that begins with this one.
chain() {
    local name longest=0
    if [ -z "${chains[$1]:-}" ]; then
        for name in "${jobs[@]}"; do
            [[ " ${needs[$name]} " == *" $1 "* ]] || continue
            chain "$name"
            [ "$chain" -le "$longest" ] || longest=$chain
        done
        chains[$1]=$((longest + ${budgets[$1]:-0}))
    fi
    chain=${chains[$1]}
}

part() { printf '\n== %s (%s)\n' "$*" "$(date +%T)"; }
fail() { failed=$((failed + 1)) failures+=("$1"); echo "FAIL  $1"; }

# What the jobs may use together: what is available now, within the limit of this process's cgroup.
available_memory() {
    local limit used
    available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    if limit=$(cat /sys/fs/cgroup/memory.max 2> /dev/null) && [ "$limit" != max ]; then
        used=$(cat /sys/fs/cgroup/memory.current)
        limit=$(((limit - used) / 1048576))
        [ "$limit" -ge "$available" ] || available=$limit
    fi
}

# host_speed: sets `speed_ms`; never faster than the reference, so that a fast host keeps the same budgets.
host_speed() {
    speed_ms=$("$job_program" --calibrate)
    [ "$speed_ms" -ge "$reference_ms" ] || speed_ms=$reference_ms
}

# run_queue SLOTS: runs all of `jobs`.
run_queue() {
    local slots=$1 name process status clock queue=()
    # A pipe that says nothing: a read from it waits without starting a process.
    exec {clock}<> <(:)
    mapfile -t queue < <(for name in "${jobs[@]}"; do chain "$name"; printf '%d\t%s\n' "$chain" "$name"; done | sort -srn | cut -f 2)
    for name in "${queue[@]}"; do state[$name]=${state[$name]:-waiting}; done
    available_memory
    while :; do
        for name in "${queue[@]}"; do
            [ "$running" -lt "$slots" ] || break
            [ "${state[$name]}" != waiting ] || consider "$name"
        done
        [ "$running" -gt 0 ] || break
        # Not wait -n: bash forgets a child that ended while it was not waiting.
        read -rt 0.2 -u "$clock" || true
        end_if_interrupted
        for process in "${!name_of[@]}"; do
            kill -0 "$process" 2> /dev/null && continue
            status=0
            wait "$process" || status=$?
            finish "$process" "$status"
        done
    done
    exec {clock}>&-
}

# consider NAME: starts it if it can start now; one that never can is a failure.
consider() {
    local name=$1 other
    for other in ${needs[$name]}; do
        case ${state[$other]:-absent} in
            ok) ;;
            failed | absent) state[$name]=failed; unrun+=("$name, since $other failed or did not run"); return ;;
            *) return ;;
        esac
    done
    [ -z "${locks[$name]}" ] || [[ "$locked " != *" ${locks[$name]} "* ]] || return 0
    # What measures time runs with nothing beside it.
    [[ "$locked " != *' alone '* ]] && { [ "${locks[$name]}" != alone ] || [ "$running" = 0 ]; } || return 0
    if [ "${memories[$name]:-0}" -gt $((available - used_memory)) ]; then
        [ "$running" = 0 ] || return 0
        state[$name]=failed
        fail "$name: not run: it needs ${memories[$name]} MiB of memory, and $available MiB are available"
        return
    fi
    local limit=$((900 + 8 * ${budgets[$name]:-1200} * speed_ms / reference_ms))
    "$job_program" "$limit" "$logs/$name.usage" eng/jobs "$name" > "$logs/$name.log" 2>&1 &
    name_of[$!]=$name state[$name]=running running=$((running + 1)) used_memory=$((used_memory + ${memories[$name]:-0}))
    [ -z "${locks[$name]}" ] || locked+=" ${locks[$name]}"
    printf '...   %s (%(%T)T)\n' "$name" -1
}

# release_job PROCESS: what it held is free for others.
release_job() {
    name=${name_of[$1]}
    unset "name_of[$1]"
    running=$((running - 1)) used_memory=$((used_memory - ${memories[$name]:-0}))
    [ -z "${locks[$name]}" ] || locked=${locked/ ${locks[$name]}/}
}

# finish PROCESS STATUS
finish() {
    local name code wall=0 cpu=0 counts
    release_job "$1"
    code=$2
    # Killed, it wrote no line.
    [ ! -s "$logs/$name.usage" ] || read -r _ wall cpu < "$logs/$name.usage"
    wall_ms[$name]=$wall cpu_ms[$name]=$cpu total_cpu_ms=$((total_cpu_ms + cpu))
    count_log "$logs/$name.log"
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
    counts="$good passed, $bad failed, $left skipped; $((wall / 1000)) s, $((cpu / 1000)) CPU s of ${budgets[$name]:-any}"
    state[$name]=failed
    if [ "$code" != 0 ] || [ "$bad" != 0 ]; then
        echo "FAIL  $name: $counts"
        case $code in
            0) failures+=("$name: $logs/$name.log") ;;
            124) failures+=("$name did not end in time: $logs/$name.log") ;;
            *) failures+=("$name (exit code $code): $logs/$name.log") ;;
        esac
        [ "$bad" != 0 ] || failed=$((failed + 1))
        show_failures "$logs/$name.log"
    elif [ $((good + left)) = 0 ]; then
        fail "$name: it ended well and says of no test that it ran: $logs/$name.log"
    else
        state[$name]=ok
        echo "ok    $name: $counts"
        judge_cost "$name"
    fi
    while IFS= read -r line; do skips+=("$name: $line"); done < <(
        grep -aA 1 '\[SKIP\]' "$logs/$name.log" | sed 's/^ *//' | grep -v '^--$' | paste -d ' ' - -
        sed -n 's/^skip  //p' "$logs/$name.log")
}

# judge_cost NAME: fails a job that used a quarter more processor time than its budget.
judge_cost() {
    local budget=${budgets[$1]:-}
    [ -n "$budget" ] && [ "${cpu_ms[$1]}" -gt $((budget * 1250 * speed_ms / reference_ms)) ] || return 0
    # Processors shared with others are slower than when the run began.
    local before=$speed_ms
    host_speed
    [ "$speed_ms" -ge "$before" ] || speed_ms=$before
    [ "${cpu_ms[$1]}" -gt $((budget * 1250 * speed_ms / reference_ms)) ] || return 0
    fail "$1: $((cpu_ms[$1] / 1000)) CPU s, over its budget of $budget by more than a quarter (CONTRIBUTING.md; host at $((reference_ms * 100 / speed_ms)) %)"
}

# count_log FILE: sets good, bad, left. Summary lines of xunit's runner; lines "ok", "FAIL" and "skip" of scripts.
count_log() {
    read -r good bad left < <(awk '
        match($0, /Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+/) {
            split(substr($0, RSTART, RLENGTH), field, /[:,] */)
            good += field[2] - field[6] - field[8]; bad += field[4] + field[6]; left += field[8]
            if (field[2] == 0) bad++
        }
        /^ok    / { good++ } /^FAIL  / { bad++ } /^skip  / { left++ }
        END { print good + 0, bad + 0, left + 0 }' "$1")
}

show_failures() {
    if grep -aqE '\[FAIL\]|Cleanup Failure|^FAIL  ' "$1"; then
        grep -aE -A 25 '\[FAIL\]|Cleanup Failure|^FAIL  ' "$1" | sed -n '1,200s/^/      /p'
    else
        tail -n 40 "$1" | sed 's/^/      /'
    fi
}

# stop_jobs: ends what runs; eng/job.c ends all that a job has started.
stop_jobs() {
    local process
    [ ${#name_of[@]} -gt 0 ] || return 0
    kill -TERM "${!name_of[@]}" 2> /dev/null || true
    for process in "${!name_of[@]}"; do wait "$process" || true; done
}

# The result in numbers, and where the time went.
summary() {
    local line name
    part summary
    for line in ${skips[@]+"${skips[@]}"}; do echo "SKIPPED $line"; done
    for line in ${unrun[@]+"${unrun[@]}"}; do echo "NOT RUN $line"; done
    if [ ${#cpu_ms[@]} -gt 0 ]; then
        echo "the slowest jobs:"
        printf '    %8s %8s %8s  %s\n' seconds 'CPU s' budget job
        for name in "${!cpu_ms[@]}"; do
            printf '    %8d %8d %8s  %s\n' $((wall_ms[$name] / 1000)) $((cpu_ms[$name] / 1000)) "${budgets[$name]:--}" "$name"
        done | sort -rn > "$logs/jobs"
        head -n 10 "$logs/jobs"
    fi
    echo "$((SECONDS / 60)) min $((SECONDS % 60)) s, $((total_cpu_ms / 1000)) CPU s"
    for line in ${failures[@]+"${failures[@]}"}; do echo "FAILED  $line"; done
    echo "$passed passed, $failed failed, $skipped skipped"
}
