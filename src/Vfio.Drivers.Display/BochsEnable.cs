using Vfio.Pci;

namespace Vfio.Drivers.Display;

/// <summary>
/// The enable register of the bochs display interface (QEMU documentation, 'QEMU Standard VGA'
/// (docs/specs/standard-vga); Bochs VBE extension, VBE_DISPI_INDEX_ENABLE).
/// </summary>
public readonly record struct BochsEnable : IRegisterValue<BochsEnable>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 16 bits, including reserved ones.</param>
    public BochsEnable(ushort raw) => Raw = raw;

    /// <summary>Gets the register's 16 bits, including reserved ones.</summary>
    public ushort Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 2;

    /// <summary>ENABLED: the mode of XRES, YRES and BPP is enabled.</summary>
    public bool IsEnabled
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (ushort)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>GETCAPS: XRES, YRES and BPP read as their maximum.</summary>
    public bool ReadsCapabilities
    {
        get => RegisterBits.IsSet(Raw, 1);
        init => Raw = (ushort)RegisterBits.SetBits(Raw, 1, value);
    }

    /// <summary>8BIT_DAC: palettes have 8 bits per colour instead of 6.</summary>
    public bool Has8BitPalette
    {
        get => RegisterBits.IsSet(Raw, 5);
        init => Raw = (ushort)RegisterBits.SetBits(Raw, 5, value);
    }

    /// <summary>LFB_ENABLED: the framebuffer is linear.</summary>
    public bool IsLinear
    {
        get => RegisterBits.IsSet(Raw, 6);
        init => Raw = (ushort)RegisterBits.SetBits(Raw, 6, value);
    }

    /// <summary>NOCLEARMEM: enabling does not clear the memory.</summary>
    public bool KeepsMemory
    {
        get => RegisterBits.IsSet(Raw, 7);
        init => Raw = (ushort)RegisterBits.SetBits(Raw, 7, value);
    }

    ulong IRegisterValue<BochsEnable>.Raw => Raw;

    static BochsEnable IRegisterValue<BochsEnable>.FromRaw(ulong raw) => new((ushort)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("ENABLED", 0, 1, "The mode of XRES, YRES and BPP is enabled"),
        new("GETCAPS", 1, 1, "XRES, YRES and BPP read as their maximum"),
        new("8BIT_DAC", 5, 1, "Palettes have 8 bits per colour instead of 6"),
        new("LFB_ENABLED", 6, 1, "The framebuffer is linear"),
        new("NOCLEARMEM", 7, 1, "Enabling does not clear the memory"),
    ];
}
