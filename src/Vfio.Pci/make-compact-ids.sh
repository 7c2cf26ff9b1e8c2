#!/bin/sh
# Makes pci.ids, the names built into the library, from the host's full file: all vendors, all classes, and the devices
# that people most often meet with VFIO. Run it after installing a newer pci.ids, look at the diff, and run the tests.
#
#   ./make-compact-ids.sh [FULL_FILE]        default /usr/share/misc/pci.ids (Debian: package pci.ids)
#
# The result is embedded as it is, not compressed. Measured 2026-11-22, .NET 10.0.12, 2 cores, medians of 21 processes, from
# the start of Main to the first name:
#               resource   ahead of time   with the JIT
#   as it is      126 KB          0.4 ms          14 ms
#   gzip           41 KB          1.2 ms          18 ms
#   brotli         35 KB          1.6 ms          19 ms, and 0.9 MB of decoder in an ahead-of-time binary
# A tool whose whole start takes 5 ms feels that; nobody feels 85 KB. The NuGet package is compressed anyway.
set -eu
export LC_ALL=C
full=${1:-/usr/share/misc/pci.ids}
compact=$(dirname "$0")/pci.ids
tab=$(printf '\t')
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# Devices to keep: a vendor, or * for all, and an awk pattern for the name. Laptop and sample parts are left out.
cat > "$work/rules" <<'RULES'
* NVMe|NVM Express|SSD|Optane
1002 Instinct|Radeon P[Rr][Oo]|Navi|Vega
1077 FastLinQ|QL4
10de \[(Tesla|GRID|Quadro RTX|RTX|A[0-9]|L[0-9]|H[0-9]|T[0-9]|PG|CMP)|NVSwitch|GeForce RTX
10ec RTL[89]
10ee Xilinx|Alveo|FPGA
1137 .
1172 .
1414 .
14e4 NetXtreme(-| II)|BCM57(17|18|19|20|25|62) |NetXtreme BCM577
15ad .
15b3 ConnectX|BlueField
1924 .
19e5 Hi1822|HNS|Virtual
1ae0 .
1af4 .
1b36 .
1d0f .
1d6a .
1dd8 .
8086 Ethernet (Adap|Conn|Contr|Net|Serv|Virt)|Network Conn|[Nn]et Adaptive|Virtual Function|QAT|QuickAssist Tech|Data Center GPU|FPGA|Volume Management
8088 .
RULES

# The rest of the devices that QEMU emulates (its hw/ folder): chipsets, disk, network, sound and display adapters.
cat > "$work/ids" <<'IDS'
1000 0012
1000 0060
1013 00b8
1022 2000
104c 8232
104c 8233
10ec 8029
10ec 8139
1274 5000
8086 100e
8086 1209
8086 1229
8086 1237
8086 2415
8086 244e
8086 2668
8086 2918
8086 2922
8086 2930
8086 2934
8086 2935
8086 2936
8086 293a
8086 293e
8086 29c0
8086 3420
8086 7000
8086 7010
8086 7020
8086 7110
8086 7113
IDS

# What the full file may lack. A name of the full file goes before one of these.
#   1234, 1b36   QEMU: docs/specs/{edu,standard-vga,pci-ids}.rst; 1b36:000e include/hw/pci/pci.h. 1234 is QEMU's by custom.
#   1af4:10xx    Virtual I/O Device (VIRTIO) 1.2, section 5 "Device Types": 1040h + device type (4.1.2.1)
sed "s/^\(....\) /\1$tab/; s/^\(.....[0-9a-f]\{0,4\}\)  /\1$tab/" > "$work/more" <<'MORE'
1234   QEMU
1234 1111  QEMU Standard VGA / Bochs display
1234 11e8  QEMU edu educational device
1af4 1054  Virtio 1.0 crypto
1af4 1057  Virtio 1.0 IOMMU
1af4 1058  Virtio 1.0 memory device
1af4 1059  Virtio 1.0 sound
1af4 105b  Virtio 1.0 persistent memory
1b36 000e  QEMU PCIe-to-PCI bridge
1b36 000f  mdpy display (mediated device sample)
1b36 0011  QEMU PVPanic device
1b36 0012  QEMU ACPI ERST device
MORE

# One line for each: vendor, device (empty for the vendor itself), name.
awk -v OFS='\t' -v work="$work" '
    BEGIN {
        while ((getline line < (work "/rules")) > 0) {
            vendor[++rules] = substr(line, 1, index(line, " ") - 1); pattern[rules] = substr(line, index(line, " ") + 1)
        }
        while ((getline line < (work "/ids")) > 0) wanted[line] = 1
    }
    /^C / { exit }
    /^[0-9a-f][0-9a-f][0-9a-f][0-9a-f] / { current = $1; print current, "", substr($0, 7); next }
    /^\t[0-9a-f][0-9a-f][0-9a-f][0-9a-f] / {
        keep = (current " " $1) in wanted
        for (i = 1; i <= rules && !keep; i++) keep = (vendor[i] == "*" || vendor[i] == current) && substr($0, 8) ~ pattern[i]
        if (keep && $0 !~ /Mobile|Max-Q|Engineering Sample/) print current, $1, substr($0, 8)
    }' "$full" > "$work/full"

# The years are those of Debian's copyright file for the package (/usr/share/doc/pci.ids/copyright); look there for newer ones.
{
    cat <<HEAD
# A selection of the PCI ID Project's pci.ids ($(sed -n 's/^#[[:space:]]*Version: *//p' "$full")), https://pci-ids.ucw.cz/,
# with a few additions of the Vfio project. Made by make-compact-ids.sh; not edited by hand.
#
# The PCI ID Project offers its file under the GNU General Public License (version 2 or higher) or the
# 3-clause BSD License. This selection is used and distributed under the latter:
#
# Copyright (c) 1997-2023 Martin Mares
# Copyright (c) 2015-2023 Albert Pool
#
# Redistribution and use in source and binary forms, with or without modification, are permitted provided
# that the following conditions are met:
#
# 1. Redistributions of source code must retain the above copyright notice, this list of conditions and the
#    following disclaimer.
# 2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and
#    the following disclaimer in the documentation and/or other materials provided with the distribution.
# 3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or
#    promote products derived from this software without specific prior written permission.
#
# THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED
# WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A
# PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR
# ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED
# TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION)
# HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING
# NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE
# POSSIBILITY OF SUCH DAMAGE.

HEAD
    # Stable by key, so that of two names for one id the full file's comes first and is kept.
    sort -s -t "$tab" -k 1,2 "$work/full" "$work/more" | awk -F '\t' '
        seen[$1 FS $2]++ { next }
        $2 == "" { print $1 "  " $3; next }
        { print "\t" $2 "  " $3 }'
    echo
    sed -n '/^C [0-9a-f]/,$ { /^#/d; /^$/d; p; }' "$full"
} > "$compact"

echo "$compact: $(grep -c '^[0-9a-f]' "$compact") vendors, $(sed '/^C /,$d' "$compact" | grep -c "^$tab") devices," \
    "$(wc -c < "$compact") bytes, $(gzip -9 < "$compact" | wc -c) with gzip -9"
