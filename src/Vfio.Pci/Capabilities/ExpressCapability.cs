using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.ExpressValues;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>
/// Decodes PCI Express (PCI Express Base Specification 6.0, section 7.5.3): selects the registers that a function of a
/// type has, and derives values from several of them.
/// </summary>
internal static class ExpressCapability
{
    // Section 7.5.3.2.
    private static readonly RegisterDescription Flags = Register("Flags", 2, 2, Ro, "PCI Express capabilities",
        Number("Version", 0, 4, "Version of the capability"),
        Named("Type", 4, 4, "Kind of function or port", PortTypes),
        Flag("Slot", 8, "The port is connected to a slot"),
        Number("MSI", 9, 5, "Interrupt message number"),
        Flag("FlitMode", 15, "Supports flit mode"));

    internal static void Decode(CapabilityReader reader)
    {
        ushort flags = reader.Word(2);
        int type = flags >> 4 & 0xf;
        bool hasLink = type is not (IntegratedEndpoint or EventCollector);
        bool hasSlot = IsDownstream(type) && (flags & 0x100) != 0;
        bool isRoot = type is RootPort or EventCollector;
        reader.ExpressType = type;
        reader.Summary = Describe(flags, type);
        reader.Read(Flags);
        reader.Read(ExpressRegisters.Device);
        if (hasLink)
        {
            reader.Read(ExpressRegisters.Link);
            reader.LinkWidth = (int)Bits(reader.DoubleWord(0x0c), 4, 6);
        }

        if (hasSlot)
        {
            reader.Read(ExpressRegisters.Slot);
        }

        if (isRoot)
        {
            reader.Read(ExpressRegisters.Root);
        }

        if ((flags & 0xf) >= 2)
        {
            reader.Read(ExpressRegisters2.Device);
            if (hasLink)
            {
                reader.Read(ExpressRegisters2.Link);
            }

            if (hasSlot)
            {
                reader.Read(ExpressRegisters2.Slot);
            }
        }

        Derive(reader, type, hasLink, hasSlot);
    }

    private static string Describe(ushort flags, int type)
    {
        string kind = $"Unknown type {type}";
        foreach (RegisterFieldValue value in PortTypes)
        {
            kind = (int)value.Number == type ? value.Name : kind;
        }

        string slot = IsDownstream(type) ? $" (Slot{Sign(flags, 8)})" : "";
        return $"{kind}{slot}, MSI {flags >> 9 & 0x1f:x2}";
    }

    private static void Derive(CapabilityReader reader, int type, bool hasLink, bool hasSlot)
    {
        if (type is Endpoint or UpstreamPort or BridgeToPci && reader.Has(4, 4))
        {
            uint device = reader.DoubleWord(4);
            reader.Derive("Slot power limit", PowerLimit(Bits(device, 18, 8), Bits(device, 26, 2)));
        }

        if (hasLink && reader.Has(0x0c, 8))
        {
            uint capable = reader.DoubleWord(0x0c);
            uint now = reader.Word(0x12);
            bool isDownstream = IsDownstream(type);
            reader.Derive("Link speed", Name(now & 0xf) + Compare(now & 0xf, capable & 0xf, isDownstream));
            reader.Derive(
                "Link width", $"x{Bits(now, 4, 6)}{Compare(Bits(now, 4, 6), Bits(capable, 4, 6), isDownstream)}");
        }

        if (hasSlot && reader.Has(0x14, 4))
        {
            uint slot = reader.DoubleWord(0x14);
            reader.Derive("Power limit", PowerLimit(Bits(slot, 7, 8), Bits(slot, 15, 2)));
        }
    }

    private static string Name(uint speed)
    {
        foreach (RegisterFieldValue value in Speeds)
        {
            if (value.Number == speed)
            {
                return value.Name;
            }
        }

        return "unknown";
    }

    // Only the downstream side can have been downgraded: a port may be connected to a slower device, or to none.
    private static string Compare(uint now, uint capable, bool isDownstream) =>
        now > capable ? " (overdriven)" : now < capable && !isDownstream ? " (downgraded)" : "";
}
