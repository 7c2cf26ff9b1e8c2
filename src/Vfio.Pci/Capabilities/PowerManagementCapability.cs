using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes Power Management (PCI Express Base Specification 6.0, section 7.5.2; for bridges PCI Bus Power Management
/// 1.2, section 3.2.5).
/// </summary>
internal static class PowerManagementCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register("Flags", 2, 2, Ro, "Power management capabilities",
            Number("Version", 0, 3, "Version of the capability"),
            Flag("PMEClk", 3, "PME requires the PCI clock"),
            Flag("ImmReadyD0", 4, "Ready immediately after entering D0"),
            Flag("DSI", 5, "Requires device-specific initialization"),
            Named("AuxCurrent", 6, 3, "Auxiliary current in D3cold", Names(
                "0mA", "55mA", "100mA", "160mA", "220mA", "270mA", "320mA", "375mA")),
            Flag("D1", 9, "Supports D1"),
            Flag("D2", 10, "Supports D2"),
            Flag("PMED0", 11, "Can signal PME from D0"),
            Flag("PMED1", 12, "Can signal PME from D1"),
            Flag("PMED2", 13, "Can signal PME from D2"),
            Flag("PMED3hot", 14, "Can signal PME from D3hot"),
            Flag("PMED3cold", 15, "Can signal PME from D3cold")),
        Register("Status", 4, 2, Rw, "Power management control and status",
            Named("State", 0, 2, "Power state", Names("D0", "D1", "D2", "D3")),
            Flag("NoSoftRst", 3, "Keeps its state from D3hot to D0"),
            Flag("PME-Enable", 8, "May signal PME"),
            Number("DSel", 9, 4, "Selects the data that the data register shows"),
            Number("DScale", 13, 2, "Scale of the data register"),
            Flag("PME", 15, "PME signalled; writing 1 clears")),
        Register("Bridge", 6, 1, Ro, "Bridge support",
            Flag("B3", 6, "In D3hot the secondary bus keeps its clock (B2)"),
            Flag("PM", 7, "The secondary bus follows the bridge's state")),
        Register("Data", 7, 1, Ro, "Data selected by DSel"),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Registers);
        reader.Summary = $"version {reader.Word(2) & 7}";
    }
}
