#!/bin/bash
# Runs every test: builds, unit, ABI, tool, package, then the QEMU machine. Prints each skip with its reason at the end.
#
#   ./test.sh            everything, in about an hour
#   ./test.sh --quick    without the machine and the template, for work in between
#   ./test.sh --soak     everything, and what takes longer
#
# VFIO_MACHINE_DIR  a directory with a kernel for the machine (docs/machine.md); else the project builds one
# VFIO_UAPI_DIR     a directory with linux/vfio.h, to judge the ABI against; else the system's headers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

machine=yes
template=yes
soak=
case ${1:-} in
    '') ;;
    --quick) machine='' template='' ;;
    --soak) soak=yes ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit ;;
    *) echo "test: '$1' is no option; see ./test.sh --help" >&2; exit 2 ;;
esac

logs=artifacts/logs
mkdir -p "$logs"
rm -f "$logs"/*.log
passed=0 failed=0 skipped=0
skips=()
failures=()

part() { printf '\n== %s (%s)\n' "$*" "$(date +%T)"; }

# check NAME CMD…: one thing that must work; its output is shown when it does not.
check() {
    local log="$logs/$1.log" code=0
    "${@:2}" > "$log" 2>&1 || code=$?
    if [ "$code" = 0 ]; then
        passed=$((passed + 1))
        echo "ok    $1"
    else
        failed=$((failed + 1))
        failures+=("$1 (exit code $code): $log")
        echo "FAIL  $1"
        tail -n 40 "$log"
    fi
}

# xunit NAME CMD…: a run of xunit's own runner; its summary line is counted.
xunit() {
    local log="$logs/$1.log" code=0 summary
    "${@:2}" > "$log" 2>&1 || code=$?
    summary=$(grep -a 'Total: [0-9]*, Errors:' "$log" | tail -n 1 || true)
    if [ -z "$summary" ]; then
        failed=$((failed + 1))
        failures+=("$1 did not run (exit code $code): $log")
        echo "FAIL  $1 did not run"
        tail -n 40 "$log"
        return
    fi
    local total errors bad skip
    read -r total errors bad skip < <(sed 's/.*Total: \([0-9]*\), Errors: \([0-9]*\), Failed: \([0-9]*\), Skipped: \([0-9]*\).*/\1 \2 \3 \4/' <<< "$summary")
    passed=$((passed + total - bad - skip)) failed=$((failed + bad + errors)) skipped=$((skipped + skip))
    echo "$([ "$code" = 0 ] && echo 'ok   ' || echo 'FAIL ') $1: $((total - bad - skip)) passed, $((bad + errors)) failed, $skip skipped, ${summary##*Time: }"
    if [ "$code" != 0 ]; then
        failures+=("$1: $log")
        grep -aA 25 '\[FAIL\]' "$log" | head -n 200 || tail -n 40 "$log"
        [ $((bad + errors)) -gt 0 ] || failed=$((failed + 1))
    fi
    while IFS= read -r line; do skips+=("$1: $line"); done < <(grep -aA 1 '\[SKIP\]' "$log" | sed 's/^ *//' | grep -v '^--$' | paste -d ' ' - - || true)
}

# Says how it went, also when a step ended the run early.
summary() {
    part "summary"
    for line in ${skips[@]+"${skips[@]}"}; do echo "SKIPPED $line"; done
    for line in ${failures[@]+"${failures[@]}"}; do echo "FAILED  $line"; done
    echo "$passed passed, $failed failed, $skipped skipped"
}
stop() {
    failed=$((failed + 1))
    failures+=("$1")
    summary
    exit 1
}

part "set-up"
eng/setup || stop "set-up"
if [ -n "$machine" ] && ! eng/setup --machine; then
    # The rest is worth running; but a machine that cannot be had is not a test that passed.
    machine=
    failed=$((failed + 1))
    failures+=("machine: its packages are missing; the line above installs them, or leave it out with --quick")
fi

part "build (warnings and style are errors)"
dotnet build Vfio.slnx -nologo -v quiet -clp:NoSummary || stop "build"
passed=$((passed + 1))

part "tests without a device"
# Started by nohup or in the background, these signals are ignored, and by every child too; some tests send them.
run() { env --default-signal=HUP,INT,QUIT "tests/$1/bin/Debug/net10.0/$1" -noLogo -noColor; }
for project in Vfio.Tests Vfio.Abi.Tests Vfio.Emulation.Tests Vfio.Drivers.Tests Vfio.Cli.Tests; do xunit "$project" run "$project"; done
# Built for the machine as well, hence a folder deeper. The kernel's backends have their turn there.
xunit Vfio.Conformance.Tests tests/Vfio.Conformance.Tests/bin/Debug/net10.0/linux-x64/Vfio.Conformance.Tests -noLogo -noColor -trait- Backend=kernel
xunit MyFirstDevice samples/MyFirstDevice/bin/Debug/net10.0/MyFirstDevice -noLogo -noColor
check dma-copy-on-the-model samples/DmaCopy/bin/Debug/net10.0/DmaCopy
check dma-copy-is-told grep -q '^edu through in-process: 4096 bytes .*, the same$' "$logs/dma-copy-on-the-model.log"
check wait-interrupt-on-the-model samples/WaitInterrupt/bin/Debug/net10.0/WaitInterrupt
check wait-interrupt-is-told grep -qx 'and awaited: 1 interrupt, 12! = 479001600' "$logs/wait-interrupt-on-the-model.log"
check my-first-device-is-short test "$(cat samples/MyFirstDevice/*.cs | wc -l)" -lt 100
check guide eng/check-guide
if [ "$(uname -m)" = x86_64 ]; then
    check disassembly benchmarks/disassembly
