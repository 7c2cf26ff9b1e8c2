using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Message signalled interrupts, up to 2048 vectors, whose table and pending bits lie in a BAR (PCI Express Base Specification
/// 6.0, section 7.7.2). The library answers there; the BAR's handlers do not see it.
/// </summary>
/// <remarks>
/// The driver enables it through VFIO, which the enable bit then shows; the capability's own bits cannot be written, as with
/// vfio-pci. A driver masks a vector in the table.
/// </remarks>
public sealed class MsixCapability : ModelCapability
{
    private const byte Enable = 1 << 7;
    private const byte FunctionMask = 1 << 6;

    /// <summary>Declares the capability.</summary>
    /// <param name="vectors">How many vectors: 1 to 2048.</param>
    /// <param name="bar">The memory BAR, added before.</param>
    /// <param name="tableOffset">Where the table lies in it: 16 bytes a vector; a multiple of 8.</param>
    /// <param name="pendingOffset">Where the pending bits lie in it: 8 bytes per 64 vectors; a multiple of 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not so many vectors, or an offset that is not a multiple of 8, or above 4 GiB.</exception>
    public MsixCapability(int vectors, RegionIndex bar, ulong tableOffset, ulong pendingOffset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vectors, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vectors, 2048);
        Vectors = vectors;
        Bar = bar;
        TableOffset = Checked(tableOffset, nameof(tableOffset));
        PendingOffset = Checked(pendingOffset, nameof(pendingOffset));
    }

    /// <summary>How many vectors.</summary>
    public int Vectors { get; }

    /// <summary>The BAR that holds the table and the pending bits.</summary>
    public RegionIndex Bar { get; }

    /// <summary>Where the table lies: bytes from the BAR's start.</summary>
    public ulong TableOffset { get; }

    /// <summary>Where the pending bits lie: bytes from the BAR's start.</summary>
    public ulong PendingOffset { get; }

    internal override int Length => 12;

    internal override void Declare(ModelConfigSpace config)
    {
        config.Declare(Start, 1, 0x11);
        config.Declare(Start + 2, 2, (uint)(Vectors - 1), isKept: true);
        config.Declare(Start + 4, 4, (uint)TableOffset | (uint)Bar);
        config.Declare(Start + 8, 4, (uint)PendingOffset | (uint)Bar);
    }

    internal void Show(ModelConfigSpace config, bool isEnabled, bool isMasked)
    {
        config.Show(Start + 3, Enable, isEnabled);
        config.Show(Start + 3, FunctionMask, isMasked);
    }

    private static ulong Checked(ulong offset, string name) => offset % 8 == 0 && offset <= uint.MaxValue
        ? offset
        : throw new ArgumentOutOfRangeException(name, offset, "a multiple of 8 below 4 GiB");
}
