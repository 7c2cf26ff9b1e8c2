using static Vfio.Pci.CapabilityReader;
using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes HyperTransport (HyperTransport I/O Link Specification 3.10, chapter 7).</summary>
internal static class HyperTransportCapability
{
    // Revisions below 1.02 do not have the fields and registers that were added in it.
    private const byte Revision102 = 0x22;
    private const int MsiMapping = 0x15;

    private static readonly RegisterDescription PrimaryCommand = Register("Command", 2, 2, Rw, "Command",
        Number("BaseUnitID", 0, 5, "First unit ID"),
        Number("UnitCnt", 5, 5, "Number of unit IDs"),
        Flag("MastHost", 10, "Host is reached by link 1"),
        Flag("DefDir", 11, "Sends requests away from the host"),
        Flag("DUL", 12, "Drops packets while the link is down"));

    private static readonly RegisterDescription SecondaryCommand = Register("Command", 2, 2, Rw, "Command",
        Flag("WarmRst", 0, "Warm reset of the chain"),
        Flag("DblEnd", 1, "Another host is at the other end"),
        Number("DevNum", 2, 5, "Device number"),
        Flag("ChainSide", 7, "Accessed from the chain"),
        Flag("HostHide", 8, "Hidden from the chain"),
        Flag("Slave", 10, "Acts as a slave"),
        Flag("<EOCErr", 11, "Packet at the end of the chain"),
        Flag("DUL", 12, "Drops packets while the link is down"));

    private static readonly RegisterDescription MsiCommand = Register("Command", 2, 2, Rw, "Command",
        Flag("Enable", 0, "Maps MSI to HyperTransport interrupts"),
        Flag("Fixed", 1, "The address is fixed"));

    private static readonly RegisterDescription OtherCommand = Register(
        "Command", 2, 2, Rw, "Command", Number("Type", 11, 5, "Type of the capability"));

    private static readonly RegisterDescription[] MsiAddress =
    [
        Register("Address", 4, 4, Rw, "Mapped address", Hex("Address", 20, 12, "Address bits 31:20")),
        Register("AddressHi", 8, 4, Rw, "Mapped address, upper half"),
    ];

    private static readonly RegisterDescription Revision = Register(
        "Revision", 0, 1, Ro, "Revision", Number("Minor", 0, 5, "Minor"), Number("Major", 5, 3, "Major"));

    internal static void Decode(CapabilityReader reader)
    {
        ushort command = reader.Word(2);
        switch (command >> 13)
        {
            case 0:
                reader.Summary = "Slave or Primary Interface";
                reader.Read(PrimaryCommand);
                DecodePrimary(reader);
                break;
            case 1:
                reader.Summary = "Host or Secondary Interface";
                reader.Read(SecondaryCommand);
                DecodeSecondary(reader);
                break;
            default:
                DecodeOther(reader, command);
                break;
        }
    }

    private static void DecodePrimary(CapabilityReader reader)
    {
        bool isNew = reader.Byte(12) >= Revision102;
        ReadLink(reader, 4, "0", isNew);
        ReadLink(reader, 8, "1", isNew);
        DecodeRevision(reader, 12);
        if (isNew)
        {
            reader.Read(HyperTransportRegisters.Frequency, 13, "0");
            reader.Read(HyperTransportRegisters.FrequencyCapability, 14, "0");
            reader.Read(HyperTransportRegisters.Feature, 16);
            reader.Read(HyperTransportRegisters.Frequency, 17, "1");
            reader.Read(HyperTransportRegisters.FrequencyCapability, 18, "1");
            reader.Read(HyperTransportRegisters.ErrorHandling, 22);
            reader.Read(HyperTransportRegisters.UpperMemory, 24);
            reader.Read(HyperTransportRegisters.BusNumber, 26);
        }
    }

    private static void DecodeSecondary(CapabilityReader reader)
    {
        bool isNew = reader.Byte(8) >= Revision102;
        ReadLink(reader, 4, "", isNew);
        DecodeRevision(reader, 8);
        if (isNew)
        {
            reader.Read(HyperTransportRegisters.Frequency, 9);
            reader.Read(HyperTransportRegisters.FrequencyCapability, 10);
            reader.Read(HyperTransportRegisters.SecondaryFeature, 12);
            if ((reader.Word(12) >> 8 & 1) != 0)
            {
                reader.Read(HyperTransportRegisters.ErrorHandling, 18);
                reader.Read(HyperTransportRegisters.UpperMemory, 20);
            }
        }
    }

    private static void DecodeRevision(CapabilityReader reader, int at)
    {
        reader.Read(Revision, at);
        if (reader.Has(at, 1))
        {
            reader.Derive("Revision ID", $"{reader.Byte(at) >> 5}.{reader.Byte(at) & 0x1f:00}");
        }
    }

    private static void ReadLink(CapabilityReader reader, int at, string suffix, bool isNew) =>
        reader.Read(isNew ? HyperTransportRegisters.Link : HyperTransportRegisters.OldLink, at, suffix);

    private static void DecodeOther(CapabilityReader reader, ushort command)
    {
        int type = command >> 11;
        reader.Summary = type switch
        {
            0x08 => "Switch",
            0x10 => "Interrupt Discovery and Configuration",
            0x11 => $"Revision ID: {command >> 5 & 7}.{command & 0x1f:00}",
            0x12 => "UnitID Clumping",
            0x13 => "Extended Configuration Space Access",
            0x14 => "Address Mapping",
            MsiMapping => $"MSI Mapping Enable{Sign(command, 0)} Fixed{Sign(command, 1)}",
            0x16 => "DirectRoute",
            0x17 => "VCSet",
            0x18 => "Retry Mode",
            0x19 => "X86 (reserved)",
            _ => $"#{type:x2}",
        };
        reader.Read(type == MsiMapping ? MsiCommand : OtherCommand);
        if (type == MsiMapping && (command & 2) == 0)
        {
            reader.Read(MsiAddress);
            if (reader.Has(4, 8))
            {
                reader.Derive("Mapping Address Base", $"{reader.QuadWord(4) & ~0xffffful:x16}");
            }
        }
    }
}
