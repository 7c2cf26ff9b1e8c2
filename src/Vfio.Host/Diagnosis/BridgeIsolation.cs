using Vfio.Pci;

namespace Vfio.Host;

/// <summary>The isolation of the devices behind a bridge from each other.</summary>
internal enum BridgeIsolation
{
    /// <summary>Its capabilities could not be read, because only root can read them.</summary>
    Unseen,

    /// <summary>
    /// The devices behind it are conventional PCI, whose requests do not say which device they come from.
    /// </summary>
    Conventional,

    /// <summary>It has no Access Control Services.</summary>
    LacksAcs,

    /// <summary>
    /// It has Access Control Services, but without the functions that isolation needs, or with some of them disabled.
    /// </summary>
    AcsOff,

    /// <summary>It isolates the devices behind it.</summary>
    Isolates,
}

/// <summary>Judges a bridge by its configuration space. A pure function.</summary>
internal static class BridgeIsolations
{
    // PCI Express Base Specification 6.0, section 7.5.3.2: device and port type, bits 7:4 of the register at 2.
    private const int UpstreamPort = 5;
    private const int ExpressToConventional = 7;
    private const int ConventionalToExpress = 8;

    // Section 7.7.11.2, bits 0, 2, 3 and 4: source validation, request and completion redirect, upstream forwarding.
    private const ulong Needed = 0b11101;

    /// <summary>Judges a bridge.</summary>
    /// <param name="config">Its configuration space from offset 0, as far as it could be read.</param>
    public static BridgeIsolation Of(ReadOnlySpan<byte> config)
    {
        // The kernel shows users other than root only the header.
        if (config.Length <= PciConfigHeader.Length)
        {
            return BridgeIsolation.Unseen;
        }

        PciConfigSpace space = PciConfigSpace.Parse(config);
        if (space.Find("EXP") is not PciCapability express || express.Offset + 2 >= config.Length)
        {
            return BridgeIsolation.Conventional;
        }

        int type = config[express.Offset + 2] >> 4;
        if (type is ExpressToConventional or ConventionalToExpress)
        {
            return BridgeIsolation.Conventional;
        }

        if (type == UpstreamPort)
        {
            return BridgeIsolation.Isolates;
        }

        if (space.Find("ACS") is not PciCapability acs)
        {
            return config.Length < PciConfigSpace.MaxLength ? BridgeIsolation.Unseen : BridgeIsolation.LacksAcs;
        }

        return ((acs.Find("ACSCtl")?.Raw ?? 0) & Needed) == Needed ? BridgeIsolation.Isolates : BridgeIsolation.AcsOff;
    }
}
