using Vfio.Pci;

namespace Vfio.Drivers.Net;

/// <summary>RCTL, the receive control register (82574 datasheet 3.4, section 10.2.5).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct Intel82574ReceiveControl : IRegisterValue<Intel82574ReceiveControl>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public Intel82574ReceiveControl(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>EN: the receiver is enabled.</summary>
    public bool IsEnabled
    {
        get => RegisterBits.IsSet(Raw, 1);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 1, value);
    }

    /// <summary>SBP: bad frames are also stored.</summary>
    public bool StoresBadPackets
    {
        get => RegisterBits.IsSet(Raw, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 2, value);
    }

    /// <summary>UPE: all unicast frames are received.</summary>
    public bool IsUnicastPromiscuous
    {
        get => RegisterBits.IsSet(Raw, 3);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 3, value);
    }

    /// <summary>MPE: all multicast frames are received.</summary>
    public bool IsMulticastPromiscuous
    {
        get => RegisterBits.IsSet(Raw, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, value);
    }

    /// <summary>LPE: frames longer than 1522 bytes are received.</summary>
    public bool ReceivesLongPackets
    {
        get => RegisterBits.IsSet(Raw, 5);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 5, value);
    }

    /// <summary>LBM: loopback: 0 none, 1 in the MAC.</summary>
    public int LoopbackMode
    {
        get => (int)RegisterBits.GetBits(Raw, 6, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 6, 2, (ulong)value);
    }

    /// <summary>
    /// RDMTS: the threshold for few remaining descriptors: 0 at half of the ring, 1 at a quarter, 2 at an eighth.
    /// </summary>
    public int DescriptorThreshold
    {
        get => (int)RegisterBits.GetBits(Raw, 8, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 8, 2, (ulong)value);
    }

    /// <summary>DTYP: the kind of descriptor: 0 legacy or extended, 1 packet split.</summary>
    public int DescriptorType
    {
        get => (int)RegisterBits.GetBits(Raw, 10, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 10, 2, (ulong)value);
    }

    /// <summary>
    /// MO: which bits of an address index the multicast table: 0 bits 47 to 36, 1 from 46, 2 from 45, 3 from 43.
    /// </summary>
    public int MulticastOffset
    {
        get => (int)RegisterBits.GetBits(Raw, 12, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 12, 2, (ulong)value);
    }

    /// <summary>BAM: broadcasts are received.</summary>
    public bool AcceptsBroadcasts
    {
        get => RegisterBits.IsSet(Raw, 15);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 15, value);
    }

    /// <summary>
    /// BSIZE: the size of buffers: 2048 bytes shifted right by this; with BSEX 32768 bytes shifted right by 1 to 3.
    /// </summary>
    public int BufferSize
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 2, (ulong)value);
    }

    /// <summary>VFE: VLANs are filtered by the VLAN table.</summary>
    public bool IsVlanFilterEnabled
    {
        get => RegisterBits.IsSet(Raw, 18);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 18, value);
    }

    /// <summary>CFIEN: VLAN frames are filtered by CFI.</summary>
    public bool IsCanonicalFormFilterEnabled
    {
        get => RegisterBits.IsSet(Raw, 19);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 19, value);
    }

    /// <summary>CFI: canonical form indicator that is accepted.</summary>
    public bool CanonicalForm
    {
        get => RegisterBits.IsSet(Raw, 20);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 20, value);
    }

    /// <summary>DPF: pause frames are discarded.</summary>
    public bool DiscardsPauseFrames
    {
        get => RegisterBits.IsSet(Raw, 22);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 22, value);
    }

    /// <summary>PMCF: MAC control frames are passed on.</summary>
    public bool PassesControlFrames
    {
        get => RegisterBits.IsSet(Raw, 23);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 23, value);
    }

    /// <summary>BSEX: buffer sizes are 16 times larger.</summary>
    public bool ExtendsBufferSize
    {
        get => RegisterBits.IsSet(Raw, 25);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 25, value);
    }

    /// <summary>SECRC: the CRC is stripped.</summary>
    public bool StripsCrc
    {
        get => RegisterBits.IsSet(Raw, 26);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 26, value);
    }

    /// <summary>FLXBUF: the size of buffers in KiB; 0 if BSIZE is used.</summary>
    public int FlexibleBufferSize
    {
        get => (int)RegisterBits.GetBits(Raw, 27, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 27, 4, (ulong)value);
    }

    ulong IRegisterValue<Intel82574ReceiveControl>.Raw => Raw;

    static Intel82574ReceiveControl IRegisterValue<Intel82574ReceiveControl>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("EN", 1, 1, "The receiver is enabled"),
        new("SBP", 2, 1, "Bad frames are stored too"),
        new("UPE", 3, 1, "All unicast frames are received"),
        new("MPE", 4, 1, "All multicast frames are received"),
        new("LPE", 5, 1, "Frames longer than 1522 bytes are received"),
        new("LBM", 6, 2, "Loopback") { Values = [new(0, "none"), new(1, "MAC")] },
        new("RDMTS", 8, 2, "When few descriptors are left")
        {
            Values =
            [
                new(0, "1/2 of the ring"),
                new(1, "1/4 of the ring"),
                new(2, "1/8 of the ring"),
            ],
        },
        new("DTYP", 10, 2, "Kind of descriptor") { Values = [new(0, "legacy or extended"), new(1, "packet split")] },
        new("MO", 12, 2, "Bits of an address that index the multicast table")
        {
            Values =
            [
                new(0, "47:36"),
                new(1, "46:35"),
                new(2, "45:34"),
                new(3, "43:32"),
            ],
        },
        new("BAM", 15, 1, "Broadcasts are received"),
        new("BSIZE", 16, 2, "Buffer size: 2048 >> n bytes; with BSEX 32768 >> n"),
        new("VFE", 18, 1, "VLANs are filtered by the VLAN table"),
        new("CFIEN", 19, 1, "VLAN frames are filtered by CFI"),
        new("CFI", 20, 1, "Canonical form indicator that is accepted"),
        new("DPF", 22, 1, "Pause frames are discarded"),
        new("PMCF", 23, 1, "MAC control frames are passed on"),
        new("BSEX", 25, 1, "Buffer sizes are 16 times larger"),
        new("SECRC", 26, 1, "The CRC is stripped"),
        new("FLXBUF", 27, 4, "Buffer size in KiB; 0: BSIZE says it"),
    ];
}
