using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes CXL global persistent flush (CXL Specification 3.0, sections 8.1.6 and 8.1.7).</summary>
internal static class CxlFlushCapability
{
    private static readonly RegisterDescription[] Port =
    [
        Register("GPFPhase1", 0x0c, 2, Rw, "Longest phase 1", Duration()),
        Register("GPFPhase2", 0x0e, 2, Rw, "Longest phase 2", Duration()),
    ];

    private static readonly RegisterDescription[] Device =
    [
        Register("GPFPhase2Duration", 0x0a, 2, Ro, "How long phase 2 lasts", Duration()),
        Register("GPFPhase2Power", 0x0c, 4, Ro, "Power of phase 2 in milliwatts"),
    ];

    internal static void DecodePort(CapabilityReader reader)
    {
        reader.Read(Port);
        reader.Derive("GPF Phase 1 Timeout", Time(reader.Word(0x0c)));
        reader.Derive("GPF Phase 2 Timeout", Time(reader.Word(0x0e)));
    }

    internal static void DecodeDevice(CapabilityReader reader)
    {
        reader.Read(Device);
        reader.Derive("GPF Phase 2 Duration", Time(reader.Word(0x0a)));
        reader.Derive("GPF Phase 2 Power", $"{reader.DoubleWord(0x0c)}mW");
    }

    private static string Time(uint duration) => (Bits(duration, 0, 4), Bits(duration, 8, 4)) switch
    {
        (uint value, < 3 and uint scale) => $"{value * Power(scale)}us",
        (uint value, < 6 and uint scale) => $"{value * Power(scale - 3)}ms",
        (uint value, < 8 and uint scale) => $"{value * Power(scale - 6)}s",
        (uint value, uint scale) => $"{value} in unknown scale {scale:x}",
    };

    private static uint Power(uint exponent) => exponent switch { 0 => 1, 1 => 10, _ => 100 };

    private static RegisterField[] Duration() =>
    [
        Number("Value", 0, 4, "Time in units of the scale"),
        Named("Scale", 8, 4, "Unit", Names("1us", "10us", "100us", "1ms", "10ms", "100ms", "1s", "10s")),
    ];
}
