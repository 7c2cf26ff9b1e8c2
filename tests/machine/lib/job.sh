# What is handed to the guest: settings for its stages, and the job, a script that sets the environment and becomes
# the command.
# shellcheck shell=bash

# write_settings DIR
write_settings() {
    local parents=() path
    # Every directory on the way to the checkout, the caller's directory, its home and the SDK.
    for path in "$machine_dir" "$PWD" "${HOME:-/}" "${DOTNET_ROOT:-/}"; do
        path=$(realpath -m "$path")
        while [ "$path" != / ]; do
            parents+=("/newroot$path")
            path=$(dirname "$path")
        done
    done
    {
        printf '%s=%q\n' KERNEL_VERSION "$kernel_version" KERNEL_TREE "$(realpath "$kernel_tree")" \
            RESULTS "$results" INTERACTIVE "$interactive" COLD "$cold" NICS "${nics[*]}" DISKS "${disks[*]}"
        printf 'OPEN_DIRS=%q\n' "$(printf '%s\n' "${parents[@]}" | sort -u | tr '\n' ' ')"
    } > "$1/settings"
}

# write_job DIR
write_job() {
    local name pair
    {
        printf 'export PATH=%q HOME=%q USER=root LOGNAME=root SHELL=/bin/bash TERM=%q\n' \
            "$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "${HOME:-/root}" "${TERM:-dumb}"
        printf 'unset PWD OLDPWD SHLVL\n'
        for name in $(compgen -e | grep -E '^(DOTNET_|NUGET_|LANG$|LC_|NO_COLOR$|VFIO_|MACHINE_)' || true); do
            printf 'export %s=%q\n' "$name" "${!name}"
        done
        printf 'export MACHINE=1 MACHINE_LACKS=%q MACHINE_KERNEL=%q MACHINE_RESULTS=%q MACHINE_SUDO=%q\n' \
            "${lacks[*]}" "$kernel_kind" "$results" "$([ ! -d "$cache_dir/sudo" ] || echo "$cache_dir/sudo")"
        for pair in ${environment[@]+"${environment[@]}"}; do
            printf 'export %s=%q\n' "${pair%%=*}" "${pair#*=}"
        done
        # The shell falls back to / when the caller's directory is one the host alone has, such as one in /run.
        printf 'cd %q || cd /\n' "$PWD"
        if [ -n "$interactive" ]; then
            write_prompt
        else
            printf 'exec'
            printf ' %q' "${command[@]}"
            printf '\n'
        fi
    } > "$1/job"
}

# What a person sees first.
write_prompt() {
    local rows columns
    read -r rows columns < <(stty size)
    cat <<END
stty rows $rows columns $columns
export PS1='machine:\w# '
echo
echo 'Try: lspci -nnk; modprobe vfio-pci; ls /sys/kernel/iommu_groups/*/devices; $machine_dir/qmp hmp "info pci"'
echo 'The host is safe: its files cannot be written from here. Leave with exit or Ctrl-D.'
exec bash --norc -i
END
}
