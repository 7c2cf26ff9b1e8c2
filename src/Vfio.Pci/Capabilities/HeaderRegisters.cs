using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// The registers of the header, with the names that setpci uses: those of all types and of types 0 and 1 (PCI Express
/// Base Specification 6.0, section 7.5.1), and those of type 2 (PC Card Standard 8.1, volume 4, section 4.5).
/// </summary>
internal static class HeaderRegisters
{
    private static readonly IReadOnlyList<RegisterFieldValue> Timings = Names("fast", "medium", "slow", "??");

    // Section 7.5.1.1.
    internal static readonly IReadOnlyList<RegisterDescription> Common = Array.AsReadOnly<RegisterDescription>(
    [
        Register("VENDOR_ID", 0x00, 2, Ro, "Vendor ID"),
        Register("DEVICE_ID", 0x02, 2, Ro, "Device ID"),
        Register("COMMAND", 0x04, 2, Rw, "Command",
            Flag("I/O", 0, "Answers to I/O ports"),
            Flag("Mem", 1, "Answers to memory accesses"),
            Flag("BusMaster", 2, "Bus mastering is enabled"),
            Flag("SpecCycle", 3, "Watches special cycles"),
            Flag("MemWINV", 4, "May use memory write and invalidate"),
            Flag("VGASnoop", 5, "Snoops the VGA palette"),
            Flag("ParErr", 6, "Reports parity errors"),
            Flag("Stepping", 7, "Uses address and data stepping"),
            Flag("SERR", 8, "Reports system errors"),
            Flag("FastB2B", 9, "May use fast back-to-back transactions"),
            Flag("DisINTx", 10, "Does not use its interrupt pin")),
        Register("STATUS", 0x06, 2, W1C, "Status",
            Flag("ImmReady", 0, "Is ready immediately after a reset"),
            Flag("INTx", 3, "Interrupt is asserted"),
            Flag("Cap", 4, "Has a list of capabilities"),
            Flag("66MHz", 5, "Supports 66 MHz"),
            Flag("UDF", 6, "Has user-definable features"),
            Flag("FastB2B", 7, "Supports fast back-to-back transactions"),
            Flag("ParErr", 8, "Parity error on data that it sent or requested"),
            Named("DEVSEL", 9, 2, "DEVSEL timing", Timings),
            Flag(">TAbort", 11, "It aborted a transaction as target"),
            Flag("<TAbort", 12, "A target aborted its transaction"),
            Flag("<MAbort", 13, "Its transaction was not answered"),
            Flag(">SERR", 14, "It signalled a system error"),
            Flag("<PERR", 15, "It detected a parity error")),
        Register("REVISION", 0x08, 1, Ro, "Revision"),
        Register("CLASS_PROG", 0x09, 1, Ro, "Programming interface"),
        Register("CLASS_DEVICE", 0x0a, 2, Ro, "Class and subclass"),
        Register("CACHE_LINE_SIZE", 0x0c, 1, Rw, "Cache line in units of 4 bytes"),
        Register("LATENCY_TIMER", 0x0d, 1, Rw, "Latency timer in bus clocks"),
        Register("HEADER_TYPE", 0x0e, 1, Ro, "Header type",
            Named("Layout", 0, 7, "Layout of the header", Names("device", "PCI bridge", "CardBus bridge")),
            Flag("MultiFunction", 7, "Device has several functions")),
        Register("BIST", 0x0f, 1, Rw, "Built-in self test",
            Hex("Result", 0, 4, "Result; 0 is success"),
            Flag("Start", 6, "Writing 1 starts it; set while it runs"),
            Flag("Capable", 7, "Has a self test")),
    ]);

    // Section 7.5.1.2.
    internal static readonly IReadOnlyList<RegisterDescription> Device = Array.AsReadOnly<RegisterDescription>(
    [
        .. BaseAddresses(6),
        Register("CARDBUS_CIS", 0x28, 4, Ro, "Card information structure"),
        Register("SUBSYSTEM_VENDOR_ID", 0x2c, 2, Ro, "Subsystem vendor ID"),
        Register("SUBSYSTEM_ID", 0x2e, 2, Ro, "Subsystem ID"),
        Rom("ROM_ADDRESS", 0x30),
        Register("CAPABILITIES", 0x34, 1, Ro, "Offset of the first capability"),
        .. Interrupt(),
        Register("MIN_GNT", 0x3e, 1, Ro, "Burst period in units of 250 ns"),
        Register("MAX_LAT", 0x3f, 1, Ro, "Maximum latency, in units of 250 ns"),
    ]);

