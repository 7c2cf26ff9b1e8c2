# The machine's devices, each at a fixed address: docs/machine.md has the table, selftest checks it.
# add_devices appends to the array `qemu` and sets `lacks`, `nics` and `disks`.
# shellcheck shell=bash

# Does this QEMU have the device model NAME? Asking takes a tenth of a second, so the answer is kept.
qemu_has() {
    local list
    list=$cache_dir/qemu-devices-$(stat -L -c '%s-%Y' "$(command -v "$qemu_program")")
    if [ ! -s "$list" ]; then
        mkdir -p "$cache_dir"
        "$qemu_program" -device help > "$list.$$" 2> /dev/null
        mv "$list.$$" "$list"
    fi
    grep -q "^name \"$1\"" "$list"
}

add_devices() {
    local iommu=$1 work=$2 disk
    lacks=()
    # What the machine waits for before it runs the command.
    nics=(0000:00:08.0 0000:00:09.0 0000:00:14.3)
    disks=(0000:00:06.0 0000:00:07.0)
    # For a sound card of --device, which names it: --device intel-hda --device hda-duplex,audiodev=silent.
    qemu+=(-audiodev none,id=silent)
    # The boot display stays the first on the bus, as the firmware looks for it.
    qemu+=(
        -device VGA,id=vga,addr=01.0
        -device bochs-display,id=bochs,addr=02.0
        -device edu,id=edu0,addr=03.0
        -device pci-testdev,id=testdev,addr=04.0
        -object "memory-backend-ram,id=ivshmem-memory,size=4M,share=on"
        -device ivshmem-plain,id=ivshmem,memdev=ivshmem-memory,addr=05.0
    )
    for disk in 0 1; do
        truncate -s 256M "$work/nvme$disk.img"
        qemu+=(
            -drive "if=none,id=disk$disk,file=$work/nvme$disk.img,format=raw,cache=unsafe"
            -device "nvme,id=nvme$disk,drive=disk$disk,serial=machine-nvme$disk,addr=0$((6 + disk)).0"
        )
    done
    # Three NICs on one hub: what one sends, the other two receive. No boot ROMs: the firmware would run them.
    qemu+=(
        -netdev hubport,id=hub0,hubid=0 -netdev hubport,id=hub1,hubid=0 -netdev hubport,id=hub2,hubid=0
        -device virtio-net-pci,id=nic0,netdev=hub0,mac=52:54:00:00:00:10,romfile=,iommu_platform=on,disable-legacy=on,ats=on,addr=08.0
        -device e1000e,id=nic1,netdev=hub1,mac=52:54:00:00:00:11,romfile=,addr=09.0
    )
    # igb behind a root port, so that its VFs get bus numbers of their own.
    qemu+=(-device pcie-root-port,id=port0,chassis=1,slot=101,addr=10.0)
    if qemu_has igb; then
        qemu+=(
            -netdev hubport,id=igb-net,hubid=1
            -device igb,id=igb0,bus=port0,netdev=igb-net,mac=52:54:00:00:00:20,romfile=
        )
        nics+=(0000:01:00.0)
    else
        lacks+=(igb)
        say "no igb: $("$qemu_program" --version | head -n 1) does not have it (8.0 and later do)"
    fi
    # Function 3 next to an empty root port: the port isolates (ACS), so the NIC has its IOMMU group for itself.
    qemu+=(
        -device pcie-root-port,id=hotplug0,chassis=2,slot=102,addr=14.0,multifunction=on
        -device e1000e,id=nic2,netdev=hub2,mac=52:54:00:00:00:12,romfile=,addr=14.3
    )
    # A conventional bridge does not tell its devices apart: both are in one group. QEMU's virtio-iommu refuses the name that
    # such a bridge gives their requests, and Linux then gives the whole IOMMU up.
    if [ "$iommu" != virtio ]; then
        qemu+=(
            -device pcie-pci-bridge,id=bridge0,addr=1c.0
            -device edu,id=edu1,bus=bridge0,addr=01.0
            -netdev hubport,id=bridge-net,hubid=2
            -device virtio-net-pci,id=nic3,bus=bridge0,netdev=bridge-net,mac=52:54:00:00:00:13,romfile=,iommu_platform=on,disable-legacy=on,addr=02.0
        )
        nics+=(0000:03:02.0)
    fi
    # First in the list: QEMU wants to know the IOMMU before the devices behind it.
    case $iommu in
        intel) qemu=(-device intel-iommu,intremap=on,caching-mode=on,device-iotlb=on "${qemu[@]}") ;;
        intel-no-remap) qemu=(-device intel-iommu,intremap=off,caching-mode=on,device-iotlb=on "${qemu[@]}") ;;
        # It is behind no IOMMU itself, and so has no group.
        virtio) qemu=(-device virtio-iommu-pci,addr=1b.0 "${qemu[@]}") ;;
    esac
}
