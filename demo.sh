#!/bin/bash
# Plays the project's story: a device is inspected, bound, read, used and released. Each step is shown with its command and
# its real output.
#
#   ./demo.sh            on a device in software: needs the .NET SDK and nothing else, no root, and takes seconds
#   ./demo.sh --machine  on a network card, in a QEMU machine with a real kernel; installs what the machine needs when root
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
card=0000:00:14.3

# What the tool is built of; global.json says with what.
sources=(src global.json Directory.{Build,Packages}.props Directory.Build.targets)

model() {
    local said stamp=artifacts/demo.stamp program=src/Vfio.Cli/bin/Release/net10.0/Vfio.Cli.dll
    if [ -e "$program" ] && eng/sources "$stamp" "${sources[@]}"; then exec dotnet "$program" demo; fi
    if ! said=$(dotnet --version 2>&1); then
        echo "$said" >&2
        fail "no .NET SDK that works here: install .NET 10 (https://dot.net)"
    fi
    echo "building the tool…"
    mkdir -p artifacts
    eng/sources --list "${sources[@]}" > "$stamp.new"
    if ! said=$(dotnet build src/Vfio.Cli -c Release -nologo -v quiet 2>&1); then
        echo "$said" >&2
        fail "the build failed; what it needs from NuGet may be out of reach"
    fi
    mv "$stamp.new" "$stamp"
    echo
    exec dotnet "$program" demo
}

outside() {
    eng/setup --machine
    echo "building the tool ahead of time…"
    eng/publish
    echo "starting the machine…"
    exec tests/machine/run -- ./demo.sh --inside
}

say() { printf '\n# %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }
fail() { echo "demo: $*" >&2; exit 1; }
driver() { basename "$(readlink "/sys/bus/pci/devices/$card/driver" || echo none)"; }
interface() { ls "/sys/bus/pci/devices/$card/net" 2> /dev/null || echo none; }

inside() {
    PATH=$PWD/artifacts/vfio:$PATH
    local before
    before="$(driver) $(interface)"

    say "The network devices, as an ordinary lspci would not show them: with driver, IOMMU group, and whether they can be bound."
    show vfio list --class net

    say "What binding $card would do to this host. Nothing is changed yet."
    show vfio bind --dry-run "$card"

    say "Bind it instead of its driver ($(driver), interface $(interface)). The kernel's vfio-pci is loaded if necessary."
    show vfio bind "$card"
    [ "$(driver)" = vfio-pci ] || fail "$card is with $(driver) now"
    show vfio status

    say "Read its first register, through container, group and device, as a shell sees it."
    show vfio read "$card" bar0+0
    local dword
    dword=$(vfio read "$card" bar0+0)

    say "The same from C#: samples/ReadBar0, mapped and through the file descriptor."
    show artifacts/ReadBar0/ReadBar0 "$card"
    artifacts/ReadBar0/ReadBar0 "$card" | grep -q "^mapped: $dword" || fail "the sample read something else than $dword"

    say "Release it."
    show vfio release "$card"
    show vfio status
    [ "$(driver) $(interface)" = "$before" ] || fail "$card came back as $(driver) $(interface), not as $before"
    printf '\n%s is with %s again, its interface %s is back.\n' "$card" $before
    echo "BAR0 first dword: $dword"
}

case ${1:-} in
    '') model ;;
    --machine) outside ;;
    --inside) inside ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0" ;;
    *) echo "demo: '$1' is no option; see ./demo.sh --help" >&2; exit 2 ;;
esac