    // Section 7.5.1.3.
    internal static readonly IReadOnlyList<RegisterDescription> Bridge = Array.AsReadOnly<RegisterDescription>(
    [
        .. BaseAddresses(2),
        Register("PRIMARY_BUS", 0x18, 1, Rw, "Bus above"),
        Register("SECONDARY_BUS", 0x19, 1, Rw, "Bus below"),
        Register("SUBORDINATE_BUS", 0x1a, 1, Rw, "Highest bus below"),
        Register("SEC_LATENCY_TIMER", 0x1b, 1, Rw, "Latency timer of the bus below"),
        Register("IO_BASE", 0x1c, 1, Rw, "First I/O port forwarded", Window("Type", "16-bit", "32-bit"), Hex(
            "Base", 4, 4, "Address bits 15:12")),
        Register("IO_LIMIT", 0x1d, 1, Rw, "Last I/O port forwarded", Window("Type", "16-bit", "32-bit"), Hex(
            "Limit", 4, 4, "Address bits 15:12")),
        SecondaryStatus("SEC_STATUS", 0x1e, "<SERR"),
        Register(
            "MEMORY_BASE", 0x20, 2, Rw, "First memory address forwarded", Hex("Base", 4, 12, "Address bits 31:20")),
        Register(
            "MEMORY_LIMIT", 0x22, 2, Rw, "Last memory address forwarded", Hex("Limit", 4, 12, "Address bits 31:20")),
        Register(
            "PREF_MEMORY_BASE",
            0x24,
            2,
            Rw,
            "First prefetchable address forwarded",
            Window("Type", "32-bit", "64-bit"),
            Hex("Base", 4, 12, "Address bits 31:20")),
        Register(
            "PREF_MEMORY_LIMIT",
            0x26,
            2,
            Rw,
            "Last prefetchable address forwarded",
            Window("Type", "32-bit", "64-bit"),
            Hex("Limit", 4, 12, "Address bits 31:20")),
        Register("PREF_BASE_UPPER32", 0x28, 4, Rw, "Upper half of the first prefetchable address"),
        Register("PREF_LIMIT_UPPER32", 0x2c, 4, Rw, "Upper half of the last prefetchable address"),
        Register("IO_BASE_UPPER16", 0x30, 2, Rw, "Upper half of the first I/O port"),
        Register("IO_LIMIT_UPPER16", 0x32, 2, Rw, "Upper half of the last I/O port"),
        Register("CAPABILITIES", 0x34, 1, Ro, "Offset of the first capability"),
        Rom("BRIDGE_ROM_ADDRESS", 0x38),
        .. Interrupt(),
        Register("BRIDGE_CONTROL", 0x3e, 2, Rw, "Bridge control",
            Flag("Parity", 0, "Reports parity errors of the bus below"),
            Flag("SERR", 1, "Passes system errors up"),
            Flag("NoISA", 2, "Does not forward ISA ports"),
            Flag("VGA", 3, "Forwards VGA accesses"),
            Flag("VGA16", 4, "Decodes VGA ports with 16 bits"),
            Flag("MAbort", 5, "Reports master aborts"),
            Flag(">Reset", 6, "Resets the bus below"),
            Flag("FastB2B", 7, "May use fast back-to-back transactions below"),
            Flag("PriDiscTmr", 8, "Short discard timer above"),
            Flag("SecDiscTmr", 9, "Short discard timer below"),
            Flag("DiscTmrStat", 10, "A discard timer expired"),
            Flag("DiscTmrSERREn", 11, "System error when a discard timer expires")),
    ]);

