using Vfio.Pci;

namespace Vfio.Drivers.Net;

// Intel 82574 GbE Controller Family Datasheet 3.4, chapter 10; the comment above each table names its section.
/// <summary>Registers of wake-up, manageability and time synchronisation.</summary>
internal static partial class Intel82574Map
{
    // Section 10.2: wake-up.
    private static RegisterDescription[] WakeUp =>
    [
        new("WUC", 0x5800, 4, "Wake-up control", RegisterAccess.ReadWrite,
        [
            new("APME", 0, 1, "Wake-up by magic packet without a driver"),
            new("PME_EN", 1, 1, "PME is raised"),
            new("PME_STATUS", 2, 1, "A wake-up happened"),
            new("APMPME", 3, 1, "PME is raised without a driver"),
            new("PHY_WAKE", 8, 1, "The PHY wakes up"),
        ]),
        new("WUFC", 0x5808, 4, "Wake-up filters", RegisterAccess.ReadWrite,
        [
            new("LNKC", 0, 1, "Link status change"),
            new("MAG", 1, 1, "Magic packet"),
            new("EX", 2, 1, "Directed exact packet"),
            new("MC", 3, 1, "Directed multicast packet"),
            new("BC", 4, 1, "Broadcast"),
            new("ARP", 5, 1, "ARP request"),
            new("IPV4", 6, 1, "Directed IPv4 packet"),
            new("IPV6", 7, 1, "Directed IPv6 packet"),
            new("NOTCO", 15, 1, "Not by packets of manageability"),
            new("FLX0", 16, 1, "Flexible filter 0"),
            new("FLX1", 17, 1, "Flexible filter 1"),
            new("FLX2", 18, 1, "Flexible filter 2"),
            new("FLX3", 19, 1, "Flexible filter 3"),
        ]),
        new("WUS", 0x5810, 4, "Wake-up status", RegisterAccess.WriteOneToClear,
        [
            new("LNKC", 0, 1, "Link status change"),
            new("MAG", 1, 1, "Magic packet"),
            new("EX", 2, 1, "Directed exact packet"),
            new("MC", 3, 1, "Directed multicast packet"),
            new("BC", 4, 1, "Broadcast"),
            new("ARP", 5, 1, "ARP request"),
            new("IPV4", 6, 1, "Directed IPv4 packet"),
            new("IPV6", 7, 1, "Directed IPv6 packet"),
            new("FLX0", 16, 1, "Flexible filter 0"),
            new("FLX1", 17, 1, "Flexible filter 1"),
            new("FLX2", 18, 1, "Flexible filter 2"),
            new("FLX3", 19, 1, "Flexible filter 3"),
        ]),
        new("IPAV", 0x5838, 4, "IP addresses valid", RegisterAccess.ReadWrite,
        [
            new("V40", 0, 1, "IPv4 address 0"),
            new("V41", 1, 1, "IPv4 address 1"),
            new("V42", 2, 1, "IPv4 address 2"),
            new("V43", 3, 1, "IPv4 address 3"),
            new("V60", 16, 1, "IPv6 address 0"),
        ]),
        .. Many("IP4AT", 0x5840, 8, 4, "IPv4 address"),
        .. Many("IP6AT", 0x5880, 4, 4, "IPv6 address"),
        new("WUPL", 0x5900, 4, "Wake-up packet length", RegisterAccess.ReadOnly,
        [
            new("LEN", 0, 12, "Bytes"),
        ]),
        .. Many("WUPM", 0x5a00, 4, 32, "Wake-up packet", RegisterAccess.ReadOnly),
        .. Many("FFLT", 0x5f00, 8, 4, "Flexible filter length"),
        .. Many("FFMT", 0x9000, 8, 128, "Flexible filter mask"),
        .. Many("FFVT", 0x9800, 8, 128, "Flexible filter values"),
    ];

    // Section 10.2: manageability.
    private static RegisterDescription[] Manageability =>
    [
        .. Many("MAVTV", 0x5010, 4, 4, "Management VLAN tag"),
        new("MANC", 0x5820, 4, "Manageability control", RegisterAccess.ReadWrite,
        [
            new("RCV_TCO_EN", 17, 1, "Packets go to manageability"),
            new("KEEP_PHY_LINK_UP", 18, 1, "PHY resets are blocked"),
            new("RCV_ALL", 19, 1, "All packets go to manageability"),
            new("EN_MAC_ADDR_FILTER", 20, 1, "Filtered by MAC address"),
            new("EN_MNG2HOST", 21, 1, "Management packets also go to the host"),
            new("EN_IP_ADDR_FILTER", 22, 1, "Filtered by IP address"),
            new("EN_XSUM_FILTER", 23, 1, "Filtered by checksum"),
            new("BR_EN", 24, 1, "Broadcasts go to manageability"),
        ]),
        new("MFVAL", 0x5824, 4, "Manageability filters valid"),
        new("MANC2H", 0x5860, 4, "Manageability packets to the host"),
        .. Many("MDEF", 0x5890, 4, 7, "Manageability decision filter"),
    ];

    // Section 10.2: time synchronisation.
    private static RegisterDescription[] TimeSynchronisation =>
    [
        new("SYSTIML", 0xb600, 4, "System time, low"),
        new("SYSTIMH", 0xb604, 4, "System time, high"),
        new("TIMINCA", 0xb608, 4, "Time increment", RegisterAccess.ReadWrite,
        [
            new("IV", 0, 24, "Increment"),
            new("IP", 24, 8, "Period"),
        ]),
        new("TIMADJL", 0xb60c, 4, "Time adjustment, low"),
        new("TIMADJH", 0xb610, 4, "Time adjustment, high", RegisterAccess.WriteHasSideEffects, []),
        new("TSYNCTXCTL", 0xb614, 4, "Transmit time stamps", RegisterAccess.ReadWrite,
        [
            new("TXTT", 0, 1, "A time stamp is there"),
            new("EN", 4, 1, "Time stamps are taken"),
        ]),
        new("TXSTMPL", 0xb618, 4, "Transmit time stamp, low", RegisterAccess.ReadOnly, []),
        new("TXSTMPH", 0xb61c, 4, "Transmit time stamp, high; reading frees it", RegisterAccess.ReadHasSideEffects, []),
        new("TSYNCRXCTL", 0xb620, 4, "Receive time stamps", RegisterAccess.ReadWrite,
        [
            new("RXTT", 0, 1, "A time stamp is there"),
            new("TYPE", 1, 3, "Of which packets")
            {
                Values =
                [
                    new(0, "PTP 2 over Ethernet"),
                    new(1, "PTP 1 over UDP"),
                    new(2, "PTP 2"),
                    new(4, "all"),
                    new(5, "PTP 2 events"),
                ],
            },
            new("EN", 4, 1, "Time stamps are taken"),
        ]),
        new("RXSTMPL", 0xb624, 4, "Receive time stamp, low", RegisterAccess.ReadOnly, []),
        new("RXSTMPH", 0xb628, 4, "Receive time stamp, high; reading frees it", RegisterAccess.ReadHasSideEffects, []),
        new("RXSATRL", 0xb62c, 4, "Receive time stamp attributes, low", RegisterAccess.ReadOnly, []),
        new("RXSATRH", 0xb630, 4, "Receive time stamp attributes, high", RegisterAccess.ReadOnly, []),
        new("RXCFGL", 0xb634, 4, "Time stamp message types"),
        new("RXUDP", 0xb638, 4, "Time stamp UDP port"),
    ];
}
