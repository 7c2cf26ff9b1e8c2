using Vfio.Pci;

namespace Vfio.Drivers.Net;

// Intel 82574 GbE Controller Family Datasheet 3.4, chapter 10; the comment above each table names its section.
/// <summary>Registers of reception and transmission.</summary>
internal static partial class Intel82574Map
{
    // Section 10.2.5: reception.
    private static RegisterDescription[] Reception =>
    [
        new("RCTL", 0x100, 4, "Receive control", RegisterAccess.ReadWrite, Intel82574ReceiveControl.Fields),
        new("FCRTL", 0x2160, 4, "Flow control receive threshold, low", RegisterAccess.ReadWrite,
        [
            new("RTL", 3, 13, "8-byte units below which XON is sent"),
            new("XONE", 31, 1, "XON frames are sent"),
        ]),
        new("FCRTH", 0x2168, 4, "Flow control receive threshold, high", RegisterAccess.ReadWrite,
        [
            new("RTH", 3, 13, "8-byte units above which XOFF is sent"),
        ]),
        new("PSRCTL", 0x2170, 4, "Packet split receive control", RegisterAccess.ReadWrite,
        [
            new("BSIZE0", 0, 7, "Buffer 0, in units of 128 bytes"),
            new("BSIZE1", 8, 6, "Buffer 1, in KiB"),
            new("BSIZE2", 16, 6, "Buffer 2, in KiB"),
            new("BSIZE3", 24, 6, "Buffer 3, in KiB"),
        ]),
        new("RDFH", 0x2410, 4, "Receive data FIFO head"),
        new("RDFT", 0x2418, 4, "Receive data FIFO tail"),
        new("RDFHS", 0x2420, 4, "Receive data FIFO head, saved"),
        new("RDFTS", 0x2428, 4, "Receive data FIFO tail, saved"),
        new("RDFPC", 0x2430, 4, "Receive data FIFO packet count"),
        new("RDBAL0", 0x2800, 4, "Receive ring 0: address, low"),
        new("RDBAH0", 0x2804, 4, "Receive ring 0: address, high"),
        new("RDLEN0", 0x2808, 4, "Receive ring 0: bytes", RegisterAccess.ReadWrite,
        [
            new("LEN", 7, 13, "Length in units of 128 bytes"),
        ]),
        new("RDH0", 0x2810, 4, "Receive ring 0: head", RegisterAccess.ReadWrite,
        [
            new("RDH", 0, 16, "Descriptor the device uses next"),
        ]),
        new("RDT0", 0x2818, 4, "Receive ring 0: tail", RegisterAccess.WriteHasSideEffects,
        [
            new("RDT", 0, 16, "Descriptor after the last one given to the device"),
        ]),
        new("RXDCTL0", 0x2828, 4, "Receive ring 0: descriptor control", RegisterAccess.ReadWrite, Intel82574ReceiveDescriptorControl.Fields),
        new("RDBAL1", 0x2900, 4, "Receive ring 1: address, low"),
        new("RDBAH1", 0x2904, 4, "Receive ring 1: address, high"),
        new("RDLEN1", 0x2908, 4, "Receive ring 1: bytes", RegisterAccess.ReadWrite,
        [
            new("LEN", 7, 13, "Length in units of 128 bytes"),
        ]),
        new("RDH1", 0x2910, 4, "Receive ring 1: head", RegisterAccess.ReadWrite,
        [
            new("RDH", 0, 16, "Descriptor the device uses next"),
        ]),
        new("RDT1", 0x2918, 4, "Receive ring 1: tail", RegisterAccess.WriteHasSideEffects,
        [
            new("RDT", 0, 16, "Descriptor after the last one given to the device"),
        ]),
        new("RXDCTL1", 0x2928, 4, "Receive ring 1: descriptor control", RegisterAccess.ReadWrite, Intel82574ReceiveDescriptorControl.Fields),
        new("RDTR", 0x2820, 4, "Receive interrupt delay", RegisterAccess.ReadWrite,
        [
            new("DELAY", 0, 16, "In units of 1.024 us"),
            new("FPD", 31, 1, "Flush partial descriptor block"),
        ]),
        new("RADV", 0x282c, 4, "Receive interrupt absolute delay", RegisterAccess.ReadWrite,
        [
            new("DELAY", 0, 16, "In units of 1.024 us"),
        ]),
        new("RSRPD", 0x2c00, 4, "Small packet detect", RegisterAccess.ReadWrite,
        [
            new("SIZE", 0, 12, "Frames up to this many bytes are small"),
        ]),
        new("RAID", 0x2c08, 4, "Receive ACK interrupt delay", RegisterAccess.ReadWrite,
        [
            new("ACK_DELAY", 0, 16, "In units of 1.024 us"),
        ]),
        new("RXCSUM", 0x5000, 4, "Receive checksum control", RegisterAccess.ReadWrite,
        [
            new("PCSS", 0, 8, "Start of the packet checksum"),
            new("IPOFLD", 8, 1, "IP checksums are checked"),
            new("TUOFLD", 9, 1, "TCP and UDP checksums are checked"),
            new("IPPCSE", 12, 1, "IP payload checksum"),
            new("PCSD", 13, 1, "No packet checksum: the RSS hash instead"),
        ]),
        new("RFCTL", 0x5008, 4, "Receive filter control", RegisterAccess.ReadWrite,
        [
            new("ISCSI_DIS", 0, 1, "No iSCSI header split"),
            new("ISCSI_DWC", 1, 5, "iSCSI dword count"),
            new("NFSW_DIS", 6, 1, "No NFS write filter"),
            new("NFSR_DIS", 7, 1, "No NFS read filter"),
            new("NFS_VER", 8, 2, "NFS version"),
            new("IPV6_DIS", 10, 1, "No IPv6 filter"),
            new("IPV6XSUM_DIS", 11, 1, "No IPv6 checksum"),
            new("ACK_DIS", 12, 1, "No ACK filter"),
            new("ACKD_DIS", 13, 1, "No ACK data filter"),
            new("IPFRSP_DIS", 14, 1, "No split of IP fragments"),
            new("EXSTEN", 15, 1, "Extended status in descriptors"),
            new("IPV6_EX_DIS", 16, 1, "No IPv6 extension headers"),
            new("NEW_IPV6_EXT_DIS", 17, 1, "No new IPv6 extension headers"),
        ]),
        .. Many("MTA", 0x5200, 4, 128, "Multicast table"),
        new("RAL0", 0x5400, 4, "Receive address 0, first four bytes"),
        new("RAH0", 0x5404, 4, "Receive address 0, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL1", 0x5408, 4, "Receive address 1, first four bytes"),
        new("RAH1", 0x540c, 4, "Receive address 1, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL2", 0x5410, 4, "Receive address 2, first four bytes"),
        new("RAH2", 0x5414, 4, "Receive address 2, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL3", 0x5418, 4, "Receive address 3, first four bytes"),
        new("RAH3", 0x541c, 4, "Receive address 3, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL4", 0x5420, 4, "Receive address 4, first four bytes"),
        new("RAH4", 0x5424, 4, "Receive address 4, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL5", 0x5428, 4, "Receive address 5, first four bytes"),
        new("RAH5", 0x542c, 4, "Receive address 5, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL6", 0x5430, 4, "Receive address 6, first four bytes"),
        new("RAH6", 0x5434, 4, "Receive address 6, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL7", 0x5438, 4, "Receive address 7, first four bytes"),
        new("RAH7", 0x543c, 4, "Receive address 7, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL8", 0x5440, 4, "Receive address 8, first four bytes"),
        new("RAH8", 0x5444, 4, "Receive address 8, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL9", 0x5448, 4, "Receive address 9, first four bytes"),
        new("RAH9", 0x544c, 4, "Receive address 9, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL10", 0x5450, 4, "Receive address 10, first four bytes"),
        new("RAH10", 0x5454, 4, "Receive address 10, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL11", 0x5458, 4, "Receive address 11, first four bytes"),
        new("RAH11", 0x545c, 4, "Receive address 11, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL12", 0x5460, 4, "Receive address 12, first four bytes"),
        new("RAH12", 0x5464, 4, "Receive address 12, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL13", 0x5468, 4, "Receive address 13, first four bytes"),
        new("RAH13", 0x546c, 4, "Receive address 13, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL14", 0x5470, 4, "Receive address 14, first four bytes"),
        new("RAH14", 0x5474, 4, "Receive address 14, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        new("RAL15", 0x5478, 4, "Receive address 15, first four bytes"),
        new("RAH15", 0x547c, 4, "Receive address 15, last two bytes", RegisterAccess.ReadWrite, Intel82574ReceiveAddressHigh.Fields),
        .. Many("VFTA", 0x5600, 4, 128, "VLAN filter table"),
        new("MRQC", 0x5818, 4, "Multiple receive queues", RegisterAccess.ReadWrite,
        [
            new("MRQ_ENABLE", 0, 2, "Queues") { Values = [new(0, "one"), new(1, "RSS")] },
            new("TCP_IPV4", 16, 1, "Hash of TCP over IPv4"),
            new("IPV4", 17, 1, "Hash of IPv4"),
            new("TCP_IPV6_EX", 18, 1, "Hash of TCP over IPv6"),
            new("IPV6_EX", 19, 1, "Hash of IPv6 with extensions"),
            new("IPV6", 20, 1, "Hash of IPv6"),
        ]),
        .. Many("RETA", 0x5c00, 4, 32, "RSS redirection table"),
        .. Many("RSSRK", 0x5c80, 4, 10, "RSS random key"),
        new("FCRTV", 0x5f40, 4, "Flow control refresh threshold", RegisterAccess.ReadWrite,
        [
            new("FC_REFRESH_TH", 0, 16, "In units of 512 bit times"),
        ]),
    ];

    // Section 10.2.6: transmission.
    private static RegisterDescription[] Transmission =>
    [
        new("TCTL", 0x400, 4, "Transmit control", RegisterAccess.ReadWrite, Intel82574TransmitControl.Fields),
        new("TCTL_EXT", 0x404, 4, "Extended transmit control"),
        new("TIPG", 0x410, 4, "Gap between packets", RegisterAccess.ReadWrite,
        [
            new("IPGT", 0, 10, "Gap between packets, in byte times"),
            new("IPGR1", 10, 10, "Part 1 of the gap, half duplex"),
            new("IPGR2", 20, 10, "Whole gap, half duplex"),
        ]),
        new("AIT", 0x458, 4, "Adaptive gap between packets", RegisterAccess.ReadWrite,
        [
            new("AIFS", 0, 16, "In units of 8 ns"),
        ]),
        new("TDFH", 0x3410, 4, "Transmit data FIFO head"),
        new("TDFT", 0x3418, 4, "Transmit data FIFO tail"),
        new("TDFHS", 0x3420, 4, "Transmit data FIFO head, saved"),
        new("TDFTS", 0x3428, 4, "Transmit data FIFO tail, saved"),
        new("TDFPC", 0x3430, 4, "Transmit data FIFO packet count"),
        new("TDBAL0", 0x3800, 4, "Transmit ring 0: address, low"),
        new("TDBAH0", 0x3804, 4, "Transmit ring 0: address, high"),
        new("TDLEN0", 0x3808, 4, "Transmit ring 0: bytes", RegisterAccess.ReadWrite,
        [
            new("LEN", 7, 13, "Length in units of 128 bytes"),
        ]),
        new("TDH0", 0x3810, 4, "Transmit ring 0: head", RegisterAccess.ReadWrite,
        [
            new("TDH", 0, 16, "Descriptor the device uses next"),
        ]),
        new("TDT0", 0x3818, 4, "Transmit ring 0: tail", RegisterAccess.WriteHasSideEffects,
        [
            new("TDT", 0, 16, "Descriptor after the last one given to the device"),
        ]),
        new("TXDCTL0", 0x3828, 4, "Transmit ring 0: descriptor control", RegisterAccess.ReadWrite, Intel82574TransmitDescriptorControl.Fields),
        new("TARC0", 0x3840, 4, "Transmit ring 0: arbitration", RegisterAccess.ReadWrite,
        [
            new("COUNT", 0, 7, "Descriptors in a turn"),
            new("COMP", 7, 1, "Shared with the other queue"),
            new("RATIO", 8, 2, "Ratio of turns"),
            new("ENABLE", 10, 1, "The queue is enabled"),
        ]),
        new("TDBAL1", 0x3900, 4, "Transmit ring 1: address, low"),
        new("TDBAH1", 0x3904, 4, "Transmit ring 1: address, high"),
        new("TDLEN1", 0x3908, 4, "Transmit ring 1: bytes", RegisterAccess.ReadWrite,
        [
            new("LEN", 7, 13, "Length in units of 128 bytes"),
        ]),
        new("TDH1", 0x3910, 4, "Transmit ring 1: head", RegisterAccess.ReadWrite,
        [
            new("TDH", 0, 16, "Descriptor the device uses next"),
        ]),
        new("TDT1", 0x3918, 4, "Transmit ring 1: tail", RegisterAccess.WriteHasSideEffects,
        [
            new("TDT", 0, 16, "Descriptor after the last one given to the device"),
        ]),
        new("TXDCTL1", 0x3928, 4, "Transmit ring 1: descriptor control", RegisterAccess.ReadWrite, Intel82574TransmitDescriptorControl.Fields),
        new("TARC1", 0x3940, 4, "Transmit ring 1: arbitration", RegisterAccess.ReadWrite,
        [
            new("COUNT", 0, 7, "Descriptors in a turn"),
            new("COMP", 7, 1, "Shared with the other queue"),
            new("RATIO", 8, 2, "Ratio of turns"),
            new("ENABLE", 10, 1, "The queue is enabled"),
        ]),
        new("TIDV", 0x3820, 4, "Transmit interrupt delay", RegisterAccess.ReadWrite,
        [
            new("IDV", 0, 16, "In units of 1.024 us"),
            new("FPD", 31, 1, "Flush partial descriptor block"),
        ]),
        new("TADV", 0x382c, 4, "Transmit interrupt absolute delay", RegisterAccess.ReadWrite,
        [
            new("IDV", 0, 16, "In units of 1.024 us"),
        ]),
    ];
}