    internal static readonly IReadOnlyList<RegisterDescription> CardBus = Array.AsReadOnly<RegisterDescription>(
    [
        Register("CB_CARDBUS_BASE", 0x10, 4, Rw, "Base address of the socket's registers", BaseAddressFields()),
        Register("CB_CAPABILITIES", 0x14, 2, Ro, "Offset of the first capability"),
        SecondaryStatus("CB_SEC_STATUS", 0x16, "SERR"),
        Register("CB_BUS_NUMBER", 0x18, 1, Rw, "Bus above"),
        Register("CB_CARDBUS_NUMBER", 0x19, 1, Rw, "Bus of the card"),
        Register("CB_SUBORDINATE_BUS", 0x1a, 1, Rw, "Highest bus below"),
        Register("CB_CARDBUS_LATENCY", 0x1b, 1, Rw, "Latency timer of the card's bus"),
        Register("CB_MEMORY_BASE_0", 0x1c, 4, Rw, "First address of memory window 0"),
        Register("CB_MEMORY_LIMIT_0", 0x20, 4, Rw, "Last address of memory window 0"),
        Register("CB_MEMORY_BASE_1", 0x24, 4, Rw, "First address of memory window 1"),
        Register("CB_MEMORY_LIMIT_1", 0x28, 4, Rw, "Last address of memory window 1"),
        Register("CB_IO_BASE_0", 0x2c, 4, Rw, "First port of I/O window 0", Flag("32bit", 0, "32-bit ports"), Hex(
            "Base", 2, 30, "Port bits 31:2")),
        Register("CB_IO_LIMIT_0", 0x30, 4, Rw, "Last port of I/O window 0", Hex("Limit", 2, 30, "Port bits 31:2")),
        Register("CB_IO_BASE_1", 0x34, 4, Rw, "First port of I/O window 1", Flag("32bit", 0, "32-bit ports"), Hex(
            "Base", 2, 30, "Port bits 31:2")),
        Register("CB_IO_LIMIT_1", 0x38, 4, Rw, "Last port of I/O window 1", Hex("Limit", 2, 30, "Port bits 31:2")),
        .. Interrupt(),
        Register("CB_BRIDGE_CONTROL", 0x3e, 2, Rw, "Bridge control",
            Flag("Parity", 0, "Reports parity errors of the card"),
            Flag("SERR", 1, "Passes system errors up"),
            Flag("ISA", 2, "Does not forward ISA ports"),
            Flag("VGA", 3, "Forwards VGA accesses"),
            Flag("MAbort", 5, "Reports master aborts"),
            Flag(">Reset", 6, "Resets the card"),
            Flag("16bInt", 7, "Routes interrupts of 16-bit cards"),
            Flag("Prefetch0", 8, "Memory window 0 is prefetchable"),
            Flag("Prefetch1", 9, "Memory window 1 is prefetchable"),
            Flag("PostWrite", 10, "Posts writes")),
        Register("CB_SUBSYSTEM_VENDOR_ID", 0x40, 2, Ro, "Subsystem vendor ID"),
        Register("CB_SUBSYSTEM_ID", 0x42, 2, Ro, "Subsystem ID"),
        Register("CB_LEGACY_MODE_BASE", 0x44, 4, Rw, "Ports of the 16-bit interface"),
    ]);

    private static RegisterDescription[] BaseAddresses(int count) =>
    [
        .. Enumerable.Range(0, count)
            .Select(i => Register(
                $"BASE_ADDRESS_{i}", 0x10 + (4 * i), 4, Rw, $"Base address register {i}", BaseAddressFields())),
    ];

    // Bits 2:1 and bit 3 have this meaning only for memory (section 7.5.1.2.1).
    private static RegisterField[] BaseAddressFields() =>
    [
        Named("Space", 0, 1, "Address space", Names("memory", "I/O")),
        Named("Type", 1, 2, "Width of the address", Names("32-bit", "low-1M", "64-bit", "type 3")),
        Flag("Prefetchable", 3, "Reads have no side effects"),
        Hex("Address", 4, 28, "Address bits 31:4"),
    ];

    private static RegisterDescription Rom(string name, int offset) =>
        Register(name, offset, 4, Rw, "Base address of the expansion ROM",
            Flag("Enable", 0, "ROM is enabled"),
            Hex("Address", 11, 21, "Address bits 31:11"));

    internal static RegisterDescription[] Interrupt() =>
    [
        Register("INTERRUPT_LINE", 0x3c, 1, Rw, "Interrupt line recorded by the firmware"),
        Register("INTERRUPT_PIN", 0x3d, 1, Ro, "Interrupt pin", Named(
            "Pin", 0, 8, "Pin", Names("none", "A", "B", "C", "D"))),
    ];

    private static RegisterField Window(string name, string narrow, string wide) =>
        Named(name, 0, 4, "Width of the address", Names(narrow, wide));

    private static RegisterDescription SecondaryStatus(string name, int offset, string systemError) =>
        Register(name, offset, 2, W1C, "Status of the bus below",
            Flag("66MHz", 5, "Supports 66 MHz"),
            Flag("FastB2B", 7, "Supports fast back-to-back transactions"),
            Flag("ParErr", 8, "Parity error on data that it sent or requested"),
            Named("DEVSEL", 9, 2, "DEVSEL timing", Timings),
            Flag(">TAbort", 11, "It aborted a transaction as target"),
            Flag("<TAbort", 12, "A target aborted its transaction"),
            Flag("<MAbort", 13, "Its transaction was not answered"),
            Flag(systemError, 14, "A system error was signalled"),
            Flag("<PERR", 15, "It detected a parity error"));
}
