using System.Text;
using System.Text.RegularExpressions;
using Vfio.Pci;

namespace Vfio.Tests.Pci;

/// <summary>
/// Writes our decoding of an image in the format of <c>lspci -vvv -n -F</c> of pciutils 3.9, so that any difference is
/// a difference of decoding, and every word of lspci is compared. <see cref="KnownDifferences"/> are written as lspci
/// prints them.
/// </summary>
internal sealed partial class LspciText
{
    /// <summary>
    /// Where the decoding intentionally differs from lspci 3.9, and why. The texts below follow lspci there.
    /// </summary>
    public static readonly IReadOnlyList<string> KnownDifferences =
    [
        "sizes of regions, kernel driver, modules, slot, NUMA node, IOMMU group: not in configuration space, "
        + "and not printed with -F",
        "names of vendors, devices and classes: of pci.ids, and not printed with -n",
        "Vital Product Data: its text is behind a register that a dump cannot be asked; lspci "
        + "prints that it is not readable",
        "sizes of windows: lspci keeps the lower 32 bits of the number in front of the unit",
        "a pointer below 40h or 100h: lspci decodes the header as a capability; here the list ends with a warning",
        "extended capabilities of a device without Express or PCI-X: lspci does not look; here they are decoded",
        "the upper half of a 64-bit base address register: with -F lspci prints it as a region of its own",
        "an expansion ROM register of all ones: lspci prints <ignored>; here it is absent",
        "LnkCap2 and LnkCtl2 of endpoints whose device or function is not 0: lspci leaves them out, the "
        + "specification does not",
        "LnkCap2 speeds beyond 32 GT/s: RsvdP in lspci 3.9, which knows version 5.0",
        "LTR scales 6 and 7: not permitted; lspci shifts by 30 and 35 (which the processor takes as 3)",
        "DOE Error: lspci tests bits 0 and 1, the specification has it in bit 2",
        "HyperTransport frequency capability: lspci reads only its lower byte, so 1.4GHz, 1.6GHz and Vend never show",
        "multicast of functions that are neither port nor endpoint: lspci forgets to end the line",
        "resizable BARs above 6, or none: lspci prints an error line",
        "CXL ports: lspci shows PMComplete if any of bits 1 and 3 is set (its mask is the register's offset, 0Ah)",
        "CXL function maps: lspci reads 16 of 32 bits",
        "CXL flush times in reserved scales: lspci prints two lines",
        "RootCap, SltCap and others: fields that later versions defined are decoded here and not in lspci 3.9",
    ];

    private readonly StringBuilder _text = new();
    private readonly PciConfigSpace _config;
    private readonly LspciPart _header;
    private readonly ISet<string>? _used;
    private readonly int _device;

    private LspciText(PciConfigSpace config, int device, ISet<string>? used)
    {
        _config = config;
        _device = device;
        _used = used;
        _header = new LspciPart(
            "HEADER", 0, config.HeaderRegisters, config.HeaderDerivedValues, config.Bytes.Length, _text, used);
    }

    private int ImageLength => _config.Bytes.Length;

    /// <summary>The text for a device.</summary>
    /// <param name="config">The decoding.</param>
    /// <param name="place">Domain, bus, device and function, as the first line has them.</param>
    /// <param name="device">The device number.</param>
    /// <param name="used">Receives the parts of the decoding that were used, for callers that need them.</param>
    public static string Of(PciConfigSpace config, string place, int device, ISet<string>? used)
    {
        LspciText text = new(config, device, used);
        text.WriteHeader(place);
        text.WriteCapabilities();
        return text._text.ToString();
    }

    private void WriteCapabilities()
    {
        if (_config.Header.HeaderType > 2 || (_config.Header.HeaderType == 2 && ImageLength < 128))
        {
            return;
        }

        bool hasExtended = false;
        int type = -1;
        foreach (PciCapability capability in _config.Capabilities.Where(capability => !capability.IsExtended))
        {
            LspciPart part = Part(capability);
            _text.Append($"\tCapabilities: [{capability.Offset:x2}] ");
            WriteStandard(capability, part);
            hasExtended |= capability.Id is 0x07 or 0x10;
            type = capability.Id == 0x10 ? (int)part.Number("Flags", "Type") : type;
        }

        // The reason that ended the list is a warning here, and a line of the list in lspci.
        foreach (string warning in _config.Warnings.Where(
            warning => !warning.Contains("extended", StringComparison.Ordinal)))
        {
            Match loop = Loop().Match(warning);
            Match broken = Broken().Match(warning);
            if (Beyond().IsMatch(warning))
            {
                _text.Append("\tCapabilities: <access denied>\n");
            }
            else if (loop.Success && loop.Groups[1].Length == 2)
            {
                _text.Append($"\tCapabilities: [{loop.Groups[1].Value}] <chain looped>\n");
            }
            else if (broken.Success)
            {
                _text.Append($"\tCapabilities: [{broken.Groups[1].Value}] <chain broken>\n");
            }
        }

        if (hasExtended)
        {
            WriteExtendedList(type);
        }
    }

    private void WriteExtendedList(int type)
    {
        foreach (PciCapability capability in _config.Capabilities.Where(capability => capability.IsExtended))
        {
            _text.Append($"\tCapabilities: [{capability.Offset:x3} v{capability.Version}] ");
            WriteExtended(capability, Part(capability), type);
        }

        foreach (Match loop in _config.Warnings
            .Select(warning => Loop().Match(warning))
            .Where(loop => loop.Success && loop.Groups[1].Length == 3))
        {
            int at = Convert.ToInt32(loop.Groups[1].Value, 16);
            _text.Append($"\tCapabilities: [{at:x3} v{_config.Bytes.Span[at + 2] & 0xf}] <chain looped>\n");
        }
    }

    private LspciPart Part(PciCapability capability) =>
        new(
            capability.ShortName, capability.Offset, capability.Registers, capability.DerivedValues, ImageLength, _text,
            _used);

    [GeneratedRegex(@"leads to ([0-9a-f]{2,3})h, to a capability that was read before")]
    private static partial Regex Loop();

    [GeneratedRegex(@"^the capability at ([0-9a-f]{2})h has ID FFh")]
    private static partial Regex Broken();

    [GeneratedRegex(@"^the capability pointer at [0-9a-f]{2}h leads to [0-9a-f]{2}h, beyond")]
    private static partial Regex Beyond();
}