else
    skips+=("disassembly: only the code for x86-64 can be judged, not for $(uname -m)")
    skipped=$((skipped + 1))
fi

part "demo, on a device in software"
check demo ./demo.sh
check demo-reads-the-device grep -qx 'BAR0 first dword: 0x010000ed' "$logs/demo.log"

part "packages"
check packages eng/check-packages
if [ -n "$template" ]; then
    check template eng/check-template
else
    skips+=("template: left out, by --quick")
    skipped=$((skipped + 1))
fi

if [ -n "$machine" ]; then
    part "ahead of time, and the machine's tests"
    eng/publish || stop "ahead-of-time build"
    dotnet publish tests/Vfio.Machine.Tests -o artifacts/machine-tests -v quiet -nologo || stop "build of the machine's tests"
    dotnet publish tests/Vfio.Conformance.Tests -o artifacts/conformance-tests -v quiet -nologo || stop "build of the conformance tests"
    check readme eng/check-readme
    if [ "$(uname -m)" = x86_64 ]; then
        check guard-ahead-of-time artifacts/guard/Vfio.Guard
        check guard-is-ahead-of-time grep -qx 'compiled ahead of time' "$logs/guard-ahead-of-time.log"
    else
        skips+=("guard-ahead-of-time: its code is for x86-64, not for $(uname -m)")
        skipped=$((skipped + 1))
    fi

    # inside NAME [OPTION…] -- ARGUMENT…: the machine's tests, in a machine started with these options.
    inside() {
        local name=$1 options=()
        shift
        while [ "$1" != -- ]; do options+=("$1"); shift; done
        shift
        xunit "$name" tests/machine/run "${options[@]}" --timeout 2000 \
            --env VFIO_TOOL="$PWD/artifacts/vfio/vfio" --env VFIO_SAMPLE="$PWD/artifacts/ReadBar0/ReadBar0" \
            --env VFIO_READBAR0="$PWD/artifacts/readbar0" --env VFIO_QMP="$PWD/tests/machine/qmp" \
            --env VFIO_TUTORIAL="$PWD/docs/tutorial.md" \
            -- artifacts/machine-tests/Vfio.Machine.Tests -noLogo -noColor "$@"
    }

    part "the machine"
    check machine-selftest tests/machine/selftest
    check machine-doctor env VFIO_TOOL="$PWD/artifacts/vfio/vfio" tests/machine/doctor
    inside machine -- -trait- Machine=no-iommu -trait- Machine=surprise
    inside machine-surprise -- -trait Machine=surprise
    inside machine-without-iommu --no-iommu -- -trait Machine=no-iommu
    # conformance NAME [OPTION…] -- ARGUMENT…: the same contract, on the kernel's backends.
    conformance() {
        local name=$1 options=()
        shift
        while [ "$1" != -- ]; do options+=("$1"); shift; done
        shift
        # A gibibyte of small pages, and one in one piece, which is to be had at the start only.
        xunit "$name" tests/machine/run "${options[@]}" --memory 4G --append 'hugepagesz=1G hugepages=1' --timeout 3000 --env VFIO_QMP="$PWD/tests/machine/qmp" \
            -- artifacts/conformance-tests/Vfio.Conformance.Tests -noLogo -noColor "$@"
    }
    conformance conformance -- -trait- Backend=noiommu
    conformance conformance-without-iommu --no-iommu -- -trait Backend=noiommu
    check dma-copy-on-edu tests/machine/run -- artifacts/DmaCopy/DmaCopy 0000:00:03.0
    check dma-copy-copies grep -q '^0000:00:03.0 through iommufd: 4096 bytes .*, the same$' "$logs/dma-copy-on-edu.log"
    check dma-copy-tells-the-fault grep -q '^and what it may not do: 0000:00:03.0 may not write 0x' "$logs/dma-copy-on-edu.log"
    check wait-interrupt-on-edu tests/machine/run -- artifacts/WaitInterrupt/WaitInterrupt 0000:00:03.0
    check wait-interrupt-comes grep -qx '0000:00:03.0 through iommufd: 1 interrupt, 10! = 3628800' "$logs/wait-interrupt-on-edu.log"
    check reboot tests/machine/reboot artifacts/vfio/vfio
    check template-on-edu tests/machine/run -- eng/check-template-machine
    check readme-program tests/machine/run -- artifacts/readme/Readme
    check demo-machine ./demo.sh --machine
    check demo-machine-ends-with-the-dword grep -qx 'BAR0 first dword: 0x[0-9a-f]\{8\}' <(tail -n 1 "$logs/demo-machine.log")
    if [ -n "$soak" ]; then
        part "soak"
        xunit hostile-driver env VFIO_SOAK=1 tests/Vfio.Emulation.Tests/bin/Debug/net10.0/Vfio.Emulation.Tests -noLogo -noColor \
            -class Vfio.Emulation.Tests.HostileDriverTests
        for round in 1 2 3; do inside "machine-again-$round" -- -trait- Machine=no-iommu -trait- Machine=surprise -class Vfio.Machine.Tests.FaultTests -class Vfio.Machine.Tests.BindTests; done
        inside machine-stock --stock -- -trait- Machine=no-iommu -class Vfio.Machine.Tests.StoryTests -class Vfio.Machine.Tests.RefusalTests
        for stock in --stock --stock=6.12; do conformance "conformance$stock" "$stock" -- -trait- Backend=noiommu; done
        check budgets benchmarks/tool
        check budgets-registers benchmarks/run
        check budgets-dma benchmarks/dma
        check budgets-interrupts benchmarks/interrupts
        check budgets-binding benchmarks/binding
    fi
else
    skips+=("machine: left out, by --quick or for missing packages")
    skipped=$((skipped + 1))
fi

summary
[ "$failed" = 0 ]
