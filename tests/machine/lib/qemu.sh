# QEMU's arguments apart from the devices, and the channels between the guest and the host.
# shellcheck shell=bash

# What a run writes at least, besides its copy of the first root file system: settings, logs, the command's output.
work_space_kib=$((32 * 1024))

# need_space WORK INITRAMFS: on a full disk the machine would stand still where it writes its output.
need_space() {
    local needed available
    needed=$((work_space_kib + $(stat -c %s "$2") / 1024))
    available=$(df --output=avail -k "$1" | tail -n 1)
    [ "$available" -ge "$needed" ] ||
        die "${TMPDIR:-/tmp} has $((available / 1024)) MiB left, a machine needs $((needed / 1024)) MiB (TMPDIR names another folder)"
}

# write_initrd WORK INITRAMFS
write_initrd() {
    (cd "$1" && printf 'settings\njob\n' | cpio --quiet -o -H newc -R 0:0) 2> /dev/null | cat "$2" - > "$1/initrd" 2> /dev/null ||
        die "cannot write $1/initrd: is ${TMPDIR:-/tmp} full?"
}

# qemu_command WORK: turns the devices in the array `qemu` into the whole command.
qemu_command() {
    local work=$1 accelerator=tcg,thread=multi arguments devices=("${qemu[@]}") channel
    # The node alone says little: it is also there where the processor offers nothing.
    if [ -r /dev/kvm ] && [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then accelerator=kvm; fi
    # Nodes nobody uses take time to make: ptys of old, loop devices, serial ports.
    # On a busy host the emulated timer can be too late for the kernel's check of it, which ends in a panic.
    arguments="console=ttyS0 quiet panic=-1 no_timer_check lsm=lockdown pty.legacy_count=0 loop.max_loop=0 8250.nr_uarts=1"
    case $iommu in intel*) arguments+=" intel_iommu=on,sm_on" ;; esac

    qemu=(
        "$qemu_program" -name machine -machine 'q35,kernel-irqchip=split,smm=off' -accel "$accelerator" -cpu max
        -smp "$cpus" -m "$memory" -nodefaults -no-user-config -no-reboot -display none
        -kernel "$kernel_image" -initrd "$work/initrd" -append "$arguments$append"
        "${devices[@]}"
        -fsdev 'local,id=host,path=/,security_model=none,multidevs=remap,readonly=on'
        -device 'virtio-9p-pci,fsdev=host,mount_tag=host,addr=1e.0,multifunction=on'
        # How the guest turns itself off without waiting for its drivers.
        -device 'isa-debug-exit,iobase=0xf4,iosize=0x04'
        -chardev "file,id=console,path=$work/console.log" -serial chardev:console
        # Without ioeventfd a write is in its file when it returns, so nothing is lost when the machine goes off.
        -device 'virtio-serial-pci,id=channels,ioeventfd=off,addr=1d.0'
        # A socket with QEMU at both ends: the monitor speaks, the guest's port listens.
        -chardev "socket,id=qmp-guest,path=$work/qmp,server=on,wait=off"
        -device 'virtserialport,nr=4,chardev=qmp-guest,name=qmp'
        -chardev "socket,id=qmp-monitor,path=$work/qmp" -mon 'chardev=qmp-monitor,mode=control'
    )
    local number=1
    for channel in status stdout stderr; do
        : > "$work/$channel"
        qemu+=(-chardev "file,id=$channel,path=$work/$channel"
            -device "virtserialport,nr=$number,chardev=$channel,name=$channel")
        number=$((number + 1))
    done
    # Next to the host's files, so that no IOMMU group gets another number.
    if [ -n "$results" ]; then
        qemu+=(-fsdev "local,id=results,path=$results,security_model=none,multidevs=remap"
            -device 'virtio-9p-pci,fsdev=results,mount_tag=results,addr=1e.1')
    fi
    if [ -n "$interactive" ]; then
        qemu+=(-chardev 'stdio,id=terminal,signal=off' -device 'virtconsole,nr=0,chardev=terminal')
    fi
}
