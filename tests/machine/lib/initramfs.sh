# The first root file system: busybox, the stages of guest/, and the modules that drive the machine's devices.
# shellcheck shell=bash

# What drives the root file system and the channels to the host, then what drives the devices: three chains that are
# loaded side by side, because drivers mostly wait for their devices.
early_modules=(virtio_pci virtio_console 9pnet_virtio 9p overlay)
net_modules=(virtio_net e1000e igb)
disk_modules=(nvme)
display_modules=(bochs)

# make_initramfs: prints the path of a cached archive for the kernel chosen.
make_initramfs() {
    local busybox key archive
    busybox=$(command -v busybox)
    key=$({
        printf '%s ' "$kernel_tree" "$(stat -L -c '%Y %s' "$busybox" "$cache_dir/tools" "$kernel_tree/lib/modules/$kernel_version")"
        cat "$machine_dir"/guest/* "${BASH_SOURCE[0]}"
    } | sha256sum)
    archive=$cache_dir/initramfs/${key:0:24}.cpio
    [ -f "$archive" ] || with_lock initramfs build_initramfs "$archive" "$busybox"
    printf '%s' "$archive"
}

build_initramfs() {
    local archive=$1 busybox=$2 tree applet
    tree=$(mktemp -d "$cache_dir/initramfs.XXXXXX" 2> /dev/null) || die "cannot make a folder in $cache_dir"
    mkdir -p "$tree"/{bin,dev,proc,sys,host,layer,newroot,modules} "$cache_dir/initramfs"
    cp "$busybox" "$tree/bin/busybox"
    for applet in sh mount umount mkdir insmod cp cat ln sleep switch_root hostname chmod chown grep rm; do
        ln -s busybox "$tree/bin/$applet"
    done
    cp "$machine_dir/guest/init" "$machine_dir/guest/main" "$tree/"
    chmod 755 "$tree/init" "$tree/main"
    # Links suffice: what they point to is seen inside as well.
    cp -as "$cache_dir/tools" "$tree/tools"
    add_modules "$tree/modules/early" "${early_modules[@]}"
    add_modules "$tree/modules/net" "${net_modules[@]}"
    add_modules "$tree/modules/disk" "${disk_modules[@]}"
    add_modules "$tree/modules/display" "${display_modules[@]}"
    # Whatever the caller's umask: the machine's ordinary user walks these directories.
    chmod -R a+rX "$tree"
    # Not compressed: unpacking costs an emulated CPU more than copying.
    # Half an archive must not be kept: every later machine would fail with it.
    (cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) > "$archive.new" 2> /dev/null || {
        rm -rf "$tree" "$archive.new"
        die "cannot write $archive: is the disk of $cache_dir full?"
    }
    rm -rf "$tree"
    # Archives for kernels and scripts of before are of no more use.
    find "$cache_dir/initramfs" -name '*.cpio' -mtime +7 -delete
    mv "$archive.new" "$archive"
}

add_modules() {
    local dir=$1 number=100 file
    shift
    mkdir -p "$dir"
    modules_for "$@" | while read -r file; do
        number=$((number + 1))
        case $file in
            *.ko) cp "$file" "$dir/$number.ko" ;;
            *.ko.xz) xz -dc "$file" > "$dir/$number.ko" ;;
            *.ko.zst) zstd -qdc "$file" > "$dir/$number.ko" ;;
            *) die "cannot read the module $file" ;;
        esac
    done
}
