# Which kernel the machine boots. choose_kernel stock|chosen [SERIES] sets
#   kernel_image    the bzImage
#   kernel_tree     a directory with lib/modules/VERSION
#   kernel_version  what uname -r says inside
#   kernel_kind     stock, prebuilt or built
# shellcheck shell=bash

choose_kernel() {
    if [ "$1" = stock ]; then
        kernel_kind=stock
        kernel_tree=$("$machine_dir/kernel/stock" ${2:+"$2"}) || die "Debian's own kernel cannot be had"
        kernel_image=$(echo "$kernel_tree"/boot/vmlinuz-*)
    elif [ -n "${VFIO_MACHINE_DIR:-}" ]; then
        kernel_kind=prebuilt
        use_prebuilt "$VFIO_MACHINE_DIR"
    else
        kernel_kind=built
        kernel_tree=$("$machine_dir/kernel/build") || die "the machine's kernel cannot be built"
        kernel_image=$kernel_tree/bzImage
    fi
    kernel_version=$(basename "$kernel_tree"/lib/modules/*)
}

# A kernel from elsewhere: a bzImage-VERSION and its modules-VERSION.tar.xz.
use_prebuilt() {
    local dir=$1 image version modules key
    [ -d "$dir" ] || die "VFIO_MACHINE_DIR: $dir is not a directory"
    image=$(find "$dir" -maxdepth 1 -name 'bzImage-*' | sort -V | tail -n 1)
    [ -n "$image" ] || die "VFIO_MACHINE_DIR: $dir has no bzImage-VERSION"
    # "HdrS" at 0x202 is what a boot loader looks for.
    [ "$(dd if="$image" bs=1 skip=514 count=4 status=none 2> /dev/null)" = HdrS ] ||
        die "VFIO_MACHINE_DIR: $image is not a readable kernel image"
    version=${image##*/bzImage-}
    modules=$dir/modules-$version.tar.xz
    [ -r "$modules" ] || die "VFIO_MACHINE_DIR: $modules is not there or not readable"
    key=$(printf '%s %s' "$(stat -L -c '%s %Y' "$modules")" "$(realpath "$modules")" | sha256sum)
    kernel_tree=$cache_dir/prebuilt/$version-${key:0:12}
    kernel_image=$image
    [ -d "$kernel_tree" ] || with_lock prebuilt unpack_modules "$modules" "$kernel_tree"
}

unpack_modules() {
    local modules=$1 tree=$2
    [ ! -d "$tree" ] || return 0
    rm -rf "$tree.new"
    mkdir -p "$tree.new"
    tar -xJf "$modules" -C "$tree.new" --no-same-owner || die "VFIO_MACHINE_DIR: cannot unpack $modules"
    [ "$(find "$tree.new/lib/modules" -mindepth 1 -maxdepth 1 -type d | wc -l)" -eq 1 ] ||
        die "VFIO_MACHINE_DIR: $modules does not hold one lib/modules/VERSION"
    # Archives differ in which of the index files they carry; depmod makes them all.
    depmod -b "$tree.new" "$(basename "$tree.new"/lib/modules/*)"
    mv "$tree.new" "$tree"
}

# modules_for NAME...: the files of these modules and of what they need, in the order to load them, each once.
# Names that are not modules are built in, or absent, which the machine notices when the device is not bound.
modules_for() {
    local base=$kernel_tree/lib/modules/$kernel_version
    awk -v base="$base" -v wanted="$*" '
        function plain(path) { sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path); return path }
        { file = $1; sub(/:$/, "", file); line[plain(file)] = $0 }
        END {
            count = split(wanted, names, " ")
            for (i = 1; i <= count; i++) {
                if (!(names[i] in line)) continue
                fields = split(line[names[i]], field, " ")
                sub(/:$/, "", field[1])
                # Dependencies come after the module, the ones needed first last.
                for (j = fields; j >= 1; j--) if (!seen[field[j]]++) print base "/" field[j]
            }
        }' "$base/modules.dep"
}
