using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes AGP (AGP 3.0 Interface Specification, section 6.1).</summary>
internal static class AgpCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register("Version", 2, 2, Ro, "Version", Number("Minor", 0, 4, "Minor revision"), Number(
            "Major", 4, 4, "Major revision")),
        Register("Status", 4, 4, Ro, "Status",
            Number("Rates", 0, 3, "Supported rates"),
            Flag("AGP3", 3, "AGP 3 mode"),
            Flag("FW", 4, "Supports fast writes"),
            Flag("64bit", 5, "Supports 64-bit addresses"),
            Flag("HTrans", 6, "Does not translate the processor's accesses"),
            Flag("GART64", 7, "Supports 64-bit table entries"),
            Flag("ITACoh", 8, "Accesses in the aperture are coherent"),
            Flag("SBA", 9, "Supports sideband addressing"),
            Number("Cal", 10, 3, "Calibration cycle"),
            Number("ArqSz", 13, 3, "Best request size"),
            Flag("Iso", 16, "Supports isochronous transfers"),
            Number("RQ", 24, 8, "Maximum number of requests, minus one")),
        Register("Command", 8, 4, Rw, "Command",
            Number("Rates", 0, 3, "Rate"),
            Flag("FW", 4, "Uses fast writes"),
            Flag("64bit", 5, "Uses 64-bit addresses"),
            Flag("GART64", 7, "Uses 64-bit table entries"),
            Flag("AGP", 8, "AGP is enabled"),
            Flag("SBA", 9, "Uses sideband addressing"),
            Number("Cal", 10, 3, "Calibration cycle"),
            Number("ArqSz", 13, 3, "Request size"),
            Number("RQ", 24, 8, "Maximum number of requests, minus one")),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        uint version = Bits(reader.Word(2), 4, 4);
        reader.Read(Registers);
        reader.Summary = $"version {version:x}.{reader.Word(2) & 0xf:x}";
        if (reader.Has(4, 8))
        {
            uint status = reader.DoubleWord(4);
            bool isAgp3 = version >= 3 && (status >> 3 & 1) != 0;
            reader.Derive("Status rate", Rate(status & 7, isAgp3));
            reader.Derive("Command rate", Rate(reader.DoubleWord(8) & 7, isAgp3));
        }
    }

    // In AGP 3 the same bits mean four times the rate.
    private static string Rate(uint rates, bool isAgp3)
    {
        string names = string.Join(
            ',',
            Enumerable.Range(0, 3).Where(i => (rates >> i & 1) != 0).Select(i => $"x{1 << (i + (isAgp3 ? 2 : 0))}"));
        return names.Length == 0 ? "<none>" : names;
    }
}
